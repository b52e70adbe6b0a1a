"""FAC Explorer: measure and fill the gaps of a dataset in the feature space of a language model.

>>> import fac_core as fac
>>> fac.CALIBRATED.min_count
3

A `View` is where to begin: what a run lacks against an anchor. The names below are the public interface; each is loaded when it
is first asked for, so that `import fac_core` costs nothing and torch comes with the first call that runs a model.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fac_core.activations.spec import EncodeSpec as EncodeSpec
    from fac_core.coverage.definition import CALIBRATED as CALIBRATED
    from fac_core.coverage.definition import PAPER as PAPER
    from fac_core.coverage.definition import Definition as Definition
    from fac_core.datasets.layouts import ColumnMapping as ColumnMapping
    from fac_core.errors import FacError as FacError
    from fac_core.export.trace import trace as trace
    from fac_core.feature import Feature as Feature
    from fac_core.gaps.weights import Weights as Weights
    from fac_core.generators.budget import Budget as Budget
    from fac_core.generators.estimate import Prices as Prices
    from fac_core.generators.openai_compatible import Server as Server
    from fac_core.jobs.control import submit_job as submit_job
    from fac_core.store.workspace import Workspace as Workspace
    from fac_core.synthesis.spec import SynthesisSpec as SynthesisSpec
    from fac_core.training.config import TrainConfig as TrainConfig
    from fac_core.view import View as View
    from fac_core.workflows.ask import Asking as Asking
    from fac_core.workflows.ask import judge_by_llm as judge_by_llm
    from fac_core.workflows.ask import label_by_llm as label_by_llm
    from fac_core.workflows.atlas import make_atlas as make_atlas
    from fac_core.workflows.atlas import match_spaces as match_spaces
    from fac_core.workflows.decide import review as review
    from fac_core.workflows.diversity import measure_diversity as measure_diversity
    from fac_core.workflows.encode import encode as encode
    from fac_core.workflows.encode import encode_with_saes as encode_with_saes
    from fac_core.workflows.encode import merge_runs as merge_runs
    from fac_core.workflows.encode import train_sae as train_sae
    from fac_core.workflows.export import export_dataset as export_dataset
    from fac_core.workflows.judging import judge_by_statistic as judge_by_statistic
    from fac_core.workflows.naming import label_features as label_features
    from fac_core.workflows.probe import probe as probe
    from fac_core.workflows.report import write_report as write_report
    from fac_core.workflows.synthesise import estimate as estimate
    from fac_core.workflows.synthesise import synthesise as synthesise

__version__ = "0.1.0"

_HOME = {
    "Asking": "workflows.ask",
    "Budget": "generators.budget",
    "CALIBRATED": "coverage.definition",
    "ColumnMapping": "datasets.layouts",
    "Definition": "coverage.definition",
    "EncodeSpec": "activations.spec",
    "FacError": "errors",
    "Feature": "feature",
    "PAPER": "coverage.definition",
    "Prices": "generators.estimate",
    "Server": "generators.openai_compatible",
    "SynthesisSpec": "synthesis.spec",
    "TrainConfig": "training.config",
    "View": "view",
    "Weights": "gaps.weights",
    "Workspace": "store.workspace",
    "encode": "workflows.encode",
    "encode_with_saes": "workflows.encode",
    "estimate": "workflows.synthesise",
    "export_dataset": "workflows.export",
    "judge_by_llm": "workflows.ask",
    "judge_by_statistic": "workflows.judging",
    "label_by_llm": "workflows.ask",
    "label_features": "workflows.naming",
    "make_atlas": "workflows.atlas",
    "match_spaces": "workflows.atlas",
    "measure_diversity": "workflows.diversity",
    "merge_runs": "workflows.encode",
    "probe": "workflows.probe",
    "review": "workflows.decide",
    "submit_job": "jobs.control",
    "synthesise": "workflows.synthesise",
    "trace": "export.trace",
    "train_sae": "workflows.encode",
    "write_report": "workflows.report",
}
"""Public name -> the module that it lives in."""

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'fac_core' has no attribute {name!r}")
    found = getattr(import_module(f"fac_core.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])


if "IPython" in sys.modules:  # a notebook shows a list of gaps in a table; Arrow is loaded for it
    import_module("fac_core.gaps.in_notebooks").show_in_notebooks()
