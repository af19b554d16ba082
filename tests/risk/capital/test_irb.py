"""IRB capital: the Committee's published risk weights, an independent library, the scalar oracle, properties,
bad input.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from loantwin.errors import RiskError
from loantwin.risk import irb_capital, irb_risk_weight
from loantwin.risk.capital import kernels
from loantwin.risk.capital.classes import NAMES
from loantwin.risk.capital.irb import POLE
from loantwin.risk.capital.reference import irb_steps

# BCBS (June 2006) annex 5, "Illustrative IRB risk weights", per cent; columns: corporate LGD 45 % M 2.5 with
# sales of 50 and of 5 million euro, mortgage LGD 45 % and 25 %, other retail 45 % and 85 %, qualifying
# revolving 45 % and 85 %
PUBLISHED = """
0.03 14.44 11.30 4.15 2.30 4.45 8.41 0.98 1.85
0.05 19.65 15.39 6.23 3.46 6.63 12.52 1.51 2.86
0.10 29.65 23.30 10.69 5.94 11.16 21.08 2.71 5.12
0.25 49.47 39.01 21.30 11.83 21.15 39.96 5.76 10.88
0.40 62.72 49.49 29.94 16.64 28.42 53.69 8.41 15.88
0.50 69.61 54.91 35.08 19.49 32.36 61.13 10.04 18.97
0.75 82.78 65.14 46.46 25.81 40.10 75.74 13.80 26.06
1.00 92.32 72.40 56.40 31.33 45.77 86.46 17.22 32.53
1.30 100.95 78.77 67.00 37.22 50.80 95.95 21.02 39.70
1.50 105.59 82.11 73.45 40.80 53.37 100.81 23.40 44.19
2.00 114.86 88.55 87.94 48.85 57.99 109.53 28.92 54.63
2.50 122.16 93.43 100.64 55.91 60.90 115.03 33.98 64.18
3.00 128.44 97.58 111.99 62.22 62.79 118.61 38.66 73.03
4.00 139.58 105.04 131.63 73.13 65.01 122.80 47.16 89.08
5.00 149.86 112.27 148.22 82.35 66.42 125.45 54.75 103.41
6.00 159.61 119.48 162.52 90.29 67.73 127.94 61.61 116.37
10.00 193.09 146.51 204.41 113.56 75.54 142.69 83.89 158.47
15.00 221.54 171.91 235.72 130.96 88.60 167.36 103.89 196.23
20.00 238.23 188.42 253.12 140.62 100.28 189.41 117.99 222.86
"""
COLUMNS = (
    ("corporate", 0.45, 50.0),
    ("corporate", 0.45, 5.0),
    ("retail_mortgage", 0.45, None),
    ("retail_mortgage", 0.25, None),
    ("retail_other", 0.45, None),
    ("retail_other", 0.85, None),
    ("retail_revolving", 0.45, None),
    ("retail_revolving", 0.85, None),
)
TABLE = np.array([[float(word) for word in line.split()] for line in PUBLISHED.split("\n") if line])


@pytest.mark.parametrize(("place", "column"), list(enumerate(COLUMNS, start=1)))
def test_the_published_illustrative_risk_weights(place: int, column: tuple[str, float, float | None]) -> None:
    """The annex was made with a spreadsheet's normal distribution: its last digit is out by up to 0.0067."""
    asset_class, lgd, sales = column
    made = irb_risk_weight(TABLE[:, 0] / 100, lgd, 2.5, asset_class, sales, input_floors=False)
    assert 100 * made == pytest.approx(TABLE[:, place], abs=0.007)


decimals = st.floats(0.0005, 0.9999)


