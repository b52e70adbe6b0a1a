"""Synthetic sets that are written towards features: random ones of a class, gaps of a seed, or its shortfalls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from fac_core.lab.writing.scene import LIKEST, MIN_WORDS, PER_FEATURE, ROUNDS, SURPLUS, Scene, WritingSpec, Written
from fac_core.synthesis.candidates import Candidate
from fac_core.synthesis.making import Maker
from fac_core.synthesis.proof.verdict import Judge
from fac_core.synthesis.steps import Asked, ask
from fac_core.synthesis.targets import Target

N_PARTS = 3
"""Rounds of `FAC in rounds`."""


def toward_features(method: str, scene: Scene, spec: WritingSpec) -> list[Written]:
    """Texts for features at home in their class: any of them, gaps of the seed, or its largest shortfalls."""
    order: dict[bool, np.ndarray] = {}
    for label in (True, False):
        rng, features = scene.rng(method, label), scene.features
        if method == "random features":
            order[label] = features.any(label, rng)
        elif method == "shortfalls":
            order[label] = features.shortfalls(scene.seed, label)
        else:
            order[label] = features.gaps(features.counts(scene.seed), label, rng)
    wanted = {label: spec.wanted(label) for label in (True, False)}
    return _one_each(method, order, wanted, scene, spec, scene.judge.forgetting(), Counter())


def in_rounds(method: str, scene: Scene, spec: WritingSpec) -> list[Written]:
    """Gaps of the seed, counted anew after every part of the texts: what was written for one closes others too."""
    judge, made, tried = scene.judge.forgetting(), [], Counter[int]()
    counts = scene.features.counts(scene.seed)
    for number in range(N_PARTS):
        order = {label: scene.features.gaps(counts, label, scene.rng(method, label, number)) for label in (True, False)}
        wanted = {
            label: spec.wanted(label) * (number + 1) // N_PARTS - sum(one.positive == label for one in made)
            for label in (True, False)
        }
        new = _one_each(method, order, wanted, scene, spec, judge, tried)
        counts = counts.plus(scene.features.above(scene.fired(new), counts))
        made += [replace(one, nth=number) for one in new]
    return made


def likest(made: Sequence[Written], scene: Scene, spec: WritingSpec) -> list[Written]:
    """Of texts that others wrote, as many as they have each: those with which mean activations are the anchor's."""
    picked: list[Written] = []
    for label in (True, False):
        mine = list({one.text: one for one in made if one.positive == label}.values())
        best = scene.features.likest(scene.seed, label, scene.fired(mine), spec.wanted(label))
        picked += [replace(mine[i], method=LIKEST, origin=f"{mine[i].method}, {mine[i].origin}", nth=0) for i in best]
    return picked


def _one_each(
    method: str,
    order: Mapping[bool, np.ndarray],
    wanted: Mapping[bool, int],
    scene: Scene,
    spec: WritingSpec,
    judge: Judge,
    tried: Counter[int],
) -> list[Written]:
    """One text a target, the strongest that passes, until there are enough; a target that failed comes last again.

    Args:
        tried: how often each target was asked for; counted on.
    """
    waiting = {label: features.tolist() for label, features in order.items()}
    kept: dict[bool, list[Written]] = {True: [], False: []}
    for _ in range(ROUNDS):
        groups: dict[bool, list[Target]] = {}
        for label, made in kept.items():
            n = int(SURPLUS * (wanted[label] - len(made)) + 0.5)
            groups[label] = scene.features.targets(waiting[label][:n], label)
            waiting[label] = waiting[label][n:]
        if not any(groups.values()):
            break
        for label, passing in attempted(method, groups, scene, spec, judge, tried).items():
            failed = [target.feature_id for target in groups[label] if target.feature_id not in passing]
            tried.update(target.feature_id for target in groups[label])
            waiting[label] += failed
            for feature, made in passing.items():
                if len(kept[label]) < wanted[label]:
                    kept[label].append(Written(made[0].text, label, method, f"feature {feature}", feature))
    return kept[True] + kept[False]


def write_per_feature(made: Sequence[Written], scene: Scene, spec: WritingSpec) -> list[Written]:
    """More texts for the first fifth of the targets of a set, which are part of it."""
    judge = scene.judge.forgetting()
    judge.known.add([one.text for one in made])
    kept: dict[int, list[Written]] = {}
    for label in (True, False):
        mine = [one for one in made if one.positive == label]
        kept |= {
            one.feature: [replace(one, method=PER_FEATURE)]
            for one in mine[: -(-len(mine) // 5)]
            if one.feature is not None
        }
    tried = Counter(kept.keys())
    for _ in range(ROUNDS):
        still = [feature for feature, mine in kept.items() if len(mine) < spec.per_feature]
        if not still:
            break
        groups = {
            label: scene.features.targets([f for f in still if kept[f][0].positive == label], label)
            for label in (True, False)
        }
        for label, passing in attempted(PER_FEATURE, groups, scene, spec, judge, tried).items():
            for feature, candidates in passing.items():
                mine = kept[feature]
                for one in candidates[: spec.per_feature - len(mine)]:
                    mine.append(Written(one.text, label, PER_FEATURE, f"feature {feature}", feature, len(mine)))
        tried.update(still)
    return [one for mine in kept.values() for one in mine]


def attempted(
    method: str,
    groups: Mapping[bool, Sequence[Target]],
    scene: Scene,
    spec: WritingSpec,
    judge: Judge,
    tried: Mapping[int, int],
) -> dict[bool, dict[int, list[Candidate]]]:
    """Passing candidates of one attempt, by class and target, the strongest first; targets without any are left out.

    Odd attempts are begun with the words that stand before a peak in a real text: without them a small model hardly ever
    fires what it is asked for.

    Args:
        tried: how often a target was asked for already; 0 where it is not in it.
    """
    asked: dict[bool, list[Asked]] = {True: [], False: []}
    for label, targets in groups.items():
        for target in targets:
            attempt = 2 * tried.get(target.feature_id, 0) + 1
            asked[label] += ask(spec.step, target, [], attempt, spec.synthesis(label, scene.draw), scene.template)
    answers = iter(scene.generate(method, [one.request for mine in asked.values() for one in mine]))
    found: dict[bool, dict[int, list[Candidate]]] = {}
    for label, mine in asked.items():
        name = f"{method}-{scene.draw}"
        maker = Maker(name, scene.generator.name, scene.template, spec.synthesis(label, scene.draw), judge)
        candidates = [one.candidate for one in maker(mine, [next(answers) for _ in mine], {})]
        passing = [one for one in candidates if one.verdict == "passes" and len(one.text.split()) >= MIN_WORDS]
        found[label] = {}
        for one in sorted(passing, key=lambda one: -one.activation):
            found[label].setdefault(one.feature_id, []).append(one)
        found[label] = {t.feature_id: found[label][t.feature_id] for t in groups[label] if t.feature_id in found[label]}
    return found
