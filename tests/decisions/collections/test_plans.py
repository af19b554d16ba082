"""Plans of collections: limits that no plan breaks, the best plan against all plans counted out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from loantwin.decisions.collections.allocate import Demand, allocate, granted, kept
from loantwin.decisions.collections.contacts import Contacts, broken, made_before, room
from loantwin.decisions.collections.format import Limit, Treatment
from loantwin.decisions.collections.kernels import fill_many

TREATMENTS = [
    Treatment("message", 0.1, {}, "message", ()),
    Treatment("call", 4.0, {"minutes": 8.0}, "phone", ()),
    Treatment("letter", 1.0, {"letters": 1.0}, None, ()),
]
USES = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 1.0]])
CONTACT = np.array([True, True, False])
PLANS, SIZE, ROUNDS = 100_000, 6, 10


def demand(luck: np.random.Generator, cases: int, loose: float = 1.0) -> Demand:
    """Return a small demand of random values, capacities and persons."""
    person = luck.integers(0, max(1, cases // 2), cases)
    return Demand(
        luck.normal(5.0, 6.0, (cases, 3)),
        luck.random((cases, 3)) < 0.8,
        np.array([[luck.integers(0, 3), 0.0], [8.0, 0.0], [luck.integers(0, 2), luck.integers(1, 3)]], float),
        np.array([luck.integers(0, 8 * cases), luck.integers(0, 2 + cases)]) * loose,
        CONTACT,
        person,
        luck.integers(0, 3, person.max() + 1),
    )


def counted_out(asked: Demand) -> float:
    """Return the greatest value of all plans that keep the demand, tried one by one."""
    best = 0.0
    for choice in itertools.product(range(-1, 3), repeat=len(asked.value)):
        plan = np.array(choice)
        given = np.flatnonzero(plan >= 0)
        if kept(asked, plan):
            best = max(best, float(asked.value[given, plan[given]].sum()))
    return best


def test_the_best_plan_is_that_of_all_plans_counted_out() -> None:
    luck = np.random.default_rng(1)
    for _ in range(40):
        asked = demand(luck, 5)
        plan, best = allocate(asked), counted_out(asked)
        assert plan.exact
        assert kept(asked, plan.choice)
        assert plan.value == pytest.approx(best, abs=1e-9)


def test_prices_keep_what_is_asked_and_bound_every_plan() -> None:
    luck = np.random.default_rng(2)
    close = []
    for cases in (5, 40, 400):
        for _ in range(8):
            asked = demand(luck, cases, 0.5)
            exact, priced = allocate(asked), allocate(asked, exact=0)
            assert kept(asked, priced.choice)
            assert priced.value <= exact.value + 1e-6 <= priced.bound + 2e-6 * max(1.0, priced.bound)
            if cases == 400:
                close.append(priced.value / exact.value)
    assert min(close) > 0.85


def test_one_resource_of_one_unit_a_case_is_solved_to_the_last_by_prices() -> None:
    """Each treatment takes one unit: the relaxed problem has whole answers, and its bound is the best
    plan."""
    luck = np.random.default_rng(3)
    asked = Demand(
        luck.lognormal(1.0, 1.0, (5_000, 1)), np.ones((5_000, 1), bool), np.ones((1, 1)), np.array([700.0]),
        np.array([True]), np.arange(5_000), np.ones(5_000, np.int64),
    )  # fmt: skip
    plan = allocate(asked, exact=0)
    best = np.sort(asked.value[:, 0])[-700:].sum()
    assert plan.value == pytest.approx(best, rel=1e-12)
    assert plan.bound == pytest.approx(best, rel=1e-6)


def random_limits(luck: np.random.Generator) -> list[Limit]:
    return [
        Limit(int(luck.integers(0, 4)), int(luck.integers(1, 8)), per, channel, "", "assumed")
        for per in ("case", "person")
        for channel in ("phone", None)
        if luck.random() < 0.8
    ]


@pytest.mark.slow
def test_a_million_random_plans_break_no_limit_and_no_capacity() -> None:
    """Random wishes, contacts, limits and capacities; what is checked counts afresh and knows nothing of
    `room`."""
    luck = np.random.default_rng(4)
    barred = refused = 0
    for _ in range(ROUNDS):
        cases = PLANS * SIZE
        person = luck.integers(0, 3, cases) + 3 * np.repeat(np.arange(PLANS), SIZE)
        made = luck.integers(0, cases, cases)
        channels = ("phone", "message")
        contacts = Contacts(
            made,
            person[made],
            tuple(channels[code] for code in luck.integers(0, 2, cases)),
            luck.integers(0, 9, cases),
        )
        limits = random_limits(luck)
        allowed, left = room(limits, TREATMENTS, contacts, 8, person)
        open_to = np.full(3 * PLANS, np.iinfo(np.int64).max)
        np.minimum.at(open_to, person, left)
        wish, kind = luck.permutation(cases), luck.integers(0, 3, cases)
        wish = wish[np.argsort(wish // SIZE, kind="stable")]  # plan by plan, in a random order within
        ok = allowed[wish, kind]
        barred += int((~ok).sum())
        starts = np.searchsorted(wish[ok] // SIZE, np.arange(PLANS + 1))
        capacity = np.column_stack(
            [8.0 * luck.integers(0, 4, PLANS), luck.integers(0, 3, PLANS).astype(float)]
        )
        plan = np.full((PLANS, SIZE), -1, np.int64)
        fill_many(
            0, PLANS, starts, wish[ok] % SIZE, kind[ok], np.broadcast_to(USES, (PLANS, 3, 2)).copy(),
            capacity.copy(), CONTACT, person.reshape(PLANS, SIZE) % 3, open_to.reshape(PLANS, 3).copy(), plan,
        )  # fmt: skip
        refused += int(ok.sum() - (plan >= 0).sum())
        used = np.where((plan >= 0)[..., None], USES[np.maximum(plan, 0)], 0.0).sum(axis=1)
        assert (used <= capacity).all()
        assert broken(limits, TREATMENTS, contacts, 8, person, plan.reshape(-1)) == 0
    assert barred > 10_000  # limits did bind
    assert refused > 10_000  # so did capacity


def test_the_check_finds_a_plan_that_breaks_a_limit() -> None:
    limit = Limit(2, 7, "case", "phone", "", "assumed")
    contacts = Contacts(
        np.array([0, 0, 1]), np.array([0, 0, 1]), ("phone", "phone", "phone"), np.array([3, 4, 1])
    )
    person = np.array([0, 1])
    assert made_before(limit, contacts, 8, person).tolist() == [2, 0]  # day 1 is out of the window of 2 to 8
    allowed, _ = room([limit], TREATMENTS, contacts, 8, person)
    assert allowed[:, 1].tolist() == [False, True]
    assert allowed[:, 0].all()
    assert broken([limit], TREATMENTS, contacts, 8, person, np.array([1, 1])) == 1
    assert broken([limit], TREATMENTS, contacts, 8, person, np.array([0, 1])) == 0
    both = Limit(2, 7, "person", None, "", "assumed")
    one = np.array([0, 0])
    assert broken([both], TREATMENTS, contacts, 9, one, np.array([0, -1])) == 1


def test_a_persons_contacts_about_another_case_count() -> None:
    limit = Limit(1, 7, "person", None, "", "assumed")
    contacts = Contacts(np.array([-1]), np.array([0]), ("phone",), np.array([5]))
    allowed, left = room([limit], TREATMENTS, contacts, 6, np.array([0, 1]))
    assert allowed[:, 1].tolist() == [False, True]
    assert left.tolist() == [0, 1]


def test_wishes_are_granted_in_their_order() -> None:
    asked = Demand(
        np.ones((3, 1)), np.ones((3, 1), bool), np.ones((1, 1)), np.array([2.0]), np.array([True]),
        np.array([0, 0, 1]), np.array([1, 1]),
    )  # fmt: skip
    choice = granted(asked, np.array([0, 1, 2]), np.zeros(3, np.int64), np.array([1, 0, 2]))
    assert choice.tolist() == [-1, 0, 0]
