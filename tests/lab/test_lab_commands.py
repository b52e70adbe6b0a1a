"""The door of the laboratory: every command is there, and opening it loads nothing that a command may not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fac_core.cli.app import run as command
from fac_core.errors import WrongUse
from fac_core.lab.commands import values

COMMANDS = (
    "study", "predictors", "paper-design", "holes", "baselines", "judge-answers", "steer", "write-sets", "dose", "transfer", "rounds", "arms", "pick",
    "sae-card", "bench", "big-shape", "gpu-check", "large-workspace",
)  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    assert command(["lab", name, "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


def test_the_door_loads_no_library_of_models_and_no_room_of_the_laboratory():
    code = """
import sys, fac_core.lab.commands as door
heavy = {"torch", "sklearn", "transformers", "sae_lens", "peft"}
rooms = [name for name in sys.modules if name.startswith("fac_core.lab.") and "commands" not in name]
loaded = [name for name in rooms if name.count(".") > 2]
sys.exit(f"{heavy & set(sys.modules)} {loaded}" if heavy & set(sys.modules) or loaded else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("read", "wrong", "said"),
    [
        (values.two, "15", "two numbers"),
        (values.two_names, "toxic", "two names"),
        (values.model_and_block, "gemma3-270m", "MODEL:BLOCK"),
        (values.method_and_file, "made.jsonl", "METHOD=FILE"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_with_how_to_write_it(read, wrong, said):
    with pytest.raises(WrongUse, match=said):
        read(wrong)
