"""Where the checkout is, which the tests belong to: no test counts folders upwards from where it stands."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder with `pyproject.toml`: a process that is started there imports `fac_core`, `dashboard` and `tests`."""
