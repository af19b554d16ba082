"""The movement of an allowance: a book worked by hand, sums to the cent, and the same from any split."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import jsonschema
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import RiskError
from loantwin.risk.provisions.movement import (
    LINES,
    ClosingValues,
    MovementResult,
    OpeningValues,
    added_up,
    lines,
    loan_movements,
    movement_of,
)

FIRST, LAST = date(2023, 12, 31), date(2024, 12, 31)


def numbers(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def by_hand() -> tuple[OpeningValues, ClosingValues]:
    """Loan a stays in stage 1 and repays half; b goes from 1 to 2; c is charged off; d is repaid; e is
    new.
    """
    opening = OpeningValues(
        pl.Series(["a", "b", "c", "d"]),
        numbers(10, 10, 10, 10),
        numbers(30, 40, 30, 30),
        numbers(400, 400, 400, 400),
        numbers(1000, 1000, 1000, 1000),
        np.array([1, 1, 3, 2]),
        np.array([0, 1, 0, 1]),
        np.array([False, False, True, False]),
        numbers(0, 0, 5, 0),
    )
    closing = ClosingValues(
        pl.Series(["e", "b", "a"]),
        numbers(7, 50, 6),
        numbers(7, 60, 7),
        numbers(7, 54, 6.30),
        numbers(7, 50, 6.25),
        numbers(500, 900, 500),
        np.array([1, 2, 1]),
        np.array([0, 1, 0]),
        numbers(0, 2.5, 0),
    )
    return opening, closing


def test_a_book_by_hand() -> None:
    found = lines(added_up(loan_movements(*by_hand())))
    wanted = {
        "opening": 10 + 10 + 400 + 30 + 5,  # stage 1, stage 1, stage 3 and its overlay, stage 2
        "originated": 7,
        "derecognised": -30,
        "written_off": -400,
        "transfers": 0,
        "stage": 40 - 10,  # b from 12 months to lifetime
        "balance": (5 - 10) + (36 - 40),  # half repaid; 9 / 10 left
        "pd": (6 - 5) + (50 - 36),
        "economy": 1 + 10,
        "lgd": -0.70 - 6,
        "model": -0.05 - 4,
        "overlays": 2.5 - 5,
        "closing": 7 + 50 + 6.25 + 2.5,
    }
    assert {name: line.amount for name, line in found.items()} == pytest.approx(wanted, abs=1e-12)
    assert found["transfers"].by_stage == {"1": -10.0, "2": 10.0, "3": 0.0}
    assert found["stage"].by_stage == {"1": 0.0, "2": 30.0, "3": 0.0}
    assert (
        found["opening"].loans,
        found["closing"].loans,
        found["pd"].loans,
        found["written_off"].loans,
    ) == (4, 3, 2, 1)


def test_the_result_is_one_json_document() -> None:
    groups = added_up(loan_movements(*by_hand()))
    made = movement_of(groups, FIRST, LAST, "USD", ("north", "south"), 1000.0)
    document = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    jsonschema.validate(document, MovementResult.json_schema())
    assert document["stage_moves"] == [
        {"origin": "1", "target": "2", "loans": 1, "transferred": 10.0, "remeasured": 30.0}
    ]
    for name in LINES:
        if name != "transfers":
            total = sum(part[name] for part in document["by_segment"].values())
            assert total == pytest.approx(document["lines"][name]["amount"], abs=1e-9)
    with pytest.raises(RiskError, match="an opening date before 2023-12-31, was 2024-12-31") as caught:
        movement_of(groups, LAST, FIRST, "USD", ("north", "south"), 0.0)
    assert caught.value.field == "opening_date"


money = st.floats(0, 1e6, allow_nan=False)
row = st.tuples(
    st.integers(0, 2),
    st.lists(money, min_size=9, max_size=9),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(0, 3),
    st.booleans(),
)


def sides(loans: list[tuple]) -> tuple[OpeningValues, ClosingValues]:  # type: ignore[type-arg]
    """Return loans that are at the opening (0), at the closing (1) or at both (2)."""
    first = [(place, loan) for place, loan in enumerate(loans) if loan[0] != 1]
    last = [(place, loan) for place, loan in enumerate(loans) if loan[0] != 0][::-1]

    def column(side: list, place: int) -> np.ndarray:  # type: ignore[type-arg]
        return np.array([loan[1][place] for _, loan in side], dtype=float)

    def codes(side: list, place: int) -> np.ndarray:  # type: ignore[type-arg]
        return np.array([loan[place] for _, loan in side], dtype=np.int64)

    names = [pl.Series([f"loan {place}" for place, _ in side], dtype=pl.String) for side in (first, last)]
    gone = np.array([loan[5] for _, loan in first], dtype=bool)
    opening = OpeningValues(
        names[0],
        *(column(first, place) for place in range(4)),
        codes(first, 2),
        codes(first, 4),
        gone,
        column(first, 8) - 5e5,
    )
    closing = ClosingValues(
        names[1],
        *(column(last, place) for place in range(4, 8)),
        column(last, 3),
        codes(last, 3),
        codes(last, 4),
        column(last, 8),
    )
    return opening, closing


def cents(loans: list[tuple]) -> dict[str, dict[str, int]]:  # type: ignore[type-arg]
    found = lines(added_up(loan_movements(*sides(loans))))
    return {
        name: {**{stage: round(100 * value) for stage, value in line.by_stage.items()}, "loans": line.loans}
        for name, line in found.items()
    }


@given(st.lists(row, max_size=25), st.integers(0, 25))
@settings(max_examples=60, deadline=None)
def test_lines_sum_to_the_cent_and_parts_sum_to_the_whole(loans: list[tuple], cut: int) -> None:  # type: ignore[type-arg]
    whole, parts = cents(loans), [cents(loans[:cut]), cents(loans[cut:])]
    for stage in ("1", "2", "3"):
        moved = sum(whole[name][stage] for name in LINES if name != "closing")
        assert moved == whole["closing"][stage]
    assert sum(whole["transfers"][stage] for stage in ("1", "2", "3")) == 0
    for name in LINES:
        for key, value in whole[name].items():
            if not (name == "overlays" and key == "loans"):
                assert sum(part[name][key] for part in parts) == value


def test_what_does_not_fit_is_refused() -> None:
    opening, closing = by_hand()
    wrong = [
        (replace(opening, exposure=-opening.exposure), closing, "opening.exposure"),
        (opening, replace(closing, lgd=numbers(1, 2)), "closing.lgd"),
        (opening, replace(closing, model=numbers(1, np.nan, 2)), "closing.model"),
        (replace(opening, stage=np.array([1, 1, 4, 2])), closing, "opening.stage"),
        (replace(opening, loan=pl.Series(["a", "a", "c", "d"])), closing, "opening.loan"),
        (replace(opening, loan=pl.Series(["a", "b", "c", "c"])), closing, "opening.loan"),
        (opening, replace(closing, loan=pl.Series(["b", "b", "a"])), "closing.loan"),
        (opening, replace(closing, loan=pl.Series(["x", "x", "a"])), "closing.loan"),
    ]
    for first, last, field in wrong:
        with pytest.raises(RiskError) as caught:
            loan_movements(first, last)
        assert caught.value.field == field


def test_an_empty_side_is_no_error() -> None:
    _, closing = by_hand()
    nothing, codes = np.zeros(0), np.zeros(0, dtype=np.int64)
    loans, gone = pl.Series([], dtype=pl.String), np.zeros(0, dtype=bool)
    none = OpeningValues(loans, nothing, nothing, nothing, nothing, codes, codes, gone, nothing)
    found = lines(added_up(loan_movements(none, closing)))
    assert found["opening"].amount == 0.0
    assert (
        found["originated"].amount + found["overlays"].amount
        == found["closing"].amount
        == pytest.approx(65.75)
    )
