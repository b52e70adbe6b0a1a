"""A link to Neuronpedia is given for SAEs that sae-lens lists there, and for no others."""

from __future__ import annotations

import pytest

from fac_core.spaces.neuronpedia import neuronpedia_id, neuronpedia_page
from tests.runs import run_info

LISTED = """one-res:
  model: m
  saes:
  - id: layer_0/canonical
    neuronpedia: m/0-res
    path: a
  - id: layer_1
    path: b
one-res-canonical:
  saes:
  - id: layer_1
    neuronpedia: m/1-res
  - id: odd
    neuronpedia: javascript:alert(1)
"""


@pytest.mark.parametrize(
    ("release", "sae", "found"),
    [
        ("one-res", "layer_0/canonical", "m/0-res"),
        ("one-res", "layer_1", None),
        ("one-res-canonical", "layer_1", "m/1-res"),
        ("one-res-canonical", "odd", None),
        ("one-re.", "layer_0/canonical", None),
        ("nowhere", "layer_1", None),
    ],
)
def test_the_id_is_that_of_the_release_and_sae(release, sae, found):
    assert neuronpedia_id(LISTED, release, sae) == found


@pytest.mark.parametrize("sae", ["smollm2-135m-b12", "/home/ann/sae", "no-release/no-sae"])
def test_a_sae_of_one_s_own_has_no_page(sae):
    assert neuronpedia_page(run_info("run", 4, sae=sae), 3) is None


def test_a_released_sae_has_one():
    info = run_info("run", 4, sae="gemma-scope-2b-pt-res-canonical/layer_12/width_16k/canonical")
    assert neuronpedia_page(info, 41) == "https://www.neuronpedia.org/gemma-2-2b/12-gemmascope-res-16k/41"
