"""What was known at a date, and the book as it stood then: the gate between a tape and all that learns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.book.book import Book, check_book, conform, empty
from loantwin.book.mapping import TapeFormat
from loantwin.book.payoff import assumed_payoff_hazard, assumed_survival, payoff_observed
from loantwin.book.schema import CLOSED_STATES, LINKS, LOANS, PANEL, Column
from loantwin.book.terms import patterns_of, rests
from loantwin.errors import MappingError, UsageError, expected
from loantwin.products.contract import repaid_share
from loantwin.products.pattern import monthly_equivalent, taken_apart

__all__ = ["assumed_payoff_hazard", "assumed_rates", "assumed_survival", "book_at", "known_at"]


STALE_DAYS = 45
"""A book is not made from reports older than this at the as-of date."""

CARRIED_DAYS = 15
"""Where reports are carried over the months until the next is due, a loan that lacks the next one has
left.
"""

SILENT_DAYS = 1_826
"""Nor from a table of outcomes whose last dated fact is older than this, five years."""

REVOLVING_TERM = 60.0
"""Months that a revolving line without a term runs on from the date, where the mapping states none."""


REPORTED = ("state", "days_past_due", "principal", "annual_rate", "undrawn")
"""Columns of a loan that its last report of the panel tells."""


@dataclass(frozen=True)
class PrimeRate:
    """A monthly index as the macro history gives it: `values[i]`, decimal a year, of month `first + i`."""

    first: int
    values: Floats


def known_at(table: pl.DataFrame, date: dt.date, columns: tuple[Column, ...] = LOANS) -> pl.DataFrame:
    """Return a table as it was known at the end of a day: later facts null, later rows gone.

    A fact is known from the date its column of the schema names (`known_from`); one whose date is missing is
    not known. Facts of approval are known from origination where the approval date is missing. Rows that did
    not exist are left out: loans approved (or, without that date, originated) later, reports of later days.
    Extra columns (`attribute_*`) are facts of the application.

    Parameters
    ----------
    table : rows of the loan table, of the panel, or of a link table.
    date : the day, included.
    columns : the published table it has the columns of.
    """
    day = pl.lit(date)
    names = set(table.columns)
    if columns is PANEL:
        return table.filter(pl.col("report_date") <= day)
    began = pl.coalesce(
        [pl.col(name) for name in ("approval_date", "origination_date") if name in names] or [day]
    )
    made = []
    for column in columns:
        source = column.known_from
        if column.name not in names or source == "" or source not in names or column.name == "loan_id":
            continue
        # Trap: a fact known later. A charge-off of next year is null today, whatever the tape says.
        since = began if source == "approval_date" else pl.col(source)
        made.append(pl.when(since <= day).then(pl.col(column.name)).alias(column.name))
    seen = table.filter((began <= day).fill_null(True)) if columns is LOANS else table
    return seen.with_columns(made)


def book_at(
    loans: pl.DataFrame,
    panel: pl.DataFrame | None,
    mapping: TapeFormat,
    as_of: dt.date,
    *,
    prime: PrimeRate | None = None,
    links: Mapping[str, pl.DataFrame] | None = None,
) -> Book:
    """Return the book at the end of a day: loans on it with state, balance and rate, observed or assumed.

    Parameters
    ----------
    loans, panel : the whole tape; only what `known_at` shows of it is read.
    mapping : says what is observed and what is assumed in place of it.
    prime : history of the index of floating rates; without it `annual_rate_without_macro` of the mapping
        stands in.
    links : parties, collateral and guarantees of all loans, as far as there are any.

    Returns
    -------
    Book whose counts on_book, not_yet_on_book, closed_before_as_of and undated sum to the loans of the tape.
    A loan is undated where its origination date is missing; where payoff is not observed, a loan past its
    term counts as closed.

    Raises
    ------
    UsageError : the tape's reports or snapshot are not of that date. MappingError : `revolving_term_months`
        below 1.
    """
    started = (loans["origination_date"] <= as_of).fill_null(False)
    view = known_at(loans, as_of).filter(pl.col("origination_date").is_not_null())
    if mapping.kind == "snapshot" and mapping.as_of is not None:
        _fresh(mapping.as_of, as_of)
    reported = _reported(view, panel, as_of, STALE_DAYS if mapping.report_every == 1 else CARRIED_DAYS)
    known = reported.filter(~pl.col("\nunseen"))
    aged = _with_age(known.drop("\nunseen"), as_of)
    open_ = ~aged.select(_closed(mapping)).to_series()
    filled, assumed = _filled(aged.filter(open_), mapping, as_of, prime)
    assumed |= _silence(view, mapping, as_of)
    counts = {
        "on_book": filled.height,
        "not_yet_on_book": int(loans["origination_date"].is_not_null().sum())
        - int(started.sum())
        + reported.height
        - known.height,
        "closed_before_as_of": known.height - filled.height,
        "undated": int(loans["origination_date"].null_count()),
    }
    book = Book(
        as_of=as_of,
        currency=mapping.currency,
        loans=conform(filled, LOANS),
        **{name: _linked(name, links or {}, filled, as_of) for name in LINKS},
        counts=counts,
        assumed=assumed,
    )
    check_book(book)
    return book


def _linked(
    name: str, links: Mapping[str, pl.DataFrame], loans: pl.DataFrame, as_of: dt.date
) -> pl.DataFrame:
    """Return the rows of a link table that belong to the loans, as known at the date."""
    if name not in links:
        return empty(LINKS[name])
    kept = links[name].join(loans.select("loan_id"), on="loan_id", how="semi", maintain_order="left")
    return known_at(kept, as_of, LINKS[name])


def assumed_rates(
    loans: pl.DataFrame, mapping: TapeFormat, as_of: dt.date, prime: PrimeRate | None = None
) -> pl.Series:
    """Return the contractual annual rate in force, decimal; else index plus spread or the stated constant.

    Raises
    ------
    UsageError : a `prime` that does not cover the as-of month.
    """
    month = months.month_of(as_of, months.anchor_day(as_of))
    constant = mapping.assumptions.get("annual_rate_without_macro")
    fallback = pl.lit(None if constant is None else mapping.number("annual_rate_without_macro"), pl.Float64)
    if prime is not None:
        place = month - prime.first
        if not 0 <= place < len(prime.values):
            raise UsageError(
                expected("an index history that covers the as-of month", months.label(month)), field="prime"
            )
        floating = pl.col("rate_spread") + float(prime.values[place])
        fallback = (
            pl.when((pl.col("rate_type") == "floating") & pl.col("rate_spread").is_not_null())
            .then(floating)
            .otherwise(fallback)
        )
    return loans.select(pl.coalesce("annual_rate", fallback).alias("annual_rate")).to_series()


def _silence(known: pl.DataFrame, mapping: TapeFormat, as_of: dt.date) -> dict[str, str]:
    """Say where the tape's known facts end well before the date, and refuse a date they end years before.

    Raises
    ------
    UsageError : the last dated fact lies more than `SILENT_DAYS` days back: the tape knows nothing of that
        time.
    """
    if mapping.kind != "outcomes" or not known.height:
        return {}
    dates = pl.max_horizontal(
        "approval_date", "origination_date", "default_date", "charge_off_date", "closed_date"
    )
    last = known.select(dates.max()).item()
    silent = (as_of - last).days
    if silent > SILENT_DAYS:
        raise UsageError(
            expected(f"an as-of date within {SILENT_DAYS} days of the tape's last dated fact, {last}", as_of),
            field="as_of",
        )
    if silent <= 2 * STALE_DAYS:
        return {}
    return {
        "facts": (
            f"the tape's last dated fact is of {last}, {silent} days before the as-of date: what came since "
            "is not in it"
        )
    }


def _fresh(observed: dt.date, as_of: dt.date) -> None:
    if not 0 <= (as_of - observed).days <= STALE_DAYS:
        raise UsageError(
            expected(f"an as-of date from {observed}, the last report, to {STALE_DAYS} days later", as_of),
            field="as_of",
        )


def _reported(
    view: pl.DataFrame, panel: pl.DataFrame | None, as_of: dt.date, silent_days: int
) -> pl.DataFrame:
    """Join each loan's last report; `\\nunseen` marks loans the source had not reported yet."""
    if panel is None or not panel.height:
        return view.with_columns(pl.lit(False).alias("\nunseen"))
    rows = known_at(panel, as_of, PANEL).sort("loan_id", "report_date")
    if not rows.height:
        first: dt.date = panel["report_date"].min()  # type: ignore[assignment]  # a date column's minimum
        raise UsageError(expected(f"reports up to {as_of}", f"none before {first}"), field="as_of")
    latest: dt.date = rows["report_date"].max()  # type: ignore[assignment]  # a date column's maximum
    _fresh(latest, as_of)
    last = rows.group_by("loan_id", maintain_order=True).last()
    names = [name for name in REPORTED if name in last.columns]
    joined = view.join(
        last.select(
            "loan_id",
            pl.col("report_date").alias("\nreport"),
            *[pl.col(name).alias(f"\n{name}") for name in names],
        ),
        on="loan_id",
        how="left",
        maintain_order="left",
    )
    # A loan whose reports stop without an end has left: the source does not say how.
    gone = (pl.col("\nreport") < latest - dt.timedelta(days=silent_days)) & ~pl.col("\nstate").is_in(
        CLOSED_STATES
    ).fill_null(False)
    return (
        joined.with_columns(
            *[pl.coalesce(f"\n{name}", name).alias(name) for name in names],
            pl.col("\nreport").alias("state_date"),
            pl.col("\nreport").is_null().alias("\nunseen"),
        )
        .with_columns(
            pl.when(gone.fill_null(False)).then(pl.lit("settled")).otherwise(pl.col("state")).alias("state")
        )
        .select(*view.columns, "\nunseen")
    )


