"""Verbs that ask a language model: name features, judge their relevance. What it will cost can be asked before.

What a model answers is kept in the workspace, so asking again is free, and a budget is never exceeded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeVar

from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import CALIBRATED, Definition
from fac_core.curation.triage import Triage
from fac_core.errors import WrongUse
from fac_core.evidence.examples import check_feature
from fac_core.generators.budget import Budget, Budgeted
from fac_core.generators.cache import Cached
from fac_core.generators.estimate import Estimate, estimate
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from fac_core.generators.seam import Generator, Request
from fac_core.naming import explanation
from fac_core.naming.explanation import ANSWER_TOKENS, Explained, Prompts
from fac_core.naming.prompts import prompt
from fac_core.naming.spans import Material, materials
from fac_core.progress import Progress, silent
from fac_core.relevance import judge
from fac_core.relevance.judge import Judged
from fac_core.relevance.rubric import rubric
from fac_core.store.workspace import Where, Workspace
from fac_core.view import View
from fac_core.workflows.judging import relevance_of
from fac_core.workflows.naming import labels_of

AT_ONCE = 16
"""Features after which what was found is recorded, and a task can be stopped."""

NO_CAP = Budget()

_T = TypeVar("_T")


@dataclass(frozen=True)
class Asking:
    """Whom to ask about which features; the same for the estimate and for the asking itself."""

    generator: Generator | Server
    feature_ids: Sequence[int]
    run: str | None = None
    """Whose samples are shown; the anchor unless another is named."""
    workspace: Where = None
    definition: Definition = CALIBRATED
    """A feature fires above its thresholds."""
    answer_tokens: int = ANSWER_TOKENS
    """Of each answer at most. Models that reason before they answer need more."""

    def found(self) -> Workspace:
        """The workspace. Raises `NotFound` for an id that the SAE has not."""
        workspace = Workspace.at(self.workspace)
        for feature in self.feature_ids:
            check_feature(workspace.opened(self.run), feature)
        return workspace

    def writer(self) -> Generator:
        """The generator, or the one behind the server."""
        return OpenAICompatible(self.generator) if isinstance(self.generator, Server) else self.generator

    def materials(self) -> dict[int, Material]:
        """What is shown of the features."""
        opened = Workspace.at(self.workspace).opened(self.run)
        return materials(opened, self.feature_ids, thresholds=thresholds(opened, self.definition))


def features_to_ask(which: Literal["gaps", "targets"], view: View, *, limit: int | None = None) -> list[int]:
    """The gaps, the highest priority first, or the targets that people approved. Raises `WrongUse` for anything else."""
    if which == "targets":
        return list(Triage.of(view.workspace, view.anchor).targets())[:limit]
    if which != "gaps":
        raise WrongUse(f"There are no features {which!r}; choose gaps, targets or ids.")
    return view.gaps(limit)["feature_id"].to_pylist()


def estimate_labels(asking: Asking) -> Estimate:
    """What `label_by_llm` will cost beyond what was paid already. Nothing is sent."""
    workspace = asking.found()
    prompts = Prompts.of(workspace.folder)
    return explanation.expected(
        asking.writer(), workspace.answers(), asking.materials(), prompts, answer_tokens=asking.answer_tokens
    )


def label_by_llm(asking: Asking, budget: Budget = NO_CAP, *, on_progress: Progress = silent) -> dict[int, Explained]:
    """Explain features, verify and score the labels, and keep those that were not contradicted.

    What cannot be labelled says why; what the budget cut off can be asked again with a larger one, the rest is free then.
    """
    workspace = asking.found()
    prompts, writer = Prompts.of(workspace.folder), Cached(Budgeted(asking.writer(), budget), workspace.answers())
    labels, shown_of = labels_of(workspace, asking.run), workspace.info(asking.run).run_id
    found = asking.materials()
    done: dict[int, Explained] = {}
    for part in _parts(found):
        on_progress(len(done), len(found))
        explained = explanation.explain(writer, part, prompts, answer_tokens=asking.answer_tokens)
        labels.record_explained(explained, run_id=shown_of)
        done |= explained
    on_progress(len(done), len(found))
    return done


def estimate_relevance(task: str, asking: Asking) -> Estimate:
    """What `judge_by_llm` will cost beyond what was paid already. Nothing is sent."""
    workspace = asking.found()
    return estimate(
        Cached(asking.writer(), workspace.answers()).unpaid(list(_questions(task, asking, workspace).values()))
    )


def judge_by_llm(
    task: str, asking: Asking, budget: Budget = NO_CAP, *, on_progress: Progress = silent
) -> dict[int, Judged]:
    """Judge features by a rubric, their label and their excerpts; a person's verdict holds over what comes of it."""
    workspace = asking.found()
    writer = Cached(Budgeted(asking.writer(), budget), workspace.answers())
    relevance = relevance_of(task, workspace, asking.run)
    questions = _questions(task, asking, workspace)
    done: dict[int, Judged] = {}
    for part in _parts(questions):
        on_progress(len(done), len(questions))
        judged = judge.judge(writer, part)
        verdicts = {feature: answer.verdict for feature, answer in judged.items() if answer.verdict is not None}
        relevance.record(verdicts, author=writer.name)
        done |= judged
    on_progress(len(done), len(questions))
    return done


def _questions(task: str, asking: Asking, workspace: Workspace) -> dict[int, Request]:
    named = labels_of(workspace, asking.run).names().text
    names = {feature: named[feature] for feature in asking.feature_ids if feature in named}
    return judge.requests(
        asking.materials(), names, rubric(task), prompt("judge", workspace.folder), asking.answer_tokens
    )


def _parts(whole: Mapping[int, _T]) -> Iterator[dict[int, _T]]:
    items = iter(whole.items())
    while part := dict(islice(items, AT_ONCE)):
        yield part
