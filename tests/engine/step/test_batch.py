"""The compiled step against the readable one."""

import numpy as np
import pytest

from loantwin.engine.step.batch import buffers, step_batch
from loantwin.engine.step.cohorts import LendingPlan
from loantwin.engine.step.step import step
from loantwin.engine.step.tables import FIGURES, initial_state
from loantwin.errors import UsageError
from loantwin.kernels import use_threads
from tests.engine.step.samples import memory_model, outcome_model, panel_model, sample_tables


def months_of(move, tables, levers, edge, index, reuse=None):
    state, found = initial_state(tables, len(levers)), []
    for month in range(len(edge)):
        extra = {} if reuse is None else {"reuse": reuse}
        state, flows = move(state, levers * np.cos(month), edge[month], tables, index[month], **extra)
        found.append((flows.values.copy(), flows.lent.copy(), state.live.copy(), state.due.copy()))
    return found


def luck(tables, books, months=12, seed=4):
    random = np.random.Generator(np.random.Philox(key=seed))
    edge = np.exp(0.5 * random.standard_normal((months, books, len(tables.parameters.origin))))
    return random.uniform(-1, 1, (books, 5)), edge, 0.01 * random.standard_normal((months, books))


@pytest.mark.parametrize("model", [panel_model, outcome_model, memory_model])
@pytest.mark.parametrize("kind", ["none", "constant-balance", "table"])
@pytest.mark.parametrize("in_place", [False, True])
def test_the_kernel_is_the_reference(model, kind, in_place):
    parameters = model()
    amounts = np.full((12, len(parameters.segments)), 3_000.0) if kind == "table" else None
    tables = sample_tables(parameters, months=12, plan=LendingPlan(kind, amounts))
    chance = luck(tables, 130)  # a whole chunk and a rest
    readable = months_of(step, tables, *chance)
    compiled = months_of(step_batch, tables, *chance, reuse=buffers(tables, 130) if in_place else None)
    for wanted, got in zip(readable, compiled, strict=True):
        for i, name in enumerate(FIGURES):
            scale = np.abs(wanted[0][:, i]).max() + 1e-9 * np.abs(wanted[0]).max()
            assert np.abs(got[0][:, i] - wanted[0][:, i]).max() <= 1e-11 * scale, name
        for one, other in zip(wanted[1:], got[1:], strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-10, atol=1e-12)  # approx is slow on large arrays


def test_one_and_two_threads_give_the_same_bits():
    tables = sample_tables(panel_model(), months=6, plan=LendingPlan("constant-balance"))
    chance = luck(tables, 300, months=6)
    answers = []
    for threads in (1, 2):
        use_threads(threads)
        answers.append(months_of(step_batch, tables, *chance))
    use_threads(0)
    for one, two in zip(*answers, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_without_reuse_the_state_stays_as_it_was():
    tables = sample_tables(panel_model(), months=6, plan=LendingPlan("constant-balance"))
    levers, edge, index = luck(tables, 10, months=6)
    first, _ = step_batch(initial_state(tables, 10), levers, edge[0], tables, index[0])
    kept = [first.live.copy(), first.due.copy(), first.in_default.copy(), first.entry.copy()]
    one = step_batch(first, levers, edge[1], tables, index[1])[1].values
    assert all(
        np.array_equal(a, b)
        for a, b in zip(kept, (first.live, first.due, first.in_default, first.entry), strict=True)
    )
    assert np.array_equal(one, step_batch(first, levers, edge[1], tables, index[1])[1].values)


def test_wrong_levers_are_named_before_any_memory_is_touched():
    tables = sample_tables(panel_model(), months=2)
    with pytest.raises(UsageError, match="limit"):
        step_batch(initial_state(tables), np.array([[0, 0, 2.0, 0, 0]]), np.ones((1, 11)), tables)
