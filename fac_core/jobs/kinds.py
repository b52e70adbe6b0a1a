"""What can be asked for. Each kind is its parameters, checked before anybody waits, and a function that does it.

To add a kind: a model of its parameters, a function `Asked -> result` that calls one of `fac_core/workflows`, and a line in
`KINDS`. The result is JSON and goes into the log: keep it small, name files and runs.
A task that calls `on_progress` between units of work can be paused and cancelled there, and must go on from what is
finished when it is called again with the same parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model

from fac_core.activations.engines.spec import EngineSpec
from fac_core.activations.spec import EncodeSpec
from fac_core.datasets.layouts import ColumnMapping
from fac_core.datasets.splits import absolute
from fac_core.errors import WrongUse
from fac_core.fields import fields_of
from fac_core.generators.named import is_address
from fac_core.jobs.allowed import check_allowed
from fac_core.jobs.warm import Warm
from fac_core.progress import Progress
from fac_core.store.workspace import Workspace
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.workflows import atlas, diversity, encode, judging, naming, probe, synthesise, themes

T = TypeVar("T")


_IS_PLACE = AfterValidator(absolute)
Place = Annotated[str, _IS_PLACE]
"""A file, a folder or a hub id."""


class Params(BaseModel):
    """Parameters of a kind: JSON, and nothing that the kind does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _params_of(title: str, command: str, /, *kinds: type, **more: Any) -> type[Params]:
    """A model with the fields of some dataclasses, and some more; where one is a path, it may be one as seen from here."""
    known = {field.name: (field.type, field.default) for kind in kinds for field in fields_of(kind).values()}
    paths = {key: (Place, known[key][1]) for key in ("model", "sae", "shards") if key in known}
    return create_model(title, __base__=Params, __doc__=command, **{**known, **paths, **more})


EncodeParams = _params_of(
    "EncodeParams",
    "`fac encode`.",
    EncodeSpec,
    ColumnMapping,
    EngineSpec,
    source=(Place, Field(min_length=1)),
    name=(str | None, None),
    anchor=(bool, False),
)
SynthesiseParams = _params_of(
    "SynthesiseParams",
    "`fac synthesise`: a `SynthesisSpec` as JSON. A server, and the variable with its key, is one that is allowed.",
    SynthesisSpec,
)


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


class BatchParams(Params):
    """What is about one synthesis."""

    batch_id: str = Field(min_length=1)


@dataclass(frozen=True)
class Asked:
    """A job as its kind meets it."""

    workspace: Workspace
    params: Any
    author: str
    """Who asked for it."""
    on_progress: Progress
    warm: Warm

    def made(self, kind: type[T]) -> T:
        """A dataclass from the parameters that are its fields. Raises what it raises for values that make no sense."""
        return kind(**{name: getattr(self.params, name) for name in fields_of(kind)})


def _encode(asked: Asked) -> dict[str, Any]:
    engine = asked.made(EngineSpec)
    for address in filter(None, (engine.address, engine.shards if is_address(engine.shards) else "")):
        check_allowed(address)
    info = encode.encode(
        asked.params.source,
        asked.made(EncodeSpec),
        workspace=asked.workspace,
        name=asked.params.name,
        mapping=asked.made(ColumnMapping),
        anchor=asked.params.anchor,
        engine=engine,
        on_progress=asked.on_progress,
    )
    asked.on_progress(info.n_samples, info.n_samples, "finding what is missing")
    themes.keep_answer(info.run_id, asked.workspace)
    return {key: getattr(info, key) for key in ("run_id", "name", "n_samples", "n_failures", "n_truncated", "seconds")}


def _label(asked: Asked) -> dict[str, Any]:
    return {"n_labels": len(naming.label_features(asked.params.run, workspace=asked.workspace))}


def _atlas(asked: Asked) -> dict[str, Any]:
    space = atlas.make_atlas(asked.params.run, workspace=asked.workspace, on_progress=asked.on_progress)
    return {"file": space.path.name}


def _relevance(asked: Asked) -> dict[str, Any]:
    task, *contrast = (getattr(asked.params, name) for name in ("task", "field", "value", "run"))
    return {"task": task, "n_judged": len(judging.judge_by_statistic(task, *contrast, workspace=asked.workspace))}


def _diversity(asked: Asked) -> dict[str, Any]:
    names, anchor = asked.params.runs, asked.params.anchor
    return asdict(diversity.measure_diversity(names, anchor, workspace=asked.workspace, on_progress=asked.on_progress))


def _probe(asked: Asked) -> dict[str, Any]:
    text, feature_id, run = asked.params.text, asked.params.feature_id, asked.params.run
    return asdict(probe.probe(text, feature_id, run, workspace=asked.workspace, warm=asked.warm.get))


def _synthesise(asked: Asked) -> dict[str, Any]:
    spec = asked.made(SynthesisSpec)
    server = check_allowed(spec.generator) if is_address(spec.generator) else None
    made = synthesise.synthesise(
        spec,
        workspace=asked.workspace,
        key_variable=server.key_variable if server else None,
        author=asked.author,
        on_progress=asked.on_progress,
    )
    return asdict(made)


def _verify_edits(asked: Asked) -> dict[str, Any]:
    batch_id = asked.params.batch_id
    found = synthesise.verify_edits(batch_id, workspace=asked.workspace, author=asked.author)
    return {"batch_id": batch_id, "verdicts": {candidate.candidate_id: candidate.verdict for candidate in found}}


@dataclass(frozen=True)
class Kind:
    """Something that can be asked for."""

    title: str
    """What people read while it runs."""
    params: type[Params]
    run: Callable[[Asked], dict[str, Any]]
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

SPECS: dict[str, tuple[type, ...]] = {"encode": (EncodeSpec, ColumnMapping, EngineSpec), "synthesise": (SynthesisSpec,)}
"""Kind -> the dataclasses that its parameters make."""

QUICK = frozenset(name for name, kind in KINDS.items() if kind.quick)


def within(workspace: Workspace, kind: str, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters as whoever signed in may give them: files lie in the workspace, but for models that its runs were made with.

    Raises `NotAllowed` for others.
    """
    if workspace.acting is None or kind not in KINDS:
        return params
    known = {name for info in workspace.runs() for name in (info.model, info.sae)}
    fields = KINDS[kind].params.model_fields.items()
    places = ["task", *(name for name, field in fields if _IS_PLACE in field.metadata)]  # a task may be a rubric's file
    named = {n: params[n] for n in places if isinstance(params.get(n), str) and params[n] not in known}
    return {**params, **{n: workspace.place(value) for n, value in named.items() if value}}


def checked(kind: str, params: dict[str, Any]) -> Params:
    """The parameters as the kind knows them. Raises `WrongUse` in one sentence for an unknown kind or a wrong value."""
    if kind not in KINDS:
        raise WrongUse(f"There is no kind of job {kind!r}; choose one of {', '.join(KINDS)}.")
    try:
        found = KINDS[kind].params.model_validate(params)
    except ValidationError as error:
        first = error.errors()[0]
        workspace = ".".join(map(str, first["loc"])) or "params"
        known = ", ".join(KINDS[kind].params.model_fields)
        raise WrongUse(f"Job {kind}, {workspace}: {first['msg']}. It takes {known}.") from None
    for spec in SPECS.get(kind, ()):  # which check what goes with what
        spec(**{name: getattr(found, name) for name in fields_of(spec)})
    return found
