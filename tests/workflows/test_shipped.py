"""A SAE that ships names and atlas gives both to the first run of its space, and takes nothing from anybody."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import fac_core as fac
from fac_core.activations.spec import EncodeSpec
from fac_core.errors import NotFound
from fac_core.spaces.atlas import positions
from fac_core.store.workspace import Workspace
from fac_core.workflows.naming import labels_of, rename
from fac_core.workflows.shipped import ship_space
from tests import tiny


@pytest.fixture
def spec(tmp_path, model_of, sae_of) -> EncodeSpec:
    """With a SAE in a folder of its own, which tests may fill."""
    sae = shutil.copytree(sae_of("topk"), tmp_path / "sae")
    return EncodeSpec(model=str(model_of("llama")), sae=str(sae), context=32, dtype="float32")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    path.write_text(
        "\n".join(json.dumps({"text": f"{tiny.TEXTS[i % 7]} Number {i}."}) for i in range(60)), encoding="utf-8"
    )
    return path


@pytest.fixture
def maker(tmp_path, spec, dataset) -> Workspace:
    """The workspace that names and atlas were shipped from; nothing of them came into it."""
    workspace = Workspace.create(tmp_path / "maker")
    fac.encode(dataset, spec, workspace=workspace, anchor=True)
    ship_space(workspace=workspace)
    return workspace


def test_a_new_workspace_has_names_and_atlas_with_its_first_run(tmp_path, spec, dataset, maker):
    info = fac.encode(dataset, spec, workspace=tmp_path / "w", anchor=True)
    labels, workspace = labels_of(tmp_path / "w"), Workspace(tmp_path / "w")
    fac.label_features(workspace=maker)
    made, shipped = labels_of(maker).all(), labels.all()
    assert len(made) > 10
    assert {f: one.text for f, one in shipped.items()} == {f: one.text for f, one in made.items()}
    assert {one.author for one in shipped.values()} == {"shipped with sae"}
    assert {(one.method, one.seen, one.run_id) for one in shipped.values()} == {("lexical", (), None)}
    f1 = {feature: one.trust.f1 for feature, one in shipped.items() if one.trust}
    assert f1 == pytest.approx({feature: one.trust.f1 for feature, one in made.items() if one.trust}, abs=1e-4)
    ours, theirs = positions(workspace.opened_space(info.space_id)), positions(fac.make_atlas(workspace=maker))
    assert ours["cluster"].to_pylist() == theirs["cluster"].to_pylist()
    assert ours["x"].to_pylist() == pytest.approx(theirs["x"].to_pylist(), abs=1e-3)


def test_nothing_comes_where_the_weights_are_others(tmp_path, spec, dataset, maker, sae_of):
    other = shutil.copytree(sae_of("standard"), tmp_path / "other")
    shutil.copytree(Path(spec.sae) / "space", other / "space")
    info = fac.encode(dataset, EncodeSpec(spec.model, str(other), context=32), workspace=tmp_path / "w", anchor=True)
    assert not Workspace(tmp_path / "w").space_path(info.space_id).exists()
    assert labels_of(tmp_path / "w").all() == {}


def test_what_the_workspace_has_stays(tmp_path, spec, dataset, maker):
    rename(3, "mine", author="Ann", workspace=maker)
    fac.make_atlas(workspace=maker)
    before = maker.space_path(maker.anchor().space_id).stat().st_mtime_ns
    fac.encode(dataset, spec, workspace=maker)
    assert {one.text for one in labels_of(maker).all().values()} == {"mine"}
    assert maker.space_path(maker.anchor().space_id).stat().st_mtime_ns == before


def test_a_shipped_name_that_was_taken_back_does_not_come_again(tmp_path, spec, dataset, maker):
    fac.encode(dataset, spec, workspace=tmp_path / "w", anchor=True)
    labels = labels_of(tmp_path / "w")
    feature = next(iter(labels.all()))
    labels.undo(labels.events(feature)[0], author="Ann")
    fac.encode(dataset, spec, workspace=tmp_path / "w")
    assert labels.of(feature) is None


def test_a_workspace_can_make_its_own(tmp_path, spec, dataset, maker):
    info = fac.encode(dataset, spec, workspace=tmp_path / "w", anchor=True)
    path = Workspace(tmp_path / "w").space_path(info.space_id)
    shipped = path.stat().st_mtime_ns
    fac.make_atlas(workspace=tmp_path / "w")
    assert path.stat().st_mtime_ns == shipped
    fac.make_atlas(workspace=tmp_path / "w", anew=True)
    assert path.stat().st_mtime_ns > shipped
    fac.label_features(workspace=tmp_path / "w")
    labels = labels_of(tmp_path / "w")
    assert {one.author for one in labels.history(next(iter(labels.all())))} == {"shipped with sae", "lexical"}


def test_a_damaged_file_costs_the_names_and_not_the_run(tmp_path, spec, dataset, maker, caplog):
    (Path(spec.sae) / "space" / "labels.parquet").write_bytes(b"nothing")
    info = fac.encode(dataset, spec, workspace=tmp_path / "w", anchor=True)
    assert info.n_samples == 60
    assert labels_of(tmp_path / "w").all() == {}
    assert "fac space ship" in caplog.text


def test_only_the_folder_of_a_sae_can_ship(tmp_path, maker):
    with pytest.raises(NotFound, match="--output"):
        ship_space(folder=tmp_path, workspace=maker)
