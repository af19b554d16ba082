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

Past the term (`past_term`) the chain runs on until all have paid or defaulted. Who is in the first published
live state at the contract's end, or comes there later, has paid (the maturity edge); who is late then owes
what the missed payments left unpaid, a balloon with them, and cures or defaults by the same rows. Nothing
more falls due, so that a default more than `arrears_months` after the end owes, and counts, as one of that
month.

Sources: IFRS 9 5.5.17 and B5.5.44 (present value at the effective rate), 5.5.5 (12-month) and 5.5.3
(lifetime).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arrays import Floats, Integers
from loantwin.engine.assumptions import RunoffAssumptions, assumptions
from loantwin.engine.cells import LossGivenDefault, SeverityMoves, parted, recovery_worth
from loantwin.engine.columns import LoanColumns, check_columns, take
from loantwin.engine.floating.interpolation import SpreadNodes, grid_for, set_losses, smooth_loans
from loantwin.engine.packing import buckets_of, cut, kinds, pack
from loantwin.engine.path import check_lgd, check_moves, moved_shares
from loantwin.engine.rows import TransitionParameters, odds, rows_at, up_to_date
from loantwin.engine.runoff import loan_tables
from loantwin.errors import ModelError, expected
from loantwin.types import Progress, silent, stretch

PAST = 24
"""Months beyond those looked at, after which no loan that was late at its term is still neither paid nor in
default, but for some of 100,000."""
FEWEST = 2_000
"""Floating loans from which interpolation in the spread is worth its tables."""


