"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
WorkspaceFolder = Annotated[
    Path | None, typer.Option("--workspace", "-w", help="Workspace folder; found in or above this folder by default.")
]
RunName = Annotated[str | None, typer.Argument(help="Run name or id; the newest beside the anchor by default.")]
AnchorName = Annotated[str | None, typer.Option("--anchor", help="Anchor run; the workspace's by default.")]
Preset = Annotated[str | None, typer.Option("--preset", help="paper (δ=0, one sample) or calibrated.")]
Delta = Annotated[float | None, typer.Option("--delta", help="A feature is active above δ.")]
Quantile = Annotated[
    float | None,
    typer.Option("--quantile", help="δ of each feature: this quantile of its non-zero anchor activations."),
]
MinCount = Annotated[int | None, typer.Option("--min-count", help="A feature counts from this many samples.")]
DenseAbove = Annotated[
    float | None, typer.Option("--dense-above", help="Exclude features active in a larger share of the anchor.")
]
NoSinks = Annotated[bool, typer.Option("--no-sinks", help="Exclude features that only mark the first token.")]
