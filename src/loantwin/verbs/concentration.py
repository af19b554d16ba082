"""`concentration`: how few names, groups or sectors carry the book, and what that adds to the tail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from loantwin.arrays import Codes, Floats, Integers
from loantwin.book.segments import segment_labels
from loantwin.errors import UsageError, expected
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import portfolio
from loantwin.outlook.yearly_pd import THROUGH, yearly_pd
from loantwin.risk.capital.assumptions import CapitalAssumptions
from loantwin.risk.capital.classes import NAMES, table
from loantwin.risk.capital.irb import irb_capital
from loantwin.risk.capital.large_exposures import connected
from loantwin.risk.capital.mapping import place
from loantwin.risk.capital.options import load_options
from loantwin.risk.concentration import (
    FACTOR_PRECISION,
    SEVERITY_SHARE,
    Granularity,
    Names,
    SectorConcentration,
    by_name,
    by_sector,
    granularity_adjustment,
    merged,
    name_intervals,
    normal_granularity,
)
from loantwin.risk.facts import standing
from loantwin.risk.provisions.provisions import loss_in_default
from loantwin.twin import Twin, opened
from loantwin.types import Interval, Progress, Result, silent

DIMENSIONS = (
    "segment",
    "product",
    "state",
    "region",
    "industry",
    "grade",
    "purpose",
    "vintage",
    "collateral",
)
"""What `--by` takes, beside any column of the book, such as attribute_branch."""
SHOWN = ("segment", "product", "state", "region", "industry")
MISSING = "missing"
RULES = (
    "exposure = principal with accrued interest and fees, and undrawn commitments in full",
    "a row counts as many names as its case weight x its probability of being on the book; a group's "
    "weight is its members' mean",
    "intervals are given where the book is an estimate: a weighted sample (names drawn again), or payoffs "
    "assumed (names there or not); a known book has none",
    "granularity: one-year PD through the cycle; the twin's loss given default, its variance "
    f"{SEVERITY_SHARE:g} x mean x (1 - mean); correlations and capital of the Basel asset class without "
    f"maturity adjustment; gamma factor of precision {FACTOR_PRECISION:g}; loans in default are left out",
)


@dataclass(frozen=True)
class LargestGroup:
    """A group of connected borrowers: its loans, its exposure, and its share of the book's, decimal."""

    loans: int
    exposure: float
    share: float


@dataclass(frozen=True)
class Connected:
    """The book with connected borrowers as one name. links : by what. joined : groups of several."""

    links: str
    names: Names
    joined: int
    largest: tuple[LargestGroup, ...]


@dataclass(frozen=True)
class ConcentrationResult(Result):
    """The concentration of a book; shares are decimals of exposure.

    unit : what a name is, borrower or loan. sectors : by dimension. granularity : what single names add to
    the quantile of an infinitely fine book, in two models; empty without a fitted model. intervals : 90 %,
    null where the book is known.
    """

    SCHEMA: ClassVar[str] = "loantwin.concentration/1"

    as_of: dt.date
    currency: str
    loans: int
    exposure: float
    unit: str
    names: Names
    intervals: Mapping[str, Interval] | None
    connected: Connected | None
    sectors: Mapping[str, SectorConcentration]
    granularity: tuple[Granularity, ...]
    confidence: float
    rules: tuple[str, ...]
    notes: tuple[str, ...]
    not_observable: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def concentration(
    twin: Twin | Path | str,
    *,
    by: Sequence[str] = (),
    confidence: float = 0.999,
    resamples: int = 400,
    progress: Progress = silent,
) -> ConcentrationResult:
    """Return the book's concentration by name, group and sector, and its granularity adjustment.

    Parameters
    ----------
    by : dimensions of `DIMENSIONS` or columns of the book; none takes those of `SHOWN` that part the book.
    confidence : of the granularity adjustment, in (0, 1). resamples : draws behind the intervals.

    Raises
    ------
    UsageError : an unknown dimension, a confidence outside (0, 1). RiskError : a book without exposure, or
        with a negative one.
    """
    if not 0 < confidence < 1:
        raise UsageError(expected("a confidence between 0 and 1", confidence), field="confidence")
    with opened(twin) as twin:
        loans = twin.book.loans
        exposure, weight, presence = _amounts(loans)
        codes, _ = connected(loans["loan_id"].to_list(), loans["borrower_id"])
        unit = "borrower" if loans["borrower_id"].null_count() < loans.height else "loan"
        names = merged(codes, exposure, weight * presence)
        case, there = merged(codes, exposure, weight)[1], merged(codes, exposure, presence)[1]
        progress(0.3, "names and sectors")
        granularity, notes = _granularity(twin, confidence)
        return ConcentrationResult(
            as_of=twin.as_of,
            currency=twin.currency,
            loans=loans.height,
            exposure=float((weight * presence) @ exposure),
            unit=unit,
            names=by_name(*names),
            intervals=name_intervals(names[0], case, there, resamples, twin.config.run.seed),
            connected=_connected(twin, exposure, weight * presence, codes),
            sectors=_sectors(twin, by, exposure, weight * presence),
            granularity=granularity,
            confidence=confidence,
            rules=RULES,
            notes=notes,
            not_observable=_gaps(twin),
            provenance=twin.provenance(),
        )


