"""What a SAE that reads a model has to keep of it: the bounds of a fit, and what numbers say by them.

Good SAEs on their own model have an FVU of 0.1 to 0.3 and recover 0.95 of the loss and more; a SAE that reads something else
than it learned loses both at once.
"""

from __future__ import annotations

from typing import Literal

N_TEXTS = 50
"""Texts on which a fit is measured."""

Verdict = Literal["fits", "warns", "refuses"]

FVU = (0.4, 0.7)
"""Up to the first it fits, above the second it is refused."""
RECOVERED = (0.9, 0.7)
"""From the first on it fits, below the second it is refused."""
L0_FACTOR = 3.0
"""How many times more or fewer features than the release says may be active at a token."""
DEAD = 0.95
"""Share of the features that may be silent in all of the texts: in fifty texts few of 65,000 features can fire."""


def judged(
    fvu: float, recovered: float, l0: float, dead: float, stated: float | None = None
) -> tuple[Verdict, tuple[str, ...]]:
    """What the numbers say: it fits, it reads the model with losses, or it does not read this model; with reasons in words.

    >>> judged(0.11, 0.99, 32, 0.4)
    ('fits', ())
    >>> judged(0.5, 0.95, 32, 0.4)
    ('warns', ('it leaves 50% of the variance unexplained, where 40% and less fits',))
    >>> judged(0.9, 0.2, 32, 0.4)[0]
    'refuses'
    """
    reasons: list[str] = []
    if not fvu <= FVU[0]:  # also where it is not a number
        reasons.append(f"it leaves {fvu:.0%} of the variance unexplained, where {FVU[0]:.0%} and less fits")
    if not recovered >= RECOVERED[0]:
        reasons.append(
            f"with it in its place the model keeps {recovered:.0%} of its predictions, where {RECOVERED[0]:.0%} and more fits"
        )
    if l0 < 1:
        reasons.append(f"it has {l0:.1f} features active at a token")
    elif stated and not 1 / L0_FACTOR <= l0 / stated <= L0_FACTOR:
        reasons.append(
            f"it has {l0:.0f} features active at a token, and {stated:.0f} on the model that it was trained on"
        )
    if dead > DEAD:
        reasons.append(f"{dead:.0%} of its features fire in none of the texts")
    if not fvu <= FVU[1] or not recovered >= RECOVERED[1] or l0 < 1:
        return "refuses", tuple(reasons)
    return ("warns" if reasons else "fits"), tuple(reasons)
