"""Where a model's files are: in a wheel, in a folder, in one GGUF file, or on the hub."""

from __future__ import annotations

from pathlib import Path

from fac_core.errors import NotFound
from fac_core.hub import HubName, Snapshot, hub_name, snapshot
from fac_core.models.embedded import EMBEDDED, embedded_path
from fac_core.models.gguf_file import gguf_path, is_gguf

_READ = ("*.json", "*.jinja", "*.model", "*.txt", "*.safetensors")
_OLDER = ("pytorch_model*.bin", "pytorch_model*.json")
"""Weights of models from before safetensors, fetched only where there are no others."""
_UNREAD = ("*/*", "consolidated*")
"""The same weights once more, for other programs."""


def model_path(name: str) -> str:
    """The folder where `transformers` finds `name`: an embedded model, a folder, a GGUF file, or a hub id.

    A hub id may have a revision, `owner/name@v1`; its model is fetched into the hub's cache first. Raises as `hub.snapshot` and
    `gguf_path` do.
    """
    if name in EMBEDDED:
        return str(embedded_path(name))
    if is_gguf(name):
        return str(gguf_path(name))
    found = _on_the_hub(name)
    return str(found.folder) if found else name


def pinned_model(name: str) -> str | None:
    """A model of the hub by its commit, `owner/name@<40 hex digits>`; None for one that is not from there."""
    found = None if name in EMBEDDED or is_gguf(name) else _on_the_hub(name)
    return f"{name.partition('@')[0]}@{found.commit}" if found else None


def _on_the_hub(name: str) -> Snapshot | None:
    where = None if Path(name).expanduser().exists() else hub_name(name)
    if where is None:
        return None
    try:
        found = snapshot(where, _READ, _UNREAD)
        if not any(found.folder.glob("*.safetensors")):
            snapshot(HubName(where.repo, found.commit), _OLDER, _UNREAD)
    except NotFound as error:
        raise NotFound(f"{error} These need no hub: {', '.join(EMBEDDED)}.") from error
    if not any(found.folder.glob("*.safetensors")) and not any(found.folder.glob("*.bin")):
        raise NotFound(f"{name} has no weights that transformers reads (safetensors or pytorch_model.bin).")
    return found
