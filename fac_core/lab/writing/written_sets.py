"""Synthetic sets on disk: one JSONL file a method, all draws in it, and what writing them took.

<method>.jsonl   text, label, method, draw, tokens, origin, feature, nth: one line a text
sets.json        settings; of every method and draw how many answers were drawn, kept, and how many gaps the texts close

Answers are cached by what was asked: written again, or after an interruption, the files come out the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fac_core.activations.reopen import reopen
from fac_core.coverage.definition import CALIBRATED, PRESETS
from fac_core.errors import BadInput, NotFound
from fac_core.generators.cache import Cached
from fac_core.generators.named import named
from fac_core.generators.seam import Generator
from fac_core.lab.sets.label_check import label_check
from fac_core.lab.sets.pool import pool_of, split, states_of
from fac_core.lab.sets.seeds import Seeds
from fac_core.lab.study.study_files import StudyConfig
from fac_core.lab.writing.class_targets import ClassTargets
from fac_core.lab.writing.from_prompts import from_prompts
from fac_core.lab.writing.scene import FROM_PROMPTS, IN_ROUNDS, LIKEST, PER_FEATURE, Scene, WritingSpec, Written
from fac_core.lab.writing.toward_features import in_rounds, likest, toward_features, write_per_feature
from fac_core.progress import Progress, silent
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from fac_core.synthesis.prompts import prompt_template
from fac_core.synthesis.proof.similarity import Known
from fac_core.synthesis.proof.verdict import Judge
from fac_core.whole import write_whole


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


def write_sets(
    config: StudyConfig,
    folder: Path,
    spec: WritingSpec,
    workspace: Workspace,
    *,
    generator: Generator | str = "local",
    model: str = "",
    key_variable: str | None = None,
    on_progress: Progress = silent,
) -> list[Cost]:
    """Synthetic sets for seeds of a study's pool, one JSONL file a method. Resumes: no answer is paid twice.

    Every method writes anew for every seed, also where it never looks at it: sets of one method differ.

    Args:
        config: the study whose pool, split and feature space are used.
        generator: one, or `local`, or the address of an OpenAI-compatible server.
        model: of the generator; the model of the feature space by default.

    Raises `WrongUse` for a study without two classes of texts, and for a generator that there is not.
    """
    config.check_two_classes()
    pool = pool_of(config, workspace, on_progress=on_progress)
    parts = split(pool, config.split)
    classify = label_check(pool, parts.anchor, states_of(config, workspace), spec.names) if spec.check_labels else None
    with workspace.run(config.run) as run:
        reader = reopen(run.info)
        features = ClassTargets(run, pool, parts, CALIBRATED, reader.tokenizer)
        classes = (config.positive, _other_label(run, config))
        if isinstance(generator, str):
            writer = named(generator, model or run.info.model, key_variable=key_variable)
            generator = Cached(writer, workspace.answers())
    template = prompt_template("text-plain", workspace.folder)
    costs: list[Cost] = []
    lines: dict[str, list[str]] = {}
    seeds = Seeds(pool, parts, spec.n_seed, hole=spec.hole)
    for draw in range(spec.draws):
        seed = seeds.draw(np.random.default_rng(draw)).rows
        known = Known([pool.texts[row] for row in (*seed, *parts.anchor)])
        judge = Judge(reader, known, classify=classify)
        scene = Scene(draw, seed, parts.anchor, features, template, generator, judge)
        for name, texts in _of_seed(scene, spec):
            costs.append(_keep(folder, name, texts, scene, classes, lines))
            on_progress(len(costs), 0, f"{name}, seed {draw}: {len(texts)} texts")
        summary = {"spec": asdict(spec), "generator": generator.name, "costs": [asdict(cost) for cost in costs]}
        write_whole(folder / "sets.json", json.dumps(summary, indent=1))
    return costs


def _other_label(run: RunFile, config: StudyConfig) -> str:
    """The label of the negative texts, where there is one of them; otherwise what says so."""
    found = run.query(
        "SELECT DISTINCT metadata->>? AS value FROM samples ORDER BY value", [f"$.{json.dumps(config.field)}"]
    )["value"].to_pylist()
    others = [value for value in found if value is not None and value != config.positive]
    return others[0] if len(others) == 1 else f"not {config.positive}"


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
        raise NotFound(f"There are no sets in {folder}; `fac lab write-sets` makes some.")
    try:
        found = json.loads(summary.read_text(encoding="utf-8"))
        return {name: found[name] for name in ("spec", "costs")}
    except (ValueError, RecursionError, KeyError, TypeError) as error:
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
    write_whole(set_file(folder, name), "\n".join(lines.get(name, [])) + "\n")
    fired = scene.fired(texts)
    closed = {preset: scene.features.closed(scene.seed, fired, each) for preset, each in PRESETS.items()}
    tokens = sum(one.n_tokens for one in readings)
    asked = sum(scene.n_asked.values()) if name == LIKEST else scene.n_asked.get(name, 0)
    return Cost(name, scene.draw, asked, len(texts), tokens, closed)
