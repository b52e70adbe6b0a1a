"""The verb that reads a text of your own: which features fire on it, and where. A model runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fac_core.evidence.examples import check_feature
from fac_core.store.workspace import Where, Workspace

if TYPE_CHECKING:
    from fac_core.activations.reopen import Fired


@dataclass(frozen=True)
class Probe:
    """What a text fires."""

    text: str
    run_id: str
    """The run whose model and SAE read it."""
    n_tokens: int
    truncated: bool
    n_fired: int
    """Features that fire at all."""
    feature: Fired | None
    """The feature that was asked for."""
    top: tuple[Fired, ...]
    """The strongest features, strongest first."""


def _loaded(_key: Hashable, load: Callable[[], Any]) -> Any:
    """Load anew at each call."""
    return load()


def probe(
    text: str,
    feature_id: int | None = None,
    run: str | None = None,
    *,
    workspace: Where = None,
    n: int = 10,
    warm: Callable[[Hashable, Callable[[], Any]], Any] = _loaded,
) -> Probe:
    """Read a text with the model and SAE of the anchor, or of another run.

    Args:
        warm: `(key, load)` gives what it has kept under the key, or loads it: who reads many texts keeps the model.

    Raises `BadInput` for an empty text, `NotFound` for a feature that there is not, `ModelMismatch` if the weights at
    hand are not those of the run.
    """
    from fac_core.activations.reopen import read_text, reopen  # torch: only where a model runs

    opened = Workspace.at(workspace).opened(run)
    info = opened.info
    if feature_id is not None:
        check_feature(opened, feature_id)
    key = ("reader", info.space_id, info.context, info.dtype)
    reading = read_text(warm(key, lambda: reopen(info)), text)
    asked = None if feature_id is None else reading.of(feature_id)
    fired = reading.fired
    return Probe(text, info.run_id, reading.n_tokens, reading.truncated, len(fired), asked, fired[:n])
