"""Options that several commands share."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, cast, get_type_hints

import typer

from fac_core.coverage.definition import PRESETS, Definition
from fac_core.errors import WrongUse
from fac_core.naming.level import Level

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
WorkspaceFolder = Annotated[
    Path | None, typer.Option("--workspace", "-w", help="Workspace folder; found in or above this folder by default.")
]
RunName = Annotated[str | None, typer.Argument(help="Run name or id; the newest beside the anchor by default.")]
AnchorName = Annotated[str | None, typer.Option("--anchor", help="Anchor run; the workspace's by default.")]
Relevant = frozenset[int] | None
"""Features that count; None means all."""

_DEFINITION = {
    "preset": Annotated[str | None, typer.Option("--preset", help="paper (δ=0, one sample) or calibrated.")],
    "delta": Annotated[float | None, typer.Option("--delta", help="A feature is active above δ.")],
    "quantile": Annotated[
        float | None,
        typer.Option("--quantile", help="δ of each feature: this quantile of its non-zero anchor activations."),
    ],
    "min_count": Annotated[int | None, typer.Option("--min-count", help="A feature counts from this many samples.")],
    "exclude_dense_above": Annotated[
        float | None, typer.Option("--dense-above", help="Exclude features active in a larger share of the anchor.")
    ],
    "exclude_sinks": Annotated[
        bool | None, typer.Option("--no-sinks", help="Exclude features that only mark the first token.", is_flag=True)
    ],
}


_RELEVANT = {
    "task": Annotated[str | None, typer.Option("--task", help="Count only features that were judged relevant for it.")],
    "strictness": Annotated[
        str | None,
        typer.Option("--strictness", help="Least verdict that counts: yes, probably or maybe (the default)."),
    ],
}


def takes_definition(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command that has a parameter `definition` take the options that make one."""
    return takes_options(command, "definition", _DEFINITION, lambda _given, **chosen: _definition(**chosen))


def takes_relevant(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command that has parameters `relevant`, `anchor` and `workspace` take a task and how strictly to judge."""
    return takes_options(command, "relevant", _RELEVANT, _relevant)


def takes_options(
    command: Callable[..., None], parameter: str, options: Mapping[str, Any], make: Callable[..., Any]
) -> Callable[..., None]:
    """Let a command take options, None by default, in place of a parameter that is made of them.

    Args:
        options: annotations by name.
        make: called with a mapping of what else the command is given, and with the options by name.
    """
    hints = {**get_type_hints(command, include_extras=True), **options}
    own = [p for p in inspect.signature(command).parameters.values() if p.name != parameter]
    added = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in options]

    @functools.wraps(command)
    def taking_options(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in options}
        command(**given, **{parameter: make(given, **chosen)})

    del hints[parameter]
    taking_options.__annotations__ = hints
    taking_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [p.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[p.name]) for p in [*own, *added]]
    )
    del taking_options.__wrapped__  # type: ignore[attr-defined]  # or its signature would be read instead
    return taking_options


def _relevant(given: Mapping[str, Any], task: str | None, strictness: str | None) -> frozenset[int] | None:
    """The relevant features of a task; None, which means all, without one."""
    import fac_core as fac

    if task is None:
        if strictness is not None:
            raise WrongUse("--strictness says how relevant a feature must be for a task: name the task with --task.")
        return None
    least = cast(Level, strictness or "maybe")  # the verb refuses what is no level
    return fac.relevant_features(task, least, given["anchor"], workspace=given["workspace"])


def _definition(preset: str | None, **given: Any) -> Definition:
    """The preset (paper unless named), with what was given instead of its own values."""
    if preset is not None and preset not in PRESETS:
        raise WrongUse(f"There is no preset {preset!r}; choose {' or '.join(PRESETS)}.")
    return dataclasses.replace(PRESETS[preset or "paper"], **{k: v for k, v in given.items() if v is not None})
