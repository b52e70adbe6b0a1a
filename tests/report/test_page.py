"""The report: one file that needs nothing else, in which no text acts as markup, with the numbers the engine gives."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

import fac_core as fac
from fac_core.cli.app import run as command
from fac_core.curation.triage import Triage
from fac_core.errors import WrongUse
from fac_core.naming.labels import Labels
from fac_core.report.charts import line, share_bar
from fac_core.store.workspace import Workspace
from tests.runs import make_run

HOSTILE = "<script>alert('x')</script> <img src=x onerror=alert(1)> \"quoted\" & 'single' ‏עברית"


class Read(HTMLParser):
    """Tags, attributes and text of a page; fails on a tag that is not closed in order."""

    VOID = ("meta", "line", "polyline", "polygon", "rect")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text, self.open = "", []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def place(tmp_path) -> Workspace:
    place = Workspace.create(tmp_path / "w")
    texts = [f"{HOSTILE} {i}" for i in range(16)]
    sets = [{"set": "<b>law</b>" if i % 2 else "bones"} for i in range(16)]
    anchor = [(f, s, 1.0 + f + s) for f in range(5) for s in range(16) if f < 4 or s % 2 == 0]  # 4 is at home in bones
    make_run(
        place.run_path("id-anchor"), "anchor", anchor, 16, 8, texts=texts, n_tokens=[6] * 16, metadata=sets
    ).close()
    make_run(place.run_path("id-seed"), "seed", [(0, s, 20.0) for s in range(16)], 16, 8).close()
    place.set_anchor("anchor")
    return place


@pytest.fixture
def page(place, tmp_path):
    def made() -> tuple[str, Read]:
        markup = fac.write_report(fac.View.find("seed", workspace=place), tmp_path / "r.html").read_text(
            encoding="utf-8"
        )
        return markup, Read(markup)

    return made


def test_the_file_loads_nothing_and_runs_nothing(page):
    markup, read = page()
    assert not {"script", "link", "img", "iframe", "object"} & set(read.tags)
    assert not [name for name, _ in read.attributes if name in ("src", "href") or name.startswith("on")]
    assert "url(" not in markup
    assert "@import" not in markup


def test_texts_labels_and_notes_are_text(place, page):
    triage = Triage(place.events(), "id-anchor")
    triage.decide(1, "target", author=HOSTILE, seen=0, note=HOSTILE)
    Labels(place.events(), "space").rename(1, HOSTILE, author="Ann")
    _, read = page()
    assert "script" not in read.tags
    assert "img" not in read.tags
    assert HOSTILE.split()[0] in read.text
    assert "<b>law</b>" in read.text


def test_it_has_the_numbers_of_the_engine(place, page):
    _, read = page()
    found = fac.View.find("seed", workspace=place).coverage()
    assert f"{found.fac:.1%}" in read.text
    assert f"{len(found.missing)} are missing" in read.text
    assert read.tags.count("article") == len(found.missing)
    assert read.tags.count("svg") == 2 + 2  # two curves, two sets


def test_decisions_are_counted_and_explained(place, page):
    assert "Nobody has decided anything yet" in page()[1].text
    Triage(place.events(), "id-anchor").decide(2, "not relevant", author="Ann", seen=0, reason="off topic")
    _, read = page()
    assert "not relevant 1" in read.text
    assert "Decision: not relevant, off topic (Ann)" in read.text


def test_a_later_run_is_set_beside_it(place, page):
    assert "Before and after" not in page()[1].text
    later = [(f, s, 20.0) for f in (0, 1, 2) for s in range(16)]
    make_run(place.run_path("id-later"), "later", later, 16, 8, created_at="2026-02-01T00:00:00+00:00").close()
    _, read = page()
    assert "Before and after" in read.text
    assert "2 of 4" in read.text


def test_a_run_without_gaps_says_so(place, tmp_path):
    everything = [(f, s, 20.0) for f in range(5) for s in range(16)]
    make_run(place.run_path("id-all"), "all", everything, 16, 8).close()
    markup = fac.write_report(fac.View.find("all", workspace=place), tmp_path / "r.html").read_text(encoding="utf-8")
    assert "There is none" in Read(markup).text


def test_the_command_writes_the_file_and_says_where(place, tmp_path, capsys):
    path = tmp_path / "deep" / "report.html"
    assert command(["report", "seed", "-o", str(path), "-w", str(place.folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"report": str(path), "bytes": path.stat().st_size}


def test_a_curve_stays_in_its_frame_and_marks_its_threshold():
    chart = line([0, 5, 10], [1.0, 0.5, 0.0], x_title="δ", alt="a < b", mark=(5, "δ = 5"))
    assert 'points="44.0,10.0 227.0,107.0 410.0,204.0"' in chart
    assert 'class="mark" x1="227.0"' in chart
    assert 'aria-label="a &lt; b"' in chart
    assert "nan" not in line([], [], x_title="x", alt="empty")


def test_a_bar_is_divided_where_the_share_says():
    assert 'class="covered" x="0" y="0" width="45.0"' in share_bar(1, 3, alt="1 of 4")
    assert 'width="0.0"' in share_bar(0, 0, alt="none")


def test_a_report_replaces_a_report_and_nothing_else(place, tmp_path):
    view, path = fac.View.find("seed", workspace=place), tmp_path / "r.html"
    for _ in range(2):
        fac.write_report(view, path)
    (tmp_path / "thesis.html").write_text("<html>years of work</html>")
    for taken in (tmp_path / "thesis.html", tmp_path):
        with pytest.raises(WrongUse, match="is no report"):
            fac.write_report(view, taken)
    assert (tmp_path / "thesis.html").read_text() == "<html>years of work</html>"
