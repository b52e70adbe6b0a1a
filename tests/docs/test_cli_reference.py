"""The page of all commands is of today, and no command is without a word."""

from __future__ import annotations

import importlib.util

import pytest

from tests.checkout import ROOT

PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def writer():
    """What writes the page: a script, in no package."""
    spec = importlib.util.spec_from_file_location("cli_reference", ROOT / ".ci" / "cli_reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_commands_say_today(writer):
    assert writer.page() == PAGE, "docs/cli.md is stale: python .ci/cli_reference.py > docs/cli.md"


def test_every_command_has_help_and_is_on_the_page(writer):
    writer.open_laboratory()
    commands = dict(writer.every(writer.typer.main.get_command(writer.app), "fac"))
    assert len(commands) > 50
    for path, command in commands.items():
        assert command.help, path
        assert f"# {path}\n" in PAGE, path
