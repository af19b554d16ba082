"""Tables of a backtest: scores beside rivals and noise floor, coverage, origins, verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import (
    amount,
    between,
    count,
    percent,
    show_facts,
    show_notes,
    show_table,
)
from loantwin.interfaces.cli.tables.layout import Cell
from loantwin.performance.backtest.parts import NUMBER, PARTS, SEVERITY, WORDS
from loantwin.performance.backtest.scores import is_withdrawn

VIEWS = {"given_macro": "given the macro path that came", "generated_macro": "on generated macro paths"}


def render(console: Console, result: Any) -> None:
    """Print a backtest."""
    scored = [origin for origin in result.origins if origin.skipped is None]
    show_facts(
        console,
        "Backtest",
        {
            "origins": f"{len(scored)}, {scored[0].date} to {scored[-1].date}" if scored else "none",
            "horizons": f"{_months(result)} months",
            "tape ends": str(result.tape_ends),
            "paths": f"{result.paths:,}",
        },
    )
    for name, words in VIEWS.items():
        view = getattr(result, name)
        _scores(console, f"By origin and approval year, {words}", view.figures)
        _intervals(console, f"Intervals, {words}", view.figures)
    _scores(console, f"Whole book, {VIEWS['given_macro']}", result.given_macro.total)
    amounts = {
        name: scores
        for name, scores in result.given_macro.amounts.items()
        if _first(scores) != _first(result.given_macro.figures[name])
    }
    _scores(console, f"In {result.currency}, by origin and approval year, {VIEWS['given_macro']}", amounts)
    for name, words in VIEWS.items():
        _apart(console, result, getattr(result, name), words)
    _pooled(console, result)
    _by_origin(console, result)
    _origins(console, result)
    show_notes(console, "Verdicts, given the macro path that came", result.given_macro.verdicts)
    for name, words in VIEWS.items():
        view = getattr(result, name)
        if view.behind:
            show_notes(console, f"Surely behind a rival, {words} (90 % block bootstrap)", view.behind)
    show_notes(console, "Notes", result.notes)


def _by_origin(console: Console, result: Any) -> None:
    """Print what came beside the book's forecasts, by origin: those scored, and those prior only."""
    shown = 12 if 12 in result.horizons else result.horizons[-1]
    view = result.given_macro if result.given_macro.by_origin else result.generated_macro
    main = {
        figure: "loans" if _first(scores) == "loans" else "money" for figure, scores in view.figures.items()
    }
    rows = [
        (
            f"{row.figure.replace('_', '-')}, {row.origin}",
            _sized(row.measure, row.actual),
            _sized(row.measure, row.forecast),
            _range(row, view),
            "prior only" if row.prior_only else "",
        )
        for row in sorted(view.by_origin, key=lambda row: (list(main).index(row.figure), row.origin))
        if row.horizon == shown and main[row.figure] == row.measure
    ]
    words = VIEWS["given_macro" if view is result.given_macro else "generated_macro"]
    show_table(
        console,
        f"Whole book by origin, {shown} months, {words}",
        ("", "came", "forecast", "90 % interval", ""),
        rows,
        more="" if len(result.horizons) == 1 else f"other horizons of {_months(result)} months: --json",
    )


def _sized(measure: str, value: float | None, decimals: int = 0) -> Cell:
    """Return a number of loans, or money."""
    return count(value, decimals) if measure == "loans" else amount(value, decimals)


def _months(result: Any) -> str:
    return ", ".join(map(str, result.horizons))


def _range(row: Any, view: Any) -> Cell:
    """Return the 90 % interval of a row, or that the backtest withdraws it."""
    verdict = view.figures[row.figure][str(row.horizon)].interval_verdict
    if is_withdrawn(verdict):
        return str(verdict)
    return f"{count(row.p05)} to {count(row.p95)}" if row.measure == "loans" else between(row.p05, row.p95)


def _apart(console: Console, result: Any, view: Any, words: str) -> None:
    """Print losses as numbers, exposure, severity and money: summed, then by origin at one horizon."""
    shown = 12 if 12 in result.horizons else result.horizons[-1]
    columns = ("cases x exposure x severity = money", "months", "forecast", "came", "ratio")
    summed = [
        (
            WORDS[name],
            f"{row.horizon}",
            _part(name, part.forecast),
            _part(name, part.came),
            _share(part.ratio),
        )
        for row in view.apart
        if row.origin is None
        for name in PARTS
        if (part := getattr(row, name)).forecast is not None
    ]
    show_table(
        console, f"Losses taken apart, whole book, summed over scored origins, {words}", columns, summed
    )
    each = [
        (
            f"{row.origin} {WORDS[name]}",
            _part(name, part.came),
            _part(name, part.forecast),
            _ends(name, part),
        )
        for row in view.apart
        if row.origin is not None and row.horizon == shown and not row.prior_only
        for name in PARTS
        if (part := getattr(row, name)).forecast is not None
    ]
    title = f"Losses taken apart by origin, {shown} months, {words}"
    show_table(console, title, ("", "came", "forecast", "90 % interval"), each)


