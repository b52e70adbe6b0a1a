"""Write an export: a folder with the data and its card, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from fac_core.errors import WrongUse
from fac_core.export.card import card
from fac_core.export.plan import ExportPlan
from fac_core.export.shapes import Shape
from fac_core.store.events import EventLog
from fac_core.whole import behind_links, whole

Format = Literal["jsonl", "parquet", "dataset"]

_MANIFEST = "export.json"
_EXPORT = "export"


@dataclass(frozen=True)
class Exported:
    """What was written."""

    folder: Path
    data: Path
    """What `fac encode` reads."""
    shape: Shape
    n_rows: int
    n_accepted: int
    n_seed: int
    n_repeated: int
    replaced: int | None = None
    """Rows of the earlier export that stood in the folder; None where there was none."""


def write_export(plan: ExportPlan, folder: Path, file_format: Format, log: EventLog, *, author: str) -> Exported:
    """Write the folder and record in the log which row each candidate became.

    An earlier export in the folder is replaced; raises `WrongUse` if anything is there that no export wrote, or that was changed
    since.
    """
    if file_format not in _WRITERS:
        raise WrongUse(f"There is no format {file_format!r}; choose one of {', '.join(get_args(Format))}.")
    log.check(_EXPORT, {}, author)
    folder = behind_links(folder)
    if folder == Path.cwd().resolve():
        raise WrongUse(f"{folder} is the folder that you are in, and an export replaces its folder. Name one below it.")
    _refuse_what_others_made(folder)
    replaced = rows_in(folder)
    with whole(folder, replaces_folder=True) as building:
        building.mkdir()
        data = _WRITERS[file_format](plan.rows, building)
        in_card = None if file_format == "dataset" else data.relative_to(building).as_posix()
        (building / "README.md").write_text(card(plan, in_card), encoding="utf-8")
        (building / _MANIFEST).write_text(
            _manifest(plan, data.relative_to(building), _digests(building)), encoding="utf-8"
        )
    where = folder / data.relative_to(building)
    _record(plan, where, log, author)
    counts = plan.n_accepted, plan.n_seed, plan.n_repeated
    return Exported(folder, where, plan.shape, len(plan.rows), *counts, replaced)


def rows_in(folder: Path) -> int | None:
    """How many rows the export in a folder has, which the next one there replaces; None where there is none."""
    rows = _manifest_in(folder).get("rows")
    return rows if isinstance(rows, int) else None


def exported_in(folder: Path, plan: ExportPlan) -> Path | None:
    """The data of an export of these rows in a folder; None where there is none, or one of other rows."""
    manifest = _manifest_in(folder)
    try:
        data, files, rows = str(manifest["data"]), dict(manifest["files"]), manifest["rows_hash"]
    except (KeyError, ValueError, TypeError):
        return None
    is_ours = any(name == data or name.startswith(f"{data}/") for name in files) and rows == _rows_hash(plan)
    return folder / data if is_ours and ".." not in Path(data).parts and (folder / data).exists() else None


def _manifest_in(folder: Path) -> dict[str, Any]:
    """What the export in a folder says of itself, unchecked; empty where there is none."""
    try:
        found = json.loads((folder / _MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _rows_hash(plan: ExportPlan) -> str:
    rows = json.dumps(plan.rows.to_pylist(), ensure_ascii=False, default=str)
    return hashlib.sha256(rows.encode(errors="surrogatepass")).hexdigest()


def zipped(folder: Path) -> bytes:
    """An export as one archive, for who cannot reach the folder."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        written = dict(json.loads((folder / _MANIFEST).read_bytes())["files"])
        for name, digest in _digests(folder).items():
            if digest and (name == _MANIFEST or written.get(name) == digest):
                archive.write(folder / name, name)
    return packed.getvalue()


def push(folder: Path, repo_id: str, *, private: bool = True) -> str:
    """Upload an export to the Hub, with $HF_TOKEN or the token that `hf auth login` stored. Returns its address."""
    from huggingface_hub import HfApi, get_token

    token = get_token()
    if not token:
        raise WrongUse(f"To push, sign in with `hf auth login`, or set $HF_TOKEN to a token that may write {repo_id}.")
    api = HfApi(token=token)
    api.create_repo(repo_id, repo_type="dataset", private=private, exist_ok=True)
    api.upload_folder(repo_id=repo_id, repo_type="dataset", folder_path=folder)
    return f"https://huggingface.co/datasets/{repo_id}"


def _jsonl(rows: pa.Table, folder: Path) -> Path:
    path = _data(folder) / "train.jsonl"
    lines = (json.dumps(row, ensure_ascii=False) for row in rows.to_pylist())
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _parquet(rows: pa.Table, folder: Path) -> Path:
    path = _data(folder) / "train.parquet"
    pq.write_table(rows, path, compression="zstd")
    return path


def _dataset(rows: pa.Table, folder: Path) -> Path:
    from datasets import Dataset
    from datasets.utils.logging import disable_progress_bar

    disable_progress_bar()
    path = folder / "dataset"
    Dataset(rows).save_to_disk(str(path))
    return path


def _data(folder: Path) -> Path:
    path = folder / "data"
    path.mkdir()
    return path


_WRITERS: dict[str, Callable[[pa.Table, Path], Path]] = {"jsonl": _jsonl, "parquet": _parquet, "dataset": _dataset}


def _refuse_what_others_made(folder: Path) -> None:
    """Replaced is what an export wrote, as it wrote it: the manifest has a hash of each file."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        written = dict(_manifest_in(folder)["files"])
        there = _digests(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongUse(
            f"{folder} is there already and is no export that may be replaced. Choose another folder."
        ) from error
    del there[_MANIFEST]
    for name in sorted(there):
        if there[name] != written.get(name):
            raise WrongUse(
                f"{folder} holds {name}, which the export there did not write so. Move it, or choose another folder."
            )


def _digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a folder, links not followed, by its path in it; of an empty folder or a link, no hash."""
    found: dict[str, str] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or (path.is_dir() and not any(path.iterdir())):
            found[name] = ""
        elif path.is_file():
            with path.open("rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _manifest(plan: ExportPlan, data: Path, files: dict[str, str]) -> str:
    said = {
        "data": data.as_posix(),
        "shape": plan.shape,
        "merged": plan.merged,
        "batches": [batch.batch_id for batch in plan.batches],
        "seed": plan.seed.run_id,
        "anchor": plan.anchor.run_id,
        "rows": len(plan.rows),
        "rows_hash": _rows_hash(plan),
        "accepted": plan.n_accepted,
        "repeated": plan.n_repeated,
        "files": files,
        "fac": {one.preset: {"before": one.before, "after": one.after} for one in plan.coverage},
    }
    return json.dumps(said, indent=2) + "\n"


def _record(plan: ExportPlan, data: Path, log: EventLog, author: str) -> None:
    columns = plan.rows.select(["fac_candidate", "fac_version", "fac_batch"]).to_pylist()
    by_batch: dict[str, dict[str, dict[str, object]]] = {}
    for position, row in enumerate(columns):
        if row["fac_candidate"]:
            said = {"file": str(data.resolve()), "row": position, "version": row["fac_version"], "shape": plan.shape}
            by_batch.setdefault(row["fac_batch"], {})[row["fac_candidate"]] = said
    for batch_id, rows in by_batch.items():
        log.append_many(batch_id, _EXPORT, rows, author=author)
