"""Write a synthetic book to a folder by blocks: Parquet tables, a raw tape, macro files and the truth."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, ClassVar

import numpy as np
import polars as pl

from loantwin import months as calendar
from loantwin.errors import UsageError, expected
from loantwin.files import whole_folder
from loantwin.macro.scenario import Scenario
from loantwin.synthesis import lender_tape
from loantwin.synthesis.account_files import with_accounts
from loantwin.synthesis.economy import downturn
from loantwin.synthesis.generate import BLOCK, CURRENCY, START, SynthesisPlan, blocks, make_plan
from loantwin.synthesis.raw_text import plant
from loantwin.synthesis.sba_tape import sba_rows
from loantwin.synthesis.tables import SyntheticTables
from loantwin.synthesis.truth import Truth
from loantwin.types import Progress, Result, silent

TAPES = ("sba", "mapping")
TABLES = ("loans", "panel", "parties", "collateral", "guarantees")

PART = 100_000
"""Loans a Parquet part; a book of more is written as folders of parts."""

SCENARIO_MONTHS = 36
_SCENARIOS = (("Baseline", 0.0), ("Adverse", 0.6), ("Severe", 1.2))
"""Name and depth of the recession of the scenarios that begin after the panel."""


@dataclass(frozen=True)
class SyntheticSummary(Result):
    """What was written: file -> rows, and the totals a reader of the tape should find again."""

    SCHEMA: ClassVar[str] = "loantwin.synthetic/1"

    folder: str
    seed: int
    first_month: str
    last_month: str
    loans: int
    loan_months: int
    originated: float
    balance: float
    charged_off: float
    defaults: int
    loan_count_by_status: dict[str, int]
    planted: dict[str, int]
    files: dict[str, int]


@dataclass
class _Sums:
    """What is counted while blocks go by. Money in cents, so that the order of blocks cannot matter."""

    loan_months: int = 0
    originated: int = 0
    balance: int = 0
    charged_off: int = 0
    defaults: int = 0
    status: Counter[str] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)
    files: dict[str, int] = field(default_factory=dict)

    def add(self, tables: SyntheticTables) -> None:
        loans = tables.loans
        self.loan_months += tables.panel.height
        self.originated += _cents(loans["originated_amount"])
        self.balance += _cents(loans["principal"])
        self.charged_off += _cents(loans["charged_off"])
        self.defaults += loans["default_date"].count()
        self.status.update(dict(loans["status"].value_counts().iter_rows()))


def write(
    folder: str | Path,
    loans: int = 100_000,
    months: int = 60,
    seed: int = 1,
    as_tape: str | None = None,
    *,
    start: date = START,
    truth: Truth | None = None,
    macro: Scenario | None = None,
    planted: float = 0.0,
    accounts: int = 0,
    block: int = BLOCK,
    progress: Progress = silent,
) -> SyntheticSummary:
    """Write a synthetic book to a folder that is empty or new, and return what was written.

    Always: macro.csv (the economy by month, decimals), macro_quarterly.csv (the same in the Fed's form),
    scenarios.csv (Baseline, Adverse and Severe for the 36 months after), truth.json. Then the book:

    as_tape None : loans, panel, parties, collateral, guarantees as Parquet; one file each up to 100,000
        loans, folders of parts beyond. mapping.toml reads loans.parquet as a tape.
    as_tape "mapping" : a raw lender's export. tape.csv (monthly rows) read by mapping.toml; outcomes.csv (a
    row a loan)
        read by outcomes.toml.
    as_tape "sba" : tape.csv, the ended loans in the raw form that `--format sba` reads.

    Parameters
    ----------
    planted : share of the tape's rows in which dirt is planted, for showing the quarantine (as_tape "mapping"
        alone).
    accounts : of how many loans, the first that are no lines, the history is written as a file of dated facts
        too, accounts/<loan_id>.jsonl.
    block : loans simulated at once; it changes memory and nothing else.
    progress : told after each block.

    Raises
    ------
    UsageError : a folder that holds files or cannot be made, an unknown `as_tape`, no loans. The folder
        appears whole or not at all.
    """
    if as_tape is not None and as_tape not in TAPES:
        raise UsageError(expected("one of " + ", ".join(TAPES), as_tape), field="as_tape")
    if accounts < 0:
        raise UsageError(expected("a number of accounts", accounts), field="accounts")
    if not 0.0 <= planted <= 0.5 or (planted and as_tape != "mapping"):
        raise UsageError(expected('a share from 0 to 0.5, with as_tape "mapping"', planted), field="planted")
    sums = _Sums()
    with whole_folder(Path(folder)) as target:
        plan = make_plan(months, seed, start=start, truth=truth, macro=macro)
        made = _told(blocks(plan, loans, block), loans, progress)
        if accounts:
            made = with_accounts(made, target, accounts, CURRENCY, sums.files)
        if as_tape is None:
            _write_parquet(target, made, sums)
            _write_text(
                target / "mapping.toml", lender_tape.plain_mapping("synthetic", CURRENCY, "outcomes"), sums
            )
        else:
            _write_tape(target, made, sums, as_tape, planted, seed)
        _write_economy(target, plan, sums)
        (target / "truth.json").write_text(
            json.dumps(_truth_document(plan), indent=1) + "\n", encoding="utf-8"
        )
        sums.files["truth.json"] = 1
    return SyntheticSummary(
        folder=str(folder),
        seed=seed,
        first_month=calendar.label(plan.first_month),
        last_month=calendar.label(plan.first_month + months - 1),
        loans=loans,
        loan_months=sums.loan_months,
        originated=sums.originated / 100.0,
        balance=sums.balance / 100.0,
        charged_off=sums.charged_off / 100.0,
        defaults=sums.defaults,
        loan_count_by_status=dict(sorted(sums.status.items())),
        planted=dict(sorted(sums.planted.items())),
        files=sums.files,
    )


def _told(made: Iterator[SyntheticTables], loans: int, progress: Progress) -> Iterator[SyntheticTables]:
    """Pass blocks on and say how many loans have gone by."""
    done = 0
    for tables in made:
        yield tables
        done += tables.loans.height
        progress(done / loans, f"{done:,} of {loans:,} loans")


def _write_parquet(target: Path, made: Iterator[SyntheticTables], sums: _Sums) -> None:
    """Write parts of exactly `PART` loans, whatever the blocks they come in."""
    held: list[SyntheticTables] = []
    part = 0
    for tables in made:
        sums.add(tables)
        held.append(tables)
        while sum(item.loans.height for item in held) > PART:
            full, rest = _cut(_joined(held), PART)
            part += 1
            _write_part(target, full, part, sums)
            held = [rest]
    _write_part(target, _joined(held), part + 1 if part else 0, sums)


def _write_part(target: Path, tables: SyntheticTables, part: int, sums: _Sums) -> None:
    """Write one part; part 0 is the only one."""
    for name in TABLES:
        frame: pl.DataFrame = getattr(tables, name)
        file = f"{name}.parquet" if part == 0 else f"{name}/part-{part:05d}.parquet"
        (target / file).parent.mkdir(exist_ok=True)
        frame.rechunk().write_parquet(target / file, compression="zstd", row_group_size=1_000_000)
        sums.files[file] = frame.height


def _joined(parts: list[SyntheticTables]) -> SyntheticTables:
    return SyntheticTables(*(pl.concat([getattr(part, name) for part in parts]) for name in TABLES))


def _cut(tables: SyntheticTables, loans: int) -> tuple[SyntheticTables, SyntheticTables]:
    """Return the tables of the first `loans` loans and of the others."""
    first_left = tables.loans["loan_id"][loans]
    head = [getattr(tables, name).filter(pl.col("loan_id") < first_left) for name in TABLES]
    tail = [getattr(tables, name).filter(pl.col("loan_id") >= first_left) for name in TABLES]
    return SyntheticTables(*head), SyntheticTables(*tail)


def _write_tape(
    target: Path, made: Iterator[SyntheticTables], sums: _Sums, as_tape: str, planted: float, seed: int
) -> None:
    with ExitStack() as stack:
        files: dict[str, IO[bytes]] = {}

        def add(name: str, rows: pl.DataFrame, separator: str, line_end: str) -> None:
            first = name not in files
            if first:
                files[name] = stack.enter_context((target / name).open("wb"))
                sums.files[name] = 0
            rows.write_csv(files[name], include_header=first, separator=separator, line_terminator=line_end)
            sums.files[name] += rows.height

        for tables in made:
            sums.add(tables)
            if as_tape == "sba":
                add("tape.csv", sba_rows(tables), ",", "\r\n")
                continue
            already = sums.files.get("tape.csv", 0)
            rows, dirt = plant(
                lender_tape.monthly_rows(tables), planted, seed, already, lender_tape.DIRT_COLUMNS
            )
            sums.planted.update(dirt)
            add("tape.csv", rows, lender_tape.SEPARATOR, "\n")
            add("outcomes.csv", lender_tape.outcome_rows(tables), lender_tape.SEPARATOR, "\n")
    if as_tape == "mapping":
        _write_text(target / "mapping.toml", lender_tape.monthly_mapping("synthetic-monthly", CURRENCY), sums)
        _write_text(
            target / "outcomes.toml", lender_tape.outcome_mapping("synthetic-outcomes", CURRENCY), sums
        )


def _write_text(file: Path, text: str, sums: _Sums) -> None:
    file.write_text(text, encoding="utf-8")
    sums.files[file.name] = text.count("\n")


def _write_economy(target: Path, plan: SynthesisPlan, sums: _Sums) -> None:
    known = _monthly_frame(plan.economy)
    ahead = pl.concat(
        [_monthly_frame(downturn(plan.economy, SCENARIO_MONTHS, depth, name)) for name, depth in _SCENARIOS]
    )
    for name, frame in (
        ("macro.csv", known),
        ("scenarios.csv", ahead),
        ("macro_quarterly.csv", _quarterly_frame(plan.economy)),
    ):
        frame.write_csv(target / name)
        sums.files[name] = frame.height


def _monthly_frame(economy: Scenario) -> pl.DataFrame:
    """Return a scenario in the user's form: scenario, date YYYY-MM, one column a factor, decimals."""
    dates = [calendar.label(economy.first + month) for month in range(len(economy.values))]
    columns = {factor: np.round(economy.values[:, place], 8) for place, factor in enumerate(economy.factors)}
    return pl.DataFrame({"scenario": [economy.name] * len(dates), "date": dates, **columns})


