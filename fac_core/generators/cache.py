"""Answers are kept: the same request to the same generator is paid once, also after a crash.

generator = Cached(Budgeted(server, budget), workspace.answers())

Everything that reached a model is kept, refusals and empty answers too. Ask for another draw with another `seed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from fac_core.generators.seam import Answer, Generator, Request, Usage, fingerprint
from fac_core.generators.thoughts import without_thoughts
from fac_core.store.answers import Answers


class Cached:
    """A generator that remembers. An answer is kept before anybody is told of it.

    Args:
        as_first_paid: an answer from the cache says what it cost when it was made, as if it were paid anew: for whoever
            compares costs, and has to find the same ones after an interruption.
    """

    def __init__(self, generator: Generator, answers: Answers, *, as_first_paid: bool = False) -> None:
        self._generator = generator
        self._answers = answers
        self._as_first_paid = as_first_paid

    @property
    def name(self) -> str:
        """Of what it wraps."""
        return self._generator.name

    def unpaid(self, requests: Sequence[Request]) -> list[Request]:
        """Those that would have to be paid, each once: what an estimate is about."""
        wanted: dict[str, Request] = {}
        for request in requests:
            wanted.setdefault(fingerprint(self, request), request)
        kept = self._answers.find(wanted)
        return [request for mark, request in wanted.items() if mark not in kept]

    def generate(
        self, requests: Sequence[Request], *, on_answer: Callable[[int, Answer], None] = lambda _i, _answer: None
    ) -> list[Answer]:
        """Requests that are equal are asked once; all but the first count as cached. So are those of two at the same time."""
        marks = [fingerprint(self, request) for request in requests]
        answers: dict[int, Answer] = {}

        def tell(position: int, answer: Answer) -> None:
            answers[position] = answer
            on_answer(position, answer)

        def found(positions: Iterable[int]) -> dict[str, list[int]]:
            """Tell what is kept; what is not, by its mark."""
            kept = self._answers.find({marks[position] for position in positions})
            waiting: dict[str, list[int]] = {}
            for position in positions:
                if (mark := marks[position]) in kept:
                    tell(position, self._from_cache(kept[mark]))
                else:
                    waiting.setdefault(mark, []).append(position)
            return waiting

        def arrived(nth: int, answer: Answer) -> None:
            mark, (first, *others) = asked[nth]
            payload = {"texts": list(answer.texts), "error": answer.error, "usage": asdict(answer.usage)}
            if answer.usage.n_paid:
                self._answers.keep(mark, payload)
            tell(first, answer)
            for position in others:
                tell(position, self._from_cache(payload) if answer.usage.n_paid else answer)

        if waiting := found(range(len(requests))):
            with self._answers.asking(waiting):
                asked = list(found([position for positions in waiting.values() for position in positions]).items())
                self._generator.generate([requests[first] for _, (first, *_) in asked], on_answer=arrived)
        return [answers[position] for position in range(len(requests))]

    def _from_cache(self, payload: dict[str, Any]) -> Answer:
        """It costs nothing now; what it cost then stays in the file."""
        usage = Usage(**payload["usage"]) if self._as_first_paid else Usage(n_cached=1)
        texts = tuple(
            said for text in payload["texts"] if (said := without_thoughts(text))
        )  # earlier versions kept them
        is_lost = bool(payload["texts"]) and not texts
        return Answer(
            texts, usage, "The answer was cut within its thoughts; allow more tokens." if is_lost else payload["error"]
        )
