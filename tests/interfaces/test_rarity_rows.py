"""What page and terminal say of how often an economy comes that costs as much, word by word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loantwin.interfaces.report.stress.rarity import crisis_rows, how_often, rarity_blocks, tail_words
from loantwin.risk.stress.rarity import CrisisCost, FittedTail, Rarity, WindowsCost
from loantwin.risk.stress.reverse import Plausibility, ReverseStress

TAIL = FittedTail(48, 12.9, 1.27, None, 0.0059, 0.000084, 0.104, 0.035, 1.81, False, None)
COUNTED = WindowsCost(333, 14.83, 8, 8 / 333, 1.06e-5, 0.2208)
NONE = WindowsCost(0, 0.0, 0, None, None, None, gap="nothing known")
RARITY = Rarity("loss", 0.00068, 0.0, 0.0015, COUNTED, NONE, TAIL)
CRISES = {
    "1990": CrisisCost(None, None, gap="the files begin later"),
    "2001": CrisisCost(12.4, 0.0, "2002-12"),
    "2008": CrisisCost(66_753_168.0, 5.07, "2009-12", True),
}


@pytest.fixture
def found() -> ReverseStress:
    return ReverseStress(
        "reverse loss=8%", "loss", 43e6, 43e6, 23e6, 24, 3.2, 0.00068, 0.9, 40, 2000, 0, 0.0, 0.0, {}, (),
        crises=CRISES, rarity=RARITY,
    )  # fmt: skip


def test_each_way_to_count_is_a_row(found: ReverseStress) -> None:
    rows = how_often(found)
    assert [row[0] for row in rows][:4] == [
        "shocks, were they normal", "generated paths", "history's moves, as replayed", "history's surprises",
    ]  # fmt: skip
    assert rows[0][4:] == ("0.068 %", "–")
    assert rows[1][1:] == ("2,000", "2,000", "0", "0 %", "0 to 0.15 %")
    assert rows[2][1:] == ("333", "14.8", "8", "2.4 %", "0.0011 to 22 %")
    assert set(rows[3][2:]) == {"–"}
    assert rows[4][4:] == ("0.59 %", "0.0084 to 10 %")
    assert rows[5][4] == "3.5 %"
    assert how_often(replace(found, rarity=None)) == []


def test_a_tail_is_called_fatter_only_where_that_is_shown() -> None:
    assert "not shown" in tail_words(RARITY)
    assert "a normal law best, 1.27 times as wide" in tail_words(RARITY)
    fat = replace(TAIL, degrees_of_freedom=1.0, low=0.0009, fatter=True, factor=8.7)
    words = tail_words(replace(RARITY, tail=fat))
    assert "the fewest looked at" in words
    assert "low end is above 0.068 %" in words
    assert "normal shocks overstate it" in tail_words(replace(RARITY, normal=0.21))
    assert "too few" in tail_words(replace(RARITY, tail=None, gap="too few windows"))


def test_crises_stand_beside_the_path_with_both_distances(found: ReverseStress) -> None:
    far = {"2008": Plausibility(15.0, 24, 0.0)}
    assert crisis_rows(found, far) == [
        ("replay 1990", "–", "–", "–", "the files begin later"),
        ("replay 2001", "12", "0.0", "–", "no more than the expected path"),
        ("replay 2008", "66,753,168", "5.1", "15.0", "ends after the as-of date"),
        ("reverse loss=8%", "43,000,000", "3.2", "–", ""),
    ]
    ratio = crisis_rows(replace(found, figure="cet1", reached=0.065), far)
    assert ratio[-1][1] == "6.50 %"
    assert len(rarity_blocks(found, far)) == 3
