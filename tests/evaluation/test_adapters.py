"""An adapted model learns what can be learned; the same seed gives the same result."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.evaluation.adapters import reward_lora, toxicity_lora
from fac_core.evaluation.lora import LoraConfig

GOOD = [f"She laughed, {w}" for w in ("and", "with", "her", "room", "the", "whole", "all", "a")]
BAD = [f"Sum 3 and 4, {w}" for w in ("and", "with", "her", "room", "the", "whole", "all", "a")]


@pytest.fixture
def config(model_of) -> LoraConfig:
    return LoraConfig(str(model_of("llama")), rank=4, alpha=8, epochs=12, learning_rate=5e-3, batch_size=4, context=32)


def test_lora_tells_two_kinds_of_text_apart(config):
    labels = np.arange(16) < 8
    found = toxicity_lora(GOOD + BAD, labels, GOOD[:4] + BAD[:4], np.arange(8) < 4, config, seeds=[0])
    assert found.mean > 0.9
    again = toxicity_lora(GOOD + BAD, labels, GOOD[:4] + BAD[:4], np.arange(8) < 4, config, seeds=[0])
    assert found.per_seed == again.per_seed
    assert found.n_tokens > 16


def test_lora_learns_which_answer_is_better(config):
    pairs = list(zip(GOOD, BAD, strict=True))
    assert reward_lora(pairs, pairs, config, seeds=[0]).mean > 0.9
    turned = [(b, a) for a, b in pairs]
    assert reward_lora(turned, pairs, config, seeds=[0]).mean < 0.1
