"""Neuronpedia's exports as labels: whose they are is kept, they are scored here, and a bad line costs itself alone."""

from __future__ import annotations

import gzip
import json

import pytest

from fac_core.errors import BadInput, NotFound
from fac_core.naming.imported import read_explanations
from fac_core.naming.trust import TRUSTED
from fac_core.store.workspace import Workspace
from fac_core.workflows.naming import import_labels, label_features, labels_of, rename
from tests.runs import make_run

OURS = {"modelId": "m", "layer": "12-res"}


def export(path, *lines: object):
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def explained(index: object, description: object, **more: object) -> dict[str, object]:
    return {**OURS, "index": index, "description": description, **more}


@pytest.fixture
def workspace(tmp_path):
    """Feature 0 fires on "jury" in every other of 40 texts, 1 in others without regard to words; 2 is silent."""
    place = Workspace.create(tmp_path / "w")
    texts = [f"lamp {'jury' if s % 2 else 'pear'} rock" for s in range(40)]
    fires = [(0, s, 2.0 + s) for s in range(1, 40, 2)] + [(1, s, 2.0 + s) for s in range(40) if s % 4 < 2]
    make_run(place.run_path("id-a"), "a", fires, 40, 3, texts=texts, token_index=[1] * len(fires)).close()
    place.set_anchor("a")
    return place


@pytest.mark.parametrize("name", ["batch-0.jsonl", "batch-0.jsonl.gz"])
def test_labels_keep_their_source_and_are_scored_by_their_words(workspace, tmp_path, name):
    file = export(
        tmp_path / name,
        explained("0", "mentions of a  jury", typeName="oai_token-act-pair", explanationModelName="gpt-4o-mini"),
        explained(1, "lamp light"),
        explained(2, "nothing that fires"),
    )
    read, bad = import_labels(file, workspace=workspace)
    assert (sorted(read), bad) == ([0, 1, 2], ())
    jury, lamp, silent = labels_of(workspace).imported()
    assert (jury.text, jury.method, jury.author) == ("mentions of a jury", "imported", "neuronpedia m/12-res")
    assert (jury.model, jury.prompt, jury.run_id) == ("gpt-4o-mini", "oai_token-act-pair", "id-a")
    assert jury.trust is not None
    assert jury.trust.recall == 1.0
    assert jury.trust.f1 > TRUSTED
    assert lamp.trust is not None
    assert lamp.trust.f1 == pytest.approx(2 / 3)
    assert silent.trust is None


def test_of_machines_labels_the_one_that_predicts_better_holds_and_a_person_s_over_all(workspace, tmp_path):
    import_labels(
        export(tmp_path / "a.jsonl", explained(0, "lamp light"), explained(1, "pear trees")), workspace=workspace
    )
    label_features(workspace=workspace)
    held = labels_of(workspace).all()
    assert held[0].text == "on “jury”"
    import_labels(export(tmp_path / "b.jsonl", explained(0, "a jury in court")), workspace=workspace)
    assert [one.method for one in labels_of(workspace).history(0)] == ["imported", "lexical", "imported"]
    rename(1, "my own", author="Ann", workspace=workspace)
    assert labels_of(workspace).all()[1].text == "my own"


def test_importing_again_records_nothing_new(workspace, tmp_path):
    file = export(tmp_path / "a.jsonl", explained(0, "a jury"), explained(0, "something else"))
    import_labels(file, workspace=workspace)
    import_labels(file, workspace=workspace)
    assert [one.text for one in labels_of(workspace).history(0)] == ["a jury"]


def test_every_bad_line_is_one_failure_with_its_place(tmp_path):
    file = export(
        tmp_path / "batch.jsonl",
        "{not json",
        explained("0", "a jury"),
        explained("9", "out of range"),
        explained(None, "without a feature"),
        explained("1", "  "),
        {**explained("1", "of another"), "layer": "13-res"},
        "[1, 2]",
    )
    labels, bad = read_explanations(file, d_sae=3)
    assert sorted(labels) == [0]
    assert [one.origin for one in bad] == [f"batch.jsonl:{n}" for n in (1, 3, 4, 5, 6, 7)]
    assert "is not JSON" in bad[0].reason
    assert [one.reason for one in bad[1:5]] == [
        "is about feature 9, and the SAE has 3",
        "has no `index`, the number of a feature",
        "has no `description`",
        "is about m/13-res, not about m/12-res",
    ]


def test_a_file_of_another_sae_is_refused(tmp_path):
    file = export(tmp_path / "batch.jsonl", explained("0", "a jury"))
    with pytest.raises(BadInput, match="is about m/12-res, not about gemma-2-2b/12-gemmascope-res-16k"):
        read_explanations(file, d_sae=3, sae="gemma-2-2b/12-gemmascope-res-16k")


def test_a_folder_is_all_its_batches(tmp_path):
    export(tmp_path / "batch-0.jsonl.gz", explained("0", "a jury"))
    export(tmp_path / "batch-1.jsonl", explained("1", "a lamp"))
    labels, _ = read_explanations(tmp_path, d_sae=3)
    assert sorted(labels) == [0, 1]
    (tmp_path / "empty").mkdir()
    for nothing in (tmp_path / "empty", tmp_path / "nowhere.jsonl"):
        with pytest.raises(NotFound, match="There is no file"):
            read_explanations(nothing, d_sae=3)


def test_half_a_surrogate_pair_becomes_a_label_that_can_be_stored(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text(
        '{"index": "1", "description": "a \\ud800 b", "modelId": "\\ud800", "layer": "l"}\n{"index": "'
        + "9" * 5000
        + '"}\n'
    )
    labels, bad = read_explanations(path, d_sae=4)
    assert labels[1].text.encode().startswith(b"a \xef\xbf\xbd")
    assert labels[1].source.encode()
    assert len(bad) == 1
    assert len(bad[0].reason) <= 200
