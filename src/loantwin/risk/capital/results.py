"""What `loantwin capital` returns: amounts by class and approach, binding floors, ratios, large exposures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Codes, Integers
from loantwin.risk.allowance import total
from loantwin.risk.capital.amounts import Amounts, CapitalLoans
from loantwin.risk.capital.large_exposures import LargeExposures
from loantwin.risk.capital.low_default import LowDefault
from loantwin.risk.capital.ratios import AllowanceLimit, OutputFloorResult, ProvisionGap, Ratios
from loantwin.types import ModelResult


@dataclass(frozen=True)
class ClassAmounts:
    """One exposure or asset class, weighted amounts in currency.

    exposure : drawn. guaranteed : part of the exposure at default whose guarantor's weight is used. ead : at
    default. rwa : risk-weighted assets. risk_weight : rwa / ead. capital : the total minimum x rwa.
    expected_loss : null under the standardised approach.
    """

    loans: int
    weighted_loans: float
    exposure: float
    guaranteed: float
    ead: float
    rwa: float
    risk_weight: float | None
    capital: float
    expected_loss: float | None


@dataclass(frozen=True)
class BindingFloor:
    """A floor or cap that binds: for how many loans and what exposure at default."""

    name: str
    paragraph: str
    loans: int
    exposure: float


@dataclass(frozen=True)
class Approach:
    """The book under one approach. rwa_before_guarantees : what it would be without them."""

    exposure: float
    ead: float
    rwa: float
    rwa_before_guarantees: float
    risk_weight: float | None
    capital: float
    expected_loss: float | None
    by_class: Mapping[str, ClassAmounts]
    floors: tuple[BindingFloor, ...]
    output_floor: OutputFloorResult | None
    provisions: ProvisionGap | None
    ratios: Ratios | None
    allowance: AllowanceLimit | None = None


@dataclass(frozen=True)
class BackstopGap:
    """Least coverage of non-performing loans: how many it asks more of than is provided, what they owe, and
    the gap in currency, taken off CET1. without_date : loans in default whose months in default are the lower
    end of what their state says."""

    loans: int
    exposure: float
    deduction: float
    without_date: int
    paragraph: str


@dataclass(frozen=True)
class Assumed:
    """An assumption, what it means."""

    value: str
    words: str


@dataclass(frozen=True)
class CapitalResult(ModelResult):
    """Capital of a book under a country's options; money in its currency, weights and ratios decimal."""

    SCHEMA: ClassVar[str] = "loantwin.capital/1"

    as_of: date
    currency: str
    options: str
    title: str
    status: str
    year: int | None
    pd: str
    loans: int
    exposure: float
    approaches: Mapping[str, Approach]
    classification: Mapping[str, int]
    large_exposures: LargeExposures
    assumptions: Mapping[str, Assumed]
    rules: tuple[str, ...]
    notes: tuple[str, ...]
    not_observable: tuple[str, ...]
    backstop: BackstopGap | None = None
    low_default: LowDefault | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One step of an explanation: what, its value, its unit or words, the paragraph it follows."""

    what: str
    value: float | str | None
    unit: str
    source: str


@dataclass(frozen=True)
class ExplanationResult(ModelResult):
    """How the capital of one loan comes about, approach by approach."""

    SCHEMA: ClassVar[str] = "loantwin.capital-explanation/1"

    loan: str
    as_of: date
    currency: str
    options: str
    title: str
    facts: tuple[Step, ...]
    approaches: Mapping[str, tuple[Step, ...]]
    floors: Mapping[str, tuple[Step, ...]]
    assumptions: Mapping[str, Assumed]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def class_amounts(
    loans: CapitalLoans, amounts: Amounts, rows: Integers, minimum: float, *, with_loss: bool
) -> ClassAmounts:
    """Return the sums over some loans, each correctly rounded."""
    check.kind(CapitalLoans, loans=loans)
    check.kind(Amounts, amounts=amounts)
    check.codes(0, rows=rows)
    check.number(0, 1, minimum=minimum)
    check.flag(with_loss=with_loss)
    check.codes(0, len(loans.exposure) - 1, rows=rows)
    check.shaped((len(rows),), rows=rows)
    weight = loans.weight[rows]
    used = np.where(loans.guarantor_weight[rows] <= amounts.own_weight[rows], loans.guaranteed[rows], 0.0)
    ead, rwa = total(amounts.ead[rows] * weight), total(amounts.rwa[rows] * weight)
    return ClassAmounts(
        len(rows),
        total(weight),
        total(loans.exposure[rows] * weight),
        total(amounts.ead[rows] * used * weight),
        ead,
        rwa,
        rwa / ead if ead else None,
        minimum * rwa,
        total(amounts.expected_loss[rows] * weight) if with_loss else None,
    )


def approach(
    loans: CapitalLoans,
    amounts: Amounts,
    codes: Codes,
    names: tuple[str, ...],
    minimum: float,
    *,
    internal: bool,
) -> Approach:
    """Return an approach's sums by class; floor, provisions and ratios are added with own funds."""
    check.kind(CapitalLoans, loans=loans)
    check.kind(Amounts, amounts=amounts)
    check.words(names=names)
    check.codes(0, len(names) - 1, codes=codes)
    check.number(0, 1, minimum=minimum)
    check.flag(internal=internal)
    check.shaped(loans.exposure.shape, codes=codes)
    by_class = {
        names[code]: class_amounts(loans, amounts, np.flatnonzero(codes == code), minimum, with_loss=internal)
        for code in np.unique(codes)
    }
    whole = class_amounts(loans, amounts, np.arange(len(codes)), minimum, with_loss=internal)
    floors = tuple(
        BindingFloor(
            item.name, item.paragraph, int(item.where.sum()), total((amounts.ead * loans.weight)[item.where])
        )
        for item in amounts.bindings
        if item.where.any()
    )
    return Approach(
        exposure=whole.exposure,
        ead=whole.ead,
        rwa=whole.rwa,
        rwa_before_guarantees=total(amounts.ead * amounts.own_weight * loans.weight),
        risk_weight=whole.risk_weight,
        capital=whole.capital,
        expected_loss=whole.expected_loss,
        by_class=by_class,
        floors=floors,
        output_floor=None,
        provisions=None,
        ratios=None,
    )
