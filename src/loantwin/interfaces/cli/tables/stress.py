"""Tables of a stress test: figures by scenario, causes, capital, sensitivities, reverse stress, actions."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import (
    amount,
    between,
    percent,
    show_facts,
    show_notes,
    show_table,
)
from loantwin.interfaces.report.labels import plain
from loantwin.interfaces.report.stress.certainty import change
from loantwin.interfaces.report.stress.rarity import CRISES, OFTEN, crisis_rows, how_often, tail_words

FIGURES = ("defaulted", "charged_off", "allowance", "net_interest_income")
TOP = 6
"""Rows of a table of parts; the rest is added up."""


def render(console: Console, result: Any) -> None:
    """Print a stress test."""
    _scenarios(console, result)
    _uncertainty(console, result)
    _bands(console, result)
    _beliefs(console, result)
    _parts(console, result)
    _capital(console, result)
    _sensitivities(console, result)
    for found in result.reverse:
        _reverse(console, found, result.crises)
    for action in result.actions:
        _action(console, action)
    show_notes(console, "Not observable in this source", result.not_observable)
    notes = [
        note if note.startswith(name) else f"{name}: {note}"
        for name, found in result.provenance.get("notes", {}).items()
        for note in found
    ]
    notes += [note for item in result.sensitivities for note in item.notes]
    show_notes(console, "Notes", notes)


def _scenarios(console: Console, result: Any) -> None:
    rows = []
    for name, item in result.scenarios.items():
        far = result.plausibility.get(name)
        rows.append(
            (
                name,
                *(amount(getattr(item, figure)) for figure in FIGURES),
                item.peak_month or "–",
                "–" if far is None or far.distance is None else f"{far.distance:.1f}",
                "–" if far is None or far.rank is None else f"{far.rank} of {len(far.ranked_among) + 1}",
            )
        )
    lending = "" if result.new_lending == "none" else ", with new lending"
    show_table(
        console,
        f"Stress over {result.months} months from {result.as_of.isoformat()}, {result.currency}{lending}, "
        f"beside {result.baseline}",
        (
            "scenario",
            "defaulted",
            "charged off",
            "allowance",
            "net interest income",
            "peak month of defaults",
            "distance",
            "rank by distance",
        ),
        rows,
    )


def _uncertainty(console: Console, result: Any) -> None:
    rows = []
    for name, item in result.scenarios.items():
        for figure in FIGURES:
            found = item.interval.get(figure)
            if found is None:
                continue
            many = result.multiples.get(name, {}).get(figure)
            rows.append(
                (
                    name if figure == FIGURES[0] else "",
                    plain(figure),
                    amount(getattr(item, figure)),
                    between(found.p05, found.p95),
                    share(item.prior_share.get(figure)),
                    "–" if many is None else f"{many.value:.2f} ({many.p05:.2f} to {many.p95:.2f})",
                    "–" if many is None else share(many.prior_share),
                )
            )
    show_table(
        console,
        "How sure: 90 % interval by parameters and period effect, and the share that is belief",
        (
            "scenario",
            "figure",
            "mean",
            "90 % interval",
            "belief, % of the uncertainty",
            "times baseline (90 %)",
            "belief in it, %",
        ),
        rows,
        words=2,
    )


def share(value: float | None) -> str:
    """Return a share of belief as a percentage."""
    return "–" if value is None else f"{100.0 * value:.0f} %"


def _bands(console: Console, result: Any) -> None:
    rows, words = [], []
    for name, item in result.bands.items():
        band = "–" if item.low is None else f"{100.0 * item.low:.0f} to {100.0 * item.high:.0f} %"
        inside = "–" if item.inside is None else "inside" if item.inside else "outside"
        rows.append(
            (
                name,
                item.kind or "not told",
                percent(item.rate),
                band,
                inside,
                percent(item.baseline_rate),
                f"{item.default_multiple:.1f}",
                percent(item.worst_year_default_rate),
            )
        )
        words += [f"{name}: {why}" for why in item.why]
    show_table(
        console,
        "Losses of nine quarters over mean balance, beside large banks' under severely adverse scenarios",
        (
            "scenario",
            "kind of loan",
            "loss, % of balance",
            "band of large banks",
            "",
            "loss under baseline",
            "defaults, times baseline",
            "defaults in the worst year",
        ),
        rows,
    )
    show_notes(console, "Outside the band because", words)


def _beliefs(console: Console, result: Any) -> None:
    for item in result.beliefs:
        rows = [
            (
                name if figure == FIGURES[0] else "",
                plain(figure),
                amount(found["before"]),
                amount(found["after"]),
                change(found["before"], found["after"]),
            )
            for name, figures in item.figures.items()
            for figure, found in figures.items()
        ]
        show_table(
            console,
            f"{plain(item.name)} of {item.asked:g} instead of {item.believed:g} ({item.unit}; {item.basis})",
            ("scenario", "figure", "believed", "moved", "change"),
            rows,
            words=2,
        )


def _parts(console: Console, result: Any) -> None:
    for name, found in result.parts.items():
        factors = list(found["loss"].by_factor)
        rows = [
            (
                plain(figure),
                amount(item.baseline),
                *(amount(item.by_factor[factor]) for factor in factors),
                amount(item.stressed),
            )
            for figure, item in found.items()
        ]
        columns = ("figure", "baseline", *(plain(factor) for factor in factors), "stressed")
        show_table(
            console, f"From {result.baseline} to {name}, by factor (Shapley; book in run-off)", columns, rows
        )
    if result.parts:
        _segments(console, result)


def _segments(console: Console, result: Any) -> None:
    names = list(result.parts)
    first = result.parts[names[-1]]["loss"].by_segment
    ranked = sorted(first, key=lambda segment: -abs(first[segment]))
    rows = [
        (segment, *(amount(result.parts[name]["loss"].by_segment.get(segment, 0.0)) for name in names))
        for segment in ranked[:TOP]
    ]
    if len(ranked) > TOP:
        rest = [
            sum(result.parts[name]["loss"].by_segment.get(segment, 0.0) for segment in ranked[TOP:])
            for name in names
        ]
        rows.append((f"{len(ranked) - TOP} others, added up", *(amount(value) for value in rest)))
    show_table(
        console,
        "Loss beyond the baseline, by segment (net of guarantees)",
        ("segment", *names),
        rows,
        more="" if len(ranked) <= TOP else f"{len(ranked) - TOP} more segments by name: --json",
    )


def _capital(console: Console, result: Any) -> None:
    rows = []
    for name, path in result.paths.items():
        points = [point for point in path.capital if point.ratio is not None]
        if points:
            low = min(points, key=lambda point: point.ratio)
            rows.append(
                (
                    name,
                    percent(points[0].ratio),
                    percent(low.ratio),
                    low.month,
                    percent(points[-1].ratio),
                    amount(low.cet1),
                )
            )
    show_table(
        console,
        f"Common equity, of {result.capital_basis}",
        ("scenario", "at the start", "lowest", "in", "at the end", "own funds there"),
        rows,
    )
    cash = [
        (
            name,
            amount(path.cash_gap[11] if len(path.cash_gap) > 11 else path.cash_gap[-1]),
            amount(min(path.cash_gap)),
            amount(path.cash_gap[-1]),
        )
        for name, path in result.paths.items()
    ]
    show_table(
        console,
        "Cash received less paid, added up",
        ("scenario", "after 12 months", "lowest", "at the end"),
        cash,
    )


def _sensitivities(console: Console, result: Any) -> None:
    rows = [
        (
            plain(item.factor),
            item.words,
            *(
                amount(side.get(figure))
                for figure in ("loss", "net_interest_income")
                for side in (item.up, item.down)
            ),
            "–" if item.distance is None else f"{item.distance:.1f}",
        )
        for item in result.sensitivities
    ]
    others = (
        "the others move with it"
        if any(item.correlated for item in result.sensitivities)
        else "the others at the baseline"
    )
    columns = (
        "factor",
        "shock",
        "loss: as stated",
        "opposite",
        "net interest income: as stated",
        "opposite",
        "distance",
    )
    show_table(console, f"One factor at a time, {others}, less the baseline", columns, rows, words=2)


def _reverse(console: Console, found: Any, crises: Any) -> None:
    ratio = found.figure in ("coverage", "cet1")
    shown = percent if ratio else amount
    facts = {
        "target": shown(found.target),
        "reached": shown(found.reached),
        "on the expected path": shown(found.expected),
        "distance": f"{found.distance:.2f} standard deviations from the expected path",
    }
    show_facts(console, f"{found.name}: the mildest path", facts)
    show_table(console, "How often an economy comes that costs as much", OFTEN, how_often(found))
    if found.rarity is not None:
        show_notes(console, "Read as", [tail_words(found.rarity), *found.rarity.assumed])
    title = "What history's crises cost this book, and how far it is to as much"
    show_table(console, title, CRISES, crisis_rows(found, crises, amount))
    rows = [
        (plain(name), peak.month, f"{peak.value:.4g}", f"{peak.expected:.4g}")
        for name, peak in found.peaks.items()
    ]
    show_table(
        console,
        "Where it is farthest from what is expected",
        ("factor", "month", "on the path", "expected"),
        rows,
    )


def _action(console: Console, action: Any) -> None:
    rows = []
    for name, item in action.scenarios.items():
        for words, book in (("without", item.without), ("with", item.taken)):
            rows.append(
                (
                    name if words == "without" else "",
                    words,
                    *(
                        amount(getattr(book, figure))
                        for figure in (
                            "new_lending",
                            "balance",
                            "credit_loss",
                            "net_interest_income",
                            "profit",
                            "cash_gap",
                        )
                    ),
                    percent(book.lowest_ratio),
                )
            )
    columns = (
        "scenario",
        "",
        "new lending",
        "balance",
        "credit loss",
        "net interest income",
        "profit",
        "cash gap",
        "lowest ratio",
    )
    show_table(console, f"{action.name}: {action.words}", columns, rows, words=2)
    show_notes(console, "Assumed", action.assumed)
