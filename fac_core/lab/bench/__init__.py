"""Benchmarks of the engine: the speed of encoding, and a workspace large enough to show what is slow."""
