"""The generator that a name means: the one place where `local`, `steered` and a server's address are told apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fac_core.errors import WrongUse
from fac_core.generators.seam import Generator

if TYPE_CHECKING:  # torch: only where a model runs
    from fac_core.activations.sae import SparseAutoencoder


def is_address(name: str) -> bool:
    """Whether a name is a server's address, whose answers cost money.

    >>> is_address("http://localhost:11434/v1"), is_address("local")
    (True, False)
    """
    return "://" in name


def named(
    name: str,
    model: str,
    *,
    key_variable: str | None = None,
    sae: Callable[[], SparseAutoencoder] | None = None,
    device: str = "cpu",
) -> Generator:
    """The generator of a name.

    Args:
        name: `local`, `steered`, or the address of an OpenAI-compatible server.
        model: embedded, a folder or a hub id; of a server, what it calls the model.
        key_variable: the environment variable that holds the server's key.
        sae: loads the SAE that a steered one is pushed along.
        device: where one on this machine runs.

    Raises `WrongUse` for any other name, `NotFound` where there is no such model.

    >>> named("http://localhost:11434/v1", "tiny").name
    'tiny at localhost:11434/v1'
    """
    if name == "local":
        from fac_core.generators.local import LocalGenerator

        return LocalGenerator(model, device=device)
    if name == "steered" and sae is not None:
        from fac_core.generators.steered import SteeredGenerator

        return SteeredGenerator(model, sae(), device=device)
    if is_address(name):
        from fac_core.generators.openai_compatible import OpenAICompatible, Server

        return OpenAICompatible(Server(name, model, key_variable=key_variable))
    raise WrongUse(f"There is no generator {name!r}; take local{', steered' if sae else ''} or a server's address.")
