"""What pip installs is whole: sdist and wheel are built, and the wheel is used in an empty folder, far from the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import fac_core as fac
from dashboard.server import HEALTH, free_port, running
from tests.checkout import ROOT

_SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "fac_core", "dashboard", "data")
_SDIST = "from setuptools.build_meta import build_sdist; build_sdist({!r})"

Fac = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with the sdist, and the wheel that was built of nothing but the sdist."""
    checkout, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("dist")
    for name in _SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, checkout / name)
    subprocess.run([sys.executable, "-c", _SDIST.format(str(out))], cwd=checkout, check=True, stdout=subprocess.DEVNULL)
    sdist = next(out.glob("*.tar.gz"))
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "-w", str(out), str(sdist)], check=True)
    return out


@pytest.fixture(scope="module")
def environment(built, tmp_path_factory) -> Path:
    """A fresh environment with the wheel; all else is that of the tests, without what installs the checkout."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    pip = [Path(paths["scripts"]) / "python", "-I", "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(next(built.glob("*.whl")))], check=True)
    Path(paths["purelib"], "tested.pth").write_text(sysconfig.get_paths()["purelib"])
    return Path(paths["scripts"])


@pytest.fixture
def installed(environment, tmp_path, monkeypatch) -> Fac:
    """`installed("fac", "demo")`: a program of that environment, in an empty folder."""
    for name in ("PYTHONPATH", "FAC_WORKSPACE", "FAC_DATA"):
        monkeypatch.delenv(name, raising=False)

    def call(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [environment / program, *arguments]
        return subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, check=False)

    return call


def test_the_wheel_is_of_a_size_that_an_index_takes(built):
    (wheel,) = built.glob("*.whl")
    assert 40e6 < wheel.stat().st_size < 60e6


def test_it_knows_its_version_and_finds_all_that_it_needs(installed, environment):
    assert installed("fac", "--version").stdout == f"fac {fac.__version__}\n"
    where = installed("python", "-c", "import fac_core; print(fac_core.__file__)").stdout.strip()
    assert Path(where).is_relative_to(environment.parent)
    found = json.loads(installed("fac", "doctor", "--json").stdout)
    assert {check["name"]: check["ok"] for check in found["checks"]}["default SAE"]


def test_a_missing_file_is_said_and_leaves_nothing(installed, tmp_path):
    failed = installed("fac", "encode", "absent.jsonl")
    assert failed.returncode == 2
    assert "no file or folder 'absent.jsonl'" in " ".join(failed.stderr.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.weights
def test_the_demo_answers(installed, tmp_path):
    try:
        found = installed("fac", "demo", "--first", "--json")
        assert found.returncode == 0, found.stderr
        answer = json.loads(found.stdout)
        assert answer["coverage"]["numerator"] > 1000
        assert answer["missing"]["themes"]
    finally:
        _end_workers(tmp_path / "demo-workspace")


@pytest.mark.weights
def test_the_script_of_the_readme_runs(installed, tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "script.py").write_text(
        re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)[0], encoding="utf-8"
    )
    found = installed("python", "script.py")
    assert found.returncode == 0, found.stderr
    assert found.stdout.count("peaks on") == 5


def test_the_dashboard_draws_a_page(environment, tmp_path, monkeypatch):
    from dashboard.latency import Server

    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.delenv("FAC_WORKSPACE", raising=False)
    port = free_port()
    with running(
        [environment / "fac", "ui", "--no-browser", f"--port={port}"], f"http://localhost:{port}{HEALTH}", cwd=tmp_path
    ):
        drawn = Server(port, None).open("")  # type: ignore[arg-type]  # whose time is not asked for
    assert any("no workspace" in str(element) for element in drawn)


def _end_workers(folder: Path) -> None:
    """The demo leaves a worker behind, which would read on for minutes."""
    for _ in range(100):
        if workers := fac.Workspace(folder).pulses().workers():
            for worker in workers:
                os.kill(worker.pid, signal.SIGTERM)
            return
        time.sleep(0.2)
