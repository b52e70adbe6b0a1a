"""What a dataclass says of its fields: name, type, default and the sentence under it.

The one source of flags (`cli/from_fields.py`), of the parameters of jobs (`jobs/kinds.py`) and of the help in forms.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple, get_type_hints


class FieldOf(NamedTuple):
    """One field."""

    name: str
    type: Any
    default: Any
    """`dataclasses.MISSING` where there is none."""
    help: str
    """The sentence under it; empty where nothing is said."""


@lru_cache(maxsize=32)
def fields_of(kind: type) -> dict[str, FieldOf]:
    """The fields of a dataclass by name, in their order.

    >>> from fac_core.activations.spec import EncodeSpec
    >>> fields_of(EncodeSpec)["context"][2:]
    (512, 'Window in tokens; what is beyond is cut off and counted.')
    """
    hints, said = get_type_hints(kind), _sentences(kind)
    return {
        field.name: FieldOf(field.name, hints[field.name], field.default, said.get(field.name, ""))
        for field in dataclasses.fields(kind)
    }


def _sentences(kind: type) -> dict[str, str]:
    """The string after each field; Python keeps it in the source only."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    body = definition.body  # type: ignore[attr-defined]
    return {
        field.target.id: " ".join(below.value.value.split())
        for field, below in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }
