"""A folder whose shards take a while: what is killed is then killed in the middle."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from fac_core.activations.engines.places import Folder


@dataclass(frozen=True)
class SlowFolder(Folder):
    """Whoever asks whether it is there, as an actor does before each shard, leaves its process id and rests."""

    @property
    def is_there(self) -> bool:
        (self.path / f"{os.getpid()}.at-work").touch()
        time.sleep(0.3)
        return super().is_there

    def at_work(self) -> list[int]:
        """Processes that have begun a shard here."""
        return [int(path.stem) for path in self.path.glob("*.at-work")]