@dataclass(frozen=True)
class LoanLosses:
    """Credit loss of N loans in K scenarios, of the loan itself (no case weight) and before guarantees.

    loss : (N, K, 2) present value at the as-of date, currency; over the first horizon (12 months) and over
        all months.
    pd : (N, K, 2) probability of first default within the same months and before the contract ends, or after
        its end where `past_term`.
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
    past_term: bool = False,
    severity_moves: SeverityMoves | None = None,
    progress: Progress = silent,
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
    past_term : follow loans that are late when the contract ends, to the first horizon and, where the second
        is all months, to the end. False: nothing is lost after the term.
    severity_moves : on what comes back of defaults, of K scenarios or shared by all; None leaves the tables
        as they are. Past the last month the last one holds.
    progress : is told the share of the work that is done.

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
    given = (parameters, columns, shocks, index_paths, assumed, chosen, mean, past_term)
    if severity_moves is None:
        return LoanLosses(*_measured(((lgd, None),), *given, progress=progress), chosen)
    if len(severity_moves.factor) == 1:  # of all scenarios alike: the tables of severity move
        check_moves(parameters, severity_moves, len(shocks), shocks.shape[1])
        moves = severity_moves.until(shocks.shape[1])
        return LoanLosses(*_measured(((lgd, None),), *given, moves, progress=progress), chosen)
    # what the tables lose of a part of the defaults, and all of another
    check_moves(parameters, severity_moves, len(shocks), shocks.shape[1])
    moves = severity_moves.until(shocks.shape[1])
    tables, lost = parted(moves.factor)
    parts: list[tuple[LossGivenDefault, SeverityMoves | None]] = [(lgd, SeverityMoves(tables, moves.kind))]
    if lost.any():
        nothing, whole = np.zeros_like(lgd.recovered), np.ones_like(lgd.charged_off)
        all_lost = LossGivenDefault(whole, nothing, lgd.charge_off_lag, lgd.recovery_lag)
        parts.append((all_lost, SeverityMoves(lost, moves.kind)))
    return LoanLosses(*_measured(parts, *given, progress=progress), chosen)


def _measured(
    parts: Sequence[tuple[LossGivenDefault, SeverityMoves | None]],
    parameters: TransitionParameters,
    columns: LoanColumns,
    shocks: Floats,
    index_paths: Floats | None,
    assumed: RunoffAssumptions,
    chosen: tuple[int, int],
    mean: bool,
    past_term: bool,
    shared: SeverityMoves | None = None,
    progress: Progress = silent,
) -> tuple[Floats, Floats]:
    """Return loss, the sum over parts, and default probability, (N, K, 2).

    parts : what defaults lose, and by how much: the factors multiply the losses alone, so that all parts
        share the chains. shared : moves of what comes back that all scenarios share.
    """
    from loantwin.engine import kernels
    from loantwin.engine.blocks.kernels import LANES, set_worth
    from loantwin.kernels import in_shares

    bucket, buckets = buckets_of((columns.segment, columns.age, columns.state))
    months = shocks.shape[1]
    ended = _endings(parameters, bucket, columns.remaining_months, len(buckets), months, past_term)
    slots = max(assumed.arrears_months, 1)
    runs = _runs(bucket, columns.remaining_months, len(buckets), months)
    told = [moves for _, moves in parts]
    tables = (
        _mean_tables(
            parameters, shocks, buckets, ended, slots, told, runs, progress=stretch(progress, 0.0, 0.5)
        )
        if mean
        else _default_tables(parameters, shocks, buckets, ended, slots, told, runs)
    )
    progress(0.5)
    total, late = tables.total, tables.late
    until = np.array([*chosen, chosen[1] if chosen[1] < months else months + slots])
    grid, smooth, rest = _interpolated(columns, index_paths)
    index = np.zeros((total.shape[2], 0)) if index_paths is None else np.ascontiguousarray(index_paths)
    kind = kinds(columns, index_paths is not None)
    by_block = cut(bucket, kind, columns.remaining_months, len(buckets), LANES, rest)
    packed = pack(columns, assumed)
    partial = bool(assumed.partial_monthly.any())
    in_shares(set_worth, len(packed), packed, np.ascontiguousarray(parts[0][0].recovery_lag))
    summed, (loss, pd) = None, np.empty((2, len(packed), total.shape[2], 2))
    for place, ((lgd, _), (default, lost)) in enumerate(zip(parts, tables.parts, strict=True), start=1):
        severity = _severity_tables(lgd, buckets, months + (slots if len(late) else 0), shared)
        in_shares(
            kernels.loan_loss,
            len(by_block.blocks),
            packed,
            by_block.order,
            by_block.blocks,
            index,
            default,
            total,
            severity,
            assumed.arrears_months,
            partial,
            until,
            ended.pair,
            late,
            lost,
            loss,
            pd,
        )
        if grid is not None:
            set_losses(
                grid, columns, packed, smooth, bucket, assumed, index, (default, total), severity, until,
                (loss, pd), (ended.pair, late, lost),
            )  # fmt: skip
        summed = loss.copy() if summed is None else summed + loss
        progress(0.5 + 0.5 * place / len(parts))
    assert summed is not None  # a part at least
    return summed, pd


@dataclass(frozen=True)
class _Endings:
    """P pairs of a bucket and its loans' remaining months: bounds by bucket (B + 1,), months ends (P,).

    pair : (N,) each loan's place, -1 where its contract runs beyond the months looked at. paid : live states
    that have paid all when a contract ends.
    """

    pair: Integers
    bounds: Integers
    ends: Integers
    paid: int


def _endings(
    parameters: TransitionParameters,
    bucket: Integers,
    left: Integers,
    count: int,
    months: int,
    past_term: bool,
) -> _Endings:
    """Return what ends when, by bucket; nothing where the term is the end or no state is late."""
    paid = up_to_date(parameters)
    if not past_term or paid == parameters.live:
        return _Endings(
            np.zeros(0, dtype=np.int64), np.zeros(count + 1, dtype=np.int64), np.zeros(0, np.int64), paid
        )
    pair, pairs = buckets_of((bucket, np.minimum(left, months + 1)))
    bounds = np.searchsorted(pairs[:, 0], np.arange(count + 1))
    return _Endings(np.where(left > months, -1, pair), bounds, np.ascontiguousarray(pairs[:, 1]), paid)


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
    past_term: bool = False,
    severity_moves: SeverityMoves | None = None,
) -> LoanLosses:
    """Return what `loan_losses` returns, by plain NumPy over each loan's own schedule."""
    scenarios, months = shocks.shape[:2]
    buckets = np.stack([columns.segment, columns.age, columns.state], axis=1)
    loss, pd = np.zeros((2, len(buckets), scenarios, 2))
    extra, slots = (PAST if past_term else 0), max(assumed.arrears_months, 1)
    carried = np.concatenate([shocks, np.repeat(shocks[:, -1:], extra, axis=1)], axis=1)
    moves = np.ones((scenarios, len(parameters.segments), months))
    if severity_moves is not None:
        moves = severity_moves.until(months).of_paths(scenarios)[:, severity_moves.kind]
    moves = np.concatenate([moves, np.repeat(moves[:, :, -1:], extra, axis=2)], axis=2)
    until = (horizons[0], horizons[1] + (extra if horizons[1] == months else 0))
    step = np.arange(1, months + extra + 1)
    for start in range(0, len(buckets), chunk):
        rows = slice(start, start + chunk)
        part, keys = take(columns, rows), buckets[rows]
        ends = part.remaining_months if past_term else None
        default = marginal_default_reference(parameters, carried, keys, ends)
        left = part.remaining_months[:, None]
        if past_term:
            default = _lumped(default, part.remaining_months + slots)
        counts = step <= np.where(past_term & (left <= months), left + extra, np.minimum(left, months))
        default = np.where(counts, default, 0.0)
        # past the term a default owes what one a few months after it does
        owing = np.where(
            step > left, np.minimum(step, left + assumed.arrears_months), np.minimum(step, left + extra)
        )
        age = np.minimum(keys[:, 1:2] + step, lgd.charged_off.shape[1] - 1)
        worth = recovery_worth(part.effective_annual_rate, lgd.recovery_lag)[:, None]
        shares = (lgd.charged_off[keys[:, 0:1], age], lgd.recovered[keys[:, 0:1], age])
        discount = np.exp(-np.log1p(part.effective_annual_rate / 12.0)[:, None] * step)
        for scenario in range(scenarios):
            index = None if index_paths is None else index_paths[scenario]
            if index is not None:
                index = np.concatenate([index, np.repeat(index[-1:], extra)])
            exposure = loan_tables(part, months + extra, assumed, index, past_term).exposure
            exposure = np.take_along_axis(exposure, np.minimum(owing, months + extra) - 1, axis=1)
            charged, back = moved_shares(*shares, moves[scenario, keys[:, 0]])
            lost = default[scenario] * (charged - worth * back) * discount * exposure
            for place, horizon in enumerate(until):
                loss[rows, scenario, place] = lost[:, :horizon].sum(axis=1)
                pd[rows, scenario, place] = default[scenario, :, :horizon].sum(axis=1)
    return LoanLosses(loss, pd, horizons)


