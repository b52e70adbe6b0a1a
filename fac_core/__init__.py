"""FAC Explorer: measure and fill the gaps of a dataset in the feature space of a language model.

>>> import fac_core as fac
>>> fac.CALIBRATED.min_count
3

The names below are the public interface. Importing them loads no model library: torch comes with the first call
that runs a model.
"""

from fac_core.activations.spec import EncodeSpec
from fac_core.api.asking import (
    Asking,
    estimate_labels,
    estimate_relevance,
    features_to_ask,
    judge_by_llm,
    label_by_llm,
)
from fac_core.api.atlas import atlas, coverage_by_cluster, has_atlas, match, neighbours, promoted
from fac_core.api.comparing import (
    closable_gaps,
    coverage_matrix,
    effects,
    find_texts,
    overlap,
    pick_likest,
    sample_rows,
    small_subset,
)
from fac_core.api.diversity import diversity
from fac_core.api.encoding import encode, train_sae
from fac_core.api.evaluation import baselines, judge_answers, steer, study
from fac_core.api.features import co_activation, evidence, prioritised_gaps, top, why
from fac_core.api.jobs import change_job, job_log, list_jobs, submit_job, work
from fac_core.api.labels import label, label_features, label_history, labels, rename
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
from fac_core.api.probing import probe
from fac_core.api.relevance import (
    judge_against_background,
    judge_by_statistic,
    relevance,
    relevance_noise,
    relevant_features,
    set_relevance,
)
from fac_core.api.reporting import report
from fac_core.api.review import (
    edit_candidate,
    export_dataset,
    mix_in_controls,
    plan_dataset,
    review,
    standing,
    trace,
    undo_review,
)
from fac_core.api.rounds import RoundsSpec, rounds
from fac_core.api.study_synthesis import StudySpec, study_synthesis
from fac_core.api.synthesis import batches, candidates, off_target, synthesise, verify_edits, yields
from fac_core.api.written_sets import dose, transfer, write_sets
from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.datasets.layouts import ColumnMapping
from fac_core.errors import FacError
from fac_core.generators.budget import Budget
from fac_core.generators.estimate import Prices
from fac_core.generators.openai_compatible import Server
from fac_core.store.workspace import Workspace
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.training.config import TrainConfig

__all__ = [
    "CALIBRATED",
    "PAPER",
    "Asking",
    "Budget",
    "ColumnMapping",
    "Definition",
    "EncodeSpec",
    "FacError",
    "Prices",
    "RoundsSpec",
    "Server",
    "StudySpec",
    "SynthesisSpec",
    "TrainConfig",
    "Workspace",
    "atlas",
    "baselines",
    "batches",
    "candidates",
    "change_job",
    "closable_gaps",
    "co_activation",
    "compare",
    "count_curve",
    "coverage",
    "coverage_by",
    "coverage_by_cluster",
    "coverage_matrix",
    "diversity",
    "dose",
    "edit_candidate",
    "effects",
    "encode",
    "estimate_labels",
    "estimate_relevance",
    "evidence",
    "export_dataset",
    "features_to_ask",
    "find_texts",
    "gap_closure",
    "gap_words",
    "gaps",
    "growth_curve",
    "has_atlas",
    "interval",
    "job_log",
    "judge_against_background",
    "judge_answers",
    "judge_by_llm",
    "judge_by_statistic",
    "label",
    "label_by_llm",
    "label_features",
    "label_history",
    "labels",
    "list_jobs",
    "match",
    "mix_in_controls",
    "neighbours",
    "off_target",
    "overlap",
    "pick_likest",
    "plan_dataset",
    "prioritised_gaps",
    "probe",
    "promoted",
    "relevance",
    "relevance_noise",
    "relevant_features",
    "rename",
    "report",
    "review",
    "rounds",
    "runs",
    "sample_rows",
    "set_relevance",
    "small_subset",
    "standing",
    "steer",
    "study",
    "study_synthesis",
    "submit_job",
    "synthesise",
    "threshold_curve",
    "top",
    "trace",
    "train_sae",
    "transfer",
    "undo_review",
    "verify_edits",
    "why",
    "work",
    "write_sets",
    "yields",
]
