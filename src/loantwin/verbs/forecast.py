"""`forecast`: the book run forward by month, with 90 % intervals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loantwin import months as calendar
from loantwin.arrays import Floats
from loantwin.config import chosen
from loantwin.decisions.check import portfolio_policy
from loantwin.decisions.load import chosen_policy
from loantwin.decisions.policy import PortfolioPolicy, policy_name
from loantwin.outlook.economies import one_economy
from loantwin.outlook.left_out import LeftOut, left_out
from loantwin.outlook.lending import stepped
from loantwin.outlook.outlook import Histories, Outlook, Scenarios
from loantwin.outlook.paths import FIGURES, MOVES, NUMBERS, Paths, projected, with_stock
from loantwin.outlook.workout import awaited_from_default
from loantwin.performance.backtest.record import read_record
from loantwin.performance.backtest.scores import coverage_words
from loantwin.risk.intervals import intervals
from loantwin.twin import Twin, opened
from loantwin.types import Interval, ModelResult, Progress, silent

YEAR = 12
STOCKS = ("balance", "loans")
"""Figures that stand at a month's end; the others are flows."""
UNCOUNTED = "numbers of loans are those of a book in run-off: with new lending or a policy they are not told"
OBSERVED_BY = {
    "balance": "balance",
    "scheduled_principal": "balance",
    "prepaid": "prepayment",
    "interest": "interest",
    "defaulted": "defaults",
    "charged_off": "charge_offs",
    "recovered": "recoveries",
    "drawn": "balance",
    "arrears_interest": "balance",
    "exited": "balance",
    "net_loss": "recoveries",
    "loans": "prepayment",
    "defaulted_loans": "defaults",
    "charged_off_loans": "charge_offs",
    "prepaid_loans": "prepayment",
}
"""Figure -> what a source must observe for the figure to be more than an assumption."""
MONEY = (*FIGURES, *MOVES, "net_loss")
"""Figures in money, each by month and in the totals."""


@dataclass(frozen=True)
class ForecastMonth:
    """One month. Money in the book's currency; None where the source cannot tell and nothing is assumed.

    For the means: the month before's `balance` + new + drawn + arrears_interest - scheduled_principal -
    prepaid - exited - defaulted = `balance`. new : lent. drawn : by lines. arrears_interest : what the
    month's defaults owe beyond their share of the balance, unpaid interest and undrawn amounts taken up.
    exited : with loans that left by another way than default or payoff. net_loss : charged_off - recovered.

    loans : live at the month's end; the others left in it, by their end. Numbers are weighted by case weight,
    and None under new lending or a policy. arrears : live state -> share of the live loans; empty where the
    source tells no arrears.
    """

    month: str
    balance: Interval | None
    scheduled_principal: Interval | None
    prepaid: Interval | None
    interest: Interval | None
    defaulted: Interval | None
    charged_off: Interval | None
    recovered: Interval | None
    new: Interval | None
    drawn: Interval | None
    arrears_interest: Interval | None
    exited: Interval | None
    net_loss: Interval | None
    loans: Interval | None
    defaulted_loans: Interval | None
    charged_off_loans: Interval | None
    prepaid_loans: Interval | None
    arrears: Mapping[str, Interval]


@dataclass(frozen=True)
class Forecast(ModelResult):
    """The book run forward.

    opening_balance : of live loans at the as-of date. left_out : reason -> what of the tape is not in it.
    balance : live balance at the end of the month, loans in default not in it. totals : flows over the
        horizon (balance: at its end).
    default_rate : defaulted in the first twelve months, share of the opening balance; null below a year.
    economy : macro factor -> its values by month, of generated paths with their interval.
    withdrawn : figure -> share of outcomes that its 90 % interval held in a backtest of this model, where
        that withdraws it: in the JSON its p05 and p95 are then null. `default_rate` among them.
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
    withdrawn: Mapping[str, float] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the document; an interval that is withdrawn is null in it."""
        document = super().to_dict()
        for place in (*document["months"], document["totals"], document):
            for name in self.withdrawn:
                item = place.get(name)
                if isinstance(item, dict) and "p05" in item:
                    item["p05"] = item["p95"] = None
        return document

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of `to_dict()`: a figure's interval may be null."""
        document = super().json_schema()
        properties = document["properties"]
        month = properties["months"]["items"]["properties"]
        of_month = {name: _open(item) if name in SCORED else item for name, item in month.items()}
        properties["months"]["items"]["properties"] = of_month
        properties["totals"]["additionalProperties"] = _open(properties["totals"]["additionalProperties"])
        properties["default_rate"] = _open(properties["default_rate"])
        return document


