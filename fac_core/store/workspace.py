"""A workspace: the folder that holds the runs, what can be made again, and which run is the anchor.

my-workspace/
    workspace.json      marks the folder; remembers the anchor
    runs/<run_id>.duckdb
    spaces/<space_id>.duckdb   atlases
    workspace.sqlite    what people and jobs decided: the event log, and measurements of texts that are in no run
    jobs/               a log for each job; a lock for each living worker
    uploads/            datasets that came through the browser, by content
    cache/              samples, shards, answers of language models: can be made (or paid for) again; safe to delete while
                        nothing runs
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4

from fac_core.errors import NotFound, RunBroken, WrongUse
from fac_core.people.acting import Acting
from fac_core.people.place import confined
from fac_core.store.answers import Answers
from fac_core.store.events import EventLog
from fac_core.store.kept_open import info_of, kept_open
from fac_core.store.marker import MARKER, is_workspace, read_marker, write_marker
from fac_core.store.measurements import Measurements
from fac_core.store.pulses import Pulses
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.space_file import SpaceFile

ENVIRONMENT_VARIABLE = "FAC_WORKSPACE"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UnreadableRun:
    """A file among the runs that cannot be read."""

    path: Path
    reason: str


class Workspace:
    """A folder of runs. Raises `NotFound` if the folder is no workspace; `Workspace.create` makes one.

    `acting` is who signed in and writes through it; None is whoever owns this machine, or a worker.
    """

    def __init__(self, folder: Path, acting: Acting | None = None) -> None:
        self.folder = Path(folder).resolve()
        self.acting = acting
        if not is_workspace(self.folder):
            raise NotFound(f"{self.folder} is no workspace: it has no {MARKER}. `fac encode` makes one.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Workspace) and self.folder == other.folder

    def __hash__(self) -> int:
        return hash(self.folder)

    def __repr__(self) -> str:
        return f"Workspace({str(self.folder)!r})"

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make a workspace, or open the one that is there. Raises `WrongUse` where there can be no folder."""
        folder = Path(folder)
        try:
            (folder / "runs").mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError, FileNotFoundError) as error:  # a file, or below one
            raise WrongUse(
                f"{folder} cannot be a workspace: {error.strerror}. Name a folder with --workspace."
            ) from error
        if not (folder / MARKER).exists():
            write_marker(folder, {"id": uuid4().hex})
        return cls(folder)

    def by(self, acting: Acting | None) -> Workspace:
        """The same, written to by somebody who signed in."""
        return Workspace(self.folder, acting)

    def check(self, act: str) -> None:
        """Raise `NotAllowed` if whoever signed in may not do what has no event, as `roles.least_role` names it."""
        if self.acting is not None:
            self.acting.check_act(act)

    def place(self, name: str, below: str = "") -> str:
        """A file or hub id as given; where somebody signed in, a file only inside the workspace's folder `below`, or `NotAllowed`."""
        return name if self.acting is None else confined(name, self.folder / below, is_file=bool(below))

    @classmethod
    def find(cls, start: Path | None = None) -> Self:
        """The workspace that is meant without naming it.

        In this order: `$FAC_WORKSPACE`; `start` (default: here) or the nearest of its parents; the only one right below. Raises `NotFound` without one, `WrongUse` with several below.
        """
        if os.environ.get(ENVIRONMENT_VARIABLE):
            return cls(Path(os.environ[ENVIRONMENT_VARIABLE]))
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            if (folder / MARKER).is_file():
                return cls(folder)
        below = sorted(marker.parent for marker in start.glob(f"*/{MARKER}"))
        if len(below) > 1:
            names = ", ".join(folder.name for folder in below)
            raise WrongUse(f"{start} has several workspaces: {names}. Say which with --workspace.")
        if not below:
            raise NotFound(
                f"There is no workspace in {start}, above or right below it. `fac demo` or `fac encode` makes one; "
                f"--workspace or ${ENVIRONMENT_VARIABLE} names one elsewhere."
            )
        return cls(below[0])

    @classmethod
    def at(cls, folder: Where = None) -> Workspace:
        """The workspace of a folder, itself, or for None the one that is meant (`find`)."""
        if isinstance(folder, Workspace):
            return folder
        return cls.find() if folder is None else cls(Path(folder))

    def run_path(self, run_id: str) -> Path:
        """Where the run of this id is, or will be, published."""
        return self.folder / "runs" / f"{run_id}.duckdb"

    def has_run(self, run_id: str) -> bool:
        """Whether a run is published that can be opened: a file that is damaged, or of another version, is made anew."""
        try:
            RunFile(self.run_path(run_id)).close()
        except (NotFound, RunBroken):
            return False
        return True

    def space_path(self, space_id: str) -> Path:
        """Where the atlas of a feature space is, or will be, published."""
        return self.folder / "spaces" / f"{space_id}.duckdb"

    def runs(self) -> list[RunInfo]:
        """All readable runs, the newest last. A file that cannot be read is logged as a warning: see `unreadable`."""
        readable, unreadable = self._scan()
        for broken in unreadable:
            log.warning("%s is left out: %s", broken.path.name, broken.reason)
        return readable

    def unreadable(self) -> list[UnreadableRun]:
        """The files among the runs that cannot be read, and why."""
        return self._scan()[1]

    def info(self, reference: str | None = None) -> RunInfo:
        """A run by id, by name (the newest of that name) or by a prefix of either that only one run has; None: the anchor.

        Raises `NotFound`, listing what there is, and `WrongUse` for a prefix that several runs have.
        """
        return self.anchor() if reference is None else self._resolve(reference)

    def run(self, reference: str) -> RunFile:
        """Open a run by its reference, as `info` takes it. Whoever opens it closes it."""
        return RunFile(self.run_path(self._resolve(reference).run_id))

    def opened(self, reference: str | None = None) -> RunFile:
        """The same, kept open for whoever asks next: nobody closes it. None: the anchor."""
        return self.opened_run(self.info(reference))

    def opened_run(self, info: RunInfo) -> RunFile:
        """The run file of a run, kept open. Raises `NotFound` if it is gone."""
        return kept_open(RunFile, self.run_path(info.run_id))

    def opened_space(self, space_id: str) -> SpaceFile:
        """The atlas of a feature space, kept open. Raises `NotFound` if nobody has made it."""
        return kept_open(SpaceFile, self.space_path(space_id))

    def has_space(self, space_id: str) -> bool:
        """Whether somebody has made the atlas and it can be read; of one that cannot is told, and all but it goes on."""
        try:
            self.opened_space(space_id).query("FROM clusters")
        except NotFound:
            return False
        except RunBroken as error:
            log.warning("The atlas is left out: %s `fac space atlas --anew` makes it again.", error)
            return False
        return True

    def peers(self, space_id: str, besides: Collection[str] = ()) -> list[RunInfo]:
        """The runs of a feature space, the newest last, without those of the ids `besides`."""
        return [info for info in self.runs() if info.space_id == space_id and info.run_id not in besides]

    def set_anchor(self, reference: str) -> RunInfo:
        """Remember which run says what can occur."""
        self.check("anchor")
        info = self._resolve(reference)
        write_marker(self.folder, {**read_marker(self.folder), "anchor": info.run_id})
        return info

    def anchor(self) -> RunInfo:
        """The remembered anchor; without one, the only run, or the larger (in samples) of the only two of one space.

        Raises `NotFound` if neither says which, or if the remembered run is gone.
        """
        runs, remembered = self.runs(), read_marker(self.folder).get("anchor")
        if remembered is not None:
            for info in runs:
                if info.run_id == remembered:
                    return info
            self._refuse_broken(remembered)
            raise NotFound(f"The anchor {remembered} is gone. Choose another with --anchor; there is {_listed(runs)}.")
        if len(runs) == 1:
            return runs[0]
        by_space: dict[str, list[RunInfo]] = {}
        for info in runs:
            by_space.setdefault(info.space_id, []).append(info)
        pairs = [group for group in by_space.values() if len(group) > 1]
        if len(pairs) == 1 and len(pairs[0]) == 2:
            return max(pairs[0], key=lambda info: (info.n_samples, info.n_tokens))
        raise NotFound(f"Nothing says which run is the anchor. Choose one with --anchor; there is {_listed(runs)}.")

    def seed(self, anchor: RunInfo) -> RunInfo:
        """The newest run of the anchor's space that is not the anchor. Raises `NotFound` without one."""
        others = self.peers(anchor.space_id, besides=[anchor.run_id])
        if not others:
            raise NotFound(
                f"There is no run to compare with the anchor {anchor.name!r} ({anchor.model}, {anchor.sae}). "
                "Encode one with `fac encode`, with the same model and SAE."
            )
        return others[-1]

    def events(self) -> EventLog:
        """The log of what people and jobs decided; made where it is not there."""
        return EventLog(self._sqlite, self.acting)

    def measurements(self) -> Measurements:
        """What texts that are in no run fire."""
        return Measurements(self._sqlite)

    def answers(self) -> Answers:
        """What language models answered; made where it is not there."""
        return Answers(self.folder / "cache" / "answers.sqlite")

    def pulses(self) -> Pulses:
        """Signs of life of workers and jobs; the tables are made where they are not there."""
        return Pulses(self._sqlite)

    @property
    def jobs_folder(self) -> Path:
        """Logs of jobs and locks of workers; it is made where it is not there."""
        folder = self.folder / "jobs"
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def _sqlite(self) -> Path:
        return self.folder / "workspace.sqlite"

    def _scan(self) -> tuple[list[RunInfo], list[UnreadableRun]]:
        readable: list[tuple[str, int, RunInfo]] = []
        unreadable: list[UnreadableRun] = []
        for path in sorted((self.folder / "runs").glob("*.duckdb")):
            try:
                state = path.stat()
                info = info_of(path, state.st_mtime_ns, state.st_size)
                # Time stamps have whole seconds; the file's own time orders runs within one.
                readable.append((info.created_at, state.st_mtime_ns, info))
            except (RunBroken, NotFound, OSError) as error:  # a link to nothing or to itself, a folder
                unreadable.append(UnreadableRun(path, str(error)))
        return [info for *_, info in sorted(readable, key=lambda entry: entry[:2])], unreadable

    def _resolve(self, reference: str) -> RunInfo:
        runs = self.runs()
        for info in reversed(runs):
            if reference in (info.run_id, info.name):
                return info
        newest = {i.name: i for i in runs if i.run_id.startswith(reference) or i.name.startswith(reference)}
        if len(newest) > 1:
            raise WrongUse(f"{reference!r} fits several runs: {_listed(list(newest.values()))}. Write more of it.")
        if not newest:
            self._refuse_broken(reference)
            raise NotFound(f"There is no run {reference!r} in {self.folder}; there is {_listed(runs)}.")
        return next(iter(newest.values()))

    def _refuse_broken(self, reference: str) -> None:
        """Raise `RunBroken` if the run that is meant is there, and cannot be read: of one, its name cannot be read either."""
        broken = self.unreadable()
        meant = [one for one in broken if one.path.stem.startswith(reference)] or broken[:3]
        if meant:
            raise RunBroken(f"No run that can be read is {reference!r}. {' '.join(one.reason for one in meant)}")


Where = Workspace | Path | str | None
"""What functions take as `workspace`; None: the one in, above or right below the current folder."""


def _listed(runs: list[RunInfo]) -> str:
    return ", ".join(f"{info.name} ({info.run_id})" for info in runs) or "no run yet"
