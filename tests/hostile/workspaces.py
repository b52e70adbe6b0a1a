"""Workspaces and backups from somebody else, with one file of them replaced; and the whole ones that cases begin with."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from pathlib import Path

from fac_core.naming.labels import Labels
from fac_core.store.upkeep.backup import back_up
from fac_core.store.workspace import Workspace
from tests.hostile.damage import Make, cut, flipped, noise, spliced
from tests.runs import make_run

_MINE = [(f, s, 1.0 + f + s) for f in range(3) for s in range(8)]


def prepare(folder: Path) -> None:
    """What single cases begin with: a run, a workspace and its backup, as they should be. `folder` is where cases lie."""
    make_run(folder / "whole.duckdb", "theirs", _MINE, 8, 4).close()
    _workspace(folder / "whole-workspace")
    back_up(Workspace(folder / "whole-workspace"), folder / "whole-backup")


def _workspace(folder: Path) -> None:
    place = Workspace.create(folder)
    make_run(place.run_path("id-anchor"), "anchor", _MINE, 8, 4).close()
    make_run(place.run_path("id-seed"), "seed", [(0, s, 1.0) for s in range(8)], 8, 4).close()
    place.set_anchor("anchor")
    log = place.events()
    Labels(log, "space").rename(0, "law", author="Ann")
    log.append("id-seed", "triage", "1", {"state": "target", "reason": ""}, author="Ann", seen=0)
    place.pulses(), place.measurements(), place.answers()


def workspace(draw: random.Random, folder: Path) -> Path:
    """A workspace with one file of it replaced."""
    place = folder / "theirs"
    shutil.copytree(folder.parent / "whole-workspace", place)
    marker = place / "workspace.json"
    match draw.randrange(9):
        case 0:
            found = draw.choice(
                ([], 3, None, "x", {"anchor": 3}, {"anchor": "../x"}, {"anchor": None}, {"anchor": []}, {"anchor": {}})
            )
            marker.write_text(json.dumps(found))
        case 1:
            marker.write_bytes(
                draw.choice((b"", b"\xff\xfe", b"[" * 100_000, b'{"anchor": ' + b"9" * 5000 + b"}", b"\0"))
            )
        case 2:
            path = place / "workspace.sqlite"
            path.write_bytes(draw.choice((cut, flipped, spliced, noise))(draw, path.read_bytes()))
        case 3:
            with sqlite3.connect(place / "workspace.sqlite") as db:
                db.execute(
                    draw.choice(
                        (
                            "DROP TABLE event",
                            "UPDATE event SET payload = '[1]'",
                            "UPDATE event SET payload = 'x'",
                            f"UPDATE event SET payload = '{'[' * 5000}'",
                            "UPDATE event SET payload = x'ff'",
                            "UPDATE event SET version = 'x'",
                            "UPDATE event SET seq = -9223372036854775808 WHERE seq = 1",
                            "UPDATE event SET item = 'x', author = x'ff'",
                            "DROP TABLE event; ",
                            "ALTER TABLE event RENAME COLUMN payload TO p",
                        )
                    )
                )
        case 4:
            (place / "runs" / "id-seed.duckdb").write_bytes(draw.randbytes(5000))
        case 5:
            (place / "runs" / "x.duckdb").symlink_to(draw.choice(("x.duckdb", "/dev/zero", "/etc/passwd", "../..")))
        case 6:
            (place / "runs" / "id-anchor.duckdb").rename(
                place / "runs" / draw.choice(("a b.duckdb", "[bold].duckdb", "other.duckdb"))
            )
        case 7:
            shutil.rmtree(place / "runs")
            (place / "runs").write_text("x")
        case _:
            (place / "workspace.sqlite").unlink()
            draw.choice(
                ((place / "workspace.sqlite").mkdir, lambda: (place / "workspace.sqlite").symlink_to("/dev/zero"))
            )()
    return place


def backup(draw: random.Random, folder: Path) -> Path:
    place = folder / "backup"
    shutil.copytree(folder.parent / "whole-backup", place)
    manifest = place / "backup.json"
    found = json.loads(manifest.read_bytes())
    name = draw.choice(list(found["files"]))
    match draw.randrange(6):
        case 0:
            outside = draw.choice(
                ("../../outside", "/outside", "runs/../../outside", "", ".", "a\0b", "x" * 5000, "runs")
            )
            found["files"][outside] = found["files"].pop(name)
        case 1:
            found = draw.choice(
                ([], 3, None, {"files": 3}, {"files": [[1, 2]]}, {"files": {"workspace.json": 3}}, {"files": {}})
            )
        case 2:
            (place / name).unlink()
            (place / name).symlink_to(draw.choice(("/etc/passwd", "/dev/zero", "x")))
        case 3:
            path = place / name
            path.write_bytes(draw.choice((cut, flipped))(draw, path.read_bytes()))
        case _:
            manifest.write_bytes(draw.choice((cut, flipped, spliced, noise))(draw, manifest.read_bytes()))
            return place
    manifest.write_text(json.dumps(found))
    return place


def kinds() -> dict[str, dict[str, tuple[Make, int]]]:
    """By door and name how it is made, and how many of it the whole corpus has."""
    return {
        "workspace": {"one file replaced": (workspace, 250)},
        "backup": {"one file replaced": (backup, 150)},
    }
