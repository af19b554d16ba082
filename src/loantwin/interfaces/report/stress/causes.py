"""Where a stress test's loss comes from: by factor, by segment, by vintage."""

from __future__ import annotations

from loantwin.engine.rows import VINTAGE, base_label
from loantwin.interfaces.report.blocks import PageBlock, Section, details, heading, pictures, table
from loantwin.interfaces.report.drawing import Chart
from loantwin.interfaces.report.labels import plain, segment_words
from loantwin.interfaces.report.stress import charts
from loantwin.interfaces.report.stress.figures import amount, worst
from loantwin.risk.stress.stress import StressResult

SEGMENTS = 10


VISIBLE = 0.02


def causes(result: StressResult, colour: dict[str, str]) -> Section:
    if not result.parts:
        return Section("causes", "Where it comes from", "One scenario: nothing to compare.", ())
    made = []
    for name, found in result.parts.items():
        loss = found["loss"]
        parts = {plain(factor): value for factor, value in loss.by_factor.items()}
        made.append(
            (
                charts.waterfall(
                    f"Loss: baseline to {name}",
                    (result.baseline, loss.baseline),
                    parts,
                    (name, loss.stressed),
                    unit=result.currency,
                ),
                "Present value of defaults x loss given default, net of guarantees.",
            )
        )
    blocks: list[PageBlock] = [heading("By factor"), pictures(*made), heading("By segment")]
    name = worst(result)
    by_segment = result.parts[name]["loss"].by_segment
    ranked = sorted(by_segment, key=lambda segment: -abs(by_segment[segment]))[:SEGMENTS]
    blocks += [
        pictures(*_segment_pictures(result, colour)),
        _segment_table(result, ranked),
        details("All figures by factor", *_factor_tables(result)),
    ]
    lead = (
        "Each factor's part is what it changes, averaged over all orders of switching factors from "
        "baseline to stress (Shapley): the parts add up exactly."
        + ("" if result.new_lending == "none" else " Of the book in run-off, without new lending.")
    )
    return Section("causes", "Where it comes from", lead, tuple(blocks))


def _segment_pictures(result: StressResult, colour: dict[str, str]) -> list[tuple[Chart, str]]:
    """Return the loss beyond the baseline by kind of loan and, where the model tells, by vintage."""
    made = []
    for title, vintage in (("by kind of loan", False), ("by vintage", True)):
        grouped: dict[str, dict[str, float]] = {}
        for name, found in result.parts.items():
            for segment, value in found["loss"].by_segment.items():
                year = segment.partition(VINTAGE)[2]
                label = (year or "none told") if vintage else base_label(segment)
                grouped.setdefault(label, dict.fromkeys(result.parts, 0.0))[name] += value
        if vintage and set(grouped) == {"none told"}:
            continue
        by_size = sorted(grouped, key=lambda label: -max(map(abs, grouped[label].values())))[:SEGMENTS]
        largest = max(abs(value) for label in by_size for value in grouped[label].values())
        shown = [label for label in by_size if max(map(abs, grouped[label].values())) >= VISIBLE * largest]
        shown = sorted(shown) if vintage else shown
        series = {name: [grouped[label][name] for label in shown] for name in result.parts}
        chart = charts.compared_bars(
            f"Loss beyond the baseline {title}",
            [segment_words(label) for label in shown],
            series,
            colour,
            unit=result.currency,
        )
        made.append(
            (chart, f"The largest {len(shown)} of {len(grouped)}." if len(shown) < len(grouped) else "")
        )
    return made


def _segment_table(result: StressResult, ranked: list[str]) -> PageBlock:
    names = list(result.parts)
    rows = [
        (
            segment_words(segment),
            *(amount(result.parts[name]["loss"].by_segment.get(segment, 0.0)) for name in names),
        )
        for segment in ranked
    ]
    rest = [
        sum(
            value for segment, value in result.parts[name]["loss"].by_segment.items() if segment not in ranked
        )
        for name in names
    ]
    if any(rest):
        rows.append(("all others", *(amount(value) for value in rest)))
    totals = [result.parts[name]["loss"].stressed - result.parts[name]["loss"].baseline for name in names]
    rows.append(("in all", *(amount(value) for value in totals)))
    return table(("loss beyond the baseline", *names), rows, totals=(-1,))


def _factor_tables(result: StressResult) -> list[PageBlock]:
    blocks: list[PageBlock] = []
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
        blocks.append(table((name, "baseline", *(plain(factor) for factor in factors), "stressed"), rows))
    return blocks
