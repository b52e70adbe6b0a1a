"""Asking a language model from the command line: the options, the estimate that comes first, and the consent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

import typer
from rich.text import Text

from fac_core.cli.options import takes_options
from fac_core.cli.output import err
from fac_core.errors import WrongUse
from fac_core.generators.budget import Budget
from fac_core.generators.estimate import Estimate, Prices
from fac_core.generators.openai_compatible import Server
from fac_core.generators.seam import Usage
from fac_core.naming.explanation import ANSWER_TOKENS

_OPTIONS = {
    "llm": Annotated[
        str | None, typer.Option("--llm", help="Ask a model behind this address, e.g. http://localhost:11434/v1.")
    ],
    "model": Annotated[str | None, typer.Option("--model", help="With --llm: what the server calls it.")],
    "key": Annotated[
        str | None, typer.Option("--key", help="With --llm: the environment variable that holds the key.")
    ],
    "features": Annotated[
        str | None, typer.Option("--features", help="With --llm: gaps (the default), targets, or ids such as 12,40.")
    ],
    "limit": Annotated[int | None, typer.Option("--limit", min=1, help="With --llm: at most so many features.")],
    "max_tokens": Annotated[
        int | None, typer.Option("--max-tokens", min=1, help="With --llm: cap on all tokens, read and written.")
    ],
    "prices": Annotated[
        str | None, typer.Option("--prices", help="With --llm: of a million tokens READ,WRITTEN, e.g. 0.15,0.60.")
    ],
    "max_cost": Annotated[float | None, typer.Option("--max-cost", min=0.0, help="With --prices: cap on the cost.")],
    "answer_tokens": Annotated[
        int | None,
        typer.Option("--answer-tokens", min=1, help="With --llm: longest answer; more for reasoning models."),
    ],
    "concurrency": Annotated[int | None, typer.Option("--concurrency", min=1, help="With --llm: requests at once.")],
    "yes": Annotated[bool | None, typer.Option("--yes", "-y", help="With --llm: send without asking.", is_flag=True)],
}


@dataclass(frozen=True)
class Llm:
    """What a person asks of a model."""

    server: Server
    features: str
    limit: int | None
    max_tokens: int | None
    max_cost: float | None
    prices: Prices | None
    answer_tokens: int
    yes: bool

    def budget(self, expected: Estimate) -> Budget:
        """The caps that were given; without any, the high end of the estimate."""
        tokens = self.max_tokens
        if tokens is None and self.max_cost is None:
            tokens = _tokens(expected.high)
        return Budget(tokens=tokens, cost=self.max_cost, prices=self.prices)


def takes_llm(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command that has a parameter `asked` take the options that make one; None without `--llm`."""
    return takes_options(command, "asked", _OPTIONS, _llm)


def chosen_features(asked: Llm, run: str | None, workspace: Any) -> list[int]:
    """The ids that are meant. Raises `WrongUse` if there are none."""
    import fac_core as fac

    if asked.features in ("gaps", "targets"):
        which = cast(Literal["gaps", "targets"], asked.features)
        found = fac.features_to_ask(which, anchor=run, limit=asked.limit, workspace=workspace)
    else:
        parts = asked.features.split(",")
        if not all(part.strip().isdecimal() for part in parts):
            raise WrongUse(f"--features is gaps, targets, or ids such as 12,40; not {asked.features!r}.")
        found = [int(part) for part in parts][: asked.limit]
    if not found:
        raise WrongUse(f"There are no {asked.features} to ask about.")
    return found


def consent(asked: Llm, n_features: int, expected: Estimate, *, json: bool) -> Budget:
    """Show what it will cost and ask, unless `--yes`. Returns the budget; raises `WrongUse` where nobody can answer."""
    budget = asked.budget(expected)
    if expected.n_requests == 0:
        err.print(f"{n_features:,} features: all answers are there already.")
        return budget
    low, high = expected.low, expected.high
    at_once = asked.server.concurrency
    cost = f", cost {asked.prices.of(low):,.2f} to {asked.prices.of(high):,.2f}" if asked.prices else ""
    minutes = f"{low.seconds / at_once / 60:,.1f} to {high.seconds / at_once / 60:,.0f} min"
    err.print(
        Text(
            f"{n_features:,} features: about {expected.n_requests:,} requests to {asked.server.model} at"
            f" {asked.server.base_url}, {_tokens(low):,} to {_tokens(high):,} tokens{cost}, {minutes} at 100 to 10 tokens"
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


def spent(usage: Usage) -> str:
    """What it cost, in a sentence."""
    return (
        f"{usage.n_paid:,} requests paid, {usage.n_cached:,} answers from the cache;"
        f" {usage.prompt_tokens:,} tokens read, {usage.completion_tokens:,} written."
    )


def _caps(budget: Budget) -> str:
    tokens = [] if budget.tokens is None else [f"{budget.tokens:,} tokens"]
    return ", ".join(tokens + ([] if budget.cost is None else [f"{budget.cost:,.2f} in cost"]))


def _tokens(usage: Usage) -> int:
    return usage.prompt_tokens + usage.completion_tokens


def _llm(_given: Mapping[str, Any], llm: str | None, model: str | None, **chosen: Any) -> Llm | None:
    if llm is None:
        lonely = [
            f"--{name.replace('_', '-')}" for name, value in {"model": model, **chosen}.items() if value is not None
        ]
        if lonely:
            raise WrongUse(f"{', '.join(lonely)}: these go with --llm, the address of a model.")
        return None
    if model is None:
        raise WrongUse("--llm needs --model: what the server calls the model.")
    server = Server(llm, model, key_variable=chosen["key"], concurrency=chosen["concurrency"] or 4)
    return Llm(
        server=server,
        features=chosen["features"] or "gaps",
        limit=chosen["limit"],
        max_tokens=chosen["max_tokens"],
        max_cost=chosen["max_cost"],
        prices=_prices(chosen["prices"]),
        answer_tokens=chosen["answer_tokens"] or ANSWER_TOKENS,
        yes=bool(chosen["yes"]),
    )


def _prices(text: str | None) -> Prices | None:
    if text is None:
        return None
    try:
        read, written = map(float, text.split(","))
    except ValueError as error:
        raise WrongUse(f"--prices is READ,WRITTEN of a million tokens, e.g. 0.15,0.60; not {text!r}.") from error
    return Prices(read, written)
