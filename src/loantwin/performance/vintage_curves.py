"""Vintage curves: the cumulative share of loans, and of money, of each vintage that was lost by each age.

A cell says how sure it is: every loan of the vintage was watched to that age (complete), half or more were
(partial), or too few: then it is missing, not zero.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Flags, Floats, Integers
from loantwin.book.schema import CLOSED_STATES, DEFAULT_STATES
from loantwin.errors import UsageError, expected

Grain = Literal["year", "half-year", "quarter"]
GRAINS = {"year": 12, "half-year": 6, "quarter": 3}
EVENTS = ("default", "charge-off")
LEAST_WATCHED = 0.5
"""Share of a vintage that must be watched to an age: with fewer, a rate hangs on a few loans: missing."""
PROMPT = 1
"""Age in months by which a first report counts as the beginning of the loan."""
Z90 = 1.6448536269514722


@dataclass(frozen=True)
class Lives:
    """N loans as watched. start : origination month. entry : first age watched (0, or where history begins).

    seen : last age watched: of an event, of another end, or at the as-of date. hit : whether the event came
        at age `seen`.
    watched : age up to which the loan's fate is known (an ended loan's to the as-of date). weight : case
        weight.
    originated : amount lent. lost : amount of the event. left : loans left out, by reason.
    """

    start: Integers
    entry: Integers
    seen: Integers
    hit: Flags
    watched: Integers
    weight: Floats
    originated: Floats
    lost: Floats
    left: dict[str, int]
    exits_known: bool


@dataclass(frozen=True)
class VintageCurves:
    """V vintages by A ages (0 .. A - 1 months): cumulative rates, decimals; NaN where under half is watched.

    number, amount : (V, A) share of loans, and of the amount originated. low, high : 90 % interval of
        `number`. complete : (V, A) every loan of the vintage was watched to that age. loans : (V,) weighted.
        originated : (V,). events : (V,) weighted.
    """

    names: tuple[str, ...]
    number: Floats
    amount: Floats
    low: Floats
    high: Floats
    complete: Flags
    loans: Floats
    originated: Floats
    events: Floats


def lives(loans: pl.DataFrame, panel: pl.DataFrame | None, as_of: dt.date, event: str) -> Lives:
    """Return how long each loan was watched, and whether the event ended it.

    Parameters
    ----------
    loans, panel : as known at `as_of` (`known_at`). event : "default" (first report in default, or the
        default date) or "charge-off" (charge-off date with an amount above 0).

    Raises
    ------
    UsageError : no loan with an origination date, or an event that the source never shows.
    """
    if event not in EVENTS:
        raise UsageError(expected("one of " + ", ".join(EVENTS), event), field="event")
    anchor = months.anchor_day(as_of)
    now = months.month_of(as_of, anchor)
    made = loans.join(_event_rows(loans, panel, event), on="loan_id", how="left", maintain_order="left")
    made = made.join(_panel_rows(panel), on="loan_id", how="left", maintain_order="left")
    dated = made["origination_date"].is_not_null() & (made["origination_date"] <= as_of)
    left = {"without an origination date by the as-of date": int((~dated).sum())}
    made = made.filter(dated)
    if not made.height:
        raise UsageError(expected("loans with an origination date", "none"), field="origination_date")
    start = months.months_of(made["origination_date"].to_numpy(), anchor).astype(np.int64)
    hit_at, closed_at, first_at, last_at = (
        _ages(made[name], start, anchor) for name in ("\nevent", "\nclosed", "\nfirst", "\nlast")
    )
    # a loan first seen late is watched from the month after: what its first report shows had come by then
    entry = np.where(first_at > PROMPT, first_at + 1, 0)
    before = (hit_at >= 0) & (hit_at < entry)
    wrong = (hit_at == -2) | (last_at == -2) | before
    left["with an event before origination or before the history begins"] = int(wrong.sum())
    hit = hit_at >= 0
    window = now - start
    end = np.where(
        last_at >= 0, last_at, window
    )  # a loan whose reports stop without an end is watched no longer
    gone = np.where(closed_at >= 0, closed_at, 10**6)
    seen = np.where(hit, hit_at, np.minimum(end, gone))
    watched = np.where(hit | (closed_at >= 0), window, end)
    originated = (
        made.select(pl.coalesce("originated_amount", "approved_amount").fill_null(0.0)).to_series().to_numpy()
    )
    keep = ~wrong & (seen >= entry)
    return Lives(
        start=start[keep],
        entry=entry[keep],
        seen=seen[keep],
        hit=hit[keep],
        watched=watched[keep],
        weight=made["weight"].to_numpy()[keep],
        originated=originated[keep],
        lost=made["\namount"].fill_null(0.0).to_numpy()[keep],
        left=left,
        exits_known=panel is not None,
    )


def _event_rows(loans: pl.DataFrame, panel: pl.DataFrame | None, event: str) -> pl.DataFrame:
    """Return loan_id, date and amount of each loan's event."""
    if event == "default" and panel is not None:
        rows = panel.filter(pl.col("state").is_in(list(DEFAULT_STATES))).sort("loan_id", "report_date")
        found = (
            rows.group_by("loan_id", maintain_order=True)
            .first()
            .select("loan_id", "report_date", pl.col("principal"))
        )
    elif event == "default":
        found = loans.filter(pl.col("default_date").is_not_null()).select(
            "loan_id", "default_date", "principal"
        )
    else:
        rows = loans.filter(pl.col("charge_off_date").is_not_null() & (pl.col("charged_off") > 0))
        found = rows.select("loan_id", "charge_off_date", "charged_off")
    if not found.height:
        raise UsageError(
            expected(f"a source with dated events of {event} by the as-of date", "none"), field="event"
        )
    found.columns = ["loan_id", "\nevent", "\namount"]
    return found.unique("loan_id", keep="first", maintain_order=True)


