"""The page of `curves`: roll rates as map and over time, vintages as curves and at one age; opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from loantwin.files import check_page, replace_file
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    Tile,
    amount,
    bullets,
    details,
    percent,
    pictures,
    table,
)
from loantwin.interfaces.report.charts import errorbars, lines
from loantwin.interfaces.report.drawing import Chart, Key, as_percent, drawn, share, tabled
from loantwin.interfaces.report.page import Page, facts, made_by, rendered
from loantwin.interfaces.report.palette import AGES, HEAT, INK, MUTED, THIN, WHITE
from loantwin.language import also_spoken, spoken
from loantwin.verbs.curves import RollMatrix, RollRatesResult, Vintage, VintagesResult

TALL = (5.4, 3.7)
AT = (6, 12, 18, 24, 36, 48, 60, 84, 120, 180)
FEWEST = 5.0
"""Events from which a vintage is compared in a tile."""


def write(result: RollRatesResult | VintagesResult, out: Path | str) -> Path:
    """Write the page, replacing an old one when whole; raise InputError where it cannot be written."""
    target = Path(out)
    check_page(target, "out")
    replace_file(target, page(result), "out", private=True)
    return target


def page(result: RollRatesResult | VintagesResult) -> str:
    """Return the page as HTML, self-contained."""
    return rendered(_rolls(result) if isinstance(result, RollRatesResult) else _vintages(result))


def _rolls(result: RollRatesResult) -> Page:
    recent, whole = result.recent, result.all_months
    maps = Section(
        "map",
        "Where loans stand a month later",
        "Each row is an arrears bucket and sums to 100 %. Left of the diagonal loans recover, right of it "
        "they worsen.",
        (
            pictures(
                (
                    _map(recent, result.states, "The last 12 months"),
                    f"{recent.first} to {recent.last}, percent of loans.",
                ),
                (
                    _map(whole, result.states, "The whole history"),
                    f"{whole.first} to {whole.last}, percent of loans.",
                ),
            ),
            details(
                "The last 12 months in figures",
                table(
                    ("from", "loan months", *result.states),
                    _rows(recent),
                    caption="Percent of loans; · nobody moved, – nobody there.",
                ),
            ),
            details(
                "The whole history in figures", table(("from", "loan months", *result.states), _rows(whole))
            ),
        ),
    )
    first, rest = _over_time(result)
    over = Section(
        "time",
        "Over time",
        f"The moves one bucket on, by {result.by}: early signs at the left, what follows at the right.",
        (
            pictures(
                (first, "The door to arrears."),
                (rest, "Once in arrears: the rate at which each bucket passes its loans on."),
            ),
        ),
    )
    all_rows = [
        (f"{a} to {b}", percent(_cell(whole, a, b).number), _between(_cell(whole, a, b)),
            percent(_cell(recent, a, b).number),
         percent(_cell(whole, a, b).amount))
        for a, b in _forward(result)
    ]  # fmt: skip
    columns = ("move", "all months", "90 % interval", "last 12 months", "all months, by balance")
    long = Section(
        "long",
        "The whole history",
        f"{whole.first} to {whole.last}. The interval is of the long-run rate: months share an economy.",
        (
            table(columns, all_rows),
            table(
                ("from", "straight to charge-off"),
                [(name, percent(value, 3)) for name, value in result.to_loss.items()],
            ),
            details("How it is counted", bullets(result.rules)),
        ),
    )
    tiles = tuple(
        Tile(
            f"{a} to {b}",
            percent(_cell(recent, a, b).number),
            f"all months {percent(_cell(whole, a, b).number)}",
        )
        for a, b in _forward(result)
    )
    return Page(
        title="Roll rates",
        lead=f"How loans move between arrears buckets: {result.loan_months:,} monthly moves.",
        summary=_rolls_summary(result),
        facts=facts(result.provenance, result.as_of),
        tiles=tiles,
        sections=(maps, over, long),
        footer=made_by(result.provenance),
    )


def _rolls_summary(result: RollRatesResult) -> str:
    """Return how many sound loans fall into arrears, of late and ever, and what goes on to the end."""
    moves = _forward(result)
    (origin, target), (before, last) = moves[0], moves[-1]
    now, ever = (_cell(matrix, origin, target).number for matrix in (result.recent, result.all_months))
    on, on_ever = (_cell(matrix, before, last).number for matrix in (result.recent, result.all_months))
    return (
        f"In the last 12 months {percent(now)} of loans moved from {origin} to {target} each month, against "
        f"{percent(ever)} over the whole history; of those at {before}, {percent(on, 1)} a month went "
        f"on to {last} "
        f"({percent(on_ever, 1)} over the whole history)."
    )


def _forward(result: RollRatesResult) -> list[tuple[str, str]]:
    live = list(result.recent.rates)
    return list(zip(live, result.states[1 : len(live) + 1], strict=True))


def _cell(matrix: RollMatrix, origin: str, target: str) -> Any:
    return matrix.rates[origin][target]


def _between(cell: Any) -> str:
    return "–" if cell.low is None else f"{percent(cell.low)} to {percent(cell.high)}"


def _rows(matrix: RollMatrix) -> list[tuple[str, ...]]:
    def shown(value: float | None) -> str:
        return "–" if value is None else "·" if value == 0 else f"{100 * value:.2f}"

    return [
        (name, f"{matrix.at_risk[name]:,.0f}", *(shown(cell.number) for cell in row.values()))
        for name, row in matrix.rates.items()
    ]


def _map(matrix: RollMatrix, states: Sequence[str], title: str) -> Chart:
    """Return the matrix as a map: darker is likelier, on a scale of square roots that shows small rates."""
    names = list(matrix.rates)
    rate = np.array(
        [
            [np.nan if cell.number is None else cell.number for cell in row.values()]
            for row in matrix.rates.values()
        ]
    )

    def draw(axes: Any) -> None:
        from matplotlib.patches import Rectangle

        axes.set_xlim(-0.5, rate.shape[1] - 0.5)
        axes.set_ylim(rate.shape[0] - 0.5, -0.5)
        for row, column in np.ndindex(rate.shape):
            value = rate[row, column]
            shade = float(np.sqrt(np.nan_to_num(value)))
            corner = (column - 0.5, row - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, facecolor=HEAT, alpha=shade, linewidth=0))
            if np.isfinite(value) and value > 0:
                colour = WHITE if value > 0.3 else INK
                words = f"{100 * value:.2f}" if value < 0.1 else f"{100 * value:.1f}"
                axes.text(column, row, words, ha="center", va="center", color=colour)
        axes.set_xticks(range(len(states)), [_on_lines(name) for name in states])
        axes.set_yticks(range(len(names)), names)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.grid(visible=False)

    told = tabled("from", names, {to: rate[:, place].tolist() for place, to in enumerate(states)}, share)
    return drawn((5.4, 2.7), title, draw, unit="% of loans a month", values=told)


def _on_lines(name: str) -> str:
    """Return a name, a word a line; on one line where it will be said in another language."""
    return name.replace(" ", "\n") if (spoken(), *also_spoken()) == ("en",) else name


def _over_time(result: RollRatesResult) -> tuple[Chart, Chart]:
    labels = [item.period for item in result.by_period]
    names = list(result.by_period[0].forward)
    series = {
        name: [
            np.nan if item.forward[name] is None else float(item.forward[name] or 0.0)
            for item in result.by_period
        ]
        for name in names
    }
    later = {name: series[name] for name in names[1:]}
    unit = "% of loans a month"
    first = lines(names[0], labels, {names[0]: series[names[0]]}, unit=unit, percent=True)
    rest = lines("From bucket to bucket", labels, later, unit=unit, percent=True)
    return first, rest


def _vintages(result: VintagesResult) -> Page:
    event = "Defaults" if result.event == "default" else "Charge-offs"
    ages = [age for age in AT if any(_at(item, age) is not None for item in result.vintages)]
    shown = (
        "Solid: every loan of the vintage has lived to that age. Dashed: half or more have. A curve ends "
        "where fewer have."
    )
    curves = Section(
        "curves",
        f"{event} by age and vintage",
        "Cumulative share since origination. A newer vintage above an older one at the same age is doing "
        "worse.",
        (
            pictures(
                (_curves(result, "number", "Share of loans", "% of loans"), shown),
                (
                    _curves(result, "amount", "Share of the money lent", "% of the amount lent"),
                    "What was lost of each unit lent.",
                ),
            ),
        ),
    )
    same = _same_age(result)
    caption = "Percent of loans; * partial, · not lived yet."
    rows = [
        (
            item.name,
            f"{item.loans:,.0f}",
            amount(item.originated),
            f"{item.events:,.0f}",
            *(_shown(item, age) for age in ages),
        )
        for item in result.vintages
    ]
    compared = Section(
        "same",
        "At the same age",
        "Intervals (90 %) of the share of loans; where they overlap the difference may be luck.",
        (
            *([pictures(*same)] if same else []),
            table(
                ("vintage", "loans", "lent", "events", *(f"{age} m" for age in ages)), rows, caption=caption
            ),
            *_ultimates(result),
            details("How it is counted", bullets((*result.rules, *result.notes))),
        ),
    )
    return Page(
        title="Vintage curves",
        lead=(
            f"{event} by year of origination: {sum(item.loans for item in result.vintages):,.0f} loans, "
            f"{sum(item.events for item in result.vintages):,.0f} {event.lower()}."
        ),
        summary=_vintages_summary(result, event.lower()),
        facts=facts(result.provenance, result.as_of, result.currency),
        tiles=_vintage_tiles(result),
        sections=(curves, compared),
        footer=made_by(result.provenance),
    )


def _vintages_summary(result: VintagesResult, event: str) -> str:
    """Return the worst and the best vintage at an age that most have lived, and the newest."""
    found = _compared(result)
    if found is None:
        return f"Too few vintages have lived long enough, or had {event} enough, to be compared."
    age, rates, newest = found
    worst, best = max(rates, key=lambda name: rates[name]), min(rates, key=lambda name: rates[name])
    return (
        f"{age} months after origination the worst vintage, {worst}, had {event} on "
        f"{percent(rates[worst])} of its "
        f"loans, the best, {best}, on {percent(rates[best])}; the newest that has lived so long, "
        f"{newest}, on "
        f"{percent(rates[newest])}."
    )


def _at(item: Vintage, age: int) -> float | None:
    return item.points[age].number if age < len(item.points) else None


def _shown(item: Vintage, age: int) -> str:
    value = _at(item, age)
    return (
        "·" if value is None else f"{100 * value:.2f}" + ("*" if item.points[age].status == "partial" else "")
    )


def _vintage_tiles(result: VintagesResult) -> tuple[Tile, ...]:
    found = _compared(result)
    if found is None:
        return ()
    age, rates, newest = found
    worst, best = max(rates, key=lambda name: rates[name]), min(rates, key=lambda name: rates[name])
    return (
        Tile(f"Worst vintage at {age} months", worst, percent(rates[worst])),
        Tile(f"Best vintage at {age} months", best, percent(rates[best])),
        Tile(f"Newest that lived {age} months", newest, percent(rates[newest])),
    )


def _compared(result: VintagesResult) -> tuple[int, dict[str, float], str] | None:
    """Return the age vintages are compared at, the share of each that lived it, the newest of them."""
    lived = {a: sum(item.complete_to >= a and item.events >= FEWEST for item in result.vintages) for a in AT}
    most = max(lived.values())
    if most < 2:
        return None
    age = max(a for a in AT if lived[a] >= max(2.0, 0.6 * most))
    known = [item for item in result.vintages if item.complete_to >= age and item.events >= FEWEST]
    return age, {item.name: _at(item, age) or 0.0 for item in known}, known[-1].name


def _curves(result: VintagesResult, part: str, title: str, unit: str) -> Chart:
    """Return the curves, old vintages light and new ones dark, each named at its end."""
    told = [item for item in result.vintages if item.events > 0]
    thin = [item.name for item in told if item.events < FEWEST]
    keys = [
        Key("older vintages", AGES[0]),
        Key("newer", AGES[-1]),
        *([Key(f"fewer than {FEWEST:g} events", THIN)] if thin else []),
    ]

    def draw(axes: Any) -> None:
        longest = _longest(result)
        ends = []
        for place, item in enumerate(told):
            few = item.name in thin
            colour = THIN if few else AGES[round((len(AGES) - 1) * place / max(len(told) - 1, 1))]
            value = np.array(
                [np.nan if getattr(p, part) is None else getattr(p, part) for p in item.points[: longest + 1]]
            )
            age, whole = (
                np.arange(len(value)),
                np.array([p.status == "complete" for p in item.points[: longest + 1]]),
            )
            axes.plot(age, np.where(whole, value, np.nan), color=colour, linewidth=1.0 if few else 1.8)
            axes.plot(
                age,
                np.where(whole & np.append(whole[1:], True), np.nan, value),
                color=colour,
                linewidth=1.0,
                linestyle=(0, (4, 2)),
            )
            last = int(np.flatnonzero(np.isfinite(value)).max())
            ends.append((float(last), float(value[last]), item.name, colour))
        axes.set_ylim(bottom=0)
        axes.set_xlim(0, longest * 1.16)
        _name_ends(axes, ends)
        axes.set_xlabel("months since origination")
        as_percent(axes)

    ages = [age for age in range(_longest(result) + 1) if age % 6 == 0]
    values = {
        item.name: [getattr(item.points[age], part) if age < len(item.points) else None for age in ages]
        for item in told
    }
    table_of = tabled("months since origination", ages, values, share)
    return drawn(TALL, title, draw, keys, unit=unit, values=table_of)


def _longest(result: VintagesResult) -> int:
    """Return the age to draw to: of the vintages told singly, so that the oldest flatten nothing."""
    single = [item for item in result.vintages if not item.name.startswith("before")] or list(result.vintages)
    return max(max((p.age for p in item.points if p.number is not None), default=1) for item in single)


def _name_ends(axes: Any, ends: list[tuple[float, float, str, Any]]) -> None:
    """Write each vintage's name at the end of its curve, moved up where two would lie over each other."""
    height = axes.get_ylim()[1]
    width = axes.get_xlim()[1]
    taken: list[tuple[float, float]] = []
    for x, y, name, colour in sorted(ends, key=lambda end: (end[1], end[0])):
        at = y
        while any(
            abs(at - other) < 0.06 * height and abs(x - place) < 0.13 * width for place, other in taken
        ):
            at += 0.012 * height
        taken.append((x, at))
        axes.annotate(
            name,
            (x, at),
            xytext=(4, 0),
            textcoords="offset points",
            color=MUTED if colour == THIN else INK,
            va="center",
        )


