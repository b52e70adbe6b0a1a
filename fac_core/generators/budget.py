"""A cap that holds: no request is sent whose worst case does not fit into what is left.

generator = Budgeted(server, Budget(tokens=200_000))

Each request reserves the most it can cost (`estimate.most`) before it is sent, and gives back what it did not use. So
however many run at once, the cap holds wherever the server counts tokens as bytes or coarser.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fac_core.errors import WrongUse
from fac_core.generators.estimate import Prices, most
from fac_core.generators.seam import Answer, Generator, Request, Usage
from fac_core.progress import counted

NOTHING = Usage()


@dataclass(frozen=True)
class Budget:
    """The most that may be spent. None: no cap of that kind."""

    tokens: int | None = None
    """Read and written."""
    requests: int | None = None
    cost: float | None = None
    """In the currency of the prices."""
    prices: Prices | None = None

    def __post_init__(self) -> None:
        if self.cost is not None and self.prices is None:
            raise WrongUse("A cap on the cost needs the prices of a million tokens, read and written.")

    def exceeded_by(self, usage: Usage) -> str | None:
        """Which cap a usage goes beyond, in a sentence; None if it fits."""
        tokens = usage.prompt_tokens + usage.completion_tokens
        cost = self.prices.of(usage) if self.prices else 0.0
        if self.tokens is not None and tokens > self.tokens:
            return f"the cap of {counted(self.tokens, 'token')}"
        if self.requests is not None and usage.n_paid > self.requests:
            return f"the cap of {counted(self.requests, 'request')}"
        if self.cost is not None and cost > self.cost:
            return f"the cap of {self.cost:,.2f} in cost"
        return None


class Budgeted:
    """A generator that spends no more than a budget; safe to share between threads.

    Put a cache around it, not into it: answers that are kept cost nothing.
    """

    def __init__(self, generator: Generator, budget: Budget, *, spent: Usage = NOTHING) -> None:
        """`spent`: what was spent before, by the same task in another process."""
        self._generator = generator
        self._budget = budget
        self._lock = threading.Lock()
        self._spent = spent
        self._reserved: list[Usage] = []

    @property
    def name(self) -> str:
        """Of what it wraps."""
        return self._generator.name

    @property
    def spent(self) -> Usage:
        """So far."""
        with self._lock:
            return self._spent

    def generate(
        self, requests: Sequence[Request], *, on_answer: Callable[[int, Answer], None] = lambda _i, _answer: None
    ) -> list[Answer]:
        """Send what fits, in order; wait for it; send what fits into what it left over. What does not is refused."""
        answers: list[Answer] = []
        while len(answers) < len(requests):
            first = len(answers)
            sent = self._reserve(requests[first:])
            if sent:
                answers += self._send(requests[first : first + len(sent)], sent, first, on_answer)
            else:
                answers.append(self._refusal(requests[first]))
                on_answer(first, answers[-1])
        return answers

    def _reserve(self, requests: Sequence[Request]) -> list[Usage]:
        """Worst cases of the first requests that fit together into what is left."""
        sent: list[Usage] = []
        with self._lock:
            planned = sum(self._reserved, self._spent)
            for request in requests:
                planned += most(request)
                if self._budget.exceeded_by(planned):
                    break
                sent.append(most(request))
            self._reserved += sent
        return sent

    def _send(
        self, requests: Sequence[Request], reserved: list[Usage], first: int, on_answer: Callable[[int, Answer], None]
    ) -> list[Answer]:
        open_ones = dict(enumerate(reserved))

        def settle(position: int, answer: Answer) -> None:
            with self._lock:
                self._reserved.remove(open_ones.pop(position))
                self._spent += answer.usage
            on_answer(first + position, answer)

        try:
            return self._generator.generate(requests, on_answer=settle)
        finally:  # whatever was never answered costs nothing
            with self._lock:
                for usage in open_ones.values():
                    self._reserved.remove(usage)

    def _refusal(self, request: Request) -> Answer:
        cap = self._budget.exceeded_by(self.spent + most(request)) or "what requests under way leave of it"
        return Answer((), error=f"Not sent: with it the budget could go beyond {cap}.")
