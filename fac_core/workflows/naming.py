"""Names without a model: label all features by words, take over what others called them, rename one."""

from __future__ import annotations

from pathlib import Path

from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import CALIBRATED, Definition
from fac_core.evidence.examples import check_feature
from fac_core.naming.imported import BadLine, ImportedLabel, read_explanations
from fac_core.naming.labels import Labels
from fac_core.naming.lexical import LexicalLabel, lexical_labels, trust_of_words
from fac_core.spaces.neuronpedia import neuronpedia_sae
from fac_core.store.events import Event
from fac_core.store.log.over import seen_unless_others
from fac_core.store.workspace import Where, Workspace


def label_features(
    run: str | None = None, *, workspace: Where = None, definition: Definition = CALIBRATED
) -> dict[int, LexicalLabel]:
    """Label all features by the words that set them apart, score the labels (F1, 0 to 1), and keep them in the log.

    Of the anchor unless another run is named; a feature fires above the definition's thresholds.

    >>> sorted({label.kind for label in fac.label_features(workspace=scratch).values()})
    ['none']
    """
    workspace = Workspace.at(workspace)
    opened = workspace.opened(run)
    found = lexical_labels(opened, thresholds=thresholds(opened, definition))
    labels_of(workspace, run).record(found, run_id=opened.info.run_id)
    return found


def import_labels(
    file: Path | str, run: str | None = None, *, workspace: Where = None, definition: Definition = CALIBRATED
) -> tuple[dict[int, ImportedLabel], tuple[BadLine, ...]]:
    """Take over labels that others gave (Neuronpedia's exports), score them on a run by their words, and keep them in the log.

    They are machines' labels: of several the one that predicts better holds, and a person's holds over all. Returns those
    that were read, and the lines that gave none. Raises as `read_explanations` does.
    """
    workspace = Workspace.at(workspace)
    opened = workspace.opened(run)
    labels, bad = read_explanations(Path(file), d_sae=opened.info.d_sae, sae=neuronpedia_sae(opened.info))
    words = {feature: one.words for feature, one in labels.items()}
    trust = trust_of_words(opened, words, thresholds=thresholds(opened, definition))
    labels_of(workspace, run).record_imported(labels, trust, run_id=opened.info.run_id)
    return labels, bad


def labels_of(workspace: Where = None, run: str | None = None) -> Labels:
    """The labels of the anchor's, or another run's, feature space."""
    workspace = Workspace.at(workspace)
    return Labels(workspace.events(), workspace.info(run).space_id)


def rename(
    feature_id: int,
    text: str,
    *,
    author: str,
    over: str | None = None,
    run: str | None = None,
    workspace: Where = None,
) -> Event:
    """A person's label, which holds over any machine's. The history stays.

    Raises `NotFound` for an id that the SAE has not, `Conflict` where somebody else, but for `over`, has named it.
    """
    workspace = Workspace.at(workspace)
    check_feature(workspace.opened(run), feature_id)
    labels, item = labels_of(workspace, run), str(feature_id)
    seen = seen_unless_others(labels.events(feature_id), [item], author, over)
    return labels.rename(feature_id, text, author=author, seen=seen[item])
