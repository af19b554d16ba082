"""Factor models: correlation matrices that are none, their repair, and what is refused by name."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import RiskError
from loantwin.risk.loss.copula.factors import factor_model, nearest_correlation, obligors

INDEFINITE = np.array([[1.0, 0.9, 0.7], [0.9, 1.0, -0.3], [0.7, -0.3, 1.0]])


def test_an_indefinite_matrix_is_refused_and_repaired_on_request_only() -> None:
    with pytest.raises(RiskError, match=r"positive semi-definite.*least eigenvalue") as caught:
        factor_model(0.1, INDEFINITE)
    assert caught.value.field == "correlation"
    made = factor_model(0.1, INDEFINITE, repair=True)
    assert "nearest one taken" in made.notes[0]
    assert np.linalg.eigvalsh(made.correlation)[0] >= -1e-9
    assert np.diag(made.correlation) == pytest.approx(np.ones(3), abs=1e-12)
    assert factor_model(0.1, np.eye(3), repair=True).notes == ()


def test_nearest_correlation_of_higham() -> None:
    # Higham (2002), section 5: the nearest matrix to this one keeps 0.7607 beside the diagonal and 0.1573 in
    # the corner
    given_matrix = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    exact = np.array([[1.0, 0.7607, 0.1573], [0.7607, 1.0, 0.7607], [0.1573, 0.7607, 1.0]])
    assert nearest_correlation(given_matrix) == pytest.approx(exact, abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(2, 7))
def test_the_nearest_matrix_beats_others(seed: int, size: int) -> None:
    draw = np.random.Generator(np.random.Philox(key=seed))
    raw = np.clip(draw.normal(0, 0.6, (size, size)), -1, 1)
    raw = (raw + raw.T) / 2
    np.fill_diagonal(raw, 1.0)
    made = nearest_correlation(raw)
    assert np.linalg.eigvalsh(made)[0] > -1e-8
    factor = draw.normal(size=(size, size))
    other = factor @ factor.T
    other /= np.sqrt(np.outer(np.diag(other), np.diag(other)))
    for share in (0.01, 0.3, 1.0):  # the set is convex: any step towards another member leads away
        assert np.linalg.norm(made - raw) <= np.linalg.norm((1 - share) * made + share * other - raw) + 1e-6


def test_root_gives_the_correlation_back() -> None:
    draw = np.random.Generator(np.random.Philox(key=3))
    factor = draw.normal(size=(6, 3))  # rank 3
    matrix = factor @ factor.T
    matrix /= np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    np.fill_diagonal(matrix, 1.0)
    model = factor_model(0.2, matrix)
    assert model.root.shape == (6, 3)
    assert model.root @ model.root.T == pytest.approx(matrix, abs=1e-10)
    # two sectors: the second vector is a difference, whose sum is rounding
    assert (factor_model([0.1, 0.2], np.array([[1.0, 0.3], [0.3, 1.0]])).root[0] > 0.5).all()
    assert factor_model([0.1, 0.2, 0.3]).root == pytest.approx(np.ones((3, 1)))


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("asset_correlation", {"asset_correlation": 1.0}),
        ("asset_correlation", {"asset_correlation": [0.1, math.nan]}),
        ("asset_correlation", {"asset_correlation": [0.1, 0.2, 0.3]}),
        ("correlation", {"correlation": np.eye(3)}),
        ("correlation", {"correlation": np.array([[1.0, 0.5], [0.4, 1.0]])}),
        ("correlation", {"correlation": np.array([[1.0, 0.5], [0.5, 0.9]])}),
        ("correlation", {"correlation": np.array([[1.0, 1.5], [1.5, 1.0]])}),
        ("correlation", {"correlation": np.array([[1.0, math.nan], [math.nan, 1.0]])}),
        ("degrees_of_freedom", {"degrees_of_freedom": 2.0}),
        ("lgd_model", {"lgd_model": "beta"}),
        ("lgd_spread", {"lgd_spread": 1.5}),
    ],
)
def test_bad_models_are_named(field: str, change: dict[str, object]) -> None:
    with pytest.raises(RiskError) as caught:
        factor_model(**{"asset_correlation": 0.1, "sectors": ("a", "b"), **change})  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("exposure", {"exposure": [1.0, -1.0]}),
        ("exposure", {"exposure": []}),
        ("exposure", {"exposure": [1.0, math.inf]}),
        ("pd", {"pd": [0.1, 1.01]}),
        ("pd", {"pd": [0.1, math.nan]}),
        ("pd", {"pd": [0.1]}),
        ("lgd", {"lgd": [0.1, 1.1]}),
        ("sector", {"sector": [0, 2]}),
        ("sector", {"sector": [0.0, 1.0]}),
        ("sector", {"sector": [0, 0]}),
        ("segment", {"segment": [0, 2], "segments": ("x", "y", "z")}),
    ],
)
def test_bad_books_are_named(field: str, change: dict[str, object]) -> None:
    model = factor_model([0.1, 0.2])
    good: dict[str, object] = {"exposure": [1.0, 2.0], "pd": [0.1, 0.1], "lgd": 0.5, "sector": [0, 1]}
    with pytest.raises(RiskError) as caught:
        obligors(model, **{**good, **change})  # type: ignore[arg-type]
    assert caught.value.field == field
