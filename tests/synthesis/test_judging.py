"""What passes fires its target on its own words, is language, and has the right label."""

from __future__ import annotations

import pytest

from fac_core.models.perplexity import Perplexity
from fac_core.synthesis.parsing import Sample
from fac_core.synthesis.proof.fluency import Bounds, Fluency
from fac_core.synthesis.proof.similarity import Known
from fac_core.synthesis.proof.verdict import Judge, Wanted
from fac_core.synthesis.proof.verification import read
from tests.synthesis.test_pipeline import NEW

TEXT = Sample(NEW[0], None, {})


@pytest.fixture
def fired(loop):
    """The feature that the text fires most, and how much."""
    reading = read(loop.reader, [TEXT], [0])[0]
    return int(reading.feature_ids[reading.activations.argmax()]), float(reading.activations.max())


def verdicts(judge, *wanted):
    return [judge.forgetting()([TEXT], [one])[0].verdict for one in wanted]


def test_a_target_fires_strictly_above_its_threshold(loop, fired):
    feature, g = fired
    judge = Judge(loop.reader, Known(loop.real))
    assert verdicts(judge, Wanted(feature, g * 0.99), Wanted(feature, g)) == ["passes", "does not fire"]


def test_what_fires_only_on_words_that_were_given_proves_nothing(loop, fired):
    feature, g = fired
    judge = Judge(loop.reader, Known(loop.real))
    (start, _, _) = max(read(loop.reader, [TEXT], [feature])[0].tokens[feature], key=lambda token: token[2])
    given = [Wanted(feature, g * 0.99, given=n) for n in (0, start, len(TEXT.text))]
    assert verdicts(judge, *given) == ["passes", "passes", "copy"]


def test_a_label_that_the_classifier_does_not_confirm_is_wrong(loop, fired):
    judge = Judge(loop.reader, Known(loop.real), classify=lambda texts: ["law"] * len(texts))
    assert verdicts(judge, Wanted(fired[0], 0.0, "law"), Wanted(fired[0], 0.0, "sport")) == ["passes", "wrong label"]


def test_what_surprises_more_than_real_texts_do_is_not_fluent(loop, fired):
    with loop.place.run("anchor") as p:
        fluency = Fluency(Perplexity(p.info.model), loop.real)
    (perplexity,) = fluency.perplexity([TEXT.text])
    judge = Judge(loop.reader, Known(loop.real), fluency)
    for high, verdict in ((perplexity * 1.01, "passes"), (perplexity * 0.99, "not fluent")):
        fluency.bounds = Bounds((8, 16), (high, high))
        (found,) = judge.forgetting()([TEXT], [Wanted(fired[0], 0.0)])
        assert found.verdict == verdict
        assert found.perplexity == round(float(perplexity), 2)


def test_a_scrap_and_a_phrase_over_and_over_are_not_fluent(loop):
    with loop.place.run("anchor") as p:
        fluency = Fluency(Perplexity(p.info.model), loop.real)
    fluency.bounds = Bounds((8, 16), (1e9, 1e9))
    assert "3 words" in fluency.fault("B3 and E", 10.0, 4)
    assert "repeats itself" in fluency.fault("and so on and so on and so on and so on", 10.0, 12)
    assert fluency.fault("A landlord let the roof leak.", 10.0, 8) == ""


def test_bounds_are_interpolated_between_lengths():
    bounds = Bounds((8, 32), (100.0, 20.0))
    assert (bounds.at(1), bounds.at(8), bounds.at(16), bounds.at(500)) == (100, 100, 60, 20)
