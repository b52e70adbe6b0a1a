"""What a synthesis is asked for: a `SynthesisSpec` from the form's fields, and what it may cost."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast, get_args

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.components.told import told
from dashboard.links import by_present_name
from dashboard.sign_in import barred
from fac_core.coverage.definition import PRESETS
from fac_core.fields import fields_of
from fac_core.generators.openai_compatible import Nearby, models_of, nearby
from fac_core.jobs.allowed import all_allowed
from fac_core.progress import counted
from fac_core.synthesis.prompts import fork_prompt, prompts
from fac_core.synthesis.spec import STEPS, Shape, Step, SynthesisSpec, possible_steps
from fac_core.themes.theme import Theme
from fac_core.view import View

SHAPES: dict[Shape, str] = {
    "text": "a plain text",
    "instruction": "an instruction and its response",
    "pair": "a chosen and a rejected response",
    "behaviour": "a question with two options",
    "chat": "a free chat",
}
_USUAL_STEPS: dict[str, tuple[Step, ...]] = {
    "local": ("guided", "one step", "two steps"),
    "steered": ("guided", "one step", "steered"),
}
"""What a small model brings most with; servers cannot be read along with."""
_PREVIEW_TARGETS, _PREVIEW_SAMPLES = 3, 2
_LOOK_AGAIN = 30.0
"""Seconds for which it is remembered who answers."""
_FIELDS = fields_of(SynthesisSpec)
_FLAGS = {"steps": "--methods", "n": "-n", "m": "-m", "k": "-k"}
"""Flags of `fac synthesise` that are not called by their fields."""


@dataclass(frozen=True)
class Asked:
    """The form, filled in."""

    spec: SynthesisSpec
    price: float = 0.0
    """Of a million generated tokens; 0 on this machine."""
    key_variable: str | None = None
    """Environment variable with the server's key."""

    @property
    def params(self) -> dict[str, Any]:
        """Of the job `synthesise`; the worker knows the key of a server that is allowed."""
        return asdict(self.spec)

    def preview(self) -> Asked:
        """The same for two samples of three targets: nothing but the first of its steps."""
        n, spec = _PREVIEW_SAMPLES, self.spec
        first = (spec.targets or ())[:_PREVIEW_TARGETS]
        return replace(self, spec=replace(spec, targets=first, steps=spec.steps[:1], n=n, m=n, k=1, attempts=1))


def command(asked: Asked) -> str:
    """What does the same on the command line: the targets, and what is not as it is by default."""
    spec, said = asked.spec, ["fac synthesise"]
    for name, field in _FIELDS.items():
        value = getattr(spec, name)
        if name == "definition":
            said += _definition(spec)
        elif value != field.default:
            flag = _FLAGS.get(name, f"--{name.replace('_', '-')}")
            said.append(f"{flag} {_word(value)}")
    return " ".join([*said, *([f"--key {asked.key_variable}"] if asked.key_variable else [])])


def _definition(spec: SynthesisSpec) -> list[str]:
    bare = replace(spec.definition, exclude_sinks=False, exclude_dense_above=None)
    preset = next((name for name, one in PRESETS.items() if one == bare), None)
    dense = spec.definition.exclude_dense_above
    return [
        *([f"--preset {preset}"] if preset and bare != _FIELDS["definition"].default else []),
        *([f"--dense-above {dense:g}"] if dense else []),
        *(["--no-sinks"] if spec.definition.exclude_sinks else []),
    ]


def _word(value: Any) -> str:
    """One word for a shell, in quotes where it has spaces."""
    said = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    if set(said) & set("\"'$`\\;&|<>"):  # the name of a theme can be anything
        return shlex.quote(said)
    return f'"{said}"' if " " in said else said


def choose_theme(themes: Sequence[Theme]) -> Theme | None:
    """The theme that the texts are about; None is any."""
    by_present_name("sy_theme", themes)
    names = list(dict.fromkeys(theme.name for theme in themes))
    chosen = st.selectbox(
        "Theme", names, index=None, key="sy_theme", bind="query-params", placeholder="any", help=_FIELDS["theme"].help,
        width=340, disabled=not names,
    )  # fmt: skip
    return next((theme for theme in themes if theme.name == chosen), None)


