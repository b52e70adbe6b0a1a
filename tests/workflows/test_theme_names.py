"""Themes named by a person and by a model, through the verbs and the command: consent first, paid once, and found by all names."""

from __future__ import annotations

import json

import pytest

from fac_core.cli.app import run as command
from fac_core.errors import Stopped
from fac_core.generators.budget import Budget
from fac_core.generators.scripted import Scripted
from fac_core.view import View
from fac_core.workflows.theme_names import estimate_theme_names, name_themes_by_llm, names_of, themes_to_name
from fac_core.workflows.themes import theme_named
from tests.generators.faulty_server import faulty_server, says, status
from tests.workflows.test_themes import view

__all__ = ["view"]


def knowing(name: str = "medicine") -> Scripted:
    return Scripted(lambda _request: json.dumps({"name": name}), "model at place")


def fac_json(capsys, view: View, *arguments: str, code: int = 0):
    assert command([*arguments, "-w", str(view.workspace.folder), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_theme_is_found_by_its_name_and_by_those_that_it_had(view):
    theme = view.missing().themes[0]
    names_of(view).rename(theme, "anatomy", author="Ann")
    for name in ("anatomy", "ANA", theme.name):
        assert theme_named(view, name).features == theme.features


def test_a_model_reads_texts_of_the_theme_and_its_name_holds_until_a_person_names_it(view):
    model, theme = knowing(), view.missing().themes[0]
    assert (
        estimate_theme_names(view, model).n_requests == len(themes_to_name(view)) == 2
    )  # what is short, and what is in excess
    assert model.requests == []
    found = name_themes_by_llm(view, model).values()
    assert {one.theme: one.name for one in found}[theme.name] == "medicine"
    contents = [request.messages[-1].content for request in model.requests]
    (asked,) = (one for one in contents if one.startswith(f"Words: {', '.join(theme.words)}"))
    assert asked.count("bones and blood") == 8
    named = view.missing().themes[0]
    assert (named.name, named.named_by, named.given.author) == ("medicine", "model", "model at place")
    assert names_of(view).history(named)[0].payload["prompt"] == "theme@1"
    names_of(view).rename(named, "anatomy", author="Ann")
    assert view.missing().themes[0].name == "anatomy"
    assert len(themes_to_name(view)) == 1


def test_asking_again_is_free_and_says_the_same(view):
    model = knowing()
    name_themes_by_llm(view, model)
    assert estimate_theme_names(view, model).n_requests == 0
    again = name_themes_by_llm(view, model).values()
    assert ([one.usage.n_cached for one in again], len(model.requests)) == ([1, 1], 2)
    assert len(names_of(view).history(view.missing().themes[0])) == 1


def test_what_the_budget_cuts_off_says_so_and_a_stop_loses_nothing_paid(view):
    found = name_themes_by_llm(view, knowing(), Budget(tokens=10)).values()
    assert all("cap of 10 tokens" in one.detail for one in found)

    def stop(done, total, note=""):
        if done:
            raise Stopped("enough")

    model = knowing()
    with pytest.raises(Stopped):
        name_themes_by_llm(view, model, on_progress=stop)
    name_themes_by_llm(view, model)
    assert len(model.requests) == 2


def test_a_fork_of_the_prompt_in_the_workspace_holds(view):
    folder = view.workspace.folder / "prompts"
    folder.mkdir()
    (folder / "theme.toml").write_text('name = "theme"\nversion = 2\nsystem = "Name."\nuser = "$texts"\n')
    model = knowing()
    name_themes_by_llm(view, model)
    assert model.requests[0].messages[0].content == "Name."
    assert names_of(view).history(view.missing().themes[0])[0].payload["prompt"].startswith("theme@2+")


def test_the_command_renames_shows_and_takes_back(view, capsys):
    before = view.missing().themes[0].name
    fac_json(capsys, view, "missing", "--theme", "1", "--rename", "[b]anatomy[/b]", "--author", "Ann")
    assert "*[b]anatomy[/b]*" in fac_json(capsys, view, "missing")["sentence"]
    assert command(["missing", "--theme", "1", "-w", str(view.workspace.folder)]) == 0
    said = capsys.readouterr().out
    assert "[b]anatomy[/b]: +" in said
    assert f"Named by Ann; also: {before}" in said
    for name in ("[b]an", before):
        fac_json(capsys, view, "triage", "--theme", name, "--state", "target")
    assert (
        fac_json(capsys, view, "missing", "--theme", "1", "--undo", "--author", "Bob", "--over", "Ann")["author"]
        == "Bob"
    )
    assert fac_json(capsys, view, "missing")["themes"][0]["name"] == before
    assert "Nobody has named" in fac_json(capsys, view, "missing", "--theme", "1", "--undo", code=2)["error"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rename", "x"), "say its place"),
        (("--undo",), "say its place"),
        (("--theme", "1", "--rename", "x", "--undo"), "say its place"),
        (("--theme", "9", "--rename", "x"), "no theme 9"),
        (("--theme", "1", "--rename", ""), "1 to 60 characters"),
        (("--model", "tiny"), "go with --llm"),
        (("--llm", "http://localhost:1/v1"), "needs --model"),
    ],
)
def test_options_that_make_no_sense_say_what_would(view, capsys, arguments, message):
    assert message in fac_json(capsys, view, "missing", *arguments, code=2)["error"]


def test_the_command_asks_a_model_once_somebody_consented(view, capsys):
    with faulty_server(always=says('{"name": "medicine"}')) as server:
        arguments = ("missing", "--llm", server.url, "--model", "tiny")
        assert "Say --yes" in fac_json(capsys, view, *arguments, code=2)["error"]
        assert server.bodies == []
        found = fac_json(capsys, view, *arguments, "--yes")
        again = fac_json(capsys, view, *arguments)
        assert server.n_paid == 2
    assert [one["name"] for one in found["themes"]] == ["medicine", "medicine"]
    assert (found["spent"]["n_paid"], again["spent"]["n_cached"]) == (2, 2)
    assert "*medicine*" in fac_json(capsys, view, "missing")["sentence"]
    fac_json(capsys, view, "missing", "--theme", "1", "--rename", "anatomy")
    fac_json(capsys, view, "missing", "--surplus", "--theme", "1", "--rename", "courts")
    assert "There is no theme to name" in fac_json(capsys, view, *arguments, code=2)["error"]


def test_a_server_that_fails_is_a_row_that_says_why(view, capsys):
    with faulty_server(always=status(401)) as server:
        found = fac_json(capsys, view, "missing", "--llm", server.url, "--model", "tiny", "--yes")
    assert "refused the key" in found["themes"][0]["detail"]
    assert view.missing().themes[0].given is None
