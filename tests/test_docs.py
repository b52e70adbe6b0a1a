"""The documentation is true: its commands exist, its files exist, its example runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from fac_core.cli.app import app, open_laboratory

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_every_command_has_help_and_is_in_the_readme():
    open_laboratory()
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert commands
    for name, command in commands.items():
        assert command.help, name
        assert f"`fac {name}" in README, name
        for part, below in getattr(command, "commands", {}).items():
            assert below.help, part
            assert part in README, part


def test_every_module_is_in_the_architecture():
    for path in (ROOT / "fac_core").rglob("*.py"):
        if path.name != "__init__.py" and "cli" not in path.parts:
            assert path.name in ARCHITECTURE, path


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "data/README.md"])
def test_every_link_to_a_file_leads_somewhere(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / document).parent / target).exists(), target


@pytest.mark.weights
def test_the_python_example_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    code = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)[0]
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - it is our own README
    printed = capsys.readouterr().out
    assert re.match(r"FAC \d+%: \d+ of \d+ features; \d+ extra", printed)
    assert printed.count("peaks on") == 5
