"""Train a SAE on the activations of a model, with sae-lens's own trainer; a Top-K SAE by `sparse_topk`.

    texts ──token_windows──▶ windows ──plan_shards──▶ shards ──harvest──▶ activations ──train_sae──▶ a sae-lens folder

Every stage resumes: harvested shards are kept, and the trainer's state is written every `checkpoint_steps` steps. The
same call after a kill goes on from the last checkpoint with the stream of batches at the same position, so at most
that many steps are done twice.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sae_lens import (
    BatchTopKTrainingSAE,
    BatchTopKTrainingSAEConfig,
    TopKTrainingSAEConfig,
    TrainingSAE,
)
from sae_lens.config import SAETrainerConfig
from sae_lens.constants import SAE_CFG_FILENAME
from sae_lens.saes.sae import SAEMetadata, TrainStepOutput
from sae_lens.training.sae_trainer import SAETrainer
from safetensors.torch import load_file, save_file

from fac_core.errors import NotFound, WrongUse
from fac_core.models.cache_folder import cache_dir
from fac_core.models.device import chosen_device
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from fac_core.progress import Progress, silent
from fac_core.scratch import sweep
from fac_core.shortage import explained
from fac_core.store.process_lock import held_in_turn
from fac_core.training.config import TrainConfig
from fac_core.training.harvest import Shard, count_tokens, harvest, plan_shards, token_windows
from fac_core.training.plan import STEPS, checkpoints_of, last_checkpoint, plan_in, plan_of, refuse_other
from fac_core.training.sparse_topk import SparseTopKTrainingSAE
from fac_core.training.stream import training_batches
from fac_core.training.warm_start import warm_start
from fac_core.whole import BUILDING, behind_links, whole

_FIRST_BATCHES = 32
"""Batches from which the input scale and the mean are estimated."""
_REPORT_STEPS = 20
_MARGIN = 1.1


def train_from_texts(
    texts: Iterable[str],
    config: TrainConfig,
    folder: Path,
    *,
    held_out_shards: int = 3,
    shard_tokens: int | None = None,
    on_progress: Progress = silent,
) -> Path:
    """Texts in, a SAE out: harvest the activations into the cache, then train on them.

    Harvested are as many shards as the training reads, and the last `held_out_shards` planned ones, which are never trained
    on. A shard has 131,072 tokens, or a twentieth of the corpus where that is less, but at least two batches.

    Raises `WrongUse` when the texts are too few for that or the device is not there, `ModelMismatch` and `NotFound` as the model's loader does.
    """

    folder = behind_links(folder)

    def waiting() -> None:
        on_progress(0, config.total_tokens, "somebody else trains into this folder; waiting for what comes of it")

    refuse_other(folder)
    with explained(folder.parent), held_in_turn(folder.with_name(f".{folder.name}.lock"), waiting):
        device = chosen_device(config.device)
        beginning = warm_start(config.begin_from, d_sae=config.d_sae) if config.begin_from else None
        tokenizer = load_tokenizer(config.model)
        windows = list(token_windows(texts, tokenizer, config.context))
        n_tokens = sum(map(len, windows))
        layers = [config.n_blocks]
        shards = plan_shards(
            windows,
            cache_dir() / "harvest",
            model=config.model,
            layers=layers,
            shard_tokens=shard_tokens or max(2 * config.batch_tokens, min(131_072, n_tokens // 20)),
            seed=config.seed,
        )
        if len(shards) <= held_out_shards:
            raise WrongUse(
                f"The texts give {n_tokens:,} tokens, which is {len(shards)} shards;"
                f" {held_out_shards} are held out, so give more text or hold out fewer."
            )
        first = len(shards) - held_out_shards
        read = _enough(shards[:first], config.total_tokens)
        refuse_other(folder, plan_of(config, read))
        needed = [*read, *shards[first:]]
        if not all(shard.is_present for shard in needed):
            model = TruncatedModel(config.model, config.n_blocks, device=device).computing_in(torch.bfloat16)
            if beginning is not None:  # said now, not after hours of harvesting
                beginning.check_width(model.d_model)
            harvest(needed, model, layers, seed=config.seed, on_progress=on_progress)
        return train_sae(config, read, folder, on_progress=on_progress)


def _enough(shards: Sequence[Shard], n_tokens: int) -> Sequence[Shard]:
    """The first shards that hold as many tokens, with some over for start tokens and sinks, which are left out."""
    held = np.cumsum([sum(map(len, shard.windows)) for shard in shards])
    return shards[: int(np.searchsorted(held, _MARGIN * n_tokens)) + 1]


def train_sae(config: TrainConfig, shards: Sequence[Shard], folder: Path, *, on_progress: Progress = silent) -> Path:
    """Train on harvested shards; returns `folder`, which then holds the SAE in sae-lens's format.

    Args:
        shards: those to train on, without the held-out ones, in planned order.
        folder: weights are written there as float16 (`SAE.load_from_disk` gives float32). Until then the state is
            kept beside it, in `<folder>.training`.
        on_progress: `(tokens, total tokens, note)`.

    Raises:
        NotFound: a shard is missing, or there is no SAE to begin from.
        ModelMismatch: the SAE to begin from has another shape or form.
        WrongUse: `<folder>.training` belongs to another training, or `folder` holds something else, also another SAE.
    """
    plan = plan_of(config, shards)
    refuse_other(folder, plan)
    if plan_in(folder) == plan:
        return folder
    if missing := sum(not shard.is_present for shard in shards):
        raise NotFound(f"{missing} of {len(shards)} shards are not harvested yet. Harvest them first.")

    def batches(start: int) -> Iterator[torch.Tensor]:
        return training_batches(
            shards, config.n_blocks, batch_tokens=config.batch_tokens, seed=config.seed, start=start
        )

    checkpoints = checkpoints_of(folder)
    last = last_checkpoint(checkpoints)
    trainer = _resumed(config, last) if last else _begun(config, list(islice(batches(0), _FIRST_BATCHES)))
    trainer.sae.cfg.metadata.training = plan
    stream = batches(trainer.n_training_steps)
    while trainer.n_training_steps < config.n_steps:
        output = trainer.step(next(stream))
        trainer.n_training_steps += 1
        if trainer.n_training_steps % _REPORT_STEPS == 0:
            total = config.n_steps * config.batch_tokens
            on_progress(trainer.n_training_samples, total, _note(trainer, output))
        if trainer.n_training_steps % config.checkpoint_steps == 0:
            save_checkpoint(trainer, checkpoints)
    trainer.sae.cfg.metadata.unique_tokens = sum(count_tokens(shard, config.n_blocks) for shard in shards)
    _publish(trainer, folder)
    sweep(checkpoints, BUILDING)
    for made in checkpoints.glob(STEPS):
        shutil.rmtree(made, ignore_errors=True)
    with suppress(OSError):  # not there, or somebody put something beside it
        checkpoints.rmdir()
    return folder


def save_checkpoint(trainer: SAETrainer[Any, Any], folder: Path) -> None:
    """Write the trainer's state so that a kill at any moment leaves a complete checkpoint behind."""
    earlier = last_checkpoint(folder)
    with whole(folder / f"step-{trainer.n_training_steps:08d}", replaces_folder=True) as building:
        trainer.save_checkpoint(building.name, base_path=building.parent)
    if earlier is not None:
        shutil.rmtree(earlier)


