"""Published loss rates forecast with what was published at the time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import loantwin as lt
from loantwin.errors import UsageError

FED = "fed_scenarios/2025-Table_1A_Historic_Domestic.csv"


@pytest.mark.data
def test_business_charge_offs_four_quarters_ahead(data: Path, tmp_path: Path) -> None:
    macro = [data / FED, data / "fred/UNRATE.csv"]
    made = lt.backtest_rates(
        [data / "fred/chargeoff_rates_quarterly.csv"], macro, start=date(2008, 12, 31), end=date(2010, 12, 31)
    )
    score = made.series["business_charge_off_rate"]["4"]
    assert score.observations == 9
    assert set(score.rivals) == {"random walk", "last year's mean", "AR(1)"}
    point = next(
        item
        for item in made.points
        if (item.series, item.origin) == ("business_charge_off_rate", date(2008, 12, 31))
    )
    assert point.actual == pytest.approx(0.0227)  # the row of 2009-10-01, percent in the file

    # a later history changes no earlier forecast: outcomes and rates after the origin's publication are
    # turned into nonsense
    text = (data / "fred/chargeoff_rates_quarterly.csv").read_text().splitlines()
    kept = [
        line if line < "2008-10" or line.startswith("observation") else line.split(",")[0] + ",9,9,9,9"
        for line in text
    ]
    other = tmp_path / "rates.csv"
    other.write_text("\n".join(kept) + "\n")
    again = lt.backtest_rates([other], macro, start=date(2008, 12, 31), end=date(2008, 12, 31))
    same = next(item for item in again.points if item.series == "business_charge_off_rate")
    assert (same.forecast, same.p05, same.p95, same.rivals) == (
        point.forecast,
        point.p05,
        point.p95,
        point.rivals,
    )
    assert same.actual == pytest.approx(0.09)


@pytest.mark.data
@pytest.mark.parametrize("quarters", ["0", "x", "1.5", "40"])
def test_horizons_that_are_no_quarters_are_refused(data: Path, quarters: str) -> None:
    with pytest.raises(UsageError, match="whole quarters"):
        lt.backtest_rates([data / "fred/chargeoff_rates_quarterly.csv"], [data / FED], quarters=quarters)


@pytest.mark.data
def test_a_file_without_loss_rates_is_refused(data: Path) -> None:
    with pytest.raises(UsageError, match="charge-off or delinquency"):
        lt.backtest_rates([data / "fred/GDPC1.csv"], [data / FED])
