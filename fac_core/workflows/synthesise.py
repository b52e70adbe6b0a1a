"""Verbs that fill gaps: estimate, synthesise, measure what people edited, and see what it brought."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import CALIBRATED, Definition
from fac_core.curation.triage import Triage
from fac_core.errors import NotFound, WrongUse
from fac_core.evidence.examples import check_feature
from fac_core.generators.seam import Generator
from fac_core.naming.labels import Labels
from fac_core.progress import Progress, silent
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from fac_core.synthesis import yields as counting
from fac_core.synthesis.candidates import Batch, Candidate, Candidates
from fac_core.synthesis.off_target import off_target as moved
from fac_core.synthesis.prompts import PromptTemplate, prompt_template
from fac_core.synthesis.spec import ONCE, Settings, SynthesisSpec
from fac_core.synthesis.targets import Target, targets
from fac_core.workflows.opening import Folder, open_pair, open_workspace

if TYPE_CHECKING:  # torch: only where a model runs
    from fac_core.synthesis.pipeline import Outcome
    from fac_core.synthesis.proof.verdict import Classify, Judge


@dataclass(frozen=True)
class Estimate:
    """What a synthesis may cost."""

    batch_id: str
    targets: int
    least_requests: int
    """If step 1 is enough for every target."""
    most_requests: int
    """If every step is needed for every target."""
    least_tokens: int
    most_tokens: int
    """Generated ones, if every answer is as long as it may be; never over the budget."""


@dataclass(frozen=True)
class Prepared:
    """A spec with everything that it names looked up."""

    settings: Settings
    targets: list[Target]
    template: PromptTemplate


def estimate(spec: SynthesisSpec, *, workspace: Folder = None) -> Estimate:
    """What the synthesis would cost at least and at most. No model runs."""
    settings = prepared(spec, workspace=workspace).settings
    n = len(settings.targets)
    later = sum(1 if step in ONCE else spec.attempts for step in spec.steps if step != "one step")
    first = spec.n if "one step" in spec.steps and "guided" not in spec.steps else spec.m
    most = (spec.n if "one step" in spec.steps else 0) + later * spec.m
    cap = spec.budget if spec.budget is not None else n * most * spec.max_tokens
    return Estimate(
        settings.batch_id,
        n,
        n * first,
        n * most,
        min(cap, n * first * spec.max_tokens),
        min(cap, n * most * spec.max_tokens),
    )


def synthesise(
    spec: SynthesisSpec,
    *,
    workspace: Folder = None,
    generator: Generator | None = None,
    classify: Classify | None = None,
    key_variable: str | None = None,
    author: str = "",
    on_progress: Progress = silent,
) -> Outcome:
    """Make candidates for gaps, each with proof. The same spec goes on where it was interrupted.

    Args:
        generator: instead of the one that the spec names, for example one with a cache or a budget around it.
        classify: checks the label of every sample, where the spec has one.
        key_variable: environment variable with the key of the server that the spec names.

    Raises `WrongUse` without targets, and the errors of the runs, the prompt and the model.
    """
    from fac_core.synthesis import pipeline

    place = open_workspace(workspace)
    found = prepared(spec, workspace=workspace)
    with open_pair(workspace, spec.seed, spec.anchor) as (q, p):
        judge = their_judge(q, p, classify)
        writer = generator or made_by(spec, p, place, key_variable)
    return pipeline.synthesise(
        found.settings,
        found.targets,
        found.template,
        writer,
        judge,
        Candidates(place.events()),
        place.measurements(),
        author=author or _user(),
        on_progress=on_progress,
    )


def prepared(spec: SynthesisSpec, *, workspace: Folder = None) -> Prepared:
    """Look up the runs, the targets and the prompt of a spec. Raises `WrongUse` without any target."""
    place = open_workspace(workspace)
    with open_pair(workspace, spec.seed, spec.anchor) as (q, p):
        ids = spec.targets if spec.targets is not None else Triage(place.events(), p.info.run_id).targets()
        if not ids:
            raise WrongUse("No gap is approved yet: triage gaps as targets in `fac ui`, or name features by id.")
        for feature in ids:
            check_feature(p, feature)
        labels = Labels(place.events(), p.info.space_id).names().text
        wanted = tuple(dict.fromkeys(ids))
        template = prompt_template(spec.prompt or _default_prompt(spec), place.folder)
        if template.shape != spec.shape:
            raise WrongUse(f"The prompt {template.name!r} is for shape {template.shape!r}, not {spec.shape!r}.")
        for step in spec.steps:
            template.section(step)
        settings = Settings(spec, p.info.run_id, q.info.run_id, p.info.space_id, wanted, template.identity)
        return Prepared(settings, targets(p, wanted, spec.definition, labels), template)


def candidates(batch_id: str, *, workspace: Folder = None) -> list[Candidate]:
    """What was made in a batch. Raises `NotFound` for a batch that there is not."""
    found = list(Candidates(open_workspace(workspace).events()).of(batch_id).values())
    if not found:
        raise NotFound(f"There are no candidates of a batch {batch_id!r}. `fac synthesise` makes some.")
    return found


def yields(batch_id: str, *, workspace: Folder = None) -> tuple[counting.Yield, ...]:
    """What each method of a batch brought, and what it cost."""
    return counting.yields(candidates(batch_id, workspace=workspace))


def verify_edits(
    batch_id: str,
    *,
    workspace: Folder = None,
    classify: Classify | None = None,
    author: str = "",
) -> list[Candidate]:
    """Measure what people edited, each text as a new version; returns those that were waiting, as they are now."""
    from fac_core.synthesis import edits

    place = open_workspace(workspace)
    found = batch(batch_id, workspace=workspace)
    with place.run(found.anchor_run_id) as p, place.run(found.seed_run_id) as q:
        judge = their_judge(q, p, classify)
    log = Candidates(place.events())
    return edits.verify_edits(batch_id, judge, log, place.measurements(), author=author or _user())


def off_target(batch_id: str, definition: Definition = CALIBRATED, *, workspace: Folder = None) -> pa.Table:
    """Which features the passing candidates of a batch fire oftener than real texts do, the most moved first."""
    place = open_workspace(workspace)
    found = batch(batch_id, workspace=workspace)
    passing = [one for one in candidates(batch_id, workspace=workspace) if one.verdict == "passes"]
    measured = place.measurements().of(batch_id)
    with place.run(found.anchor_run_id) as p:
        delta = thresholds(p, definition)
        counts = np.zeros(p.info.d_sae, dtype=np.int64)
        rows = p.query(
            "SELECT feature_id, count(*) AS n FROM activations WHERE activation > (?::FLOAT[])[feature_id + 1]"
            " GROUP BY feature_id",
            [delta],
        )
        counts[rows["feature_id"].to_numpy()] = rows["n"].to_numpy()
        readings = [measured[one.candidate_id, one.version] for one in passing]
        return moved(readings, delta, counts, p.info.n_samples, found.targets)


def batch(batch_id: str, *, workspace: Folder = None) -> Batch:
    """A synthesis as it was asked for. Raises `NotFound`."""
    found = {one.batch_id: one for one in batches(workspace=workspace)}
    if batch_id not in found:
        raise NotFound(f"There is no batch {batch_id!r} in {open_workspace(workspace).folder}.")
    return found[batch_id]


def batches(*, workspace: Folder = None) -> list[Batch]:
    """All syntheses of a workspace, by anchor, the newest last."""
    place = open_workspace(workspace)
    return [one for run in place.runs() for one in Candidates(place.events()).batches(run.run_id)]


def _default_prompt(spec: SynthesisSpec) -> str:
    return f"{spec.shape}-plain" if spec.generator in ("local", "steered") else spec.shape


def made_by(
    spec: SynthesisSpec, anchor: RunFile, place: Workspace | None = None, key_variable: str | None = None
) -> Generator:
    """The generator that a spec names. A server's answers are kept in the workspace: none is paid twice."""
    model = spec.model or anchor.info.model
    if spec.generator == "local":
        from fac_core.generators.local import LocalGenerator

        return LocalGenerator(model)
    if spec.generator == "steered":
        from fac_core.activations.reopen import run_sae
        from fac_core.generators.steered import SteeredGenerator

        return SteeredGenerator(model, run_sae(anchor.info))
    if place is None or "://" not in spec.generator:
        raise WrongUse(f"There is no generator {spec.generator!r}; take local, steered or a server's address.")
    from fac_core.generators.cache import Cached
    from fac_core.generators.openai_compatible import OpenAICompatible, Server

    return Cached(OpenAICompatible(Server(spec.generator, model, key_variable=key_variable)), place.answers())


def their_judge(seed: RunFile, anchor: RunFile, classify: Classify | None) -> Judge:
    from fac_core.activations.reopen import reopen
    from fac_core.models.perplexity import Perplexity
    from fac_core.synthesis.proof.fluency import Fluency
    from fac_core.synthesis.proof.similarity import Known
    from fac_core.synthesis.proof.verdict import Judge

    real = _texts(anchor)
    fluency = Fluency(Perplexity(anchor.info.model, dtype=anchor.info.dtype), real)
    return Judge(reopen(anchor.info), Known([*_texts(seed), *real]), fluency, classify)


def _texts(run: RunFile) -> list[str]:
    return run.query("SELECT text FROM samples ORDER BY sample_id")["text"].to_pylist()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "worker"
