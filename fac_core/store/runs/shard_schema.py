"""What a shard's Parquet files hold: the contract between the encoder, which writes them, and `build_run`."""

from __future__ import annotations

import pyarrow as pa

ACTIVATIONS = pa.schema(
    {"feature_id": pa.uint32(), "sample_id": pa.uint32(), "activation": pa.float32(), "token_index": pa.uint16()}
)
"""One row a sample and active feature; `token_index` is the first token with that activation."""

EXAMPLES = pa.schema(
    {
        "feature_id": pa.uint32(),
        "sample_id": pa.uint32(),
        "token_index": pa.uint16(),
        "char_start": pa.uint32(),
        "char_end": pa.uint32(),
        "activation": pa.float32(),
    }
)
"""Token-level activations of the samples that the shard proposes as examples; offsets count characters of the text."""

SHARD_SAMPLES = pa.schema(
    {"sample_id": pa.uint32(), "n_tokens": pa.int32(), "truncated": pa.bool_(), "sinks": pa.int32()}
)
"""One row an encoded sample: content tokens, whether some were cut off, and attention sinks left out."""

OUTSIDE = pa.schema({"feature_id": pa.uint32(), "place": pa.string(), "n_samples": pa.uint32(), "max": pa.float32()})
"""One row a feature and place outside the content in which it fires: `special` (start token, template, sinks, roles
that were not chosen) or `truncated` (the window after the encoded one)."""

SHARD_FORMAT = 2
"""Raised with every change of these schemas: shards of an interrupted try in another format are not taken up."""
