"""A book along a scenario, month by month: income, allowance, cash, and what is left of capital."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.config import Economics
from loantwin.errors import UsageError, expected
from loantwin.files import read_toml


@dataclass(frozen=True)
class MonthlyFlows:
    """Flows of one scenario over T months, book currency, (T,) each; `opening` and `balance` are stocks.

    draws : contractual. drawn_at_default : undrawn amounts taken up by loans that default. sale_proceeds :
    cash of loans sold; sale_loss : their balance less it. net_charge_offs : charged off less recovered, net
    of guarantees.
    """

    opening: Floats
    balance: Floats
    scheduled_principal: Floats
    prepaid: Floats
    interest: Floats
    draws: Floats
    drawn_at_default: Floats
    defaulted: Floats
    charged_off: Floats
    recovered: Floats
    new_lending: Floats
    sale_proceeds: Floats
    sale_loss: Floats
    net_charge_offs: Floats

    def __post_init__(self) -> None:
        check.finite(**vars(self))


@dataclass(frozen=True)
class CapitalPlan:
    """What `--capital FILE.toml` states; docs/stress.md has each key.

    cet1 : common equity tier 1 at the as-of date, currency. risk_weight : risk-weighted assets / balance,
        decimal, of the `constant` approach. other_rwa : of all else the lender holds, constant.
        operating_cost_annual : beyond funding and servicing, currency a year. tax_rate : on profits; losses
        give nothing back. allowance : booked at the as-of date; None takes the baseline's. minimum : the
        ratio that must hold, buffers included. approach : constant, or irb with its `asset_class`
        (`stress_capital.irb_weights`).
    """

    cet1: float
    risk_weight: float | None = None
    other_rwa: float = 0.0
    operating_cost_annual: float = 0.0
    tax_rate: float = 0.0
    allowance: float | None = None
    minimum: float = 0.07
    approach: str = "constant"
    asset_class: str = "retail_other"


@dataclass(frozen=True)
class CapitalPoint:
    """At a quarter's end. ratio : cet1 / risk-weighted assets, decimal; null without assets.

    income : net interest income less operating cost, credit_loss : what is charged for credit, of the
        quarter.
    """

    month: str
    cet1: float
    risk_weighted_assets: float
    ratio: float | None
    income: float
    credit_loss: float


@dataclass(frozen=True)
class StressPath:
    """A scenario by month (T values each) and, at the as-of date and each quarter's end, by `quarters`.

    cash_gap : received less paid since the as-of date. allowance : IFRS 9 net of guarantees, the rest of the
        scenario known.
    credit_loss : change of allowance + net charge-offs + loss on sales of each quarter.
    """

    months: tuple[str, ...]
    balance: tuple[float, ...]
    interest: tuple[float, ...]
    funding_cost: tuple[float, ...]
    servicing_cost: tuple[float, ...]
    net_interest_income: tuple[float, ...]
    defaulted: tuple[float, ...]
    charged_off: tuple[float, ...]
    recovered: tuple[float, ...]
    cash_in: Mapping[str, tuple[float, ...]]
    cash_out: Mapping[str, tuple[float, ...]]
    cash_gap: tuple[float, ...]
    quarters: tuple[str, ...]
    allowance: tuple[float, ...]
    credit_loss: tuple[float, ...]
    capital: tuple[CapitalPoint, ...] = ()
    funding_rate: tuple[float, ...] = ()
    """Decimals a year, by month: what funding costs."""


CASH_IN = ("scheduled_principal", "prepaid", "interest", "recovered", "sale_proceeds")
CASH_OUT = ("funding_cost", "servicing_cost", "draws", "drawn_at_default", "new_lending")


def quarter_ends(horizon: int) -> list[int]:
    """Return the dates of allowance and capital: 0, 3, 6, ... and the last month."""
    check.count(0, horizon=horizon)
    return sorted({*range(0, horizon + 1, 3), horizon})


def stress_path(
    flows: MonthlyFlows,
    allowance: Floats,
    booked: float,
    economics: Economics,
    labels: tuple[str, ...],
    capital: CapitalPlan | None = None,
    weights: Floats | None = None,
    funding: Floats | None = None,
) -> StressPath:
    """Return a scenario's series.

    Parameters
    ----------
    allowance : (K,) at `quarter_ends`, the as-of date first. booked : the allowance carried before the
        scenario was known: what it adds at the as-of date is a loss of the first quarter. labels : T + 1
        months, the as-of month first.
    weights : (K,) risk-weighted assets at the dates, where they come from a rule; None takes the plan's
        constant density.
    funding : (T,) decimals a year, cost of funding by month; None takes the fixed rate of `economics`.
    """
    check.kind(MonthlyFlows, flows=flows)
    check.finite(allowance=allowance)
    check.number(booked=booked)
    check.kind(Economics, economics=economics)
    check.words(labels=labels)
    check.kind(CapitalPlan, **check.given(capital=capital))
    check.finite(**check.given(weights=weights, funding=funding))
    check.shaped(flows.opening.shape, **check.given(funding=funding))
    dates = quarter_ends(len(flows.interest))
    check.shaped((len(dates),), allowance=allowance, **check.given(weights=weights))
    dates = quarter_ends(len(flows.interest))
    rate = np.full(len(flows.opening), economics.funding_annual_rate) if funding is None else funding
    costs = {
        "funding_cost": rate / 12 * flows.opening,
        "servicing_cost": economics.servicing_annual_rate / 12 * flows.opening,
    }
    income = flows.interest - costs["funding_cost"] - costs["servicing_cost"]
    given = {item.name: getattr(flows, item.name) for item in fields(flows)} | costs
    arrived = {name: given[name] for name in CASH_IN if given[name].any()}
    paid = {name: given[name] for name in CASH_OUT if given[name].any()}
    gap = np.cumsum(sum(arrived.values(), np.zeros_like(income)) - sum(paid.values(), np.zeros_like(income)))
    cost = flows.net_charge_offs + flows.sale_loss
    credit = np.array([allowance[0] - booked, *(np.diff(allowance) + _by_quarter(cost, dates))])
    points: tuple[CapitalPoint, ...] = ()
    if capital is not None:
        balance = np.concatenate([flows.opening[:1], flows.balance])[dates]
        points = capital_path(
            capital, balance, _by_quarter(income, dates), credit, [labels[date] for date in dates], weights
        )
    return StressPath(
        months=labels[1:],
        **{name: _plain(given[name]) for name in ("balance", "interest", "funding_cost", "servicing_cost")},
        net_interest_income=_plain(income),
        **{name: _plain(given[name]) for name in ("defaulted", "charged_off", "recovered")},
        cash_in={name: _plain(values) for name, values in arrived.items()},
        cash_out={name: _plain(values) for name, values in paid.items()},
        cash_gap=_plain(gap),
        quarters=tuple(labels[date] for date in dates),
        allowance=_plain(allowance),
        credit_loss=_plain(credit),
        capital=points,
        funding_rate=_plain(rate),
    )


def capital_path(
    plan: CapitalPlan,
    balance: Floats,
    income: Floats,
    credit_loss: Floats,
    labels: list[str],
    weights: Floats | None = None,
) -> tuple[CapitalPoint, ...]:
    """Return capital at the as-of date (before the scenario is known) and at each quarter's end.

    cet1 = cet1 before + net interest income - operating cost - credit loss - tax on a profit. What the
    scenario adds to the allowance at the as-of date (`credit_loss[0]`) is charged in the first quarter.

    Parameters
    ----------
    balance, credit_loss : (K,) at and up to each date, the as-of date first. income : (K - 1,) of each
        quarter.
    """
    check.kind(CapitalPlan, plan=plan)
    check.finite(balance=balance, income=income, credit_loss=credit_loss)
    check.words(labels=labels)
    check.finite(**check.given(weights=weights))
    check.shaped((len(labels),), balance=balance, credit_loss=credit_loss, **check.given(weights=weights))
    check.shaped((len(labels) - 1,), income=income)
    assets = (plan.risk_weight or 0.0) * balance if weights is None else weights
    assets = assets + plan.other_rwa
    own = plan.cet1
    made = [CapitalPoint(labels[0], own, float(assets[0]), _ratio(own, assets[0]), 0.0, 0.0)]
    months = np.diff(quarter_ends_of(len(balance), labels))
    for place in range(1, len(balance)):
        loss = float(credit_loss[place] + (credit_loss[0] if place == 1 else 0.0))
        earned = float(income[place - 1]) - plan.operating_cost_annual * float(months[place - 1]) / 12.0
        profit = earned - loss
        own += profit - plan.tax_rate * max(profit, 0.0)
        made.append(
            CapitalPoint(labels[place], own, float(assets[place]), _ratio(own, assets[place]), earned, loss)
        )
    return tuple(made)


def quarter_ends_of(count: int, labels: list[str]) -> Floats:
    """Return the dates' distance in months to the first, from their labels, (K,)."""
    check.count(1, count=count)
    check.words(labels=labels)
    numbers = [12 * int(label[:4]) + int(label[5:7]) for label in labels[:count]]
    return np.array(numbers, dtype=np.float64) - numbers[0]


