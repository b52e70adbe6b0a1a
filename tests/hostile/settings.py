"""Settings in TOML, damaged or with other values than they may have."""

from __future__ import annotations

import json
import random
from pathlib import Path

from tests.hostile.damage import Make, cut, flipped, marked, noise, spliced
from tests.hostile.texts import text

_SETTINGS = {
    "rubric": 'task = "t"\ntitle = "T"\nquestion = "Q?"\ncriteria = ["a"]\nsource = "s"\n',
    "prompt": 'name = "explain"\nversion = 1\nsystem = "s"\nuser = "u $spans"\n[[example]]\nuser = "a"\nassistant = "b"\n',
    "template": 'name = "text"\nversion = 1\nshape = "text"\nform = "json"\n[one_step]\nuser = "u $examples"\n',
    "allowed": '[allowed.a]\naddress = "http://localhost:1/v1"\nkey = "KEY"\n',
    "holes": 'name = "h"\n[[collection]]\nname = "c"\nuse = "choose"\nrun = "r"\n[collection.topics]\na = "b+"\n',
}


def settings(kind: str) -> Make:
    def make(draw: random.Random, folder: Path) -> Path:
        written = _SETTINGS[kind]
        match draw.randrange(5):
            case 0:
                at = draw.choice([i for i, c in enumerate(written) if c == "="])
                end = written.index("\n", at)
                other = draw.choice(
                    (
                        "3",
                        "-1",
                        "nan",
                        "[]",
                        "{}",
                        '""',
                        '"\\u0000"',
                        "1979-05-27",
                        "[[1]]",
                        "true",
                        json.dumps("$" + text(draw)).replace("\\ud800", ""),
                    )
                )
                content = (written[: at + 1] + other + written[end:]).encode()
            case 1:
                content = (
                    written
                    + draw.choice(
                        (
                            "more = 1\n",
                            "a = " + "[" * 5000 + "\n",
                            "a." * 3000 + "b = 1\n",
                            "x = " + "9" * 5000 + "\n",
                            "\x00\n",
                        )
                    )
                ).encode()
            case 2:
                content = marked(draw, written.encode())
            case _:
                content = draw.choice((cut, flipped, spliced, noise))(draw, written.encode())
        path = folder / f"{'text' if kind == 'template' else 'explain' if kind == 'prompt' else kind}.toml"
        path.write_bytes(content)
        return path

    return make


def kinds() -> dict[str, dict[str, tuple[Make, int]]]:
    """By door and name how it is made, and how many of it the whole corpus has."""
    return {f"settings: {kind}": {"damaged": (settings(kind), 80)} for kind in _SETTINGS}
