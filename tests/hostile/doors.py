"""The doors that things from outside come through, each as a function of a path. What they raise is what is measured."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from fac_core.datasets.chats import NotAChat, parse_chat, transcript
from fac_core.datasets.layouts import ColumnMapping
from fac_core.datasets.prepare import iter_samples, prepare
from fac_core.datasets.preview import columns_of, first_records, preview
from fac_core.datasets.samples import utf8_error
from fac_core.errors import FacError
from fac_core.feature import Feature
from fac_core.generators import chat_protocol
from fac_core.generators.json_answers import json_object
from fac_core.generators.seam import Answer, Request
from fac_core.jobs.allowed import all_allowed
from fac_core.lab.holes.config import read_holes
from fac_core.naming.imported import read_explanations
from fac_core.naming.prompts import prompt
from fac_core.relevance.rubric import rubric
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.schema import TABLES
from fac_core.store.upkeep.backup import restore
from fac_core.store.workspace import Workspace
from fac_core.synthesis.prompts import prompt_template
from fac_core.view import View


def dataset(path: Path) -> None:
    """As a person does: a look at it, then all of it; then with a draw and with columns named."""
    with tempfile.TemporaryDirectory(dir=path.parent if path.parent.is_dir() else None) as folder:
        out = Path(folder)
        try:
            columns_of(first_records(path))
            preview(path)
        except FacError:
            pass  # it has to be an error of ours; whether prepare refuses too is asked next
        found = prepare(path, out)
        said = f"{found.name}{found.mapping}"
        rows = sum(len(batch) for batch in iter_samples(found.samples))
        assert rows == found.n_samples, said
        if rows < 1000 and path.stat().st_size < 20_000_000:  # what is long is read once
            for mapping in (
                ColumnMapping(take=3),
                ColumnMapping(text="{text}{label}"),
                ColumnMapping(messages="messages"),
            ):
                try:
                    prepare(path, out, mapping)
                except FacError:
                    continue


def run_file(path: Path) -> None:
    """Read through, and looked at beside a whole one, as data and as anchor: every page reads it so."""
    with RunFile(path) as run:
        _ = run.info.as_read
        for table in TABLES:
            if run.has_table(table):
                run.query(f"FROM {table}")
        run.failures()
        run.bytes_of("samples")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        place = Workspace.create(Path(folder))
        shutil.copy(path, place.folder / "runs" / "id-theirs.duckdb")
        shutil.copy(path.parent.parent / "whole-workspace" / "runs" / "id-seed.duckdb", place.folder / "runs")
        found = place.runs()
        for one in found:
            for other in found:
                if one is not other:
                    _look(place, one.run_id, other.run_id)


def workspace(path: Path) -> None:
    place = Workspace(path)
    place.runs(), place.unreadable()
    log = place.events()
    log.latest("space", "label"), log.history("id-seed", "triage")
    place.pulses(), place.measurements().of("x"), place.answers().find(["x"])
    _look(place, "seed", None)


def _look(place: Workspace, data: str, anchor: str | None) -> None:
    view = View.find(data, anchor, workspace=place)
    _ = view.coverage, view.missing()
    gaps = view.gaps()
    if len(gaps):
        one = Feature(view, gaps["feature_id"][0].as_py())
        one.evidence(), one.examples(3), one.label()


def backup(path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        place = restore(path, Path(folder) / "w")
        assert all(found.resolve().is_relative_to(place.folder) for found in place.folder.rglob("*"))
        place.runs()
    assert not (path.parent.parent / "outside").exists()


def imported_labels(path: Path) -> None:
    labels, bad = read_explanations(path, d_sae=12)
    said = [*(label.text for label in labels.values()), *(line.reason + line.origin for line in bad)]
    _ = [label.words for label in labels.values()]
    assert all(utf8_error(one) is None for one in said), "a label that nobody can store"


def model_answer(path: Path) -> None:
    from fac_core.naming.explanation import _label, _verified
    from fac_core.relevance.judge import _judged
    from fac_core.themes.asked import name_in
    from fac_core.themes.theme import Theme

    said = path.read_bytes().decode(errors="surrogatepass")
    found = json_object(said)
    assert found is None or isinstance(found, dict)
    answer = Answer((said,))
    kept: list[Any] = [_label(answer), _verified(answer), _judged(0, answer, "m")]
    kept.append(name_in(_theme(), answer)) if Theme else None
    json.dumps([str(one) for one in kept]).encode()


@cache
def _theme() -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(name="theme", words=("a",))


def server_reply(path: Path) -> None:
    found = chat_protocol.read(path.read_bytes().decode(errors="surrogatepass"), Request(()))
    assert found is None or found.n_choices > 0 or found.problem
    if found is not None:
        assert 0 <= found.usage.prompt_tokens < 2**63, "a count that no log can hold"


@cache
def _tokenizer() -> Any:
    from fac_core.models.tokens import SampleTokenizer
    from tests.tiny import FAMILIES
    from tests.tiny import _tokenizer as made

    *_, template, bos = FAMILIES["llama"]
    return SampleTokenizer(made(template, bos), context=128)


def tokeniser(path: Path) -> None:
    said = path.read_bytes().decode(errors="surrogatepass")
    if utf8_error(said):
        return  # no sample has such a text
    chat = None
    if said.startswith("[{"):
        try:
            chat = parse_chat(said)
        except NotAChat:
            chat = None
    if chat and any(utf8_error(turn.content) for turn in chat):
        return
    shown = transcript(chat)[0] if chat else said
    (tokens,) = _tokenizer()([shown], [chat])
    assert len(tokens) <= 128
    assert (tokens.offsets <= len(shown)).all()


def settings(kind: str) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        match kind:
            case "rubric":
                rubric(path)
            case "prompt" | "template":
                (path.parent / "prompts").mkdir()
                path.rename(path.parent / "prompts" / path.name)
                if kind == "prompt":
                    prompt("explain", path.parent).messages(spans="x")
                else:
                    prompt_template("text", path.parent).section("one step")
            case "allowed":
                os.environ["FAC_CONFIG"] = str(path.parent)
                all_allowed()
            case _:
                read_holes(path)

    return read


DOORS: dict[str, Callable[[Path], None]] = {
    "dataset": dataset,
    "imported labels": imported_labels,
    "model's answer": model_answer,
    "server's reply": server_reply,
    "tokeniser": tokeniser,
    "run file": run_file,
    "workspace": workspace,
    "backup": backup,
    **{f"settings: {kind}": settings(kind) for kind in ("rubric", "prompt", "template", "allowed", "holes")},
}


def warm() -> None:
    """Load what the doors need, so that every case begins with it."""
    import datasets  # noqa: F401
    import sklearn  # noqa: F401

    _tokenizer()(["a"], [None])
