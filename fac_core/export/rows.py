"""Rows of an export: the shape's columns, and beside them where each row comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from fac_core.curation.review import Opinion
from fac_core.export.shapes import Item, Shape, of_candidate, of_sample, shaped
from fac_core.store.runs.run_file import RunFile
from fac_core.synthesis.candidates import Batch, Candidate

_PROVENANCE: dict[str, tuple[pa.DataType, str]] = {
    "fac_origin": (pa.string(), "`synthetic` or `seed`"),
    "fac_candidate": (pa.string(), "id of the candidate; `fac trace ID` prints its whole history"),
    "fac_version": (pa.int32(), "version of the candidate that was accepted; above 1 if a person edited it"),
    "fac_feature": (pa.int64(), "the missing feature that it was written for"),
    "fac_label": (pa.string(), "what that feature was called at export"),
    "fac_activation": (pa.float32(), "strongest activation of the feature on the text"),
    "fac_delta": (pa.float32(), "the threshold δ that it had to exceed"),
    "fac_peak": (pa.string(), "the token on which it peaks"),
    "fac_method": (pa.string(), "how it was generated"),
    "fac_prompt": (pa.string(), "name and version of the prompt"),
    "fac_generator": (pa.string(), "the model that wrote it"),
    "fac_parameters": (pa.string(), "sampling parameters, JSON"),
    "fac_reviewer": (pa.string(), "who accepted it"),
    "fac_reviewed_at": (pa.string(), "when, UTC"),
    "fac_note": (pa.string(), "what the reviewer wrote beside it"),
    "fac_batch": (pa.string(), "the synthesis that it comes from"),
    "fac_anchor_run": (pa.string(), "run that says which features can occur"),
    "fac_seed_run": (pa.string(), "run in which the feature was missing"),
    "fac_seed_sample": (pa.int64(), "position of the sample in the seed"),
}
PROVENANCE = pa.schema({name: kind for name, (kind, _) in _PROVENANCE.items()})
"""All but `fac_origin` are null where they make no sense."""
MEANING = {name: meaning for name, (_, meaning) in _PROVENANCE.items()}

_TURNS = pa.list_(pa.struct({"role": pa.string(), "content": pa.string()}))


def synthetic_row(
    candidate: Candidate, opinions: Sequence[Opinion], batch: Batch, label: str | None, shape: Shape
) -> dict[str, Any]:
    """A row of an accepted candidate. Raises `WrongUse` if it does not fit the shape."""
    accepting = [one for one in opinions if one.choice == "accepted"]
    peak = candidate.peak
    return {
        **shaped(of_candidate(candidate), shape),
        "id": candidate.candidate_id,
        "fac_origin": "synthetic",
        "fac_candidate": candidate.candidate_id,
        "fac_version": candidate.version,
        "fac_feature": candidate.feature_id,
        "fac_label": label,
        "fac_activation": candidate.activation,
        "fac_delta": candidate.delta,
        "fac_peak": candidate.text[peak[0] : peak[1]] if peak else None,
        "fac_method": candidate.method,
        "fac_prompt": candidate.prompt,
        "fac_generator": candidate.generator,
        "fac_parameters": json.dumps(candidate.parameters, sort_keys=True, ensure_ascii=False),
        "fac_reviewer": ", ".join(one.reviewer for one in accepting),
        "fac_reviewed_at": max((one.at for one in accepting), default=None),
        "fac_note": "; ".join(one.note for one in accepting if one.note) or None,
        "fac_batch": candidate.batch_id,
        "fac_anchor_run": batch.anchor_run_id,
        "fac_seed_run": batch.seed_run_id,
    }


def seed_items(seed: RunFile) -> list[Item]:
    """The encoded samples of the seed, in order."""
    return [of_sample(row) for row in _samples(seed)]


def seed_rows(seed: RunFile, shape: Shape) -> list[dict[str, Any]]:
    """Rows of the seed's encoded samples. Raises `WrongUse` if one does not fit the shape."""
    return [_seed_row(row, of_sample(row), seed.info.run_id, shape) for row in _samples(seed)]


def table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as a typed table: the shape's columns, `id`, then `PROVENANCE`."""
    own = [name for name in rows[0] if name not in PROVENANCE.names]
    fields = [pa.field(name, _type(name, [row[name] for row in rows])) for name in own]
    schema = pa.schema([*fields, *PROVENANCE])
    return pa.Table.from_pylist([{**row, **_as_typed(row, schema)} for row in rows], schema)


def without_repeats(
    rows: Iterable[Mapping[str, Any]], texts: Iterable[str]
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The rows whose text was not there before, word for word, and those whose text was."""
    known: set[str] = set()
    kept: list[Mapping[str, Any]] = []
    repeated: list[Mapping[str, Any]] = []
    for row, text in zip(rows, texts, strict=True):
        (repeated if text.strip() in known else kept).append(row)
        known.add(text.strip())
    return kept, repeated


def _samples(seed: RunFile) -> list[dict[str, Any]]:
    return seed.query("SELECT sample_id, text, messages, metadata FROM samples ORDER BY sample_id").to_pylist()


def _seed_row(row: Mapping[str, Any], item: Item, run_id: str, shape: Shape) -> dict[str, Any]:
    name = item.fields.get("id")
    return {
        **shaped(item, shape),
        "id": f"seed-{row['sample_id']}" if name is None else str(name),
        "fac_origin": "seed",
        "fac_seed_run": run_id,
        "fac_seed_sample": row["sample_id"],
    }


def _type(name: str, values: list[Any]) -> pa.DataType:
    if name == "messages":
        return _TURNS
    return pa.int64() if all(isinstance(v, int) and not isinstance(v, bool) for v in values) else pa.string()


def _as_typed(row: Mapping[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """Labels may be numbers in one row and words in another: then all are words."""
    return {"label": str(row["label"])} if "label" in row and schema.field("label").type == pa.string() else {}
