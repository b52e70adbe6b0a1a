"""Options that several commands share."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from fac_core.coverage.definition import PRESETS, Definition
from fac_core.errors import WrongUse

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
WorkspaceFolder = Annotated[
    Path | None, typer.Option("--workspace", "-w", help="Workspace folder; found in or above this folder by default.")
]
RunName = Annotated[str | None, typer.Argument(help="Run name or id; the newest beside the anchor by default.")]
AnchorName = Annotated[str | None, typer.Option("--anchor", help="Anchor run; the workspace's by default.")]

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


def takes_definition(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command that has a parameter `definition` take the options that make one."""
    hints = {**get_type_hints(command, include_extras=True), **_DEFINITION}
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "definition"]
    added = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in _DEFINITION]

    @functools.wraps(command)
    def taking_options(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in _DEFINITION}
        command(**given, definition=_definition(**chosen))

    del hints["definition"]
    taking_options.__annotations__ = hints
    taking_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [p.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hints[p.name]) for p in [*own, *added]]
    )
    del taking_options.__wrapped__  # type: ignore[attr-defined]  # or its signature would be read instead
    return taking_options


def _definition(preset: str | None, **given: Any) -> Definition:
    """The preset (paper unless named), with what was given instead of its own values."""
    if preset is not None and preset not in PRESETS:
        raise WrongUse(f"There is no preset {preset!r}; choose {' or '.join(PRESETS)}.")
    return dataclasses.replace(PRESETS[preset or "paper"], **{k: v for k, v in given.items() if v is not None})
