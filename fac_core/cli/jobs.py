"""Commands for long tasks: `fac jobs` shows, asks for and changes them; `fac jobs worker` does them."""

from __future__ import annotations

import json as json_text
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

import fac_core as fac
from fac_core.cli.options import ME, Author, Json, WorkspaceFolder
from fac_core.cli.output import err, say, table
from fac_core.errors import WrongUse
from fac_core.people.roles import Role

if TYPE_CHECKING:
    from fac_core.jobs.job import Action, Job
    from fac_core.people.people_file import Rule

jobs = typer.Typer(help="Long tasks: list, submit, pause, cancel, resume, retry, log; worker does them.")

_NO_SIGN_IN = "Nobody signs in: the dashboard is for who sits at this machine."
_JobId = Annotated[str, typer.Argument(help="Number of the job.")]
_ACTIONS = {
    "pause": "Let a job rest; what is finished stays.",
    "cancel": "End a job; what is finished stays.",
    "resume": "Go on with a paused, interrupted or cancelled job.",
    "retry": "Try a failed job again.",
}


@jobs.callback(invoke_without_command=True)
def unless_more_is_said(context: typer.Context, workspace: WorkspaceFolder = None, json: Json = False) -> None:
    """Long tasks: list, submit, pause, cancel, resume, retry, log; worker does them."""
    if not context.invoked_subcommand:
        list_jobs(workspace, json)


@jobs.command("list")
def list_jobs(workspace: WorkspaceFolder = None, json: Json = False) -> None:
    """All jobs, and how far they are; also without `list`."""
    from fac_core.jobs import control

    found = control.list_jobs(workspace)
    progress = fac.Workspace.at(workspace).pulses().progress()
    rows = [_row(job, progress.get(job.job_id)) for job in found]
    document = [{**vars(job), "progress": progress.get(job.job_id)} for job in found]
    columns = ["job", "kind", "state", "done", "by", "at", ""]
    say(json, document, table(columns, rows) if rows else "No job was asked for yet.")


