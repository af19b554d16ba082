from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from loantwin.book.book import conform
from loantwin.book.schema import LOANS
from loantwin.errors import UsageError
from loantwin.performance.vintage_curves import developed, lives, vintage_curves

AS_OF = date(2022, 12, 31)


def table(rows: list[dict]) -> pl.DataFrame:
    dates = dict.fromkeys(("origination_date", "charge_off_date", "default_date"), pl.Date)
    plain = {
        "loan_id": pl.String,
        "weight": pl.Float64,
        "charged_off": pl.Float64,
        "originated_amount": pl.Float64,
    }
    frame = pl.DataFrame(rows, schema={**plain, **dates}, orient="row")
    return conform(frame.with_columns(pl.lit("instalment").alias("product")), LOANS)


def row(
    name: str,
    start: date,
    charged: date | None = None,
    lost: float = 0.0,
    weight: float = 1.0,
    size: float = 100.0,
) -> dict:
    return {"loan_id": name, "weight": weight, "charged_off": lost, "originated_amount": size,
        "origination_date": start,
            "charge_off_date": charged, "default_date": charged}  # fmt: skip


HAND = [
    row("a", date(2020, 1, 15), date(2020, 4, 2), 50.0),
    row("b", date(2020, 6, 15), size=300.0),
    row("c", date(2020, 3, 1), date(2022, 3, 5), 20.0, size=100.0),
    row("d", date(2022, 2, 10), date(2022, 8, 1), 10.0, weight=2.0),
    row("e", date(2022, 10, 10)),
    row("f", date(2023, 5, 1)),
]


def test_by_hand() -> None:
    made = lives(table(HAND), None, AS_OF, "charge-off")
    assert made.left["without an origination date by the as-of date"] == 1
    curves = vintage_curves(made)
    assert curves.names == ("2020", "2022")
    # 2020: a at age 3, c at age 24 of three loans, all watched to age 30 (June 2020 to December 2022)
    np.testing.assert_allclose(curves.number[0, [2, 3, 23, 24, 30]], [0, 1 / 3, 1 / 3, 2 / 3, 2 / 3])
    np.testing.assert_allclose(curves.amount[0, [3, 24]], [50 / 500, 70 / 500])
    assert curves.complete[0, 30]
    assert not curves.complete[0, 31]
    # 2022: d (weight 2) is watched to age 10, e to age 2; at age 6 only d is
    np.testing.assert_allclose(curves.number[1, [2, 5, 6]], [0, 0, 1])
    assert curves.complete[1, :3].all()
    assert not curves.complete[1, 3:].any()
    assert np.isnan(curves.number[1, 11:]).all()
    light = vintage_curves(
        lives(table([*HAND[:3], {**HAND[3], "weight": 0.5}, HAND[4]]), None, AS_OF, "charge-off")
    )
    assert np.isnan(light.number[1, 3:]).all()  # a third of the vintage is too few
    assert curves.loans.tolist() == [3, 3]
    assert curves.events.tolist() == [2, 2]


def test_a_censored_cell_is_missing_not_zero() -> None:
    curves = vintage_curves(lives(table(HAND), None, AS_OF, "charge-off"))
    for name in ("number", "amount", "low", "high"):
        assert np.isnan(getattr(curves, name)[1, -1]), name
    assert np.isfinite(curves.number[0, :34]).all()
    assert np.isnan(curves.number[0, 34:]).all()  # only one of three loans was watched so long


