"""Vectors are kept whole, and made anew when what was kept is not what is asked for; the tagger needs no download."""

from __future__ import annotations

import numpy as np
import pytest

from fac_core.diversity import sentences
from fac_core.diversity.tagger import part_of_speech_tags
from fac_core.diversity.vectors import unit
from fac_core.errors import MissingExtra


def test_vectors_are_made_once(tmp_path):
    path, made = tmp_path / "e" / "x.npy", []

    def make():
        made.append(1)
        return np.ones((3, 2), dtype=np.float32)

    assert sentences.cached(path, 3, make).tolist() == sentences.cached(path, 3, make).tolist()
    assert len(made) == 1
    assert [p.name for p in path.parent.iterdir()] == ["x.npy"]


@pytest.mark.parametrize("damage", [b"", b"not an array", b"\x93NUMPY\x01\x00"])
def test_a_damaged_file_is_made_anew(tmp_path, damage):
    path = tmp_path / "x.npy"
    path.write_bytes(damage)
    assert sentences.cached(path, 2, lambda: np.zeros((2, 2))).shape == (2, 2)
    assert np.load(path).shape == (2, 2)


def test_a_file_of_other_texts_is_made_anew(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((5, 2)))
    assert sentences.cached(tmp_path / "x.npy", 2, lambda: np.ones((2, 2))).tolist() == [[1, 1], [1, 1]]


def test_without_the_wheel_the_error_names_the_command(monkeypatch):
    monkeypatch.setattr(sentences.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"fac-explorer\[embeddings\]"):
        sentences.model_folder()


@pytest.mark.weights
def test_like_sentences_are_near_and_padding_changes_nothing():
    said = ["The court ruled against the tenant.", "A judge decided the renter was wrong.", "I like apple pie."]
    x = unit(sentences.embed(said))
    assert x.shape == (3, 384)
    assert x[0] @ x[1] > 0.4 > 0.2 > x[0] @ x[2]
    alone = unit(sentences.embed(said[2:]))
    assert alone[0] == pytest.approx(x[2], abs=1e-5)


def test_tags_are_of_the_penn_treebank_and_need_no_download(monkeypatch, tmp_path):
    monkeypatch.setenv("NLTK_DATA", str(tmp_path))
    assert part_of_speech_tags(["The dogs ran.", ""]) == [["DT", "NNS", "VBD", "."], []]
