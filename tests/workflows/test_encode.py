"""What is encoded beside an anchor is read by the anchor's SAE, unless another one is asked for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import fac_core as fac
from fac_core.activations.saes import named
from fac_core.activations.spec import EncodeSpec
from fac_core.errors import FacError, NotFound
from tests import tiny


@pytest.fixture
def texts(tmp_path):
    def written(name: str) -> str:
        path = tmp_path / f"{name}.jsonl"
        lines = (json.dumps({"text": f"{tiny.TEXTS[i % 7]} {name} {i}."}) for i in range(8))
        path.write_text("\n".join(lines), encoding="utf-8")
        return str(path)

    return written


def test_a_run_beside_an_anchor_is_of_its_space(tmp_path, model_of, sae_of, texts):
    spec = EncodeSpec(model=str(model_of("llama")), sae=str(sae_of("topk")), context=32, dtype="float32")
    unsaid = replace(spec, sae="")
    with pytest.raises(NotFound, match="No SAE ships"):
        fac.encode(texts("first"), unsaid, workspace=tmp_path / "w")
    anchor = fac.encode(texts("anchor"), spec, workspace=tmp_path / "w", anchor=True)
    assert fac.encode(texts("mine"), unsaid, workspace=tmp_path / "w").space_id == anchor.space_id
    other = fac.encode(texts("mine"), replace(spec, sae=str(sae_of("jumprelu"))), workspace=tmp_path / "w")
    assert other.space_id != anchor.space_id


def test_of_several_saes_that_ship_the_widest_is_the_default(tmp_path, monkeypatch):
    for name, width in (("m-b1", 64), ("m-b1-wide", 256), ("other-b1", 512)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cfg.json").write_text(json.dumps({"d_sae": width}))
    monkeypatch.setattr(named, "SHIPPED", tmp_path)
    assert named.default_sae("m") == "m-b1-wide"


@pytest.mark.parametrize(("source", "said"), [("absent.jsonl", "no file or folder"), ("texts", "No SAE ships")])
def test_what_fails_leaves_no_workspace_that_later_commands_would_find(tmp_path, model_of, texts, source, said):
    spec = EncodeSpec(model=str(model_of("llama")), context=32)
    source = texts("texts") if source == "texts" else str(tmp_path / source)
    with pytest.raises(FacError, match=said):
        fac.encode(source, spec, workspace=tmp_path / "new")
    assert not (tmp_path / "new").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(FacError, match=said):
        fac.encode(source, spec, workspace=tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_what_fails_leaves_a_workspace_alone_that_was_there_before(tmp_path, model_of):
    place = fac.Workspace.create(tmp_path / "w")
    with pytest.raises(FacError, match="no file or folder"):
        fac.encode(str(tmp_path / "absent.jsonl"), EncodeSpec(model=str(model_of("llama"))), workspace=tmp_path / "w")
    assert fac.Workspace(tmp_path / "w") == place
