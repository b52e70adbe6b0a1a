"""How much nothing a file may hold: small ones that are made to be read for hours end with an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path

from fac_core.datasets.reading.records import MOST_BLANK, Reading, Unreadable
from fac_core.errors import BadInput

Reader = Callable[[Path, str], Iterator[Reading]]

MOST_EACH, _ALWAYS_FINE = 3, 1_000_000
"""Records for each byte of a file, once they are so many: a text that differs from the others packs to more than that."""


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
                most = max(_ALWAYS_FINE, MOST_EACH * path.stat().st_size)
                if n > most:
                    raise BadInput(
                        f"{path} holds more than {most:,} records, {MOST_EACH} in each of its bytes, as no texts do."
                        " Write it without the records that repeat."
                    )
            yield one

    return readings
