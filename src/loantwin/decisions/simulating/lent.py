"""Loans of a tape as the applications they were, beside those declined then, and what is known of their end.

Trap: a tape holds facts of later. An application gets what was known when it was made (`known_from` of the
schema), never a state, a balance or an end; those are outcomes, and known only up to the as-of date.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from loantwin.arrays import Flags, Floats
from loantwin.book.as_of import known_at
from loantwin.book.tape import Tape
from loantwin.decisions.application_file import BY_NAME, checked, read_applications
from loantwin.errors import UsageError, expected

KNOWN = {
    "application_id": ("loan_id",),
    "application_date": ("approval_date", "origination_date"),
    "amount": ("approved_amount", "originated_amount"),
    "term_months": ("term_months",),
    "annual_rate": ("annual_rate",),
    "product": ("product",),
    "purpose": ("purpose",),
    "sector": ("industry",),
    "region": ("region",),
    "grade": ("origination_grade",),
    "score": ("score",),
    "annual_pd": ("origination_pd",),
    "attributes.guaranteed_share": ("guaranteed_share",),
}
"""Field of an application -> columns of the loan table that were known then, the first one there."""
OF_ATTRIBUTES = ("annual_income", "monthly_debt", "applicant_id", "segment")
"""Fields of an application that no column of the loan table tells: attributes of these names fill them."""
OBSERVED = "charge_offs"


@dataclass(frozen=True)
class Replayed:
    """N applications of the past: those lent, in the order of the tape, then those declined.

    frame : (N, fields) as `loantwin schema application` says. lent : (N,). loss : (N,) money lost of the loan
    as it was lent, net of what came back, before guarantees; NaN where nobody saw an end. said : what a
    reader of the figures must know.
    """

    frame: pl.DataFrame
    lent: Flags
    loss: Floats
    currency: str
    said: tuple[str, ...]

    def __len__(self) -> int:
        """Return N."""
        return len(self.frame)


def replayed(
    tape: Tape,
    declined: Path | str | pl.DataFrame | None = None,
    *,
    as_of: dt.date | None = None,
    first: dt.date | None = None,
    last: dt.date | None = None,
) -> Replayed:
    """Return the applications of a period with what is known of their end.

    Parameters
    ----------
    tape : loans that were lent. declined : applications that were not, a file or a frame. as_of : the day up
        to which ends are known; None takes all that the tape holds. first, last : days of application, both
        included; with one of them applications without a day are left out.

    Raises
    ------
    UsageError : no application in the period, or an id that stands among the lent and the declined.
    TapeError : a file of no applications.
    """
    loans, notes = _known(tape, as_of)
    lent, dropped = _applications(loans)
    if dropped:
        notes.append(f"loans without an amount or a term, {dropped:,}: left out")
    ends = _ends(tape, as_of, lent["application_id"])
    lent = lent.with_columns(ends)
    parts, counts = [lent], [len(lent)]
    if declined is not None:
        other = read_applications(declined) if isinstance(declined, Path | str) else checked(declined)
        _apart(lent, other)
        parts.append(other)
        counts.append(len(other))
    frame = pl.concat(parts, how="diagonal_relaxed").with_columns(
        pl.Series("\nlent", [True] * counts[0] + [False] * sum(counts[1:]))
    )
    frame = _within(frame, first, last, as_of)
    if not len(frame):
        raise UsageError(expected("an application in the period", "none"), field="from")
    loss = frame["\nloss"].fill_null(float("nan")).to_numpy()
    return Replayed(
        checked(frame.drop("\nlent", "\nloss")),
        frame["\nlent"].to_numpy(),
        loss,
        tape.mapping.currency,
        tuple(notes),
    )


def _known(tape: Tape, as_of: dt.date | None) -> tuple[pl.DataFrame, list[str]]:
    loans = tape.loans if as_of is None else known_at(tape.loans, as_of)
    notes = []
    if OBSERVED not in tape.mapping.observes:
        notes.append("the tape does not tell charge-offs: no end is seen")
    if (loans["weight"] != 1.0).any():
        notes.append("case weights of the tape are not used: each row is one application")
    if OBSERVED in tape.mapping.observes:
        notes.append("a loan that lost nothing by then counts as one that loses nothing: it may still run")
    return loans, notes


def _applications(loans: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return loans as applications, and how many are none."""
    made = {}
    for field, names in KNOWN.items():
        there = [pl.col(name) for name in names if name in loans.columns]
        if there:
            made[field] = pl.coalesce(there)
    made |= {
        _field(name.removeprefix("attribute_")): _number(loans[name])
        for name in loans.columns
        if name.startswith("attribute_")
    }
    frame = loans.select(column.alias(name) for name, column in made.items())
    term = BY_NAME["term_months"]
    whole = frame.filter((pl.col("amount") > 0) & pl.col("term_months").is_between(term.least, term.most))
    empty = [name for name in whole.columns if whole[name].null_count() == len(whole)]
    return checked(whole.drop(empty)) if len(whole) else whole, len(frame) - len(whole)


