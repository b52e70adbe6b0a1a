"""The `fac` command: errors become one sentence and an exit code, results a table or one JSON document.

Exit codes: 0 done, 1 failed, 2 wrong use. With `--json` stdout holds exactly one JSON document, also for an
error (`{"error": ..., "kind": ...}`); logs and progress go to stderr.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

import fac_core
from fac_core.cli import compare, data, decide, fill, jobs, look, machine, measure, name
from fac_core.cli.output import OneLine, err, out
from fac_core.errors import FacError, WrongUse
from fac_core.operations.log_lines import configure
from fac_core.shortage import shortage

PANELS = {
    "Begin": (machine.demo, machine.doctor, machine.ui),
    "Data": (data.encode, data.merge, data.runs, machine.backup, machine.restore),
    "Measure": (
        measure.missing,
        measure.coverage,
        measure.gaps,
        measure.curve,
        compare.compare,
        compare.subset,
        compare.diversity,
    ),
    "Look": (look.feature, look.find, decide.report),
    "Name and judge": (name.label, name.relevance),
    "Fill": (decide.triage, fill.synthesise, decide.review, decide.export, decide.trace),
}
"""The commands in the order in which one needs them."""

_LABORATORY = ("baselines", "dose", "judge-answers", "pick", "rounds", "steer", "study", "transfer", "write-sets")
MOVED = {
    "top": "fac feature ID --top N (of another run: fac find ID --in RUN)",
    "why": "fac gaps --why",
    "matrix": "fac compare",
    "overlap": "fac compare A B",
    "labels": "fac label --list",
    "judge": "fac relevance TASK --judge ID --level LEVEL",
    "candidates": "fac review made --batch BATCH",
    "worker": "fac jobs worker",
    "atlas": "fac space atlas",
    "match": "fac space match",
    "train-sae": "fac space train-sae",
    "study-synthesis": "fac lab arms",
    **{old: f"fac lab {old}" for old in _LABORATORY},
}
"""Commands of earlier versions, and what to say instead."""

_INTERRUPTED = 130
"""What typer makes of Ctrl-C."""

app = typer.Typer(
    name="fac",
    no_args_is_help=True,
)
for _panel, _commands in PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)
app.command(hidden=True)(machine.health)  # for servers: the help fits a screen
lab = typer.Typer(help="Does it help? Studies, baselines, written sets, benches.", no_args_is_help=True)
app.add_typer(jobs.jobs, name="jobs", rich_help_panel="More")
app.add_typer(data.space, name="space", rich_help_panel="More")
app.add_typer(lab, name="lab", rich_help_panel="More")


def _say_version(asked: bool) -> None:
    if asked:
        out.print(f"fac {fac_core.__version__}")
        raise typer.Exit


@app.callback()
def before_any_command(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - said before anything else is read
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, hidden=True, help="Say which version this is."),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only results and errors: no progress, no notes.")
    ] = False,
) -> None:
    """Measure and fill the gaps of a dataset in the feature space of a language model."""
    err.quiet = quiet
    if quiet:
        root = logging.getLogger()
        context.call_on_close(partial(root.setLevel, root.level))  # a process may run more commands than this one
        root.setLevel(logging.ERROR)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the console script."""
    # Threads that wait spin by default, and two processes on the same cores then slow each other fourfold. Read by OpenMP
    # when torch is imported, which happens later.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        code = run(arguments)
        sys.stdout.flush()
    except OSError as error:
        if not _is_of_stdout(error):
            raise
        # Python flushes once more when it ends: into nothing, or it would say the same again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # whoever read the beginning wanted no more: `fac gaps | head`
            why = f"The result cannot be written: {error.strerror}. Free room there, or write elsewhere."
            err.print(Text.assemble(("fac: ", "bold red"), why))
        code = 1
    sys.exit(code)


def _is_of_stdout(error: OSError) -> bool:
    """Whether writing the result failed: files of one's own are named in their errors."""
    return error.filename is None and error.errno in (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    first = arguments[0] if arguments else ""
    try:
        configure(OneLine())
        if first in MOVED:
            raise WrongUse(f"`fac {first}` is `{MOVED[first]}` now.")
        if first == "lab" or "_FAC_COMPLETE" in os.environ:  # a shell asks what could come next
            open_laboratory()
        result = program().main(arguments, standalone_mode=False)
    except FacError as error:
        return _failed(error, type(error).__name__, arguments, code=2 if isinstance(error, WrongUse) else 1)
    except typer.TyperException as error:  # an option or argument that there is not
        return _failed(error.format_message().replace("Value error, ", ""), type(error).__name__, arguments, code=2)
    except typer.Abort:
        return _failed("Stopped.", "Abort", arguments, code=1)
    except Exception as error:
        if (told := shortage(error, Path.cwd())) is None:
            raise
        return _failed(told, type(told).__name__, arguments, code=1)
    if result == _INTERRUPTED:
        return _failed("Interrupted. The same command goes on from here.", "Interrupted", arguments, code=1)
    return result if isinstance(result, int) else 0


def program() -> Any:
    """All commands, as typer makes them. Completion is set up once and needs no place in the help, which fits a screen."""
    found: Any = typer.main.get_command(app)
    for option in found.params:
        option.hidden = option.hidden or option.name in ("install_completion", "show_completion")
    return found


def open_laboratory() -> None:
    """Fill the group `fac lab`: what it imports is only for those who go there."""
    from fac_core.lab import commands

    found = getattr(commands, "app", None)
    if found is not None:
        lab.registered_commands, lab.registered_groups = found.registered_commands, found.registered_groups


def _failed(message: object, kind: str, arguments: list[str], *, code: int) -> int:
    if "--json" in arguments:
        sys.stdout.write(json.dumps({"error": str(message), "kind": kind}) + "\n")
    err.quiet = False
    if str(message):  # a group without a command has shown its help
        err.print(Text.assemble(("fac:", "bold red"), f" {message}"))
    return code
