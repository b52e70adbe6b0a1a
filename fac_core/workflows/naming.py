"""Names without a model: label all features by words, rename one."""

from __future__ import annotations

from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import CALIBRATED, Definition
from fac_core.evidence.examples import check_feature
from fac_core.naming.labels import Labels
from fac_core.naming.lexical import LexicalLabel, lexical_labels
from fac_core.store.events import Event
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


def labels_of(workspace: Where = None, run: str | None = None) -> Labels:
    """The labels of the anchor's, or another run's, feature space."""
    workspace = Workspace.at(workspace)
    return Labels(workspace.events(), workspace.info(run).space_id)


def rename(feature_id: int, text: str, *, author: str, run: str | None = None, workspace: Where = None) -> Event:
    """A person's label, which holds over any machine's. The history stays. Raises `NotFound` for an id that the SAE has not."""
    workspace = Workspace.at(workspace)
    check_feature(workspace.opened(run), feature_id)
    return labels_of(workspace, run).rename(feature_id, text, author=author)
