"""Pages are visited before anybody comes: as a browser asks for them, and without a word where that cannot be."""

from __future__ import annotations

import pytest

from dashboard import warming
from dashboard.latency import APP, serving
from fac_core.coverage.definition import CALIBRATED
from fac_core.view import View


def test_a_visit_draws_what_a_page_says(workspace):
    coverage = View.find("seed", "anchor", CALIBRATED, workspace=workspace).coverage()
    with serving(APP, workspace.folder) as server:
        address = f"http://localhost:{server.port}"
        values = [one.metric.body for one in warming.drawn(address, "") if one.WhichOneof("type") == "metric"]
        warming.warm(address)
    assert values[0] == f"{coverage.fac:.1%}"


def test_every_page_is_asked_for_in_turn_until_one_fails(monkeypatch):
    asked: list[str] = []

    def drawn(_address: str, page: str):
        asked.append(page)
        if page == "map":
            raise RuntimeError("no map")
        yield from ()

    monkeypatch.setattr(warming, "drawn", drawn)
    warming.warm("http://localhost:9")
    assert asked == ["", "gaps", "map"]


def test_a_server_that_is_gone_is_nobodys_error():
    warming.warm("http://localhost:9")


@pytest.mark.parametrize("page", warming.PAGES)
def test_only_pages_that_there_are_are_visited(page):
    from dashboard.page_list import PAGES

    assert page == "" or page in {one.name for one in PAGES}
