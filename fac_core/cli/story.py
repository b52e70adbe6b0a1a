"""The demo, told in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from fac_core.cli import tables
from fac_core.demo import Demo

_ENOUGH = 20
"""A set in which fewer features are at home says little about its own."""
_POORLY = 0.5
"""Calibrated FAC below which a set's features are called hardly fired."""


def tell(console: Console, demo: Demo) -> None:
    """Print what the demo found, in the order in which one asks."""
    coverage, calibrated = demo.coverage, demo.calibrated
    console.rule("How well is the seed covered?")
    console.print(
        f"Seed: {demo.seed.n_samples:,} everyday texts, {demo.seed.n_tokens:,} tokens. Anchor: {demo.anchor.n_samples:,}"
        f" texts of fourteen public sets, {demo.anchor.n_tokens:,} tokens."
    )
    console.print(
        f"[bold]FAC {coverage.fac:.1%}[/] as the paper defines it ({coverage.numerator:,} of {coverage.denominator:,}"
        f" features, {demo.interval.low:.1%} to {demo.interval.high:.1%}): any activation in one sample suffices."
    )
    console.print(
        f"[bold]FAC {calibrated.fac:.1%}[/] calibrated ({calibrated.numerator:,} of {calibrated.denominator:,}): three samples"
        " in the upper quarter of what the anchor shows."
    )
    console.rule("What is missing? Features by where they are at home (calibrated)")
    homes = [part for part in demo.by_home if part.denominator >= _ENOUGH]
    console.print(tables.by_home(homes, demo.gap_words))
    poorly = [str(part.cluster) for part in homes if part.fac < _POORLY]
    if poorly:
        console.print(Text(f"Hardly fires: {', '.join(poorly)}.", style="bold"))
    console.rule("Features that never fire in the seed, and what they fire on in the anchor")
    console.print(tables.gaps(demo.gaps))
    console.rule("FAC against the threshold δ (paper's definition)")
    console.print(tables.curve(demo.threshold_curve))
    console.rule("FAC against the number of samples (calibrated): would more of the same help?")
    console.print(tables.curve(demo.growth_curve))
    console.rule("FAC against the samples a feature needs (δ = 0): how much hangs on one sample?")
    console.print(tables.curve(demo.count_curve))
    console.rule("Go on")
    feature = demo.gaps["feature_id"][0].as_py() if len(demo.gaps) else 0
    console.print(f"The workspace is {demo.workspace}. Try:")
    for command in (
        "fac ui",
        "fac coverage --by set",
        "fac gaps --preset calibrated",
        f"fac top {feature}",
        "fac encode YOUR_DATA.jsonl --workspace demo-workspace --context 256",
    ):
        console.print(Text(f"    {command}"))
