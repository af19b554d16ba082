"""The defaults of a history as loss given default learns from them: exposure, loss, recovery, and when."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.book.mapping import TapeFormat
from loantwin.book.schema import DEFAULT_STATES
from loantwin.book.terms import patterns_of, rests
from loantwin.macro.scenario import Scenario
from loantwin.models.counts import segment_codes
from loantwin.models.severity import Defaults
from loantwin.products.contract import repaid_share


def scheduled_balance(loans: pl.DataFrame, age: Integers, mapping: TapeFormat, history: Scenario) -> Floats:
    """Return the balance (N,) that contracts alone would leave at the start of the month of age `age`.

    The instalments of the last `unpaid_months_at_default` months (the mapping's, 0 if it has none) were not
    paid. Level payments for products that amortise; lines at the mapping's assumed utilisation of the limit.
    A floating rate is the index at origination plus the spread; where neither is known, the mapping's
    annual_rate_without_macro.
    """
    amount = loans["originated_amount"].fill_null(strategy="zero").to_numpy()
    paid = np.maximum(age - 1 - unpaid_months(mapping), 0).astype(float)
    term = np.maximum(loans["term_months"].to_numpy().astype(float), 1.0)
    rate = _rate(loans, mapping, history) / 12.0
    share = loans["balloon_share"].fill_null(0.0).to_numpy()
    share = np.where(rests(loans), 1.0, share)
    # days of months matter to what falls due, not to what has: the calendar of any date does
    pattern = patterns_of(loans, dt.date(2000, 1, 31))
    repaid = np.minimum(repaid_share(pattern, rate, np.minimum(paid, term), term), 1.0)
    level = amount * (1.0 - (1.0 - share) * repaid)
    product = loans["product"]
    used = np.where((product == "revolving").to_numpy(), amount * mapping.number("utilisation", 1.0), level)
    return np.where((product == "interest_only").to_numpy(), amount, used)


def no_defaults() -> Defaults:
    """Return the defaults of a book without a history: none."""
    number, amount = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Defaults(
        number,
        number,
        number,
        amount,
        number,
        amount,
        amount,
        amount,
        number,
        number,
        number.astype(np.bool_),
    )


def unpaid_months(mapping: TapeFormat) -> int:
    """Return how many instalments were left unpaid before the default of an outcome table."""
    return int(mapping.number("unpaid_months_at_default", 0.0))


def outcome_defaults(loans: pl.DataFrame, labels: pl.Series, as_of: dt.date, mapping: TapeFormat,
    history: Scenario,
                     segments: tuple[str, ...], first: dt.date | None = None) -> tuple[Defaults,
                     int]:  # fmt: skip
    """Return the charge-offs of an outcome table as defaults, and how many had no exposure to be set against.

    Loans originated before `first` are left out, as in the counts.
    """
    anchor, last = months.anchor_day(as_of), months.month_of(as_of, months.anchor_day(as_of))
    there = (
        loans["charge_off_date"].is_not_null()
        & (loans["charged_off"] > 0)
        & loans["origination_date"].is_not_null()
        & loans["term_months"].is_not_null()
    ).fill_null(False)
    if first is not None:
        there = there & (loans["origination_date"] >= first).fill_null(False)
    chosen = loans.filter(there)
    month = months.months_of(chosen["charge_off_date"].to_numpy(), anchor).astype(np.int64)
    age = month - months.months_of(chosen["origination_date"].to_numpy(), anchor)
    exposure = scheduled_balance(chosen, age, mapping, history)
    codes, _ = segment_codes(labels.filter(there), segments)
    usable = (exposure > 1.0) & (age >= 0) & (codes >= 0) & (age <= chosen["term_months"].to_numpy())
    recovered = chosen["recovered"].fill_null(0.0).to_numpy()
    close = chosen["closed_date"].is_not_null()
    lag = np.full(len(month), -1, dtype=np.int64)
    closed = close.to_numpy()
    lag[closed] = np.maximum(
        months.months_of(chosen["closed_date"].filter(close).to_numpy(), anchor) - month[closed], 0
    )
    return Defaults(
        segment=codes[usable],
        age=age[usable],
        month=month[usable],
        exposure=exposure[usable],
        watched=(last - month)[usable],
        weight=chosen["weight"].to_numpy()[usable],
        charged_off=chosen["charged_off"].to_numpy()[usable],
        recovered=recovered[usable],
        charge_off_lag=np.zeros(int(usable.sum()), dtype=np.int64),
        recovery_lag=np.where(recovered > 0, lag, -1)[usable],
        cured=np.zeros(int(usable.sum()), dtype=np.bool_),
    ), int((~usable).sum())


def panel_defaults(panel: pl.DataFrame, loans: pl.DataFrame, labels: pl.Series, as_of: dt.date,
                   segments: tuple[str, ...]) -> tuple[Defaults, int]:  # fmt: skip
    """Return the first defaults of a panel's loans, and how many had no exposure to be set against.

    Exposure is the principal at the last report before default, else at the default. A default is cured where
    the loan is later seen in a live state, prepaid or matured, and was not charged off.
    """
    last = months.month_of(as_of)
    bad = [*DEFAULT_STATES, "charged_off"]
    table = panel.sort("loan_id", "report_date").with_columns(
        month=_month(pl.col("report_date")), bad=pl.col("state").is_in(bad)
    )
    ever = table.filter(pl.col("bad").fill_null(False)).group_by("loan_id").agg(start=pl.col("month").min())
    # Trap: a join without order. First and last report are read from the rows that it gives.
    own = table.join(ever, on="loan_id", how="inner", maintain_order="left")
    after = pl.col("month") >= pl.col("start")
    facts = own.group_by("loan_id").agg(
        start=pl.col("start").first(),
        before=pl.col("principal").filter(pl.col("month") < pl.col("start")).last(),
        at=pl.col("principal").filter(pl.col("month") == pl.col("start")).first(),
        lost=pl.col("charged_off").filter(after).sum(),
        back=pl.col("recovered").filter(after).sum(),
        lost_month=pl.col("month").filter(after & (pl.col("charged_off") > 0)).first(),
        back_month=pl.col("month").filter(after & (pl.col("recovered") > 0)).first(),
        better=(
            after & ~pl.col("bad") & pl.col("state").is_not_null() & (pl.col("state") != "settled")
        ).any(),
    )
    codes, _ = segment_codes(labels, segments)
    about = loans.select(
        "loan_id",
        "weight",
        "charged_off",
        "recovered",
        "charge_off_date",
        origin=_month(pl.col("origination_date")),
    ).with_columns(segment=pl.Series(codes))
    joined = facts.join(about, on="loan_id", how="inner").sort("loan_id")
    lost = pl.when(pl.col("lost") > 0).then(pl.col("lost")).otherwise(pl.col("charged_off").fill_null(0.0))
    back = pl.when(pl.col("back") > 0).then(pl.col("back")).otherwise(pl.col("recovered").fill_null(0.0))
    joined = joined.with_columns(
        lost=lost,
        back=back,
        exposure=pl.when(pl.col("before") > 0).then(pl.col("before")).otherwise(pl.col("at")).fill_null(0.0),
        age=pl.col("start") - pl.col("origin"),
        lost_lag=(pl.coalesce("lost_month", _month(pl.col("charge_off_date"))) - pl.col("start")).fill_null(
            -1
        ),
        back_lag=(pl.col("back_month") - pl.col("start")).fill_null(-1),
    )
    usable = joined.filter((pl.col("exposure") > 0) & (pl.col("age") >= 0) & (pl.col("segment") >= 0))
    column = {
        name: usable[name].to_numpy() for name in usable.columns if name not in {"loan_id", "charge_off_date"}
    }
    lost_amount = column["lost"].astype(float)
    return Defaults(
        segment=column["segment"].astype(np.int64),
        age=column["age"].astype(np.int64),
        month=column["start"].astype(np.int64),
        exposure=column["exposure"].astype(float),
        watched=(last - column["start"]).astype(np.int64),
        weight=column["weight"].astype(float),
        charged_off=lost_amount,
        recovered=column["back"].astype(float),
        charge_off_lag=np.where(lost_amount > 0, np.maximum(column["lost_lag"], 0), -1).astype(np.int64),
        recovery_lag=np.where(column["back"] > 0, np.maximum(column["back_lag"], 0), -1).astype(np.int64),
        cured=column["better"].astype(bool) & (lost_amount <= 0),
    ), joined.height - usable.height


def _month(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int64) * 12 + day.dt.month().cast(pl.Int64) - 1


def _rate(loans: pl.DataFrame, mapping: TapeFormat, history: Scenario) -> Floats:
    """Return the annual rate at origination, (N,)."""
    missing = mapping.number("annual_rate_without_macro", 0.08)
    rate = loans["annual_rate"].cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
    spread = loans["rate_spread"].fill_null(np.nan).to_numpy()
    start = months.months_of(loans["origination_date"].to_numpy()).astype(np.int64) - history.first
    for name in loans["rate_index"].drop_nulls().unique().sort():
        if name not in history.factors:
            continue
        series = history.values[:, history.factors.index(name)]
        own = np.isnan(rate) & (loans["rate_index"] == name).fill_null(False).to_numpy() & (start >= 0)
        rate[own] = series[np.minimum(start[own], len(series) - 1)] + spread[own]
    return np.where(np.isfinite(rate), rate, missing)
