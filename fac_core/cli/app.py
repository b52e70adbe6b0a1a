"""The `fac` command: errors become one sentence and an exit code, results a table or one JSON document.

Exit codes: 0 done, 1 failed, 2 wrong use. With `--json` stdout holds exactly one JSON document, also for an
error (`{"error": ..., "kind": ...}`); logs and progress go to stderr.
"""

from __future__ import annotations

import json
import logging
import os
import sys

import typer
from rich.console import Console
from rich.markup import escape

from fac_core.lab.commands import app as laboratory
from fac_core.cli import (
    browser,
    comparing,
    encoding,
    evidence,
    features,
    jobs,
    labels,
    machine,
    measuring,
    relevance,
    reporting,
    review,
    synthesis,
)
from fac_core.errors import FacError, WrongUse

_INTERRUPTED = 130
"""What typer makes of Ctrl-C."""

app = typer.Typer(
    name="fac",
    no_args_is_help=True,
    add_completion=False,
    help="Measure and fill the gaps of a dataset in the feature space of a language model.",
)
encoding.register(app)
measuring.register(app)
comparing.register(app)
features.register(app)
evidence.register(app)
labels.register(app)
relevance.register(app)
review.register(app)
jobs.register(app)
synthesis.register(app)
machine.register(app)
browser.register(app)
reporting.register(app)
app.add_typer(laboratory, name="lab")


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the console script."""
    # Threads that wait spin by default, and two processes on the same cores then slow each other fourfold. Read by OpenMP
    # when torch is imported, which happens later.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        result = typer.main.get_command(app).main(arguments, standalone_mode=False)
    except FacError as error:
        return _failed(error, type(error).__name__, arguments, code=2 if isinstance(error, WrongUse) else 1)
    except typer.TyperException as error:  # an option or argument that there is not
        return _failed(error.format_message(), type(error).__name__, arguments, code=2)
    except typer.Abort:
        return _failed("Stopped.", "Abort", arguments, code=1)
    if result == _INTERRUPTED:
        return _failed("Interrupted. The same command goes on from here.", "Interrupted", arguments, code=1)
    return result if isinstance(result, int) else 0


def _failed(message: object, kind: str, arguments: list[str], *, code: int) -> int:
    if "--json" in arguments:
        sys.stdout.write(json.dumps({"error": str(message), "kind": kind}) + "\n")
    Console(stderr=True).print(f"[bold red]fac:[/] {escape(str(message))}", highlight=False)
    return code
