"""From a cold page to an exported set in ten clicks or keys, with a real model: every one of them is counted."""

from __future__ import annotations

import io
import itertools
import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import fac_core as fac
from fac_core.jobs.control import change_job, list_jobs
from fac_core.jobs.job import ENDED
from fac_core.synthesis.batches import batches
from fac_core.synthesis.candidates import Candidates
from tests.browser.conftest import screenshot, settled

pytestmark = [pytest.mark.browser, pytest.mark.weights]

MOST, ACCEPTED = 10, 3
MINUTES = 60_000

WHO = (
    "The tenant",
    "The defendant",
    "The landlord",
    "The plaintiff",
    "The company",
    "The seller",
    "The buyer",
    "The insurer",
)
DID = (
    "shall pay damages under section {} of the contract.",
    "appealed the judgment of the court in case {}.",
    "breached clause {} of the agreement and owes compensation.",
    "gave {} days' written notice to terminate the lease.",
)
FRIEND = ("My sister", "Your brother", "Our neighbour", "The kids", "Grandma", "My best friend", "Uncle Tom", "The dog")
WENT = (
    "ate {} cookies after lunch.",
    "will come to the party at {} tonight.",
    "forgot the milk again, that makes {} times.",
    "walked to the park with {} friends.",
)


def sentences(who: tuple[str, ...], did: tuple[str, ...], first: int) -> list[str]:
    pairs = itertools.product(who, did)
    return [f"{one} {what.format(first + n)}" for n, (one, what) in enumerate(pairs)]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """An anchor of law and everyday life, and data without law."""
    folder = tmp_path_factory.mktemp("ten")
    law, life = (sentences(*kind, first) for kind in ((WHO, DID), (FRIEND, WENT)) for first in (3,))
    sets = {"broad": [*law, *sentences(WHO, DID, 40), *life], "everyday": [*life, *sentences(FRIEND, WENT, 40)]}
    spec = fac.EncodeSpec(dtype="float32", context=64)
    for name, texts in sets.items():
        lines = (json.dumps({"text": text}) for text in texts)
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
        fac.encode(folder / f"{name}.jsonl", spec, workspace=folder / "w", anchor=name == "broad")
    return fac.Workspace(folder / "w")


class Person:
    """Somebody at a page, whose clicks and keys are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.acts: list[str] = []

    def click(self, what: Locator) -> None:
        self.acts.append(what.first.inner_text())
        what.first.click()
        settled(self.page)

    def press(self, key: str) -> None:
        self.acts.append(key)
        self.page.wait_for_timeout(1500)  # a shortcut listens a moment after its button is drawn
        self.page.keyboard.press(key)
        settled(self.page)


def test_a_set_is_exported_with_ten_clicks_and_keys_at_most(visit, workspace, tmp_path):
    page = visit("?preset=paper")
    ann = Person(page)
    ann.click(page.get_by_role("button", name=re.compile("^Target th")))
    ann.click(page.get_by_role("link", name=re.compile("targets?: write samples")))
    ann.click(page.get_by_role("button", name=re.compile("^Write for")))
    job_id = first_written(page, workspace)  # what passes can be reviewed while the rest is written
    ann.click(page.get_by_role("link", name="Review", exact=True))
    for _ in range(ACCEPTED):
        expect(page.get_by_test_id("stBaseButton-primary")).to_be_enabled()
        ann.press("a")
    screenshot(page, "ten-clicks-review")
    ann.click(page.get_by_role("link", name="Export", exact=True))
    ann.click(page.get_by_role("button", name=re.compile(f"^Write {ACCEPTED} rows")))
    screenshot(page, "ten-clicks-export")
    with page.expect_download(timeout=MINUTES) as sent:
        ann.click(page.get_by_role("button", name=re.compile("^Download")))
    cancelled(page, workspace, job_id)
    sent.value.save_as(tmp_path / "set.zip")
    with zipfile.ZipFile(io.BytesIO(Path(tmp_path / "set.zip").read_bytes())) as archive:
        assert len(archive.read("data/train.jsonl").splitlines()) == ACCEPTED
    assert len(ann.acts) <= MOST, ann.acts


def first_written(page: Page, workspace: fac.Workspace) -> str:
    """Wait until enough samples pass; the job that writes on."""
    for _ in range(600):
        held = [
            one for batch in batches(workspace) for one in Candidates(workspace.events()).of(batch.batch_id).values()
        ]
        if sum(one.verdict == "passes" for one in held) >= ACCEPTED:
            break
        page.wait_for_timeout(1000)
    (job,) = (one for one in list_jobs(workspace) if one.kind == "synthesise")
    assert job.state in ("running", "succeeded"), job.error
    return job.job_id


def cancelled(page: Page, workspace: fac.Workspace, job_id: str) -> None:
    """End the job, so that no worker writes on after the test."""
    for _ in range(300):
        (job,) = (one for one in list_jobs(workspace) if one.job_id == job_id)
        if job.state in ENDED:
            return
        if not job.wish:
            change_job(job_id, "cancel", author="Ann", workspace=workspace)
        page.wait_for_timeout(1000)
