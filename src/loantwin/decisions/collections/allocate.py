"""The best plan under capacity: exact where the problem is small, else by prices of what is scarce, with a
bound.

A plan gives each case one treatment or none. For prices of the resources, what every case would choose by
itself costs at least as much as any plan that keeps the capacity earns (weak duality), so that the bound
holds whatever the plan; the gap to it is told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.decisions.collections.kernels import fill, fill_many
from loantwin.kernels import in_shares

EXACT = 4_000
"""Wishes (a case with a treatment that is worth something) up to which the plan is exact, by HiGHS."""
OPTIMAL = 0
"""Status of HiGHS where it has proved the plan the best."""
STEPS = 60
"""Rounds in which prices are set, at most."""


@dataclass(frozen=True)
class Demand:
    """What is to be planned. N cases, K treatments, R resources.

    value : (N, K) money that a treatment adds on a case, less its cost. allowed : (N, K). uses : (K, R)
    units.
    capacity : (R,). contact : (K,) whether it is a contact. person : (N,) place of the case's person. open_to
    : (persons,) contacts left to each.
    """

    value: Floats
    allowed: Flags
    uses: Floats
    capacity: Floats
    contact: Flags
    person: Integers
    open_to: Integers


@dataclass(frozen=True)
class Plan:
    """A plan. choice : (N,) place of the treatment, -1 for none. value : money. bound : no plan adds more.
    exact : whether it is the best. prices : (R,) money that one more unit of a resource would add.
    """

    choice: Integers
    value: float
    bound: float
    exact: bool
    prices: Floats


def allocate(demand: Demand, exact: int = EXACT) -> Plan:
    """Return the best plan, or one with its distance from the best.

    Parameters
    ----------
    exact : wishes up to which HiGHS finds the best plan; 0 never asks it.
    """
    case, kind = np.nonzero(demand.allowed & (demand.value > 0.0))
    worth = demand.value[case, kind]
    if not len(case):
        return Plan(np.full(len(demand.value), -1), 0.0, 0.0, True, np.zeros(len(demand.capacity)))
    prices, bound = _prices(demand, case, kind, worth)
    found = _best(demand, case, kind, worth) if len(case) <= exact else None
    if found is not None:
        value = _worth(demand, found)
        return Plan(found, value, value, True, prices)
    choice = _by_price(demand, case, kind, worth, prices)
    value = _worth(demand, choice)
    return Plan(choice, value, max(bound, value), bound - value <= 1e-9 * max(1.0, abs(bound)), prices)


def granted(demand: Demand, case: Integers, kind: Integers, order: Integers) -> Integers:
    """Return the plan that grants wishes in an order as long as capacity and limits by person last, (N,)."""
    choice = np.full(len(demand.value), -1, dtype=np.int64)
    fill(
        order,
        case,
        kind,
        demand.uses,
        demand.capacity.copy(),
        demand.contact,
        demand.person,
        demand.open_to.copy(),
        choice,
    )
    return choice


def kept(demand: Demand, choice: Integers) -> bool:
    """Return whether a plan keeps what is allowed, every capacity and every limit by person."""
    given = choice >= 0
    if not demand.allowed[np.flatnonzero(given), choice[given]].all():
        return False
    used = demand.uses[choice[given]].sum(axis=0)
    contacts = given & demand.contact[np.maximum(choice, 0)]
    by_person = np.bincount(demand.person[contacts], minlength=len(demand.open_to))
    return bool((used <= demand.capacity * (1.0 + 1e-9)).all() and (by_person <= demand.open_to).all())


def _worth(demand: Demand, choice: Integers) -> float:
    given = np.flatnonzero(choice >= 0)
    return float(demand.value[given, choice[given]].sum())


def _prices(demand: Demand, case: Integers, kind: Integers, worth: Floats) -> tuple[Floats, float]:
    """Return prices of the resources at which the bound is least, found one at a time, and that bound."""
    uses = demand.uses[kind]
    prices = np.zeros(uses.shape[1])
    best = _dual(demand, case, worth - uses @ prices, prices)
    for _ in range(STEPS):
        before = best
        for resource in range(len(prices)):
            if not uses[:, resource].any():
                continue
            low, high = 0.0, _highest(worth, uses[:, resource])
            for _ in range(40):  # the bound is convex in each price: a search by thirds
                one, other = low + (high - low) / 3.0, high - (high - low) / 3.0
                left, right = (
                    _dual(demand, case, worth - uses @ trial, trial)
                    for trial in (_with(prices, resource, one), _with(prices, resource, other))
                )
                low, high = (low, other) if left <= right else (one, high)
            found = _with(prices, resource, 0.5 * (low + high))
            value = _dual(demand, case, worth - uses @ found, found)
            if value < best:
                prices, best = found, value
        if before - best <= 1e-10 * max(1.0, abs(best)):
            break
    return prices, best


def _highest(worth: Floats, use: Floats) -> float:
    own = use > 0.0
    return float((worth[own] / use[own]).max()) if own.any() else 0.0


def _with(prices: Floats, place: int, value: float) -> Floats:
    made = prices.copy()
    made[place] = value
    return made


def _dual(demand: Demand, case: Integers, net: Floats, prices: Floats) -> float:
    best = np.zeros(len(demand.value))
    np.maximum.at(best, case, net)
    return float(prices @ demand.capacity + best.sum())


def _by_price(demand: Demand, case: Integers, kind: Integers, worth: Floats, prices: Floats) -> Integers:
    """Return the plan of the prices, what does not fit left out and the rest filled up; the best of
    three orders.
    """
    uses = demand.uses[kind]
    net = worth - uses @ prices
    scale = uses @ np.maximum(prices, 1e-300) + 1e-12
    orders = [np.lexsort((kind, -score)) for score in (net, net / scale, worth)]
    count, starts = len(orders), np.arange(len(orders) + 1) * len(case)
    plans = np.full((count, len(demand.value)), -1, dtype=np.int64)
    shared = (demand.uses, demand.capacity, demand.person, demand.open_to)
    alike = [np.repeat(part[None], count, axis=0) for part in shared]
    wishes = (case[np.concatenate(orders)], kind[np.concatenate(orders)])
    uses_of, left, person, open_to = alike
    in_shares(fill_many, count, starts, *wishes, uses_of, left, demand.contact, person, open_to, plans)
    return max(plans, key=lambda choice: _worth(demand, choice))


def _best(demand: Demand, case: Integers, kind: Integers, worth: Floats) -> Integers | None:
    """Return the best plan by HiGHS: one treatment a case at most, capacities, contacts left to each
    person. None where HiGHS does not say that it is the best.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array, vstack

    count, wishes = len(demand.value), np.arange(len(case))
    once = coo_array((np.ones(len(case)), (case, wishes)), shape=(count, len(case)))
    parts, most = [once], [np.ones(count)]
    if demand.uses.shape[1]:
        parts.append(coo_array(demand.uses[kind].T))
        most.append(demand.capacity)
    told = demand.contact[kind]
    shape = (len(demand.open_to), len(case))
    places = (demand.person[case[told]], wishes[told])
    parts.append(coo_array((np.ones(int(told.sum())), places), shape=shape))
    most.append(np.minimum(demand.open_to, count).astype(float))
    found = milp(
        -worth,
        constraints=LinearConstraint(vstack(parts).tocsr(), ub=np.concatenate(most)),
        integrality=np.ones(len(case)),
        bounds=Bounds(0.0, 1.0),
        options={"mip_rel_gap": 0.0},
    )
    if found.status != OPTIMAL or found.x is None:
        return None
    choice, taken = np.full(count, -1, dtype=np.int64), found.x > 0.5
    choice[case[taken]] = kind[taken]
    return choice