def _panel_rows(panel: pl.DataFrame | None) -> pl.DataFrame:
    """Return loan_id, first and last report, and the report of another end than the event."""
    if panel is None:
        empty = {"loan_id": pl.String, "\nfirst": pl.Date, "\nlast": pl.Date, "\nclosed": pl.Date}
        return pl.DataFrame(schema=empty)
    ended = pl.col("report_date").filter(pl.col("state").is_in(list(CLOSED_STATES)))
    named = {
        "\nfirst": pl.col("report_date").min(),
        "\nlast": pl.col("report_date").max(),
        "\nclosed": ended.min(),
    }
    return panel.group_by("loan_id").agg(*(rule.alias(name) for name, rule in named.items()))


def _ages(days: pl.Series, start: Integers, anchor: int) -> Integers:
    """Return ages in months at dates, -1 where there is none, -2 before origination."""
    there = days.is_not_null().to_numpy()
    made = np.full(len(start), -1, dtype=np.int64)
    if there.any():
        made[there] = months.months_of(days.drop_nulls().to_numpy(), anchor) - start[there]
        made[there & (made < 0)] = -2
    return made


def vintage_curves(made: Lives, grain: Grain = "year", *, from_year: int | None = None) -> VintageCurves:
    """Return the curves of each vintage.

    Parameters
    ----------
    grain : months of origination that make a vintage. from_year : earlier loans are one vintage, "before
        YEAR".

    Notes
    -----
    Where the exits are seen (panels) the cumulative share is the incidence with competing exits (Aalen and
    Johansen 1978): the sum over ages of survival x events / at risk, so that loans that enter late or leave
    watch early count while they are watched. With all loans watched from origination it is events over
    originated loans. Where payoffs are not seen (outcome tables) each age adds events / loans watched to that
    age. The interval takes loans as independent: the economy that a vintage shares is not in it. It is exact
    for 0.

    Raises
    ------
    UsageError : another grain.
    """
    if grain not in GRAINS:
        raise UsageError(expected("one of " + ", ".join(GRAINS), grain), field="by")
    code, names = _vintages(made.start, grain, from_year)
    ages = int(made.watched.max()) + 1
    rows = [_curve(made, code == place, ages) for place in range(len(names))]
    columns = [np.array(part) for part in zip(*rows, strict=True)]
    return VintageCurves(tuple(names), *columns)


