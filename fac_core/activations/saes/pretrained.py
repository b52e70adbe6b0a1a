"""The SAEs that others have trained: what sae-lens's own list has for a model, and which of them to take.

The list comes with sae-lens as a file, so nothing here needs a network, and reading it does not load torch.
"""

from __future__ import annotations

import difflib
import importlib.util
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from fac_core.errors import NotFound

RULE = (
    "Read at half to two thirds of the model's depth, where features are most about meaning; 16k to 65k features, enough to"
    " tell topics apart and few enough to fire in small data; 50 to 100 active at a token."
)
"""The advice in words; `_distance` is the same in numbers."""

_DEPTH, _WIDTH, _L0 = (1 / 2, 2 / 3), (16_000, 66_000), (50.0, 100.0)
_UNKNOWN = 1.0
"""A factor of two from the range: what is not said is better than what is far off, and worse than what is near."""

_READABLE = {
    None, "gemma_2", "gemma_3", "llama_scope", "llama_scope_r1_distill", "dictionary_learning_1", "goodfire",
    "deepseek_r1", "qwen_scope",
}  # fmt: skip
"""Formats whose SAEs the encoder reads; the others are transcoders, attention heads, or look at earlier tokens too."""

_SAME_MODEL = {
    "gpt2": "gpt2-small",
    "mistral-7b-v0.1": "mistral-7b",
    "gemma3-270m": "gemma-3-270m-it",
    "smollm2-135m": "smollm2-135m-instruct",
    "gemma-3-270m-pt": "gemma-3-270m",
    "llama-3-8b-instruct": "meta-llama-3-8b-instruct",
    "meta-llama-3.1-8b": "llama-3.1-8b",
    "meta-llama-3.1-8b-instruct": "llama-3.1-8b-instruct",
}
"""Other spellings of a model that the list has, in lower case and without the owner."""

_ANOTHER_MODEL = {"gemma-scope-9b-it-res": "gemma-2-9b-it"}
"""Releases that the list puts under another model than the one they were trained on."""

_WIDTHS = {
    "gpt2-small-res-jb": 24_576, "pythia-70m-deduped-res-sm": 32_768, "mistral-7b-res-wg": 65_536,
    "llama-3-8b-it-res-jh": 65_536, "goodfire-llama-3.1-8b-instruct": 65_536, "goodfire-llama-3.3-70b-instruct": 65_536,
}  # fmt: skip
"""Widths that only the releases' own pages say."""

_BLOCKS = {
    "gemma-2-9b-it": 42, "gemma-2-27b": 46, "gemma-2b": 18, "gemma-2b-it": 18, "mistral-7b": 32, "gpt-oss-20b": 24,
    "meta-llama-3-8b-instruct": 32, "llama-3.1-8b-instruct": 32, "llama-3.3-70b-instruct": 80, "qwen2.5-7b-instruct": 28,
}  # fmt: skip
"""Blocks of the models whose last ones no SAE of the list reads; those of the others are counted in the list."""


@dataclass(frozen=True)
class PretrainedSae:
    """One SAE of sae-lens's list that reads the residual stream."""

    name: str
    """What `--sae` takes: `release/sae_id`."""
    release: str
    sae_id: str
    hook: str
    """Where it reads, e.g. `blocks.12.hook_resid_post`."""
    layer: int
    """Blocks of the model that run before it reads."""
    n_layers: int
    """Blocks that the model has."""
    width: int | None
    """Number of features, rounded as the release rounds it; None where the list does not say."""
    l0: float | None
    """Mean number of features active at a token; None where the list does not say."""
    neuronpedia: str | None
    """Its id at Neuronpedia, where people can look features up."""


