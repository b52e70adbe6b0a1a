"""An array beside a table, in SQL: what a query knows of every feature, or of every sample, by its id.

It is joined, not indexed: `(?::FLOAT[])[feature_id + 1]` copies the whole list for every vector of rows, which at 65,536 features
takes twenty times as long as the join.
"""

from __future__ import annotations


def by_id(key: str, column: str, kind: str, parameter: str = "?") -> str:
    """A subquery of `key` (0, 1, … as far as the array goes) and `column`; takes the array as a parameter.

    Args:
        kind: DuckDB's type of the values, e.g. FLOAT.

    >>> view.q.query(f"SELECT * FROM {by_id('feature_id', 'delta', 'FLOAT')}", [[0.5, 1.0]]).to_pylist()
    [{'feature_id': 0, 'delta': 0.5}, {'feature_id': 1, 'delta': 1.0}]
    """
    ids = f"(generate_subscripts(given, 1) - 1)::UINTEGER AS {key}"
    return f"(SELECT {ids}, unnest(given) AS {column} FROM (SELECT {parameter}::{kind}[] AS given))"  # noqa: S608
