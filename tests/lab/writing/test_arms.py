"""The study counts what each way of writing closes, at the same cost for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fac_core.generators.cache import Cached
from fac_core.lab.markdown import markdown
from fac_core.lab.writing.arms import ARMS, POOLED, as_table, cells, summary
from fac_core.store.answers import Answers
from fac_core.synthesis.proof.similarity import Known
from fac_core.synthesis.proof.verdict import Judge
from fac_core.workflows.synthesise import prepared
from tests.synthesis.loop import WORDS, Scripted
from tests.synthesis.test_pipeline import NEW

TOKENS = 4 * WORDS


def study(loop, generator, seeds=(0, 1), arms=tuple(ARMS)):
    spec = loop.spec(steps=("one step", "two steps", "steered", "guided"), n=2, m=2)
    found = prepared(spec, loop.place)
    high = [replace(target, delta=1e6) for target in found.targets]
    judge = Judge(loop.reader, Known(loop.real))
    targets = {"0": found.targets, "high": high}
    return list(cells(targets, spec, found.template, generator, judge, tokens=TOKENS, seeds=seeds, arms=arms))


def fresh():
    """Texts of twelve words, no two alike."""
    words, rng = sorted({word for text in NEW for word in text.split()}), np.random.default_rng(0)
    return Scripted(lambda request, _before: [" ".join(rng.choice(words, 12)) for _ in range(request.n)])


def test_every_arm_has_the_same_tokens_and_a_pooled_one_no_more(loop):
    found = [cell for cell, _ in study(loop, fresh())]
    assert len(found) == len(ARMS) * 2 * 2
    for cell in found:
        if cell.arm not in POOLED:
            assert cell.generated == pytest.approx(TOKENS * len(loop.targets), abs=2 * WORDS)
        assert cell.generated <= (TOKENS * len(loop.targets)) + 2 * WORDS
        assert cell.closed + len(cell.open) == cell.targets
        assert cell.closed == 0 or cell.delta == "0"


def test_only_the_arms_that_are_asked_for_are_run(loop):
    found = [(cell.arm, cell.delta) for cell, _ in study(loop, fresh(), seeds=(0,), arms=("guided",))]
    assert found == [("guided", "0"), ("guided", "high")]


def test_all_together_stops_paying_for_what_is_closed(loop):
    found = {(c.arm, c.delta, c.seed): c for c, _ in study(loop, fresh(), seeds=(0,))}
    adaptive, fixed = found["all together", "0", 0], found["one step", "0", 0]
    assert adaptive.generated < fixed.generated
    assert adaptive.per_thousand > fixed.per_thousand


def test_an_interrupted_study_asks_for_nothing_twice(loop, tmp_path):
    first, again, kept = fresh(), fresh(), Answers(tmp_path / "answers.sqlite")
    before = [cell for cell, _ in study(loop, Cached(first, kept, as_first_paid=True), seeds=(0,))]
    after = [cell for cell, _ in study(loop, Cached(again, kept, as_first_paid=True), seeds=(0,))]
    assert first.asked
    assert again.asked == []
    assert before == after


def test_the_interval_is_of_the_mean_over_seeds(loop):
    found = [cell for cell, _ in study(loop, fresh(), seeds=(0, 1))]
    one = next(cell for cell in found if (cell.arm, cell.delta) == ("one step", "0"))
    pair = [replace(one, targets=10, closed=closed, seed=seed) for seed, closed in enumerate((4, 6))]
    (row,) = summary(pair)
    assert row.closure == 0.5
    assert row.half_width == pytest.approx(12.706 * 0.1, rel=1e-3)  # t(0.975, 1 degree of freedom) x sd / sqrt(2)
    assert "| one step | 0 | 50.0% ± 127.1% |" in markdown(*as_table([row]))


def test_a_way_is_compared_with_one_step_of_the_same_seed(loop):
    one = next(cell for cell, _ in study(loop, fresh(), seeds=(0,)) if (cell.arm, cell.delta) == ("one step", "0"))
    closed = {"one step": (4, 5), "guided": (8, 15)}
    found = [
        replace(one, arm=arm, targets=20, closed=n, seed=s) for arm, both in closed.items() for s, n in enumerate(both)
    ]
    plain, guided = summary(found)
    assert (plain.times, plain.times_half_width) == (1.0, 0.0)
    assert guided.times == 2.5  # the mean of 8/4 and 15/5, not 23/9
    assert guided.times_half_width == pytest.approx(12.706 * 0.5, rel=1e-3)
    assert summary(found[2:])[0].times is None
