"""`fac lab`: the commands of the laboratory. What they need is imported when one of them runs."""

from __future__ import annotations

import typer

from fac_core.lab.commands.adding_commands import baselines, pick
from fac_core.lab.commands.hole_commands import holes
from fac_core.lab.commands.machine_commands import bench, big_shape, crashes, gpu_check, large_workspace, sae_card
from fac_core.lab.commands.paper_commands import paper_design
from fac_core.lab.commands.predictor_commands import predictors
from fac_core.lab.commands.round_commands import arms, rounds
from fac_core.lab.commands.study_commands import dose_response, judge_answers, mending, steer, study
from fac_core.lab.commands.writing_commands import dose, transfer, write_sets

app = typer.Typer(
    name="lab", no_args_is_help=True, help="Does it help? Studies, baselines, written sets, the card of a SAE, benches."
)
for command in (
    study,
    predictors,
    dose_response,
    mending,
    paper_design,
    holes,
    baselines,
    judge_answers,
    steer,
    write_sets,
    dose,
    transfer,
    rounds,
    arms,
    pick,
):
    app.command(command.__name__.replace("_", "-"))(command)
for command in (sae_card, bench, crashes, big_shape, gpu_check, large_workspace):
    app.command(command.__name__.replace("_", "-"))(command)
