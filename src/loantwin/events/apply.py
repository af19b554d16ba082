"""Applying changes to the loan table: all loans at once, each loan's own events in their order.

Money is added in whole minor units, so that the result does not depend on how events are split into batches;
the figure of a loan whose money no event moves is left as the tape gave it, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from loantwin.book.book import conform
from loantwin.book.schema import CLOSED_STATES, LOANS
from loantwin.errors import LogError
from loantwin.events.changes import AMOUNTS, bucket, changes_of, mode_of, refused
from loantwin.events.event_types import TERM_COLUMNS

_ROW = "_row"


def apply_loan_events(loans: pl.DataFrame, frames: Mapping[str, pl.DataFrame], scale: int) -> pl.DataFrame:
    """Return the loan table after loan events.

    Parameters
    ----------
    loans : the loan table, one row a loan.
    frames : events by type, as `changes.data_frame` makes them.
    scale : minor units in one unit of the currency.

    Raises
    ------
    LogError : an event of a loan that does not exist (yet), or that the loan cannot take: more principal paid
        than is outstanding, a payoff that leaves principal, an event on a closed loan. Loan and event are
        named.
    """
    changes = changes_of(frames)
    if not changes.height:
        return loans
    loans = _with_new_loans(loans, changes, frames.get("LoanDisbursed"), scale)
    loans = loans.with_row_index(_ROW)
    ordered = _running(loans, changes, scale)
    _refuse(ordered, scale)
    return _result(loans, _per_loan(ordered), scale).select(pl.exclude(_ROW))


def _with_new_loans(
    loans: pl.DataFrame, changes: pl.DataFrame, disbursed: pl.DataFrame | None, scale: int
) -> pl.DataFrame:
    strangers = changes.join(loans.select("loan_id"), on="loan_id", how="anti", maintain_order="left")
    if strangers.height:
        first = strangers.unique("loan_id", keep="first", maintain_order=True)
        early = (first["type"] != "LoanDisbursed").arg_true()
        if early.len():
            raise refused(
                first,
                int(early[0]),
                "an event of a loan in the book, or its first disbursement",
                "an unknown loan",
                "loan_id",
            )
    if disbursed is None:
        return loans
    made = disbursed.join(loans.select("loan_id"), on="loan_id", how="anti", maintain_order="left")
    made = made.unique("loan_id", keep="first", maintain_order=True)
    _refuse_terms(disbursed.join(made.select("sequence"), on="sequence", how="anti", maintain_order="left"))
    loans = _first_draws(loans, disbursed, scale)
    if not made.height:
        return loans
    return pl.concat([loans, _opened(made, scale)], how="diagonal")


def _refuse_terms(draws: pl.DataFrame) -> None:
    for name in (*TERM_COLUMNS, "limit"):
        stated = draws[name].is_not_null().arg_true()
        if stated.len():
            row = int(stated[0])
            raise refused(draws, row, "no terms on a further draw of a known loan", draws[name][row], name)


def _first_draws(loans: pl.DataFrame, disbursed: pl.DataFrame, scale: int) -> pl.DataFrame:
    """Date the book's loans that were approved and not paid out: the first draw is the origination."""
    waiting = loans.filter(pl.col("origination_date").is_null()).select("loan_id")
    first = disbursed.join(waiting, on="loan_id", how="semi", maintain_order="left").unique(
        "loan_id", keep="first", maintain_order=True
    )
    if not first.height:
        return loans
    drawn = first.select(
        "loan_id", pl.col("happened").alias("_day"), _major(pl.col("principal"), scale).alias("_amount")
    )
    return (
        loans.join(drawn, on="loan_id", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("origination_date", "_day").alias("origination_date"),
            pl.coalesce("originated_amount", "_amount").alias("originated_amount"),
            pl.when(pl.col("_day").is_not_null())
            .then(pl.col("principal").fill_null(0.0))
            .otherwise("principal")
            .alias("principal"),
        )
        .select(loans.columns)
    )


