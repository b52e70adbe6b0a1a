"""Run files: one immutable DuckDB file a run, built from shards, published whole, opened to be read."""
