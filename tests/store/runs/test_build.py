"""`build_run`: whole or not at all, the same every time, and nothing lost without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from fac_core.activations.proposals import draw
from fac_core.store.runs import build as building
from fac_core.store.runs import feature_stats
from fac_core.store.runs.build import build_run
from fac_core.store.runs.lot import LOT
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.schema import N_RANDOM, QUANTILE_LEVELS, TABLES
from tests.runs import Active, make_run, run_info, write_parts


def random_activations(seed: int, n: int = 400, n_samples: int = 60, d_sae: int = 12) -> list[Active]:
    """Unique pairs, skewed over features, with activations of four digits. The last feature stays dead."""
    rng = np.random.default_rng(seed)
    features = np.minimum(rng.geometric(0.25, n) - 1, d_sae - 2)
    pairs = sorted(set(zip(features.tolist(), rng.integers(0, n_samples, n).tolist(), strict=True)))
    rng.shuffle(pairs)
    return [(f, s, round(float(rng.lognormal()), 2) + 0.01) for f, s in pairs]


def build(folder: Path, parts: dict[str, Any], *, d_sae: int = 12, **changes: Any) -> RunFile:
    build_run(folder / "run.duckdb", run_info("run", d_sae), **{**parts, **changes})
    return RunFile(folder / "run.duckdb")


def test_building_twice_gives_identical_rows_in_every_table(tmp_path: Path) -> None:
    activations = random_activations(0)
    sets = [{"set": "law" if sample % 2 else "news"} for sample in range(60)]
    first = make_run(tmp_path / "1", "run", activations, 60, 12, metadata=sets)
    second = make_run(tmp_path / "2", "run", activations[::-1], 60, 12, metadata=sets)
    for table in TABLES:
        assert first.query(f"FROM {table}").equals(second.query(f"FROM {table}")), table
        assert len(first.query(f"FROM {table}")) > 0 or table in ("failures", "outside")


def test_activations_lie_sorted_by_feature_then_falling(tmp_path: Path) -> None:
    activations = random_activations(1)
    run = make_run(tmp_path, "run", activations, 60, 12)
    stored = [(r["feature_id"], r["sample_id"]) for r in run.query("FROM activations").to_pylist()]
    assert stored == [(f, s) for f, s, _ in sorted(activations, key=lambda r: (r[0], -r[2], r[1]))]


def test_the_table_stays_sorted_over_several_row_groups(tmp_path: Path) -> None:
    n = 300_000  # a row group holds 122,880 rows
    rng = np.random.default_rng(0)
    parts: dict[str, Any] = write_parts(tmp_path, [], 1)
    pq.write_table(
        pa.table(
            {
                "feature_id": rng.integers(0, 12, n).astype(np.uint32),
                "sample_id": np.zeros(n, dtype=np.uint32),
                "activation": rng.lognormal(size=n).astype(np.float32),
                "token_index": np.zeros(n, dtype=np.uint16),
            }
        ),
        tmp_path / "activations.parquet",
    )
    table = build(tmp_path, parts).query("SELECT feature_id, activation FROM activations")
    assert len(table) == n
    assert table.equals(table.sort_by([("feature_id", "ascending"), ("activation", "descending")]))


def test_sorted_by_ranges_a_run_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts: dict[str, Any] = write_parts(tmp_path, random_activations(3), 60)
    whole = build(tmp_path / "whole", parts)
    monkeypatch.setattr(building, "_SORTED_ROWS", 40)
    monkeypatch.setattr(building, "_SORTED_SAMPLES", 7)
    by_ranges = build(tmp_path / "ranges", parts)
    for table in TABLES:
        assert whole.query(f"FROM {table}").equals(by_ranges.query(f"FROM {table}")), table


def test_activations_keep_four_significant_digits_and_their_order(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run", [(0, 0, 123.456), (0, 1, 0.000123456), (0, 2, 99999.0), (0, 3, 0.5)], 4, 1)
    stored = run.query("SELECT activation FROM activations")["activation"].to_numpy()
    assert stored.tolist() == np.array([100000, 123.5, 0.5, 0.0001235], dtype=np.float32).tolist()


def test_activations_that_are_not_positive_are_not_stored(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run", [(0, 0, 0.0), (0, 1, -1.0), (0, 2, 1.0)], 3, 1)
    assert run.info.n_activations == 1


def test_feature_stats_equal_numpy_and_name_dead_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_stats, "_BATCH_ROWS", 50)  # several batches
    activations = random_activations(2)
    run = make_run(tmp_path, "run", activations, 60, 12, token_index=[s % 5 for _, s, _ in activations])
    stats = run.query("FROM feature_stats").to_pylist()
    assert [row["feature_id"] for row in stats] == list(range(12))
    first = {s: min(s2 % 5 for _, s2, _ in activations if s2 == s) for _, s, _ in activations}
    for row in stats:
        mine = [(s, np.float32(a)) for f, s, a in activations if f == row["feature_id"]]
        values = np.array([a for _, a in mine], dtype=np.float32)
        assert row["n_active"] == len(values)
        assert row["strongest"] == sorted(values.tolist(), reverse=True)[:10]
        assert sum(row["histogram"]) == len(values)
        assert len(row["histogram"]) == 50
        if len(values):
            assert row["max"] == values.max()
            assert row["mean"] == pytest.approx(values.mean(), rel=1e-6)
            assert row["quantiles"] == pytest.approx(np.quantile(values.astype(float), QUANTILE_LEVELS), rel=1e-6)
            bins = np.minimum(49, np.floor(values.astype(float) / float(values.max()) * 50)).astype(int)
            assert row["histogram"] == np.bincount(bins, minlength=50).tolist()
            assert row["first_token_share"] == pytest.approx(np.mean([s % 5 == first[s] for s, _ in mine]))
        else:
            assert (row["max"], row["mean"], row["quantiles"], row["first_token_share"]) == (0, 0, [], 0)
    assert stats[11]["n_active"] == 0


def test_first_token_share_finds_the_feature_that_peaks_at_the_beginning(tmp_path: Path) -> None:
    activations = [(f, s, 1.0) for s in range(4) for f in (0, 1)]
    run = make_run(
        tmp_path, "run", activations, 4, 2, token_index=[3 * f + (s == 3) for f, s in [a[:2] for a in activations]]
    )
    shares = run.query("SELECT first_token_share FROM feature_stats")["first_token_share"].to_pylist()
    assert shares == [1.0, 0.0]


def test_examples_are_the_twenty_strongest_and_up_to_five_of_each_interval(tmp_path: Path) -> None:
    activations = [(0, s, round(1 + s / 10, 1)) for s in range(60)]  # max 6.9: intervals of 1.38
    run = make_run(tmp_path, "run", activations, 60, 1)
    top = run.query("SELECT sample_id FROM examples WHERE kind = 'top' ORDER BY rank")["sample_id"].to_pylist()
    assert top == list(range(59, 39, -1))
    bins = run.query("SELECT bin, count(*) AS n FROM examples WHERE kind = 'bin' GROUP BY bin ORDER BY bin").to_pylist()
    in_bin = np.bincount([min(4, int(a / 6.9 * 5)) for _, _, a in activations])
    assert bins == [{"bin": b, "n": min(5, n)} for b, n in enumerate(in_bin)]


def test_only_proposed_pairs_are_shown_and_only_shown_pairs_have_tokens(tmp_path: Path) -> None:
    parts: dict[str, Any] = write_parts(tmp_path, [(0, s, 1.0 + s) for s in range(40)], 40)
    proposed = pq.read_table(tmp_path / "examples.parquet").slice(0, 35)
    pq.write_table(proposed, tmp_path / "examples.parquet")
    run = build(tmp_path, parts)
    shown = set(run.query("SELECT sample_id FROM examples")["sample_id"].to_pylist())
    assert max(shown) == 34
    assert len(shown) < 35
    assert set(run.query("SELECT sample_id FROM token_activations")["sample_id"].to_pylist()) == shown


def test_counts_come_from_the_files(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run", [(0, 0, 1.0)], 3, 2, n_tokens=[5, 7, 9], n_activations=99, n_sinks=99)
    info = run.info
    assert (info.n_samples, info.n_tokens, info.n_sinks, info.n_activations, info.n_failures) == (3, 21, 3, 1, 0)


def without_last_sample(parts: dict[str, Any], folder: Path) -> None:
    path = folder / "shard_samples.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(0, len(table) - 1), path)


def test_a_sample_that_failed_is_in_failures_and_not_in_samples(tmp_path: Path) -> None:
    parts = write_parts(tmp_path, [(0, 0, 1.0)], 3)
    without_last_sample(parts, tmp_path)
    failure = {"origin": "data.jsonl:3", "reason": "no_content_tokens", "detail": "", "text": "x"}
    table = pa.Table.from_pylist([failure], pq.read_schema(tmp_path / "failures.parquet"))
    pq.write_table(table, tmp_path / "failures.parquet")
    run = build(tmp_path, parts)
    assert run.query("SELECT sample_id FROM samples")["sample_id"].to_pylist() == [0, 1]
    assert run.query("FROM failures").to_pylist() == [failure]
    assert (run.info.n_samples, run.info.n_failures) == (2, 1)


def test_a_run_without_any_sample_is_a_run(tmp_path: Path) -> None:
    parts = write_parts(tmp_path, [], 0)
    run = build(tmp_path, parts, shard_samples=[], activations=[], examples=[], failures=[], d_sae=3)
    assert (run.info.n_samples, run.info.n_activations) == (0, 0)
    assert run.query("SELECT n_active FROM feature_stats")["n_active"].to_pylist() == [0, 0, 0]


def test_folders_may_have_names_that_look_like_patterns_or_quotes(tmp_path: Path) -> None:
    folder = tmp_path / "it's [a] folder"
    assert make_run(folder, "run", [(0, 0, 1.0)], 1, 1).info.n_activations == 1


def test_a_stored_activation_costs_at_most_six_bytes(tmp_path: Path) -> None:
    """On activations shaped like real ones: Zipf over features, log-normal, 10,000 samples."""
    rng = np.random.default_rng(0)
    n, d_sae, n_samples = 600_000, 4608, 10_000
    weights = 1 / np.arange(1, d_sae + 1) ** 0.8
    cells = np.unique(rng.choice(d_sae, n, p=weights / weights.sum()) * n_samples + rng.integers(0, n_samples, n))
    columns = {
        "feature_id": (cells // n_samples).astype(np.uint32),
        "sample_id": (cells % n_samples).astype(np.uint32),
        "activation": rng.lognormal(1, 0.7, len(cells)).astype(np.float32),
        "token_index": rng.integers(1, 200, len(cells)).astype(np.uint16),
    }
    parts = write_parts(tmp_path, [], n_samples)
    pq.write_table(pa.table(columns), parts["activations"][0])
    with build(tmp_path, parts, d_sae=d_sae) as run:
        assert run.bytes_of("activations") / run.info.n_activations <= 6


def test_random_positives_are_those_with_the_highest_lots_of_all_that_fire(tmp_path: Path) -> None:
    """The draw of the shards' proposals, in SQL: so a sample drawn over all shards has its tokens."""
    n, d_sae = 300, 3
    ids = torch.randint(0, 2**32, (n,), generator=torch.Generator().manual_seed(0)).unique()
    run = make_run(tmp_path, "run", [(f, s, 1.0 + s % 7) for f in range(d_sae) for s in range(n)], n, d_sae)
    lots = draw(torch.arange(n)[:, None], torch.arange(d_sae)[None, :])
    for feature in range(d_sae):
        stored = run.query(
            "SELECT sample_id FROM examples WHERE kind = 'random' AND feature_id = ? ORDER BY rank", [feature]
        )
        assert stored["sample_id"].to_pylist() == lots[:, feature].argsort(descending=True)[:N_RANDOM].tolist()
    rows = run.query(
        f"SELECT sample_id, {LOT} AS lot FROM (SELECT unnest(?::UINTEGER[]) AS sample_id, 65535 AS feature_id)",  # noqa: S608
        [ids.numpy().astype(np.uint32)],
    )
    expected = draw(torch.from_numpy(rows["sample_id"].to_numpy().astype(np.int64)), torch.tensor(65535))
    assert ((rows["lot"].to_numpy().astype(np.float64) + 1) / 2**32).astype(np.float32).tolist() == expected.tolist()