def _vintages(start: Integers, grain: Grain, from_year: int | None) -> tuple[Integers, list[str]]:
    size = GRAINS[grain]
    key = start // size
    if from_year is not None:
        key = np.maximum(key, from_year * 12 // size - 1)
    found, code = np.unique(key, return_inverse=True)
    letter = {"year": "", "half-year": "H", "quarter": "Q"}[grain]
    names = []
    for value in found:
        year, part = divmod(int(value) * size, 12)
        early = from_year is not None and year < from_year
        names.append(
            f"before {from_year}" if early else f"{year} {letter}{part // size + 1}" if letter else f"{year}"
        )
    return code.ravel(), names


def _curve(
    made: Lives, own: Flags, ages: int
) -> tuple[Floats, Floats, Floats, Floats, Flags, float, float, float]:
    weight, originated = made.weight[own], made.weight[own] * made.originated[own]
    lost = made.weight[own] * made.lost[own]
    hit, seen, entry, watched = made.hit[own], made.seen[own], made.entry[own], made.watched[own]
    to = _reverse(watched, weight, ages)  # weighted loans whose fate is known at each age
    to[: int(entry.min())] = 0.0  # nobody was watched so young
    to[to < LEAST_WATCHED * weight.sum()] = 0.0
    share = [_incidence(made, own, base, gain, ages) for base, gain in ((weight, weight), (originated, lost))]
    number, amount = (np.where(to > 0, np.cumsum(part), np.nan) for part in share)
    effective = np.divide(to**2, _reverse(watched, weight**2, ages), out=np.zeros(ages), where=to > 0)
    low, high = _interval(number, effective)
    complete = (to >= weight.sum() * (1 - 1e-12)) & bool((entry == 0).all())
    events = float(weight[hit & (seen < ages)].sum())
    return number, amount, low, high, complete, float(weight.sum()), float(originated.sum()), events


def _reverse(last: Integers, weight: Floats, ages: int) -> Floats:
    """Return the weight of loans whose `last` is at least each age, (A,)."""
    return np.asarray(np.cumsum(np.bincount(last, weight, ages)[::-1])[::-1], dtype=np.float64)


def _incidence(made: Lives, own: Flags, base: Floats, gain: Floats, ages: int) -> Floats:
    """Return what each age adds to the cumulative share, (A,)."""
    hit, seen = made.hit[own], made.seen[own]
    gained = np.asarray(np.bincount(seen[hit], gain[hit], ages), dtype=np.float64)
    if not made.exits_known:
        whole = _reverse(made.watched[own], base, ages)
        return np.divide(gained, whole, out=np.zeros(ages), where=whole > 0)
    entry = made.entry[own]
    at_risk = _reverse(seen, base, ages) - _reverse(
        np.maximum(entry, 1) - 1, np.where(entry > 0, base, 0.0), ages
    )
    out = hit | (made.watched[own] > seen)  # the event, or another end: not the end of watching
    left = np.asarray(np.bincount(seen[out], base[out], ages), dtype=np.float64)
    chance = np.divide(left, at_risk, out=np.zeros(ages), where=at_risk > 0)
    survival = np.concatenate([[1.0], np.cumprod(1 - np.minimum(chance, 1.0))[:-1]])
    return survival * np.divide(gained, at_risk, out=np.zeros(ages), where=at_risk > 0)


def _interval(share: Floats, effective: Floats) -> tuple[Floats, Floats]:
    """Return Wilson's interval of a share (1927) on effective loans; for 0 its upper end is the exact one."""
    count = np.maximum(effective, 1e-9)
    known = np.nan_to_num(share)
    centre = (known + Z90**2 / (2 * count)) / (1 + Z90**2 / count)
    width = (
        Z90
        * np.sqrt(np.maximum(known * (1 - known), 0.0) / count + Z90**2 / (4 * count**2))
        / (1 + Z90**2 / count)
    )
    low, high = np.where(known > 0, np.maximum(centre - width, 0.0), 0.0), centre + width
    high = np.where(known > 0, high, 1 - 0.05 ** (1 / count))
    missing = np.isnan(share)
    return np.where(missing, np.nan, low), np.where(missing, np.nan, np.minimum(high, 1.0))


def developed(curves: VintageCurves, ages: Sequence[int], fewest: float = 5.0) -> Floats:
    """Return vintages' cumulative share by number at ages, (V, len(ages)), the missing rest carried on.

    The chain ladder: from the last complete age on a vintage grows as the older ones together grew (loans as
    weights). It forecasts without an economy: a rival for models, not a provision.

    Parameters
    ----------
    fewest : events that a vintage needs to be carried on, and that the older ones together need at the age
        before to carry it.

    Returns
    -------
    Decimals; NaN where no older vintages reach the age with so many events, or where they carry it beyond all
    loans.
    """
    full = np.where(curves.complete, curves.number, np.nan)
    growth = np.full(full.shape[1], np.nan)
    for age in range(1, full.shape[1]):
        both = np.isfinite(full[:, age])
        before = float(curves.loans[both] @ full[both, age - 1])
        if before >= fewest:
            growth[age] = float(curves.loans[both] @ full[both, age]) / before
    seen = np.where(np.isfinite(full), full, 0.0).max(axis=1) * curves.loans
    made = full.copy()
    for age in range(1, full.shape[1]):
        carried = np.where(seen >= fewest, made[:, age - 1] * growth[age], np.nan)
        made[:, age] = np.where(np.isfinite(full[:, age]), full[:, age], carried)
    made = np.where(made <= 1, made, np.nan)
    return np.array([[row[age] if age < len(row) else np.nan for age in ages] for row in made])
