"""Transition matrices from rating histories: yearly cohorts or durations, with intervals by customer.

Both estimators are ratios of sums over customers: moves from i to j over what was at risk in i (cohort
starts, or years). So the same customers, drawn again or differentiated, give the intervals: a customer is one
cluster, whatever its history.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.linalg import expm
from scipy.sparse import csr_matrix
from scipy.special import betaincinv

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.errors import RiskError, expected
from loantwin.migrations.histories import RatingEvents
from loantwin.migrations.matrices import WITHDRAWN, Withdrawn

Kind = Literal["cohort", "duration"]

YEAR = 365.25
"""Days of a year in continuous time."""
NODES = 24
"""Points of the quadrature of exp(Q t)'s derivative: exact over 30 years at rates below 2 a year."""


@dataclass(frozen=True)
class Spells:
    """S stretches in one state. start, end : days since 1970. to : state moved into, -1 where censored."""

    customer: Integers
    start: Integers
    end: Integers
    state: Integers
    to: Integers


@dataclass(frozen=True)
class MoveSums:
    """What C customers add to an estimate over K states.

    moves : (C, K * K) sparse, number of moves (cohort: of starts in i that end in j, j = i too). at_risk :
        (C, K) cohort starts, or years. kind : which of the two. states : K names. default : position. facts :
        what was left out.
    """

    kind: Kind
    states: tuple[str, ...]
    default: int
    moves: Any
    at_risk: Floats
    facts: dict[str, int]

    def __post_init__(self) -> None:
        check.within(0, at_risk=self.at_risk)


def spells(events: RatingEvents) -> Spells:
    """Return customers' stretches up to default; a rating stands until the next event or the last date."""
    check.kind(RatingEvents, events=events)
    days = events.day.astype(np.int64)
    last = np.datetime64(events.last, "D").astype(np.int64)
    following = np.append(events.customer[1:] == events.customer[:-1], False)
    end = np.where(following, np.append(days[1:], last), last)
    to = np.where(following, np.append(events.state[1:], -1), -1)
    alive = np.ones(len(days), dtype=bool)
    if events.default is not None:
        hit = (events.state == events.default).astype(np.int64)
        running = np.cumsum(hit)
        first = np.append(True, events.customer[1:] != events.customer[:-1])
        base = (running - hit)[first]  # defaults of the customers before
        alive = running - base[np.cumsum(first) - 1] == 0
    return Spells(events.customer[alive], days[alive], end[alive], events.state[alive], to[alive])


def duration_sums(events: RatingEvents, withdrawn: Withdrawn = "proportional") -> MoveSums:
    """Return moves and years at risk of each customer: the sums of the generator N_ij / integral of Y_i.

    Parameters
    ----------
    withdrawn : "proportional" takes a withdrawal as the end of what is seen (a later rating begins anew);
        "keep" as a state.

    Raises
    ------
    RiskError : no default among the states; "no-default", which speaks of a fixed horizon (use cohorts).
    """
    check.kind(RatingEvents, events=events)
    check.one_of(WITHDRAWN, withdrawn=withdrawn)
    default = _default(events)
    if withdrawn == "no-default":
        raise RiskError(
            expected(
                "proportional or keep: durations have no horizon at which a withdrawal could be judged",
                withdrawn,
            )
        )
    found, size = spells(events), len(events.states)
    years = (found.end - found.start) / YEAR
    at_risk = np.zeros((_customers(events), size))
    np.add.at(at_risk, (found.customer, found.state), years)
    moved = (found.to >= 0) & (found.to != found.state)
    moves = _sparse(
        found.customer[moved], found.state[moved], found.to[moved], np.ones(int(moved.sum())), at_risk.shape
    )
    return _without(
        events, MoveSums("duration", events.states, default, moves, at_risk, _facts(events, found)), withdrawn
    )


