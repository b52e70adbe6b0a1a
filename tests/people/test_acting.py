"""What somebody who signed in may write is checked where it is written: by role, name, session and limits."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from fac_core.curation.controls import Controls
from fac_core.curation.review import Reviews
from fac_core.curation.saved_filters import SavedFilters
from fac_core.curation.triage import Triage
from fac_core.errors import NotAllowed, WrongUse
from fac_core.jobs.control import change_job, list_jobs, submit_job
from fac_core.jobs.kinds import KINDS, QUICK
from fac_core.jobs.queue import Jobs
from fac_core.naming.labels import Labels
from fac_core.people import acting, roles
from fac_core.people.acting import Acting
from fac_core.people.people_file import SignIn, admit, dismiss, set_sign_in
from fac_core.store.uploads import keep_upload
from fac_core.store.workspace import Workspace
from tests.runs import make_run

DOOR = {"metadata": "https://login.example.org/x", "client_id": "fac", "address": "https://fac.example.org"}


@pytest.fixture
def place(tmp_path, monkeypatch) -> Workspace:
    monkeypatch.setattr(acting, "_DONE", acting.defaultdict(acting.deque))
    set_sign_in(SignIn(**DOOR))
    for name, role in (("vera", "viewer"), ("rita", "reviewer"), ("olga", "owner")):
        admit("email", f"{name}@example.org", role)
    place = Workspace.create(tmp_path / "w")
    make_run(place.run_path("anchor"), "anchor", [(0, 0, 1.0)], 1, 4, run_id="anchor").close()
    return place


def by(place: Workspace, name: str, seconds: float = 60) -> Workspace:
    claims = {"sub": name, "email": f"{name}@example.org", "email_verified": True}
    return place.by(Acting(claims, time.time() + seconds))


def decide(place: Workspace, author: str, feature: int = 1) -> None:
    triage = Triage(place.events(), "anchor")
    triage.decide(feature, "target", author=author, seen=triage.decision(feature).version)


DECISIONS = {
    "triage": lambda p, who: decide(p, who),
    "bulk": lambda p, who: Triage(p.events(), "anchor").decide_many([2, 3], "later", author=who),
    "label": lambda p, who: Labels(p.events(), "space").rename(1, "courts", author=who),
    "filters": lambda p, who: SavedFilters(p.events(), "gaps").save("mine", {}, author=who),
    "probe": lambda p, who: submit_job("probe", {"text": "/etc/passwd is a file"}, author=who, workspace=p),
}
OWNERS = {
    "encode": lambda p, who: submit_job("encode", {"source": "hub:owner/name"}, author=who, workspace=p),
    "atlas": lambda p, who: submit_job("atlas", {}, author=who, workspace=p),
    "rules": lambda p, who: Reviews(p.events(), "b").set_min_reviews(2, author=who),
    "anchor": lambda p, _who: p.set_anchor("anchor"),
    "upload": lambda p, _who: keep_upload(p, "a.txt", b"text"),
    "new kind": lambda p, who: p.events().append("s", "what nobody named yet", "i", {"a": 1}, author=who, seen=0),
}


@pytest.mark.parametrize("act", DECISIONS)
def test_a_viewer_writes_nothing_and_a_reviewer_decides(place, act):
    with pytest.raises(NotAllowed, match="You are a viewer here"):
        DECISIONS[act](by(place, "vera"), "vera@example.org")
    assert place.events().head()[0] == 0
    DECISIONS[act](by(place, "rita"), "rita@example.org")
    assert place.events().head()[0] > 0


@pytest.mark.parametrize("act", OWNERS)
def test_what_costs_or_holds_for_all_is_an_owner_s(place, act):
    for name in ("vera", "rita"):
        with pytest.raises(NotAllowed, match="takes an owner"):
            OWNERS[act](by(place, name), f"{name}@example.org")
    assert place.events().head()[0] == 0
    OWNERS[act](by(place, "olga"), "olga@example.org")


def test_undo_is_a_decision_too(place):
    decide(place, "Ann")
    triage = Triage(by(place, "vera").events(), "anchor")
    with pytest.raises(NotAllowed):
        triage.undo(triage.last("Ann"), author="vera@example.org")
    with pytest.raises(NotAllowed):
        triage.log.undo(triage.last("Ann")[0], author="vera@example.org")


def test_a_reviewer_takes_back_only_their_own_and_an_owner_anybody_s(place):
    decide(by(place, "rita"), "rita@example.org", 1)
    decide(by(place, "olga"), "olga@example.org", 2)
    ritas, olgas = place.events().everything()
    log = by(place, "rita").events()
    for said in (olgas, replace(olgas, author="rita@example.org")):  # the log knows whose it is
        with pytest.raises(NotAllowed, match=r"olga@example.org decided this: an owner"):
            log.undo(said, author="rita@example.org")
        with pytest.raises(NotAllowed, match=r"olga@example.org decided this: an owner"):
            log.undo_many([ritas, said], author="rita@example.org")
    assert place.events().head()[0] == 2
    log.undo(ritas, author="rita@example.org")
    again = by(place, "olga").events().undo(place.events().everything()[-1], author="olga@example.org")
    assert (again.author, again.undoes, again.payload["state"]) == ("olga@example.org", 3, "target")


def test_nobody_decides_in_the_name_of_another(place):
    with pytest.raises(NotAllowed, match=r"rita.* cannot decide in the name of olga"):
        decide(by(place, "rita"), "olga@example.org")


def test_a_reviewer_does_not_change_an_owner_s_job(place):
    job = OWNERS["encode"](by(place, "olga"), "olga@example.org")
    with pytest.raises(NotAllowed, match="running this job"):
        change_job(job.job_id, "cancel", author="rita@example.org", workspace=by(place, "rita"))


def test_a_viewer_who_finds_a_job_without_its_worker_sees_it_interrupted(place):
    job = OWNERS["encode"](place, "Ann")
    Jobs(place).take("gone", ["encode"])
    (seen,) = list_jobs(by(place, "vera"))
    assert (seen.job_id, seen.state, seen.author) == (job.job_id, "interrupted", "gone")


def test_who_is_taken_off_the_list_writes_nothing_from_an_open_page(place):
    open_page = by(place, "rita")
    decide(open_page, "rita@example.org")
    dismiss("rita@example.org")
    with pytest.raises(NotAllowed, match="not on the list"):
        decide(open_page, "rita@example.org", 2)


def test_a_session_that_ended_writes_nothing(place):
    with pytest.raises(NotAllowed, match="session has ended"):
        decide(by(place, "rita", seconds=-1), "rita@example.org")


def test_one_person_cannot_flood_the_log_and_another_still_decides(place):
    set_sign_in(SignIn(**DOOR, acts_a_minute=3, jobs_an_hour=1))
    admit("email", "rob@example.org", "reviewer")
    rita = by(place, "rita")
    for feature in range(3):
        decide(rita, "rita@example.org", feature)
    with pytest.raises(NotAllowed, match="more than 3 decisions a minute"):
        decide(rita, "rita@example.org", 4)
    DECISIONS["probe"](rita, "rita@example.org")
    with pytest.raises(NotAllowed, match="more than 1 jobs an hour"):
        DECISIONS["probe"](rita, "rita@example.org")
    decide(by(place, "rob"), "rob@example.org", 5)


def test_uploads_are_bounded_in_size_and_number(place):
    set_sign_in(SignIn(**DOOR, upload_mb=1, uploads_mb_an_hour=2))
    olga = by(place, "olga")
    with pytest.raises(NotAllowed, match="allows 1"):
        keep_upload(olga, "a.txt", b"x" * 1_000_001)
    for n in range(2):
        keep_upload(olga, "a.txt", bytes([n]) * 900_000)
    with pytest.raises(NotAllowed, match="bytes an hour"):
        keep_upload(olga, "a.txt", b"y" * 900_000)


def test_a_decision_without_a_name_is_nobody_s(place):
    with pytest.raises(WrongUse, match="bears a name"):
        decide(place, " ")


def test_whoever_owns_the_machine_is_not_held_to_roles(place):
    decide(place, "Ann")
    Controls(place.events(), "b")
    assert Triage(place.events(), "anchor").decision(1).author == "Ann"


def test_the_jobs_of_reviewers_are_the_quick_ones():
    assert roles.REVIEWERS_JOBS == QUICK
    assert set(KINDS) > QUICK