@settings(deadline=None, max_examples=100)
@given(
    pd=decimals, lgd=st.floats(0, 1), maturity=st.floats(1, 5), sales=st.one_of(st.none(), st.floats(0, 100))
)
def test_an_independent_library_agrees_above_its_floors(
    oracle: Any, pd: float, lgd: float, maturity: float, sales: float | None
) -> None:
    """creditriskengine 0.31. Left out, since they differ by choice and not by error here:

    - a defaulted exposure is weighted 0 there (to be added apart), max(0, LGD - EL) here (CRE31.3);
    - transactors get 0.75 x the weight there; the standard gives them a lower PD floor and no factor
      (CRE32.58);
    - its revolving PD floor of 0.10 % binds transactors too.
    """
    independent = oracle("creditriskengine.rwa.irb.formulas")
    names = {
        "corporate": "corporate",
        "retail_mortgage": "residential_mortgage",
        "retail_other": "other_retail",
    }
    for own, other in names.items():
        used = sales if own == "corporate" else None
        wanted = independent.irb_risk_weight(pd, lgd, other, maturity, used) / 100
        assert irb_risk_weight(pd, lgd, maturity, own, sales, input_floors=False) == pytest.approx(
            wanted, rel=1e-9, abs=1e-12
        )
    if pd >= 0.001:
        wanted = independent.irb_risk_weight(pd, lgd, "qrre") / 100
        assert irb_risk_weight(pd, lgd, 2.5, "retail_revolving", input_floors=False) == pytest.approx(
            wanted, rel=1e-9, abs=1e-12
        )


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.floats(1e-5, 1), st.just(0.0), st.just(1.0)),
            st.floats(0, 1),
            st.floats(1, 5),
            st.sampled_from(NAMES),
            st.one_of(st.none(), st.floats(0, 80)),
            st.booleans(),
            st.floats(0, 1),
        ),
        min_size=1,
        max_size=20,
    ),
    st.booleans(),
)
def test_the_kernel_equals_the_scalar_oracle(loans: list[tuple[Any, ...]], floors: bool) -> None:
    pd, lgd, maturity, names, sales, transactor, elbe = (list(column) for column in zip(*loans, strict=True))
    made = irb_capital(
        pd, lgd, maturity, names, [math.nan if s is None else s for s in sales], transactor, elbe, floors
    )
    wanted = [irb_steps(*loan, floors).capital for loan in loans]
    assert np.asarray(made) == pytest.approx(wanted, rel=1e-11, abs=1e-15)


def test_normal_distribution_to_the_last_digits_in_both_tails() -> None:
    draw = np.random.Generator(np.random.Philox(key=7))
    small = 10.0 ** -draw.uniform(0.0, 300.0, 20_000)
    p = np.concatenate(
        [small, draw.uniform(0.0, 1.0, 20_000), 1.0 - 10.0 ** -draw.uniform(0.0, 15.0, 20_000)]
    )
    p = p[(p > 0.0) & (p < 1.0)]
    x = draw.uniform(-37.0, 9.0, len(p))
    inverse, cumulative = np.empty(len(p)), np.empty(len(p))
    kernels.normal_pairs(p, x, inverse, cumulative)
    assert np.abs(inverse - ndtri(p)).max() < 1e-12
    assert np.abs(cumulative / ndtr(x) - 1.0).max() < 1e-12


def test_many_exposures_on_threads_equal_few_without() -> None:
    draw = np.random.Generator(np.random.Philox(key=3))
    count = 20_000
    names = draw.choice(np.array(NAMES), count)
    pd, lgd, maturity, sales = (
        draw.uniform(*span, count) for span in ((0.0, 0.3), (0.0, 1.0), (1.0, 5.0), (0.0, 60.0))
    )
    made = irb_capital(pd, lgd, maturity, names, sales)
    parts = [slice(start, start + 1000) for start in range(0, count, 1000)]
    few = [irb_capital(pd[part], lgd[part], maturity[part], names[part], sales[part]) for part in parts]
    assert made.tolist() == np.concatenate(few).tolist()
    with pytest.raises(RiskError, match="row 7, field asset_class: expected one of corporate"):
        irb_capital(pd, lgd, asset_class=np.where(np.arange(count) == 6, "retail_othe", names))


def test_floors_of_the_final_framework() -> None:
    def weight(pd: float, lgd: float, name: str, **more: Any) -> float:
        return irb_risk_weight(pd, lgd, asset_class=name, **more)

    floors = {"corporate": (0.0005, 0.25), "retail_mortgage": (0.0005, 0.05), "retail_other": (0.0005, 0.30)}
    for name, (pd, lgd) in floors.items():
        assert weight(0.0, 0.0, name) == weight(pd, lgd, name, input_floors=False) > 0.0
    assert weight(0.0, 0.0, "retail_revolving") == weight(0.001, 0.5, "retail_revolving", input_floors=False)
    assert weight(0.0, 0.0, "retail_revolving", transactor=True) == weight(
        0.0005, 0.5, "retail_revolving", input_floors=False
    )
    assert weight(0.0, 0.45, "sovereign") == 0.0


def test_edges_of_pd() -> None:
    assert irb_capital(0.0, 0.45, input_floors=False) == 0.0
    assert irb_capital(1.0, 0.45, elbe=0.30) == pytest.approx(0.15)
    assert irb_capital(1.0, 0.45, elbe=0.50) == 0.0
    assert irb_capital(1.0, 0.20, elbe=0.05) == pytest.approx(0.15), "CRE31.3 reads the LGD as it is"
    mixed = irb_capital([0.0, 1.0], 0.45, elbe=[math.nan, 0.2], input_floors=False)
    assert mixed == pytest.approx([0.0, 0.25])


