"""Writing for a theme: its approved features are what is chosen from, and its name goes along, also into the command."""

from __future__ import annotations

import json
import shlex

from dashboard.components.synthesis.form import Asked, command
from fac_core.cli.app import run
from fac_core.curation.triage import Triage
from fac_core.fields import fields_of
from fac_core.jobs.kinds import checked
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.view import View
from fac_core.workflows.synthesise import prepared


def test_a_theme_narrows_the_approved_features_and_stands_in_the_command(workspace, page):
    (theme,) = View.find("seed", "anchor", workspace=workspace).missing().themes
    Triage(workspace.events(), "id-anchor").decide_many([0, *theme.features], "target", author="Ann")
    every, app = page("synthesis", preset="paper"), page("synthesis", preset="paper", sy_theme=theme.name)
    assert any("4 of 5 targets chosen" in c.value for c in every.caption)  # feature 0 is covered
    assert any(f"of {len(theme.features)} targets chosen" in c.value for c in app.caption)
    assert any(f'--theme "{theme.name}"' in code.value for code in app.code)


def test_form_job_and_command_ask_the_same_of_a_theme(workspace, capsys):
    view = View.find("seed", "anchor", workspace=workspace)
    (theme,) = view.missing().themes
    Triage(workspace.events(), "id-anchor").decide_many(theme.features, "target", author="Ann")
    form = Asked(
        SynthesisSpec(targets=theme.features, seed=view.run.run_id, anchor=view.anchor.run_id, theme=theme.name)
    )
    params = checked("synthesise", form.params)
    of_job = SynthesisSpec(**{name: getattr(params, name) for name in fields_of(SynthesisSpec)})
    python = prepared(SynthesisSpec(seed="seed", theme=theme.name), workspace)
    fronts = [prepared(spec, workspace) for spec in (form.spec, of_job)]
    assert all(one.targets == python.targets for one in fronts)
    assert {one.settings.batch_id for one in fronts} == {python.settings.batch_id}
    for said in (command(form), f"fac synthesise --seed seed --theme {theme.name[:4]}"):
        assert run([*shlex.split(said)[1:], "--estimate", "--json", "-w", str(workspace.folder)]) == 0
        assert json.loads(capsys.readouterr().out)["batch_id"] == python.settings.batch_id


def test_a_name_with_signs_of_a_shell_is_one_word_of_the_command():
    for name in ('a "b" $(c)', "`x`; y", "it's"):
        words = shlex.split(command(Asked(SynthesisSpec(targets=(1,), theme=name))))
        assert words[words.index("--theme") + 1] == name
