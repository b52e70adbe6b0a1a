"""Rounds of self-improvement compared: what each wrote, closed and moved, as a table and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fac_core.coverage.fac import Coverage


@dataclass(frozen=True)
class Round:
    """One round: texts for the gaps of a run, and the run that holds them as well."""

    number: int
    """From 1 on."""
    batch_id: str
    run: str
    """Name of the run that holds the texts of this round and of all before."""
    n_gaps: int
    """Open before it, under the definition of the synthesis."""
    n_closed: int
    """Of these, closed in the new run."""
    n_candidates: int
    n_samples: int
    """Texts that were taken."""
    n_tokens: int
    """Generated."""
    fac: dict[str, tuple[float, float]]
    """By preset: before and after."""
    n_extra: int
    """Features that the new run fires and neither the anchor nor the run before has (δ = 0)."""


def compared(
    number: int,
    batch_id: str,
    made: tuple[int, int, int],
    gaps: tuple[Sequence[int], Sequence[int]],
    coverage: dict[str, tuple[Coverage, Coverage]],
) -> Round:
    """A round from what was measured before it and after it.

    Args:
        made: candidates, samples taken, tokens generated.
        gaps: features missing before and after.
        coverage: by preset; `paper` says what is extra.
    """
    before, after = gaps
    first, then = coverage["paper"]
    n_candidates, n_samples, n_tokens = made
    return Round(
        number=number,
        batch_id=batch_id,
        run=then.run,
        n_gaps=len(before),
        n_closed=len(set(before) - set(after)),
        n_candidates=n_candidates,
        n_samples=n_samples,
        n_tokens=n_tokens,
        fac={preset: (old.fac, new.fac) for preset, (old, new) in coverage.items()},
        n_extra=then.n_extra - first.n_extra,
    )


def markdown(rounds: Sequence[Round]) -> str:
    """The rounds as a table."""
    presets = list(rounds[0].fac) if rounds else []
    head = ["round", "tokens", "candidates", "samples taken", "gaps closed", *(f"FAC, {one}" for one in presets)]
    lines = ["| " + " | ".join([*head, "new extra features"]) + " |", "|---" * (len(head) + 1) + "|"]
    for one in rounds:
        moved = [f"{before:.2%} → {after:.2%}" for before, after in one.fac.values()]
        counts = [f"{n:,}" for n in (one.n_tokens, one.n_candidates, one.n_samples)]
        cells = [str(one.number), *counts, f"{one.n_closed:,} of {one.n_gaps:,}", *moved, f"{one.n_extra:,}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def points(rounds: Sequence[Round]) -> list[tuple[float, float, str]]:
    """(tokens so far in thousands, FAC, preset), from before the first round on: what the figure shows."""
    found: list[tuple[float, float, str]] = []
    tokens = 0
    for one in rounds:
        if one.number == 1:
            found += [(0.0, before, preset) for preset, (before, _) in one.fac.items()]
        tokens += one.n_tokens
        found += [(tokens / 1000, after, preset) for preset, (_, after) in one.fac.items()]
    return found
