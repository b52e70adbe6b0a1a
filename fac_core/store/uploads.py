"""Datasets that came through the browser: kept in the workspace by their content, so that twice the same is one file."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from fac_core.store.workspace import Workspace
from fac_core.whole import write_whole

_UNSAFE = re.compile(r"[^\w.-]+")


def keep_upload(workspace: Workspace, name: str, content: bytes | memoryview) -> Path:
    """Store a file under `uploads/<hash>/<name>` and return its path. Its name is the sender's: nothing in it is trusted.

    Raises `NotAllowed` where whoever signed in may send no file, none so large, or no more of them for now.
    """
    if workspace.acting is not None:
        workspace.acting.check_upload(len(content))
    folder = workspace.folder / "uploads" / hashlib.sha256(content).hexdigest()[:16]
    safe = _UNSAFE.sub("-", re.split(r"[/\\]", name)[-1]).lstrip(".") or "upload"
    path = folder / safe[-100:]
    if not path.exists():
        write_whole(path, content)
    return path
