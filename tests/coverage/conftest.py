"""Random runs of one feature space, for comparison with the oracle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fac_core.store.runs.run_file import RunFile
from tests.runs import Active, make_run

D_SAE = 30


def random_activations(seed: int, n_samples: int, density: float = 0.15) -> list[Active]:
    """Features differ in how often and how strongly they fire; the grid of values makes ties with δ likely."""
    rng = np.random.default_rng(seed)
    rates = np.clip(rng.lognormal(np.log(density), 1.2, D_SAE), 0, 0.9)
    rates[rng.integers(D_SAE, size=4)] = 0
    features, samples = np.nonzero(rng.random((D_SAE, n_samples)) < rates[:, None])
    values = np.maximum(1, rng.gamma(2.0, 4.0, len(features)).round()) / 4
    return list(zip(features.tolist(), samples.tolist(), values.tolist(), strict=True))


@pytest.fixture(scope="session")
def random_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., RunFile]:
    """`random_run(seed, n_samples)`: a run file of `D_SAE` features, the same for the same arguments."""
    folder = tmp_path_factory.mktemp("random-runs")
    made: dict[tuple[int, int], RunFile] = {}

    def make(seed: int, n_samples: int = 40) -> RunFile:
        if (seed, n_samples) not in made:
            lengths = np.random.default_rng(seed).integers(3, 40, n_samples).tolist()
            name = f"run-{seed}-{n_samples}"
            activations = random_activations(seed, n_samples)
            made[seed, n_samples] = make_run(folder, name, activations, n_samples, D_SAE, n_tokens=lengths)
        return made[seed, n_samples]

    return make


@pytest.fixture
def run_of(tmp_path: Path) -> Callable[..., RunFile]:
    """`run_of("name", [(feature, sample, activation), …], n_samples, d_sae)`."""

    def make(name: str, activations: list[Active], n_samples: int = 4, d_sae: int = 5, **fields: object) -> RunFile:
        return make_run(tmp_path, name, activations, n_samples, d_sae, **fields)  # type: ignore[arg-type]

    return make
