"""A view: the frame of one question, "what does this run lack, against that anchor, counted so?".

Whatever more than one front shows is put together here, once. A view is a value; it loads no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from fac_core.coverage import curves, fac
from fac_core.coverage.active import count_above, marks_position
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.interval import Interval, bootstrap_interval
from fac_core.coverage.states import feature_states
from fac_core.coverage.subset import Subset, greedy_subset
from fac_core.evidence.examples import words_in_short
from fac_core.evidence.homes import fields, home_of
from fac_core.gaps.causes import why_uncovered
from fac_core.gaps.every_feature import every_feature
from fac_core.gaps.ranked import ranked_gaps
from fac_core.gaps.themed import themed
from fac_core.gaps.weights import Weights
from fac_core.naming.labels import Labels, Names
from fac_core.naming.level import Level
from fac_core.relevance.rubric import rubric
from fac_core.relevance.verdicts import Relevance
from fac_core.shortfall.counts import count
from fac_core.shortfall.rates import shortfall
from fac_core.spaces.atlas import clusters_of, positions
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.space_file import SpaceFile
from fac_core.store.workspace import Where, Workspace
from fac_core.themes.answer import Missing
from fac_core.themes.kept import missing_kept
from fac_core.themes.names import ThemeNames


@dataclass(frozen=True)
class View:
    """What one looks at, and how one counts."""

    workspace: Workspace
    run: RunInfo  # Q: the dataset in question
    anchor: RunInfo  # P: says which features can occur
    definition: Definition = PAPER
    relevant: frozenset[int] | None = None  # features that F is restricted to; None: all
    task: str | None = None  # whose verdicts count in the priority of a gap
    weights: Weights = Weights()  # of the parts of the priority

    @classmethod
    def find(
        cls,
        run: str | None = None,
        anchor: str | None = None,
        definition: Definition = PAPER,
        *,
        workspace: Where = None,
        task: str | None = None,
        strictness: Level = "maybe",
        weights: Weights = Weights(),
        alone: bool = False,
    ) -> View:
        """The view that is meant.

        Args:
            run, anchor: id, name or prefix; by default the newest run beside the anchor, and the anchor that is remembered.
            workspace: a folder; the one in, above or right below the current folder by default.
            task: a rubric: only features that were judged `strictness` or above count.
            alone: where there is no run beside the anchor, take the anchor itself.

        Raises `NotFound` for what is not there, `WrongUse` for a task that nobody has judged.

        >>> fac.View.find("seed", workspace=view.workspace).run.name
        'seed'
        """
        workspace = Workspace.at(workspace)
        p = workspace.info(anchor)
        only_anchor = alone and run is None and not workspace.peers(p.space_id, besides=[p.run_id])
        q = p if only_anchor else workspace.seed(p) if run is None else workspace.info(run)
        if task is None:
            return cls(workspace, q, p, definition, weights=weights)
        judged = Relevance(workspace.events(), p.space_id, rubric(task).task)
        return cls(workspace, q, p, definition, judged.relevant(strictness), judged.task, weights)

    def of(self, run: str) -> View:
        """The same about another run.

        >>> view.of("anchor").coverage().fac
        1.0
        """
        return replace(self, run=self.workspace.info(run))

    def counted(self, definition: Definition) -> View:
        """The same, counted otherwise.

        >>> view.counted(fac.CALIBRATED).coverage().min_count
        3
        """
        return replace(self, definition=definition)

    @property
    def q(self) -> RunFile:
        """The run, opened. Raises `NotFound` if its file is gone."""
        return self.workspace.opened_run(self.run)

    @property
    def p(self) -> RunFile:
        """The anchor, opened."""
        return self.workspace.opened_run(self.anchor)

    @property
    def space(self) -> SpaceFile:
        """The atlas of the feature space, opened. Raises `NotFound` if nobody has made it (`fac space atlas`)."""
        return self.workspace.opened_space(self.anchor.space_id)

    @property
    def has_atlas(self) -> bool:
        """Whether somebody has made the atlas, and it can be read."""
        return self.workspace.has_space(self.anchor.space_id)

    @property
    def log_position(self) -> tuple[int, int]:
        """How far labels and verdicts have come: with it and the view, what the lists say is known."""
        log, space = self.workspace.events(), self.anchor.space_id
        return log.newest(space, "label"), log.newest(f"{space}/{self.task}", "relevance") if self.task else 0

    def missing(self) -> Missing:
        """The answer: a sentence, the themes that the run is short of, and those that it has more of (`themes.answer`), by their names.

        >>> [theme.name for theme in view.missing().themes]
        ['sums']
        """
        found = missing_kept(self.workspace, self.q, self.p, self.relevant)
        return ThemeNames(self.workspace.events(), self.anchor.space_id).over(found)

    def shortfall(self) -> pa.Table:
        """One row a feature: its rates in anchor and run, compared at equal length (`shortfall.rates`).

        >>> view.shortfall()["state"].to_pylist()[:3]
        ['even', 'surplus', 'absent']
        """
        return shortfall(count(self.q, self.p))

    def coverage(self) -> fac.Coverage:
        """FAC, 0 to 1, with the covered and the missing features and what is not counted.

        Raises `ModelMismatch` for runs of different spaces, `EmptyAnchor` if F(P) is empty; so does all that follows.

        >>> found = view.coverage()
        >>> found.numerator, found.missing
        (2, (2, 3, 4))
        """
        return fac.coverage(self.q, self.p, self.definition, self.relevant)

    def presets(self) -> dict[str, fac.Coverage | str]:
        """FAC by every preset, whatever the view's definition; where an anchor has no feature by one, the reason.

        >>> list(view.presets())
        ['paper', 'calibrated']
        """
        return fac.by_preset(self.q, self.p, self.relevant)

    def interval(self, *, level: float = 0.9, seed: int = 0) -> Interval:
        """FAC with its bootstrap interval over the run's samples.

        >>> view.interval().low <= view.coverage().fac
        True
        """
        return bootstrap_interval(self.q, self.p, self.definition, self.relevant, level=level, seed=seed)

    def gap_closure(self, synthetic: str) -> fac.GapClosure:
        """The share of the run's gaps, 0 to 1, that another run closes. Raises `WrongUse` where there is none.

        >>> view.gap_closure("anchor").closure
        1.0
        """
        return fac.gap_closure(self.workspace.opened(synthetic), self.q, self.p, self.definition, self.relevant)

    def threshold_curve(self, deltas: Sequence[float] | None = None) -> tuple[curves.ThresholdPoint, ...]:
        """FAC against δ, in units of activation; by default δ from 0 to where nothing is left.

        >>> view.threshold_curve([0.0])[0].fac
        0.4
        """
        return curves.threshold_curve(self.q, self.p, self.definition, self.relevant, deltas=deltas)

    def growth_curve(self, *, seed: int = 0) -> tuple[curves.GrowthPoint, ...]:
        """FAC against the number of samples: mean and band over random orders.

        >>> view.growth_curve()[-1].mean
        0.4
        """
        return curves.growth_curve(self.q, self.p, self.definition, self.relevant, seed=seed)

    def count_curve(self) -> tuple[curves.CountPoint, ...]:
        """FAC against the number of samples in which a feature must be active.

        >>> view.count_curve()[0].min_count
        1
        """
        return curves.count_curve(self.q, self.p, self.definition, self.relevant)

    def subset(self, keep: float = 1.0) -> Subset:
        """Few samples of the run that keep a share of its FAC, in greedy order.

        >>> view.subset().full_fac
        0.4
        """
        return greedy_subset(self.q, self.p, self.definition, self.relevant, keep=keep)

    def states(self) -> pa.Table:
        """One row a feature 0..d_sae-1: its coverage state, δ, what anchor and run show (`feature_states`), and its peak `words`.

        >>> view.states()["state"].to_pylist()[:3]
        ['covered', 'covered', 'uncovered']
        """
        words = pa.array(words_in_short(self.p), pa.string())
        return feature_states(self.q, self.p, self.definition, self.relevant).append_column("words", words)

    def gaps(self, limit: int | None = None) -> pa.Table:
        """The missing features with all that they are ranked and filtered by (`ranked_gaps`), by theme (`themed`).

        >>> view.gaps()["feature_id"].to_pylist()
        [2, 3, 4]
        """
        states = self.states()
        field = next(iter(self.fields()), None)
        table = ranked_gaps(
            states,
            count_above(self.p, states["delta"].to_numpy(), self.definition),
            self.causes(),
            names=self.names(),
            levels=self.levels(),
            clusters=positions(self.space)["cluster"].to_pylist() if self.has_atlas else None,
            homes=home_of(self.p, field) if field else None,
            weights=self.weights,
        )
        return themed(table, self.missing().themes, self.shortfall()["z"].to_numpy()).slice(0, limit)

    def features(self) -> pa.Table:
        """Every feature with what lists and the map show of it (`every_feature`).

        >>> view.features()["priority"].to_pylist()[2] == view.gaps()["priority"].to_pylist()[0]
        True
        """
        return every_feature(
            self.states(),
            self.gaps(),
            marks_position(self.p),
            names=self.names(),
            levels=self.levels(),
            atlas=positions(self.space) if self.has_atlas else None,
        )

    def causes(self) -> pa.Table:
        """Why each gap is uncovered and what would mend it, by feature (`why_uncovered`).

        >>> view.causes()["cause"].to_pylist()
        ['never fires', 'never fires', 'never fires']
        """
        return why_uncovered(self.q, self.p, self.definition, self.relevant)

    def fields(self) -> list[str]:
        """Metadata fields that divide the anchor into a handful of parts, the coarsest first.

        >>> view.fields()
        ['set']
        """
        return fields(self.p)

    def parts(self, field: str | None = None) -> tuple[curves.ClusterCoverage, ...]:
        """FAC of the features at home in each value of a metadata field; None: in each cluster of the atlas. Least covered first.

        Raises `WrongUse` for a field that divides the anchor into no parts.

        >>> [(part.cluster, part.denominator) for part in view.parts("set")]
        [('sums', 1), ('law', 4)]
        """
        places = clusters_of(self.space) if field is None else home_of(self.p, field)
        return curves.cluster_coverage(self.coverage(), places)

    def names(self) -> Names:
        """Text and trust (F1, 0 to 1) of the labels that hold.

        >>> dict(view.names().text)
        {}
        """
        return Labels(self.workspace.events(), self.anchor.space_id).names()

    def levels(self) -> Mapping[int, Level]:
        """The level that holds for each feature that was judged for the task; empty without one.

        >>> dict(view.levels())
        {}
        """
        return Relevance(self.workspace.events(), self.anchor.space_id, self.task).levels() if self.task else {}
