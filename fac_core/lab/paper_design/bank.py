"""A bank of written texts, for the arms of the paper's design: written once for a writer, and all draws choose from it.

<workspace>/studies/<name>/bank-<writer>.json    settings and texts, each with its feature and all that it fires
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fac_core.activations.reopen import reopen
from fac_core.coverage.definition import CALIBRATED
from fac_core.errors import RunBroken
from fac_core.generators.seam import Generator
from fac_core.lab.paper_design.sources import PaperDesign, Sources
from fac_core.lab.sets.pool import Split
from fac_core.lab.study.study_files import study_folder
from fac_core.lab.writing.class_targets import ClassTargets
from fac_core.lab.writing.from_prompts import from_prompts
from fac_core.lab.writing.scene import FROM_ONE_PROMPT, Scene, WritingSpec, Written
from fac_core.lab.writing.toward_features import attempted
from fac_core.progress import Progress, silent
from fac_core.store.workspace import Workspace
from fac_core.synthesis.prompts import prompt_template
from fac_core.synthesis.proof.similarity import Known
from fac_core.synthesis.proof.verdict import Judge
from fac_core.whole import write_whole


@dataclass(frozen=True)
class Banked:
    """One written text."""

    text: str
    feature: int | None
    """That it was written for and fires; None for an unguided one."""
    n_tokens: int
    fires: tuple[int, ...]
    """Features above the anchor's thresholds."""


def bank_of(
    design: PaperDesign,
    given: Sources,
    features: Sequence[int],
    writer: Generator,
    workspace: Workspace,
    *,
    on_progress: Progress = silent,
) -> list[Banked]:
    """The texts of a writer, from its file where that was written for the same settings and features.

    Each is written with real positive texts of the anchor before it, fires its feature, is no copy and no near-duplicate, and is
    rude by the check; unguided ones are written without texts and features, and have to be rude.

    Args:
        features: that texts are written for.
        writer: remembers what it answered, so that an interruption costs nothing.

    Raises `RunBroken` for a damaged file.
    """
    settings = {name: getattr(design, name) for name in _DECIDES} | {"features": [int(one) for one in features]}
    wanted = json.loads(json.dumps(settings))  # as the file has it: tuples are lists there
    name = hashlib.sha256(writer.name.encode()).hexdigest()[:8]
    path = study_folder(workspace, design.name) / f"bank-{name}.json"
    if path.exists() and (kept := _read_bank(path))["settings"] == wanted:
        return [Banked(**{**one, "fires": tuple(one["fires"])}) for one in kept["texts"]]
    texts = _written(design, given, features, writer, workspace, on_progress)
    record = {"settings": wanted, "writer": writer.name, "texts": [asdict(one) for one in texts]}
    write_whole(path, json.dumps(record, ensure_ascii=False))
    return texts


_DECIDES = (
    "anchor",
    "tweets",
    "checks",
    "checker",
    "task",
    "names",
    "per_feature",
    "rounds",
    "n_unguided",
    "max_tokens",
)
"""Settings that a bank depends on, beside its features."""


def _read_bank(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: found[name] for name in ("settings", "texts")}
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise RunBroken(f"{path} is damaged ({error!r}). Delete it: what was written is not paid twice.") from error


def _written(
    design: PaperDesign,
    given: Sources,
    features: Sequence[int],
    writer: Generator,
    workspace: Workspace,
    on_progress: Progress,
) -> list[Banked]:
    every, none = np.arange(len(given.pool)), np.zeros(0, dtype=np.int64)
    with workspace.run(design.anchor) as run:
        reader = reopen(run.info)
        class_targets = ClassTargets(run, given.pool, Split(none, every, none), CALIBRATED, reader.tokenizer)
        targets = class_targets.targets(features, True)
    spec = WritingSpec(
        task=design.task,
        names=design.names,
        n_added=(design.n_unguided, 1),
        candidates=FROM_ONE_PROMPT,
        max_tokens=design.max_tokens,
    )

    def classify(texts: Sequence[str]) -> list[str]:
        return [design.names[0 if rude else 1] for rude in given.check.is_rude(texts)]

    judge = Judge(reader, Known(given.pool.texts), classify=classify)
    template = prompt_template("text-plain", workspace.folder)
    scene = Scene(0, none, every, class_targets, template, writer, judge)
    kept: dict[int, list[Written]] = {target.feature_id: [] for target in targets}
    tried = Counter[int]()
    for round_ in range(design.rounds):
        still = [one for one in targets if len(kept[one.feature_id]) < design.per_feature]
        passing = attempted("bank", {True: still, False: []}, scene, spec, judge, tried)[True]
        tried.update(one.feature_id for one in still)
        for feature, made in passing.items():
            new = [Written(one.text, True, "bank", "", feature) for one in made]
            kept[feature] = (kept[feature] + new)[: design.per_feature]
        on_progress(round_ + 1, design.rounds + 1, f"{sum(map(len, kept.values()))} texts by {writer.name}")
    texts = [one for mine in kept.values() for one in mine]
    texts += [one for one in from_prompts("unguided", scene, spec) if one.positive]
    delta = class_targets.counts(none).thresholds
    return [
        Banked(
            one.text,
            one.feature,
            read.n_tokens,
            tuple(read.feature_ids[read.activations > delta[read.feature_ids]].tolist()),
        )
        for one, read in zip(texts, scene.read(texts), strict=True)
        if read.n_tokens <= design.max_tokens
    ]
