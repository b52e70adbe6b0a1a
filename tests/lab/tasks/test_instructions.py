"""Fine-tuning on answers lowers the loss on like ones, and a model learns to do what its answers do."""

from __future__ import annotations

import pytest

from fac_core.errors import WrongUse
from fac_core.lab.tasks.checks import Check
from fac_core.lab.tasks.instructions import follow
from fac_core.lab.tasks.lora import LoraConfig

PAIRS = [(f"Say it, {w}", "She laughed!") for w in ("and", "with", "her", "room", "the", "whole", "all", "a")]
OTHERS = [("Sum 3 and 4", "open late")]


def test_training_on_an_answer_lowers_its_loss_and_makes_the_model_give_it(model_of, capsys):
    config = LoraConfig(
        str(model_of("llama")), rank=8, alpha=16, epochs=25, learning_rate=1e-2, batch_size=4, context=64
    )
    laughs = Check("Say it, room", "laughs", lambda answer: "laughed" in answer)
    found = follow(PAIRS, PAIRS[:2], config, asked=[laughs], max_tokens=12, seed=0)
    unlike = follow(OTHERS, PAIRS[:2], config, asked=[laughs], max_tokens=12, seed=0)
    assert -found.score() < -unlike.score() / 2
    assert (found.demands_met, unlike.demands_met) == (1, 0)
    assert "laughed" in found.answers[0]
    assert capsys.readouterr().out == ""  # stdout is for one JSON document


def test_answers_and_losses_do_not_depend_on_what_shares_their_batch(model_of):
    config = LoraConfig(str(model_of("llama")), epochs=1, batch_size=4, context=64)
    asked = [Check(f"Say it{' again' * n}", "any", lambda _: True) for n in range(5)]
    every = follow(PAIRS, PAIRS, config, asked=asked, max_tokens=8, seed=0)
    last = follow(PAIRS, PAIRS[-1:], config, asked=asked[-1:], max_tokens=8, seed=0)
    assert last.answers[0] == every.answers[-1]
    assert last.score() == pytest.approx(every.score(slice(-1, None)), rel=1e-4)


def test_without_held_out_pairs_nothing_is_measured():
    with pytest.raises(WrongUse, match="held-out"):
        follow(PAIRS, [], seed=0)
