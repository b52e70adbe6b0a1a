"""The dashboard's way to the worker and the synthesis: one place to ask, and to say what to do without them.

Tasks run in the worker's process, never in the page's thread. Where it is not installed, the page shows the command that
does the same.
"""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType
from typing import Any

from dashboard.selection import Selection
from fac_core.coverage.definition import Definition
from fac_core.errors import MissingExtra


def has_worker() -> bool:
    """Whether tasks can be asked for from here."""
    return importlib.util.find_spec("fac_core.api.jobs") is not None


def submit(selection: Selection, kind: str, params: dict[str, Any]) -> str:
    """Ask for a task; returns the number of its job. Raises `WrongUse` for parameters that the kind does not take."""
    job = _verbs("fac_core.api.jobs").submit_job(
        kind, params, author=selection.author, workspace=selection.workspace.folder, launch=True
    )
    return job.job_id


def params_of(selection: Selection, batch_id: str) -> dict[str, Any] | None:
    """What the newest job of a batch was asked for, so that it can be asked again; None if no job made it."""
    if not has_worker():
        return None
    jobs = _verbs("fac_core.api.jobs").list_jobs(selection.workspace.folder)
    made = (
        job for job in reversed(jobs) if job.kind == "synthesise" and (job.result or {}).get("batch_id") == batch_id
    )
    return next((job.params for job in made), None)


def estimate(selection: Selection, params: dict[str, Any]) -> Any:
    """What a synthesis would cost, without running a model. Raises `WrongUse` for settings that make no sense."""
    spec = importlib.import_module("fac_core.synthesis.spec") if _has("fac_core.synthesis.spec") else None
    verbs = _verbs("fac_core.api.synthesis")
    if spec is None:
        raise MissingExtra("This installation has no synthesis: update fac-explorer.")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in params.items()}
    asked = spec.SynthesisSpec(**{**values, "definition": Definition(**params["definition"])})
    return verbs.estimate(asked, workspace=selection.workspace.folder)


def prompts(selection: Selection) -> dict[str, str]:
    """By name the text of every prompt template, the workspace's forks before those that ship."""
    if not _has("fac_core.synthesis.prompts"):
        return {}
    shipped = importlib.import_module("fac_core.synthesis.prompts").BUILT_IN
    own = selection.workspace.folder / "prompts"
    files = {path.stem: path for folder in (shipped, own) for path in sorted(folder.glob("*.toml"))}
    return {name: path.read_text(encoding="utf-8") for name, path in files.items()}


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _verbs(module: str) -> ModuleType:
    if not _has(module):
        raise MissingExtra(
            "This installation has no worker: run the command that the page shows, or update fac-explorer."
        )
    return importlib.import_module(module)
