"""One contestant after another, each in a process of its own; outputs are compared before a time counts.

    fac lab bench

What was measured stays in a folder, a contestant and dtype each, so that one can be measured anew and the others kept.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch

from fac_core.activations.precision import MIN_SPEEDUP, choose_encoder
from fac_core.errors import WrongUse
from fac_core.lab.bench.peers.environments import NotInstalled, python_of
from fac_core.lab.bench.peers.handout import MODEL, Handout, write_handout
from fac_core.lab.bench.peers.roster import CONTESTANTS, NO_BFLOAT16, Contestant
from fac_core.lab.bench.peers.ways.ours import tokens_of

STAGE = Path(__file__).parent / "ways" / "stage.py"
LEAST_JACCARD = {"float32": 0.999, "bfloat16": 0.95}
"""Overlap of the pooled active set with ours in float32 from which outputs count as equal: in float32 only ties may differ,
and bfloat16 moves what lies at the threshold, more where the residual stream is bfloat16 as well."""
_REPEATS = 3
_PATIENCE = 1200
"""Seconds after which a contestant is ended."""
_REFERENCE = "ours-float32"
_OURS = ".fac-lab-bench"
"""Marks a folder of measures."""


@dataclass(frozen=True)
class Likeness:
    """Of a contestant's pooled activations to ours in float32."""

    jaccard: float
    """Overlap of the active (text, feature) pairs."""
    apart: float
    """Largest difference of an activation that both have."""

    def is_equal(self, dtype: str) -> bool:
        return self.jaccard >= LEAST_JACCARD[dtype]


def race(
    folder: Path,
    environments: Path,
    *,
    only: Sequence[str] = (),
    dtypes: Sequence[str] = (),
    repeats: int = _REPEATS,
    tell: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Measure contestants and return everything that the folder holds of this and earlier calls.

    Args:
        folder: what is handed out and what was measured; kept.
        environments: where the peers' environments are, or are made.
        only: ways to measure; empty means all.
        dtypes: empty means float32, and bfloat16 where this machine multiplies faster in it.
        tell: told what is being done.

    Raises `WrongUse` for a folder of something else: what is measured anew takes the place of what is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / _OURS).exists():
        raise WrongUse(f"{folder} holds something else than measures of `fac lab bench`. Choose another folder.")
    (folder / _OURS).touch()
    handout = write_handout(folder / "handout")
    machine = _machine(handout)
    (folder / "machine.json").write_text(json.dumps(machine), encoding="utf-8")
    dtypes = dtypes or (("float32", "bfloat16") if machine["bfloat16"] >= MIN_SPEEDUP else ("float32",))
    for one in CONTESTANTS:
        if only and one.way not in only:
            continue
        for dtype in dtypes:
            tell(f"{one.name}, {dtype}")
            _measured(one, dtype, folder, environments, repeats)
    return results(folder)


def results(folder: Path) -> dict[str, Any]:
    """What the folder holds: `machine`, and `rows` in the order of the roster, each with `why_not` or its measures."""
    machine = json.loads((folder / "machine.json").read_text(encoding="utf-8"))
    return {"machine": machine, "with_sinks": len(with_sinks(folder)), "rows": list(_rows(folder))}


def likeness(
    reference: Path, found: Path, n_features: int, d_sae: int, leave_out: Collection[int] = frozenset()
) -> Likeness:
    """Compare two `pooled.npz` over the first `n_features` features and all texts but some."""
    a, b = (_pooled(path, n_features, d_sae, leave_out) for path in (reference, found))
    both, at_a, at_b = np.intersect1d(a[0], b[0], return_indices=True)
    union = len(a[0]) + len(b[0]) - len(both)
    apart = float(np.abs(a[1][at_a] - b[1][at_b]).max()) if len(both) else 0.0
    return Likeness(len(both) / union if union else 1.0, apart)


def with_sinks(folder: Path) -> list[int]:
    """Texts in which another token than the first took an attention sink: ours leaves such tokens out, and others do not."""
    path = folder / _REFERENCE / "stored" / "shard_samples.parquet"
    if not path.is_file():
        return []
    table = pq.read_table(path)
    return table["sample_id"].to_numpy()[table["sinks"].to_numpy() > 0].tolist()


