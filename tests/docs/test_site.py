"""The site leads to every page, and to none that is not there."""

from __future__ import annotations

import re
import tomllib

from tests.checkout import ROOT

DOCS = ROOT / "docs"


def pages(entries: list[dict[str, object]]) -> list[str]:
    """The files of a navigation, in its order."""
    found: list[str] = []
    for entry in entries:
        for target in entry.values():
            found += [target] if isinstance(target, str) else pages(target)  # type: ignore[arg-type]
    return found


def test_the_navigation_holds_every_page_once():
    named = pages(tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"])
    assert sorted(named) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


def test_no_page_links_to_another_page_outside_of_the_folder():
    for page in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(([^):#]*\.md)[)#]", page.read_text(encoding="utf-8")):
            assert (page.parent / target).resolve().is_relative_to(DOCS), f"{page}: {target}"