@jobs.command()
def submit(
    kind: Annotated[str, typer.Argument(help="encode, label, atlas, relevance, probe …")],
    params: Annotated[str, typer.Argument(help='JSON: \'{"source": "texts.jsonl"}\'.')] = "{}",
    author: Author = ME,
    launch: Annotated[bool, typer.Option("--launch", help="Start a worker if none runs.")] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Ask for a job; a worker does it."""
    try:
        given = json_text.loads(params)
    except (ValueError, RecursionError) as error:
        raise WrongUse(
            f'The parameters are no JSON ({error}). Write them so: \'{{"source": "texts.jsonl"}}\'.'
        ) from None
    job = fac.submit_job(kind, given, author=author, workspace=workspace, launch=launch)
    say(json, job, f"Job {job.job_id} waits." + ("" if launch else " `fac jobs worker` does it."))


@jobs.command("allowed")
def list_allowed(json: Json = False) -> None:
    """Addresses that jobs may reach: servers, clusters, stores."""
    from fac_core.jobs.allowed import all_allowed, allowed_file

    found = all_allowed()
    rows = [(one.name, one.address, one.key_variable or "") for one in found]
    say(
        json,
        found,
        table(["name", "address", "key in"], rows) if rows else f"None yet; they stand in {allowed_file()}.",
    )


@jobs.command()
def allow(
    name: Annotated[str, typer.Argument(help="What pages call it.")],
    address: Annotated[str, typer.Argument(help="As in --generator, --address or --shards.")],
    key: Annotated[str | None, typer.Option(help="Environment variable of the worker with a server's key.")] = None,
    json: Json = False,
) -> None:
    """Let jobs, which others may ask for, reach an address."""
    from fac_core.jobs import allowed

    allowed.allow(name, address, key)
    say(json, allowed.all_allowed(), f"Jobs may reach {address}.")


@jobs.command()
def forbid(name: Annotated[str, typer.Argument(help="As in `fac jobs allowed`.")], json: Json = False) -> None:
    """Take an address off that list."""
    from fac_core.jobs import allowed

    allowed.forbid(name)
    say(json, allowed.all_allowed(), f"Jobs may no longer reach {name}.")


@jobs.command("people")
def list_people(json: Json = False) -> None:
    """Who signs in to the dashboard, with which role."""
    from fac_core.people.people_file import people, people_file

    found = people()
    rows = [(one.role, one.by, one.value) for one in found.person]
    door = f"Sign-in by {found.sign_in.metadata}, at {found.sign_in.address}." if found.sign_in else _NO_SIGN_IN
    shown = table(["role", "by", "who"], rows) if rows else f"Nobody yet; they stand in {people_file()}."
    say(
        json,
        {"sign_in": found.sign_in and found.sign_in.model_dump(), "person": list(map(_rule, found.person))},
        shown,
        door,
    )


@jobs.command("sign-in")
def sign_in(
    metadata: Annotated[str | None, typer.Argument(help="The provider's …/.well-known/openid-configuration.")] = None,
    client_id: Annotated[str | None, typer.Argument(help="As registered there.")] = None,
    address: Annotated[str | None, typer.Option(help="Where people open the dashboard.")] = None,
    end: Annotated[bool, typer.Option("--end", help="Nobody signs in any more; who may do what is kept.")] = False,
    json: Json = False,
) -> None:
    """Say which OpenID Connect provider vouches for people; its secrets stay in the environment."""
    from fac_core.people import people_file

    if end == bool(metadata and client_id and address):
        raise WrongUse("Say METADATA CLIENT_ID --address ADDRESS, or --end.")
    said = {"metadata": metadata, "client_id": client_id, "address": address}
    found = None if end else people_file.checked_sign_in(**said)
    people_file.set_sign_in(found)
    callback = f"Register {found.address}/oauth2callback there; then `fac ui --address`." if found else _NO_SIGN_IN
    say(json, found and found.model_dump(), callback)


@jobs.command()
def admit(
    who: Annotated[str, typer.Argument(help="An e-mail address; with --domain or --group one of these.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = "viewer",
    domain: Annotated[bool, typer.Option("--domain", help="Everybody whose address ends so.")] = False,
    group: Annotated[bool, typer.Option("--group", help="Everybody in this group of the provider.")] = False,
    json: Json = False,
) -> None:
    """Let somebody sign in to the dashboard, or give them another role."""
    from fac_core.people import people_file

    if domain and group:
        raise WrongUse("Say --domain or --group, not both.")
    people_file.admit("domain" if domain else "group" if group else "email", who, role)
    say(json, list(map(_rule, people_file.people().person)), f"{who}: {role}.")


@jobs.command()
def dismiss(who: Annotated[str, typer.Argument(help="As in `fac jobs people`.")], json: Json = False) -> None:
    """Take somebody off that list; what they decided stays."""
    from fac_core.people import people_file

    people_file.dismiss(who)
    say(json, list(map(_rule, people_file.people().person)), f"{who} no longer signs in.")


def _rule(one: Rule) -> dict[str, str]:
    return {"by": one.by, "who": one.value, "role": one.role}


def _changing(action: str) -> Callable[..., None]:
    def change(job_id: _JobId, author: Author = ME, workspace: WorkspaceFolder = None, json: Json = False) -> None:
        from fac_core.jobs.control import change_job

        job = change_job(job_id, cast("Action", action), author=author, workspace=workspace)
        say(json, job, f"Job {job.job_id} is {job.state}" + (f"; {job.wish} asked." if job.wish else "."))

    return change


for _action, _said in _ACTIONS.items():
    jobs.command(_action, help=_said)(_changing(_action))


@jobs.command()
def log(
    job_id: _JobId,
    n: Annotated[int, typer.Option("-n", help="Lines.")] = 50,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """The last lines of a job's log."""
    from fac_core.jobs.control import job_log

    lines = job_log(job_id, n, workspace=workspace)
    say(json, lines, *lines)


@jobs.command()
def worker(
    once: Annotated[bool, typer.Option("--once", help="Do what waits, then end.")] = False,
    idle_exit: Annotated[float | None, typer.Option(help="End after so many seconds without a job.")] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Do the jobs of a workspace, one at a time; the dashboard starts a worker by itself. Ctrl-C ends it."""
    from fac_core.jobs.control import work

    found = fac.Workspace.at(workspace)
    err.print("Waiting for jobs. Ctrl-C ends the worker; a job that runs is kept for resume.")
    done = work(found, once=once, idle_exit=idle_exit)
    say(json, {"jobs": done}, f"{done:,} jobs done.")


def _row(job: Job, far: Any) -> tuple[str, ...]:
    done = f"{far.done:,} of {far.total:,}" if far and far.total else ""
    state = f"{job.state}, {job.wish} asked" if job.wish else job.state
    about = job.error or str(job.params.get("source", ""))
    return job.job_id, job.kind, state, done, job.asked_by, job.at[:16], about
