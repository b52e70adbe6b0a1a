"""Training a SAE: it learns, resumes after a kill, and ends as a folder that sae-lens reads."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sae_lens import SAE
from safetensors.torch import load_file

from fac_core.errors import CannotWrite, ModelMismatch, NotFound, WrongUse
from fac_core.training.harvest import Shard, read_shard
from fac_core.training.plan import last_checkpoint
from fac_core.training.train import TrainConfig, train_from_texts, train_sae
from fac_core.training.warm_start import warm_start
from tests import tiny
from tests.training.shards_on_disk import N_BLOCKS, write_shard

CONFIG = TrainConfig(
    model="tiny",
    n_blocks=N_BLOCKS,
    d_sae=32,
    k=3,
    total_tokens=50 * 120,
    batch_tokens=50,
    lr=5e-3,
    warm_up_steps=5,
    checkpoint_steps=20,
)


@pytest.fixture
def shards(tmp_path: Path) -> list[Shard]:
    return [write_shard(tmp_path / "shards", number) for number in range(4)]


def _fvu(folder: Path, shard: Shard) -> float:
    sae = SAE.load_from_disk(folder)
    tokens = read_shard(shard, N_BLOCKS).float()
    with torch.inference_mode():
        return float((sae(tokens) - tokens).pow(2).sum() / (tokens - tokens.mean(dim=0)).pow(2).sum())


class _Killed(BaseException):
    """Stands for a kill: nothing in the engine may catch it."""


def _kill_after(tokens: int) -> Callable[..., None]:
    def on_progress(done: int, total: int, note: str = "") -> None:
        if done >= tokens:
            raise _Killed

    return on_progress


def test_training_explains_held_out_tokens_and_is_read_by_sae_lens_as_float32(
    shards: list[Shard], tmp_path: Path
) -> None:
    folder = train_sae(CONFIG, shards[:3], tmp_path / "sae")
    assert _fvu(folder, shards[3]) < 0.5
    sae = SAE.load_from_disk(folder)
    assert sae.W_enc.dtype == torch.float32
    assert {tensor.dtype for tensor in load_file(folder / "sae_weights.safetensors").values()} == {torch.float16}
    assert sae.cfg.metadata.hook_name == "blocks.1.hook_resid_post"
    assert sae.cfg.metadata.model_name == "tiny"


def test_a_killed_training_goes_on_from_its_last_checkpoint_to_the_same_weights(
    shards: list[Shard], tmp_path: Path
) -> None:
    whole = train_sae(CONFIG, shards, tmp_path / "whole")
    with pytest.raises(_Killed):
        train_sae(CONFIG, shards, tmp_path / "sae", on_progress=_kill_after(50 * 60))
    assert not (tmp_path / "sae").exists()
    checkpoint = last_checkpoint(tmp_path / "sae.training")
    assert checkpoint is not None
    assert checkpoint.name == "step-00000040"
    seen: list[int] = []
    resumed = train_sae(CONFIG, shards, tmp_path / "sae", on_progress=lambda done, *_: seen.append(done))
    assert seen[0] == 50 * 60  # not from the start
    a, b = (load_file(folder / "sae_weights.safetensors") for folder in (whole, resumed))
    assert all(torch.allclose(a[name].float(), b[name].float(), atol=1e-3) for name in a)
    assert not (tmp_path / "sae.training").exists()


def test_a_half_written_checkpoint_is_not_taken_for_one(shards: list[Shard], tmp_path: Path) -> None:
    (tmp_path / "sae.training" / "step.building").mkdir(parents=True)
    assert last_checkpoint(tmp_path / "sae.training") is None
    train_sae(replace(CONFIG, total_tokens=50 * 20), shards, tmp_path / "sae")
    assert SAE.load_from_disk(tmp_path / "sae").cfg.d_sae == 32


def test_the_same_training_again_does_nothing(shards: list[Shard], tmp_path: Path) -> None:
    short = replace(CONFIG, total_tokens=50 * 20)
    train_sae(short, shards, tmp_path / "sae")
    steps: list[int] = []
    train_sae(short, shards, tmp_path / "sae", on_progress=lambda done, *_: steps.append(done))
    assert steps == []


def test_a_checkpoint_of_other_settings_is_refused(shards: list[Shard], tmp_path: Path) -> None:
    with pytest.raises(_Killed):
        train_sae(CONFIG, shards, tmp_path / "sae", on_progress=_kill_after(50 * 60))
    with pytest.raises(WrongUse, match="other settings"):
        train_sae(replace(CONFIG, lr=1e-4), shards, tmp_path / "sae")


def test_missing_shards_are_an_error_unless_a_harvest_is_followed(shards: list[Shard], tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="1 of 5"):
        train_sae(CONFIG, [*shards, Shard(tmp_path / "none.safetensors", [])], tmp_path / "sae")


def test_a_batchtopk_sae_is_saved_as_jumprelu(shards: list[Shard], tmp_path: Path) -> None:
    config = replace(CONFIG, architecture="batchtopk", total_tokens=50 * 40)
    folder = train_sae(config, shards, tmp_path / "sae")
    assert SAE.load_from_disk(folder).cfg.architecture() == "jumprelu"


def test_texts_become_a_sae_of_the_asked_layer(model_of: Callable[[str], Path], tmp_path: Path) -> None:
    config = replace(CONFIG, model=str(model_of("llama")), total_tokens=50 * 10, batch_tokens=50, d_sae=64)
    texts = [f"{text} {number}" for number in range(20) for text in tiny.TEXTS]
    folder = train_from_texts(texts, config, tmp_path / "sae", held_out_shards=1, shard_tokens=500)
    assert SAE.load_from_disk(folder).cfg.d_in == tiny.D_MODEL


def test_no_more_is_harvested_than_the_training_reads(
    model_of: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAC_CACHE", str(tmp_path / "cache"))
    config = replace(CONFIG, model=str(model_of("llama")), total_tokens=50 * 10, batch_tokens=50, d_sae=64)
    texts = [f"{text} {number}" for number in range(40) for text in tiny.TEXTS]
    seen: list[int] = []
    train_from_texts(
        texts,
        config,
        tmp_path / "sae",
        held_out_shards=1,
        shard_tokens=500,
        on_progress=lambda _done, total, note: seen.append(total) if ".safetensors" in note else None,
    )
    assert set(seen) == {3}


def test_the_device_is_looked_for_first_and_decides_nothing(
    shards: list[Shard], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(WrongUse, match="no device cuda here"):
        train_from_texts(iter(()), replace(CONFIG, device="cuda"), tmp_path / "sae")
    with pytest.raises(WrongUse, match="device is 'gpu'"):
        replace(CONFIG, device="gpu")
    with pytest.raises(_Killed):
        train_sae(CONFIG, shards, tmp_path / "sae", on_progress=_kill_after(50 * 60))
    seen: list[int] = []
    here = replace(CONFIG, device="cpu")
    folder = train_sae(here, shards, tmp_path / "sae", on_progress=lambda done, *_: seen.append(done))
    assert seen[0] > 50 * 60 - 50 * CONFIG.checkpoint_steps
    assert "device" not in SAE.load_from_disk(folder).cfg.metadata.training


def test_too_few_texts_are_an_error(model_of: Callable[[str], Path], tmp_path: Path) -> None:
    config = replace(CONFIG, model=str(model_of("llama")))
    with pytest.raises(WrongUse, match="held out"):
        train_from_texts(tiny.TEXTS, config, tmp_path / "sae")


def test_a_folder_of_somebody_else_s_is_refused_and_kept(shards: list[Shard], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(WrongUse, match="Choose another folder"):
        train_sae(replace(CONFIG, total_tokens=50 * 20), shards, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_what_would_be_refused_is_refused_before_a_text_is_read(
    model_of: Callable[[str], Path], tmp_path: Path
) -> None:
    def unread() -> Iterator[str]:
        raise AssertionError("a text was read")
        yield ""

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "cfg").mkdir()
    (tmp_path / "cfg" / "cfg.json").write_text("{")
    for name in ("mine", "mine/thesis.txt", "cfg"):
        with pytest.raises(WrongUse, match="Choose another folder"):
            train_from_texts(unread(), CONFIG, tmp_path / name)


def test_a_sae_of_another_training_is_refused_before_anything_is_harvested(
    model_of: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(CONFIG, model=str(model_of("llama")), total_tokens=50 * 10, d_sae=64)
    texts = [f"{text} {number}" for number in range(20) for text in tiny.TEXTS]
    folder = train_from_texts(texts, config, tmp_path / "sae", held_out_shards=1, shard_tokens=500)
    monkeypatch.setattr("fac_core.training.train.harvest", lambda *_a, **_o: pytest.fail("harvested"))
    monkeypatch.setenv("FAC_CACHE", str(tmp_path / "another cache"))
    with pytest.raises(WrongUse, match="something else than this training makes"):
        train_from_texts(texts, replace(config, seed=1), folder, held_out_shards=1, shard_tokens=500)


def test_a_link_to_itself_is_no_place_for_a_sae(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(CannotWrite, match="leads nowhere but to itself"):
        train_from_texts(iter(()), CONFIG, tmp_path / "loop")


def test_a_sae_of_another_training_is_kept(shards: list[Shard], tmp_path: Path) -> None:
    folder = train_sae(replace(CONFIG, total_tokens=50 * 20), shards, tmp_path / "sae")
    weights = (folder / "sae_weights.safetensors").read_bytes()
    with pytest.raises(WrongUse, match="something else than this training makes"):
        train_sae(replace(CONFIG, total_tokens=50 * 40), shards, folder)
    assert (folder / "sae_weights.safetensors").read_bytes() == weights


def test_what_others_put_beside_the_checkpoints_is_kept(shards: list[Shard], tmp_path: Path) -> None:
    theirs = tmp_path / "sae.training" / "notes.txt"
    theirs.parent.mkdir()
    theirs.write_text("mine")
    train_sae(replace(CONFIG, total_tokens=50 * 20), shards, tmp_path / "sae")
    assert [path.name for path in theirs.parent.iterdir()] == ["notes.txt"]


def test_a_training_that_begins_from_a_sae_is_where_that_ended(shards: list[Shard], tmp_path: Path) -> None:
    taught = train_sae(CONFIG, shards[:3], tmp_path / "taught")
    short = replace(CONFIG, total_tokens=50 * 4, lr=1e-6, checkpoint_steps=2)
    cold = train_sae(short, shards[:3], tmp_path / "cold")
    warm = train_sae(replace(short, begin_from=str(taught)), shards[:3], tmp_path / "warm")
    assert _fvu(warm, shards[3]) == pytest.approx(_fvu(taught, shards[3]), abs=0.01)
    assert _fvu(cold, shards[3]) > _fvu(taught, shards[3]) + 0.2
    further = train_sae(replace(CONFIG, begin_from=str(taught)), shards[:3], tmp_path / "further")
    assert _fvu(further, shards[3]) < _fvu(taught, shards[3]) + 0.02


def test_a_beginning_counts_by_its_content_and_none_is_as_before(shards: list[Shard], tmp_path: Path) -> None:
    taught = train_sae(replace(CONFIG, total_tokens=50 * 4), shards, tmp_path / "taught")
    assert "begin_from" not in SAE.load_from_disk(taught).cfg.metadata.training
    short = replace(CONFIG, total_tokens=50 * 4, begin_from=str(taught))
    warm = train_sae(short, shards, tmp_path / "warm")
    written = (warm / "sae_weights.safetensors").stat().st_mtime_ns
    copy = shutil.copytree(taught, tmp_path / "copy")
    assert train_sae(replace(short, begin_from=str(copy)), shards, tmp_path / "warm") == warm
    assert (warm / "sae_weights.safetensors").stat().st_mtime_ns == written


def test_a_bias_that_is_not_taken_from_the_input_is_folded_in(tmp_path: Path) -> None:
    folder = tiny.save_sae(tmp_path / "sae", "standard", apply_b_dec_to_input=False)
    sae, begun = SAE.load_from_disk(folder), warm_start(str(folder), d_sae=tiny.D_SAE)
    h = torch.randn(5, tiny.D_MODEL)
    with torch.inference_mode():
        assert torch.allclose(torch.relu((h - begun.b_dec) @ begun.W_enc + begun.b_enc), sae.encode(h), atol=1e-4)


def test_a_beginning_of_another_shape_or_form_is_refused_before_anything_is_read(
    shards: list[Shard], tmp_path: Path, model_of, sae_of
) -> None:
    for architecture, message in (("topk", "has 64 latents, and the training is of 32"), ("gated", "is a gated SAE")):
        config = replace(CONFIG, begin_from=str(sae_of(architecture)), d_sae=32 if architecture == "topk" else 64)
        with pytest.raises(ModelMismatch, match=message):
            train_sae(config, shards, tmp_path / "sae")
    narrow = str(sae_of("topk", d_in=48))
    config = replace(CONFIG, model=str(model_of("llama")), d_sae=tiny.D_SAE, begin_from=narrow)
    with pytest.raises(ModelMismatch, match="reads 48 dimensions, and the model has 32"):
        train_from_texts([f"{text} {n}" for text in tiny.TEXTS for n in range(60)], config, tmp_path / "sae")
    with pytest.raises(NotFound):
        train_sae(replace(CONFIG, begin_from="nowhere"), shards, tmp_path / "sae")
