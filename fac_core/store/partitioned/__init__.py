"""Runs whose activations lie in Parquet files: beside the run file, or in an object store."""
