"""Applications valued over columns, kinds of loans once each, and laid out as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import polars as pl

from loantwin.arrays import Flags, Floats, Integers
from loantwin.decisions.pricing.effects import PriceEffects
from loantwin.decisions.pricing.kinds import Kinds, distinct
from loantwin.decisions.pricing.parts import Parts
from loantwin.outlook.asked import Asked
from loantwin.outlook.drawn_prices import ENDS, FIGURES, Drawn
from loantwin.outlook.priced import Pricer, Valued
from loantwin.types import Progress, stretch
from loantwin.verbs.price.rows import COSTS, EARNED, Bounds, PartLine, Price, number, part_line, verdict_of

SHOWN = ("annual_pd", "break_even_rate", "funding", "operating", "expected_loss", "capital_cost", "raroc",
         "economic_profit")  # fmt: skip
"""Figures with an interval, in the order shown."""
TOTALS = tuple(name for name in FIGURES if name != "raroc")
"""Parts whose totals hang on what comes; the others are sure once the loans are lent."""


@dataclass(frozen=True)
class Table:
    """M applications valued. kinds, found : of each. rated : (M,) where a rate is asked for.

    break_even_rate, break_even_pd : (M,). take_up, per_offer : (M,) or None. bounds : by figure (M, 2).
    totals : by part (P,), of those with a rate.
    """

    asked: Asked
    kinds: Kinds
    found: Valued
    rated: Flags
    break_even_rate: Floats
    break_even_pd: Floats
    take_up: Floats | None
    per_offer: Floats | None
    bounds: Mapping[str, Floats]
    totals: Mapping[str, Floats]


def valued(
    pricer: Pricer, found: Asked, effects: PriceEffects | None, paths: int, seed: int, progress: Progress
) -> Table:
    """Return what applications come to, break-evens and intervals."""
    reference = pricer.reference_rates[found.apps.segment]
    rated = np.isfinite(found.given)
    rate = np.where(rated, found.given, reference)
    added = rate - reference
    shift = np.zeros(len(rate)) if effects is None else effects.shift(added)
    kinds = found.kinds(rate, shift)
    once, place = distinct(_of_one(kinds, pricer))
    progress(0.1, "expected lives")
    break_even = pricer.break_even_rates(once)
    progress(0.3, "break-evens")
    own = pricer.valued(once)
    break_even_pd = pricer.break_even_pds(once)
    drawn = Drawn(pricer, paths, seed, effects)
    first = np.zeros(len(once), dtype=np.int64)
    first[place] = np.arange(len(place))
    bounds, totals = _bounds(
        drawn, once, own.risk_weight, break_even, added[first], place, kinds.amount / once.amount[place],
        rated, stretch(progress, 0.4, 0.95),
    )  # fmt: skip
    whole = pricer.valued(kinds, pricer.lives(kinds.segment, kinds.shift), None, own.risk_weight[place])
    take_up = per_offer = None
    if effects is not None:
        costs = pricer.costs.pricing
        take_up = effects.take_up(np.full(len(rate), costs.take_up), added)
        per_offer = take_up * whole.parts.economic_profit - costs.offer_cost
    return Table(
        found,
        kinds,
        whole,
        rated,
        break_even[place],
        break_even_pd[place],
        take_up,
        per_offer,
        bounds,
        totals,
    )


def _of_one(kinds: Kinds, pricer: Pricer) -> Kinds:
    """Return kinds of one unit of money where every figure is in proportion to the amount."""
    costs = pricer.costs.pricing
    if costs.monthly_cost or costs.acquisition_cost:
        return kinds
    made = {item.name: getattr(kinds, item.name) for item in fields(kinds)}
    return Kinds(**made | {"amount": np.ones(len(kinds))})


def _bounds(
    drawn: Drawn, once: Kinds, weight: Floats, break_even: Floats, added: Floats, place: Integers,
    amount: Floats, rated: Flags, progress: Progress,
) -> tuple[dict[str, Floats], dict[str, Floats]]:  # fmt: skip
    """Return intervals by application (M, 2), and totals by path (P,) of those with a rate."""
    ends = {name: np.full((len(once), 2), np.nan) for name in SHOWN}
    totals = {name: np.zeros(drawn.paths) for name in TOTALS}
    lent = np.bincount(place, np.where(rated, amount, 0.0), len(once))
    done = 0
    for rows, figures in drawn.figures(once, weight, break_even, added):
        for name in SHOWN:
            ends[name][rows] = np.quantile(figures[name], ENDS, axis=0).T
        for name in TOTALS:
            totals[name] += figures[name] @ lent[rows]
        done += len(rows)
        progress(done / len(once), "intervals")
    money = {name: name not in ("annual_pd", "break_even_rate", "raroc") for name in SHOWN}
    return {name: ends[name][place] * (amount[:, None] if money[name] else 1.0) for name in SHOWN}, totals


def parts_of_all(table: Table) -> tuple[PartLine, ...]:
    """Return the parts of all applications that ask for a rate, added up."""
    rated, found = table.rated, table.found
    years = float((table.kinds.amount * found.unit.balance_years)[rated].sum())
    lines = []
    for name in (*EARNED, *COSTS, "economic_profit"):
        whole = float(getattr(found.parts, name)[rated].sum())
        lines.append(part_line(name, table.totals.get(name, np.full(2, whole)), whole, years))
    return tuple(lines)


def prices(table: Table, frame: pl.DataFrame) -> tuple[Price, ...]:
    """Return a row an application, in their order."""
    words = table.asked.problems.series()[1].to_list()
    columns = _columns(table)
    at = {int(row): place for place, row in enumerate(table.asked.rows)}
    ids, amounts, terms = (frame[name].to_list() for name in ("application_id", "amount", "term_months"))
    return tuple(
        _row(ids[row], float(amounts[row]), int(terms[row]), words[row], columns, at.get(row), table)
        for row in range(len(frame))
    )


def _columns(table: Table) -> dict[str, Floats]:
    """Return every figure by name, (M,), NaN where it is not known."""
    gone = ~table.rated
    made = {item.name: getattr(table.found.parts, item.name) for item in fields(Parts)}
    made |= {
        "annual_rate": table.kinds.annual_rate, "transfer_rate": table.found.unit.transfer_rate,
        "break_even_pd": table.break_even_pd,
    }  # fmt: skip
    if table.take_up is not None and table.per_offer is not None:
        made |= {"take_up": table.take_up, "expected_profit": table.per_offer}
    blank = {name: np.where(gone, np.nan, values) for name, values in made.items() if name != "capital_years"}
    return blank | {"break_even_rate": table.break_even_rate, "annual_pd": table.found.annual_pd}


def _row(
    name: str, amount: float, term: int, problem: str | None, columns: Mapping[str, Floats],
    place: int | None, table: Table,
) -> Price:  # fmt: skip
    figures: dict[str, float | None] = {item.name: None for item in fields(Price) if item.name not in _OTHER}
    interval: dict[str, Bounds] = {}
    verdict = None
    if place is not None:
        figures |= {key: number(values[place]) for key, values in columns.items()}
        for key in SHOWN:
            low, high = table.bounds[key][place]
            if figures[key] is not None and np.isfinite(low):
                interval[key] = Bounds(float(low), float(high))
        if "economic_profit" in interval:
            verdict = verdict_of(interval["economic_profit"].p05, interval["economic_profit"].p95)
    return Price(
        application_id=name, amount=amount, term_months=term, **figures, verdict=verdict, interval=interval,
        problem=problem,
    )  # fmt: skip


_OTHER = ("application_id", "amount", "term_months", "verdict", "interval", "problem")
