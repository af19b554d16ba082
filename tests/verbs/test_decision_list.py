"""What became of decisions: predicted beside realised default, arms at equal loss, counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from scipy.stats import binomtest

import loantwin as lt
from loantwin.clock import FixedClock
from loantwin.errors import TapeError, UsageError
from tests.decisions.applied_for import policy_file

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
MAPPING = """
name = "lent"
kind = "outcomes"
currency = "USD"
lending = "consumer"
observes = ["charge_offs", "prepayment"]
[columns]
loan_id.source = "number"
product.constant = "instalment"
rate_type.constant = "fixed"
origination_date = { source = "lent", formats = ["%Y-%m-%d"] }
approval_date = { source = "lent", formats = ["%Y-%m-%d"] }
term_months.source = "months"
approved_amount.source = "amount"
originated_amount.source = "amount"
annual_rate.source = "rate"
charge_off_date = { source = "lost_on", formats = ["%Y-%m-%d"] }
charged_off.source = "lost"
closed_date = { source = "paid_on", formats = ["%Y-%m-%d"] }
"""
LENT, AS_OF, DECIDED = date(2024, 8, 5), date(2026, 6, 30), datetime(2024, 8, 3, 12, tzinfo=UTC)
LOANS = 40
"""Approved by both, 10,000 each; the first twelve are charged off half a year later and lose 4,000."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose loans bear the numbers of applications decided before, with a stricter shadow."""
    folder = tmp_path_factory.mktemp("list")
    rows = [
        {
            "number": f"A-{n}", "lent": LENT.isoformat(), "months": 36, "amount": 10_000, "rate": 0.09,
            "lost_on": "2025-02-10" if n < 12 else None, "lost": 4_000 if n < 12 else None, "paid_on": None,
        }
        for n in range(LOANS)
    ]  # fmt: skip
    pl.DataFrame(rows, infer_schema_length=None).write_csv(folder / "tape.csv")
    (folder / "lent.toml").write_text(MAPPING, encoding="utf-8")
    lt.twin_create(folder / "twin", folder / "tape.csv", folder / "lent.toml", AS_OF)
    asked = [
        {
            "application_id": f"A-{n}", "application_date": "2026-08-03", "amount": 10_000.0,
            "term_months": 36, "annual_income": 60_000.0, "score": 690.0 + n, "annual_pd": 0.25 - 0.005 * n,
        }
        for n in range(LOANS)
    ]  # fmt: skip
    asked += [{**asked[0], "application_id": f"D-{n}", "score": 400.0} for n in range(10)]
    asked += [{**asked[0], "application_id": "R-1", "exposures": {"borrower": 99_000.0}}]
    (folder / "other").mkdir()
    strict = policy_file(folder / "other", (740, 700, 600), name="strict")
    with lt.open(folder / "twin", writable=True, clock=FixedClock(DECIDED)) as twin:
        lt.decide(asked, policy=policy_file(folder), twin=twin, record=True, shadows=[strict])
    return folder / "twin"


def test_predicted_stands_beside_realised(home: Path) -> None:
    found = lt.decision_list(home)
    assert (found.all, found.became, found.outcomes) == (51, 40, {"approve": 40, "decline": 10, "refer": 1})
    told = found.realised
    assert (told.loans, told.defaults, told.realised) == (40, 12, 0.3)
    assert told.predicted == pytest.approx(0.25 - 0.005 * 19.5)
    exact = binomtest(12, 40).proportion_ci(0.95, "exact")
    assert (told.low, told.high) == (pytest.approx(exact.low), pytest.approx(exact.high))
    assert told.verdict == "above"
    first, last = found.decisions[0].loan, found.decisions[39].loan
    assert first is not None
    assert last is not None
    assert (first.default_date, first.defaulted_in_year, first.realised_loss) == (
        date(2025, 2, 10),
        True,
        4_000.0,
    )
    assert (last.defaulted, last.defaulted_in_year, last.realised_loss, last.months) == (
        False,
        False,
        0.0,
        22,
    )
    assert lt.evidence(home, found.decisions[0].decision_id).loan == first


def test_decisions_are_chosen(home: Path, tmp_path: Path) -> None:
    assert len(lt.decision_list(home, outcome="decline").decisions) == 10
    assert len(lt.decision_list(home, application="A-3").decisions) == 1
    assert lt.decision_list(home, since="2024-08-04").decisions == ()
    file = tmp_path / "loans.csv"
    file.write_text("application_id,loan_id\nA-1,A-39\n", encoding="utf-8")
    (item,) = lt.decision_list(home, application="A-1", loans=file).decisions
    assert item.loan is not None
    assert (item.loan.loan_id, item.loan.defaulted) == ("A-39", False)
    with pytest.raises(UsageError, match="field application: expected an application that was decided"):
        lt.decision_list(home, application="Z")
    file.write_text("application_id,loan_id\nA-1,A-39\nA-1,A-2\n", encoding="utf-8")
    with pytest.raises(TapeError, match="field loan_id: expected one loan an application, was 'two of A-1'"):
        lt.decision_list(home, loans=file)
    file.write_text("application,loan_id\nA-1,A-39\n", encoding="utf-8")
    with pytest.raises(TapeError, match="field application_id: expected a column"):
        lt.decision_list(home, loans=file)


def test_arms_are_compared_at_equal_loss(home: Path) -> None:
    """The champion lends 40 x 10,000 and loses 12 x 4,000: 12 %. The stricter shadow approves scores from 700
    at more than 15,000, so all; it grants the same and decides the same share alone.
    """
    found = lt.decision_compare(home)
    champion, shadow = found.arms
    assert (champion.approve, champion.decline, champion.refer) == (40, 10, 1)
    assert champion.loss_rate == 48_000 / 400_000
    assert champion.alone == champion.at_equal_loss == 50 / 51
    assert (champion.loans, champion.defaults, champion.granted) == (40, 12, 400_000.0)
    assert shadow.applications == 51
    assert shadow.loss_rate == champion.loss_rate
    assert found.tests == ()
    assert found.salt is None
    with pytest.raises(UsageError, match="field figure: expected one of referred, approved, defaulted"):
        lt.decision_compare(home, figure="lost")
