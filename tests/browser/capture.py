"""Film the loop: the answer, a theme, its gaps as targets, written texts with their proof, decisions, coverage after, export.

    python -m tests.browser.capture WORKSPACE docs/images/loop.webp

The pictures are of the dashboard itself, on a copy of a workspace in which samples were written (`fac synthesise`) and
wait for review. The film is an animated WebP; how long it is and how large are said at the end.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page

from dashboard.components.presentation.showpiece import showpieces
from fac_core.store.workspace import Workspace
from fac_core.synthesis.batches import batches_of
from fac_core.synthesis.candidates import Candidate
from fac_core.themes.theme import Theme
from fac_core.view import View
from tests.browser.conftest import launched, served, settled, visiting

_SCREEN = (1200, 760)
_SHOWN = (960, 608)
"""Pixels of a picture, before and after it is made smaller."""
_QUALITY = 80
_UNSEEN = """.st-key-ex_folder input { color: transparent }
[data-testid=stMain]:has(.st-key-ex_folder) [data-testid=stCaptionContainer] { visibility: hidden }"""
"""Where this machine keeps the workspace, which says nothing to anybody else."""
_MOVES, _MOVE_MS = 5, 70
_ARROW = ((0, 0), (0, 20), (5, 15), (9, 23), (12, 21), (9, 14), (16, 14))
"""The pointer."""


class Film:
    """Pictures of a page, each with how long it is looked at, and a pointer where a visitor's would be."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pictures: list[tuple[Image.Image, int]] = []
        self._at = (700.0, 420.0)

    def look(self, seconds: float) -> None:
        """Look at what the page shows."""
        settled(self.page)
        self.page.wait_for_timeout(700)
        self._keep(self._taken(), int(1000 * seconds))

    def open(self, link: str, seconds: float) -> None:
        self.page.goto(link)
        self.look(seconds)

    def show(self, what: Locator, seconds: float) -> None:
        """Scroll to something, and look."""
        what.first.wait_for(state="visible")
        what.first.evaluate("e => e.scrollIntoView({block: 'center'})")
        self.look(seconds)

    def press(self, what: Locator, seconds: float) -> None:
        """Go to a button, press it, and look at what it did."""
        what.first.wait_for(state="visible")
        box = what.first.bounding_box()
        assert box
        under, start = self._taken(), self._at
        end = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        for n in range(1, _MOVES + 1):
            part = 1 - (1 - n / _MOVES) ** 2
            self._at = tuple(a + part * (b - a) for a, b in zip(start, end, strict=True))  # type: ignore[assignment]
            self._keep(under, _MOVE_MS if n < _MOVES else 500)
        self._keep(under, 250, pressed=True)
        what.first.click()
        self.look(seconds)

    def save(self, path: Path) -> None:
        first, *others = (picture for picture, _ in self.pictures)
        durations = [ms for _, ms in self.pictures]
        first.save(
            path, save_all=True, append_images=others, duration=durations, loop=0, quality=_QUALITY, method=6,
            minimize_size=True,
        )  # fmt: skip

    def _taken(self) -> Image.Image:
        return Image.open(io.BytesIO(self.page.screenshot(style=_UNSEEN))).convert("RGB")

    def _keep(self, taken: Image.Image, ms: int, *, pressed: bool = False) -> None:
        picture, (x, y) = taken.copy(), self._at
        draw = ImageDraw.Draw(picture)
        if pressed:
            draw.ellipse((x - 16, y - 16, x + 16, y + 16), outline="#d97706", width=4)
        draw.polygon([(x + a, y + b) for a, b in _ARROW], fill="white", outline="black")
        self.pictures.append((picture.resize(_SHOWN, Image.Resampling.LANCZOS), ms))


def subject(workspace: Workspace) -> tuple[View, Theme, Candidate]:
    """What the film is about: a theme for which texts were written, and the first of them. Raises `SystemExit` without any."""
    anchor = workspace.anchor()
    for run in workspace.peers(anchor.space_id, besides=[anchor.run_id]):
        if not batches_of(workspace, run, anchor):
            continue
        view = View.find(run.run_id, workspace=workspace)
        themes = view.missing().themes
        shown = showpieces(view, themes, "Ann")
        for theme in themes:
            if theme.name in shown:
                return view, theme, shown[theme.name].candidate
    raise SystemExit(f"Nothing that passes was written in {workspace.folder}: `fac synthesise` writes something.")


def play(film: Film, address: str, view: View, theme: Theme, first: Candidate) -> None:
    """The loop, from the answer to the exported dataset."""
    page, about = film.page, {"run": view.run.run_id, "anchor": view.anchor.run_id}

    def link(name: str, **asked: str) -> str:
        return f"{address}/{name}?{urlencode({**about, **asked})}"

    film.open(link(""), 4.5)
    film.open(link("gaps", gq_theme=theme.name), 3.5)
    film.press(page.get_by_role("button", name="Target all"), 2.5)
    film.press(page.get_by_role("link", name="Write texts for it"), 3)
    film.open(link("review", batch=first.batch_id, candidate=first.candidate_id), 4)
    for _ in range(3):
        film.press(page.locator("[class*='st-key-rv_accepted'] button"), 1.8)
    film.show(page.get_by_test_id("stMetric"), 3.5)
    film.open(link("export"), 3)
    film.press(page.get_by_role("button", name="Write"), 2.5)
    film.open(link("present", pr_part="after", pr_theme=theme.name), 3.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("film", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "workspace"
        shutil.copytree(asked.workspace, copy)
        workspace = Workspace(copy)
        told = subject(workspace)
        with launched() as browser, served(workspace) as address, visiting(browser, address) as visit:
            page = visit()
            page.set_viewport_size({"width": _SCREEN[0], "height": _SCREEN[1]})
            film = Film(page)
            play(film, address, *told)
    film.save(asked.film)
    seconds = sum(ms for _, ms in film.pictures) / 1000
    size = asked.film.stat().st_size / 1e6
    sys.stdout.write(f"{asked.film}: {seconds:.0f} s, {size:.2f} MB, {len(film.pictures)} pictures\n")


if __name__ == "__main__":
    main()
