"""The documentation is true: its commands exist, its files exist, its example runs."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
import typer
import yaml

from fac_core.cli.app import app
from tests.checkout import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def rooms_drawn() -> set[str]:
    """Every file that the block "Rooms" of ARCHITECTURE.md names, by its whole path."""
    found: set[str] = set()
    folder = ""
    for line in ARCHITECTURE.split("## Rooms", 1)[1].split("## Contracts", 1)[0].splitlines():
        if not line.startswith("    "):
            continue
        first, _, rest = line.strip().partition(" ")
        if first.endswith("/"):
            folder, line = first, rest
        found |= {f"{folder}{name}" for name in re.findall(r"\b\w+\.py\b", line)}
    return found


def test_the_architecture_names_every_file_by_its_whole_path_and_no_other():
    files = [*(ROOT / "fac_core").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")]
    there = {path.relative_to(ROOT).as_posix() for path in files if path.name != "__init__.py"}
    assert rooms_drawn() - {"fac_core/__init__.py"} == there


def test_the_architecture_is_short_and_has_a_picture():
    assert len(ARCHITECTURE.splitlines()) < 200
    assert "## The rooms in a picture" in ARCHITECTURE


def test_the_scripts_of_the_cluster_runbook_can_be_read_and_their_options_exist():
    runbook = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```bash\n(.*?)```", runbook, flags=re.DOTALL)
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)  # noqa: S607 - whichever bash there is
    (job,) = (yaml.safe_load(found) for found in re.findall(r"```yaml\n(.*?)```", runbook, flags=re.DOTALL))
    head, (workers,) = (job["spec"]["rayClusterSpec"][key] for key in ("headGroupSpec", "workerGroupSpecs"))
    images = {part["template"]["spec"]["containers"][0]["image"] for part in (head, workers)}
    assert images == {job["metadata"]["annotations"]["fac-explorer/image"]}
    commands = [
        job["spec"]["entrypoint"],
        *re.findall(r"^(?: {4})?(fac (?:encode|merge) .*)$", runbook, flags=re.MULTILINE),
    ]
    assert len(commands) >= 8
    for command in commands:
        name, *rest = shlex.split(command, comments=True)[1:]
        options = {o for p in typer.main.get_command(app).commands[name].params for o in p.opts}  # type: ignore[attr-defined]
        assert {word for word in rest if word.startswith("--")} <= options, command


def documents() -> list[str]:
    """Every page that people read, from the root."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "data" / "README.md"]
    return sorted(page.relative_to(ROOT).as_posix() for page in pages)


@pytest.mark.parametrize("document", documents())
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
    sentence, fac_line = printed.splitlines()[:2]
    assert sentence.startswith("Nothing is missing that shows at this size")
    assert re.match(r"FAC \d+%: \d+ of \d+ features; \d+ extra", fac_line)
    assert printed.count("peaks on") == 5