def test_a_maturity_of_one_year_has_no_adjustment_and_no_pole() -> None:
    plain = [irb_capital(pd, 0.45, 1.0, input_floors=False) for pd in (1e-7, 0.001, 0.3)]
    bare = [irb_steps(pd, 0.45, 1.0, input_floors=False) for pd in (1e-7, 0.001, 0.3)]
    assert plain == pytest.approx([0.45 * (step.conditional_pd - step.pd) for step in bare])
    assert irb_capital(0.001, 0.45, 1.0 + 1e-9) == pytest.approx(irb_capital(0.001, 0.45, 1.0))


def test_sme_adjustment_between_5_and_50_million() -> None:
    weights = irb_risk_weight(0.01, 0.45, annual_sales=np.array([0.0, 5.0, 27.5, 50.0, 900.0, math.nan]))
    assert weights[0] == weights[1] < weights[2] < weights[3]
    assert weights[3] == weights[4] == weights[5] == irb_risk_weight(0.01, 0.45)
    assert irb_risk_weight(0.01, 0.45, asset_class="bank", annual_sales=5.0) == weights[5]


def test_shapes_scalars_and_codes() -> None:
    assert isinstance(irb_capital(0.01, 0.45), float)
    assert isinstance(irb_risk_weight(np.float64(0.01), 0.45), float)
    grid = irb_capital(np.array([[0.01], [0.02]]), np.array([0.4, 0.45, 0.5]))
    assert grid.shape == (2, 3)
    assert grid[1, 2] == irb_capital(0.02, 0.5)
    names = np.array(["retail_other", "corporate"], dtype=object)
    assert (
        irb_capital(0.01, 0.45, asset_class=names) == irb_capital(0.01, 0.45, asset_class=np.array([3, 0]))
    ).all()
    assert irb_capital([], []).shape == (0,)
    assert irb_capital(0.01, 0.45, 7.0, "retail_other") == irb_capital(0.01, 0.45, 2.5, "retail_other"), (
        "retail reads no maturity"
    )


@settings(deadline=None, max_examples=100)
@given(lgd=st.floats(0.01, 1), low=st.floats(1, 5), high=st.floats(1, 5), pd=st.floats(0.0005, 0.5))
def test_more_loss_and_longer_life_never_cost_less(lgd: float, low: float, high: float, pd: float) -> None:
    low, high = min(low, high), max(low, high)
    assert irb_capital(pd, lgd, low) <= irb_capital(pd, lgd, high) * (1 + 1e-12)
    assert irb_capital(pd, lgd / 2) <= irb_capital(pd, lgd)
    assert irb_capital(pd, lgd, asset_class="financial") >= irb_capital(pd, lgd)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pd": 1.2}, "field pd: expected a value from 0 to 1, was 1.2"),
        ({"pd": -0.1}, "field pd"),
        ({"pd": math.nan}, "field pd: expected a value from 0 to 1, was 'NaN or infinity'"),
        ({"pd": np.array([0.1, math.nan])}, "row 2, field pd"),
        ({"pd": "high"}, "field pd: expected numbers"),
        ({"lgd": 1.5}, "field lgd"),
        ({"maturity": 0.5}, "field maturity: expected a value from 1 to 5, was 0.5"),
        (
            {"maturity": np.array([2.0, 6.0]), "asset_class": np.array(["retail_other", "corporate"])},
            "row 2, field maturity",
        ),
        ({"asset_class": "retail"}, "field asset_class: expected one of corporate"),
        ({"asset_class": np.array(["corporate", "corporates"])}, "row 2, field asset_class"),
        ({"asset_class": 9}, "field asset_class: expected a code"),
        ({"annual_sales": -1.0}, "field annual_sales"),
        ({"annual_sales": math.inf}, "field annual_sales"),
        ({"transactor": 0.5}, "field transactor: expected true or false"),
        ({"pd": 1.0}, "field elbe: expected elbe"),
        ({"pd": np.array([0.5, 1.0]), "elbe": np.array([0.1, math.nan])}, "row 2, field elbe"),
        (
            {"pd": np.array([0.1, 0.2]), "lgd": np.array([0.1, 0.2, 0.3])},
            "expected arguments whose shapes fit together",
        ),
        ({"pd": POLE / 2, "input_floors": False}, "field pd: expected 0, or above 2.9e-06"),
    ],
)
def test_bad_input_names_its_field(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(RiskError, match=words.replace("(", r"\(")):
        irb_capital(**{"pd": 0.01, "lgd": 0.45, **changes})
