"""What runs elsewhere asks for what there is: targets of the Makefile, files, every Python that is supported."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from tests.checkout import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def commands(workflow: Path) -> list[str]:
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


def test_every_target_that_a_workflow_makes_is_in_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    made = {name for one in WORKFLOWS for said in commands(one) for name in re.findall(r"^make ([a-z-]+)", said)}
    assert made >= {"test", "browser", "check", "docs", "wheel"}
    assert made <= targets


def test_all_that_the_local_script_makes_is_made_there_too():
    local = re.findall(r"^make (\w+)$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    assert local
    assert {f"make {name}" for name in local} <= set(commands(ROOT / ".github" / "workflows" / "ci.yml"))


def test_the_hooks_name_tests_that_there_are():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    named = [word for hook in hooks for word in hook["entry"].split() if word.startswith("tests/")]
    assert named
    assert all((ROOT / word).exists() for word in named)
