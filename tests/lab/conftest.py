from __future__ import annotations

from fac_core.cli import app as command_line
from fac_core.lab import commands
from tests.coverage.conftest import run_of
from tests.synthesis.conftest import loop

__all__ = ["loop", "run_of"]

if not any(group.name == "lab" for group in command_line.app.registered_groups):
    command_line.app.add_typer(commands.app)
