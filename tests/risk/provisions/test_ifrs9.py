"""Stages, allowance and checks under IFRS 9, against figures worked by hand and the standard's own
examples.
"""

from __future__ import annotations

import json
import math
from datetime import date

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.config import Ifrs9
from loantwin.errors import RiskError
from loantwin.risk.allowance import Exposures
from loantwin.risk.provisions.ifrs9 import Ifrs9Result, StagedLosses, ifrs9
from loantwin.risk.provisions.stages import TRIGGERS, CreditRisk, Stages, stages

AS_OF = date(2024, 12, 31)
NO = np.zeros(1, dtype=bool)


def staged(numbers: list[int]) -> Stages:
    return Stages(np.array(numbers, dtype=np.int64), np.zeros((len(numbers), len(TRIGGERS)), dtype=bool))


def book(exposure: list[float], guaranteed: float = 0.0, weight: float = 1.0) -> Exposures:
    size = len(exposure)
    return Exposures(np.array(exposure, dtype=float), np.full(size, weight), np.full(size, guaranteed))


def test_illustrative_example_8_twelve_month_loss() -> None:
    # IFRS 9 Illustrative Example 8: CU1,000,000, 12-month PD 0.5 %, 25 % lost on default: allowance CU1,250
    twelve = np.array([[0.005 * 0.25 * 1_000_000]])
    result = ifrs9(
        AS_OF,
        "USD",
        book([1e6]),
        StagedLosses(twelve, twelve * 9, np.zeros(1)),
        staged([1]),
        {"base": 1.0},
        Ifrs9(),
    )
    assert result.allowance == pytest.approx(1250.0, abs=1e-9)
    assert result.by_stage["1"].allowance == result.allowance


def test_three_stages_two_scenarios_by_hand() -> None:
    exposure = book([1000.0, 2000.0, 500.0], guaranteed=0.5)
    losses = StagedLosses(
        np.array([[10.0, 20.0], [30.0, 60.0], [0.0, 0.0]]),
        np.array([[40.0, 50.0], [100.0, 300.0], [1.0, 1.0]]),
        np.array([0.0, 0.0, 225.0]),
    )
    result = ifrs9(
        AS_OF, "USD", exposure, losses, staged([1, 2, 3]), {"base": 0.75, "adverse": 0.25}, Ifrs9()
    )
    # stage 1: .75*10 + .25*20 = 12.5; stage 2: .75*100 + .25*300 = 150; stage 3: 225
    assert [result.by_stage[name].allowance_gross for name in ("1", "2", "3")] == [12.5, 150.0, 225.0]
    assert result.allowance_gross == 387.5
    assert result.allowance == 193.75
    assert result.by_scenario["base"].allowance == (10 + 100 + 225) / 2
    assert result.by_scenario["adverse"].allowance == (20 + 300 + 225) / 2
    assert result.exposure == 3500.0


@pytest.mark.parametrize(
    ("now", "then", "stage"),
    [
        (0.0100, 0.0050, 2),  # twice, and 0.5 points more
        (0.0099, 0.0050, 1),  # less than twice
        (0.0040, 0.0010, 1),  # four times, yet only 0.3 points more
        (0.3000, 0.2000, 1),  # ten points more, yet 1.5 times
        (0.0050, 0.0000, 2),  # from nothing
        (0.0000, 0.0000, 1),
    ],
)
def test_ratio_and_difference_must_both_hold(now: float, then: float, stage: int) -> None:
    risk = CreditRisk(np.array([now]), np.array([then]), np.array([0.0]), NO, NO, NO)
    assert stages(risk, Ifrs9()).stage.tolist() == [stage]


@pytest.mark.parametrize(
    ("days", "stage"), [(0, 1), (29, 1), (30, 1), (31, 2), (89, 2), (90, 3), (400, 3), (math.nan, 1)]
)
def test_backstops(days: float, stage: int) -> None:
    risk = CreditRisk(np.array([0.01]), np.array([0.01]), np.array([days], dtype=float), NO, NO, NO)
    assert stages(risk, Ifrs9()).stage.tolist() == [stage]


def test_reasons_name_every_trigger() -> None:
    yes = ~NO
    risk = CreditRisk(np.array([0.2]), np.array([0.01]), np.array([95.0]), yes, yes, yes)
    names = ("default", "days_past_due_default", "days_past_due_backstop", "forborne", "watch", "lifetime_pd")
    found = stages(risk, Ifrs9())
    assert found.reasons().tolist() == [", ".join(names)]
    assert found.counts() == {**dict.fromkeys(TRIGGERS, 0), **dict.fromkeys(names, 1)}


