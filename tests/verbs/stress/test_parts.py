"""Small pieces of the verbs against cases worked by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from loantwin.errors import UsageError
from loantwin.outlook.lending import read_plan
from loantwin.outlook.paths import Paths, name_factor, noisy_paths, with_stock
from loantwin.outlook.workout import remaining_lag
from loantwin.verbs.provisions.provisions import checked


def test_a_loan_in_default_follows_what_is_left_of_the_lag():
    made = remaining_lag(np.array([0.0, 0.5, 0.3, 0.2]), 3)
    assert made[0].tolist() == [0.5, 0.3, 0.2]  # just defaulted: next month is one month after
    assert made[1].tolist() == pytest.approx([0.6, 0.4, 0.0])
    assert made[4].tolist() == pytest.approx([1 / 12] * 3)  # outlived every lag: evenly over a year


def test_name_noise_keeps_the_mean_and_follows_the_defaults():
    numbers, amount = np.full((4000, 2), 5.0), np.full((4000, 2), 500.0)
    factor = name_factor(numbers, amount, 150.0, seed=1)
    assert factor.mean() == pytest.approx(1.0, abs=0.03)
    # compound Poisson: variance of the amount = number x mean x (sum of squares / sum) = 5 x 100 x 150
    assert (factor * 500.0).var() == pytest.approx(5 * 100 * 150, rel=0.1)
    given = {
        name: np.zeros((4000, 2)) for name in ("scheduled_principal", "prepaid", "interest", "recovered")
    }
    given |= {"balance": np.full((4000, 2), 1e5), "defaulted": amount, "charged_off": amount * [0.0, 0.5]}
    made = noisy_paths(1e5, given, numbers, 150.0, np.array([0.0, 1.0]), seed=1)
    assert made.simulated["charged_off"][:, 1] == pytest.approx(made.simulated["defaulted"][:, 0] / 2)


def test_the_stock_in_default_adds_to_what_follows():
    made = Paths(1.0, {"charged_off": np.zeros((2, 2))}, {"charged_off": np.ones((2, 2))}, np.zeros((2, 2)))
    added = with_stock(made, np.array([3.0, 4.0]), np.zeros(2))
    assert added.simulated["charged_off"].tolist() == [[3.0, 4.0]] * 2
    assert added.expected["charged_off"].tolist() == [[4.0, 5.0]] * 2


def test_weights():
    def given(*weights):
        return [SimpleNamespace(name=str(place), weight=weight) for place, weight in enumerate(weights)]

    assert checked(given()) == ()
    assert checked(given(None)) == (1.0,)
    assert checked(given(0.25, 0.75)) == (0.25, 0.75)
    for wrong in ((0.5,), (0.5, None), (0.5, 0.6)):
        with pytest.raises(UsageError):
            checked(given(*wrong))


def plan(text, tmp_path):
    path = tmp_path / "plan.csv"
    path.write_text(text)
    columns = SimpleNamespace(segment=np.array([0, 1]), weight=np.ones(2), principal=np.array([30.0, 10.0]))
    return read_plan(str(path), 24066, 3, ("a", "b"), SimpleNamespace(columns=columns))


def test_a_plan_without_segments_follows_the_book(tmp_path):
    made = plan("month,amount\n2005-08,100\n", tmp_path)
    assert made.amounts.tolist() == [[0, 0], [75.0, 25.0], [0, 0]]
    assert plan("month,amount,segment\n2005-07,8,b\n", tmp_path).amounts[0].tolist() == [0, 8.0]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("month,amount\n", "row"),
        ("month,sum\n2005-07,1\n", "columns"),
        ("month,amount\n2005-07,-1\n", "at least 0"),
        ("month,amount\n2005-07,nan\n", "at least 0"),
        ("month,amount\n2005-07,x\n", "an amount"),
        ("month,amount\n2006-07,1\n", "a month from 2005-07"),
        ("month,amount\n2005-07,1\n2005-07,1\n", "once"),
        ("month,amount,segment\n2005-07,1,c\n", "one of a, b"),
    ],
)
def test_a_bad_plan_names_its_place(tmp_path, text, word):
    with pytest.raises(UsageError, match=word) as caught:
        plan(text, tmp_path)
    assert caught.value.file.endswith("plan.csv")


def test_a_month_never_published_is_bridged_in_what_came():
    # Unemployment of October 2025 was never published: a comparison over it takes the month before, as the
    # fit does.
    from loantwin.macro.history import bridge
    from loantwin.macro.scenario import Scenario

    came = Scenario(
        "Actual", 24309, ("unemployment_rate",), ("rate",), np.array([[0.044], [np.nan], [0.045]])
    )
    assert bridge(came).require("unemployment_rate", 24309, 24311).tolist() == [0.044, 0.044, 0.045]
