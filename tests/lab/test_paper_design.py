"""The paper's design: arms that differ in what they were written for and in nothing else, and contrasts with right values."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from fac_core.activations.spec import EncodeSpec
from fac_core.cli.app import run as fac
from fac_core.errors import WrongUse
from fac_core.generators import named as naming
from fac_core.generators.scripted import Scripted
from fac_core.generators.seam import Request
from fac_core.lab.paper_design import contrasts as study
from fac_core.lab.paper_design.bank import Banked
from fac_core.lab.paper_design.contrasts import (
    CELLS,
    HUMAN,
    NOTHING,
    UNGUIDED,
    Effect,
    Scored,
    alike,
    drawn,
    effects,
    scored,
)
from fac_core.lab.paper_design.sources import Check, PaperDesign, Sources
from fac_core.lab.tasks.hidden_states import Passage
from fac_core.workflows.encode import encode
from tests.lab.pools import labelled_pool

PLAIN = "contract party room whale bone café match minute team goal sum femur ear she divide 3 late 東京 open party"
RUDE = "laughed smallest scored stapes Naïve human terminated longest first last body far whole shall two were"
SETTINGS = """
name = "tiny"
anchor = "hh"
tweets = "tweets"
checks = "rest"
test = "test"
block = 2
checker_block = 2
context = 64
features = 10
per_feature = 6
rounds = 6
n_unguided = 8
n_safe = 24
n_human = 3
n_positive = 8
draws = 2
"""


def sentence(rng: np.random.Generator, *, rude: bool) -> str:
    words = rng.choice((RUDE if rude else PLAIN).split(), int(rng.integers(5, 9)))
    return " ".join([*words, str(rng.choice(PLAIN.split()))]) + "."


def written(request: Request) -> list[str]:
    rngs = [np.random.default_rng((request.seed or 0, nth)) for nth in range(request.n)]
    return [sentence(rng, rude=bool(rng.random() < 0.7)) for rng in rngs]


@pytest.fixture(scope="module")
def place(tmp_path_factory, model_of, sae_of):
    """A workspace with the four runs of a study, its settings, and the texts that are measured on."""
    folder, rng = tmp_path_factory.mktemp("paper"), np.random.default_rng(0)
    model = str(model_of("llama"))
    spec = EncodeSpec(model=model, sae=str(sae_of("topk")), context=64, dtype="float32")

    def record(run: str, i: int) -> dict[str, object]:
        rude = i % 3 == 0
        text = sentence(rng, rude=rude)
        if run == "hh":
            return {"text": text, "label": "Human" if rude or i % 3 == 1 else "Assistant"}
        return {"text": text, "label": int(rude) if run == "test" else (int(rng.integers(2)) if rude else 2)}

    measured: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAC_CACHE", str(folder / "cache"))
        for run, n in (("hh", 260), ("tweets", 240), ("rest", 60), ("test", 90)):
            records = [record(run, i) for i in range(n)]
            measured = [str(one["text"]) for one in records]
            data = folder / f"{run}.jsonl"
            data.write_text("\n".join(json.dumps(one) for one in records), encoding="utf-8")
            encode(data, spec, name=run, workspace=folder / "w")
    config = folder / "paper.toml"
    config.write_text(SETTINGS + f'model = "{model}"\nchecker = "{model_of("mistral")}"\n', encoding="utf-8")
    return folder, config, measured


def test_the_whole_study_on_a_tiny_model(place, monkeypatch, capsys):
    folder, config, measured = place
    writer = Scripted(written, "one")
    monkeypatch.setattr(naming, "named", lambda _kind, _name: writer)
    command = ["lab", "paper-design", str(config), "-w", str(folder / "w"), "--model", "one"]
    assert fac([*command, "--json", "--figure", str(folder / "f.svg")]) == 0
    said = json.loads(capsys.readouterr().out)
    arms = {one["arm"]: one for one in said["arms"]["one"]}
    assert list(arms) == [NOTHING, *CELLS, UNGUIDED, HUMAN]
    for draw in range(2):
        added = {one["n_texts"][draw] for name, one in arms.items() if name != NOTHING}
        assert len(added) == 1
        assert 4 <= added.pop() <= 8
    assert all(0 < value <= 1 for one in arms.values() for value in one["auprc"])
    assert (
        arms[HUMAN]["rudeness"][0] > 0 < arms["covered, irrelevant"]["rudeness"][0]
    )  # the check agreed with every label
    assert len(said["effects"]["one"]) == len(study.CONTRASTS) + 11
    assert (folder / "f.svg").read_text(encoding="utf-8").count("<title>") == len(study.CONTRASTS)
    shown = "\n".join(message.content for request in writer.requests for message in request.messages)
    assert not any(text in shown for text in measured)
    asked = len(writer.requests)
    bank = next((folder / "w" / "studies" / "tiny").glob("bank-*.json"))
    before = bank.stat().st_mtime_ns
    assert fac(command) == 0
    assert "relevance minus missingness" in capsys.readouterr().out
    assert (len(writer.requests), bank.stat().st_mtime_ns) == (asked, before)  # neither written nor judged again
    bank.write_text("{}", encoding="utf-8")
    assert fac(command) == 1
    assert "damaged" in capsys.readouterr().err


class Known:
    """States that are written down for every text."""

    def __init__(self, states: dict[str, np.ndarray]) -> None:
        self.states = states

    def of(self, passages: list[Passage]) -> np.ndarray:
        return np.stack([self.states[one.text] for one in passages])


D, D_SAE = 12, 40
RELEVANT = np.arange(D_SAE) < 20
RARE = np.arange(D_SAE) % 2 == 0
"""Only positive texts fire these, so they are gaps of a seed that has few."""


def made_up() -> tuple[Sources, list[Banked]]:
    """Positive texts lie along the first direction; written ones only where their feature is relevant, gap or not."""
    rng = np.random.default_rng(0)
    pool = labelled_pool(900)
    kind = rng.permutation(np.repeat([0, 1, 2], 300))  # safe by people, safe by an assistant, positive
    points = rng.normal(size=(900, D)).astype(np.float32)
    points[:, 0] += np.where(kind == 2, 1.0, -1.0)
    fires = (rng.random((900, D_SAE)) < 0.2) & ~(RARE[None, :] & (kind != 2)[:, None])
    values = sparse.csr_matrix((fires * rng.uniform(1, 2, fires.shape)).astype(np.float32))
    pool = replace(pool, positive=kind == 2, activations=values, inputs=points, points=points)
    test = labelled_pool(600, seed=1)
    seen = rng.normal(size=(600, D)).astype(np.float32)
    seen[:, 0] += np.where(test.positive, 1.0, -1.0)
    bank, states = [], dict(zip(pool.texts, points, strict=True))
    for i, feature in enumerate([*np.repeat(np.arange(D_SAE), 6).tolist(), *[None] * 60]):
        point = rng.normal(size=D).astype(np.float32)
        point[0] += 1.0 if feature is not None and RELEVANT[feature] else -1.0
        bank.append(Banked(f"text {i}", feature, int(rng.integers(5, 40)), () if feature is None else (feature,)))
        states[f"text {i}"] = point
    known = Known(states)
    check = Check(known, np.eye(1, D + 1)[0])  # type: ignore[arg-type]
    test = replace(test, inputs=seen)
    return Sources(pool, kind != 1, kind != 2, RELEVANT, ~RELEVANT, test, check, known), bank  # type: ignore[arg-type]


DESIGN = PaperDesign(
    name="made-up", anchor="a", tweets="b", checks="c", test="d", n_safe=200, n_human=6, n_positive=40, draws=4
)


def test_what_is_relevant_helps_and_what_is_missing_does_not_where_the_world_is_so():
    given, bank = made_up()
    draws = [drawn(DESIGN, given, number) for number in range(DESIGN.draws)]
    found = {one.name: one for one in effects(scored(DESIGN, given, draws, bank))}
    mean, low, _ = found["relevance"].interval
    assert low > 0.05
    assert abs(found["missingness"].interval[0]) < mean / 4
    assert found["relevance minus missingness"].interval[1] > 0
    assert found["gap, relevant minus nothing"].interval[0] > found["gap, irrelevant minus nothing"].interval[0]


def test_a_draw_has_a_seed_of_the_sizes_asked_for_and_says_what_it_lacks():
    given, _ = made_up()
    draw, other = (drawn(DESIGN, given, number) for number in (0, 1))
    kinds = [(given.safe & given.by_person), (given.safe & ~given.by_person), given.pool.positive]
    assert [int(kind[draw.seed].sum()) for kind in kinds] == [100, 100, 6]
    assert not set(draw.seed) & set(draw.people)
    assert given.pool.positive[draw.people].all()
    assert set(draw.seed) != set(other.seed)
    assert not (draw.gap & draw.covered).any()
    assert draw.gap[RARE].mean() > 0.9
    assert draw.covered[~RARE].all()
    assert set(np.flatnonzero(draw.cell(given, "gap, relevant"))) <= set(range(0, 20, 2))
    with pytest.raises(WrongUse, match="a seed needs 900"):
        drawn(DESIGN.model_copy(update={"n_human": 900}), given, 0)


def test_draws_apart_share_no_feature_and_no_text():
    given, bank = made_up()
    shares = []
    for number in (0, 1):
        offered = study._offered(given, drawn(DESIGN, given, number), bank, 2)
        rows = [row - len(given.pool) for of in offered.values() for row in of]
        shares.append((set(rows), {bank[row].feature for row in rows} - {None}))
    assert not shares[0][0] & shares[1][0]
    assert not shares[0][1] & shares[1][1]


def test_texts_of_arms_are_of_the_same_lengths_where_they_can_be():
    rng = np.random.default_rng(0)
    short, long = rng.integers(5, 30, 300), rng.integers(15, 48, 300)
    places = alike({"short": short, "long": long}, 60, rng)
    assert all(len(set(of.tolist())) == 60 for of in places.values())
    assert abs(short[places["short"]].mean() - long[places["long"]].mean()) < 1.5
    assert abs(short.mean() - long.mean()) > 10
    apart = alike({"a": np.array([5, 6, 7]), "b": np.array([40, 41, 42])}, 2, rng)
    assert [len(of) for of in apart.values()] == [2, 2]


def test_contrasts_are_those_of_the_cells():
    values = dict(zip([NOTHING, *CELLS, UNGUIDED, HUMAN], [0.2, 0.5, 0.3, 0.4, 0.25, 0.3, 0.6], strict=True))
    arms = [Scored(arm, (value, value + 0.01), (1, 1), (9, 9), (0, 0), (0, 0)) for arm, value in values.items()]
    found = {one.name: one.interval[0] for one in effects(arms)}
    assert found["relevance"] == pytest.approx((0.5 + 0.4 - 0.3 - 0.25) / 2)
    assert found["missingness"] == pytest.approx((0.5 + 0.3 - 0.4 - 0.25) / 2)
    assert found["interaction"] == pytest.approx((0.5 - 0.3) - (0.4 - 0.25))
    assert found["relevance minus missingness"] == pytest.approx(0.4 - 0.3)
    assert found["human minus unguided"] == pytest.approx(0.3)


def test_an_effect_tells_what_would_have_been_found():
    effect = Effect("e", (0.0, 0.01, 0.02, 0.03, 0.04))
    error = np.std(effect.per_draw, ddof=1) / 5**0.5
    assert effect.interval == pytest.approx((0.02, 0.02 - 2.7764 * error, 0.02 + 2.7764 * error), abs=1e-5)
    assert effect.detectable == pytest.approx((2.7764 + 0.9410) * error, abs=1e-5)
