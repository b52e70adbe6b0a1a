"""Settings: what ships can be read; what is wrong is named; groups are what the settings say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fac_core.errors import BadInput, NotFound
from fac_core.lab.holes.collection import groups_of
from fac_core.lab.holes.config import CollectionSpec, read_holes, source_of
from tests.checkout import ROOT

SHIPPED = ROOT / "data" / "holes.toml"


def test_the_settings_that_ship_have_collections_of_both_uses_and_their_sources_exist(monkeypatch):
    found = read_holes(SHIPPED)
    assert {spec.use for spec in found.collections} == {"choose", "final"}
    assert len(found.collections) >= 5
    monkeypatch.setenv("FAC_DATA", "elsewhere")
    for spec in found.collections:
        if spec.source.endswith(".toml"):
            assert Path(source_of(spec, SHIPPED.parent)).exists(), spec.name
        else:
            assert "elsewhere" in source_of(spec, SHIPPED.parent)


def test_a_variable_that_is_not_set_is_named(monkeypatch):
    monkeypatch.delenv("FAC_DATA", raising=False)
    spec = CollectionSpec(name="c", use="final", run="c", source="${FAC_DATA}/c.jsonl")
    with pytest.raises(BadInput, match="FAC_DATA"):
        source_of(spec, Path())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "h"\ncuts = 0\n[[collection]]\nname = "a"\nuse = "final"\nrun = "a"', "cuts"),
        ('name = "h"\n[[collection]]\nname = "a"\nuse = "sometimes"\nrun = "a"', "use"),
        (
            'name = "h"\n[[collection]]\nname = "a"\nuse = "final"\nrun = "a"\ntopics = { x = "(" }',
            "regular expression",
        ),
        ('name = "h"\n' + '[[collection]]\nname = "a"\nuse = "final"\nrun = "a"\n' * 2, "two collections"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, said):
    path = tmp_path / "holes.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        read_holes(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match="no file"):
        read_holes(tmp_path / "none.toml")


def test_groups_are_values_of_a_field_and_texts_with_a_word():
    texts = ("Write Python", "a story", "python again", "hello")
    metadata = ['{"label": 1}', '{"label": 0}', '{"label": 1}', None]
    spec = CollectionSpec(
        name="c", use="final", run="c", by="label", values={"1": "toxic"}, topics={"code": r"\bpython\b"}, least=1
    )
    found = groups_of(spec, texts, metadata)
    assert {name: np.flatnonzero(rows).tolist() for name, rows in found.items()} == {"toxic": [0, 2], "code": [0, 2]}
    every = groups_of(spec.model_copy(update={"values": {}, "topics": {}}), texts, metadata)
    assert {name: rows.tolist() for name, rows in every.items()} == {
        "0": [False, True, False, False],
        "1": [True, False, True, False],
    }
    with pytest.raises(NotFound, match="'c'"):
        groups_of(spec.model_copy(update={"least": 3}), texts, metadata)
