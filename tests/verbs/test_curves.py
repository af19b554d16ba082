from datetime import date
from pathlib import Path

import jsonschema
import pytest

import loantwin as lt
from loantwin.errors import UsageError
from loantwin.interfaces.report.curves import page
from loantwin.verbs.curves import RollRatesResult, VintagesResult, curves


def test_roll_rates_of_a_panel(panel_home: Path) -> None:
    found = curves(panel_home)
    assert isinstance(found, RollRatesResult)
    jsonschema.validate(found.to_dict(), RollRatesResult.json_schema())
    for matrix in (found.all_months, found.recent):
        for name, row in matrix.rates.items():
            if matrix.at_risk[name]:
                assert sum(cell.number or 0.0 for cell in row.values()) == pytest.approx(1)
    assert found.recent.last == found.all_months.last == "2022-12"
    assert found.recent.first == "2022-01"
    chain = [
        found.all_months.rates[a][b].number for a, b in zip(found.states[:5], found.states[1:6], strict=True)
    ]
    product = 1.0
    for rate in chain:
        product *= rate or 0.0
    assert found.to_loss["current"] == pytest.approx(product)
    html = page(found)
    assert html.count("<svg") == 4
    assert 'src="http' not in html
    assert 'href="http' not in html


def test_vintages_of_outcomes(sba_home: Path) -> None:
    found = curves(sba_home)
    assert isinstance(found, VintagesResult)
    jsonschema.validate(found.to_dict(), VintagesResult.json_schema())
    assert found.event == "charge-off"
    assert not found.exits_observed
    assert any("fit_from_vintage" in note for note in found.notes)
    newest = found.vintages[-1]
    assert newest.name == "2005"
    assert newest.points[12].number is None  # nobody lent in 2005 is a year old: missing, not zero
    assert newest.points[12].status == "censored"
    for item in found.vintages:
        rates = [point.number for point in item.points if point.number is not None]
        assert rates == sorted(rates)
    assert page(found).count("<svg") >= 3


def test_vintages_of_a_panel(panel_home: Path) -> None:
    found = curves(panel_home, kind="vintages", by="half-year")
    assert isinstance(found, VintagesResult)
    assert found.event == "default"
    assert found.exits_observed
    assert found.vintages[0].name.endswith("H1")


def test_bad_arguments(panel_home: Path, sba_home: Path) -> None:
    with pytest.raises(UsageError, match="`kind` vintages"):
        curves(sba_home, kind="roll-rates")
    with pytest.raises(UsageError, match="one of roll-rates, vintages"):
        curves(panel_home, kind="other")
    with pytest.raises(UsageError, match="quarter"):
        curves(panel_home, by="week")
    with pytest.raises(UsageError, match="half-year"):
        curves(panel_home, kind="vintages", by="month")
    with pytest.raises(UsageError, match="event"):
        curves(panel_home, event="default")
    with pytest.raises(UsageError, match="dated events"):
        curves(sba_home, event="default")


def test_a_snapshot_has_no_history(data: Path, tmp_path: Path) -> None:
    lt.twin_create(
        tmp_path / "now",
        data / "lending_snapshot/loans_full_schema.csv",
        "lending-snapshot",
        date(2018, 6, 30),
    )
    for kind in (None, "vintages", "roll-rates"):
        with pytest.raises(UsageError, match="a snapshot at one date"):
            curves(tmp_path / "now", kind=kind)
