"""Stress by scenario: what the book loses and earns over the horizon, the first being the baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, ClassVar

import numpy as np

from loantwin import arguments as check
from loantwin import months
from loantwin.arrays import Floats
from loantwin.config import Economics
from loantwin.engine.path import Flows
from loantwin.errors import RiskError, expected
from loantwin.risk.allowance import amounts
from loantwin.risk.stress.actions import ActionTaken
from loantwin.risk.stress.bands import BandCheck
from loantwin.risk.stress.factors import Attribution, FactorSensitivity
from loantwin.risk.stress.paths import StressPath
from loantwin.risk.stress.reverse import Plausibility, ReverseStress
from loantwin.risk.stress.uncertainty import BeliefMoved, Multiple, Range
from loantwin.types import ModelResult, plain

RULES = (
    "means over the horizon, the book running off unless new lending is asked for; charge-offs follow "
    "defaults by their lags, those of loans already in default at the as-of date included, the same in "
    "every scenario",
    "net interest income = interest received - funding and servicing cost of the balance at the start of "
    "each month; funding reprices with the scenario's short rate over its tenor (settings `funding`), "
    "servicing costs the same in every scenario",
    "allowance: IFRS 9, net of guarantees, at the as-of date, were the scenario certain",
)
"""How the figures are made, printed with every result."""


@dataclass(frozen=True)
class ScenarioFlows:
    """Mean flows of the book over T months under one scenario, book currency.

    opening_balance : (T,) principal at the start of each month. interest : (T,) interest received.
        defaulted : (T,) exposure entering default. charged_off : (T,) principal charged off. allowance : IFRS
        9 allowance, net of guarantees, at the as-of date were this scenario certain.
    """

    name: str
    opening_balance: Floats
    interest: Floats
    defaulted: Floats
    charged_off: Floats
    allowance: float
    funding: Floats | None = None
    """(T,) decimals a year, cost of funding by month; None: the fixed rate."""


@dataclass(frozen=True)
class Stressed:
    """Means over the horizon, book currency; `peak_month` has most `defaulted`, null where nothing does.

    interval : figure -> 90 % interval by parameters and period effect given the scenario. prior_share :
        figure -> how much of its variance before the data is left, 1 where they taught nothing
        (`uncertainty`). Both are empty for a model that does not keep its errors and its priors, and for
        another model than the twin's.
    """

    defaulted: float
    charged_off: float
    allowance: float
    net_interest_income: float
    peak_month: str | None
    interval: Mapping[str, Range] = field(default_factory=dict)
    prior_share: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class StressResult(ModelResult):
    """Scenario name -> figures: top-level keys of `to_dict()`, where every other key starts with `_`.

    against_baseline : scenario -> figure -> scenario less baseline. not_observable : figures the source
    cannot tell, which are assumed and labelled so.

    model : what turned the economy into flows. capital_basis : the book that capital along the path stands
        on, in words; empty without `capital`. paths : scenario -> series by month and quarter. parts :
        scenario -> figure -> its difference to the baseline by factor and by segment. plausibility : scenario
        -> how far it is from what the generator expects, and its rank among `crises`, history's own of 1990,
        2001, 2008 and 2020 from today, measured alike. macro : factor -> line -> values by month; lines are
        scenarios, and p05 to p95 of generated paths.
    sensitivities, reverse, actions : as asked for.
    multiples : scenario -> figure over the baseline's, with interval and prior share. bands : nine-quarter
        loss rates beside those of large banks. beliefs : as asked for, with what the figures do.
    """

    SCHEMA: ClassVar[str] = "loantwin.stress/1"

    as_of: date
    currency: str
    baseline: str
    months: int
    scenarios: Mapping[str, Stressed]
    against_baseline: Mapping[str, Mapping[str, float]]
    settings: Mapping[str, float]
    rules: tuple[str, ...] = RULES
    not_observable: tuple[str, ...] = ()
    model: str = "twin"
    new_lending: str = "none"
    capital_basis: str = ""
    paths: Mapping[str, StressPath] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, Attribution]] = field(default_factory=dict)
    plausibility: Mapping[str, Plausibility] = field(default_factory=dict)
    crises: Mapping[str, Plausibility] = field(default_factory=dict)
    macro: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    sensitivities: tuple[FactorSensitivity, ...] = ()
    reverse: tuple[ReverseStress, ...] = ()
    actions: tuple[ActionTaken, ...] = ()
    multiples: Mapping[str, Mapping[str, Multiple]] = field(default_factory=dict)
    bands: Mapping[str, BandCheck] = field(default_factory=dict)
    beliefs: tuple[BeliefMoved, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the document: `_schema` and the other facts of the run beside one entry a scenario."""
        others = {
            f"_{item.name}": plain(getattr(self, item.name))
            for item in fields(self)
            if item.name != "scenarios"
        }
        return {"_schema": self.SCHEMA, **others, **plain(self.scenarios)}

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of `to_dict()`: scenario names are free, all other keys start with `_`."""
        document = super().json_schema()
        properties = document["properties"]
        scenarios = properties.pop("scenarios")["additionalProperties"]
        own = {name if name.startswith("_") else f"_{name}": schema for name, schema in properties.items()}
        return {
            **document,
            "properties": own,
            "required": list(own),
            "patternProperties": {"^[^_]": scenarios},
            "additionalProperties": False,
        }


def stress(
    as_of: date,
    currency: str,
    scenarios: Sequence[ScenarioFlows],
    economics: Economics,
    not_observable: tuple[str, ...] = (),
    provenance: Mapping[str, Any] | None = None,
) -> StressResult:
    """Return the figures of each scenario and their difference to the first.

    Net interest income = interest received - funding cost - servicing cost, both a twelfth of their annual
    rate on the balance at the start of the month.

    Raises
    ------
    RiskError : no scenario, a name given twice or starting with `_`, horizons that differ, NaN or a negative
        amount.
    """
    check.kind(date, as_of=as_of)
    check.word(currency=currency)
    check.each(ScenarioFlows, scenarios=scenarios)
    check.kind(Economics, economics=economics)
    check.words(not_observable=not_observable)
    check.kind(Mapping, **check.given(provenance=provenance))
    names = [scenario.name for scenario in scenarios]
    if not names:
        raise RiskError(expected("at least one scenario", "none"), field="scenario")
    for name in names:
        if names.count(name) > 1 or not name or name.startswith("_"):
            raise RiskError(
                expected("scenario names that differ and do not start with _", name), field="scenario"
            )
    horizon = len(scenarios[0].defaulted)
    found = {scenario.name: _stressed(scenario, horizon, as_of, economics) for scenario in scenarios}
    base = found[names[0]]
    money = ("defaulted", "charged_off", "allowance", "net_interest_income")
    return StressResult(
        as_of=as_of,
        currency=currency,
        baseline=names[0],
        months=horizon,
        scenarios=found,
        against_baseline={
            name: {figure: getattr(found[name], figure) - getattr(base, figure) for figure in money}
            for name in names[1:]
        },
        settings={
            "funding_annual_rate": economics.funding_annual_rate,
            "servicing_annual_rate": economics.servicing_annual_rate,
        },
        not_observable=not_observable,
        provenance=dict(provenance or {}),
    )


def scenario_flows(name: str, flows: Flows, allowance: float) -> ScenarioFlows:
    """Return a scenario's mean flows from figures on its paths (P, groups, T), groups added up."""
    check.word(name=name)
    check.kind(Flows, flows=flows)
    check.number(allowance=allowance)
    closing = flows.balance.sum(axis=1).mean(axis=0)
    opening = np.concatenate([[flows.opening.sum(axis=1).mean()], closing[:-1]])
    interest, defaulted, charged_off = (
        getattr(flows, figure).sum(axis=1).mean(axis=0) for figure in ("interest", "defaulted", "charged_off")
    )
    return ScenarioFlows(name, opening, interest, defaulted, charged_off, allowance)


