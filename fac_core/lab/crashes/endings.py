"""The ways in which a task is ended, or made hard. Each starts it, does its worst, and says what it was told."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

from fac_core.lab.crashes.process import Running
from fac_core.lab.crashes.victims import Do, Place
from fac_core.store.sqlite_file import close_idle

_WRITES = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "shutil.rmtree", "sqlite3.connect"}
"""Events of Python's audit that come before the disk is touched."""
_DAY = 86_400.0


@dataclass(frozen=True)
class Usual:
    """What is known of a task from doing it undisturbed."""

    seconds: float
    touches: int
    """Times that Python touched the disk."""
    bytes: int
    """That it wrote, at the most at once."""
    results: dict[str, str]
    files: set[str]


@dataclass(frozen=True)
class Hit:
    """One case."""

    at: Place
    do: Do
    usual: Usual
    share: float
    """When, of the whole: 0 to 1."""
    drawn: Random

    def start(self, first: Callable[[], object] | None = None, name: str = "first") -> Running:
        return Running(self.at.words / name, partial(self.do, self.at), first)


@dataclass(frozen=True)
class Blow:
    """What came of it."""

    in_time: bool
    """Whether the task was under way."""
    code: int
    said: str = ""
    where: str = ""


Ending = Callable[[Hit], Blow]


def by_signal(number: int) -> Ending:
    """At a moment of the clock."""

    def end(hit: Hit) -> Blow:
        running = hit.start()
        moment = hit.share * hit.usual.seconds
        over = running.wait(moment)
        running.signal(number)
        ended = running.ended()
        return Blow(not over and ended.code != 0, ended.code, ended.said, f"{moment:.3f} s")

    return end


def before_the_disk(hit: Hit) -> Blow:
    """SIGKILL right before the disk is touched: where a half-done thing would show."""
    fatal, left = 1 + int(hit.share * hit.usual.touches), count(1)

    def die_at_one() -> None:
        if next(left) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    ended = hit.start(partial(at_touches, die_at_one)).ended()
    return Blow(ended.code == -signal.SIGKILL, ended.code, ended.said, f"touch {fatal}")


def at_touches(do: Callable[[], object]) -> None:
    """Call `do` before every touch of the disk, until the process ends."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in _WRITES and (event != "open" or _writes(arguments)):
            do()

    sys.addaudithook(hook)


def _writes(arguments: tuple[object, ...]) -> bool:
    mode, flags = arguments[1], arguments[2]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def disk_full(hit: Hit) -> Blow:
    """The file system that the case lies on has room for a part of what is written; more is there afterwards."""
    room = int(hit.share * hit.usual.bytes)
    filler = hit.at.folder / "filler"
    free = os.statvfs(hit.at.folder)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free.f_bavail * free.f_frsize - room))
    try:
        ended = hit.start().ended()
    finally:
        filler.unlink()
    return Blow(ended.code != 0, ended.code, ended.said, f"{room:,} bytes of room")


def read_only(hit: Hit) -> Blow:
    """The file system cannot be written to; it can, afterwards."""
    _remount(hit.at.folder, "ro")
    try:
        ended = hit.start().ended()
    finally:
        _remount(hit.at.folder, "rw")
    return Blow(ended.code != 0, ended.code, ended.said)


def clock_jumps(hit: Hit) -> Blow:
    """The clock is set a day back, or ahead, while it works; then it is killed."""
    jump = hit.drawn.choice([-_DAY, _DAY])
    real, began = time.time, time.monotonic()
    moment = hit.share * hit.usual.seconds / 2

    def jumping() -> None:
        time.time = lambda: real() + (jump if time.monotonic() - began > moment else 0.0)

    running = hit.start(jumping)
    over = running.wait(0.5 * (1 + hit.share) * hit.usual.seconds)
    running.signal(signal.SIGKILL)
    ended = running.ended()
    return Blow(not over, ended.code, ended.said, f"{jump / 3600:+.0f} h after {moment:.2f} s")


def out_of_memory(hit: Hit) -> Blow:
    """The process may take some more memory than it has, and not enough."""
    more = int(hit.share * 300e6)

    def limited() -> None:
        has = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (has + more, has + more))

    ended = hit.start(limited).ended()
    return Blow(ended.code != 0, ended.code, ended.said, f"{more / 1e6:.0f} MB more")


def broken_shard(hit: Hit) -> Blow:
    """Killed, and then some file that it had written on the way is damaged: cut, or with other bytes in it."""
    blow = by_signal(signal.SIGKILL)(hit)
    files = sorted((hit.at.folder / "workspace" / "cache").rglob("*.parquet"))
    if not files:
        return Blow(False, blow.code)
    path = hit.drawn.choice(files)
    _damage(path, hit.drawn)
    return Blow(True, blow.code, blow.said, path.name)


def half_a_run(hit: Hit) -> Blow:
    """Done, and then the run file is cut, as by a copy that broke off."""
    before = set((hit.at.folder / "workspace" / "runs").glob("*.duckdb"))
    ended = hit.start().ended()
    made = sorted(set((hit.at.folder / "workspace" / "runs").glob("*.duckdb")) - before)
    if ended.code or not made:
        return Blow(False, ended.code, ended.said)
    path = made[0]
    with path.open("r+b") as file:
        file.truncate(int(hit.share * path.stat().st_size))
    return Blow(True, 0, "", f"{path.stat().st_size:,} bytes are left")


def two_at_once(hit: Hit) -> Blow:
    """The same twice at the same time, and one of both is killed."""
    running = [hit.start(name=f"at once {n}") for n in range(2)]
    running[0].wait(hit.share * hit.usual.seconds)
    running[hit.drawn.randrange(2)].signal(signal.SIGKILL)
    ended = [one.ended() for one in running]
    told = " ".join(one.said for one in ended if one.code > 0)
    return Blow(any(one.code < 0 for one in ended), max(one.code for one in ended), told)


def among_others(hit: Hit) -> Blow:
    """Two who look and decide all the time, as dashboards do, while a command does the task; one of the three is killed."""
    from fac_core.lab.crashes.onlookers import look_and_decide

    people = [Running(hit.at.words / f"onlooker {n}", partial(look_and_decide, hit.at, n)) for n in "12"]
    running = hit.start()
    over = running.wait(hit.share * hit.usual.seconds)
    hit.drawn.choice([*people, running]).signal(signal.SIGKILL)
    ended = running.ended()
    for one in people:
        one.signal(signal.SIGTERM)
    told = [one.ended() for one in people]
    bad = " ".join(one.said for one in [ended, *told] if one.code > 0)
    return Blow(not over, max([ended.code, *(one.code for one in told)]), bad)


@contextmanager
def own_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A small file system at the folder, in memory. Raises `PermissionError` for whoever may not mount."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "fac-crashes", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603
        raise PermissionError("Only root may mount the small disks that this needs.")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S603, S607


def _remount(folder: Path, how: str) -> None:
    close_idle()
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)  # noqa: S603, S607


def _damage(path: Path, drawn: Random) -> None:
    content = bytearray(path.read_bytes())
    if drawn.random() < 0.5:
        del content[drawn.randrange(len(content)) :]
    else:
        for _ in range(20):
            content[drawn.randrange(len(content))] ^= 1 << drawn.randrange(8)
    path.write_bytes(content)
