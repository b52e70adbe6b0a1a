"""From any source to a dataset: `samples.parquet` and `failures.parquet`, in one pass.

Memory does not grow with the texts: a 16-byte hash a sample finds duplicates (some 150 bytes with its place in the
table), and a set of which only some are taken is read twice rather than held.
"""

from __future__ import annotations

import hashlib
import heapq
import logging
import tempfile
from collections import Counter
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from fac_core.datasets.chats import is_known
from fac_core.datasets.layouts import AUTOMATIC, ColumnMapping, settle
from fac_core.datasets.mixtures import locate, read_mixture
from fac_core.datasets.reading.records import MOST_BLANK, Part, Record, Unreadable, shown
from fac_core.datasets.samples import Failure, Sample, SampleWriter, as_json, iter_samples, sample_of
from fac_core.datasets.sources import find
from fac_core.errors import BadInput, MissingExtra, WrongUse
from fac_core.progress import Progress, counted, silent

__all__ = ["ColumnMapping", "PreparedDataset", "iter_samples", "prepare", "sets_of"]

logger = logging.getLogger(__name__)

_HEAD = 20
"""Records that settle a part's layout. When none of so many can be read, the file has another format."""
_SEED = 0
_REPORT_EVERY = 1000
_MOST_ROLES = 1000
"""Roles that nobody knows, of which the most frequent are told: where each message has its own, they are no roles."""

Outcome = Sample | Failure


@dataclass(frozen=True)
class PreparedDataset:
    """A dataset on disk, and how it was read."""

    name: str
    """Of the mixture, file, folder or hub dataset."""
    dataset_id: str
    """16 hex digits of the SHA-256 over the samples' contents, in order."""
    n_samples: int
    n_failures: dict[str, int]
    """Number of failures by reason; reasons without any are left out."""
    samples: Path
    """`samples.parquet`."""
    failures: Path
    """`failures.parquet`."""
    source: str
    """As it was given."""
    metadata_id: str | None
    """The same of the samples' metadata; None where none has any."""
    mapping: dict[str, Any]
    """What was done: `keep_duplicates`, `limit`, `take`, and `read`: by set (or dataset), layout and its number of samples."""


@dataclass(frozen=True)
class _Set:
    """What is read with one mapping: a whole dataset, or one set of a mixture."""

    name: str | None
    """None outside of mixtures."""
    place: str
    """What messages call it."""
    parts: list[Part]
    mapping: ColumnMapping
    take: int | None

    def outcomes(self) -> Iterator[Outcome]:
        """A new pass over all records. Raises `BadInput` when there are none."""
        metadata = {} if self.name is None else {"set": self.name}
        is_empty = True
        for part in self.parts:
            for outcome in _outcomes(part, self.mapping, metadata):
                is_empty = False
                yield outcome if self.name is None else replace(outcome, origin=f"{self.name}/{outcome.origin}")
        if is_empty:
            raise BadInput(f"{self.place} is empty: it has no record.")


