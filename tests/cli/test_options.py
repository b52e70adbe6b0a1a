"""A command's options are the fields of its dataclasses: a field that is added is a flag, and none can be forgotten."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
import typer

from fac_core.activations.spec import EncodeSpec
from fac_core.cli.app import app, run
from fac_core.cli.from_fields import takes
from fac_core.coverage.definition import Definition
from fac_core.datasets.layouts import ColumnMapping
from fac_core.fields import fields_of
from fac_core.gaps.weights import Weights
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.training.config import TrainConfig

DEFINED = ["coverage", "gaps", "curve", "compare", "subset", "feature", "find", "synthesise", "review", "report"]


def command_of(*names: str) -> Any:
    found: Any = typer.main.get_command(app)
    for name in names:
        found = found.commands[name]
    return found


def options_of(*names: str) -> dict[str, Any]:
    """The options of a command, by the name of their parameter."""
    return {option.name: option for option in command_of(*names).params}


@pytest.mark.parametrize(
    ("command", "kind", "prefix"),
    [
        (("encode",), EncodeSpec, ""),
        (("encode",), ColumnMapping, ""),
        (("synthesise",), SynthesisSpec, ""),
        (("space", "train-sae"), TrainConfig, ""),
        (("gaps",), Weights, "w_"),
        (("report",), Weights, "w_"),
        *(((name,), Definition, "") for name in DEFINED),
        (("space", "atlas"), Definition, ""),
    ],
)
def test_every_field_is_a_flag_with_its_sentence(command, kind, prefix):
    options = options_of(*command)
    for field in fields_of(kind).values():
        if dataclasses.is_dataclass(field.type):
            assert set(fields_of(field.type)) <= set(options)  # type: ignore[arg-type]
            continue
        option = options[f"{prefix}{field.name}"]
        assert any(flag.startswith("-") for flag in option.opts), field.name
        assert option.help, f"{kind.__name__}.{field.name} says nothing of itself"


@pytest.mark.parametrize(
    ("command", "kind"),
    [(("encode",), EncodeSpec), (("encode",), ColumnMapping), (("synthesise",), SynthesisSpec)],
)
def test_a_default_is_that_of_the_field(command, kind):
    options = options_of(*command)
    for field in fields_of(kind).values():
        if field.name not in ("targets", "definition", "sae"):  # of SAEs there may be several
            default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
            assert options[field.name].default == default


@pytest.mark.parametrize("name", ["coverage", "gaps", "curve", "compare", "subset", "feature", "find", "report"])
def test_the_frame_is_the_same_everywhere(name):
    assert {"anchor", "task", "strictness", "preset", "workspace"} <= set(options_of(name))


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A dataclass that no command has."""

    dish: str
    """What is cooked."""
    portions: int = 2
    """People at the table."""
    spices: tuple[str, ...] = ("salt", "pepper")
    """In this order."""
    numbers: tuple[int, ...] | None = None
    """Of the pages."""
    is_hot: bool = False
    """Whether it is served hot."""
    ounces: float | None = None
    """Of the main thing."""


@pytest.fixture
def cook():
    """`cook("--dish", "soup")` is what the command was given."""
    given: list[Recipe] = []
    kitchen = typer.Typer()

    @kitchen.command()
    @takes("recipe", Recipe, {"portions": "-n"}, without=("ounces",))
    def cook(recipe: Recipe) -> None:
        given.append(recipe)

    def command(*arguments: str) -> Recipe:
        typer.main.get_command(kitchen).main(list(arguments), standalone_mode=False)
        return given[-1]

    return command


def test_what_is_not_given_is_the_fields_default(cook):
    assert cook("--dish", "soup") == Recipe("soup")


def test_lists_have_commas_and_flags_their_own_names(cook):
    found = cook("--dish", "soup", "-n", "4", "--spices", "thyme, two seeds", "--numbers", "3,5", "--is-hot")
    assert found == Recipe("soup", 4, ("thyme", "two seeds"), (3, 5), is_hot=True)


def test_a_field_without_default_has_to_be_given(cook):
    with pytest.raises(typer.TyperException, match="dish"):
        cook()


def test_a_field_that_is_left_out_is_no_flag(cook):
    with pytest.raises(typer.TyperException, match="No such option"):
        cook("--dish", "soup", "--ounces", "2")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("encode", "x.jsonl", "--mode", "loud"), "'loud' is not one of 'native', 'topk', 'dense'"),
        (("encode", "x.jsonl", "--roles", "user,king"), "choose from user, assistant, system"),
        (("encode", "x.jsonl", "--limit", "0"), "give 1 sample or more"),
        (("synthesise", "--methods", "one step,magic"), "choose from guided, one step"),
        (("synthesise", "--at-once", "0"), "at_once is 0"),
        (("synthesise", "--shape", "poem"), "'poem' is not one of 'text', 'instruction'"),
        (
            ("space", "train-sae", "x.jsonl", "-o", "y", "--architecture", "relu"),
            "'relu' is not one of 'topk', 'batchtopk'",
        ),
        (("gaps", "--w-trust", "-1"), "A weight is an exponent"),
        (("synthesise", "--targets", "some"), "give approved, all, or feature ids"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(arguments, says, capsys):
    assert run([*arguments, "--json"]) == 2
    assert says in json.loads(capsys.readouterr().out)["error"]
