"""A study on disk: `<workspace>/studies/<name>/`. Reading it loads no model library.

study.json       the settings: a study is known by them, and goes on only under the same
scores.jsonl     one line a training set, appended as soon as it is scored: what an interruption keeps
sets.parquet     one row a set: kind, half, sizes, score, and every metric as a column
findings.parquet one row a metric and half: correlations with their intervals
summary.json     which definition was chosen, how it did on the other sets, what the score can bear
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from fac_core.errors import BadInput, NotFound, RunBroken, WrongUse
from fac_core.store.workspace import Workspace
from fac_core.toml_file import toml_values
from fac_core.whole import whole, write_whole

Task = Literal["toxicity", "reward", "instructions"]
Learner = Literal["frozen head", "LoRA"]


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """The settings of a study: the keys of its TOML file. Raises `WrongUse` for values that make no sense."""

    name: str
    task: Task
    run: str
    """Run that sets are drawn from; of reward, the one of the chosen answers."""
    rejected: str | None = None
    """Of reward: the run of the rejected answers."""
    field: str = "label"
    positive: str = "1"
    """Of toxicity: samples whose metadata `field` has this value are positive."""
    model: str = "smollm2-135m"
    """The backbone that learns."""
    learner: Learner = "frozen head"
    """Instructions are learned by LoRA alone."""
    block: int = 16
    context: int = 256
    dtype: Literal["float32", "bfloat16"] = "float32"
    n_positive: int = 40
    """Of every set; of reward and instructions, pairs."""
    n_negative: int = 160
    kinds: str = ""
    """Kinds of sets (`kinds_of_sets.py`), separated by semicolons; empty for all."""
    draws: int = 8
    """Sets of each kind."""
    seeds: int = 3
    """Training seeds of each set."""
    split: int = 0
    """Decides which rows are pool, anchor and test."""
    resamples: int = 2000
    """Of the bootstrap over kinds."""
    chosen_by: str | None = None
    """A finished study that chose the definition: then every set of this one tests it."""

    @property
    def kinds_of_sets(self) -> tuple[str, ...]:
        return tuple(kind.strip() for kind in self.kinds.split(";") if kind.strip())

    def same_sets(self, other: StudyConfig) -> bool:
        """Whether sets of the same name hold the same rows."""
        decides = ("task", "run", "rejected", "field", "positive", "n_positive", "n_negative", "split")
        return all(getattr(self, name) == getattr(other, name) for name in decides)

    def check_two_classes(self) -> None:
        """Raise `WrongUse` unless texts of two classes are drawn from: to those alone can others be added."""
        if self.task != "toxicity":
            raise WrongUse(
                "Texts are added to two classes of texts, and written for them; the task has to be toxicity."
            )

    def __post_init__(self) -> None:
        for name, options in {"task": get_args(Task), "learner": get_args(Learner)}.items():
            if getattr(self, name) not in options:
                raise WrongUse(f"{name} is {getattr(self, name)!r}; it can be {', '.join(options)}.")
        if self.task == "instructions" and self.learner != "LoRA":
            raise WrongUse('A head cannot learn to answer; give learner = "LoRA".')
        if (self.task == "reward") != (self.rejected is not None):
            raise WrongUse("A study of reward names the run of the rejected answers as `rejected`; others do not.")
        if not self.name.replace("-", "").replace("_", "").isalnum():
            raise WrongUse(f"A study is called {self.name!r}; use letters, digits, - and _ only.")
        for name, least in {
            "n_positive": 4,
            "n_negative": 0,
            "draws": 1 if self.chosen_by else 2,
            "seeds": 1,
            "block": 1,
            "resamples": 10,
        }.items():
            if getattr(self, name) < least:
                raise WrongUse(f"{name} is {getattr(self, name)}; give {least} or more.")
        if self.task == "toxicity" and self.n_negative < 4:
            raise WrongUse(f"n_negative is {self.n_negative}; give 4 or more.")


@dataclass(frozen=True)
class Study:
    """A finished study."""

    config: StudyConfig
    sets: pa.Table
    findings: pa.Table
    summary: dict[str, Any]


def read_config(path: Path) -> StudyConfig:
    """The settings in a TOML file. Raises `BadInput` naming the file and the key at fault."""
    values = toml_values(Path(path))
    known = {f.name: f for f in fields(StudyConfig)}
    if unknown := sorted(values.keys() - known.keys()):
        raise BadInput(f"{path} has {unknown[0]!r}; a study knows {', '.join(known)}.")
    for key, value in values.items():
        wanted = int if isinstance(known[key].default, int) else str
        if type(value) is not wanted:
            raise BadInput(
                f"{path} has {key} = {value!r}; it has to be {'a whole number' if wanted is int else 'a text'}."
            )
    try:
        return StudyConfig(**values)
    except TypeError as error:
        raise BadInput(f"{path} lacks a setting: name, task and run have to be there.") from error
    except WrongUse as error:
        raise BadInput(f"{path}: {error}") from error


def study_folder(workspace: Workspace, name: str) -> Path:
    """Where the study of this name is, or will be."""
    return workspace.folder / "studies" / name


def open_folder(workspace: Workspace, config: StudyConfig) -> Path:
    """The folder of a study that begins or goes on. Raises `WrongUse` if one of the same name has other settings."""
    folder = study_folder(workspace, config.name)
    settings = folder / "study.json"
    if settings.exists():
        earlier = StudyConfig(**_json(settings))  # a setting that came later has its default there
        if other := sorted(k for k in asdict(config) if getattr(earlier, k) != getattr(config, k)):
            raise WrongUse(
                f"The study {config.name!r} is there with another {', '.join(other)}. Rename one, or delete {folder}."
            )
        return folder
    write_whole(settings, json.dumps(asdict(config), indent=2))
    return folder


def studies(workspace: Workspace) -> list[str]:
    """Names of the finished studies, in alphabetical order."""
    return sorted(path.parent.name for path in (workspace.folder / "studies").glob("*/summary.json"))


def read_study(workspace: Workspace, name: str) -> Study:
    """A finished study. Raises `NotFound`, listing what there is, and `RunBroken` for damaged files."""
    folder = study_folder(workspace, name)
    if not (folder / "summary.json").exists():
        there = ", ".join(studies(workspace)) or "none"
        raise NotFound(f"There is no finished study {name!r}; there is {there}. `fac lab study CONFIG.toml` makes one.")
    try:
        sets, findings = (pq.read_table(folder / f"{part}.parquet") for part in ("sets", "findings"))
        return Study(StudyConfig(**_json(folder / "study.json")), sets, findings, _json(folder / "summary.json"))
    except (OSError, TypeError, pa.ArrowException) as error:
        raise RunBroken(
            f"The study in {folder} is damaged ({error}). Delete it and run `fac lab study` again."
        ) from error


def write_study(folder: Path, sets: pa.Table, findings: pa.Table, summary: dict[str, Any]) -> None:
    """Write the results; the summary last: while it is absent the study is not finished."""
    for name, table in {"sets": sets, "findings": findings}.items():
        with whole(folder / f"{name}.parquet") as building:
            pq.write_table(table, building, compression="zstd")
    write_whole(folder / "summary.json", json.dumps(summary, indent=2))


def read_scores(path: Path) -> dict[str, dict[str, Any]]:
    """Every scored set. Whole lines only: an interruption may have cut the last one, which is then taken off."""
    if not path.exists():
        return {}
    complete, _, cut = path.read_bytes().rpartition(b"\n")
    if cut:
        write_whole(path, complete + b"\n" if complete else b"")
    try:
        entries = [json.loads(line) for line in complete.splitlines()]
        return {entry["set_id"]: entry for entry in entries}
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise RunBroken(f"{path} is damaged ({error!r}). Delete it; the sets are then scored again.") from error


def read_answers(workspace: Workspace, name: str, set_id: str) -> list[list[str]]:
    """What models said that learned from a set of a study of instructions: of each seed, to the checks.

    Raises `NotFound` for a set that is not there, `WrongUse` for a study without answers.
    """
    scores = read_scores(study_folder(workspace, name) / "scores.jsonl")
    if set_id not in scores:
        raise NotFound(f"The study {name!r} has no set {set_id!r}; it has {', '.join(sorted(scores)) or 'none'}.")
    answers = scores[set_id].get("answers", [])
    if not any(answers):
        raise WrongUse(f"The study {name!r} kept no answers; only a study of instructions does.")
    return answers


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise RunBroken(f"{path} is not JSON ({error}). Delete the study's folder and run it again.") from error
