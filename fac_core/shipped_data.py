"""Where the files of `data/` are: inside the package once it is installed, at the top of the repository in a checkout."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

_PACKAGE = Path(str(files("fac_core")))

SHIPPED_DATA = _PACKAGE / "data" if (_PACKAGE / "data").is_dir() else _PACKAGE.parent / "data"
"""SAEs with names and maps (`sae/`), lists of public texts (`mixtures/`), settings of studies (`studies/`, `holes.toml`)."""
