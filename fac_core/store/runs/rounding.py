"""Activations at the precision of run files, before they are in one."""

from __future__ import annotations

import duckdb
import numpy as np

from fac_core.store.duckdb_config import NO_EXTENSIONS
from fac_core.store.runs.schema import SIGNIFICANT_DIGITS

ROUNDED = f"""round(activation::DOUBLE, {SIGNIFICANT_DIGITS - 1} - floor(log10(activation::DOUBLE))::INTEGER)::FLOAT"""
"""SQL: `activation`, which is positive, at the stored precision."""


def stored(activations: np.ndarray) -> np.ndarray:
    """float32 `[n]`: positive activations as a run file would hold them, to the last bit: the same SQL rounds both."""
    with duckdb.connect(config=NO_EXTENSIONS) as db:
        query = f"SELECT {ROUNDED} AS stored FROM (SELECT unnest(?::FLOAT[]) AS activation)"  # noqa: S608
        return db.sql(query, params=[activations.astype(np.float32)]).to_arrow_table()["stored"].to_numpy()