def _opened(first: pl.DataFrame, scale: int) -> pl.DataFrame:
    """Return the rows of new loans as they stand before their first draw."""
    columns = {column.name: column for column in LOANS}
    for name in ("product", "rate_type"):
        allowed = list(columns[name].allowed)
        bad = ~first[name].is_in(allowed).fill_null(name != "product")
        if bad.any():
            row = int(bad.arg_true()[0])
            raise refused(first, row, f"{name} among {', '.join(allowed)}", first[name][row] or "none", name)
    dates = [name for name in TERM_COLUMNS if columns[name].kind == "date"]
    limit = _major(pl.col("limit"), scale).alias("approved_amount")
    zeros = (
        "principal",
        "accrued_interest",
        "fees_due",
        "gross_carrying_amount",
        "principal_paid",
        "interest_paid",
    )
    try:
        return conform(
            first.select(
                "loan_id",
                *[name for name in TERM_COLUMNS if name not in dates],
                *[pl.col(name).str.to_date("%Y-%m-%d", strict=True) for name in dates],
                pl.col("happened").alias("origination_date"),
                _major(pl.col("principal"), scale).alias("originated_amount"),
                limit,
                limit.alias("undrawn"),
                *[pl.lit(0.0).alias(name) for name in zeros],
                pl.col("happened").alias("state_date"),
                pl.lit("current").alias("state"),
                pl.lit(0).alias("days_past_due"),
                pl.lit(1.0).alias("on_book_probability"),
                pl.lit(1.0).alias("weight"),
            ),
            LOANS,
        )
    except pl.exceptions.PolarsError as error:
        raise LogError(f"LoanDisbursed: expected ISO dates, was: {error}") from error


def _minor(name: str, scale: int) -> pl.Expr:
    """Return a money column in whole minor units, to the nearest one."""
    return (pl.col(name) * scale).round().cast(pl.Int64)


def _major(minor: pl.Expr, scale: int) -> pl.Expr:
    """Return minor units as the nearest float in the currency, the one a reader gets from the decimal text.

    polars multiplies by the reciprocal instead (460 / 100 gives 4.6000000000000005), so NumPy divides.
    """
    divided = minor.fill_null(0).map_batches(
        lambda column: pl.Series(column.to_numpy() / scale), return_dtype=pl.Float64()
    )
    return pl.when(minor.is_not_null()).then(divided)


def _running(loans: pl.DataFrame, changes: pl.DataFrame, scale: int) -> pl.DataFrame:
    """Return the changes with what each loan looked like before and after each of its events."""
    start = loans.select(
        _ROW,
        "loan_id",
        _minor("principal", scale).alias("_principal"),
        _minor("undrawn", scale).alias("_undrawn"),
        _minor("approved_amount", scale).alias("_limit"),
        (pl.col("charged_off").fill_null(0.0) > 0).alias("_charged"),
        mode_of(pl.col("state")).alias("_mode"),
        (pl.col("product") == "revolving").alias("_revolving"),
    )
    moved = pl.col("drawn") - pl.col("principal_paid") - pl.col("principal_off")
    place = pl.int_range(pl.len())
    opens = (pl.col(_ROW) != pl.col(_ROW).shift(1)).fill_null(True)
    ordered = changes.join(start, on="loan_id", how="inner").sort(_ROW, "sequence")
    ordered = ordered.with_columns(
        moved.alias("_moved"), pl.when(opens).then(place).forward_fill().alias("_start")
    )
    ordered = ordered.with_columns(
        (pl.col("_principal") + _sum_so_far("_moved", opens)).alias("_left"),
        (pl.col("_charged") | (_sum_so_far("principal_off", opens) > 0)).alias("_charged"),
        (pl.col("_undrawn") + _limit_so_far(ordered) - _sum_so_far("drawn", opens)).alias("_available"),
    )
    whole = (pl.col("type") == "LoanChargedOff") & (pl.col("_left").fill_null(0) == 0)
    ordered = ordered.with_columns(pl.when(whole).then(pl.lit("charged_off")).otherwise("mode").alias("mode"))
    spoken = pl.when(pl.col("mode").is_not_null()).then(place).forward_fill().shift(1)
    before = pl.when(spoken >= pl.col("_start")).then(pl.col("mode").forward_fill().shift(1))
    return ordered.with_columns(pl.coalesce(before, "_mode").fill_null("performing").alias("_before"))


def _sum_so_far(name: str, opens: pl.Expr) -> pl.Expr:
    """Return each loan's running sums over rows sorted by loan: several times faster than a window.

    The sum over all loans may wrap round int64; the difference of two such sums does not.
    """
    total = pl.col(name).cum_sum()
    return total - pl.when(opens).then(total - pl.col(name)).forward_fill()


def _limit_so_far(ordered: pl.DataFrame) -> pl.Expr:
    """Return by how much a loan's limit has changed up to each row."""
    if ordered["limit"].null_count() == ordered.height:
        return pl.lit(0, pl.Int64)
    first = pl.coalesce("_limit", pl.col("limit").drop_nulls().first().over(_ROW))
    return (pl.col("limit").forward_fill().over(_ROW) - first).fill_null(0)


