"""What is read of a text while it is written is what is read of it afterwards, and leads to it without being told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from fac_core.activations.sae import load_sae
from fac_core.generators.foresight import Eyes, Foresight, Wish
from fac_core.generators.seam import Boost
from fac_core.generators.steered import SteeredGenerator
from fac_core.models.truncated import TruncatedModel
from tests.generators.test_local import ASK, _exact  # noqa: F401 - a fixture for every test

BEGUN = ((1,), (1, 8, 30, 11))
WRITTEN = np.random.default_rng(0).integers(5, 60, size=(2, 6)).tolist()


def plainly(model, sae, tokens):
    """Activations `[tokens, d_sae]`, read in one piece."""
    h = sae.normalised(model.residual(torch.tensor([tokens]))[0])
    z = h @ sae.W + sae.b
    if sae.k is None:
        return sae.activated(z)
    return torch.where(z >= z.topk(sae.k, dim=1).values[:, -1:], z.relu(), 0.0)


@pytest.mark.parametrize("architecture", ["topk", "jumprelu"])
def test_rows_of_different_beginnings_are_read_as_each_alone(model_of, sae_of, architecture):
    sae = load_sae(sae_of(architecture))
    model = TruncatedModel(str(model_of("llama")), sae.n_blocks)
    alone = [plainly(model, sae, [*begun, *tokens]) for begun, tokens in zip(BEGUN, WRITTEN, strict=True)]
    features = [int(one[len(begun) :].sum(dim=0).argmax()) for begun, one in zip(BEGUN, alone, strict=True)]
    wishes = {i: Wish(f, 1e9, 0.0, begun) for i, (f, begun) in enumerate(zip(features, BEGUN, strict=True))}
    foresight = Foresight(Eyes(model, sae, torch.float32), wishes)
    for n in range(len(WRITTEN[0])):
        newest = torch.tensor([[(*begun, *tokens[:n])[-1]] for begun, tokens in zip(BEGUN, WRITTEN, strict=True)])
        following = torch.tensor([[tokens[n], 7] for tokens in WRITTEN])
        g = foresight._read(newest, following)
        for row, (begun, one, feature) in enumerate(zip(BEGUN, alone, features, strict=True)):
            at = len(begun) + n
            assert g[row, :2].tolist() == pytest.approx(one[at - 1 : at + 1, feature].tolist(), abs=1e-4)


def test_a_row_is_led_to_what_fires(model_of, sae_of):
    sae = load_sae(sae_of("topk"))
    folder = str(model_of("llama"))
    generator = SteeredGenerator(folder, sae)
    model = TruncatedModel(folder, sae.n_blocks)
    warm = replace(ASK, temperature=1.0, top_p=1.0, n=8, seed=5)

    def n_firing(gain, feature):
        boost = Boost((), 0.0, feature, 0.0, gain)
        texts = generator.generate([replace(warm, boost=boost)])[0].texts
        rows = [[1, *generator._tokens(text)] for text in texts]
        return sum(bool((plainly(model, sae, row)[1:, feature] > 0).any()) for row in rows)

    features = range(0, 64, 9)
    assert sum(n_firing(1e4, f) for f in features) > sum(n_firing(0.0, f) for f in features)


def test_words_that_were_given_are_not_the_rows_own(model_of, sae_of):
    sae = load_sae(sae_of("topk"))
    model = TruncatedModel(str(model_of("llama")), sae.n_blocks)
    feature = int(plainly(model, sae, list(BEGUN[1]))[-1].argmax())
    foresight = Foresight(Eyes(model, sae, torch.float32), {0: Wish(feature, 0.0, 5.0, BEGUN[1])})
    foresight.lean(np.array([0]), [[]], torch.zeros(1, 64))
    assert foresight.fired == set()
