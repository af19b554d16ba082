"""Expected credit loss by loan, for provisions: its bucket's marginal default x its exposure and discount.

A loan's probabilities depend on its bucket (segment, age, state) alone, its exposures on its contract, its
discount on its own effective rate. So the state chains run once a bucket, and each loan is one sum over
months:

    loss[k, h] = sum over t <= min(h, remaining months) of
                 default[k, bucket, t] x (charged_off - worth x recovered)[segment, age + t] x exposure[k, t]
                 v^t

    v = 1 / (1 + rate / 12), worth = sum over w of recovery_lag[w] v^w

What is recovered w months after default is discounted from its own month: its worth at default is one number
a loan, which the kernel folds into the loan's discount factors, exactly and once for all scenarios.

Sources: IFRS 9 5.5.17 and B5.5.44 (present value at the effective rate), 5.5.5 (12-month) and 5.5.3
(lifetime).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arrays import Floats, Integers
from loantwin.engine.assumptions import RunoffAssumptions, assumptions
from loantwin.engine.cells import LossGivenDefault, recovery_worth
from loantwin.engine.columns import LoanColumns, check_columns, take
from loantwin.engine.floating.interpolation import SpreadNodes, grid_for, set_losses, smooth_loans
from loantwin.engine.packing import buckets_of, cut, kinds, pack
from loantwin.engine.path import check_lgd
from loantwin.engine.rows import TransitionParameters, odds, rows_at
from loantwin.engine.runoff import loan_tables
from loantwin.errors import ModelError, expected

FEWEST = 2_000
"""Floating loans from which interpolation in the spread is worth its tables."""


@dataclass(frozen=True)
class LoanLosses:
    """Credit loss of N loans in K scenarios, of the loan itself (no case weight) and before guarantees.

    loss : (N, K, 2) present value at the as-of date, currency; over the first horizon (12 months) and over
        all months.
    pd : (N, K, 2) probability of first default within the same months and before the contract ends.
    horizons : the two horizons, months.
    """

    loss: Floats
    pd: Floats
    horizons: tuple[int, int]


def loan_losses(
    parameters: TransitionParameters,
    columns: LoanColumns,
    lgd: LossGivenDefault,
    shocks: Floats,
    *,
    index_paths: Floats | None = None,
    horizons: tuple[int, int] | None = None,
    partial_monthly: ArrayLike = 0.0,
    arrears_months: int = 0,
    conversion_factor: float = 0.0,
    mean: bool = False,
) -> LoanLosses:
    """Return the expected credit loss and default probability of each loan in each scenario.

    Parameters
    ----------
    columns : N loans; losses are discounted at each loan's effective rate.
    shocks : (K, T, R) month part of the odds in each scenario, from `rows.shocks`.
    index_paths : (K, T) index of floating rates, decimal a year; None keeps each rate in force.
    horizons : two numbers of months, default (12, T); the second is at most T.
    partial_monthly, arrears_months, conversion_factor : as in `runoff.build_cells`.
    mean : the K scenarios are equally likely paths: return their mean, K = 1. Only without `index_paths`,
        where losses are linear in the default probabilities, which are averaged before any loan is looked at.

    Raises
    ------
    ModelError : shapes that do not fit, NaN or infinity, or a loan out of range, naming its row and field.
    """
    assumed = assumptions(partial_monthly, arrears_months, conversion_factor)
    chosen = check_loss(parameters, columns, lgd, shocks, index_paths, horizons)
    if mean and index_paths is not None:
        raise ModelError(
            expected("no index of floating rates with the mean over paths", "one"), field="index_paths"
        )
    if not len(columns.principal):
        nothing = np.zeros((0, 1 if mean else len(shocks), 2))
        return LoanLosses(nothing, nothing, chosen)
    from loantwin.engine import kernels
    from loantwin.kernels import in_shares

    bucket, buckets = buckets_of((columns.segment, columns.age, columns.state))
    tables = (
        _mean_tables(parameters, shocks, buckets) if mean else _default_tables(parameters, shocks, buckets)
    )
    severity = _severity_tables(lgd, buckets, shocks.shape[1])
    grid, smooth, rest = _interpolated(columns, index_paths)
    index = np.zeros((tables[0].shape[2], 0)) if index_paths is None else np.ascontiguousarray(index_paths)
    kind = kinds(columns, index_paths is not None)
    by_block = cut(bucket, kind, columns.remaining_months, len(buckets), kernels.LANES, rest)
    packed = pack(columns, assumed)
    partial = bool(assumed.partial_monthly.any())
    in_shares(kernels.set_worth, len(packed), packed, np.ascontiguousarray(lgd.recovery_lag))
    loss, pd = np.empty((2, len(packed), tables[0].shape[2], 2))
    in_shares(
        kernels.loan_loss,
        len(by_block.blocks),
        packed,
        by_block.order,
        by_block.blocks,
        index,
        *tables,
        severity,
        assumed.arrears_months,
        partial,
        np.array(chosen),
        loss,
        pd,
    )
    if grid is not None:
        set_losses(
            grid, columns, packed, smooth, bucket, assumed, index, tables, severity, chosen, (loss, pd)
        )
    return LoanLosses(loss, pd, chosen)


def _interpolated(
    columns: LoanColumns, index_paths: Floats | None
) -> tuple[SpreadNodes | None, Integers, Integers | None]:
    """Return the grid, the loans to interpolate in their spread, and the others (None: all)."""
    none = np.zeros(0, dtype=np.int64)
    if index_paths is None:
        return None, none, None
    smooth = smooth_loans(columns, index_paths)
    chosen = np.flatnonzero(smooth)
    if len(chosen) < FEWEST:
        return None, none, None
    grid = grid_for(columns.rate_spread[chosen], int(columns.remaining_months[chosen].max()), index_paths)
    return (None, none, None) if grid is None else (grid, chosen, np.flatnonzero(~smooth))


def loan_losses_reference(
    parameters: TransitionParameters,
    columns: LoanColumns,
    lgd: LossGivenDefault,
    shocks: Floats,
    assumed: RunoffAssumptions,
    index_paths: Floats | None,
    horizons: tuple[int, int],
    chunk: int = 20_000,
) -> LoanLosses:
    """Return what `loan_losses` returns, by plain NumPy over each loan's own schedule."""
    scenarios, months = shocks.shape[:2]
    buckets = np.stack([columns.segment, columns.age, columns.state], axis=1)
    loss, pd = np.zeros((2, len(buckets), scenarios, 2))
    step = np.arange(1, months + 1)
    for start in range(0, len(buckets), chunk):
        rows = slice(start, start + chunk)
        part, keys = take(columns, rows), buckets[rows]
        default = marginal_default_reference(parameters, shocks, keys)
        default = np.where(step <= part.remaining_months[:, None], default, 0.0)
        age = np.minimum(keys[:, 1:2] + step, lgd.charged_off.shape[1] - 1)
        worth = recovery_worth(part.effective_annual_rate, lgd.recovery_lag)[:, None]
        severity = lgd.charged_off[keys[:, 0:1], age] - worth * lgd.recovered[keys[:, 0:1], age]
        discount = np.exp(-np.log1p(part.effective_annual_rate / 12.0)[:, None] * step)
        for scenario in range(scenarios):
            index = None if index_paths is None else index_paths[scenario]
            exposure = loan_tables(part, months, assumed, index).exposure
            lost = default[scenario] * severity * discount * exposure
            for place, horizon in enumerate(horizons):
                loss[rows, scenario, place] = lost[:, :horizon].sum(axis=1)
                pd[rows, scenario, place] = default[scenario, :, :horizon].sum(axis=1)
    return LoanLosses(loss, pd, horizons)


