"""`fac encode` with model, SAE and dataset from a hub: what is recorded, and that it is read again at its commit."""

from __future__ import annotations

import json

from tests.hub.server import commit

OPTIONS = ("--context", "32", "--dtype", "float32")
SAE = "from fac_core.activations.sae import load_sae"


def test_model_sae_and_dataset_of_a_hub_make_a_run_that_says_their_commits(fac, stocked):
    saes, llama = stocked / "models" / "tiny" / "saes" / "main", stocked / "models" / "tiny" / "llama"
    texts = stocked / "datasets" / "tiny" / "texts"
    named = ("encode", "hub:tiny/texts@v2", "--model", "tiny/llama@v2", "--sae", "tiny/saes/block-2", *OPTIONS)
    code, info, said = fac(*named)
    assert code == 0, (info, said)
    assert json.loads(info["commits"]) == {
        "model": f"tiny/llama@{commit(llama / 'v2')}",
        "sae": f"tiny/saes@{commit(saes)}/block-2",
        "dataset": f"tiny/texts@{commit(texts / 'v2')}",
    }
    assert (info["n_samples"], info["model"]) == (5, "tiny/llama@v2")
    local = (str(texts / "v2" / "train.jsonl"), "--model", str(llama / "v2"), "--sae", str(saes / "block-2"))
    code, same, _ = fac("encode", *local, *OPTIONS, "-w", "other")
    assert code == 0
    assert (same["space_id"], same["run_id"], same["commits"]) == (info["space_id"], info["run_id"], None)


def test_a_run_is_read_again_at_its_commit_when_the_branch_has_moved(fac, tried, stocked, hub):
    texts = str(stocked / "datasets" / "tiny" / "texts" / "v2" / "train.jsonl")
    code, info, said = fac("encode", texts, "--model", "tiny/llama", "--sae", "tiny/saes/block-2", *OPTIONS, "--anchor")
    assert code == 0, (info, said)
    hub.moved["main"] = "v2"
    setup = "import fac_core as fac\nfrom fac_core.activations.space import model_hash"
    expression = "[model_hash('tiny/llama'), fac.Workspace.at('workspace').info().model_hash, fac.probe(name, workspace='workspace').n_tokens]"
    (found,) = tried(setup, expression, ["A text of some words"])
    assert found[0] != found[1]
    assert found[2] > 3


def test_a_sae_is_refused_in_one_sentence(tried, stocked):
    names = [
        "tiny/saes/block-9",
        "tiny/saes@v9/block-2",
        "tiny/nothing/block-2",
        "gpt2-small-res-jb/blocks.6.hook_resid_pre",
    ]
    folder, revision, repository, listed = tried(SAE, "load_sae(name).name", names)
    assert folder.startswith("NotFound: ")
    assert "cfg.json" in folder
    assert revision.startswith("NotFound: The SAE tiny/saes has no revision 'v9'.")
    assert repository.startswith("NotFound: There is no SAE 'tiny/nothing'")
    assert listed.startswith("NotFound: There is no SAE 'jbloom/GPT2-Small-SAEs-Reformatted'")


def test_a_dataset_is_refused_in_one_sentence(tried):
    setup = "from fac_core.datasets.sources import find"
    names = ["hub:tiny/texts", "hub:tiny/texts@v2:train", "hub:tiny/texts@v9", "hub:tiny/nothing"]
    found = tried(setup, "sum(1 for part in find(name).parts for _ in part.read())", names)
    assert found[:2] == [8, 5]
    assert found[2].startswith("NotFound: The dataset tiny/texts has no revision 'v9'.")
    assert found[3].startswith("NotFound: There is no dataset 'tiny/nothing'")


def test_a_sae_of_the_list_is_read_at_its_revision(tried, stocked):
    setup = f"{SAE}\nfrom fac_core.activations.saes.named import pinned_sae"
    at = stocked / "models" / "ctigges" / "pythia-70m-deduped__res-sm_processed"
    release, inside = "pythia-70m-deduped-res-sm", "/blocks.2.hook_resid_post"
    newest, older = f"{release}{inside}", f"{release}@v2{inside}"
    found = tried(setup, "[load_sae(name).architecture, pinned_sae(name)]", [newest, older, f"{release}@v9{inside}"])
    assert found[:2] == [
        ["topk", f"{release}@{commit(at / 'main')}{inside}"],
        ["jumprelu", f"{release}@{commit(at / 'v2')}{inside}"],
    ]
    assert found[2].startswith("NotFound: The SAE ctigges/pythia-70m-deduped__res-sm_processed has no revision 'v9'.")
    assert tried(setup, "[load_sae(name).architecture, pinned_sae(name)]", [newest], HF_HUB_OFFLINE="1") == found[:1]
