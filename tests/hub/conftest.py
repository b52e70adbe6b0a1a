"""A hub on loopback with tiny models, a SAE and a dataset, and `fac` as a user runs it against that hub."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import tiny
from tests.checkout import ROOT
from tests.hub.server import Hub, running

ONLY_HERE = ["HF_HUB_OFFLINE", "HF_TOKEN", "HF_HUB_CACHE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"]


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the hub has. The model `tiny/llama` has a second revision with other weights; `tiny/large`
    is no model, but as long as three of the pieces in which the client writes.

    One repository is that of a SAE of sae-lens's list."""
    root = tmp_path_factory.mktemp("hub")
    for family in ("llama", "gpt_neox", "gemma2", "gemma3", "qwen2", "mistral"):
        tiny.save_model(root / "models" / "tiny" / family / "main", family)
    second = shutil.copytree(root / "models" / "tiny" / "llama" / "main", root / "models" / "tiny" / "llama" / "v2")
    _other_weights(second / "model.safetensors")
    shutil.copytree(root / "models" / "tiny" / "llama", root / "models" / "tiny" / "gated")
    (root / "models" / "tiny" / "large" / "main").mkdir(parents=True)
    (root / "models" / "tiny" / "large" / "main" / "model.safetensors").write_bytes(bytes(range(256)) * 100_000)
    tiny.save_sae(root / "models" / "tiny" / "saes" / "main" / "block-2", "topk")
    listed = root / "models" / "ctigges" / "pythia-70m-deduped__res-sm_processed"
    tiny.save_sae(listed / "main" / "2-res-sm", "topk", n_blocks=3)
    tiny.save_sae(listed / "v2" / "2-res-sm", "jumprelu", n_blocks=3)
    data = root / "datasets" / "tiny" / "texts"
    for revision, n in (("main", 8), ("v2", 5)):
        (data / revision).mkdir(parents=True)
        lines = [json.dumps({"text": f"{tiny.TEXTS[i % 7]} Number {i}."}) for i in range(n)]
        (data / revision / "train.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return root


@pytest.fixture
def hub(stocked: Path) -> Hub:
    return Hub(stocked, gated={"tiny/gated"})


@pytest.fixture
def address(hub: Hub) -> Iterator[str]:
    with running(hub) as found:
        yield found


@pytest.fixture
def outside(address: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python in a process whose hub is this one, with a cache of its own that is empty at first."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name not in ONLY_HERE}
        own = {
            "HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "hf"), "FAC_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT),
            "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, *arguments],
            env={**kept, **own, **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def fac(outside: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., tuple[int, dict, str]]:
    """`fac("encode", …)`: exit code, JSON document and stderr."""

    def run(*arguments: str, **environment: str) -> tuple[int, dict, str]:
        done = outside("-m", "fac_core", *arguments, "--json", **environment)
        return done.returncode, json.loads(done.stdout), done.stderr

    return run


@pytest.fixture
def tried(outside: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., list]:
    """`tried("load(name)", names)`: for each name what the expression gives, or the error as `Kind: message`."""

    def run(setup: str, expression: str, names: list[str], **environment: str) -> list:
        program = (
            f"import json, sys\n{setup}\nfrom fac_core.errors import FacError\nfound = []\n"
            f"for name in {names!r}:\n    try:\n        found.append({expression})\n"
            "    except FacError as error:\n        found.append(f'{type(error).__name__}: {error}')\nprint(json.dumps(found))"
        )
        return json.loads(outside("-c", program, **environment).stdout)

    return run


def _other_weights(path: Path) -> None:
    from safetensors.torch import load_file, save_file

    save_file({name: tensor * 1.5 for name, tensor in load_file(path).items()}, path, metadata={"format": "pt"})
