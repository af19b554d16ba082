"""A case of an odd form is refused by itself; a fault of ours is not taken for one."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from loantwin.errors import UsageError
from loantwin.products import periods
from tests.suites import emi, lives, uk
from tests.suites.__main__ import main
from tests.suites.lives_steps import acts
from tests.suites.verdict import judged

START = date(2024, 1, 1)


def zipped(path: Path, cases: list[Any]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(case) + "\n" for case in cases)
    return path


def lived(data: Path) -> dict[str, Any]:
    with gzip.open(data / "fineract/loan_lives.jsonl.gz", "rt", encoding="utf-8") as file:
        return json.loads(next(file))


def test_a_case_of_another_form_is_refused_with_its_reason() -> None:
    assert judged(lambda: str(int("n/a")), "x").startswith("a case of another form: ValueError")
    assert judged(lambda: {}["timeout"], "x") == "a case of another form: KeyError 'timeout'"

    def refused() -> str:
        raise UsageError("expected a day", field="on")

    assert judged(refused, "x") == "refused by the contract: on"


def test_a_fault_of_ours_is_different_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert judged(lambda: str(periods.rate_on(None, START)), "x") == "different"  # type: ignore[arg-type]
    assert "x: AttributeError" in capsys.readouterr().err


@pytest.mark.data
def test_one_odd_life_does_not_take_the_others(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of four is as it was; a principal with a comma, an amount that is null, no life at all."""
    good = lived(data)
    comma, null = json.loads(json.dumps(good)), json.loads(json.dumps(good))
    comma["steps"][1]["loan"]["with Principal"] = "1,000"
    null["steps"] = [step | ({"amount": None} if "amount" in step else {}) for step in null["steps"]]
    path = zipped(tmp_path / "lives.jsonl.gz", [good, comma, null, {}])  # and no settings beside it
    assert main(["lives", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["cases"], found["equal"], found["different"]) == (4, 1, [])
    assert sum(found["refused"].values()) == 3


@pytest.mark.data
@pytest.mark.parametrize(
    ("key", "odd"), [("Principal", "none"), ("cap", ""), ("Evaluation Date", "n/a"), ("timeout", "none")]
)
def test_one_odd_schedule_does_not_take_the_others(data: Path, tmp_path: Path, key: str, odd: str) -> None:
    with gzip.open(data / "uk_schedules/schedules.jsonl.gz", "rt", encoding="utf-8") as file:
        cases = [json.loads(line) for line in file]
    case = next(case for case in cases if "Settlement figure" in case["columns"])
    spoilt = case | {"parameters": case["parameters"] | {key: odd}}
    found = uk.run(zipped(tmp_path / "cases.gz", [case, spoilt, case | {"rows": [["x"]]}]))
    assert found.cases == 3
    assert found.equal >= 1
    assert found.equal + sum(found.refused.values()) + len(found.different) == 3


def test_one_odd_table_does_not_take_the_others(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"cases": [{"id": "a", "steps": None}, None, {"id": "b"}]}), encoding="utf-8")
    assert sum(emi.run(path).refused.values()) == 3


@pytest.mark.parametrize("words", ["Interest pause is added", "A fee was applied", "Admin adds a fee"])
def test_a_sentence_that_tells_a_deed_acts(words: str) -> None:
    assert acts(words)
    life = {"id": "a", "steps": [{"other": words}]}
    assert lives.outcome(life, {}) == lives.UNPARSED
