"""What to encode with, as one frozen value: the flags of `fac encode` and the form of the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args

from fac_core.errors import WrongUse
from fac_core.models.device import CHOICES, is_a_device
from fac_core.store.runs.info import RunInfo

Mode = Literal["native", "topk", "dense"]
Dtype = Literal["auto", "float32", "bfloat16"]
Role = Literal["user", "assistant", "system"]


@dataclass(frozen=True)
class EncodeSpec:
    """What to encode with. Every field has an effect on the activations."""

    model: str = "smollm2-135m"
    """`smollm2-135m`, `gemma3-270m`, a local folder, a `.gguf` file or a hub id, with `@revision` where it is not to be the newest."""
    sae: str = ""
    """A sae-lens folder, `release/sae_id`, a paper checkpoint, or `auto` for the advised one; empty means that of the workspace's anchor, or the one that ships for the model."""
    mode: Mode = "native"
    """Of the SAE: `native` is its own inference activation."""
    k: int | None = None
    """Of mode `topk`, where the SAE has none of its own."""
    hook: str | None = None
    """Where the SAE reads, needed only if it does not say so."""
    context: int = 512
    """Window in tokens; what is beyond is cut off and counted."""
    roles: tuple[Role, ...] = ("user", "assistant")
    """Whose messages of a chat are content."""
    dtype: Dtype = "auto"
    """`auto` probes; the run says what was chosen and why."""
    device: str = "auto"
    """Where the model runs: cuda, cuda:1, mps or cpu; `auto` is the first of cuda, mps and cpu that is there."""

    def __post_init__(self) -> None:
        for name, kind in (("mode", Mode), ("dtype", Dtype)):
            if getattr(self, name) not in get_args(kind):
                raise WrongUse(f"{name} is {getattr(self, name)!r}; choose one of {', '.join(get_args(kind))}.")
        if not is_a_device(self.device):
            raise WrongUse(f"device is {self.device!r}; choose one of {CHOICES}.")
        if not 8 <= self.context <= 65_535:
            raise WrongUse(f"context is {self.context}; give a window of 8 to 65,535 tokens.")
        if not self.roles or not set(self.roles) <= set(get_args(Role)):
            raise WrongUse(f"roles are {', '.join(self.roles) or 'none'}; choose from {', '.join(get_args(Role))}.")


def spec_of(info: RunInfo) -> EncodeSpec:
    """What a run was encoded with, to encode or read more texts in its feature space; what came from the hub at its commit."""
    mode, _, k = (info.activation_mode or "native").partition("-")
    mode = mode if mode in ("topk", "dense") else "native"  # otherwise it is the SAE's own architecture
    roles = [role for role in (info.roles or "").split(",") if role in get_args(Role)]  # early runs took any word
    return EncodeSpec(
        model=info.as_read.get("model", info.model),
        sae=info.as_read.get("sae", info.sae),
        mode=cast(Mode, mode),
        k=int(k) if mode == "topk" else None,
        hook=info.hook_name,
        context=info.context or 512,
        roles=cast(tuple[Role, ...], tuple(roles)) or EncodeSpec.roles,
        dtype=cast(Dtype, info.dtype or "float32"),
    )
