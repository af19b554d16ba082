"""The step against the forecast, its own identities, and what each lever must do."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loantwin.engine.cells import Cells
from loantwin.engine.path import FIGURES as PATH_FIGURES
from loantwin.engine.path import expected_flows, flows_of, occupancy
from loantwin.engine.rows import shocks as month_shocks
from loantwin.engine.step.cohorts import LendingPlan, template_columns
from loantwin.engine.step.levers import LeverEffects, assumptions, edge_kinds
from loantwin.engine.step.step import step
from loantwin.engine.step.tables import StepEconomics, columns_at, initial_state
from loantwin.errors import ModelError, UsageError
from loantwin.types import LEVERS
from tests.engine.step.samples import (
    memory_model,
    outcome_model,
    panel_model,
    sample_columns,
    sample_macro,
    sample_tables,
)

CONSTANT = LendingPlan("constant-balance")


def run(tables, months, levers=None, seed=3, books=1, index=None):
    macro, latent = sample_macro(tables.parameters, months, seed)
    edge = month_shocks(tables.parameters, macro, latent)
    state, flows = initial_state(tables, books), []
    levers = np.zeros((books, 5)) if levers is None else levers
    for month in range(months):
        change = None if index is None else np.repeat(index[month], books)
        state, flow = step(state, levers, np.repeat(edge[month][None], books, axis=0), tables, change)
        flows.append(flow)
    return state, flows


@pytest.mark.parametrize("model", [panel_model, outcome_model, memory_model])
def test_with_levers_at_zero_every_figure_equals_the_forecast(model):
    tables = sample_tables(model())
    forecast = expected_flows(tables.parameters, tables.cells, tables.lgd, *sample_macro(tables.parameters))
    _, flows = run(tables, 24)
    for name in PATH_FIGURES:
        wanted = getattr(forecast, name).sum(axis=0)
        assert [flow[name][0] for flow in flows] == pytest.approx(
            wanted, rel=1e-9, abs=1e-12 * wanted.max()
        ), name


def test_the_index_moves_interest_as_in_the_forecast():
    tables = sample_tables(panel_model())
    macro, latent = sample_macro(tables.parameters)
    where = occupancy(tables.parameters, tables.cells, month_shocks(tables.parameters, macro, latent))
    index = 0.01 * np.sin(np.arange(24.0))
    wanted = flows_of(tables.parameters, tables.cells, tables.lgd, where, index).interest.sum(axis=0)
    _, flows = run(tables, 24, index=index)
    assert [flow["interest"][0] for flow in flows] == pytest.approx(wanted, rel=1e-9)


def test_a_cohort_runs_like_a_book_of_its_template():
    """What is lent in month 3 only equals, from then on, the forecast of a book of that loan on the later
    macro path.
    """
    parameters = panel_model()
    amounts = np.zeros((24, 3))
    amounts[2] = [1000.0, 0.0, 500.0]
    tables = sample_tables(parameters, plan=LendingPlan("table", amounts))
    closed = replace(tables, plan=LendingPlan())
    _, with_lending = run(tables, 24)
    _, without = run(closed, 24)
    macro, latent = sample_macro(parameters)
    lent = expected_flows(parameters, tables.templates, tables.lgd, macro[3:], latent[3:])
    for name in (
        "balance",
        "interest",
        "defaulted",
        "prepaid",
        "charged_off",
        "recovered",
        "scheduled_principal",
        "live_number",
    ):
        wanted = (getattr(lent, name) * amounts[2][:, None]).sum(axis=0)
        got = np.array([a[name][0] - b[name][0] for a, b in zip(with_lending, without, strict=True)])[3:]
        assert got == pytest.approx(wanted, rel=1e-9, abs=1e-9), name
    assert with_lending[2]["new_lending"][0] == 1500.0


def test_constant_balance_keeps_the_balance():
    tables = sample_tables(panel_model(), plan=CONSTANT)
    _, flows = run(tables, 24)
    balances = np.array([flow["balance"][0] for flow in flows])
    assert balances == pytest.approx(np.full(24, flows[0]["opening"][0]), rel=1e-12)


levers_drawn = arrays(np.float64, (3, 5), elements=st.floats(-1, 1))


@settings(max_examples=25, deadline=None)
@given(
    levers=levers_drawn,
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(["none", "constant-balance", "table"]),
)
def test_money_balances_whatever_the_levers(levers, seed, kind):
    parameters = panel_model() if seed % 2 else outcome_model()
    amounts = np.full((12, len(parameters.segments)), 5_000.0) if kind == "table" else None
    tables = sample_tables(parameters, months=12, plan=LendingPlan(kind, amounts))
    _, flows = run(tables, 12, levers, seed, books=3)
    in_default, balance = np.zeros(3), flows[0]["opening"]
    for flow in flows:
        added = flow["new_lending"] + flow["draws"] + flow["arrears"]
        gone = flow["scheduled_principal"] + flow["prepaid"] + flow["exited"] + flow["defaulted"]
        assert np.abs(flow["opening"] - balance).max() < 0.005
        balance = flow["balance"]
        assert np.abs(flow["opening"] + added - gone - balance).max() < 0.005
        in_default = in_default + flow["defaulted"] - flow["charged_off"] - flow["resolved"]
        assert np.abs(in_default - flow["in_default"]).max() < 0.005
        costs = flow["funding_cost"] + flow["servicing_cost"] + flow["collection_cost"]
        assert np.abs(flow["interest"] - costs - flow["loss"] - flow["profit"]).max() < 0.005
        assert np.abs(flow.lent.sum(axis=1) - flow["new_lending"]).max() < 0.005
        assert (flow.values[:, :-1] >= -1e-6).all()


def moved(tables, lever, value=1.0, months=12):
    levers = np.zeros((2, 5))
    levers[1, LEVERS.index(lever)] = value
    _, flows = run(tables, months, levers, books=2)
    return flows


def test_each_lever_does_what_its_words_say():
    tables = sample_tables(panel_model(), plan=CONSTANT)
    for lever in ("cut_off", "price_add_on"):
        first = moved(tables, lever)[0]
        assert first["new_lending"][1] < first["new_lending"][0]
    assert moved(tables, "cut_off")[0]["new_lending"][1] == pytest.approx(
        moved(tables, "cut_off")[0]["new_lending"][0] * np.exp(-LeverEffects().approval_log_amount)
    )
    assert moved(tables, "limit")[0]["new_lending"][1] > moved(tables, "limit")[0]["new_lending"][0]
    harder = moved(tables, "collection_intensity")
    assert harder[0]["defaulted"][1] < harder[0]["defaulted"][0]
    assert harder[0]["collection_cost"][1] == pytest.approx(harder[0]["collection_cost"][0] * np.exp(0.9))
    tilted = moved(tables, "allocation")[0]
    assert tilted["new_lending"][1] == pytest.approx(tilted["new_lending"][0])
    order = np.argsort(tables.risk)
    share = tilted.lent[1] / tilted.lent[0]
    assert (np.diff(share[order]) < 0).all()


def test_new_loans_carry_their_price_and_their_risk():
    amounts = np.zeros((12, 3))
    amounts[0] = 1000.0
    nothing = LeverEffects(
        approval_log_amount=0,
        approval_log_odds=0,
        price_log_amount=0,
        price_log_odds=0,
        limit_log_amount=0,
        limit_log_odds=0,
    )
    plan = LendingPlan("table", amounts)
    priced = moved(sample_tables(panel_model(), months=12, plan=plan, effects=nothing), "price_add_on")
    added = [flow["interest"][1] - flow["interest"][0] for flow in priced]
    assert added[0] == 0.0
    assert added[1] == pytest.approx(3000.0 * 0.02 / 12, rel=0.02)  # less the month's own defaults
    risky = replace(nothing, approval_log_odds=0.35)
    lent = moved(sample_tables(panel_model(), months=12, plan=plan, effects=risky), "cut_off")
    assert lent[-1]["defaulted"][1] < lent[-1]["defaulted"][0]
    assert lent[0]["defaulted"][1] == lent[0]["defaulted"][0]


def test_with_effects_off_no_lever_does_anything():
    off = LeverEffects(**dict.fromkeys(assumptions(), 0.0))
    tables = sample_tables(panel_model(), plan=CONSTANT, effects=off)
    levers = np.vstack([np.zeros(5), np.ones(5), -np.ones(5)])
    _, flows = run(tables, 12, levers, books=3)
    for flow in flows:
        assert np.array_equal(flow.values[0], flow.values[1])
        assert np.array_equal(flow.values[0], flow.values[2])


def test_a_step_leaves_the_state_as_it_was():
    tables = sample_tables(panel_model(), plan=CONSTANT)
    state, _ = run(tables, 3)
    kept = state.live.copy()
    edge = np.ones((1, len(tables.parameters.origin)))
    first = step(state, np.zeros((1, 5)), edge, tables)
    second = step(state, np.zeros((1, 5)), edge, tables)
    assert np.array_equal(state.live, kept)
    assert np.array_equal(first[1].values, second[1].values)


def test_edges_are_sorted_by_what_they_mean():
    kinds = edge_kinds(panel_model())
    assert kinds.entry.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert kinds.roll.tolist() == [0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0]
    assert kinds.cure.tolist() == [0, 1, 0, 1, 1, 0, 1, 0, 0, 0, 0]
    one = edge_kinds(outcome_model())
    assert (one.entry.tolist(), one.roll.tolist(), one.cure.tolist()) == ([1, 0, 0], [1, 0, 0], [0, 0, 0])


def test_arrears_and_the_last_state_are_counted_whatever_loans_did_before():
    tables = sample_tables(memory_model(), months=6)
    state, flows = run(tables, 6)
    close = columns_at(tables, 6)["close"]
    late = (state.live[0, :, 2:].sum(axis=1) * close).sum()
    worst = (state.live[0, :, 4:6].sum(axis=1) * close).sum()
    assert flows[-1]["past_due"][0] == pytest.approx(late)
    assert flows[-1]["late"][0] == pytest.approx(worst)
    assert 0.0 < worst < late


def test_templates_are_one_unit_in_each_segment():
    parameters = panel_model(segments=4)
    columns = sample_columns(parameters)
    columns = replace(columns, segment=np.minimum(columns.segment, 2))  # nothing in segment 3
    made = template_columns(columns, 4)
    lent = np.bincount(made.segment, weights=made.weight * made.principal)
    assert lent == pytest.approx(np.ones(4))


@pytest.mark.parametrize(
    ("levers", "edge", "words"),
    [
        (np.full((1, 5), 1.5), None, "cut_off"),
        (np.array([[0.0, np.nan, 0, 0, 0]]), None, "price_add_on"),
        (np.zeros((1, 4)), None, "levers"),
        (np.zeros((1, 5)), np.full((1, 11), np.nan), "shocks"),
        (np.zeros((1, 5)), np.ones((2, 11)), "shocks"),
    ],
)
def test_wrong_arguments_are_named(levers, edge, words):
    tables = sample_tables(panel_model())
    edge = np.ones((1, 11)) if edge is None else edge
    with pytest.raises(UsageError, match=words):
        step(initial_state(tables), levers, edge, tables)


def test_a_month_beyond_the_tables_is_refused():
    tables = sample_tables(panel_model(), months=2)
    state, _ = run(tables, 2)
    with pytest.raises(UsageError, match="month"):
        step(state, np.zeros((1, 5)), np.ones((1, 11)), tables)


def test_wrong_tables_are_refused():
    tables = sample_tables(panel_model())
    with pytest.raises(ModelError, match="templates"):
        replace(tables, templates=tables.cells)
    with pytest.raises(UsageError, match="new_lending"):
        replace(tables, plan=LendingPlan("table"))
    with pytest.raises(UsageError, match="funding_annual_rate"):
        StepEconomics(funding_annual_rate=float("nan"))
    assert isinstance(tables.cells, Cells)