def _refuse(ordered: pl.DataFrame, scale: int) -> None:
    """Raise LogError at the first event of the log that its loan cannot take."""
    kind, before = pl.col("type"), pl.col("_before")
    payoff = kind.is_in(["LoanPrepaid", "LoanPaidOff"])
    late = (kind == "RecoveryReceived") | ((kind == "PaymentReceived") & (pl.col("principal_paid") == 0))
    rules = {
        "an event of an open loan": before.is_in(list(CLOSED_STATES)) & ~late,
        "at most the principal outstanding": pl.col("_left") < 0,
        "a payoff that leaves no principal": payoff & (pl.col("_left").fill_null(0) > 0),
        "a loan that is not in default yet": (kind == "LoanDefaulted") & (before == "default"),
        "a loan in default to be cured": (kind == "LoanCured") & (before != "default"),
        "a loan in probation": (kind == "ProbationPassed") & (before != "cured_probation"),
        "a recovery after a charge-off": (kind == "RecoveryReceived") & ~pl.col("_charged"),
        "a draw within what is undrawn": (pl.col("drawn") > 0)
        & ~pl.col("_revolving")
        & (pl.col("_available") < 0),
    }
    broken = pl.coalesce([pl.when(rule).then(pl.lit(name)) for name, rule in rules.items()])
    bad = ordered.filter(broken.is_not_null()).sort("sequence").head(1).with_columns(broken.alias("_rule"))
    if bad.height:
        row = bad.row(0, named=True)
        left = "unknown" if row["_left"] is None else f"{(row['_left'] - row['_moved']) / scale:.2f}"
        was = f"{row['type']} of a loan that was {row['_before']} with principal {left}"
        raise refused(bad, 0, row["_rule"], was)