def pretrained_saes(model: str) -> tuple[PretrainedSae, ...]:
    """The residual-stream SAEs of a model, the advised one first.

    Args:
        model: hub id with or without its owner and `@revision`, or a folder of that name.

    Raises:
        NotFound: the list has none; the message names models of a similar name.

    >>> best = pretrained_saes("google/gemma-2-2b")[0]
    >>> best.name, best.layer, best.n_layers, best.width, best.l0
    ('gemma-scope-2b-pt-res-canonical/layer_14/width_16k/canonical', 15, 26, 16000, 84.0)
    """
    listed = _by_model()
    known = _spelling(model)
    if not listed.get(known):
        kin = [
            other for other in sorted(listed) if f"{known}-".startswith(f"{other}-") or other.startswith(f"{known}-")
        ]
        close = kin or difflib.get_close_matches(known, sorted(listed), n=3, cutoff=0.5)
        similar = f" It has some for {', '.join(close)}: `fac space fit` says whether one of those reads your model."
        hint = similar if close else ""
        raise NotFound(
            f"sae-lens lists no residual-stream SAE for {model!r}.{hint} Or train one: fac space train-sae DATA --model {model}."
        )
    return listed[known]


def advised(model: str) -> PretrainedSae:
    """The SAE to take for a model, by `RULE`. Raises `NotFound` as `pretrained_saes` does."""
    return pretrained_saes(model)[0]


def stated_l0(name: str) -> float | None:
    """What the list says of how many features of a SAE are active at a token; None where it says nothing."""
    release, _, sae_id = name.partition("/")
    release = release.partition("@")[0]
    about = releases().get(release)
    saes = pretrained_saes(_ANOTHER_MODEL.get(release) or about["model"]) if about else ()
    return next((one.l0 for one in saes if (one.release, one.sae_id) == (release, sae_id)), None)


def same_model(one: str, other: str) -> bool:
    """Whether two names are of one model, by the usual spellings.

    >>> same_model("gpt2-small", "openai-community/gpt2"), same_model("gemma-2-2b", "google/gemma-2-2b-it")
    (True, False)
    """
    return _spelling(one) == _spelling(other)


@lru_cache(maxsize=1)
def registry_text() -> str:
    """sae-lens's list of releases, YAML; empty without sae-lens, whose import would load torch."""
    package = importlib.util.find_spec("sae_lens")
    for folder in (package.submodule_search_locations or ()) if package else ():
        path = Path(folder) / "pretrained_saes.yaml"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return ""


