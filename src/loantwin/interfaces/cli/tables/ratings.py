"""Tables of `ratings`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import percent, show_facts, show_notes, show_table

METHODS = {
    "published": "as published",
    "cohort": "from yearly cohorts",
    "duration": "from durations, continuous time",
}


def render(console: Console, result: Any) -> None:
    """Show the matrix, the generator, the conditions and the term structure."""
    years = f"{result.years:g} year" + ("" if result.years == 1 else "s")
    _matrix(
        console,
        f"Transition matrix over {years}, % of customers, {METHODS[result.method]} ({result.source})",
        result.matrix,
    )
    _matrix(console, f"Generator, moves a year of 100 customers, {result.generator_method}", result.generator)
    if result.horizon != round(result.horizon):
        _matrix(console, f"Matrix over {result.horizon:g} years, % of customers", result.at_horizon)
    answer = {True: "yes", False: "no", None: "not settled"}[result.embeddable]
    facts = {"has a generator": answer, "mobility (mean singular value of P - I)": f"{result.mobility:.4f}"}
    if result.method != "duration":
        facts["generator's matrix beside this one, largest row"] = (
            f"{100 * result.generator_distance:.3f} % points in all"
        )
    show_facts(console, "Embeddability", facts)
    rows = [("holds" if item.holds else "fails", item.name, item.words) for item in result.conditions]
    show_table(console, "Conditions", ("", "condition", "found"), rows, words=3)
    _defaults(console, result)
    _cycle(console, result.cycle)
    if result.compared:
        _compared(console, result)
    if result.facts:
        unit = "years at risk" if result.method == "duration" else "cohort starts"
        show_table(
            console,
            f"Behind it: {unit}",
            ("state", unit),
            [(name, f"{value:,.0f}") for name, value in result.at_risk.items()],
        )
        show_facts(console, "History", {name: f"{value:,}" for name, value in result.facts.items()})
    show_notes(console, "Notes", result.notes)


def _matrix(console: Console, title: str, rows: Any) -> None:
    cells = [
        (name, *("·" if value == 0 else f"{100 * value:.2f}" for value in row)) for name, row in rows.items()
    ]
    show_table(console, title, ("from", *rows), cells)


def _defaults(console: Console, result: Any) -> None:
    first = next(iter(result.term_structure.values()))
    columns = ("state", *(f"{item.years:g} y" for item in first))
    rows = [(name, *(percent(item.pd, 3) for item in items)) for name, items in result.term_structure.items()]
    show_table(console, "Cumulative probability of default, % of customers", columns, rows)
    if first[0].low is None:
        return
    shown = {
        name: [
            f"{percent(item.low, 2)} to {percent(item.high, 2)}"
            + (f" (at most {percent(item.exact_high)})" if item.exact_high else "")
            for item in (items[0], *([items[-1]] if len(items) > 1 else []))
        ]
        for name, items in result.term_structure.items()
    }
    title = "90 % intervals, customers drawn again (at most: exact bound where no default was seen)"
    columns = ("state", f"{first[0].years:g} y", *([f"{first[-1].years:g} y"] if len(first) > 1 else []))
    show_table(console, title, columns, [(name, *cells) for name, cells in shown.items()])


def _cycle(console: Console, cycle: Any) -> None:
    if cycle is None:
        return
    rows = [(item.year, f"{item.z:+.2f} ± {item.standard_error:.2f}", _bar(item.z)) for item in cycle.years]
    found = f"asset correlation {percent(cycle.correlation)} ({percent(cycle.low)} to {percent(cycle.high)})"
    show_table(
        console,
        f"The cycle: common factor of the year that ends, {found}",
        ("year to", "good +, bad -", ""),
        rows,
    )


def _bar(z: float) -> str:
    size = min(round(abs(z) * 4), 12)
    return f"{'▪' * size:>12}|{'':<12}" if z < 0 else f"{'':>12}|{'▪' * size:<12}"


def _compared(console: Console, result: Any) -> None:
    years = sorted({item.years for item in result.compared})
    by_state: dict[str, dict[float, Any]] = {}
    for item in result.compared:
        by_state.setdefault(item.state, {})[item.years] = item
    rows = [
        (name, *(f"{percent(items[year].published)} / {percent(items[year].implied)}" for year in years))
        for name, items in by_state.items()
    ]
    title = "Default as published / as the first matrix implies without memory"
    show_table(console, title, ("state", *(f"{year:g} y" for year in years)), rows)
