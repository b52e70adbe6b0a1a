"""People over real websockets: what the page acknowledges is in the log, and the job strip looks again by itself."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import connect

from dashboard.latency import APP, serving
from dashboard.load.__main__ import lost
from dashboard.load.person import Diary, Person, Told
from dashboard.load.visitor import Visitor
from fac_core.curation.review import Reviews
from fac_core.curation.triage import Triage
from fac_core.lab.bench.large_batch import job_running
from tests.batches import candidate, make_batch


@pytest.fixture
def server(workspace):
    make_batch(workspace, [(candidate(feature_id=f), {f: 5.0}) for f in (2, 3, 4)])
    with job_running(workspace), serving(APP, workspace.folder) as running:
        yield running


def test_people_lose_nothing_and_a_look_of_the_strip_draws_no_page(workspace, server):
    diary = Diary()

    async def one(name: str) -> Visitor:
        async with connect(f"ws://localhost:{server.port}/_stcore/stream", max_size=None, compression=None) as browser:
            page = Visitor(browser)
            listening = asyncio.create_task(page.listen())
            await Person(name, page, diary, [2, 3], (0.0, 0.1)).work(turns=2)
            asked, drawn = page.n_asked, page.n_drawn
            await asyncio.sleep(3)  # longer than the strip's interval
            assert (page.n_asked, page.n_drawn) == (asked, drawn)
            listening.cancel()
            return page

    async def crowd() -> list[Visitor]:
        return list(await asyncio.gather(one("Ann"), one("Bob")))

    pages = asyncio.run(crowd())
    assert diary.errors == []
    assert {one.decided for one in diary.told} & {
        "accepted",
        "rejected",
        "skipped",
    }  # else what the page says is read wrongly
    assert {one.decided for one in diary.told} & {"target", "later", "not relevant"}
    assert lost(diary, Triage(workspace.events(), "id-anchor"), Reviews(workspace.events(), "b")) == []
    assert all(page.looks and page.n_asked == page.n_drawn for page in pages)


def test_what_the_log_lacks_is_lost(workspace):
    diary = Diary(told=[Told("Ann", "2", "target")])
    assert lost(diary, Triage(workspace.events(), "id-anchor"), Reviews(workspace.events(), "b")) == diary.told