def _begun(config: TrainConfig, first: list[torch.Tensor]) -> SAETrainer[Any, Any]:
    """A trainer at step 0: input scale and decoder bias are taken from the first batches."""
    torch.manual_seed(config.seed)
    trainer = _trainer(config, _new_sae(config, d_in=first[0].shape[1]))
    scaler = trainer.activation_scaler
    scaler.estimate_scaling_factor(first[0].shape[1], iter(first), n_batches_for_norm_estimate=len(first))
    with torch.no_grad():
        trainer.sae.b_dec.copy_(scaler(torch.stack([batch.mean(dim=0) for batch in first]).mean(dim=0)))
    if config.begin_from:
        beginning = warm_start(config.begin_from, d_sae=config.d_sae)
        beginning.check_width(first[0].shape[1])
        beginning.put_into(trainer.sae, scaler.scaling_factor or 1.0)
    return trainer


def _resumed(config: TrainConfig, checkpoint: Path) -> SAETrainer[Any, Any]:
    saved = json.loads((checkpoint / SAE_CFG_FILENAME).read_text())
    sae = _new_sae(config, saved["d_in"])
    sae.load_weights_from_checkpoint(checkpoint)
    trainer = _trainer(config, sae)
    trainer.load_trainer_state(checkpoint)
    return trainer


