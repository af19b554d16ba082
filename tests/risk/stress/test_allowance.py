"""The allowance along a path held against loan-by-loan losses and against what then happens to the money."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loantwin.config import Ifrs9
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import LoanColumns, loan_columns, take
from loantwin.engine.loss import loan_losses
from loantwin.engine.rows import TransitionParameters
from loantwin.engine.runoff import build_cells
from loantwin.errors import RiskError
from loantwin.risk.capital.irb import irb_risk_weight
from loantwin.risk.stress.allowance import allowance_path
from loantwin.risk.stress.capital import irb_weights

MONTHS = 60
NEVER = Ifrs9(lifetime_pd_ratio=1e9, lifetime_pd_difference=1.0)
ALWAYS = Ifrs9(lifetime_pd_ratio=-1.0, lifetime_pd_difference=-1.0)
EDGES = [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (0, 4), (1, 4)]


def numbers(seed):
    return np.random.Generator(np.random.Philox(key=seed))


def model(seed=1):
    draw = numbers(seed)
    return TransitionParameters(
        states=("current", "dpd_1_29", "dpd_30_59", "default", "prepaid"),
        live=3,
        origin=np.array([start for start, _ in EDGES]),
        target=np.array([end for _, end in EDGES]),
        age=draw.normal(-3.0, 0.2, (len(EDGES), 80)),
        segment=draw.normal(0.0, 0.3, (len(EDGES), 2)),
        macro=np.zeros((len(EDGES), 0)),
        loading=np.zeros((len(EDGES), 0)),
        segments=("a", "b"),
        factors=(),
        latents=(),
        default_state=3,
        prepaid_state=4,
    )


def severity():
    draw = numbers(2)
    return LossGivenDefault(
        draw.uniform(0.3, 0.8, (2, 90)),
        draw.uniform(0.0, 0.2, (2, 90)),
        np.array([0.2, 0.8]),
        np.array([0.5, 0.5]),
    )


def book(count=40, live=3, guaranteed=0.3):
    draw = numbers(3)
    rate = np.full(count, 0.08)  # one rate, so that a cell discounts as its loans do
    return loan_columns(
        segment=draw.integers(0, 2, count), age=draw.integers(0, 12, count), state=draw.integers(0, live,
            count),
        product=np.zeros(count, dtype=np.int64),
        remaining_months=draw.integers(6, MONTHS, count), principal=draw.uniform(1e3, 1e5, count),
        annual_rate=rate, effective_annual_rate=rate, floating=np.zeros(count, bool),
        rate_spread=np.zeros(count), rate_cap=np.full(count, np.inf), rate_floor=np.full(count, -np.inf),
        balloon=np.zeros(count), interest_only_months=np.zeros(count, dtype=np.int64),
        undrawn=np.zeros(count), accrued_interest=np.zeros(count), guaranteed=np.full(count, guaranteed),
        weight=np.ones(count), group=np.zeros(count, dtype=np.int64),
    )  # fmt: skip


def shocks(seed=4):
    return np.exp(numbers(seed).normal(0.0, 0.3, (MONTHS, len(EDGES))))


def path(columns: LoanColumns, settings: Ifrs9, dates=(0, 3, 6)):
    cells = build_cells(columns, MONTHS)
    return allowance_path(model(), cells, severity(), shocks(), np.ones(len(EDGES)), dates, settings)


@pytest.mark.parametrize(("settings", "horizon"), [(NEVER, 0), (ALWAYS, 1)])
def test_at_the_as_of_date_it_is_the_sum_of_loans(settings, horizon):
    columns = take(book(), book().state < 2)  # no loan past the backstop
    found = path(columns, settings)
    loans = loan_losses(model(), columns, severity(), shocks()[None]).loss[:, 0, horizon]
    stage = found.stage_1 if settings is NEVER else found.stage_2
    # a loan may roll past the backstop later, but not at the as-of date
    assert stage[0] == pytest.approx(0.7 * loans.sum(), rel=1e-9)
    assert found.performing[0] == pytest.approx(stage[0], rel=1e-12)


def test_loans_past_the_backstop_are_in_stage_2():
    columns = replace(book(), state=np.full(40, 2))
    found = path(columns, NEVER)
    lifetime = loan_losses(model(), columns, severity(), shocks()[None]).loss[:, 0, 1]
    assert (found.stage_1[0], found.stage_2[0]) == (0.0, pytest.approx(0.7 * lifetime.sum(), rel=1e-9))


def test_a_lifetime_allowance_without_discounting_is_what_is_lost_in_the_end():
    """With lifetime losses for all, a zero rate and foresight, allowance today = charge-offs so far +
    allowance then.
    """
    zero = np.zeros(40)
    columns = replace(book(), annual_rate=zero, effective_annual_rate=zero)
    found = path(columns, ALWAYS, dates=(0, 3, 6, 24, MONTHS))
    spent = np.concatenate([[0.0], np.cumsum(found.charge_offs)])[[0, 3, 6, 24, MONTHS]]
    total = found.performing + found.in_default + spent
    np.testing.assert_allclose(total, total[0], rtol=1e-9)
    assert found.performing[-1] == 0.0


def test_harder_times_cost_more_at_every_date():
    columns, cells = book(), build_cells(book(), MONTHS)
    worse = np.array([1.0 if end in (0, 4) else 1.5 for _, end in EDGES])
    for settings in (NEVER, ALWAYS, Ifrs9()):
        mild = allowance_path(model(), cells, severity(), shocks(), np.ones(len(EDGES)), (0, 12), settings)
        hard = allowance_path(
            model(), cells, severity(), shocks() * worse, np.ones(len(EDGES)), (0, 12), settings
        )
        assert (hard.performing + hard.in_default > mild.performing + mild.in_default).all()
    assert len(columns.principal) == 40


def test_short_shocks_are_refused():
    with pytest.raises(RiskError, match="months of shocks"):
        allowance_path(
            model(), build_cells(book(), MONTHS), severity(), shocks()[:12], np.ones(len(EDGES)), (0,), NEVER
        )


def test_weighted_assets_of_one_loan_are_the_published_function():
    columns = take(book(guaranteed=0.25), slice(0, 1))
    columns = replace(columns, state=np.zeros(1, dtype=np.int64))
    cells = build_cells(columns, MONTHS)
    still = np.ones(len(EDGES))
    found = irb_weights(model(), cells, severity(), shocks(), still, [0], "retail_other")
    pd = loan_losses(
        model(),
        replace(columns, remaining_months=np.array([MONTHS])),
        severity(),
        np.tile(still, (1, MONTHS, 1)),
    ).pd
    lgd = (severity().charged_off - severity().recovered)[columns.segment[0], columns.age[0]]
    weight = irb_risk_weight(float(pd[0, 0, 0]), float(lgd), asset_class="retail_other")
    assert found[0] == pytest.approx(0.75 * columns.principal[0] * weight, rel=1e-9)
