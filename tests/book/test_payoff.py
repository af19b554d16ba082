import numpy as np
import pytest

from loantwin.book.mapping import load_mapping
from loantwin.book.payoff import SETTINGS, assumed_payoff_hazard, assumed_survival
from loantwin.errors import MappingError

SBA = load_mapping(
    "sba", {"payoff_monthly_rate": 0.02, "payoff_ramp_months": 10, "payoff_slow": 0.5, "payoff_fast": 2.0}
)


def test_hazard_by_hand() -> None:
    # a straight line over 10 months, read in the middle of each month, then flat
    assert assumed_payoff_hazard(SBA, [0, 4, 9, 10, 200]).tolist() == pytest.approx(
        [0.001, 0.009, 0.019, 0.02, 0.02]
    )


def test_survival_is_the_product_of_not_paying_off() -> None:
    hazard = assumed_payoff_hazard(SBA, np.arange(3))
    assert assumed_survival(SBA, [0, 1, 3]).tolist() == pytest.approx(
        [1.0, 1 - hazard[0], float(np.prod(1 - hazard))]
    )


def test_settings_are_ordered_and_base_is_the_default() -> None:
    ages = np.arange(1, 120)
    slow, base, fast = (assumed_survival(SBA, ages, setting) for setting in SETTINGS)
    assert (slow > base).all()
    assert (base > fast).all()
    assert np.array_equal(base, assumed_survival(SBA, ages))
    chosen = load_mapping(
        "sba",
        {"payoff_setting": "fast", "payoff_monthly_rate": 0.02, "payoff_ramp_months": 10, "payoff_fast": 2.0},
    )
    assert np.array_equal(fast, assumed_survival(chosen, ages))


def test_no_assumption_where_payoff_is_observed() -> None:
    club = load_mapping("lending-club")
    assert (assumed_payoff_hazard(club, np.arange(60)) == 0).all()
    assert (assumed_survival(club, np.arange(60)) == 1).all()


@pytest.mark.parametrize(
    "changes", [{"payoff_setting": "sudden"}, {"payoff_monthly_rate": 1.0}, {"payoff_monthly_rate": -0.1}]
)
def test_settings_that_are_none(changes: dict[str, float | str]) -> None:
    with pytest.raises(MappingError, match="expected"):
        assumed_payoff_hazard(load_mapping("sba", changes), [1])
