"""What is slow to load and used again by the next job: a model with its SAE, a language model that writes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")


class Warm:
    """Keeps the few things that were used last.

    >>> warm = Warm(keep=1)
    >>> warm.get("space-1", lambda: "loaded"), warm.get("space-1", lambda: "loaded again")
    ('loaded', 'loaded')
    """

    def __init__(self, keep: int = 2) -> None:
        self._keep = keep
        self._kept: OrderedDict[Hashable, object] = OrderedDict()

    def get(self, key: Hashable, load: Callable[[], T]) -> T:
        """What is kept under the key, or what `load` makes; the key says all that decides what that is."""
        if key not in self._kept:
            while len(self._kept) >= self._keep:  # before loading: both at once may not fit into memory
                self._kept.popitem(last=False)
            self._kept[key] = load()
        self._kept.move_to_end(key)
        return self._kept[key]  # type: ignore[return-value]
