"""Models of a hub, through the hub's own client: every family, revisions, what is refused, and downloads that break off."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.hub.server import commit

FAMILIES = ["llama", "gpt_neox", "gemma2", "gemma3", "qwen2", "mistral"]

LOAD = "from fac_core.models.truncated import TruncatedModel, load_tokenizer"
READ = "TruncatedModel(name, 2).residual(load_tokenizer(name)('a text', return_tensors='pt').input_ids).norm().item()"
PLACE = "from fac_core.models.location import model_path"
HASH = "from fac_core.activations.space import model_folder, model_hash"
PIECE = 10 * 2**20
"""Bytes that the client writes at once: what came of a piece when the connection broke is lost."""


def test_every_family_is_read_as_from_a_folder(tried, stocked):
    folders = [str(stocked / "models" / "tiny" / family / "main") for family in FAMILIES]
    norms = tried(LOAD, READ, [*(f"tiny/{family}" for family in FAMILIES), *folders])
    assert norms[: len(FAMILIES)] == norms[len(FAMILIES) :]
    assert all(isinstance(norm, float) for norm in norms)


def test_a_revision_is_a_model_of_its_own_and_the_space_goes_by_content(tried, stocked):
    folder = stocked / "models" / "tiny" / "llama"
    at_commit = f"tiny/llama@{commit(folder / 'v2')}"
    names = ["tiny/llama", "tiny/llama@main", "tiny/llama@v2", at_commit, str(folder / "v2")]
    found = tried(HASH, "[str(model_folder(name)), model_hash(name)]", names)
    main, again, second, pinned, local = found
    assert main == again
    assert main[1] != second[1]
    assert second == pinned
    assert [Path(main[0]).name, Path(second[0]).name] == [commit(folder / "main"), commit(folder / "v2")]
    assert local[1] == second[1]


def test_what_the_hub_refuses_is_one_sentence_with_its_mend(tried, address):
    said = tried(PLACE, "model_path(name)", ["tiny/gated", "tiny/llama@v9", "tiny/nothing"])
    gated, unknown, missing = said
    assert gated.startswith(
        f"NotFound: The model tiny/gated is gated: accept its terms at {address}/tiny/gated, sign in with"
    )
    assert unknown.startswith("NotFound: The model tiny/llama has no revision 'v9'.")
    assert missing.startswith(
        "NotFound: There is no model 'tiny/nothing', neither a folder of that name nor on the hub."
    )
    assert all("\n" not in one for one in said)


def test_who_may_read_a_gated_model_reads_it(tried):
    (found,) = tried(PLACE, "model_path(name)", ["tiny/gated"], HF_TOKEN="allowed")
    assert Path(found).is_dir()


def test_offline_a_warm_cache_is_enough_and_a_cold_one_is_said(tried, hub):
    warm = tried(PLACE, "model_path(name)", ["tiny/llama"])
    asked = len(hub.asked)
    again, cold = tried(PLACE, "model_path(name)", ["tiny/llama", "tiny/qwen2"], HF_HUB_OFFLINE="1")
    assert again == warm[0]
    assert cold.startswith("NotFound: tiny/qwen2 is not on this machine, and the hub cannot be reached.")
    assert "hf download tiny/qwen2" in cold
    assert len(hub.asked) == asked


def test_a_hub_that_is_down_is_like_none(tried):
    warm = tried(PLACE, "model_path(name)", ["tiny/llama"])
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9"}
    again, cold = tried(PLACE, "model_path(name)", ["tiny/llama", "tiny/qwen2"], **nowhere)
    assert again == warm[0]
    assert "tiny/qwen2 is not on this machine, and the hub cannot be reached" in cold


def test_a_download_that_was_cut_goes_on_where_it_stopped(tried, hub, stocked):
    hub.cuts["model.safetensors"] = [PIECE + 5000, PIECE // 2]
    (found,) = tried(PLACE, "model_path(name)", ["tiny/large"])
    ranges = [asked for how, path, asked, _ in hub.asked if how == "GET" and path.endswith("model.safetensors")]
    assert ranges == [None, f"bytes={PIECE}-", f"bytes={PIECE}-"]
    weights = [Path(found), stocked / "models" / "tiny" / "large" / "main"]
    assert len({hashlib.sha256((path / "model.safetensors").read_bytes()).hexdigest() for path in weights}) == 1


def test_a_download_that_was_given_up_is_not_taken_for_the_whole_and_goes_on_later(tried, hub):
    hub.cuts["model.safetensors"] = [PIECE + 5000] + [0] * 9
    (broken,) = tried(PLACE, "model_path(name)", ["tiny/large"])
    assert broken.startswith("HubUnreachable: The download of tiny/large broke off")
    (part,) = tried(PLACE, "model_path(name)", ["tiny/large"], HF_HUB_OFFLINE="1")
    assert part.startswith("NotFound: Only a part of tiny/large is on this machine")
    hub.cuts.clear()
    (whole,) = tried(PLACE, "model_path(name)", ["tiny/large"])
    assert (Path(whole) / "model.safetensors").stat().st_size == 25_600_000
