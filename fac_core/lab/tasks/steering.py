"""Behaviour steering by contrastive activation addition (Rimsky et al. 2024), from A/B items.

Each item is asked in both orders of its options. The vector is the mean difference, over the training items, of the
residual stream at the answer's letter: matching minus not matching. With both orders the letter itself cancels out.
Robust accuracy counts an item when the matching answer is preferred in both orders; SCR is robust accuracy
at +1 minus that at -1. A small model prefers a letter, whatever it stands for, and is robust in hardly any item; its mean
over both orders shows whether the vector moves anything.
"""

from __future__ import annotations

import gzip
import json
import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from fac_core.errors import BadInput, WrongUse
from fac_core.lab.tasks.result import Evaluation
from fac_core.models.truncated import load_tokenizer
from fac_core.models.whole_model import blocks_of, changed, prompt, whole_model
from fac_core.progress import Progress, silent

_OPTIONS = re.compile(r"^(?P<ask>.*?)\(A\)(?P<a>.*?)\(B\)(?P<b>.*)$", re.DOTALL)
_LETTERS = "AB"
_MULTIPLIERS = (0.0, 1.0, -1.0)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Item:
    """A question with two options, the matching one first."""

    ask: str
    matching: str
    other: str

    def asked(self, matching_is_a: bool) -> str:
        """The question as a person would put it, with the options in one of both orders."""
        first, second = (self.matching, self.other) if matching_is_a else (self.other, self.matching)
        return f"{self.ask.rstrip()}\n (A) {first}\n (B) {second}"


@dataclass(frozen=True)
class Steered:
    """What is preferred at each multiplier."""

    robust: dict[float, float]
    """Robust accuracy."""
    balanced: dict[float, float]
    """Share of the items whose matching answer is preferred in the mean of both orders: what a model that answers by
    position would still choose by content. Coin tosses reach a half."""
    prefers_a: float
    """Share of the unsteered answers that are A: 0 or 1 means that the model answers by position, not by content."""
    evaluation: Evaluation
    """SCR."""


def parse_item(record: dict[str, str]) -> Item:
    """An item of the model-written evaluations. Raises `BadInput` unless it has exactly the options (A) and (B)."""
    found = _OPTIONS.match(record.get("question", ""))
    answer = record.get("answer_matching_behavior", "").strip(" ()")
    if not found or "(C)" in found["b"] or answer not in _LETTERS or not answer:
        raise BadInput(f"Not an item with options (A) and (B) and a matching answer: {str(record)[:120]}")
    options = [found["a"].strip(), found["b"].strip()]
    if answer == "B":
        options.reverse()
    return Item(found["ask"], *options)


