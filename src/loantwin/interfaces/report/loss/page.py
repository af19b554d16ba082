"""The page of `loss --out`: the curve, what segments and names add, models side by side; opens offline."""

from __future__ import annotations

from pathlib import Path

from loantwin.files import replace_file
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    Tile,
    amount,
    bullets,
    heading,
    pictures,
    table,
)
from loantwin.interfaces.report.labels import beside_supervisor, money, segment_words
from loantwin.interfaces.report.loss import charts as loss_charts
from loantwin.interfaces.report.page import Page, facts, made_by, rendered
from loantwin.risk.loss.loss import LossResult, SegmentLoss
from loantwin.verbs.loss.loss import LossComparison

SHOWN = 12
"""Segments of a picture; the rest is one row."""

COLUMNS = {
    "expected_loss": "expected loss",
    "var": "of VaR",
    "es": "of ES",
    "stand_alone_es": "ES alone",
    "marginal_es": "ES saved without it",
}


def write(home: Path, result: LossResult | LossComparison, out: Path) -> None:
    """Write the page of a loss distribution, or of several models."""
    replace_file(out, page(home.name, result), "out", private=True)


def page(name: str, result: LossResult | LossComparison) -> str:
    """Return the page's HTML."""
    models = dict(result.models) if isinstance(result, LossComparison) else {result.model: result}
    first = next(iter(models.values()))
    sections = [_section(label, item) for label, item in models.items()]
    if len(models) > 1:
        sections.insert(0, _side_by_side(models))
    return rendered(
        Page(
            title=f"Losses of {name}",
            lead=f"The distribution of losses over {first.months} months, net of guarantees.",
            summary=_summary(first),
            facts=facts(first.provenance, first.as_of, first.currency),
            tiles=tuple(_tiles(first)),
            sections=tuple(sections),
            footer=made_by(first.provenance),
        )
    )


def _summary(result: LossResult) -> str:
    """Return what is expected, what one bad year in many costs, and the mean beyond that."""
    rare = f"In 1 of {1 / (1 - result.confidence):,.0f} such spans"
    span = "the next 12 months" if result.months == 12 else f"{result.months} months"
    return (
        f"Over {span} the book is expected to lose {money(result.expected_loss.value)} {result.currency}. "
        f"{rare} it loses more than {money(result.var.value)}, and {money(result.es.value)} on average then."
    )


def _tiles(result: LossResult) -> list[Tile]:
    label, at = f"model: {result.model}", f"{100 * result.confidence:g} %"
    return [
        Tile("Expected loss", money(result.expected_loss.value), label),
        Tile(
            f"Value at risk {at}",
            money(result.var.value),
            f"standard error {money(result.var.standard_error)}",
        ),
        Tile(
            f"Expected shortfall {at}",
            money(result.es.value),
            f"standard error {money(result.es.standard_error)}",
        ),
        Tile("Unexpected loss", money(result.unexpected_loss.value), "value at risk less expected loss"),
    ]


def _side_by_side(models: dict[str, LossResult]) -> Section:
    first = next(iter(models.values()))
    rows = [
        (
            name,
            *(
                amount(getattr(item, figure).value)
                for figure in ("expected_loss", "standard_deviation", "var", "es")
            ),
            f"{item.var.value / item.expected_loss.value:.1f}" if item.expected_loss.value else "–",
        )
        for name, item in models.items()
    ]
    columns = (
        "model",
        "expected loss",
        "standard deviation",
        f"VaR {100 * first.confidence:g} %",
        "ES",
        "VaR / expected",
    )
    chart = loss_charts.compared(models, "Chance of losing more, by model")
    lead = "One book, one set of default probabilities; what differs is how losses move together."
    caption = f"The dotted line is 1 in {1 / (1 - first.confidence):,.0f}."
    return Section("models", "Models side by side", lead, (pictures((chart, caption)), table(columns, rows)))


def _section(label: str, result: LossResult) -> Section:
    blocks: list[PageBlock] = []
    charts = [
        (
            loss_charts.exceedance(result, "Chance of losing more"),
            "The shaded part lies beyond value at risk; expected shortfall is its mean.",
        )
    ]
    ordered = sorted(result.by_segment.items(), key=lambda item: -item[1].es)
    if len(ordered) > 1 and result.es.value and result.expected_loss.value:
        labels = [segment_words(name) for name, _ in ordered[:SHOWN]]
        expected = [item.expected_loss / result.expected_loss.value for _, item in ordered[:SHOWN]]
        shortfall = [item.es / result.es.value for _, item in ordered[:SHOWN]]
        if len(ordered) > SHOWN:
            labels.append(f"{len(ordered) - SHOWN} others")
            expected.append(1 - sum(expected))
            shortfall.append(1 - sum(shortfall))
        charts.append(
            (
                loss_charts.contributions(labels, expected, shortfall, "Who makes the tail"),
                "Shares of the whole, by segment.",
            )
        )
    blocks.append(pictures(*charts))
    if ordered:
        figures = {name: words for name, words in COLUMNS.items() if getattr(ordered[0][1], name) is not None}
        rows = [
            (segment_words(name), *(_amount(getattr(item, figure)) for figure in figures))
            for name, item in ordered[:SHOWN]
        ]
        if len(ordered) > SHOWN:
            rows.append(
                (
                    f"{len(ordered) - SHOWN} others",
                    *(_amount(_summed(ordered[SHOWN:], figure)) for figure in figures),
                )
            )
        of_book = {
            "expected_loss": result.expected_loss.value, "var": result.var.value, "es": result.es.value
        }  # fmt: skip
        rows.append(("total", *(_amount(of_book.get(figure)) for figure in figures)))
        caption = "Contributions to VaR and ES sum to the book's."
        blocks.append(table(("segment", *figures.values()), rows, caption=caption))
    if result.top_names:
        names = [
            (item.name, segment_words(item.segment), amount(item.exposure), amount(item.es))
            for item in result.top_names
        ]
        blocks.append(
            table(
                ("name", "segment", "exposure at default", "of ES"),
                names,
                words=(0, 1),
                caption="Names that add most.",
            )
        )
    beside = beside_supervisor(result)
    if result.supervisory is not None:
        shown = [(words.strip(), amount(value)) for words, value in beside]
        blocks += [
            heading("Beside what a supervisor holds"),
            table(("figure", result.currency), shown),
            bullets(result.supervisory.reasons),
        ]
    blocks += [heading("Assumptions"), bullets((*result.rules, *result.assumptions))]
    return Section(f"model-{label}", f"Model: {label}", "", tuple(blocks))


def _summed(segments: list[tuple[str, SegmentLoss]], figure: str) -> float | None:
    """Return the sum of a figure that adds up over segments, None for one that does not."""
    if figure not in ("expected_loss", "var", "es"):
        return None
    return float(sum(getattr(item, figure) for _, item in segments))


def _amount(value: float | None) -> str:
    return "–" if value is None else amount(value)
