"""What can be asked for. Each kind is its parameters, checked before anybody waits, and a function that does it.

To add a kind: a model of its parameters, a function `(workspace, params, on_progress, warm) -> result` that calls a verb
of `fac_core/api`, and a line in `KINDS`. The result is JSON and goes into the log: keep it small, name files and runs.
A task that calls `on_progress` between units of work can be paused and cancelled there, and must go on from what is
finished when it is called again with the same parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model

from fac_core.activations.spec import Dtype, EncodeSpec, Mode
from fac_core.datasets.layouts import ColumnMapping
from fac_core.errors import WrongUse
from fac_core.jobs.warm import Warm
from fac_core.progress import Progress
from fac_core.store.workspace import Workspace
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.workflows import atlas as atlas_verbs
from fac_core.workflows import diversity as diversity_verb
from fac_core.workflows import encode as encoding
from fac_core.workflows import judging as relevance
from fac_core.workflows import naming as labels
from fac_core.workflows import probe as probing
from fac_core.workflows import synthesise as synthesis


def _absolute(name: str) -> str:
    """A path that is there as seen from here: the worker may run in another folder. Hub ids stay as they are."""
    path = Path(name).expanduser()
    return str(path.resolve()) if name and path.exists() else name


Place = Annotated[str, AfterValidator(_absolute)]
"""A file, a folder or a hub id."""


class Params(BaseModel):
    """Parameters of a kind: JSON, and nothing that the kind does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EncodeParams(Params):
    """`fac encode`."""

    source: Place = Field(min_length=1)
    name: str | None = None
    anchor: bool = False
    model: Place = "smollm2-135m"
    sae: Place = ""
    mode: Mode = "native"
    k: int | None = None
    hook: str | None = None
    context: int = Field(512, ge=8, le=65_535)
    roles: tuple[Literal["user", "assistant", "system"], ...] = ("user", "assistant")
    dtype: Dtype = "auto"
    device: str = "cpu"
    text: str | None = None
    messages: str | None = None
    id: str | None = None
    label: str | None = None
    keep_duplicates: bool = False
    limit: int | None = Field(None, ge=1)


class RunParams(Params):
    """What is about one run, by name or id; None is the anchor."""

    run: str | None = None


class RelevanceParams(RunParams):
    """`fac relevance`."""

    task: str = Field(min_length=1)
    field: str = "label"
    value: str = "1"


class DiversityParams(Params):
    """`fac diversity`: runs and anchor by name or id; None is the anchor of the workspace."""

    runs: tuple[str, ...] = Field(min_length=1)
    anchor: str | None = None


class ProbeParams(RunParams):
    """Which features fire on a text; `feature_id` is shown also where it is silent."""

    text: str = Field(min_length=1, max_length=100_000)
    feature_id: int | None = Field(None, ge=0)


_SPEC = {field.name: field.default for field in fields(SynthesisSpec)}
_HINTS = get_type_hints(SynthesisSpec)
SynthesiseParams = create_model(
    "SynthesiseParams",
    __base__=Params,
    __doc__="`fac synthesise`: a `SynthesisSpec` as JSON, and the environment variable with the server's key.",
    key_variable=(str | None, None),
    **{name: (_HINTS[name], default) for name, default in _SPEC.items()},  # type: ignore[call-overload]
)


class BatchParams(Params):
    """What is about one synthesis."""

    batch_id: str = Field(min_length=1)


def _encode(place: Workspace, params: EncodeParams, on_progress: Progress, _warm: Warm) -> dict[str, Any]:
    spec = EncodeSpec(
        **params.model_dump(include={"model", "sae", "mode", "k", "hook", "context", "roles", "dtype", "device"})
    )
    columns = params.model_dump(include={"text", "messages", "id", "label", "keep_duplicates", "limit"})
    info = encoding.encode(
        params.source,
        spec,
        workspace=place.folder,
        name=params.name,
        mapping=ColumnMapping(**columns),
        anchor=params.anchor,
        on_progress=on_progress,
    )
    return {key: getattr(info, key) for key in ("run_id", "name", "n_samples", "n_failures", "n_truncated", "seconds")}


def _label(place: Workspace, params: RunParams, _on_progress: Progress, _warm: Warm) -> dict[str, Any]:
    return {"n_labels": len(labels.label_features(params.run, workspace=place.folder))}


def _atlas(place: Workspace, params: RunParams, on_progress: Progress, _warm: Warm) -> dict[str, Any]:
    with atlas_verbs.atlas(params.run, workspace=place.folder, on_progress=on_progress) as space:
        return {"file": space.path.name}


def _relevance(place: Workspace, params: RelevanceParams, _on_progress: Progress, _warm: Warm) -> dict[str, Any]:
    found = relevance.judge_by_statistic(params.task, params.field, params.value, params.run, workspace=place.folder)
    return {"task": params.task, "n_judged": len(found)}


def _diversity(place: Workspace, params: DiversityParams, on_progress: Progress, _warm: Warm) -> dict[str, Any]:
    found = diversity_verb.diversity(params.runs, params.anchor, workspace=place.folder, on_progress=on_progress)
    return asdict(found)


def _probe(place: Workspace, params: ProbeParams, _on_progress: Progress, warm: Warm) -> dict[str, Any]:
    found = probing.probe(params.text, params.feature_id, params.run, workspace=place.folder, warm=warm.get)
    return asdict(found)


def _synthesise(place: Workspace, params: Any, on_progress: Progress, _warm: Warm) -> dict[str, Any]:
    spec = SynthesisSpec(**{name: getattr(params, name) for name in _SPEC})
    made = synthesis.synthesise(spec, workspace=place.folder, key_variable=params.key_variable, on_progress=on_progress)
    return asdict(made)


def _verify_edits(place: Workspace, params: BatchParams, _on_progress: Progress, _warm: Warm) -> dict[str, Any]:
    found = synthesis.verify_edits(params.batch_id, workspace=place.folder)
    return {"batch_id": params.batch_id, "verdicts": {one.candidate_id: one.verdict for one in found}}


@dataclass(frozen=True)
class Kind:
    """Something that can be asked for."""

    title: str
    """What people read while it runs."""
    params: type[Params]
    run: Callable[[Workspace, Any, Progress, Warm], dict[str, Any]]
    quick: bool = False
    """A person waits for it: it goes before long jobs, and between their units of work."""


KINDS: dict[str, Kind] = {
    "encode": Kind("Encode", EncodeParams, _encode),
    "label": Kind("Name the features", RunParams, _label),
    "atlas": Kind("Map the feature space", RunParams, _atlas),
    "relevance": Kind("Judge relevance", RelevanceParams, _relevance),
    "diversity": Kind("Measure diversity", DiversityParams, _diversity),
    "synthesise": Kind("Write samples for gaps", SynthesiseParams, _synthesise),
    "verify_edits": Kind("Verify edited samples", BatchParams, _verify_edits, quick=True),
    "probe": Kind("Try a text", ProbeParams, _probe, quick=True),
}

QUICK = frozenset(name for name, kind in KINDS.items() if kind.quick)


def checked(kind: str, params: dict[str, Any]) -> Params:
    """The parameters as the kind knows them. Raises `WrongUse` in one sentence for an unknown kind or a wrong value."""
    if kind not in KINDS:
        raise WrongUse(f"There is no kind of job {kind!r}; choose one of {', '.join(KINDS)}.")
    try:
        return KINDS[kind].params.model_validate(params)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "params"
        known = ", ".join(KINDS[kind].params.model_fields)
        raise WrongUse(f"Job {kind}, {place}: {first['msg']}. It takes {known}.") from None
