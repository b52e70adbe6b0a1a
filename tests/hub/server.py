"""A Hugging Face hub on loopback: the real one's addresses and headers, for the real client, from a folder.

    root/models/owner/name/<revision>/…files…
    root/datasets/owner/name/<revision>/…files…

A revision's folder is a branch or tag; its commit is a hash of its contents. `gated` repositories answer 401 to everything
but what the hub shows to all; `cuts` says how many bytes of a file are sent before the connection breaks, and how often.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

_API = re.compile(r"/api/(models|datasets)/(?P<repo>[^/]+/[^/]+)(?:/(?P<verb>revision|tree|paths-info)/(?P<rest>.+))?")
_FILE = re.compile(r"/(?:(datasets)/)?(?P<repo>[^/]+/[^/]+)/resolve/(?P<rest>.+)")


@dataclass
class Hub:
    """What the server has, and what it was asked for."""

    root: Path
    gated: set[str] = field(default_factory=set)
    cuts: dict[str, list[int]] = field(default_factory=dict)
    """File name to the bytes after which its next answers break off, in order."""
    moved: dict[str, str] = field(default_factory=dict)
    """A branch of every repository to the revision that it is at now."""
    asked: list[tuple[str, str, str | None, int]] = field(default_factory=list)
    """Method, path, `Range` and the status of the answer."""

    def revisions(self, kind: str, repo: str) -> dict[str, Path]:
        """Every name of a revision, commits included, to its folder."""
        place = self.root / kind / repo
        named = {path.name: path for path in sorted(place.iterdir())} if place.is_dir() else {}
        commits = {commit(path): path for path in named.values()}
        return {**named, **{branch: named[now] for branch, now in self.moved.items() if now in named}, **commits}


def commit(folder: Path) -> str:
    """40 hex digits of what is in a folder."""
    digest = hashlib.sha1(usedforsecurity=False)
    for path in _files(folder):
        digest.update(path.encode() + (folder / path).read_bytes())
    return digest.hexdigest()


class running:  # noqa: N801  # read as a verb: `with running(hub) as address`
    """The hub at an address, for as long as the block lasts."""

    def __init__(self, hub: Hub) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Bound", (_Answers,), {"hub": hub}))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Answers(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if match := _API.fullmatch(path):
            self._answer_api(match[1], match["repo"], match["verb"], match["rest"] or "")
        elif match := _FILE.fullmatch(path):
            self._answer_file(match[1] or "models", match["repo"], match["rest"])
        else:
            self._refuse(404, "EntryNotFound", "no such address")

    do_HEAD = do_POST = do_GET  # noqa: N815  # the names that the base class calls

    def _answer_api(self, kind: str, repo: str, verb: str | None, rest: str) -> None:
        found = self.hub.revisions(kind, repo)
        if not found:
            return self._refuse(401, None, "Invalid username or password.")  # as the hub says it of what is not there
        revision, _, below = ("main", "", "") if verb is None else _split(rest, found)
        folder = found.get(revision)
        if folder is None:
            return self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if verb in ("tree", "paths-info"):
            return self._json(self._listing(folder, verb, below))
        files = [{"rfilename": name} for name in _files(folder)]
        about = {"id": repo, "sha": commit(folder), "siblings": files, "private": False, "tags": [], "downloads": 0}
        return self._json({**about, "gated": "auto" if repo in self.hub.gated else False})

    def _listing(self, folder: Path, verb: str, below: str) -> list[dict[str, object]]:
        files = _files(folder)
        if verb == "paths-info":
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            asked = (
                json.loads(body)["paths"]
                if body.startswith("{")
                else [unquote(p.partition("=")[2]) for p in body.split("&")]
            )
            return [_entry(folder, name) for name in files if name in asked]
        return [_entry(folder, name) for name in files if name.startswith(below)]

    def _answer_file(self, kind: str, repo: str, rest: str) -> None:
        found = self.hub.revisions(kind, repo)
        if not found:
            return self._refuse(401, "RepoNotFound", "Repository not found")
        revision, _, name = _split(rest, found)
        if repo in self.hub.gated and self.headers.get("Authorization") != "Bearer allowed":
            return self._refuse(401, "GatedRepo", f"Access to model {repo} is restricted.")
        if revision not in found:
            return self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        path = found[revision] / name
        if not path.is_file():
            return self._refuse(404, "EntryNotFound", "Entry not found")
        return self._send(path, commit(found[revision]))

    def _send(self, path: Path, at: str) -> None:
        content, begin = path.read_bytes(), 0
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        end = len(content)
        if asked:
            begin, end = int(asked[1]), int(asked[2]) + 1 if asked[2] else end
            end = min(end, len(content))
        self._note(206 if asked else 200)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(content)}")
        self.send_header("Content-Length", str(end - begin))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{_etag(content)}"')
        self.send_header("X-Repo-Commit", at)
        self.send_header("X-Linked-Size", str(len(content)))
        self.send_header("Last-Modified", formatdate(0, usegmt=True))
        self.end_headers()
        if self.command == "HEAD":
            return
        cuts = self.hub.cuts.get(path.name, [])
        if cuts:
            self.wfile.write(content[begin : begin + cuts.pop(0)])
            self.wfile.flush()
            self.close_connection = True  # fewer bytes than promised: the client sees a connection that broke off
            return
        self.wfile.write(content[begin:end])

    def _json(self, value: object) -> None:
        body = json.dumps(value).encode()
        self._note(200)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, status: int, code: str | None, message: str) -> None:
        body = json.dumps({"error": message}).encode()
        self._note(status)
        self.send_response(status)
        if code is not None:
            self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", message)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _note(self, status: int) -> None:
        self.hub.asked.append((self.command, unquote(self.path), self.headers.get("Range"), status))

    def log_message(self, *_arguments: object) -> None:
        """Nothing: `asked` has it."""


def _split(rest: str, revisions: dict[str, Path]) -> tuple[str, str, str]:
    """Revision and path, where the revision may have slashes of its own (`refs/pr/1`)."""
    whole = next((name for name in revisions if rest == name or rest.startswith(f"{name}/")), None)
    return rest.partition("/") if whole is None else (whole, "/", rest[len(whole) + 1 :])


def _entry(folder: Path, name: str) -> dict[str, object]:
    content = (folder / name).read_bytes()
    return {"type": "file", "path": name, "size": len(content), "oid": _etag(content)}


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _etag(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
