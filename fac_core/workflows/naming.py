"""Verbs about names: label all features, rename one, see what it was called before. No model runs."""

from __future__ import annotations

from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import CALIBRATED, Definition
from fac_core.evidence.examples import check_feature
from fac_core.naming.labels import Label, Labels
from fac_core.naming.lexical import LexicalLabel, lexical_labels
from fac_core.store.events import Event
from fac_core.workflows.opening import Folder, open_anchor, open_workspace


def label_features(
    run: str | None = None, *, workspace: Folder = None, definition: Definition = CALIBRATED
) -> dict[int, LexicalLabel]:
    """Label all features by the words that set them apart, score the labels, and keep them in the log.

    Of the anchor unless another run is named; a feature fires above the definition's thresholds.
    """
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        found = lexical_labels(opened, thresholds=thresholds(opened, definition))
        Labels(place.events(), opened.info.space_id).record(found, run_id=opened.info.run_id)
        return found


def labels(run: str | None = None, *, workspace: Folder = None) -> dict[int, Label]:
    """The label that holds for each labelled feature of a run's space."""
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        return Labels(place.events(), opened.info.space_id).all()


def label(feature_id: int, run: str | None = None, *, workspace: Folder = None) -> Label | None:
    """The label that holds for one feature of a run's space; None if it has none. Raises `NotFound` for an id that the SAE has not."""
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        check_feature(opened, feature_id)
        return Labels(place.events(), opened.info.space_id).of(feature_id)


def rename(feature_id: int, text: str, *, author: str, run: str | None = None, workspace: Folder = None) -> Event:
    """A person's label, which holds over any machine's. The history stays."""
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        check_feature(opened, feature_id)
        return Labels(place.events(), opened.info.space_id).rename(feature_id, text, author=author)


def label_history(feature_id: int, run: str | None = None, *, workspace: Folder = None) -> tuple[Label, ...]:
    """Every label that a feature of a run's space was ever given, by whomever, the oldest first.

    Raises `NotFound` for an id that the SAE has not.
    """
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        check_feature(opened, feature_id)
        return Labels(place.events(), opened.info.space_id).history(feature_id)
