"""Synthetic sets on disk: one JSONL file a method, all draws in it, and what writing them took.

<method>.jsonl   text, label, method, draw, tokens, origin, feature, nth: one line a text
sets.json        settings; of every method and draw how many answers were drawn, kept, and how many gaps the texts close

Answers are cached by what was asked: written again, or after an interruption, the files come out the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fac_core.errors import BadInput, NotFound
from fac_core.generators.seam import Generator
from fac_core.lab.sets.pool import Pool, Split
from fac_core.lab.sets.seeds import Seeds
from fac_core.lab.sets.variants import CALIBRATED, PAPER
from fac_core.lab.study.study_files import write_whole
from fac_core.lab.writing.class_targets import ClassTargets
from fac_core.lab.writing.writing import (
    FROM_PROMPTS,
    IN_ROUNDS,
    LIKEST,
    PER_FEATURE,
    Scene,
    WritingSpec,
    Written,
    from_prompts,
)
from fac_core.lab.writing.writing_toward import in_rounds, likest, toward_features, write_per_feature
from fac_core.progress import Progress, silent
from fac_core.synthesis.prompts import PromptTemplate
from fac_core.synthesis.proof.similarity import Known
from fac_core.synthesis.proof.verdict import Judge


@dataclass(frozen=True)
class Cost:
    """What one method took for one seed."""

    method: str
    draw: int
    asked: int
    """Answers drawn; of FAC per feature, beside those of FAC Synthesis."""
    kept: int
    tokens: int
    """Content tokens of the texts kept."""
    closed: dict[str, float]
    """Share of the seed's gaps that they close, by preset."""


def write_all(
    folder: Path,
    pool: Pool,
    parts: Split,
    spec: WritingSpec,
    classes: tuple[str, str],
    features: ClassTargets,
    template: PromptTemplate,
    generator: Generator,
    judge: Callable[[Known], Judge],
    *,
    on_progress: Progress = silent,
) -> list[Cost]:
    """Write every method's set for every seed, anew also where the method never looks at it: sets of one method differ.

    Args:
        classes: labels of positive and negative texts, as they stand in the files.
        judge: makes one that knows these texts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    costs: list[Cost] = []
    lines: dict[str, list[str]] = {}
    seeds = Seeds(pool, parts, spec.n_seed, hole=spec.hole)
    for draw in range(spec.draws):
        seed = seeds.draw(np.random.default_rng(draw)).rows
        shown = [pool.texts[row] for row in (*seed, *parts.anchor)]
        scene = Scene(draw, seed, parts.anchor, features, template, generator, judge(Known(shown)))
        for name, texts in _of_seed(scene, spec):
            costs.append(_keep(folder, name, texts, scene, classes, lines))
            on_progress(len(costs), 0, f"{name}, seed {draw}: {len(texts)} texts")
        write_whole(folder / "sets.json", json.dumps(_summary(spec, generator, costs), indent=1).encode())
    return costs


def _of_seed(scene: Scene, spec: WritingSpec) -> Iterator[tuple[str, list[Written]]]:
    """The set of every method for one seed, as soon as it is written."""
    everything: list[Written] = []
    for method in spec.methods:
        write = from_prompts if method in FROM_PROMPTS else in_rounds if method == IN_ROUNDS else toward_features
        made = write(method, scene, spec)
        yield method, made
        if method == "FAC Synthesis" and spec.per_feature:
            yield PER_FEATURE, write_per_feature(made, scene, spec)
        everything += made
    if len(spec.methods) > 1:
        yield LIKEST, likest(everything, scene, spec)


def set_file(folder: Path, method: str) -> Path:
    """Where a method's texts are."""
    return folder / f"{method.lower().replace(' ', '-')}.jsonl"


def set_files(folder: Path) -> dict[str, Path]:
    """Method -> file, of finished sets. Raises `NotFound` and `BadInput`."""
    return {one["method"]: set_file(folder, one["method"]) for one in _read_summary(folder)["costs"]}


def read_spec(folder: Path) -> WritingSpec:
    """What sets were asked to be. Raises `NotFound` and `BadInput`."""
    asked: dict[str, Any] = _read_summary(folder)["spec"]
    values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in asked.items()}
    return WritingSpec(**values)


def _read_summary(folder: Path) -> dict[str, Any]:
    summary = folder / "sets.json"
    if not summary.exists():
        raise NotFound(f"There are no sets in {folder}; `fac write-sets` makes some.")
    try:
        found = json.loads(summary.read_text(encoding="utf-8"))
        return {name: found[name] for name in ("spec", "costs")}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise BadInput(f"{summary} is damaged ({error!r}). Write the sets again: nothing is paid twice.") from error


def _keep(
    folder: Path,
    name: str,
    texts: Sequence[Written],
    scene: Scene,
    classes: tuple[str, str],
    lines: dict[str, list[str]],
) -> Cost:
    readings = scene.read(texts)
    for one, reading in zip(texts, readings, strict=True):
        record = {
            "text": one.text,
            "label": classes[0 if one.positive else 1],
            "method": name,
            "draw": scene.draw,
            "tokens": reading.n_tokens,
            "origin": one.origin,
            "feature": one.feature,
            "nth": one.nth,
        }
        lines.setdefault(name, []).append(json.dumps(record, ensure_ascii=False))
    write_whole(set_file(folder, name), ("\n".join(lines.get(name, [])) + "\n").encode())
    fired = [(one.feature_ids, one.activations) for one in readings]
    closed = {
        preset: scene.features.closed(scene.seed, fired, variant)
        for preset, variant in {"paper": PAPER, "calibrated": CALIBRATED}.items()
    }
    tokens = sum(one.n_tokens for one in readings)
    asked = sum(scene.n_asked.values()) if name == LIKEST else scene.n_asked.get(name, 0)
    return Cost(name, scene.draw, asked, len(texts), tokens, closed)


def _summary(spec: WritingSpec, generator: Generator, costs: Sequence[Cost]) -> dict[str, Any]:
    return {"spec": asdict(spec), "generator": generator.name, "costs": [asdict(one) for one in costs]}