def default_probabilities(parameters: TransitionParameters, columns: LoanColumns, shocks: Floats) -> Floats:
    """Return the probability of first default before the contract ends, in the months of `shocks`, (N, K).

    The last column of `LoanLosses.pd`, without its losses: a table by bucket, read at each loan's remaining
    months.
    """
    if not len(columns.principal):
        return np.zeros((0, len(shocks)))
    bucket, buckets = buckets_of((columns.segment, columns.age, columns.state))
    _, total = _default_tables(parameters, np.ascontiguousarray(shocks), buckets)
    return np.asarray(total[bucket, np.minimum(columns.remaining_months, shocks.shape[1])])


def marginal_default(parameters: TransitionParameters, shocks: Floats, buckets: Integers) -> Floats:
    """Return the probability of first default in each month, (K, B, T).

    Parameters
    ----------
    shocks : (K, T, R) month part of the odds.
    buckets : (B, 3) segment, age and live state at the as-of date; month t reads age + t.

    Raises
    ------
    ModelError : shapes that do not fit, a segment, age or state that the model does not have.
    """
    if shocks.ndim != 3 or shocks.shape[2] != len(parameters.origin):
        raise ModelError(expected(f"(K, T, {len(parameters.origin)})", shocks.shape), field="shocks")
    limits = (len(parameters.segments), 2**20, parameters.live)
    if buckets.ndim != 2 or buckets.shape[1] != 3 or not ((buckets >= 0) & (buckets < limits)).all():
        was = f"others, in an array of shape {buckets.shape}"
        raise ModelError(expected(f"(B, 3) numbers below {limits}", was), field="buckets")
    default, _ = _default_tables(parameters, shocks, np.ascontiguousarray(buckets, dtype=np.int64))
    return np.ascontiguousarray(np.moveaxis(default, 2, 0))


