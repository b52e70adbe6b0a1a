"""What users of other tools reported of models' folders, made anew in small: read rightly, or refused in one sentence.

`before` is what became of it here: `right`, `wrong` (something else was read, unsaid), `failed` (advice that does not help)
or `error` (a traceback).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    CLIPVisionConfig,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

from fac_core.errors import BadInput, FacError, NotFound
from fac_core.generators.local import LocalGenerator
from fac_core.models.perplexity import Perplexity
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from fac_core.models.whole_model import whole_model

WEIGHTS = "model.safetensors"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 269060552\n"
Change = Callable[[Path], object]


def written(name: str, content: str | bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def weights(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Change:
    return lambda folder: save_file(change(load_file(folder / WEIGHTS)), folder / WEIGHTS, {"format": "pt"})


def config(**more: Any) -> Change:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **more}))

    return change


def parts(gone: str) -> Change:
    """The weights in two files and an index, of which one is gone."""

    def change(folder: Path) -> None:
        AutoModelForCausalLM.from_pretrained(folder).save_pretrained(folder, max_shard_size="60KB")
        (folder / WEIGHTS).unlink(missing_ok=True)
        next(folder.glob(gone)).unlink()

    return change


def adapter_alone(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / WEIGHTS).rename(folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "ann/base"}')


@dataclass(frozen=True)
class Reported:
    """What became of a model's folder."""

    source: str
    """The thread, as repository and number; `ours` for a cousin that we thought of."""
    kind: str
    before: str
    change: Change
    says: str
    """Of the error, a pattern."""


GET = "damaged or incomplete: get them again"
TABLE = [
    Reported("transformers#27923", "pointer", "error", written(WEIGHTS, POINTER), f"{WEIGHTS} is not the file itself.*git lfs pull"),
    Reported("exllama#242", "pointer", "failed", written("tokenizer.json", POINTER), "tokenizer.json is not the file itself.*git lfs pull"),
    Reported("ComfyUI#6744", "cut", "error", lambda f: written(WEIGHTS, (f / WEIGHTS).read_bytes()[:-500])(f), GET),
    Reported("ours", "cut", "error", written(WEIGHTS, ""), GET),
    Reported("sglang#32279", "part", "error", parts("model-00002-of*"), GET),
    Reported("Ke-Omni-R#4", "part", "error", parts("*index.json"), GET),
    Reported("llama-models#159", "part", "error", lambda f: (f / WEIGHTS).unlink(), "no file named"),
    Reported("transformers#25205", "names", "wrong", weights(lambda w: {f"_orig_mod.{k}": v for k, v in w.items()}), "lacks weights.*and 18 more.*random"),
    Reported("peft#523", "adapter", "failed", adapter_alone, "is an adapter for ann/base, not a model.*merge_and_unload"),
    Reported("Image-Generation-CoT#19", "names", "wrong", weights(lambda w: {k: v for k, v in w.items() if "layers.0.self_attn.k" not in k}), "lacks weights.*layers.0.self_attn.k_proj.weight"),
    Reported("ours", "names", "error", weights(lambda w: {k: v[:3] if "up_proj" in k else v for k, v in w.items()}), "other shapes than its config.json"),
    Reported("ours", "package", "error", config(quantization_config={"quant_method": "gptq", "bits": 4}), "not quantised"),
    Reported("ours", "package", "error", config(quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True}), "not quantised"),
    Reported("ours", "settings", "error", written("config.json", "[]"), "No usable model.*Give a local folder"),
    Reported("ours", "settings", "error", config(num_hidden_layers="4"), "num_hidden_layers"),
]  # fmt: skip


@pytest.mark.parametrize("one", TABLE, ids=lambda one: f"{one.source}-{one.kind}-{one.before}")
def test_a_folder_that_holds_no_whole_model_is_refused_in_a_sentence(one: Reported, model_of, tmp_path: Path) -> None:
    folder = shutil.copytree(model_of("llama"), tmp_path / "m")
    one.change(folder)
    with pytest.raises((BadInput, NotFound), match=one.says):
        load_tokenizer(str(folder)), TruncatedModel(str(folder), 2)


@pytest.mark.parametrize("load", [whole_model, Perplexity, LocalGenerator])
def test_no_other_way_to_load_one_takes_random_numbers_for_weights(load: Any, model_of, tmp_path: Path) -> None:
    folder = shutil.copytree(model_of("llama"), tmp_path / "m")
    weights(lambda w: {k: v for k, v in w.items() if "layers.3" not in k})(folder)
    TruncatedModel(str(folder), 3)  # which nobody misses the fourth block of
    with pytest.raises(FacError, match="lacks weights"):
        load(str(folder))


_TEXT = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8}  # fmt: skip
_EYES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}  # fmt: skip


@pytest.mark.parametrize("family", ["gemma3", "llava"])
def test_of_a_model_that_sees_the_language_model_is_read_with_its_own_weights(family, model_of, tmp_path) -> None:
    """Ours; before, wrong: it has other names for its weights, and random numbers were read in their place."""
    tokenizer = load_tokenizer(str(model_of(family if family == "gemma3" else "llama")))
    text = {**_TEXT, "vocab_size": len(tokenizer)}
    torch.manual_seed(0)
    model = (
        Gemma3ForConditionalGeneration(Gemma3Config(text_config=text, vision_config=_EYES, mm_tokens_per_image=4))
        if family == "gemma3"
        else LlavaForConditionalGeneration(
            LlavaConfig(text_config={"model_type": "llama", **text}, vision_config=CLIPVisionConfig(**_EYES))
        )
    ).eval()
    model.save_pretrained(tmp_path)
    ids = torch.tensor([[1, 5, 9, 14, 7]])
    with torch.inference_mode():
        expected = model(input_ids=ids, output_hidden_states=True).hidden_states[2]
    torch.testing.assert_close(TruncatedModel(str(tmp_path), 2).residual(ids), expected, rtol=1e-3, atol=1e-4)


def test_a_folder_of_a_model_may_hold_its_weights_in_parts(model_of, tmp_path: Path) -> None:
    AutoModelForCausalLM.from_pretrained(model_of("llama")).save_pretrained(tmp_path, max_shard_size="60KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    ids = torch.tensor([[1, 5, 9]])
    assert torch.equal(
        TruncatedModel(str(tmp_path), 2).residual(ids), TruncatedModel(str(model_of("llama")), 2).residual(ids)
    )
