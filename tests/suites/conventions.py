"""Which conventions the cases of the suites ask for, and how many of those are equal: `docs/suites.md`.

`python -m tests.suites.conventions DATA` prints the page over the visible files in DATA; a test holds it so.
A convention is read from the terms, or the account, that a suite makes of a case; of a case that is
refused, as far as it was played.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from loantwin.errors import UsageError
from loantwin.products.term_sheet import CONVENTIONS, TermSheet
from loantwin.servicing.account import Account
from loantwin.servicing.facts import (
    AddCharge,
    Chargeback,
    ChargeOff,
    Disburse,
    Fact,
    Pause,
    Pay,
    ReAge,
    ReAmortise,
    RefundCredit,
    Reschedule,
    Reverse,
    Waive,
)
from tests.suites import apr, daycount, emi, frappe, functions, holidays, lives, uk
from tests.suites.lives_steps import Life, play
from tests.suites.lives_terms import Product, RefusedError, products
from tests.suites.lives_texts import play_text
from tests.suites.verdict import Verdict

FILES = {
    "emi": "fineract/emi_cases.json",
    "lives": "fineract/loan_lives.jsonl.gz",
    "uk": "uk_schedules/schedules.jsonl.gz",
    "apr": "finance_functions/apr_published_examples.json",
    "daycount": "daycount/quantlib_daycount_cases.csv",
    "functions": "finance_functions/known_answers.json",
    "frappe": "finance_functions/frappe_lending_cases.json",
    "holidays": "daycount/quantlib_holiday_lists.csv",
}
"""Suite -> its file in the data folder."""
SUITES: dict[str, Callable[[Path], Verdict]] = {
    "emi": emi.run,
    "lives": lives.run,
    "uk": uk.run,
    "apr": apr.run,
    "daycount": daycount.run,
    "functions": functions.run,
    "frappe": frappe.run,
    "holidays": holidays.run,
}
WHY = {
    "PaymentScheduleTest_Monthly_1300_fp08_r6": "rule on the last instalment `nearest-level`: two level "
    "payments leave less than a penny an instalment; ours takes the nearer (4 pence away), the other program "
    "the one that its search meets first (6 pence)",
    "09b3453cda": "rule on what is late or in advance: a penalty that was paid is neither (343.33 of 353.33) "
    "while all other lives count it; rule on income: it is booked at the close of an account charged off",
    "ee30fda1ff": "rule on what is late or in advance: a penalty paid before its day is neither (1,000.00 of "
    "1,050.00); rule on income: the close has no line for it, while those of other lives have one",
    "2026-09-28": "substitute holiday of South Korea (Chuseok 2026 ends on a Saturday): the tests have it, "
    "the calendar library does not",
}
"""Words of the name of a case that differs -> the rule in which it does."""

FACTS: dict[str, tuple[type[Fact], ...]] = {
    "charges": (AddCharge,),
    "reversals": (Reverse,),
    "chargebacks": (Chargeback,),
    "credit balances paid out": (RefundCredit,),
    "waivers": (Waive,),
    "charge-offs": (ChargeOff,),
    "re-age": (ReAge,),
    "re-amortise": (ReAmortise,),
    "reschedule": (Reschedule,),
    "pauses": (Pause,),
}
CREDITS = {"goodwill-credit", "merchant-issued-refund", "payout-refund", "charge-adjustment"}
SHOWN = ("day_count", "interest_period", "method", "amortisation", "last_instalment", "instalment_rounding")
"""Conventions of terms of which every name is a line."""
PRESENT = {
    "instalment": "agreed instalment",
    "instalment_multiple": "instalment in multiples",
    "principal_grace": "grace of principal",
    "interest_grace": "grace of interest",
    "down_payment": "down payments",
    "charges": "fee that is financed",
    "total_cost_cap": "cap on all interest",
    "daily_cost_cap": "cap on a day's interest",
}

Found = tuple[frozenset[str], bool]
"""The conventions of a case, and whether it is equal."""


def of_terms(sheet: TermSheet) -> set[str]:
    """Return the conventions of terms, named as in files of terms."""
    found = {f"{name}: {getattr(sheet, name)}" for name in SHOWN if getattr(sheet, name) is not None}
    found.add(f"every: {sheet.every}")
    defaults = {item.name: item.default for item in fields(TermSheet)}
    found |= {word for name, word in PRESENT.items() if getattr(sheet, name) not in (defaults[name], None)}
    if len(sheet.disbursements) > 1:
        found.add("several disbursements")
    return found


def of_account(account: Account) -> set[str]:
    """Return the conventions of an account: its terms, how it is serviced, what happened to it."""
    sheet, servicing, facts = account.terms, account.servicing, account.facts
    found = {f"schedule: {servicing.schedule}", f"allocation: {servicing.allocation}"}
    found |= {f"every: {sheet.every}", f"method: {sheet.method}"} if sheet.annual_rate else {"no interest"}
    found |= {word for word, kinds in FACTS.items() if any(isinstance(fact, kinds) for fact in facts)}
    if sum(isinstance(fact, Disburse) for fact in facts) > 1:
        found.add("several disbursements")
    if any(isinstance(fact, Pay) and fact.kind in CREDITS for fact in facts):
        found.add("credits and refunds")
    return found | ({"down payments"} if sheet.down_payment else set())


def _emi(path: Path) -> Iterator[Found]:
    for case in json.loads(path.read_text(encoding="utf-8"))["cases"]:
        try:
            loan = emi._loan(case)
        except emi.RefusedError:
            yield frozenset(), False
            continue
        told = of_terms(loan.sheet)
        days = {step["dates"][0] for step in case["steps"] if step.get("do") == "addDisbursement"}
        told |= {"several disbursements"} if len(days) > 1 else set()
        told |= {"paid in advance"} if any(step.get("do") in emi.PAID for step in case["steps"]) else set()
        yield frozenset(told), emi.outcome(case) == "equal"


def _uk(path: Path) -> Iterator[Found]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for case in (json.loads(line) for line in lines if line.strip()):
            try:
                told = of_terms(uk.terms(case))
            except (uk.RefusedError, KeyError):
                told = set()
            told |= {"account of what was paid"} if "Settlement figure" in case["columns"] else set()
            yield frozenset(told), uk.outcome(case) == "equal"


def _lives(path: Path) -> Iterator[Found]:
    known = products(path)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for life in map(json.loads, lines):
            account = _played(life, known)
            told = of_account(account) if account else set()
            words = {step.get("expect") for step in life["steps"]}
            told |= {"postings of each line"} if "journal" in words else set()
            told |= {"arrears"} if any("delinquency" in str(word) for word in words) else set()
            yield frozenset(told), lives.outcome(life, known) == "equal"


def _played(life: dict[str, Any], known: dict[str, Product]) -> Account | None:
    """Return the account of a life as far as it can be played."""
    played = Life(known)
    try:
        for step in life["steps"]:
            if "other" in step and lives.acts(step["other"]):
                play_text(played, step["other"])
            elif "other" not in step and "expect" not in step:
                play(played, step)
    except (RefusedError, UsageError, LookupError, ValueError):
        pass
    return played.account


def counted(cases: Iterable[Found]) -> dict[str, tuple[int, int]]:
    """Return convention -> (equal, cases)."""
    whole: Counter[str] = Counter()
    equal: Counter[str] = Counter()
    for told, same in cases:
        whole.update(told)
        equal.update(told if same else ())
    return {name: (equal[name], count) for name, count in whole.items()}


def table(data: Path) -> list[str]:
    """Return the lines of the table of conventions by suite."""
    by_suite = {
        "emi": counted(_emi(data / FILES["emi"])),
        "uk": counted(_uk(data / FILES["uk"])),
        "lives": counted(_lives(data / FILES["lives"])),
    }
    names = sorted({name for found in by_suite.values() for name in found}, key=_order)
    lines = [
        "| convention | " + " | ".join(f"`{suite}`" for suite in by_suite) + " |",
        "|---|---:|---:|---:|",
    ]
    for name in names:
        cells = [_cell(found.get(name)) for found in by_suite.values()]
        lines.append(f"| {_words(name)} | " + " | ".join(cells) + " |")
    return lines


def _order(name: str) -> tuple[int, str]:
    kind = name.split(":")[0]
    kinds = ("schedule", "allocation", "every", *CONVENTIONS)
    return (kinds.index(kind), name) if ":" in name else (len(kinds), name)


def _words(name: str) -> str:
    kind, _, value = name.partition(": ")
    return f"`{kind}` `{value}`" if value else name


def _cell(found: tuple[int, int] | None) -> str:
    if found is None:
        return ""
    equal, whole = found
    return f"{equal}" if equal == whole else f"{equal} of {whole}"


def day_counts(data: Path) -> list[str]:
    """Return the lines of the table of day counts of the suite `daycount`."""
    lines = (data / FILES["daycount"]).read_text(encoding="utf-8").splitlines()
    names = [daycount.our_name(line.split(",")[0]) or "unknown" for line in lines[1:]]
    made = [f"| `{name}` | {count} |" for name, count in sorted(Counter(names).items())]
    return ["| day count | cases |", "|---|---:|", *made]


def why(case: str) -> str:
    """Return the rule in which a case differs; a case without one is a KeyError."""
    return WHY[next((part for part in WHY if part in case), case)]


HEAD = """# Suites: how far outside programs agree

`python -m tests.suites NAME FILE` turns cases with right answers into contracts and accounts of this program:
each is equal to the cent, refused with what it lacks, or different. This page is written by
`python -m tests.suites.conventions DATA`, and a test holds it to the visible files.
"""


def page(data: Path) -> str:
    """Return the page."""
    lines = [HEAD, "| suite | cases | equal | refused | different |", "|---|---:|---:|---|---:|"]
    different: list[str] = []
    for name, run in SUITES.items():
        found = run(data / FILES[name])
        refused = "; ".join(f"{count} {reason}" for reason, count in found.refused.items())
        told = len(found.different) or ""
        lines.append(f"| `{name}` | {found.cases} | {found.equal} | {refused} | {told} |")
        different += [f"- `{name}`, {case}: {why(case)}." for case in found.different]
    lines += ["", "## What differs, and why", "", *different, "", "## Conventions by suite", ""]
    lines += [
        "Equal cases that ask for a convention, of all that do where that is more. An empty cell: none asks.",
        "",
        *table(data),
        "",
        "## Day counts",
        "",
        "The day counts of the suite `daycount`, each case equal to nine decimals.",
        "",
        *day_counts(data),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(Path(sys.argv[1])), end="")