def cohort_sums(
    events: RatingEvents, withdrawn: Withdrawn = "proportional", anchor: dt.date | None = None
) -> MoveSums:
    """Return starts and ends of each customer's yearly cohorts.

    Parameters
    ----------
    anchor : end of the last cohort (default: the file's last date); the others end one, two ... years before.
    withdrawn : "proportional" leaves those out whose rating is withdrawn at the end, "no-default" counts them
        as not defaulted (in their state of the start), "keep" as a state.

    A default within the year counts although a withdrawal came first. Raises RiskError where there is no
    default among the states or no whole year.
    """
    check.kind(RatingEvents, events=events)
    check.one_of(WITHDRAWN, withdrawn=withdrawn)
    check.kind(dt.date, **check.given(anchor=anchor))
    default, size = _default(events), len(events.states)
    edges, _, customer, begin, finish = _cohort_pairs(events, withdrawn, anchor)
    at_risk = np.zeros((_customers(events), size))
    np.add.at(at_risk, (customer, begin), 1.0)
    moves = _sparse(customer, begin, finish, np.ones(len(customer)), at_risk.shape)
    facts = {**_facts(events, spells(events)), "cohorts": len(edges) - 1, "starts": len(customer)}
    return _without(events, MoveSums("cohort", events.states, default, moves, at_risk, facts), withdrawn)


def cohort_counts(
    events: RatingEvents, withdrawn: Withdrawn = "proportional", anchor: dt.date | None = None
) -> tuple[tuple[str, ...], Floats]:
    """Return the dates on which each year's cohort ends, and moves (Y, K, K), by `cohort_sums`' states.

    Raises
    ------
    RiskError : states without a default, or less than a whole year of history up to the anchor.
    """
    check.kind(RatingEvents, events=events)
    check.one_of(WITHDRAWN, withdrawn=withdrawn)
    check.kind(dt.date, **check.given(anchor=anchor))
    edges, cohort, _, begin, finish = _cohort_pairs(events, withdrawn, anchor)
    size = len(events.states)
    counts = np.zeros((len(edges) - 1, size, size))
    np.add.at(counts, (cohort, begin, finish), 1.0)
    keep = [row for row in range(size) if withdrawn == "keep" or row != events.withdrawn]
    return tuple(str(edge) for edge in edges[1:]), counts[:, keep][:, :, keep]


def _cohort_pairs(
    events: RatingEvents, withdrawn: Withdrawn, anchor: dt.date | None
) -> tuple[list[Any], Integers, Integers, Integers, Integers]:
    """Return the cohorts' edges, and each start's cohort, customer, state and state a year later."""
    default = _default(events)
    edges = _year_ends(events, anchor)
    state = np.stack([_standing(events, edge) for edge in edges])  # (E, C), -1 before the first rating
    starts, ends = state[:-1], state[1:]
    live = (starts >= 0) & (starts != default)
    if withdrawn != "keep" and events.withdrawn is not None:
        live &= starts != events.withdrawn
        gone = live & (ends == events.withdrawn)
        ends = np.where(gone, starts, ends) if withdrawn == "no-default" else ends
        live &= ~gone if withdrawn == "proportional" else True
    cohort, customer = np.nonzero(live)
    return edges, cohort, customer, starts[cohort, customer], ends[cohort, customer]


def _default(events: RatingEvents) -> int:
    if events.default is None:
        raise RiskError(expected("a state named D or default", ", ".join(events.states)), field="states")
    return events.default


def _customers(events: RatingEvents) -> int:
    return int(events.customer.max()) + 1


def _facts(events: RatingEvents, found: Spells) -> dict[str, int]:
    stopped = int((found.to == events.default).sum())
    at_first = int(len(np.unique(events.customer)) - len(np.unique(found.customer)))
    dropped = len(events.customer) - len(found.customer) - stopped - at_first
    return {
        **events.facts,
        "defaults": stopped,
        "in default at first sight, left out": at_first,
        "events after default, left out": dropped,
    }


