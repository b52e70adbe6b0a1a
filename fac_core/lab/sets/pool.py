"""Everything that training sets are drawn from and judged by, in memory: texts, labels, activations, states.

Sets are rows of the pool. Their activations come from the run that the pool was read from, so no set is ever encoded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse
from sklearn.model_selection import train_test_split

from fac_core.errors import WrongUse
from fac_core.lab.sets.likeness import pooled_activations
from fac_core.lab.study.study_files import StudyConfig, Task
from fac_core.lab.tasks.hidden_states import Passage, States
from fac_core.lab.tasks.reward import passages
from fac_core.progress import Progress, silent
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace


@dataclass(frozen=True)
class Pool:
    """Labelled samples, or pairs of answers; one row each in every array."""

    name: str
    task: Task
    texts: tuple[str, ...]
    """Of a pair, the chosen text and the rejected one, joined by a newline."""
    positive: np.ndarray
    """bool `[rows]`; of pairs, all true."""
    n_tokens: np.ndarray
    """int64 `[rows]`: content tokens; of a pair, of both."""
    activations: sparse.csr_matrix
    """float32 `[rows, d_sae]`: g_i(x); of a pair, the larger of both."""
    points: np.ndarray
    """float32 `[rows, d]`: where each row lies, for clusters and distances."""
    inputs: np.ndarray
    """float32 `[rows, d]`: what a head learns from; of a pair, chosen minus rejected."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Of reward, chosen text and rejected one; of instructions, instruction and answer."""
    sample_ids: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """`[rows]`, ascending: of the samples in their run; of pairs of two runs, none."""

    def __len__(self) -> int:
        return len(self.texts)

    def of(self, label: bool, rows: np.ndarray) -> np.ndarray:
        """Of some rows, those of a label."""
        return rows[self.positive[rows] == label]

    def passages(self) -> list[Passage]:
        """The texts whole, for states of another backbone."""
        return [Passage(text) for text in self.texts]


@dataclass(frozen=True)
class Split:
    """Rows by use; none is in two of them."""

    train: np.ndarray
    """Training sets are drawn from these."""
    anchor: np.ndarray
    """These say which features can occur, and nothing else."""
    test: np.ndarray
    """Every model is measured on these."""


def states_of(config: StudyConfig, workspace: Workspace, backbone: tuple[str, int] | None = None) -> States:
    """The states that a head learns from: of the study's backbone, or of another one (model and block)."""
    model, block = backbone or (config.model, config.block)
    return States(model, block, workspace.folder / "cache", context=config.context, dtype=config.dtype)


def pool_of(config: StudyConfig, workspace: Workspace, *, on_progress: Progress = silent) -> Pool:
    """The pool that a study draws from. Raises `NotFound` and `WrongUse` where its runs are not what it needs."""
    states = states_of(config, workspace)
    with workspace.run(config.run) as run:
        if config.task == "instructions":
            return instructions(run, states, on_progress=on_progress)
        if config.rejected is None:
            return labelled(run, config.field, config.positive, states, on_progress=on_progress)
        with workspace.run(config.rejected) as rejected:
            return preferences(run, rejected, states, on_progress=on_progress)


def labelled(run: RunFile, field: str, value: str, states: States, *, on_progress: Progress = silent) -> Pool:
    """The samples of a run that have a metadata field, positive where it has `value`.

    Raises `WrongUse` unless there are both kinds.
    """
    rows = run.query("SELECT metadata->>? AS value FROM samples ORDER BY sample_id", [f"$.{json.dumps(field)}"])
    said = np.array(rows["value"].to_pylist(), dtype=object)
    known = np.array([v is not None for v in said], dtype=bool)
    positive = said[known] == value
    if positive.all() or not positive.any():
        raise WrongUse(
            f"{run.info.name!r} has {int(positive.sum())} samples with {field} = {value} among {len(positive)} that have "
            "the field; both kinds are needed."
        )
    return _whole_texts(run, "toxicity", known, positive, states, on_progress)


