"""An export holds what was accepted, says where each row comes from, and is written whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import fac_core as fac
from fac_core.errors import NotFound, WrongUse
from fac_core.export.rows import PROVENANCE
from fac_core.workflows.decide import edit_candidate
from fac_core.workflows.export import plan_dataset
from tests.batches import candidate, make_batch, measure_anew, standing_of
from tests.export.accepted import HOSTILE, accept, read


def test_only_accepted_candidates_are_exported_each_with_its_provenance(place, made, tmp_path):
    accept(place, *made[:2])
    fac.review([made[2].candidate_id], "rejected", author="Bob", reason="not fluent", workspace=place.folder)
    done = fac.export_dataset(["b"], tmp_path / "out", author="Ann", workspace=place.folder)
    rows = read(done.data)
    assert [row["fac_feature"] for row in rows] == [2, 3]
    assert (done.shape, done.n_rows, done.n_accepted) == ("classification", 2, 2)
    first = rows[0]
    assert (first["text"], first["label"]) == (HOSTILE, "1")
    assert (first["fac_reviewer"], first["fac_batch"], first["fac_seed_run"], first["fac_method"]) == (
        "Ann",
        "b",
        "id-seed",
        "one step",
    )
    assert set(PROVENANCE.names) < set(first)
    assert first["fac_peak"] == HOSTILE[:4]


def test_the_way_back_and_forward_is_whole(place, made, tmp_path):
    fac_triage = place.events().append(
        "id-anchor", "triage", "2", {"state": "target", "reason": "", "note": ""}, author="Ann", seen=0
    )
    edit_candidate(made[0].candidate_id, "other words", author="Bob", workspace=place.folder)
    edited = standing_of(place).candidates[made[0].candidate_id]
    measure_anew(place, replace(edited, verdict="passes", activation=3.0, tokens=((0, 5, 3.0),)), {2: 3.0})
    accept(place, standing_of(place).candidates[made[0].candidate_id], made[1])
    done = fac.export_dataset(["b"], tmp_path / "out", author="Cyd", workspace=place.folder)
    for position, row in enumerate(read(done.data)):
        chain = fac.trace(row["fac_candidate"], workspace=place.folder)
        assert chain.feature_id == row["fac_feature"]
        assert chain.versions[-1].text == row["text"]
        assert chain.versions[-1].version == row["fac_version"]
        assert chain.state == "accepted"
        (there,) = chain.rows
        assert read(Path(there.file))[there.row]["fac_candidate"] == row["fac_candidate"]
        assert there.row == position
    chain = fac.trace(made[0].candidate_id, workspace=place.folder)
    assert [v.text for v in chain.versions] == [HOSTILE, "other words", "other words"]
    assert chain.triage == (fac_triage,)
    assert chain.batch.batch_id == "b"
    with pytest.raises(NotFound, match="fac_candidate"):
        fac.trace("nosuchid", workspace=place.folder)


def test_an_export_lands_where_a_link_leads_and_the_link_stays(place, made, tmp_path):
    accept(place, made[0])
    (tmp_path / "disk" / "out").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "out")
    done = fac.export_dataset(["b"], tmp_path / "link", author="Ann", workspace=place.folder)
    assert done.folder == (tmp_path / "disk" / "out").resolve()
    assert (tmp_path / "link").is_symlink()
    assert read(tmp_path / "link" / "data" / "train.jsonl")


def test_merged_has_the_seed_first_and_leaves_out_what_repeats(place, made, tmp_path):
    (repeated,) = make_batch(
        place, [(candidate("c", 3, text=" seed text 1 ", fields={"label": 1}), {3: 1.0})], batch_id="c"
    )
    accept(place, made[0], repeated)
    done = fac.export_dataset(["b", "c"], tmp_path / "out", merged=True, workspace=place.folder)
    rows = read(done.data)
    assert [row["fac_origin"] for row in rows] == ["seed"] * 3 + ["synthetic"]
    assert [row["id"] for row in rows[:3]] == ["row 0", "row 1", "row 2"]
    assert (done.n_seed, done.n_accepted, done.n_repeated) == (3, 1, 1)


@pytest.mark.parametrize("file_format", ["jsonl", "parquet", "dataset"])
def test_every_format_holds_the_same_rows_and_is_read_as_a_dataset(place, made, tmp_path, file_format):
    from fac_core.datasets.prepare import prepare
    from fac_core.datasets.samples import iter_samples

    accept(place, *made[:3])
    done = fac.export_dataset(["b"], tmp_path / "out", file_format=file_format, workspace=place.folder)
    (tmp_path / "prepared").mkdir()
    prepared = prepare(done.data, tmp_path / "prepared")
    samples = [row for batch in iter_samples(prepared.samples) for row in batch.to_pylist()]
    assert [s["text"] for s in samples] == [c.text for c in made[:3]]
    assert [json.loads(s["metadata"])["id"] for s in samples] == [c.candidate_id for c in made[:3]]
    if file_format == "parquet":
        assert pq.read_schema(done.data).field("fac_activation").type == PROVENANCE.field("fac_activation").type


@pytest.mark.parametrize(
    ("fields", "text", "shape", "columns"),
    [
        ({}, "a", "plain", {"text": "a"}),
        ({"label": 1}, "a", "classification", {"text": "a", "label": 1}),
        (
            {"instruction": "q", "response": "r"},
            "user: q\nassistant: r",
            "chat",
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "r"}]},
        ),
        ({"instruction": "q", "response": "r"}, "t", "alpaca", {"instruction": "q", "input": "", "output": "r"}),
        (
            {"prompt": "q", "chosen": "good", "rejected": "bad"},
            "t",
            "preference",
            {"prompt": "q", "chosen": "good", "rejected": "bad"},
        ),
    ],
)
def test_every_shape_has_its_columns(place, tmp_path, fields, text, shape, columns):
    (one,) = make_batch(place, [(candidate(text=text, fields=fields), {2: 3.0})])
    accept(place, one)
    done = fac.export_dataset(["b"], tmp_path / "out", shape=shape, workspace=place.folder)
    (row,) = read(done.data)
    assert {name: value for name, value in row.items() if not name.startswith("fac_") and name != "id"} == columns


def test_a_shape_that_does_not_fit_says_which_do(place, made):
    accept(place, made[0])
    with pytest.raises(WrongUse, match="It can be put as plain or classification"):
        plan_dataset(["b"], shape="alpaca", workspace=place.folder)
    with pytest.raises(WrongUse, match="choose one of plain"):
        plan_dataset(["b"], shape="haiku", workspace=place.folder)  # type: ignore[arg-type]


def test_nothing_accepted_is_no_dataset(place, made, tmp_path):
    with pytest.raises(WrongUse, match="Nothing is accepted"):
        fac.export_dataset(["b"], tmp_path / "out", workspace=place.folder)
    assert not (tmp_path / "out").exists()


def test_an_earlier_export_is_replaced_and_anything_else_is_not(place, made, tmp_path):
    accept(place, made[0])
    folder = tmp_path / "out"
    assert fac.export_dataset(["b"], folder, workspace=place.folder).replaced is None
    accept(place, made[1])
    assert fac.export_dataset(["b"], folder, file_format="parquet", workspace=place.folder).replaced == 1
    assert [p.name for p in (folder / "data").iterdir()] == ["train.parquet"]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("out")] == ["out"]
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    for manifest in (None, "{}", "[]", '{"files": {}}', '{"files": []}', "no json"):
        if manifest is not None:
            (mine / "export.json").write_text(manifest)
        with pytest.raises(WrongUse, match=r"is no export|holds thesis\.txt"):
            fac.export_dataset(["b"], mine, workspace=place.folder)
        assert (mine / "thesis.txt").read_text() == "years of work"
    assert len(fac.trace(made[0].candidate_id, workspace=place.folder).rows) == 2


@pytest.mark.parametrize("change", ["a file more", "a file changed", "an empty folder", "a link"])
def test_what_somebody_put_into_an_export_is_not_replaced(place, made, tmp_path, change):
    accept(place, made[0])
    folder = tmp_path / "out"
    fac.export_dataset(["b"], folder, workspace=place.folder)
    path = folder / "data" / {"a file changed": "train.jsonl"}.get(change, "notes")
    {
        "a file more": lambda: path.write_text("mine"),
        "a file changed": lambda: path.write_text(path.read_text() + "{}"),
        "an empty folder": path.mkdir,
        "a link": lambda: path.symlink_to(folder / "README.md"),
    }[change]()
    with pytest.raises(WrongUse, match=f"holds data/{path.name}, which the export there did not write so"):
        fac.export_dataset(["b"], folder, workspace=place.folder)
    assert path.exists()


def test_siblings_whose_names_look_like_ours_are_kept(place, made, tmp_path):
    accept(place, made[0])
    beside = [tmp_path / "x" / name for name in ("data.old", "data.building", "data.earlier", ".building-data")]
    for path in beside:
        path.mkdir(parents=True)
        (path / "mine").write_text("kept")
    for _ in range(2):
        fac.export_dataset(["b"], tmp_path / "x" / "data", workspace=place.folder)
    assert all((path / "mine").read_text() == "kept" for path in beside)


def test_batches_of_different_seeds_are_not_one_dataset(place, made, tmp_path):
    (other,) = make_batch(place, [(candidate("c", 3), {3: 1.0})], batch_id="c", seed_run_id="id-anchor")
    accept(place, made[0], other)
    with pytest.raises(WrongUse, match="one seed"):
        plan_dataset(["b", "c"], workspace=place.folder)
