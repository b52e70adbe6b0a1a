"""The encoder equals the slow oracle for every family and architecture, and knows nothing of its batch."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import torch

from fac_core.activations import pooling
from fac_core.activations.encoder import Encoded, Encoder
from fac_core.activations.sae import load_sae
from fac_core.errors import ModelMismatch
from fac_core.models.tokens import SampleTokenizer, Tokens
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from tests import oracle_encoder, tiny


def tokenise(model: object, texts: list[str] = tiny.TEXTS, context: int = 64) -> list[Tokens]:
    return SampleTokenizer(load_tokenizer(str(model)), context=context)(texts, [None] * len(texts))


def encoder(model: object, sae: object, mode: str = "native", **options: int) -> Encoder:
    loaded = load_sae(str(sae)).in_mode(mode)  # type: ignore[arg-type]
    return Encoder(TruncatedModel(str(model), loaded.n_blocks), loaded, **options)


def encode(enc: Encoder, tokens: list[Tokens]) -> Encoded:
    return enc(np.arange(len(tokens), dtype=np.uint32), tokens)


def dense(table: pa.Table, n_samples: int) -> np.ndarray:
    """`[samples, d_sae]` from the long table."""
    g = np.zeros((n_samples, tiny.D_SAE), dtype=np.float32)
    g[table["sample_id"].to_numpy(), table["feature_id"].to_numpy()] = table["activation"].to_numpy()
    return g


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
@pytest.mark.parametrize("family", ["llama", "gpt_neox"])
def test_every_sae_architecture_equals_sae_lens(model_of, sae_of, family, architecture):
    model, sae = model_of(family), sae_of(architecture)
    tokens = tokenise(model)
    got = dense(encode(encoder(model, sae), tokens).activations, len(tokens))
    expected = oracle_encoder.pooled(model, sae, 2, tokens)
    assert (expected > 0).any()
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
    assert ((got > 0) == (expected > 0)).all()


@pytest.mark.parametrize("columns", [5, 16, 63])
@pytest.mark.parametrize("architecture", ["topk", "jumprelu"])
def test_latents_are_read_by_blocks_and_tokens_never_meet_all_of_them(
    model_of, sae_of, monkeypatch, architecture, columns
):
    """Blocks narrower than k, blocks that do not divide the SAE: the oracle's numbers, and no `[tokens, d_sae]`."""
    widths: list[int] = []
    product = pooling.product

    def watched(*args, **more):
        multiplied = product(*args, **more)

        def seen(h):
            z = multiplied(h)
            widths.append(z.shape[-1])
            return z

        return seen

    monkeypatch.setattr(pooling, "product", watched)
    monkeypatch.setattr(pooling, "_TOP_K_COLUMNS", columns)
    monkeypatch.setattr(pooling, "_COLUMNS", columns)
    model, sae = model_of("llama"), sae_of(architecture)
    tokens = tokenise(model)
    encoded = encode(encoder(model, sae), tokens)
    np.testing.assert_allclose(
        dense(encoded.activations, len(tokens)), oracle_encoder.pooled(model, sae, 2, tokens), rtol=1e-4, atol=1e-4
    )
    assert max(widths) == columns
    monkeypatch.undo()
    whole = encode(encoder(model, sae), tokens)
    for name in ("activations", "examples"):
        by = [(column, "ascending") for column in ("feature_id", "sample_id", "token_index")]
        mine, theirs = (getattr(one, name).sort_by(by) for one in (encoded, whole))
        for column, _ in by:
            assert mine[column].equals(theirs[column])
        np.testing.assert_allclose(mine["activation"], theirs["activation"], rtol=1e-4, atol=1e-4)
    assert encoded.outside["n_samples"].equals(whole.outside["n_samples"])


