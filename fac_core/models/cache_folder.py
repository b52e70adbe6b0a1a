"""Where things live that can be made again: unpacked models, training activations, fetched datasets."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_dir() -> Path:
    """`$FAC_CACHE`, or the user's cache folder of this platform. Safe to delete at any time."""
    folder = Path(os.environ["FAC_CACHE"]) if "FAC_CACHE" in os.environ else user_cache_path("fac-explorer")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