def _lumped(default: Floats, last: Integers) -> Floats:
    """Return default by month, (K, N, T), all after month `last` (N,) put into that month."""
    step = np.arange(1, default.shape[2] + 1)
    after = np.where(step > last[:, None], default, 0.0).sum(axis=2)
    return np.where(
        step < last[:, None], default, np.where(step == last[:, None], default + after[..., None], 0.0)
    )


def default_probabilities(
    parameters: TransitionParameters, columns: LoanColumns, shocks: Floats, *, past_term: bool = False
) -> Floats:
    """Return the probability of first default before the contract ends, in the months of `shocks`, (N, K).

    The last column of `LoanLosses.pd`, without its losses: a table by bucket, read at each loan's remaining
    months. past_term : as in `loan_losses`.
    """
    if not len(columns.principal):
        return np.zeros((0, len(shocks)))
    bucket, buckets = buckets_of((columns.segment, columns.age, columns.state))
    left, months = columns.remaining_months, shocks.shape[1]
    ended = _endings(parameters, bucket, left, len(buckets), months, past_term)
    runs = _runs(bucket, left, len(buckets), months)
    made = _default_tables(parameters, np.ascontiguousarray(shocks), buckets, ended, runs=runs)
    found = made.total[bucket, np.minimum(left, months)]
    if len(made.late):
        found = found + np.where((ended.pair >= 0)[:, None], made.late[ended.pair, -1], 0.0)
    return np.asarray(found)


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
    none = _endings(parameters, np.zeros(0, np.int64), np.zeros(0, np.int64), len(buckets), 0, False)
    made = _default_tables(parameters, shocks, np.ascontiguousarray(buckets, dtype=np.int64), none)
    return np.ascontiguousarray(np.moveaxis(made.parts[0][0], 2, 0))


@dataclass(frozen=True)
class _Tables:
    """Default by bucket: cumulative, (B, T + 1, K), after the term, (P, S + 1, K), and what parts make of it.

    parts : of each part of the losses marginal default, (B, T, K), and the second table, (P, S + 1, K), both
        x how much severity moves.
    """

    total: Floats
    late: Floats
    parts: list[tuple[Floats, Floats]]


def _runs(bucket: Integers, left: Integers, count: int, months: int) -> Integers:
    """Return the months after which no loan of a bucket runs, (B,): what its chain is looked at for."""
    longest = np.zeros(count, dtype=np.int64)
    np.maximum.at(longest, bucket, left)
    return np.asarray(np.minimum(longest, months))


