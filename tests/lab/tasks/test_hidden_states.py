"""States are means over content tokens, computed once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fac_core.lab.tasks.hidden_states import Passage, States
from fac_core.models.truncated import TruncatedModel
from tests.tiny import TEXTS


def states(model_of, tmp_path) -> States:
    return States(str(model_of("llama")), 2, tmp_path, context=64)


def test_a_state_is_the_mean_of_the_residual_stream_over_the_text(model_of, tmp_path):
    made = states(model_of, tmp_path)
    found = made.of([Passage(TEXTS[0])])[0]
    tokenizer_ids = made_tokens(str(model_of("llama")), TEXTS[0])
    h = TruncatedModel(str(model_of("llama")), 2).residual(torch.tensor([tokenizer_ids]))[0, 1:]
    assert found == pytest.approx(h.mean(dim=0).numpy(), abs=0.02)


def made_tokens(model: str, text: str) -> list[int]:
    from fac_core.models.tokens import start_token
    from fac_core.models.truncated import load_tokenizer

    tokenizer = load_tokenizer(model)
    return [*start_token(tokenizer), *tokenizer(text, add_special_tokens=False)["input_ids"]]


def test_states_do_not_depend_on_what_else_is_asked_and_come_in_the_order_asked(model_of, tmp_path):
    alone = [states(model_of, tmp_path / "a").of([Passage(t)])[0] for t in TEXTS]
    together = states(model_of, tmp_path / "b").of([Passage(t) for t in TEXTS])
    assert np.stack(alone) == pytest.approx(together, abs=0.02)


def test_a_text_that_is_known_runs_no_model(model_of, tmp_path, monkeypatch):
    first = states(model_of, tmp_path).of([Passage(t) for t in TEXTS])
    monkeypatch.setattr("fac_core.lab.tasks.hidden_states.TruncatedModel", None)  # calling it would fail
    again = states(model_of, tmp_path).of([Passage(t) for t in reversed(TEXTS)])
    assert np.array_equal(first, again[::-1])


def test_the_end_of_a_text_has_another_state_than_the_whole(model_of, tmp_path):
    whole, end = states(model_of, tmp_path).of([Passage(TEXTS[5]), Passage(TEXTS[5], 40)])
    assert not np.allclose(whole, end, atol=0.02)


def test_another_block_is_another_cache(model_of, tmp_path):
    model = str(model_of("llama"))
    one, two = (States(model, block, tmp_path, context=64).of([Passage(TEXTS[0])]) for block in (1, 2))
    assert not np.allclose(one, two)
