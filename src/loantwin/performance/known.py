"""What a simple rival may learn from: history as counts, and money by age, all as known at the origin."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Flags, Floats, Integers
from loantwin.book.mapping import TapeFormat
from loantwin.book.payoff import assumed_payoff_hazard, assumed_survival, payoff_observed
from loantwin.book.segments import segment_labels
from loantwin.macro.scenario import Scenario
from loantwin.models.counts import Counts, added_up, outcome_counts, panel_counts
from loantwin.models.defaults import outcome_defaults, panel_defaults
from loantwin.performance.outcomes import approval_bands, paid_early, prepaid_amount
from loantwin.performance.tracking import LOST_STATES

AGES = 361
YEAR = 12


@dataclass(frozen=True)
class MoneyByAge:
    """A panel's money, last 36 months, by age (A,): what became of the balance at the start of a month.

    start : balance at a month's start. after : the same loans' live balance at its end. prepaid, interest :
        received.
    last_* : sums of the last 12 months. charge_off_share : charged off / defaulted over the 36 months,
        whenever it defaulted.
    """

    start: Floats
    after: Floats
    prepaid: Floats
    interest: Floats
    last_start: float
    last_prepaid: float
    last_prepaid_in_full: float
    last_interest: float
    last_defaulted: float
    charge_off_share: float


@dataclass(frozen=True)
class Known:
    """History at an origin; C cells of (segment, age, month), live states added up.

    at_risk, lost, paid : (C,) weighted loans at the month's start, first defaults (or charge-offs),
        prepayments.
    last : the origin's month in the counts. counts : the same by state. segments : their labels.
    payoff : (A,) assumed monthly prepayment by age where it is not observed, else None.
    severity : charged off / exposure of known defaults. unit : weighted size of one event.
    lost_events, paid_events : effective numbers. originated : (A,) weighted loans by the age they have, or
        would have, reached by the origin, gone ones included, of vintages that are fitted; `originated_band`
        the same by band (B, A).
    money : of a panel, None elsewhere.
    """

    counts: Counts
    segment: Integers
    age: Integers
    month: Integers
    at_risk: Floats
    lost: Floats
    paid: Floats
    last: int
    payoff: Floats | None
    severity: float
    unit: float
    lost_events: float
    paid_events: float
    originated: Floats
    originated_band: Floats
    money: MoneyByAge | None

    @property
    def segments(self) -> tuple[str, ...]:
        """Return the segments' labels."""
        return self.counts.segments

    def recent(self, span: int = YEAR) -> Flags:
        """Return the cells of the last `span` months, (C,)."""
        return np.asarray(self.month > self.last - span)


def known_history(
    loans: pl.DataFrame,
    panel: pl.DataFrame | None,
    mapping: TapeFormat,
    as_of: dt.date,
    history: Scenario,
    bands: tuple[str, ...],
) -> Known:
    """Return what a rival may learn from.

    Parameters
    ----------
    loans, panel : the tables after `known_at(..., as_of)`. history : macro history, for exposures at floating
        rates.
    bands : names of approval-year bands at the origin, from `outcomes.approval_bands`.

    Raises
    ------
    ModelError : nothing to learn from.
    """
    labels = segment_labels(loans, mapping)
    first = _first_vintage(mapping)
    if panel is not None and panel.height:
        counts, target = panel_counts(panel, loans, labels, as_of), "moved_default"
        defaults, _ = panel_defaults(panel, loans, labels, as_of, counts.segments)
        last = months.month_of(as_of)
    else:
        observed = payoff_observed(mapping)
        survival = None if observed else assumed_survival(mapping, np.maximum(np.arange(AGES) - 1, 0))
        counts = outcome_counts(
            loans, labels, as_of, survival=survival, fit_from_vintage=first, payoff_observed=observed
        )  # fmt: skip
        target = "moved_charged_off"
        defaults, _ = outcome_defaults(loans, labels, as_of, mapping, history, counts.segments, first)
        last = months.month_of(as_of, months.anchor_day(as_of))
    table = _live(counts, target)
    exposure = float((defaults.weight * defaults.exposure).sum())
    charged = float((defaults.weight * defaults.charged_off).sum())
    age_now, band, weight = _cohorts(loans, as_of, bands, first)
    reached = np.minimum(age_now, AGES - 1)
    ending = np.zeros((len(bands), AGES))
    np.add.at(ending, (band, reached), weight)
    by_band = ending[:, ::-1].cumsum(axis=1)[:, ::-1]
    effective = counts.effective
    lost, paid = table["lost"].to_numpy(), table["paid"].to_numpy()
    return Known(
        counts=counts,
        segment=table["segment"].to_numpy().astype(np.int64),
        age=np.minimum(table["age"].to_numpy().astype(np.int64), AGES - 1),
        month=table["month"].to_numpy().astype(np.int64),
        at_risk=table["at_risk"].to_numpy(),
        lost=lost,
        paid=paid,
        last=last,
        payoff=None if payoff_observed(mapping) else assumed_payoff_hazard(mapping, np.arange(AGES)),
        severity=charged / exposure if exposure > 0 else 0.0,
        unit=1.0 / effective if lost.sum() > 0 else 1.0,
        lost_events=float(lost.sum()) * effective,
        paid_events=float(paid.sum()) * effective,
        originated=by_band.sum(axis=0),
        originated_band=ending,
        money=None if panel is None or not panel.height else _money(panel, loans, as_of),
    )


