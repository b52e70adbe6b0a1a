"""Fill gaps: what a synthesis would cost, the synthesis, the measuring of what people edited."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fac_core.errors import WrongUse
from fac_core.evidence.examples import check_feature
from fac_core.generators.cache import Cached
from fac_core.generators.named import is_address, named
from fac_core.generators.seam import Generator
from fac_core.models.device import chosen_device
from fac_core.naming.labels import Labels
from fac_core.progress import Progress, silent
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Where, Workspace
from fac_core.synthesis.batches import find_batch
from fac_core.synthesis.brief import Brief
from fac_core.synthesis.candidates import Candidate, Candidates
from fac_core.synthesis.prompts import PromptTemplate, prompt_template
from fac_core.synthesis.spec import ONCE, Settings, SynthesisSpec
from fac_core.synthesis.targets import Target, targets
from fac_core.view import View
from fac_core.workflows.themes import approved_features, open_features, theme_named, triage_of

if TYPE_CHECKING:  # torch: only where a model runs
    from fac_core.synthesis.pipeline import Outcome
    from fac_core.synthesis.proof.verdict import Classify, Judge


_LOCAL_RATE = (80.0, 150.0)
"""Tokens a second of the embedded model on two cores, in full batches: slow and quick."""
_SERVER_RATE = (40.0, 400.0)
"""Of a server asked four things at once."""


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

    def cost(self, price: float) -> tuple[float, float]:
        """Low and high, for the price of a million generated tokens: servers mostly ask less for those of prompts."""
        return self.least_tokens * price / 1e6, self.most_tokens * price / 1e6

    def minutes(self, generator: str) -> tuple[float, float]:
        """Low and high, at the usual rates of a generator."""
        slow, quick = _SERVER_RATE if is_address(generator) else _LOCAL_RATE
        return self.least_tokens / quick / 60, self.most_tokens / slow / 60


@dataclass(frozen=True)
class Prepared:
    """A spec with everything that it names looked up."""

    view: View
    settings: Settings
    targets: list[Target]
    template: PromptTemplate


def prepared(spec: SynthesisSpec, workspace: Where = None) -> Prepared:
    """Look up the runs, the targets and the prompt of a spec. Raises `WrongUse` without any target."""
    view = View.find(spec.seed, spec.anchor, spec.definition, workspace=workspace)
    workspace, anchor = view.workspace, view.anchor
    theme = theme_named(view, spec.theme) if spec.theme else None
    triage, ids = triage_of(view), spec.targets
    if ids is None:
        ids = open_features(theme, triage.decisions()) if theme else triage.targets()
    if not ids:
        raise WrongUse(
            "No gap is approved yet: triage gaps as targets in `fac ui`, or name features by id (--targets 12,40)."
        )
    for feature in ids:
        check_feature(view.p, feature)
    labels = Labels(workspace.events(), anchor.space_id).names().text
    wanted = tuple(dict.fromkeys(ids))
    template = prompt_template(spec.prompt or _default_prompt(spec), workspace.folder)
    if template.shape != spec.shape:
        raise WrongUse(f"The prompt {template.name!r} is for shape {template.shape!r}, not {spec.shape!r}.")
    for step in spec.steps:
        template.section(step)
    brief = Brief.of(theme, view.p, approved_features(theme, triage.decisions()), labels) if theme else None
    spec = replace(spec, theme=theme.name if theme else "")  # the beginning of a name is no other batch
    settings = Settings(spec, anchor.run_id, view.run.run_id, anchor.space_id, wanted, template.identity)
    return Prepared(view, settings, targets(view.p, wanted, spec.definition, labels, brief), template)


def estimate(spec: SynthesisSpec, *, workspace: Where = None) -> Estimate:
    """What the synthesis would cost at least and at most, in requests and generated tokens. No model runs.

    Raises what `synthesise` raises before it begins.

    >>> found = fac.estimate(fac.SynthesisSpec(targets=(2, 3), n=4, m=4, max_tokens=64), workspace=view.workspace)
    >>> found.targets, found.least_requests, found.most_tokens
    (2, 8, 1024)
    """
    settings = prepared(spec, workspace).settings
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
    workspace: Where = None,
    generator: Generator | None = None,
    classify: Classify | None = None,
    key_variable: str | None = None,
    device: str = "auto",
    author: str = "",
    on_progress: Progress = silent,
) -> Outcome:
    """Make candidates for gaps, each with proof. The same spec goes on where it was interrupted.

    Args:
        generator: instead of the one that the spec names, for example one with a cache or a budget around it.
        classify: checks the label of every sample, where the spec has one.
        key_variable: environment variable with the key of the server that the spec names.
        device: where the models run, as in `EncodeSpec`; with `auto` a model that writes does so on the processor.
        author: who asks; the user of this machine by default.

    Raises `WrongUse` without targets, and the errors of the runs, the prompt and the model.

    >>> fac.synthesise(fac.SynthesisSpec(), workspace=view.workspace)
    Traceback (most recent call last):
    fac_core.errors.WrongUse: No gap is approved yet: triage gaps as targets in `fac ui`, or name features by id (--targets 12,40).
    """
    from fac_core.synthesis import pipeline

    found = prepared(spec, workspace)
    chosen_device(device)  # one that is not there is said before anything is loaded
    view = found.view
    return pipeline.synthesise(
        found.settings,
        found.targets,
        found.template,
        generator or generator_of(spec, view.workspace, view.anchor, key_variable, device),
        judge_of(view.q, view.p, classify, device),
        Candidates(view.workspace.events()),
        view.workspace.measurements(),
        author=author or _user(),
        on_progress=on_progress,
    )


def verify_edits(
    batch_id: str, *, workspace: Where = None, classify: Classify | None = None, author: str = ""
) -> list[Candidate]:
    """Measure what people edited, each text as a new version; returns those that were waiting, as they are now.

    Raises `NotFound` for a batch that there is not.
    """
    from fac_core.synthesis import edits

    workspace = Workspace.at(workspace)
    batch = find_batch(workspace, batch_id)
    judge = judge_of(workspace.opened(batch.seed_run_id), workspace.opened(batch.anchor_run_id), classify)
    candidates = Candidates(workspace.events())
    return edits.verify_edits(batch_id, judge, candidates, workspace.measurements(), author=author or _user())


def generator_of(
    spec: SynthesisSpec, workspace: Workspace, anchor: RunInfo, key_variable: str | None = None, device: str = "auto"
) -> Generator:
    """The generator that a spec names. A server's answers are kept in the workspace: none is paid twice.

    What was paid before a crash counts as paid by the batch that goes on, or its budget would be exceeded.
    """
    from fac_core.activations.reopen import run_sae

    model = spec.model or anchor.model
    where = "cpu" if device == "auto" else chosen_device(device)
    writer = named(spec.generator, model, key_variable=key_variable, sae=lambda: run_sae(anchor), device=where)
    return Cached(writer, workspace.answers(), as_first_paid=True) if is_address(spec.generator) else writer


def judge_of(seed: RunFile, anchor: RunFile, classify: Classify | None = None, device: str = "auto") -> Judge:
    """The judge of candidates: the anchor's encoder, both runs' texts as what is known, the anchor's as what is fluent."""
    from fac_core.activations.reopen import reopen
    from fac_core.models.perplexity import Perplexity
    from fac_core.synthesis.proof.fluency import Fluency
    from fac_core.synthesis.proof.similarity import Known
    from fac_core.synthesis.proof.verdict import Judge

    real = _texts(anchor)
    fluency = Fluency(Perplexity(anchor.info.model, dtype=anchor.info.dtype, device=chosen_device(device)), real)
    return Judge(reopen(anchor.info, device=device), Known([*_texts(seed), *real]), fluency, classify)


def _default_prompt(spec: SynthesisSpec) -> str:
    return spec.shape if is_address(spec.generator) else f"{spec.shape}-plain"


def _texts(run: RunFile) -> list[str]:
    return run.query("SELECT text FROM samples ORDER BY sample_id")["text"].to_pylist()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "worker"
