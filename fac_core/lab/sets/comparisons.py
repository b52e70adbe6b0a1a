"""What methods of adding to a seed gave at an equal budget, and the files that keep it. Loads no model library.

<workspace>/studies/<name>/comparisons/<key>.json      settings, and every method's score for every draw; one file a setting
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fac_core.errors import RunBroken
from fac_core.lab.study.study_files import study_folder
from fac_core.lab.tasks.result import mean_interval
from fac_core.store.workspace import Workspace
from fac_core.whole import write_whole

Budget = Literal["samples", "tokens"]


@dataclass(frozen=True)
class Compared:
    """One method over all draws of the seed."""

    method: str
    budget: Budget
    per_draw: tuple[float, ...]
    n_samples: float
    """Added, mean over draws."""
    n_tokens: float
    """Added, mean over draws."""
    closed: float | None
    """Share of the seed's gaps that the added samples close, mean over draws; None for texts without activations."""
    seconds: float
    in_hole: tuple[float, ...] = ()
    """As `per_draw`, on the test texts of the topic that the seed lacks; empty for seeds without a hole."""

    @property
    def mean(self) -> float:
        return float(np.mean(self.per_draw))

    def minus(self, other: Compared) -> tuple[float, float, float]:
        """Mean paired difference and its 95 % interval over draws."""
        return _paired(self.per_draw, other.per_draw)

    def minus_in_hole(self, other: Compared) -> tuple[float, float, float] | None:
        """The same on the topic that the seed lacks; None for seeds without a hole."""
        return _paired(self.in_hole, other.in_hole) if self.in_hole and other.in_hole else None


@dataclass(frozen=True)
class Comparison:
    """All methods under one setting."""

    settings: dict[str, Any]
    """What was asked for, by name."""
    at: str
    """ISO 8601, UTC."""
    methods: tuple[Compared, ...]

    @property
    def title(self) -> str:
        """The setting in words."""
        s = self.settings
        added, seed = ("{} + {}".format(*s[name]) for name in ("n_added", "n_seed"))
        parts = [f"{added} added to {seed}, equal {s['budget']}", f"{s['draws']} seeds"]
        parts += ["each with a hole"] * bool(s.get("hole"))
        parts += [f"{s['dose']:.0%} of the budget"] * (s["dose"] < 1)
        parts += [f"learned by {s['backbone']}"] * bool(s["backbone"])
        parts += [f"texts of {s['texts']}"] * bool(s["texts"])
        return ", ".join(parts)


def _paired(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    differences = (np.array(ours) - np.array(theirs)).tolist()
    return float(np.mean(differences)), *mean_interval(differences)


def keep_comparison(workspace: Workspace, study: str, settings: dict[str, Any], methods: Sequence[Compared]) -> Path:
    """Write down what a setting gave, in place of what it gave before. Returns the file."""
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
    path = study_folder(workspace, study) / "comparisons" / f"{key}.json"
    at = datetime.now(UTC).isoformat(timespec="seconds")
    record = {"settings": settings, "at": at, "methods": [asdict(one) for one in methods]}
    write_whole(path, json.dumps(record, indent=1))
    return path


def comparisons(workspace: Workspace, study: str) -> list[Comparison]:
    """What is kept for a study, the newest first. Raises `RunBroken` for a damaged file."""
    found = [_read(path) for path in (study_folder(workspace, study) / "comparisons").glob("*.json")]
    return sorted(found, key=lambda one: one.at, reverse=True)


def compared_studies(workspace: Workspace) -> list[str]:
    """Names of the studies that comparisons are kept for, in alphabetical order."""
    return sorted({path.parents[1].name for path in (workspace.folder / "studies").glob("*/comparisons/*.json")})


def _read(path: Path) -> Comparison:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        lists = ({name: tuple(one.get(name, ())) for name in ("per_draw", "in_hole")} for one in record["methods"])
        methods = (Compared(**{**one, **those}) for one, those in zip(record["methods"], lists, strict=True))
        return Comparison(record["settings"], record["at"], tuple(methods))
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise RunBroken(f"{path} is damaged ({error!r}). Delete it and run `fac lab baselines` again.") from error
