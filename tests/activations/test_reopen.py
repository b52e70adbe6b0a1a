"""What made a run can be made again, and nothing else passes for it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fac_core.activations.pipeline import encode
from fac_core.activations.reopen import reopen
from fac_core.activations.spec import EncodeSpec
from fac_core.errors import ModelMismatch
from fac_core.store.workspace import Workspace
from tests import tiny


@pytest.mark.parametrize(
    ("architecture", "mode", "k"),
    [("topk", "native", None), ("jumprelu", "native", None), ("topk", "topk", 3), ("topk", "dense", None)],
)
def test_the_encoder_of_a_run_reads_as_the_run_was_read(tmp_path, model_of, sae_of, architecture, mode, k):
    data = tmp_path / "d.jsonl"
    data.write_text("\n".join(json.dumps({"text": text}) for text in tiny.TEXTS), encoding="utf-8")
    spec = EncodeSpec(
        model=str(model_of("llama")), sae=str(sae_of(architecture)), mode=mode, k=k, context=32, dtype="float32"
    )
    info = encode(data, Workspace.create(tmp_path / "w"), spec)
    reader = reopen(info)
    assert reader.encoder.sae.mode == info.activation_mode
    assert (reader.tokenizer.context, reader.tokenizer.roles) == (32, frozenset({"user", "assistant"}))
    with pytest.raises(ModelMismatch, match="differ"):
        reopen(replace(info, sae_hash="another"))