def test_probation_after_default_then_after_stage_three() -> None:
    # out of default for 2, 3, 4, 6 and 7 months, and never in it: 3 months in stage 3, then 3 in stage 2
    since = np.array([2.0, 3.0, 4.0, 6.0, 7.0, math.nan])
    no, low = np.zeros(6, dtype=bool), np.full(6, 0.01)
    found = stages(CreditRisk(low, low, np.zeros(6), no, no, no, since), Ifrs9())
    assert found.stage.tolist() == [3, 3, 2, 2, 1, 1]
    assert found.counts()["default_probation"] == 2
    assert found.counts()["return_probation"] == 2
    none = Ifrs9(default_probation_months=0, return_probation_months=0)
    assert stages(CreditRisk(low, low, np.zeros(6), no, no, no, since), none).stage.tolist() == [1] * 6


def test_forborne_or_watched_is_stage_two_only() -> None:
    for forborne, watch in ((~NO, NO), (NO, ~NO)):
        risk = CreditRisk(np.array([0.01]), np.array([0.01]), np.array([0.0]), NO, forborne, watch)
        assert stages(risk, Ifrs9()).stage.tolist() == [2]


@pytest.mark.parametrize("weights", [{"a": 0.5, "b": 0.4}, {"a": 1.5, "b": -0.5}, {}, {"a": math.nan}])
def test_weights_must_sum_to_one(weights: dict[str, float]) -> None:
    losses = StagedLosses(np.ones((1, len(weights))), np.ones((1, len(weights))), np.ones(1))
    with pytest.raises(RiskError, match="expected") as caught:
        ifrs9(AS_OF, "USD", book([10.0]), losses, staged([1]), weights, Ifrs9())
    assert caught.value.field is not None
    assert caught.value.field.startswith("scenario")


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_bad_exposure_is_named(bad: float) -> None:
    losses = StagedLosses(np.ones((2, 1)), np.ones((2, 1)), np.ones(2))
    with pytest.raises(RiskError) as caught:
        ifrs9(AS_OF, "USD", book([5.0, bad]), losses, staged([1, 1]), {"a": 1.0}, Ifrs9())
    assert (caught.value.field, caught.value.row) == ("exposure", 2)


@pytest.mark.parametrize("name", ["twelve_month", "lifetime", "defaulted"])
def test_bad_losses_are_named(name: str) -> None:
    good = {"twelve_month": np.ones((1, 1)), "lifetime": np.ones((1, 1)), "defaulted": np.ones(1)}
    good[name] = good[name] * math.nan
    with pytest.raises(RiskError) as caught:
        ifrs9(AS_OF, "USD", book([5.0]), StagedLosses(**good), staged([1]), {"a": 1.0}, Ifrs9())
    assert caught.value.field == name


def test_twelve_month_loss_above_lifetime_is_refused() -> None:
    losses = StagedLosses(np.full((1, 1), 2.0), np.ones((1, 1)), np.ones(1))
    with pytest.raises(RiskError, match="within lifetime"):
        ifrs9(AS_OF, "USD", book([5.0]), losses, staged([1]), {"a": 1.0}, Ifrs9())


def test_empty_book_owes_nothing() -> None:
    losses = StagedLosses(np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0))
    result = ifrs9(AS_OF, "USD", book([]), losses, staged([]), {"a": 1.0}, Ifrs9())
    assert (result.exposure, result.allowance) == (0.0, 0.0)
    assert set(result.by_stage) == {"1", "2", "3"}


def test_what_cannot_be_seen_is_absent_and_printed() -> None:
    losses = StagedLosses(np.ones((1, 1)), np.ones((1, 1)), np.ones(1))
    words = ("days_past_due: not in the source",)
    result = ifrs9(
        AS_OF, "USD", book([5.0]), losses, staged([1]), {"a": 1.0}, Ifrs9(), words, unobservable=("3",)
    )
    assert set(result.by_stage) == {"1", "2"}
    assert result.to_dict()["not_observable"] == list(words)


