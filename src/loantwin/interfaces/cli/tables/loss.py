"""Tables of loss distributions: figures, what each segment and name adds, and models side by side."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, percent, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import Cell
from loantwin.interfaces.report.labels import beside_supervisor, segment_words

SEGMENTS = 12
"""Rows of segments shown; the rest is added up."""
FIGURES = {
    "expected loss": "expected_loss",
    "standard deviation": "standard_deviation",
    "unexpected loss": "unexpected_loss",
    "value at risk": "var",
    "expected shortfall": "es",
}


def render(console: Console, result: Any) -> None:
    """Print one loss distribution, or several side by side."""
    if hasattr(result, "models"):
        _compared(console, result)
    else:
        _single(console, result)


def _single(console: Console, result: Any) -> None:
    rows = [
        (
            f"{words} {100 * result.confidence:g} %" if name in ("var", "es") else words,
            amount(getattr(result, name).value),
            amount(getattr(result, name).standard_error),
            amount(getattr(result.gross, name).value),
        )
        for words, name in FIGURES.items()
    ]
    paths = f", {result.paths:,} paths" if result.paths else ""
    title = (
        f"Loss over {result.months} months from {result.as_of.isoformat()}, {result.currency}, model "
        f"{result.model}{paths}"
    )
    show_table(console, title, ("figure", "net of guarantees", "standard error", "gross"), rows)
    _beside(console, result)
    _segments(console, result)
    if result.top_names:
        names = [
            (
                item.name,
                segment_words(item.segment),
                amount(item.exposure),
                amount(item.expected_loss),
                amount(item.es),
            )
            for item in result.top_names
        ]
        show_table(
            console,
            "Names that add most to expected shortfall",
            ("name", "segment", "exposure", "expected loss", "shortfall"),
            names,
            words=2,
        )
    show_notes(console, "Assumptions", result.assumptions)
    show_notes(console, "Not observable in this source", result.not_observable)


def _beside(console: Console, result: Any) -> None:
    """Print the tail beside supervisory correlations, regulatory capital, and the reasons for the gap."""
    rows = [(words, amount(value)) for words, value in beside_supervisor(result)]
    if rows:
        show_table(console, "Beside what a supervisor holds", ("figure", "amount"), rows)
        show_notes(console, "Why they differ", result.supervisory.reasons)


def _segments(console: Console, result: Any) -> None:
    ordered = sorted(result.by_segment.items(), key=lambda item: -item[1].es)
    rows: list[tuple[Cell, ...]] = [
        (
            segment_words(name),
            amount(item.expected_loss),
            amount(item.var),
            amount(item.es),
            _share(item.es, result),
            amount(item.stand_alone_es),
            amount(item.marginal_es),
        )
        for name, item in ordered[:SEGMENTS]
    ]
    rest = [item for _, item in ordered[SEGMENTS:]]
    if rest:
        loss, var, es = (sum(getattr(item, name) for item in rest) for name in ("expected_loss", "var", "es"))
        name = f"{len(rest)} others, added up"
        rows.append((name, amount(loss), amount(var), amount(es), _share(es, result), "", ""))
    if rows:
        whole = result.expected_loss.value, result.var.value, result.es.value
        rows.append(("total", *map(amount, whole), _share(result.es.value, result), "", ""))
    show_table(
        console,
        "What each segment adds (VaR: value at risk, ES: expected shortfall)",
        ("segment", "expected loss", "of VaR", "of ES", "% of ES", "ES alone", "ES without it, less"),
        rows,
        more=f"{len(rest)} more segments by name: --json" if rest else "",
    )


def _share(es: float, result: Any) -> str:
    return percent(es / result.es.value, 1) if result.es.value else "–"


def _compared(console: Console, result: Any) -> None:
    rows = []
    for name, item in result.models.items():
        value, error = item.es.value, item.es.standard_error
        rows.append(
            (
                name,
                amount(item.expected_loss.value),
                amount(item.standard_deviation.value),
                amount(item.var.value),
                amount(item.var.standard_error) if item.var.standard_error else "exact",
                amount(value),
                amount(error) if error else "exact",
                amount(item.gross.var.value),
            )
        )
    columns = (
        "model",
        "expected loss",
        "deviation",
        f"VaR {100 * result.confidence:g} %",
        "error",
        "ES",
        "error",
        "VaR, gross",
    )
    show_table(
        console,
        f"Loss over {result.months} months from {result.as_of.isoformat()}, {result.currency}",
        columns,
        rows,
    )
    for name, item in result.models.items():
        if name != "twin":
            show_notes(console, f"Assumptions of {name}", item.assumptions)
    show_notes(console, "Left out", [f"{name}: {why}" for name, why in result.left_out.items()])