def _per_loan(ordered: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each loan that has events: sums, what was moved at all, and what was said last."""
    defaults = pl.col("mode").is_in(["default", "cured_probation"])
    entered = pl.when(pl.col("mode") == "default").then("happened")
    counted = pl.col("days_past_due").is_not_null()
    return ordered.group_by(_ROW, maintain_order=True).agg(
        *[pl.col(name).sum().alias(f"+{name}") for name in (*AMOUNTS, "_moved")],
        *[(pl.col(name) != 0).any().alias(f"?{name}") for name in (*AMOUNTS, "_moved")],
        *[
            pl.col(name).drop_nulls().last().alias(f"={name}")
            for name in ("mode", "days_past_due", "annual_rate", "next_reset_date", "limit")
        ],
        pl.col("_available").last().alias("=available"),
        pl.col("happened").max().alias("=seen"),
        pl.col("oldest_unpaid_date").filter(counted).last().alias("=oldest_unpaid_date"),
        defaults.any().alias("?default_date"),
        entered.filter(defaults).last().alias("=default_date"),
        pl.col("happened").filter(pl.col("type") == "LoanChargedOff").last().alias("=charge_off_date"),
        pl.col("happened").filter(pl.col("mode").is_in(["prepaid", "matured"])).last().alias("=closed_date"),
    )


def _result(loans: pl.DataFrame, per_loan: pl.DataFrame, scale: int) -> pl.DataFrame:
    joined = loans.join(per_loan, on=_ROW, how="left", maintain_order="left")
    joined = joined.with_columns(*_money(scale), *_said(), *_standing())
    limit = pl.coalesce(_major(pl.col("=limit"), scale), "approved_amount").alias("approved_amount")
    joined = joined.with_columns(_undrawn(scale), _gross(scale), limit)
    return joined.select(loans.columns)


def _moved(name: str, change: pl.Expr, flag: pl.Expr, scale: int, *, start: pl.Expr | None = None) -> pl.Expr:
    """Return a money column with a change added where `flag` is true; a missing amount stays missing."""
    begin = _minor(name, scale) if start is None else start
    return pl.when(flag.fill_null(False)).then(_major(begin + change, scale)).otherwise(name).alias(name)


def _money(scale: int) -> list[pl.Expr]:
    interest, fees = (
        pl.col("+interest_paid") + pl.col("+interest_off"),
        pl.col("+fees_paid") + pl.col("+fees_off"),
    )
    interest_moved, fees_moved = (
        pl.col("?interest_paid") | pl.col("?interest_off"),
        pl.col("?fees_paid") | pl.col("?fees_off"),
    )
    # what is paid beyond the accrued amount accrued after the tape's date, which no event tells
    accrued, due = _minor("accrued_interest", scale), _minor("fees_due", scale)
    none_yet = pl.lit(0, pl.Int64)
    return [
        _moved("principal", pl.col("+_moved"), pl.col("?_moved"), scale),
        _moved("accrued_interest", -pl.min_horizontal(interest, accrued), interest_moved, scale),
        _moved("fees_due", -pl.min_horizontal(fees, due), fees_moved, scale),
        _moved("principal_paid", pl.col("+principal_paid"), pl.col("?principal_paid"), scale),
        _moved("interest_paid", pl.col("+interest_paid"), pl.col("?interest_paid"), scale),
        *[
            _moved(
                name,
                pl.col(f"+{source}"),
                pl.col(f"?{source}"),
                scale,
                start=pl.coalesce(_minor(name, scale), none_yet),
            )
            for name, source in (("charged_off", "principal_off"), ("recovered", "recovered"))
        ],
    ]


def _said() -> list[pl.Expr]:
    plain = [
        pl.coalesce(f"={name}", name).alias(name)
        for name in ("days_past_due", "annual_rate", "next_reset_date")
    ]
    dates = [pl.coalesce(f"={name}", name).alias(name) for name in ("charge_off_date", "closed_date")]
    counted = pl.col("=days_past_due").is_not_null()
    oldest = (
        pl.when(counted)
        .then("=oldest_unpaid_date")
        .otherwise("oldest_unpaid_date")
        .alias("oldest_unpaid_date")
    )
    entered = (
        pl.when(pl.col("?default_date").fill_null(False))
        .then("=default_date")
        .otherwise("default_date")
        .alias("default_date")
    )
    seen = pl.max_horizontal("state_date", "=seen").alias("state_date")
    return [*plain, *dates, oldest, entered, seen]


def _standing() -> list[pl.Expr]:
    said = pl.col("=mode")
    mode = pl.coalesce(said, mode_of(pl.col("state"))).fill_null("performing")
    spoke = said.is_not_null() | pl.col("=days_past_due").is_not_null()
    days = pl.coalesce("=days_past_due", "days_past_due").fill_null(0)
    state = (
        pl.when(mode == "default")
        .then(pl.when(said.is_null()).then("state").otherwise(pl.lit("default_0_3")))
        .when(mode == "performing")
        .then(pl.when(spoke).then(bucket(days)).otherwise("state"))
        .otherwise(mode)
    )
    return [pl.when(spoke).then(state).otherwise("state").alias("state")]


def _undrawn(scale: int) -> pl.Expr:
    """Return what is undrawn; of a revolving loan the limit less what is drawn, nothing if overdrawn."""
    limit = pl.coalesce(pl.col("=limit"), _minor("approved_amount", scale))
    moved = pl.col("?_moved").fill_null(False) | pl.col("=limit").is_not_null()
    open_line = (pl.col("product") == "revolving") & limit.is_not_null() & pl.col("principal").is_not_null()
    line = _major(pl.max_horizontal(limit - _minor("principal", scale), pl.lit(0, pl.Int64)), scale)
    staged = _major(pl.max_horizontal(pl.col("=available"), pl.lit(0, pl.Int64)), scale)
    drawn = (pl.col("?drawn").fill_null(False) | pl.col("=limit").is_not_null()) & pl.col(
        "undrawn"
    ).is_not_null()
    # a line whose limit became known by an event of the same batch had something undrawn before it closed
    known = pl.col("undrawn").is_not_null() | (moved & open_line)
    closed = pl.col("=mode").is_in(list(CLOSED_STATES)).fill_null(False) & known
    return (
        pl.when(closed)
        .then(0.0)
        .when(moved & open_line)
        .then(line)
        .when(drawn & ~open_line)
        .then(staged)
        .otherwise("undrawn")
        .alias("undrawn")
    )


def _gross(scale: int) -> pl.Expr:
    moved = pl.any_horizontal(
        pl.col("?_moved", "?interest_paid", "?interest_off", "?fees_paid", "?fees_off")
    ).fill_null(False)
    total = (
        _minor("principal", scale)
        + _minor("accrued_interest", scale).fill_null(0)
        + _minor("fees_due", scale).fill_null(0)
    )
    known = moved & pl.col("gross_carrying_amount").is_not_null() & pl.col("principal").is_not_null()
    return (
        pl.when(known)
        .then(_major(total, scale))
        .otherwise("gross_carrying_amount")
        .alias("gross_carrying_amount")
    )
