"""An array beside a table, in SQL: what a query knows of every feature, or of every sample, by its id.

It is joined, not indexed: `(?::FLOAT[])[feature_id + 1]` copies the whole list for every vector of rows, which at 65,536 features
takes twenty times as long as the join.
"""

from __future__ import annotations

from collections.abc import Sequence


def by_id(key: str, columns: str | Sequence[str], kind: str, parameter: str = "?") -> str:
    """A subquery of `key` (0, 1, … as far as the arrays go) and a column or several; takes an array for each as a parameter.

    Args:
        kind: DuckDB's type of the values, e.g. FLOAT.

    >>> view.q.query(f"SELECT * FROM {by_id('feature_id', 'delta', 'FLOAT')}", [[0.5, 1.0]]).to_pylist()
    [{'feature_id': 0, 'delta': 0.5}, {'feature_id': 1, 'delta': 1.0}]
    """
    names = [columns] if isinstance(columns, str) else columns
    given = ", ".join(f"{parameter}::{kind}[] AS given_{name}" for name in names)
    values = ", ".join(f"unnest(given_{name}) AS {name}" for name in names)
    ids = f"(generate_subscripts(given_{names[0]}, 1) - 1)::UINTEGER AS {key}"
    return f"(SELECT {ids}, {values} FROM (SELECT {given}))"  # noqa: S608
