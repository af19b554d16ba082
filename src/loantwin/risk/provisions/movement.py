"""The allowance's movement between two dates, loan by loan and line by line, whole minor units.

`movement_statement` puts the lines into the table of IFRS 7.35H, beside the gross carrying amounts of 35I.

Loans on the book at both dates are revalued in a stated order; each step takes one input more from the
closing date, and what it changes is its effect. A sequence leaves no residual, but another order would share
interactions out differently.

    opening
    + originated          closing allowance of loans not on the book at the opening
    - derecognised        opening allowance of loans repaid, settled or matured since
    + unwind              opening allowance x growth at the effective rate, of the other loans of the opening
    + stage               opening inputs, the closing stage: 12-month to lifetime loss and back, default
    + balance             x exposure at the closing / exposure at the opening
    + pd                  the loan as it stands now (age, arrears, remaining life), old economy, old model
    + economy             the closing scenarios, old model
    + lgd                 the closing loss given default, moved by prices and times, old probabilities
    + model               the closing model
    + to write-off        amount written off less the allowance held for it, with its unwind
    + overlays            overlays at the closing less those at the opening
    - written off         the amount written off, net of what a guarantor bears
    = closing

Every line is a sum over loans of int64: it is the same for the whole as for the sum of any parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.errors import RiskError, expected

STEPS = ("stage", "balance", "pd", "economy", "lgd", "model")
"""Revaluations of loans on the book at both dates, in order."""
LINES = (
    "opening", "originated", "derecognised", "transfers", "unwind", *STEPS, "to_write_off", "overlays",
    "written_off", "closing",
)  # fmt: skip
"""Lines of the movement; the transfers between stages sum to 0."""
CONTINUING, ORIGINATED, DERECOGNISED, WRITTEN_OFF, PASSED = range(5)
"""What became of a loan; PASSED is what was written off of loans that the opening did not have."""
IMPAIRED = 3
"""Stage in which a loan is written off: it is credit-impaired by then."""
STAGES = (1, 2, 3)
LARGEST = 2.0**53
"""Minor units up to which a double holds every whole number."""

RULES = (
    "loans are rounded to minor units first, then added: lines sum without a remainder (IFRS 7.35H)",
    "written off: the amount written off, net of the share that a guarantor bears, in stage 3; to write-off "
    "is what it came to beyond the allowance held (IFRS 9 5.4.4, IFRS 7.35I(c))",
    "unwind: opening allowance x ((1 + effective annual rate / 12) ^ months - 1), to the closing or to the "
    "charge-off, in the opening stage; none of loans that were repaid, whose day is within the period "
    "(assumed)",
    "the unwind of stage 3 is taken from interest revenue, that of stages 1 and 2 is an impairment loss "
    "(IFRS 9 5.4.1(b), 5.5.8): the stage at the opening decides, since 5.4.1(b) speaks of subsequent periods",
    "transfers move the opening allowance and its unwind between stages; what the new stage then costs is "
    "the line stage",
    "balance scales by exposure, weighted by the chance of still being on the book and net of guarantees",
    "pd: the loan's own age, arrears and remaining life under the opening economy and model; economy: the "
    "closing scenarios",
    "gross carrying amounts are principal and accrued interest before guarantees; changes are repayments, "
    "draws, interest and changes of terms, which sources do not tell apart (IFRS 7.35I(b) is inside it)",
)


@dataclass(frozen=True)
class OpeningValues:
    """N loans at the opening date. Money in book currency, weighted, net of guarantees.

    twelve_month, lifetime, defaulted : (N,) loss of the loan were it in stage 1, 2 or 3. exposure : (N,) >=
        0.
    stage : (N,) 1, 2 or 3. segment : (N,) index into names shared with the closing. overlay : (N,) what
    overlays add.
    written_off : (N,) amount written off before the closing, >= 0, before guarantees. kept : (N,) share of it
        that no guarantor bears, in [0, 1]. gross : (N,) gross carrying amount. growth : (N,) decimal, >= 0,
        by which an allowance grows at the effective rate until the closing or the write-off.
    """

    loan: pl.Series
    twelve_month: Floats
    lifetime: Floats
    defaulted: Floats
    exposure: Floats
    stage: Integers
    segment: Integers
    overlay: Floats
    written_off: Floats
    kept: Floats
    gross: Floats
    growth: Floats


@dataclass(frozen=True)
class ClosingValues:
    """M loans at the closing date, at their closing stage. Money as in OpeningValues.

    pd, economy, lgd, model : (M,) allowance as one input more is taken from the closing date; `model` is the
        closing allowance. gross : (M,) gross carrying amount.
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
    gross: Floats


