from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantwin.errors import RiskError
from loantwin.migrations.matrices import (
    check_matrix,
    default_curve,
    marginal,
    matrix,
    mobility,
    monotone,
    power,
    without_withdrawn,
)
from loantwin.migrations.reading import read_matrices

TWO = np.array([[0.9, 0.1], [0.0, 1.0]])
WITH_NR = np.array([[0.72, 0.08, 0.20], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
STATES = ("A", "D", "NR")


def drawn(seed: int, size: int) -> np.ndarray:
    made = np.random.default_rng(seed).dirichlet(np.full(size, 0.7), size)
    made[-1] = np.eye(size)[-1]
    return made


def test_withdrawn_by_hand() -> None:
    published = matrix(WITH_NR, STATES)
    np.testing.assert_allclose(without_withdrawn(published, "proportional").values, [[0.9, 0.1], [0, 1]])
    np.testing.assert_allclose(without_withdrawn(published, "no-default").values, [[0.92, 0.08], [0, 1]])
    kept = without_withdrawn(published, "keep")
    assert kept.states == STATES
    assert kept.withdrawn == 2
    assert without_withdrawn(published).default == 1


def test_withdrawn_agrees_with_the_adjusted_table_of_others(data: Path) -> None:
    raw, adjusted = (
        read_matrices(data / "ratings/sp_1981-2016.csv"),
        read_matrices(data / "ratings/sp_NR_adjusted.json"),
    )
    for one, other in zip(raw, adjusted, strict=True):
        np.testing.assert_allclose(
            without_withdrawn(one).values, other.values, atol=2e-5
        )  # theirs is rounded to five places


def test_published_years_are_not_powers_of_the_first(data: Path) -> None:
    """Ratings remember: a one-year matrix multiplied by itself says too few defaults of good grades, too many
    of CCC.
    """
    found = {item.years: without_withdrawn(item) for item in read_matrices(data / "ratings/sp_1981-2016.csv")}
    five, ten = (power(found[1.0].values, years)[:, 7] for years in (5, 10))
    assert found[10.0].values[3, 7] == pytest.approx(
        0.0783, abs=5e-5
    )  # BBB: 4.56 of 58.2 percent still rated
    assert (found[5.0].values[[0, 1, 2, 3, 4, 5], 7] > five[[0, 1, 2, 3, 4, 5]]).all()
    assert found[2.0].values[6, 7] < power(found[1.0].values, 2)[6, 7]
    assert found[10.0].values[3, 7] / ten[3] > 1.4


def test_default_curve_is_the_column_of_powers() -> None:
    cells = drawn(3, 5)
    curve = default_curve(cells, 4, 6)
    for year in range(1, 7):
        np.testing.assert_allclose(curve[year - 1], np.linalg.matrix_power(cells, year)[:, 4])
    np.testing.assert_allclose(marginal(curve).sum(axis=0), curve[-1])


@given(st.integers(0, 1000), st.integers(2, 7), st.integers(0, 6), st.integers(0, 6))
def test_powers_add_up_and_stay_matrices(seed: int, size: int, one: int, other: int) -> None:
    cells = drawn(seed, size)
    both = power(cells, one + other)
    check_matrix(both, default=size - 1)
    np.testing.assert_allclose(power(cells, one) @ power(cells, other), both, atol=1e-12)


def test_mobility_of_two_states_by_hand() -> None:
    assert mobility(np.eye(3)) == 0
    # P - I = [[-0.1, 0.1], [0, 0]]: singular values sqrt(0.02) and 0
    assert mobility(TWO) == pytest.approx(np.sqrt(0.02) / 2)


def test_monotone_finds_a_crossing() -> None:
    cells = np.array([[0.8, 0.1, 0.1], [0.2, 0.75, 0.05], [0, 0, 1.0]])
    assert monotone(cells) == (False, True)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([[0.9, 0.05], [0, 1]], "row A"),
        ([[1.1, -0.1], [0, 1]], "row A"),
        ([[0.9, float("nan")], [0, 1]], "row A"),
        ([[0.9, 0.1], [0.1, 0.9]], "absorbs"),
        ([[0.9, 0.1]], "square"),
    ],
)
def test_bad_matrices_name_the_row(cells: list[list[float]], words: str) -> None:
    with pytest.raises(RiskError, match=words):
        matrix(np.array(cells), ("A", "D"))


def test_bad_choices() -> None:
    with pytest.raises(RiskError, match="proportional"):
        without_withdrawn(matrix(WITH_NR, STATES), "drop")  # type: ignore[arg-type]
    with pytest.raises(RiskError, match="rated customers left"):
        without_withdrawn(matrix(np.array([[0, 0, 1.0], [0, 1, 0], [0, 0, 1]]), STATES))
    with pytest.raises(RiskError, match="whole number"):
        power(TWO, 1.5)  # type: ignore[arg-type]
    with pytest.raises(RiskError, match="years"):
        matrix(TWO, ("A", "D"), 0)
