"""One feature in a view: what fires it, what it is called, whether it matters, what is near it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from fac_core.coverage.active import check_same_space, thresholds
from fac_core.evidence.co_activation import N_NEIGHBOURS, co_activation
from fac_core.evidence.examples import Example, check_feature, top_examples
from fac_core.gaps.gap_evidence import FeatureEvidence, feature_evidence
from fac_core.naming.labels import Label, Labels
from fac_core.spaces.atlas import nearest, promoted
from fac_core.spaces.neuronpedia import neuronpedia_page
from fac_core.view import View


@dataclass(frozen=True)
class RealText:
    """A text of a run that fires a feature, or nearly."""

    run: str
    example: Example
    delta: float
    """δ of the feature: an activation above it counts."""

    @property
    def counts(self) -> bool:
        return self.example.activation > self.delta


@dataclass(frozen=True)
class Feature:
    """A feature of a view's space. Raises `NotFound` for an id that the SAE has not.

    >>> fac.Feature(view, 2).evidence().state
    'uncovered'
    """

    view: View
    feature_id: int

    def __post_init__(self) -> None:
        check_feature(self.view.p, self.feature_id)

    def evidence(self, *, seed: int = 0) -> FeatureEvidence:
        """What fires it in the anchor and in the run, what almost does, and for a gap why it is uncovered.

        >>> fac.Feature(view, 2).evidence().anchor.n_active
        16
        """
        view = self.view
        return feature_evidence(view.q, view.p, self.feature_id, view.definition, view.relevant, seed=seed)

    def examples(self, n: int = 10, run: str | None = None) -> tuple[Example, ...]:
        """The n strongest samples of the anchor, or of the run that is named; fewer if it fires in fewer.

        >>> fac.Feature(view, 2).examples(1)[0].activation
        18.0
        """
        asked = self.view.p if run is None else self.view.workspace.opened(run)
        check_same_space(asked, self.view.p)
        return top_examples(asked, self.feature_id, n)

    def co_activation(self, n: int = N_NEIGHBOURS) -> pa.Table:
        """The features that fire in the same samples of the anchor, above δ.

        >>> fac.Feature(view, 2).co_activation().num_rows
        4
        """
        return co_activation(self.view.p, self.feature_id, thresholds(self.view.p, self.view.definition), n)

    def nearest(self) -> pa.Table | None:
        """The features with the nearest directions: `neighbour_id`, `cosine`; None without an atlas.

        >>> fac.Feature(view, 2).nearest() is None
        True
        """
        return nearest(self.view.space, self.feature_id) if self.view.has_atlas else None

    def promoted(self) -> pa.Table | None:
        """The next tokens that it promotes (`sign` 1) or suppresses (-1): `sign`, `token`, `logit`; None without an atlas.

        >>> fac.Feature(view, 2).promoted() is None
        True
        """
        return promoted(self.view.space, self.feature_id) if self.view.has_atlas else None

    def neuronpedia(self) -> str | None:
        """The address of its page on Neuronpedia; None where its SAE is not known there.

        >>> fac.Feature(view, 2).neuronpedia() is None
        True
        """
        return neuronpedia_page(self.view.anchor, self.feature_id)

    def label(self) -> Label | None:
        """The label that holds; None if it has none.

        >>> fac.Feature(view, 2).label() is None
        True
        """
        return Labels(self.view.workspace.events(), self.view.anchor.space_id).of(self.feature_id)

    def texts(self, names: Sequence[str] = (), n: int = 10) -> tuple[RealText, ...]:
        """Its strongest real texts in the named runs, or in all of the space, strongest first.

        >>> [text.run for text in fac.Feature(view, 0).texts(n=2)]
        ['seed', 'seed']
        """
        view = self.view
        delta = float(thresholds(view.p, view.definition)[self.feature_id])
        infos = [view.workspace.info(name) for name in names] or view.workspace.peers(view.anchor.space_id)
        found: list[RealText] = []
        for info in infos:
            run = view.workspace.opened_run(info)
            check_same_space(run, view.p)
            found += [RealText(info.name, e, delta) for e in top_examples(run, self.feature_id, n)]
        return tuple(sorted(found, key=lambda text: -text.example.activation)[:n])
