"""The whole loop in a browser, with a real model: approved gaps, samples with proof, review, export, a run, a higher FAC."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

import fac_core as fac
from fac_core.curation.review import Reviews
from fac_core.curation.triage import Triage
from fac_core.jobs.control import list_jobs
from fac_core.synthesis.batches import batches
from fac_core.synthesis.candidates import Candidates
from tests.browser.conftest import screenshot, settled

pytestmark = [pytest.mark.browser, pytest.mark.weights]

MINUTES = 60_000

BROAD = [
    "The tenant shall pay the rent on the first day of each month, in advance.",
    "Either party may terminate this agreement by giving thirty days' written notice.",
    "The court held that the defendant had breached the contract and owed damages.",
    "A 54-year-old man comes to the clinic because of chest pain and shortness of breath.",
    "The patient was given antibiotics, and the fever fell within two days.",
    "Laboratory studies show a white blood cell count of 15,000 per cubic millimetre.",
    "The striker scored twice in the second half and the home team won by three goals to one.",
    "Maria has twelve apples. She gives five to her brother. How many apples are left?",
    "She closed the door quietly, sat down on the stairs and began to cry.",
    "The committee approved the budget for the new railway line on Tuesday.",
]
EVERYDAY = [
    "Where did you put the milk?",
    "My sister called me last night.",
    "How many friends will come to the party?",
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Two small runs of real text, and three approved gaps."""
    folder = tmp_path_factory.mktemp("loop")
    for name, texts in {"broad": BROAD, "everyday": EVERYDAY}.items():
        lines = (json.dumps({"text": text}) for text in texts)
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    spec = fac.EncodeSpec(dtype="float32", context=128)
    for name in ("broad", "everyday"):
        fac.encode(folder / f"{name}.jsonl", spec, workspace=folder / "w", anchor=name == "broad")
    place = fac.Workspace(folder / "w")
    blind = fac.Weights(trust=0)  # what words the shipped names stand for does not make a gap easier to write for
    widest = fac.View.find(workspace=place, weights=blind).gaps(3)["feature_id"].to_pylist()
    Triage(place.events(), place.anchor().run_id).decide_many(widest, "target", author="Ann")
    return place


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=re.compile(name)).first.click()
    settled(page)


def test_from_an_approved_gap_to_a_higher_fac(visit, server, workspace):
    view = fac.View.find("everyday", workspace=workspace)
    before = view.coverage()
    page = visit("synthesis?preset=paper")
    press(page, "Write for 3 targets")
    finished(page, workspace, "synthesise", 10 * MINUTES)
    page.reload()
    settled(page)
    screenshot(page, "synthesis")
    press_link(page, "Review")
    for _ in range(2):
        settled(page)
        page.wait_for_timeout(1500)
        page.keyboard.press("a")
    page.wait_for_timeout(1500)
    settled(page)
    screenshot(page, "review")
    (batch,) = batches(workspace)
    held = Candidates(workspace.events()).of(batch.batch_id)
    states = Reviews(workspace.events(), batch.batch_id).states(held)
    accepted = [held[one] for one, state in states.items() if state == "accepted"]
    assert accepted
    assert batch.author == "Ann"
    page.goto(f"{server}/export?preset=paper")
    settled(page)
    page.get_by_text("Batches, shape, format, place").click()
    page.get_by_text(re.compile("samples of the seed")).click()
    settled(page)
    press(page, "Write")
    screenshot(page, "export")
    press(page, "Encode as a run")
    finished(page, workspace, "encode", 5 * MINUTES)
    after = view.of("everyday-filled").coverage()
    assert after.numerator > before.numerator
    assert {one.feature_id for one in accepted} <= set(after.covered)


def finished(page: Page, workspace: fac.Workspace, kind: str, patience: int) -> None:
    """Wait until the newest job of a kind has ended, as the strip on the page must say too."""
    for _ in range(patience // 1000):
        job = next((job for job in reversed(list_jobs(workspace)) if job.kind == kind), None)
        if job is not None and job.state in ("succeeded", "failed", "cancelled", "interrupted"):
            break
        page.wait_for_timeout(1000)
    assert job is not None
    assert job.state == "succeeded", job.error
    expect(page.get_by_text(f"Job {job.job_id}").first).to_be_visible()


def press_link(page: Page, name: str) -> None:
    page.get_by_role("link", name=re.compile(f"^{name} ")).first.click()
    settled(page)
