"""Seeds that lack a topic: texts of it help there, and a test that knows the topic says so."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from fac_core.cli.app import run as fac
from fac_core.errors import WrongUse
from fac_core.lab.sets.pool import split
from fac_core.lab.sets.seeds import Seed
from fac_core.lab.study import mending as study
from fac_core.lab.study.mending import ARMS, NOTHING, ORACLE, RANDOM, THEMES, Mended, of_cut
from fac_core.lab.study.mending_learners import Learner, Losses, by_next_token
from fac_core.lab.study.study_files import StudyConfig
from fac_core.lab.tasks.lora import LoraConfig
from fac_core.store.workspace import Workspace
from tests import tiny
from tests.lab.pools import labelled_pool

N_SEED, N_ADDED = (30, 70), (15, 35)


@pytest.fixture(scope="module")
def found() -> dict[str, Mended]:
    """In the pool of code each topic has its own way of being positive."""
    pool = labelled_pool(3000)
    return {one.arm: one for one in of_cut(pool, split(pool, 0), N_SEED, N_ADDED, 3)}


def test_texts_of_the_hole_help_there_more_than_random_ones_and_themes_find_them(found):
    assert list(found) == [NOTHING, *ARMS]
    (nothing,), (random,), (themes,), (oracle,) = (found[arm].in_hole for arm in (NOTHING, RANDOM, THEMES, ORACLE))
    assert oracle < random < nothing
    assert themes < random
    assert found[THEMES].of_hole > 2 * found[RANDOM].of_hole
    assert found[ORACLE].of_hole > 0.9


def test_tokens_are_equal_and_a_seed_alone_adds_none(found):
    assert found[NOTHING].n_tokens == found[NOTHING].of_hole == 0
    spent = [found[arm].n_tokens for arm in ARMS]
    assert max(spent) - min(spent) < 40  # what the last text of each label would have been too much


def test_a_difference_that_shuffled_labels_have_too_was_not_learned():
    one, other = (
        Mended("a", there, (0.5, 0.5), noise, 0.0, 0.0)
        for there, noise in (((0.3, 0.4), (0.6, 0.7)), ((0.5, 0.6), (0.7, 0.8)))
    )
    assert one.minus(other)[0] == pytest.approx(-0.2)
    assert (one.learned_beyond(other) or (0,))[0] == pytest.approx(-0.1)
    assert one.minus(other, "elsewhere") == (0.0, 0.0, 0.0)


def test_a_language_model_learns_the_words_of_the_hole_from_texts_of_it_and_reads_no_label(model_of):
    tuned = LoraConfig(
        str(model_of("llama")), rank=8, alpha=16, epochs=20, learning_rate=1e-2, batch_size=8, context=24
    )
    pool, hole = labelled_pool(60), np.arange(20)
    pool = replace(pool, texts=tuple(tiny.TEXTS[0] if row in hole else tiny.TEXTS[1] for row in range(60)))
    seed, test = Seed(np.arange(20, 28), hole), np.array([0, 1, 58, 59])
    of_hole, others = (by_next_token(pool, seed, rows, test, 0, tuned) for rows in (hole[2:10], np.arange(30, 38)))
    assert of_hole.in_hole < others.in_hole / 2
    assert others.elsewhere < of_hole.elsewhere
    assert of_hole.in_hole_shuffled is None


def test_a_budget_counts_the_tokens_that_the_learner_reads():
    read: list[np.ndarray] = []
    blind = Learner(lambda *given: read.append(given[2]) or Losses(0.5, 0.5), longest=10)
    pool = labelled_pool(600)
    nothing, random = of_cut(pool, split(pool, 0), (15, 35), (8, 16), 1, blind, [RANDOM])
    assert random.n_tokens == np.minimum(pool.n_tokens, 10)[read[1]].sum() <= 24 * 10
    assert random.learned_beyond(nothing) is None


def test_the_command_tells_of_each_arm_and_draws_them(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(study, "pool_of", lambda *_, **__: labelled_pool(3000))
    config = tmp_path / "one.toml"
    config.write_text('name = "one"\ntask = "toxicity"\nrun = "r"\nn_positive = 16\nn_negative = 32\n')
    Workspace.create(tmp_path / "w")
    command = ["lab", "mending", str(config), "--workspace", str(tmp_path / "w"), "--cuts", "2", "--draws", "1"]
    command += ["--seed", "30,70", "--add", "15,35", "--figure", str(tmp_path / "f.svg")]
    assert fac([*command, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [one["arm"] for one in said["one"]] == [NOTHING, *ARMS]
    assert np.shape([one["in_hole"] for one in said["one"]]) == (len(ARMS) + 1, 2)
    assert (tmp_path / "f.svg").read_text(encoding="utf-8").count("<title>") == 2 * (len(ARMS) - 1)
    assert fac(command) == 0
    assert "of the hole" in capsys.readouterr().out


def test_pairs_and_single_cuts_are_refused():
    pairs = StudyConfig(name="p", task="reward", run="a", rejected="b")
    with pytest.raises(WrongUse, match="two classes"):
        study.mending(pairs, None, cuts=[0, 1])  # type: ignore[arg-type]
    with pytest.raises(WrongUse, match="two or more"):
        study.mending(StudyConfig(name="d", task="toxicity", run="r"), None, cuts=[0])  # type: ignore[arg-type]
    with pytest.raises(WrongUse, match="no arm 'themse'; there are random real; themes"):
        study.mending(StudyConfig(name="d", task="toxicity", run="r"), None, cuts=[0, 1], arms=["themse"])  # type: ignore[arg-type]
