"""What lies on the Hugging Face hub: names with a revision, files in the cache, and what goes wrong, in one sentence each.

A name of the hub is `owner/name`, for old models `name`, and a branch, tag or commit may stand behind it: `owner/name@v1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from fac_core.errors import FacError, HubUnreachable, NotFound

Kind = Literal["model", "dataset", "SAE"]

_REPO = r"\w[\w.-]*(?:/\w[\w.-]*)?"
_REVISION = r"refs/(?:pr|convert)/[\w.-]+|[\w.-]+"
REVISION = rf"(?:@(?P<revision>{_REVISION}))?"
"""Behind the name of a repository: a branch, a tag, a commit, or `refs/pr/1`."""

_NAME = re.compile(rf"(?P<repo>{_REPO}){REVISION}")


@dataclass(frozen=True)
class HubName:
    """A repository of the hub, and which state of it."""

    repo: str
    revision: str | None = None
    """None is the newest."""


@dataclass(frozen=True)
class Snapshot:
    """Files of a repository as they were at one commit, in the hub's cache on this machine."""

    folder: Path
    commit: str
    """40 hex digits: the same commit has the same files for ever."""


def hub_name(name: str) -> HubName | None:
    """A name read as one of the hub; None for what cannot be one, such as a path.

    >>> hub_name("google/gemma-2-2b@v1"), hub_name("gpt2"), hub_name("./gpt2")
    (HubName(repo='google/gemma-2-2b', revision='v1'), HubName(repo='gpt2', revision=None), None)
    """
    match = _NAME.fullmatch(name)
    return HubName(match["repo"], match["revision"]) if match else None


POINTER = b"version https://git-lfs.github.com/spec/"
"""What a file begins with that `git clone` left in place of a large one, where git-lfs is not installed."""


def pointer_in(folder: Path) -> Path | None:
    """The first file of a folder that is such a pointer."""
    if not folder.is_dir():
        return None
    small = (path for path in sorted(folder.iterdir()) if path.is_file() and path.stat().st_size < _POINTER_BYTES)
    return next((path for path in small if path.read_bytes().startswith(POINTER)), None)


_POINTER_BYTES = 1024


@lru_cache(maxsize=64)
def snapshot(name: HubName, wanted: Sequence[str], unwanted: Sequence[str] = (), kind: Kind = "model") -> Snapshot:
    """The files of a model or SAE at its revision, fetched unless they are in the cache; the same until `look_again`.

    Args:
        wanted, unwanted: patterns of paths, tuples.

    Raises:
        NotFound: there is no such repository or revision, it is gated, or there is neither a network nor a copy.
        HubUnreachable: the hub failed, or the download broke off.
    """
    from huggingface_hub import snapshot_download

    with hub_errors(name, kind):
        folder = snapshot_download(
            name.repo, revision=name.revision, allow_patterns=list(wanted), ignore_patterns=list(unwanted)
        )
    return Snapshot(Path(folder), Path(folder).name)


@lru_cache(maxsize=64)
def commit_of(name: HubName, kind: Kind) -> str | None:
    """The commit that a revision is at, or was when the cache last saw it; None where nobody can say.

    Raises `NotFound` as `snapshot` does, but for a hub that cannot be reached.
    """
    from huggingface_hub import HfApi, constants, errors

    repo_type = "dataset" if kind == "dataset" else "model"
    folder = f"{repo_type}s--{name.repo.replace('/', '--')}"
    seen = Path(constants.HF_HUB_CACHE) / folder / "refs" / (name.revision or constants.DEFAULT_REVISION)
    try:
        with hub_errors(name, kind):
            commit = HfApi().repo_info(name.repo, repo_type=repo_type, revision=name.revision).sha
    except HubUnreachable:
        commit = None
    except NotFound as error:
        if not isinstance(error.__cause__, errors.OfflineModeIsEnabled):
            raise
        commit = None
    if commit is None:
        return seen.read_text(encoding="utf-8").strip() if seen.is_file() else None
    with suppress(OSError):  # a cache that only others may write to; the client keeps it in the same place
        seen.parent.mkdir(parents=True, exist_ok=True)
        seen.write_text(commit, encoding="utf-8")
    return commit


def look_again() -> None:
    """Forget which commits the revisions were at: what begins now reads the newest, and all that it reads at the same."""
    snapshot.cache_clear()
    commit_of.cache_clear()


@contextmanager
def hub_errors(name: HubName, kind: Kind) -> Iterator[None]:
    """What the hub's client raises, as one sentence that says what to do."""
    try:
        yield
    except FacError:
        raise
    except Exception as error:
        explained = _explained(error, name, kind)
        if explained is None:
            raise
        raise explained from error


def _explained(error: Exception, name: HubName, kind: Kind) -> FacError | None:
    from huggingface_hub import errors

    status = (
        error.response.status_code if isinstance(error, errors.HfHubHTTPError) and error.response is not None else 0
    )
    page, said = _page(name.repo, kind), f"{name.repo}@{name.revision}" if name.revision else name.repo
    sign_in = "sign in with `hf auth login` (or set HF_TOKEN)"
    if isinstance(error, errors.GatedRepoError) or status == 403:
        return NotFound(f"The {kind} {name.repo} is gated: accept its terms at {page}, {sign_in}, and try again.")
    if isinstance(error, errors.RevisionNotFoundError):
        return NotFound(
            f"The {kind} {name.repo} has no revision {name.revision!r}. {page}/tree/main lists its branches and tags;"
            f" without @{name.revision} the newest is taken."
        )
    if isinstance(error, errors.RepositoryNotFoundError) or status == 401:
        return NotFound(
            f"There is no {kind} {name.repo!r}, neither a folder of that name nor on the hub. Check the spelling; if it is"
            f" private, {sign_in}."
        )
    if type(error).__name__ == "IncompleteSnapshotError":
        return NotFound(f"Only a part of {said} is on this machine, and the hub cannot be reached. {_mend(name, kind)}")
    if isinstance(error, errors.LocalEntryNotFoundError | errors.OfflineModeIsEnabled):
        return NotFound(f"{said} is not on this machine, and the hub cannot be reached. {_mend(name, kind)}")
    if isinstance(error, errors.EntryNotFoundError):
        return NotFound(
            f"The {kind} {said} lacks a file that is needed ({_first_line(error)}). {page}/tree/main lists them."
        )
    if isinstance(error, errors.HfHubHTTPError):
        return HubUnreachable(f"The hub did not give {said} ({_first_line(error)}). Try again in a while.")
    if _is_of_the_network(error) or "Consistency check" in str(error):
        return HubUnreachable(
            f"The download of {said} broke off ({_first_line(error)}). The same command goes on where it stopped."
        )
    return None


def _mend(name: HubName, kind: Kind) -> str:
    of_kind = " --repo-type dataset" if kind == "dataset" else ""
    revision = f" --revision {name.revision}" if name.revision else ""
    return (
        f"Give a local folder, or fetch it where there is a network (hf download {name.repo}{of_kind}{revision}), without"
        " HF_HUB_OFFLINE, and bring the hub's cache here (HF_HOME)."
    )


def _page(repo: str, kind: Kind) -> str:
    from huggingface_hub import constants

    return f"{constants.ENDPOINT}/{'datasets/' if kind == 'dataset' else ''}{repo}"


def _is_of_the_network(error: Exception) -> bool:
    """Whether a connection failed: the client's own errors go by the name of the package that it uses for HTTP."""
    return isinstance(error, ConnectionError | TimeoutError) or type(error).__module__.startswith(("httpx", "httpcore"))


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line), type(error).__name__)
