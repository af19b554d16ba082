"""`schedule`: rows, totals and yearly rates of a loan's terms; `schema`: the schema of their file."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import loantwin as lt
from loantwin.errors import UsageError
from loantwin.interfaces.cli.tables.render import render
from loantwin.verbs.schedule import ScheduleResult
from loantwin.verbs.schema import SchemaShown


def test_a_loan_of_the_federal_reserve() -> None:
    """Regulation Z, appendix J, (c)(1)(i): 5,000 in 36 monthly payments of 166.07 is an APR of 12.00 %."""
    made = lt.schedule(amount=5000, annual_rate="0.12", payments=36, start="1978-01-10", instalment="166.07")
    assert [row.payment for row in made.instalments[:-1]] == [166.07] * 35
    assert made.rates["us"].shown == "12.00"
    assert made.totals.cost == pytest.approx(made.totals.payment - 5000)


def test_totals_are_sums_and_the_document_fits_its_schema() -> None:
    made = lt.schedule(
        {
            "amount": 1200,
            "annual_rate": 0.12,
            "payments": 6,
            "start": "2024-01-01",
            "charges": [{"name": "fee", "share": 0.02}],
        }
    )
    document = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    jsonschema.validate(document, ScheduleResult.json_schema())
    assert set(document["instalments"][0]) >= {
        "number", "due", "days", "opening", "principal", "interest", "fees", "payment", "closing"
    }  # fmt: skip
    assert set(document["apr"]) >= {"us", "eu", "uk"}
    for name in ("principal", "interest", "fees", "payment"):
        assert document["totals"][name] == pytest.approx(sum(row[name] for row in document["instalments"]))
    assert document["totals"]["cost"] == pytest.approx(
        document["totals"]["interest"] + document["totals"]["fees"]
    )
    assert made.effective_annual_rate > 1.01**12 - 1  # the fee on top of 1 % a month


def test_days_count_where_the_day_count_does() -> None:
    plain = {"amount": 1000, "annual_rate": 0.1, "payments": 3, "start": "2024-01-01"}
    assert lt.schedule(**plain, day_count="actual/365").instalments[1].interest != pytest.approx(
        lt.schedule(**plain, day_count="actual/365", interest_period="same-as-period").instalments[1].interest
    )


def test_minor_units_follow_from_the_currency() -> None:
    yen = lt.schedule(amount=100_000, annual_rate=0.03, payments=7, start="2024-01-01", currency="JPY")
    assert all(row.payment == int(row.payment) for row in yen.instalments)
    with pytest.raises(UsageError, match="field currency"):
        lt.schedule(amount=1, annual_rate=0.03, payments=7, start="2024-01-01", currency="yen")


def test_arguments_that_are_missing_or_doubled(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="field annual_rate: expected a value"):
        lt.schedule(amount=1)
    with pytest.raises(UsageError, match="field amount: expected terms or single arguments, was 'both'"):
        lt.schedule(tmp_path / "loan.toml", amount=1)


def test_a_rate_that_nothing_solves_is_missing() -> None:
    at_once = lt.schedule(amount=100, annual_rate=0, payments=1, start="2024-01-01", first="2024-01-01")
    assert at_once.effective_annual_rate is None
    assert at_once.rates["us"].shown is None


def test_the_schema_of_terms_is_a_json_schema() -> None:
    shown = lt.schema("terms")
    jsonschema.Draft202012Validator.check_schema(shown.to_dict())
    jsonschema.validate(shown.to_dict(), SchemaShown.json_schema())
    jsonschema.validate({"amount": 1, "annual_rate": 0, "start": "2024-01-01"}, shown.to_dict())
    known = "application, case, collections, facts, grid, offers, policy, process, reasons, terms"
    with pytest.raises(UsageError, match=f"field name: expected one of {known}, was 'loan'"):
        lt.schema("loan")


def test_money_without_a_currency_has_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    render(lt.schedule(amount=100, annual_rate=0.1, payments=2, start="2024-01-01"), 80)
    shown = capsys.readouterr().out
    assert "you receive" in shown
    assert "None" not in shown
