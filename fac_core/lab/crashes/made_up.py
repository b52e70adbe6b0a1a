"""A workspace that is small enough to be lost a thousand times: a random language model, a random SAE, texts, decisions."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sae_lens import TopKSAE, TopKSAEConfig
from sae_lens.saes.sae import SAEMetadata
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from fac_core.activations.spec import EncodeSpec
from fac_core.curation.triage import Triage
from fac_core.store.measurements import Measurement
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Batch, Candidate, Candidates
from fac_core.workflows.decide import edit_candidate, review
from fac_core.workflows.encode import encode

BATCH = "made-before"
TARGETS = tuple(range(6))
"""Features that somebody approved."""
_WIDTH, _FEATURES = 16, 32
_TOPICS = {
    "law": "court judge clause contract party appeal statute",
    "cooking": "butter onion simmer oven flour pepper recipe",
    "sums": "seven times equals minus divide total twelve",
}


@dataclass(frozen=True)
class Scene:
    """Where everything lies."""

    folder: Path

    @property
    def model(self) -> str:
        return str(self.folder / "model")

    @property
    def sae(self) -> str:
        return str(self.folder / "sae")

    @property
    def texts(self) -> Path:
        """What is encoded, and trained on, while things go wrong."""
        return self.folder / "texts.jsonl"

    @property
    def workspace(self) -> Path:
        """The workspace before anything happens: two runs, decisions, a batch that was reviewed. It is copied, never changed."""
        return self.folder / "workspace"

    @property
    def spec(self) -> EncodeSpec:
        return EncodeSpec(model=self.model, sae=self.sae, context=32, dtype="float32")


def made_scene(folder: Path) -> Scene:
    """The scene in a folder; made where it is not there, in some seconds."""
    scene, mark = Scene(folder.resolve()), folder / "made"
    if not mark.exists():  # in its place: runs remember where their model is
        shutil.rmtree(folder, ignore_errors=True)
        _make(scene)
        mark.touch()
    return scene


def _make(scene: Scene) -> None:
    everything = ["law", "cooking", "sums"]
    _save_model(Path(scene.model), [row["text"] for row in _rows(everything, 60, seed=0)])
    _save_sae(Path(scene.sae))
    _write(scene.texts, _rows(everything, 120, seed=1))
    for name, topics, n in (("anchor", everything, 240), ("seed", ["law"], 160)):
        _write(scene.folder / f"{name}.jsonl", _rows(topics, n, seed=2))
        encode(scene.folder / f"{name}.jsonl", scene.spec, workspace=scene.workspace, anchor=name == "anchor")
    place = Workspace(scene.workspace)
    anchor, seed = place.info("anchor"), place.info("seed")
    Triage(place.events(), anchor.run_id).decide_many(TARGETS, "target", author="Ann")
    Candidates(place.events()).record_batch(
        Batch(BATCH, anchor.run_id, seed.run_id, anchor.space_id, TARGETS, {"shape": "text"}), author="Ann"
    )
    made = [_candidate(feature) for feature in TARGETS]
    fires = np.array(TARGETS, np.uint32), np.full(len(TARGETS), 5.0, np.float32)
    place.measurements().record(BATCH, [Measurement(one.candidate_id, 1, *fires) for one in made])
    Candidates(place.events()).record(made, author="worker")
    review([one.candidate_id for one in made[:4]], "accepted", author="Ann", workspace=place)
    for one in made[4:]:
        edit_candidate(one.candidate_id, f"{one.text}, and the judge laughed", author="Bob", workspace=place)


def _candidate(feature: int) -> Candidate:
    return Candidate(
        f"{BATCH}-{feature}", BATCH, feature, f"the party of case {feature} went home", {}, "text", "one step", "text@1",
        "made up", {}, 5.0, 1.0, ((0, 3, 5.0),), "passes",
    )  # fmt: skip


def _rows(topics: Sequence[str], n: int, *, seed: int) -> list[dict[str, str]]:
    drawn, rows = random.Random(f"{seed} {topics}"), []  # noqa: S311 - made-up texts
    for i in range(n):
        topic = topics[i % len(topics)]
        rows.append({"text": f"{' '.join(drawn.choices(_TOPICS[topic].split(), k=8))} number {i}.", "label": topic})
    return rows


def _write(path: Path, rows: Sequence[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _save_model(folder: Path, texts: Sequence[str]) -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")  # noqa: S106 - no password
    fast.chat_template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    shape = LlamaConfig(
        hidden_size=_WIDTH, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
        max_position_embeddings=256, vocab_size=len(fast), bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip
    torch.manual_seed(0)
    model = LlamaForCausalLM(shape)
    with torch.no_grad():
        for weight in model.parameters():  # as initialised, the blocks would hardly change what they read
            if weight.dim() == 2:
                weight.normal_(0, 0.3)
    model.save_pretrained(folder)
    fast.save_pretrained(folder)


def _save_sae(folder: Path) -> None:
    torch.manual_seed(1)
    hook = SAEMetadata(hook_name="blocks.0.hook_resid_post", model_name="made up")
    sae = TopKSAE(TopKSAEConfig(d_in=_WIDTH, d_sae=_FEATURES, k=4, device="cpu", metadata=hook))
    with torch.no_grad():
        for weight in sae.parameters():
            weight.normal_(0, 0.5)
    sae.save_model(folder)
