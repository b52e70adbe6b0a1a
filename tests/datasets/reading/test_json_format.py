"""JSON Lines and JSON arrays."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fac_core.datasets.reading import json_format
from fac_core.datasets.reading.json_format import read_json
from fac_core.datasets.reading.records import Record, Unreadable
from fac_core.errors import BadInput


def read(path: Path, content: str | bytes) -> list[Record | Unreadable]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_json(path, path.name))


def test_a_malformed_line_costs_itself_alone(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"sample {i}"}) for i in range(1, 10_001)]
    lines[4710] = '{"text": "sample 4711'
    readings = read(tmp_path / "a.jsonl", "\n".join(lines))
    bad = [one for one in readings if isinstance(one, Unreadable)]
    assert len(readings) == 10_000
    assert [one.origin for one in bad] == ["a.jsonl:4711"]
    assert bad[0].detail == "is not JSON: Unterminated string starting at column 10"
    assert bad[0].text == '{"text": "sample 4711\n'


def test_an_undecodable_line_costs_itself_alone(tmp_path: Path) -> None:
    readings = read(tmp_path / "a.jsonl", b'{"text": "a"}\n{"text": "caf\xe9"}\n{"text": "b"}\n')
    assert [type(one) for one in readings] == [Record, Unreadable, Record]
    assert readings[1] == Unreadable("a.jsonl:2", "is not valid UTF-8 at byte 14", '{"text": "caf�"}\n')


@pytest.mark.parametrize(
    "content",
    [
        '{"text": "a"}\r\n\r\n{"text": "b"}\r\n',
        '\ufeff{"text": "a"}\n\n{"text": "b"}',
        '[{"text": "a"},\n\n{"text": "b"}]',
        '\ufeff\r\n [\n{"text": "a"}\r\n,{"text": "b"}\n]\n',
        '"a"\n\n"b"',
    ],
)
def test_line_ends_marks_gaps_arrays_and_bare_strings_make_no_difference(tmp_path: Path, content: str) -> None:
    assert [one.columns for one in read(tmp_path / "a.json", content) if isinstance(one, Record)] == [
        {"text": "a"},
        {"text": "b"},
    ]


def test_origins_in_an_array_are_the_lines_on_which_records_begin(tmp_path: Path) -> None:
    content = json.dumps([{"text": "a"}, {"text": "b"}], indent=1)
    assert [one.origin for one in read(tmp_path / "a.json", content)] == ["a.json:2", "a.json:5"]


def test_what_is_no_object_is_unreadable(tmp_path: Path) -> None:
    assert [one.detail for one in read(tmp_path / "a.jsonl", "12\nnull\n[1]") if isinstance(one, Unreadable)] == [
        "is a JSON int, not an object",
        "is a JSON NoneType, not an object",
        "is a JSON list, not an object",
    ]


def test_nesting_and_numbers_beyond_the_parser_are_unreadable_not_a_crash(tmp_path: Path) -> None:
    content = '{"a": ' + "[" * 100_000 + "\n" + "9" * 5_000 + '\n{"text": "good"}'
    readings = read(tmp_path / "a.jsonl", content)
    assert [type(one) for one in readings] == [Unreadable, Unreadable, Record]


@given(
    records=st.lists(
        st.dictionaries(st.text(max_size=5), st.text(max_size=30) | st.integers() | st.none()), max_size=8
    ),
    indent=st.sampled_from([None, 2]),
    chunk=st.integers(1, 40),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_an_array_reads_as_json_loads_does_wherever_the_chunks_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: list[dict], indent: int | None, chunk: int
) -> None:
    monkeypatch.setattr(json_format, "_CHUNK", chunk)
    readings = read(tmp_path / "a.json", json.dumps(records, indent=indent))
    assert [one.columns for one in readings if isinstance(one, Record)] == records


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('[{"text": "a"},\n{"text": oops},\n{"text": "b"}]', 2),
        ('[{"text": "a"}\n{"text": "b"}]', 2),
        ('[{"text": "a"},\n{"text": "b"}', 2),
        ('[{"text": "a"},\n{"text": "b', 2),
        ('[\n\n{"text":\n"a",\n}]', 5),
        ("[", 1),
        ('[{"text": "a"}]\n[{"text": "b"}]', 2),
        ("[]\n{}", 2),
    ],
)
def test_a_malformed_array_is_one_error_with_its_line(tmp_path: Path, content: str, line: int) -> None:
    with pytest.raises(BadInput, match=rf"a\.json:{line}: the JSON array is malformed"):
        read(tmp_path / "a.json", content)


def test_an_undecodable_record_of_an_array_costs_itself_alone(tmp_path: Path) -> None:
    readings = read(tmp_path / "a.json", b'[{"text": "a"}, {"text": "caf\xe9"},\n{"text": "b"}]')
    assert [type(one) for one in readings] == [Record, Unreadable, Record]


def test_one_object_over_many_lines_is_one_record_but_only_under_the_name_json(tmp_path: Path) -> None:
    content = '{"text":\n"a"\n}'
    assert read(tmp_path / "a.json", content) == [Record("a.json:1", {"text": "a"})]
    assert isinstance(read(tmp_path / "a.jsonl", content)[0], Unreadable)


def test_what_is_neither_lines_nor_one_object_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="save their list alone"):
        read(tmp_path / "a.json", '{"text":\n"a"\n}\n{"text":\n"b"\n}')


def test_a_number_in_an_array_is_one_element_even_where_a_chunk_ends_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_format, "_CHUNK", 3)
    readings = read(tmp_path / "a.json", '[12345, {"text": "a"}]')
    assert [(type(one), one.text if isinstance(one, Unreadable) else None) for one in readings] == [
        (Unreadable, "12345"),
        (Record, None),
    ]
