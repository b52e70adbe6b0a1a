"""Which SAE a name means, and its weights as sae-lens reads them.

a folder that sae-lens saved, or one that ships     smollm2-135m-b12
a SAE of sae-lens's list                            release/sae_id
`auto`                                              what ships for the model, or what the list's rule advises
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from pickle import UnpicklingError  # only the name: nothing is ever unpickled
from typing import TYPE_CHECKING

from fac_core.activations.saes.pretrained import advised, releases
from fac_core.errors import BadInput, NotFound
from fac_core.hub import REVISION, HubName, Snapshot, commit_of, hub_errors, hub_name, pointer_in, snapshot
from fac_core.shipped_data import SHIPPED_DATA

if TYPE_CHECKING:
    from sae_lens import SAE

SHIPPED = SHIPPED_DATA / "sae"
"""The SAEs that come with the project, in folders that begin with the name of their model."""


_LISTED = re.compile(rf"(?P<release>[\w.-]+){REVISION}/(?P<sae_id>.+)")
_REPOSITORY = re.compile(rf"(?P<repo>\w[\w.-]*/\w[\w.-]*){REVISION}(?:/(?P<folder>.+))?")


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
    if not shipped and Path(model).name != model and hub_name(model) is None and not Path(model).expanduser().exists():
        raise NotFound(f"There is no model at {model!r}. Check the path; ids of the hub are written owner/name.")
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
    """The SAE of a name. Raises `NotFound` when there is none and `BadInput` when its files are damaged or hold code."""
    folder = sae_folder(name)
    if folder is not None:
        return _from_folder(folder)
    found = _on_the_hub(name)
    if found is None:
        raise NotFound(
            f"No SAE at {name!r}. Give a folder that sae-lens saved, a paper checkpoint (.pth), release/sae_id or"
            " owner/repository/folder."
        )
    if found.release is None:
        folder = _fetched(found).folder / found.sae_id
        return _from_folder(folder)
    from sae_lens import SAE  # takes seconds, and only who loads a SAE has to wait for it

    try:
        with hub_errors(found.where, "SAE"), _reading_at(_commit(found) or found.where.revision):
            return SAE.from_pretrained(found.release, found.sae_id, dtype="float32")
    except UnpicklingError as error:
        raise BadInput(
            f"The SAE {name} holds more than tensors, so it is not read: such a file can run code."
        ) from error
    except (ValueError, OSError) as error:
        first_line = str(error).splitlines()[0]
        raise NotFound(
            f"No SAE {found.sae_id!r} in release {found.release!r} ({first_line}). Is the folder spelt right?"
        ) from error


def pinned_sae(name: str) -> str | None:
    """A SAE of the hub by its commit, e.g. `release@<40 hex digits>/sae_id`; None for one that is not from there.

    None too where nobody can say which commit it is: sae-lens's list is of repositories, and the hub cannot be reached.
    """
    found = None if sae_folder(name) is not None or Path(name).exists() else _on_the_hub(name)
    commit = _commit(found) if found else None
    if found is None or commit is None:
        return None
    inside = f"/{found.sae_id}" if found.sae_id else ""
    return f"{found.release or found.where.repo}@{commit}{inside}"


@dataclass(frozen=True)
class _OnTheHub:
    """A SAE of the hub."""

    where: HubName
    release: str | None
    """Of sae-lens's list; None for a repository that is not in it, which then has sae-lens's own format."""
    sae_id: str
    """Of the release; or the folder, empty for the repository's own."""


def _on_the_hub(name: str) -> _OnTheHub | None:
    """`release[@revision]/sae_id`, or `owner/repository[@revision][/folder]`."""
    match = _LISTED.fullmatch(name)
    if match and match["release"] in releases():
        about = releases()[match["release"]]
        return _OnTheHub(HubName(about["repo_id"], match["revision"]), match["release"], match["sae_id"])
    match = _REPOSITORY.fullmatch(name)
    return _OnTheHub(HubName(match["repo"], match["revision"]), None, match["folder"] or "") if match else None


def _commit(found: _OnTheHub) -> str | None:
    return _fetched(found).commit if found.release is None else commit_of(found.where, "SAE")


def _fetched(found: _OnTheHub) -> Snapshot:
    inside = f"{found.sae_id}/" if found.sae_id else ""
    deeper = f"{inside}*/*"
    return snapshot(found.where, (f"{inside}cfg.json", f"{inside}*.safetensors"), (deeper,), "SAE")


def _from_folder(folder: Path) -> SAE:
    from sae_lens import SAE

    if not (folder / "cfg.json").is_file():
        raise NotFound(f"{folder} has no cfg.json, so it is not a SAE that sae-lens saved.")
    try:
        sae = SAE.load_from_disk(folder, dtype="float32")
        said = json.loads((folder / "cfg.json").read_bytes())
    except Exception as error:  # whatever sae-lens makes of a folder that it did not write
        if pointer := pointer_in(folder):
            raise BadInput(
                f"{pointer} is not the file itself but git-lfs's pointer to it. Run `git lfs pull` there."
            ) from error
        raise BadInput(
            f"{folder} cannot be read as a SAE ({type(error).__name__}: {str(error).partition(chr(10))[0]}). Save it anew with sae-lens."
        ) from error
    activation = said.get("activation_fn_str") or said.get("activation_fn") or "relu"
    if sae.cfg.architecture() == "standard" and activation != "relu":
        raise BadInput(
            f"The cfg.json of {folder} says the activation {activation!r}, and not all of it: sae-lens reads it as relu. Mend it"
            " (architecture topk needs its k), or save the SAE anew."
        )
    if sae.cfg.normalize_activations in {"expected_average_only_in", "covariance_whitening"}:
        raise BadInput(
            f"The SAE in {folder} was trained on activations that had been scaled ({sae.cfg.normalize_activations}), by numbers"
            " that it does not hold, as checkpoints within a training are. Take the SAE of its end, or fold the scale into it."
        )
    return sae


@contextmanager
def _reading_at(revision: str | None) -> Iterator[None]:
    """Let sae-lens fetch one revision: its own readers of a dozen formats know of none and take the newest."""
    from sae_lens.loading import pretrained_sae_loaders

    fetch = pretrained_sae_loaders.hf_hub_download
    pretrained_sae_loaders.hf_hub_download = partial(fetch, revision=revision) if revision else fetch
    try:
        yield
    finally:
        pretrained_sae_loaders.hf_hub_download = fetch