def fill_in(view: View, targets: tuple[int, ...], theme: str = "") -> Asked | None:
    """Draw the form and return what it says; None while a target, a method or an address is missing. Raises `WrongUse`."""
    where, generator, key_variable, model, price = _generator()
    with st.expander("Shape, purpose, methods, how many, budget", icon=":material/tune:"):
        shape = cast(
            Shape,
            st.selectbox(
                "Shape",
                get_args(Shape),
                key="sy_shape",
                format_func=lambda s: f"{s}: {SHAPES[s]}",
                help=_FIELDS["shape"].help,
            ),
        )
        with st.grid(2):
            task = _text("task", "What the samples are for")
            label = _text("label", "Class that every sample must have")
        allowed = possible_steps(where, shape)
        usual = [step for step in _USUAL_STEPS.get(where, SynthesisSpec.steps) if step in allowed]
        ticked = st.pills(
            "Methods",
            allowed,
            selection_mode="multi",
            default=usual,
            key=f"sy_steps_{where}_{shape}",
            help=_FIELDS["steps"].help,
        )
        with st.container(horizontal=True):
            sizes = {name: _number(name, name) for name in ("n", "m", "k")}
            sizes["max_tokens"] = _number("max_tokens", "Tokens of one candidate, at most")
            help_ = _FIELDS["budget"].help
            budget = st.number_input(
                "Budget in tokens", 1, None, None, key="sy_budget", placeholder="no cap", help=help_
            )
        prompt = _prompt(view)
    steps: tuple[Step, ...] = tuple(step for step in STEPS if step in (ticked or ()))
    if not (targets and steps and generator):
        return None
    spec = SynthesisSpec(
        targets=targets,
        seed=view.run.run_id,
        anchor=view.anchor.run_id,
        definition=view.definition,
        theme=theme,
        task=task,
        label=label,
        shape=shape,
        prompt=prompt or "",
        steps=steps,
        budget=budget,
        generator=generator,
        model=model,
        **sizes,
    )
    return Asked(spec, price, key_variable or None)


def _generator() -> tuple[str, str, str, str, float]:
    """Which kind; the generator, the variable with its key, its model, and what a million tokens cost."""
    where = st.segmented_control(
        "Generator",
        ["local", "steered", "server"],
        default="local",
        required=True,
        key="sy_generator",
        help="**local**: the embedded model on this machine. **steered**: the same, pushed along the feature while it "
        "writes, or led to what fires it, and measured plainly. **server**: any that speaks OpenAI's chat completions.",
    )
    if where != "server":
        return where, where, "", "", 0.0
    address, key_variable = _server()
    known = answering(address) if address else ()
    model = st.selectbox(
        "Model",
        known,
        index=0 if known else None,
        key="sy_model",
        accept_new_options=True,
        placeholder="as the server calls it",
        help=_FIELDS["model"].help,
    )
    price = st.number_input("Price of a million generated tokens", 0.0, None, 0.0, key="sy_price")
    return where, address, key_variable, model or "", price


def _server() -> tuple[str, str]:
    """Address and key variable of one of the servers that the machine's owner allows."""
    known = {one.name: one for one in all_allowed() if one.address.startswith("http")}
    name = st.selectbox("Server", list(known), key="sy_server", placeholder="none is allowed yet", disabled=not known)
    if name is None:
        for one in found_nearby():
            st.caption(
                f"{st_text(one.name)} seems to answer on this machine, with {counted(len(one.models), 'model')}."
            )
        one = next(iter(found_nearby()), Nearby("ollama", "http://localhost:11434/v1", ()))
        st.caption("Whoever owns this machine allows it in a terminal:")
        st.code(f"fac jobs allow {one.name} {one.address}", language="bash")
        return "", ""
    return known[name].address, known[name].key_variable or ""


@st.cache_data(ttl=_LOOK_AGAIN, show_spinner=False)
def found_nearby() -> tuple[Nearby, ...]:
    """Servers that answer on this machine: offered, never used unasked."""
    return nearby()


@st.cache_data(ttl=_LOOK_AGAIN, show_spinner=False)
def answering(address: str) -> tuple[str, ...]:
    """The models of a server that is allowed."""
    return models_of(address)


def _text(name: str, label: str) -> str:
    return st.text_input(label, key=f"sy_{name}", help=_FIELDS[name].help)


def _number(name: str, label: str) -> int:
    field = _FIELDS[name]
    return int(st.number_input(label, 1, value=field.default, key=f"sy_{name}", help=field.help))


def _prompt(view: View) -> str | None:
    """Which template; its text can be read, and kept under another name with changes."""
    known = prompts(view.workspace.folder)
    help_ = _FIELDS["prompt"].help
    name = st.selectbox("Prompt", list(known), index=None, key="sy_prompt", placeholder="the shape's own", help=help_)
    if name:

        def fork() -> None:
            kept, text = st.session_state["sy_fork"], st.session_state["sy_prompt_text"]
            told(lambda: (view.workspace.check("prompt"), fork_prompt(view.workspace.folder, kept, text)))

        with st.expander("Read it, or fork it", icon=":material/fork_right:"):
            st.text_area("Template", known[name], key="sy_prompt_text", height=300)
            st.text_input("Keep it as", name, key="sy_fork")
            st.button("Keep in this workspace", on_click=fork, **barred("prompt"))
    return name
