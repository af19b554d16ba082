"""`capital` on a synthetic panel and on real SBA loans: parts that fit together, guarantees, JSON, bad
input.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import jsonschema
import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import InputError
from loantwin.risk.capital.results import CapitalResult, ExplanationResult

FUNDS = (
    "cet1 = 60_000_000\ntier2 = 10_000_000\nearnings = 1_000_000\neligible_provisions = "
    "5_000_000\n[other_rwa]\noperational = 1e7\n"
)


@pytest.fixture(scope="module")
def result(panel_home: Path, tmp_path_factory: pytest.TempPathFactory) -> CapitalResult:
    funds = tmp_path_factory.mktemp("funds") / "funds.toml"
    funds.write_text(FUNDS, "utf-8")
    return lt.capital(panel_home, any_date=True, own_funds=funds, year=2026)


def test_a_panel_under_three_approaches(result: CapitalResult) -> None:
    assert list(result.approaches) == ["standardised", "foundation-irb", "advanced-irb"]
    for name, item in result.approaches.items():
        assert sum(part.loans for part in item.by_class.values()) == result.loans
        assert sum(part.rwa for part in item.by_class.values()) == pytest.approx(item.rwa)
        assert item.capital == pytest.approx(0.08 * item.rwa)
        assert item.rwa <= item.rwa_before_guarantees
        assert (item.expected_loss is None) == (name == "standardised")
        assert item.ratios is not None
    internal = result.approaches["advanced-irb"]
    floor, ratios = internal.output_floor, internal.ratios
    assert floor is not None
    assert ratios is not None
    assert floor.share == 0.65
    assert ratios.rwa == pytest.approx(max(internal.rwa, floor.floor) + 1e7)
    assert internal.provisions is not None
    assert internal.provisions.expected_loss == internal.expected_loss
    assert {item.name for item in internal.floors} >= {"LGD floor, retail revolving"}
    assert result.large_exposures.tier1 == 60_000_000
    assert sum(result.classification.values()) == result.loans
    assert any("not checked against the text" in rule for rule in result.rules)


def test_documents_fit_their_schemas(result: CapitalResult, panel_home: Path) -> None:
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    jsonschema.validate(document, CapitalResult.json_schema())
    assert document["schema"] == "loantwin.capital/1"
    loan = lt.capital(panel_home, any_date=True, approach="standardised").large_exposures.groups[0]
    assert loan.breach is None


def test_explanation_of_a_loan(panel_home: Path) -> None:

    with lt.open(panel_home) as twin:
        names = twin.book.loans["loan_id"]
        bad = twin.book.loans.filter(twin.book.loans["state"].str.starts_with("default"))["loan_id"]
    for name in (names[0], bad[0]):
        made = lt.capital_explain(panel_home, name, any_date=True)
        document = json.loads(json.dumps(made.to_dict(), allow_nan=False))
        jsonschema.validate(document, ExplanationResult.json_schema())
        for steps in made.approaches.values():
            found = {step.what: step.value for step in steps}
            weight = found.get("risk weight after the guarantee", found["risk weight of the borrower"])
            assert found["risk-weighted assets"] == pytest.approx(weight * found["exposure at default"])
    advanced = {step.what: step.value for step in made.approaches["advanced-irb"]}
    assert advanced["PD used"] == 1.0
    assert "correlation R" not in advanced


def test_points_in_time_and_through_the_cycle_differ(panel_home: Path) -> None:
    through = lt.capital(panel_home, any_date=True, approach="advanced-irb")
    point = lt.capital(panel_home, any_date=True, approach="advanced-irb", pd="point-in-time")
    assert point.approaches["advanced-irb"].rwa != through.approaches["advanced-irb"].rwa


def test_bad_input_is_refused_by_name(panel_home: Path) -> None:
    for arguments, words in (
        ({"approach": "basic"}, "approach"),
        ({"approach": "foundation-irb", "options": "united-states"}, "allow: standardised"),
        ({"options": "mars"}, "options"),
        (
            {"any_date": False},
            "in force on 2022-12-31 .in force then: united-states.*was 'basel, in force from",
        ),
        ({"assume": ["infrastructure=true"]}, "options with a factor for infrastructure"),
        ({"pd": "now"}, "pd"),
        ({"year": 3}, "year"),
        ({"assume": ["x=1"]}, "assume"),
    ):
        with pytest.raises(InputError, match=words):
            lt.capital(panel_home, **{"any_date": True, **arguments})
    with pytest.raises(InputError, match="field LOAN: expected a loan on the book"):
        lt.capital_explain(panel_home, "no such loan", any_date=True)


@pytest.mark.data
def test_real_guarantees_cut_the_weight_of_sba_loans(sba_home: Path) -> None:
    asked = {"any_date": True, "approach": "standardised"}
    plain = lt.capital(sba_home, **asked)
    alone = plain.approaches["standardised"]
    assert alone.rwa == alone.rwa_before_guarantees, "the SBA's guarantee is conditional"
    basel = lt.capital(sba_home, **asked, assume=["guarantee=unconditional"]).approaches["standardised"]
    assert any(f"recognised they would be {basel.rwa:,.0f}" in note for note in plain.notes)
    assert any("conditional guarantee is no credit protection" in note for note in plain.notes)
    covered = sum(part.guaranteed for part in basel.by_class.values())
    assert 0.5 < covered / basel.ead < 0.8
    assert basel.rwa == pytest.approx(basel.rwa_before_guarantees * (1 - covered / basel.ead), rel=0.05)
    america = lt.capital(sba_home, any_date=True, options="united-states").approaches["standardised"]
    assert america.rwa_before_guarantees == pytest.approx(america.ead), "100 % throughout"
    covered = sum(part.guaranteed for part in america.by_class.values())
    assert america.rwa == pytest.approx(america.ead - 0.8 * covered), "a conditional guarantee leaves 20 %"
    firm = lt.capital(sba_home, **asked, options="united-states", assume=["guarantee=unconditional"])
    assert firm.approaches["standardised"].rwa == pytest.approx(america.ead - covered)


def test_countries_beside_the_tables(panel_home: Path, tmp_path: Path) -> None:
    funds = tmp_path / "funds.toml"
    funds.write_text("cet1 = 60_000_000\nallowance = 5_000_000\n", "utf-8")
    asked = {"any_date": True, "approach": "standardised", "own_funds": funds}
    america = lt.capital(panel_home, options="united-states", **asked).approaches["standardised"]
    held, ratios = america.allowance, america.ratios
    assert held is not None
    assert ratios is not None
    assert held.tier2 == pytest.approx(0.0125 * america.rwa)
    assert held.deducted == pytest.approx(5e6 - held.tier2)
    assert ratios.rwa == pytest.approx(america.rwa - held.deducted)
    assert ratios.total.value == pytest.approx((6e7 + held.tier2) / ratios.rwa)
    europe = lt.capital(panel_home, options="european-union", **asked, assume=["low_default_confidence=0.75"])
    few, gap = europe.low_default, europe.backstop
    assert few is not None
    assert gap is not None
    pooled = [sum(few.debtors[place:]) for place in range(len(few.grades))]
    assert list(few.pd) == sorted(few.pd)
    assert all(pd > sum(few.defaults[place:]) / pooled[place] for place, pd in enumerate(few.pd))
    assert europe.approaches["standardised"].ratios.cet1.value == pytest.approx(  # type: ignore[union-attr]
        (6e7 - gap.deduction) / europe.approaches["standardised"].rwa
    )
    assert any("in force from 2025-01-01, and were asked for" in note for note in europe.notes)


PANEL = """
name = "late"
currency = "EUR"
kind = "panel"
observes = ["defaults", "charge_offs", "balance", "prepayment", "delinquency"]
[columns]
loan_id = "loan"
originated_amount = "amount"
[columns.product]
constant = "instalment"
[columns.rate_type]
constant = "fixed"
[columns.origination_date]
source = "start"
formats = ["%Y-%m-%d"]
[columns.term_months]
source = "term"
unit = "months"
[columns.annual_rate]
source = "rate"
unit = "decimal"
[panel.report_date]
source = "day"
formats = ["%Y-%m-%d"]
[panel.principal]
source = "balance"
[panel.days_past_due]
source = "days"
[panel.charged_off]
source = "lost"
"""


def test_a_severity_above_one_is_taken_as_one_and_said(tmp_path: Path) -> None:
    """60 loans are charged off at 1.05 of what they owed, ten are in default: provisions 100 % of those."""
    ends = pl.date_range(dt.date(2023, 12, 31), dt.date(2024, 12, 31), "1mo", eager=True).dt.month_end()
    rows = []
    for loan in range(200):
        for month, day in enumerate(ends):
            late = 120 if loan < 60 and month >= 6 + loan % 6 else 95 if loan < 70 and month == 12 else 0
            gone = loan < 60 and month == 7 + loan % 6
            if loan < 60 and month > 7 + loan % 6:
                break
            rows.append((f"L{loan}", dt.date(2023, 6, 1), 1000.0, 60, 0.1, day,
                         0.0 if gone else 1000.0, late, 1050.0 if gone else None))  # fmt: skip
    names = ["loan", "start", "amount", "term", "rate", "day", "balance", "days", "lost"]
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    (tmp_path / "mapping.toml").write_text(PANEL)
    home = tmp_path / "twin"
    lt.twin_create(home, frame, tmp_path / "mapping.toml", dt.date(2024, 12, 31))
    made = lt.fit(home)
    assert made.loss_given_default["charged_off"]["value"] > 1.0
    assert made.loss_given_default["recovered"]["observed"] is False
    result = lt.capital(home, any_date=True)
    assert any("of exposure as it was observed" in note and "takes it as 1" in note for note in result.notes)
    # CRE31.3, CRE30.3: what is expected to be lost is all of it, so that no unexpected loss is left
    steps = lt.capital_explain(home, "L60", any_date=True).approaches["advanced-irb"]
    found = {step.what: step.value for step in steps}
    assert (found["LGD used"], found["best estimate of expected loss"]) == (1.0, 1.0)
    assert (found["risk-weighted assets"], found["expected loss"]) == (0.0, 1000.0)
    # CRE20.1: net of provisions for all of it nothing is left to be weighed
    plain = {
        step.what: step.value
        for step in lt.capital_explain(home, "L60", any_date=True).approaches["standardised"]
    }
    assert (plain["specific provisions"], plain["exposure at default"]) == (1.0, 0.0)
