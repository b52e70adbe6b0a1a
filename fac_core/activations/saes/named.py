"""Which SAE a name means, and its weights as sae-lens reads them.

a folder that sae-lens saved, or one that ships     smollm2-135m-b12
a SAE of sae-lens's list                            release/sae_id
`auto`                                              what ships for the model, or what the list's rule advises
"""

from __future__ import annotations

import json
from pathlib import Path

from sae_lens import SAE
from safetensors import SafetensorError

from fac_core.activations.saes.pretrained import advised
from fac_core.errors import BadInput, NotFound

SHIPPED = Path(__file__).resolve().parents[3] / "data" / "sae"
"""The SAEs that come with the project, in folders that begin with the name of their model."""


def chosen_sae(model: str, said: str) -> str:
    """Name of the SAE to read a model with: as `said`; where that is empty the one that ships; `auto` is the advised one too.

    >>> chosen_sae("smollm2-135m", "auto") == default_sae("smollm2-135m"), chosen_sae("gemma-2-2b", "auto")
    (True, 'gemma-scope-2b-pt-res-canonical/layer_14/width_16k/canonical')
    """
    if said not in {"", "auto"}:
        return said
    try:
        return default_sae(model)
    except NotFound:
        if said == "auto":
            return advised(model).name
        raise


def default_sae(model: str) -> str:
    """Name of the SAE that ships for a model, of several the widest. Raises `NotFound` when there is none."""
    folders = {cfg.parent.name: cfg for cfg in SHIPPED.glob("*/cfg.json") if cfg.parent.name.startswith(f"{model}-")}
    shipped = {name: json.loads(cfg.read_text())["d_sae"] for name, cfg in folders.items()}
    if not shipped:
        raise NotFound(
            f"No SAE ships for {model!r}; give one with --sae (a folder, or release/sae_id). `fac space list {model}` lists"
            " those of others, and `--sae auto` takes the advised one."
        )
    return max(sorted(shipped), key=shipped.__getitem__)


def sae_folder(name: str) -> Path | None:
    """Folder of a SAE that ships or lies on this machine; None for a file or one from a hub."""
    shipped = SHIPPED / name
    folder = shipped if (shipped / "cfg.json").is_file() else Path(name)
    return folder if folder.is_dir() else None


def load_with_sae_lens(name: str) -> SAE:
    """The SAE of a name. Raises `NotFound` when there is none and `BadInput` when its files are damaged."""
    folder = sae_folder(name)
    if folder is not None:
        if not (folder / "cfg.json").is_file():
            raise NotFound(f"{folder} has no cfg.json, so it is not a SAE that sae-lens saved.")
        try:
            return SAE.load_from_disk(folder, dtype="float32")
        except (KeyError, ValueError, RuntimeError, OSError, SafetensorError) as error:
            raise BadInput(f"{folder} cannot be read as a SAE ({error}). Save it anew with sae-lens.") from error
    release, _, sae_id = name.partition("/")
    if not sae_id:
        raise NotFound(
            f"No SAE at {name!r}. Give a folder that sae-lens saved, a paper checkpoint (.pth), or release/sae_id."
        )
    try:
        return SAE.from_pretrained(release, sae_id, dtype="float32")
    except (ValueError, OSError) as error:
        first_line = str(error).splitlines()[0]
        raise NotFound(
            f"No SAE {sae_id!r} in release {release!r} ({first_line}). Is the folder spelt right?"
        ) from error
