"""Old names that are still imported from outside the laboratory; goes when they do."""

from __future__ import annotations

dose = transfer = write_sets = None