def forecast(
    twin: Twin | Path | str,
    *,
    months: int | None = None,
    paths: int | None = None,
    scenarios: Scenarios = (),
    policy: str | Path | PortfolioPolicy | None = None,
    new_lending: str = "none",
    align: str | None = None,
    history: Histories = (),
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
    align : "start" re-dates the scenario to begin after the as-of date. history : files it is measured
        against then, where its own has no row before it.

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
        economy, factors = one_economy(outlook, scenarios, align, run.months, run.paths, run.seed, history)
        progress(0.3, "running the book forward")
        if policy is None and new_lending == "none":
            made = projected(outlook, economy, run.months, run.paths, run.seed)
        else:
            made = stepped(outlook, economy, run.months, run.paths, run.seed, steering, new_lending, progress)
        counts = bool(made.loans)
        made = with_stock(made, awaited_from_default(outlook, run.months), run.seed, counts)
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
            assumed=assumed_figures(outlook, hidden),
            notes=(
                *economy.notes,
                *outlook.notes,
                *(words for words in twin.book.assumed.values()),
                *(() if counts else (UNCOUNTED,)),
                *found,
            ),
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


def _open(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a figure that may be null, its interval's ends null too."""
    none = {"type": "null"}
    ends = {name: {"anyOf": [{"type": "number"}, none]} for name in ("p05", "p95")}
    shapes = [item for item in schema.get("anyOf", [schema]) if item.get("type") == "object"]
    opened = [{**item, "properties": {**item["properties"], **ends}} for item in shapes]
    return {"anyOf": [*opened, none]}


def withdrawn_words(withdrawn: Mapping[str, float], name: str, interval: str) -> str:
    """Return a figure's interval as it is printed, or the words that stand in its place."""
    return coverage_words(False, withdrawn[name], 0) if name in withdrawn else interval


def withdrawn_of(twin: Twin, generated: bool, horizon: int) -> tuple[dict[str, float], tuple[str, ...]]:
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
    found = {name: held for name, held in told.items() if held is not None}
    if not found:
        return {}, ()
    names = ", ".join(name.replace("_", " ") for name in found)
    return found, (f"intervals withdrawn by the backtest of {record.date} of this model: {names}",)


def monthly(made: Paths, first: int, hidden: Sequence[str]) -> tuple[ForecastMonth, ...]:
    """Return mean and 90 % interval of each figure by month."""
    horizon = made.numbers.shape[1]
    simulated, expectation = with_net_loss(made.simulated), with_net_loss(made.expected)
    columns: dict[str, Sequence[Interval | None]] = {
        name: (None,) * horizon
        if name in hidden
        else intervals(simulated[name], expectation[name].mean(axis=0))
        for name in MONEY
    }
    columns |= {
        name: intervals(made.loans[name][0], made.loans[name][1].mean(axis=0))
        if name in made.loans
        else (None,) * horizon
        for name in NUMBERS
    }
    mix = {name: intervals(drawn, plain.mean(axis=0)) for name, (drawn, plain) in made.arrears.items()}
    return tuple(
        ForecastMonth(
            calendar.label(first + t),
            **{name: column[t] for name, column in columns.items()},
            arrears={name: column[t] for name, column in mix.items()},
        )
        for t in range(horizon)
    )


def with_net_loss(figures: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return figures (P, T) and the net loss of each path, charged off less recovered."""
    return {**figures, "net_loss": figures["charged_off"] - figures["recovered"]}


def totals(made: Paths, hidden: Sequence[str]) -> dict[str, Interval | None]:
    """Return each flow over the whole horizon, and the balance at its end; loans likewise."""
    pairs = zip(with_net_loss(made.simulated).items(), with_net_loss(made.expected).values(), strict=True)
    both = {name: (drawn, plain) for (name, drawn), plain in pairs} | dict(made.loans)
    found: dict[str, Interval | None] = {}
    for name in (*MONEY, *NUMBERS):
        if name in hidden or name not in both:
            found[name] = None
            continue
        simulated, expectation = (
            item[:, -1:] if name in STOCKS else item.sum(axis=1, keepdims=True) for item in both[name]
        )
        found[name] = intervals(simulated, expectation.mean(axis=0))[0]
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
    return () if "recoveries" in observes else ("recovered", "net_loss")


def assumed_figures(outlook: Outlook, hidden: Sequence[str]) -> tuple[str, ...]:
    """Return the figures that rest on an assumption because the source does not observe them.

    Interest follows from balance and rate: where the source tells both it is no assumption.
    """
    observes, imputed = outlook.twin.mapping.observes, outlook.twin.book.assumed
    told = "balance" in observes and "annual_rate" not in imputed
    return tuple(
        name
        for name, needed in OBSERVED_BY.items()
        if needed not in observes and name not in hidden and not (name == "interest" and told)
    )
