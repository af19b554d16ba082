"""How the allowance of one loan comes about, month by month, as a reviewer would work it.

    loss[t]   = marginal PD[t] x exposure[t] x (charged off - worth x recovered)[t] x discount[t]
    allowance = sum of loss[t] over the horizon x (1 - guaranteed share) x weight

The PD is the mean over scenarios by weight and over their paths; the exposure is the mean that goes with it,
so that the product is exact where rates follow an index too. A loan in default has one row, month 0.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from loantwin import arguments as check
from loantwin import months
from loantwin.arrays import Floats
from loantwin.config import Config
from loantwin.engine.cells import recovery_worth
from loantwin.engine.columns import take
from loantwin.engine.loss import marginal_default
from loantwin.engine.runoff import loan_tables
from loantwin.risk.provisions.cecl import reversion_of
from loantwin.risk.provisions.five_level import classify, graded, load_rules
from loantwin.risk.provisions.measurement import (
    Portfolio,
    WeightedScenario,
    expected_losses,
    lifetime_months,
    loss_in_default,
    pool_codes,
    pool_names,
)
from loantwin.risk.provisions.provisions import (
    Staged,
    asset_facts,
    measured_lives,
    reverted,
    staged,
    undiscounted,
)
from loantwin.risk.provisions.stages import TRIGGERS
from loantwin.types import ModelResult

YEAR = 12
LEAST = 1e-9
"""Share of a loan's loss below which what months do not explain is rounding."""
EXPLAINED = ("ifrs9", "cecl", "five-level")
"""Standards whose allowance can be taken apart by loan."""


@dataclass(frozen=True)
class MonthOfLoss:
    """A month of default of one loan; month 0 is a loan in default, or a share of the balance.

    date : its end, YYYY-MM, None where the row stands for all months past the contract's end. by_scenario :
    probability of first default in the month under each scenario; marginal_pd their weighted mean. exposure :
    were it to default then, currency. charged_off, recovered : decimals of exposure, as
    the scenarios move them. worth : of 1 recovered, at default. severity : charged_off - worth x recovered.
    discount : to the as-of date. loss : before guarantees. counted : within the horizon of the stage.
    """

    month: int
    date: str | None
    by_scenario: Mapping[str, float]
    marginal_pd: float
    exposure: float | None
    charged_off: float | None
    recovered: float | None
    worth: float | None
    severity: float | None
    discount: float | None
    loss: float
    counted: bool


