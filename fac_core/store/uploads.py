"""Datasets that came through the browser: kept in the workspace by their content, so that twice the same is one file."""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path

from fac_core.store.workspace import Workspace

_UNSAFE = re.compile(r"[^\w.-]+")


def keep_upload(place: Workspace, name: str, content: bytes | memoryview) -> Path:
    """Store a file under `uploads/<hash>/<name>` and return its path. Its name is the sender's: nothing in it is trusted."""
    folder = place.folder / "uploads" / hashlib.sha256(content).hexdigest()[:16]
    safe = _UNSAFE.sub("-", re.split(r"[/\\]", name)[-1]).lstrip(".") or "upload"
    path = folder / safe[-100:]
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".building", delete=False) as building:
            building.write(content)
        Path(building.name).replace(path)
    return path
