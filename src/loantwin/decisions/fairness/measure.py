"""The figures of fairness by group: approvals, ends, calibration, approvals at equal risk, by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Array, Flags, Floats, Integers
from loantwin.decisions.fairness.adjusted import adjusted_odds_ratios
from loantwin.decisions.fairness.figures import Bounded, bounded
from loantwin.decisions.fairness.strata import bands_of, pooled_odds_ratio, pooled_ratio, tables_of
from loantwin.decisions.fairness.two_by_two import (
    Four,
    approval_difference,
    approval_ratio,
    approval_ratio_log,
    odds_ratio,
    share,
)
from loantwin.models.scoring import measures


@dataclass(frozen=True)
class GroupFigures:
    """Approvals of a group beside the reference's.

    approval : share approved. odds_ratio : of approval against the reference. approval_ratio : of shares,
    score interval; approval_ratio_log : the same with the interval that is normal on the log scale.
    approval_difference : of shares, group less reference. Null: the reference itself, or not shown.
    not_shown : why figures are missing, null where none is.
    """

    group: str
    cases: int
    approved: int
    approval: Bounded | None
    odds_ratio: Bounded | None
    approval_ratio: Bounded | None
    approval_ratio_log: Bounded | None
    approval_difference: Bounded | None
    not_shown: str | None


@dataclass(frozen=True)
class EndFigures:
    """How a group's cases ended. cases : with a known end. observed : share bad.

    predicted : mean probability of bad. auc : of the score inside the group. Null: no score, or not shown.
    """

    group: str
    cases: int
    bads: int
    observed: Bounded | None
    predicted: float | None
    auc: Bounded | None
    not_shown: str | None


@dataclass(frozen=True)
class CalibrationRow:
    """A group's cases in a band of risk, 1 the safest: predicted and observed share of bads."""

    group: str
    band: int
    cases: int
    predicted: float
    observed: Bounded


@dataclass(frozen=True)
class RiskFigures:
    """Approvals of a group beside the reference's at equal risk. cases : with a known risk.

    bands : those in which both have cases. odds_ratio, approval_ratio : Mantel-Haenszel over them.
    """

    group: str
    cases: int
    bands: int
    odds_ratio: Bounded | None
    approval_ratio: Bounded | None
    not_shown: str | None


@dataclass(frozen=True)
class AdjustedFigures:
    """A group's odds ratio of approval at equal given columns, by logistic regression."""

    group: str
    cases: int
    odds_ratio: Bounded | None
    not_shown: str | None


@dataclass(frozen=True)
class MonthFigures:
    """Approvals of a group beside the reference's in a month."""

    month: str
    group: str
    cases: int
    approved: int
    reference_cases: int
    reference_approved: int
    odds_ratio: Bounded | None
    approval_ratio: Bounded | None
    not_shown: str | None


def by_group(
    approved: Flags, groups: Array, names: Sequence[str], reference: str, *, kept: bool, least: int
) -> tuple[GroupFigures, ...]:
    """Return approvals by group, the reference first.

    Parameters
    ----------
    approved, groups : (N,). kept : whether shares and their ratios may be shown (see `levels`). least : cases
        below which a group is not shown.
    """
    other, others = _counts(approved, groups, reference)
    made = []
    for name in (reference, *(item for item in names if item != reference)):
        good, cases = _counts(approved, groups, name)
        own = share(good, cases) if kept and cases >= least else None
        why = why_not(cases, others, good + other, least, reference if name != reference else None)
        if name == reference or why:
            made.append(GroupFigures(name, cases, good, own, None, None, None, None, why))
            continue
        table = Four(good, cases, other, others)
        made.append(
            GroupFigures(
                name, cases, good, own, odds_ratio(table),
                approval_ratio(table) if kept else None,
                approval_ratio_log(table) if kept else None,
                approval_difference(table) if kept else None,
                None,
            )
        )  # fmt: skip
    return tuple(made)


def _counts(approved: Flags, groups: Array, name: str) -> tuple[int, int]:
    here = groups == name
    return int(approved[here].sum()), int(here.sum())


def why_not(cases: int, others: int, good: int, least: int, reference: str | None) -> str | None:
    """Return why a group is not shown beside its reference, None where it is; good : approved of both."""
    if cases < least:
        return f"{cases:,} cases, fewer than {least:,}"
    if reference is not None and others < least:
        return f"{others:,} cases of {reference}, fewer than {least:,}"
    if reference is not None and good in (0, cases + others):
        return "all were decided alike"
    return None