def _default_tables(
    parameters: TransitionParameters,
    shocks: Floats,
    buckets: Integers,
    ended: _Endings,
    slots: int = 1,
    parts: Sequence[SeverityMoves | None] = (None,),
    runs: Integers | None = None,
) -> _Tables:
    """Return the tables of default; beyond a bucket's `runs` they are 0 (None: no bucket ends)."""
    from loantwin.engine.chains import kernels
    from loantwin.kernels import in_shares

    base = parameters.odds_by_age
    edges = np.ascontiguousarray(np.stack([parameters.origin, parameters.target], axis=1), dtype=np.int64)
    month = np.ascontiguousarray(np.moveaxis(shocks, 0, 2))
    months, _, scenarios = month.shape
    default = np.zeros((len(buckets), months, scenarios))
    total = np.zeros((len(buckets), months + 1, scenarios))
    late = np.zeros((len(ended.ends), slots + 1, scenarios))
    in_shares(
        kernels.default_table,
        len(buckets),
        base,
        month,
        edges,
        parameters.live,
        parameters.default_state,
        buckets,
        np.full(len(buckets), months) if runs is None else runs,
        default,
        total,
        ended.paid,
        ended.bounds,
        ended.ends,
        PAST,
        late,
    )
    return _Tables(total, late, [_moved(default, late, buckets, ended, moves) for moves in parts])


def _moved(
    default: Floats, late: Floats, buckets: Integers, ended: _Endings, moves: SeverityMoves | None
) -> tuple[Floats, Floats]:
    """Return marginal default and default after the term x how much severity moves."""
    if moves is None:
        return default, late
    dearer = np.ascontiguousarray(np.moveaxis(moves.factor, 0, 2))  # (C, T, K), or (C, T, 1) for all
    kind = moves.kind[buckets[:, 0]]
    made = default * dearer[kind] if len(dearer) > 1 else default * dearer[0]
    months, slots = default.shape[1], late.shape[1] - 1
    step = np.minimum(ended.ends[:, None] + np.arange(slots), months - 1)
    by_pair = kind[np.repeat(np.arange(len(buckets)), np.diff(ended.bounds))]
    lost = np.zeros_like(late)
    np.cumsum(np.diff(late, axis=1) * dearer[by_pair[:, None], step], axis=1, out=lost[:, 1:])
    return made, lost


def _mean_tables(
    parameters: TransitionParameters,
    shocks: Floats,
    buckets: Integers,
    ended: _Endings,
    slots: int,
    parts: Sequence[SeverityMoves | None],
    runs: Integers,
    at_once: int = 20,
    progress: Progress = silent,
) -> _Tables:
    """Return the mean over paths of the tables, each with one scenario, a few paths at a time."""
    count = len(shocks)
    means: list[Floats] = []
    for start in range(0, count, at_once):
        progress(start / count)
        own = slice(start, start + at_once)
        block = [
            SeverityMoves(moves.factor[own], moves.kind)
            if moves is not None and len(moves.factor) > 1
            else moves
            for moves in parts
        ]
        found = _default_tables(parameters, shocks[own], buckets, ended, slots, block, runs)
        sums = [
            table.sum(axis=2, keepdims=True)
            for table in (found.total, found.late, *(table for part in found.parts for table in part))
        ]
        means = [whole + part for whole, part in zip(means, sums, strict=True)] if means else sums
    total, late, *tables = (table / count for table in means)
    return _Tables(total, late, list(zip(tables[::2], tables[1::2], strict=True)))


def _severity_tables(
    lgd: LossGivenDefault, buckets: Integers, months: int, moves: SeverityMoves | None = None
) -> Floats:
    """Return charged off and recovered of defaults by bucket and month, (2, B, T).

    moves : shared by all scenarios; beyond its months the last one holds.
    """
    age = np.minimum(buckets[:, 1:2] + np.arange(1, months + 1), lgd.charged_off.shape[1] - 1)
    charged, recovered = lgd.charged_off[buckets[:, 0:1], age], lgd.recovered[buckets[:, 0:1], age]
    if moves is not None:
        factor = moves.factor[0][:, np.minimum(np.arange(months), moves.last)]
        charged, recovered = moved_shares(charged, recovered, factor[moves.kind[buckets[:, 0]]])
    return np.stack([charged, recovered])


def marginal_default_reference(
    parameters: TransitionParameters, shocks: Floats, buckets: Integers, ends: Integers | None = None
) -> Floats:
    """Return what `marginal_default` returns, in plain NumPy; after `ends` (B,) months the paid leave."""
    base, live = odds(parameters), parameters.live
    where = np.zeros((len(shocks), len(buckets), live))
    where[:, np.arange(len(buckets)), buckets[:, 2]] = 1.0
    default = np.zeros((len(shocks), len(buckets), shocks.shape[1]))
    for month in range(shocks.shape[1]):
        rows = rows_at(parameters, base, shocks[:, month], buckets[:, 0], buckets[:, 1] + month + 1)
        after = np.einsum("kbi,kbij->kbj", where, rows)
        where = after[..., :live].copy()
        default[..., month] = after[..., parameters.default_state]
        if ends is not None:
            where[:, month + 1 >= ends, : up_to_date(parameters)] = 0.0
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
