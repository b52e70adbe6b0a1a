"""The walls between the rooms: who may import whom (ARCHITECTURE.md, "Rooms")."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.checkout import ROOT

FILES = sorted([*(ROOT / "fac_core").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")])

ROOMS = {
    # What everybody may use
    "errors": "",
    "progress": "",
    "scratch": "",
    "shortage": "errors",
    "whole": "errors scratch shortage",
    "fields": "",
    "html_table": "",
    "toml_file": "errors",
    "shipped_data": "",
    "hub": "errors",
    "people": "errors toml_file whole",
    # From texts to runs
    "store": "errors people progress scratch shortage whole",
    "datasets": "errors hub progress toml_file",
    "models": "datasets errors hub shortage whole",
    "activations": "datasets errors hub models progress scratch shipped_data shortage store whole",
    "training": "activations errors models progress scratch shortage store whole",
    # What a run says
    "coverage": "errors html_table store",
    "shortfall": "coverage store",
    "diversity": "coverage errors progress store whole",
    "evidence": "errors store",
    "spaces": "activations errors evidence store",
    "generators": "activations datasets errors models progress store",
    "naming": "datasets errors evidence generators store toml_file",
    "relevance": "coverage errors evidence generators naming shortfall store toml_file",
    "themes": "coverage errors evidence generators html_table naming progress shortfall store whole",
    "gaps": "coverage errors evidence html_table naming store themes",
    # The frame of a question
    "view": "coverage evidence gaps naming relevance shortfall spaces store themes",
    "feature": "coverage evidence gaps naming spaces view",
    "comparison": "coverage errors evidence relevance store view",
    # The loop
    "synthesis": "activations coverage datasets errors evidence generators models progress store themes toml_file whole",
    "curation": "coverage datasets errors evidence progress store synthesis",
    "export": "coverage curation errors evidence naming progress store synthesis whole",
    "report": "coverage evidence html_table progress store",
    "workflows": (
        "activations coverage curation datasets diversity errors evidence export feature generators models naming people progress"
        " relevance report spaces store synthesis themes training view whole"
    ),
    "jobs": "activations datasets errors fields generators people progress shortage store synthesis toml_file whole workflows",
    "operations": "errors jobs models shipped_data store",
    # The fronts; the laboratory, which no room of the core imports
    "fac_core": (
        "activations coverage datasets errors export feature gaps generators jobs store synthesis training view workflows"
    ),
    "demo": "activations coverage datasets evidence fac_core gaps jobs progress shipped_data store themes workflows",
    "cli": (
        "activations comparison coverage curation datasets demo diversity errors evidence export fac_core fields gaps"
        " generators jobs naming operations people progress relevance store synthesis themes training view whole workflows"
    ),
    "lab": "activations cli coverage curation datasets demo diversity errors evidence export generators hub jobs models naming progress relevance report shortage shortfall spaces store synthesis themes toml_file training view whole workflows",
    "cli/app": "cli errors fac_core lab operations shortage",
    "__main__": "cli/app",
    "dashboard": (
        "activations comparison coverage curation datasets diversity errors evidence export feature fields gaps html_table"
        " generators jobs lab naming people progress relevance report spaces store synthesis themes view workflows"
    ),
}
"""Room -> rooms that it imports. A room stands below those that import it, so that there is no circle."""

_TORCH = [
    "fac_core/models/",
    "fac_core/activations/",
    "fac_core/training/",
    "fac_core/diversity/sentences.py",
    "fac_core/lab/",
    *(f"fac_core/generators/{name}.py" for name in ("decoding", "foresight", "local", "steered")),
]

ONLY_IN = {
    "duckdb": ["fac_core/store/"],
    "sqlite3": ["fac_core/store/"],
    "torch": _TORCH,
    "transformers": _TORCH,
    "sae_lens": ["fac_core/activations/", "fac_core/training/", "fac_core/lab/"],
    "openai": ["fac_core/generators/"],
    "peft": ["fac_core/lab/"],
    "ray": ["fac_core/activations/engines/cluster.py"],
    "streamlit": ["dashboard/"],
    "plotly": ["dashboard/"],
    "typer": ["fac_core/cli/", "fac_core/lab/commands/"],
}
"""Package -> the places that may import it."""


def room_of(module: str) -> str:
    """The room of a module: a file right below `fac_core` is one of its own, and so is the entry of the command line."""
    parts = module.split(".")
    if parts[0] == "dashboard" or len(parts) == 1:
        return parts[0]
    return "cli/app" if parts[1:3] == ["cli", "app"] else parts[1]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> list[str]:
    """Every module that a file imports, at the top or inside a function."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            is_package = (ROOT / Path(*node.module.split("."))).is_dir()
            found += [f"{node.module}.{alias.name}" if is_package else node.module for alias in node.names]
    return found


def arrows() -> dict[str, set[str]]:
    """Room -> rooms that its files import today."""
    found: dict[str, set[str]] = {}
    for path in FILES:
        here = room_of(module_of(path))
        theirs = {room_of(m) for m in imports(path) if m.partition(".")[0] in ("fac_core", "dashboard")}
        found.setdefault(here, set()).update(theirs - {here})
    return found


def test_every_room_and_every_arrow_is_named():
    today = arrows()
    assert sorted(today) == sorted(ROOMS)
    assert {room: sorted(found) for room, found in today.items()} == {r: sorted(a.split()) for r, a in ROOMS.items()}


def test_arrows_go_one_way():
    order = list(ROOMS)
    for room, allowed in ROOMS.items():
        for other in allowed.split():
            assert order.index(other) < order.index(room), f"{room} stands below {other}, and imports it"


def test_the_core_never_imports_the_laboratory_or_the_dashboard():
    above = {"lab", "dashboard", "cli", "cli/app"}
    assert [r for r, a in ROOMS.items() if above & set(a.split())] == ["lab", "cli/app", "__main__", "dashboard"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_packages_are_imported_where_they_belong(path):
    here = path.relative_to(ROOT).as_posix()
    for module in imports(path):
        allowed = ONLY_IN.get(module.partition(".")[0])
        assert allowed is None or any(here.startswith(place) for place in allowed), f"{here} imports {module}"


def test_importing_the_package_loads_nothing_heavy():
    """`import fac_core` is quick: what a name needs comes when the name is first asked for."""
    code = "import sys, fac_core; sys.exit(bool({'torch', 'transformers', 'numpy', 'duckdb', 'pyarrow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_file_is_longer_than_300_lines():
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in FILES}
    assert {p.relative_to(ROOT).as_posix(): n for p, n in lengths.items() if n > 300} == {}


def test_no_folder_holds_more_than_15_files():
    tracked = [*FILES, *(ROOT / "tests").rglob("*.py")]
    counted = Counter(path.parent.relative_to(ROOT).as_posix() for path in tracked)
    assert {folder: n for folder, n in counted.items() if n > 15} == {}


def test_no_test_counts_folders_to_find_the_checkout():
    """Who moves a file would change what it means: a process that was started in `tests/` imports none of it."""
    counts = re.compile(r"__file__\)(\.resolve\(\))?\.(parents\[|parent\.parent)")
    tests = sorted((ROOT / "tests").rglob("*.py"))
    found = [path.relative_to(ROOT).as_posix() for path in tests if counts.search(path.read_text(encoding="utf-8"))]
    assert found == ["tests/checkout.py"]
