"""Prompts are files: versioned, forkable, and wrong ones say where."""

from __future__ import annotations

import pytest

from fac_core.errors import BadInput, NotFound, WrongUse
from fac_core.synthesis.prompts import built_in, messages, prompt_template
from fac_core.synthesis.spans import Span
from fac_core.synthesis.spec import STEPS, SynthesisSpec
from fac_core.synthesis.steps import ask
from fac_core.synthesis.targets import Target

SPANS = tuple(Span(f"the {w} was ", "late", f" by {w}.", 9.0 - i, i, is_whole=True) for i, w in enumerate("abcdef"))
TARGET = Target(3, "$label {odd} %s", 1.5, 9.0, SPANS)


@pytest.mark.parametrize("name", built_in())
def test_every_shipped_prompt_fills_in_for_every_step_that_it_has(name):
    template = prompt_template(name)
    assert template.identity == f"{name}@{template.version}"
    for step in STEPS:
        if getattr(template, step.replace(" ", "_")) is None:
            continue
        spec = SynthesisSpec(generator="steered", shape=template.shape, task="a shop's help desk")
        for one in ask(step, TARGET, [], 0, spec, template):
            text = "\n".join(m.content for m in one.request.messages)
            assert "$" not in text.replace("$label {odd} %s", "")
            assert "a shop's help desk" in text


def test_a_fork_in_the_workspace_holds_and_is_known_by_its_content(tmp_path):
    (tmp_path / "prompts").mkdir()
    fork = tmp_path / "prompts" / "text.toml"
    fork.write_text('name="text"\nversion=2\nshape="text"\nform="json"\n[one_step]\nuser="Mine: $label"\n')
    template = prompt_template("text", tmp_path)
    assert template.identity.startswith("text@2+")
    fork.write_text(fork.read_text().replace("Mine", "Ours"))
    assert prompt_template("text", tmp_path).identity != template.identity
    assert messages(template, "one step", {"label": "x"})[0].content == "Mine: x"
    with pytest.raises(WrongUse, match="no section for 'retry'"):
        template.section("retry")


def test_wrong_prompts_say_where(tmp_path):
    (tmp_path / "prompts").mkdir()
    broken = tmp_path / "prompts" / "text.toml"
    broken.write_text('name="text"\nversion=0\nshape="text"\nform="json"\n[one_step]\nuser="$nothing"\n')
    with pytest.raises(BadInput, match="'version'"):
        prompt_template("text", tmp_path)
    broken.write_text(broken.read_text().replace("version=0", "version=1"))
    with pytest.raises(WrongUse, match="nothing"):
        messages(prompt_template("text", tmp_path), "one step", {"label": "x"})
    with pytest.raises(NotFound, match="text-plain"):
        prompt_template("../text")


def test_the_same_request_is_made_in_every_batch_and_another_with_another_seed():
    template = prompt_template("text-plain")
    one = ask("one step", TARGET, [], 0, SynthesisSpec(k=1), template)
    assert one == ask("one step", TARGET, [], 0, SynthesisSpec(k=3, at_once=2), template)
    assert one != ask("one step", TARGET, [], 0, SynthesisSpec(random_seed=1), template)


def test_guided_prompts_never_give_the_peak_away():
    template = prompt_template("text-plain")
    for attempt in range(6):
        for one in ask("guided", TARGET, [], attempt, SynthesisSpec(m=8), template):
            assert one.request.boost is not None
            assert one.request.boost.words == (" late",)
            assert "late" not in one.begun
            assert bool(one.begun) == ("lead" in one.note)
            assert one.request.messages[-1].content.endswith(one.begun)
