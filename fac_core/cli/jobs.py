"""Commands for long tasks: `fac worker` does jobs, `fac jobs` shows, asks for and changes them."""

from __future__ import annotations

import json as json_text
from collections.abc import Callable
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import err, out, write_json
from fac_core.errors import WrongUse

_JobId = Annotated[str, typer.Argument(help="Number of the job.")]
_Author = Annotated[str, typer.Option(help="Who asks.")]
_ACTIONS = {
    "pause": "Let a job rest; what is finished stays.",
    "cancel": "End a job; what is finished stays.",
    "resume": "Go on with a paused, interrupted or cancelled job.",
    "retry": "Try a failed job again.",
}


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(worker)
    jobs = typer.Typer(help="List the jobs of a workspace; submit, pause, cancel, resume or retry one, read its log.")
    jobs.callback(invoke_without_command=True)(list_jobs)
    jobs.command()(submit)
    jobs.command()(log)
    for action, explanation in _ACTIONS.items():
        jobs.command(action, help=explanation)(_changing(action))
    app.add_typer(jobs, name="jobs")


def worker(
    once: Annotated[bool, typer.Option("--once", help="Do what waits, then end.")] = False,
    idle_exit: Annotated[float | None, typer.Option(help="End after so many seconds without a job.")] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Do the jobs of a workspace, one at a time; the dashboard starts a worker by itself. Ctrl-C ends it."""
    import fac_core as fac

    err.print("Waiting for jobs. Ctrl-C ends the worker; a job that runs is kept for resume.")
    done = fac.work(workspace, once=once, idle_exit=idle_exit)
    if json:
        write_json({"jobs": done})
    else:
        out.print(f"{done:,} jobs done.")


def list_jobs(context: typer.Context, workspace: WorkspaceFolder = None, json: Json = False) -> None:
    """List the jobs of a workspace; submit, pause, cancel, resume or retry one, read its log."""
    if context.invoked_subcommand:
        return
    import fac_core as fac
    from fac_core.workflows.opening import open_workspace

    found = fac.list_jobs(workspace)
    progress = open_workspace(workspace).pulses().progress()
    if json:
        write_json([{**vars(job), "progress": progress.get(job.job_id)} for job in found])
        return
    table = Table("job", "kind", "state", "done", "by", "at", "", box=None)
    for job in found:
        far = progress.get(job.job_id)
        done = f"{far.done:,} of {far.total:,}" if far and far.total else ""
        state = f"{job.state}, {job.wish} asked" if job.wish else job.state
        cells = (
            job.job_id,
            job.kind,
            state,
            done,
            job.asked_by,
            job.at,
            job.error or str(job.params.get("source", "")),
        )
        table.add_row(*map(Text, cells))
    out.print(table)


def submit(
    kind: Annotated[str, typer.Argument(help="encode, label, atlas, relevance, probe …")],
    params: Annotated[str, typer.Argument(help='JSON: \'{"source": "texts.jsonl"}\'.')] = "{}",
    author: _Author = "anonymous",
    launch: Annotated[bool, typer.Option("--launch", help="Start a worker if none runs.")] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Ask for a job; `fac worker` does it."""
    import fac_core as fac

    try:
        given = json_text.loads(params)
    except json_text.JSONDecodeError as error:
        raise WrongUse(
            f'The parameters are no JSON ({error}). Write them so: \'{{"source": "texts.jsonl"}}\'.'
        ) from None
    job = fac.submit_job(kind, given, author=author, workspace=workspace, launch=launch)
    if json:
        write_json(job)
    else:
        out.print(f"Job {job.job_id} waits." + ("" if launch else " `fac worker` does it."))


def log(
    job_id: _JobId,
    n: Annotated[int, typer.Option("-n", help="Lines.")] = 50,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """The last lines of a job's log."""
    import fac_core as fac

    lines = fac.job_log(job_id, n, workspace=workspace)
    if json:
        write_json(lines)
    else:
        for line in lines:
            out.print(Text(line))


def _changing(action: str) -> Callable[..., None]:
    def change(
        job_id: _JobId, author: _Author = "anonymous", workspace: WorkspaceFolder = None, json: Json = False
    ) -> None:
        import fac_core as fac

        job = fac.change_job(job_id, action, author=author, workspace=workspace)  # type: ignore[arg-type]
        if json:
            write_json(job)
        else:
            out.print(f"Job {job.job_id} is {job.state}" + (f"; {job.wish} asked." if job.wish else "."))

    return change
