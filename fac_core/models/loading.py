"""What `transformers` reads from somebody's folder: all of a model, or one sentence that says what is wrong with its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from transformers import PreTrainedModel
from transformers.utils import logging as transformers_logging

from fac_core.errors import BadInput, FacError, NotFound
from fac_core.hub import pointer_in
from fac_core.models.embedded import EMBEDDED
from fac_core.models.location import model_path
from fac_core.shortage import shortage


def described(kind: Any, name: str) -> Any:
    """The model's configuration or tokenizer. Raises `NotFound` when there is none that can be read."""
    try:
        return kind.from_pretrained(model_path(name), trust_remote_code=False)
    except FacError:
        raise
    except Exception as error:  # also what strict dataclasses and templates raise
        if _ran_out(error, name):
            raise
        raise NotFound(f"No usable model at {name!r}: {_why(name) or _first_line(error)} {_GIVE}") from error


def with_weights(kind: Any, name: str, **options: Any) -> PreTrainedModel:
    """The model with its weights, of which none may be missing: `transformers` would draw those at random, and go on.

    Raises `NotFound` when there are no weights, and `BadInput` when they are damaged, incomplete, or another model's.
    """
    if not Path(model_path(name)).expanduser().is_dir():
        raise NotFound(f"No usable model at {name!r}. {_GIVE}")
    options = {**options, "trust_remote_code": False, "output_loading_info": True, "ignore_mismatched_sizes": True}
    try:
        with _quiet():
            model, told = kind.from_pretrained(model_path(name), **options)
    except FacError:
        raise
    except Exception as error:
        if _ran_out(error, name):
            raise
        raise BadInput(
            f"The model {name} cannot be loaded: {_why(name) or _first_line(error) + _advice(error)}"
        ) from error
    if wrong := sorted(key for key, *_ in told["mismatched_keys"]):
        raise BadInput(
            f"The model {name} has weights of other shapes than its config.json says ({_some(wrong)}). Get both from one place."
        )
    if missing := sorted(key for key in told["missing_keys"] if not _UNREAD(key)):
        raise BadInput(
            f"The model {name} lacks weights that it needs ({_some(missing)}), which would be random numbers. The download is"
            " incomplete, or the weights were saved under other names (of a wrapped or compiled model, or an adapter)."
        )
    return cast(PreTrainedModel, model)


_UNREAD = re.compile(r"(^|\.)pooler\.").search
"""What nobody asks, and a checkpoint of a language model need not have."""
_GIVE = f"Give a local folder, a hub id, or one of: {', '.join(EMBEDDED)}."


def _ran_out(error: Exception, name: str) -> bool:
    """Whether it is the machine's fault, not the files'."""
    return isinstance(error, torch.OutOfMemoryError) or shortage(error, Path(name)) is not None


def _why(name: str) -> str | None:
    """What can be seen in the folder itself."""
    folder = Path(model_path(name)).expanduser()
    if pointer := pointer_in(folder):
        return (
            f"{pointer.name} is not the file itself but git-lfs's pointer to it. Run `git lfs pull` in {folder}, or get the"
            " model with `hf download`."
        )
    adapter = folder / "adapter_config.json"
    if adapter.is_file() and not (folder / "config.json").is_file():
        return (
            f"it is an adapter{_base(adapter)}, not a model. Merge it into that one (`merge_and_unload` of peft) and save the"
            " result with its tokenizer."
        )
    return None


def _base(adapter: Path) -> str:
    try:
        base = json.loads(adapter.read_bytes())["base_model_name_or_path"]
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        return ""
    return f" for {base}"


def _advice(error: Exception) -> str:
    if isinstance(error, ImportError):
        return " Install what it names, or give a copy of the model that needs no such package, as one that is not quantised."
    return " Its files are damaged or incomplete: get them again."


def _first_line(error: Exception) -> str:
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{line.rstrip('.') or type(error).__name__}."


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - 2:,} more" if len(keys) > 2 else ""
    return f"{', '.join(keys[:2])}{more}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the report of weights left out: leaving them out is the point; of others there is a sentence."""
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        transformers_logging.enable_progress_bar()
