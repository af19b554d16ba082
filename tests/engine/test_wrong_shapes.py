"""Arrays of another length, kind or range than a kernel reads: named before they reach it.

A kernel looks at no shape. It would read, or write, past the end of an array, and the figures would hold
whatever lay there.
"""

from dataclasses import replace

import numpy as np
import pytest

from loantwin.engine.expectation import conditional_defaults, conditional_flows
from loantwin.engine.loss import marginal_default
from loantwin.engine.montecarlo.cells import simulate_cells
from loantwin.engine.montecarlo.loans import simulate_loans
from loantwin.engine.runoff import build_cells
from loantwin.engine.step.batch import buffers, step_batch
from loantwin.engine.step.step import step
from loantwin.engine.step.tables import initial_state
from loantwin.env.built_in import built_in
from loantwin.errors import InputError, ModelError, RiskError, UsageError
from loantwin.risk.allowance import FEW, totals
from tests.engine.montecarlo.test_loans import cash_of, sampled
from tests.engine.step.samples import panel_model, sample_columns, sample_lgd

BOOKS = 6


@pytest.fixture(scope="module")
def tables():
    return built_in(6)[0]


def luck(tables, books=BOOKS):
    return np.ones((books, len(tables.parameters.origin)))


WRONG_LEVERS = {
    "one row": np.zeros((1, 5)),
    "a row too few": np.zeros((BOOKS - 1, 5)),
    "a row too many": np.zeros((BOOKS + 1, 5)),
    "a lever too few": np.zeros((BOOKS, 4)),
    "one axis": np.zeros(5),
    "three axes": np.zeros((BOOKS, 5, 1)),
    "nan": np.full((BOOKS, 5), np.nan),
    "above": np.full((BOOKS, 5), 1.01),
    "below": np.full((BOOKS, 5), -7.0),
    "infinite": np.full((BOOKS, 5), -np.inf),
    "whole": np.zeros((BOOKS, 5), dtype=np.int64),
    "flags": np.zeros((BOOKS, 5), dtype=bool),
    "texts": np.full((BOOKS, 5), "0"),
    "none": np.zeros((0, 5)),
}


@pytest.mark.parametrize("kind", WRONG_LEVERS)
@pytest.mark.parametrize("move", [step, step_batch])
def test_levers_that_fit_no_books(tables, move, kind):
    with pytest.raises(UsageError, match=r"levers|a lever from -1 to 1"):
        move(initial_state(tables, BOOKS), WRONG_LEVERS[kind], luck(tables), tables)


@pytest.mark.parametrize("name", ["live", "entry", "add_on", "excess", "due", "in_default"])
@pytest.mark.parametrize("move", [step, step_batch])
def test_a_state_of_other_tables(tables, move, name):
    state = initial_state(tables, BOOKS)
    state, _ = step(state, np.zeros((BOOKS, 5)), luck(tables), tables)
    cut = getattr(state, name)
    for wrong in (cut[:, :-1] if cut.ndim > 1 else cut[:-1], cut[..., None], np.concatenate([cut, cut])):
        with pytest.raises(UsageError, match=rf"\b{name}\b|a state of other tables"):
            move(replace(state, **{name: wrong}), np.zeros((BOOKS, 5)), luck(tables), tables)


def test_a_month_that_no_table_has(tables):
    for month in (-1, tables.months):
        with pytest.raises(UsageError, match="month"):
            step_batch(
                replace(initial_state(tables, BOOKS), month=month),
                np.zeros((BOOKS, 5)), luck(tables), tables,
            )  # fmt: skip


@pytest.mark.parametrize("books", [BOOKS - 1, BOOKS + 1, 1])
def test_memory_of_another_number_of_books(tables, books):
    with pytest.raises(UsageError, match=f"field reuse: expected memory of {BOOKS} books"):
        step_batch(
            initial_state(tables, BOOKS), np.zeros((BOOKS, 5)), luck(tables), tables,
            reuse=buffers(tables, books),
        )  # fmt: skip


