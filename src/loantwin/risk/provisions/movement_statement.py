"""The movement as accounts state it: IFRS 7.35H's table, its charge to profit, and 35I's gross amounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import polars as pl

from loantwin import arguments as check
from loantwin.errors import RiskError, expected
from loantwin.risk.provisions.losses_of_year import ExpectedAtOpening, LossesOfYear, losses_of_year
from loantwin.risk.provisions.movement import (
    CONTINUING,
    DERECOGNISED,
    IMPAIRED,
    LINES,
    ORIGINATED,
    PASSED,
    RULES,
    STAGES,
    STEPS,
    WRITTEN_OFF,
    Line,
    between_stages,
    by_stage,
    line,
    lines,
    placed,
    transferred,
)
from loantwin.types import ModelResult

REMEASURED = (*STEPS, "to_write_off", "overlays")
"""Lines of the movement that are one line, remeasurement, of the table of IFRS 7.35H."""
TABLE = (
    "opening", "originated", "derecognised", "transfers", "remeasurement", "unwind", "written_off", "closing",
)  # fmt: skip
"""Lines of the table of IFRS 7.35H."""
GROSS = ("opening", "originated", "derecognised", "transfers", "changes", "written_off", "closing")
"""Lines of the gross carrying amounts, IFRS 7.35I."""
INTEREST_STAGE = str(IMPAIRED)
"""Stage whose unwind is taken from interest revenue (IFRS 9 5.4.1(b))."""


@dataclass(frozen=True)
class StageMove:
    """Loans from one stage to another. transferred : opening allowance with its unwind.

    remeasured : their lines stage and to_write_off; a loan is written off from stage 3.
    """

    origin: str
    target: str
    loans: int
    transferred: float
    remeasured: float


@dataclass(frozen=True)
class ProfitBridge:
    """From the table to profit, book currency; an expense is above 0, a gain below.

    originated, derecognised, remeasurement, unwind_performing : what the table charges (unwind of stages 1
        and 2). through_allowance : their sum. recoveries : received since of amounts written off, a gain that
        never touches the allowance; None where the source does not tell. charge : through_allowance -
        recoveries (recoveries that are not told count as none).
    unwind_impaired : unwind of stage 3, taken from interest revenue and no part of the charge.
    written_off_gross, guaranteed, written_off : what was written off, the part that guarantors bear (a claim
        on them), and what was left for the allowance.
    """

    originated: float
    derecognised: float
    remeasurement: float
    unwind_performing: float
    through_allowance: float
    recoveries: float | None
    charge: float
    unwind_impaired: float
    written_off_gross: float
    guaranteed: float
    written_off: float


@dataclass(frozen=True)
class MovementResult(ModelResult):
    """The allowance's movement, net of guarantees, overlays a line of their own, book currency.

    lines : every line by stage. table : the lines of IFRS 7.35H, remeasurement as one. profit : from the
        table to the charge of the period. gross_carrying : IFRS 7.35I, before guarantees. charged_off :
        amount written off, before guarantees. losses : the several losses of the period side by side.
    """

    SCHEMA: ClassVar[str] = "loantwin.movement/2"

    opening_date: dt.date
    closing_date: dt.date
    currency: str
    opening: float
    closing: float
    lines: Mapping[str, Line]
    table: Mapping[str, Line]
    profit: ProfitBridge
    gross_carrying: Mapping[str, Line]
    losses: LossesOfYear
    by_segment: Mapping[str, Mapping[str, float]]
    stage_moves: tuple[StageMove, ...]
    charged_off: float
    rules: tuple[str, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def movement_of(
    groups: pl.DataFrame,
    opening_date: dt.date,
    closing_date: dt.date,
    currency: str,
    segments: Sequence[str],
    recoveries: float | None = None,
    notes: tuple[str, ...] = (),
    provenance: Mapping[str, Any] | None = None,
    minor_units: int = 100,
    expected_loss: ExpectedAtOpening | None = None,
) -> MovementResult:
    """Return the movement from loans added up.

    recoveries : received between the dates of amounts written off, >= 0, None where the source does not tell.
    expected_loss : at the opening, for the table of losses.

    Raises
    ------
    RiskError : an opening date not before the closing one.
    """
    check.kind(pl.DataFrame, groups=groups)
    check.kind(dt.date, opening_date=opening_date, closing_date=closing_date)
    check.word(currency=currency)
    check.words(segments=segments, notes=notes)
    check.number(**check.given(recoveries=recoveries))
    check.kind(Mapping, **check.given(provenance=provenance))
    check.count(1, minor_units=minor_units)
    check.kind(ExpectedAtOpening, **check.given(expected_loss=expected_loss))
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
    gross = gross_lines(groups, minor_units)
    table = table_of(found, minor_units)
    profit = profit_bridge(table, gross, recoveries, minor_units)
    losses = losses_of_year(
        groups,
        table,
        (profit.written_off_gross, profit.written_off),
        profit.recoveries,
        profit.unwind_impaired,
        expected_loss,
        minor_units,
    )
    return MovementResult(
        opening_date=opening_date,
        closing_date=closing_date,
        currency=currency,
        opening=found["opening"].amount,
        closing=found["closing"].amount,
        lines=found,
        table=table,
        profit=profit,
        gross_carrying=gross,
        losses=losses,
        by_segment=by_segment,
        stage_moves=_moves(groups, minor_units),
        charged_off=-gross["written_off"].amount,
        rules=RULES,
        notes=notes,
        provenance=dict(provenance or {}),
    )


def table_of(found: Mapping[str, Line], minor_units: int = 100) -> dict[str, Line]:
    """Return the lines of IFRS 7.35H from those of the movement: the remeasurements are one line."""
    check.kind(Mapping, found=found)
    check.count(1, minor_units=minor_units)
    parts = [found[name] for name in REMEASURED]
    cents = {stage: sum(round(part.by_stage[str(stage)] * minor_units) for part in parts) for stage in STAGES}
    concerned = found["balance"].loans + found["to_write_off"].loans  # loans kept, loans written off
    one = line(cents, concerned, minor_units)
    return {name: one if name == "remeasurement" else found[name] for name in TABLE}


def profit_bridge(
    table: Mapping[str, Line],
    gross: Mapping[str, Line],
    recoveries: float | None = None,
    minor_units: int = 100,
) -> ProfitBridge:
    """Return the bridge from the table of IFRS 7.35H to the charge of the period.

    Opening + through_allowance + unwind_impaired - written_off = closing, to the cent.
    """
    check.kind(Mapping, table=table, gross=gross)
    check.number(**check.given(recoveries=recoveries))
    check.count(1, minor_units=minor_units)

    def cents(amount: float) -> int:
        return round(amount * minor_units)

    impaired = cents(table["unwind"].by_stage[INTEREST_STAGE])
    performing = cents(table["unwind"].amount) - impaired
    parts = [cents(table[name].amount) for name in ("originated", "derecognised", "remeasurement")]
    through = sum(parts) + performing
    back = 0 if recoveries is None else cents(recoveries)
    lost, used = -cents(gross["written_off"].amount), -cents(table["written_off"].amount)
    return ProfitBridge(
        originated=parts[0] / minor_units,
        derecognised=parts[1] / minor_units,
        remeasurement=parts[2] / minor_units,
        unwind_performing=performing / minor_units,
        through_allowance=through / minor_units,
        recoveries=None if recoveries is None else back / minor_units,
        charge=(through - back) / minor_units,
        unwind_impaired=impaired / minor_units,
        written_off_gross=lost / minor_units,
        guaranteed=(lost - used) / minor_units,
        written_off=used / minor_units,
    )


def gross_lines(groups: pl.DataFrame, minor_units: int = 100) -> dict[str, Line]:
    """Return the gross carrying amounts by line and stage (IFRS 7.35I); opening + the others = closing.

    Loans written off are transferred to stage 3 at their opening amount and leave from there; what was made
    and written off within the period is in originated and written_off, in stage 3.
    """
    check.kind(pl.DataFrame, groups=groups)
    check.count(1, minor_units=minor_units)
    groups = groups.with_columns(placed().alias("place"))
    kind = pl.col("kind")
    before, after, lost = (pl.col(f"gross_{name}") for name in ("before", "after", "written_off"))
    stayed, passed = kind.is_in([CONTINUING, WRITTEN_OFF]), kind == PASSED
    amounts = {
        "opening": (before, "origin", pl.col("origin") > 0),
        "originated": (
            pl.when(kind == ORIGINATED).then(after).when(passed).then(lost).otherwise(0),
            "place",
            (kind == ORIGINATED) | passed,
        ),
        "derecognised": (-before * (kind == DERECOGNISED), "origin", kind == DERECOGNISED),
        "changes": ((after - before + lost) * stayed, "place", stayed),
        "written_off": (-lost, "place", kind.is_in([WRITTEN_OFF, PASSED])),
        "closing": (after, "target", pl.col("target") > 0),
    }
    made = {}
    for name in GROSS:
        if name == "transfers":
            moved = groups.filter(transferred())
            made[name] = line(between_stages(moved, before), int(moved["loans"].sum()), minor_units)
        else:
            amount, column, concerned = amounts[name]
            count = int(groups.filter(concerned)["loans"].sum())
            made[name] = line(by_stage(groups, amount, column), count, minor_units)
    return made


def _moves(groups: pl.DataFrame, minor_units: int) -> tuple[StageMove, ...]:
    moved = groups.with_columns(placed().alias("place")).filter(transferred())
    held = (pl.col("opening") - pl.col("overlay_before") + pl.col("unwind")).sum()
    cost = (pl.col("stage") + pl.col("to_write_off")).sum()
    sums = moved.group_by("origin", "place").agg(
        pl.col("loans").sum(), held.alias("held"), cost.alias("cost")
    )
    return tuple(
        StageMove(str(origin), str(target), count, held / minor_units, cost / minor_units)
        for origin, target, count, held, cost in sums.sort("origin", "place").iter_rows()
    )
