"""Labels by a model: explained, verified and scored apart; whatever goes wrong, each feature says what came of it."""

from __future__ import annotations

import json

import pytest

from fac_core.errors import BadInput, WrongUse
from fac_core.generators.budget import Budget, Budgeted
from fac_core.generators.cache import Cached
from fac_core.generators.scripted import Scripted
from fac_core.generators.seam import Answer
from fac_core.naming.explanation import Prompts, expected, explain
from fac_core.naming.labels import Labels
from fac_core.naming.lexical import LexicalLabel
from fac_core.naming.prompts import prompt
from fac_core.naming.spans import materials
from fac_core.naming.trust import Trust
from fac_core.store.answers import Answers
from fac_core.store.events import EventLog
from tests.kitchen import COOKS, DEAD, RARE, SALT, kitchen_run

PROMPTS = Prompts.of()


@pytest.fixture
def found(tmp_path):
    with kitchen_run(tmp_path) as run:
        return materials(run, [SALT, RARE, DEAD])


def asked(request):
    """Which question it is: its system message says."""
    by_system = {p.system.strip(): p.name for p in (PROMPTS.explain, PROMPTS.verify, PROMPTS.detect)}
    return by_system[request.messages[0].content]


def knowing(**instead):
    """A model that knows: salt in cooking. `instead` gives other answers by question."""

    def script(request):
        name = asked(request)
        if name in instead:
            return instead[name]
        if name == "explain":
            return 'Of course! ```json\n{"label": "salt,  in\\ncooking"}```'
        if name == "verify":
            return '{"reason": "all of them", "verdict": "Yes"}'
        lines = request.messages[-1].content.split("\n\n")[1].split("\n")
        return json.dumps({"contain": [int(line.split(".")[0]) for line in lines if COOKS in line]})

    return Scripted(script, "model at place")


def test_a_model_that_knows_is_trusted(found):
    one = explain(knowing(), found, PROMPTS)[SALT]
    assert (one.outcome, one.text, one.verified, one.detail) == ("labelled", "salt, in cooking", "yes", "all of them")
    assert one.trust is not None
    assert (one.trust.f1, one.trust.method, one.trust.model) == (1.0, "detection", "model at place")
    assert (one.trust.n_positive, one.trust.n_negative) == (6, 6)
    assert set(one.seen) == {span.sample_id for span in found[SALT].spans}
    assert (one.model, one.prompt) == ("model at place", "explain@1, verify@1, detect@1")


def test_a_model_that_says_yes_to_all_is_worth_what_saying_yes_is_worth(found):
    everything = json.dumps({"contain": list(range(1, 11))})
    one = explain(knowing(detect=everything), found, PROMPTS)[SALT]
    assert one.trust is not None
    assert one.trust.f1 == pytest.approx(2 / 3)


def test_who_detects_never_sees_an_excerpt_that_the_label_was_made_from(found):
    model = knowing()
    explain(model, found, PROMPTS)
    detections = [r for r in model.requests if asked(r) == "detect"]
    assert len(detections) == 2  # twelve cases, ten at once
    assert not any("«" in r.messages[-1].content for r in detections)


@pytest.mark.parametrize(
    ("instead", "outcome", "detail"),
    [
        ({"explain": '{"label": null}'}, "cannot tell", "nothing in common"),
        ({"explain": '{"label": "Cannot tell."}'}, "cannot tell", "nothing in common"),
        ({"explain": '{"label": ["salt"]}'}, "cannot tell", "nothing in common"),
        ({"explain": "It is salt."}, "failed", "no JSON object: 'It is salt.'"),
        ({"explain": Answer((), error="Rate limit")}, "failed", "Rate limit"),
        ({"verify": '{"verdict": "no", "reason": "sea"}'}, "contradicted", "sea"),
        ({"verify": '{"verdict": "perhaps"}'}, "failed", "could not be verified"),
        ({"verify": Answer((), error="Rate limit")}, "failed", "could not be verified: Rate limit"),
    ],
)
def test_what_goes_wrong_is_said(found, instead, outcome, detail):
    one = explain(knowing(**instead), found, PROMPTS)[SALT]
    assert one.outcome == outcome
    assert detail in one.detail


def test_detections_that_cannot_be_read_leave_the_label_unscored(found):
    one = explain(knowing(detect="I would say 3 and 4."), found, PROMPTS)[SALT]
    assert (one.outcome, one.trust) == ("labelled", None)