@dataclass(frozen=True)
class ProvisionExplanation(ModelResult):
    """One loan's allowance. Money in the book's currency, of the loan itself but for allowance.

    stage : the stage, pool or class. why : what put it there, in words. pd_12m, pd_lifetime : now, weighted
        over scenarios; pd_at_recognition : over the same remaining life as seen then (`origination_pd`). None
        where the standard reads none. severity : expected loss share of a default, the mean over counted
        months by PD. exposure : gross carrying amount.
    discount_rate : at which months are discounted, decimal a year, nominal monthly; 0 where they are not.
    deducted : of a loan bought credit-impaired, the lifetime loss expected at recognition (IFRS 9 5.5.13).
    allowance_gross : sum of the counted months less deducted. weight : rows of the population times the
        chance to be on the book. allowance : allowance_gross x (1 - guaranteed_share) x weight, what the loan
        adds to the book's.
    """

    SCHEMA: ClassVar[str] = "loantwin.provisions-explanation/1"

    standard: str
    loan: str
    as_of: dt.date
    currency: str
    stage: str
    why: str
    pd_12m: float | None
    pd_lifetime: float | None
    pd_at_recognition: float | None
    severity: float | None
    exposure: float
    effective_annual_rate: float
    discount_rate: float
    guaranteed_share: float
    weight: float
    weights: Mapping[str, float]
    deducted: float
    allowance_gross: float
    allowance: float
    months: tuple[MonthOfLoss, ...]
    rules: tuple[str, ...]
    not_observable: tuple[str, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def explained(
    standard: str,
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    row: int,
    loan: str = "",
    *,
    poci_expected: Floats | None = None,
    notes: tuple[str, ...] = (),
    provenance: Mapping[str, Any] | None = None,
) -> ProvisionExplanation:
    """Return how the allowance of the loan in a row of the book comes about.

    poci_expected : (N,) as `BesideLoans` has it.

    Raises
    ------
    RiskError : another standard than `EXPLAINED`; as `provisions`. ArgumentError : no such row.
    """
    check.one_of(EXPLAINED, standard=standard)
    check.kind(Portfolio, portfolio=portfolio)
    check.each(WeightedScenario, scenarios=scenarios)
    check.kind(Config, config=config)
    check.count(0, len(portfolio.columns.principal) - 1, row=row)
    check.kind(str, loan=loan)
    check.finite(**check.given(poci_expected=poci_expected))
    check.words(notes=notes)
    check.kind(Mapping, **check.given(provenance=provenance))
    work = {"ifrs9": _ifrs9, "cecl": _cecl, "five-level": _five_level}[standard]
    made = work(portfolio, scenarios, config, row, poci_expected)
    columns = portfolio.columns
    kept, weight = 1.0 - float(columns.guaranteed[row]), float(columns.weight[row])
    counted = [month for month in made.months if month.counted]
    gross = math.fsum(month.loss for month in counted) - made.deducted
    risk = math.fsum(month.marginal_pd for month in counted)
    share = [month.marginal_pd * (month.severity or 0.0) for month in counted]
    return ProvisionExplanation(
        standard=standard,
        loan=loan,
        as_of=portfolio.as_of,
        currency=portfolio.currency,
        stage=made.stage,
        why=made.why,
        pd_12m=made.pd[0],
        pd_lifetime=made.pd[1],
        pd_at_recognition=made.pd[2],
        severity=math.fsum(share) / risk if risk > 0.0 else None,
        exposure=float(columns.principal[row] + columns.accrued_interest[row]),
        effective_annual_rate=float(columns.effective_annual_rate[row]),
        discount_rate=made.rate,
        guaranteed_share=1.0 - kept,
        weight=weight,
        weights={item.name: item.weight for item in scenarios},
        deducted=made.deducted,
        allowance_gross=gross,
        allowance=gross * kept * weight,
        months=made.months,
        rules=made.rules,
        not_observable=portfolio.standing.not_observable,
        notes=notes,
        provenance=dict(provenance or {}),
    )


@dataclass(frozen=True)
class _Worked:
    """pd : 12 months, lifetime, at recognition."""

    stage: str
    why: str
    pd: tuple[float | None, float | None, float | None]
    months: tuple[MonthOfLoss, ...]
    rules: tuple[str, ...]
    rate: float = 0.0
    deducted: float = 0.0


def _ifrs9(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    row: int,
    poci_expected: Floats | None,
) -> _Worked:
    book = measured_lives(portfolio, config)
    found = staged(book, scenarios, config)
    weights = np.array([item.weight for item in scenarios])
    stage = int(found.stages.stage[row])
    flags = portfolio.standing.credit_impaired_at_origination
    impaired = flags is not None and bool(flags[row])
    deducted = float(poci_expected[row]) if impaired and poci_expected is not None else 0.0
    pd_year = _pd(book, scenarios, row, YEAR)
    if stage == 3:
        rows: tuple[MonthOfLoss, ...] = (_in_default(portfolio, scenarios, row),)
    else:
        losses = found.losses
        whole = float(losses.lifetime[row] @ weights)
        early = float(losses.twelve_month[row] @ weights)
        horizon = YEAR if stage == 1 and not impaired else None
        rows = _months(book, scenarios, row, (early, whole), float(found.pd[row]), horizon)
    over = {1: "12-month loss (5.5.5)", 2: "lifetime loss (5.5.3)", 3: "in default: loss still to come"}
    rules: tuple[str, ...] = (
        "IFRS 9 " + over[stage],
        "present value at the effective rate (B5.5.44), guarantees net (B5.5.55)",
    )
    if impaired:
        rules += ("the change of lifetime loss since recognition (5.5.13)",)
    now = (1.0, 1.0) if stage == 3 else (pd_year, float(found.pd[row]))
    return _Worked(
        "poci" if impaired else str(stage),
        _why(found, config, row),
        (*now, float(found.origination[row])),
        rows,
        rules,
        float(book.columns.effective_annual_rate[row]),
        deducted,
    )


def _why(found: Staged, config: Config, row: int) -> str:
    met = [name for name, own in zip(TRIGGERS, found.stages.triggers[row], strict=True) if own]
    words = "; ".join(name.replace("_", " ") for name in met) or "no trigger of a higher stage is met"
    now, then = float(found.pd[row]), float(found.origination[row])
    ratio = f"{now / then:.3g} times" if then > 0.0 else "against"
    limits = config.ifrs9
    return (
        f"{words}; lifetime PD {now:.4%} is {ratio} the {then:.4%} at recognition, {now - then:+.4%} (limits "
        f"{limits.lifetime_pd_ratio:g} times and {limits.lifetime_pd_difference:+.4%})"
    )


def _cecl(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    row: int,
    poci_expected: Floats | None,  # noqa: ARG001  # one signature for every standard
) -> _Worked:
    used = reversion_of(config)
    months_, base = lifetime_months(portfolio.columns), portfolio.historical
    given = [reverted(item, base, months_, used) for item in scenarios]
    book = portfolio if used.discounted else undiscounted(portfolio)
    pool = pool_names(portfolio)[pool_codes(portfolio)[row]]
    if portfolio.standing.defaulted[row]:
        rows: tuple[MonthOfLoss, ...] = (_in_default(portfolio, scenarios, row),)
        why, now = "in default: assessed by itself (ASC 326-20-30-2)", (1.0, 1.0)
    else:
        loss, pd = expected_losses(book, given)
        weights = np.array([item.weight for item in given])
        early, whole = (loss[row].T @ weights).tolist()
        both = (pd[row].T @ weights).tolist()
        rows = _months(book, given, row, (early, whole), both[1], None)
        why, now = f"pool {pool}, by segment of the model (326-20-30-2)", (both[0], both[1])
    over = "discounted at the effective rate (326-20-30-4)" if used.discounted else "not discounted"
    words = ("loss over the contractual life (326-20-30-6)", over)
    return _Worked(pool, why, (*now, None), rows, words, float(book.columns.effective_annual_rate[row]))


def _five_level(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,  # noqa: ARG001  # one signature for every standard
    row: int,
    poci_expected: Floats | None,  # noqa: ARG001
) -> _Worked:
    rules, facts = load_rules(), asset_facts(portfolio)
    owed = portfolio.columns
    balance = (owed.principal + owed.accrued_interest) * owed.weight
    own, code = classify(facts, rules)[row], graded(facts, balance, rules)[row]
    grade = rules.classes[int(code)]
    met = [
        rule.words()
        for rule in rules.rules
        if rule.grade == grade and bool(rule.met(getattr(facts, rule.fact)[row : row + 1])[0])
    ]
    columns, minimum = portfolio.columns, rules.minimum[grade]
    stood = float(columns.principal[row] + columns.accrued_interest[row])
    one = MonthOfLoss(
        0, None, {item.name: 1.0 for item in scenarios}, 1.0, stood, minimum, 0.0, 1.0, minimum, 1.0,
        minimum * stood, True,
    )  # fmt: skip
    if code > own:
        met.append(rules.debtor.words())
    why = "; ".join(met) or "no rule of a worse class is met"
    words = (f"minimum of the class x balance: {minimum:.0%}", *rules.sources)
    return _Worked(grade, why, (None, None, None), (one,), words)


def _pd(book: Portfolio, scenarios: Sequence[WeightedScenario], row: int, horizon: int) -> float:
    default, *_ = _chances(book, scenarios, row)
    return float(sum(item.weight * own[:horizon].sum() for item, own in zip(scenarios, default, strict=True)))


def _chances(
    book: Portfolio, scenarios: Sequence[WeightedScenario], row: int
) -> tuple[list[Floats], list[Floats], list[Floats], list[Floats]]:
    """Return by scenario the marginal PD of the loan's months, (T,), exposure x PD, and that of the parts of
    a default that lose as the tables say, and all (`cells.parted`): means over paths.
    """
    one = take(book.columns, np.array([row]))
    left, segment = int(one.remaining_months[0]), int(one.segment[0])
    bucket = np.stack([one.segment, one.age, one.state], axis=1)
    made: tuple[list[Floats], ...] = ([], [], [], [])
    chances, owed, tables, whole = made
    for item in scenarios:
        own = marginal_default(book.parameters, np.ascontiguousarray(item.shocks[:, :left]), bucket)[:, 0]
        chances.append(own.mean(axis=0))
        paths = (None,) if item.index_paths is None or not one.floating[0] else tuple(item.index_paths)
        exposure = np.stack(
            [
                loan_tables(
                    one, left, book.runoff, None if path is None else np.ascontiguousarray(path[:left])
                ).exposure[0]
                for path in paths
            ]
        )
        owed.append((own * exposure).mean(axis=0))
        parts = (np.ones((1, left)), np.zeros((1, left)))
        if item.severity is not None:
            parts = item.severity.of_segment(segment, left)
        for found, part in zip((tables, whole), parts, strict=True):
            found.append((own * exposure * part).mean(axis=0))
    return chances, owed, tables, whole


def _months(
    book: Portfolio,
    scenarios: Sequence[WeightedScenario],
    row: int,
    losses: tuple[float, float],
    pd: float,
    horizon: int | None,
) -> tuple[MonthOfLoss, ...]:
    """Return the loan's months, and one row for what is lost past its contract's end, if anything is.

    losses : the loan's over 12 months and life. pd : over life. horizon : months that count, None for all.
    """
    chances, *others = _chances(book, scenarios, row)
    weights = np.array([item.weight for item in scenarios])
    whole, due, plain, lost = (np.einsum("k,kt->t", weights, np.stack(each)) for each in (chances, *others))
    columns, lgd = book.columns, book.lgd
    left, rate = int(columns.remaining_months[row]), float(columns.effective_annual_rate[row])
    step = np.arange(1, left + 1)
    age = np.minimum(int(columns.age[row]) + step, lgd.charged_off.shape[1] - 1)
    segment = int(columns.segment[row])
    share, gone = (
        np.divide(part, due, out=np.full(left, none), where=due > 0.0)
        for part, none in ((plain, 1.0), (lost, 0.0))
    )
    charged = share * lgd.charged_off[segment, age] + gone
    back = share * lgd.recovered[segment, age]
    worth = float(recovery_worth(np.array([rate]), lgd.recovery_lag)[0])
    alone = loan_tables(take(columns, np.array([row])), left, book.runoff, None).exposure[0]
    exposure = np.divide(due, whole, out=alone.copy(), where=whole > 0.0)
    discount = (1.0 + rate / 12.0) ** -step.astype(float)
    severity = charged - worth * back
    loss = whole * exposure * severity * discount
    first = months.month_of(book.as_of, months.anchor_day(book.as_of))
    made = [
        MonthOfLoss(
            month=int(number),
            date=months.label(first + int(number)),
            by_scenario={
                item.name: float(own[number - 1]) for item, own in zip(scenarios, chances, strict=True)
            },
            marginal_pd=float(whole[number - 1]),
            exposure=float(exposure[number - 1]),
            charged_off=float(charged[number - 1]),
            recovered=float(back[number - 1]),
            worth=worth,
            severity=float(severity[number - 1]),
            discount=float(discount[number - 1]),
            loss=float(loss[number - 1]),
            counted=horizon is None or int(number) <= horizon,
        )
        for number in step
    ]
    measured = losses[1] if horizon is None else losses[0]
    rest = measured - math.fsum(item.loss for item in made if item.counted)
    if abs(rest) > LEAST * max(abs(measured), 1.0):
        late = max(pd - float(whole.sum()), 0.0)
        made.append(MonthOfLoss(left + 1, None, {}, late, None, None, None, None, None, None, rest, True))
    return tuple(made)


def _in_default(portfolio: Portfolio, scenarios: Sequence[WeightedScenario], row: int) -> MonthOfLoss:
    loss, share = (float(figure[row]) for figure in loss_in_default(portfolio))
    columns = portfolio.columns
    stood = float(columns.principal[row] + columns.accrued_interest[row])
    return MonthOfLoss(
        0, months.label(months.month_of(portfolio.as_of, months.anchor_day(portfolio.as_of))),
        {item.name: 1.0 for item in scenarios}, 1.0, stood, None, None, None, share, 1.0, loss, True,
    )  # fmt: skip
