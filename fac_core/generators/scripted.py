"""A generator that answers by a function: for tests, dry runs and previews. Deterministic, free, and quick."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fac_core.generators.estimate import tokens_of
from fac_core.generators.seam import Answer, Request, Usage


class Scripted:
    """Answers are what the function makes of a request: one text for all n, n texts, or a whole answer.

    Attributes:
        requests: every request that was answered, in order.
    """

    def __init__(self, script: Callable[[Request], str | Sequence[str] | Answer], name: str = "scripted") -> None:
        self._script = script
        self._name = name
        self.requests: list[Request] = []

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    def generate(
        self, requests: Sequence[Request], *, on_answer: Callable[[int, Answer], None] = lambda _i, _answer: None
    ) -> list[Answer]:
        """One after the other. Tokens are counted as characters / 4."""
        answers = []
        for position, request in enumerate(requests):
            self.requests.append(request)
            answers.append(self._answer(request))
            on_answer(position, answers[-1])
        return answers

    def _answer(self, request: Request) -> Answer:
        said = self._script(request)
        if isinstance(said, Answer):
            return said
        texts = (said,) * request.n if isinstance(said, str) else tuple(said)
        read = sum(tokens_of(message.content) for message in request.messages)
        return Answer(texts, Usage(read, sum(map(tokens_of, texts)), n_paid=1))