def prepare(
    source: str | Path, folder: Path, mapping: ColumnMapping = AUTOMATIC, *, on_progress: Progress = silent
) -> PreparedDataset:
    """Read a dataset into `folder/samples.parquet` and `folder/failures.parquet`.

    Every record read is there afterwards, as a sample or as a failure with its reason, but for what `limit` or a
    mixture's `take` leaves out.

    Args:
        source: a file (JSONL, JSON, CSV, TSV, Parquet, plain text with one sample a line; all but Parquet also
            gzipped), a folder of such files, a `save_to_disk` folder, a hub id, or a mixture (`.toml`).
        folder: is made where needed; gets both files at the end, or none.
        on_progress: counts records; `total` is 0 until the end, because nobody knows it before.

    Raises `BadInput` for a source that cannot be read or holds no usable sample, `WrongUse` for a mapping that
    contradicts itself or the source, `MissingExtra` for a mixture whose package is not installed.
    """
    name, sets = sets_of(source, mapping)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=folder) as building:
        with SampleWriter(Path(building)) as writer:
            tally = _write(sets, writer, mapping, on_progress)
        if not writer.n_samples:
            raise BadInput(f"{source} has no usable sample: {tally.complaint()}.")
        tally.warn(source)
        failures, samples = (folder / path.name for path in (writer.failures, writer.samples))
        writer.failures.replace(failures)
        writer.samples.replace(samples)
    read: dict[str, dict[str, int]] = {}
    for (set_name, layout), n_samples in tally.layouts.items():
        read.setdefault(set_name or name, {})[layout] = n_samples
    return PreparedDataset(
        name=name,
        dataset_id=tally.contents.hexdigest()[:16],
        metadata_id=tally.metadata.hexdigest()[:16] if tally.has_metadata else None,
        n_samples=writer.n_samples,
        n_failures=dict(tally.failures),
        samples=samples,
        failures=failures,
        source=str(source),
        mapping={
            "keep_duplicates": mapping.keep_duplicates,
            "limit": mapping.limit,
            "take": mapping.take,
            "read": read,
        },
    )


@dataclass
class _Tally:
    """What was read so far."""

    contents: Any = field(default_factory=hashlib.sha256)
    metadata: Any = field(default_factory=hashlib.sha256)
    has_metadata: bool = False
    roles: Counter[str] = field(default_factory=Counter)
    """Messages by role, of the roles that nobody knows."""
    failures: Counter[str] = field(default_factory=Counter)
    first_failure: Failure | None = None
    layouts: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    """Samples by set and layout."""

    def add(self, outcome: Outcome) -> None:
        if isinstance(outcome, Sample):
            self.contents.update(hashlib.sha256(outcome.content().encode()).digest())
            self.metadata.update(hashlib.sha256(as_json(outcome.metadata).encode()).digest())
            self.has_metadata |= bool(outcome.metadata)
            if len(self.roles) < _MOST_ROLES:
                self.roles.update(shown(m.role) for m in outcome.messages or () if not is_known(m.role))
            self.layouts[outcome.metadata.get("set"), outcome.layout] += 1
        else:
            self.failures[outcome.reason] += 1
            self.first_failure = self.first_failure or outcome

    def warn(self, source: str | Path) -> None:
        """Tell of what was read, and will not count."""
        if self.roles:
            named = ", ".join(f"{role!r} ({n:,})" for role, n in self.roles.most_common(5))
            logger.warning(
                "%s: messages of the roles %s belong to nobody that is known, so no word of theirs counts. Known are user,"
                " assistant, system and tool, and their usual other names.",
                source,
                named,
            )

    def complaint(self) -> str:
        reasons = ", ".join(f"{n} {reason}" for reason, n in self.failures.items())
        first = self.first_failure
        return f"{reasons}; the first at {first.origin}: {first.detail}" if first else "it has no record"


def _write(sets: list[_Set], writer: SampleWriter, mapping: ColumnMapping, on_progress: Progress) -> _Tally:
    tally = _Tally()
    seen: dict[bytes, int] = {}
    n_read = n_nothing = 0
    for one in sets:
        with _naming(one):
            for outcome in _taken(one, seen):
                if isinstance(outcome, Sample) and not mapping.keep_duplicates:
                    first = seen.setdefault(_digest(outcome), writer.n_samples)
                    if first != writer.n_samples:
                        outcome = Failure(outcome.origin, "duplicate", f"of sample {first}", shown(outcome.text))
                writer.add(outcome)
                tally.add(outcome)
                n_read += 1
                n_nothing = n_nothing + 1 if isinstance(outcome, Failure) else 0
                if n_nothing > MOST_BLANK:
                    raise BadInput(
                        f"{one.place}: {MOST_BLANK:,} records in a row, up to {outcome.origin}, are no samples ({tally.complaint()})."
                        " Take them out of the file."
                    )
                if n_read % _REPORT_EVERY == 0:
                    on_progress(n_read, 0, f"{one.place}: {counted(writer.n_samples, 'sample')}")
                if writer.n_samples == mapping.limit:
                    break
        if writer.n_samples == mapping.limit:
            break
    on_progress(n_read, n_read, f"{counted(writer.n_samples, 'sample')}, {counted(tally.failures.total(), 'failure')}")
    return tally


