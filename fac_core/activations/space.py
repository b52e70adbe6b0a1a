"""The identity of a feature space: model, layer, SAE and activation mode, by content; and of a run in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow as pa

from fac_core.activations.sae import SparseAutoencoder
from fac_core.activations.spec import EncodeSpec
from fac_core.datasets.prepare import PreparedDataset
from fac_core.datasets.samples import iter_samples
from fac_core.errors import NotFound
from fac_core.models.embedded import EMBEDDED
from fac_core.models.gguf_file import file_hash, is_gguf
from fac_core.models.location import model_path
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace

_ENDS = 1 << 20
"""Bytes hashed at both ends of a weights file: a fingerprint of 16 GB in milliseconds."""


def space_id(model: str, sae: SparseAutoencoder) -> str:
    """Identify the space of a model and a SAE (in its activation mode): runs can be compared when, and only when, it is the same.

    Names do not count: the same files under another path are the same space.
    """
    return _digest([model_hash(model), sae.hook_name, sae.sha256, sae.mode])[:16]


def run_id_of(spec: EncodeSpec, space: str, dataset: PreparedDataset, workspace: Workspace) -> str:
    """The id of a dataset's run: by the samples' contents, by what is said of them, and by how they are read.

    Earlier versions left out what is said of them: the run that one of them made is found again, if it says the same.
    """
    key = [space, dataset.dataset_id, spec.context, spec.roles, spec.dtype]
    unlabelled = _digest(key)[:16]
    if dataset.metadata_id is None or _says_the_same(workspace.run_path(unlabelled), dataset):
        return unlabelled
    return _digest([*key, dataset.metadata_id])[:16]


def _says_the_same(path: Path, dataset: PreparedDataset) -> bool:
    if not path.exists():
        return False
    columns = ["sample_id", "metadata"]
    with RunFile(path) as run:
        told = run.query("SELECT sample_id, metadata FROM samples")
    ours = pa.Table.from_batches(batch.select(columns) for batch in iter_samples(dataset.samples))
    return told.join(ours, columns, join_type="left anti").num_rows == 0


def model_hash(model: str) -> str:
    """Fingerprint of a model: embedded ones and GGUF files by the file's hash, others by their files. Raises `NotFound`."""
    if model in EMBEDDED:
        return EMBEDDED[model].sha256
    if is_gguf(model):
        model_folder(model)  # whatever is wrong with the file is said before its hash means anything
        return file_hash(Path(model).expanduser().resolve())
    files = sorted(
        p for p in model_folder(model).iterdir() if p.suffix in {".json", ".safetensors", ".bin", ".jinja", ".model"}
    )
    return _digest([[p.name, p.stat().st_size, _fingerprint(p)] for p in files])


def model_folder(model: str) -> Path:
    """The folder of a model's files: embedded, local, or in the hub's cache. Raises `NotFound` and `HubUnreachable`."""
    folder = Path(model_path(model)).expanduser()
    if not folder.is_dir():
        raise NotFound(f"No model at {model!r}: give a local folder, a hub id, or one of {', '.join(EMBEDDED)}.")
    return folder


def _fingerprint(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_ENDS))
        if path.stat().st_size > 2 * _ENDS:
            file.seek(-_ENDS, 2)
        digest.update(file.read(_ENDS))
    return digest.hexdigest()


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
