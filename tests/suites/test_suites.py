"""The suites over the visible files reach what the page says; the door refuses what it does not know."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.suites import emi, uk
from tests.suites.__main__ import main, names
from tests.suites.verdict import verdict

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "schedule.md").read_text(encoding="utf-8")


def stated(suite: str) -> tuple[int, int]:
    """Return the cases and the equal ones that the page states."""
    found = re.search(rf"\| `{suite}`[^|]*\| (\d+) \| (\d+) \|", PAGE)
    assert found is not None
    return int(found[1]), int(found[2])


@pytest.mark.data
def test_annuities_of_a_core_banking_system(data: Path) -> None:
    found = emi.run(data / "fineract/emi_cases.json")
    assert (found.cases, found.equal) == stated("emi") == (10, 9)
    assert found.refused == {"due date outside its own period": 1}
    assert found.different == []


@pytest.mark.data
def test_daily_interest_and_interest_first(data: Path) -> None:
    found = uk.run(data / "uk_schedules/schedules.jsonl.gz")
    assert (found.cases, found.equal) == stated("uk")
    assert found.different == ["PaymentScheduleTest_Monthly_1300_fp08_r6"]  # the page says why
    assert found.cases == found.equal + sum(found.refused.values()) + len(found.different)


def test_a_verdict_counts_every_case_once() -> None:
    made = verdict("sample", [("a", "equal"), ("b", "no rule"), ("c", "different"), ("d", "no rule")])
    assert made.to_dict() == {
        "suite": "sample",
        "cases": 4,
        "equal": 1,
        "refused": {"no rule": 2},
        "different": ["c"],
    }


def test_the_door(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert {"emi", "uk"} <= set(names())
    assert main(["nothing", "file"]) == 2
    assert "expected a suite, one of" in capsys.readouterr().err
    assert main(["emi", str(tmp_path / "none.json")]) == 2
    (tmp_path / "cases.json").write_text(json.dumps({"cases": []}), encoding="utf-8")
    assert main(["emi", str(tmp_path / "cases.json")]) == 0
    assert json.loads(capsys.readouterr().out)["cases"] == 0
