"""Where models run: `auto` is the quickest device that PyTorch finds here. The one place that decides it."""

from __future__ import annotations

import re

from fac_core.errors import WrongUse

CHOICES = "auto, cuda, cuda:1 (the second card), mps, cpu"


def is_a_device(name: str) -> bool:
    """Whether a name can be asked for, be such a device here or not.

    >>> is_a_device("auto"), is_a_device("cuda:1"), is_a_device("gpu")
    (True, True, False)
    """
    return re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name) is not None


def chosen_device(asked: str = "auto") -> str:
    """The device for what was asked: `auto` is cuda where there is one, then mps, then cpu.

    Raises `WrongUse` for a word that is no device, and for a device that is not there.

    >>> chosen_device("cpu")
    'cpu'
    """
    import torch  # `fac doctor` and the specs know this file, and neither waits for PyTorch without need

    if not is_a_device(asked):
        raise WrongUse(f"device is {asked!r}; choose one of {CHOICES}.")
    n_cards, has_mps = torch.cuda.device_count(), torch.backends.mps.is_available()
    if asked == "auto":
        return "cuda" if n_cards else "mps" if has_mps else "cpu"
    kind, _, number = asked.partition(":")
    there = {"cpu": True, "mps": has_mps, "cuda": int(number or 0) < n_cards}[kind]
    if not there:
        here = [*(f"cuda:{i}" for i in range(n_cards)), *(["mps"] if has_mps else []), "cpu"]
        raise WrongUse(
            f"PyTorch finds no device {asked} here; it finds {', '.join(here)}. Choose one of them, or auto."
            " (A build of PyTorch without CUDA finds no card: see pytorch.org/get-started.)"
        )
    return asked


def device_in_words(device: str) -> str:
    """A device with the name of its card: `cuda (NVIDIA H100 80GB HBM3)`."""
    import torch

    return f"{device} ({torch.cuda.get_device_name(device)})" if device.startswith("cuda") else device
