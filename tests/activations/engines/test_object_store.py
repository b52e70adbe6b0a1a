"""Shards in an object store (`tests/object_store.py`)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fac_core.activations import pipeline
from fac_core.activations.engines.places import place_in
from fac_core.activations.engines.spec import EngineSpec
from fac_core.activations.spec import EncodeSpec
from fac_core.errors import Stopped, WrongUse
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.schema import TABLES
from fac_core.store.workspace import Workspace
from tests import object_store, tiny

pytestmark = object_store.needed


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """`bucket.format("name")` is the address of a bucket, keys in it; there is one, `shards`."""
    with object_store.served("shards") as address:
        yield address.replace("s3://", "s3://key:secret@")


def test_an_encoding_whose_shards_lie_in_a_bucket_is_stopped_and_goes_on(
    tmp_path, model_of, sae_of, bucket, monkeypatch
):
    monkeypatch.setattr(pipeline, "shard_size", lambda _n: 2)
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(tiny.TEXTS), encoding="utf-8")
    spec = EncodeSpec(model=str(model_of("llama")), sae=str(sae_of("topk")), context=32, dtype="float32")
    engine = EngineSpec(shards=bucket.format("shards"))

    def stop_at_4(done: int, total: int, note: str = "") -> None:
        if not note and done >= 4:
            raise Stopped(note)

    here, there = (Workspace.create(tmp_path / name) for name in ("here", "there"))
    with pytest.raises(Stopped):
        pipeline.encode(texts, there, spec, engine=engine, on_progress=stop_at_4)
    told: list[str] = []
    pipeline.encode(texts, there, spec, engine=engine, on_progress=lambda _done, _total, note="": told.append(note))
    assert "found from an earlier try" in told
    info = pipeline.encode(texts, here, spec)
    for table in TABLES:
        if table != "run":
            with RunFile(here.run_path(info.run_id)) as one, RunFile(there.run_path(info.run_id)) as other:
                assert one.query(f"FROM {table}") == other.query(f"FROM {table}"), table
    assert not place_in(engine.shards, info.run_id, near=tmp_path).is_there


def test_a_bucket_that_is_not_there_is_refused_at_once_without_telling_the_keys(tmp_path, bucket):
    with pytest.raises(WrongUse, match=r"Shards cannot lie in s3://nobody/fac/run-1: .*NO_SUCH_BUCKET") as refused:
        place_in(bucket.format("nobody"), "run-1", near=tmp_path).make()
    assert "secret" not in str(refused.value)
