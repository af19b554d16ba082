"""Joint paths of the economy: fitted on the quarters known, simulated by quarter, given by month.

A vector autoregression of transformed factors (`states`) carries persistence and the effects of factors on
each other. Its shocks are whole rows of past residuals, drawn in stretches (the stationary bootstrap of
Politis and Romano, J. American Statistical Association 89 (1994)), so that what moved together in a quarter
moves together again and tails are as fat as they were; a shock larger than any in the sample does not occur
in a single quarter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import ScenarioError, UsageError, expected
from loantwin.macro.factors import KNOWN
from loantwin.macro.interpolate import to_months, to_quarters
from loantwin.macro.regression import (
    EXTREME,
    LARGEST_ROOT,
    conditional,
    fit_autoregression,
    weighted_covariance,
)
from loantwin.macro.scenario import MacroPaths, Scenario
from loantwin.macro.states import GROWTH_ROOT, choose_transforms, from_states, long_run, to_states
from loantwin.months import label
from loantwin.streams import Stream
from loantwin.streams import generator as random_of

MIN_QUARTERS = 60
"""A factor needs this many quarters; where none has them, the fallback in `fit_generator` applies."""
LAGS = 2
BLOCK_QUARTERS = 4.0
"""Mean length of the stretches in which residuals are drawn."""
MAX_QUARTERS = 200
"""Quarters whose shocks are drawn; behind them the economy returns to its mean by its own persistence."""
LONGEST_QUARTERS = 420
"""Quarters that can be asked for: the longest term a contract has, 1,200 months, and what history lags."""

_STALE_QUARTERS = 5
_SHORTEST = 24


@dataclass(frozen=True)
class MacroGenerator:
    """A fitted generator. Values are readable as they stand; `to_dict` is its file.

    last : number of the last month of the last quarter known for all factors; simulation starts in the month
        after.
    recent : (L + 1, F) quarterly values up to `last`. ragged : (R, F) quarterly values known after it, NaN
        where unknown.
    mean : (F,), coefficients : (L, F, F), residuals : (n, F) of the autoregression of the states.
    weights : (n,) of the quarters in the fit. block : mean stretch of residuals, quarters.
    sample : first and last month of the fit. dropped : factor -> why it is not simulated.
    """

    factors: tuple[str, ...]
    kinds: tuple[str, ...]
    transforms: tuple[str, ...]
    last: int
    recent: Floats
    ragged: Floats
    mean: Floats
    coefficients: Floats
    residuals: Floats
    weights: Floats
    block: float
    penalty: float
    root: float
    fitted_root: float
    sample: tuple[int, int]
    dropped: dict[str, str]

    @property
    def first(self) -> int:
        """Return the first month that can be simulated."""
        return self.last + 1


def fit_generator(history: Scenario, *, min_quarters: int = MIN_QUARTERS, lags: int = LAGS) -> MacroGenerator:
    """Fit on the history known at a date (`known_history`, before any `nowcast`).

    Left out by name in `dropped`: a factor that ended more than five quarters before the newest one, that
    does not move, or that has fewer than `min_quarters` quarters. The fit begins where half of the others are
    known; each factor's equation uses its own quarters from there on. Where no factor is that long, factors
    of at least 24 quarters are fitted with one lag, one factor for each 12 quarters, in the order of the
    factor table. A history without factors gives a generator without any: its paths hold nothing, (P, T, 0).

    Raises
    ------
    ScenarioError : factors of which none is long enough.
    """
    if not history.factors:
        return _empty(history.last)
    quarters, closed, start = _quarterly(history)
    dropped: dict[str, str] = {}
    keep = _fresh(quarters, start, history.factors, dropped)
    lengths = {column: int(np.isfinite(quarters[:, column]).sum()) for column in keep}
    if keep and max(lengths.values()) >= min_quarters:
        for column in [column for column in keep if lengths[column] < min_quarters]:
            dropped[history.factors[column]] = f"{lengths[column]} quarters known, fewer than {min_quarters}"
            keep.remove(column)
    else:
        keep, lags = _fallback(keep, lengths, history.factors, dropped), 1
    if not keep:
        why = "; ".join(f"{factor}: {reason}" for factor, reason in dropped.items()) or "no factor"
        raise ScenarioError(
            expected(f"history of at least {_SHORTEST} quarters to fit a macro generator", why)
        )
    factors = tuple(history.factors[column] for column in keep)
    kinds = tuple(history.kinds[column] for column in keep)
    return _fitted(quarters[:, keep], closed[:, keep], start, factors, kinds, lags, dropped)


def simulate(generator: MacroGenerator, first: int, months: int, paths: int, seed: int) -> MacroPaths:
    """Return `paths` equally likely paths over `months` months from month `first` on.

    Shocks are drawn for fifty years; later quarters return to the long-run mean, so that a loan that runs
    longer is valued like any other. Paths begin at the generator's last common quarter: what later months
    of single factors are known steers the rest. A `first` down to `generator.first` gives the months between
    that quarter and the as-of date too. The same seed gives the same paths, and more paths or months leave
    those there were unchanged.

    Returns
    -------
    MacroPaths : values (P, T, F), rates and growth as decimals, indices as levels.

    Raises
    ------
    UsageError : a first month before the generator's, no month or path, or a horizon beyond
        `LONGEST_QUARTERS`.
    """
    if first < generator.first:
        raise UsageError(
            expected(f"a first month from {label(generator.first)} on", label(first)), field="first"
        )
    if months < 1 or paths < 1:
        raise UsageError(expected("at least one month and one path", f"{months} months, {paths} paths"))
    count = (
        first + months - 1 - generator.last
    ) // 3 + 2  # one quarter beyond the end, for the last one's curve
    if count > LONGEST_QUARTERS:
        last = generator.last + 3 * (LONGEST_QUARTERS - 1) - 1
        raise UsageError(
            expected(
                f"a horizon that ends by {label(last)}, {LONGEST_QUARTERS} quarters after the history",
                label(first + months - 1),
            ),
            field="months",
        )
    return by_month(generator, _states(generator, count, paths, seed), first, months)


def by_month(generator: MacroGenerator, states: Floats, first: int, months: int) -> MacroPaths:
    """Return states (P, Q, F) of quarters after `generator.last` as paths of `months` months from `first`."""
    levels = generator.recent[-1]
    quarters = from_states(states, levels, generator.factors, generator.transforms)
    known = np.broadcast_to(generator.recent[-2:], (len(states), 2, len(generator.factors)))
    monthly = to_months(np.concatenate([known, quarters], axis=1), generator.kinds)
    offset = 6 + first - generator.first
    values = np.ascontiguousarray(monthly[:, offset : offset + months])
    return MacroPaths(first, generator.factors, generator.kinds, values)


def _states(generator: MacroGenerator, count: int, paths: int, seed: int) -> Floats:
    """Return simulated states (P, Q, F); behind `MAX_QUARTERS` no shock comes and they return to their
    mean.
    """
    drawn = min(count, MAX_QUARTERS)
    shocks = generator.residuals[_rows(generator, drawn, paths, seed)]
    calm = np.zeros((paths, count - drawn, shocks.shape[2]))
    return states_of(generator, np.concatenate([shocks, calm], axis=1))


def states_of(generator: MacroGenerator, shocks: Floats) -> Floats:
    """Return the states (P, Q, F) that shocks (P, Q, F) of the quarters after `generator.last` lead to.

    What is known of those quarters stays as it is and steers the rest: there the shocks of known factors
    count only for what they would have said of the others.
    """
    paths, count, _ = shocks.shape
    known = to_states(generator.recent, generator.factors, generator.transforms)
    lags = len(generator.coefficients)
    past = [
        np.broadcast_to(state - generator.mean, (paths, len(generator.mean))) for state in known[::-1][:lags]
    ]
    steered = _ragged_states(generator)
    out = np.empty((paths, count, len(generator.mean)))
    for quarter in range(count):
        drift = sum(state @ matrix.T for state, matrix in zip(past, generator.coefficients, strict=True))
        shock = shocks[:, quarter]
        if quarter < len(steered):
            shock = _conditioned(generator, shock, steered[quarter] - generator.mean - drift)
        state = np.asarray(drift + shock)
        out[:, quarter] = state + generator.mean
        past = [state, *past[:-1]]
    return out


def _rows(generator: MacroGenerator, count: int, paths: int, seed: int) -> Integers:
    """Return row numbers of residuals (P, Q): stretches of a geometric length, running round the end.

    An extreme quarter is never torn from the one after it: a shock like 2020 Q2 without its rebound was never
    seen, nor the rebound without the shock. So no stretch starts after an extreme quarter or ends with one.
    """
    size = len(generator.residuals)
    extreme = generator.weights < EXTREME
    starts = np.flatnonzero(~np.roll(extreme, 1))
    uniform = random_of(seed, Stream.ECONOMY).random((paths, MAX_QUARTERS, 2))[:, :count]
    opening = starts[(uniform[..., 0] * len(starts)).astype(np.int64)]
    fresh = uniform[..., 1] < 1.0 / generator.block
    rows = np.empty((paths, count), dtype=np.int64)
    rows[:, 0] = opening[:, 0]
    for quarter in range(1, count):
        before = rows[:, quarter - 1]
        rows[:, quarter] = np.where(
            fresh[:, quarter] & ~extreme[before], opening[:, quarter], (before + 1) % size
        )
    return rows


def _conditioned(generator: MacroGenerator, shock: Floats, wanted: Floats) -> Floats:
    """Return shocks (P, F) that hit what is known (finite in `wanted`) and, by regression, steer the rest."""
    known = np.isfinite(wanted[0])
    if not known.any():
        return shock
    effect = conditional(weighted_covariance(generator.residuals, generator.weights), known)
    out = np.empty_like(shock)
    out[:, known] = wanted[:, known]
    out[:, ~known] = shock[:, ~known] + (wanted[:, known] - shock[:, known]) @ effect
    return out


def _ragged_states(generator: MacroGenerator) -> Floats:
    stacked = np.concatenate([generator.recent[-1:], generator.ragged])
    return to_states(stacked, generator.factors, generator.transforms)


def _quarterly(history: Scenario) -> tuple[Floats, Flags, int]:
    """Return values (Q, F), whether each quarter's last month is published (Q, F), and the first month.

    The months of an unfinished quarter that are not published take the last one that is; so do single months
    never published.
    """
    lead = history.first % 3
    months_known = np.concatenate([np.full((lead, len(history.factors)), np.nan), history.values])
    tail = -len(months_known) % 3
    filled = np.concatenate([months_known, np.full((tail, len(history.factors)), np.nan)])
    for column in range(filled.shape[1]):
        finite = np.flatnonzero(np.isfinite(filled[:, column]))
        if finite.size:
            span = np.arange(finite[0], finite[-1] + 1 + (-(finite[-1] + 1) % 3))
            latest = finite[np.searchsorted(finite, span, side="right") - 1]
            filled[span, column] = filled[latest, column]
    padded = np.concatenate([months_known, np.full((tail, len(history.factors)), np.nan)])
    published = np.logical_or.accumulate(np.isfinite(padded[::-1]), axis=0)[::-1]
    return to_quarters(filled, history.kinds), np.asarray(published[2::3]), history.first - lead


def _fresh(quarters: Floats, start: int, factors: Sequence[str], dropped: dict[str, str]) -> list[int]:
    newest = max(
        (int(found[-1]) for column in quarters.T if (found := np.flatnonzero(np.isfinite(column))).size),
        default=0,
    )
    keep = []
    for column, factor in enumerate(factors):
        finite = np.flatnonzero(np.isfinite(quarters[:, column]))
        if not finite.size:
            dropped[factor] = "nothing published"
        elif newest - finite[-1] > _STALE_QUARTERS:
            dropped[factor] = f"ends in {label(start + 3 * int(finite[-1]) + 2)}"
        elif np.ptp(quarters[finite, column]) == 0.0:
            dropped[factor] = "does not move"
        else:
            keep.append(column)
    return keep


def _fallback(
    keep: list[int], lengths: dict[int, int], factors: Sequence[str], dropped: dict[str, str]
) -> list[int]:
    order = list(KNOWN)
    ranked = sorted(
        keep, key=lambda column: order.index(factors[column]) if factors[column] in order else len(order)
    )
    long = [column for column in ranked if lengths[column] >= _SHORTEST]
    room = max(1, min((lengths[column] for column in long), default=0) // 12)
    for column in ranked:
        if column not in long[:room]:
            short = lengths[column] < _SHORTEST
            dropped[factors[column]] = f"{lengths[column]} quarters known" + (
                "" if short else f", room for {room} factors"
            )
    return sorted(long[:room])


def _empty(month: int) -> MacroGenerator:
    """Return the generator of no factor after the last whole quarter up to a month."""
    last = 3 * ((month + 1) // 3) - 1
    return MacroGenerator(
        factors=(),
        kinds=(),
        transforms=(),
        last=last,
        recent=np.zeros((2, 0)),
        ragged=np.zeros((0, 0)),
        mean=np.zeros(0),
        coefficients=np.zeros((1, 0, 0)),
        residuals=np.zeros((1, 0)),
        weights=np.ones(1),
        block=BLOCK_QUARTERS,
        penalty=0.0,
        root=0.0,
        fitted_root=0.0,
        sample=(last, last),
        dropped={},
    )


def _fitted(
    quarters: Floats,
    closed: Flags,
    start: int,
    factors: tuple[str, ...],
    kinds: tuple[str, ...],
    lags: int,
    dropped: dict[str, str],
) -> MacroGenerator:
    held = np.isfinite(quarters)
    high = int(np.flatnonzero((held & closed).all(axis=1))[-1])
    low = int(np.flatnonzero(2 * held.sum(axis=1) >= len(factors))[0])
    transforms = choose_transforms(quarters[low : high + 1], factors, kinds)
    states = to_states(quarters[low : high + 1], factors, transforms)
    limits = np.array(
        [GROWTH_ROOT if transform == "log_growth" else LARGEST_ROOT for transform in transforms]
    )
    fit = fit_autoregression(states, lags, long_run(states, factors, transforms), limits)
    return MacroGenerator(
        factors=factors,
        kinds=kinds,
        transforms=transforms,
        last=start + 3 * high + 2,
        recent=quarters[high - lags : high + 1].copy(),
        ragged=quarters[high + 1 :].copy(),
        mean=fit.mean,
        coefficients=fit.coefficients,
        residuals=fit.residuals,
        weights=fit.weights,
        block=BLOCK_QUARTERS,
        penalty=fit.penalty,
        root=fit.root,
        fitted_root=fit.fitted_root,
        sample=(start + 3 * low, start + 3 * high + 2),
        dropped=dropped,
    )
