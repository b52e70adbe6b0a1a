"""An environment a peer, made from the package index, so that none decides the versions of another."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from fac_core.lab.bench.peers.roster import Contestant

_BASE = ("numpy>=2", "safetensors")
_MADE = "made.txt"


class NotInstalled(Exception):
    """A peer's environment cannot be made; the message is pip's last word."""


def python_of(peer: Contestant, folder: Path) -> Path:
    """The Python of a peer's environment, made at the first use; torch lies once in an environment that all of them see."""
    if not peer.packages:
        return Path(sys.executable)
    base = _made(folder / "base", (_torch(), *_BASE))
    return _made(folder / peer.way, (*peer.packages, _torch()), without=peer.without, sees=base)


def _torch() -> str:
    """The torch of this environment, as `constraints.txt` pins it."""
    import torch

    return f"torch=={torch.__version__.partition('+')[0]}"


def _made(folder: Path, packages: tuple[str, ...], *, without: tuple[str, ...] = (), sees: Path | None = None) -> Path:
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted = "\n".join([*packages, *(f"-{name}" for name in without)])
    if (folder / _MADE).is_file() and (folder / _MADE).read_text(encoding="utf-8") == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    if sees is not None:
        # Behind the peer's own packages on the path, and seen by its pip, which then installs no second torch.
        (_packages_of(python) / "base.pth").write_text(str(_packages_of(sees)), encoding="utf-8")
    _run([str(python), "-m", "pip", "install", "-q", *packages])
    if without:
        _run([str(python), "-m", "pip", "uninstall", "-q", "-y", *without])
    (folder / _MADE).write_text(wanted, encoding="utf-8")
    return python


def _packages_of(python: Path) -> Path:
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip())  # noqa: S603


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - what is run stands here
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise NotInstalled(said[-1].removeprefix("ERROR: ") if said else f"{command[-1]} failed")