def _amounts(loans: pl.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Return exposure, case weight and probability of being on the book, (N,) each."""
    drawn = pl.coalesce("gross_carrying_amount", "principal").fill_null(0.0)
    exposure = loans.select(drawn + pl.col("undrawn").fill_null(0.0)).to_series().to_numpy()
    return exposure, loans["weight"].to_numpy(), loans["on_book_probability"].fill_null(1.0).to_numpy()


def _connected(twin: Twin, exposure: Floats, weight: Floats, borrower: Integers) -> Connected | None:
    """Return the book by group of connected borrowers; None where the home has no table of parties."""
    book = twin.book
    if not book.parties.height:
        return None
    codes, words = connected(book.loans["loan_id"].to_list(), book.loans["borrower_id"], book.parties)
    group, count = merged(codes, exposure, weight)
    total, loans = count * group, np.bincount(codes)
    joined = np.bincount(np.unique(np.stack([codes, borrower]), axis=1)[0], minlength=len(group)) > 1
    largest = np.argsort(-total, kind="stable")[:10]
    rows = tuple(
        LargestGroup(int(loans[place]), float(total[place]), float(total[place] / total.sum()))
        for place in largest
    )
    return Connected(words, by_name(group, count), int(joined.sum()), rows)


def _sectors(
    twin: Twin, by: Sequence[str], exposure: Floats, weight: Floats
) -> dict[str, SectorConcentration]:
    made = {}
    for name in by or SHOWN:
        labels = _labels(twin, name)
        if by or labels.n_unique() > 1:
            made[name] = by_sector(labels.to_list(), exposure, weight)
    return made


def _labels(twin: Twin, name: str) -> pl.Series:
    """Return each loan's sector along a dimension; what is not known is a sector of its own."""
    loans = twin.book.loans
    if name == "segment":
        return segment_labels(loans, twin.mapping)
    plain = {"industry": "industry", "grade": "origination_grade"}.get(name, name)
    special = {
        "industry": pl.col("industry").str.slice(0, 2),
        "vintage": pl.col("origination_date").dt.year().cast(pl.String),
        "collateral": pl.when(pl.col("collateral_value") > 0)
        .then(pl.lit("secured"))
        .otherwise(pl.lit("unsecured")),
    }
    if name not in special and plain not in loans.columns:
        raise UsageError(
            expected("one of " + ", ".join(DIMENSIONS) + " or a column of the book", name), field="by"
        )
    rule = special.get(name, pl.col(plain).cast(pl.String) if plain in loans.columns else pl.lit(None))
    return loans.select(rule.fill_null(MISSING).alias("label")).to_series()


def _granularity(twin: Twin, confidence: float) -> tuple[tuple[Granularity, ...], tuple[str, ...]]:
    """Return the adjustment in two models for the loans that are not in default, and what must be said."""
    if twin.home.last("ModelFitted") is None:
        return (), ("granularity needs probabilities of default: run `loantwin fit` first",)
    outlook = Outlook(twin)
    book, loans = portfolio(outlook), outlook.book.loans
    live = ~standing(loans, twin.mapping.observes).defaulted
    exposure, weight, presence = _amounts(loans)
    given, pd = loss_in_default(book)[1], yearly_pd(outlook, book, THROUGH)
    lgd = np.minimum(given, 1.0)  # said below
    use = live & (exposure > 0) & (lgd > 0) & (pd > 0)
    if not use.any():
        return (), ("granularity: no loan that may default at a loss",)
    kind = place(loans, exposure, load_options("basel"), CapitalAssumptions()).asset_class
    codes, _ = connected(loans["loan_id"].to_list(), loans["borrower_id"])
    made = _by_borrower(codes[use], exposure[use], (weight * presence)[use], pd[use], lgd[use], kind[use])
    size, count, default, severity, rho, capital = made
    pair = (
        normal_granularity(
            size, default, severity, rho, weight=count, confidence=confidence, severity=SEVERITY_SHARE
        ),
        granularity_adjustment(size, default, severity, capital, weight=count, confidence=confidence),
    )
    notes = [*outlook.notes]
    if (given > 1).any():
        notes.append(
            f"granularity: {int((given > 1).sum())} loans whose loss given default is more than their "
            "exposure are taken at 1"
        )
    if not use.all():
        left = f"{int((~live).sum())} in default, {int((live & ~use).sum())} without exposure, loss or risk"
        notes.append(f"granularity leaves out {int((~use).sum())} loans: {left}")
    if confidence != 0.999:
        notes.append(
            "capital K of Gordy and Luetkebohmert's adjustment is at 99.9 % whatever the confidence of its "
            "delta"
        )
    return pair, tuple(notes)


def _by_borrower(
    codes: Integers, exposure: Floats, weight: Floats, pd: Floats, lgd: Floats, kind: Codes
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Return borrowers' exposure, weight and, as means by exposure, PD, LGD, correlation and capital."""
    row = table()[kind]  # high, fall, decay, ...
    rho = row[:, 0] - row[:, 1] * (1 - np.exp(-row[:, 2] * pd))
    names = np.array(NAMES)[kind]
    capital = irb_capital(pd, lgd, 1.0, names, input_floors=False)  # at a maturity of 1 the adjustment is 1
    _, code = np.unique(codes, return_inverse=True)
    total, count = merged(code, exposure, weight)
    means = [np.bincount(code, exposure * part) / total for part in (pd, lgd, rho, np.asarray(capital))]
    return total, count, means[0], means[1], means[2], means[3]


def _gaps(twin: Twin) -> tuple[str, ...]:
    loans, gaps = twin.book.loans, []
    missing = loans["borrower_id"].null_count()
    if missing:
        gaps.append(f"borrower: {missing} of {loans.height} loans carry no borrower's number and stand alone")
    if not twin.book.parties.height:
        gaps.append("connected borrowers: the home has no table of parties")
    if loans["undrawn"].null_count() == loans.height:
        gaps.append("undrawn commitments: the source has none")
    return tuple(gaps)