def _sparse(
    customer: Integers, origin: Integers, target: Integers, value: Floats, shape: tuple[int, int]
) -> Any:
    return csr_matrix((value, (customer, origin * shape[1] + target)), shape=(shape[0], shape[1] ** 2))


def _without(events: RatingEvents, sums: MoveSums, withdrawn: Withdrawn) -> MoveSums:
    """Drop the withdrawn state: moves into it are censored, moves out of it are entries."""
    place, size = events.withdrawn, len(events.states)
    if withdrawn == "keep" or place is None:
        return sums
    keep = np.array([row for row in range(size) if row != place])
    cells = (keep[:, None] * size + keep).ravel()
    states = tuple(events.states[row] for row in keep)
    default = states.index(events.states[sums.default])
    return MoveSums(sums.kind, states, default, sums.moves[:, cells], sums.at_risk[:, keep], sums.facts)


def _year_ends(events: RatingEvents, anchor: dt.date | None) -> list[Any]:
    last, first = anchor or events.last, events.day.min().astype(dt.date)
    made = []
    for back in range(200):
        day = dt.date(last.year - back, last.month, 28 if (last.month, last.day) == (2, 29) else last.day)
        if day < first:
            break
        made.append(np.datetime64(day, "D"))
    if len(made) < 2 or last > events.last:
        raise RiskError(
            expected("a whole year of history up to the anchor", f"{first} to {events.last}"), field="anchor"
        )
    return made[::-1]


def _standing(events: RatingEvents, day: np.datetime64) -> Integers:
    """Return each customer's state at the end of a day; default absorbs; -1 before the first rating."""
    made = np.full(_customers(events), -1, dtype=np.int64)
    known = events.day <= day
    made[events.customer[known]] = events.state[known]  # events are in order: the last one stands
    made[events.customer[known & (events.state == events.default)]] = _default(events)
    return made


def estimate(sums: MoveSums) -> Floats:
    """Return the estimate, (K, K): a yearly matrix from cohorts, a generator from durations. Default absorbs.

    Raises
    ------
    RiskError : a state that nobody was ever at risk in; the error names it.
    """
    check.kind(MoveSums, sums=sums)
    moves, at_risk = _totals(sums, None)
    empty = (at_risk[0] <= 0) & (np.arange(len(sums.states)) != sums.default)
    if empty.any():
        raise RiskError(
            expected("customers in every state", "none"), field=f"state {sums.states[int(np.argmax(empty))]}"
        )
    return np.asarray(_ratio(sums, moves, at_risk, None)[0])


def _totals(sums: MoveSums, weights: Floats | None) -> tuple[Floats, Floats]:
    """Return moves (B, K, K) and at risk (B, K) under customer weights (B, C); None weighs all alike."""
    size = len(sums.states)
    if weights is None:
        return np.asarray(sums.moves.sum(axis=0)).reshape(1, size, size), sums.at_risk.sum(axis=0)[None]
    return np.asarray((sums.moves.T @ weights.T).T).reshape(len(weights), size, size), weights @ sums.at_risk


def _ratio(sums: MoveSums, moves: Floats, at_risk: Floats, fallback: Floats | None) -> Floats:
    rates = np.divide(moves, at_risk[..., None], out=np.zeros_like(moves), where=at_risk[..., None] > 0)
    if fallback is not None:  # a resample without anybody in a state tells nothing of its row
        rates = np.where((at_risk > 0)[..., None], rates, fallback)
    rates[:, sums.default] = 0.0
    if sums.kind == "cohort":
        rates[:, sums.default, sums.default] = 1.0
        return np.asarray(rates)
    place = np.arange(len(sums.states))
    rates[:, place, place] = 0.0
    rates[:, place, place] = -rates.sum(axis=2)
    return np.asarray(rates)


