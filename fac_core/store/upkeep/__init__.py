"""Keeping a workspace: copied while in use, swept after a crash, counted."""
