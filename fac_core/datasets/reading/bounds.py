"""How much nothing a file may hold: small ones that are made to be read for hours end with an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path

from fac_core.datasets.reading.records import MOST_BLANK, Reading, Unreadable
from fac_core.errors import BadInput

Reader = Callable[[Path, str], Iterator[Reading]]

_ALWAYS_FINE = 200_000
"""Records. A file of more has `_PACKED` bytes for each: texts that differ from each other pack to more."""
_PACKED = 2


def bounded(read: Reader) -> Reader:
    """The readings of a reader, as long as they can be those of texts.

    They raise `BadInput` where more records in a row than lines may be blank are empty or cannot be read, and where there
    are more than a packed file of texts can hold. However many records a plain file has, it is never too many.
    """

    @wraps(read)
    def readings(path: Path, name: str) -> Iterator[Reading]:
        most = _ALWAYS_FINE
        n_nothing = 0
        for n, one in enumerate(read(path, name), 1):
            n_nothing = n_nothing + 1 if isinstance(one, Unreadable) or not one.columns else 0
            if n_nothing > MOST_BLANK:
                raise BadInput(
                    f"{path}: {MOST_BLANK:,} records in a row, up to {one.origin}, are empty or cannot be read."
                    " Take them out of the file."
                )
            if n > most:
                most = max(_ALWAYS_FINE, path.stat().st_size // _PACKED)
                if n > most:
                    raise BadInput(
                        f"{path} holds more than {most:,} records, less than {_PACKED} bytes for each: no texts pack as well."
                        " Write it without the records that repeat, or unpack it."
                    )
            yield one

    return readings
