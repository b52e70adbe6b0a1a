"""What stands where a file should: folders, saved datasets, mixtures, pipes, links to themselves."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

from tests.hostile.damage import DAMAGE, Make, as_is, cut, flipped, spliced
from tests.hostile.texts import storable
from tests.hostile.well_formed import FORMATS, as_json, jsonl


def folder_of_many(draw: random.Random, folder: Path) -> Path:
    for i in range(draw.randint(0, 8)):
        ending = draw.choice(list(FORMATS))
        name = draw.choice((f"{i}", f"{i} x", f"ü{i}", f".{i}", f"{i}\n", f"[bold]{i}", "a" * 200 + str(i)))
        (folder / f"{name}{ending}").write_bytes(draw.choice(DAMAGE)(draw, FORMATS[ending](draw)))
    match draw.randrange(4):
        case 0:
            (folder / "loop").symlink_to(folder, target_is_directory=True)
        case 1:
            (folder / "self.jsonl").symlink_to(folder / "self.jsonl")
        case 2:
            os.mkfifo(folder / "pipe.jsonl")
        case _:
            (folder / "zero.txt").symlink_to("/dev/zero")
    return folder


def no_file(draw: random.Random, folder: Path) -> Path:
    """What has the name of a file and is none."""
    path = folder / f"data{draw.choice(('.jsonl', '.csv', '.toml', '.parquet', '.txt.gz'))}"
    match draw.randrange(6):
        case 0:
            os.mkfifo(path)
        case 1:
            path.symlink_to("/dev/zero")
        case 2:
            path.symlink_to(path)
        case 3:
            path.mkdir()
        case 4:
            return folder / draw.choice(
                ("x" * 300 + ".jsonl", "a\0b.jsonl", "\ud800.csv", "~nobody/x.csv", "hub:../..", "")
            )
        case _:
            path.symlink_to("/proc/self/mem")
    return path


def saved(draw: random.Random, folder: Path) -> Path:
    """What `save_to_disk` writes, damaged in one of its files."""
    from datasets import Dataset

    Dataset.from_list([{"text": storable(draw), "label": i} for i in range(9)]).save_to_disk(folder / "saved")
    for path in sorted((folder / "saved").iterdir()):
        if draw.random() < 0.5:
            content = path.read_bytes()
            if path.suffix == ".json" and draw.random() < 0.6:
                content = as_json(
                    draw.choice(([], {}, 3, None, {"_data_files": 3}, {"features": {"a": {"_type": "Evil"}}}))
                )
                if draw.random() < 0.5:
                    content = as_json({"_data_files": [{"filename": "../../x"}], "_format_type": "torch", "_split": 3})
            path.write_bytes(draw.choice((as_is, cut, flipped))(draw, content))
    return folder / "saved"


def mixture(draw: random.Random, folder: Path) -> Path:
    (folder / "a.jsonl").write_bytes(jsonl(draw))
    path = draw.choice(
        (
            "a.jsonl",
            "../x",
            "/dev/zero",
            "package:os/path",
            "package:json/decoder.py",
            "${HOME}",
            "${NO}",
            "m.toml",
            "hub:a b",
        )
    )
    said = json.dumps(draw.choice(("set", storable(draw)[:60])), ensure_ascii=True).replace("\\u0000", "")
    content = f'name = {said}\n[[set]]\nname = "a"\npath = "{path}"\n'
    if draw.random() < 0.3:
        content += draw.choice(
            ("take = -1\n", "text = 3\n", "[[set]]\n", 'name = "b"\n', "[set]\n", "a = " + "[" * 20_000 + "\n")
        )
    (folder / "m.toml").write_bytes(draw.choice((as_is, as_is, cut, flipped, spliced))(draw, content.encode()))
    return folder / "m.toml"


def kinds() -> dict[str, tuple[Make, int]]:
    """By name how it is made, and how many of it the whole corpus has."""
    return {
        "folder": (folder_of_many, 150),
        "no file": (no_file, 60),
        "saved": (saved, 100),
        "mixture": (mixture, 150),
    }
