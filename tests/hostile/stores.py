"""Run files, workspaces, backups and settings from somebody else: bits flipped, cut, tables swapped, other types, garbage."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb

from fac_core.naming.labels import Labels
from fac_core.store.runs.schema import TABLES
from fac_core.store.upkeep.backup import back_up
from fac_core.store.workspace import Workspace
from tests.hostile import files
from tests.hostile.files import Make, as_is, cut, flipped, spliced
from tests.hostile.texts import MARKUP, text, value
from tests.runs import make_run

_MINE = [(f, s, 1.0 + f + s) for f in range(3) for s in range(8)]


def prepare(folder: Path) -> None:
    """What single cases begin with: a run, a workspace and its backup, as they should be. `folder` is where cases lie."""
    make_run(folder / "whole.duckdb", "theirs", _MINE, 8, 4).close()
    _workspace(folder / "whole-workspace")
    back_up(Workspace(folder / "whole-workspace"), folder / "whole-backup")


def _run(folder: Path) -> bytes:
    return (folder / "whole.duckdb").read_bytes()


def damaged_run(draw: random.Random, folder: Path) -> Path:
    content = bytearray(_run(_shared(folder)))
    match draw.randrange(4):
        case 0:
            del content[draw.randrange(len(content)) :]
        case 1:
            for _ in range(draw.choice((1, 20, 400))):
                content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        case 2:
            at = draw.randrange(len(content) - 4096)
            content[at : at + 4096] = draw.randbytes(4096)
        case _:
            at, of = (draw.randrange(len(content) - 4096) & ~4095 for _ in range(2))
            content[at : at + 4096] = content[of : of + 4096]
    path = folder / "theirs.duckdb"
    path.write_bytes(content)
    return path


def tampered_run(draw: random.Random, folder: Path) -> Path:
    """A whole DuckDB file that says something else than ours do."""
    path = folder / "theirs.duckdb"
    path.write_bytes(_run(_shared(folder)))
    table, other = draw.sample(list(TABLES), 2)
    with duckdb.connect(str(path)) as db:
        columns = [row[0] for row in db.execute(f"DESCRIBE {table}").fetchall()]
        column = draw.choice(columns)
        said = draw.choice(MARKUP).replace("'", "''")
        statements = (
            [f"DROP TABLE {table}"],
            [
                f"ALTER TABLE {table} RENAME TO t",
                f"ALTER TABLE {other} RENAME TO {table}",
                f"ALTER TABLE t RENAME TO {other}",
            ],
            [f"ALTER TABLE {table} DROP COLUMN {column}"],
            [
                f"ALTER TABLE {table} ALTER {column} TYPE {draw.choice(('VARCHAR', 'BLOB', 'VARCHAR[]', 'STRUCT(a VARCHAR)'))}"
                + " USING NULL"
            ],
            [f"UPDATE {table} SET {column} = NULL"],
            [f"DELETE FROM {table}"],
            [f"INSERT INTO {table} FROM {table}"],
            [
                f"UPDATE run SET {draw.choice(('name', 'model', 'sae', 'versions', 'created_at', 'roles', 'commits', 'source', 'run_id'))} = '{said}'"
            ],
            [
                f"UPDATE run SET {draw.choice(('d_sae', 'n_samples', 'n_tokens', 'context', 'd_model'))} = {draw.choice((-1, 0, 2**31 - 1))}"
            ],
            [f"UPDATE samples SET text = '{said}', metadata = '{draw.choice(('[', 'null', '3', said))}'"],
            ["UPDATE activations SET sample_id = 4000000000"],
            ["UPDATE activations SET feature_id = 4000000000"],
            [f"UPDATE activations SET activation = '{draw.choice(('nan', 'inf', '-inf', '-1'))}'"],
            ["UPDATE token_activations SET char_start = 4000000000, char_end = 0"],
            ["CREATE VIEW v AS FROM glob('/*')"],
            ["CREATE MACRO round(x, n) AS 0"],
            ["ALTER TABLE run ADD COLUMN more VARCHAR"],
        )
        for statement in draw.choice(statements):
            try:
                db.execute(statement)
            except duckdb.Error:  # the draw asks for what DuckDB does not do
                break
    return path


def no_run(draw: random.Random, folder: Path) -> Path:
    path = folder / "theirs.duckdb"
    match draw.randrange(4):
        case 0:
            path.write_bytes(draw.randbytes(draw.choice((0, 1, 4096, 100_000))))
        case 1:
            sqlite3.connect(path).close()
        case 2:
            duckdb.connect(str(path)).close()
        case _:
            path.mkdir()
    return path


def _shared(folder: Path) -> Path:
    """Beside the folders of single cases: what all of them begin with."""
    return folder.parent


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
    shutil.copytree(_shared(folder) / "whole-workspace", place)
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
            path.write_bytes(draw.choice((cut, flipped, spliced, files.noise))(draw, path.read_bytes()))
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
    shutil.copytree(_shared(folder) / "whole-backup", place)
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
            manifest.write_bytes(draw.choice((cut, flipped, spliced, files.noise))(draw, manifest.read_bytes()))
            return place
    manifest.write_text(json.dumps(found))
    return place


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
    path.write_bytes(draw.choice((as_is, as_is, as_is, cut, flipped, spliced, files.marked))(draw, b"\n".join(lines)))
    return path


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
                content = files.marked(draw, written.encode())
            case _:
                content = draw.choice((cut, flipped, spliced, files.noise))(draw, written.encode())
        path = folder / f"{'text' if kind == 'template' else 'explain' if kind == 'prompt' else kind}.toml"
        path.write_bytes(content)
        return path

    return make


def kinds() -> dict[str, dict[str, tuple[Make, int]]]:
    """By door and name how it is made, and how many of it the whole corpus has."""
    runs: dict[str, tuple[Callable[[random.Random, Path], Path], int]] = {
        "damaged": (damaged_run, 200),
        "tampered": (tampered_run, 300),
        "no run": (no_run, 20),
    }
    return {
        "run file": runs,
        "workspace": {"one file replaced": (workspace, 250)},
        "backup": {"one file replaced": (backup, 150)},
        "imported labels": {"explanations": (labels, 300)},
        **{f"settings: {kind}": {"damaged": (settings(kind), 80)} for kind in _SETTINGS},
    }
