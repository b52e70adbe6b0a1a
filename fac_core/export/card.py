"""The dataset card: what the dataset is, measured, in Markdown that the Hub reads. Names in it are untrusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fac_core.coverage.definition import Definition
from fac_core.export.plan import ExportPlan
from fac_core.export.rows import MEANING
from fac_core.export.shapes import Shape
from fac_core.progress import counted

_TASKS: Mapping[Shape, str] = {"classification": "text-classification"}
"""Shape of a row -> task category of the Hub; all others teach to write."""
_SIZES = ((10_000, "1K", "10K"), (100_000, "10K", "100K"), (1_000_000, "100K", "1M"))


def card(plan: ExportPlan, data_file: str | None) -> str:
    """The README.md of an export.

    Args:
        data_file: path of the data within the folder; None for a `save_to_disk` folder, which needs no entry.
    """
    n = len(plan.rows)
    parts = [
        _front_matter(plan, data_file),
        f"# {_text(plan.seed.dataset_name)}: {'seed and synthetic samples' if plan.merged else 'synthetic samples'}",
        f"{counted(n, 'row')} in the shape `{plan.shape}`: {counted(plan.n_accepted, 'synthetic sample')} that a person accepted"
        + (f" and {counted(plan.n_seed, 'sample')} of the seed." if plan.merged else ".")
        + f" Left out, because the text was there before, word for word: {counted(plan.n_repeated, 'row')}.",
        "Each synthetic sample was written for one feature that the seed lacks, read by the model and its sparse "
        "autoencoder without any steering, and kept because it fires the feature above δ. "
        f"Accepted against another check, with a note that says why (`fac_note`): {plan.n_overruled:,}.",
        "## Coverage",
        f"Feature Activation Coverage of the seed `{_code(plan.seed.name)}` against the anchor "
        f"`{_code(plan.anchor.name)}`, before and with the accepted samples, in the space of "
        f"`{_code(plan.anchor.model)}` and `{_code(plan.anchor.sae)}`.",
        _table(
            ("definition", "before", "after", "features before", "features after", "of", "a feature counts from"),
            [
                (
                    one.preset,
                    f"{one.before:.2%}",
                    f"{one.after:.2%}",
                    f"{one.n_before:,}",
                    f"{one.n_after:,}",
                    f"{one.n_features:,}",
                    in_words(one.definition),
                )
                for one in plan.coverage
            ],
        ),
        "## How it was made",
        f"Generators: {_listed(plan.generators)}. Prompts: {_listed(plan.prompts)}. "
        f"Batches: {_listed(batch.batch_id for batch in plan.batches)}.",
        _table(
            ("method", "made", "passed the check", "accepted", "tokens generated"),
            [
                (_text(y.method), f"{y.candidates:,}", f"{y.passed:,}", f"{y.accepted:,}", f"{y.generated:,}")
                for y in plan.yields
            ],
        ),
        "Failed checks: " + _counted(plan.failures) + ". Rejected by reviewers: " + _counted(plan.rejections) + ".",
        "## Where each row comes from",
        _table(("column", "meaning"), [(f"`{name}`", meaning) for name, meaning in MEANING.items()]),
        "## Licence",
        "None is asserted here. What holds depends on the terms of the generators named above, on the licence of the "
        "anchor's texts, which served as examples in the prompts, and, where the seed is included, on the seed's own.",
    ]
    return "\n\n".join(parts) + "\n"


def in_words(definition: Definition) -> str:
    """What a definition asks for, in one phrase."""
    n = definition.min_count
    samples = f"{n} sample{'s' if n > 1 else ''}"
    if definition.quantile is None:
        return f"{samples} above δ = {definition.delta:g}"
    return f"{samples} above the feature's {definition.quantile:.0%} anchor quantile"


def _front_matter(plan: ExportPlan, data_file: str | None) -> str:
    """What the Hub files a dataset under. Its language is nothing that we measure, so it is left to people."""
    files = f"configs:\n- config_name: default\n  data_files: {data_file}\n" if data_file else ""
    return (
        f"---\nlicense: unknown\ntask_categories:\n- {_TASKS.get(plan.shape, 'text-generation')}\n"
        f"size_categories:\n- {size_category(len(plan.rows))}\ntags:\n- synthetic\n- feature-activation-coverage\n{files}---"
    )


def size_category(n: int) -> str:
    """The Hub's word for a number of rows."""
    below = (f"{low}<n<{high}" for limit, low, high in _SIZES if n < limit)
    return "n<1K" if n < 1_000 else next(below, "n>1M")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{_code(name)}`" for name in names) or "none"


def _counted(counts: Mapping[str, int]) -> str:
    return (
        ", ".join(f"{_text(name)} {n:,}" for name, n in sorted(counts.items(), key=lambda i: (-i[1], i[0]))) or "none"
    )


def _text(text: str) -> str:
    """Untrusted text: nothing in it acts as markup."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|~:$&" else c for c in " ".join(text.split()))


def _code(text: str) -> str:
    """Untrusted text between backticks, also in a table."""
    return " ".join(text.replace("`", "'").replace("|", "/").split())