@pytest.mark.parametrize("family", list(tiny.FAMILIES))
def test_every_model_family_equals_transformers(model_of, sae_of, family):
    model, sae = model_of(family), sae_of("topk", n_blocks=3)
    tokens = tokenise(model)
    got = dense(encode(encoder(model, sae), tokens).activations, len(tokens))
    np.testing.assert_allclose(got, oracle_encoder.pooled(model, sae, 3, tokens), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"normalize_activations": "layer_norm"}, id="layer_norm"),
        pytest.param({"normalize_activations": "constant_norm_rescale"}, id="constant_norm_rescale"),
        pytest.param({"apply_b_dec_to_input": False}, id="no-b_dec"),
        pytest.param({"apply_b_dec_to_input": True}, id="b_dec"),
    ],
)
@pytest.mark.parametrize("architecture", ["standard", "topk", "gated"])
def test_input_normalisation_and_b_dec_are_honoured(model_of, sae_of, architecture, options):
    model, sae = model_of("llama"), sae_of(architecture, **options)
    tokens = tokenise(model)
    got = dense(encode(encoder(model, sae), tokens).activations, len(tokens))
    np.testing.assert_allclose(got, oracle_encoder.pooled(model, sae, 2, tokens), rtol=1e-3, atol=1e-3)


