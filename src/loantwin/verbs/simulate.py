"""`simulate`: loan-level histories of the fitted twin, month by month, to a Parquet file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from loantwin import arguments as check
from loantwin.config import chosen
from loantwin.errors import UsageError, choice, expected
from loantwin.files import check_replaced, check_target, read_text, replace_file, whole_file
from loantwin.outlook.economies import one_economy
from loantwin.outlook.histories import MONEY, PART, TERMS, simulated_parts, terms_of
from loantwin.outlook.outlook import Histories, Outlook, Scenarios
from loantwin.twin import Twin, opened
from loantwin.types import ModelResult, Progress, silent

PERIODS = ("expected", "drawn")


NAME = "simulated"
"""Of the format that reads simulated histories."""
MARK = {"schema": "loantwin.histories/1"}
"""What the file says of itself."""


@dataclass(frozen=True)
class Simulated(ModelResult):
    """What was written: one row a loan and month, with columns that the mapping beside it reads as a panel.

    file : the rows. mapping : what reads them as a tape, None with several paths. loans : live loans of the
    book, one history a path each, whatever their case weight. loan_months : rows. balances : kind of loan
    -> moves of history from which its balances scatter; a kind that is not there follows its contract.
    notes : what the histories assume.
    """

    SCHEMA = "loantwin.simulate/1"

    as_of: dt.date
    currency: str
    file: str
    mapping: str | None
    loans: int
    loan_months: int
    months: int
    paths: int
    seed: int
    scenario: str | None
    period: str
    columns: tuple[str, ...]
    balances: Mapping[str, int]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def simulate(
    twin: Twin | Path | str,
    out: str | Path,
    *,
    months: int | None = None,
    paths: int = 1,
    scenarios: Scenarios = (),
    align: str | None = None,
    history: Histories = (),
    period: str = "expected",
    seed: int | None = None,
    progress: Progress = silent,
) -> Simulated:
    """Write simulated histories of each live loan over the months ahead to a Parquet file.

    The economy and the luck of each loan follow from the seed alone: the same bits on any number of
    threads. The file is written part by part, and appears whole or not at all; FILE.toml beside it is the
    mapping that reads it back as a panel. Every row closes to the cent: the balance before, less scheduled
    principal, prepaid and charged off, plus drawn, is the principal.

    Parameters
    ----------
    twin : an open twin, or its folder; fitted. out : the Parquet file to write; an old one is replaced.
    months, seed : None takes the configuration's. paths : histories of each loan; with more than one a column
        `path` counts them from 1, each with an economy of its own unless one is given.
    scenarios : FILE[#NAME], one given macro path; without it the generator stored by `fit` draws one.
    period : "expected", the period effects and coefficients that the fit expects: loans' luck alone is drawn;
        "drawn" draws them too, as one path of a forecast.
    align : "start" re-dates the scenario to begin after the as-of date. history : files it is measured
        against then, where its own has no row before it.

    Raises
    ------
    UsageError : a file that is no Parquet file or cannot be written, several scenarios, no live loan.
    ScenarioError : a scenario that is wrong or too short. HomeError : a twin that was not fitted.
    """
    check.count(1, paths=paths)
    target = Path(out)
    check_target(target, "out")
    check_replaced(target, "out")
    choice(period, PERIODS, "period")
    if paths == 1:
        _check_beside(target.with_suffix(".toml"))
    with opened(twin) as twin:
        twin = twin.using(chosen(twin.config, months=months, seed=seed))
        run = twin.config.run
        progress(0.02, "reading the book")
        outlook = Outlook(twin)
        outlook.require_live("histories of loans")
        economy, _ = one_economy(outlook, scenarios, align, run.months, paths, run.seed, history)
        count = len(outlook.live_ids)
        rows = 0

        def parts(*_: object) -> Iterator[pl.DataFrame]:
            nonlocal rows
            done = 0
            for part in simulated_parts(outlook, economy, run.months, run.seed, paths, period):
                rows += part.height
                yield part
                done = min(done + PART, count * paths)
                progress(0.05 + 0.95 * done / (count * paths), f"{done:,} of {count * paths:,} histories")

        kinds = schema(outlook, paths)
        with whole_file(target, "out") as file:
            source = register_io_source(parts, schema=kinds, is_pure=False)
            source.sink_parquet(file, compression="zstd", maintain_order=True, metadata=MARK)
        beside = target.with_suffix(".toml")
        if paths == 1:
            replace_file(beside, mapping_text(twin), "out", private=True)
        moves = twin.model.balances
        return Simulated(
            as_of=twin.as_of,
            currency=twin.currency,
            file=str(target),
            mapping=None if paths > 1 else str(beside),
            loans=count,
            loan_months=rows,
            months=run.months,
            paths=paths,
            seed=run.seed,
            scenario=economy.name,
            period=period,
            columns=tuple(kinds),
            balances={} if moves is None else dict(moves.cases),
            notes=(
                *economy.notes,
                *outlook.prices_left_out,
                *outlook.notes,
                *(
                    ()
                    if moves is not None
                    else ("balances follow their contracts: no panel tells how they scatter, or fit again",)
                ),
                *(words for words in twin.book.assumed.values()),
            ),
            provenance=twin.provenance(),
        )


def schema(outlook: Outlook, paths: int) -> dict[str, pl.DataType]:
    """Return the columns of the file and their types."""
    return {
        "loan_id": pl.String(),
        **({"path": pl.Int32()} if paths > 1 else {}),
        "report_date": pl.Date(),
        "state": pl.String(),
        "days_past_due": pl.Int32(),
        "annual_rate": pl.Float64(),
        **dict.fromkeys(MONEY, pl.Float64()),
        **dict(terms_of(outlook).schema),
    }


def _check_beside(mapping: Path) -> None:
    """Raise UsageError where another mapping than one of simulated histories stands where theirs will."""
    if mapping.exists() and NAME not in read_text(mapping, "mapping", UsageError, "out").partition("\n")[0]:
        raise UsageError(
            expected("no mapping of another kind beside it", mapping.name)
            + "; choose another name, or move that file away",
            field="out",
        )


def mapping_text(twin: Twin) -> str:
    """Return the mapping that reads a file of one path as a panel."""
    seen = ("defaults", "charge_offs", "balance", "prepayment", "interest", "recoveries", "delinquency")
    words = ", ".join(f'"{name}"' for name in seen)
    panel = (
        "report_date",
        "state",
        "annual_rate",
        *(name for name in MONEY if name not in ("drawn", "undrawn")),
    )
    told = (("columns", ("loan_id", *TERMS)), ("panel", panel))
    lines = [
        f'name = "{NAME}"',
        'words = "Histories that loantwin simulated: a row a loan and month."',
        f'currency = "{twin.currency}"',
        'kind = "panel"',
        f"observes = [{words}]",
        'segment_by = ["product"]',
        *(_source(section, name) for section, names in told for name in names),
    ]
    return "\n".join(lines) + "\n"


def _source(section: str, name: str) -> str:
    dated = '\nformats = ["%Y-%m-%d"]' if name.endswith("_date") else ""
    return f'\n[{section}.{name}]\nsource = "{name}"{dated}'
