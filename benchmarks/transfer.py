"""What a new book gains from others: pooled fits against the book alone and the sources alone.

Scores are of the number of defaults (charge-offs) in the 12 months after the forecast, given the economy that
came: logarithm of the probability of what came, and CRPS over what came. A row holds the mean difference,
pooled less the other way, and its 90 % bootstrap interval; better is above zero, "shown" is an interval
above zero.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import loantwin as lt
from tests.families import (
    AHEAD,
    Forecast,
    book,
    difference,
    drawn,
    economy,
    fitted,
    forecast,
    sized,
)

DATA = Path(os.environ.get("LOANTWIN_TEST_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))

FAMILIES, DEFAULTS, SOURCE_LOANS = 30, 50, 8_000
"""A: families of a rich source and a new product, and defaults known of the new one."""
YOUNG, OLDER = 12, 24
"""A: months for which the new product has been lent."""

MANY, BOOKS, BOOK_LOANS, YEARLY = 8, 8, 1_500, 50
"""B: families of many books, books in each, loans of each, defaults of the new book in a year or so."""
KNOWN = (6, 12, 24)
"""B: months for which the new book is known."""

ORIGINS = tuple(date(year, 12, 31) for year in range(2006, 2011))
SECTORS = ("23", "31-33", "42", "44-45", "54", "56", "72", "81")
"""C: dates of the forecasts, and sectors of NAICS (two digits) with 50 charge-offs or more by one of them."""
THIN = 50
"""C: charge-offs that the target is thinned to."""
TOGETHER = {"32": "31", "33": "31", "45": "44", "49": "48"}
"""Sectors of several codes, by their first."""

Found = dict[str, Forecast]


def run() -> list[dict[str, Any]]:
    """Return the rows of all three proofs."""
    return [*transfer(), *few_data(), *by_industry()]


# --- A: one rich source, one new product
# ------------------------------------------------------------------------------------------


def transfer() -> list[dict[str, Any]]:
    """Return what a new product with about 50 defaults gains from one source rich in data."""
    made = []
    for months in (YOUNG, OLDER):
        found = [transferred(seed, months) for seed in range(FAMILIES)]
        words = f"{FAMILIES} families, about {DEFAULTS} defaults known, {_came(found)} came on average"
        name = f"new product of {months} months, one source"
        made += [row for other in ("alone", "source") for row in rows(name, found, other, words)]
    return made


def transferred(seed: int, months: int) -> Found:
    """Return the three forecasts of one family."""
    with tempfile.TemporaryDirectory() as folder:
        own, macro = drawn(2 * seed + 1), economy(seed)
        source = book(Path(folder) / "source", drawn(2 * seed), SOURCE_LOANS, 60, 1_000 + seed, macro)
        history = source.parent / "lender/macro.csv"
        fitted(source, history)
        loans = sized(own, months, DEFAULTS, 9_000 + seed, macro)
        new = book(Path(folder) / "new", own, loans, months, 5_000 + seed, macro)
        return compared(new, [source], [history])


# --- B: many books, a new one known for months
# ------------------------------------------------------------------------------------------


def few_data() -> list[dict[str, Any]]:
    """Return what a book gains from many others after so many months."""
    by_family = [adapted(seed) for seed in range(MANY)]
    made = []
    for months in KNOWN:
        found = [one[months] for one in by_family]
        words = f"{MANY} families of {BOOKS} books, {_came(found)} defaults came on average"
        name = f"new book of {months} months, {BOOKS} sources"
        made += [row for other in ("alone", "source") for row in rows(name, found, other, words)]
    return made


def adapted(seed: int) -> dict[int, Found]:
    """Return the three forecasts of one family by the months that the new book is known."""
    first = 100 * (seed + 1)
    with tempfile.TemporaryDirectory() as folder:
        macro, sources = economy(first), []
        for place in range(1, BOOKS + 1):
            home = Path(folder) / f"book{place}"
            sources.append(book(home, drawn(first + place), BOOK_LOANS, 60, 10_000 + first + place, macro))
            history = home / "lender/macro.csv"
            fitted(sources[-1], history)
        own = drawn(first)
        whole = sized(own, YOUNG, YEARLY, 9_000 + first, macro) / (YOUNG + AHEAD)
        return {
            months: compared(
                book(
                    Path(folder) / f"new{months}",
                    own,
                    round(whole * (months + AHEAD)),
                    months,
                    5_000 + first,
                    macro,
                ),
                sources,
                [history],
            )
            for months in KNOWN
        }


# --- C: SBA loans by industry
# ------------------------------------------------------------------------------------------


def by_industry() -> list[dict[str, Any]]:
    """Return what an industry thinned to about 50 charge-offs gains from the others; none without data."""
    if not DATA.is_dir():
        return []
    found = [row for origin in ORIGINS for row in industries(origin)]
    words = (
        f"{len(found)} pairs of industry and date, {_came([one for _, _, one in found])} charge-offs came on "
        "average"
    )
    made = []
    for other in ("alone", "source"):
        for cluster, name in ((0, "dates"), (1, "industries")):
            groups = [one[cluster] for one in found]
            said = f"{words}; {len(set(groups))} {name} redrawn"
            made += rows(
                "SBA industry, other industries as sources", [one[2] for one in found], other, said, groups
            )
    return made


def industries(origin: date) -> list[tuple[date, str, Found]]:
    """Return the three forecasts of every industry with enough charge-offs by a date."""
    whole = pl.read_csv(DATA / "sba/sba_block.csv.gz", infer_schema_length=0)
    code = pl.col("NAICS").str.zfill(6).str.slice(0, 2)
    whole = whole.with_columns(sector=code.replace(TOGETHER)).filter(pl.col("sector") != "00")
    history = [DATA / "fed_scenarios/2025-Table_1A_Historic_Domestic.csv", DATA / "fred/UNRATE.csv"]
    made = []
    with tempfile.TemporaryDirectory() as folder:
        homes = {}
        for name in SECTORS:
            homes[name] = _sba(Path(folder) / name, whole.filter(pl.col("sector") == name[:2]), origin)
            fitted(homes[name], *history)
        for place, name in enumerate(SECTORS):
            loans = whole.filter(pl.col("sector") == name[:2])
            known = _charge_offs(homes[name])
            if known < THIN:
                continue
            thin = loans.sample(fraction=min(THIN / known, 1.0), seed=place)
            new = _sba(Path(folder) / f"{name}-thin", thin, origin)
            rest = _sba(Path(folder) / f"{name}-rest", whole.filter(pl.col("sector") != name[:2]), origin)
            fitted(rest, *history)
            others = [home for other, home in homes.items() if other != name]
            made.append((origin, name, compared(new, others, history, [rest])))
    return made


def _sba(folder: Path, loans: pl.DataFrame, origin: date) -> Path:
    folder.mkdir()
    loans.drop("sector").write_csv(folder / "tape.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lt.twin_create(folder / "twin", folder / "tape.csv", "sba", origin)
    return folder / "twin"


def _charge_offs(home: Path) -> float:
    with lt.open(home) as twin:
        known = twin.known_loans
        lost = known["charge_off_date"].is_not_null() & (known["charged_off"] > 0).fill_null(False)
        return float(lost.sum())


# --- what all three share
# ------------------------------------------------------------------------------------------


def compared(new: Path, sources: Sequence[Path], macro: Sequence[Path], alone: Sequence[Path] = ()) -> Found:
    """Return the forecasts of the new book alone, of the sources alone, and of the pooled fit.

    Parameters
    ----------
    alone : twins whose models stand for the sources alone, default the sources; several are mixed evenly.
    """
    fitted(new, *macro)
    made = {"alone": forecast(new)}
    taken = [forecast(new, by=source) for source in alone or sources]
    made["source"] = Forecast(np.concatenate([one.expected for one in taken]), taken[0].came)
    fitted(new, *macro, learn_from=list(sources))
    return {**made, "pooled": forecast(new)}


def _came(found: Sequence[Found]) -> str:
    return f"{np.mean([one['pooled'].came for one in found]):.0f}"


SCORES: tuple[tuple[str, str, Callable[[Forecast], float]], ...] = (
    ("log score", "nats", lambda one: one.log_score),
    ("CRPS over what came", "of what came", lambda one: -one.crps / max(one.came, 1.0)),
)


def rows(
    name: str, found: Sequence[Found], other: str, words: str, groups: Sequence[Any] | None = None
) -> list[dict[str, Any]]:
    """Return the differences of both scores, pooled less another way.

    groups : of the forecasts, redrawn whole; None redraws each.
    """
    made = []
    for score, unit, of in SCORES:
        mean, low, high = difference([of(one["pooled"]) - of(one[other]) for one in found], groups)
        shown = "shown" if low > 0.0 else "worse" if high < 0.0 else "not shown"
        made.append(
            {
                "work": f"{name}: {score}, pooled better than {other} by",
                "reach": "> 0",
                "measured": mean,
                "unit": unit,
                "detail": f"90 % {low:.3f} to {high:.3f}, {shown}; {words}",
            }
        )
    return made
