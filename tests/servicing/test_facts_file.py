"""Files of facts: the page's example, what is refused and where, and the schema."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

import loantwin as lt
from loantwin.errors import ConfigError
from loantwin.servicing.facts_file import account_of
from loantwin.servicing.facts_schema import facts_schema
from loantwin.servicing.facts_written import written
from loantwin.verbs.account_replay import AccountReplayed

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "account-replay.md").read_text(encoding="utf-8")
FACTS = re.search(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[1]  # type: ignore[index]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "facts.jsonl"
    path.write_text(FACTS, encoding="utf-8")
    return path


def test_the_example_of_the_page_gives_its_table(file: Path) -> None:
    made = lt.account_replay(file, on="2024-05-20", since="2024-03-01", early=300)
    table = re.search(r"^\| no\. \| due \| asked.*?\n\|[-:|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table is not None
    stated = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table[1].splitlines()]
    actual = [
        [
            str(row.number),
            row.due.isoformat(),
            *(f"{x:.2f}" for x in (row.total, row.paid, row.late, row.in_advance, row.outstanding)),
            row.met.isoformat() if row.met else "",
        ]
        for row in made.instalments
    ]
    assert actual == stated
    assert (made.days_past_due, made.days_in_arrears, made.status) == (66, 63, "active")
    assert made.statement is not None
    assert (made.statement.paid, made.interest_saved) == (90, 0)
    document = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    jsonschema.validate(document, AccountReplayed.json_schema())


def test_every_line_of_the_example_fits_the_schema() -> None:
    schema = facts_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for line in FACTS.splitlines():
        jsonschema.validate(json.loads(line), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"fact": "pay", "on": "2024-01-01", "amount": 1, "why": ""}, schema)


def test_facts_written_and_read_again_are_the_same() -> None:
    lines = FACTS.splitlines()
    account = account_of(lines)
    again = account_of([lines[0], *written(account)])
    assert again.facts == account.facts
    assert again.transactions == account.transactions


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        ('{"fact": "pay", "on": "2024-02-01", "amount": 0}', "row 8, field amount", "above 0"),
        ('{"fact": "pay", "on": "2024-02-01", "amount": 0.001}', "row 8, field amount", "minor units"),
        ('{"fact": "pay", "on": "2024-02-01", "amount": 1e20}', "row 8, field amount", "at most"),
        ('{"fact": "pay", "on": "2023-02-01", "amount": 1}', "row 8, field on", "money was paid out"),
        ('{"fact": "pay", "on": "yesterday", "amount": 1}', "row 8, field on", "YYYY-MM-DD"),
        ('{"fact": "pay", "on": "2024-02-01"}', "row 8, field amount", "a value"),
        ('{"fact": "pay", "on": "2024-02-01", "amount": 1, "kind": "gift"}', "row 8, field kind", "gift"),
        ('{"fact": "pay", "on": "2024-02-01", "amount": 1, "x": 1}', "row 8, field x", "x"),
        ('{"fact": "forgive", "on": "2024-02-01"}', "row 8, field fact", "forgive"),
        ('{"fact": "reverse", "on": "2024-02-01", "of": 4}', "row 8, field of", "a fact that holds"),
        (
            '{"fact": "reschedule", "on": "2024-02-01", "instalment": "2024-02-03", "extra": 1}',
            "field instalment",
            "due date",
        ),
        ("[1]", "row 8", "one JSON object a line"),
        ("{", "row 8", "one JSON object a line"),
        ('{"fact": "pay", "on": "2024-02-01", "amount": NaN}', "row 8, field amount", "a number"),
        ('{"fact": "pay", "on": "2024-02-01", "amount": -Infinity}', "row 8, field amount", "a number"),
        ('{"fact": "pay", "on": "2024-02-01", "amount": 1e400}', "row 8, field amount", "401 digits"),
        (
            '{"fact": "pay", "on": "2024-02-01", "amount": ' + "9" * 5000 + "}",
            "row 8, field amount",
            "5000 digits",
        ),
        ('{"fact": ["pay"], "on": "2024-02-01", "amount": 1}', "row 8, field fact", "one of disburse"),
        ('{"fact": {}, "on": "2024-02-01", "amount": 1}', "row 8, field fact", "one of disburse"),
        ("[" * 100_000, "row 8", "one JSON object a line"),
        ('{"fact": "pay", "on": "2024-W05-4", "amount": 1}', "row 8, field on", "YYYY-MM-DD"),
        ('{"fact": "pay", "on": "20240201", "amount": 1}', "row 8, field on", "YYYY-MM-DD"),
        ('{"fact": "pay", "on": "\u0662024-02-01", "amount": 1}', "row 8, field on", "YYYY-MM-DD"),
        ('{"fact": "reschedule", "on": "2024-02-01", "instalment": "2024-03-15"}', "field due", "one of due"),
        ('{"fact": "waive", "on": "2024-03-01", "of": 5}', "row 8, field on", "the charge's, on"),
        ('{"fact": "refund-credit", "on": "2024-02-01", "amount": 1}', "row 8, field amount", "overpaid on"),
    ],
)
def test_a_fact_that_cannot_be_is_refused_by_row_and_field(
    file: Path, line: str, place: str, words: str
) -> None:
    file.write_text(FACTS + line + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=words) as told:
        lt.account_replay(file)
    assert place in str(told.value)
    assert "facts.jsonl" in str(told.value)


GOOD = '"fact": "terms", "amount": 1, "annual_rate": 0, "payments": 1, "start": "2024-01-01"'


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ('{"fact": "pay", "on": "2024-01-01", "amount": 1}', "field fact: expected the terms on the first"),
        ('{"fact": "terms", "amount": 1}', "field annual_rate: expected a value"),
        ("{" + GOOD + ', "servicing": {"grace_days": 99999999999}}', "field servicing.grace_days: expected"),
        ("{" + GOOD + ', "servicing": {"credit_order": ["fee", "fee"]}}', "field servicing.credit_order"),
        ("{" + GOOD + ', "servicing": {"ahead": "first"}}', "field servicing.ahead: expected one of next"),
        ("{" + GOOD + ', "servicing": {"behind": "first"}}', "field servicing.behind"),
        ("{" + GOOD + ', "roll": "following", "calendar": "nowhere"}', "row 1, field calendar"),
        ("{" + GOOD + ', "method": "flat", "servicing": {"schedule": "recalculated"}}', "field method"),
    ],
)  # fmt: skip
def test_terms_that_cannot_be(first: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        account_of([first])


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a readable file of facts"):
        lt.account_replay(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="expected terms and facts, was 'an empty file'"):
        lt.account_replay(tmp_path / "empty.jsonl")


def test_minor_units_follow_from_the_currency(tmp_path: Path) -> None:
    path = tmp_path / "yen.jsonl"
    lines = [
        {
            "fact": "terms",
            "amount": 100000,
            "annual_rate": 0,
            "payments": 3,
            "start": "2024-01-01",
            "currency": "JPY",
        },
        {"fact": "disburse", "on": "2024-01-01", "amount": 100000},
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert [row.total for row in lt.account_replay(path).instalments] == [33333, 33333, 33334]


def test_the_command_says_money_without_a_code_and_refuses_by_the_files_own_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from loantwin.interfaces.cli.main import run

    path = tmp_path / "facts.jsonl"
    path.write_text("{" + GOOD + '}\n{"fact": "pay", "on": "2024-01-01", "amount": 1}', encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["loantwin", "account", "replay", str(path)])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 2
    assert "row 2, field on: expected a day on or after money was paid out" in capsys.readouterr().err
    path.write_text("{" + GOOD + "}", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        run()
    shown = capsys.readouterr().out
    assert (ended.value.code or 0) == 0
    assert "approved" in shown
    assert "None" not in shown


def test_what_only_the_schedule_can_refuse_names_its_line(tmp_path: Path) -> None:
    lines = [
        '{"fact": "terms", "amount": 1200, "annual_rate": 0.12, "payments": 6, "start": "2024-01-15"}',
        "",
        '{"fact": "disburse", "on": "2024-01-15", "amount": 1200}',
        '{"fact": "pay", "on": "2024-02-15", "amount": 100}',
        '{"fact": "reschedule", "on": "2024-02-16", "instalment": "2024-02-16", "extra": 1}',
        '{"fact": "pay", "on": "2024-03-15", "amount": 100}',
    ]
    with pytest.raises(ConfigError) as told:
        account_of(lines, "facts.jsonl")
    assert (told.value.row, told.value.field) == (5, "instalment")
