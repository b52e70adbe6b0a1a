"""The results as a document: tables in Markdown, and a picture. Nothing is computed here that is not in the results."""

from __future__ import annotations

from collections.abc import Sequence

from fac_core.lab.holes.cases import TRAPS
from fac_core.lab.holes.contestants import CONTESTANTS, EMBEDDING, OURS
from fac_core.lab.holes.figures import mean_with_interval
from fac_core.lab.holes.power import LEAST_AUROC, Power, power
from fac_core.lab.holes.results import Line
from fac_core.lab.markdown import markdown
from fac_core.report.charts import dots

_ALL = ("auroc", "head", "first", "among_three", "n_false")
_HEADS = ("AUROC", "right at the head", "first theme right", "among three", "false themes")
_NAMES = {
    OURS: "shortfall of features of the SAE",
    "gaps": "gaps, as the list ranks them",
    "embedding clusters": "embeddings, 60 clusters",
    "embedding neighbours": "embeddings, 20 neighbours",
    "embedding distance": "embeddings, distance to the five nearest",
    "domain classifier": "embeddings, a classifier",
    "topics by density": "embeddings, UMAP and HDBSCAN",
    "words": "words, log odds",
    "word shortfall": "shortfall of words",
    "other words": "shortfall of words, without those that make the group",
    "random dictionary": "shortfall of random directions",
    "principal components": "shortfall of principal components",
}


def holes_document(lines: Sequence[Line], *, figure: str = "missing.svg", resamples: int = 1000) -> str:
    """Everything that was measured, as Markdown.

    Args:
        figure: where the picture of `holes_figure` is, seen from the document.
    """
    parts = [_OPENING, f"![AUROC of each method in each collection]({figure})\n", _MEASURES]
    for name in _in_order(lines, "collection"):
        mine = [line for line in lines if line["collection"] == name]
        parts += [_collection(name, mine, resamples), _by_group(mine)]
    parts += [_nothing_missing(lines), _power(lines)]
    return "\n".join(part for part in parts if part)


def holes_figure(lines: Sequence[Line], *, resamples: int = 1000) -> str:
    """SVG: AUROC of whole holes, a line a collection, a mark a method, with intervals."""
    rows = []
    for collection in _in_order(lines, "collection"):
        for method in _methods(lines):
            found = mean_with_interval(_whole(lines, collection, method), "auroc", resamples=resamples)
            if found:
                rows.append((collection, _NAMES.get(method, method), found))
    return dots(rows, title="Which of the anchor's texts does the data lack?", x_title="AUROC, whole holes")


def _collection(name: str, lines: Sequence[Line], resamples: int) -> str:
    """Holes as large as the groups are, in all the data there is."""
    holes = [line for line in lines if line["kind"] == "hole" and line["wanted"] == "as it is"]
    if not holes:
        return ""
    n_groups, n_cuts = (len({line[key] for line in holes}) for key in ("group", "cut"))
    shares = [line["share"] for line in holes]
    said = (
        f"## {name}\n\n{n_groups} groups of {min(shares):.1%} to {max(shares):.1%} of the anchor's "
        f"{_mean(holes, 'n_anchor'):,.0f} texts, {n_cuts} cuts.\n"
    )
    for left in sorted({line["left"] for line in holes}):
        rows = []
        for method in _methods(holes):
            mine = [line for line in holes if line["left"] == left and line["method"] == method]
            rows.append([_NAMES.get(method, method), *(_cell(mine, figure, resamples) for figure in _ALL)])
        title = "The whole group is missing" if not left else f"{left:.0%} of the group is left in the data"
        said += f"\n{title}:\n\n{markdown(('ranked by', *_HEADS), rows)}"
    return said + _ahead(holes, resamples)


def _by_group(lines: Sequence[Line]) -> str:
    """AUROC of whole holes, group by group: mean over cuts."""
    holes = [line for line in lines if line["kind"] == "hole" and line["wanted"] == "as it is" and not line["left"]]
    methods = _methods(holes)
    rows = []
    for group in sorted({line["group"] for line in holes}):
        mine = [line for line in holes if line["group"] == group]
        cells = [f"{_mean([line for line in mine if line['method'] == method]):.2f}" for method in methods]
        rows.append((group, f"{_mean(mine, 'n_missing'):.0f}", *cells))
    return f"AUROC, group by group:\n\n{markdown(('group', 'missing', *methods), rows)}" if rows else ""


def _ahead(holes: Sequence[Line], resamples: int) -> str:
    """By how much ours is ahead of the best method on embeddings, over whole holes, case by case."""
    whole = {
        (line["method"], line["case"]): line["auroc"]
        for line in holes
        if not line["left"] and line["auroc"] is not None
    }
    rivals = [method for method in EMBEDDING if any(name == method for name, _ in whole)]
    if not rivals or not any(name == OURS for name, _ in whole):
        return ""
    best = max(rivals, key=lambda method: _mean([one for one in holes if not one["left"] and one["method"] == method]))
    gains = [
        {**line, "gain": line["auroc"] - whole[best, line["case"]]}
        for line in holes
        if line["method"] == OURS and (best, line["case"]) in whole and line["auroc"] is not None
    ]
    found = mean_with_interval(gains, "gain", resamples=resamples)
    if found is None:
        return ""
    value, low, high = found
    return f"\nAhead of the best method on embeddings ({_NAMES[best]}) by {value:+.3f} ({low:+.3f} to {high:+.3f}) AUROC.\n"