def drawn(seed: int, count: int, hazard: float, exit_rate: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Loans of 2019 with a monthly hazard of default and of payoff; the panel begins in July 2019 for the
    early ones.
    """
    draws = np.random.default_rng(seed)
    start = draws.integers(0, 12, count)
    default, payoff = draws.geometric(hazard, count), draws.geometric(exit_rate, count)
    book, panel = [], []
    for n in range(count):
        book.append(row(f"L{n}", date(2019, int(start[n]) + 1, 10)))
        end = min(int(default[n]), int(payoff[n]), 47 - int(start[n]))
        for age in range(end + 1):
            month = int(start[n]) + age
            if month < 6:
                continue
            state = (
                "default_0_3"
                if age == default[n] <= payoff[n]
                else "prepaid"
                if age == payoff[n]
                else "current"
            )
            last = date(2019 + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)
            panel.append((f"L{n}", last, state, 80.0))
    columns = {"loan_id": pl.String, "report_date": pl.Date, "state": pl.String, "principal": pl.Float64}
    return table(book), pl.DataFrame(panel, schema=columns, orient="row")


def test_late_entry_and_payoffs_do_not_bias() -> None:
    """Planted hazards: incidence at age k is the sum of survival x hazard, though half the loans are seen
    late only.
    """
    hazard, leave = 0.01, 0.03
    book, panel = drawn(1, 6000, hazard, leave)
    curves = vintage_curves(lives(book, panel, date(2022, 12, 31), "default"))
    ages = np.arange(1, 31)
    # geometric times: both at age 1 or later, default first where they tie
    truth = np.cumsum(((1 - hazard) * (1 - leave)) ** (ages - 1) * hazard)
    np.testing.assert_allclose(curves.number[0, ages], truth, atol=0.012)
    np.testing.assert_allclose(curves.amount[0, ages], 0.8 * truth, atol=0.012)
    assert not curves.complete.any()


def test_intervals_cover() -> None:
    hits = []
    for seed in range(200):
        draws = np.random.default_rng(seed)
        lost = draws.random(150) < 0.1
        rows = [
            row(f"L{n}", date(2020, 1, 15), date(2020, 7, 15) if lost[n] else None, 10.0 * lost[n])
            for n in range(150)
        ]
        if not lost.any():
            continue
        curves = vintage_curves(lives(table(rows), None, AS_OF, "charge-off"))
        hits.append(curves.low[0, 12] <= 0.1 <= curves.high[0, 12])
    assert 0.86 <= np.mean(hits) <= 0.96


def test_nothing_lost_has_an_upper_bound() -> None:
    rows = [
        row("x", date(2019, 1, 5), date(2019, 9, 1), 5.0),
        *(row(f"L{n}", date(2020, 1, 15)) for n in range(50)),
    ]
    curves = vintage_curves(lives(table(rows), None, AS_OF, "charge-off"))
    assert curves.low[1, 12] == 0
    assert curves.high[1, 12] == pytest.approx(1 - 0.05 ** (1 / 50))


def test_grains_and_an_early_vintage() -> None:
    made = lives(table(HAND), None, AS_OF, "charge-off")
    assert vintage_curves(made, "quarter").names == ("2020 Q1", "2020 Q2", "2022 Q1", "2022 Q4")
    assert vintage_curves(made, "half-year").names == ("2020 H1", "2022 H1", "2022 H2")
    assert vintage_curves(made, from_year=2021).names == ("before 2021", "2022")


def test_development_by_hand() -> None:
    """Vintage 2020 doubles from age 12 to 24; 2021 stands at 0.1 at age 12, so it is carried to 0.2."""
    rows = [
        row(
            f"A{n}",
            date(2020, 1, 15),
            date(2021, 1, 20) if n < 1 else date(2022, 1, 20) if n < 2 else None,
            1.0,
        )
        for n in range(10)
    ]
    rows += [row(f"B{n}", date(2021, 12, 15), date(2022, 12, 20) if n < 1 else None, 1.0) for n in range(10)]
    curves = vintage_curves(lives(table(rows), None, AS_OF, "charge-off"))
    np.testing.assert_allclose(developed(curves, [12, 24], fewest=1), [[0.1, 0.2], [0.1, 0.2]])
    np.testing.assert_allclose(
        developed(curves, [12, 24]), [[0.1, 0.2], [0.1, np.nan]]
    )  # one event carries nothing


def test_errors() -> None:
    with pytest.raises(UsageError, match="default, charge-off"):
        lives(table(HAND), None, AS_OF, "death")
    with pytest.raises(UsageError, match="dated events"):
        lives(table([row("a", date(2020, 1, 1))]), None, AS_OF, "charge-off")
    with pytest.raises(UsageError, match="origination date"):
        lives(table([row("a", date(2024, 1, 1), date(2024, 2, 1), 1.0)]), None, AS_OF, "charge-off")
    with pytest.raises(UsageError, match="half-year"):
        vintage_curves(lives(table(HAND), None, AS_OF, "charge-off"), "month")  # type: ignore[arg-type]
