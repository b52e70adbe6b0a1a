"""Asking a language model from the command line: the options, the estimate that comes first, and the consent."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import typer
from rich.text import Text

import fac_core as fac
from fac_core.cli.from_fields import flag_of, listed, option, takes_options
from fac_core.cli.output import err, progress_bar
from fac_core.coverage.definition import CALIBRATED
from fac_core.errors import WrongUse
from fac_core.generators.seam import Usage
from fac_core.progress import counted

if TYPE_CHECKING:
    from fac_core.generators.budget import Budget
    from fac_core.generators.estimate import Estimate, Prices
    from fac_core.generators.openai_compatible import Server
    from fac_core.naming.explanation import Explained
    from fac_core.relevance.judge import Judged
    from fac_core.themes.asked import NameAsked
    from fac_core.workflows.ask import Asking

_OPTIONS = {
    name: option(name, kind, said, flag="--yes/-y" if name == "yes" else None, panel="Asking a model")
    for name, kind, said in (
        ("llm", str, "Ask a model behind this address, e.g. http://localhost:11434/v1."),
        ("model", str, "What the server calls it."),
        ("key", str, "The environment variable that holds the key."),
        ("features", str, "gaps (the default), targets, or ids such as 12,40."),
        ("limit", int, "At most so many features."),
        ("max_tokens", int, "Cap on all tokens, read and written."),
        ("prices", str, "Of a million tokens READ,WRITTEN, e.g. 0.15,0.60."),
        ("max_cost", float, "With --prices: cap on the cost."),
        ("answer_tokens", int, "Longest answer; more for models that reason first."),
        ("concurrency", int, "Requests at once; 4 by default."),
        ("yes", bool, "Send without asking."),
    )
}

_Key = TypeVar("_Key")
_Found = TypeVar("_Found", "Explained", "Judged", "NameAsked")


@dataclass(frozen=True)
class Llm:
    """What a person asks of a model."""

    server: Server
    features: str
    limit: int | None
    max_tokens: int | None
    max_cost: float | None
    prices: Prices | None
    answer_tokens: int | None
    yes: bool

    def about(self, run: str | None, workspace: Path | None) -> Asking:
        """Whom to ask, about which features. Raises `WrongUse` if there are none."""
        asking = fac.Asking(self.server, self._chosen(run, workspace), run=run, workspace=workspace)
        return asking if self.answer_tokens is None else replace(asking, answer_tokens=self.answer_tokens)

    def budget(self, expected: Estimate) -> Budget:
        """The caps that were given; without any, the high end of the estimate."""
        tokens = self.max_tokens
        if tokens is None and self.max_cost is None:
            tokens = _tokens(expected.high)
        return fac.Budget(tokens=tokens, cost=self.max_cost, prices=self.prices)

    def _chosen(self, run: str | None, workspace: Path | None) -> list[int]:
        from fac_core.workflows.ask import features_to_ask

        if self.features in ("gaps", "targets"):
            which = cast(Literal["gaps", "targets"], self.features)
            view = fac.View.find(None, run, CALIBRATED, workspace=workspace)
            found = features_to_ask(which, view, limit=self.limit)
        elif all(part.strip().isdecimal() for part in self.features.split(",")):
            found = list(listed(self.features, int, "--features"))[: self.limit]
        else:
            raise WrongUse(f"--features is gaps, targets, or ids such as 12,40; not {self.features!r}.")
        if not found:
            raise WrongUse(f"There are no {self.features} to ask about.")
        return found


takes_llm = takes_options("asked", _OPTIONS, lambda _given, **chosen: _llm(**chosen))
"""Let a command that has a parameter `asked` take the options that make an `Llm`; None without `--llm`."""

takes_llm_for_all = takes_options(
    "asked",
    {name: one for name, one in _OPTIONS.items() if name not in ("features", "limit")},
    lambda _given, **chosen: _llm(features=None, limit=None, **chosen),
)
"""The same where nobody chooses the features that a model is asked about."""


def answered(
    asked: Llm, about: str, expected: Estimate, ask: Callable[..., dict[_Key, _Found]], title: str, *, json: bool
) -> tuple[dict[_Key, _Found], Usage]:
    """What a model answers about each of several things, once somebody consented to the estimate; and what it cost.

    Args:
        about: how many of what, as in `12 features`.
    """
    budget = _consent(asked, about, expected, json=json)
    with progress_bar(title) as tell:
        found = ask(budget, on_progress=tell)
    return found, sum((one.usage for one in found.values()), Usage())


def spent(usage: Usage) -> str:
    """What it cost, in a sentence."""
    return (
        f"{counted(usage.n_paid, 'request')} paid, {usage.n_cached:,} answers from the cache;"
        f" {counted(usage.prompt_tokens, 'token')} read, {usage.completion_tokens:,} written."
    )


def _consent(asked: Llm, about: str, expected: Estimate, *, json: bool) -> Budget:
    """Show what it will cost and ask, unless `--yes`. Returns the budget; raises `WrongUse` where nobody can answer."""
    budget = asked.budget(expected)
    if expected.n_requests == 0:
        err.print(f"{about}: all answers are there already.")
        return budget
    low, high = expected.low, expected.high
    at_once = asked.server.concurrency
    cost = f", cost {asked.prices.of(low):,.2f} to {asked.prices.of(high):,.2f}" if asked.prices else ""
    minutes = f"{low.seconds / at_once / 60:,.1f} to {high.seconds / at_once / 60:,.0f} min"
    err.print(
        Text(
            f"{about}: about {counted(expected.n_requests, 'request')} to {asked.server.model} at"
            f" {asked.server.base_url}, {_tokens(low):,} to {counted(_tokens(high), 'token')}{cost}, {minutes} at 100 to 10 tokens"
            f" a second, {at_once} at once.\nLow: four characters a token, short answers. High: a byte a token, longest"
            f" answers. Caps: {_caps(budget)}; what would exceed them is not sent."
        )
    )
    if asked.yes:
        return budget
    if json or not sys.stdin.isatty():
        raise WrongUse("Nothing was sent. Say --yes to accept this estimate.")
    if not typer.confirm("Send?", err=True):
        raise typer.Abort
    return budget


def _caps(budget: Budget) -> str:
    tokens = [] if budget.tokens is None else [f"{counted(budget.tokens, 'token')}"]
    return ", ".join(tokens + ([] if budget.cost is None else [f"{budget.cost:,.2f} in cost"]))


def _tokens(usage: Usage) -> int:
    return usage.prompt_tokens + usage.completion_tokens


def _llm(llm: str | None, **chosen: Any) -> Llm | None:
    if llm is None:
        lonely = [flag_of(name) for name, value in chosen.items() if value is not None]
        if lonely:
            raise WrongUse(f"{', '.join(lonely)}: these go with --llm, the address of a model.")
        return None
    for name in ("limit", "max_tokens", "answer_tokens", "concurrency"):
        if chosen[name] is not None and chosen[name] < 1:
            raise WrongUse(f"{flag_of(name)} is {chosen[name]}; give 1 or more.")
    if chosen["model"] is None:
        raise WrongUse("--llm needs --model: what the server calls the model.")
    as_given = {name: chosen[name] for name in ("limit", "max_tokens", "max_cost", "answer_tokens")}
    return Llm(
        server=fac.Server(llm, chosen["model"], key_variable=chosen["key"], concurrency=chosen["concurrency"] or 4),
        features=chosen["features"] or "gaps",
        prices=_prices(chosen["prices"]),
        yes=bool(chosen["yes"]),
        **as_given,
    )


def _prices(text: str | None) -> Prices | None:
    if text is None:
        return None
    try:
        read, written = map(float, text.split(","))
    except ValueError as error:
        raise WrongUse(f"--prices is READ,WRITTEN of a million tokens, e.g. 0.15,0.60; not {text!r}.") from error
    return fac.Prices(read, written)
