"""The terminal as a sink: names and texts of others are shown by it, and never obeyed."""

from __future__ import annotations

import io
import json
import logging

import pytest
from rich.text import Text

from fac_core.cli import output
from fac_core.cli.output import OneLine, Terminal, in_line, print_examples, table
from fac_core.evidence.examples import Example, TokenValue

ATTACK = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b1m\r\b\u202eabc[bold]x[/bold][/nothing] [link=http://a]b[/link]"
OBEYED = "\x1b\x07\x9b\r\b\u202e"


@pytest.fixture
def terminal(monkeypatch):
    """A terminal without colours, so that whatever it is told to do came from a text."""
    written = io.StringIO()
    console = Terminal(file=written, width=200, force_terminal=True, color_system=None, highlight=False)
    monkeypatch.setattr(output, "out", console)
    monkeypatch.setattr(output, "err", console)
    return console, written


def is_harmless(written: io.StringIO) -> bool:
    said = written.getvalue()
    return not any(c in said for c in OBEYED) and "[bold]" in said


def test_an_example_is_shown_and_not_obeyed(terminal):
    console, written = terminal
    peak = TokenValue(0, len(ATTACK), 1.0)
    print_examples(console, 3, [Example(0, 1.0, ATTACK, {"set": ATTACK}, peak, (peak,))])
    assert not any(c in written.getvalue().replace("\x1b[4m", "").replace("\x1b[0m", "") for c in OBEYED[:4])


@pytest.mark.parametrize(
    "drawn", [Text(ATTACK), in_line(ATTACK), table([ATTACK], [[ATTACK]])], ids=["text", "line", "table"]
)
def test_what_is_drawn_is_harmless(terminal, drawn):
    console, written = terminal
    console.print(drawn)
    assert is_harmless(written)


def test_a_note_of_progress_is_no_markup(terminal):
    _, written = terminal
    with output.progress_bar("Encoding [bold]") as tell:
        tell(1, 2, ATTACK)
        tell(2, 2, ATTACK)
    assert "[/nothing]" in written.getvalue()
    assert "\x1b]0;" not in written.getvalue()


def test_a_message_of_the_log_is_one_line():
    said = OneLine().format(logging.LogRecord("a", logging.WARNING, "", 0, "%s is left out\n%s", (ATTACK, "b"), None))
    assert not any(c in said for c in OBEYED + "\n")


def test_json_can_be_written_to_any_stream(capsys):
    output.write_json({"text": ATTACK + "\ud800"})
    written = capsys.readouterr().out
    assert not any(c in written for c in OBEYED[:5])
    assert json.loads(written) == {"text": ATTACK + "\ud800"}
