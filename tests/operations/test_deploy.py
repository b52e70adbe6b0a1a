"""What `deploy/` asks for exists: commands, options, variables, files; systemd and nginx, where they are, take their files."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess

import pytest
import typer
import yaml

from fac_core.cli.app import app
from fac_core.models.cache_folder import cache_dir
from fac_core.operations import log_lines
from fac_core.store import workspace
from tests.checkout import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
UNITS = sorted(DEPLOY.glob("*.service"))
GUIDE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    """Every `fac` command of the units, the compose file, the image and the guide, in words."""
    found = [
        shlex.split(line.partition("/bin/")[2])
        for unit in UNITS
        for line in unit.read_text().splitlines()
        if "ExecStart=" in line
    ]
    for service in COMPOSE["services"].values():
        found += [service["command"]] if "command" in service else []
        found += [service["healthcheck"]["test"][1:]] if "healthcheck" in service else []
    found += [
        shlex.split(line, comments=True)
        for line in re.findall(r"^ {4}(?:sudo -u fac )?(fac .*)$", GUIDE, flags=re.MULTILINE)
    ]
    return [words for words in found if words[0] == "fac"]


def test_every_command_and_option_exists():
    assert len(commands()) >= 8
    for words in commands():
        command, rest = typer.main.get_command(app), words[1:]
        while rest and rest[0] in getattr(command, "commands", {}):
            command = command.commands[rest.pop(0)]  # type: ignore[attr-defined]
        assert not hasattr(command, "commands") or not rest, words
        options = {o for p in command.params for o in [*p.opts, *p.secondary_opts]}
        assert {word for word in rest if word.startswith("-")} <= options, words


def test_the_variables_are_those_that_are_read(monkeypatch, tmp_path):
    variables = dict(
        line.split("=") for line in (DEPLOY / "fac.env").read_text().splitlines() if not line.startswith("#")
    )
    assert variables.pop(workspace.ENVIRONMENT_VARIABLE)
    assert variables.pop(log_lines.ENVIRONMENT_VARIABLE) == "json"
    monkeypatch.setenv("FAC_CACHE", str(tmp_path))
    assert variables.pop("FAC_CACHE")
    assert cache_dir() == tmp_path
    assert list(variables) == ["STREAMLIT_BROWSER_SERVER_ADDRESS"]


def test_the_image_takes_files_that_are_there_or_are_built():
    for line in re.findall(r"^COPY (.*) /", (DEPLOY / "Containerfile").read_text(), flags=re.MULTILINE):
        assert all((ROOT / name).exists() or name.startswith("dist/") for name in line.split())
    mounted = [v for s in COMPOSE["services"].values() for v in s.get("volumes", []) if v.startswith("./")]
    assert {v.split(":")[0] for v in mounted} - {"./tls.crt", "./tls.key", "./users"} == {"./nginx.conf"}


def test_the_proxy_passes_the_websocket_and_keeps_the_numbers_inside():
    said = (DEPLOY / "nginx.conf").read_text()
    assert "proxy_set_header   Upgrade    $http_upgrade;" in said
    assert "metrics" not in re.sub(r"#.*", "", said)


def test_a_worker_that_is_stopped_is_no_failed_unit_and_one_that_ends_comes_back():
    unit = (DEPLOY / "fac-worker.service").read_text().splitlines()
    assert {"KillSignal=SIGINT", "SuccessExitStatus=1", "Restart=always"} <= {*unit}  # `fac` ends a Ctrl-C with 1


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_the_units(tmp_path):
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/fac/bin/fac", "/bin/true"))
    verify = ["systemd-analyze", "verify", *map(str, sorted(tmp_path.glob("*.service")))]
    found = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (found.returncode, [line for line in found.stderr.splitlines() if "fac-" in line]) == (0, [])


@pytest.mark.skipif(not (shutil.which("nginx") and shutil.which("openssl")), reason="no nginx here")
def test_nginx_takes_the_site(tmp_path):
    key = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=a",
        "-keyout",
        "tls.key",
        "-out",
        "tls.crt",
    ]
    subprocess.run(key, cwd=tmp_path, capture_output=True, check=True)
    (tmp_path / "users").touch()
    (tmp_path / "site.conf").write_text((DEPLOY / "nginx.conf").read_text().replace("/etc/fac/", f"{tmp_path}/"))
    whole = (
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; include {tmp_path}/site.conf; }}"
    )
    (tmp_path / "nginx.conf").write_text(whole)
    found = subprocess.run(
        [shutil.which("nginx") or "", "-t", "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
