"""What a synthesis is asked for: the form's fields, as the parameters of `fac synthesise`, and what they may cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import jobs_link
from dashboard.selection import Selection
from fac_core.errors import WrongUse
from fac_core.synthesis.spec import STEPS

SHAPES = {
    "text": "a plain text",
    "instruction": "an instruction and its response",
    "pair": "a chosen and a rejected response",
    "behaviour": "a question with two options",
    "chat": "a free chat",
}
_CANNOT = {"server": ("steered", "guided"), "local": ("steered",)}
"""Steps that a generator cannot take."""
_USUAL_STEPS = {"steered": ("guided", "one step", "steered")}
_LOCAL_RATE = (80.0, 150.0)
"""Tokens a second of the embedded model on two cores, in full batches: slow and quick."""
_SERVER_RATE = (40.0, 400.0)
"""Of a server asked four things at once."""
_PREVIEW_TARGETS, _PREVIEW_SAMPLES = 3, 2


@dataclass(frozen=True)
class Asked:
    """The form, filled in."""

    params: dict[str, Any]
    """Of the task `synthesise`, as JSON."""
    price: float
    """Of a million generated tokens; 0 on this machine."""

    @property
    def is_server(self) -> bool:
        return self.params["generator"] not in ("local", "steered")

    def preview(self) -> dict[str, Any]:
        """The same for two samples of three targets: nothing but the first of its steps."""
        return {
            **self.params,
            "targets": self.params["targets"][:_PREVIEW_TARGETS],
            "steps": self.params["steps"][:1],
            "n": _PREVIEW_SAMPLES,
            "m": _PREVIEW_SAMPLES,
            "k": 1,
            "attempts": 1,
        }


def cost(asked: Asked, least_tokens: int, most_tokens: int) -> tuple[float, float]:
    """Low and high, in the currency of the price. Prompts are not counted: servers mostly ask less for them."""
    return least_tokens * asked.price / 1e6, most_tokens * asked.price / 1e6


def minutes(asked: Asked, least_tokens: int, most_tokens: int) -> tuple[float, float]:
    """Low and high."""
    slow, quick = _SERVER_RATE if asked.is_server else _LOCAL_RATE
    return least_tokens / quick / 60, most_tokens / slow / 60


def command(params: dict[str, Any]) -> str:
    """What does the same on the command line."""
    targets = ",".join(map(str, params["targets"]))
    return (
        f"fac synthesise --targets {targets} --shape {params['shape']} --generator {params['generator']}"
        f' --methods "{",".join(params["steps"])}" -n {params["n"]} -m {params["m"]} -k {params["k"]}'
        + (f" --budget {params['budget']}" if params["budget"] else "")
    )


def fork_prompt(folder: Path, name: str, text: str) -> Path:
    """Keep a changed template in the workspace, whole or not at all; it holds instead of the one that ships.

    Raises `WrongUse` for a name that is no file name.
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise WrongUse(f"{name!r} is no name for a prompt: write letters, digits and hyphens.")
    own = folder / "prompts"
    own.mkdir(exist_ok=True)
    building = own / f"{name}.toml.building"
    building.write_text(text, encoding="utf-8")
    return building.replace(own / f"{name}.toml")


def fill_in(selection: Selection, targets: list[int]) -> Asked:
    """Draw the form and return what it says."""
    left, middle, right = st.columns(3)
    with left:
        shape = st.selectbox("Shape", list(SHAPES), key="sy_shape", format_func=lambda s: f"{s}: {SHAPES[s]}")
        task = st.text_input("What the samples are for", key="sy_task", placeholder="a few words for the prompt")
        label = st.text_input("Class that every sample must have", key="sy_label", placeholder="none")
        prompt = _prompt(selection)
    with middle:
        where = st.segmented_control(
            "Generator",
            ["local", "steered", "server"],
            default="local",
            key="sy_generator",
            help="**local**: the embedded model on this machine. **steered**: the same, pushed along the feature while it "
            "writes, or led to what fires it, and measured plainly. **server**: any that speaks OpenAI's chat completions.",
        )
        generator, key_variable, model, price = where or "local", "", "", 0.0
        if where == "server":
            generator = st.text_input("Address", key="sy_address", placeholder="http://localhost:11434/v1")
            model = st.text_input("Model", key="sy_model")
            key_variable = st.text_input(
                "Environment variable with the key",
                key="sy_key",
                placeholder="none",
                help="Its name, never the key: that is read by the worker and kept nowhere.",
            )
            price = st.number_input("Price of a million generated tokens", 0.0, None, 0.0, key="sy_price")
        cannot = {*_CANNOT.get(where or "local", ()), *(() if shape == "text" else ("guided",))}
        allowed = [step for step in STEPS if step not in cannot]
        usual = [step for step in _USUAL_STEPS.get(where or "local", ("one step", "two steps")) if step in allowed]
        steps = st.pills("Methods", allowed, selection_mode="multi", default=usual, key=f"sy_steps_{where}_{shape}")
    with right:
        with st.container(horizontal=True):
            n = st.number_input("n", 1, 64, 4, key="sy_n", help="Candidates of step 1, for a target.")
            m = st.number_input("m", 1, 64, 4, key="sy_m", help="Candidates of step 2 and of every later attempt.")
            k = st.number_input("k", 1, 64, 1, key="sy_k", help="Passing candidates with which a target is done.")
        max_tokens = st.number_input("Tokens of one candidate, at most", 8, 2048, 64, key="sy_max_tokens")
        budget = st.number_input(
            "Budget in tokens", 1, None, None, key="sy_budget", placeholder="no cap", help="A hard cap in the worker."
        )
    params = {
        "targets": targets,
        "seed": selection.run.run_id,
        "anchor": selection.anchor.run_id,
        "definition": asdict(selection.definition),
        "task": task,
        "label": label,
        "shape": shape,
        "prompt": prompt or "",
        "steps": [step for step in STEPS if step in steps],
        "n": n,
        "m": m,
        "k": k,
        "max_tokens": max_tokens,
        "budget": budget,
        "generator": generator,
        "model": model,
    }
    return Asked({**params, **({"key_variable": key_variable} if key_variable else {})}, price)


def _prompt(selection: Selection) -> str | None:
    """Which template; its text can be read, and kept under another name with changes."""
    known = jobs_link.prompts(selection)
    name = st.selectbox("Prompt", list(known), index=None, key="sy_prompt", placeholder="the shape's own")
    if name:

        def fork() -> None:
            try:
                fork_prompt(selection.workspace.folder, st.session_state["sy_fork"], st.session_state["sy_prompt_text"])
            except WrongUse as error:
                st.toast(str(error), icon=":material/error:")

        with st.expander("Read it, or fork it", icon=":material/fork_right:"):
            st.text_area("Template", known[name], key="sy_prompt_text", height=300)
            st.text_input("Keep it as", name, key="sy_fork")
            st.button("Keep in this workspace", on_click=fork)
    return name
