"""A key goes to the server that it is for, and is kept nowhere, however a server repeats it."""

from __future__ import annotations

import base64
import html
import json
import logging
from urllib.parse import quote

import pytest

from tests.generators import faulty_server as faults
from tests.generators.faulty_server import faulty_server, says
from tests.generators.test_openai_compatible import ask, generator


def test_the_key_comes_from_the_named_variable_and_goes_nowhere_else(monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("MY_KEY", "sk-secret")
    with faulty_server(faults.echoes, always=faults.status(500, "Bearer sk-secret is tired")) as server:
        writer = generator(server, key_variable="MY_KEY", retries=0)
        _, answer = writer.generate([ask("first")]) + writer.generate([ask("second")])
        assert server.headers[0]["authorization"] == "Bearer sk-secret"
    everything = f"{answer} {writer.name} {writer.server} {caplog.text}"
    assert "sk-secret" not in everything
    assert "is tired" in everything


def test_a_key_that_an_answer_repeats_is_not_kept(monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-secret")
    with faulty_server(always=says("your key is sk-secret, ha")) as server:
        (answer,) = generator(server, key_variable="MY_KEY").generate([ask()])
    assert answer.texts == ("your key is …, ha",)


def test_another_server_s_key_in_the_environment_is_not_sent(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-other")
    with faulty_server() as server:
        generator(server).generate([ask()])
        assert "other" not in str(server.headers)


KEY = 'sk-a/b+c"d\\=e&2-0123'
WAYS = {
    "JSON": json.dumps(KEY)[1:-1],
    "JSON that escapes": "".join(f"\\u{ord(c):04X}" for c in KEY),
    "JSON of PHP": KEY.replace("/", r"\/").replace('"', r"\""),
    "JSON in JSON": json.dumps(json.dumps(KEY))[3:-3],
    "an address": quote(KEY, safe=""),
    "an address in part": quote(KEY, safe="/").replace("%2B", "%2b"),
    "HTML": html.escape(KEY),
    "HTML by numbers": "".join(f"&#x{ord(c):x};" for c in KEY),
    "hexadecimal": KEY.encode().hex(),
    **{f"base64 {n}": base64.b64encode(f"{before}{KEY}".encode()).decode()
       for n, before in enumerate(("", "Bearer ", "me:", "user:"))},
    "base64 of addresses": base64.urlsafe_b64encode(KEY.encode()).decode(),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_key_that_comes_back_in_another_way_of_writing_is_not_kept(monkeypatch, way):
    monkeypatch.setenv("MY_KEY", KEY)
    for reply in (says(f"see {WAYS[way]} there"), faults.status(400, f"see {WAYS[way]} there")):
        with faulty_server(always=reply) as server:
            (answer,) = generator(server, key_variable="MY_KEY", retries=0).generate([ask()])
        kept = f"{answer.texts} {answer.error}"
        assert "…" in kept
        assert WAYS[way][-16:-6] not in kept


def test_a_short_key_takes_no_words_away(monkeypatch):
    monkeypatch.setenv("MY_KEY", "abc")
    with faulty_server(always=says("YWJj is abc, 616263")) as server:
        (answer,) = generator(server, key_variable="MY_KEY").generate([ask()])
    assert answer.texts == ("YWJj is …, 616263",)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_server_that_sends_elsewhere_is_not_followed(monkeypatch, code):
    """Neither the key nor what is asked goes to whom nobody named."""
    monkeypatch.setenv("MY_KEY", KEY)
    with faulty_server() as other, faulty_server(always=faults.status(code, Location=f"{other.url}/x")) as server:
        (answer,) = generator(server, key_variable="MY_KEY", retries=0).generate([ask()])
        assert f"sends elsewhere ({code})" in answer.error
        assert other.bodies == []