def _default_tables(
    parameters: TransitionParameters, shocks: Floats, buckets: Integers
) -> tuple[Floats, Floats]:
    """Return marginal default, (B, T, K), and cumulative default, (B, T + 1, K)."""
    from loantwin.engine import kernels
    from loantwin.kernels import in_shares

    base = np.ascontiguousarray(np.moveaxis(odds(parameters), 0, 2))
    edges = np.ascontiguousarray(np.stack([parameters.origin, parameters.target], axis=1), dtype=np.int64)
    month = np.ascontiguousarray(np.moveaxis(shocks, 0, 2))
    months, _, scenarios = month.shape
    default = np.empty((len(buckets), months, scenarios))
    total = np.zeros((len(buckets), months + 1, scenarios))
    in_shares(
        kernels.default_table,
        len(buckets),
        base,
        month,
        edges,
        parameters.live,
        parameters.default_state,
        buckets,
        default,
        total,
    )
    return default, total


def _mean_tables(
    parameters: TransitionParameters, shocks: Floats, buckets: Integers, at_once: int = 20
) -> tuple[Floats, Floats]:
    """Return the mean over paths of the tables, (B, T, 1) and (B, T + 1, 1), a few paths at a time."""
    default, total = (
        np.zeros((len(buckets), shocks.shape[1], 1)),
        np.zeros((len(buckets), shocks.shape[1] + 1, 1)),
    )
    for start in range(0, len(shocks), at_once):
        found = _default_tables(parameters, shocks[start : start + at_once], buckets)
        default += found[0].sum(axis=2, keepdims=True)
        total += found[1].sum(axis=2, keepdims=True)
    return default / len(shocks), total / len(shocks)


def _severity_tables(lgd: LossGivenDefault, buckets: Integers, months: int) -> Floats:
    """Return charged off and recovered of defaults by bucket and month, (2, B, T)."""
    age = np.minimum(buckets[:, 1:2] + np.arange(1, months + 1), lgd.charged_off.shape[1] - 1)
    return np.stack([lgd.charged_off[buckets[:, 0:1], age], lgd.recovered[buckets[:, 0:1], age]])


def marginal_default_reference(parameters: TransitionParameters, shocks: Floats, buckets: Integers) -> Floats:
    """Return what `marginal_default` returns, in plain NumPy."""
    base, live = odds(parameters), parameters.live
    where = np.zeros((len(shocks), len(buckets), live))
    where[:, np.arange(len(buckets)), buckets[:, 2]] = 1.0
    default = np.zeros((len(shocks), len(buckets), shocks.shape[1]))
    for month in range(shocks.shape[1]):
        rows = rows_at(parameters, base, shocks[:, month], buckets[:, 0], buckets[:, 1] + month + 1)
        after = np.einsum("kbi,kbij->kbj", where, rows)
        where = after[..., :live]
        default[..., month] = after[..., parameters.default_state]
    return default


def check_loss(
    parameters: TransitionParameters,
    columns: LoanColumns,
    lgd: LossGivenDefault,
    shocks: Floats,
    index_paths: Floats | None,
    horizons: tuple[int, int] | None,
) -> tuple[int, int]:
    """Return the horizons; raise ModelError where inputs do not fit each other."""
    check_columns(columns)
    check_lgd(parameters, lgd)
    if shocks.ndim != 3 or shocks.shape[2] != len(parameters.origin):
        raise ModelError(expected(f"(K, T, {len(parameters.origin)})", shocks.shape), field="shocks")
    if not (np.isfinite(shocks).all() and (shocks >= 0.0).all()):
        raise ModelError(expected("finite numbers of at least 0", "another"), field="shocks")
    if parameters.default_state < parameters.live:
        raise ModelError(
            expected("a model with an absorbing default state", parameters.default_state),
            field="default_state",
        )
    for name, limit in (("segment", len(parameters.segments)), ("state", parameters.live)):
        codes = getattr(columns, name)
        if codes.size and codes.max() >= limit:
            row = int(np.argmax(codes >= limit))
            raise ModelError(expected(f"a code of 0 to {limit - 1}", codes[row]), row=row + 1, field=name)
    months = shocks.shape[1]
    if index_paths is not None and (
        index_paths.shape != shocks.shape[:2] or not np.isfinite(index_paths).all()
    ):
        raise ModelError(
            expected(f"finite numbers of shape {shocks.shape[:2]}", index_paths.shape), field="index_paths"
        )
    first, last = (min(12, months), months) if horizons is None else horizons
    if not 1 <= first <= last <= months:
        raise ModelError(
            expected(f"two horizons of 1 to {months} months, rising", (first, last)), field="horizons"
        )
    return int(first), int(last)