def _part(name: str, value: float | None) -> Cell:
    if name == SEVERITY:
        return percent(value, 0)
    return count(value) if name == NUMBER else amount(value)


def _ends(name: str, part: Any) -> Cell:
    if part.low is None or name not in (NUMBER, SEVERITY):
        return between(part.low, part.high)
    return f"{_part(name, part.low)} to {_part(name, part.high)}"


def _first(scores: Mapping[str, Any]) -> str:
    return str(next(iter(scores.values())).unit)


def _scores(console: Console, title: str, figures: Mapping[str, Mapping[str, Any]]) -> None:
    rivals = list(
        dict.fromkeys(name for scores in figures.values() for item in scores.values() for name in item.rivals)
    )
    rows = [
        (
            figure.replace("_", "-"),
            horizon,
            _share(item.accuracy),
            *(_against(item, name) for name in rivals),
            _share(item.noise_floor["names"]),
            _share(item.noise_floor["latent"]),
            "–" if item.bias is None else f"{100 * item.bias:+.0f} %",
            f"{item.observations}",
            count(item.events),
            percent(item.censored_share, 0),
        )
        for figure, scores in figures.items()
        for horizon, item in scores.items()
        if item.observations
    ]
    columns = (
        "accuracy of",
        "months",
        "twin",
        *(_short(name) for name in rivals),
        "floor, names",
        "floor, latent",
    )
    show_table(console, title, (*columns, "bias", "cells", "events", "censored, % of loans"), rows, words=2)


def _against(item: Any, name: str) -> str:
    """Return a rival's accuracy, marked where the twin loses to it."""
    value = item.rivals.get(name)
    if value is None:
        return "–"
    return _share(value) + (" *" if item.accuracy is not None and value > item.accuracy else "")


def _short(name: str) -> str:
    words = {
        "last year's rate": "last year",
        "age-standardised last level": "age std.",
        "vintage curve": "vintage",
    }
    return {**words, "roll-rate matrix": "roll rates", "logistic regression": "logistic"}.get(name, name)


def _intervals(console: Console, title: str, figures: Mapping[str, Mapping[str, Any]]) -> None:
    rows = []
    for figure, scores in figures.items():
        for horizon, item in scores.items():
            if item.observations:
                between = (
                    "–"
                    if item.coverage90_low is None
                    else f"{percent(item.coverage90_low, 0)} to {percent(item.coverage90_high, 0)}"
                )
                rows.append(
                    (
                        figure.replace("_", "-"),
                        horizon,
                        percent(item.coverage50, 0),
                        percent(item.coverage90, 0),
                        between,
                        percent(item.coverage90_untied, 0),
                        item.interval_verdict
                        if is_withdrawn(item.interval_verdict)
                        else _sized(item.unit, item.width90, 1),
                        _sized(item.unit, item.width90_equal, 1),
                        _sized(item.unit, item.interval_score, 1),
                        _sized(item.unit, item.crps, 2),
                        item.unit,
                    )
                )
    columns = (
        "intervals of",
        "months",
        "came inside the 50 %",
        "came inside the 90 %",
        "by bootstrap",
        "without ties",
        "width 90 %",
        "at equal coverage",
        "interval score",
    )
    show_table(console, title, (*columns, "CRPS", "unit"), rows, words=2)


def _pooled(console: Console, result: Any) -> None:
    rows = []
    for name, words in VIEWS.items():
        for figure, item in getattr(result, name).pooled.items():
            if item is None:
                continue
            between = (
                "–"
                if item.coverage90_low is None
                else f"{percent(item.coverage90_low, 0)} to {percent(item.coverage90_high, 0)}"
            )
            rows.append(
                (
                    f"{figure.replace('_', '-')}, {words}",
                    f"{item.observations}",
                    percent(item.coverage90, 1),
                    between,
                    item.verdict,
                )
            )
    show_table(
        console,
        "Coverage of the 90 % interval, all horizons pooled",
        ("", "cells", "came inside", "by bootstrap", "verdict"),
        rows,
        words=1,
    )


def _origins(console: Console, result: Any) -> None:
    rows = []
    for origin in result.origins:
        known = (
            "–"
            if not origin.known_events
            else ", ".join(f"{events:,.0f}" for events in dict.fromkeys(origin.known_events.values()))
        )
        if origin.skipped is not None:
            rows.append((str(origin.date), "–", known, "–", origin.skipped))
            continue
        closed = "/".join(str(horizon) for horizon in origin.closed["given_macro"]) or "none"
        few = f"prior only: {', '.join(origin.prior_only)}" if origin.prior_only else ""
        rows.append((str(origin.date), count(origin.loans), known, closed, few))
    show_table(console, "Origins", ("date", "loans", "known events", "closed windows", ""), rows, words=1)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
