"""Review: what people decide about candidates, as a state machine over the event log.

    pending ──▶ accepted | rejected | skipped | needs second review ──▶ any other, and back by undo
       ▲                                                                        │
       └───────────── an edit makes a new version, about which nobody has decided ◀┘

A decision is about one version of a candidate: it holds while that version is the newest. Where one reviewer suffices,
all write to one item, so that the second of two sees the first one's decision. Where several must speak, each writes to
an item of their own: they do not see each other, and so their agreement means something.

Only a candidate that passes may be accepted. Where a person can judge better than the check did (`OVERRIDABLE`), they may
accept against it and say why; a text that was not measured, or does not fire its target, is never accepted.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from fac_core.curation.acceptance import check_acceptable
from fac_core.curation.acts import last_act, last_undone
from fac_core.curation.controls import Controls
from fac_core.errors import Conflict, NotFound, WrongUse
from fac_core.store.events import Event, EventLog
from fac_core.store.log.over import seen_unless_others
from fac_core.synthesis.candidates import Candidate, Candidates

Choice = Literal["accepted", "rejected", "skipped", "needs second review"]
"""What a reviewer can decide."""

State = Literal["pending", "accepted", "rejected", "skipped", "needs second review", "reviewers differ"]
"""What their decisions come to."""

REASONS: tuple[str, ...] = (
    "off target",
    "not fluent",
    "wrong or untrue",
    "wrong label",
    "repeats another",
    "unwanted content",
    "not like real data",
)
"""A rejection has one of these codes; a free note may stand beside it. Codes can be counted, free text cannot."""

_REVIEW, _RULES = "review", "review rules"


@dataclass(frozen=True)
class Opinion:
    """What one reviewer says of one version of a candidate."""

    candidate_id: str
    candidate_version: int
    choice: Choice
    reason: str
    """One of `REASONS` for a rejection, empty otherwise."""
    note: str
    reviewer: str
    at: str
    """ISO 8601, UTC."""
    version: int
    """Of the item in the log: what the next author has seen."""


class Reviews:
    """The decisions about the candidates of one batch."""

    def __init__(self, log: EventLog, batch_id: str) -> None:
        self._log = log
        self._batch = batch_id
        self._candidates = Candidates(log)
        self._controls = Controls(log, batch_id)

    def min_reviews(self) -> int:
        """Reviewers who must agree before a candidate counts as decided."""
        held = self._log.latest(self._batch, _RULES).get(self._batch)
        return held.payload["min_reviews"] if held else 1

    def set_min_reviews(self, n: int, *, author: str) -> Event:
        """Ask for so many reviewers. Decisions that were made stand, each as its author's."""
        if n < 1:
            raise WrongUse(f"min_reviews is {n}; at least 1 person has to look.")
        seen = self._log.version(self._batch, _RULES, self._batch)
        return self._log.append(self._batch, _RULES, self._batch, {"min_reviews": n}, author=author, seen=seen)

    def decide(
        self, candidate: Candidate, choice: Choice, *, author: str, seen: int, reason: str = "", note: str = ""
    ) -> Event:
        """Record a decision about the version of the candidate that its author saw.

        Args:
            seen: version of the item that the author saw (`seen_by`).

        Raises:
            Conflict: somebody else decided, or edited the text, in the meantime; it carries their event.
            WrongUse: a rejection without a reason, or an acceptance that the check forbids.
        """
        self._check(candidate, choice, author, reason, note)
        payload = _payload(candidate, choice, author, reason, note, uuid.uuid4().hex)
        item = self._items(author)(candidate.candidate_id)
        return self._log.append(self._batch, _REVIEW, item, payload, author=author, seen=seen)

    def decide_many(
        self,
        candidates: Collection[Candidate],
        choice: Choice,
        *,
        author: str,
        reason: str = "",
        note: str = "",
        seen: Mapping[str, int] | None = None,
    ) -> list[Event]:
        """One decision about many candidates, all or none; the returned events are one `undo`.

        Args:
            seen: the versions that the author saw, by candidate (`seen_of`). None: on top of whatever is there.

        Raises what `decide` raises.
        """
        act, item = uuid.uuid4().hex, self._items(author)
        for one in candidates:
            self._check(one, choice, author, reason, note)
        payloads = {item(one.candidate_id): _payload(one, choice, author, reason, note, act) for one in candidates}
        versions = None if seen is None else {item(one): version for one, version in seen.items()}
        return self._log.append_many(self._batch, _REVIEW, payloads, author=author, seen=versions, all_or_none=True)

    def edit(self, candidate: Candidate, text: str, *, author: str, fields: Mapping[str, Any] | None = None) -> Event:
        """A new version of a candidate in other words. It is `not measured` until the worker has read it.

        Args:
            fields: what the shape asks for, if that changes too.

        Raises:
            Conflict: somebody else changed the text in the meantime.
            WrongUse: nothing is left of the text, nothing changed, or it is a real text.
        """
        if candidate.candidate_id in self._controls.ids():
            raise WrongUse(f"Candidate {candidate.candidate_id} cannot be edited. Decide about it as it is.")
        if not text.strip():
            raise WrongUse("Nothing is left of the text. Reject the candidate instead.")
        changed = dict(candidate.fields if fields is None else fields)
        if (text, changed) == (candidate.text, candidate.fields):
            raise WrongUse("The text is as it was: there is nothing to save.")
        unmeasured = replace(
            candidate,
            text=text,
            fields=changed,
            method="edited",
            activation=0.0,
            tokens=(),
            verdict="not measured",
            detail="Edited by a person; not measured yet.",
            perplexity=None,
            similarity=None,
            n_generated=0,
        )
        return self._candidates.revise(unmeasured, author=author)

    def undo(self, events: Collection[Event], *, author: str) -> list[Event]:
        """Take decisions back. What somebody has decided anew since is left; redo is the undo of what is returned."""
        return self._log.undo_many(list(events), author=author)

    def last(self, author: str) -> list[Event]:
        """What an undo by this author would take back: their newest decision that still holds, with those made at once."""
        return last_act(self.history(), author)

    def last_undone(self, author: str) -> list[Event]:
        """What a redo by this author would bring back: pass it to `undo`."""
        return last_undone(self.history(), author)

    def history(self, candidate_id: str | None = None) -> tuple[Event, ...]:
        """Who decided what and when, about one candidate or all, the oldest first."""
        events = self._log.history(self._batch, _REVIEW)
        return tuple(e for e in events if candidate_id is None or _candidate_id(e.item) == candidate_id)

    def position(self) -> tuple[str, str, int]:
        """Which decisions these are, and how far they have come: while it stays, `history` stays the same."""
        return str(self._log.path), self._batch, self._log.newest(self._batch, _REVIEW)

    def opinions(self) -> dict[str, tuple[Opinion, ...]]:
        """By candidate what holds of each reviewer, the oldest first; also about versions that are gone."""
        found: dict[str, dict[str, Opinion]] = {}
        for event in sorted(self._log.latest(self._batch, _REVIEW).values(), key=lambda e: e.seq):
            opinion = _opinion(event)
            by_reviewer = found.setdefault(opinion.candidate_id, {})
            by_reviewer.pop(opinion.reviewer, None)  # the newer one, wherever it was written
            by_reviewer[opinion.reviewer] = opinion
        return {candidate: tuple(by_reviewer.values()) for candidate, by_reviewer in found.items()}

    def states(self, candidates: Mapping[str, Candidate]) -> dict[str, State]:
        """What the decisions about each of some candidates come to."""
        opinions, needed = self.opinions(), self.min_reviews()
        return {one: state(current(opinions.get(one, ()), c.version), needed) for one, c in candidates.items()}

    def seen_by(self, candidate_id: str, author: str) -> int:
        """The version of the item that a decision by this author would go on top of."""
        return self.seen_of([candidate_id], author)[candidate_id]

    def seen_of(self, candidate_ids: Iterable[str], author: str) -> dict[str, int]:
        """The same for many candidates, by id."""
        versions, item = {event.item: event.version for event in self.history()}, self._items(author)
        return {one: versions.get(item(one), 0) for one in candidate_ids}

    def seen_unless_others(self, candidate_ids: Iterable[str], author: str, over: str | None) -> dict[str, int]:
        """The same, or `Conflict` where a decision of somebody else, but for `over`, stands in the way."""
        item = self._items(author)
        of = {item(one): one for one in candidate_ids}
        return {of[i]: version for i, version in seen_unless_others(self.history(), of, author, over).items()}

    def _items(self, author: str) -> Callable[[str], str]:
        """Candidate id to the item of the log that this author's decisions are written to."""
        alone = self.min_reviews() == 1
        return lambda candidate_id: candidate_id if alone else f"{candidate_id}:{author}"

    def _check(self, candidate: Candidate, choice: Choice, author: str, reason: str, note: str) -> None:
        if choice not in get_args(Choice):
            raise WrongUse(f"There is no decision {choice!r}; choose one of {', '.join(get_args(Choice))}.")
        if (choice == "rejected") != (reason in REASONS):
            why = f"{reason!r} is none" if reason else "there is none"
            raise WrongUse(f"A rejection, and only that, has a reason, and {why}; choose one of {', '.join(REASONS)}.")
        self._check_version(candidate)
        if choice == "accepted":
            check_acceptable(candidate, note)
        if choice in ("accepted", "rejected"):
            self._check_second(candidate, author)

    def _check_version(self, candidate: Candidate) -> None:
        past = self._candidates.history(self._batch, candidate.candidate_id)
        if not past and candidate.candidate_id not in self._controls.ids():
            raise NotFound(f"There is no candidate {candidate.candidate_id} in batch {self._batch}.")
        if past and past[-1].version != candidate.version:
            newer = past[-1]
            raise Conflict(
                f"{newer.author} changed candidate {newer.candidate_id} at {newer.at}, after you looked."
                " Look again, then decide.",
                newer,
            )

    def _check_second(self, candidate: Candidate, author: str) -> None:
        held = current(self.opinions().get(candidate.candidate_id, ()), candidate.version)
        if held and held[-1].choice == "needs second review" and held[-1].reviewer == author:
            raise WrongUse(
                f"{author} asked for a second reviewer of candidate {candidate.candidate_id}: "
                "let somebody else decide, or undo that first."
            )


