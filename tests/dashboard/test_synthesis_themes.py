"""Writing for a theme: its approved features are what is chosen from, and its name goes along, also into the command."""

from __future__ import annotations

import shlex

from dashboard.components.synthesis.form import Asked, command
from fac_core.curation.triage import Triage
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.view import View


def test_a_theme_narrows_the_approved_features_and_stands_in_the_command(workspace, page):
    (theme,) = View.find("seed", "anchor", workspace=workspace).missing().themes
    Triage(workspace.events(), "id-anchor").decide_many([0, *theme.features], "target", author="Ann")
    every, app = page("synthesis", preset="paper"), page("synthesis", preset="paper", sy_theme=theme.name)
    assert any("of 5 approved gaps chosen" in c.value for c in every.caption)
    assert any(f"of {len(theme.features)} approved gaps chosen" in c.value for c in app.caption)
    app.toggle(key="sy_doubtful").set_value(True).run()
    assert not app.exception
    assert any(f'--theme "{theme.name}"' in code.value for code in app.code)


def test_a_name_with_signs_of_a_shell_is_one_word_of_the_command():
    for name in ('a "b" $(c)', "`x`; y", "it's"):
        words = shlex.split(command(Asked(SynthesisSpec(targets=(1,), theme=name))))
        assert words[words.index("--theme") + 1] == name
