"""The walls between the rooms: who may import whom (ARCHITECTURE.md, "Rooms")."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted([*(ROOT / "fac_core").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")])

LOCAL_GENERATORS = [f"fac_core/generators/{name}.py" for name in ("decoding", "foresight", "local", "steered")]

_TORCH = [
    "fac_core/models/",
    "fac_core/activations/",
    "fac_core/training/",
    "fac_core/diversity/sentences.py",
    "fac_core/lab/",
    *LOCAL_GENERATORS,
]

ONLY_IN = {
    "duckdb": ["fac_core/store/"],
    "sqlite3": ["fac_core/store/"],
    "torch": _TORCH,
    "transformers": _TORCH,
    "sae_lens": ["fac_core/activations/", "fac_core/training/", "fac_core/lab/"],
    "openai": ["fac_core/generators/"],
    "peft": ["fac_core/lab/"],
    "streamlit": ["dashboard/"],
    "plotly": ["dashboard/"],
    "typer": ["fac_core/cli/", "fac_core/lab/commands/"],
}
"""Package -> the places that may import it."""

NEVER = {"fac_core/": ["dashboard"]}
"""Room -> what it never imports: arrows go one way."""


def imports(path: Path) -> list[str]:
    """Every module that a file imports, at the top or inside a function."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_import_goes_through_a_wall(path):
    here = path.relative_to(ROOT).as_posix()
    for module in imports(path):
        package = module.partition(".")[0]
        allowed = ONLY_IN.get(package)
        assert allowed is None or any(here.startswith(place) for place in allowed), f"{here} imports {module}"
        for room, forbidden in NEVER.items():
            if here.startswith(room):
                assert not any(module == f or module.startswith(f"{f}.") for f in forbidden), f"{here} imports {module}"


def test_importing_the_package_loads_nothing_heavy():
    """`import fac_core` is quick: torch and transformers come with the first call that needs them."""
    code = "import sys, fac_core; sys.exit(bool({'torch', 'transformers', 'sae_lens'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_file_is_longer_than_300_lines():
    long = {p.name: n for p in FILES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 300}
    assert not long