def yearly(sums: MoveSums, values: Floats) -> Floats:
    """Return the matrix over one year, (K, K) or (B, K, K), of an estimate of either kind."""
    check.kind(MoveSums, sums=sums)
    check.finite(values=values)
    check.shaped((*(None,) * (np.ndim(values) - 2), len(sums.states), len(sums.states)), values=values)
    return values if sums.kind == "cohort" else np.maximum(expm(values), 0.0)


def default_curves(sums: MoveSums, values: Floats, years: int) -> Floats:
    """Return cumulative default probabilities after 1 .. `years` years, (..., years, K), of (..., K, K).

    Raises
    ------
    RiskError : a horizon of less than one year.
    """
    check.kind(MoveSums, sums=sums)
    check.finite(values=values)
    check.count(1, years=years)
    check.shaped((*(None,) * (np.ndim(values) - 2), len(sums.states), len(sums.states)), values=values)
    if years < 1:
        raise RiskError(expected("a horizon of at least one year", years), field="years")
    step = yearly(sums, values)
    column = np.broadcast_to(np.eye(len(sums.states))[:, sums.default, None], (*values.shape[:-1], 1))
    made = []
    for _ in range(years):
        column = step @ column
        made.append(column[..., 0])
    return np.stack(made, axis=-2)


def influence(sums: MoveSums) -> Floats:
    """Return customers' influence on the estimate, (C, K, K): (moves - estimate x at risk) / total at risk.

    Their sum is zero; the sum of their squares is the variance that clusters by customer (the sandwich of a
    ratio).
    """
    check.kind(MoveSums, sums=sums)
    values, size = estimate(sums), len(sums.states)
    total = sums.at_risk.sum(axis=0)
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    moves = np.asarray(sums.moves.todense()).reshape(-1, size, size)
    made = (moves - values * sums.at_risk[:, :, None]) * scale[:, None]
    if sums.kind == "duration":
        place = np.arange(size)
        made[:, place, place] = 0.0
        made[:, place, place] = -made.sum(axis=2)
    made[:, sums.default] = 0.0
    return np.asarray(made)


def standard_errors(sums: MoveSums) -> Floats:
    """Return the standard error of each cell of the estimate, (K, K), clustered by customer."""
    check.kind(MoveSums, sums=sums)
    apart, customers = influence(sums), len(sums.at_risk)
    return np.asarray(np.sqrt((apart**2).sum(axis=0) * customers / max(customers - 1, 1)))


def default_curve_errors(sums: MoveSums, years: int) -> Floats:
    """Return standard errors of cumulative default probabilities, (years, K): delta method, clustered."""
    check.kind(MoveSums, sums=sums)
    check.count(1, years=years)
    values, apart = estimate(sums), influence(sums)
    customers, made = len(apart), []
    for horizon in range(1, years + 1):
        slope = default_slope(sums, values, horizon)
        each = np.einsum("kij,cij->ck", slope, apart)
        made.append(np.sqrt((each**2).sum(axis=0) * customers / max(customers - 1, 1)))
    return np.array(made)


def default_slope(sums: MoveSums, values: Floats, years: int) -> Floats:
    """Return the derivative of states' cumulative default probability by the estimate's cells, (K, K, K).

    The derivative of exp(Q t) in direction E is the integral over s of exp(Q s) E exp(Q (t - s)) (Wilcox
    1967), that of P^n the sum of P^a E P^(n - 1 - a).
    """
    check.kind(MoveSums, sums=sums)
    check.finite(values=values)
    check.count(1, years=years)
    check.shaped((len(sums.states), len(sums.states)), values=values)
    unit = np.eye(len(values))[:, sums.default]
    if sums.kind == "cohort":
        powers = [np.linalg.matrix_power(values, a) for a in range(years)]
        return np.asarray(
            sum(np.einsum("ki,j->kij", powers[a], powers[years - 1 - a] @ unit) for a in range(years))
        )
    node, weight = np.polynomial.legendre.leggauss(NODES)
    at, weight = (node + 1) / 2 * years, weight / 2 * years
    before = expm(values * at[:, None, None])
    after = expm(values * (years - at)[:, None, None]) @ unit
    return np.asarray(np.einsum("n,nki,nj->kij", weight, before, after))


