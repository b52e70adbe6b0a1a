"""What a run says of itself: the one row of its table `run`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from fac_core.errors import RunBroken
from fac_core.store.runs.schema import SCHEMA_VERSION


def metadata_of(said: str | None) -> dict[str, Any]:
    """The column `samples.metadata` as a dict. Raises `RunBroken` for what is no JSON object: the run is not as we write it.

    >>> metadata_of('{"set": "law"}'), metadata_of(None)
    ({'set': 'law'}, {})
    """
    try:
        found = json.loads(said or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RunBroken(
            f"The run has a sample whose metadata is no JSON object: {(said or '')[:80]!r}. Encode it anew."
        )
    return found


_IS_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}").fullmatch
"""Whether an id can be part of a path, and leads nowhere else."""


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """The one row of table `run`."""

    run_id: str
    """Content hash of the dataset, the feature space and what else changes activations."""
    name: str
    """What people call it; the newest run of a name is meant."""
    dataset_id: str
    """Content hash of the dataset."""
    dataset_name: str
    source: str
    """File, folder or hub id that the dataset was read from."""
    space_id: str
    """Content hash of the feature space. Only runs of one space can be compared."""
    model: str
    model_hash: str | None = None
    n_blocks: int | None = None
    """Blocks of the model that were run."""
    hook_name: str | None = None
    """Where in the model the SAE reads."""
    sae: str
    sae_hash: str | None = None
    sae_architecture: str | None = None
    activation_mode: str | None = None
    """`native`, `topk` or `dense`."""
    d_model: int | None = None
    """Width of the model."""
    d_sae: int
    """Number of features."""
    dtype: str | None = None
    dtype_reason: str | None = None
    """Why this dtype was chosen."""
    tokenizer: str | None = None
    context: int | None = None
    """Window in tokens."""
    roles: str | None = None
    """Whose messages of a chat are content, separated by commas."""
    n_samples: int = 0
    """Encoded samples."""
    n_failures: int = 0
    """Samples that could not be encoded."""
    n_truncated: int = 0
    """Samples longer than the window."""
    n_tokens: int = 0
    """Content tokens."""
    n_sinks: int = 0
    """Attention-sink tokens, excluded from the content."""
    n_activations: int = 0
    """Rows of table `activations`."""
    seconds: float | None = None
    """Wall time of the encoding."""
    created_at: str
    """ISO 8601, UTC."""
    versions: str | None = None
    """JSON object: package to version."""
    schema_version: int = SCHEMA_VERSION
    in_part: bool | None = None
    """Whether only some samples of the source were to be read (`limit`, `take`); None for runs of earlier builds."""
    commits: str | None = None
    """JSON object: `model`, `sae` and `dataset` (of a mixture `dataset <set>`), of those that came from the hub, to their names at the commit that was read,
    `owner/name@<40 hex digits>`; None without any, and for runs of earlier builds."""

    @property
    def as_read(self) -> dict[str, str]:
        """The same as a dict: naming these reads the very same files again, whatever the hub has by then."""
        return json.loads(self.commits or "{}")

    def contradiction(self) -> str | None:
        """What cannot be so: a file from somebody else may say anything. None where there is nothing of the kind."""
        for name in ("run_id", "space_id"):  # which are names of files
            if not _IS_NAME(getattr(self, name)):
                return f"{name} is {getattr(self, name)[:80]!r}"
        if self.d_sae < 1:
            return f"it has {self.d_sae} features"
        for name in ("n_samples", "n_failures", "n_truncated", "n_tokens", "n_sinks", "n_activations"):
            if getattr(self, name) < 0:
                return f"{name} is {getattr(self, name)}"
        for name in ("commits", "versions"):
            try:
                is_object = isinstance(json.loads(getattr(self, name) or "{}"), dict)
            except (ValueError, RecursionError):
                is_object = False
            if not is_object:
                return f"{name} is no JSON object"
        return None
