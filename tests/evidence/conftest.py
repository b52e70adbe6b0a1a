"""One small run of two sets, encoded for real."""

from __future__ import annotations

import json

import pytest

from fac_core.activations.pipeline import encode
from fac_core.activations.spec import EncodeSpec
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace


@pytest.fixture(scope="module")
def run(model_of, sae_of, tmp_path_factory):
    """Six texts of two sets, encoded for real."""
    folder = tmp_path_factory.mktemp("encoded")
    rows = [("law", f"The contract of party {i} ends.") for i in range(3)] + [
        ("sum", f"{i} plus {i} is 2{i}") for i in range(3)
    ]
    for name in ("law", "sum"):
        (folder / f"{name}.jsonl").write_text(
            "\n".join(json.dumps({"text": t}) for s, t in rows if s == name), encoding="utf-8"
        )
    mixture = "\n".join(
        f'[[set]]\nname = "{n}"\npath = "{n}.jsonl"\ntext = "{{text}}"\nlicence = "none"\n' for n in ("law", "sum")
    )
    (folder / "mix.toml").write_text(f'name = "mix"\ndescription = "two sets"\n{mixture}', encoding="utf-8")
    workspace = Workspace.create(folder / "w")
    spec = EncodeSpec(model=str(model_of("llama")), sae=str(sae_of("topk")), context=32, dtype="float32")
    info = encode(folder / "mix.toml", workspace, spec)
    with RunFile(workspace.run_path(info.run_id)) as opened:
        yield opened
