"""Labelled texts from anywhere, as a head learns from them: the door for synthetic training sets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fac_core.errors import BadInput
from fac_core.lab.tasks.hidden_states import Passage, States
from fac_core.models.truncated import load_tokenizer


@dataclass(frozen=True)
class Material:
    """Labelled texts as a head learns from them."""

    inputs: np.ndarray
    """float32 `[samples, d]`."""
    positive: np.ndarray
    """bool `[samples]`."""
    n_tokens: np.ndarray
    """`[samples]`."""
    draw: np.ndarray | None = None
    """`[samples]`: number of the seed that a text was written for, -1 where it is for any; None is the same for all."""
    nth: np.ndarray | None = None
    """`[samples]`: of the texts of one feature, in a set that has several."""

    def rows(self, label: bool, draw: int) -> np.ndarray:
        """Positions of the texts of a class that may be added to a seed, in their order."""
        mine = self.positive == label
        return np.flatnonzero(mine if self.draw is None else mine & np.isin(self.draw, (draw, -1)))

    def at(self, rows: np.ndarray) -> Material:
        return Material(self.inputs[rows], self.positive[rows], self.n_tokens[rows])

    def __add__(self, other: Material) -> Material:
        pairs = ((getattr(self, f), getattr(other, f)) for f in ("inputs", "positive", "n_tokens"))
        return Material(*(np.concatenate(pair) for pair in pairs))


def read_material(path: Path, positive: str, states: States) -> Material:
    """Texts of a JSONL file, `{"text": ..., "label": ...}` a line, with `draw` and `nth` where it was written for seeds.

    Args:
        positive: label of the positive texts, as a string.

    Raises `BadInput`, naming file and line, for a line without text or label, and for a file with one label only.
    """
    texts, labels, places = [], [], []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}.") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            text, label, place = _record(path, number, line)
            texts.append(text)
            places.append(place)
            labels.append(label == positive)
    if len(set(labels)) < 2:
        raise BadInput(f"{path} needs texts with the label {positive} and texts with another; it has one kind.")
    tokenizer = load_tokenizer(states.model)
    n_tokens = [len(ids) for ids in tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]]
    draw, nth = np.array(places).T
    inputs = states.of([Passage(t) for t in texts])
    return Material(inputs, np.array(labels, dtype=bool), np.array(n_tokens), draw, nth)


def _record(path: Path, number: int, line: str) -> tuple[str, str, tuple[int, int]]:
    try:
        record = json.loads(line)
        text, label = record["text"], str(record["label"])
        place = int(record.get("draw", -1)), int(record.get("nth", 0))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f'{path}:{number} is no record {{"text": ..., "label": ...}} ({error!r}).') from error
    if not isinstance(text, str) or not text.strip():
        raise BadInput(f"{path}:{number} has no text.")
    return text, label, place
