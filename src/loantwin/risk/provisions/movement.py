"""The allowance's movement between two dates, by the lines of IFRS 7.35H and 35I, whole minor units.

Loans on the book at both dates are revalued in a stated order; each step takes one input more from the
closing date, and what it changes is its effect. A sequence leaves no residual, but another order would share
interactions out differently.

    opening
    + originated          closing allowance of loans not on the book at the opening
    - derecognised        opening allowance of loans repaid, settled or matured since
    - written off         opening allowance of loans charged off since
    + stage               opening inputs, the closing stage: 12-month to lifetime loss and back, default
    + balance             x exposure at the closing / exposure at the opening
    + pd                  the loan as it stands now (age, arrears, remaining life), old economy, old model
    + economy             the closing scenarios, old model
    + lgd                 the closing loss given default, old probabilities
    + model               the closing model
    + overlays            overlays at the closing less those at the opening
    = closing

Every line is a sum over loans of int64: it is the same for the whole as for the sum of any parts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import polars as pl

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import RiskError, expected
from loantwin.types import ModelResult

STEPS = ("stage", "balance", "pd", "economy", "lgd", "model")
"""Revaluations of loans on the book at both dates, in order."""
LINES = ("opening", "originated", "derecognised", "written_off", "transfers", *STEPS, "overlays", "closing")
"""Lines of the movement; the transfers between stages sum to 0."""
CONTINUING, ORIGINATED, DERECOGNISED, WRITTEN_OFF = range(4)
LARGEST = 2.0**53
"""Minor units up to which a double holds every whole number."""

RULES = (
    "loans are rounded to minor units first, then added: lines sum without a remainder (IFRS 7.35H)",
    "transfers move the opening allowance between stages; what the new stage then costs is the line stage",
    "balance scales by exposure, weighted by the chance of still being on the book and net of guarantees",
    "pd: the loan's own age, arrears and remaining life under the opening economy and model; economy: the "
    "closing scenarios",
    "written off: the allowance held at the opening for loans charged off since, not the amount charged off",
)


@dataclass(frozen=True)
class OpeningValues:
    """N loans at the opening date. Money in book currency, weighted, net of guarantees.

    twelve_month, lifetime, defaulted : (N,) loss of the loan were it in stage 1, 2 or 3. exposure : (N,) >=
        0.
    stage : (N,) 1, 2 or 3. segment : (N,) index into names shared with the closing. written_off : (N,)
    charged off before the closing; read for loans that are no longer on the book. overlay : (N,) what
    overlays add.
    """

    loan: pl.Series
    twelve_month: Floats
    lifetime: Floats
    defaulted: Floats
    exposure: Floats
    stage: Integers
    segment: Integers
    written_off: Flags
    overlay: Floats


@dataclass(frozen=True)
class ClosingValues:
    """M loans at the closing date, at their closing stage. Money as in OpeningValues.

    pd, economy, lgd, model : (M,) allowance as one input more is taken from the closing date; `model` is the
        closing allowance.
    """

    loan: pl.Series
    pd: Floats
    economy: Floats
    lgd: Floats
    model: Floats
    exposure: Floats
    stage: Integers
    segment: Integers
    overlay: Floats


@dataclass(frozen=True)
class Line:
    """One line: amount, book currency, its loans, and amount by stage (of a move: the one moved to)."""

    amount: float
    loans: int
    by_stage: Mapping[str, float]


@dataclass(frozen=True)
class StageMove:
    """Loans from one stage to another. transferred : opening allowance. remeasured : their stage line."""

    origin: str
    target: str
    loans: int
    transferred: float
    remeasured: float


@dataclass(frozen=True)
class MovementResult(ModelResult):
    """The allowance's movement, net of guarantees, overlays a line of their own, book currency."""

    SCHEMA: ClassVar[str] = "loantwin.movement/1"

    opening_date: dt.date
    closing_date: dt.date
    currency: str
    opening: float
    closing: float
    lines: Mapping[str, Line]
    by_segment: Mapping[str, Mapping[str, float]]
    stage_moves: tuple[StageMove, ...]
    charged_off: float
    rules: tuple[str, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def loan_movements(opening: OpeningValues, closing: ClosingValues, minor_units: int = 100) -> pl.DataFrame:
    """Return what each loan on the book at either date adds to each line, whole minor units, one row a loan.

    Columns: origin, target (stage, 0 where not on the book), segment, kind, and every line but the transfers.

    Raises
    ------
    RiskError : arrays that do not fit, a stage outside 1 to 3, a negative or non-finite amount, a loan given
        twice.
    """
    check.kind(OpeningValues, opening=opening)
    check.kind(ClosingValues, closing=closing)
    check.count(1, minor_units=minor_units)
    _check(opening, "opening", ("twelve_month", "lifetime", "defaulted", "exposure"))
    _check(closing, "closing", ("pd", "economy", "lgd", "model", "exposure"))
    before, after = _places(opening.loan, closing.loan)
    was, now = before >= 0, after >= 0
    both = was & now
    old, new = np.maximum(before, 0), np.maximum(after, 0)
    origin = np.where(was, _taken(opening.stage, old), 0)
    target = np.where(now, _taken(closing.stage, new), 0)
    losses = (opening.twelve_month, opening.lifetime, opening.defaulted)
    held = np.where(was, _at_stage(losses, old, origin), 0.0)
    restaged = np.where(both, _at_stage(losses, old, target), 0.0)
    stood = np.where(was, _taken(opening.exposure, old), 0.0)
    stands = np.where(now, _taken(closing.exposure, new), 0.0)
    scaled = restaged * np.divide(stands, stood, out=np.zeros_like(stands), where=stood > 0.0)
    later = [
        np.where(now, _taken(getattr(closing, name), new), 0.0) for name in ("pd", "economy", "lgd", "model")
    ]
    values = [_minor(value, minor_units) for value in (held, restaged, scaled, *later)]
    kind = np.full(len(before), CONTINUING, dtype=np.int8)
    kind[~was] = ORIGINATED
    kind[~now] = np.where(_taken(opening.written_off, old)[~now], WRITTEN_OFF, DERECOGNISED)
    added = [_minor(np.where(seen, _taken(amount, place), 0.0), minor_units) for seen, amount, place in (
        (was, opening.overlay, old), (now, closing.overlay, new))]  # fmt: skip
    made = {
        "origin": origin.astype(np.int8),
        "target": target.astype(np.int8),
        "segment": np.where(now, _taken(closing.segment, new), _taken(opening.segment, old)).astype(np.int32),
        "kind": kind,
        "opening": values[0] + added[0],
        "originated": np.where(kind == ORIGINATED, values[-1], 0),
        "derecognised": np.where(kind == DERECOGNISED, -values[0], 0),
        "written_off": np.where(kind == WRITTEN_OFF, -values[0], 0),
    }
    for step, (earlier, later_) in zip(STEPS, pairwise(values), strict=True):
        made[step] = np.where(both, later_ - earlier, 0)
    made["overlays"] = added[1] - added[0]
    made["closing"] = values[-1] + added[1]
    return pl.DataFrame({**made, "overlay_before": added[0], "overlay_after": added[1]})


def added_up(loans: pl.DataFrame) -> pl.DataFrame:
    """Return movements by origin, target, segment and kind, with numbers: a few rows, exact sums."""
    check.kind(pl.DataFrame, loans=loans)
    keys = ("origin", "target", "segment", "kind")
    sums = [pl.col(name).sum() for name in loans.columns if name not in keys]
    return loans.group_by(keys).agg(pl.len().cast(pl.Int64).alias("loans"), *sums).sort(keys)


def lines(groups: pl.DataFrame, minor_units: int = 100) -> dict[str, Line]:
    """Return the lines by stage from `added_up`; opening + all others = closing, in each stage too."""
    check.kind(pl.DataFrame, groups=groups)
    check.count(1, minor_units=minor_units)
    made = {}
    for name in LINES:
        if name == "transfers":
            moved = groups.filter((pl.col("kind") == CONTINUING) & (pl.col("origin") != pl.col("target")))
            modelled = pl.col("opening") - pl.col("overlay_before")
            out = _by_stage(moved.with_columns((-modelled).alias("amount")), "origin")
            into = _by_stage(moved.with_columns(modelled.alias("amount")), "target")
            amounts = {stage: out.get(stage, 0) + into.get(stage, 0) for stage in (1, 2, 3)}
            count = int(moved["loans"].sum())
        else:
            left = name in ("opening", "derecognised", "written_off")
            chosen = groups.with_columns(pl.col(name).alias("amount"))
            if name == "overlays":
                after = _by_stage(groups.with_columns(pl.col("overlay_after").alias("amount")), "target")
                before = _by_stage(groups.with_columns(pl.col("overlay_before").alias("amount")), "origin")
                amounts = {stage: after.get(stage, 0) - before.get(stage, 0) for stage in (1, 2, 3)}
            else:
                amounts = _by_stage(chosen, "origin" if left else "target")
            count = int(groups.filter(_concerned(name))["loans"].sum())
        made[name] = Line(
            sum(amounts.values()) / minor_units,
            count,
            {str(stage): amounts.get(stage, 0) / minor_units for stage in (1, 2, 3)},
        )
    return made


def movement_of(
    groups: pl.DataFrame,
    opening_date: dt.date,
    closing_date: dt.date,
    currency: str,
    segments: Sequence[str],
    charged_off: float,
    notes: tuple[str, ...] = (),
    provenance: Mapping[str, Any] | None = None,
    minor_units: int = 100,
) -> MovementResult:
    """Return the movement from loans added up.

    `charged_off` is the principal charged off between the dates, for comparison.

    Raises
    ------
    RiskError : an opening date not before the closing one.
    """
    check.kind(pl.DataFrame, groups=groups)
    check.kind(dt.date, opening_date=opening_date, closing_date=closing_date)
    check.word(currency=currency)
    check.words(segments=segments, notes=notes)
    check.number(charged_off=charged_off)
    check.kind(Mapping, **check.given(provenance=provenance))
    check.count(1, minor_units=minor_units)
    if opening_date >= closing_date:
        raise RiskError(
            expected(f"an opening date before {closing_date}", opening_date), field="opening_date"
        )
    found = lines(groups, minor_units)
    by_segment = {}
    named = [name for name in LINES if name != "transfers"]
    sums = groups.group_by("segment").agg(pl.col(named).sum()).sort("segment")
    for row in sums.iter_rows(named=True):
        by_segment[segments[row["segment"]]] = {name: row[name] / minor_units for name in named}
    return MovementResult(
        opening_date=opening_date,
        closing_date=closing_date,
        currency=currency,
        opening=found["opening"].amount,
        closing=found["closing"].amount,
        lines=found,
        by_segment=by_segment,
        stage_moves=_moves(groups, minor_units),
        charged_off=charged_off,
        rules=RULES,
        notes=notes,
        provenance=dict(provenance or {}),
    )


def _moves(groups: pl.DataFrame, minor_units: int) -> tuple[StageMove, ...]:
    moved = groups.filter((pl.col("kind") == CONTINUING) & (pl.col("origin") != pl.col("target")))
    held = (pl.col("opening") - pl.col("overlay_before")).sum()
    sums = moved.group_by("origin", "target").agg(
        pl.col("loans").sum(), held.alias("held"), pl.col("stage").sum()
    )
    return tuple(
        StageMove(str(origin), str(target), count, held / minor_units, stage / minor_units)
        for origin, target, count, held, stage in sums.sort("origin", "target").iter_rows()
    )


def _concerned(name: str) -> pl.Expr:
    """Return which loans a line is made of."""
    if name in ("opening", "closing"):
        return pl.col("origin" if name == "opening" else "target") > 0
    kinds = {"originated": ORIGINATED, "derecognised": DERECOGNISED, "written_off": WRITTEN_OFF}
    if name == "stage":
        return (pl.col("kind") == CONTINUING) & (pl.col("origin") != pl.col("target"))
    if name == "overlays":
        return (pl.col("overlay_before") != 0) | (pl.col("overlay_after") != 0)
    return pl.col("kind") == kinds.get(name, CONTINUING)


def _by_stage(groups: pl.DataFrame, column: str) -> dict[int, int]:
    sums = groups.group_by(column).agg(pl.col("amount").sum())
    return {int(stage): int(amount) for stage, amount in sums.iter_rows() if stage > 0}


def _places(opening: pl.Series, closing: pl.Series) -> tuple[Integers, Integers]:
    """Return loans' rows at opening and closing, -1 where not there: opening loans first."""
    right = pl.DataFrame({"loan": closing, "after": np.arange(len(closing))})
    left = pl.DataFrame({"loan": opening})
    joined = left.join(right, on="loan", how="left", maintain_order="left")["after"].fill_null(-1).to_numpy()
    matched = joined[joined >= 0]
    fresh = np.ones(len(closing), dtype=np.bool_)
    fresh[matched] = False
    new = np.flatnonzero(fresh)
    seen = len(matched) + int(fresh.sum()) == len(closing)
    if len(joined) != len(opening) or closing.gather(new).n_unique() != len(new):
        raise RiskError(expected("each loan once", "a repeated number"), field="closing.loan")
    if not seen or opening.filter(joined < 0).n_unique() != int((joined < 0).sum()):
        raise RiskError(expected("each loan once", "a repeated number"), field="opening.loan")
    before = np.concatenate([np.arange(len(opening)), np.full(len(new), -1)])
    return before.astype(np.int64), np.concatenate([joined, new]).astype(np.int64)


def _taken(values: Any, places: Integers) -> Any:
    """Return values at places; zeros where there are none to take from."""
    return values[places] if len(values) else np.zeros(len(places), dtype=values.dtype)


def _at_stage(losses: tuple[Floats, Floats, Floats], places: Integers, stage: Integers) -> Floats:
    early, whole, impaired = (_taken(loss, places) for loss in losses)
    return np.asarray(np.where(stage == 1, early, np.where(stage == 3, impaired, whole)))


def _minor(values: Floats, minor_units: int) -> Integers:
    return np.rint(values * minor_units).astype(np.int64)


def _check(values: OpeningValues | ClosingValues, side: str, amounts: tuple[str, ...]) -> None:
    count = len(values.loan)
    for name in (*amounts, "overlay", "stage", "segment"):
        found = getattr(values, name)
        if found.shape != (count,):
            raise RiskError(expected(f"shape ({count},)", f"{found.shape}"), field=f"{side}.{name}")
        if not count or name in ("stage", "segment"):
            continue
        low = -LARGEST if name == "overlay" else 0.0
        if not (found.min() >= low and found.max() < LARGEST):  # a NaN fails both
            raise RiskError(expected("finite amounts of at least 0", "another"), field=f"{side}.{name}")
    if count and not (values.stage.min() >= 1 and values.stage.max() <= 3):
        raise RiskError(expected("stages 1, 2 or 3", "another"), field=f"{side}.stage")
