"""An adapted model learns what can be learned; the same seed gives the same result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fac_core.lab.tasks import reward, toxicity
from fac_core.lab.tasks.adapters import reward_margins, toxicity_margins
from fac_core.lab.tasks.lora import LoraConfig

GOOD = [f"She laughed, {w}" for w in ("and", "with", "her", "room", "the", "whole", "all", "a")]
BAD = [f"Sum 3 and 4, {w}" for w in ("and", "with", "her", "room", "the", "whole", "all", "a")]


@pytest.fixture
def config(model_of) -> LoraConfig:
    return LoraConfig(str(model_of("llama")), rank=4, alpha=8, epochs=12, learning_rate=5e-3, batch_size=4, context=32)


def test_lora_tells_two_kinds_of_text_apart(config):
    labels = np.arange(16) < 8
    found = toxicity_margins(GOOD + BAD, labels, GOOD[:4] + BAD[:4], config, seed=0)
    assert toxicity.score(found, np.arange(8) < 4) > 0.9
    again = toxicity_margins(GOOD + BAD, labels, GOOD[:4] + BAD[:4], config, seed=0)
    assert found.tolist() == again.tolist()


def test_lora_learns_which_answer_is_better(config):
    pairs = list(zip(GOOD, BAD, strict=True))
    assert reward.score(reward_margins(pairs, pairs, config, seed=0)) > 0.9
    turned = [(b, a) for a, b in pairs]
    assert reward.score(reward_margins(turned, pairs, config, seed=0)) < 0.1


def test_bfloat16_learns_the_same(config):
    labels = np.arange(16) < 8
    found = toxicity_margins(GOOD + BAD, labels, GOOD[:4] + BAD[:4], replace(config, dtype="bfloat16"), seed=0)
    assert toxicity.score(found, np.arange(8) < 4) > 0.9
