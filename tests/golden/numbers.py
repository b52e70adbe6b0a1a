"""The numbers of a view that must never move: FAC, gaps and their order, curves, intervals, effects."""

from __future__ import annotations

from typing import Any

from fac_core import comparison
from fac_core.synthesis.batches import batches
from fac_core.view import View
from fac_core.workflows.decide import standing


def numbers(view: View) -> dict[str, Any]:
    """By name; floats as they are, so that the last digit counts."""
    covered, interval, gaps, causes = view.coverage(), view.interval(), view.gaps(), view.causes()
    effects = comparison.effects(view, view.anchor.run_id)
    stands = standing(view, batches(view.workspace)[-1])
    return {
        "FAC": [covered.fac, covered.numerator, covered.denominator, covered.n_extra],
        "interval": [interval.low, interval.high],
        "gaps": gaps["feature_id"].to_pylist()[:200],
        "priorities": gaps["priority"].to_pylist()[:20],
        "causes": [causes["cause"].to_pylist().count(c) for c in sorted(set(causes["cause"].to_pylist()))],
        "growth": [[p.n_samples, p.mean, p.low, p.high] for p in view.growth_curve()],
        "threshold": [[p.delta, p.fac] for p in view.threshold_curve()],
        "parts": [[p.cluster, p.numerator, p.denominator] for p in view.parts("set")],
        "subset": list(view.subset().sample_ids),
        "effects": [effects["feature_id"].to_pylist()[:20], effects["odds_ratio"].to_pylist()[:20]],
        "accepted": [stands.seed.fac, stands.accepted.fac, stands.if_pending_pass.fac],
        "additions": [[*stands.effect(c).addition.new, stands.effect(c).addition.points] for c in stands.candidates],
    }
