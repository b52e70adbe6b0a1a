"""The actors of a cluster at work: each has a portion, who is done gets the next, what an actor loses goes to another.

A portion is read when an actor is there for it, so memory holds the texts of as many as there are actors.
Knows nothing of Ray: what an actor can do is `Actor`, where actors come from is `Cluster`.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from fac_core.activations.shards import Portion
from fac_core.errors import FacError, NotFound

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.5
"""Seconds between looks at how far the actors are."""

_COUNT_NODES_EVERY = 2.0

MOST_LOSSES = 4
"""Actors that one portion may lose: after these, it is the portion that kills them."""

_SEEN_WITHIN = 30.0
"""Seconds until a file that a node wrote is seen by the others: network file systems remember what was not there."""


class ActorLost(Exception):
    """An actor, or its node, is gone; nothing is said about its portion."""


class Actor(Protocol):
    """A process on some node, as the driver sees it."""

    portion: Portion
    """What it is at."""

    def take(self, portion: Portion) -> None:
        """Begin with a portion; returns at once."""
        ...

    def ended(self) -> int:
        """The number of content tokens, after `wait` named it. Raises `ActorLost`, and what failed there."""
        ...

    def so_far(self) -> int | None:
        """Samples of its portion that are encoded; None as long as it waits for its place on a node."""
        ...

    def end(self) -> None:
        """Kill it, whatever it is at."""
        ...


class Cluster(Protocol):
    """Where actors come from."""

    def start(self, dtype: str) -> Actor:
        """A new actor, which waits for a node with room for it."""
        ...

    def wait(self, actors: Sequence[Actor], seconds: float) -> Sequence[Actor]:
        """Those that have ended their portion or are lost; waits for one, but no longer than so."""
        ...

    def wanted(self) -> int:
        """Actors that there should be, with the nodes of this moment."""
        ...

    def room(self) -> str:
        """What an actor waits for, in words."""
        ...


class Team:
    """The actors that encode for one run."""

    def __init__(self, cluster: Cluster, planned: Iterator[Portion], dtype: str, n_samples: int) -> None:
        self.portions: list[Portion] = []
        """All that were planned so far, without their texts."""
        self._cluster, self._planned, self._dtype, self._n_samples = cluster, planned, dtype, n_samples
        self._actors: list[Actor] = []
        self._lost: list[Portion] = []
        self._losses: Counter[str] = Counter()
        self._done = self._told = self._n_tokens = self._wanted = 0
        self._started = time.monotonic()
        self._counted = float("-inf")

    def goes_on(self) -> bool:
        """Hand out what can be handed out and hear of what is done; False when all is."""
        self._grow()
        if not self._actors:
            if (portion := self._next()) is None:
                return False
            self._lost.append(portion)  # no node has room for anybody
            time.sleep(LOOK_EVERY)
            return True
        for actor in self._cluster.wait(self._actors, LOOK_EVERY):
            if actor in self._actors:  # whose portion another took over is gone
                self._hear(actor)
        return True

    def how_far(self) -> tuple[int, int, str]:
        """Progress: samples done, of how many, and how fast."""
        here = [n for n in (actor.so_far() for actor in self._actors) if n is not None]
        # A lost actor takes what it had of its portion along: nobody wants to see the count fall.
        self._told = max(self._told, self._done + sum(here))
        rate = self._n_tokens / (time.monotonic() - self._started)
        speed = f"{rate:,.0f} tokens/s" if self._n_tokens else ""
        who = f"{len(here)} actor{'s' if len(here) > 1 else ''}" if here else ""
        if self._done < self._n_samples and not here:
            note = f"waiting for a node with {self._cluster.room()}"
        else:
            note = ", ".join(filter(None, (who, speed))) or "found from an earlier try"
        return self._told, self._n_samples, note

    def dismiss(self) -> None:
        """End all actors: who is within a portion loses it, as the local loop would."""
        for actor in self._actors:
            actor.end()
        self._actors = []

    def _next(self) -> Portion | None:
        """The next portion that nobody has; its texts are read now and not before."""
        if self._lost:
            return self._lost.pop()
        for portion in self._planned:
            self.portions.append(portion.without_texts())
            if not portion.is_present:
                return portion
            self._done += portion.n_samples
        return None

    def _grow(self) -> None:
        """An actor for each portion that waits, as long as there should be more."""
        if time.monotonic() - self._counted > _COUNT_NODES_EVERY:
            self._wanted, self._counted = self._cluster.wanted(), time.monotonic()
        while len(self._actors) < self._wanted and (portion := self._next()) is not None:
            actor = self._cluster.start(self._dtype)
            actor.take(portion)
            self._actors.append(actor)

    def _hear(self, actor: Actor) -> None:
        try:
            n_tokens = actor.ended()
        except ActorLost as error:
            self._lose(actor, error)
            return
        if not seen_soon(lambda: actor.portion.is_present):
            raise NotFound(
                f"Shard {actor.portion.key} was written to {actor.portion.places[0]}, and is not there as seen from here. Name a"
                " folder that all nodes share, or an object store, with --shards."
            )
        self._n_tokens += n_tokens
        self._done += actor.portion.n_samples
        if (portion := self._next() or self._taken_over()) is not None:
            actor.take(portion)
        else:
            self._actors.remove(actor)
            actor.end()

    def _taken_over(self) -> Portion | None:
        """The portion of an actor that still waits for its place: who has one is quicker."""
        for other in self._actors:
            if other.so_far() is None:
                self._actors.remove(other)
                other.end()
                return other.portion
        return None

    def _lose(self, actor: Actor, error: ActorLost) -> None:
        self._actors.remove(actor)
        actor.end()
        key = actor.portion.key
        self._losses[key] += 1
        logger.warning("An actor was lost at shard %s, which goes to another: %s", key, error)
        if self._losses[key] >= MOST_LOSSES:
            raise FacError(
                f"Shard {key} lost its actor {MOST_LOSSES} times, the last time so: {error}. Often memory runs out: let fewer"
                " actors share a node with --actors."
            )
        if actor.portion.is_present:  # it was lost after its last file
            self._done += actor.portion.n_samples
        else:
            self._lost.append(actor.portion)
        self._counted = float("-inf")  # a node may be gone


def seen_soon(look: Callable[[], bool]) -> bool:
    """Whether something is seen within a while."""
    deadline = time.monotonic() + _SEEN_WITHIN
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    return seen
