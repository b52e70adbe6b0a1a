"""Where Neuronpedia shows a feature: known for SAEs that sae-lens lists with their Neuronpedia id, for no others."""

from __future__ import annotations

import re

from fac_core.activations.saes.pretrained import registry_text
from fac_core.store.runs.info import RunInfo

_SITE = "https://www.neuronpedia.org"
_ID = re.compile(r"[\w.-]+/[\w.-]+")


def neuronpedia_page(info: RunInfo, feature_id: int) -> str | None:
    """The address of a feature's page, if the run's SAE is one of sae-lens that Neuronpedia has; else None."""
    found = neuronpedia_sae(info)
    return f"{_SITE}/{found}/{feature_id}" if found else None


def neuronpedia_sae(info: RunInfo) -> str | None:
    """What Neuronpedia calls the SAE of a run, `model/layer`; None where sae-lens's list does not say so."""
    listed = registry_text()
    release, _, sae_id = info.sae.partition("/")
    return neuronpedia_id(listed, release.partition("@")[0], sae_id) if listed and sae_id else None


def neuronpedia_id(listed: str, release: str, sae_id: str) -> str | None:
    """The Neuronpedia id of a SAE, from the text of sae-lens's list of releases.

    The list is long and written by a machine, so only the lines of the one release are looked at:

    >>> listed = "one:\\n  saes:\\n  - id: layer_0\\n    neuronpedia: m/0-res\\n  - id: layer_1\\n    path: b\\ntwo:\\n"
    >>> neuronpedia_id(listed, "one", "layer_0"), neuronpedia_id(listed, "one", "layer_1"), neuronpedia_id(listed, "two", "layer_0")
    ('m/0-res', None, None)
    """
    block = re.search(rf"^{re.escape(release)}:\n((?:[ -].*\n)*)", listed, re.MULTILINE)
    for entry in re.split(r"^ *- id: ", block[1], flags=re.MULTILINE)[1:] if block else ():
        lines = [line.strip() for line in entry.splitlines()]
        if lines[0].strip("'\"") == sae_id:
            said = next((line.partition(": ")[2] for line in lines if line.startswith("neuronpedia: ")), "")
            return said if _ID.fullmatch(said) else None
    return None
