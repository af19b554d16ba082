"""One loan as it was known at a day: columns, events, history, against a tape and facts written by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import jsonschema
import pytest

import loantwin as lt
from loantwin.clock import FixedClock
from loantwin.errors import UsageError
from loantwin.events.event import Event
from loantwin.events.fold import record
from loantwin.verbs.loan import LoanShown

TAPE = """\
number,kind,paid_out,amount,due,rate,month,status,left
17,TL,2025-03-15,1000.00,2027-03-15,0.12,2025-11-30,current,800.00
17,TL,2025-03-15,1000.00,2027-03-15,0.12,2025-12-31,current,760.10
17,TL,2025-03-15,1000.00,2027-03-15,0.12,2026-01-31,late,760.10
171,TL,2025-10-01,500.00,2026-10-01,0.10,2025-12-31,current,450.00
171,TL,2025-10-01,500.00,2026-10-01,0.10,2026-01-31,current,400.00
"""
FORMAT = """\
name = "by-hand"
currency = "EUR"
kind = "panel"
observes = ["balance", "delinquency"]

[columns]
loan_id = { source = "number" }
product = { source = "kind", values = { TL = "instalment" } }
origination_date = { source = "paid_out", formats = ["%Y-%m-%d"] }
originated_amount = { source = "amount" }
maturity_date = { source = "due", formats = ["%Y-%m-%d"] }

[panel]
report_date = { source = "month", formats = ["%Y-%m-%d"] }
state = { source = "status", values = { current = "current", late = "dpd_1_29" } }
principal = { source = "left" }
annual_rate = { source = "rate", unit = "decimal" }
"""
AS_OF = date(2025, 12, 31)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "tape.csv").write_text(TAPE)
    (tmp_path / "format.toml").write_text(FORMAT)
    made = tmp_path / "twin"
    clock = FixedClock(datetime(2026, 2, 1, tzinfo=UTC))
    lt.twin_create(made, tmp_path / "tape.csv", str(tmp_path / "format.toml"), AS_OF, clock=clock)
    return made


def happened(home: Path, day: date, recorded: datetime, loan: str = "17", principal: int = 4010) -> None:
    facts = {"loan_id": loan, "principal": principal, "interest": 760}
    with lt.open(home, writable=True, clock=FixedClock(recorded)) as twin:
        record(twin.home, twin.tables, [Event("PaymentReceived", day, facts, f"pay-{loan}-{day}")])


def test_what_the_tape_tells_of_a_loan_at_the_as_of_date(home: Path) -> None:
    shown = lt.loan(home, "17")
    jsonschema.validate(shown.to_dict(), LoanShown.json_schema())
    assert shown.known == AS_OF
    assert (shown.loan["originated_amount"], shown.loan["origination_date"]) == (1000.0, date(2025, 3, 15))
    # the last report of the as-of date; that of January came later
    assert [shown.loan[name] for name in ("state", "principal", "state_date")] == ["current", 760.10, AS_OF]
    assert shown.loan["charge_off_date"] is None
    assert [(row["report_date"], row["principal"]) for row in shown.history] == [
        (date(2025, 11, 30), 800.0),
        (AS_OF, 760.10),
    ]
    assert shown.events == ()


def test_what_happened_to_it_since(home: Path) -> None:
    happened(home, date(2026, 2, 27), datetime(2026, 3, 2, 9, tzinfo=UTC))
    happened(home, date(2026, 2, 28), datetime(2026, 3, 2, 9, tzinfo=UTC), loan="171", principal=100)
    shown = lt.loan(home, "17")
    (event,) = shown.events
    assert (event.type, event.happened, event.event_id) == (
        "PaymentReceived",
        date(2026, 2, 27),
        "pay-17-2026-02-27",
    )
    assert event.data == {"principal": 40.10, "interest": 7.60}  # euros, of cents in the log
    assert shown.known == date(2026, 2, 27)
    assert shown.loan["state_date"] == date(2026, 2, 27)
    assert len(shown.history) == 3
    document = shown.to_dict()
    assert document["events"][0]["recorded"] == "2026-03-02T09:00:00+00:00"


def test_what_was_known_at_a_day(home: Path) -> None:
    happened(home, date(2026, 2, 27), datetime(2026, 3, 2, 9, tzinfo=UTC))
    before = lt.loan(home, "17", known="2026-03-01")
    assert before.events == ()  # paid by then, and not yet recorded
    assert (before.loan["state"], before.loan["principal"]) == ("dpd_1_29", 760.10)
    then = lt.loan(home, "17", known=date(2026, 3, 2))
    assert len(then.events) == 1
    early = lt.loan(home, "17", known="2025-11-30")
    assert (early.loan["principal"], len(early.history)) == (800.0, 1)
    with lt.open(home) as twin:
        assert lt.loan(twin, "17", known=date(2026, 3, 1)).loan == before.loan


@pytest.mark.parametrize(
    ("number", "known", "words"),
    [
        ("18", None, "a loan of the tape, such as 17"),
        ("1", None, "a loan of the tape"),
        ("17", "2025-03-14", "a day from 2025-03-15 on, when the loan began"),
        ("17", "27.02.2026", "YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words(
    home: Path, number: str, known: str | None, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        lt.loan(home, number, known=known)


def test_a_snapshot_knows_nothing_before_its_day(tmp_path: Path) -> None:
    (tmp_path / "tape.csv").write_text("number,amount,left\nA,100,60\n")
    (tmp_path / "format.toml").write_text(
        """
name = "one-day"
currency = "EUR"
kind = "snapshot"
as_of = 2025-12-31
observes = ["balance"]
[columns]
loan_id = { source = "number" }
product = { constant = "instalment" }
origination_date = { constant = 2025-01-01 }
term_months = { constant = 24 }
annual_rate = { constant = 0.1 }
originated_amount = { source = "amount" }
principal = { source = "left" }
state_date = { constant = 2025-12-31 }
"""
    )
    lt.twin_create(tmp_path / "twin", tmp_path / "tape.csv", str(tmp_path / "format.toml"), AS_OF)
    assert lt.loan(tmp_path / "twin", "A").loan["principal"] == 60.0
    assert lt.loan(tmp_path / "twin", "A").history == ()
    with pytest.raises(UsageError, match="a day from 2025-12-31 on, that of the snapshot"):
        lt.loan(tmp_path / "twin", "A", known="2025-12-30")


@pytest.mark.slow
def test_the_command_prints_the_same_and_tables_people_read(home: Path) -> None:
    happened(home, date(2026, 2, 27), datetime(2026, 3, 2, 9, tzinfo=UTC))
    command = [sys.executable, "-c", "from loantwin.interfaces.cli.main import run; run()", "loan", str(home)]
    printed = subprocess.run([*command, "17", "--json"], capture_output=True, text=True, check=True)
    document = json.loads(printed.stdout)
    assert document["schema"] == "loantwin.loan/1"
    assert set(document) >= {"loan", "events", "history"}
    expected = lt.loan(home, "17").to_dict()
    assert {k: v for k, v in document.items() if k != "_provenance"} == {
        k: v for k, v in expected.items() if k != "_provenance"
    }
    shown = subprocess.run([*command, "17"], capture_output=True, text=True, check=True).stdout
    for words in ("Loan 17", "PaymentReceived", "principal 40.1", "2026-01-31", "Not known"):
        assert words in shown
    refused = subprocess.run([*command, "18"], capture_output=True, text=True)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "such as 17" in refused.stderr
