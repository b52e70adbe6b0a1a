"""Bytes of files: packed or not, marked or not, damaged or not."""

import gzip
from pathlib import Path

import pytest

from fac_core.datasets.reading.records import open_bytes, shown, utf8_error
from fac_core.errors import BadInput


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
@pytest.mark.parametrize("content", [b"one\ntwo\n", gzip.compress(b"one\ntwo\n")], ids=["plain", "packed"])
def test_gzip_is_known_by_its_bytes_not_by_its_name(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with open_bytes(tmp_path / name) as file:
        assert file.read() == b"one\ntwo\n"


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path, pack) -> None:
    (tmp_path / "a.txt").write_bytes(pack(b"\xef\xbb\xbfone"))
    with open_bytes(tmp_path / "a.txt") as file:
        assert file.read() == b"one"


def test_an_empty_file_has_no_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    with open_bytes(tmp_path / "a.txt") as file:
        assert file.read() == b""


def test_utf16_is_one_error_that_says_how_to_mend_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one", encoding="utf-16")
    with (
        pytest.raises(BadInput, match=r"a\.txt is UTF-16 or UTF-32\. Save it as UTF-8"),
        open_bytes(tmp_path / "a.txt"),
    ):
        pass


@pytest.mark.parametrize("damage", [lambda b: b[:-20], lambda b: b[:30] + b"\0\0\0" + b[33:]], ids=["cut", "flipped"])
def test_a_damaged_gzip_file_is_one_error(tmp_path: Path, damage) -> None:
    packed = gzip.compress(bytes(range(256)) * 40)
    (tmp_path / "a.txt.gz").write_bytes(damage(packed))
    with pytest.raises(BadInput, match=r"a\.txt\.gz is a damaged gzip file"), open_bytes(tmp_path / "a.txt.gz") as file:
        file.read()


def test_what_is_shown_of_a_broken_text_can_be_stored() -> None:
    for broken in ("a\udcff\ud800b", b"a\xffb", "x" * 500):
        assert utf8_error(shown(broken)) is None
        assert len(shown(broken)) <= 200


def test_a_half_surrogate_pair_is_not_text() -> None:
    assert utf8_error("ab\ud83d") == "is not valid UTF-8 at character 3"
    assert utf8_error("ab😀") is None
