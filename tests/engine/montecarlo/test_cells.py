"""Cell by cell: the sampler against exact moments over a grid, the chain against exact mean and variance."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from loantwin.engine.expectation import conditional_flows
from loantwin.engine.montecarlo.cells import simulate_cells
from loantwin.engine.montecarlo.kernels import binomial_draws
from loantwin.engine.path import FIGURES, expected_path
from loantwin.engine.randomness import key_of
from loantwin.engine.rows import shocks as month_shocks
from loantwin.errors import ModelError
from loantwin.kernels import use_threads
from tests.engine.step.samples import outcome_model, panel_model, sample_macro, sample_tables

GRID = [
    (n, p)
    for n in (1, 2, 7, 19, 21, 50, 139, 1_000, 20_000, 1_000_000)
    for p in (1e-5, 0.003, 0.02, 0.1, 0.37, 0.5, 0.63, 0.9, 0.98, 0.9997)
]
GRID += [(30, 1 / 3), (21, 0.476), (20, 0.5), (1_000, 0.01), (1_000, 0.99), (10**9, 1e-8), (10**9, 1e-6)]


def draws(pairs, count, seed=4):
    found = np.empty((len(pairs), count), dtype=np.int64)
    binomial_draws(*key_of(seed), np.array([n for n, _ in pairs]), np.array([p for _, p in pairs]), found)
    return found


def test_the_sampler_has_the_exact_moments_over_the_grid():
    count = 200_000
    found = draws(GRID, count)
    for (n, p), sample in zip(GRID, found, strict=True):
        assert sample.min() >= 0
        assert sample.max() <= n
        mean, variance, skew, kurtosis = (float(item) for item in stats.binom.stats(n, p, moments="mvsk"))
        assert abs(sample.mean() - mean) < 4.8 * (variance / count) ** 0.5, (n, p)
        spread_error = variance * ((kurtosis + 2.0) / count) ** 0.5
        assert abs(sample.var() - variance) < 4.8 * spread_error + 25 * variance / count, (n, p)
        if n * p > 10 and n * (1 - p) > 10:
            assert abs(stats.skew(sample) - skew) < 5 * (6 / count) ** 0.5, (n, p)


@pytest.mark.parametrize(("n", "p"), [(12, 0.3), (19, 0.52), (40, 0.26), (60, 0.71), (400, 0.03), (90, 0.5)])
def test_the_sampler_has_the_exact_distribution(n, p):
    count = 400_000
    sample = draws([(n, p)], count, seed=77)[0]
    wanted = stats.binom.pmf(np.arange(n + 1), n, p) * count
    seen = np.bincount(sample, minlength=n + 1)
    common = wanted > 20
    statistic = ((seen - wanted)[common] ** 2 / wanted[common]).sum()
    assert stats.chi2.sf(statistic, common.sum() - 1) > 1e-4


def test_certain_cases_are_certain():
    found = draws([(9, 0.0), (9, 1.0), (0, 0.5)], 100)
    assert (found == np.array([[0], [9], [0]])).all()


@pytest.mark.parametrize("model", [panel_model, outcome_model])
def test_counts_have_the_multinomial_s_mean_and_variance(model):
    """Given the economy a cell's loans are independent: counts by state are binomial with the occupancy's
    probability.
    """
    parameters, paths, number = model(), 4_000, 25
    tables = sample_tables(parameters, months=10)
    macro, latent = sample_macro(parameters, 10)
    one = replace(
        tables.cells,
        **{
            name: getattr(tables.cells, name)[:1]
            for name in tables.cells.__dataclass_fields__
            if name != "index_path"
        },
    )
    edge = np.repeat(month_shocks(parameters, macro, latent)[None], paths, axis=0)
    counts = simulate_cells(parameters, one, tables.lgd, edge, 6, number=np.array([number])).counts
    assert (counts.sum(axis=2) == number).all()
    where = expected_path(parameters, one, macro, latent)
    probability = np.concatenate([where.live[1:, 0], where.entered[:, 0].cumsum(axis=0)], axis=1)
    mean, variance = number * probability, number * probability * (1 - probability)
    assert (np.abs(counts.mean(axis=0) - mean) < 4.8 * (variance / paths) ** 0.5 + 1e-9).all()
    assert counts.var(axis=0)[variance > 1] == pytest.approx(variance[variance > 1], rel=0.15)


def test_flows_mean_the_conditional_expectation():
    parameters, paths = panel_model(), 600
    tables = sample_tables(parameters, months=10)
    macro, latent = sample_macro(parameters, 10)
    edge = np.repeat(month_shocks(parameters, macro, latent)[None], paths, axis=0)
    found = simulate_cells(parameters, tables.cells, tables.lgd, edge, 6).flows
    wanted = conditional_flows(parameters, tables.cells, tables.lgd, edge[:1])
    for name in FIGURES:
        value, goal = getattr(found, name)[:, 0], getattr(wanted, name)[0, 0]
        error = value.std(axis=0, ddof=1) / paths**0.5
        assert (np.abs(value.mean(axis=0) - goal) <= 5 * error + 1e-9 * np.abs(goal).max() + 1e-9).all(), name
    assert found.opening[0, 0] == pytest.approx(tables.cells.balance[:, 0].sum())


def test_groups_add_up_and_threads_change_no_bit():
    parameters = panel_model()
    tables = sample_tables(parameters, months=6)
    cells = replace(tables.cells, group=tables.cells.segment)
    edge = np.ones((50, 6, len(parameters.origin)))
    answers = []
    for threads in (1, 2):
        use_threads(threads)
        answers.append(simulate_cells(parameters, cells, tables.lgd, edge, 6, groups=3))
    use_threads(0)
    whole = simulate_cells(parameters, cells, tables.lgd, edge, 6)
    for name in FIGURES:
        one, two = (getattr(answer.flows, name) for answer in answers)
        assert np.array_equal(one, two), name
        assert one.sum(axis=1) == pytest.approx(getattr(whole.flows, name)[:, 0], rel=1e-9, abs=1e-9), name
    assert np.array_equal(answers[0].counts, whole.counts)


def test_wrong_numbers_are_named():
    parameters = panel_model()
    tables = sample_tables(parameters, months=6)
    edge = np.ones((1, 6, len(parameters.origin)))
    with pytest.raises(ModelError, match="number"):
        simulate_cells(parameters, tables.cells, tables.lgd, edge, 1, number=np.array([0]))
    with pytest.raises(ModelError, match="shocks"):
        simulate_cells(parameters, tables.cells, tables.lgd, edge[:, :, 1:], 1)
