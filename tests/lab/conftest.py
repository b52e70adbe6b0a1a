from __future__ import annotations

from tests.coverage.conftest import run_of
from tests.synthesis.conftest import loop

__all__ = ["loop", "run_of"]
