"""The suite `lives`: whole loan lives, each a product, dated steps and the tables expected after them.

A life is equal where every table it expects is: schedule, totals, transactions with what each paid for,
status, outstanding, overpaid, charges, day of charge-off, arrears and the postings of each line. Steps in
free text are told apart by a rule: what changes the account refuses the life as `unparsed step`, what only
checks is left out.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from loantwin.errors import UsageError
from loantwin.servicing.arrears import arrears
from tests.suites import lives_journal, lives_tables
from tests.suites.lives_steps import Life, acts, play
from tests.suites.lives_terms import Product, RefusedError, products
from tests.suites.lives_texts import known as known_text
from tests.suites.lives_texts import play_text
from tests.suites.verdict import Verdict, judged, name_of, verdict

UNPARSED = "unparsed step"


def run(path: Path) -> Verdict:
    """Return the verdict over the lives of a file; settings of products that lie beside it count."""
    known = products(path)
    with gzip.open(path, "rt", encoding="utf-8") as lives:
        told = enumerate(map(json.loads, lives), 1)
        return verdict("lives", (_judged(life, name_of(life, "id", place), known) for place, life in told))


def _judged(life: dict[str, Any], name: str, known: dict[str, Product]) -> tuple[str, str]:
    return name, judged(lambda: outcome(life, known), name)


def outcome(life: dict[str, Any], known: dict[str, Product]) -> str:
    """Return `equal`, `different` or the reason a life is refused."""
    if any(
        acts(step["other"]) and not known_text(step["other"]) for step in life["steps"] if "other" in step
    ):
        return UNPARSED
    try:
        return "different" if next(differences(life, known), None) else "equal"
    except RefusedError as refused:
        return str(refused)
    except UsageError as error:
        return f"not taken: {error.field}, {error.message}"


def differences(life: dict[str, Any], known: dict[str, Product]) -> Iterator[tuple[int, str, Any, Any]]:
    """Yield (step, table, expected, actual) of each table that is not as expected."""
    played = Life(known)
    for place, step in enumerate(life["steps"]):
        if "other" in step:
            if acts(step["other"]):
                play_text(played, step["other"])
            continue
        if "expect" not in step:
            play(played, step)
            continue
        expected, actual, equal = compared(played, step)
        if not equal:
            yield place, step["expect"], expected, actual


def compared(life: Life, step: dict[str, Any]) -> tuple[Any, Any, bool]:
    """Return what a step expects, what is there, and whether the two are equal."""
    account, what = life.loan, step["expect"]
    if what in ("schedule", "transactions", "charges"):
        table = getattr(lives_tables, what)(account)
        return step["rows"], table, lives_tables.same(step["rows"], table)
    if what == "totals":
        table = [lives_tables.totals(account)]
        return [step["row"]], table, lives_tables.same([step["row"]], table)
    if what == "status":
        return step["value"], account.status, step["value"] in lives_tables.STATUS[account.status]
    if what in ("outstanding", "overpaid"):
        amount = getattr(account, what)
        return step["value"], amount, round(step["value"] * 100) == amount
    if what == "charged_off_on":
        return step["value"], account.charged_off, step["value"] == str(account.charged_off)
    if what == "journal":
        return _journal(life, step)
    return _arrears(life, step)


def _journal(life: Life, step: dict[str, Any]) -> tuple[Any, Any, bool]:
    from datetime import date

    there = lives_journal.found(life.loan, step["kind"], date.fromisoformat(step["on"]), step["rows"])
    if there is None:
        raise RefusedError(f"postings of {step['kind']}")
    lines = [*life.loan.transactions, *life.loan.reversed_transactions]
    return step, lines, there


def _arrears(life: Life, step: dict[str, Any]) -> tuple[Any, Any, bool]:
    what = step["expect"]
    now = arrears(life.loan, life.today)
    since = now.since.isoformat() if now.since else ""
    if what == "delinquency":
        late = life.classified != "NO_DELINQUENCY"
        found = (life.classified, since if late else "")
        return (step["range"], step["date"]), found, found == (step["range"], step["date"] or "")
    if what == "loan_delinquency":
        row = {
            "classification": life.classified,
            "delinquentAmount": now.amount / 100,
            "delinquentDate": since or None,
            "delinquentDays": float(now.days),
            "pastDueDays": float(now.past_due_days),
        }
        return step["rows"], [row], lives_tables.same(step["rows"], [row])
    if what == "installment_delinquency":
        found = [{"Range": name, "Amount": amount / 100} for name, amount in life.instalments.items()]
        wanted = [{"Range": row["Range"], "Amount": row["Amount"]} for row in step["rows"]]
        return wanted, found, lives_tables.same(wanted, found)
    raise RefusedError(f"table {what}")