def test_decoder_norm_rescaling_is_honoured(model_of, sae_of):
    model, sae = model_of("llama"), sae_of("topk", rescale_acts_by_decoder_norm=True)
    tokens = tokenise(model)
    got = dense(encode(encoder(model, sae), tokens).activations, len(tokens))
    np.testing.assert_allclose(got, oracle_encoder.pooled(model, sae, 2, tokens), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("mode", ["native", "dense"])
@pytest.mark.parametrize("architecture", ["jumprelu", "topk"])
def test_batch_size_order_and_padding_do_not_matter(model_of, sae_of, architecture, mode):
    model, sae = model_of("llama"), sae_of(architecture)
    tokens = tokenise(model)
    whole = dense(encode(encoder(model, sae, mode), tokens).activations, len(tokens))
    alone = dense(encode(encoder(model, sae, mode, batch_tokens=1), tokens).activations, len(tokens))
    backwards = dense(encode(encoder(model, sae, mode), tokens[::-1]).activations, len(tokens))[::-1]
    np.testing.assert_allclose(alone, whole, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(backwards, whole, rtol=1e-4, atol=1e-4)


def test_dense_mode_is_the_papers_code_path(model_of, sae_of):
    """Identical feature lists at several δ: ReLU((h - b_dec) W + b_enc), max over tokens, strictly above δ."""
    model, sae_folder = model_of("llama"), sae_of("topk")
    tokens = tokenise(model)
    got = dense(encode(encoder(model, sae_folder, "dense"), tokens).activations, len(tokens))
    from sae_lens import SAE

    sae = SAE.load_from_disk(sae_folder)
    lm = TruncatedModel(str(model), 2)
    for row, one in enumerate(tokens):
        h = lm.residual(torch.from_numpy(one.input_ids)[None])[0][torch.from_numpy(one.content)]
        for delta in (0.0, 0.5, 1.0, 2.0, 4.0):
            expected = oracle_encoder.paper(h, sae.W_enc, sae.b_enc, sae.b_dec, delta)
            assert np.flatnonzero(got[row] > delta).tolist() == expected


def test_the_papers_checkpoints_read_the_same(model_of, tmp_path):
    """A tied TopKSAE `.pth` gives the lists of the paper's code, layer taken from the file name (counted from 1)."""
    torch.manual_seed(3)
    W, b_enc, b_dec = torch.randn(tiny.D_MODEL, tiny.D_SAE), torch.randn(tiny.D_SAE), torch.randn(tiny.D_MODEL)
    path = tmp_path / "TopK7_l3_h64_epoch5.pth"
    torch.save({"W": W, "b_enc": b_enc, "b_dec": b_dec}, path)
    model = model_of("llama")
    tokens = tokenise(model)
    enc = encoder(model, path, "dense")
    got = dense(encode(enc, tokens).activations, len(tokens))
    assert enc.sae.hook_name == "blocks.2.hook_resid_post"
    lm = TruncatedModel(str(model), 3)
    for row, one in enumerate(tokens):
        h = lm.residual(torch.from_numpy(one.input_ids)[None])[0][torch.from_numpy(one.content)]
        assert np.flatnonzero(got[row] > 1.0).tolist() == oracle_encoder.paper(h, W, b_enc, b_dec, 1.0)


@pytest.mark.parametrize("architecture", ["topk", "jumprelu"])
def test_token_values_of_examples_peak_at_the_pooled_activation(model_of, sae_of, architecture):
    """Each proposed example's strongest token is the pooled activation, at the pooled position, on its characters."""
    model, sae = model_of("llama"), sae_of(architecture)
    tokens = tokenise(model)
    encoded = encode(encoder(model, sae), tokens)
    pooled = {(r["feature_id"], r["sample_id"]): r for r in encoded.activations.to_pylist()}
    shown: dict[tuple[int, int], list[dict]] = {}
    for r in encoded.examples.to_pylist():
        shown.setdefault((r["feature_id"], r["sample_id"]), []).append(r)
    assert set(shown) == set(pooled)  # fewer samples than proposals: all of them are shown
    for key, rows in shown.items():
        peak = max(rows, key=lambda r: (r["activation"], -r["token_index"]))
        assert peak["activation"] == pooled[key]["activation"]
        assert peak["token_index"] == pooled[key]["token_index"]
        assert 0 <= peak["char_start"] < peak["char_end"] <= len(tiny.TEXTS[key[1]])


def test_sinks_are_left_out_and_counted(model_of, sae_of, monkeypatch):
    model, sae = model_of("llama"), sae_of("topk")
    tokens = tokenise(model)
    enc = encoder(model, sae)
    plain = enc.model.residuals

    def with_a_sink(input_ids, after):
        (h,) = plain(input_ids, after)
        h = h.clone()
        h[:, 2] *= 1000
        return [h]

    monkeypatch.setattr(enc.model, "residuals", with_a_sink)
    encoded = encode(enc, tokens)
    long_enough = [len(t) > 2 for t in tokens]
    assert encoded.samples["sinks"].to_pylist() == [int(x) for x in long_enough]
    assert 2 not in encoded.activations["token_index"].to_pylist()


def test_bfloat16_stays_close(model_of, sae_of):
    model, sae = model_of("llama"), load_sae(str(sae_of("topk")))
    tokens = tokenise(model)
    half = Encoder(TruncatedModel(str(model), 2).computing_in(torch.bfloat16), sae)
    a = dense(encode(encoder(model, sae_of("topk")), tokens).activations, len(tokens))
    b = dense(encode(half, tokens).activations, len(tokens))
    assert ((a > 0) & (b > 0)).sum() / ((a > 0) | (b > 0)).sum() > 0.8
    assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.99


def test_only_the_blocks_up_to_the_hook_are_built_and_run(model_of):
    model = TruncatedModel(str(model_of("llama")), 2)
    ran: list[int] = []
    for i, block in enumerate(model.blocks):
        block.register_forward_hook(lambda *_, i=i: ran.append(i))
    model.residual(torch.zeros(1, 3, dtype=torch.long))
    assert ran == [0, 1]
    assert not any("lm_head" in name or "layers.2" in name for name, _ in model.module.named_parameters())


def test_a_sae_of_another_width_is_an_error_that_names_both(model_of, sae_of):
    with pytest.raises(ModelMismatch, match=r"reads 48 dimensions, but .*llama has 32"):
        encoder(model_of("llama"), sae_of("topk", d_in=48))


def test_a_sae_of_a_deeper_model_is_an_error_that_names_both(model_of, sae_of):
    with pytest.raises(ModelMismatch, match=r"block 9, but .*llama has 4 blocks"):
        encoder(model_of("llama"), sae_of("topk", n_blocks=9))
