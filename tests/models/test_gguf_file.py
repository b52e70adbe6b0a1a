"""A GGUF file as a model: the same as its folder, identified by its content; what cannot be read is said in one sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import gguf
import pytest
import torch
from safetensors.torch import load_file

from fac_core.activations.pipeline import encode
from fac_core.activations.space import model_hash
from fac_core.activations.spec import EncodeSpec
from fac_core.errors import BadInput, NotFound
from fac_core.models.location import model_path
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from fac_core.store.workspace import Workspace
from tests import tiny


@pytest.fixture(scope="module")
def file(tmp_path_factory, model_of) -> Path:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf", model_of("qwen2"))


def write_gguf(path: Path, model: Path) -> Path:
    """A tiny Qwen2 as llama.cpp would convert it, in float32."""
    config, tokenizer = (json.loads((model / name).read_text()) for name in ("config.json", "tokenizer.json"))
    vocabulary = tokenizer["model"]["vocab"]
    special = {token["id"] for token in tokenizer["added_tokens"]}
    writer = gguf.GGUFWriter(str(path), "qwen2")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_vocab_size(len(vocabulary))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(sorted(vocabulary, key=vocabulary.get))
    writer.add_token_types([3 if i in special else 1 for i in range(len(vocabulary))])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_eos_token_id(0)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, config["num_hidden_layers"])
    for name, tensor in load_file(model / "model.safetensors").items():
        writer.add_tensor(str(names.get_name(name, try_suffixes=(".weight", ".bias"))), tensor.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_it_reads_as_the_folder_that_it_was_made_from(file, model_of):
    ids = load_tokenizer(str(model_of("qwen2")))(tiny.TEXTS[0], return_tensors="pt").input_ids
    assert torch.equal(load_tokenizer(str(file))(tiny.TEXTS[0], return_tensors="pt").input_ids, ids)
    expected = TruncatedModel(str(model_of("qwen2")), 2).residual(ids)
    assert torch.allclose(TruncatedModel(str(file), 2).residual(ids), expected, atol=1e-5)


def test_a_run_of_it_goes_by_the_file_s_content(file, sae_of, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(tiny.TEXTS), encoding="utf-8")
    elsewhere = shutil.copy(file, tmp_path / "Another Name.GGUF")
    options = {"sae": str(sae_of("topk")), "context": 32, "dtype": "float32"}
    place = Workspace.create(tmp_path / "w")
    run = encode(texts, place, EncodeSpec(model=str(file), **options))
    assert run.n_samples == len(tiny.TEXTS)
    assert encode(texts, place, EncodeSpec(model=str(elsewhere), **options)).run_id == run.run_id
    assert model_hash(str(file)) == run.model_hash


def test_a_file_that_cannot_be_read_is_one_sentence(file, tmp_path):
    whole = file.read_bytes()
    (tmp_path / "text.gguf").write_text("no weights")
    (tmp_path / "cut.gguf").write_bytes(whole[: len(whole) // 2])
    other = gguf.GGUFWriter(str(tmp_path / "other.gguf"), "rwkv7")
    other.write_header_to_file()
    other.write_kv_data_to_file()
    other.close()
    with pytest.raises(BadInput, match="is no GGUF file: it does not begin with GGUF"):
        model_path(str(tmp_path / "text.gguf"))
    for name in ("cut", "other"):
        with pytest.raises(
            BadInput, match=f"transformers cannot read .*{name}.gguf .*unquantised model instead"
        ) as error:
            model_path(str(tmp_path / f"{name}.gguf"))
        assert "\n" not in str(error.value)
    with pytest.raises(NotFound, match=r"There is no file nowhere\.gguf"):
        model_path("nowhere.gguf")
