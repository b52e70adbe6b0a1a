"""What users of other tools reported of SAEs: read as they were trained, or refused in a sentence that helps.

`before` is what became of it here: `right`, `wrong` (read as something else, unsaid) or `unsaid` (refused, with advice that
does not help).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from fac_core.activations.sae import load_sae
from fac_core.errors import BadInput
from tests import tiny

WEIGHTS = "sae_weights.safetensors"
OLD: dict[str, Any] = {
    "d_in": tiny.D_MODEL, "d_sae": tiny.D_SAE, "model_name": "gpt2-small", "hook_name": "blocks.1.hook_resid_post", "hook_layer": 1,
    "dtype": "torch.float32", "device": "cuda", "apply_b_dec_to_input": True, "prepend_bos": True, "sae_lens_training_version": "3.0.0",
}  # fmt: skip
"""As sae-lens 3 wrote it."""
Change = Callable[[Path], object]


def config(**more: Any) -> Change:
    def change(folder: Path) -> None:
        path = folder / "cfg.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **more}))

    return change


def old(**more: Any) -> Change:
    return lambda folder: (folder / "cfg.json").write_text(json.dumps({**OLD, **more}))


@dataclass(frozen=True)
class Reported:
    """What became of a SAE's folder."""

    source: str
    """The thread, as repository and number; `ours` for a cousin that we thought of."""
    kind: str
    before: str
    change: Change
    says: str = ""
    """Of the error, a pattern; empty where the SAE is read as it was."""
    architecture: str = "standard"


TABLE = [
    Reported("SAELens#168", "settings", "right", old(activation_fn="relu")),
    Reported("ours", "settings", "right", old(hook_point="blocks.1.hook_resid_post", activation_fn_str="relu")),
    Reported("SAELens#308", "activation", "right", old(activation_fn_str="topk", activation_fn_kwargs={"k": 5}), architecture="topk"),
    Reported("SAELens#553", "activation", "wrong", old(activation_fn_str="topk"), "says the activation 'topk', and not all of it", "topk"),
    Reported("ours", "activation", "wrong", old(activation_fn="tanh-relu"), "says the activation 'tanh-relu'"),
    Reported("SAELens#381", "scale", "wrong", config(normalize_activations="expected_average_only_in"), "had been scaled.*Take the SAE of its end"),
    Reported("ours", "scale", "wrong", config(normalize_activations="covariance_whitening"), "had been scaled"),
    Reported("SAELens#608", "threshold", "right", lambda f: save_file({**load_file(f / WEIGHTS), "threshold": torch.ones(tiny.D_SAE)}, f / WEIGHTS), "cannot be read as a SAE"),
    Reported("transformers#27923", "pointer", "unsaid", lambda f: (f / WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:a\n"), "git-lfs's pointer.*git lfs pull"),
    Reported("ComfyUI#6744", "cut", "right", lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-500]), "not fully covered.*Save it anew"),
]  # fmt: skip


@pytest.mark.parametrize("one", TABLE, ids=lambda one: f"{one.source}-{one.kind}-{one.before}")
def test_a_sae_is_read_as_it_was_trained_or_refused(one: Reported, tmp_path: Path) -> None:
    whole = load_sae(tiny.save_sae(tmp_path / "whole", one.architecture))
    folder = tiny.save_sae(tmp_path / "sae", one.architecture)
    one.change(folder)
    if one.says:
        with pytest.raises(BadInput, match=one.says):
            load_sae(folder)
    else:
        found = load_sae(folder)
        assert (found.architecture, found.hook_name) == (whole.architecture, whole.hook_name)
        assert torch.equal(found.W, whole.W)
