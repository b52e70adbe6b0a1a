"""`auto` takes the quickest device that is there; what is no device, or not there, is one clear error."""

from __future__ import annotations

import pytest
import torch

from fac_core.activations.spec import EncodeSpec
from fac_core.errors import WrongUse
from fac_core.models.device import chosen_device


@pytest.fixture
def machine(monkeypatch):
    """`machine(cards, mps)` is one with so many CUDA cards, with or without Apple's."""

    def made(cards: int, mps: bool) -> None:
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return made


@pytest.mark.parametrize(("cards", "mps", "chosen"), [(2, True, "cuda"), (0, True, "mps"), (0, False, "cpu")])
def test_auto_is_cuda_then_mps_then_cpu(machine, cards, mps, chosen):
    machine(cards, mps)
    assert chosen_device("auto") == chosen
    assert chosen_device("cpu") == "cpu"


@pytest.mark.parametrize("asked", ["cuda:2", "mps"])
def test_a_device_that_is_not_there_is_an_error_that_lists_those_that_are(machine, asked):
    machine(2, False)
    assert chosen_device("cuda:1") == "cuda:1"
    with pytest.raises(WrongUse, match=rf"no device {asked} here; it finds cuda:0, cuda:1, cpu"):
        chosen_device(asked)


@pytest.mark.parametrize("asked", ["bad", "cuda:", "", "gpu"])
def test_what_is_no_device_is_refused_before_anything_is_loaded(asked):
    for ask in (chosen_device, lambda name: EncodeSpec(device=name)):
        with pytest.raises(WrongUse, match="choose one of auto, cuda, cuda:1"):
            ask(asked)


def test_auto_is_the_default():
    assert EncodeSpec().device == "auto"
