"""The card of a SAE as Markdown: what was measured, how it was trained as its `cfg.json` says, and twenty features."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

from fac_core.hub import hub_name
from fac_core.lab.markdown import markdown
from fac_core.lab.sae_card.card_numbers import CONTEXT, CardNumbers, sae_folder
from fac_core.lab.sae_card.interpretability import CONTEXT as BEFORE
from fac_core.lab.sae_card.shown_features import ShownFeature
from fac_core.whole import write_whole

_GOOD = 0.9
"""A latent that scores more has a name that its words give."""
_DTYPES = {"F16": "float16", "BF16": "bfloat16", "F32": "float32"}
_LEGEND = {
    "Random": "Of those that were scored.",
    "Best": "Those that score highest of all that were scored.",
    "Worst": "Those that score lowest.",
}
_FACTS = {
    "unique_tokens": "tokens to train on, repetitions left out",
    "num_dead_features": "latents silent at the end of training",
    "sae_lens_training_version": "sae-lens",
}
"""What `cfg.json` says of a training beside its settings."""


def write_card(found: CardNumbers, path: Path, source: str, **options: object) -> None:
    """Write the card of the SAE that was measured to `path`, in place of what is there.

    Args:
        source: the held-out texts, as the command names them.
        options: what else the command was given, by name.
    """
    sae = sae_folder(found.sae)
    weights = next(sae.glob("*.safetensors"))
    with safe_open(weights, framework="np") as file:
        dtype = file.get_slice(next(iter(file.keys()))).get_dtype()
    saved = f"{_DTYPES.get(dtype, dtype)}, {weights.stat().st_size / 1e6:.1f} MB"
    write_whole(path, card_page(found, json.loads((sae / "cfg.json").read_text()), saved, source, **options))


def card_page(found: CardNumbers, cfg: Mapping[str, Any], saved: str, source: str, **options: object) -> str:
    """The card as one text.

    Args:
        cfg: the SAE's `cfg.json`.
        saved: dtype and size of its weights, in words.
    """
    name = Path(found.sae).name
    k = f", {cfg['k']} of them active at each token," if "k" in cfg else ""
    others = "".join(f" --{option} {value}" for option, value in options.items())
    trained_on = cfg.get("metadata", {}).get("model_name") or ""
    base = f"base_model: {trained_on}\n" if "/" in trained_on and hub_name(trained_on) else ""
    sections = [
        f"---\nlibrary_name: saelens\n{base}tags:\n- sparse-autoencoder\n---",
        f"# {name}: {Path(found.model).name}, after block {found.n_blocks} of {found.n_layers}",
        f"A {cfg['architecture']} sparse autoencoder with {cfg['d_sae']:,} latents{k}"
        f" on the residual stream of {Path(found.model).name}. Saved by sae-lens, {saved}.",
        _measures(found),
        "## Training",
        _training(cfg.get("metadata", {})),
        "## Twenty features",
        "Top tokens are those at the strongest activations. Snippets are from the held-out texts, as they stand there,"
        " the peak in bold.",
        *(section for group, words in _LEGEND.items() for section in _group(found, group, words)),
        "## Made by",
        f"`fac lab sae-card {Path(source).name} --sae {name} --model {Path(found.model).name}{others} --card README.md`",
    ]
    return "\n\n".join(section.strip() for section in sections) + "\n"


def _measures(found: CardNumbers) -> str:
    copy, loss, (score, chance) = found.copy, found.loss, found.interpretability
    scores = np.array([one.score for one in found.scores])
    table = markdown(
        ("measure (held-out text)", "this SAE", "chance"),
        [
            ("fraction of variance unexplained (FVU)", f"{copy.fvu:.3f}", ""),
            ("latents alive", f"{copy.alive:.1%}", ""),
            ("loss recovered when spliced in", f"{loss.recovered:.3f}", ""),
            ("L0, active latents a token", f"{copy.l0:.1f}", ""),
            (f"interpretability of {len(scores)} latents", f"{score:.3f}", f"{chance:.3f}"),
        ],
    )
    spread = (
        f"Median {np.median(scores):.3f}, lowest tenth under {np.quantile(scores, 0.1):.3f},"
        f" {np.mean(scores > _GOOD):.0%} over {_GOOD}."
        if len(scores)
        else ""
    )
    return f"""{table}
FVU, L0 and alive: {copy.n_tokens:,} tokens of {found.n_windows:,} windows of at most {CONTEXT} tokens.
A latent is alive if it is active at one of them at least; {copy.often:.1%} are active at ten or more.
Median share of tokens at which a latent is active: {copy.median_share:.3%}; the densest: {copy.densest:.1%}.

Loss recovered: `(CE_zero - CE_sae) / (CE_zero - CE_clean)`
= ({loss.ablated:.2f} - {loss.spliced:.2f}) / ({loss.ablated:.2f} - {loss.clean:.2f}),
cross-entropy in nats over {loss.n_tokens:,} predicted tokens, whole model in float32, BOS left alone.
Zero-ablation is a generous floor: read it together with the plain difference, {loss.spliced - loss.clean:+.2f} nats.

Interpretability: of random alive latents with ten active tokens on both halves of the windows. Evidence is counted
on one half (log-odds of the token, of its left neighbour, and the mean over the {BEFORE} tokens before) and has to
rank the other: the area under the ROC curve, averaged over random inactive tokens and hard ones (same token, or same
window). 0.5 is chance, 1 is perfect. {spread}"""


def _training(metadata: Mapping[str, Any]) -> str:
    settings: Mapping[str, Any] = metadata.get("training") or {}
    if not settings:
        return "`cfg.json` does not say how this SAE was trained."
    rows = [(name.replace("_", " "), _said(value)) for name, value in settings.items()]
    rows += [(words, _said(metadata[name])) for name, words in _FACTS.items() if name in metadata]
    return "As `cfg.json` says, under `metadata`.\n\n" + markdown(("setting", "value"), rows)


def _said(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _group(found: CardNumbers, group: str, words: str) -> list[str]:
    rows = [_row(one) for one in found.shown if one.group == group]
    if not rows:
        return []
    return [f"### {group}", words, markdown(("feature", "score", "share of tokens", "top tokens", "in context"), rows)]


def _row(one: ShownFeature) -> tuple[str, ...]:
    snippets = (
        f"…{_plain(before)} **{_plain(token).strip() or '⏎ or space'}** {_plain(after)}…"
        for before, token, after in one.snippets
    )
    tokens = dict.fromkeys(_plain(token).strip() or "⏎ or space" for token in one.top_tokens)
    return str(one.feature), f"{one.score:.2f}", f"{one.share:.2%}", " · ".join(tokens), "<br>".join(snippets)


def _plain(text: str) -> str:
    """A text as one line of a table's cell, in which nothing is markup.

    >>> _plain("a|b *c*")
    'a\\\\|b \\\\*c\\\\*'
    """
    line = " ".join(text.split())
    return "".join("\\" + c if c in r"\`*_|[]" else {"<": "&lt;", "&": "&amp;"}.get(c, c) for c in line)
