"""The bench of peers: outputs are compared before times count, absent peers are named, and the table goes between its marks."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from sae_lens import TopKSAE, TopKSAEConfig

from fac_core.errors import BadInput, WrongUse
from fac_core.lab.bench.peers import environments, race
from fac_core.lab.bench.peers.benchmarks_page import tables, write_page
from fac_core.lab.bench.peers.handout import folded
from fac_core.lab.bench.peers.race import STAGE, likeness, results
from fac_core.lab.bench.peers.roster import CONTESTANTS, Contestant

WAY = """
import numpy as np

class Way:
    BATCHES = (1, 2)
    def __init__(self, given, dtype, batch):
        self.given, self.batch = given, batch
    def encode(self, rows):
        ids, mask = self.given.padded(rows)
        return ids.sum() if self.given.n_content(rows) == mask.sum() - len(rows) else None
    def pooled(self, found):
        return np.array([0]), np.array([1]), np.array([float(found)])
    def store(self, found, folder):
        folder.mkdir()
        (folder / "kept").write_text("four")
    def bytes_and_activations(self, folder):
        return (folder / "kept").stat().st_size, 2
    def answers(self, folder):
        return {"fac": lambda: [3]}
"""


def save(path, sample, feature, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, sample=np.array(sample), feature=np.array(feature), value=np.array(value, dtype=np.float32))


def measured(**more):
    row = {
        "seconds": [2.0, 1.0, 4.0],
        "processors": [2.0],
        "tokens": 100,
        "parts": 1,
        "features": 10,
        "peak_mb": 500.0,
        "batch": 8,
        "versions": {"it": "1.0"},
    }
    return row | more


@pytest.fixture
def folder(tmp_path):
    """What a race leaves: ours, one that agrees, one that does not, and one that is absent."""
    machine = dict.fromkeys(("date", "processor", "system", "capability", "torch", "sae", "probe", "reason"), "x")
    machine |= dict.fromkeys(("cores", "threads", "texts", "shortest", "longest", "tokens"), 2)
    (tmp_path / "machine.json").write_text(json.dumps(machine))
    (tmp_path / "handout").mkdir()
    (tmp_path / "handout" / "about.json").write_text(json.dumps({"d_sae": 10}))
    (tmp_path / "ceiling-float32").mkdir()
    (tmp_path / "ceiling-float32" / "measured.json").write_text(json.dumps(measured(tokens=200)))
    for way, feature in (("ours", [1, 2]), ("plain", [1, 2]), ("sparsify_coder", [1, 3])):
        save(tmp_path / f"{way}-float32" / "pooled.npz", [0, 5], feature, [1.0, 2.0])
        (tmp_path / f"{way}-float32" / "measured.json").write_text(json.dumps(measured()))
    (tmp_path / "delphi_cache-float32").mkdir()
    (tmp_path / "delphi_cache-float32" / "why_not.txt").write_text("no network")
    return tmp_path


def test_likeness_counts_pairs_and_compares_values_of_the_measured_features_alone(tmp_path):
    save(tmp_path / "a.npz", [0, 0, 1, 1], [1, 2, 1, 9], [1.0, 2.0, 3.0, 4.0])
    save(tmp_path / "b.npz", [1, 0, 0], [1, 1, 3], [3.5, 1.0, 7.0])
    found = likeness(tmp_path / "a.npz", tmp_path / "b.npz", 5, 10)
    assert (found.jaccard, found.apart) == (2 / 4, 0.5)
    assert not found.is_equal("float32")


def test_a_time_does_not_count_where_outputs_differ_and_an_absent_peer_says_why(folder):
    found = results(folder)
    assert [(row["way"], row.get("equal")) for row in found["rows"]] == [
        ("ceiling", None), ("ours", True), ("plain", True), ("delphi_cache", None), ("sparsify_coder", False)
    ]  # fmt: skip
    text = tables(found, "picture.svg")
    assert re.search(r"ours \| 1.0000 \| 0 \| 50 \(25 to 100\) \| 0.5 ", text)
    assert re.search(r"sparsify \| 0.3333 \| 0 \| outputs are not equal", text)
    assert "Not measured, delphi, latent cache: no network." in text


def test_a_lot_of_features_counts_as_often_as_there_are_lots(folder):
    (folder / "plain-float32" / "measured.json").write_text(json.dumps(measured(parts=5)))
    assert "| 10 (5 to 20) |" in tables(results(folder), "")


def test_the_table_goes_between_its_marks_and_nowhere_else(folder, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- table -->\nold\n<!-- end of table -->\nafter\n")
    write_page(results(folder), page)
    text = page.read_text()
    assert text.startswith("before\n<!-- table -->\n")
    assert text.endswith("<!-- end of table -->\nafter\n")
    assert "old" not in text
    assert (tmp_path / "page-table.svg").read_text().count("plain transformers") > 0
    page.write_text("no marks")
    with pytest.raises(BadInput, match="no place for the table"):
        write_page(results(folder), page)


def test_folded_weights_give_the_same_codes():
    torch.manual_seed(0)
    sae = TopKSAE(TopKSAEConfig(d_in=8, d_sae=32, k=4, rescale_acts_by_decoder_norm=True, device="cpu"))
    for weight in (sae.W_enc, sae.W_dec, sae.b_enc, sae.b_dec):
        weight.data.normal_()
    x = torch.randn(16, 8)
    w = folded(sae)
    before = (x - w["b_dec"]) @ w["encoder.weight"].T + w["encoder.bias"]
    values, at = before.topk(4)
    assert torch.allclose(torch.zeros(16, 32).scatter_(1, at, values.relu()), sae.encode(x), atol=1e-5)
    assert torch.allclose(w["W_dec"].norm(dim=1), torch.ones(32))


def test_the_stage_measures_a_way_in_a_process_that_has_none_of_this_project(tmp_path):
    given = tmp_path / "given"
    given.mkdir()
    (given / "about.json").write_text(json.dumps({"d_sae": 10}))
    (given / "texts.json").write_text(json.dumps(["a b", "c"]))
    np.savez(given / "tokens.npz", ids=np.array([7, 1, 2, 7, 3]), lengths=[3, 2])
    (tmp_path / "way.py").write_text(WAY)
    command = [sys.executable, STAGE, tmp_path / "way.py", given, "float32", "2", tmp_path / "out"]
    code = "import sys, runpy; sys.modules['fac_core'] = None; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    subprocess.run([command[0], "-c", code, *command[1:]], check=True)
    found = json.loads((tmp_path / "out" / "measured.json").read_text())
    assert (found["tokens"], len(found["seconds"]), found["bytes_an_activation"]) == (3, 2, 2.0)
    assert found["fac"]["said"] == [3]
    with np.load(tmp_path / "out" / "pooled.npz") as kept:
        assert kept["value"] == [20.0]


def test_a_peer_that_cannot_be_installed_gets_a_sentence_and_the_others_still_run(tmp_path, monkeypatch):
    absent = Contestant("absent", "plain", ("no-such-package==0",))
    monkeypatch.setattr(
        environments.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", "ERROR: no index")
    )
    race._measured(absent, "float32", tmp_path, tmp_path / "environments", 1)
    assert (tmp_path / "plain-float32" / "why_not.txt").read_text() == "no index"


def test_every_contestant_has_a_way_and_pins_what_it_installs():
    for one in CONTESTANTS:
        assert STAGE.with_name(f"{one.way}.py").is_file()
        assert not one.packages or "==" in one.packages[0]


def test_a_folder_of_something_else_is_left_as_it_is(tmp_path):
    (tmp_path / "handout").mkdir()
    (tmp_path / "handout" / "thesis.txt").write_text("years of work")
    with pytest.raises(WrongUse, match="something else than measures"):
        race.race(tmp_path, tmp_path / "environments")
    assert (tmp_path / "handout" / "thesis.txt").read_text() == "years of work"
