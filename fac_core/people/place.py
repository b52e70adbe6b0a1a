"""Where the owner of this machine says what others may, who that is, and which files somebody from elsewhere can name."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from platformdirs import user_config_path

from fac_core.errors import NotAllowed


def config_folder() -> Path:
    """`$FAC_CONFIG`, or where the platform keeps a user's settings: outside of every workspace."""
    folder = os.environ.get("FAC_CONFIG")
    return Path(folder) if folder else user_config_path("fac-explorer")


def this_user() -> str:
    """Who works at this machine, by the system's word: the author of what is decided in a terminal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no entry
        return "owner"


def confined(name: str, folder: Path, *, is_file: bool = False) -> str:
    """What somebody from elsewhere named: a hub id as it is, a file as its path in `folder`, also if it is not there yet.

    Args:
        is_file: whether the name is a file's in any case, and never one of the hub.

    Raises `NotAllowed` for a file that leads out, by whatever way: absolute, `..`, `~`, a link; and for mixtures and rubrics
    (`.toml`), which name files themselves or say what they hold.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()).resolve()
    >>> confined("./a.jsonl", folder) == str(folder / "a.jsonl"), confined("hub:owner/name", folder)
    (True, 'hub:owner/name')
    >>> confined("/etc/passwd", folder)
    Traceback (most recent call last):
    fac_core.errors.NotAllowed: '/etc/passwd' lies outside of this workspace. Upload the file, or give one inside.
    """
    folder = folder.resolve()
    before, split, after = name.rpartition(":")
    if split and not is_file and after.replace("+", "").replace("_", "").isalnum() and before not in ("hub", ""):
        held = confined(before, folder)  # `FOLDER:test` is as far as its folder
        return f"{held}:{after}" if held != before or (folder / before).exists() else name
    given = Path(name.removeprefix("hub:").replace("\\", "/") if _is_path(name) else name).expanduser()
    path, from_here = (folder / given).resolve(), given.resolve()
    if not is_file and not path.exists() and from_here.exists():
        path = from_here  # what whoever reads it would find
    if not (is_file or _is_path(name) or path.exists()):
        return name
    inside = path.is_relative_to(folder)
    if inside and path.is_dir():  # whoever reads a folder reads what its links lead to
        inside = all(one.resolve().is_relative_to(folder) for one in path.rglob("*") if one.is_symlink())
    if not inside:
        raise NotAllowed(f"{name!r} lies outside of this workspace. Upload the file, or give one inside.")
    if path.suffix.lower() == ".toml":
        raise NotAllowed(
            f"{name!r} cannot be given here. Whoever owns this machine can give .toml files in a terminal."
        )
    return str(path)


def _is_path(name: str) -> bool:
    """Whether a name can be nothing but a file's; `owner/name` may be one of the hub."""
    bare = name.removeprefix("hub:")
    return bare.startswith(("/", "~", ".")) or "\\" in bare or ".." in Path(bare).parts or Path(name).is_absolute()
