"""Writes docs/cli.md from the commands themselves: what `fac --help` says, of all commands on one page.

    python .ci/cli_reference.py > docs/cli.md

`make docs` does it; `tests/docs/test_cli_reference.py` refuses a page that is not of today.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

import typer

from fac_core.cli.app import app, open_laboratory

HEAD = """\
# Commands

Made from the commands by `make docs`; `fac COMMAND --help` says the same. In the folder that holds a workspace, no command needs to be told
what it can find. Every command takes `--json` (one document on stdout) and exits with 0, 1 or 2: done, failed, wrong use.
"""


def page() -> str:
    """The whole page: a table for each panel of `fac --help`, then every command."""
    open_laboratory()
    fac = typer.main.get_command(app)
    parts = [HEAD]
    for panel, commands in by_panel(fac).items():
        rows = [f"| [`fac {name}`](#fac-{name}) | {sentence(command)} |" for name, command in commands.items()]
        parts.append("\n".join([f"**{panel}**\n", "| command | what it does |", "|---|---|", *rows, ""]))
    parts += [described(one, path) for path, one in every(fac, "fac")]
    return "\n".join(parts)


def by_panel(fac: Any) -> dict[str, dict[str, Any]]:
    """The commands under the headings of `fac --help`; those that it leaves out stand last."""
    found: dict[str, dict[str, Any]] = {}
    for name, command in fac.commands.items():
        panel = "More" if command.hidden else command.rich_help_panel
        found.setdefault(panel, {})[name] = command
    return found


def every(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each command below a group by its whole name, groups before what is in them."""
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        yield from every(command, f"{path} {name}") if hasattr(command, "commands") else ()


def sentence(command: Any) -> str:
    """The first paragraph of a command's help, in one line."""
    return " ".join(command.help.split("\n\n")[0].split()).replace("|", "\\|")


def described(command: Any, path: str) -> str:
    """A command's own section."""
    context = typer.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    lines = [
        f"{'#' * min(3, path.count(' ') + 1)} {path}",
        "",
        command.help.strip(),
        "",
        "```console",
        usage,
        "```",
        "",
    ]
    for parameter in command.get_params(context):
        if "--help" not in parameter.opts and (record := parameter.get_help_record(context)):
            name, said = (" ".join(part.split()) for part in record)
            name = re.sub(r"<list.(\w+).>", r"<\1>", name)  # an option that may be given several times
            lines.append(f"* `{name}`" + (f": {said}" if said else ""))
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
