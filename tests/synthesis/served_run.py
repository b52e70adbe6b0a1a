"""A whole synthesis against a real server that fails one request in twenty, killed once on the way.

python -m tests.synthesis.served_run WORKSPACE --targets 20      # prints the counts

The model is served by `transformers serve` on loopback; the command that is killed and called again is `fac synthesise`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Candidates
from fac_core.view import View
from tests.generators.flaky_proxy import Tally, flaky_proxy
from tests.generators.serving import serving


@dataclass(frozen=True)
class Counts:
    """What came of the run."""

    requests: int
    faults: dict[str, int]
    answers: int
    """Whole ones that the server gave."""
    answers_again: int
    """Of these, to requests that had been answered before: those under way when the run was killed."""
    candidates: int
    failed: int
    targets: int
    without_candidates: int
    verdicts: dict[str, int]


def served_run(
    workspace: Path, targets: tuple[int, ...], *, seed: str, anchor: str, one_in: int, kill_after: int, max_tokens: int
) -> Counts:
    """Synthesise, kill the process after so many answers, and call it again."""
    with tempfile.TemporaryDirectory() as place, serving(Path(place)) as (url, model):
        with flaky_proxy(url, one_in=one_in) as (proxy, tally):
            command = [
                *(sys.executable, "-m", "fac_core", "synthesise", "--json", "-w", str(workspace)),
                *("--targets", ",".join(map(str, targets)), "--seed", seed, "--anchor", anchor),
                *("--generator", proxy.url, "--model", model, "--methods", "one step,two steps"),
                *("-n", "3", "-m", "2", "--max-tokens", str(max_tokens)),
            ]
            first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ))
            _wait(first, tally, kill_after)
            first.kill()
            first.wait()
            done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
            assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-500:]
            batch = json.loads(done.stdout)["batch_id"]
        return _counted(workspace, batch, targets, tally)


def _wait(process: subprocess.Popen[bytes], tally: Tally, answers: int) -> None:
    while process.poll() is None and sum(tally.paid.values()) < answers:
        time.sleep(0.05)
    assert process.poll() is None, "It was done before it could be killed."


def _counted(workspace: Path, batch: str, targets: tuple[int, ...], tally: Tally) -> Counts:
    made = list(Candidates(Workspace(workspace).events()).of(batch).values())
    verdicts: dict[str, int] = {}
    for one in made:
        verdicts[one.verdict] = verdicts.get(one.verdict, 0) + 1
    return Counts(
        requests=tally.asked,
        faults=dict(tally.faults),
        answers=sum(tally.paid.values()),
        answers_again=tally.paid_again,
        candidates=len(made),
        failed=verdicts.get("failed", 0),
        targets=len(targets),
        without_candidates=len(set(targets) - {one.feature_id for one in made}),
        verdicts=verdicts,
    )


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("workspace", type=Path)
    asked.add_argument("--targets", type=int, default=20)
    asked.add_argument("--seed", default="everyday")
    asked.add_argument("--anchor", default="broad")
    given = asked.parse_args()
    view = View.find(given.seed, given.anchor, workspace=given.workspace)
    ids = tuple(view.gaps(given.targets)["feature_id"].to_pylist())
    found = served_run(
        given.workspace, ids, seed=given.seed, anchor=given.anchor, one_in=20, kill_after=30, max_tokens=40
    )
    print(found)  # noqa: T201 - it is what the command is for
