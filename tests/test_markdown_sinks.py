"""Untrusted text reaches Markdown through one function, `st_text`: every call that Streamlit reads as Markdown is looked at."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import dashboard
from dashboard.components.examples import st_text
from dashboard.figures.theme_traces import plain
from fac_core.html_table import escaped

ROOT = Path(dashboard.__file__).parent
SINKS = {
    *("badge", "button", "caption", "checkbox", "download_button", "error", "expander", "form_submit_button", "header"),
    *("info", "link_button", "markdown", "metric", "page_link", "popover", "progress", "radio", "segmented_control"),
    *(
        "selectbox",
        "multiselect",
        "spinner",
        "status",
        "subheader",
        "success",
        "tabs",
        "text_area",
        "text_input",
        "title",
    ),
    *("toast", "toggle", "warning", "write"),
}
UNTRUSTED = {
    *("author", "dataset_name", "detail", "label", "method", "model", "name", "reason", "run", "run_a", "run_b", "sae"),
    *("source", "task", "text", "title", "words", "cause", "folder", "error"),
}
"""Attributes and keys whose words are somebody's: of files, datasets, models, people."""
OURS = {
    "dashboard/components/feature/detail.py": {"cause"},
    "dashboard/components/gaps/gap_card.py": {"cause"},
}
"""Words that this program wrote."""


def _last(node: ast.expr) -> str:
    match node:
        case (
            ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))) | ast.Name(id="error" as name)
        ):
            return name
        case ast.Call(func=ast.Name(id="str"), args=[of]):
            return _last(of)
    return ""


def unescaped(source: str) -> list[tuple[int, str]]:
    """Line and word of what goes into Markdown as it is."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in SINKS):
            continue
        if not (isinstance(call.func.value, ast.Name) and call.func.value.id in ("st", "column", "place", "box")):
            continue
        labels = [*call.args[:1], *(k.value for k in call.keywords if k.arg in ("label", "help", "body", "text"))]
        for label in labels:
            parts = [
                label,
                *(
                    part.value
                    for part in ast.walk(label)
                    if isinstance(part, ast.FormattedValue) and not part.format_spec
                ),
            ]
            found += [(call.lineno, word) for part in parts if (word := _last(part)) in UNTRUSTED]
    return found


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_untrusted_word_is_markdown(path):
    ours = OURS.get(path.relative_to(ROOT.parent).as_posix(), set())
    assert [(line, word) for line, word in unescaped(path.read_text(encoding="utf-8")) if word not in ours] == []


def test_the_look_sees_what_it_should():
    source = 'st.error(str(error))\nst.toast(f"{run.name}")\nst.info(st_text(str(error)))\nst.caption(f"{st_text(run.name)} {n:,}")'
    assert unescaped(source) == [(1, "error"), (2, "name")]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028", "\x85", "\x0b"])
def test_nothing_begins_a_new_line(end):
    assert st_text(f"a{end}# b") == "a \\# b"


@pytest.mark.parametrize(
    "word", ["http://a.example", "HTTPS://a", "www.a.example", "ann@a.example", ":material/home:", ":+1:"]
)
def test_no_word_is_found_to_be_an_address_or_an_icon_once_it_is_text(word):
    """Streamlit looks for them in what is left when the backslashes are gone."""
    shown = re.sub(r"\\(?=[^\w\s])", "", st_text(f"a {word} b"))
    assert shown.replace("\u2060", "") == f"a {word} b"
    assert not re.search(r"https?://|www\.|@\w|:[\w+-]+[:/]", shown, re.IGNORECASE)


@pytest.mark.parametrize("shown", [st_text, plain, escaped])
def test_no_name_turns_the_direction_of_the_words_beside_it(shown):
    assert shown("a\u202eb\u2066c") == "abc"
    assert shown("שלום") == "שלום"
