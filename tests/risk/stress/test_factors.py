"""Shapley values by hand, and that they always add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantwin.errors import RiskError
from loantwin.risk.stress.factors import coalitions, shapley


def test_two_factors_share_what_only_both_do():
    # none 10, first alone +4, second alone +6, both +16: the 6 beyond their sum is halved
    assert shapley(["a", "b"], np.array([10.0, 14.0, 16.0, 26.0])) == {"a": 7.0, "b": 9.0}


def test_three_players_of_the_glove_game():
    # one left glove (a), two right ones (b, c): a pair is worth 1; the known values are 4/6, 1/6, 1/6
    worth = [float(left and (right or other)) for left, right, other in coalitions(3)]
    found = shapley(["a", "b", "c"], np.array(worth))
    assert found == pytest.approx({"a": 4 / 6, "b": 1 / 6, "c": 1 / 6})


@given(st.integers(1, 5), st.integers(0, 10_000))
def test_parts_add_up_and_an_idle_factor_has_none(count, seed):
    values = np.random.Generator(np.random.Philox(key=seed)).normal(size=2**count)
    names = [str(place) for place in range(count)]
    assert sum(shapley(names, values).values()) == pytest.approx(values[-1] - values[0], abs=1e-9)
    idle = np.concatenate([values, values])  # the last factor changes nothing
    assert shapley([*names, "idle"], idle)["idle"] == pytest.approx(0.0, abs=1e-12)


def test_what_does_not_fit_is_refused():
    with pytest.raises(RiskError, match="4 values"):
        shapley(["a", "b"], np.zeros(3))
    with pytest.raises(RiskError, match="at most"):
        coalitions(30)
