"""The study of planted holes: every case of every collection, by every method; goes on from what is written."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from fac_core.errors import WrongUse
from fac_core.lab.holes.cases import Case, cases_of
from fac_core.lab.holes.collection import load
from fac_core.lab.holes.config import CollectionSpec, HolesConfig, Use, read_holes
from fac_core.lab.holes.contestants import OURS, STATES, chosen, needs
from fac_core.lab.holes.figures import measure
from fac_core.lab.holes.results import Line, append, identity, line_of, read_results, results_file
from fac_core.progress import Progress, silent
from fac_core.store.workspace import Workspace


def holes(
    settings: Path,
    workspace: Workspace,
    *,
    use: Use = "choose",
    only: Sequence[str] = (),
    methods: Sequence[str] = (),
    cuts: Sequence[int] | None = None,
    again: bool = False,
    power: bool = True,
    jobs: int = 1,
    on_progress: Progress = silent,
) -> list[Line]:
    """Answer every case that has no result yet; returns all results of these collections and methods.

    Args:
        use: collections to choose methods with, or those to be looked at once, at the end.
        only: names of collections; all of that use by default.
        methods: names of contestants; all by default.
        cuts: seeds of the halves; 0 to the number of the settings by default.
        again: compute also what is there: for a method that has changed.
        power: also holes and data of given sizes, by our method alone; they come last.
        jobs: processes that work side by side.

    Raises `WrongUse` for a collection or a method that there is not.
    """
    config, contestants = read_holes(settings), chosen(methods)
    seeds = list(range(config.cuts)) if cuts is None else list(cuts)
    specs = collections_of(config, use, only)
    path = results_file(workspace, config.name)
    there = set() if again else {identity(line) for line in read_results(path)}
    for spec in specs:
        collection = load(
            spec,
            workspace,
            Path(settings).parent,
            needs=needs(contestants),
            on_progress=on_progress,
        )
        asked = [
            (case, [name for name in able(case, contestants) if (collection.name, case.key, name) not in there])
            for case in cases_of(collection, config, seeds)
            if not case.for_power
        ]
        if power and OURS in contestants:  # the table is of ours alone
            sized = (case for case in cases_of(collection, config, seeds) if case.for_power)
            asked += [(case, [OURS]) for case in sized if (collection.name, case.key, OURS) not in there]
        asked = [(case, names) for case, names in asked if names]
        for done, lines in enumerate(_answers(asked, jobs), 1):
            append(path, lines)
            on_progress(done, len(asked), spec.name)
    names = {spec.name for spec in specs}
    found = read_results(path)
    return [r for r in found if r["collection"] in names and r["method"] in contestants and r["cut"] in seeds]


def collections_of(config: HolesConfig, use: Use, only: Sequence[str]) -> list[CollectionSpec]:
    """The collections of a use. Raises `WrongUse` for a name that is none of them, so that none is looked at by mistake."""
    known = {spec.name: spec for spec in config.collections if spec.use == use}
    if unknown := sorted(set(only) - set(known)):
        raise WrongUse(f"{unknown[0]!r} is no collection to {use} with; there are {', '.join(known) or 'none'}.")
    return [spec for name, spec in known.items() if not only or name in only]


def able(case: Case, names: Iterable[str]) -> list[str]:
    """Of some methods, those that can answer a case: derived texts have no states."""
    derived = case.kind in ("cut", "joined")
    return [name for name in names if not (derived and name in STATES)]


def answer(case: Case, names: Sequence[str]) -> list[Line]:
    """The results of one case by some methods."""
    lines = []
    for name, method in chosen(names).items():
        began = time.perf_counter()
        with threadpool_limits(1):  # small matrices: threads would wait for each other
            figures = measure(case, method(case))
        lines.append(line_of(case, name, figures, time.perf_counter() - began))
    return lines


def _answers(asked: list[tuple[Case, list[str]]], jobs: int) -> Iterator[list[Line]]:
    """In order; by processes that share the collection's arrays as memory-mapped files, where there are several."""
    return Parallel(jobs, return_as="generator")(delayed(answer)(case, names) for case, names in asked)  # type: ignore[return-value]