@pytest.mark.parametrize("wrong", ["short", "edges", "nan", "negative"])
def test_shocks_that_fit_no_books(tables, wrong):
    made = {
        "short": luck(tables, BOOKS - 1),
        "edges": luck(tables)[:, :-1],
        "nan": luck(tables) * np.nan,
        "negative": -luck(tables),
    }[wrong]
    with pytest.raises(UsageError, match="shocks"):
        step_batch(initial_state(tables, BOOKS), np.zeros((BOOKS, 5)), made, tables)


def cells_of(months=6):
    parameters = panel_model()
    return parameters, build_cells(sample_columns(parameters), months), sample_lgd(parameters)


@pytest.mark.parametrize(
    "name", ["segment", "age", "state", "group", "guaranteed", "annual_rate", "loans", "exposure"]
)
@pytest.mark.parametrize("runs", [conditional_flows, conditional_defaults, simulate_cells])
def test_cells_of_unequal_lengths(name, runs):
    parameters, cells, lgd = cells_of()
    short = replace(cells, **{name: getattr(cells, name)[:-1]})
    shocks = np.ones((2, 6, len(parameters.origin)))
    more = (1,) if runs is simulate_cells else ()  # its seed
    with pytest.raises(ModelError, match=f"field {name}"):
        runs(parameters, short, lgd, shocks, *more)


def test_cells_of_groups_that_are_not_counted():
    parameters, cells, lgd = cells_of()
    shocks = np.ones((2, 6, len(parameters.origin)))
    for group in (np.full_like(cells.group, 5), np.full_like(cells.group, -1)):
        with pytest.raises(ModelError, match="field groups"):
            simulate_cells(parameters, replace(cells, group=group), lgd, shocks, 1, groups=2)
    with pytest.raises(ModelError, match="field segment"):
        simulate_cells(parameters, replace(cells, segment=cells.segment.astype(float)), lgd, shocks, 1)


def test_loans_and_contracts_that_do_not_fit():
    parameters, columns, loans, shocks = sampled(panel_model)
    cash = cash_of(columns, parameters, shocks.shape[1])
    with pytest.raises(ModelError, match="field age"):
        simulate_loans(parameters, replace(loans, age=loans.age * np.nan), shocks, 1)
    for name in ("balance", "loans", "draws", "exposure"):
        short = replace(cash.tables, **{name: getattr(cash.tables, name)[:-1]})
        with pytest.raises(ModelError, match=f"field {name}"):
            simulate_loans(parameters, loans, shocks, 1, replace(cash, tables=short))
    with pytest.raises(ModelError, match="field contract"):
        simulate_loans(parameters, loans, shocks, 1, replace(cash, contract=cash.contract + 10_000))


@pytest.mark.parametrize(
    "bucket", [[99, 0, 0], [0, -1, 0], [0, 0, 4], [-1, 0, 0], [0, 0]], ids=lambda item: str(item)
)
def test_buckets_that_a_model_does_not_have(bucket):
    parameters = panel_model()
    shocks = np.ones((1, 3, len(parameters.origin)))
    with pytest.raises(ModelError, match="field buckets"):
        marginal_default(parameters, shocks, np.array([bucket]))
    with pytest.raises(ModelError, match="field shocks"):
        marginal_default(parameters, shocks[..., :-1], np.array([[0, 0, 0]]))


@pytest.mark.parametrize("count", [3, FEW + 1])
def test_totals_by_codes_that_are_no_groups(count):
    values, codes = np.ones(count), np.zeros(count, dtype=np.int64)
    assert totals([values], codes, 2) == [[float(count), 0.0]]
    wrong = (codes + 2, codes - 1, codes[:-1], codes.astype(float), codes[:, None])
    for made in wrong:
        with pytest.raises(RiskError, match="field codes"):
            totals([values], made, 2)
    with pytest.raises(InputError, match="field figures"):
        totals([values, values[:-1]])
