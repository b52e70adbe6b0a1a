"""Everything that is installed or ships has a licence that we know, and the lists that say so are of today."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.markers import Marker

from tests.checkout import ROOT

KNOWN = {
    *(
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSL-1.0",
        "CC0-1.0",
        "CNRI-Python",
        "ISC",
        "LLVM-exception",
    ),
    *("MIT", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib", "LicenseRef-NVIDIA-Proprietary", "LicenseRef-Gemma-Terms-of-Use"),
}
"""The last two are not free software: docs/licences.md says what they bind."""

WHERE = {
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.7",
    "python_version": "3.11",
    "sys_platform": "linux",
}
"""Where the table was made."""


def test_no_licence_is_unknown():
    assert {name for expression in table() for name in re.split(r" (?:AND|OR|WITH) ", expression)} - KNOWN == set()


def test_the_table_has_what_would_be_installed_and_nothing_else():
    listed = {one.lower().replace("_", "-") for packages in table().values() for one in packages}
    locked = set()
    for file in ("requirements-lock.txt", "requirements-demo.txt"):
        text = (ROOT / file).read_text(encoding="utf-8")
        for name, version, marker in re.findall(r"^([\w.-]+)==(\S+) (?:; (.*))?\\$", text, flags=re.MULTILINE):
            if not marker or Marker(marker).evaluate(WHERE):
                locked.add(f"{name.lower().replace('_', '-')} {version}")
    assert locked == listed


def test_everything_in_data_has_its_origin_and_licence():
    said = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "data").rglob("*")):
        inside = path.relative_to(ROOT / "data").as_posix()
        if path.is_file() and inside != "README.md":
            folders = [f"`{parent.as_posix()}/`" for parent in Path(inside).parents if parent.name]
            named = [f"`{inside}`", *folders, f"`{Path(inside).parent.as_posix()}/*{path.suffix}`"]
            assert any(name in said for name in named), inside


def table() -> dict[str, list[str]]:
    """Licence -> packages with their versions, as docs/licences.md has them."""
    text = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    return {
        name: found.split(", ") for name, found in re.findall(r"^\| (.+?) \| (.+) \|$", text, flags=re.MULTILINE)[1:]
    }
