"""The pages of the dashboard, in their order."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

SCRIPTS = Path(__file__).parent / "page_scripts"


class Listed(NamedTuple):
    """A page. Its name is that of its script and its place in the URL."""

    name: str
    icon: str
    help: str
    needs_view: bool = True
    """Whether there is nothing to show without a run and an anchor."""
    in_menu: bool = True
    """Whether it is one of the pages of the menu; another fills the screen alone."""


PAGES = (
    Listed("overview", "donut_large", "How well your data covers the features that can occur, and where it does not."),
    Listed("map", "scatter_plot", "All features of the space as a picture: covered, weak, uncovered."),
    Listed("features", "list", "Every feature of the space: search, filter, and see what fires one."),
    Listed("gaps", "rule", "The missing features, one at a time or in bulk: which of them to target."),
    Listed("synthesis", "auto_awesome", "Let samples be written for approved gaps, after a preview and an estimate."),
    Listed("review", "fact_check", "Accept, reject or edit what was written, seeing what each does to coverage."),
    Listed("export", "download", "Write what was accepted as a dataset with its card, and measure it."),
    Listed("compare", "compare_arrows", "How datasets cover each other, which real texts fill gaps, how few suffice."),
    Listed("data", "database", "Encode a dataset, watch it, and see all runs with how they were made.", False),
    Listed("study", "science", "Does coverage go with what models learn? Finished studies of this workspace.", False),
    Listed("present", "slideshow", "The answer and its themes, large, one thing a screen.", in_menu=False),
)


def script(name: str) -> str:
    """Where the script of a page is, as links between pages want it."""
    return str(SCRIPTS / f"{name}.py")
