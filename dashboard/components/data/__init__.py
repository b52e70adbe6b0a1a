"""Datasets and runs."""
