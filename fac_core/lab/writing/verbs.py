"""Verbs about synthetic training sets: write them by every method, see what dose helps, and whether it carries over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fac_core.errors import WrongUse
from fac_core.generators.seam import Generator
from fac_core.lab.study.study_files import StudyConfig, read_config
from fac_core.lab.study.verbs import pool_of, states_of
from fac_core.progress import Progress, silent
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from fac_core.synthesis.prompts import prompt_template
from fac_core.workflows.opening import Folder, open_workspace

if TYPE_CHECKING:  # torch
    from fac_core.lab.writing.dose import Dosed
    from fac_core.lab.writing.writing import WritingSpec
    from fac_core.lab.writing.written_sets import Cost


def write_sets(
    config: Path | str | StudyConfig,
    folder: Path | str,
    spec: WritingSpec | None = None,
    *,
    generator: Generator | str = "local",
    model: str = "",
    key_variable: str | None = None,
    workspace: Folder = None,
    on_progress: Progress = silent,
) -> list[Cost]:
    """Synthetic sets for seeds of a study's pool, one JSONL file a method. Resumes: no answer is paid twice.

    Args:
        config: the study whose pool, split and feature space are used; its task has to be toxicity.
        generator: one, or `local`, or the address of an OpenAI-compatible server.
        model: of the generator; the model of the feature space by default.
    """
    from fac_core.activations.reopen import reopen
    from fac_core.lab.sets.label_check import label_check
    from fac_core.lab.sets.pool import split
    from fac_core.lab.sets.variants import CALIBRATED
    from fac_core.lab.writing import written_sets
    from fac_core.lab.writing.class_targets import ClassTargets
    from fac_core.lab.writing.writing import WritingSpec
    from fac_core.synthesis.proof.verdict import Judge

    settings, spec = _labelled(config), spec or WritingSpec()
    place = open_workspace(workspace)
    pool = pool_of(settings, place, on_progress=on_progress)
    parts = split(pool, settings.split)
    classify = (
        label_check(pool, parts.anchor, states_of(settings, place, None), spec.names) if spec.check_labels else None
    )
    with place.run(settings.run) as run:
        reader = reopen(run.info)
        features = ClassTargets(run, pool, parts, CALIBRATED, reader.tokenizer)
        writer = (
            _cached(generator, model or run.info.model, place, key_variable)
            if isinstance(generator, str)
            else generator
        )
        classes = (settings.positive, _other_label(run, settings))
    return written_sets.write_all(
        Path(folder),
        pool,
        parts,
        spec,
        classes,
        features,
        prompt_template("text-plain", place.folder),
        writer,
        lambda known: Judge(reader, known, classify=classify),
        on_progress=on_progress,
    )


def _cached(generator: str, model: str, place: Workspace, key_variable: str | None) -> Any:
    from fac_core.generators.cache import Cached

    if generator == "local":
        from fac_core.generators.local import LocalGenerator

        return Cached(LocalGenerator(model), place.answers())
    if "://" not in generator:
        raise WrongUse(f"There is no generator {generator!r}; take local or a server's address.")
    from fac_core.generators.openai_compatible import OpenAICompatible, Server

    return Cached(OpenAICompatible(Server(generator, model, key_variable=key_variable)), place.answers())


def _other_label(run: RunFile, settings: StudyConfig) -> str:
    """The label of the negative texts, where there is one of them; otherwise what says so."""
    found = run.query(
        "SELECT DISTINCT metadata->>? AS value FROM samples ORDER BY value", [f"$.{json.dumps(settings.field)}"]
    )["value"].to_pylist()
    others = [value for value in found if value is not None and value != settings.positive]
    return others[0] if len(others) == 1 else f"not {settings.positive}"


def dose(
    config: Path | str | StudyConfig,
    folder: Path | str,
    *,
    backbone: tuple[str, int] | None = None,
    workspace: Folder = None,
    on_progress: Progress = silent,
) -> list[Dosed]:
    """What shares of written sets, and several texts of a feature, gain over the seed alone.

    Args:
        folder: of `write_sets`; its seeds are the ones that are added to.
        backbone: model and block that learn, where they are not those of the study.
    """
    from fac_core.lab.sets.material import passages_of, read_material
    from fac_core.lab.sets.pool import split
    from fac_core.lab.writing.dose import doses
    from fac_core.lab.writing.written_sets import read_spec, set_files

    settings = _labelled(config)
    place = open_workspace(workspace)
    spec = read_spec(Path(folder))
    pool = pool_of(settings, place, on_progress=on_progress)
    states = states_of(settings, place, backbone)
    sets = {name: read_material(path, settings.positive, states) for name, path in set_files(Path(folder)).items()}
    inputs = states.of(passages_of(pool), on_progress=on_progress) if backbone else None
    parts = split(pool, settings.split)
    return doses(
        pool,
        parts,
        sets,
        n_seed=spec.n_seed,
        draws=spec.draws,
        hole=spec.hole,
        inputs=inputs,
        on_progress=on_progress,
    )


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
    sources: Sequence[Path | str | StudyConfig],
    folder: Path | str,
    *,
    generators: Sequence[str],
    backbones: Sequence[tuple[str, int]],
    spec: WritingSpec | None = None,
    workspace: Folder = None,
    on_progress: Progress = silent,
) -> list[Carried]:
    """FAC Synthesis for the gaps of each source, written by each generator, learned by each backbone.

    Args:
        sources: studies of the same texts in different feature spaces.
        spec: sizes; of its methods only FAC Synthesis is written.

    Raises `WrongUse` if the sources are not of the same texts.
    """
    from fac_core.lab.sets.baselines import compare_methods
    from fac_core.lab.sets.material import passages_of, read_material
    from fac_core.lab.sets.pool import split
    from fac_core.lab.sets.variants import CALIBRATED
    from fac_core.lab.writing.writing import WritingSpec
    from fac_core.lab.writing.written_sets import set_file

    only = replace(spec or WritingSpec(), methods=("FAC Synthesis",), per_feature=0)
    studies = [_labelled(one) for one in sources]
    place = open_workspace(workspace)
    pools = [pool_of(one, place, on_progress=on_progress) for one in studies]
    if any(pool.texts != pools[0].texts for pool in pools):
        raise WrongUse("The studies are of different texts; encode one dataset in both feature spaces.")
    files: dict[str, tuple[str, str, Path]] = {}
    for study in studies:
        for model in generators:
            mine = Path(folder) / f"{study.name}-{model.replace('/', '-')}"
            write_sets(study, mine, only, model=model, workspace=workspace, on_progress=on_progress)
            files[mine.name] = study.name, model, set_file(mine, "FAC Synthesis")
    cells: list[Carried] = []
    for backbone in backbones:
        states = states_of(studies[0], place, backbone)
        found = compare_methods(
            pools[0],
            split(pools[0], studies[0].split),
            CALIBRATED,
            n_seed=only.n_seed,
            n_added=only.n_added,
            draws=only.draws,
            others={name: read_material(path, studies[0].positive, states) for name, (_, _, path) in files.items()},
            test_inputs=states.of(passages_of(pools[0]), on_progress=on_progress),
            real=("random real",),
            hole=only.hole,
            on_progress=on_progress,
        )
        by_method = {one.method: one for one in found}
        for name, (source, model, _) in files.items():
            one = by_method[name]
            gains = one.minus(by_method["seed only"]), one.minus(by_method["random real"])
            cells.append(Carried(source, model, f"{backbone[0]}:{backbone[1]}", one.mean, *gains))
    return cells


def _labelled(config: Path | str | StudyConfig) -> StudyConfig:
    """The settings of a study of labelled texts. Raises `WrongUse` for one of pairs."""
    settings = config if isinstance(config, StudyConfig) else read_config(Path(config))
    if settings.task != "toxicity":
        raise WrongUse("Sets are written for two classes of texts; the study's task has to be toxicity.")
    return settings