def _with_age(loans: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    anchor = months.anchor_day(as_of)
    start = months.months_of(loans["origination_date"].to_numpy(), anchor)
    return loans.with_columns(pl.Series("\nage", months.month_of(as_of, anchor) - start, dtype=pl.Int32))


def _closed(mapping: TapeFormat) -> pl.Expr:
    """Charged off with an amount, closed, in a closed state, or, payoff not observed, past its term."""
    charged_off = pl.col("charge_off_date").is_not_null() & (pl.col("charged_off") > 0)
    closed = charged_off | pl.col("closed_date").is_not_null() | pl.col("state").is_in(CLOSED_STATES)
    if not payoff_observed(mapping):
        closed = closed | (pl.col("state").is_null() & (pl.col("\nage") >= pl.col("term_months")))
    return closed.fill_null(False)


def _filled(
    loans: pl.DataFrame, mapping: TapeFormat, as_of: dt.date, prime: PrimeRate | None
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Fill what the tape does not observe at the date, and say so for each column."""
    words = _assumed_words(loans, mapping, prime)
    loans, renewed = _renewed(loans, mapping)
    words |= renewed
    loans = loans.with_columns(assumed_rates(loans, mapping, as_of, prime))
    utilisation = mapping.number("utilisation", 1.0)
    pattern = patterns_of(loans, as_of)
    principal = pl.Series("\nschedule", _contractual_balance(loans, pattern, utilisation))
    yields = pl.Series("\nyield", monthly_equivalent(pattern, _rates(loans)), nan_to_null=True)
    running = pl.Series("\nrunning", _running_months(loans, pattern))
    survival = pl.Series("\nsurvival", assumed_survival(mapping, loans["\nage"].to_numpy()))
    observed = pl.col("principal").is_not_null()
    limit = pl.coalesce("approved_amount", "originated_amount")
    loans = loans.with_columns(principal, survival, yields, running).with_columns(
        pl.coalesce("principal", "\nschedule").alias("principal"),
        pl.coalesce("state", _state_in_default(as_of), pl.lit("current")).alias("state"),
        pl.coalesce("effective_annual_rate", "\nyield").alias("effective_annual_rate"),
        pl.when(observed)
        .then(1.0)
        .otherwise(pl.coalesce("on_book_probability", "\nsurvival"))
        .alias("on_book_probability"),
        pl.coalesce(
            "maturity_date", pl.col("origination_date").dt.offset_by(pl.format("{}mo", "term_months"))
        ).alias("maturity_date"),
        pl.coalesce("state_date", pl.lit(as_of)).alias("state_date"),
    )
    line = pl.col("product") == "revolving"
    room = pl.max_horizontal(limit - pl.col("principal"), pl.lit(0.0))
    loans = loans.with_columns(
        pl.coalesce("undrawn", pl.when(line).then(room).otherwise(0.0)).alias("undrawn"),
        pl.coalesce("accrued_interest", _accrued(as_of)).alias("accrued_interest"),
    )
    carrying = (
        pl.col("principal") + pl.col("accrued_interest").fill_null(0.0) + pl.col("fees_due").fill_null(0.0)
    )
    return loans.with_columns(
        pl.coalesce("gross_carrying_amount", carrying).alias("gross_carrying_amount")
    ), words


def _renewed(loans: pl.DataFrame, mapping: TapeFormat) -> tuple[pl.DataFrame, dict[str, str]]:
    """Let revolving lines without a term run for so many months from the date: a line is renewed, not repaid.

    Counted from its opening such a term would long have passed.

    Raises
    ------
    MappingError : `revolving_term_months` below 1.
    """
    endless = loans["term_months"].is_null() & (loans["product"] == "revolving").fill_null(False)
    if not endless.any():
        return loans, {}
    left = mapping.number("revolving_term_months", REVOLVING_TERM)
    if not left >= 1.0:
        raise MappingError(
            expected("at least 1 month", left), file=mapping.file, field="revolving_term_months"
        )
    term = pl.when(endless).then(pl.col("\nage") + round(left)).otherwise(pl.col("term_months"))
    stated = "stated" if "revolving_term_months" in mapping.assumptions else "assumed"
    words = (
        f"{int(endless.sum()):,} revolving lines without a term run {round(left)} months from the date, "
        f"renewed at every date ({stated}: revolving_term_months)"
    )
    return loans.with_columns(term.alias("term_months")), {"term_months": words}


def _state_in_default(as_of: dt.date) -> pl.Expr:
    """Return a loan's state in default by whole months since its default date, null where it has none."""
    day = pl.col("default_date")
    passed = (
        (as_of.year - day.dt.year()) * 12
        + as_of.month
        - day.dt.month()
        - (day.dt.day() > as_of.day).cast(pl.Int32)
    )
    state: pl.Expr = pl.when(day.is_not_null()).then(pl.lit("default_12_plus"))
    for most, name in ((12, "default_9_12"), (9, "default_6_9"), (6, "default_3_6"), (3, "default_0_3")):
        state = pl.when(passed < most).then(pl.lit(name)).otherwise(state)
    return state


def _accrued(as_of: dt.date) -> pl.Expr:
    """Interest since the last due day (the day of origination, whole months of a longer period before it);
    none at a rate below zero.
    """
    due = pl.min_horizontal(pl.col("origination_date").dt.day(), pl.lit(28))
    days = (pl.lit(as_of.day) - due) % 30 + 30 * pl.col("\nrunning")
    return pl.col("principal") * pl.col("annual_rate").clip(lower_bound=0.0) / 360.0 * days


def _rates(loans: pl.DataFrame) -> Floats:
    """Return contractual rates, decimals a year, NaN where there is none."""
    return loans["annual_rate"].fill_null(float("nan")).to_numpy().astype(float)


def _running_months(loans: pl.DataFrame, pattern: Integers) -> Integers:
    """Return whole months since the last payment of loans that pay every so many months, (N,)."""
    every = np.maximum(taken_apart(pattern).months, 1)
    left = (loans["term_months"] - loans["\nage"]).fill_null(0).to_numpy().astype(np.int64)
    return np.asarray(-left % every, dtype=np.int64)


def _contractual_balance(loans: pl.DataFrame, pattern: Integers, utilisation: float) -> Floats:
    """Return what the contract alone leaves at the loan's age, currency; null terms give the full amount.

    Payments by the loan's pattern (N,) at the rate in force (Kellison, The Theory of Interest, 6); a line
    stands at its assumed utilisation.
    """
    column = {name: loans[name].to_numpy() for name in ("originated_amount", "annual_rate")}
    amount = (
        loans.select(pl.coalesce("originated_amount", "approved_amount", pl.lit(0.0))).to_series().to_numpy()
    )
    limit = (
        loans.select(pl.coalesce("approved_amount", "originated_amount", pl.lit(0.0))).to_series().to_numpy()
    )
    product = loans["product"].to_numpy()
    age = loans["\nage"].to_numpy().astype(float)
    grace = loans["interest_only_months"].fill_null(0).to_numpy().astype(float)
    term = np.maximum(loans["term_months"].fill_null(360).to_numpy().astype(float), 1.0)
    rate = np.nan_to_num(np.asarray(column["annual_rate"], dtype=float)) / 12.0
    rest = loans["balloon_share"].fill_null(0.0).to_numpy()
    paying = np.maximum(term - grace, 1.0)
    paid = np.clip(age - grace, 0.0, paying)
    rest = np.where(rests(loans), 1.0, rest)
    level = 1.0 - (1.0 - rest) * repaid_share(pattern, rate, paid, paying)
    endless = loans["term_months"].is_null().to_numpy()
    factor = np.where(
        endless, 1.0, np.where(product == "interest_only", np.where(age < term, 1.0, 0.0), level)
    )
    return np.asarray(
        np.where(product == "revolving", limit * utilisation, amount * np.maximum(factor, 0.0)),
        dtype=np.float64,
    )


def _assumed_words(loans: pl.DataFrame, mapping: TapeFormat, prime: PrimeRate | None) -> dict[str, str]:
    words = {
        derivation.column: derivation.words or "derived by the mapping's rules"
        for derivation in mapping.derivations
    }
    if loans["principal"].null_count():
        words["principal"] = (
            "not observed: contractual schedule from the assumed or stated term and rate; lines at the "
            "assumed utilisation"
        )
    if loans["state"].null_count():
        words["state"] = "not observed: taken as current until the date of default or charge-off"
    if loans["annual_rate"].null_count():
        words["annual_rate"] = (
            "index at the date plus spread" if prime is not None else "the mapping's constant rate"
        )
    if loans["effective_annual_rate"].null_count():
        words["effective_annual_rate"] = "fees are not known: the contractual rate"
    if loans["principal"].null_count() and not payoff_observed(mapping):
        words["on_book_probability"] = "payoff is not observed: an assumed monthly probability by age"
    if loans["accrued_interest"].null_count():
        words["accrued_interest"] = "interest since the last due day, the day of origination"
    return words
