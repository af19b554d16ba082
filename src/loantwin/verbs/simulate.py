"""`simulate`: loan-level histories of the fitted twin, month by month, to a Parquet file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from loantwin.book.schema import PANEL
from loantwin.config import chosen
from loantwin.errors import UsageError, choice, expected
from loantwin.files import check_target, whole_file
from loantwin.outlook.economies import one_economy
from loantwin.outlook.histories import PART, simulated_parts
from loantwin.outlook.outlook import Outlook, Scenarios
from loantwin.twin import Twin, opened
from loantwin.types import ModelResult, Progress, silent

PERIODS = ("expected", "drawn")


@dataclass(frozen=True)
class Simulated(ModelResult):
    """What was written: one row a loan and month, with the columns of the panel table.

    file : where. loans : live loans of the book, one history each, whatever their case weight. loan_months :
    rows. balances : kind of loan -> moves of history from which its balances scatter; a kind that is not
    there follows its contract. notes : what the histories assume.
    """

    SCHEMA = "loantwin.simulate/1"

    as_of: dt.date
    currency: str
    file: str
    loans: int
    loan_months: int
    months: int
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
    scenarios: Scenarios = (),
    align: str | None = None,
    period: str = "expected",
    seed: int | None = None,
    progress: Progress = silent,
) -> Simulated:
    """Write one history of each live loan over the months ahead to a Parquet file.

    The economy and the luck of each loan follow from the seed alone: the same bits on any
    number of threads. The file is written part by part, and appears whole or not at all.

    Parameters
    ----------
    twin : an open twin, or its folder; fitted. out : the Parquet file to write; an old one is replaced.
    months, seed : None takes the configuration's.
    scenarios : FILE[#NAME], one given macro path; without it the generator stored by `fit` draws one.
    period : "expected", the period effects and coefficients that the fit expects: loans' luck alone is drawn;
        "drawn" draws them too, as one path of a forecast.
    align : "start" re-dates the scenario to begin after the as-of date.

    Raises
    ------
    UsageError : a file that is no Parquet file or cannot be written, several scenarios, no live loan.
    ScenarioError : a scenario that is wrong or too short. HomeError : a twin that was not fitted.
    """
    target = Path(out)
    check_target(target, "out")
    choice(period, PERIODS, "period")
    if target.exists() and target.suffix.lower() != ".parquet":
        raise UsageError(
            expected("a new file, or an old one that ends in .parquet", str(target)), field="out"
        )
    with opened(twin) as twin:
        twin = twin.using(chosen(twin.config, months=months, seed=seed))
        run = twin.config.run
        progress(0.02, "reading the book")
        outlook = Outlook(twin)
        outlook.require_live("histories of loans")
        economy, _ = one_economy(outlook, scenarios, align, run.months, 1, run.seed)
        count = len(outlook.live_ids)
        rows = 0

        def parts(*_: object) -> Iterator[pl.DataFrame]:
            nonlocal rows
            done = 0
            for part in simulated_parts(outlook, economy, run.months, run.seed, period):
                rows += part.height
                yield part
                done = min(done + PART, count)
                progress(0.05 + 0.95 * done / count, f"{done:,} of {count:,} loans")

        with whole_file(target, "out") as file:
            source = register_io_source(parts, schema=schema(), is_pure=False)
            source.sink_parquet(file, compression="zstd", maintain_order=True)
        moves = twin.model.balances
        return Simulated(
            as_of=twin.as_of,
            currency=twin.currency,
            file=str(target),
            loans=count,
            loan_months=rows,
            months=run.months,
            seed=run.seed,
            scenario=economy.name,
            period=period,
            columns=tuple(schema()),
            balances={} if moves is None else dict(moves.cases),
            notes=(
                *economy.notes,
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


def schema() -> dict[str, pl.DataType]:
    """Return the columns of the file and their types."""
    kinds: dict[str, pl.DataType] = {
        "text": pl.String(),
        "date": pl.Date(),
        "choice": pl.String(),
        "days": pl.Int32(),
    }
    return {column.name: kinds.get(column.kind, pl.Float64()) for column in PANEL}