@lru_cache(maxsize=1)
def releases() -> dict[str, Any]:
    """The same as values: release to its model, repository, format and SAEs. A second for 14,000 SAEs, once."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # five times as fast, where PyYAML was built with it
    return yaml.load(registry_text(), Loader=loader) or {}  # noqa: S506  # both are safe


@lru_cache(maxsize=1)
def _by_model() -> dict[str, tuple[PretrainedSae, ...]]:
    entries: dict[str, list[tuple[str, dict[str, Any], dict[str, Any]]]] = {}
    for release, about in releases().items():
        model = _ANOTHER_MODEL.get(release) or _spelling(about["model"])
        entries.setdefault(model, []).extend((release, about, one) for one in about["saes"])
    found = {}
    for model, all_of_it in entries.items():
        ends = [end for _, about, one in all_of_it if (end := _reads(about, one)) is not None]
        n_layers = _BLOCKS.get(model) or max((_layer(hook) for hook in ends), default=0)
        saes = [_sae(release, about, one, n_layers) for release, about, one in all_of_it]
        found[model] = tuple(sorted((one for one in saes if one is not None), key=_order))
    return {model: saes for model, saes in found.items() if saes}


def _sae(release: str, about: dict[str, Any], one: dict[str, Any], n_layers: int) -> PretrainedSae | None:
    hook = _reads(about, one)
    if hook is None or _layer(hook) == 0:  # before the first block there is only the word itself
        return None
    said = f"{one['id']} {one['path']}"
    stated = re.search(r"l0_(\d+)", said)
    l0 = one.get("l0") or (stated and stated[1])
    return PretrainedSae(
        name=f"{release}/{one['id']}",
        release=release,
        sae_id=one["id"],
        hook=hook,
        layer=_layer(hook),
        n_layers=n_layers,
        width=_WIDTHS.get(release) or _width(f"{said} {one.get('neuronpedia') or ''} {about['repo_id']} {release}"),
        l0=float(l0) if l0 else None,
        neuronpedia=one.get("neuronpedia"),
    )


def _reads(about: dict[str, Any], one: dict[str, Any]) -> str | None:
    """The hook of a SAE that reads the residual stream between blocks; None for the others.

    Each format says it in its own way: as a hook, as `resid_post`, as the R of `l16r`, or in the name of the repository.
    """
    sae_id, path, kind = one["id"], str(one["path"]), about.get("conversion_func")
    if kind not in _READABLE:
        return None
    if named := re.match(r"blocks\.(\d+)\.hook_resid_(pre|post)(?![a-z])", sae_id):
        return named[0]
    layer = re.search(r"(?:layer_?|^l)(\d+)", sae_id)
    residual = (
        "resid_post" in path
        or (kind == "gemma_2" and "-res" in about["repo_id"])
        or (str(kind).startswith("llama_scope") and re.match(r"l\d+r_", sae_id))
        or kind in {"goodfire", "qwen_scope"}
    )
    return f"blocks.{layer[1]}.hook_resid_post" if layer and residual else None


def _layer(hook: str) -> int:
    return int(hook.split(".")[1]) + hook.endswith("post")


def _width(said: str) -> int | None:
    """The first of what tells a width: `width_16k`, `2pow14`, `8x` of Llama Scope's 4,096, `hook_resid_pre_768`, `-32k`.

    >>> _width("layer_1/width_1m/canonical"), _width("a width-2pow12_date-1109"), _width("l16r_8x"), _width("blocks.6")
    (1000000, 4096, 32768, None)
    """
    if found := re.search(r"width_(\d+)([km])", said):
        return int(found[1]) * (1000 if found[2] == "k" else 1_000_000)
    if found := re.search(r"2pow(\d+)", said):
        return 2 ** int(found[1])
    if found := re.search(r"\bl\d+r_(\d+)x", said):
        return 4096 * int(found[1])
    if found := re.search(r"hook_resid_(?:pre|post)_(\d+)\b", said):
        return int(found[1])
    if found := re.search(r"[-_]w?(\d+)k(?![a-z0-9])", said):
        return int(found[1]) * 1000
    return None


def _order(one: PretrainedSae) -> tuple[float, ...]:
    """The advised first. What is equal by the rule: where names can be looked up, in the middle of the depth, the narrower."""
    middle = abs(one.layer / one.n_layers - sum(_DEPTH) / 2)
    return (round(_distance(one), 6), one.neuronpedia is None, round(middle, 6), one.width or 0, one.l0 or 0)


def _distance(one: PretrainedSae) -> float:
    """How far a SAE is from the rule, in doublings: 0 for one that it holds for. A tenth of the depth counts as one."""
    low, high = _DEPTH
    depth = one.layer / one.n_layers
    off = 10 * max(low - depth, depth - high, 0.0)
    return off + _doublings(one.width, _WIDTH) + _doublings(one.l0, _L0)


def _doublings(value: float | None, within: Sequence[float]) -> float:
    if not value:
        return _UNKNOWN
    return max(math.log2(within[0] / value), math.log2(value / within[1]), 0.0)


def _spelling(model: str) -> str:
    """A model's name as the list is searched by it: without owner, revision and capitals.

    >>> _spelling("google/gemma-2-2b@main"), _spelling("GPT2"), _spelling("meta-llama/Meta-Llama-3.1-8B")
    ('gemma-2-2b', 'gpt2-small', 'llama-3.1-8b')
    """
    path = Path(model.partition("@")[0])
    in_cache = [
        part for part in path.parts if part.startswith("models--")
    ]  # the hub's: models--owner--name/snapshots/commit
    name = in_cache[0].rpartition("--")[2].lower() if in_cache else path.name.lower()
    return _SAME_MODEL.get(name, name)
