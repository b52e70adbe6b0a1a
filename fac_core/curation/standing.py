"""Where a batch stands: its candidates, what people decided about them, and what that does to coverage.

Accepted candidates of other batches for the same seed and anchor count as well: a gap that one synthesis closed is not
closed again by the next. Texts that are the same word for word count once, as they do when a dataset is encoded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.effect import Addition, Counts, addition, fired, seed_counts, smallest_set
from fac_core.curation.controls import Controls, measured
from fac_core.curation.review import Opinion, Reviews, State, current, state
from fac_core.progress import counted
from fac_core.store.measurements import Measurement
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Batch, Candidate, Candidates


@dataclass(frozen=True)
class Effect:
    """What accepting a candidate does, on top of what is accepted already."""

    addition: Addition
    target_in_seed: int
    """Seed samples that fire the target above δ."""
    target_in_accepted: int
    """Accepted samples, other than this one, that do."""
    fires_target: bool
    needed: int
    """Samples from which a feature counts."""
    is_measured: bool = True
    """Whether it is known what the text fires."""

    def in_words(self) -> str:
        """As a card says it: `+1 feature (0.02 points); 2 accepted samples already fire the target`."""
        if not self.is_measured:
            return "not measured yet: what it adds is not known"
        n = len(self.addition.new)
        said = f"+{counted(n, 'feature')} ({self.addition.points * 100:.2f} points)"
        if self.addition.nearer:
            said += f", {self.addition.nearer} more brought nearer to {counted(self.needed, 'sample')}"
        there = self.target_in_seed + self.target_in_accepted
        if there >= self.needed:
            said += f"; {_already(self.target_in_accepted)} the target"
        elif self.fires_target:
            said += f"; the target has {there} of {counted(self.needed, 'sample')}, with this one {there + 1}"
        else:
            said += "; counted as on this page, it does not fire the target"
        return said


@dataclass(frozen=True)
class Standing:
    """One batch, at one moment."""

    batch: Batch
    candidates: Mapping[str, Candidate]
    """Of the batch, in the order of the log; controls are not among them."""
    controls: Mapping[str, Candidate]
    """Real texts that look like candidates."""
    opinions: Mapping[str, tuple[Opinion, ...]]
    """About the newest version of each."""
    states: Mapping[str, State]
    measured: Mapping[str, Measurement]
    """What the newest version of each fires, however weakly; what was not measured is absent."""
    fires: Mapping[str, np.ndarray]
    """The features that each fires above δ; what was not measured is absent."""
    seed: Counts
    """What the seed has."""
    elsewhere: Mapping[str, np.ndarray]
    """What accepted candidates of other batches fire, by text."""

    @cached_property
    def accepted(self) -> Counts:
        """Seed and what was accepted so far."""
        return self.seed.plus(self._accepted_texts.values())

    @cached_property
    def if_pending_pass(self) -> Counts:
        """The same if everything that passes and is not rejected were accepted too."""
        return self.seed.plus(self._texts("accepted", "pending", "skipped", "needs second review").values())

    def effect(self, candidate_id: str) -> Effect:
        """What accepting a candidate, or a control, adds; nothing where it was not measured."""
        one = self.shown[candidate_id]
        others, counts = self._accepted_texts, self.accepted
        if self.states[candidate_id] == "accepted":
            others = self._texts("accepted", without=candidate_id)
            counts = self.seed.plus(others.values())
        features = self.fires.get(candidate_id, np.zeros(0, np.int64))
        is_repeated = one.text.strip() in others
        in_seed = int(self.seed.samples[one.feature_id])
        return Effect(
            addition(features[:0] if is_repeated else features, counts),
            in_seed,
            int(counts.samples[one.feature_id]) - in_seed,
            one.feature_id in features,
            counts.needed,
            candidate_id in self.fires,
        )

    def smallest(self, share: float = 0.98) -> tuple[str, ...]:
        """A few of the candidates that pass or were accepted, which keep a share of what all of them cover anew."""
        fit = {
            one: self.fires[one]
            for one in self.candidates
            if one in self.fires and (self.states[one] == "accepted" or self._could_be(one, ("pending", "skipped")))
        }
        return smallest_set(fit, self.seed.plus(self.elsewhere.values()), share=share)

    @cached_property
    def shown(self) -> dict[str, Candidate]:
        """Candidates and controls, by id: the order mixes them and says nothing of where one comes from."""
        return dict(sorted({**self.candidates, **self.controls}.items()))

    @cached_property
    def _accepted_texts(self) -> dict[str, np.ndarray]:
        return self._texts("accepted")

    def _texts(self, *states: State, without: str = "") -> dict[str, np.ndarray]:
        """What distinct texts of the candidates in some states fire: accepted, or else passing."""
        own = {
            c.text.strip(): self.fires[one]
            for one, c in self.candidates.items()
            if one in self.fires
            and one != without
            and ((self.states[one] == "accepted" and "accepted" in states) or self._could_be(one, states))
        }
        return {**self.elsewhere, **own}

    def _could_be(self, candidate_id: str, states: Collection[State]) -> bool:
        open_states = set(states) - {"accepted"}
        return self.candidates[candidate_id].verdict == "passes" and self.states[candidate_id] in open_states


@dataclass(frozen=True)
class Written:
    """What there is to decide about in a batch, and what it would do: nothing that a decision changes."""

    batch: Batch
    candidates: Mapping[str, Candidate]
    controls: Mapping[str, Candidate]
    measured: Mapping[str, Measurement]
    fires: Mapping[str, np.ndarray]
    seed: Counts


def standing(
    workspace: Workspace,
    batch: Batch,
    seed: RunFile,
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
) -> Standing:
    """Where a batch stands, under a definition. Raises `EmptyAnchor` and `ModelMismatch` as `coverage` does."""
    return decided(workspace, written(workspace, batch, seed, anchor, definition, relevant))


def written(
    workspace: Workspace,
    batch: Batch,
    seed: RunFile,
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
) -> Written:
    """The larger half of where a batch stands, which stays while nothing is written or edited (`positions`)."""
    held = Candidates(workspace.events()).of(batch.batch_id)
    controls = Controls(workspace.events(), batch.batch_id)
    disguised = controls.disguised(held)
    counts = seed_counts(seed, anchor, definition, relevant)
    measurements = {
        **measurements_of(workspace, held.values()),
        **{one: measured(anchor, control) for one, control in controls.all().items() if one in disguised},
    }
    return Written(batch, held, disguised, measurements, fired(measurements, counts), counts)


def decided(workspace: Workspace, of: Written) -> Standing:
    """The other half: what people have decided by now."""
    batch, everything = of.batch, {**of.candidates, **of.controls}
    reviews = Reviews(workspace.events(), batch.batch_id)
    opinions = {
        one: current(said, everything[one].version) for one, said in reviews.opinions().items() if one in everything
    }
    needed = reviews.min_reviews()
    return Standing(
        batch=batch,
        candidates=of.candidates,
        controls=of.controls,
        opinions=opinions,
        states={one: state(opinions.get(one, ()), needed) for one in everything},
        measured=of.measured,
        fires=of.fires,
        seed=of.seed,
        elsewhere=_accepted_elsewhere(workspace, _others(workspace, batch), of.seed),
    )


def positions(workspace: Workspace, batch: Batch) -> tuple[int, int]:
    """How far the log has come: with what was written for the batch, and with all that decides where it stands."""
    log, others = workspace.events(), [one.batch_id for one in _others(workspace, batch)]
    texts = max(log.newest(batch.batch_id, kind) for kind in ("candidate", "control"))
    kinds = ("review", "review rules")
    decisions = max((log.newest(batch.batch_id, kind) for kind in kinds), default=0)
    elsewhere = max((log.newest(one, kind) for one in others for kind in ("candidate", *kinds)), default=0)
    return texts, max(texts, decisions, elsewhere)


def accepted_of(workspace: Workspace, batch_id: str) -> dict[str, Candidate]:
    """The accepted candidates of a batch, in the order of the log."""
    held = Candidates(workspace.events()).of(batch_id)
    states = Reviews(workspace.events(), batch_id).states(held)
    return {one: candidate for one, candidate in held.items() if states[one] == "accepted"}


def _others(workspace: Workspace, batch: Batch) -> list[Batch]:
    """The other batches for the same seed and anchor."""
    found = Candidates(workspace.events()).batches(batch.anchor_run_id)
    return [one for one in found if one.seed_run_id == batch.seed_run_id and one.batch_id != batch.batch_id]


def measurements_of(workspace: Workspace, candidates: Iterable[Candidate]) -> dict[str, Measurement]:
    """The measurements of the versions that hold, by candidate; one that was not measured is absent."""
    by_batch: dict[str, list[Candidate]] = {}
    for one in candidates:
        by_batch.setdefault(one.batch_id, []).append(one)
    found: dict[str, Measurement] = {}
    for batch_id, members in by_batch.items():
        known = workspace.measurements().of(batch_id)
        keys = {one.candidate_id: (one.candidate_id, one.version) for one in members}
        found |= {one: known[key] for one, key in keys.items() if key in known}
    return found


def _accepted_elsewhere(workspace: Workspace, batches: Iterable[Batch], counts: Counts) -> dict[str, np.ndarray]:
    accepted = {one: c for batch in batches for one, c in accepted_of(workspace, batch.batch_id).items()}
    fires = fired(measurements_of(workspace, accepted.values()), counts)
    return {accepted[one].text.strip(): features for one, features in fires.items()}


def _already(n: int) -> str:
    return (
        f"{counted(n, 'accepted sample')} already cover{'s' if n == 1 else ''}" if n else "seed samples already cover"
    )
