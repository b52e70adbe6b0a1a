"""What runs in each contestant's own process: load, check, time, store, ask. Knows nothing of this project.

    python stage.py WAY.py FOLDER DTYPE REPEATS ANSWER_FOLDER

It runs in the environment of the contestant, so it may import the standard library, numpy and torch alone. A way is a file
with a class `Way`, which this one loads; it may import from `stage`. What a `Way` has:

    __init__(given, dtype, batch)     loads model and SAE; not timed
    encode(rows) -> found             reads the texts of these positions as the peer does it; timed
    pooled(found) -> three arrays     sample, feature, strongest activation over the content; not timed
    BATCHES                           sizes of a batch to try first, where that is ours to choose; the quickest is taken
    store(found, folder)              writes what the peer stores, if it stores anything; timed
    bytes_and_activations(folder)     its size on disk, and how many activations that are
    parts, features                   where only some features are measured: how many lots there are, and features in one
    answers(folder)                   name -> callable: answers from what is stored, opened anew each time
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import resource
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

_WARM = 8
"""Texts read before anything is timed."""
_TRIAL = 12
"""Texts that choose the size of a batch."""
_LONG = 30.0
"""Seconds above which a pass over the texts is not repeated."""


@dataclass(frozen=True)
class Given:
    """What every contestant reads."""

    folder: Path
    about: dict[str, Any]
    """Names and numbers: `model`, `sae`, `n_blocks`, `k`, `d_sae`, `d_model`, `thresholds`, `feature`."""
    ids: list[np.ndarray]
    """Of each text, int64 `[tokens]`, start token first."""
    texts: list[str]
    """The same as text, without the start token."""

    def n_content(self, rows: range) -> int:
        """Tokens that count: all but the start tokens."""
        return sum(len(self.ids[row]) - 1 for row in rows)

    def padded(self, rows: range, length: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and mask `[rows, length]`, int64, padded at the right with zeros to a length or to the longest text."""
        length = length or max(len(self.ids[row]) for row in rows)
        ids, mask = torch.zeros(2, len(rows), length, dtype=torch.long)
        for i, row in enumerate(rows):
            n = len(self.ids[row])
            ids[i, :n], mask[i, :n] = torch.from_numpy(self.ids[row]), 1
        return ids, mask


def strongest(acts: torch.Tensor, mask: torch.Tensor, rows: range) -> tuple[np.ndarray, ...]:
    """Sample, feature and maximum over the content of dense activations `[rows, length, d_sae]`, where it is positive."""
    content = mask.clone()
    content[:, 0] = 0  # the start token
    pooled = (acts * content.unsqueeze(-1)).amax(dim=1)
    row, feature = pooled.nonzero(as_tuple=True)
    return np.array(rows)[row.numpy()], feature.numpy(), pooled[row, feature].float().numpy()


def together(parts: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    """Sample, feature and maximum of one batch after another as three arrays."""
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def given_in(folder: Path) -> Given:
    """Read the folder that was handed out."""
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    with np.load(folder / "tokens.npz") as kept:
        ids = np.split(kept["ids"], np.cumsum(kept["lengths"])[:-1])
    return Given(folder, about, ids, json.loads((folder / "texts.json").read_text(encoding="utf-8")))


def main(way: Path, folder: Path, dtype: str, repeats: int, out: Path) -> None:
    """Measure one way in one dtype; writes `pooled.npz` and `measured.json` into `out`."""
    given = given_in(folder)
    rows = range(len(given.ids))
    make = _class_in(way)
    at = time.perf_counter()
    batch, one = _quickest(make, given, getattr(torch, dtype))
    loaded = time.perf_counter() - at
    with torch.no_grad():
        one.encode(rows[:_WARM])
        seconds: list[float] = []
        processors: list[float] = []
        found = None
        while len(seconds) < repeats and (not seconds or seconds[0] < _LONG):
            found = None  # two answers at a time would count as memory
            at, busy = time.perf_counter(), time.process_time()
            found = one.encode(rows)
            seconds.append(time.perf_counter() - at)
            processors.append((time.process_time() - busy) / seconds[-1])
    peak = peak_megabytes()
    measured: dict[str, Any] = {
        "batch": batch,
        "load_seconds": loaded,
        "seconds": seconds,
        "processors": processors,
        "tokens": getattr(one, "n_tokens", given.n_content(rows)),
        "parts": getattr(one, "parts", 1),
        "features": getattr(one, "features", given.about["d_sae"]),
        "peak_mb": peak,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "versions": {p: importlib.metadata.version(p) for p in getattr(make, "PACKAGES", ())},
    }
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    if hasattr(one, "pooled"):
        np.savez(out / "pooled.npz", **dict(zip(("sample", "feature", "value"), one.pooled(found), strict=True)))
    if hasattr(one, "store"):
        measured |= _stored(one, found, out / "stored")
    (out / "measured.json").write_text(json.dumps(measured), encoding="utf-8")


def peak_megabytes() -> float:
    """The most that this process has held."""
    status = Path("/proc/self/status")
    if status.is_file():  # what `resource` says begins with the memory of the process that started this one
        said = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(said.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # bytes on macOS


def _quickest(make: Any, given: Given, dtype: torch.dtype) -> tuple[int | None, Any]:
    """The way, with the size of a batch that reads some texts in the least time."""
    sizes = getattr(make, "BATCHES", (None,))
    one = make(given, dtype, sizes[0])
    if len(sizes) == 1:
        return sizes[0], one
    some = range(0, len(given.ids), max(1, len(given.ids) // _TRIAL))
    spent = {}
    with torch.no_grad():
        one.encode(some[:2])
        for size in sizes:
            one.batch = size
            at = time.perf_counter()
            one.encode(some)
            spent[size] = time.perf_counter() - at
    one.batch = min(spent, key=spent.__getitem__)
    return one.batch, one


def _stored(one: Any, found: Any, folder: Path) -> dict[str, Any]:
    at = time.perf_counter()
    one.store(found, folder)
    measured: dict[str, Any] = {"store_seconds": time.perf_counter() - at}
    size, n = one.bytes_and_activations(folder)
    measured["bytes_an_activation"] = size / n
    for name, ask in one.answers(folder).items():
        times = []
        for _ in range(3):
            at = time.perf_counter()
            said = ask()
            times.append(time.perf_counter() - at)
            if times[0] > _LONG:
                break
        measured[name] = {"seconds": times, "said": said}
    return measured


def _class_in(way: Path) -> Any:
    spec = importlib.util.spec_from_file_location(way.stem, way)
    if spec is None or spec.loader is None:
        raise ImportError(f"{way} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[way.stem] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module.Way


if __name__ == "__main__":
    sys.path.pop(0)  # this folder: a way must not hide a package of its name
    sys.modules["stage"] = sys.modules["__main__"]
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), Path(sys.argv[5]))
