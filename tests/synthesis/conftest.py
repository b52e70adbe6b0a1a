from __future__ import annotations

import pytest

from tests.synthesis.loop import Loop, closed_loop


@pytest.fixture
def loop(tmp_path, model_of, sae_of) -> Loop:
    return closed_loop(tmp_path, model_of("llama"), sae_of("topk"))
