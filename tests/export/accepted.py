"""What the tests of exports share: a text that acts in no format, acceptance, and rows read back."""

from __future__ import annotations

import json
from pathlib import Path

import fac_core as fac

HOSTILE = '<script>alert(1)</script> | **x** [l](javascript:1) "q" \u2028 ‏עברית {"a": 1}\n---\n# head'


def accept(place, *candidates):
    fac.review([c.candidate_id for c in candidates], "accepted", author="Ann", workspace=place.folder)


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
