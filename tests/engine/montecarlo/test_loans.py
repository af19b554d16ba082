"""Loan by loan: bit for bit the readable reference, the same on any split and threads, and true to the
expectation.
"""

from dataclasses import replace

import numpy as np
import pytest

from loantwin.engine.assumptions import assumptions
from loantwin.engine.montecarlo.kernels import philox_words
from loantwin.engine.montecarlo.loans import CashTables, Population, reference_counts, simulate_loans
from loantwin.engine.path import expected_flows
from loantwin.engine.randomness import key_of, monthly_words
from loantwin.engine.rows import shocks as month_shocks
from loantwin.engine.runoff import build_cells, loan_tables
from loantwin.errors import ModelError
from loantwin.kernels import use_threads
from tests.engine.step.samples import outcome_model, panel_model, sample_columns, sample_lgd, sample_macro


def population(columns, copies=1):
    count = len(columns.segment) * copies
    number = np.arange(count, dtype=np.int64)
    return Population(
        *(np.tile(getattr(columns, name), copies) for name in ("segment", "age", "state")), number
    )


def sampled(model, months=13, paths=3, copies=1):
    parameters = model()
    columns = sample_columns(parameters)
    random = np.random.Generator(np.random.Philox(key=8))
    luck = np.exp(0.4 * random.standard_normal((paths, months, len(parameters.origin))))
    return parameters, columns, population(columns, copies), luck


def cash_of(columns, parameters, months, copies=1):
    tables = loan_tables(columns, months, assumptions(0.004, arrears_months=3, conversion_factor=0.4))
    contract = np.tile(np.arange(len(columns.segment)), copies)
    return CashTables(tables, contract, np.tile(columns.weight, copies), sample_lgd(parameters))


def test_the_kernel_draws_the_reference_s_words():
    who = np.array([0, 7, 4_000_000_000, 123_456], dtype=np.uint32)
    for path, block, seed in ((0, 0, 0), (5, 2, 2**40 + 17)):
        words = np.empty((4, 4), dtype=np.uint32)
        philox_words(who, 4, path, block, *key_of(seed), words)
        assert np.array_equal(words.T, monthly_words(seed, path, who, 4 * block + 4)[:, 4 * block :])


@pytest.mark.parametrize("model", [panel_model, outcome_model])
def test_every_loan_moves_as_in_the_reference(model):
    parameters, _, loans, luck = sampled(model, copies=10)
    found = simulate_loans(parameters, loans, luck, seed=11)
    for path in range(3):
        states = reference_counts(parameters, loans, luck[path], 11, path)
        wanted = [np.bincount(month, minlength=len(parameters.states)) for month in states.T]
        assert np.array_equal(found.counts[path], wanted)


def test_threads_order_and_split_change_no_bit():
    parameters, columns, loans, luck = sampled(panel_model, copies=20)
    cash = cash_of(columns, parameters, 13, copies=20)
    use_threads(1)
    one = simulate_loans(parameters, loans, luck, 5, cash)
    use_threads(2)
    two = simulate_loans(parameters, loans, luck, 5, cash)
    use_threads(0)
    assert np.array_equal(one.counts, two.counts)
    assert all(np.array_equal(one.money[name], two.money[name]) for name in one.money)
    order = np.random.Generator(np.random.Philox(key=1)).permutation(len(loans.segment))
    halves = []
    for part in np.array_split(order, 2):
        some = Population(loans.segment[part], loans.age[part], loans.state[part], loans.number[part])
        halves.append(
            simulate_loans(
                parameters, some, luck, 5, replace(cash, contract=cash.contract[part], scale=cash.scale[part])
            )
        )
    assert np.array_equal(halves[0].counts + halves[1].counts, one.counts)
    for name in ("balance", "interest", "defaulted", "prepaid"):
        assert halves[0].money[name] + halves[1].money[name] == pytest.approx(one.money[name], rel=1e-14)
    later = simulate_loans(parameters, loans, luck[1:], 5, first_path=1)
    assert np.array_equal(later.counts, one.counts[1:])


@pytest.mark.parametrize("model", [panel_model, outcome_model])
def test_means_are_the_expected_path_s(model):
    """400 copies of 80 loans on one path of the economy: each mean lies within five standard errors of the
    expectation.
    """
    months, copies, paths = 13, 50, 40
    parameters = model()
    columns = sample_columns(parameters)
    macro, latent = sample_macro(parameters, months)
    edge = month_shocks(parameters, macro, latent)
    cash = cash_of(columns, parameters, months, copies)
    found = simulate_loans(
        parameters, population(columns, copies), np.repeat(edge[None], paths, axis=0), 21, cash
    )
    cells = build_cells(columns, months, partial_monthly=0.004, arrears_months=3, conversion_factor=0.4)
    wanted = expected_flows(parameters, cells, cash.lgd, macro, latent)
    for name, value in found.money.items():
        goal = copies * getattr(wanted, name).sum(axis=0)
        error = value.std(axis=0, ddof=1) / paths**0.5
        assert (np.abs(value.mean(axis=0) - goal) <= 5 * error + 1e-6 * goal.max() + 1e-3).all(), name


def test_money_balances_on_every_path_and_month():
    parameters, columns, loans, luck = sampled(outcome_model, copies=5)
    money = simulate_loans(parameters, loans, luck, 3, cash_of(columns, parameters, 13, 5)).money
    opening = np.concatenate(
        [np.full((3, 1), 5 * (columns.weight * columns.principal).sum()), money["balance"][:, :-1]], axis=1
    )
    gone = money["scheduled_principal"] + money["prepaid"] + money["exited"] + money["defaulted"]
    closing = opening + money["draws"] + money["arrears"] - gone
    assert (
        np.abs(closing - money["balance"]).max() < 0.005 * 400
    )  # half a hundredth of a cent a rounded amount, 400 loans


def test_a_loan_that_is_sure_to_default_does():
    parameters = outcome_model()
    sure = replace(parameters, age=np.full_like(parameters.age, -40.0) + np.array([[80.0], [0.0], [0.0]]))
    loans = Population(*(np.zeros(7, dtype=np.int64) for _ in range(3)), np.arange(7))
    counts = simulate_loans(sure, loans, np.ones((1, 2, 3)), 1).counts
    assert counts[0, 0].tolist() == [0, 7, 0, 0]


@pytest.mark.parametrize(("field", "value"), [("segment", 9), ("state", 1), ("age", -1), ("number", -1)])
def test_loans_that_do_not_fit_are_named(field, value):
    parameters = outcome_model()
    zero = np.zeros(3, dtype=np.int64)
    loans = replace(Population(zero, zero, zero, np.arange(3)), **{field: np.full(3, value)})
    with pytest.raises(ModelError, match=field):
        simulate_loans(parameters, loans, np.ones((1, 2, 3)), 1)


def test_wrong_shocks_are_named():
    parameters = outcome_model()
    zero = np.zeros(3, dtype=np.int64)
    with pytest.raises(ModelError, match="shocks"):
        simulate_loans(parameters, Population(zero, zero, zero, np.arange(3)), np.full((1, 2, 3), np.nan), 1)
