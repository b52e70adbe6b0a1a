"""How many tokens a forward pass holds: found by doubling, and halved wherever memory does not suffice.

On processors 1,024 tokens were measured best (padding under 3 %, pre-activations in the cache) and there is nothing to
find. A card is idle with so few: there the budget doubles while that pays, on the texts that will be encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size

from fac_core.models.token_batches import Batch, batches
from fac_core.models.tokens import Tokens

_ON_CPU = 1024
_ON_A_CARD = 8192
_MOST = 262_144
_NO_WORKSPACE = "CUBLAS_STATUS_ALLOC_FAILED"
"""In the message where a card has no memory left for the products themselves."""
_PAYS = 1.05
"""More tokens a second for a doubled budget, below which more memory is not worth it."""


class TokenBudget:
    """Tokens of a forward pass, padding included: those that are given, or what suits a device at first."""

    def __init__(self, tokens: int | None = None, *, device: str = "cpu") -> None:
        self.tokens = tokens or (_ON_CPU if device == "cpu" else _ON_A_CARD)

    def each(
        self,
        tokens: Sequence[Tokens],
        read: Callable[[Batch], None],
        *,
        keep: Callable[[], None],
        drop: Callable[[], None],
    ) -> Iterator[Batch]:
        """Read every sample once, in batches, and yield each batch when it is kept.

        Where memory does not suffice, the budget is halved, and what is left is batched anew: the batch is read again and
        nothing of it is lost or counted twice. Raises what PyTorch raises (a `RuntimeError`) where even a single sample is too
        much.

        Args:
            read: may fail in the midst of a batch; what it made is then dropped.
            keep, drop: told after each batch what becomes of it.
        """
        left = np.arange(len(tokens))
        while len(left):
            done: list[np.ndarray] = []
            for part in batches([tokens[i] for i in left.tolist()], self.tokens):
                batch = replace(part, rows=left[part.rows])
                if not self._suffices(batch, read):
                    drop()
                    clear_device_cache()  # pieces too small for the batch may be one piece for its half
                    break
                keep()
                done.append(batch.rows)
                yield batch
            left = np.setdiff1d(left, np.concatenate(done)) if done else left

    def _suffices(self, batch: Batch, read: Callable[[Batch], None]) -> bool:
        try:
            read(batch)
        except RuntimeError as error:  # the failed tensors live as long as the error: so it ends here
            too_much = should_reduce_batch_size(error) or _NO_WORKSPACE in str(error)
            if not too_much or len(batch.rows) == 1:
                raise
            self.tokens = batch.input_ids.numel() // 2
            return False
        return True


def doubled_while_it_pays(start: int, rate: Callable[[int], float], *, most: int = _MOST) -> int:
    """The budget from which on twice as much is not quicker, or too much.

    Args:
        rate: tokens a second with a budget; 0 where memory does not suffice.

    >>> doubled_while_it_pays(1024, lambda budget: min(budget, 5000))
    8192
    >>> doubled_while_it_pays(1024, lambda budget: budget if budget < 3000 else 0)
    2048
    """
    best, quickest = start, rate(start)
    while 2 * best <= most and (now := rate(2 * best)) >= _PAYS * quickest:
        best, quickest = 2 * best, now
    return best


def enough_for(budget: int, tokens: Sequence[Tokens]) -> list[Tokens]:
    """Some texts, again and again, until they fill two batches."""
    times = -(-2 * budget // max(1, sum(map(len, tokens))))
    return list(tokens) * times
