"""What Streamlit reads to sign people in, put together when the dashboard starts, and gone when it ends.

The two secrets come from the environment, and are kept nowhere: the file lies in a folder that only this user can read.
"""

from __future__ import annotations

import importlib.util
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fac_core.errors import MissingExtra, WrongUse
from fac_core.people.people_file import SignIn

_SHORTEST = 32


@contextmanager
def secrets_file(sign_in: SignIn) -> Iterator[Path]:
    """The file, for as long as the block lasts.

    Raises `MissingExtra` without Authlib, `WrongUse` for a variable that is not set, or a cookie secret that could be guessed.
    """
    if importlib.util.find_spec("authlib") is None:
        raise MissingExtra("To sign people in takes Authlib: pip install 'fac-explorer[sign-in]'")
    cookie_secret = _from_environment(sign_in.cookie_secret)
    if len(cookie_secret) < _SHORTEST:
        raise WrongUse(
            f"${sign_in.cookie_secret} has {len(cookie_secret)} characters. Draw {_SHORTEST} or more at random."
        )
    said = {
        "redirect_uri": f"{sign_in.address}/oauth2callback",
        "cookie_secret": cookie_secret,
        "client_id": sign_in.client_id,
        "client_secret": _from_environment(sign_in.client_secret),
        "server_metadata_url": sign_in.metadata,
    }
    lines = ["[auth]", *(f"{name} = {json.dumps(value)}" for name, value in said.items())]
    lines += ["[auth.client_kwargs]", f"scope = {json.dumps(sign_in.scope)}", ""]
    with tempfile.TemporaryDirectory(prefix="fac-", dir=os.environ.get("XDG_RUNTIME_DIR")) as folder:
        path = Path(folder) / "secrets.toml"
        path.touch(0o600)
        path.write_text("\n".join(lines))
        yield path


def _from_environment(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise WrongUse(
            f"${variable} is not set, and people are configured to sign in. It is read when the dashboard starts; a cookie"
            ' secret is drawn by: python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    return value
