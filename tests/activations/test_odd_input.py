"""What users bring costs itself alone, and nothing that they said is left out: chats, labels, models that are damaged."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from fac_core.activations.pipeline import encode
from fac_core.activations.spec import EncodeSpec
from fac_core.datasets.layouts import ColumnMapping
from fac_core.errors import BadInput
from fac_core.models.truncated import load_tokenizer
from fac_core.store.workspace import Workspace
from tests import tiny

STRICT = (
    "{{ bos_token }}{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}<|start|>{{ m['role'] }}<|end|>{{ m['content'] }}<|eot|>{% endfor %}"
)


@pytest.fixture
def spec(model_of, sae_of) -> EncodeSpec:
    return EncodeSpec(model=str(model_of("llama")), sae=str(sae_of("topk")), context=32, dtype="float32")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def jsonl(path: Path, rows: list) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_chat_that_the_template_refuses_is_a_failure_and_the_others_are_the_run(tmp_path, spec, workspace):
    """unsloth#334."""
    strict = tmp_path / "strict"
    shutil.copytree(spec.model, strict)
    tokenizer = load_tokenizer(spec.model)
    tokenizer.chat_template = STRICT
    tokenizer.save_pretrained(strict)
    said = [{"role": "user", "content": "Hi there"}, {"role": "assistant", "content": "Hello you"}]
    rows = [{"messages": said[1:]}, {"messages": said}, {"messages": [said[0], *said]}]
    info = encode(jsonl(tmp_path / "chats.jsonl", rows), workspace, replace(spec, model=str(strict)))
    assert (info.n_samples, info.n_failures) == (1, 2)
    failures = workspace.opened(info.run_id).failures().to_pylist()
    assert {(one["origin"], one["reason"]) for one in failures} == {
        ("chats.jsonl:1", "template_refused"),
        ("chats.jsonl:3", "template_refused"),
    }
    assert "roles must alternate" in failures[0]["detail"]
    assert workspace.opened(info.run_id).failures_by_reason() == {"template_refused": 2}


def metadata(workspace: Workspace, run_id: str) -> list[str]:
    return workspace.opened(run_id).query("SELECT metadata FROM samples ORDER BY sample_id")["metadata"].to_pylist()


def test_labels_that_come_later_are_in_a_run_of_their_own(tmp_path, spec, workspace):
    texts = [{"text": text, "kind": str(i % 2)} for i, text in enumerate(tiny.TEXTS[:4])]
    source = jsonl(tmp_path / "a.jsonl", texts)
    plain = encode(source, workspace, spec)
    labelled = encode(source, workspace, spec, mapping=ColumnMapping(label="kind"))
    assert metadata(workspace, plain.run_id) == ["{}"] * 4
    assert [json.loads(one)["label"] for one in metadata(workspace, labelled.run_id)] == ["0", "1", "0", "1"]
    assert encode(source, workspace, spec, mapping=ColumnMapping(label="kind")).run_id == labelled.run_id
    assert encode(source, workspace, spec).run_id == plain.run_id


def test_a_labelled_run_of_an_earlier_version_is_found_again_if_it_says_the_same(tmp_path, spec, workspace):
    texts = [{"text": text, "label": "law"} for text in tiny.TEXTS[:4]]
    info = encode(jsonl(tmp_path / "a.jsonl", texts), workspace, spec)
    unlabelled = encode(jsonl(tmp_path / "b.jsonl", [{"text": row["text"]} for row in texts]), workspace, spec)
    path, old = workspace.run_path(info.run_id), workspace.run_path(unlabelled.run_id)
    path.replace(old)  # as it was named then
    encode(tmp_path / "a.jsonl", workspace, spec)
    assert list(path.parent.glob("*.duckdb")) == [old]
    encode(jsonl(tmp_path / "a.jsonl", [{**row, "label": "story"} for row in texts]), workspace, spec)
    assert len(list(path.parent.glob("*.duckdb"))) == 2


def test_weights_that_are_no_numbers_are_said_and_nothing_is_published(tmp_path, spec, workspace):
    broken = tmp_path / "broken"
    shutil.copytree(spec.model, broken)
    model = AutoModelForCausalLM.from_pretrained(spec.model)
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight[0, 0] = float("nan")
    model.save_pretrained(broken)
    source = jsonl(tmp_path / "a.jsonl", [{"text": text} for text in tiny.TEXTS])
    with pytest.raises(
        BadInput, match=r"broken at blocks\.1\.hook_resid_post reads from these texts are no finite numbers"
    ):
        encode(source, workspace, replace(spec, model=str(broken)))
    assert workspace.runs() == []


def test_texts_that_fire_nothing_are_a_run_without_activations(tmp_path, spec, sae_of, workspace):
    silent = tmp_path / "silent"
    shutil.copytree(sae_of("jumprelu"), silent)
    from safetensors.torch import load_file, save_file

    weights = load_file(silent / "sae_weights.safetensors")
    weights["threshold"] = torch.full_like(weights["threshold"], 1e9)
    save_file(weights, silent / "sae_weights.safetensors")
    source = jsonl(tmp_path / "a.jsonl", [{"text": text} for text in tiny.TEXTS])
    info = encode(source, workspace, replace(spec, sae=str(silent)))
    assert (info.n_samples, info.n_activations) == (7, 0)
