"""Options that several commands share; above all the frame of a question, which becomes a `View`."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

import fac_core as fac
from fac_core.cli.from_fields import Command, made, option, options_of, takes_options
from fac_core.coverage.definition import PRESETS, Definition, Preset
from fac_core.errors import WrongUse
from fac_core.fields import fields_of
from fac_core.gaps.weights import Weights
from fac_core.naming.level import Level
from fac_core.people.place import this_user

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
_WORKSPACE = "Workspace folder; found in or above this folder by default."
_ANCHOR, _RUN = "Anchor run; the workspace's by default.", "Run name or id; the newest beside the anchor by default."
WorkspaceFolder = Annotated[Path | None, typer.Option("--workspace", "-w", help=_WORKSPACE)]
AnchorName = Annotated[str | None, typer.Option("--anchor", help=_ANCHOR)]
OfRun = Annotated[str | None, typer.Option("--run", help="Run name or id; the anchor by default.")]
ME = this_user()
"""In a terminal one works under one's own name."""
Author = Annotated[str, typer.Option(help="Who says so.", show_default=False)]
Over = Annotated[str | None, typer.Option(help="Decide also where this person has decided, and nobody since.")]
Match = Annotated[
    Literal["samples", "tokens"] | None, typer.Option(help="Draw all runs at the smallest one's size, so counted.")
]

_FRAME, _DEFINITION, _PRIORITY = "What is looked at", "What counts as covered", "Which gap comes first"
_NAMED = option("run", str, _RUN, panel=_FRAME)
_RUNS: dict[str, dict[str, inspect.Parameter]] = {
    "option": {"run": _NAMED},
    "argument": {"run": _NAMED.replace(annotation=Annotated[str | None, typer.Argument(help=_RUN)])},
    "names": {},
}
_FLAGS = {"exclude_dense_above": "--dense-above", "exclude_sinks": "--no-sinks"}
_COUNTED = {
    "preset": option("preset", Preset, "paper: δ is 0, and one sample suffices.", panel=_DEFINITION),
    **options_of(Definition, _FLAGS, panel=_DEFINITION, unset=True),
}
_FRAMED = {
    "anchor": option("anchor", str, _ANCHOR, panel=_FRAME),
    "task": option("task", str, "Count only features that were judged relevant for it.", panel=_FRAME),
    "strictness": option(
        "strictness", Literal["yes", "probably", "maybe"], "Least verdict that counts; else maybe.", panel=_FRAME
    ),
    "workspace": option("workspace", Path, _WORKSPACE, flag="--workspace/-w", panel=_FRAME),
    **_COUNTED,
}
_WEIGHTS = {
    f"w_{name}": option(f"w_{name}", field.type, field.help, field.default, panel=_PRIORITY)
    for name, field in fields_of(Weights).items()
}


def takes_view(
    run: Literal["option", "argument", "names"] = "option", *, ranks: bool = False, alone: bool = False
) -> Callable[[Command], Command]:
    """Let a command that has a parameter `view` take the whole frame: run, anchor, task, definition, workspace.

    Args:
        run: how the run is named: `--run`, an argument, or as the first of the command's own `names`.
        ranks: the command ranks gaps, so it takes the weights of the parts of the priority too.
        alone: it has something to say where there is no run beside the anchor.
    """
    return takes_options("view", {**_RUNS[run], **_FRAMED, **(_WEIGHTS if ranks else {})}, partial(_view, alone=alone))


takes_definition = takes_options("definition", _COUNTED, lambda _given, **chosen: _definition(**chosen))
"""Let a command that has a parameter `definition` take the options that make one."""


def _view(
    given: Mapping[str, Any],
    anchor: str | None,
    task: str | None,
    strictness: Level | None,
    workspace: Path | None,
    run: str | None = None,
    *,
    alone: bool = False,
    **chosen: Any,
) -> fac.View:
    if strictness is not None and task is None:
        raise WrongUse("--strictness says how relevant a feature must be for a task: name the task with --task.")
    return fac.View.find(
        run or next(iter(given.get("names") or ()), None),
        anchor,
        _definition(**{name: chosen[name] for name in _COUNTED}),
        workspace=workspace,
        task=task,
        strictness=strictness or "maybe",
        alone=alone,
        weights=made(Weights, {name.removeprefix("w_"): chosen[name] for name in _WEIGHTS if name in chosen}),
    )


def _definition(preset: Preset | None, **given: Any) -> Definition:
    """The preset (paper unless named), with what was given instead of its own values."""
    return dataclasses.replace(PRESETS[preset or "paper"], **{k: v for k, v in given.items() if v is not None})
