"""Synthetic sets by every method, in doses, in rounds, carried to other models."""
