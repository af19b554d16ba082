"""`forecast`: the book run forward by month, with 90 % intervals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from loantwin import months as calendar
from loantwin.config import chosen
from loantwin.decisions.check import portfolio_policy
from loantwin.decisions.load import chosen_policy
from loantwin.decisions.policy import PortfolioPolicy, policy_name
from loantwin.errors import UsageError, expected
from loantwin.outlook.left_out import LeftOut, left_out
from loantwin.outlook.lending import stepped
from loantwin.outlook.outlook import Economy, Outlook, Scenarios, read_scenarios
from loantwin.outlook.paths import FIGURES, Paths, projected, with_stock
from loantwin.outlook.workout import stock_in_default
from loantwin.performance.backtest.record import read_record
from loantwin.risk.intervals import intervals
from loantwin.twin import Twin, opened
from loantwin.types import Interval, ModelResult, Progress, silent

YEAR = 12
OBSERVED_BY = {
    "balance": "balance",
    "scheduled_principal": "balance",
    "prepaid": "prepayment",
    "interest": "interest",
    "defaulted": "defaults",
    "charged_off": "charge_offs",
    "recovered": "recoveries",
}
"""Figure -> what a source must observe for the figure to be more than an assumption."""


@dataclass(frozen=True)
class ForecastMonth:
    """One month. Money in the book's currency; None where the source cannot tell and nothing is assumed."""

    month: str
    balance: Interval | None
    scheduled_principal: Interval | None
    prepaid: Interval | None
    interest: Interval | None
    defaulted: Interval | None
    charged_off: Interval | None
    recovered: Interval | None


@dataclass(frozen=True)
class Forecast(ModelResult):
    """The book run forward.

    opening_balance : of live loans at the as-of date. left_out : reason -> what of the tape is not in it.
    balance : live balance at the end of the month, loans in default not in it. totals : flows over the
        horizon (balance: at its end).
    default_rate : defaulted in the first twelve months, share of the opening balance; null below a year.
    economy : macro factor -> its values by month, of generated paths with their interval.
    withdrawn : figures whose 90 % interval a backtest of this model did not bear out, with the words that are
        printed in its place.
    assumed : figures that rest on an assumption because the source does not observe them.
    interval_sources : what the intervals hold.
    """

    SCHEMA = "loantwin.forecast/1"

    as_of: dt.date
    currency: str
    scenario: str | None
    policy: str | None
    new_lending: str
    paths: int
    seed: int
    opening_balance: float
    left_out: Mapping[str, LeftOut]
    months: tuple[ForecastMonth, ...]
    totals: Mapping[str, Interval | None]
    default_rate: Interval | None
    economy: Mapping[str, tuple[Interval, ...]]
    interval_sources: tuple[str, ...]
    assumed: tuple[str, ...]
    notes: tuple[str, ...]
    withdrawn: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


def forecast(
    twin: Twin | Path | str,
    *,
    months: int | None = None,
    paths: int | None = None,
    scenarios: Scenarios = (),
    policy: str | Path | PortfolioPolicy | None = None,
    new_lending: str = "none",
    align: str | None = None,
    seed: int | None = None,
    progress: Progress = silent,
) -> Forecast:
    """Run the book forward.

    Parameters
    ----------
    twin : an open twin, or its folder; fitted. months, paths, seed : None takes the configuration's.
    scenarios : FILE[#NAME], one given macro path; without it the generator stored by `fit` draws them.
    policy : a policy's name or TOML file, or an object with `levers(figures)`
        (`decisions.policy.PortfolioPolicy`); it sets the levers each month.
    new_lending : none, constant-balance, or a CSV file with columns month (YYYY-MM) and amount, and segment
        where lending is planned by segment.
    align : "start" re-dates the scenario to begin after the as-of date.

    Raises
    ------
    UsageError : several scenarios, a plan that cannot be read, or a policy that cannot steer the book.
    ScenarioError : a scenario that is wrong or too short. HomeError : a twin that was not fitted.
    """
    steering = None if policy is None else portfolio_policy(chosen_policy(policy))
    called = str(policy) if isinstance(policy, str | Path) else policy_name(policy)
    with opened(twin) as twin:
        twin = twin.using(chosen(twin.config, months=months, paths=paths, seed=seed))
        run = twin.config.run
        progress(0.05, "reading the book")
        outlook = Outlook(twin)
        economy, factors = _economy(outlook, scenarios, align, run.months, run.paths, run.seed)
        progress(0.3, "running the book forward")
        if policy is None and new_lending == "none":
            made = projected(outlook, economy, run.months, run.paths, run.seed)
        else:
            made = stepped(outlook, economy, run.months, run.paths, run.seed, steering, new_lending, progress)
        made = with_stock(made, *stock_in_default(outlook, run.months))
        progress(0.95, "adding up")
        hidden = unknown_figures(twin.mapping.observes)
        withdrawn, found = withdrawn_of(twin, economy.name is None, run.months)
        first = outlook.month0 + 1
        return Forecast(
            as_of=twin.as_of,
            currency=twin.currency,
            scenario=economy.name,
            policy=None if policy is None else called,
            new_lending=new_lending,
            paths=run.paths,
            seed=run.seed,
            opening_balance=made.opening,
            left_out=left_out(outlook),
            months=monthly(made, first, hidden),
            totals=totals(made, hidden),
            default_rate=default_rate(made),
            economy=factors,
            interval_sources=("parameters", "latent", "names", *(("macro",) if economy.varies else ())),
            assumed=tuple(
                name
                for name in FIGURES
                if OBSERVED_BY[name] not in twin.mapping.observes and name not in hidden
            ),
            notes=(*economy.notes, *outlook.notes, *(words for words in twin.book.assumed.values()), *found),
            withdrawn=withdrawn,
            provenance=twin.provenance(),
        )