def current(opinions: Iterable[Opinion], version: int) -> tuple[Opinion, ...]:
    """The opinions about this version of the candidate."""
    return tuple(one for one in opinions if one.candidate_version == version)


def state(opinions: Sequence[Opinion], min_reviews: int = 1) -> State:
    """What opinions about one version come to, the newest last.

    With one reviewer the newest opinion holds. With several, as many as are needed must accept, or reject, and nobody
    the contrary.
    """
    if not opinions:
        return "pending"
    if min_reviews == 1:
        return opinions[-1].choice
    votes = Counter(one.choice for one in opinions)
    accepted, rejected = votes["accepted"], votes["rejected"]
    if accepted and rejected:
        return "reviewers differ"
    if max(accepted, rejected) >= min_reviews:
        return "accepted" if accepted else "rejected"
    return "needs second review" if accepted or rejected or votes["needs second review"] else "skipped"


def _payload(candidate: Candidate, choice: Choice, author: str, reason: str, note: str, act: str) -> dict[str, Any]:
    said = {"choice": choice, "reason": reason, "note": note}
    return {**said, "reviewer": author, "candidate_version": candidate.version, "act": act}


def _candidate_id(item: str) -> str:
    return item.partition(":")[0]


def _opinion(event: Event) -> Opinion:
    said = {name: value for name, value in event.payload.items() if name != "act"}
    return Opinion(candidate_id=_candidate_id(event.item), at=event.at, version=event.version, **said)
