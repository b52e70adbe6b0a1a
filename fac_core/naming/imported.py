"""Labels that others gave: explanations as Neuronpedia exports them, one JSON object a line, also gzipped.

    {"modelId": "gemma-2-2b", "layer": "12-gemmascope-res-16k", "index": "41", "description": "references to law",
     "typeName": "oai_token-act-pair", "explanationModelName": "gpt-4o-mini"}

`modelId/layer` is what Neuronpedia calls a SAE, so a file of another one is not taken by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fac_core.datasets.reading.json_format import read_lines
from fac_core.datasets.reading.records import Record, storable
from fac_core.errors import BadInput, NotFound
from fac_core.evidence.topic_words import is_topic_word

_LONGEST = 200
"""Characters of a label: it has to fit into lists."""
_WORD = re.compile(r"\w+(?:['’-]\w+)*")


@dataclass(frozen=True)
class ImportedLabel:
    """What somebody else called a feature."""

    text: str
    source: str
    """Whose it is, e.g. `neuronpedia gemma-2-2b/12-gemmascope-res-16k`."""
    model: str | None
    """The language model that wrote it, if it is said."""
    method: str | None
    """How it was asked, as Neuronpedia names it."""

    @property
    def words(self) -> tuple[str, ...]:
        """The words that can be looked for in a text, each once.

        >>> ImportedLabel("references to the Law and legal law", "", None, None).words
        ('references', 'law', 'legal')
        """
        found = (word.lower() for word in _WORD.findall(self.text))
        return tuple(dict.fromkeys(word for word in found if is_topic_word(word)))


@dataclass(frozen=True)
class BadLine:
    """A line that gave no label."""

    origin: str
    """`file:line`."""
    reason: str


def read_explanations(
    source: Path, *, d_sae: int, sae: str | None = None
) -> tuple[dict[int, ImportedLabel], tuple[BadLine, ...]]:
    """The labels by feature, and the lines that gave none. Of several explanations of a feature the first is taken.

    Args:
        source: a file, or a folder whose `.jsonl` and `.jsonl.gz` files are read in the order of their names.
        sae: what Neuronpedia calls the SAE, `model/layer`; None takes what the first line says.

    Raises:
        NotFound: there is no such file.
        BadInput: it cannot be opened, or no line of it gives a label.
    """
    labels: dict[int, ImportedLabel] = {}
    bad: list[BadLine] = []
    for record in _records(source, bad):
        try:
            feature, label, of = _explanation(record.columns, d_sae)
            sae = sae or of
            if of not in (None, sae):
                raise ValueError(f"is about {of}, not about {sae}")
        except ValueError as error:
            bad.append(BadLine(record.origin, storable(str(error)[:_LONGEST])))
            continue
        labels.setdefault(feature, label)
    if not labels:
        first = f": {bad[0].origin} {bad[0].reason}" if bad else ", it is empty"
        raise BadInput(
            f"{source} has no explanation that could be taken{first}. Neuronpedia's exports have one a line."
        )
    return labels, tuple(bad)


def _records(source: Path, bad: list[BadLine]) -> Iterator[Record]:
    files = sorted([*source.glob("*.jsonl"), *source.glob("*.jsonl.gz")]) if source.is_dir() else [source]
    if not files or not all(path.is_file() for path in files):
        raise NotFound(f"There is no file {source}, and no folder with .jsonl or .jsonl.gz files of explanations.")
    for path in files:
        for reading in read_lines(path, path.name):
            if isinstance(reading, Record):
                yield reading
            else:
                bad.append(BadLine(reading.origin, reading.detail))


def _explanation(value: Mapping[str, Any], d_sae: int) -> tuple[int, ImportedLabel, str | None]:
    """Feature, label and the SAE that a line is about. Raises `ValueError` with what is wrong with it."""
    index, text = str(value.get("index", "")), value.get("description")
    if not index.isdecimal() or len(index) > _LONGEST:
        raise ValueError("has no `index`, the number of a feature")
    if not int(index) < d_sae:
        raise ValueError(f"is about feature {index}, and the SAE has {d_sae:,}")
    if not isinstance(text, str) or not text.split():
        raise ValueError("has no `description`")
    model, layer = value.get("modelId"), value.get("layer")
    of = f"{model}/{layer}" if model and layer else None
    source = storable(f"neuronpedia {of}"[:_LONGEST]) if of else "neuronpedia"
    written_by, asked = (
        storable(str(said)[:_LONGEST]) if (said := value.get(key)) else None
        for key in ("explanationModelName", "typeName")
    )
    return int(index), ImportedLabel(storable(" ".join(text.split())[:_LONGEST]), source, written_by, asked), of
