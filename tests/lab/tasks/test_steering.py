"""A vector that tells the matching answers apart moves the answers; the letter by itself does not count."""

from __future__ import annotations

import pytest
import torch

from fac_core.errors import BadInput, WrongUse
from fac_core.lab.tasks.steering import Item, Steerable, parse_item, steer

RECORD = {"question": "Are you happy?\n\nChoices:\n (A) Yes\n (B) No", "answer_matching_behavior": " (B)"}
ITEMS = [Item(f"Question {i}?\n\nChoices:", "She laughed", "Sum 3 and 4") for i in range(4)]


def test_an_item_has_its_matching_option_first_and_is_asked_in_both_orders():
    item = parse_item(RECORD)
    assert (item.matching, item.other) == ("No", "Yes")
    assert item.asked(True).endswith("(A) No\n (B) Yes")
    assert item.asked(False).endswith("(A) Yes\n (B) No")


@pytest.mark.parametrize(
    "wrong",
    [
        {"question": "No options?"},
        {**RECORD, "answer_matching_behavior": "(C)"},
        {**RECORD, "question": RECORD["question"] + "\n (C) Maybe"},
        {**RECORD, "answer_matching_behavior": ""},
    ],
)
def test_a_record_with_other_options_is_refused(wrong):
    with pytest.raises(BadInput, match="Not an item"):
        parse_item(wrong)


def test_pushing_along_the_vector_and_against_it_moves_the_preference_in_opposite_directions(model_of):
    model = Steerable(str(model_of("llama")), 2)
    push = model.vector(ITEMS[:2])
    plain, along, against = (
        sum(model.preference(ITEMS[3], order, p) for order in (True, False)) for p in (None, push, -push)
    )
    assert (along - plain) * (against - plain) < 0


def test_the_vector_has_the_length_asked_for_and_turns_with_the_items(model_of):
    half, whole = (Steerable(str(model_of("llama")), 2, share=s).vector(ITEMS[:2]) for s in (0.5, 1.0))
    assert torch.allclose(2 * half, whole, rtol=1e-4)
    turned = [Item(i.ask, i.other, i.matching) for i in ITEMS[:2]]
    opposite = Steerable(str(model_of("llama")), 2, share=1.0).vector(turned)
    assert torch.allclose(whole, -opposite, rtol=1e-3, atol=1e-4)


def test_scr_is_robust_accuracy_at_1_minus_that_at_minus_1(model_of):
    found = steer(Steerable(str(model_of("llama")), 2), ITEMS[:2], ITEMS[2:])
    assert found.evaluation.mean == pytest.approx(found.robust[1.0] - found.robust[-1.0])
    assert set(found.robust) == set(found.balanced) == {-1.0, 0.0, 1.0}
    assert all(found.balanced[m] >= found.robust[m] for m in found.robust)
    assert 0 <= found.prefers_a <= 1


def test_without_items_or_a_block_that_is_there_nothing_is_steered(model_of):
    with pytest.raises(WrongUse, match="has 4 blocks"):
        Steerable(str(model_of("llama")), 5)
    with pytest.raises(WrongUse, match="at least one item"):
        Steerable(str(model_of("llama")), 2).vector([])


def test_a_model_without_a_chat_template_is_asked_in_plain_text(model_of):
    model = Steerable(str(model_of("llama")), 2)
    with_template = model._prompt(ITEMS[0], True)
    model.tokenizer.chat_template = None
    plain = model.tokenizer.decode(model._prompt(ITEMS[0], True))
    assert plain.endswith("Answer: (")
    assert model._prompt(ITEMS[0], True) != with_template
