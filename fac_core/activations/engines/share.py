"""How much of a cluster one actor gets, and how many actors the cluster then holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Resources = Mapping[str, float]
"""What a node has: `CPU`, `GPU` and others, as Ray names them."""

_MOST_CORES = 4
"""For an actor without a GPU. More threads for one batch bring less than another actor, which costs a copy of the weights."""


@dataclass(frozen=True)
class Share:
    """What one actor gets."""

    cores: int
    gpus: float

    def held_by(self, nodes: Sequence[Resources]) -> int:
        """How many actors the nodes hold."""
        return sum(self._on(node) for node in nodes)

    def _on(self, node: Resources) -> int:
        if self.gpus >= 1:
            return int(node.get("GPU", 0) / self.gpus)
        if self.gpus > 0:
            return int(node.get("GPU", 0)) * int(1 / self.gpus + 1e-9)  # a GPU is shared, an actor is not cut in two
        return int(node.get("CPU", 0) / self.cores)


def share_of(nodes: Sequence[Resources], *, actors: int | None, gpus: float) -> Share:
    """The share of an actor: its GPUs, or else cores of one node.

    Args:
        actors: where they are counted, each gets as many cores as lets all of them run.
        gpus: for each actor; with any, the cores hardly matter.

    >>> share_of([{"CPU": 16.0}, {"CPU": 2.0}], actors=None, gpus=0)
    Share(cores=2, gpus=0)
    >>> share_of([{"CPU": 16.0, "GPU": 2.0}], actors=None, gpus=0.5).held_by([{"CPU": 16.0, "GPU": 2.0}])
    4
    """
    if gpus > 0:
        return Share(1, gpus)
    cores = [int(node.get("CPU", 0)) for node in nodes if node.get("CPU", 0) >= 1]
    most = min([_MOST_CORES, *cores]) if cores else 1  # of a cluster that is yet to come, one core fits wherever
    if actors is not None:
        while most > 1 and Share(most, 0).held_by(nodes) < actors:
            most -= 1
    return Share(most, 0)


def gpus_by_default(device: str, nodes: Sequence[Resources]) -> float:
    """GPUs for each actor where nobody says: one where the device is a GPU, also when it is whatever there is.

    >>> gpus_by_default("cuda", []), gpus_by_default("auto", [{"CPU": 8.0}]), gpus_by_default("cpu", [{"GPU": 1.0}])
    (1.0, 0.0, 0.0)
    """
    return float(device.startswith("cuda") or (device == "auto" and any(node.get("GPU", 0) >= 1 for node in nodes)))
