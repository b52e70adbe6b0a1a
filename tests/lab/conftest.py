from __future__ import annotations

from tests.coverage.conftest import run_of

__all__ = ["run_of"]
