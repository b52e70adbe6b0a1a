"""Every public function of the loop says what it takes and gives, and its example runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import fac_core as fac
from fac_core import comparison
from fac_core.store.workspace import Workspace
from tests.runs import make_run

_ONLY_WITH_A_MODEL = {
    "encode",
    "encode_with_saes",
    "train_sae",
    "make_atlas",
    "match_spaces",
    "probe",
    "label_by_llm",
    "judge_by_llm",
}
"""Functions whose examples would need a model or a server; the README runs one, their own tests the others."""


def modules() -> list[str]:
    """Every module of the core that can be imported without running something, and without what a peer of the bench needs."""
    found = pkgutil.walk_packages(fac.__path__, "fac_core.")
    return [one.name for one in found if not one.name.endswith("__main__") and ".peers.ways." not in one.name]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    """An anchor of two sets with features 0 to 4, and a seed that has 0 and 1."""
    place = Workspace.create(tmp_path_factory.mktemp("docs") / "w")
    sets = [{"set": "law" if s < 12 else "sums"} for s in range(16)]
    anchor = [(f, s, 1.0 + f + s) for f in range(4) for s in range(16)] + [(4, s, 1.0 + s) for s in range(12, 16)]
    make_run(place.run_path("id-anchor"), "anchor", anchor, 16, 8, metadata=sets, n_tokens=[6] * 16).close()
    seed = [(f, s, 20.0) for f in range(2) for s in range(8)]
    make_run(place.run_path("id-seed"), "seed", seed, 8, 8, n_tokens=[6] * 8).close()
    place.set_anchor("anchor")
    return place


@pytest.mark.parametrize("module", modules())
def test_examples_run(module, workspace, tmp_path, monkeypatch):
    """In a world that has `fac`, a `view` of a small workspace, and a `scratch` workspace to change."""
    loaded = importlib.import_module(module)
    finder = doctest.DocTestFinder(exclude_empty=True)
    scratch = Workspace.create(tmp_path / "scratch")
    for name in ("id-anchor", "id-seed"):
        scratch.run_path(name).write_bytes(workspace.run_path(name).read_bytes())
    scratch.set_anchor("anchor")
    world = {**vars(loaded), "fac": fac, "view": fac.View.find("seed", workspace=workspace), "scratch": scratch}
    monkeypatch.chdir(tmp_path)
    for test in finder.find(loaded, module, globs=world):
        failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL).run(test)
        assert not failed.failed, test.name


def public() -> dict[str, object]:
    """The functions of the public interface, with the methods of a view and of a feature."""
    found = {name: getattr(fac, name) for name in fac.__all__ if inspect.isfunction(getattr(fac, name))}
    own = {n: f for n, f in vars(comparison).items() if getattr(f, "__module__", "") == comparison.__name__}
    found |= {f"comparison.{n}": f for n, f in own.items() if inspect.isfunction(f) and n[0] != "_"}
    for kind in (fac.View, fac.Feature):
        verbs = {n: f for n, f in vars(kind).items() if inspect.isfunction(f) or isinstance(f, classmethod)}
        found |= {f"{kind.__name__}.{n}": getattr(kind, n) for n in verbs if n[0] != "_"}
    return found


@pytest.mark.parametrize("name", public())
def test_public_functions_are_documented_with_an_example(name):
    said = inspect.getdoc(public()[name]) or ""
    assert len(said.splitlines()[0]) > 20
    assert ">>>" in said or name in _ONLY_WITH_A_MODEL


def test_the_exported_names_are_these():
    assert sorted(fac.__all__) == [
        "Asking", "Budget", "CALIBRATED", "ColumnMapping", "Definition", "EncodeSpec", "FacError", "Feature", "PAPER",
        "Prices", "Server", "SynthesisSpec", "TrainConfig", "View", "Weights", "Workspace", "encode", "encode_with_saes", "estimate",
        "export_dataset", "judge_by_llm", "judge_by_statistic", "label_by_llm", "label_features", "make_atlas",
        "match_spaces", "measure_diversity", "merge_runs", "probe", "review", "submit_job", "synthesise", "trace", "train_sae",
        "write_report",
    ]  # fmt: skip


def test_type_checkers_see_the_names_that_are_exported():
    source = Path(fac.__file__).read_text(encoding="utf-8")
    assert sorted(fac.__all__) == sorted(
        {
            line.split(" as ")[-1]
            for line in source.replace(",", "\n").splitlines()
            if " as " in line and "import fac_core" not in line
        }
    )
