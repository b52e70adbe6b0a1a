"""Length traps: a run's texts cut to half their tokens, and joined two by two, encoded as runs of their own.

Both are what the source says, so nothing is missing in them; only their length is another. Each derived sample says in its
metadata `id` which samples it is made of, separated by a blank.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Literal

import numpy as np

from fac_core.activations.spec import spec_of
from fac_core.datasets.layouts import ColumnMapping
from fac_core.errors import NotFound
from fac_core.models.tokens import SampleTokenizer
from fac_core.models.truncated import load_tokenizer
from fac_core.progress import Progress, silent
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from fac_core.whole import write_whole
from fac_core.workflows.encode import encode

Kind = Literal["cut", "joined"]
CUT: Kind = "cut"
JOINED: Kind = "joined"


def derived_run(run: RunFile, kind: Kind, workspace: Workspace, *, on_progress: Progress = silent) -> RunFile:
    """The run of a run's texts, cut or joined; encoded where it is absent, in the same space, window and dtype.

    Joined texts get a window of twice the tokens, so that nothing of either is lost.
    """
    name = f"{run.info.name}-{kind}"
    try:
        return workspace.run(name)
    except NotFound:
        pass
    spec = spec_of(run.info)
    table = run.query("SELECT sample_id, text FROM samples ORDER BY sample_id")
    tokenizer = SampleTokenizer(load_tokenizer(spec.model), context=spec.context)
    texts = windows(table["text"].to_pylist(), tokenizer, share=0.5 if kind == CUT else 1.0)
    ids = table["sample_id"].to_pylist()
    made = [([i], text) for i, text in zip(ids, texts, strict=True)] if kind == CUT else joined(ids, texts)
    path = workspace.folder / "cache" / "holes" / f"{name}.jsonl"
    lines = (
        json.dumps({"text": text, "id": " ".join(map(str, of))}, ensure_ascii=False)
        for of, text in made
        if text.strip()
    )
    write_whole(path, "\n".join(lines) + "\n")
    if kind == JOINED:
        spec = replace(spec, context=2 * spec.context)
    mapping = ColumnMapping(text="text", id="id", keep_duplicates=True)
    encode(path, spec, workspace=workspace, name=name, mapping=mapping, on_progress=on_progress)
    return workspace.run(name)


def windows(texts: list[str], tokenizer: SampleTokenizer, *, share: float) -> list[str]:
    """The beginning of each text: this share of the content tokens that the window holds, but at least one."""
    cut: list[str] = []
    for text, tokens in zip(texts, tokenizer(texts, [None] * len(texts)), strict=True):
        ends = tokens.offsets[tokens.content][:, 1]
        cut.append(text[: int(ends[max(1, round(share * len(ends))) - 1])] if len(ends) else "")
    return cut


def joined(ids: list[int], texts: list[str], seed: int = 0) -> list[tuple[list[int], str]]:
    """Texts in pairs drawn at random, one below the other; of an odd number one is left over.

    >>> joined([4, 7], ["a", "b"])[0][1] in ("a\\nb", "b\\na")
    True
    """
    order = np.random.default_rng(seed).permutation(len(ids))
    pairs = zip(order[::2].tolist(), order[1::2].tolist(), strict=False)
    return [([ids[a], ids[b]], f"{texts[a]}\n{texts[b]}") for a, b in pairs]