def _pooled(path: Path, n_features: int, d_sae: int, leave_out: Collection[int]) -> tuple[np.ndarray, np.ndarray]:
    with np.load(path) as kept:
        mine = (kept["feature"] < n_features) & ~np.isin(kept["sample"], list(leave_out))
        keys = kept["sample"][mine].astype(np.int64) * d_sae + kept["feature"][mine]
        return keys, kept["value"][mine].astype(np.float64)


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    d_sae = json.loads((folder / "handout" / "about.json").read_text(encoding="utf-8"))["d_sae"]
    reference = folder / _REFERENCE / "pooled.npz"
    sinks = with_sinks(folder)
    for one in CONTESTANTS:
        for dtype in LEAST_JACCARD:
            place = folder / f"{one.way}-{dtype}"
            if (place / "why_not.txt").is_file():
                why = (place / "why_not.txt").read_text(encoding="utf-8")
                yield {"way": one.way, "name": one.name, "dtype": dtype, "why_not": why}
            elif (place / "measured.json").is_file():
                row = json.loads((place / "measured.json").read_text(encoding="utf-8"))
                if (place / "pooled.npz").is_file() and reference.is_file():
                    like = likeness(reference, place / "pooled.npz", row["features"], d_sae, sinks)
                    row |= {"jaccard": like.jaccard, "apart": like.apart, "equal": like.is_equal(dtype)}
                yield {"way": one.way, "name": one.name, "dtype": dtype, **row}


def _measured(one: Contestant, dtype: str, folder: Path, environments: Path, repeats: int) -> None:
    place = folder / f"{one.way}-{dtype}"
    try:
        why_not = _run(one, dtype, folder, environments, repeats) if one.bfloat16 or dtype == "float32" else NO_BFLOAT16
    except (NotInstalled, subprocess.TimeoutExpired) as error:
        why_not = str(error)
    if why_not:
        place.mkdir(parents=True, exist_ok=True)
        (place / "why_not.txt").write_text(why_not, encoding="utf-8")


def _run(one: Contestant, dtype: str, folder: Path, environments: Path, repeats: int) -> str:
    """Measure in a process of its own; returns the last thing it says where it fails, or nothing."""
    python = python_of(one, environments)
    name = f"{one.way}-{dtype}"
    way = STAGE.with_name(f"{one.way}.py")
    command = [python, STAGE, way, folder / "handout", dtype, str(repeats), folder / name]
    # A peer must not see this project, nor ask a hub for what it was handed.
    hidden = {"PYTHONPATH": "", "PYTHONNOUSERSITE": "1"} if one.packages else {}
    environ = {**os.environ, "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", **hidden}
    log = folder / f"{name}.log"
    with log.open("w", encoding="utf-8") as out:
        done = subprocess.run(command, check=False, env=environ, stdout=out, stderr=out, timeout=_PATIENCE)  # noqa: S603
    said = log.read_text(encoding="utf-8").strip().splitlines()
    return (said[-1] if said else f"ended with {done.returncode}") if done.returncode else ""


def _machine(handout: Handout) -> dict[str, Any]:
    with np.load(handout.folder / "tokens.npz") as kept:
        ids = np.split(kept["ids"], np.cumsum(kept["lengths"])[:-1])
    choice = choose_encoder(MODEL, handout.sae, [tokens_of(one) for one in ids])
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "capability": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "bfloat16": round(_products(torch.float32) / _products(torch.bfloat16), 1),
        "probe": choice.dtype,
        "reason": choice.reason,
        "texts": handout.n_texts,
        "tokens": handout.n_tokens,
        "shortest": handout.shortest,
        "longest": handout.longest,
        "sae": f"{handout.sae.d_sae:,} latents, {handout.sae.mode}, after block {handout.sae.n_blocks}",
    }


def _processor() -> str:
    """What the processor calls itself, with its family where that is all it says."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    said = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return f"{said.get('model name', platform.machine())} (family {said.get('cpu family', '?')}, model {said.get('model', '?')})"


def _products(dtype: torch.dtype) -> float:
    """Seconds of a large matrix product, at best."""
    a, b = torch.ones(1024, 1024, dtype=dtype), torch.ones(1024, 1024, dtype=dtype)
    seconds = []
    for _ in range(5):
        at = time.perf_counter()
        torch.mm(a, b)
        seconds.append(time.perf_counter() - at)
    return min(seconds)