def test_document_is_valid_against_its_schema() -> None:
    losses = StagedLosses(np.ones((3, 2)), np.ones((3, 2)) * 2, np.ones(3))
    weights = {"base": 0.6, "adverse": 0.4}
    result = ifrs9(
        AS_OF,
        "USD",
        book([5.0, 6.0, 7.0]),
        losses,
        staged([1, 2, 3]),
        weights,
        Ifrs9(),
        provenance={"seed": 1},
    )
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    jsonschema.validate(document, Ifrs9Result.json_schema())
    assert document["schema"] == "loantwin.provisions/1"
    assert document["_provenance"] == {"seed": 1}
    assert document["as_of"] == "2024-12-31"


money = st.floats(0, 1e7, allow_nan=False)
share = st.floats(0, 1, allow_nan=False)
loan = st.tuples(money, share, share, share, st.sampled_from([1, 2, 3]), st.floats(0, 50, allow_nan=False))


def allowance_of(
    loans: list[tuple[float, float, float, float, int, float]], severity: float = 0.4
) -> Ifrs9Result:
    exposure, lifetime_pd, early, guaranteed, stage, weight = (
        (np.array(column, dtype=float) for column in zip(*loans, strict=True))
        if loans
        else (np.zeros(0) for _ in range(6))
    )
    lifetime = (exposure * lifetime_pd * severity)[:, None] * np.array([[0.8, 1.2]])
    losses = StagedLosses(lifetime * early[:, None], lifetime, exposure * severity)
    chosen = Stages(stage.astype(np.int64), np.zeros((len(loans), len(TRIGGERS)), dtype=bool))
    weights = {"base": 0.7, "adverse": 0.3}
    return ifrs9(AS_OF, "USD", Exposures(exposure, weight, guaranteed), losses, chosen, weights, Ifrs9())


@given(st.lists(loan, max_size=30), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_totals_are_sums_of_loans_whatever_the_order_or_split(loans: list, chance) -> None:  # type: ignore[no-untyped-def,type-arg]
    whole = allowance_of(loans)
    shuffled = list(loans)
    chance.shuffle(shuffled)
    assert allowance_of(shuffled).to_dict() == whole.to_dict()
    cut = chance.randint(0, len(loans))
    halves = [allowance_of(loans[:cut]), allowance_of(loans[cut:])]
    assert math.isclose(sum(half.allowance for half in halves), whole.allowance, rel_tol=1e-12, abs_tol=1e-9)
    singles = [allowance_of([one]).allowance for one in loans]
    assert abs(math.fsum(singles) - whole.allowance) < 0.005 + 1e-15 * whole.allowance
    stages_sum = math.fsum(part.allowance for part in whole.by_stage.values())
    assert math.isclose(stages_sum, whole.allowance, rel_tol=1e-12, abs_tol=1e-9)
    weighted = math.fsum(entry.weight * entry.allowance for entry in whole.by_scenario.values())
    assert math.isclose(weighted, whole.allowance, rel_tol=1e-12, abs_tol=1e-9)


@given(st.lists(loan, min_size=1, max_size=10), st.floats(0.0, 0.9), st.floats(0.0, 0.1))
@settings(max_examples=60, deadline=None)
def test_more_risk_never_costs_less(loans: list, severity: float, more: float) -> None:  # type: ignore[type-arg]
    base = allowance_of(loans, severity)
    assert allowance_of(loans, severity + more).allowance >= base.allowance * (1 - 1e-12)
    worse = [(e, min(1.0, pd + more), early, g, s, w) for e, pd, early, g, s, w in loans]
    assert allowance_of(worse, severity).allowance >= base.allowance * (1 - 1e-12)
    unguarded = [(e, pd, early, g * (1 - more), s, w) for e, pd, early, g, s, w in loans]
    assert allowance_of(unguarded, severity).allowance >= base.allowance * (1 - 1e-12)
    assert base.allowance <= base.allowance_gross * (1 + 1e-12)
    moved = [(e, pd, early, g, max(s, 2), w) for e, pd, early, g, s, w in loans]
    assert allowance_of(moved, severity).allowance >= base.allowance * (1 - 1e-12)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 500))
@settings(max_examples=100, deadline=None)
def test_a_worse_loan_is_never_in_a_better_stage(now: float, then: float, more: float, days: float) -> None:
    def of(pd: float, late: float) -> int:
        return int(
            stages(
                CreditRisk(np.array([min(pd, 1.0)]), np.array([then]), np.array([late]), NO, NO, NO), Ifrs9()
            ).stage[0]
        )

    assert of(now + more, days) >= of(now, days)
    assert of(now, days + 100 * more) >= of(now, days)
