"""Old names that are still imported from outside the laboratory; goes when they do."""

from __future__ import annotations

import typer

from fac_core.lab import commands


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    for name, command in (("rounds", commands.rounds),):
        app.command(name)(command)