def test_a_feature_without_excerpts_costs_nothing(found):
    model = knowing()
    result = explain(model, {f: found[f] for f in (RARE, DEAD)}, PROMPTS)
    assert {one.outcome for one in result.values()} == {"cannot tell"}
    assert model.requests == []


def test_the_estimate_holds_the_true_cost_and_counts_nothing_twice(found, tmp_path):
    answers = Answers(tmp_path / "answers.sqlite")
    before = expected(knowing(), answers, found, PROMPTS)
    assert before.n_requests == 4  # explain, verify, two detections
    spent = explain(Cached(knowing(), answers), found, PROMPTS)[SALT].usage
    assert before.low.prompt_tokens * 0.9 <= spent.prompt_tokens <= before.high.prompt_tokens
    assert spent.completion_tokens <= before.high.completion_tokens
    assert expected(knowing(), answers, found, PROMPTS).n_requests == 0


def test_what_the_budget_cut_off_is_cheap_to_finish(found, tmp_path):
    answers = Answers(tmp_path / "answers.sqlite")
    cut = explain(Cached(Budgeted(knowing(), Budget(requests=1)), answers), found, PROMPTS)[SALT]
    assert (cut.outcome, cut.text) == ("failed", "salt, in cooking")
    assert "cap of 1 request" in cut.detail
    assert expected(knowing(), answers, found, PROMPTS).n_requests == 3
    model = knowing()
    assert explain(Cached(model, answers), found, PROMPTS)[SALT].outcome == "labelled"
    assert [asked(r) for r in model.requests] == ["verify", "detect", "detect"]


def test_labels_keep_where_they_come_from_and_only_those_that_hold_are_kept(found, tmp_path):
    labels = Labels(EventLog(tmp_path / "log.sqlite"), "space")
    assert labels.record_explained(explain(knowing(verify='{"verdict": "no"}'), found, PROMPTS), run_id="r") == 0
    explained = explain(knowing(), found, PROMPTS)
    assert labels.record_explained(explained, run_id="r") == 1
    assert labels.record_explained(explained, run_id="r") == 0
    one = labels.all()[SALT]
    assert (one.text, one.method, one.model, one.verified, one.run_id) == (
        "salt, in cooking",
        "llm",
        "model at place",
        "yes",
        "r",
    )
    assert one.prompt == PROMPTS.identity


@pytest.mark.parametrize(("f1", "holds"), [(0.9, "llm"), (1.0, "llm"), (None, "llm")])
def test_of_two_machines_the_better_holds_and_of_equals_the_newer(found, tmp_path, f1, holds):
    labels = Labels(EventLog(tmp_path / "log.sqlite"), "space")
    trust = None if f1 is None else Trust("words", f1, f1, f1, 5, 5)
    labels.record({SALT: LexicalLabel("on", "on “salt”", ("salt",), (1,), trust)})
    labels.record_explained(explain(knowing(), found, PROMPTS), run_id="r")
    assert labels.all()[SALT].method == holds
    guessing = explain(knowing(detect='{"contain": [1]}'), found, PROMPTS)
    labels.record_explained(guessing, run_id="r")
    assert labels.all()[SALT].method == ("llm" if f1 is None else "lexical")


def test_a_prompt_of_one_s_own_holds_and_its_record_says_so(tmp_path):
    own = tmp_path / "prompts"
    own.mkdir()
    (own / "explain.toml").write_text(
        'name = "explain"\nversion = 2\nsystem = "Name it."\nuser = "$spans"\n', encoding="utf-8"
    )
    forked = prompt("explain", tmp_path)
    assert forked.identity.startswith("explain@2+")
    assert [m.content for m in forked.messages(spans="1. a")] == ["Name it.", "1. a"]
    assert prompt("verify", tmp_path).identity == "verify@1"
    (own / "explain.toml").write_text('name = "explain"\nversion = 2\nsystem = ""\nuser = "$texts"\n', encoding="utf-8")
    with pytest.raises(WrongUse, match="texts"):
        prompt("explain", tmp_path).messages(spans="1. a")
    (own / "explain.toml").write_text('name = "explain"\n', encoding="utf-8")
    with pytest.raises(BadInput, match=r"explain\.toml: field 'version'"):
        prompt("explain", tmp_path)


def test_every_example_of_a_prompt_that_ships_answers_as_the_prompt_asks():
    for name, key in {"explain": "label", "verify": "verdict", "detect": "contain", "judge": "verdict"}.items():
        shipped = prompt(name)
        assert shipped.example
        assert all(key in json.loads(one.assistant) for one in shipped.example)
