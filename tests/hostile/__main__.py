"""The whole corpus, and its table: `python -m tests.hostile`. Runs on Linux, in some twenty minutes on one core.

--share 0.05    only so much of each kind
--no-bombs      without files that are made to be large
--only TEXT     only cases whose `door/kind/seed` has it; tells of each
--page FILE     writes the table into a document, between its marks
--kept FILE     adds to what was found before (JSON Lines) and leaves out the cases that are there
--most N        ends after so many cases; with --kept, the next call goes on
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tests.hostile.pool import VERDICTS, Case, Outcome, corpus, outcomes

_BEGIN, _END = "<!-- table -->", "<!-- end of table -->"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--no-bombs", action="store_true")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--most", type=int)
    asked = parser.parse_args()
    cases = [case for case in corpus(asked.share, asked.only) if not (asked.no_bombs and case.kind.startswith("bomb"))]
    before = _kept(asked.kept) if asked.kept else {}
    left = [case for case in cases if case not in before][: asked.most]
    for one in outcomes(left):
        before[one.case] = one
        if asked.kept:
            with asked.kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(one)) + "\n")
        if asked.only or one.verdict not in ("read", "refused"):
            case = one.case
            print(f"{one.verdict:>12} {case.door}/{case.kind}/{case.seed} {one.memory >> 20} MB {one.seconds:.1f} s")  # noqa: T201
            print("   ", "\n    ".join(one.detail.splitlines()), flush=True)  # noqa: T201
    done = [before[case] for case in cases if case in before]
    written = table(done)
    print(written)  # noqa: T201
    if asked.page:
        head, _, rest = asked.page.read_text(encoding="utf-8").partition(_BEGIN)
        asked.page.write_text(f"{head}{_BEGIN}\n\n{written}\n\n{_END}{rest.partition(_END)[2]}", encoding="utf-8")
    return any(one.verdict not in ("read", "refused") for one in done)


def _kept(path: Path) -> dict[Case, Outcome]:
    found = [json.loads(line) for line in path.open(encoding="utf-8")] if path.exists() else []
    every = (Outcome(**{**one, "case": Case(**one["case"])}) for one in found)
    return {one.case: one for one in every}


def table(done: list[Outcome]) -> str:
    """Counts by door and verdict, and the most memory and time that a case of it took."""
    doors = dict.fromkeys(one.case.door for one in done)
    counts = Counter((one.case.door, one.verdict) for one in done)
    lines = [["door", "cases", *VERDICTS, "most memory", "most time"], ["---"] * (4 + len(VERDICTS))]
    for door in [*doors, "all"]:
        of = [one for one in done if door in (one.case.door, "all")]
        row = [door, f"{len(of):,}"]
        row += [f"{sum(counts[d, verdict] for d in doors if door in (d, 'all')):,}" for verdict in VERDICTS]
        row += [f"{max(one.memory for one in of) >> 20:,} MB", f"{max(one.seconds for one in of):.0f} s"]
        lines.append(row)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
