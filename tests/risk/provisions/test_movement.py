"""The movement of an allowance: a book worked by hand, sums to the cent, and the same from any split."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import RiskError
from loantwin.risk.provisions.losses_of_year import ExpectedAtOpening, in_default_stock
from loantwin.risk.provisions.movement import (
    LINES,
    ClosingValues,
    Line,
    OpeningValues,
    PassedLoans,
    added_up,
    lines,
    loan_movements,
)
from loantwin.risk.provisions.movement_statement import GROSS, MovementResult, gross_lines, movement_of

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
FIRST, LAST = date(2023, 12, 31), date(2024, 12, 31)


def numbers(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def by_hand() -> tuple[OpeningValues, ClosingValues, PassedLoans]:
    """Loan a stays in stage 1 and repays half; b goes from 1 to 2; c is written off at 800, a quarter of it
    a guarantor's; d is repaid; e is new; 50 more were lent and written off within the period.
    """
    opening = OpeningValues(
        loan=pl.Series(["a", "b", "c", "d"]),
        twelve_month=numbers(10, 10, 10, 10),
        lifetime=numbers(30, 40, 30, 30),
        defaulted=numbers(400, 400, 400, 400),
        exposure=numbers(1000, 1000, 1000, 1000),
        stage=np.array([1, 1, 3, 2]),
        segment=np.array([0, 1, 0, 1]),
        overlay=numbers(0, 0, 5, 0),
        written_off=numbers(0, 0, 800, 0),
        kept=numbers(1, 1, 0.75, 1),
        gross=numbers(1000, 1000, 900, 1000),
        growth=numbers(0.10, 0.05, 0.02, 0.03),
    )
    closing = ClosingValues(
        loan=pl.Series(["e", "b", "a"]),
        pd=numbers(7, 50, 6),
        economy=numbers(7, 60, 7),
        lgd=numbers(7, 54, 6.30),
        model=numbers(7, 50, 6.25),
        exposure=numbers(500, 900, 500),
        stage=np.array([1, 2, 1]),
        segment=np.array([0, 1, 0]),
        overlay=numbers(0, 2.5, 0),
        gross=numbers(500, 900, 500),
    )
    return opening, closing, PassedLoans(numbers(50), numbers(1), np.array([1]))


def groups_by_hand() -> pl.DataFrame:
    opening, closing, passed = by_hand()
    return added_up(loan_movements(opening, closing, passed=passed))


def amounts_of(found: Mapping[str, Line]) -> dict[str, float]:
    return {name: line.amount for name, line in found.items()}


def test_a_book_by_hand() -> None:
    found = lines(groups_by_hand())
    wanted = {
        "opening": 10 + 10 + 400 + 30 + 5,  # stage 1, stage 1, stage 3 and its overlay, stage 2
        "originated": 7,
        "derecognised": -30,
        "transfers": 0,
        "unwind": 10 * 0.10 + 10 * 0.05 + 400 * 0.02,  # none of d, which was repaid
        "stage": (40 - 10) * 1.05,  # b from 12 months to lifetime
        "balance": (5.5 - 11) + (37.8 - 42),  # half repaid; 9 / 10 left
        "pd": (6 - 5.5) + (50 - 37.8),
        "economy": 1 + 10,
        "lgd": -0.70 - 6,
        "model": -0.05 - 4,
        "to_write_off": (600 - 408) + 50,  # c: 800 less the guarantor's 200 against 400 and its unwind
        "overlays": 2.5 - 5,
        "written_off": -600 - 50,
        "closing": 7 + 50 + 6.25 + 2.5,
    }
    assert amounts_of(found) == pytest.approx(wanted, abs=1e-12)
    assert found["transfers"].by_stage == {"1": -10.5, "2": 10.5, "3": 0.0}
    assert found["unwind"].by_stage == {"1": 1.5, "2": 0.0, "3": 8.0}
    assert found["written_off"].by_stage == {"1": 0.0, "2": 0.0, "3": -650.0}
    assert (
        found["opening"].loans,
        found["closing"].loans,
        found["pd"].loans,
        found["written_off"].loans,
    ) == (4, 3, 2, 2)


def test_the_table_of_ifrs_7_35h_and_the_bridge_to_profit_by_hand() -> None:
    made = movement_of(groups_by_hand(), FIRST, LAST, "USD", ("north", "south"), recoveries=40.0)
    assert amounts_of(made.table) == pytest.approx(
        {
            "opening": 455,
            "originated": 7,
            "derecognised": -30,
            "transfers": 0,
            "remeasurement": 31.5 - 9.7 + 12.7 + 11 - 6.7 - 4.05 + 242 - 2.5,
            "unwind": 9.5,
            "written_off": -650,
            "closing": 65.75,
        },
        abs=1e-12,
    )
    assert made.table["remeasurement"].loans == 4  # a and b, c, and what came and went
    assert asdict(made.profit) == pytest.approx(
        {
            "originated": 7,
            "derecognised": -30,
            "remeasurement": 274.25,
            "unwind_performing": 1.5,
            "through_allowance": 252.75,  # 65.75 - 455 + 650 - 8
            "recoveries": 40,
            "charge": 212.75,
            "unwind_impaired": 8,  # interest on c is earned on what is left of it (5.4.1(b))
            "written_off_gross": 850,
            "guaranteed": 200,
            "written_off": 650,
        },
        abs=1e-12,
    )
    untold = movement_of(groups_by_hand(), FIRST, LAST, "USD", ("north", "south")).profit
    assert (untold.recoveries, untold.charge) == (None, 252.75)


def test_gross_carrying_amounts_by_hand() -> None:
    found = gross_lines(groups_by_hand())
    assert amounts_of(found) == {
        "opening": 3900,
        "originated": 500 + 50,
        "derecognised": -1000,
        "transfers": 0,
        "changes": -500 - 100 - 100,  # c had paid 100 of its 900 before 800 were written off
        "written_off": -850,
        "closing": 1900,
    }
    assert found["transfers"].by_stage == {"1": -1000.0, "2": 1000.0, "3": 0.0}
    assert found["originated"].by_stage == {"1": 500.0, "2": 0.0, "3": 50.0}
    for stage in ("1", "2", "3"):
        moved = sum(line.by_stage[stage] for name, line in found.items() if name != "closing")
        assert moved == found["closing"].by_stage[stage]


def test_the_several_losses_of_the_year_by_hand() -> None:
    """Nothing of the five came into default but c, which was there, and the 50 lent and lost since."""
    expected = ExpectedAtOpening(30.0, 28.0, 100.0, 97.0)
    made = movement_of(
        groups_by_hand(), FIRST, LAST, "USD", ("north", "south"), 40.0, expected_loss=expected
    ).losses
    found = {name: (item.gross, item.net) for name, item in made.figures.items()}
    assert found == {
        "defaulted": (50.0, None),
        "charged_off": (850.0, 650.0),
        "recovered": (40.0, 40.0),
        "net_charge_offs": (810.0, 610.0),
        "expected_12m": (30.0, 28.0),
        "expected_lifetime": (100.0, 97.0),
        "allowance_opening": (None, 455.0),
        "allowance_closing": (None, 65.75),
        "charge": (None, 212.75),
    }
    assert all(item.horizon and item.leaves_out for item in made.figures.values())
    # 650 less 40 back, less 389.25 that the allowance fell by, less 8 of unwind: 212.75
    assert made.charge == {
        "charged_off_net": 650.0,
        "recovered": -40.0,
        "change_of_allowance": -389.25,
        "unwind_impaired": -8.0,
        "charge": 212.75,
    }
    assert made.in_default == {
        "opening": 900.0,
        "defaulted": 50.0,
        "cured": 0.0,
        "derecognised": 0.0,
        "changes": -100.0,
        "charged_off": -850.0,
        "closing": 0.0,
    }


def test_a_loan_leaves_from_stage_3_and_a_part_written_off_is_no_end() -> None:
    """From stage 1: 10 held, 1000 lost. Of another, still here, 300 of 1000 were written off."""
    opening, closing, _ = by_hand()
    one = replace(
        opening,
        **{name: value[:2] for name, value in vars(opening).items() if name != "written_off"},
        written_off=numbers(1000, 300),
    )
    last = replace(closing, **{name: value[1:2] for name, value in vars(closing).items()})
    groups = added_up(loan_movements(one, last))
    found, gross = lines(groups), gross_lines(groups)
    assert found["transfers"].by_stage == {"1": -21.5, "2": 10.5, "3": 11.0}
    assert found["to_write_off"].by_stage == {"1": 0.0, "2": 300.0, "3": 989.0}
    assert found["written_off"].by_stage == {"1": 0.0, "2": -300.0, "3": -1000.0}
    assert gross["changes"].by_stage == {"1": 0.0, "2": 200.0, "3": 0.0}  # 1000 - 300 + 200 = 900
    for made in (found, gross):
        for stage in ("1", "2", "3"):
            moved = sum(line.by_stage[stage] for name, line in made.items() if name != "closing")
            assert moved == pytest.approx(made["closing"].by_stage[stage], abs=1e-9)


def test_the_result_is_one_json_document() -> None:
    groups = groups_by_hand()
    made = movement_of(groups, FIRST, LAST, "USD", ("north", "south"))
    document = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    jsonschema.validate(document, MovementResult.json_schema())
    assert document["schema"] == "loantwin.movement/2"
    assert document["charged_off"] == 850.0
    assert document["stage_moves"] == [
        {"origin": "1", "target": "2", "loans": 1, "transferred": 10.5, "remeasured": 31.5}
    ]
    for name in LINES:
        if name != "transfers":
            total = sum(part[name] for part in document["by_segment"].values())
            assert total == pytest.approx(document["lines"][name]["amount"], abs=1e-9)
    with pytest.raises(RiskError, match="an opening date before 2023-12-31, was 2024-12-31") as caught:
        movement_of(groups, LAST, FIRST, "USD", ("north", "south"))
    assert caught.value.field == "opening_date"


def test_the_schema_before_is_kept_and_refuses_what_is_made_now() -> None:
    """What a line means changed, so the number did; who stored the old documents can still check them."""
    old = json.loads((SCHEMAS / "movement-1.json").read_text(encoding="utf-8"))
    assert old["properties"]["schema"] == {"const": "loantwin.movement/1"}
    made = movement_of(groups_by_hand(), FIRST, LAST, "USD", ("north", "south")).to_dict()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made, old)


money = st.floats(0, 1e6, allow_nan=False)
row = st.tuples(
    st.integers(0, 2),
    st.lists(money, min_size=11, max_size=11),
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
    gone = np.array([loan[5] for _, loan in first], dtype=float)
    opening = OpeningValues(
        names[0],
        *(column(first, place) for place in range(4)),
        codes(first, 2),
        codes(first, 4),
        column(first, 8) - 5e5,
        gone * column(first, 9),
        column(first, 10) / 1e6,
        column(first, 9),
        column(first, 8) / 1e7,
    )
    closing = ClosingValues(
        names[1],
        *(column(last, place) for place in range(4, 8)),
        column(last, 3),
        codes(last, 3),
        codes(last, 4),
        column(last, 8),
        column(last, 10),
    )
    return opening, closing


def cents(loans: list[tuple]) -> dict[str, dict[str, int]]:  # type: ignore[type-arg]
    groups = added_up(loan_movements(*sides(loans)))
    found = lines(groups) | {f"gross {name}": line for name, line in gross_lines(groups).items()}
    return {
        name: {**{stage: round(100 * value) for stage, value in line.by_stage.items()}, "loans": line.loans}
        for name, line in found.items()
    }


@pytest.mark.slow
@given(st.lists(row, max_size=25), st.integers(0, 25))
@settings(max_examples=60, deadline=None)
def test_lines_sum_to_the_cent_and_parts_sum_to_the_whole(loans: list[tuple], cut: int) -> None:  # type: ignore[type-arg]
    whole, parts = cents(loans), [cents(loans[:cut]), cents(loans[cut:])]
    stock = in_default_stock(added_up(loan_movements(*sides(loans))))
    assert round(100 * (sum(stock.values()) - 2 * stock["closing"])) == 0
    for stage in ("1", "2", "3"):
        moved = sum(whole[name][stage] for name in LINES if name != "closing")
        assert moved == whole["closing"][stage]
        moved = sum(whole[f"gross {name}"][stage] for name in GROSS if name != "closing")
        assert moved == whole["gross closing"][stage]
    assert sum(whole["transfers"][stage] for stage in ("1", "2", "3")) == 0
    for name in whole:
        for key, value in whole[name].items():
            if not (name == "overlays" and key == "loans"):
                assert sum(part[name][key] for part in parts) == value


def test_what_does_not_fit_is_refused() -> None:
    opening, closing, passed = by_hand()
    wrong = [
        (replace(opening, exposure=-opening.exposure), closing, "opening.exposure"),
        (opening, replace(closing, lgd=numbers(1, 2)), "closing.lgd"),
        (opening, replace(closing, model=numbers(1, np.nan, 2)), "closing.model"),
        (replace(opening, stage=np.array([1, 1, 4, 2])), closing, "opening.stage"),
        (replace(opening, kept=opening.kept * 2), closing, "opening.kept"),
        (replace(opening, growth=-opening.growth), closing, "opening.growth"),
        (replace(opening, loan=pl.Series(["a", "a", "c", "d"])), closing, "opening.loan"),
        (replace(opening, loan=pl.Series(["a", "b", "c", "c"])), closing, "opening.loan"),
        (opening, replace(closing, loan=pl.Series(["b", "b", "a"])), "closing.loan"),
        (opening, replace(closing, loan=pl.Series(["x", "x", "a"])), "closing.loan"),
    ]
    for first, last, field in wrong:
        with pytest.raises(RiskError) as caught:
            loan_movements(first, last)
        assert caught.value.field == field
    with pytest.raises(RiskError) as caught:
        loan_movements(opening, closing, passed=replace(passed, kept=numbers(2)))
    assert caught.value.field == "passed.kept"


def test_an_empty_side_is_no_error() -> None:
    _, closing, _ = by_hand()
    nothing, codes = np.zeros(0), np.zeros(0, dtype=np.int64)
    loans = pl.Series([], dtype=pl.String)
    none = OpeningValues(loans, *(nothing,) * 4, codes, codes, nothing, nothing, nothing, nothing, nothing)
    found = lines(added_up(loan_movements(none, closing)))
    assert found["opening"].amount == 0.0
    assert (
        found["originated"].amount + found["overlays"].amount
        == found["closing"].amount
        == pytest.approx(65.75)
    )
