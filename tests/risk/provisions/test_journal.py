"""Postings of the hand-worked movement: balanced entry by entry, and tied to both tables to the cent."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace

import jsonschema
import pytest

from loantwin.errors import InputError
from loantwin.risk.provisions.journal import JournalResult, journal_of
from loantwin.risk.provisions.movement_statement import MovementResult, movement_of
from tests.risk.provisions.test_movement import FIRST, LAST, groups_by_hand


@pytest.fixture
def moved() -> MovementResult:
    return movement_of(groups_by_hand(), FIRST, LAST, "USD", ("north", "south"), recoveries=40.0)


def cents(value: float) -> int:
    return round(100 * value)


def test_every_entry_by_hand(moved: MovementResult) -> None:
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for posting in journal_of(moved).postings:
        found[posting.entry][posting.account] += posting.debit - posting.credit
    wanted = {
        "loans originated": {"loans 1": 500.0, "loans 3": 50.0, "cash": -550.0},
        "loans derecognised": {"loans 2": -1000.0, "cash": 1000.0},
        "loans changes": {"loans 1": -500.0, "loans 2": -100.0, "loans 3": -100.0, "cash": 700.0},
        "loans transfers": {"loans 1": -1000.0, "loans 2": 1000.0},
        "allowance transfers": {"loss_allowance 1": 10.5, "loss_allowance 2": -10.5},
        "allowance originated": {"loss_allowance 1": -7.0, "impairment_loss": 7.0},
        "allowance derecognised": {"loss_allowance 2": 30.0, "impairment_loss": -30.0},
        "allowance remeasurement": {
            "loss_allowance 1": 4.75,  # a: 11 to 6.25
            "loss_allowance 2": -42.0,  # b: 10.5 to 50, and its overlay of 2.5
            "loss_allowance 3": -237.0,  # c: 408 to 600; 50; the overlay of 5 is gone
            "impairment_loss": 274.25,
        },
        "allowance unwind": {
            "loss_allowance 1": -1.5,
            "loss_allowance 3": -8.0,
            "impairment_loss": 1.5,
            "interest_revenue": 8.0,
        },
        "written off": {"loss_allowance 3": 650.0, "claims_on_guarantors": 200.0, "loans 3": -850.0},
        "recoveries": {"cash": 40.0, "impairment_loss": -40.0},
    }
    assert set(found) == set(wanted)
    for entry, accounts in wanted.items():
        assert dict(found[entry]) == pytest.approx(accounts, abs=1e-9), entry
        assert sum(cents(amount) for amount in found[entry].values()) == 0


def test_accounts_tie_to_both_tables_and_to_profit(moved: MovementResult) -> None:
    made = journal_of(moved)
    assert cents(made.total_debit) == cents(made.total_credit)
    assert cents(made.total_debit) == sum(cents(posting.debit) for posting in made.postings)
    for account, lines, sign in (("loans", moved.gross_carrying, 1), ("loss_allowance", moved.table, -1)):
        for stage in ("1", "2", "3"):
            held = made.accounts[f"{account} {stage}"]
            assert held.opening == sign * lines["opening"].by_stage[stage]
            assert cents(held.closing) == sign * cents(lines["closing"].by_stage[stage])
    assert (made.allowance, made.gross_carrying_amount, made.charge) == (65.75, 1900.0, 212.75)
    assert made.accounts["impairment_loss"].closing == moved.profit.charge
    assert made.accounts["interest_revenue"].closing == moved.profit.unwind_impaired
    document = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    jsonschema.validate(document, JournalResult.json_schema())


def test_recoveries_that_are_not_told_are_no_posting(moved: MovementResult) -> None:
    untold = journal_of(replace(moved, profit=replace(moved.profit, recoveries=None, charge=252.75)))
    assert "recoveries" not in {posting.entry for posting in untold.postings}
    assert untold.charge == 252.75
    assert any("no posting" in note for note in untold.notes)
    with pytest.raises(InputError):
        journal_of(untold)  # type: ignore[arg-type]