SCORED: dict[str, tuple[str, ...]] = {
    "balance": ("balance",),
    "prepaid": ("prepayment",),
    "interest": ("interest",),
    "defaulted": ("defaults", "charge_offs"),
    "charged_off": ("charge_offs",),
}
"""Figures that backtests score, by names there; where nothing shows before a charge-off it is the default."""


def withdrawn_of(twin: Twin, generated: bool, horizon: int) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the figures whose interval the last backtest of this model withdraws, and a note of it."""
    if twin.learnt is not None:
        return {}, ()
    record = read_record(twin.home.folder, twin.fitted.data["model_blob"])
    if record is None:
        return {}, ()
    economy = "generated_macro" if generated else "given_macro"
    asked = {name: (names, horizon) for name, names in SCORED.items()}
    asked["default_rate"] = (SCORED["defaulted"], YEAR)
    told = {name: record.withdrawn(economy, names, span) for name, (names, span) in asked.items()}
    found = {name: words for name, words in told.items() if words is not None}
    if not found:
        return {}, ()
    names = ", ".join(name.replace("_", " ") for name in found)
    return found, (f"intervals withdrawn by the backtest of {record.date} of this model: {names}",)


def monthly(made: Paths, first: int, hidden: Sequence[str]) -> tuple[ForecastMonth, ...]:
    """Return mean and 90 % interval of each figure by month."""
    horizon = made.numbers.shape[1]
    columns = {
        name: (None,) * horizon
        if name in hidden
        else intervals(made.simulated[name], made.expected[name].mean(axis=0))
        for name in FIGURES
    }
    return tuple(
        ForecastMonth(calendar.label(first + t), **{name: columns[name][t] for name in FIGURES})
        for t in range(horizon)
    )


def totals(made: Paths, hidden: Sequence[str]) -> dict[str, Interval | None]:
    """Return each flow over the whole horizon, and the balance at its end."""
    found: dict[str, Interval | None] = {}
    for name in FIGURES:
        simulated, expectation = (
            (item[:, -1:] if name == "balance" else item.sum(axis=1, keepdims=True))
            for item in (made.simulated[name], made.expected[name])
        )
        found[name] = None if name in hidden else intervals(simulated, expectation.mean(axis=0))[0]
    return found


def default_rate(made: Paths) -> Interval | None:
    """Return first-year defaults as a share of the opening balance; None below a year or without a book."""
    if made.numbers.shape[1] < YEAR or not made.opening > 0.0:
        return None
    simulated, expectation = (
        item["defaulted"][:, :YEAR].sum(axis=1, keepdims=True) / made.opening
        for item in (made.simulated, made.expected)
    )
    return intervals(simulated, expectation.mean(axis=0))[0]


def unknown_figures(observes: Sequence[str]) -> tuple[str, ...]:
    """Return the figures a source cannot tell and for which nothing is assumed."""
    return () if "recoveries" in observes else ("recovered",)


def _economy(
    outlook: Outlook,
    scenarios: Scenarios,
    align: str | None,
    horizon: int,
    paths: int,
    seed: int,
) -> tuple[Economy, dict[str, tuple[Interval, ...]]]:
    """Return the economy ahead and its factors by month."""
    found = read_scenarios(outlook.twin, scenarios, align)
    if not found:
        return outlook.simulated(horizon, paths, seed), outlook.factor_fan(horizon, seed)
    if len(found) > 1:
        names = ", ".join(item.name for item in found)
        raise UsageError(expected("one scenario: `stress` runs several", names), field="scenarios")
    given = found[0]
    if given.weight not in (None, 1.0):
        raise UsageError(expected("no weight: a forecast has one scenario", given.weight), field="scenarios")
    economy = outlook.given(given.scenario, horizon, given.notes)
    values = {
        name: given.scenario.values[outlook.month0 + 1 - given.scenario.first :][:horizon, place]
        for place, name in enumerate(given.scenario.factors)
    }
    return economy, {
        name: tuple(Interval(value, value, value) for value in path.tolist())
        for name, path in values.items()
        if len(path) == horizon and np.isfinite(path).all()
    }