def _same_age(result: VintagesResult) -> list[tuple[Chart, str]]:
    made = []
    for age in (12, 24, 36):
        told = [
            item
            for item in result.vintages
            if item.complete_to >= age and item.points[age].number is not None
        ]
        if len(told) >= 2:
            made.append((_bars(told, age), f"{len(told)} vintages that have lived {age} months in full."))
    return made[:2] if len(made) != 1 else made


def _bars(told: Sequence[Vintage], age: int) -> Chart:
    points = [item.points[age] for item in told]
    parts = [[float(getattr(point, name) or 0.0) for point in points] for name in ("number", "low", "high")]
    return errorbars(
        f"Share of loans after {age} months", [item.name for item in told], *parts, unit="% of loans"
    )


def _ultimates(result: VintagesResult) -> list[PageBlock]:
    rows = [
        (item.name, _last(item), percent(item.ultimate))
        for item in result.vintages
        if item.ultimate is not None
    ]
    if not rows:
        return []
    columns = ("vintage", "now", f"at {result.ultimate_age} months")
    words = (
        "Chain ladder: each vintage grows as the older ones did together. No economy enters: a rule of "
        "thumb beside the model."
    )
    return [details("Carried on to the oldest age", table(columns, rows, caption=words))]


def _last(item: Vintage) -> str:
    return "–" if item.complete_to < 0 else f"{percent(_at(item, item.complete_to))} at {item.complete_to}"
