"""Accounts of a synthetic bank as files of facts, which `account replay` reads."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from loantwin.servicing.stated import account_lines
from loantwin.synthesis.accounts import bank_accounts
from loantwin.synthesis.tables import SyntheticTables

FOLDER = "accounts"


def with_accounts(
    made: Iterator[SyntheticTables], target: Path, count: int, currency: str, files: dict[str, int]
) -> Iterator[SyntheticTables]:
    """Pass blocks on and write the first `count` loans that are no lines as accounts, one file each.

    files : told how many lines were written in all.
    """
    left = count
    for tables in made:
        if left:
            (target / FOLDER).mkdir(exist_ok=True)
        for loan_id, account in islice(bank_accounts(tables.loans, tables.panel, currency=currency), left):
            lines = list(account_lines(account))
            (target / FOLDER / f"{loan_id}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
            files[f"{FOLDER}/*.jsonl"] = files.get(f"{FOLDER}/*.jsonl", 0) + len(lines)
            left -= 1
        yield tables