@dataclass(frozen=True)
class PassedLoans:
    """L loans written off since the opening that the opening did not have: made and lost in the period.

    written_off : (L,) > 0, before guarantees. kept : (L,) share that no guarantor bears. segment : (L,).
    """

    written_off: Floats
    kept: Floats
    segment: Integers


NO_LOANS = PassedLoans(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))


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


def loan_movements(
    opening: OpeningValues, closing: ClosingValues, minor_units: int = 100, passed: PassedLoans = NO_LOANS
) -> pl.DataFrame:
    """Return what each loan adds to each line, whole minor units, one row a loan.

    Columns: origin, target (stage, 0 where not on the book), segment, kind, every line but the transfers,
    overlay_before and overlay_after, and gross_before, gross_after, gross_written_off. Rows of `passed` come
    last.

    Raises
    ------
    RiskError : arrays that do not fit, a stage outside 1 to 3, a negative or non-finite amount, a share above
        1, a loan given twice.
    """
    check.kind(OpeningValues, opening=opening)
    check.kind(ClosingValues, closing=closing)
    check.count(1, minor_units=minor_units)
    check.kind(PassedLoans, passed=passed)
    before_loss = (
        "twelve_month",
        "lifetime",
        "defaulted",
        "exposure",
        "written_off",
        "gross",
        "growth",
        "kept",
    )
    _check(opening, "opening", len(opening.loan), before_loss)
    _check(closing, "closing", len(closing.loan), ("pd", "economy", "lgd", "model", "exposure", "gross"))
    _check(passed, "passed", len(passed.written_off), ("written_off", "kept"))
    before, after = _places(opening.loan, closing.loan)
    was, now = before >= 0, after >= 0
    both = was & now
    new, size = np.maximum(after, 0), len(before)
    origin = _padded(opening.stage, size)
    target = np.where(now, _taken(closing.stage, new), 0)
    lost = _padded(opening.written_off, size)
    kind = np.full(size, CONTINUING, dtype=np.int8)
    kind[~was] = ORIGINATED
    kind[~now] = np.where(lost[~now] > 0.0, WRITTEN_OFF, DERECOGNISED)
    losses = tuple(
        _padded(loss, size) for loss in (opening.twelve_month, opening.lifetime, opening.defaulted)
    )
    held = _at_stage(losses, origin)
    grown = 1.0 + np.where(kind == DERECOGNISED, 0.0, _padded(opening.growth, size))
    restaged = np.where(both, _at_stage(losses, target), 0.0) * grown
    stood = _padded(opening.exposure, size)
    stands = np.where(now, _taken(closing.exposure, new), 0.0)
    scaled = restaged * np.divide(stands, stood, out=np.zeros_like(stands), where=stood > 0.0)
    later = [
        np.where(now, _taken(getattr(closing, name), new), 0.0) for name in ("pd", "economy", "lgd", "model")
    ]
    values = [_minor(value, minor_units) for value in (held * grown, restaged, scaled, *later)]
    opened, charged = _minor(held, minor_units), _minor(lost * _padded(opening.kept, size), minor_units)
    overlays = _padded(opening.overlay, size), np.where(now, _taken(closing.overlay, new), 0.0)
    added = [_minor(amount, minor_units) for amount in overlays]
    made = {
        "origin": origin.astype(np.int8),
        "target": target.astype(np.int8),
        "segment": np.where(now, _taken(closing.segment, new), _padded(opening.segment, size)).astype(
            np.int32
        ),
        "kind": kind,
        "opening": opened + added[0],
        "originated": np.where(kind == ORIGINATED, values[-1], 0),
        "derecognised": np.where(kind == DERECOGNISED, -opened, 0),
        "unwind": values[0] - opened,
    }
    for step, (earlier, later_) in zip(STEPS, pairwise(values), strict=True):
        made[step] = np.where(both, later_ - earlier, 0)
    made["to_write_off"] = charged - np.where(kind == WRITTEN_OFF, values[0], 0)
    made["overlays"] = added[1] - added[0]
    made["written_off"] = -charged
    made["closing"] = values[-1] + added[1]
    made["overlay_before"], made["overlay_after"] = added
    made["gross_before"] = _minor(_padded(opening.gross, size), minor_units)
    made["gross_after"] = _minor(np.where(now, _taken(closing.gross, new), 0.0), minor_units)
    made["gross_written_off"] = _minor(lost, minor_units)
    loans = pl.DataFrame(made)
    return loans if not len(passed.written_off) else pl.concat([loans, _passed(passed, minor_units, loans)])