def _first_vintage(mapping: TapeFormat) -> dt.date | None:
    early = mapping.assumptions.get("fit_from_vintage")
    return dt.date(int(float(early)), 1, 1) if early is not None else None


def _live(counts: Counts, target: str) -> pl.DataFrame:
    """Return cells by segment, age and month, live states added up: moves between them are no events."""
    cells = counts.cells
    for name in (target, "moved_prepaid"):
        if name not in cells.columns:
            cells = cells.with_columns(pl.lit(0.0).alias(name))
    table = added_up(cells, ("segment", "age", "month"), ("at_risk", target, "moved_prepaid"))
    return table.rename({target: "lost", "moved_prepaid": "paid"})


def _cohorts(
    loans: pl.DataFrame, as_of: dt.date, bands: tuple[str, ...], first: dt.date | None
) -> tuple[Integers, Integers, Floats]:
    """Return age at the origin, band and weight of all loans originated by then, gone ones included."""
    anchor = months.anchor_day(as_of)
    usable = loans.filter(pl.col("origination_date").is_not_null() & pl.col("term_months").is_not_null())
    if first is not None:
        usable = usable.filter(pl.col("origination_date") >= first)
    age = months.month_of(as_of, anchor) - months.months_of(
        usable["origination_date"].to_numpy(), anchor
    ).astype(np.int64)
    code, names = approval_bands(usable, as_of)
    place = {name: bands.index(name) if name in bands else -1 for name in names}
    band = np.array([place[name] for name in names], dtype=np.int64)[code] if len(names) else code
    keep = (age >= 0) & (band >= 0)
    return age[keep], band[keep], usable["weight"].to_numpy()[keep]


def _money(panel: pl.DataFrame, loans: pl.DataFrame, as_of: dt.date, span: int = 36) -> MoneyByAge:
    last = months.month_of(as_of)
    day = pl.col("report_date")
    about = loans.select(
        "loan_id",
        "weight",
        "term_months",
        start=pl.col("origination_date").dt.year() * 12 + pl.col("origination_date").dt.month() - 1,
    )
    table = panel.with_columns(month=day.dt.year() * 12 + day.dt.month() - 1).filter(
        pl.col("month") > last - span - 1
    )
    table = table.join(about, on="loan_id", how="inner").sort("loan_id", "month")
    bad = pl.col("state").is_in(list(LOST_STATES)).fill_null(False)
    table = table.with_columns(
        bad=bad,
        before=pl.col("principal").shift(1).over("loan_id"),
        prepaid=prepaid_amount(pl.col("month"), pl.col("start") + pl.col("term_months")),
        early=paid_early(pl.col("month"), pl.col("start") + pl.col("term_months")),
        ever=bad.cast(pl.Int8).cum_sum().over("loan_id"),
        age=(pl.col("month") - pl.col("start")).clip(0, AGES - 1),
    )
    moves = table.filter(
        pl.col("before").is_not_null() & (pl.col("ever") <= 1) & ~(pl.col("bad") & (pl.col("ever") > 1))
    )
    live = moves.filter(pl.col("ever") == 0)
    first = moves.filter(pl.col("bad") & (pl.col("ever") == 1))
    year = pl.col("month") > last - YEAR

    def by_age(rows: pl.DataFrame, amount: pl.Expr) -> Floats:
        values = rows.select((pl.col("weight") * amount).fill_null(0.0)).to_series().to_numpy()
        return np.bincount(
            rows["age"].fill_null(0).to_numpy().astype(np.int64), values, minlength=AGES
        ).astype(np.float64)

    def one(rows: pl.DataFrame, amount: pl.Expr) -> float:
        return float(rows.select((pl.col("weight") * amount).fill_null(0.0).sum()).item())

    whole = pl.concat([live, first])
    ended = one(first, pl.col("before"))
    return MoneyByAge(
        start=by_age(whole, pl.col("before")),
        after=by_age(live, pl.col("principal")),
        prepaid=by_age(live, pl.col("prepaid")),
        interest=by_age(live, pl.col("interest")),
        last_start=one(whole.filter(year), pl.col("before")),
        last_prepaid=one(live.filter(year), pl.col("prepaid")),
        last_prepaid_in_full=one(live.filter(year & pl.col("early")), pl.col("before")),
        last_interest=one(live.filter(year), pl.col("interest")),
        last_defaulted=one(first.filter(year), pl.col("before")),
        charge_off_share=one(table, pl.col("charged_off")) / ended if ended > 0 else 0.0,
    )
