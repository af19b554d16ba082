"""What another team hands to the functions of `loantwin.risk`: lists, flags as 0 and 1, missing values, rows
that do not fit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loantwin.errors import RiskError
from loantwin.risk import credit_risk_plus, irb_capital, standardised_risk_weight, vasicek_quantile

THREE: tuple[list[float], ...] = ([100.0, 200.0, 300.0], [0.01, 0.02, 0.03], [0.005, 0.01, 0.015])
RAGGED: Any = [[0.1], [0.1, 0.2]]


@pytest.mark.parametrize(
    "flags", [[1, 0], [1.0, 0.0], np.array([True, False], dtype=object), (np.True_, np.False_)]
)
def test_flags_of_a_table_that_met_missing_values_are_read(flags: Any) -> None:
    made = irb_capital([0.0001, 0.0001], 0.6, asset_class="retail_revolving", transactor=flags)
    assert made.tolist() == [
        irb_capital(0.0001, 0.6, asset_class="retail_revolving", transactor=True),
        irb_capital(0.0001, 0.6, asset_class="retail_revolving"),
    ]
    assert standardised_risk_weight(["corporate"] * 2, defaulted=flags).tolist() == [1.5, 1.0]


@pytest.mark.parametrize("flags", [None, 0.5, 2, "yes", [True, None], [float("nan"), 1.0]])
def test_a_flag_that_is_neither_true_nor_false_is_refused(flags: Any) -> None:
    with pytest.raises(RiskError, match="transactor"):
        irb_capital(0.01, 0.6, asset_class="retail_revolving", transactor=flags)


@pytest.mark.parametrize("floors", ["no", None, [True, False], 0])
def test_input_floors_is_one_flag_for_all(floors: Any) -> None:
    with pytest.raises(RiskError, match="input_floors"):
        irb_capital(0.01, 0.1, input_floors=floors)


def test_a_sovereign_has_no_floor_and_so_meets_the_pole() -> None:
    with pytest.raises(RiskError, match="pd"):
        irb_capital([0.01, 1e-7], 0.45, asset_class=["corporate", "sovereign"])
    assert irb_capital(1e-7, 0.45, asset_class="corporate") > 0
    assert irb_capital(1e-7, 0.45, maturity=1, asset_class="sovereign") >= 0


def test_empty_lists_give_empty_columns() -> None:
    assert irb_capital([], [], [], []).shape == (0,)
    assert np.shape(standardised_risk_weight([], rating=[])) == (0,)


def test_rows_of_unlike_lengths_and_texts_are_refused_by_name() -> None:
    calls: list[tuple[str, Any]] = [
        ("pd", lambda: irb_capital(RAGGED, 0.45)),
        ("transactor", lambda: irb_capital(0.1, 0.45, transactor=[[True], [True, False]])),
        ("exposure_class", lambda: standardised_risk_weight([["cash"], ["cash", "cash"]])),
        ("pd", lambda: vasicek_quantile(RAGGED, 0.1, 0.9)),
        ("rho", lambda: vasicek_quantile(0.1, "high", 0.9)),
        ("exposure", lambda: credit_risk_plus(["much"], [0.1], [0.1])),
        ("sector", lambda: credit_risk_plus(*THREE, sector=[["a", "b"]] * 3)),
        ("sector", lambda: credit_risk_plus(*THREE, sector=[[1.0], [0.5, 0.5], [1.0]])),
        ("loss_unit", lambda: credit_risk_plus(*THREE, loss_unit="ten")),
        ("exposure", lambda: credit_risk_plus([1e200], [0.1], [0.1])),
    ]
    for field, call in calls:
        with pytest.raises(RiskError, match=f"field {field}"):
            call()


@pytest.mark.parametrize("labels", [["a", None, "a"], [1.0, float("nan"), 2.0]])
def test_a_missing_sector_is_refused(labels: Any) -> None:
    with pytest.raises(RiskError, match=r"row 2, field sector"):
        credit_risk_plus(*THREE, sector=labels)


def test_one_rate_and_one_volatility_serve_all_obligors() -> None:
    one, many = credit_risk_plus(THREE[0], 0.02, 0.01), credit_risk_plus(THREE[0], [0.02] * 3, [0.01] * 3)
    assert np.array_equal(one.probabilities, many.probabilities)


@pytest.mark.parametrize("level", ["a", None, [0.9, 0.99], 0, 1, float("nan")])
def test_a_level_is_one_probability(level: Any) -> None:
    made = credit_risk_plus(*THREE)
    with pytest.raises(RiskError, match="field q"):
        made.quantile(level)
    with pytest.raises(RiskError, match="field q"):
        made.expected_shortfall(level)
    assert type(made.expected_shortfall(np.float32(0.99))) is float


def test_options_may_be_a_path(tmp_path: Path) -> None:
    with pytest.raises(RiskError, match=r"none\.toml"):
        standardised_risk_weight("corporate", options=tmp_path / "none.toml")
