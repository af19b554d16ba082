"""The best of many offers: against looking at every one, under policies and budgets."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from loantwin.arrays import Floats
from loantwin.decisions.pricing.best_offer import Judged, best, frontier, neighbour
from loantwin.decisions.pricing.budgets import under_budgets
from loantwin.decisions.pricing.offer_grid import OfferGrid
from loantwin.decisions.pricing.offer_values import ALLOWED, LAW, OfferValues
from loantwin.decisions.pricing.roots import roots


def drawn(rows: int, offers: int, seed: int, coarse: bool = False) -> OfferValues:
    random = np.random.default_rng(seed)
    profit = random.normal(0.0, 100.0, (rows, offers))
    chance = random.uniform(0.0, 1.0, (rows, offers))
    if coarse:  # many ties
        profit, chance = np.round(profit, -2), np.round(chance, 1)
    why = np.where(random.random((rows, offers)) < 0.2, LAW, ALLOWED).astype(np.int8)
    lent = random.uniform(100.0, 1000.0, (rows, offers))
    return OfferValues(profit, chance, lent, np.where(why == ALLOWED, profit * chance, -np.inf), why)


@pytest.mark.parametrize(
    ("seed", "coarse", "share"), [(1, False, 0.5), (2, True, 0.05), (3, False, 0.0), (4, True, 1.0)]
)
def test_it_is_what_looking_at_every_offer_finds(seed: int, coarse: bool, share: float) -> None:
    values = drawn(1_000, 60, seed, coarse)
    approved = np.random.default_rng(seed + 9).random((1_000, 60)) < share
    judged = Judged.of(values, lambda row, offer: approved[row, offer])
    found = best(values.value, judged)
    for row in range(1_000):
        top, place = 0.0, -1
        for offer in range(60):
            if approved[row, offer] and values.value[row, offer] > top:
                top, place = values.value[row, offer], offer
        assert found[row] == place
    if share == 0.5:
        assert judged.asked < 10_000, "of 60,000: the policy is asked about what might be best"


def test_the_frontier_is_what_nothing_beats() -> None:
    values = drawn(60, 40, 5, coarse=True)
    found = frontier(values)
    for row in range(60):
        here = [o for o in range(40) if values.why[row, o] == ALLOWED and values.profit[row, o] > 0]
        points = {(values.take_up[row, o], values.profit[row, o]) for o in here}
        wanted = {p for p in points if not any(q != p and q[0] >= p[0] and q[1] >= p[1] for q in points)}
        made = [(values.take_up[row, o], values.profit[row, o]) for o in np.flatnonzero(found[row])]
        assert set(made) == wanted
        assert len(made) == len(wanted)


def exhaustive(values: OfferValues, segment: list[int], budget: list[float]) -> float:
    """Return the most that any choice under budgets is worth, by trying all of them."""
    most, lent = 0.0, values.lent * values.take_up
    options = [(-1, *np.flatnonzero(values.value[row] > 0.0).tolist()) for row in range(len(segment))]
    for choice in itertools.product(*options):
        spent, worth = [0.0] * len(budget), 0.0
        for row, offer in enumerate(choice):
            if offer >= 0:
                worth += values.value[row, offer]
                if segment[row] >= 0:
                    spent[segment[row]] += lent[row, offer]
        if worth > most and all(s <= b for s, b in zip(spent, budget, strict=True)):
            most = worth
    return most


@pytest.mark.parametrize("seed", range(6))
def test_budgets_are_kept_and_the_best_lies_between_value_and_bound(seed: int) -> None:
    values, segment = drawn(6, 6, seed), [0, 0, 1, 0, 1, -1]
    budget = [400.0, 150.0]
    found = under_budgets(values, Judged.of(values, None), np.array(segment), np.array(budget))
    assert (found.expected <= np.array(budget) + 1e-9).all()
    most = exhaustive(values, segment, budget)
    assert found.value <= most + 1e-9
    assert most <= found.bound + 1e-9


def test_many_applicants_leave_almost_nothing_of_a_budget_unused() -> None:
    values = drawn(2_000, 30, 11)
    free = under_budgets(values, Judged.of(values, None), np.zeros(2_000, dtype=np.int64), np.array([1e12]))
    assert free.price[0] == 0.0
    assert free.value == pytest.approx(free.bound)
    half = free.expected[0] / 2.0
    found = under_budgets(values, Judged.of(values, None), np.zeros(2_000, dtype=np.int64), np.array([half]))
    assert half * 0.998 <= found.expected[0] <= half
    assert found.bound * 0.999 <= found.value <= found.bound
    assert found.price[0] > 0.0


def test_without_a_budget_the_price_of_money_is_none() -> None:
    values = drawn(50, 20, 2)
    found = under_budgets(values, Judged.of(values, None), np.full(50, -1), np.zeros(0))
    assert (found.chosen == np.where(values.value.max(axis=1) > 0, values.value.argmax(axis=1), -1)).all()


def test_neighbours_lie_a_step_away() -> None:
    grid = OfferGrid("g", (0.5, 1.0), (), (0.1, 0.2, 0.3), (12, 24), ("annuity",))
    assert grid.shape == (2, 2, 1, 3)
    chosen = np.array([0, 5, 11, -1])
    assert neighbour(chosen, grid, 3, 1).tolist() == [1, -1, -1, -1]
    assert neighbour(chosen, grid, 0, 1).tolist() == [6, 11, -1, -1]
    assert neighbour(chosen, grid, 1, -1).tolist() == [-1, 2, 8, -1]


@pytest.mark.parametrize(
    ("function", "root"),
    [
        (lambda x: x**3 - 2.0, 2.0 ** (1.0 / 3.0)),
        (lambda x: np.cos(x) - x, 0.7390851332151607),
        (lambda x: np.exp(-20.0 * x) - 1e-8, np.log(1e8) / 20.0),
        (lambda x: np.sign(x - 1.25) * np.abs(x - 1.25) ** 0.2, 1.25),
    ],
)
def test_roots_of_known_functions(function: Callable[[Floats], Floats], root: float) -> None:
    found = roots(function, np.zeros(3), np.array([2.0, 3.0, 5.0]))
    assert found == pytest.approx(np.full(3, root), abs=1e-8)
    assert np.isnan(roots(lambda x: x + 1.0, np.zeros(1), np.ones(1))).all()
