"""FAC Explorer: measure and fill the gaps of a dataset in the feature space of a language model.

>>> import fac_core as fac
>>> fac.CALIBRATED.min_count
3

The names below are the public interface. Importing them loads no model library: torch comes with the first call
that runs a model.
"""

from fac_core.activations.spec import EncodeSpec
from fac_core.api.atlas import atlas, coverage_by_cluster, match, neighbours
from fac_core.api.encoding import encode, train_sae
from fac_core.api.evaluation import baselines, steer, study
from fac_core.api.features import prioritised_gaps, top, why
from fac_core.api.labels import label_features, label_history, labels, rename
from fac_core.api.measuring import (
    compare,
    count_curve,
    coverage,
    coverage_by,
    gap_closure,
    gap_words,
    gaps,
    growth_curve,
    interval,
    runs,
    threshold_curve,
)
from fac_core.api.relevance import judge_by_statistic, relevance, relevance_noise, set_relevance
from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.datasets.layouts import ColumnMapping
from fac_core.errors import FacError
from fac_core.store.workspace import Workspace
from fac_core.training.config import TrainConfig

__all__ = [
    "CALIBRATED",
    "PAPER",
    "ColumnMapping",
    "Definition",
    "EncodeSpec",
    "FacError",
    "TrainConfig",
    "Workspace",
    "atlas",
    "baselines",
    "compare",
    "count_curve",
    "coverage",
    "coverage_by",
    "coverage_by_cluster",
    "encode",
    "gap_closure",
    "gap_words",
    "gaps",
    "growth_curve",
    "interval",
    "judge_by_statistic",
    "label_features",
    "label_history",
    "labels",
    "match",
    "neighbours",
    "prioritised_gaps",
    "relevance",
    "relevance_noise",
    "rename",
    "runs",
    "set_relevance",
    "steer",
    "study",
    "threshold_curve",
    "top",
    "train_sae",
    "why",
]