def _nothing_missing(lines: Sequence[Line]) -> str:
    """Nulls and length traps: every theme that is reported is false."""
    rows = []
    for kind in TRAPS:
        for method in _methods(lines):
            mine = [line for line in lines if line["kind"] == kind and line["method"] == method]
            tests = [line["significant"] for line in mine if line["significant"] is not None]
            if not mine or not tests:
                continue
            said = sum(line["n_reported"] > 0 for line in mine)
            rows.append(
                (_KINDS[kind], _NAMES.get(method, method), f"{said} of {len(mine)}", f"{sum(tests) / len(tests):.2%}")
            )
    if not rows:
        return ""
    head = ("data", "method", "cases with a theme", "share of its tests that are significant")
    return f"## Nothing is missing\n\n{_NOTHING}\n{markdown(head, rows)}"


def _power(lines: Sequence[Line]) -> str:
    """The power table of ours, over all collections."""
    rows = power(lines, OURS)
    if not rows:
        return ""
    head = ("hole, of the anchor", "texts in the data", "cases", "mean AUROC", "found", "reported")
    return f"## How small a hole can be seen?\n\n{_POWER}\n{markdown(head, [_power_row(row) for row in rows])}"


def _power_row(row: Power) -> tuple[str, ...]:
    size = f"all ({row.n_data:,.0f})" if row.size == "all" else f"{int(row.size):,}"
    return (row.wanted, size, str(row.n_cases), f"{row.auroc:.2f}", f"{row.found:.0%}", f"{row.reported:.0%}")


def _whole(lines: Sequence[Line], collection: str, method: str) -> list[Line]:
    return [
        line
        for line in lines
        if (line["collection"], line["method"], line["kind"], line["wanted"])
        == (collection, method, "hole", "as it is")
        and not line["left"]
    ]


def _cell(lines: Sequence[Line], figure: str, resamples: int) -> str:
    """Mean and interval; a dash where a method has no themes: it tests nothing."""
    if figure not in ("auroc", "head") and all(line["significant"] is None for line in lines):
        return "–"
    found = mean_with_interval(lines, figure, resamples=resamples)
    if found is None:
        return "–"
    if figure in ("auroc", "n_false"):
        digits = 3 if figure == "auroc" else 1
        return f"{found[0]:.{digits}f} ({found[1]:.{digits}f} to {found[2]:.{digits}f})"
    return f"{found[0]:.0%} ({found[1]:.0%} to {found[2]:.0%})"


def _methods(lines: Sequence[Line]) -> list[str]:
    present = {line["method"] for line in lines}
    return [name for name in CONTESTANTS if name in present]


def _in_order(lines: Sequence[Line], key: str) -> list[str]:
    return list(dict.fromkeys(line[key] for line in lines))


def _mean(lines: Sequence[Line], figure: str = "auroc") -> float:
    found = [line[figure] for line in lines if line[figure] is not None]
    return sum(found) / len(found) if found else 0.0


_KINDS = {"null": "the other half", "cut": "texts cut to half", "joined": "texts joined in pairs"}

_OPENING = """# What is missing? Planted holes

Written by `fac lab holes data/holes.toml --out docs/missing.md`. A collection of texts is cut in halves. One half is the anchor; the other one, less a
group of texts, is the data. A method sees both, without groups, and says how much each of the anchor's texts is lacking in the data.
"""

_MEASURES = """**AUROC**: how often a text of the missing group scores above another one. **Right at the head**: share of missing texts among the strongest, as many as are
missing. A **theme is right** when most of its strongest texts (20, or as many as are missing) are of the missing group, and at least three times as many as in the
anchor. **False themes** are reported (false discovery rate 5 %) and not right. Intervals are 95 %, over groups and cuts. Topics in a collection are texts in
which a word stands, which is to the advantage of methods that look at words, so these are also shown without the words that make the group; layouts for the topics by density are made of all texts of a collection, which is to the
advantage of that method. Random directions and principal components are of mean-pooled states, where features of the SAE are of tokens.
"""

_NOTHING = """The data is the other half as it is, or other texts cut to half their tokens or joined in pairs. Whatever is reported is false.
"""

_POWER = f"""Whole holes of all collections. *Found*: AUROC of {LEAST_AUROC} or more and a right theme among the first three. *Reported*: a right theme at a false discovery
rate of 5 %. A hole larger than its group is made by leaving out other texts in both halves, so those anchors are smaller.
"""
