"""Loan losses by hand, against the reference, and against the cells."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from loantwin.engine import loss as loss_module
from loantwin.engine.assumptions import assumptions
from loantwin.engine.cells import LossGivenDefault, SeverityMoves
from loantwin.engine.columns import loan_columns, take
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.loss import (
    default_probabilities,
    loan_losses,
    loan_losses_reference,
    marginal_default,
    marginal_default_reference,
)
from loantwin.engine.rows import TransitionParameters, shocks
from loantwin.engine.runoff import build_cells
from loantwin.errors import ModelError
from loantwin.kernels import use_threads


def moved(books: SimpleNamespace, model: TransitionParameters, months: int) -> SeverityMoves:
    """Return moves of three scenarios, of two kinds of segments."""
    kind = np.arange(len(model.segments)) % 2
    return SeverityMoves(books.generator(9).uniform(0.8, 1.2, (3, 2, months)), kind)


@pytest.mark.parametrize("kind", ["panel_model", "outcome_model"])
@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize(
    "assumed",
    [
        {},
        {"arrears_months": 3, "conversion_factor": 0.4, "partial_monthly": 0.005},
        {"arrears_months": 2, "partial_monthly": [0.02, 0.0, 0.001, 0.003, 0.1]},
    ],
)
@pytest.mark.parametrize(("months", "longest"), [(1, 30), (48, 90), (360, 420)])
@pytest.mark.parametrize("past_term", [False, True])
def test_kernel_equals_the_reference(
    books: SimpleNamespace,
    kind: str,
    indexed: bool,
    assumed: dict,
    months: int,
    longest: int,
    past_term: bool,
) -> None:
    model, lgd = getattr(books, kind)(3), books.severity(1)
    columns = books.columns(600, seed=months, live=model.live, longest=longest)
    macro, latent, index = books.paths(3, months, seed=2)
    month, paths = shocks(model, macro, latent), index if indexed else None
    moves = None if indexed else moved(books, model, months)
    also = {"past_term": past_term, "severity_moves": moves}
    made = loan_losses(model, columns, lgd, month, index_paths=paths, **also, **assumed)
    wanted = loan_losses_reference(
        model, columns, lgd, month, assumptions(**assumed), paths, made.horizons, **also
    )
    assert made.loss == pytest.approx(wanted.loss, rel=1e-11)
    assert made.pd == pytest.approx(wanted.pd, rel=1e-11)
    assert made.horizons == (min(12, months), months)


@pytest.mark.parametrize(
    ("months", "arrears", "partial"), [(24, 0, 0.0), (48, 3, [0.02, 0.0, 0.001, 0.003, 0.1]), (180, 1, 0.004)]
)
@pytest.mark.parametrize("past_term", [False, True])
def test_interpolation_in_the_spread_equals_the_reference(
    books: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    months: int,
    arrears: int,
    partial: Any,
    past_term: bool,
) -> None:
    monkeypatch.setattr(loss_module, "FEWEST", 1)
    model, lgd = books.panel_model(3), books.severity(1)
    columns = books.columns(600, seed=6, longest=360)
    macro, latent, index = books.paths(3, months, seed=2)
    index = 0.04 + (index - index.mean()) / 20.0
    month, assumed = shocks(model, macro, latent), assumptions(partial, arrears, 0.5)
    moves = moved(books, model, months)
    grid, smooth, rest = loss_module._interpolated(columns, index)
    assert grid is not None
    assert rest is not None
    assert len(smooth) > 100
    assert len(smooth) + len(rest) == 600
    made = loan_losses(
        model,
        columns,
        lgd,
        month,
        index_paths=index,
        partial_monthly=partial,
        arrears_months=arrears,
        conversion_factor=0.5,
        past_term=past_term,
        severity_moves=moves,
    )
    wanted = loan_losses_reference(
        model,
        columns,
        lgd,
        month,
        assumed,
        index,
        made.horizons,
        past_term=past_term,
        severity_moves=moves,
    )
    assert made.loss == pytest.approx(wanted.loss, rel=1e-10)
    assert made.pd == pytest.approx(wanted.pd, rel=1e-11)


def test_spreads_too_wide_to_interpolate_are_computed_loan_by_loan(
    books: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loss_module, "FEWEST", 1)
    columns = books.columns(300, seed=6, longest=360)
    wild = replace(columns, rate_spread=np.where(np.arange(300) % 2, 9.0, 0.0), rate_cap=np.full(300, np.inf))
    assert loss_module._interpolated(wild, np.full((1, 360), 0.04))[0] is None


def test_one_loan_by_hand(books: SimpleNamespace) -> None:
    """Interest only, 1,000 over 2 months at an effective 12 %: each month's default x severity x 1,000,
    discounted.

    Of what is recovered, 10, 20 and 70 % come 1, 2 and 3 months after the default.
    """
    model, lgd = books.outcome_model(1), books.severity(1)
    columns = loan_columns(
        segment=2,
        age=4,
        state=0,
        product=2,
        remaining_months=2,
        principal=[1000.0],
        annual_rate=0.05,
        effective_annual_rate=0.12,
    )
    month = np.array([[[1.0, 1.0], [2.0, 1.0], [9.0, 9.0]]])
    weight = np.exp(model.segment[:, 2, None] + model.age[:, 5:7])
    stay = 1.0 / (1.0 + weight[:, 0].sum())
    first = weight[0, 0] * stay
    second = stay * 2.0 * weight[0, 1] / (1.0 + 2.0 * weight[0, 1] + weight[1, 1])
    worth = 0.1 / 1.01 + 0.2 / 1.01**2 + 0.7 / 1.01**3
    net = (lgd.charged_off - worth * lgd.recovered)[2, 5:7]
    made = loan_losses(model, columns, lgd, month, horizons=(1, 3))
    assert made.pd[0, 0] == pytest.approx([first, first + second])
    assert made.loss[0, 0] == pytest.approx(
        [1000 * first * net[0] / 1.01, 1000 * (first * net[0] / 1.01 + second * net[1] / 1.01**2)]
    )


def test_loans_add_up_to_the_cells(books: SimpleNamespace) -> None:
    """With one effective rate a cell, the loans' losses are the cells' discounted losses: one model, two
    routes.
    """
    model, lgd = books.panel_model(3), books.severity(1)
    columns = replace(books.columns(900, seed=4), effective_annual_rate=np.full(900, 0.07))
    macro, latent, _ = books.paths(2, 36, seed=2)
    month = shocks(model, macro, latent)
    losses = loan_losses(model, columns, lgd, month, arrears_months=3, conversion_factor=0.5)
    cells = build_cells(columns, 36, arrears_months=3, conversion_factor=0.5)
    flows = conditional_flows(model, cells, lgd, month)
    by_loan = (columns.weight[:, None] * losses.loss[:, :, 1]).sum(axis=0)
    assert by_loan == pytest.approx(flows.loss_gross[:, 0].sum(axis=1), rel=1e-12)
    within = (columns.weight[:, None] * losses.loss[:, :, 0]).sum(axis=0)
    assert within == pytest.approx(flows.loss_gross[:, 0, :12].sum(axis=1), rel=1e-12)


def test_marginal_default_equals_the_reference(books: SimpleNamespace) -> None:
    model = books.panel_model(3)
    macro, latent, _ = books.paths(3, 40, seed=2)
    buckets = np.array([[0, 0, 0], [5, 30, 3], [2, 500, 1]])
    month = shocks(model, macro, latent)
    made = marginal_default(model, month, buckets)
    assert made.shape == (3, 3, 40)
    assert made == pytest.approx(marginal_default_reference(model, month, buckets), rel=1e-12)


def test_same_bits_on_one_and_two_threads_and_in_any_order(books: SimpleNamespace) -> None:
    model, lgd = books.panel_model(3), books.severity(1)
    columns = books.columns(2000, seed=4)
    macro, latent, index = books.paths(2, 24, seed=2)
    month = shocks(model, macro, latent)
    both = loan_losses(model, columns, lgd, month, index_paths=index, arrears_months=3)
    use_threads(1)
    one = loan_losses(model, columns, lgd, month, index_paths=index, arrears_months=3)
    use_threads()
    order = books.generator(1).permutation(2000)
    mixed = loan_losses(model, take(columns, order), lgd, month, index_paths=index, arrears_months=3)
    assert (both.loss == one.loss).all()
    assert mixed.loss == pytest.approx(both.loss[order], rel=1e-13)


def test_more_risk_never_costs_less(books: SimpleNamespace) -> None:
    model, lgd = books.outcome_model(3), books.severity(1)
    columns, month = books.columns(200, seed=4, live=1), np.ones((1, 24, 2))
    worse = month * np.array([1.5, 1.0])
    calm, bad = loan_losses(model, columns, lgd, month), loan_losses(model, columns, lgd, worse)
    assert (bad.pd >= calm.pd).all()
    assert (calm.loss[:, :, 1] >= calm.loss[:, :, 0]).all()


def test_what_does_not_fit_is_refused(books: SimpleNamespace) -> None:
    model, lgd = books.outcome_model(3), books.severity(1)
    columns = books.columns(20, seed=4, live=1)
    good = np.ones((1, 24, 2))
    with pytest.raises(ModelError, match="field state"):
        loan_losses(model, replace(columns, state=columns.state + 1), lgd, good)
    with pytest.raises(ModelError, match="field horizons"):
        loan_losses(model, columns, lgd, good, horizons=(12, 36))
    with pytest.raises(ModelError, match="field index_paths"):
        loan_losses(model, columns, lgd, good, index_paths=np.zeros((1, 23)))
    assert loan_losses(model, take(columns, slice(0, 0)), lgd, good).loss.shape == (0, 1, 2)


def test_a_recovery_is_worth_less_the_later_it_comes(books: SimpleNamespace) -> None:
    """A certain default next month, 60 charged off, all of it recovered 24 months later at 12 %: 60 (1 -
    1.01^-24) / 1.01.
    """
    model = books.outcome_model(1)
    late = np.zeros(25)
    late[24] = 1.0
    lgd = LossGivenDefault(np.full((6, 1), 0.6), np.full((6, 1), 0.6), np.ones(1), late)
    columns = loan_columns(
        segment=0,
        age=0,
        state=0,
        product=2,
        remaining_months=3,
        principal=[100.0],
        annual_rate=0.12,
        effective_annual_rate=0.12,
    )
    certain = np.array([[[1e15, 0.0]]])
    made = loan_losses(model, columns, lgd, certain)
    assert made.loss[0, 0, 1] == pytest.approx(60 * (1 - 1.01**-24) / 1.01, rel=1e-9)
    at_once = replace(lgd, recovery_lag=np.ones(1))
    assert loan_losses(model, columns, at_once, certain).loss[0, 0, 1] == pytest.approx(0.0, abs=1e-12)


def test_probabilities_alone_are_those_of_the_losses(books: SimpleNamespace) -> None:
    model, lgd = books.panel_model(3), books.severity(1)
    columns = books.columns(500, seed=9)
    macro, latent, _ = books.paths(2, 30, seed=2)
    month = shocks(model, macro, latent)
    assert (
        default_probabilities(model, columns, month) == loan_losses(model, columns, lgd, month).pd[:, :, 1]
    ).all()


def test_a_balloon_past_its_term_by_hand() -> None:
    """Interest only, 1,000 and one payment left at 12 %; a month's moves: 10 % miss a payment, a third of the
    late pay up, a third fall behind further.

    The contract ends in month 1, when nobody can be 90 days late: without the months after it the loss is 0.
    From dpd_1_29 a third goes to dpd_30_59 in month 2, of these a third into default in month 3. Those who
    stay default later; from three months after the term on all count as of month 4, discounted so, and owe
    1,000 with three months of interest.
    """
    edges = [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3)]
    odds_ = np.log([1.0 / 9.0, 1.0, 1.0, 1.0, 1.0])
    model = TransitionParameters(
        states=("current", "dpd_1_29", "dpd_30_59", "default", "prepaid"),
        live=3,
        origin=np.array([start for start, _ in edges]),
        target=np.array([end for _, end in edges]),
        age=np.repeat(odds_[:, None], 3, axis=1),
        segment=np.zeros((5, 1)),
        macro=np.zeros((5, 0)),
        loading=np.zeros((5, 0)),
        segments=("all",),
        factors=(),
        latents=(),
        default_state=3,
        prepaid_state=4,
    )
    lgd = LossGivenDefault(np.full((1, 1), 0.5), np.zeros((1, 1)), np.ones(1), np.ones(1))
    columns = loan_columns(
        segment=0, age=0, state=0, product=2, remaining_months=1, principal=[1000.0], annual_rate=0.12
    )
    month = np.ones((1, 1, 5))
    assert loan_losses(model, columns, lgd, month, arrears_months=3).loss.max() == 0.0
    # month 2: first 0.1, second 0; a third each of staying, paying (or getting better), falling behind
    first, second, entered = 0.1, 0.0, []
    for _ in range(loss_module.PAST):
        first, second, default = first / 3 + second / 3, first / 3 + second / 3, second / 3
        entered.append(default)
    made = loan_losses(model, columns, lgd, month, arrears_months=3, past_term=True)
    assert entered[1] == pytest.approx(0.1 / 9)
    by_hand = 0.5 * (
        entered[0] * 1010.0 / 1.01**2 + entered[1] * 1020.0 / 1.01**3 + sum(entered[2:]) * 1030.0 / 1.01**4
    )
    assert made.loss[0, 0, 1] == pytest.approx(by_hand, rel=1e-12)
    assert made.pd[0, 0, 1] == pytest.approx(sum(entered), rel=1e-12)
    assert default_probabilities(model, columns, month, past_term=True)[0, 0] == pytest.approx(sum(entered))
