"""What language models and their servers answer, and texts for the tokeniser."""

from __future__ import annotations

import json
import random
from pathlib import Path

from tests.hostile.damage import Make, cut, flipped, spliced
from tests.hostile.texts import nested, text, value

_KEYS = ("label", "name", "relevant", "verdict", "level", "contain", "reason", "text", "texts", "samples", "messages")


def _object(draw: random.Random) -> str:
    found = {
        draw.choice(_KEYS): draw.choice((value(draw), text(draw), "yes", nested(400)))
        for _ in range(draw.randint(0, 4))
    }
    return json.dumps(found, ensure_ascii=draw.random() < 0.5)


def answer(draw: random.Random, folder: Path) -> Path:
    """An answer that should hold one JSON object."""
    found = _object(draw)
    match draw.randrange(10):
        case 0:
            found = f"Sure!\n```json\n{found}\n```\n" + text(draw)
        case 1:
            found = draw.choice(
                ("{", "[", '{"a":', '{"a', '{"a\\', "{'a':", '{"a":"', "<think>", "{}", '"', "\\", ",}")
            ) * draw.choice((30, 10_000, 300_000))
        case 2:
            found = found[: draw.randrange(len(found) + 1)] * draw.randint(1, 30)
        case 3:
            found = found.replace('"', draw.choice(("'", "“", '""', ""))).replace("}", ",}")
        case 4:
            found = (
                '{"label": '
                + draw.choice(("NaN", "Infinity", "9" * 5000, "1e999", "[" * 10_000 + "]" * 10_000, "null", "0x1"))
                + "}"
            )
        case 5:
            found = "<think>" * draw.randint(1, 3000) + found + "</think>" * draw.randint(0, 3000) + found
        case 6:
            found = '{"label": "' + 'a "b" ' * draw.choice((10, 3000, 100_000)) + '"}'
        case 7:
            found = (
                "{" * 19 + '{"label": "' + "x" * draw.choice((10, 3_000_000)) + draw.choice(('"}', "", '",' * 50_000))
            )
        case _:
            damaged = draw.choice((cut, flipped, spliced))(draw, found.encode(errors="surrogatepass"))
            found = damaged.decode(errors=draw.choice(("replace", "ignore", "surrogateescape")))
    return _said(folder, found)


def reply(draw: random.Random, folder: Path) -> Path:
    """What came from the server, as text."""
    found: dict[str, object] = {
        "choices": [
            {
                "message": {"role": "assistant", "content": draw.choice((text(draw), None, value(draw)))},
                "finish_reason": "stop",
            }
        ],
        "usage": draw.choice(
            (
                None,
                {},
                {"prompt_tokens": -1},
                {"prompt_tokens": None},
                {"completion_tokens": 1e300},
                value(draw),
                {"prompt_tokens": 10**30},
            )
        ),
    }
    for key in draw.sample(("choices", "usage", "model", "error"), draw.randint(0, 2)):
        found[key] = draw.choice((value(draw), [], None, nested(900), {"message": text(draw)}))
    content = json.dumps(found).encode()
    if draw.random() < 0.3:
        content = draw.choice((cut, flipped, spliced))(draw, content)
    if draw.random() < 0.05:
        content = b'{"choices":' + b"[" * 10**6
    return _said(folder, content.decode(errors="replace"))


def sample(draw: random.Random, folder: Path) -> Path:
    """A text for the tokeniser, or a chat as JSON."""
    match draw.randrange(12):
        case 0:
            return _said(
                folder, draw.choice(("x", "é", "😀", " ", "\n", "<|eos|>", "[INST]")) * draw.choice((1, 1_000_000))
            )
        case 1:
            turns = [
                {"role": draw.choice(("user", "assistant", "system", "", "{{7*7}}")), "content": text(draw)}
                for _ in range(draw.choice((1, 3000)))
            ]
            return _said(folder, json.dumps(turns))
        case 2 | 3 | 4:
            turns = [
                {"role": draw.choice(("user", "assistant", "x")), "content": text(draw)}
                for _ in range(draw.randint(1, 6))
            ]
            return _said(folder, json.dumps(turns))
        case _:
            return _said(folder, text(draw))


def _said(folder: Path, said: str) -> Path:
    path = folder / "said.txt"
    path.write_bytes(said.encode(errors="surrogatepass"))
    return path


def kinds() -> dict[str, dict[str, tuple[Make, int]]]:
    """By door and name how it is made, and how many of it the whole corpus has."""
    return {
        "model's answer": {"one object": (answer, 600)},
        "server's reply": {"a completion": (reply, 300)},
        "tokeniser": {"texts and chats": (sample, 300)},
    }