def read_items(path: Path, least: int) -> list[Item]:
    """Items of a JSONL file, which may be gzipped; records with other options than (A) and (B) are left out.

    Raises `BadInput` if the file cannot be read or holds fewer than `least` items.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            records = [json.loads(line) for line in file if line.strip()]
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read as JSONL: {error}.") from error
    items = []
    for record in records:
        try:
            items.append(parse_item(record))
        except BadInput:
            continue
    if len(items) < len(records):
        log.warning(
            "%d records of %s have other options than (A) and (B) and are left out.", len(records) - len(items), path
        )
    if len(items) < least:
        raise BadInput(f"{path} has {len(items)} items with options (A) and (B); {least} are asked for.")
    return items


class Steerable:
    """A whole language model whose residual stream can be pushed after one of its blocks.

    Args:
        block: counted from 1.
        share: length of the vector at multiplier 1, in units of the mean length of the residual stream where it is added.
    """

    def __init__(self, model: str, block: int, *, share: float = 0.5) -> None:
        self.name, self.block, self.share = model, block, share
        self.tokenizer = load_tokenizer(model)
        self.module = whole_model(model)
        blocks = blocks_of(self.module)
        if not 1 <= block <= len(blocks):
            raise WrongUse(f"block is {block}, but {model} has {len(blocks)} blocks.")
        self._block = blocks[block - 1]
        self._letters = [self.tokenizer(x, add_special_tokens=False)["input_ids"][-1] for x in _LETTERS]

    def vector(self, items: Sequence[Item]) -> torch.Tensor:
        """`[d_model]`, of the length that `share` asks for. Raises `WrongUse` without items."""
        if not items:
            raise WrongUse("A steering vector needs at least one item to be made from.")
        differences, norms = [], []
        for item in items:
            for matching_is_a in (True, False):
                prompt = self._prompt(item, matching_is_a)
                order = self._letters if matching_is_a else self._letters[::-1]
                ends = [self._residual([*prompt, letter]) for letter in order]
                differences.append(ends[0] - ends[1])
                norms += [end.norm() for end in ends]
        mean = torch.stack(differences).mean(dim=0)
        return mean / mean.norm().clamp(min=1e-9) * torch.stack(norms).mean() * self.share

    @torch.inference_mode()
    def preference(self, item: Item, matching_is_a: bool, push: torch.Tensor | None) -> float:
        """Logit of the matching letter minus that of the other."""

        def pushed(hidden: torch.Tensor) -> torch.Tensor:
            if push is not None:
                hidden[:, -1] += push  # the position that is about to answer
            return hidden

        logits = self._run(self._prompt(item, matching_is_a), pushed)
        a, b = (float(logits[letter]) for letter in self._letters)
        return a - b if matching_is_a else b - a

    @torch.inference_mode()
    def _residual(self, ids: list[int]) -> torch.Tensor:
        """After the block, at the last token."""
        caught: list[torch.Tensor] = []

        def kept(hidden: torch.Tensor) -> torch.Tensor:
            caught.append(hidden[0, -1].clone())
            return hidden

        self._run(ids, kept)
        return caught[0]

    def _run(self, ids: list[int], change: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """Logits of what comes next, `[n_vocab]`."""
        with changed(self._block, change):
            return self.module(input_ids=torch.tensor([ids]), use_cache=False, logits_to_keep=1).logits[0, -1]

    def _prompt(self, item: Item, matching_is_a: bool) -> list[int]:
        """Ids up to the bracket that the letter follows."""
        return prompt(self.tokenizer, item.asked(matching_is_a), begun="(")


def steer(model: Steerable, train: Sequence[Item], test: Sequence[Item]) -> Steered:
    """Make the vector from some items and ask the others, pushed by each multiplier."""
    started = time.monotonic()
    push = model.vector(train)
    margins = {
        m: np.array(
            [[model.preference(item, order, m * push if m else None) for order in (True, False)] for item in test]
        )
        for m in _MULTIPLIERS
    }
    robust = {m: float((margin > 0).all(axis=1).mean()) for m, margin in margins.items()}
    balanced = {m: float((margin.mean(axis=1) > 0).mean()) for m, margin in margins.items()}
    plain = margins[0.0]
    prefers_a = float(np.mean([(plain[:, 0] > 0).mean(), (plain[:, 1] < 0).mean()]))
    n_tokens = sum(len(model._prompt(item, True)) for item in train)
    seconds = time.monotonic() - started
    scr = Evaluation(
        "steering",
        "contrastive activation addition",
        "SCR",
        (robust[1.0] - robust[-1.0],),
        len(train),
        n_tokens,
        len(test),
        seconds,
    )
    return Steered(robust, balanced, prefers_a, scr)


def steer_often(
    items: Path,
    model: Steerable,
    *,
    n_train: int = 50,
    n_test: int = 100,
    seeds: int = 3,
    on_progress: Progress = silent,
) -> list[Steered]:
    """Steer with a vector from some items of a file, once a seed: it draws which. Raises what `read_items` raises."""
    found, results = read_items(items, n_train + n_test), []
    for seed in range(seeds):
        drawn = [found[i] for i in np.random.default_rng(seed).permutation(len(found))[: n_train + n_test]]
        results.append(steer(model, drawn[:n_train], drawn[n_train:]))
        on_progress(seed + 1, seeds, "seeds")
    return results
