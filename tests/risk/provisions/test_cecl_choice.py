"""Which of CECL's methods fits a book: one case for each reason, and where a method extrapolates."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.risk.provisions.cecl_choice import extrapolations, method_error, recommended
from loantwin.risk.provisions.cecl_methods import LossHistory

LEFT = np.array([12, 24])
FEW = {"charge_offs": 30, "charge_off_rate": 0.01, "years": 5}


def chosen(
    history: LossHistory, errors: dict[str, float], defaults: int = 0, discounted: bool = False
) -> str:
    made = {name: method_error(amount, 100.0) for name, amount in errors.items()}
    return recommended(history, made, LEFT, discounted=discounted, model_defaults=defaults).method


def test_errors_of_a_year_by_hand() -> None:
    assert method_error(150.0, 100.0).error == pytest.approx(0.5)
    assert method_error(25.0, 100.0).error == pytest.approx(-0.75)
    assert method_error(25.0, 0.0).error is None


def test_a_book_with_enough_losses_takes_the_model() -> None:
    near = {"pd-lgd": 150.0, "warm": 101.0}
    many = LossHistory(charge_off_rate=0.01, charge_offs=100, years=5)
    assert chosen(many, near) == "pd-lgd"
    assert chosen(many, near, discounted=True) == "dcf"
    assert chosen(LossHistory(**FEW), near, defaults=100) == "pd-lgd"
    made = recommended(
        many,
        {name: method_error(amount, 100.0) for name, amount in near.items()},
        LEFT,
        discounted=False,
        model_defaults=0,
    )
    assert "a year ago warm came nearer" in made.reason
    assert made.to_dict()["errors"]["warm"]["error"] == pytest.approx(0.01)


def test_a_thin_book_takes_what_was_nearest_and_an_empty_one_the_prior() -> None:
    assert chosen(LossHistory(**FEW), {"pd-lgd": 150.0, "warm": 101.0, "vintage": 20.0}) == "warm"
    assert chosen(LossHistory(**FEW), {"pd-lgd": 105.0, "warm": 80.0}) == "pd-lgd"
    assert chosen(LossHistory(**FEW), {}) == "warm"
    assert chosen(LossHistory(), {}) == "pd-lgd"


def test_methods_that_go_beyond_their_history_are_named() -> None:
    """Ages up to 59 months seen, terms of 120: half of the months ahead are beyond."""
    past = LossHistory(
        charge_off_rate=0.01,
        years=5,
        vintage_loss=np.full(60, 0.001),
        beyond=0.5,
        roll=np.array([[0.9, 0.0, 0.1]]),
        roll_months=60,
    )
    found = extrapolations(past, np.array([100, 120]))
    assert found[0].startswith("vintage extrapolates: 50% of the months ahead are beyond an age of 59 months")
    assert "a rate of 5 years is held for up to 120 months" in found[1]
    assert "rates of 60 months are held for up to 120 months" in found[2]
    assert extrapolations(LossHistory(charge_off_rate=0.01, years=5), np.array([60])) == []
