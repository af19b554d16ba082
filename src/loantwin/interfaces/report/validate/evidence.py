"""Everything a dossier shows, asked of the twin once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

import loantwin as lt
from loantwin.errors import InputError
from loantwin.interfaces.report.validate.moves import Moved, moved
from loantwin.months import add_months
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.remade import Remade, remade
from loantwin.outlook.thinned import Stability, stability
from loantwin.risk.provisions.ifrs9 import Ifrs9Result
from loantwin.risk.stress.stress import StressResult
from loantwin.twin import Twin
from loantwin.types import Progress
from loantwin.verbs.backtest.backtest import Backtest
from loantwin.verbs.backtest.dates import reach_of

PATHS = 400
"""Paths of the dossier's own backtest."""
HORIZONS = (3, 12)
YEAR = 12
KEYS = (
    "origination_date", "term_months", "principal", "annual_rate", "originated_amount", "state", "product",
    "borrower_id", "collateral_value", "origination_pd", "origination_grade",
)  # fmt: skip
"""Columns of the book whose gaps a validator asks about."""


@dataclass(frozen=True)
class Evidence:
    """What was found. backtest : None where nothing can be compared, then `backtest_gap` says why.

    on_path : the IFRS 9 allowance on the generator's expected path, that `moved` is held against.
    stress : the expected path of a year, with intervals, prior shares and each factor moved; None where no
    loan is live. rejected, warned : rule -> rows of the tape. missing : column -> share of the loans on the
    book without it.
    """

    twin: Twin
    provisions: Ifrs9Result
    backtest: Backtest | None
    backtest_gap: str
    remade: tuple[Remade, ...]
    stability: Stability
    on_path: float
    stress: StressResult | None
    moved: tuple[Moved, ...]
    rejected: Mapping[str, int]
    warned: Mapping[str, int]
    missing: Mapping[str, float]
    notes: tuple[str, ...]


def gathered(twin: Twin, origins: int, thins: int, progress: Progress) -> Evidence:
    """Return everything a dossier shows of a fitted twin.

    Parameters
    ----------
    origins : of the backtest, a year apart, the last whose year has closed among them; 0 leaves it out.
    thins : random halves of the loans that the model is fitted on again.
    """
    outlook = Outlook(twin)
    progress(0.02, "provisions")
    made = lt.provisions(twin, "ifrs9")
    assert isinstance(made, Ifrs9Result)  # the standard's own
    progress(0.06, "making figures a second time")
    twice = remade(outlook, YEAR)
    progress(0.12, "moving each component")
    was, steps = moved(twin, lambda place, of: progress(0.12 + 0.15 * place / of, "moving each component"))
    progress(0.28, "intervals and prior shares")
    hard = (
        lt.stress(twin, months=YEAR, all_sensitivities=bool(twin.macro_sources))
        if len(outlook.columns.principal)
        else None
    )
    economy = outlook.simulated(YEAR, 100, twin.config.run.seed)
    halves = stability(
        twin,
        economy,
        YEAR,
        thins,
        lambda place: progress(0.3 + 0.3 * place / max(thins, 1), f"fitting half {place + 1} of {thins}"),
    )
    found, gap = _tested(
        twin, origins, lambda share, words="": progress(0.6 + 0.35 * share, words or "backtest")
    )
    return Evidence(
        twin=twin,
        provisions=made,
        backtest=found,
        backtest_gap=gap,
        remade=twice,
        stability=halves,
        on_path=was,
        stress=hard,
        moved=steps,
        rejected=_by_rule(twin, "quarantine_blob"),
        warned=_by_rule(twin, "warnings_blob"),
        missing=_missing(twin),
        notes=tuple(outlook.notes),
    )


def _tested(twin: Twin, origins: int, progress: Progress) -> tuple[Backtest | None, str]:
    if not origins:
        return None, "no origin was asked for"
    try:
        last = _last_origin(twin)
        dates = [add_months(last, -YEAR * place) for place in range(origins)]
        first = reach_of(twin).first
        kept = [day for day in reversed(dates) if day > first]
        if not kept:
            return None, f"no origin after {first.isoformat()}, the tape's first date, has a year of outcome"
        return lt.backtest(twin, kept, horizons=HORIZONS, paths=PATHS, progress=progress), ""
    except InputError as error:
        return None, str(error)


def _last_origin(twin: Twin) -> dt.date:
    """Return the last date, whole years from the as-of date, with a year of outcome behind it on the tape."""
    ends, day = reach_of(twin).last, twin.as_of
    while add_months(day, 2 * YEAR) <= ends:
        day = add_months(day, YEAR)
    while add_months(day, YEAR) > ends:
        day = add_months(day, -YEAR)
    return day


def _by_rule(twin: Twin, key: str) -> dict[str, int]:
    if key not in twin.loaded.data:
        return {}
    counts = (
        twin.home.read_frame(twin.loaded.data[key])
        .group_by("rule")
        .agg(pl.col("row").n_unique().alias("rows"))
        .sort("rows", "rule", descending=[True, False])
    )
    return dict(counts.iter_rows())


def _missing(twin: Twin) -> dict[str, float]:
    loans = twin.book.loans
    height = max(loans.height, 1)
    return {name: loans[name].null_count() / height for name in KEYS if name in loans.columns}
