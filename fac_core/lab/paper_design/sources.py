"""Real texts with checked labels, and features by relevance: what the paper's design is made of.

Three sources that do not know of each other. HH-RLHF is the anchor and gives the safe texts; tweets say which features go with
rude texts, and teach the model that checks labels; the texts that models are measured on decide nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from fac_core.coverage.definition import CALIBRATED
from fac_core.errors import WrongUse
from fac_core.lab.sets.pool import Pool, labelled
from fac_core.lab.sets.variants import thresholds_of
from fac_core.lab.tasks.head import fitted
from fac_core.lab.tasks.hidden_states import Passage, States
from fac_core.progress import Progress, silent
from fac_core.relevance.statistic import association, by_label
from fac_core.store.workspace import Workspace


class PaperDesign(BaseModel):
    """Settings of the study: the keys of its TOML file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern="^[A-Za-z0-9_-]+$")
    anchor: str
    """Run of single turns of dialogues."""
    person: str = "Human"
    """Label of the anchor's turns that people wrote."""
    tweets: str
    """Run that says which features are relevant."""
    checks: str
    """Run that the model which checks labels learns from, half of it rude."""
    neutral: str = "2"
    """Label of tweets that are not rude; all others are."""
    checker: str = "gemma3-270m"
    checker_block: int = 9
    test: str
    """Run that models are measured on; positive where `label` is 1."""
    model: str = "smollm2-135m"
    """The backbone that learns."""
    block: int = 16
    context: int = 256
    task: str = "messages that people send to a chat assistant"
    names: tuple[str, str] = ("rude", "polite")
    """What prompts call positive and negative texts."""
    features: int = Field(default=80, ge=1)
    """Of each cell, by what most draws say of them, that texts are written for."""
    per_feature: int = Field(default=4, ge=1)
    rounds: int = Field(default=4, ge=1)
    """So often are features asked for that have fewer texts."""
    n_unguided: int = Field(default=220, ge=1)
    max_tokens: int = Field(default=48, ge=5)
    """Of a text, real or written."""
    n_safe: int = Field(default=1000, ge=4)
    n_human: int = Field(default=20, ge=2)
    """Positive texts of the seed, as people wrote them."""
    n_positive: int = Field(default=200, ge=4)
    """Added by every arm."""
    draws: int = Field(default=10, ge=2)


LEAST_TWEETS = 20
"""Tweets that have to fire a feature before it is said to go with nothing."""
FALSE_POSITIVES = 0.05
"""Share of the assistant's harmless turns that the check may find rude: what sets its border, since tweets are not dialogues."""


@dataclass(frozen=True)
class Sources:
    """Real texts, what is known of features, and the check."""

    pool: Pool
    """The anchor's turns of at most `max_tokens`; positive are those by people that the check finds rude."""
    by_person: np.ndarray
    """bool `[rows]`."""
    safe: np.ndarray
    """bool `[rows]`: the check finds them not rude."""
    relevant: np.ndarray
    """bool `[d_sae]`: goes with rude tweets, length held fixed; as in the paper, `maybe` is relevant too."""
    irrelevant: np.ndarray
    """bool `[d_sae]`: fires in tweets, and goes with neither."""
    test: Pool
    check: Check
    states: States


@dataclass(frozen=True)
class Check:
    """Whether texts are rude, by a head that learned from tweets on states of another model than learns or writes."""

    states: States
    weights: np.ndarray
    """float `[d + 1]`: of the standardised head in units of the states, and its intercept."""
    border: float = 0.0

    def margins(self, texts: Sequence[str]) -> np.ndarray:
        """How rude each text is found, `[texts]`."""
        if not texts:
            return np.zeros(0)
        return self.states.of([Passage(text) for text in texts]) @ self.weights[:-1] + self.weights[-1]

    def is_rude(self, texts: Sequence[str]) -> np.ndarray:
        """bool `[texts]`."""
        return self.margins(texts) > self.border


def sources_of(design: PaperDesign, workspace: Workspace, *, on_progress: Progress = silent) -> Sources:
    """Read the runs. Raises `NotFound` for a run that is not there, `WrongUse` for one without both kinds of texts."""
    cache = workspace.folder / "cache"
    states = States(design.model, design.block, cache, context=design.context)
    with workspace.run(design.checks) as run:
        check = _learned_check(design, run.query("SELECT text, metadata FROM samples ORDER BY sample_id"), cache)
    with workspace.run(design.anchor) as run:
        turns = labelled(run, "label", design.person, states, on_progress=on_progress)
    rows = np.flatnonzero(turns.n_tokens <= design.max_tokens)
    pool = _at(turns, rows)
    margin, by_person = check.margins(pool.texts), pool.positive
    check = replace(check, border=float(np.quantile(margin[~by_person], 1 - FALSE_POSITIVES)))
    rude = margin > check.border
    with workspace.run(design.tweets) as run:
        delta = thresholds_of(pool.activations, CALIBRATED)
        cases = by_label(run, "label", design.neutral, thresholds=delta)
        found = association(replace(cases, positive=~cases.positive))
    levels = np.array(found["level"].to_pylist())
    fired = found["n_positive"].to_numpy() + found["n_negative"].to_numpy()
    relevant = levels != "no"
    irrelevant = (found["q"].to_numpy() > 0.05) & (fired >= LEAST_TWEETS)
    with workspace.run(design.test) as run:
        test = labelled(run, "label", "1", states, on_progress=on_progress)
    pool = replace(pool, positive=rude & by_person)
    return Sources(pool, by_person, ~rude, relevant, irrelevant, test, check, states)


def _learned_check(design: PaperDesign, table: pa.Table, cache: Path) -> Check:
    labels = np.array([str(json.loads(one)["label"]) for one in table["metadata"].to_pylist()])
    rude = labels != design.neutral
    n = int(min(rude.sum(), (~rude).sum()))
    if n < 2:
        raise WrongUse(f"{design.checks!r} needs texts with the label {design.neutral} and texts with another.")
    rows = np.concatenate([np.flatnonzero(~rude)[:n], np.flatnonzero(rude)[:n]])
    texts = np.array(table["text"].to_pylist(), dtype=object)[rows]
    states = States(design.checker, design.checker_block, cache, context=design.context, dtype="bfloat16")
    head = fitted(states.of([Passage(text) for text in texts]), rude[rows], scoring="average_precision", seed=0)
    scaler, line = head.named_steps["standardscaler"], head.named_steps["logisticregression"]
    weights = line.coef_[0] / scaler.scale_
    return Check(states, np.append(weights, line.intercept_[0] - weights @ scaler.mean_))


def _at(pool: Pool, rows: np.ndarray) -> Pool:
    """Some rows of a pool of whole texts."""
    arrays = {name: getattr(pool, name)[rows] for name in ("positive", "n_tokens", "points", "inputs", "sample_ids")}
    return replace(pool, texts=tuple(pool.texts[row] for row in rows), activations=pool.activations[rows], **arrays)