def instructions(run: RunFile, states: States, *, on_progress: Progress = silent) -> Pool:
    """The samples of a run that are one question and its answer. Raises `WrongUse` if none is."""
    rows = run.query("SELECT messages FROM samples ORDER BY sample_id")
    chats = [json.loads(messages or "[]") for messages in rows["messages"].to_pylist()]
    known = np.array([[turn["role"] for turn in turns] == ["user", "assistant"] for turns in chats], dtype=bool)
    if not known.any():
        raise WrongUse(
            f"{run.info.name!r} has no sample of one instruction and one answer; encode chats or instructions."
        )
    pairs = tuple((chats[i][0]["content"], chats[i][1]["content"]) for i in np.flatnonzero(known))
    positive = np.ones(len(pairs), dtype=bool)
    return replace(_whole_texts(run, "instructions", known, positive, states, on_progress), pairs=pairs)


def _whole_texts(
    run: RunFile, task: Task, known: np.ndarray, positive: np.ndarray, states: States, on_progress: Progress
) -> Pool:
    """A pool of the samples that `known` says, read whole: where they lie is also what a head learns from."""
    rows = run.query("SELECT sample_id, text, n_tokens FROM samples ORDER BY sample_id")
    texts = tuple(np.array(rows["text"].to_pylist(), dtype=object)[known])
    points = states.of([Passage(text) for text in texts], on_progress=on_progress)
    ids, n_tokens = (rows[name].to_numpy().astype(np.int64) for name in ("sample_id", "n_tokens"))
    activations = pooled_activations(run, ids)[known]
    return Pool(
        run.info.name, task, texts, positive, n_tokens[known], activations, points, points, sample_ids=ids[known]
    )


def preferences(chosen: RunFile, rejected: RunFile, states: States, *, on_progress: Progress = silent) -> Pool:
    """Pairs of answers from two runs of one file of records, joined by where their samples come from.

    Raises `WrongUse` if the runs share no origin, or are of different feature spaces.
    """
    if chosen.info.space_id != rejected.info.space_id:
        raise WrongUse(f"{chosen.info.name!r} and {rejected.info.name!r} are of different feature spaces.")
    runs = (chosen, rejected)
    sides = [run.query("SELECT sample_id, origin, text, n_tokens FROM samples ORDER BY sample_id") for run in runs]
    where = [np.array(side["origin"].to_pylist(), dtype=str) for side in sides]
    origins, *at = np.intersect1d(where[0], where[1], return_indices=True)
    if not len(origins):
        raise WrongUse(
            f"{chosen.info.name!r} and {rejected.info.name!r} share no origin: encode both columns of one file."
        )
    fired = [
        pooled_activations(run, side["sample_id"].to_numpy())[rows]
        for run, side, rows in zip(runs, sides, at, strict=True)
    ]
    sides = [side.take(rows) for side, rows in zip(sides, at, strict=True)]
    pairs = tuple(zip(*(side["text"].to_pylist() for side in sides), strict=True))
    asked = [passage for pair in pairs for passage in passages(*pair)]
    found = states.of(asked, on_progress=on_progress).reshape(len(pairs), 2, -1)
    return Pool(
        name=chosen.info.name,
        task="reward",
        texts=tuple(f"{a}\n{b}" for a, b in pairs),
        positive=np.ones(len(pairs), dtype=bool),
        n_tokens=np.sum([side["n_tokens"].to_numpy().astype(np.int64) for side in sides], axis=0),
        activations=fired[0].maximum(fired[1]).tocsr(),
        points=found.mean(axis=1),
        inputs=found[:, 0] - found[:, 1],
        pairs=pairs,
    )


def split(pool: Pool, seed: int, *, anchor: float = 0.25, test: float = 0.3) -> Split:
    """Shares of the pool by use, with like shares of positive samples in each."""
    rows = np.arange(len(pool))
    rest, tested = train_test_split(rows, test_size=test, random_state=seed, stratify=pool.positive)
    train, anchored = train_test_split(
        rest, test_size=anchor / (1 - test), random_state=seed, stratify=pool.positive[rest]
    )
    return Split(np.sort(train), np.sort(anchored), np.sort(tested))
