"""A task in a process of its own, forked from one that has imported everything: a second a case, not ten."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fac_core.errors import FacError
from fac_core.shortage import shortage

DONE, TOLD, UNFORESEEN = 0, 3, 4
"""Exit codes: done; an error that we raise on purpose, in a sentence; anything else, with its traceback."""


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    """Exit code, or the negative number of the signal."""
    said: str
    """The sentence, or the last line of the traceback."""
    seconds: float


class Running:
    """A process that does something. Its folder gets `said` and `stderr`.

    Args:
        do: what it does.
        first: done before, in the process: a limit, a clock.
    """

    def __init__(self, folder: Path, do: Callable[[], None], first: Callable[[], object] | None = None) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._began = time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os._exit(_child(folder, do, first))
        self._status: int | None = None

    @property
    def is_over(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    def signal(self, number: int) -> None:
        if not self.is_over:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Whether it is over, so many seconds later or before."""
        deadline = time.monotonic() + seconds
        while not self.is_over and time.monotonic() < deadline:
            time.sleep(min(0.002, max(0.0, deadline - time.monotonic())))
        return self.is_over

    def ended(self, patience: float = 120.0) -> Ended:
        """How it ended; one that does not is killed and is code -9."""
        if not self.wait(patience):
            os.kill(self.pid, signal.SIGKILL)
            self.wait(60)
        seconds = time.monotonic() - self._began
        said = self._folder / "said"
        return Ended(
            os.waitstatus_to_exitcode(self._status or 0), said.read_text() if said.exists() else "", round(seconds, 3)
        )


def _child(folder: Path, do: Callable[[], None], first: Callable[[], object] | None) -> int:
    output = os.open(folder / "stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells ignore it in what runs in their background
    said = folder / "said"
    try:
        if first is not None:
            first()
        do()
        return DONE
    except FacError as error:
        code, told = TOLD, str(error)
    except KeyboardInterrupt:
        code, told = TOLD, "Interrupted. The same goes on from here."
    except SystemExit as error:
        code, told = TOLD, f"{error.code}."
    except BaseException as error:  # noqa: BLE001 - the process ends with it
        traceback.print_exc()
        known = shortage(error, folder)  # as the command line does
        code, told = (TOLD, str(known)) if known else (UNFORESEEN, f"{type(error).__name__}: {error}")
    said.write_text(told)
    return code
