"""Who encodes and where the shard files lie, as one frozen value: flags of `fac encode` and parameters of its job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, get_args

from fac_core.errors import WrongUse
from fac_core.progress import Progress

if TYPE_CHECKING:
    from fac_core.activations.sae import SparseAutoencoder
    from fac_core.activations.shards import Portion, Shard
    from fac_core.activations.spec import EncodeSpec

Name = Literal["local", "ray"]


@dataclass(frozen=True)
class EngineSpec:
    """Who encodes. No field has an effect on what the activations are of: either engine goes on where the other stopped.

    >>> EngineSpec("ray", actors=8, shards="s3://bucket/fac").shards
    's3://bucket/fac'
    """

    engine: Name = "local"
    """`ray` encodes on a cluster; either goes on where the other stopped."""
    address: str = ""
    """Of a Ray cluster; empty means that of `$RAY_ADDRESS`, of this machine, or a new one on this machine alone."""
    actors: int | None = None
    """Copies of the model on the cluster; unset, as many as its GPUs or cores hold, also as nodes come and go."""
    gpus_per_actor: float | None = None
    """0.5 lets two share one; unset, one for each where the device is cuda."""
    shards: str = ""
    """Where files of the encoding lie until the run is built: a folder or a store (`s3://bucket/prefix`) that all nodes see."""

    def __post_init__(self) -> None:
        if self.engine not in get_args(Name):
            raise WrongUse(f"engine is {self.engine!r}; choose one of {', '.join(get_args(Name))}.")
        if self.engine == "local" and (self.address or self.actors is not None or self.gpus_per_actor is not None):
            raise WrongUse("address, actors and gpus_per_actor are about a cluster: add --engine ray.")
        if self.actors is not None and self.actors < 1:
            raise WrongUse(f"actors is {self.actors}; a cluster needs at least 1.")
        if self.gpus_per_actor is not None and self.gpus_per_actor < 0:
            raise WrongUse(
                f"gpus_per_actor is {self.gpus_per_actor}; give a share of a GPU, such as 0.5, or 0 for none."
            )


class Decided(NamedTuple):
    """The floating-point type of a run."""

    dtype: str
    reason: str


class Workers(Protocol):
    """Whoever encodes for one run, or for some that read along with each other."""

    def choose(self, probe: Shard) -> Decided:
        """The dtype for the machines that encode, measured on some of the samples unless one was asked for."""
        ...

    def encode(self, planned: Iterator[Portion], dtype: str, n_samples: int, on_progress: Progress) -> list[Portion]:
        """Encode what is pending; returns all that were planned, in their order, without their texts.

        Args:
            n_samples: of all portions, for the progress.
        """
        ...


@contextmanager
def workers_of(engine: EngineSpec, spec: EncodeSpec, saes: list[SparseAutoencoder]) -> Iterator[Workers]:
    """The workers of an engine, while they are needed. Raises `MissingExtra` for a cluster without Ray.

    Args:
        saes: that read together. The list is emptied: of what is read with there is one copy.
    """
    if engine.engine == "ray":
        from fac_core.activations.engines.cluster import cluster_workers

        with cluster_workers(engine, spec, saes) as workers:
            yield workers
    else:
        from fac_core.activations.engines.local_loop import LocalLoop

        yield LocalLoop(spec, saes)
