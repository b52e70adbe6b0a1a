"""Datasets of the `datasets` library: by hub id, or saved with `save_to_disk`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from fac_core.datasets.reading.records import Part, Reading, arrow_readings
from fac_core.datasets.splits import chosen_split, folder_and_split
from fac_core.errors import BadInput
from fac_core.hub import REVISION, HubName, commit_of

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

_HUB_ID = re.compile(rf"(?P<name>[\w.-]+/[\w.-]+){REVISION}(?:/(?P<config>[\w.-]+))?(?::(?P<split>[\w.\[\]%:+-]+))?")
_BATCH_ROWS = 256
_OF_DAMAGE = (OSError, ValueError, TypeError, LookupError, AttributeError, RuntimeError, pa.ArrowException)
"""What the library raises for files that are not as it wrote them: it takes what they say for true."""


def is_hub_id(source: str) -> bool:
    """Whether `source` has the form `hub:owner/name[@revision][/config][:split]`; `hub:` may be left out."""
    return _HUB_ID.fullmatch(source.removeprefix("hub:")) is not None


def hub_part(source: str) -> Part:
    """A dataset of the hub, streamed: only what is read is fetched.

    Without a split it is `train`, or the only one. Raises `BadInput` when the id, the configuration or the split
    does not exist, or the hub cannot be reached.
    """
    match = _HUB_ID.fullmatch(source.removeprefix("hub:"))
    if match is None:
        raise BadInput(f"{source!r} is no hub id. Write hub:owner/name, hub:owner/name:split or hub:owner/name/config.")
    name, config, split = match["name"], match["config"], match["split"]

    def read() -> Iterator[Reading]:
        from datasets import load_dataset
        from datasets.exceptions import DatasetsError

        revision = commit_of(HubName(name, match["revision"]), "dataset") or match["revision"]
        at: dict[str, Any] = {"revision": revision} if revision else {}
        try:
            found = load_dataset(name, config, split=split, streaming=True, **at)
            for place, dataset in _of_split(found, None, source):
                yield from _rows(dataset, source.removeprefix("hub:") + place)
        except (OSError, ValueError, DatasetsError) as error:
            raise _unreachable(source, error) from error

    return Part(source, read)


def pinned_dataset(source: str) -> str | None:
    """A hub dataset by its commit, `owner/name@<40 hex digits>`, with what was said of configuration and split.

    None for another source, or where the hub cannot be reached. Raises `NotFound` where the hub says that there is no such
    dataset or revision, or that it is gated.
    """
    match = (
        None if Path(source).exists() or folder_and_split(source) else _HUB_ID.fullmatch(source.removeprefix("hub:"))
    )
    commit = commit_of(HubName(match["name"], match["revision"]), "dataset") if match else None
    if match is None or commit is None:
        return None
    within, split = (f"{mark}{match[key]}" if match[key] else "" for mark, key in (("/", "config"), (":", "split")))
    return f"{match['name']}@{commit}{within}{split}"


def is_saved(folder: Path) -> bool:
    """Whether a folder was written by `save_to_disk`."""
    return (folder / "dataset_dict.json").is_file() or (
        (folder / "state.json").is_file() and (folder / "dataset_info.json").is_file()
    )


def saved_part(folder: Path, split: str | None = None) -> Part:
    """A dataset that `save_to_disk` wrote; of several splits the one that is named, else `train` or the only one.

    Raises `BadInput` when it is damaged or there is no saying which split to read.
    """

    def read() -> Iterator[Reading]:
        from datasets import load_from_disk
        from datasets.exceptions import DatasetsError

        try:
            found = load_from_disk(folder)
            for place, dataset in _of_split(found, split, str(folder)):
                yield from _rows(dataset, folder.name + place)
        except MemoryError as error:
            raise BadInput(f"{folder} needs more memory than there is. Save it again, uncompressed.") from error
        except (*_OF_DAMAGE, DatasetsError) as error:
            raise BadInput(f"{folder} is a damaged saved dataset ({_first_line(error)}). Save it again.") from error

    return Part(str(folder), read)


def _of_split(found: Any, split: str | None, source: str) -> list[tuple[str, Dataset | IterableDataset]]:
    """The datasets that are read, of one that has splits or none, and what stands behind the source in their origins."""
    if not isinstance(found, dict):
        return [("", found)]
    chosen = chosen_split([str(name) for name in found], split, source, f"{source}:SPLIT")
    return [(f"/{name}" if len(chosen) > 1 else "", found[name]) for name in chosen]


def _rows(dataset: Dataset | IterableDataset, name: str) -> Iterator[Reading]:
    row = 1
    # As Arrow: nothing is decoded, so that images and sounds beside the text cost nothing and need no library.
    for batch in dataset.with_format("arrow").iter(batch_size=_BATCH_ROWS):
        yield from arrow_readings(batch, name, row)  # type: ignore[arg-type]
        row += len(batch)


def _unreachable(source: str, error: Exception) -> BadInput:
    from datasets.exceptions import DatasetNotFoundError

    if isinstance(error, ConnectionError):
        return BadInput(
            f"There is no file or folder {source!r}, and the hub cannot be reached to look for a dataset of that name."
            " Check the path, or fetch the dataset where there is a network and copy it here."
        )
    if isinstance(error, DatasetNotFoundError):
        return BadInput(f"There is no file or folder {source!r}, and no such dataset on the hub that you may read.")
    return BadInput(f"The hub dataset {source} cannot be read: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