def resampled(sums: MoveSums, resamples: int = 500, seed: int = 0) -> Floats:
    """Return estimates from customers redrawn, (B, K, K); a row with nobody at risk keeps the estimate's.

    Raises
    ------
    RiskError : fewer than 40 resamples, too few for a 90 % interval.
    """
    check.kind(MoveSums, sums=sums)
    check.count(1, resamples=resamples)
    check.count(0, seed=seed)
    if resamples < 40:
        raise RiskError(expected("at least 40 resamples", resamples), field="resamples")
    generator, customers = np.random.default_rng(seed), len(sums.at_risk)
    point, made = estimate(sums), []
    for start in range(0, resamples, 100):
        count = min(100, resamples - start)
        weights = generator.multinomial(customers, np.full(customers, 1 / customers), size=count).astype(
            np.float64
        )
        made.append(_ratio(sums, *_totals(sums, weights), point))
    return np.concatenate(made)


def exact_interval(events: Floats, trials: Floats, level: float = 0.9) -> tuple[Floats, Floats]:
    """Return Clopper and Pearson's interval of a share (1934): at least `level`, also where nothing happened.

    Trials count as independent: yearly cohorts of one customer are not quite, nor are customers of one year.
    """
    check.within(0, events=events, trials=trials)
    check.level(level=level)
    check.shaped((None,), events=events)
    check.shaped(events.shape, trials=trials)
    low, high = np.zeros_like(events), np.ones_like(events)
    tail = (1 - level) / 2
    some, part = events > 0, events < trials
    low[some] = betaincinv(events[some], trials[some] - events[some] + 1, tail)
    high[part] = betaincinv(events[part] + 1, trials[part] - events[part], 1 - tail)
    return low, high


def aalen_johansen(events: RatingEvents, start: dt.date, end: dt.date) -> Floats:
    """Return the matrix from `start` to `end`, rates not assumed constant, (K, K) over all the file's states.

    The product over event days of I + dN_ij / Y_i (Aalen and Johansen 1978); withdrawals are censored where
    the file has them. A day counts moves after `start` up to and including `end`.

    Raises
    ------
    RiskError : an end not after the start.
    """
    check.kind(RatingEvents, events=events)
    check.kind(dt.date, start=start, end=end)
    if start >= end:
        raise RiskError(expected("an end after the start", f"{start} to {end}"), field="end")
    found, size = spells(events), len(events.states)
    low, high = (np.datetime64(day, "D").astype(np.int64) for day in (start, end))
    moved = (
        (found.to >= 0)
        & (found.to != found.state)
        & (found.end > low)
        & (found.end <= high)
        & (found.state != events.withdrawn)
    )
    moved &= found.to != (-1 if events.withdrawn is None else events.withdrawn)
    made = np.eye(size)
    order = np.argsort(found.end[moved], kind="stable")
    days, index = np.unique(found.end[moved][order], return_index=True)
    origin, target = found.state[moved][order], found.to[moved][order]
    opened = [np.sort(found.start[found.state == state]) for state in range(size)]
    closed = [np.sort(found.end[found.state == state]) for state in range(size)]
    for place, day in enumerate(days):
        chosen = slice(index[place], index[place + 1] if place + 1 < len(days) else None)
        at_risk = np.array(
            [np.searchsorted(a, day) - np.searchsorted(b, day) for a, b in zip(opened, closed, strict=True)]
        )
        step = np.zeros((size, size))
        np.add.at(step, (origin[chosen], target[chosen]), 1.0)
        step /= np.maximum(at_risk, 1)[:, None]
        made = made + made @ (step - np.diag(step.sum(axis=1)))
    return made