def _new_sae(config: TrainConfig, d_in: int) -> TrainingSAE[Any]:
    common: dict[str, Any] = {
        "d_in": d_in,
        "d_sae": config.d_sae,
        "device": chosen_device(config.device),
        "normalize_activations": "expected_average_only_in",
        "apply_b_dec_to_input": True,
        "aux_loss_coefficient": config.aux_coefficient,
        "rescale_acts_by_decoder_norm": True,
        "metadata": SAEMetadata(model_name=config.model, hook_name=config.hook_name, context_size=config.context),
    }
    if config.architecture == "batchtopk":
        return BatchTopKTrainingSAE(BatchTopKTrainingSAEConfig(**common, k=float(config.k)))
    return SparseTopKTrainingSAE(TopKTrainingSAEConfig(**common, k=config.k))


def _trainer(config: TrainConfig, sae: TrainingSAE[Any]) -> SAETrainer[Any, Any]:
    settings = SAETrainerConfig(
        total_training_samples=config.n_steps * config.batch_tokens,
        train_batch_size_samples=config.batch_tokens,
        lr=config.lr,
        lr_end=config.lr / 10,  # unused by the constant schedule, but the trainer asks for it
        lr_warm_up_steps=config.warm_up_steps,
        lr_decay_steps=int(config.n_steps * config.decay_share),
        autocast=True,
        device=chosen_device(config.device),
        dead_feature_window=max(1, config.dead_after_tokens // config.batch_tokens),
    )
    # Batches are handed to `step` one by one, as sae-lens's own multi-SAE trainer does.
    trainer = SAETrainer(settings, sae, data_provider=iter(()))
    trainer.optimizer.param_groups[0]["fused"] = True  # one pass over the weights instead of eight
    return trainer


def _note(trainer: SAETrainer[Any, Any], output: TrainStepOutput) -> str:
    residual = (output.sae_out - output.sae_in).pow(2).sum()
    variance = (output.sae_in - output.sae_in.mean(dim=0)).pow(2).sum()
    return f"FVU {(residual / variance).item():.3f}, {int(trainer.dead_neurons.sum())} dead"


def _publish(trainer: SAETrainer[Any, Any], folder: Path) -> None:
    """Fold the input scale into the weights and replace `folder` by the finished SAE."""
    factor = trainer.activation_scaler.scaling_factor
    if factor is not None:
        trainer.sae.fold_activation_norm_scaling_factor(factor)
        trainer.activation_scaler.scaling_factor = None
    trainer.set_final_sae_metadata()
    trainer.sae.to("cpu")  # or whoever has no card could not read it
    with whole(folder, replaces_folder=True) as building:
        save_half(trainer.sae, building)


def save_half(sae: TrainingSAE[Any], folder: Path) -> None:
    """Write the inference form with float16 weights; its `cfg.json` says float32, which is what loading gives."""
    weights, _ = sae.save_inference_model(folder)
    save_file({name: tensor.half().contiguous() for name, tensor in load_file(weights).items()}, weights)
