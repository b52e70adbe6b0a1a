"""A text of one's own is read exactly as the run's samples were."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fac_core.activations.reopen import reopen
from fac_core.activations.spec import EncodeSpec, spec_of
from fac_core.errors import BadInput, ModelMismatch, NotFound
from fac_core.jobs.warm import Warm
from fac_core.store.workspace import Workspace
from fac_core.workflows.encode import encode
from fac_core.workflows.probe import probe
from tests import tiny


@pytest.fixture(params=["topk", "jumprelu"])
def place(request, tmp_path, model_of, sae_of) -> Workspace:
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(tiny.TEXTS), encoding="utf-8")
    spec = EncodeSpec(model=str(model_of("llama")), sae=str(sae_of(request.param)), context=32, dtype="float32")
    encode(texts, spec, workspace=tmp_path / "w", anchor=True)
    return Workspace(tmp_path / "w")


def test_a_text_of_the_run_fires_what_the_run_says(place):
    with place.run(place.anchor().run_id) as run:
        rows = run.query("SELECT feature_id, activation FROM activations WHERE sample_id = 0").to_pylist()
    expected = {row["feature_id"]: row["activation"] for row in rows}
    found = probe(tiny.TEXTS[0], workspace=place.folder, n=1000)
    assert {one.feature_id: one.activation for one in found.top} == pytest.approx(expected, rel=1e-3)
    assert found.n_fired == len(rows)
    assert [one.activation for one in found.top] == sorted((one.activation for one in found.top), reverse=True)


def test_the_strongest_token_of_a_feature_is_its_activation_and_lies_in_the_text(place):
    found = probe("Naïve café in 東京 😀, open late", workspace=place.folder, n=5)
    for one in found.top:
        start, end, value = max(one.tokens, key=lambda token: token[2])
        assert value == one.activation
        assert 0 <= start < end <= len(found.text)


def test_a_silent_feature_is_shown_as_silent(place):
    whole = probe("a", workspace=place.folder, n=1000)
    silent = next(f for f in range(tiny.D_SAE) if f not in {one.feature_id for one in whole.top})
    found = probe("a", silent, workspace=place.folder)
    assert found.feature is not None
    assert (found.feature.activation, found.feature.tokens) == (0.0, ())


def test_the_spec_of_a_run_makes_a_run_of_the_same_space(place, tmp_path):
    info = place.anchor()
    texts = tmp_path / "other.txt"
    texts.write_text("Another text.\n", encoding="utf-8")
    assert encode(texts, spec_of(info), workspace=place.folder).space_id == info.space_id


def test_wrong_requests_say_so(place, tmp_path, model_of):
    with pytest.raises(NotFound, match="no feature 64"):
        probe("a", 64, workspace=place.folder)
    with pytest.raises(BadInput, match="empty"):
        probe("", workspace=place.folder)


def test_a_model_is_loaded_once_for_many_texts(place):
    warm, loads = Warm(), []

    def get(key, load):
        return warm.get(key, lambda: (loads.append(key), load())[1])

    for text in ("one", "two"):
        probe(text, workspace=place.folder, warm=get)
    assert len(loads) == 1


def test_other_weights_than_those_of_the_run_are_refused(place):
    with pytest.raises(ModelMismatch, match="their files differ"):
        reopen(replace(place.anchor(), model_hash="another"))
