"""The engine of many machines: actors on a Ray cluster, each with a copy of the model, encode one portion at a time.

Plain actors, not Ray Data: the unit of work is a shard, whose boundaries, name and files are settled before anybody
encodes. Ray Data would put blocks of its own between plan and actors, and could neither tell how far an actor is within a
shard nor end between two batches. What it would bring is little here: back-pressure (a shard is read when an actor is
there for it, so the driver holds as many as there are actors), restarts (a lost actor's shard goes to another) and growth
(a node that joins gets actors) are in `team.py`.

The driver sends texts and SAEs; actors read the model by its name and write the shards where all nodes see them. Results
travel through files alone, so a driver that is killed loses nothing but the shards that were under way.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

from fac_core.activations.engines.shard_encoder import ShardEncoder
from fac_core.activations.engines.share import gpus_by_default, share_of
from fac_core.activations.engines.spec import Decided, EngineSpec
from fac_core.activations.engines.team import LOOK_EVERY, MOST_LOSSES, ActorLost, Team, seen_soon
from fac_core.activations.sae import SparseAutoencoder
from fac_core.activations.shards import Portion, Shard
from fac_core.activations.space import model_hash
from fac_core.activations.spec import Dtype, EncodeSpec
from fac_core.errors import FacError, MissingExtra, ModelMismatch, WrongUse
from fac_core.progress import Progress

try:
    import ray
    import ray.exceptions
    import ray.util
except ImportError:  # an extra; `cluster_workers` says how to install it
    ray = cast(Any, None)

logger = logging.getLogger(__name__)


@contextmanager
def cluster_workers(engine: EngineSpec, spec: EncodeSpec, saes: list[SparseAutoencoder]) -> Iterator[ClusterWorkers]:
    """Connected to the cluster. Raises `MissingExtra` without Ray, `WrongUse` where no cluster answers."""
    if ray is None:
        raise MissingExtra('A cluster needs Ray: pip install "fac-explorer[cluster]".')
    if spec.device == "cpu" and engine.gpus_per_actor:
        raise WrongUse("gpus_per_actor needs a GPU to run on: add --device cuda.")
    was_connected = ray.is_initialized()
    if not was_connected:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # what is encoded here is nobody's business
        try:
            ray.init(engine.address or None, logging_level=logging.WARNING, log_to_driver=False)
        except (ConnectionError, ValueError) as error:
            raise WrongUse(f"No Ray cluster answers at {engine.address or 'this machine'}: {error}.") from error
    try:
        yield ClusterWorkers(engine, spec, saes)
    finally:
        if not was_connected:
            ray.shutdown()


class _Actor:
    """On some node: holds the model and encodes. `so_far` is answered meanwhile, from another thread."""

    def __init__(self, spec: EncodeSpec, saes: list[SparseAutoencoder], model: str, cores: int | None) -> None:
        self._spec, self._saes, self._model, self._cores = spec, saes, model, cores
        self._encode: ShardEncoder | None = None
        self._n_encoded = 0

    def choose(self, probe: Shard) -> Decided:
        return self._encoder().choose(probe)

    def encode(self, portion: Portion, dtype: Dtype) -> int:
        """Encode a portion; returns the number of content tokens."""
        self._n_encoded = 0
        if not seen_soon(lambda: all(place.is_there for place in portion.places)):
            raise WrongUse(
                f"Node {ray.util.get_node_ip_address()} does not see {portion.places[0]}. Name a folder that all nodes share, or an"
                " object store, with --shards."
            )
        return self._encoder()(portion, dtype, self._tell)

    def so_far(self) -> int:
        """Samples of the present portion that are encoded."""
        return self._n_encoded

    def _tell(self, n_encoded: int) -> None:
        self._n_encoded = n_encoded

    def _encoder(self) -> ShardEncoder:
        import torch

        if self._cores is not None:
            torch.set_num_threads(self._cores)  # counts for the thread that calls it
        if self._encode is None:
            if model_hash(self._spec.model) != self._model:
                raise ModelMismatch(
                    f"Node {ray.util.get_node_ip_address()} has other files under {self._spec.model!r} than the machine that"
                    " sends the texts. Install the same model on all nodes."
                )
            self._encode = ShardEncoder(self._spec, self._saes)
        return self._encode


class _Far:
    """An actor as the driver sees it (`team.Actor`)."""

    def __init__(self, actor: Any, dtype: str) -> None:
        self.portion: Portion = cast(Any, None)  # until it takes one
        self.work: Any = None
        """Reference to what it will return."""
        self._actor, self._dtype = actor, dtype
        self._n_encoded: int | None = None
        self._asked: Any = None
        """Reference to an answer of `so_far` that is on its way."""

    def take(self, portion: Portion) -> None:
        self.portion, self.work, self._asked = portion, self._actor.encode.remote(portion, self._dtype), None
        self._n_encoded = None if self._n_encoded is None else 0

    def ended(self) -> int:
        try:
            return ray.get(self.work)
        except ray.exceptions.RayTaskError as error:
            raise _cause(error) from error
        except ray.exceptions.RayError as error:
            raise ActorLost(_line(error)) from error

    def so_far(self) -> int | None:
        if self._asked is None:
            self._asked = self._actor.so_far.remote()
        elif _is_ready(self._asked):
            with suppress(ray.exceptions.RayError):  # a lost actor is heard of by its work
                self._n_encoded = ray.get(self._asked)
            self._asked = None
        return self._n_encoded

    def end(self) -> None:
        with suppress(ray.exceptions.RayError):
            ray.kill(self._actor)


class ClusterWorkers:
    """The actors of a Ray cluster, as `Workers`."""

    def __init__(self, engine: EngineSpec, spec: EncodeSpec, saes: list[SparseAutoencoder]) -> None:
        self._engine, self._spec = engine, spec
        asked = engine.gpus_per_actor
        gpus = gpus_by_default(spec.device, _nodes()) if asked is None else asked
        self._share = share_of([], actors=engine.actors, gpus=gpus)
        self._actor_of = (spec, ray.put([saes.pop(0) for _ in range(len(saes))]), model_hash(spec.model))
        self.wanted()

    def choose(self, probe: Shard) -> Decided:
        if self._spec.dtype != "auto":
            return Decided(self._spec.dtype, "asked for")
        for _ in range(MOST_LOSSES):
            actor = self._new()
            try:
                return Decided(*ray.get(actor.choose.remote(probe)))
            except ray.exceptions.RayTaskError as error:
                raise _cause(error) from error
            except ray.exceptions.RayActorError as error:
                logger.warning("An actor was lost while it measured: %s", _line(error))
            finally:
                ray.kill(actor)
        raise FacError(
            "No actor lives long enough to measure the dtype. Give each more memory, or name it with --dtype."
        )

    def encode(self, planned: Iterator[Portion], dtype: str, n_samples: int, on_progress: Progress) -> list[Portion]:
        team = Team(self, planned, dtype, n_samples)
        told = float("-inf")
        try:
            while team.goes_on():
                if time.monotonic() - told >= LOOK_EVERY:  # it asks every actor
                    on_progress(*team.how_far())
                    told = time.monotonic()
        finally:
            team.dismiss()
        on_progress(*team.how_far())
        return team.portions

    def start(self, dtype: str) -> _Far:
        return _Far(self._new(), dtype)

    def wait(self, actors: Sequence[Any], seconds: float) -> list[Any]:
        by_work = {actor.work: actor for actor in actors}
        ray.wait(list(by_work), timeout=seconds)
        ready, _ = ray.wait(list(by_work), num_returns=len(by_work), timeout=0)
        return [by_work[work] for work in ready]

    def wanted(self) -> int:
        nodes = _nodes()
        self._share = share_of(nodes, actors=self._engine.actors, gpus=self._share.gpus)
        return self._engine.actors or self._share.held_by(nodes)

    def room(self) -> str:
        return f"{self._share.gpus:g} GPU" if self._share.gpus else f"{self._share.cores} free CPU"

    def _new(self) -> Any:
        share = self._share
        kind = ray.remote(_Actor).options(num_cpus=share.cores, num_gpus=share.gpus, max_concurrency=2)
        return kind.remote(*self._actor_of, None if share.gpus else share.cores)


def _nodes() -> list[dict[str, float]]:
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _is_ready(reference: Any) -> bool:
    return bool(ray.wait([reference], timeout=0)[0])


def _cause(error: Any) -> Exception:
    """What was raised on the node, where it is one of ours; or the error with the node's traceback."""
    return error.cause if isinstance(error.cause, FacError) else error


def _line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
