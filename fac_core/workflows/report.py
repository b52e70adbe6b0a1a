"""Write a view up as one HTML file. No model runs."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from fac_core.curation.audit import audit
from fac_core.curation.triage import Decision, Triage, counts
from fac_core.errors import WrongUse
from fac_core.feature import Feature
from fac_core.report.contents import Contents, Later, ReportedGap
from fac_core.report.page import OURS, html_page
from fac_core.view import View
from fac_core.whole import behind_links, write_whole

_EXAMPLES = 3
_CLUSTERS = "cluster of features"


def write_report(view: View, output: Path | str, *, n_gaps: int = 20) -> Path:
    """Write a view up: overview, curves, coverage by part, the first gaps with evidence, decisions, before and after.

    Returns the path of the file, which needs neither a server nor a network. An earlier report is replaced; raises `WrongUse` for
    any other file, and what `View.coverage` raises.

    >>> fac.write_report(view, scratch.folder / "report.html").name
    'report.html'
    """
    path = behind_links(output)
    if path.exists() and not _is_report(path):
        raise WrongUse(f"{path} is there already and is no report. Choose another file with --output.")
    write_whole(path, html_page(contents(view, n_gaps)))
    return path


def _is_report(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return OURS.encode() in file.read(1000)


def contents(view: View, n_gaps: int = 20) -> Contents:
    """What the report says."""
    triage = Triage.of(view.workspace, view.anchor)
    decisions = triage.decisions()
    measured, gaps = view.coverage(), view.gaps()
    parts = {field: view.parts(field) for field in view.fields()[:1]}
    return Contents(
        run=view.run,
        anchor=view.anchor,
        definition=view.definition,
        coverage=measured,
        interval=view.interval(),
        presets=view.presets(),
        threshold=view.threshold_curve(),
        growth=view.growth_curve(),
        parts={**parts, **({_CLUSTERS: view.parts()} if view.has_atlas else {})},
        n_gaps=len(gaps),
        gaps=[
            ReportedGap(
                row,
                _in_words(decisions.get(row["feature_id"])),
                Feature(view, row["feature_id"]).examples(_EXAMPLES),
            )
            for row in gaps.slice(0, n_gaps).to_pylist()
        ],
        states={**counts(decisions, measured.missing)},
        decisions=audit(triage.history()),
        later=_later(view),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _later(view: View) -> list[Later]:
    """Runs of the space that were encoded after this one, the anchor aside."""
    peers = view.workspace.peers(view.anchor.space_id)
    at = [info.run_id for info in peers].index(view.run.run_id)
    found = []
    for info in peers[at + 1 :]:
        if info.run_id != view.anchor.run_id:
            closure = None
            with suppress(WrongUse):  # nothing to close
                closure = view.gap_closure(info.run_id)
            found.append(Later(info, view.of(info.run_id).coverage(), closure))
    return found


def _in_words(decision: Decision | None) -> str:
    if decision is None:
        return ""
    return decision.state + (f", {decision.reason}" if decision.reason else "") + f" ({decision.author})"
