"""Servers that answer on this machine: offered to a person, never used unasked."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

PORTS: Mapping[str, int] = {"ollama": 11434, "lm-studio": 1234, "llama.cpp": 8080, "vllm": 8000}
"""Where the usual programs listen if nobody said otherwise."""

_SECONDS, _BYTES, _MODELS = 0.5, 1 << 20, 200


@dataclass(frozen=True)
class Nearby:
    """A server that lists its models as OpenAI's does."""

    name: str
    """Of the program that usually listens there."""
    address: str
    models: tuple[str, ...]


def nearby(ports: Mapping[str, int] = PORTS) -> tuple[Nearby, ...]:
    """Whoever answers at one of the ports of this machine.

    >>> nearby({"nobody": 9})
    ()
    """
    found = []
    for name, port in ports.items():
        address = f"http://localhost:{port}/v1"
        models = models_of(address)
        if models:
            found.append(Nearby(name, address, models))
    return tuple(found)


def models_of(address: str) -> tuple[str, ...]:
    """The models of a server, as it calls them; none where nothing answers, or something else than such a server."""
    try:
        with urllib.request.urlopen(f"{address}/models", timeout=_SECONDS) as answer:  # noqa: S310  # asked for by a person
            listed = json.loads(answer.read(_BYTES))["data"][:_MODELS]
            return tuple(str(one["id"]) for one in listed)
    except (OSError, ValueError, KeyError, TypeError):
        return ()
