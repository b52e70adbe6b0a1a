"""What decides a SAE, kept in its `cfg.json`: so a folder says whether it is what a training would make, or somebody else's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sae_lens.constants import SAE_CFG_FILENAME

from fac_core.errors import WrongUse
from fac_core.training.config import TrainConfig
from fac_core.training.harvest import Shard
from fac_core.training.warm_start import warm_start

Plan = dict[str, Any]
"""The settings of a training, and a digest of what it reads."""

STEPS = "step-" + "[0-9]" * 8
"""Names of checkpoints."""


def plan_of(config: TrainConfig, shards: Sequence[Shard]) -> Plan:
    """What decides the SAE. Where it begins counts by content, and says nothing where it is at random, as in early plans."""
    digest = hashlib.sha256(" ".join(shard.path.stem for shard in shards).encode()).hexdigest()
    plan = {**asdict(config), "shards": digest}
    del plan["device"]
    if not plan.pop("begin_from"):
        return plan
    return {**plan, "begin_from": warm_start(config.begin_from, d_sae=config.d_sae).identity}


def plan_in(folder: Path) -> Plan | None:
    """What the SAE in a folder was trained on and how; None without one, and where it does not say so."""
    try:
        return json.loads((folder / SAE_CFG_FILENAME).read_bytes())["metadata"]["training"]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def last_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint in `folder`, if there is one."""
    return max(folder.glob(STEPS), default=None)


def checkpoints_of(folder: Path) -> Path:
    """Where the state of a training into `folder` is kept until that is there."""
    return folder.with_name(folder.name + ".training")


def refuse_other(folder: Path, plan: Plan | None = None) -> None:
    """Raise `WrongUse` for a folder that holds something else than the SAE of a plan, or has checkpoints of another.

    Args:
        plan: None before it is known: then a SAE that was trained here may be the one.
    """
    made = plan_in(folder)
    holds_something = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if holds_something and (made is None or plan not in (None, made)):
        raise WrongUse(
            f"{folder} is there already and holds something else than this training makes. Choose another folder."
        )
    checkpoints = checkpoints_of(folder)
    last = last_checkpoint(checkpoints)
    if made is None and plan is not None and last is not None and plan_in(last) != plan:
        raise WrongUse(
            f"{checkpoints} belongs to a training with other settings or texts."
            " Delete it, or train into another folder."
        )