def _field(attribute: str) -> str:
    """Return the field of an application that a mapping's attribute fills: its own of that name, if any."""
    return attribute if attribute in OF_ATTRIBUTES else f"attributes.{attribute}"


def _number(column: pl.Series) -> pl.Expr:
    """Return an attribute, of text on every tape, as numbers where all that stand there are."""
    made = column.cast(pl.Float64, strict=False)
    plain = made.null_count() == column.null_count() and bool(made.is_finite().all())
    return pl.lit(made if plain else column)


def _ends(tape: Tape, as_of: dt.date | None, ids: pl.Series) -> pl.Series:
    """Return what each loan lost, money, null where the tape does not tell.

    A loan is lost where a charge-off has a day and an amount.
    """
    if OBSERVED not in tape.mapping.observes:
        return pl.Series("\nloss", [None] * len(ids), dtype=pl.Float64)
    lost, back = pl.col("charged_off").fill_null(0.0), pl.col("recovered").fill_null(0.0)
    if tape.panel is not None and tape.panel["charged_off"].null_count() < len(tape.panel):
        rows = tape.panel if as_of is None else tape.panel.filter(pl.col("report_date") <= as_of)
        sums = rows.group_by("loan_id").agg((lost - back).sum().alias("\nloss"))
    else:
        loans = tape.loans if as_of is None else known_at(tape.loans, as_of)
        gone = pl.col("charge_off_date").is_not_null() & (pl.col("charged_off") > 0)
        sums = loans.select("loan_id", pl.when(gone).then(lost - back).otherwise(0.0).alias("\nloss"))
    found = ids.to_frame("loan_id").join(sums, on="loan_id", how="left", maintain_order="left")
    return found["\nloss"].fill_null(0.0)


def _apart(lent: pl.DataFrame, declined: pl.DataFrame) -> None:
    both = declined.filter(pl.col("application_id").is_in(lent["application_id"].implode()))
    if len(both):
        words = expected("declined applications that were not lent", f"{both['application_id'][0]} in both")
        raise UsageError(words, field="application_id")
    twice = declined.filter(pl.col("application_id").is_duplicated())
    if len(twice):
        words = expected("each declined application once", f"{twice['application_id'][0]} twice")
        raise UsageError(words, field="application_id")


def _within(
    frame: pl.DataFrame, first: dt.date | None, last: dt.date | None, as_of: dt.date | None
) -> pl.DataFrame:
    """Return the applications of a period; none of later than the as-of date."""
    ends = [day for day in (last, as_of) if day is not None]
    if (first is None and not ends) or "application_date" not in frame.columns:
        return frame
    day = pl.col("application_date").str.to_date("%Y-%m-%d")
    inside = pl.lit(True)
    if first is not None:
        inside = inside & (day >= first)
    if ends:
        inside = inside & (day <= min(ends))
    undated = first is None and last is None
    return frame.filter(inside.fill_null(undated))
