"""Who is looking, and what they may do. Without people configured (`fac jobs people`) it is whoever sits at this machine.

What a role may not do is drawn as disabled, with the reason; that is courtesy. What holds is the check where the event is
written (`fac_core/store/events.py`): a button that was drawn before a role was taken away writes nothing.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any
from urllib.parse import quote, unquote

import streamlit as st

from dashboard.components.examples import st_text
from fac_core.errors import NotAllowed
from fac_core.people.acting import Acting
from fac_core.people.people_file import SignIn, people
from fac_core.people.place import this_user

OPEN_VARIABLE = "FAC_WITHOUT_SIGN_IN"
"""Environment: said by `fac ui --without-sign-in`, where the owner lets everybody in who can reach the address."""
_HERE = ("localhost", "127.0.0.1", "::1")
_COOKIE = "fac_name"
_NAMELESS = "Say your name first, on the left: it stands in the log, and an undo goes by it."


def gate() -> Acting | None:
    """Let in who may come in; None is whoever sits at this machine. Stops the page for anybody else, before anything is drawn."""
    rules = people().sign_in
    st.session_state["acting"] = None
    if rules is None:
        _refuse_strangers()
        return None
    if not _can_sign_in():
        st.title("Sign-in is not set up")
        st.error("People are configured, and this server was not started by `fac ui`, which sets sign-in up.")
        st.stop()
    if not st.user.is_logged_in:
        _door("FAC Explorer", "Sign in to go on.", "Sign in")
    claims = st.user.to_dict()
    until = _session_end(claims, rules)
    acting = Acting(claims, until)
    if time.time() > until:
        _door("Your session has ended", "Nothing is lost: all that was decided is in the log.", "Sign in again")
    try:
        _ = acting.role
    except NotAllowed as error:
        st.title("You are not on the list")
        st.info(f"{st_text(str(error))} Ask who owns this machine to let you in.", icon=":material/lock:")
        st.button("Sign in as somebody else", icon=":material/logout:", on_click=st.logout)
        st.stop()
    st.session_state["acting"] = acting
    return acting


def choose_author() -> None:
    """Draw who decides: who signed in, with their role; at this machine a box for the name, which the browser remembers."""
    acting: Acting | None = st.session_state.get("acting")
    if acting is not None:
        st.caption(f":material/person: {st_text(acting.name)}, {acting.role}")
        st.button("Sign out", icon=":material/logout:", on_click=st.logout, type="tertiary", key="sign_out")
        return
    if "author" not in st.session_state:
        kept = st.context.cookies.get(_COOKIE)
        st.session_state["author"] = unquote(kept) if isinstance(kept, str) else ""  # without a browser it is anything
    st.text_input("Your name", key="author", persist_state="session", placeholder="for decisions", on_change=_named)
    if st.session_state.pop("just_named", False):
        said = json.dumps(f"{_COOKIE}={quote(who())}; path=/; max-age=31536000; samesite=strict")
        st.html(f"<script>document.cookie = {said}</script>", unsafe_allow_javascript=True, width="content")


def who() -> str:
    """The name that goes into the log; empty for somebody at this machine who has not said theirs."""
    acting: Acting | None = st.session_state.get("acting")
    return acting.name if acting is not None else (st.session_state.get("author") or "").strip()


def who_asks() -> str:
    """The same for jobs, which nobody undoes: at this machine its user, where nobody said a name."""
    return who() or this_user()


def why_not(kind: str, job: str = "") -> str:
    """Why the visitor cannot do this now, in a sentence; empty where they can.

    Args:
        kind: of the event, or `anchor`, `upload`, `prompt`, `export`; see `fac_core/people/roles.py`.
        job: of a job, its kind.
    """
    acting: Acting | None = st.session_state.get("acting")
    if acting is not None:
        return acting.refusal(kind, {"kind": job})
    return "" if kind in ("job", "anchor", "upload", "prompt", "export") or who() else _NAMELESS


def barred(kind: str, job: str = "", **widget: Any) -> dict[str, Any]:
    """A widget's arguments, disabled and with the reason as its help where the visitor may not: `st.button("Do", **barred(…))`."""
    reason = why_not(kind, job)
    return {**widget, "disabled": True, "help": reason} if reason else widget


def _door(title: str, why: str, word: str) -> None:
    st.title(title)
    st.markdown(why)
    st.button(word, icon=":material/login:", on_click=st.login, type="primary")
    st.stop()


def _refuse_strangers() -> None:
    address = st.get_option("server.address")
    if address in _HERE or os.environ.get(OPEN_VARIABLE):
        return
    st.title("Who may come in?")
    st.error(
        f"This server listens at {address or 'every address'}, and nobody was configured to sign in. Let people in with"
        " `fac jobs sign-in` and `fac jobs admit`, or start it with `fac ui`, which only this machine reaches."
    )
    st.stop()


def _can_sign_in() -> bool:
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


@st.cache_resource(show_spinner=False)
def _sessions() -> dict[tuple[str, str], float]:
    """When each session was last looked at, for all people; 0 for one that has ended."""
    return {}


def _session_end(claims: dict[str, Any], rules: SignIn) -> float:
    """When the session ends unless its person looks at a page again; in the past where it has ended."""
    now, began = time.time(), float(claims.get("iat") or 0)
    key = (str(claims.get("sub")), str(claims.get("iat")))
    last = _sessions().get(key, now)
    idle = rules.idle_minutes * 60
    ended = now - last > idle or now > began + rules.hours * 3600
    _sessions()[key] = 0.0 if ended else now
    return 0.0 if ended else min(now + idle, began + rules.hours * 3600)


def _named() -> None:
    st.session_state["just_named"] = True
