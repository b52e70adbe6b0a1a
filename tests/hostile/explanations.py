"""Explanations of features as others export them."""

from __future__ import annotations

import json
import random
from pathlib import Path

from tests.hostile.damage import Make, as_is, cut, flipped, marked, spliced
from tests.hostile.texts import text, value


def labels(draw: random.Random, folder: Path) -> Path:
    """Explanations as Neuronpedia exports them, and what else is in such a file."""
    lines = []
    for _ in range(draw.randint(1, 20)):
        row = {
            "modelId": "m",
            "layer": "l",
            "index": str(draw.randrange(12)),
            "description": text(draw),
            "typeName": "t",
        }
        for key in draw.sample(list(row), draw.randint(0, 2)):
            row[key] = value(draw)
        if draw.random() < 0.2:
            row["index"] = draw.choice(("²", "٣", "9" * 5000, -1, 1e300, True, [1], "1_0", 2**70))
        lines.append(json.dumps(row).encode())
    path = folder / draw.choice(("labels.jsonl", "labels.jsonl.gz"))
    path.write_bytes(draw.choice((as_is, as_is, as_is, cut, flipped, spliced, marked))(draw, b"\n".join(lines)))
    return path


def kinds() -> dict[str, dict[str, tuple[Make, int]]]:
    """By door and name how it is made, and how many of it the whole corpus has."""
    return {"imported labels": {"explanations": (labels, 300)}}