def net_interest_income(
    opening_balance: Floats, interest: Floats, economics: Economics, funding: Floats | None = None
) -> Floats:
    """Return interest received less funding and servicing cost of each month, (T,).

    funding : (T,) decimals a year, cost of funding by month; None takes the fixed rate of `economics`.
    """
    check.finite(opening_balance=opening_balance, interest=interest, **check.given(funding=funding))
    check.kind(Economics, economics=economics)
    check.shaped(opening_balance.shape, interest=interest, **check.given(funding=funding))
    annual = economics.funding_annual_rate if funding is None else funding
    cost = (annual + economics.servicing_annual_rate) / 12
    return np.asarray(interest - cost * opening_balance)


def _stressed(flows: ScenarioFlows, horizon: int, as_of: date, economics: Economics) -> Stressed:
    for name in ("opening_balance", "defaulted", "charged_off"):
        amounts(getattr(flows, name), f"scenario {flows.name}: {name}", (horizon,))
    amounts(
        np.abs(flows.interest), f"scenario {flows.name}: interest", (horizon,)
    )  # below zero where rates are
    amounts(np.array([flows.allowance]), f"scenario {flows.name}: allowance", (1,))
    first = months.month_of(as_of, months.anchor_day(as_of)) + 1
    peak = months.label(first + int(np.argmax(flows.defaulted))) if flows.defaulted.any() else None
    return Stressed(
        defaulted=math.fsum(flows.defaulted),
        charged_off=math.fsum(flows.charged_off),
        allowance=flows.allowance,
        net_interest_income=math.fsum(
            net_interest_income(flows.opening_balance, flows.interest, economics, flows.funding)
        ),
        peak_month=peak,
    )
