"""The one rule by which an economy's index enters floating loans."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import loantwin as lt
from loantwin.engine.columns import take
from loantwin.engine.expectation import conditional_flows
from loantwin.outlook.outlook import Economy, Outlook

MONTHS = 12


@pytest.fixture(scope="module")
def outlook(panel_home):
    with lt.open(panel_home) as twin:
        made = Outlook(twin)
        assert made.columns.floating.any()
        yield made


def economy(outlook, *index):
    """Return an economy without covariates' moves whose index is held at each of the given rates."""
    factors = len(outlook.twin.model.covariates)
    return Economy(
        None, np.zeros((len(index), MONTHS, factors)), np.array([[rate] * MONTHS for rate in index])
    )


def interest(outlook, cells, given, paths, odds=1.0):
    model = outlook.twin.model
    shocks = np.full((paths, MONTHS, len(model.parameters.origin)), odds)
    made = conditional_flows(
        model.parameters, cells, model.lgd, shocks, index_paths=given.index_paths(cells, paths)
    )
    return made.interest.sum(axis=1)


def test_contracts_are_laid_out_on_the_mean_path(outlook):
    several, mean = economy(outlook, 0.02, 0.06), economy(outlook, 0.04)
    for name in ("balance", "interest", "partial", "exposure"):
        one, other = (getattr(outlook.cells(given, MONTHS), name) for given in (several, mean))
        assert np.array_equal(one, other)
    assert np.array_equal(outlook.cells(several, 6).balance, outlook.cells(economy(outlook, 0.04), 6).balance)


def test_each_path_pays_its_own_index_and_their_mean_that_of_the_mean_path(outlook):
    given = economy(outlook, 0.02, 0.06)
    cells = outlook.cells(given, MONTHS)
    low, high = interest(outlook, cells, given, 2)
    middle = interest(outlook, cells, economy(outlook, 0.04), 1)[0]
    assert (high > middle).all()
    np.testing.assert_allclose((low + high) / 2, middle, rtol=1e-12)
    # by hand, where nobody defaults: what current loans owe whose rate moves, by 4 points a year, a twelfth
    columns = outlook.columns
    free = columns.floating & (columns.rate_floor < 0.02 + columns.rate_spread) & (columns.state == 0)
    free &= columns.rate_cap > 0.06 + columns.rate_spread
    part = take(columns, free)
    moved = outlook.cells(given, MONTHS, replace(part, group=np.zeros_like(part.group)))
    first = np.diff(interest(outlook, moved, given, 2, 0.0)[:, 0])[0]
    assert first == pytest.approx((part.weight * part.principal).sum() * 0.04 / 12, rel=1e-9)


def test_one_stated_path_is_in_the_cells_and_no_index_leaves_rates_in_force(outlook):
    stated = economy(outlook, 0.06)
    cells = outlook.cells(stated, MONTHS)
    assert stated.index_paths(cells, 500) is None
    many = interest(outlook, cells, stated, 3)
    np.testing.assert_allclose(many, np.tile(many[:1], (3, 1)))
    np.testing.assert_allclose(many[0], interest(outlook, cells, stated, 1)[0], rtol=1e-12)
    held = replace(stated, index=None)
    assert outlook.cells(held, MONTHS).index_path is None
    assert held.index_paths(cells, 1) is None
