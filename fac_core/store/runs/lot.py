"""The lot of a sample and a feature, in SQL: the number by which `activations/proposals.py` draws what a shard proposes.

The samples with the highest lots over all shards are among the proposals, so those are random positives whose tokens
are known. Only the order counts, so the lot is left as a whole number.
"""

from __future__ import annotations


def _mixed(x: str, shift: int, factor: int) -> str:
    return f"((xor({x}, {x} >> {shift}) * {factor}) & 4294967295)"


_MULTIPLIED = "((sample_id::HUGEINT * 2654435761 + feature_id::HUGEINT * 2246822519) % 4294967296)::UBIGINT"
_TWICE = _mixed(_mixed(_MULTIPLIED, 15, 739982445), 12, 695872825)
LOT = f"xor({_TWICE}, {_TWICE} >> 15)"
"""SQL: the lot, 0..2^32-1, from columns `sample_id` and `feature_id`."""
