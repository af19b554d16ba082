"""History as counts: how many loans were at risk, and how many moved, by segment, age and calendar month.

Everything the models learn from is one table with a row for each (from_state, segment, age, month). It is
made without a loop over loans: from outcome tables by reversed running sums of cohorts, from panels by
pairing consecutive months.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.book.schema import DEFAULT_STATES
from loantwin.errors import ModelError, expected
from loantwin.models.memory import CLASSES, REMEMBERED, Memory, Moves, chosen_memory, remembered

OUTCOME_STATES = ("current", "charged_off", "prepaid")
PANEL_LIVE = ("current", "dpd_1_29", "dpd_30_59", "dpd_60_89")
LIKE_CURRENT = ("forborne_performing", "cured_probation")
"""Live states too rare to model alone: counted as current."""

KEYS = ("from_state", "segment", "age", "month")
GAIN = "log loss out of time less by memory, "
"""What the facts call the gain of a split, before its words."""
_CHUNK = 4_000_000


@dataclass(frozen=True)
class EventCounts:
    """C cells of one edge. trials: number that either stayed or took this edge; events: that took it."""

    segment: Integers
    age: Integers
    month: Integers
    trials: Floats
    events: Floats


@dataclass(frozen=True)
class Counts:
    """Moves of a lender's history.

    states : names, the first `live` of them live. segments : labels, code = index.
    cells : one row for each (from_state, segment, age, month) with `at_risk` and one column `moved_<state>` a
        target; numbers of loans, case weights included. at_risk counts loans on the book at the month's
        start.
    first, last : first and last calendar month that may hold a count.
    effective : weighted numbers times this are effective numbers (Kish): events / sum of squared event
        weights.
    facts : what was left out and why, in numbers and words.
    standing : the loans on the book at the as-of date, for a book that has no history: the columns of `cells`
        without moves.
    memory : how live states are split by what loans did before, None where they are not.
    """

    states: tuple[str, ...]
    live: int
    segments: tuple[str, ...]
    cells: pl.DataFrame
    first: int
    last: int
    effective: float
    facts: Mapping[str, int | float | str] = field(default_factory=dict)
    standing: pl.DataFrame | None = None
    memory: Memory | None = None

    @property
    def recent(self) -> pl.DataFrame:
        """Return the cells of today's book: those standing, else those of history's last 3 months."""
        return self.cells.filter(pl.col("month") > self.last - 3) if self.standing is None else self.standing

    def events(self, target: str) -> float:
        """Return the weighted number of moves into `target`."""
        name = f"moved_{target}"
        return float(self.cells[name].sum()) if name in self.cells.columns else 0.0


def sums(index: Integers, weight: Floats, size: int) -> Floats:
    """Return the sum of `weight` at each index 0 .. size-1, (size,)."""
    return np.asarray(np.bincount(index, weight, size), dtype=np.float64)


def segment_codes(labels: pl.Series, known: Sequence[str] | None = None) -> tuple[Integers, tuple[str, ...]]:
    """Return each label's index in the list of segments, and the list (`known`, else the labels sorted).

    A label that `known` does not hold gets -1: the caller must say what it does with it.
    """
    names = tuple(sorted(labels.unique().to_list())) if known is None else tuple(known)
    frame = pl.DataFrame(
        {"label": list(names), "code": np.arange(len(names), dtype=np.int64)},
        schema_overrides={"label": pl.String},
    )
    joined = pl.DataFrame({"label": labels}).join(frame, on="label", how="left", maintain_order="left")
    return joined["code"].fill_null(-1).to_numpy().astype(np.int64), names


def edge_cells(counts: Counts, origin: str, target: str) -> EventCounts:
    """Return an edge's trials and events (Begg and Gray 1984), of those who stayed or took it alone.

    Where the number at risk is an expectation (assumed payoff), a thin cell may hold more events than trials.
    """
    rows = counts.cells.filter(pl.col("from_state") == counts.states.index(origin))
    moves = [name for name in rows.columns if name.startswith("moved_") and name != f"moved_{target}"]
    events = (
        rows[f"moved_{target}"].to_numpy() if f"moved_{target}" in rows.columns else np.zeros(rows.height)
    )
    trials = rows["at_risk"].to_numpy() - sum(
        (rows[name].to_numpy() for name in moves), np.zeros(rows.height)
    )
    keep = trials > 1e-9
    return EventCounts(
        segment=rows["segment"].to_numpy().astype(np.int64)[keep],
        age=rows["age"].to_numpy().astype(np.int64)[keep],
        month=rows["month"].to_numpy().astype(np.int64)[keep],
        trials=trials[keep],
        events=events[keep],
    )


# --- outcome tables
# -------------------------------------------------------------------------------------------------


def outcome_counts(
    loans: pl.DataFrame,
    labels: pl.Series,
    as_of: dt.date,
    *,
    survival: Floats | None = None,
    fit_from_vintage: dt.date | None = None,
    payoff_observed: bool = False,
) -> Counts:
    """Return counts from a table with one row a loan, as known at `as_of`.

    Parameters
    ----------
    loans : (N,) rows of the loan table, already cut by `known_at(loans, as_of)`. A charge-off is a charge-off
        date with a charged-off amount above zero; a payoff is a closed date without one, before the
        contractual term.
    labels : (N,) segment label of each loan.
    survival : (A,) share of loans not yet paid off at each age, where payoff is not observed and therefore
        assumed, or (N, A) by loan. At risk is then the expected number still on the book.
    fit_from_vintage : loans originated before are left out and counted in `facts`.

    Loans leave the risk set after their contractual term. Raises ModelError where no loan is left.
    """
    anchor, last = months.anchor_day(as_of), months.month_of(as_of, months.anchor_day(as_of))
    codes, segments = segment_codes(labels)
    facts: dict[str, int | float | str] = {"loans": loans.height}
    usable = loans["origination_date"].is_not_null() & loans["term_months"].is_not_null()
    facts["left out: no origination date or term"] = int((~usable).sum())
    if fit_from_vintage is not None:
        early = (loans["origination_date"] < fit_from_vintage).fill_null(False)
        facts[f"left out: originated before {fit_from_vintage.isoformat()}"] = int((early & usable).sum())
        usable = usable & ~early
    keep = usable.to_numpy()
    if not keep.any():
        raise ModelError(
            expected("loans with an origination date and a term", "none"), field="origination_date"
        )
    chosen = loans.filter(usable)
    start = months.months_of(chosen["origination_date"].to_numpy(), anchor).astype(np.int64)
    # Trap: the status for the outcome. A charge-off is a date with an amount; statuses contradict both.
    charged = (chosen["charge_off_date"].is_not_null() & (chosen["charged_off"] > 0)).fill_null(False)
    out_age = _age_at(chosen["charge_off_date"], charged, start, anchor)
    closed = (
        chosen["closed_date"].is_not_null() & ~charged
        if payoff_observed
        else pl.Series([False] * chosen.height)
    )
    paid_age = _age_at(chosen["closed_date"], closed, start, anchor)
    table = _Cohorts(
        codes[keep],
        start,
        chosen["term_months"].to_numpy().astype(np.int64),
        out_age,
        paid_age,
        chosen["weight"].to_numpy(),
        survival[keep] if survival is not None and survival.ndim == 2 else survival,
    )
    return _count_cohorts(table, segments, last, facts)


@dataclass(frozen=True)
class _Cohorts:
    segment: Integers
    start: Integers
    term: Integers
    out_age: Integers
    paid_age: Integers
    weight: Floats
    survival: Floats | None


def _age_at(days: pl.Series, there: pl.Series, start: Integers, anchor: int) -> Integers:
    """Return the age in months at a date, -1 where there is none."""
    ages = np.full(len(start), -1, dtype=np.int64)
    mask = there.to_numpy().astype(bool)
    if mask.any():
        ages[mask] = months.months_of(days.filter(there).to_numpy(), anchor) - start[mask]
        ages[mask & (ages < 0)] = -2
    return ages


def _count_cohorts(
    loans: _Cohorts, segments: tuple[str, ...], last: int, facts: dict[str, int | float | str]
) -> Counts:
    facts["left out: charged off before origination"] = int((loans.out_age == -2).sum())
    alive = (loans.out_age != -2) & (loans.paid_age != -2) & (loans.start <= last)
    late = alive & (loans.out_age > loans.term)
    facts["left out: charged off after the contractual term"] = int(late.sum())
    matured = alive & (loans.paid_age >= loans.term)
    facts["closed at the contractual term (matured, not prepaid)"] = int(matured.sum())
    if not alive.any():
        raise ModelError(expected("a loan originated by the as-of date", "none"), field="origination_date")
    first = int(loans.start[alive].min())
    ages, span = last - first + 1, last - first + 1
    parts = []
    for code in np.unique(loans.segment[alive]):
        own = np.flatnonzero(alive & (loans.segment == code))
        parts.append(_count_segment(loans, own, int(code), first, ages, span))
    cells = pl.concat(parts)
    # Trap: a weight taken for loans. 50 cases a row tell no more than the row: intervals need Kish's number.
    weight = loans.weight[alive & (loans.out_age >= 0) & ~late]
    effective = (
        float(weight.sum() / (weight**2).sum()) if weight.size else 1.0 / float(loans.weight[alive].mean())
    )
    facts["charge-offs counted"] = int(weight.size)
    return Counts(OUTCOME_STATES, 1, segments, cells, first, last, effective, facts)


def _count_segment(
    loans: _Cohorts, own: Integers, code: int, first: int, ages: int, span: int
) -> pl.DataFrame:
    """Return one segment's cells; cohorts share origination month and term, at-risk sums run by age."""
    by_loan = loans.survival is not None and loans.survival.ndim == 2
    key = loans.start[own] * 1_000_000 + (own if by_loan else loans.term[own])
    _, index, inverse = np.unique(key, return_index=True, return_inverse=True)
    total = np.zeros((3, ages * span))
    step = max(1, _CHUNK // ages)
    for low in range(0, len(index), step):
        cohort = np.arange(low, min(low + step, len(index)))
        mine = own[(inverse >= low) & (inverse < low + len(cohort))]
        row = inverse[(inverse >= low) & (inverse < low + len(cohort))] - low
        lead = own[index[cohort]]
        _add_cohorts(loans, mine, row, lead, first, ages, span, total)
    hit = np.flatnonzero(total[0] > 1e-9)
    size = len(hit)
    return pl.DataFrame(
        {
            "from_state": np.zeros(size, dtype=np.int32),
            "segment": np.full(size, code, dtype=np.int32),
            "age": (hit // span).astype(np.int32),
            "month": (hit % span + first).astype(np.int32),
            "at_risk": total[0, hit],
            "moved_charged_off": total[1, hit],
            "moved_prepaid": total[2, hit],
        }
    )


def _add_cohorts(
    loans: _Cohorts,
    mine: Integers,
    row: Integers,
    lead: Integers,
    first: int,
    ages: int,
    span: int,
    total: Floats,
) -> None:
    size = len(lead)
    number = sums(row, loans.weight[mine], size)
    moved = [np.zeros((size, ages)), np.zeros((size, ages))]
    for target, age in zip(moved, (loans.out_age, loans.paid_age), strict=True):
        there = (age[mine] >= 0) & (age[mine] < ages)
        flat = row[there] * ages + age[mine][there]
        target += sums(flat, loans.weight[mine][there], size * ages).reshape(size, ages)
    gone = moved[0] + moved[1]
    at_risk = number[:, None] - (np.cumsum(gone, axis=1) - gone)
    if loans.survival is not None:
        at_risk = at_risk * _survival_of(loans.survival, lead, ages)
    age = np.arange(ages)
    month = loans.start[lead][:, None] - first + age
    inside = (age <= loans.term[lead][:, None]) & (month < span) & (at_risk > 1e-9 * number[:, None])
    flat = (age[None, :] * span + month)[inside]
    prepaid = np.where(age[None, :] < loans.term[lead][:, None], moved[1], 0.0)
    for position, values in enumerate((at_risk, moved[0], prepaid)):
        total[position] += sums(flat, values[inside], ages * span)


def _survival_of(survival: Floats, lead: Integers, ages: int) -> Floats:
    table = survival[lead] if survival.ndim == 2 else survival[None, :]
    if table.shape[1] < ages:
        table = np.concatenate([table, np.repeat(table[:, -1:], ages - table.shape[1], axis=1)], axis=1)
    return table[:, :ages]


# --- panels
# -----------------------------------------------------------------------------------------------------------


def panel_counts(
    panel: pl.DataFrame,
    loans: pl.DataFrame,
    labels: pl.Series,
    as_of: dt.date,
    told: Sequence[str] = (),
    *,
    memory: bool | Memory = False,
) -> Counts:
    """Return counts from a table with one row a loan and month, as known at `as_of`.

    A move is a pair of reports in consecutive months. First entry to 90 days past due (or charge-off) is
    `default` and absorbs; what comes after it belongs to loss given default. `prepaid` before the contractual
    end is an edge; a loan repaid at its end was at risk in that month and paid what was due, which is staying
    current (or, from arrears, a cure); moves after the contractual term are left out. Settled or sold loans
    are censored. A gap in the reports is not paired.

    Parameters
    ----------
    panel : rows of the panel table, cut by `known_at`. loans : (N,) the loan table. labels : (N,) segment
        labels. told : live states that count as told apart whether any loan was in them or not.
    memory : split live states by what loans did before, where that foretells moves out of time
        (`models.memory`), or as is stated; then moves whose past is not known are left out.

    Raises
    ------
    ModelError : no loan reported in two consecutive months.
    """
    # Trap: report days that wander. What counts is the calendar month a report is of.
    last = months.month_of(as_of)
    codes, segments = segment_codes(labels)
    facts: dict[str, int | float | str] = {"loans": loans.height, "loan-months": panel.height}
    about = loans.select(
        "loan_id", "weight", "term_months", start=_month(pl.col("origination_date"))
    ).with_columns(segment=pl.Series(codes, dtype=pl.Int32))
    table = panel.select("loan_id", month=_month(pl.col("report_date")), state=_known_state(pl.col("state")))
    facts["left out: reports without a state"] = int(table["state"].null_count())
    seen = table.filter(pl.col("state").is_not_null() & (pl.col("month") <= last))
    pairs = _pairs(seen, about if memory else None)
    joined = pairs.join(about, on="loan_id", how="left", maintain_order="left").with_columns(
        age=pl.col("month") - pl.col("start")
    )
    usable = joined.filter(pl.col("start").is_not_null() & (pl.col("age") >= 0))
    facts["left out: moves without an origination date"] = int(joined.height - usable.height)
    late = (usable["age"] > usable["term_months"]).fill_null(False)
    facts["left out: moves after the contractual term"] = int(late.sum())
    usable = usable.filter(~late)
    # Trap: the last month at risk. Who repays at the term was at risk like the others and paid what was due:
    # without them only the bad end is counted.
    repaid = (pl.col("to") == "matured") | (
        (pl.col("to") == "prepaid") & (pl.col("age") >= pl.col("term_months")).fill_null(False)
    )
    facts["repaid at the contractual term (up to date, not prepaid)"] = usable.filter(repaid).height
    usable = usable.with_columns(to=pl.when(repaid).then(pl.lit("current")).otherwise(pl.col("to")))
    if memory:
        stayed = pl.when(pl.col("from") == "current").then(pl.col("kind")).otherwise(1)
        usable = usable.with_columns(to_kind=pl.when(repaid).then(stayed).otherwise(pl.col("to_kind")))
    usable = usable.filter(pl.col("to") != "settled")
    if not usable.height:
        raise ModelError(expected("loans reported in two consecutive months", "none"), field="report_date")
    return _panel_table(usable, segments, last, facts, told, memory)


def _panel_table(
    moves: pl.DataFrame,
    segments: tuple[str, ...],
    last: int,
    facts: dict[str, int | float | str],
    told: Sequence[str],
    memory: bool | Memory,
) -> Counts:
    seen = {*told, *moves["from"].unique().to_list(), *moves["to"].unique().to_list()}
    live = tuple(name for name in PANEL_LIVE if name in seen)
    split = memory if isinstance(memory, Memory) else None
    if memory is True and len(live) > 1:
        split = _split(moves, live, facts)
    certain: Mapping[str, str] = {}
    if split is not None:
        facts["left out: moves of loans whose arrears before are not known"] = int((~moves["known"]).sum())
        moves, certain, live = _classed(moves.filter(pl.col("known")), split), split.certain, split.states()
    states = (*live, "default", "prepaid")
    number = {name: position for position, name in enumerate(states)}
    coded = moves.select(
        pl.col("from").replace_strict(number, return_dtype=pl.Int32).alias("from_state"),
        pl.col("to").replace_strict(number, return_dtype=pl.Int32),
        "segment", "age", "month", "weight",
    )  # fmt: skip
    # a move that is certain is no move: what leaves is told against it
    stays = np.array([number[certain.get(name, name)] for name in states])
    cells = _summed(coded, states, stays)
    weight = moves.filter(pl.col("to") == "default")["weight"].to_numpy()
    effective = float(weight.sum() / (weight**2).sum()) if weight.size else 1.0
    facts["moves counted"] = moves.height
    facts["first entries to default"] = int(weight.size)
    first = int(cells["month"].cast(pl.Int64).min())  # type: ignore[arg-type]  # a column of whole numbers, never empty here
    return Counts(states, len(live), segments, cells, first, last, effective, facts, memory=split)


def _split(moves: pl.DataFrame, live: tuple[str, ...], facts: dict[str, int | float | str]) -> Memory | None:
    """Return how live states are to be split, None where no split gains; gains go into `facts`."""
    known = moves.filter(pl.col("known"))
    if not known.height:
        return None
    place = {name: position for position, name in enumerate((*live, "default", "prepaid"))}
    found, gains = chosen_memory(
        Moves(
            known["from"].replace_strict(place, return_dtype=pl.Int64).to_numpy(),
            known["to"].replace_strict(place, return_dtype=pl.Int64).to_numpy(),
            known["kind"].to_numpy().astype(np.int64),
            known["loan_id"].rle_id().to_numpy().astype(np.int64),
            known["month"].to_numpy().astype(np.int64),
            known["weight"].to_numpy(),
        ),
        live,
    )
    for words, gain in gains.items():
        facts[GAIN + words] = round(gain, 5)
    return found


def memory_words(counts: Counts) -> str:
    """Return in words which states are split by what loans did before, and what that gains."""
    split = {} if counts.memory is None else counts.memory.kept
    names = ", ".join(state for state, kept in split.items() if len(kept) > 1)
    gains = [
        f"{100 * float(counts.facts[GAIN + words]):.1f} % {words}"
        for words in ("up to date", "in arrears")
        if GAIN + words in counts.facts
    ]
    head = f"{names}: split by what loans did in the months before, "
    if not gains:
        return head + "as in the books that this one learns from"
    return head + "which lowers the log loss of later moves by " + " and ".join(gains)


def _classed(moves: pl.DataFrame, memory: Memory) -> pl.DataFrame:
    """Return moves between states of the chain."""
    names = pl.DataFrame(
        [(state, kind, memory.name(state, kind)) for state in memory.kept for kind in range(CLASSES)],
        schema={"state": pl.String, "kind": pl.Int32, "name": pl.String},
        orient="row",
    )
    origin, target = (
        names.rename({"state": "from"}),
        names.rename({"state": "to", "kind": "to_kind", "name": "end"}),
    )
    return (
        moves.join(origin, on=["from", "kind"], how="left", maintain_order="left")
        .join(target, on=["to", "to_kind"], how="left", maintain_order="left")
        .with_columns(pl.col("name").alias("from"), pl.coalesce("end", "to").alias("to"))
    )


def _summed(coded: pl.DataFrame, states: tuple[str, ...], stays: Integers) -> pl.DataFrame:
    """Return the cells of coded moves; sums run in row order: the same history, the same bits.

    stays : (S,) where a loan is that did not move: its state, or the one it was certain to reach.
    """
    column = {name: coded[name].to_numpy().astype(np.int64) for name in (*KEYS, "to")}
    wide = [int(column[name].max()) + 1 for name in KEYS]
    key = np.ravel_multi_index([column[name] for name in KEYS], wide)
    found, index = np.unique(key, return_inverse=True)
    weight = coded["weight"].to_numpy()
    made: dict[str, NDArray[np.generic]] = {
        name: np.asarray(values, dtype=np.int32)
        for name, values in zip(KEYS, np.unravel_index(found, wide), strict=True)
    }
    # Trap: a group's floats added up by Polars. It sums in parts, one a thread: repeats differ by bits.
    made["at_risk"] = sums(index, weight, len(found))
    for place, name in enumerate(states):
        moved = (
            (column["to"] == place) & (column["from_state"] != place) & (stays[column["from_state"]] != place)
        )
        made[f"moved_{name}"] = sums(index[moved], weight[moved], len(found))
    return pl.DataFrame(made)


def added_up(cells: pl.DataFrame, keys: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
    """Return the columns of cells added up over all but some keys, one row for each that occurs, sorted."""
    codes = [cells[name].to_numpy().astype(np.int64) for name in keys]
    wide = [int(code.max(initial=0)) + 1 for code in codes]
    found, index = np.unique(np.ravel_multi_index(codes, wide), return_inverse=True)
    made: dict[str, NDArray[np.generic]] = {
        name: np.asarray(values, dtype=np.int32)
        for name, values in zip(keys, np.unravel_index(found, wide), strict=True)
    }
    return pl.DataFrame(made | {name: sums(index, cells[name].to_numpy(), len(found)) for name in columns})


def _pairs(table: pl.DataFrame, about: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return consecutive months of each loan up to its first exit: loan_id, month (of the move), from, to.

    about : loan_id and start of every loan; with it come the classes of both states (`memory.remembered`),
        kind and to_kind, and whether the first is known.
    """
    # Trap: a gap in the reports. Two reports three months apart are no move of one month.
    same = pl.col("loan_id") == pl.col("loan_id").shift(-1)
    sorted_ = table.sort("loan_id", "month", maintain_order=True)
    repeated = (same & (pl.col("month") == pl.col("month").shift(-1))).fill_null(False)
    ordered, classes = sorted_.filter(~repeated), []
    if about is not None:
        started = ordered.join(
            about.select("loan_id", "start"), on="loan_id", how="left", maintain_order="left"
        )
        ordered = remembered(started, PANEL_LIVE[0], PANEL_LIVE[1:]).with_columns(
            to_kind=pl.col("kind").shift(-1)
        )
        classes = ["kind", "to_kind", "known"]
    paired = ordered.with_columns(
        to=pl.when(same & (pl.col("month").shift(-1) == pl.col("month") + 1)).then(pl.col("state").shift(-1)),
        exited=(~pl.col("state").is_in(list(PANEL_LIVE))).cast(pl.Int32),
    )
    # Trap: a loss counted twice. The first default absorbs: what follows it is loss given default.
    paired = paired.with_columns(exited=pl.col("exited").cum_max().over("loan_id"))
    alive = paired.filter((pl.col("exited") == 0) & pl.col("to").is_not_null())
    return alive.select("loan_id", pl.col("month") + 1, pl.col("state").alias("from"), "to", *classes)


def classes_today(loan_id: pl.Series, state: pl.Series, panel: pl.DataFrame, as_of: dt.date) -> Integers:
    """Return the class of loans' states at a date (`memory.remembered`), (N,), from the reports before.

    loan_id : (N,) different loans. panel : reports, of these loans and others. A loan without reports has
    the class of one that was up to date before.
    """
    now = months.month_of(as_of)
    standing = pl.DataFrame(
        {"loan_id": loan_id, "month": pl.Series([now] * len(loan_id), dtype=pl.Int32), "state": state}
    )
    reports = panel.select(
        "loan_id", month=_month(pl.col("report_date")), state=_known_state(pl.col("state"))
    ).filter(
        pl.col("state").is_not_null()
        & (pl.col("month") < now)
        & (pl.col("month") >= now - REMEMBERED - 1)
        & pl.col("loan_id").is_in(loan_id.implode())
    )
    told = pl.concat([reports, standing]).sort("loan_id", "month", maintain_order=True)
    told = remembered(
        told.unique(["loan_id", "month"], keep="last", maintain_order=True), PANEL_LIVE[0], PANEL_LIVE[1:]
    )
    found = told.filter(pl.col("month") == now).select("loan_id", "kind")
    joined = pl.DataFrame({"loan_id": loan_id}).join(found, on="loan_id", how="left", maintain_order="left")
    return joined["kind"].to_numpy().astype(np.int64)


def _month(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int32) * 12 + day.dt.month().cast(pl.Int32) - 1


def _known_state(state: pl.Expr) -> pl.Expr:
    groups = dict.fromkeys([*DEFAULT_STATES, "charged_off"], "default") | dict.fromkeys(
        LIKE_CURRENT, "current"
    )
    return state.replace(groups)