def _quarterly_frame(economy: Scenario) -> pl.DataFrame:
    """Return a scenario by quarter as the Fed's tables: percent, mean rates, last month of indices."""
    skip = -economy.first % 3
    quarters = (len(economy.values) - skip) // 3
    cube = economy.values[skip : skip + 3 * quarters].reshape(quarters, 3, len(economy.factors))
    first = (economy.first + skip) // 3
    columns: dict[str, object] = {
        "Scenario Name": [economy.name] * quarters,
        "Date": [f"{(first + quarter) // 4} Q{(first + quarter) % 4 + 1}" for quarter in range(quarters)],
    }
    for place, (factor, kind) in enumerate(zip(economy.factors, economy.kinds, strict=True)):
        if factor in _FED_HEADINGS:
            index = kind == "index"
            values = cube[:, 2, place] if index else 100.0 * cube[:, :, place].mean(axis=1)
            columns[_FED_HEADINGS[factor]] = np.round(values, 4)
    return pl.DataFrame(columns)


_FED_HEADINGS = {
    "real_gdp_growth": "Real GDP growth",
    "unemployment_rate": "Unemployment rate",
    "inflation": "CPI inflation rate",
    "treasury_3m": "3-month Treasury rate",
    "treasury_10y": "10-year Treasury yield",
    "mortgage_rate": "Mortgage rate",
    "prime_rate": "Prime rate",
    "bbb_yield": "BBB corporate yield",
    "house_price_index": "House Price Index (Level)",
    "stock_index": "Dow Jones Total Stock Market Index (Level)",
}


def _truth_document(plan: SynthesisPlan) -> dict[str, object]:
    """Return the truth with what was drawn beside it: the seed and the path of the latent effects."""
    drawn = {
        "seed": plan.seed,
        "first_month": calendar.label(plan.first_month),
        "latent": {
            name: plan.latent[:, place].tolist() for place, name in enumerate(plan.truth.transitions.latents)
        },
    }
    return {"drawn": drawn, "truth": plan.truth.to_dict()}


def _cents(column: pl.Series) -> int:
    return int((column.fill_null(0.0) * 100.0).round().cast(pl.Int64).sum())