def by_end(
    known: Flags, bad: Flags, groups: Array, names: Sequence[str], risk: Floats | None, least: int
) -> tuple[EndFigures, ...]:
    """Return how cases ended by group, and what the score said of them: calibration in the large, and AUC.

    Parameters
    ----------
    known, bad : (N,). risk : (N,) probability of bad, NaN where none; then only cases with one count.
    """
    told = known if risk is None else known & ~np.isnan(risk)
    made = []
    for name in names:
        here = told & (groups == name)
        cases, bads = int(here.sum()), int(bad[here].sum())
        if cases < least:
            made.append(
                EndFigures(name, cases, bads, None, None, None, f"{cases:,} known ends, fewer than {least:,}")
            )
            continue
        predicted, area = (
            (None, None) if risk is None else (float(risk[here].mean()), _auc(bad[here], risk[here]))
        )
        why = "no area under the curve: one end alone" if risk is not None and area is None else None
        made.append(EndFigures(name, cases, bads, share(bads, cases), predicted, area, why))
    return tuple(made)


def _auc(bad: Flags, risk: Floats) -> Bounded | None:
    if not 0 < bad.sum() < len(bad):
        return None
    value = measures.auc(bad, risk)
    return bounded(value, *measures.auc_interval(value, measures.auc_variance(bad, risk)))


def calibration(
    known: Flags, bad: Flags, groups: Array, names: Sequence[str], risk: Floats, bands: int, least: int
) -> tuple[CalibrationRow, ...]:
    """Return predicted and observed shares of bads by group and band of risk; small cells are left out."""
    told = known & ~np.isnan(risk)
    band = np.full(len(risk), -1)
    if told.any():
        band[told] = bands_of(risk[told], bands)
    made = []
    for name in names:
        for number in range(int(band.max()) + 1):
            here = (groups == name) & (band == number)
            if (cases := int(here.sum())) >= least:
                observed = share(int(bad[here].sum()), cases)
                made.append(CalibrationRow(name, number + 1, cases, float(risk[here].mean()), observed))
    return tuple(made)


def at_equal_risk(
    approved: Flags,
    groups: Array,
    names: Sequence[str],
    reference: str,
    risk: Floats,
    *,
    bands: int,
    kept: bool,
    least: int,
) -> tuple[RiskFigures, ...]:
    """Return approvals beside the reference's within bands of the same risk."""
    told = ~np.isnan(risk)
    band: Integers = np.zeros(len(risk), dtype=np.int64)
    band[told] = bands_of(risk[told], bands)
    made = []
    others = int((told & (groups == reference)).sum())
    for name in names:
        if name == reference:
            continue
        here = told & ((groups == name) | (groups == reference))
        cases = int((told & (groups == name)).sum())
        good = int(approved[here].sum())
        if why := why_not(cases, others, good, least, reference):
            made.append(RiskFigures(name, cases, 0, None, None, why))
            continue
        tables = tables_of(approved[here], groups[here] == name, band[here])
        odds = pooled_odds_ratio(tables)
        if odds.value is None:
            made.append(
                RiskFigures(name, cases, len(tables), None, None, "no band has both decisions on both sides")
            )
            continue
        made.append(RiskFigures(name, cases, len(tables), odds, pooled_ratio(tables) if kept else None, None))
    return tuple(made)


def at_equal_columns(
    approved: Flags, groups: Array, names: Sequence[str], reference: str, given: Floats, least: int
) -> tuple[AdjustedFigures, ...]:
    """Return odds ratios of approval at equal given columns (N, K)."""
    counted = {name: int((groups == name).sum()) for name in names}
    others = [name for name in names if name != reference]
    large = [name for name in others if counted[name] >= least and counted[reference] >= least]
    inside = np.isin(groups, [reference, *large])
    made: dict[str, Bounded | str] = {}
    if large:
        made = adjusted_odds_ratios(approved[inside], groups[inside], large, given[inside])
    rows = []
    for name in others:
        found = made.get(name)
        few = why_not(counted[name], counted[reference], -1, least, reference)
        if isinstance(found, Bounded):
            rows.append(AdjustedFigures(name, counted[name], found, None))
        else:
            rows.append(AdjustedFigures(name, counted[name], None, found or few))
    return tuple(rows)


def by_month(
    approved: Flags,
    groups: Array,
    names: Sequence[str],
    reference: str,
    month: Array,
    *,
    kept: bool,
    least: int,
) -> tuple[MonthFigures, ...]:
    """Return approvals beside the reference's in each month, cases without a month left out."""
    made = []
    for label in sorted(set(month[month != ""].tolist())):
        here = month == label
        other, others = _counts(approved[here], groups[here], reference)
        for name in names:
            good, cases = _counts(approved[here], groups[here], name)
            if name == reference or not cases:
                continue
            if why := why_not(cases, others, good + other, least, reference):
                made.append(MonthFigures(label, name, cases, good, others, other, None, None, why))
                continue
            table = Four(good, cases, other, others)
            ratio = approval_ratio(table) if kept else None
            made.append(MonthFigures(label, name, cases, good, others, other, odds_ratio(table), ratio, None))
    return tuple(made)