def _passed(passed: PassedLoans, minor_units: int, like: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of loans that came and went: a charge of the amount written off, and the write-off."""
    charged = _minor(passed.written_off * passed.kept, minor_units)
    told = {
        "segment": passed.segment,
        "kind": np.full(len(charged), PASSED),
        "to_write_off": charged,
        "written_off": -charged,
        "gross_written_off": _minor(passed.written_off, minor_units),
    }
    nothing = np.zeros(len(charged), dtype=np.int64)
    return pl.DataFrame({name: told.get(name, nothing) for name in like.columns}).cast(like.schema)


DERIVED = {
    "originated": pl.when(pl.col("kind") == ORIGINATED)
    .then(pl.col("closing") - pl.col("overlay_after"))
    .otherwise(0),
    "derecognised": pl.when(pl.col("kind") == DERECOGNISED)
    .then(pl.col("overlay_before") - pl.col("opening"))
    .otherwise(0),
    "overlays": pl.col("overlay_after") - pl.col("overlay_before"),
}
"""Lines of a group that follow from its others: a third faster than adding them up."""


def added_up(loans: pl.DataFrame) -> pl.DataFrame:
    """Return movements by origin, target, segment and kind, with numbers: a few rows, exact sums."""
    check.kind(pl.DataFrame, loans=loans)
    keys = ("origin", "target", "segment", "kind")
    sums = [pl.col(name).sum() for name in loans.columns if name not in (*keys, *DERIVED)]
    found = loans.group_by(keys).agg(pl.len().cast(pl.Int64).alias("loans"), *sums).sort(keys)
    return found.with_columns(**DERIVED)


def lines(groups: pl.DataFrame, minor_units: int = 100) -> dict[str, Line]:
    """Return the lines by stage from `added_up`; opening + all others = closing, in each stage too."""
    check.kind(pl.DataFrame, groups=groups)
    check.count(1, minor_units=minor_units)
    groups = groups.with_columns(placed().alias("place"))
    modelled = pl.col("opening") - pl.col("overlay_before") + pl.col("unwind")
    made = {}
    for name in LINES:
        if name == "transfers":
            moved = groups.filter(transferred())
            amounts = between_stages(moved, modelled)
            count = int(moved["loans"].sum())
        elif name == "overlays":
            after, before = (
                by_stage(groups, pl.col(f"overlay_{when}"), column)
                for when, column in (("after", "target"), ("before", "origin"))
            )
            amounts = {stage: after[stage] - before[stage] for stage in STAGES}
            count = int(groups.filter(_concerned(name))["loans"].sum())
        else:
            left = name in ("opening", "derecognised", "unwind")
            amounts = by_stage(groups, pl.col(name), "origin" if left else "place")
            count = int(groups.filter(_concerned(name))["loans"].sum())
        made[name] = line(amounts, count, minor_units)
    return made


def line(amounts: Mapping[int, int], loans: int, minor_units: int) -> Line:
    """Return a line from whole minor units by stage."""
    check.kind(Mapping, amounts=amounts)
    check.count(0, loans=loans)
    check.count(1, minor_units=minor_units)
    return Line(
        sum(amounts.values()) / minor_units,
        loans,
        {str(stage): amounts[stage] / minor_units for stage in STAGES},
    )


def placed() -> pl.Expr:
    """Return the stage in which a group stands at the closing; what was written off left from stage 3."""
    gone = pl.col("kind").is_in([WRITTEN_OFF, PASSED])
    return pl.when(gone).then(pl.lit(IMPAIRED, dtype=pl.Int8)).otherwise(pl.col("target"))


def transferred() -> pl.Expr:
    """Return which groups, with their `place`, changed stage since the opening."""
    return (pl.col("origin") > 0) & (pl.col("place") > 0) & (pl.col("origin") != pl.col("place"))


def between_stages(moved: pl.DataFrame, amount: pl.Expr) -> dict[int, int]:
    """Return what moves out of (less than 0) and into each stage; sums to 0."""
    check.kind(pl.DataFrame, moved=moved)
    check.kind(pl.Expr, amount=amount)
    out, into = by_stage(moved, amount, "origin"), by_stage(moved, amount, "place")
    return {stage: into[stage] - out[stage] for stage in STAGES}


def by_stage(groups: pl.DataFrame, amount: pl.Expr, column: str) -> dict[int, int]:
    """Return the sum of an amount in each stage, by the stage that a column names."""
    check.kind(pl.DataFrame, groups=groups)
    check.kind(pl.Expr, amount=amount)
    check.word(column=column)
    sums = dict(groups.group_by(column).agg(amount.sum()).iter_rows())
    return {stage: int(sums.get(stage, 0)) for stage in STAGES}


def _concerned(name: str) -> pl.Expr:
    """Return which loans a line is made of."""
    if name in ("opening", "closing"):
        return pl.col("origin" if name == "opening" else "target") > 0
    kinds = {"originated": ORIGINATED, "derecognised": DERECOGNISED}
    if name == "stage":
        return (pl.col("kind") == CONTINUING) & (pl.col("origin") != pl.col("target"))
    if name == "overlays":
        return (pl.col("overlay_before") != 0) | (pl.col("overlay_after") != 0)
    if name in ("to_write_off", "written_off"):
        return pl.col("kind").is_in([WRITTEN_OFF, PASSED])
    if name == "unwind":
        return pl.col("kind").is_in([CONTINUING, WRITTEN_OFF])
    return pl.col("kind") == kinds.get(name, CONTINUING)


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


def _padded(values: Any, size: int) -> Any:
    """Return values of the opening, whose loans come first, with zeros for the loans behind them."""
    return np.concatenate([values, np.zeros(size - len(values), dtype=values.dtype)])


def _taken(values: Any, places: Integers) -> Any:
    """Return values at places; zeros where there are none to take from."""
    return values[places] if len(values) else np.zeros(len(places), dtype=values.dtype)


def _at_stage(losses: tuple[Floats, ...], stage: Integers) -> Floats:
    early, whole, impaired = losses
    return np.asarray(np.where(stage == 1, early, np.where(stage == 3, impaired, whole)))


def _minor(values: Floats, minor_units: int) -> Integers:
    return np.rint(values * minor_units).astype(np.int64)


def _check(
    values: OpeningValues | ClosingValues | PassedLoans, side: str, count: int, amounts: tuple[str, ...]
) -> None:
    whole = [name for name in ("overlay", "stage", "segment") if hasattr(values, name)]
    for name in (*amounts, *whole):
        found = getattr(values, name)
        if found.shape != (count,):
            raise RiskError(expected(f"shape ({count},)", f"{found.shape}"), field=f"{side}.{name}")
        if not count or name in ("stage", "segment"):
            continue
        low, high = (-LARGEST if name == "overlay" else 0.0), (1.0 if name == "kept" else LARGEST)
        if not (found.min() >= low and found.max() <= high):  # a NaN fails both
            words = "shares from 0 to 1" if name == "kept" else "finite amounts of at least 0"
            raise RiskError(expected(words, "another"), field=f"{side}.{name}")
    if count and "stage" in whole and not (values.stage.min() >= 1 and values.stage.max() <= IMPAIRED):  # type: ignore[union-attr]
        raise RiskError(expected("stages 1, 2 or 3", "another"), field=f"{side}.stage")