def read_capital(path: Path | str) -> CapitalPlan:
    """Return the capital plan in a TOML file.

    Raises
    ------
    UsageError : no readable TOML, an unknown key, a missing or wrong value; it names the key.
    """
    check.kind((Path, str), path=path)
    path = Path(path)
    document = read_toml(path, "capital", UsageError, "capital")
    names = [item.name for item in fields(CapitalPlan)]
    for key, value in document.items():
        if key not in names:
            raise UsageError(expected("one of " + ", ".join(names), key), file=path, field=key)
        if key in WORDS:
            if value not in WORDS[key]:
                raise UsageError(expected("one of " + ", ".join(WORDS[key]), value), file=path, field=key)
            continue
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
            or value < 0
        ):
            raise UsageError(expected("a finite number of at least 0", value), file=path, field=key)
    if "cet1" not in document:
        raise UsageError(expected("own funds at the as-of date", "none"), file=path, field="cet1")
    for key in ("tax_rate", "minimum"):
        if document.get(key, 0) >= 1:
            raise UsageError(expected("a decimal below 1", document[key]), file=path, field=key)
    approach = document.get("approach", "constant")
    if approach == "constant" and "risk_weight" not in document:
        raise UsageError(
            expected("risk-weighted assets / balance for the constant approach", "none"),
            file=path,
            field="risk_weight",
        )
    numbers = {key: float(value) for key, value in document.items() if key not in WORDS}
    plan = CapitalPlan(cet1=numbers.pop("cet1"))
    return replace(plan, **numbers, **{key: str(document[key]) for key in WORDS if key in document})  # type: ignore[arg-type]  # checked


APPROACHES = ("constant", "irb")
ASSET_CLASSES = ("corporate", "retail_mortgage", "retail_revolving", "retail_other")
WORDS = {"approach": APPROACHES, "asset_class": ASSET_CLASSES}


def _by_quarter(values: Floats, dates: list[int]) -> Floats:
    return np.array([values[start:stop].sum() for start, stop in pairwise(dates)])


def _ratio(own: float, assets: float) -> float | None:
    return float(own / assets) if assets > 0 else None


def _plain(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
