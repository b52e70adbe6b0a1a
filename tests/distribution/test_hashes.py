"""The lists to install from name one version of everything, with its hashes, and no place to fetch it from."""

from __future__ import annotations

import re

import pytest

from tests.checkout import ROOT

HASHED = ("requirements-lock.txt", "requirements-demo.txt")


def entries(file: str) -> list[str]:
    """What a list names, each with its lines joined."""
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("file", HASHED)
def test_every_entry_is_one_version_with_its_hashes(file):
    assert entries(file)
    for entry in entries(file):
        assert re.match(r"[\w.-]+==[\w.]+ ", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry


@pytest.mark.parametrize("file", [*HASHED, "constraints.txt", "requirements-dev.txt", "requirements-tools.txt"])
def test_no_list_says_where_to_fetch_from(file):
    assert not re.search(r"://|--(?:extra-)?index|--find-links", (ROOT / file).read_text(encoding="utf-8"))


def test_what_is_locked_is_what_was_tested():
    tested = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    tested = {name.lower().replace("_", "-"): version for name, version in tested.items()}
    locked = dict(re.match(r"([\w.-]+)==(\S+)", entry).groups() for entry in entries(HASHED[0]))  # type: ignore[union-attr]
    both = {name for name in locked if name.replace("_", "-") in tested}
    assert len(both) > 100
    assert {n: locked[n] for n in both} == {n: tested[n.replace("_", "-")] for n in both}
