"""What is short by a metadata field: counted, not found; compared at equal length."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from fac_core.cli.app import run as command
from fac_core.errors import WrongUse
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from fac_core.themes.parts import parts
from tests.runs import make_run


def labelled(path, name: str, labels: Sequence[str | None], n_tokens: list[int] | None = None) -> RunFile:
    n = len(labels)
    metadata = [{} if label is None else {"label": label} for label in labels]
    lengths = n_tokens or [10] * n
    return make_run(path, name, [(0, s, 1.0) for s in range(n)], n, 4, metadata=metadata, n_tokens=lengths, run_id=name)


def test_values_are_counted_and_the_largest_deficit_comes_first(tmp_path):
    anchor = labelled(tmp_path / "a.duckdb", "a", ["toxic"] * 60 + ["plain"] * 120 + [None] * 20)
    data = labelled(tmp_path / "d.duckdb", "d", ["plain"] * 95 + ["new"] * 5)
    found = parts(data, anchor, "label")
    assert [part.value for part in found] == ["toxic", "new", "plain"]
    toxic, new, plain = found
    assert (toxic.anchor_share.n, toxic.anchor_share.of, toxic.data_share.n, toxic.deficit) == (60, 200, 0, 30)
    assert toxic.deficit_low < 30 < toxic.deficit_high
    assert toxic.q < 1e-6
    assert (new.deficit, plain.deficit) == (-5, pytest.approx(-35))
    assert plain.z < 0


def test_what_only_texts_of_another_length_have_is_not_sure(tmp_path):
    """All long texts are of one label: a dataset of short ones has none of it, and says nothing about it."""
    labels, lengths = ["long"] * 100 + ["short"] * 100, [200] * 100 + [10] * 100
    anchor = labelled(tmp_path / "a.duckdb", "a", list(labels), lengths)
    data = labelled(tmp_path / "d.duckdb", "d", ["short"] * 100)
    part = parts(data, anchor, "label")[0]
    assert (part.value, part.deficit, part.q) == ("long", 50, 1.0)


def test_a_field_that_one_has_not_is_refused_and_the_others_are_named(tmp_path):
    anchor = labelled(tmp_path / "a.duckdb", "a", ["x", "y"] * 10)
    with pytest.raises(WrongUse, match="No sample of 'a' has metadata 'language'; there is label"):
        parts(anchor, anchor, "language")
    many = labelled(tmp_path / "m.duckdb", "m", [str(n) for n in range(1001)])
    with pytest.raises(WrongUse, match="1,003 values"):
        parts(many, anchor, "label")


def test_the_command_lists_the_values(tmp_path, capsys):
    workspace = Workspace.create(tmp_path / "w")
    labelled(workspace.run_path("a"), "a", ["toxic"] * 60 + ["plain"] * 120).close()
    labelled(workspace.run_path("d"), "d", ["plain"] * 90).close()
    asked = ["missing", "d", "--anchor", "a", "--by", "label", "-w", str(workspace.folder)]
    assert command([*asked, "--json"]) == 0
    assert [row["value"] for row in json.loads(capsys.readouterr().out)] == ["toxic", "plain"]
    assert command(asked) == 0
    assert "+30 (+" in capsys.readouterr().out
    assert command([*asked, "--surplus"]) == 2
    assert np.isfinite(parts(workspace.opened("d"), workspace.opened("a"), "label")[0].z)
