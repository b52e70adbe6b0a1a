"""A run in which one feature fires on "salt" in cooking, and stays silent where salt is at sea."""

from __future__ import annotations

from pathlib import Path

from fac_core.store.runs.run_file import RunFile
from tests.runs import make_run

COOKS, SAILS, WALKS = "cook with salt and lard", "seas have salt like this", "they walk home very late"
TEXTS = [COOKS] * 12 + [SAILS] * 6 + [WALKS] * 12
SALT, RARE, DEAD = 0, 1, 2
"""Features: the one; one that fires in a single sample; one that never fires."""


def kitchen_run(path: Path, name: str = "kitchen") -> RunFile:
    """Samples 0..11 cook, 12..17 sail, 18..29 walk. Words have four letters, so that peaks lie on whole words."""
    activations = [(SALT, sample, 1.0 + sample) for sample in range(12)] + [(RARE, 20, 1.0)]
    return make_run(
        path,
        name,
        activations,
        len(TEXTS),
        3,
        texts=TEXTS,
        token_index=[2] * 12 + [1],
        n_tokens=[5] * len(TEXTS),
        run_id=name,
    )
