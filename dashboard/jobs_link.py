"""The dashboard's way to the worker and the synthesis: one place to ask, and to say what to do without them.

Tasks run in the worker's process, never in the page's thread.
"""

from __future__ import annotations

from typing import Any

from dashboard.selection import Selection
from fac_core.coverage.definition import Definition
from fac_core.jobs.control import list_jobs, submit_job
from fac_core.jobs.job import Job
from fac_core.jobs.kinds import checked
from fac_core.synthesis.prompts import BUILT_IN
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.workflows import synthesise as synthesis


def submit(selection: Selection, kind: str, params: dict[str, Any]) -> str:
    """Ask for a task; returns the number of its job. Raises `WrongUse` for what the worker does not know or take."""
    place = selection.workspace.folder
    return submit_job(kind, params, author=selection.author, workspace=place, launch=True).job_id


def params_of(selection: Selection, batch_id: str) -> dict[str, Any] | None:
    """What the newest job of a batch was asked for, so that it can be asked again; None if no job made it."""
    made = (
        job.params
        for job in reversed(list_jobs(selection.workspace.folder))
        if job.kind == "synthesise" and (job.result or {}).get("batch_id") == batch_id
    )
    return next(made, None)


def newest(selection: Selection, kind: str, params: dict[str, Any]) -> Job | None:
    """The newest job of a kind with just these parameters, however it stands; None if nobody asked for it yet."""
    asked = checked(kind, params).model_dump(mode="json")
    jobs = list_jobs(selection.workspace.folder)
    return next((job for job in reversed(jobs) if (job.kind, job.params) == (kind, asked)), None)


def estimate(selection: Selection, params: dict[str, Any]) -> synthesis.Estimate:
    """What a synthesis would cost, without running a model. Raises `WrongUse` for settings that make no sense."""
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in params.items()}
    values.pop("key_variable", None)
    spec = SynthesisSpec(**{**values, "definition": Definition(**params["definition"])})
    return synthesis.estimate(spec, workspace=selection.workspace.folder)


def prompts(selection: Selection) -> dict[str, str]:
    """By name the text of every prompt template, the workspace's forks before those that ship."""
    own = selection.workspace.folder / "prompts"
    files = {path.stem: path for folder in (BUILT_IN, own) for path in sorted(folder.glob("*.toml"))}
    return {name: path.read_text(encoding="utf-8") for name, path in files.items()}