def sets_of(source: str | Path, mapping: ColumnMapping) -> tuple[str, list[_Set]]:
    """Name of the dataset and its sets, all of them found before any is read."""
    path = Path(source)
    if path.suffix.lower() != ".toml":
        found = find(source)
        return found.name, [_Set(None, str(source), found.parts, mapping, mapping.take)]
    if mapping.text is not None or mapping.messages is not None:
        raise WrongUse(f"The mixture {path} says itself which columns to read. Leave out --text and --messages.")
    mixture = read_mixture(path)
    sets: list[_Set] = []
    for one in mixture.sets:
        own = replace(
            mapping, text=one.text, messages=one.messages, id=one.id or mapping.id, label=one.label or mapping.label
        )
        take = min((n for n in (one.take, mapping.take) if n is not None), default=None)
        unread = _Set(one.name, f"{path}, set {one.name!r}", [], own, take)
        with _naming(unread):
            sets.append(replace(unread, parts=find(locate(mixture, one, path.parent)).parts))
    return mixture.name, sets


@contextmanager
def _naming(one: _Set) -> Iterator[None]:
    """Errors in a set of a mixture say which set it is."""
    try:
        yield
    except (WrongUse, MissingExtra) as error:
        if one.name is None or str(error).startswith(one.place):
            raise
        raise type(error)(f"{one.place}: {error}") from error


def _outcomes(part: Part, mapping: ColumnMapping, metadata: dict[str, Any]) -> Iterator[Outcome]:
    """What becomes of each record of a part. Raises `BadInput` when it has another format or no layout fits."""
    readings = part.read()
    head = list(islice(readings, _HEAD))
    records = [reading for reading in head if isinstance(reading, Record)]
    unreadable = [reading for reading in head if isinstance(reading, Unreadable)]
    if len(unreadable) == _HEAD:
        raise BadInput(
            f"{part.place}: none of the first {_HEAD} records can be read, so it has another format than its name says;"
            f" the first, {unreadable[0].origin}, {unreadable[0].detail}."
        )
    try:
        layout = settle(mapping, records, part.place) if records else None
    except BadInput:
        if not part.is_among_others or len(head) > 1:
            raise
        yield Failure(head[0].origin, "unreadable", "is one object that is no sample; it may be about the others", "")
        return
    for reading in chain(head, readings):
        if isinstance(reading, Unreadable):
            yield Failure(reading.origin, "unreadable", reading.detail, reading.text)
        elif layout is not None:  # there is one as soon as there is a record
            yield sample_of(reading, layout, metadata)


def _taken(one: _Set, seen: Container[bytes]) -> Iterator[Outcome]:
    """The outcomes of a set; where only some are taken, a uniform draw from its samples that are no duplicates.

    Two passes instead of holding texts: the first draws positions, the second reads them, in order.
    """
    if one.take is None:
        yield from one.outcomes()
        return
    drawn = {position for _, position in heapq.nsmallest(one.take, _lots(one, seen))}
    for position, outcome in enumerate(one.outcomes()):
        if isinstance(outcome, Failure) or position in drawn:
            yield outcome


def _lots(one: _Set, seen: Container[bytes]) -> Iterator[tuple[float, int]]:
    """A random number for each position of a set that may be drawn."""
    rng = np.random.default_rng(_SEED)
    here: set[bytes] = set()
    for position, outcome in enumerate(one.outcomes()):
        if isinstance(outcome, Failure):
            continue
        digest = _digest(outcome)
        if one.mapping.keep_duplicates or (digest not in here and digest not in seen):
            here.add(digest)
            yield rng.random(), position


def _digest(sample: Sample) -> bytes:
    return hashlib.blake2b(sample.identity().encode(), digest_size=16).digest()
