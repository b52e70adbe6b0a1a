"""Does it carry over? Gaps in one model's features, filled by another model, learned by a third."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fac_core.coverage.definition import CALIBRATED
from fac_core.errors import WrongUse
from fac_core.lab.sets.baselines import compare_methods
from fac_core.lab.sets.material import read_material
from fac_core.lab.sets.pool import pool_of, split, states_of
from fac_core.lab.study.study_files import StudyConfig
from fac_core.lab.writing.scene import WritingSpec
from fac_core.lab.writing.written_sets import set_file, write_sets
from fac_core.progress import Progress, silent
from fac_core.store.workspace import Workspace

METHOD = "FAC Synthesis"
"""The only one that is carried over."""


@dataclass(frozen=True)
class Carried:
    """One cell of a transfer grid."""

    source: str
    """The study whose features had gaps."""
    generator: str
    """The model that wrote."""
    backbone: str
    """The model that learned, and its block."""
    mean: float
    minus_seed: tuple[float, float, float]
    """Over the seed alone, with its 95 % interval over draws."""
    minus_random: tuple[float, float, float]
    """Over as many random real texts."""


def transfer(
    sources: Sequence[StudyConfig],
    folder: Path,
    spec: WritingSpec,
    workspace: Workspace,
    *,
    generators: Sequence[str],
    backbones: Sequence[tuple[str, int]],
    on_progress: Progress = silent,
) -> list[Carried]:
    """FAC Synthesis for the gaps of each source, written by each generator, learned by each backbone.

    Args:
        sources: studies of the same texts in different feature spaces.
        spec: sizes; of its methods only FAC Synthesis is written.
        backbones: model and block of each.

    Raises `WrongUse` if the sources are not of the same texts.
    """
    only = replace(spec, methods=(METHOD,), per_feature=0)
    for source in sources:
        source.check_two_classes()
    pools = [pool_of(source, workspace, on_progress=on_progress) for source in sources]
    first, pool = sources[0], pools[0]
    if any(other.texts != pool.texts for other in pools):
        raise WrongUse("The studies are of different texts; encode one dataset in both feature spaces.")
    files: dict[str, tuple[str, str, Path]] = {}
    for source in sources:
        for model in generators:
            mine = folder / f"{source.name}-{model.replace('/', '-')}"
            write_sets(source, mine, only, workspace, model=model, on_progress=on_progress)
            files[mine.name] = source.name, model, set_file(mine, METHOD)
    cells: list[Carried] = []
    for backbone in backbones:
        states = states_of(first, workspace, backbone)
        found = compare_methods(
            pool,
            split(pool, first.split),
            CALIBRATED,
            n_seed=only.n_seed,
            n_added=only.n_added,
            draws=only.draws,
            others={name: read_material(path, first.positive, states) for name, (_, _, path) in files.items()},
            test_inputs=states.of(pool.passages(), on_progress=on_progress),
            real=("random real",),
            hole=only.hole,
            on_progress=on_progress,
        )
        by_method = {compared.method: compared for compared in found}
        for name, (source_name, model, _) in files.items():
            carried = by_method[name]
            gains = carried.minus(by_method["seed only"]), carried.minus(by_method["random real"])
            cells.append(Carried(source_name, model, f"{backbone[0]}:{backbone[1]}", carried.mean, *gains))
    return cells
