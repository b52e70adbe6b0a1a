"""A command's options from a dataclass: name, type, default and help of each field, so that nothing is written twice."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from types import NoneType, SimpleNamespace
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer

from fac_core.errors import WrongUse
from fac_core.fields import FieldOf, fields_of

Command = Callable[..., Any]


def takes(
    parameter: str, kind: type, flags: Mapping[str, str] | None = None, *, without: Collection[str] = ()
) -> Callable[[Command], Command]:
    """Let a command that has a parameter, a dataclass, take one option for each of its fields.

    Args:
        flags: other names of flags by field, such as `{"steps": "--methods"}`.
        without: fields that keep their defaults, since the command makes them of something else.
    """
    options = options_of(kind, flags, without=without)
    return takes_options(parameter, options, lambda _given, **chosen: made(kind, chosen))


def options_of(
    kind: type,
    flags: Mapping[str, str] | None = None,
    *,
    without: Collection[str] = (),
    panel: str | None = None,
    unset: bool = False,
) -> dict[str, inspect.Parameter]:
    """The option of each field, by field.

    Args:
        panel: what it is listed under in the help.
        unset: what is not given is None, not the field's default, which something else decides.
    """
    found: dict[str, inspect.Parameter] = {}
    for field in fields_of(kind).values():
        if field.name not in without:
            flag, default = (flags or {}).get(field.name), None if unset else _shown(field)
            found[field.name] = option(field.name, _type(field), _help(field), default, flag=flag, panel=panel)
    return found


def option(
    name: str, kind: Any, said: str, default: Any = None, *, flag: str | None = None, panel: str | None = None
) -> inspect.Parameter:
    """One option as a parameter of a command; without a default it may be None. A short flag stands behind a `/`."""
    names = (flag or flag_of(name)).split("/")
    asked = typer.Option(*names, help=said, rich_help_panel=panel, is_flag=True if kind is bool else None)
    annotation = Annotated[kind if default is not None else kind | None, asked]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def flag_of(name: str) -> str:
    """The flag of a parameter, unless another is named."""
    return f"--{name.replace('_', '-')}"


def made(kind: type, chosen: Mapping[str, Any]) -> Any:
    """The dataclass of what was chosen. Raises what it raises for values that make no sense."""
    fields = fields_of(kind)
    return kind(**{name: _value(fields[name], value) for name, value in chosen.items()})


def takes_options(
    parameter: str, options: Mapping[str, inspect.Parameter], make: Callable[..., Any]
) -> Callable[[Command], Command]:
    """Let a command take options in place of a parameter that is made of them.

    Args:
        make: called with a mapping of what else the command is given, and with the options by name.
    """

    def decorate(command: Command) -> Command:
        own = [p for p in inspect.signature(command).parameters.values() if p.name != parameter]

        @functools.wraps(command)
        def taking_options(**given: Any) -> Any:
            chosen = {name: given.pop(name) for name in options}
            return command(**given, **{parameter: make(given, **chosen)})

        hints = _hints(command, [p.name for p in own]) | {p.name: p.annotation for p in options.values()}
        taking_options.__annotations__ = hints
        taking_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [p.replace(kind=p.KEYWORD_ONLY, annotation=hints[p.name]) for p in (*own, *options.values())]
        )
        del taking_options.__wrapped__  # type: ignore[attr-defined]  # or its signature would be read instead
        return taking_options

    return decorate


def _hints(command: Command, names: Collection[str]) -> dict[str, Any]:
    """The annotations of some parameters. The others stay unread: what they name is heavy, and comes when the command runs."""
    said = {name: command.__annotations__[name] for name in names}
    return get_type_hints(SimpleNamespace(__annotations__=said), command.__globals__, include_extras=True)


def _type(field: FieldOf) -> Any:
    """What is written on the command line: a list with commas is one word."""
    kind = _present(field.type)
    return str if get_origin(kind) is tuple else kind


def _present(kind: Any) -> Any:
    """The type of what may be None."""
    return next((part for part in get_args(kind) if part is not NoneType), kind) if NoneType in get_args(kind) else kind


def _help(field: FieldOf) -> str:
    """Its sentence; of a list also what it may hold, where that is closed. A single choice shows it by itself."""
    kind = _present(field.type)
    inner = get_args(kind)[0] if get_origin(kind) is tuple else None
    choices = f"Of {', '.join(get_args(inner))}." if get_origin(inner) is Literal else ""
    return " ".join(filter(None, (field.help, choices)))


def _shown(field: FieldOf) -> Any:
    if field.default is dataclasses.MISSING:
        return ...
    return ",".join(map(str, field.default)) if isinstance(field.default, tuple) else field.default


def _value(field: FieldOf, given: Any) -> Any:
    kind = _present(field.type)
    is_list = get_origin(kind) is tuple and isinstance(given, str)
    return listed(given, int if get_args(kind)[0] is int else str, field.name) if is_list else given


def listed(given: str, kind: Callable[[str], Any], name: str) -> tuple[Any, ...]:
    """What stands between commas. Raises `WrongUse` for what is none of the kind."""
    try:
        return tuple(kind(part.strip()) for part in given.split(",") if part.strip())
    except ValueError:
        raise WrongUse(f"{name} is {given!r}; give numbers with commas, such as 12,345.") from None
