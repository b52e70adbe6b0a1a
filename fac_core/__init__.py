"""FAC Explorer: measure and fill the gaps of a dataset in the feature space of a language model.

>>> import fac_core as fac
>>> fac.CALIBRATED.min_count
3

The names below are the public interface. Importing them loads no model library: torch comes with the first call
that runs a model.
"""

from fac_core.activations.spec import EncodeSpec
from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.datasets.layouts import ColumnMapping
from fac_core.errors import FacError
from fac_core.generators.budget import Budget
from fac_core.generators.estimate import Prices
from fac_core.generators.openai_compatible import Server
from fac_core.jobs.control import change_job, job_log, list_jobs, submit_job, work
from fac_core.lab.study.verbs import baselines, judge_answers, steer, study
from fac_core.lab.writing.arms_study import StudySpec, study_synthesis
from fac_core.lab.writing.rounds_verb import RoundsSpec, rounds
from fac_core.lab.writing.verbs import dose, transfer, write_sets
from fac_core.store.workspace import Workspace
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.training.config import TrainConfig
from fac_core.workflows.ask import (
    Asking,
    estimate_labels,
    estimate_relevance,
    features_to_ask,
    judge_by_llm,
    label_by_llm,
)
from fac_core.workflows.atlas import atlas, coverage_by_cluster, has_atlas, match, neighbours, promoted
from fac_core.workflows.comparing import (
    closable_gaps,
    coverage_matrix,
    effects,
    find_texts,
    overlap,
    pick_likest,
    sample_rows,
    small_subset,
)
from fac_core.workflows.diversity import diversity
from fac_core.workflows.encode import encode, train_sae
from fac_core.workflows.features import co_activation, evidence, prioritised_gaps, top, why
from fac_core.workflows.judging import (
    judge_against_background,
    judge_by_statistic,
    relevance,
    relevance_noise,
    relevant_features,
    set_relevance,
)
from fac_core.workflows.measuring import (
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
from fac_core.workflows.naming import label, label_features, label_history, labels, rename
from fac_core.workflows.probe import probe
from fac_core.workflows.report import report
from fac_core.workflows.review import (
    edit_candidate,
    export_dataset,
    mix_in_controls,
    plan_dataset,
    review,
    standing,
    trace,
    undo_review,
)
from fac_core.workflows.synthesise import batches, candidates, off_target, synthesise, verify_edits, yields

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
