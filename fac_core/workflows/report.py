"""The verb that writes a run up as one HTML file. No model runs."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from fac_core.coverage.active import count_above
from fac_core.coverage.curves import ClusterCoverage, cluster_coverage, growth_curve, threshold_curve
from fac_core.coverage.definition import PAPER, PRESETS, Definition
from fac_core.coverage.fac import Coverage, coverage, gap_closure
from fac_core.coverage.interval import bootstrap_interval
from fac_core.coverage.states import feature_states
from fac_core.curation.audit import audit
from fac_core.curation.triage import Decision, Triage, counts
from fac_core.errors import EmptyAnchor, WrongUse
from fac_core.evidence.examples import top_examples, words_in_short
from fac_core.evidence.homes import fields, homes
from fac_core.gaps.causes import why_uncovered
from fac_core.gaps.ranked import gap_queue
from fac_core.naming.labels import Labels
from fac_core.report.contents import Contents, Later, ReportedGap
from fac_core.report.page import html_page
from fac_core.spaces.atlas import clusters_of
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.space_file import SpaceFile
from fac_core.store.workspace import Workspace
from fac_core.workflows.opening import Folder, open_pair, open_workspace

_EXAMPLES = 3


def report(
    output: Path | str,
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    *,
    n_gaps: int = 20,
    workspace: Folder = None,
) -> Path:
    """Write a run up: overview, curves, coverage by part, the first gaps with evidence, decisions, before and after.

    Returns the path of the file, which needs neither a server nor a network.
    """
    place = open_workspace(workspace)
    with open_pair(workspace, run, anchor) as (q, p):
        contents = _contents(place, q, p, definition, n_gaps)
    path = Path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html_page(contents), encoding="utf-8")
    return path


def _contents(place: Workspace, q: RunFile, p: RunFile, definition: Definition, n_gaps: int) -> Contents:
    measured, log = coverage(q, p, definition), place.events()
    triage = Triage(log, p.info.run_id)
    decisions = triage.decisions()
    states = feature_states(q, p, definition)
    states = states.append_column("words", pa.array(words_in_short(p), pa.string()))
    queue = gap_queue(
        states,
        count_above(p, states["delta"].to_numpy(), definition),
        why_uncovered(q, p, definition),
        names=Labels(log, p.info.space_id).names(),
    )
    return Contents(
        run=q.info,
        anchor=p.info,
        definition=definition,
        coverage=measured,
        interval=bootstrap_interval(q, p, definition),
        presets={name: _preset(q, p, preset) for name, preset in PRESETS.items()},
        threshold=threshold_curve(q, p, definition),
        growth=growth_curve(q, p, definition),
        parts=_parts(place, p, measured),
        n_gaps=len(queue),
        gaps=[
            ReportedGap(row, _in_words(decisions.get(row["feature_id"])), top_examples(p, row["feature_id"], _EXAMPLES))
            for row in queue.slice(0, n_gaps).to_pylist()
        ],
        states={**counts(decisions, measured.missing)},
        decisions=audit(triage.history()),
        later=_later(place, q, p, definition),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _preset(q: RunFile, p: RunFile, preset: Definition) -> Coverage | str:
    try:
        return coverage(q, p, preset)
    except EmptyAnchor as error:
        return str(error)


def _parts(place: Workspace, p: RunFile, measured: Coverage) -> dict[str, tuple[ClusterCoverage, ...]]:
    """By the home that the coarsest field of the anchor gives, and by cluster where there is an atlas."""
    found = {}
    for field in fields(p)[:1]:
        at_home = homes(p, [*measured.covered, *measured.missing], field)
        found[field] = cluster_coverage(measured, {feature: home.value for feature, home in at_home.items()})
    space = place.space_path(p.info.space_id)
    if space.exists():
        with SpaceFile(space) as opened:
            found["cluster of features"] = cluster_coverage(measured, clusters_of(opened))
    return found


def _later(place: Workspace, q: RunFile, p: RunFile, definition: Definition) -> list[Later]:
    """Runs that were encoded after this one, the anchor aside."""
    found = []
    runs = [info for info in place.runs() if info.space_id == q.info.space_id]
    ids = [info.run_id for info in runs]
    for info in runs[ids.index(q.info.run_id) + 1 :]:
        if info.run_id == p.info.run_id:
            continue
        with place.run(info.run_id) as run:
            closure = None
            with suppress(WrongUse):  # nothing to close
                closure = gap_closure(run, q, p, definition)
            found.append(Later(info, coverage(run, p, definition), closure))
    return found


def _in_words(decision: Decision | None) -> str:
    if decision is None:
        return ""
    return decision.state + (f", {decision.reason}" if decision.reason else "") + f" ({decision.author})"
