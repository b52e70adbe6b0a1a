"""The people whom the owner of this machine lets in: `people.toml`, beside the addresses that jobs may reach.

    [sign_in]
    metadata = "https://login.example.org/.well-known/openid-configuration"
    client_id = "fac-explorer"
    client_secret = "FAC_CLIENT_SECRET"       # the environment variable that holds it
    address = "https://fac.example.org"       # where people open the dashboard

    [[person]]
    email = "ann@example.org"                 # or domain = "example.org", or group = "curators"
    role = "owner"

Without `[sign_in]` nobody signs in: the dashboard is for who sits at this machine. The file lies outside of every workspace
and holds no secret. It is read again whenever somebody writes, so a role that is taken away is gone at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from fac_core.errors import NotAllowed, NotFound, WrongUse
from fac_core.people.place import config_folder
from fac_core.people.roles import ROLES, Role
from fac_core.toml_file import read_toml
from fac_core.whole import write_whole

By = Literal["email", "domain", "group"]
"""What a rule looks at."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SignIn(_Table):
    """Who vouches for people, and how long a session lasts."""

    metadata: str
    """Address of an OpenID Connect provider's `.well-known/openid-configuration`."""
    client_id: str = Field(min_length=1)
    client_secret: str = "FAC_CLIENT_SECRET"  # noqa: S105  # the name of a variable
    """Environment variable with the secret that the provider gave."""
    cookie_secret: str = "FAC_COOKIE_SECRET"  # noqa: S105  # the same
    """Environment variable with what cookies are signed with: 32 characters or more, drawn at random."""
    address: str
    """Where people open the dashboard; the provider sends them back to `<address>/oauth2callback`."""
    scope: str = "openid email profile"
    """What the provider is asked for; some give groups only for a scope of their own."""
    group_claim: str = "groups"
    """Which claim lists somebody's groups."""
    trusts_email: bool = False
    """Let a provider's e-mail address count that does not say `email_verified`: only where its users cannot choose it."""
    hours: float = Field(12, gt=0)
    """A session ends so long after signing in."""
    idle_minutes: float = Field(60, gt=0)
    """A session ends so long after the last look at a page."""
    acts_a_minute: int = Field(120, ge=1)
    """Decisions, of one person; a decision about many gaps is one."""
    jobs_an_hour: int = Field(60, ge=1)
    """Jobs that one person asks for, and changes."""
    upload_mb: int = Field(200, ge=1)
    """Largest file that comes through the browser."""
    uploads_mb_an_hour: int = Field(1000, ge=1)
    """Of one person."""

    @field_validator("metadata", "address")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1"):
            raise ValueError(f"{value!r} has to begin with https://: what is sent there lets people in")
        return value.rstrip("/")


class Rule(_Table):
    """Whom one line lets in, and as what."""

    email: str | None = None
    domain: str | None = None
    group: str | None = None
    role: Role

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.email, self.domain, self.group)) != 1:
            raise ValueError("give one of email, domain and group")
        return self

    @property
    def by(self) -> By:
        return "email" if self.email is not None else "domain" if self.domain is not None else "group"

    @property
    def value(self) -> str:
        return self.email or self.domain or self.group or ""


class People(_Table):
    """The whole file."""

    sign_in: SignIn | None = None
    person: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Person:
    """Somebody who is let in."""

    name: str
    """The verified e-mail address, else the provider's own id (`sub`): what stands in the log."""
    role: Role


def people_file() -> Path:
    """`$FAC_CONFIG/people.toml`, or where the platform keeps a user's settings."""
    return config_folder() / "people.toml"


def people() -> People:
    """What the file says; nobody without a file. Raises `BadInput` for one that cannot be read."""
    path = people_file()
    return _read(path, path.stat().st_mtime_ns, path.stat().st_size) if path.is_file() else People()


def person_of(claims: Mapping[str, Any]) -> Person:
    """Who somebody is by what the provider says of them; of several lines that fit, the highest role.

    Raises `NotAllowed` for whom no line lets in.
    """
    found = people()
    if found.sign_in is None:
        raise NotAllowed("Nobody signs in here any more. Whoever owns this machine can change that: fac jobs sign-in")
    email = _email(claims, trusts=found.sign_in.trusts_email)
    groups = claims.get(found.sign_in.group_claim) or ()
    groups = (
        {groups} if isinstance(groups, str) else {str(one) for one in groups} if isinstance(groups, list) else set()
    )
    roles: list[Role] = [rule.role for rule in found.person if _fits(rule, email, groups)]
    name = email or str(claims.get("sub") or "").replace("@", " at ")  # nobody's address but one that was verified
    if not roles or not name:
        said = "" if email or not claims.get("email") else " The provider does not say that this address was verified."
        raise NotAllowed(
            f"{claims.get('email') or name or 'Who signed in'} is not on the list of this dashboard.{said}"
        )
    highest: Role = max(roles, key=lambda role: ROLES.index(role))
    return Person(name, highest)


def admit(by: By, value: str, role: str) -> None:
    """Let somebody in, or give them another role. Raises `WrongUse` for a role that there is not."""
    if role not in ROLES:
        raise WrongUse(f"There is no role {role!r}; choose one of {', '.join(ROLES)}.")
    rule = Rule.model_validate({by: value, "role": role})
    found = people()
    _write(found.sign_in, [*(one for one in found.person if (one.by, one.value) != (by, value)), rule])


def dismiss(value: str) -> None:
    """Take an address, a domain or a group off the list. Raises `NotFound`."""
    found = people()
    kept = [one for one in found.person if one.value != value]
    if len(kept) == len(found.person):
        raise NotFound(f"Nobody is let in by {value!r}. `fac jobs people` lists whom and by what.")
    _write(found.sign_in, kept)


def set_sign_in(sign_in: SignIn | None) -> None:
    """Say who vouches for people; None ends signing in."""
    _write(sign_in, people().person)


def checked_sign_in(**values: object) -> SignIn:
    """A `SignIn` from words. Raises `WrongUse` in one sentence."""
    try:
        return SignIn.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        raise WrongUse(f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}.") from None


def _email(claims: Mapping[str, Any], *, trusts: bool) -> str:
    verified = claims.get("email_verified")
    is_sure = verified is True or verified == "true" or (verified is None and trusts)
    email = str(claims.get("email") or "")
    # Look-alikes of letters become letters in lower case: an address that is let in has none.
    return email.lower() if is_sure and email.isascii() and re.fullmatch(r"[^@\s]+@[^@\s]+", email) else ""


def _fits(rule: Rule, email: str, groups: set[str]) -> bool:
    match rule.by:
        case "email":
            return bool(email) and email == rule.value.strip().lower()
        case "domain":
            return bool(email) and email.rpartition("@")[2] == rule.value.strip().lower().lstrip("@")
        case "group":
            return rule.value in groups


@lru_cache(maxsize=4)
def _read(path: Path, mtime_ns: int, size: int) -> People:  # noqa: ARG001  # time and size: part of the key
    return read_toml(path, People)


def _write(sign_in: SignIn | None, rules: list[Rule] | tuple[Rule, ...]) -> None:
    lines = []
    if sign_in is not None:
        said = sign_in.model_dump(exclude_defaults=True)
        lines += ["[sign_in]", *(f"{name} = {json.dumps(value)}" for name, value in said.items()), ""]
    for rule in rules:
        lines += ["[[person]]", f"{rule.by} = {json.dumps(rule.value)}", f"role = {json.dumps(rule.role)}", ""]
    write_whole(people_file(), "\n".join(lines))
