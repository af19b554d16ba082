from types import SimpleNamespace

import numpy as np
import pytest

from loantwin.errors import UsageError
from loantwin.outlook.lending import read_plan


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
