"""Sections that look ahead: forecast, provisions, stress, losses."""

from __future__ import annotations

from typing import Any

from loantwin.interfaces.report import charts
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    amount,
    bullets,
    details,
    heading,
    percent,
    pictures,
    table,
)
from loantwin.interfaces.report.drawing import Chart
from loantwin.interfaces.report.labels import plain, segment_words
from loantwin.interfaces.report.report.findings import LEAST_MONTHS, Findings
from loantwin.outlook.paths import FIGURES, MOVES
from loantwin.verbs.forecast import withdrawn_words

VISIBLE = 0.004
"""A bar shorter than this share of the longest cannot be seen and is left out."""
TRIGGER_WORDS = {
    "days_past_due_default": "days past due, default",
    "days_past_due_backstop": "days past due, backstop",
    "lifetime_pd": "lifetime PD has risen",
}


def forecast_section(found: Findings) -> Section:
    """Return the run-off of the book with its intervals."""
    blocks: list[PageBlock] = [
        pictures(_fan(found, "balance"), _fan(found, found.happened.figure)),
        pictures(_cash(found), *_macro(found)),
    ]
    rows = []
    for name, item in found.forecast.totals.items():
        if item is not None and name in MOVES and not item.p95 > 0.0:
            continue  # nothing moves there
        source = "assumed" if name in found.forecast.assumed else "observed"
        source = "not told by the source" if item is None else "planned" if name == "new" else source
        interval = "–" if item is None else f"{amount(item.p05)} to {amount(item.p95)}"
        interval = withdrawn_words(found.forecast.withdrawn, name, interval)
        rows.append((plain(name), amount(item.mean if item else None), interval, source))
    blocks.append(
        table(
            ("over the horizon", "mean", "90 % interval", "history of it"),
            rows,
            caption="Balance and loans: at the end of the horizon.",
        )
    )
    blocks.append(_yearly(found))
    if found.forecast.notes:
        blocks.append(bullets(tuple(dict.fromkeys(found.forecast.notes))))
    moved = ("the economy and of ", "economy ") if found.forecast.economy else ("", "")
    lead = (
        f"The book in run-off over {len(found.labels)} months, on {found.forecast.paths:,} paths of "
        f"{moved[0]}the period effect. Intervals hold uncertainty of parameters, period effect, "
        f"{moved[1]}and single names."
    )
    return Section("forecast", "Forecast", lead, tuple(blocks))


def _fan(found: Findings, name: str) -> tuple[Chart, str]:
    made = [getattr(month, name) for month in found.forecast.months]
    words = plain(name).capitalize()
    told = name == found.happened.figure and len(found.happened.amounts) >= LEAST_MONTHS
    actual = found.happened.amounts if told else None
    unit = found.twin.currency + ("" if name == "balance" else " a month")
    svg = charts.fan(
        words,
        found.labels,
        [i.mean for i in made],
        [i.p05 for i in made],
        [i.p95 for i in made],
        unit=unit,
        actual=actual,
    )
    caption = (
        "Balance of performing loans at the end of each month." if name == "balance" else "Forecast by month"
    )
    if actual is not None:
        caption += "; what happened afterwards to the same loans is drawn beside it and was not used."
    if name in found.forecast.withdrawn:
        caption += f" The interval is {withdrawn_words(found.forecast.withdrawn, name, '')}."
    return svg, caption


def _cash(found: Findings) -> tuple[Chart, str]:
    names = [
        name
        for name in ("scheduled_principal", "prepaid", "interest", "recovered")
        if name not in found.hidden
    ]
    series = {plain(name): [getattr(month, name).mean for month in found.forecast.months] for name in names}
    return charts.stacked(
        "Cash received", found.labels, series, unit=f"{found.twin.currency} a month"
    ), "Expected cash flows of the book in run-off."


def _macro(found: Findings) -> tuple[tuple[Chart, str], ...]:
    """Return the picture of one macro factor, or none where the model knows of none."""
    economy = found.forecast.economy
    if not economy:
        return ()
    factor = "unemployment_rate" if "unemployment_rate" in economy else next(iter(economy))
    made = economy[factor]
    kinds = dict(zip(found.twin.generator.factors, found.twin.generator.kinds, strict=True))
    svg = charts.fan(
        plain(factor).capitalize(),
        found.labels,
        [item.mean for item in made],
        [item.p05 for item in made],
        [item.p95 for item in made],
        unit="index" if kinds.get(factor) == "index" else "%",
        percent=kinds.get(factor) != "index",
    )
    words = "One of the jointly generated macro factors, fitted on the history published by the as-of date."
    return ((svg, words),)


def _yearly(found: Findings) -> PageBlock:
    rows, names = [], (*FIGURES, "net_loss")
    for year in range(len(found.labels) // 12):
        part = found.forecast.months[12 * year : 12 * year + 12]
        row = [f"months {12 * year + 1} to {12 * year + 12}"]
        for name in names:
            if name in found.hidden:
                row.append("–")
                continue
            values = [getattr(month, name).mean for month in part]
            row.append(amount(values[-1] if name == "balance" else sum(values)))
        rows.append(row)
    return details("By year", table(("", *map(plain, names)), rows))


EXPECTED = (
    "The standard asks for the expected loss, one probability-weighted mean: no interval belongs to it. How "
    "far losses may fall from it stands under forecast and loss distribution."
)
"""Why bars of an allowance have no interval."""


def provisions_section(found: Findings) -> Section:
    """Return the allowance under three standards."""
    shown: dict[str, Any] = dict(found.provisions)
    names = {"ifrs9": "IFRS 9", "cecl": "CECL", "five-level": "China, five levels"}
    rows = [
        (
            names[key],
            amount(item.exposure),
            amount(item.allowance),
            percent(item.allowance / max(item.exposure, 1e-300)),
            amount(getattr(item, "allowance_gross", None)),
        )
        for key, item in shown.items()
    ]
    stages = shown["ifrs9"].by_stage
    parts = [
        (f"stage {name}", f"{part.weighted_loans:,.0f}", amount(part.exposure), amount(part.allowance))
        for name, part in stages.items()
    ]
    blocks: list[PageBlock] = [
        table(
            ("standard", "exposure", "allowance", "coverage", "before guarantees"),
            rows,
            caption="Exposure: balance and interest owed, weighted by the probability of still being on the "
            "book.",
        ),
        table(("IFRS 9", "loans", "exposure", "allowance"), parts),
    ]
    blocks.append(
        pictures(
            (
                charts.grouped(
                    "IFRS 9 by stage, allowance",
                    [f"stage {name}" for name in stages],
                    {"allowance": [part.allowance for part in stages.values()]},
                    unit=found.twin.currency,
                ),
                f"Stage 1: 12-month loss; stages 2 and 3: lifetime loss. {EXPECTED}",
            ),
            (
                charts.bars(
                    "CECL by pool, allowance", *_largest(shown["cecl"].by_pool), unit=found.twin.currency
                ),
                f"The pools with the largest allowance. {EXPECTED}",
            ),
        )
    )
    triggers = [
        (TRIGGER_WORDS.get(name, plain(name)), f"{count:,}")
        for name, count in shown["ifrs9"].triggers.items()
        if count
    ]
    classes = [
        (plain(name), f"{part.weighted_loans:,.0f}", amount(part.exposure), amount(part.allowance))
        for name, part in shown["five-level"].by_class.items()
    ]
    blocks += [
        table(("Five levels", "loans", "exposure", "minimum"), classes),
    ]
    if triggers:  # a trigger the source cannot observe is left out, not counted as zero
        blocks.append(table(("why loans left IFRS 9 stage 1 (each by itself)", "loans"), triggers))
    if shown["ifrs9"].not_observable:
        blocks.append(details("What this source cannot tell", bullets(shown["ifrs9"].not_observable)))
    told = dict.fromkeys(note for item in shown.values() for note in item.provenance.get("notes", ()))
    if told:
        blocks.append(bullets(tuple(told)))
    blocks.append(
        details(
            "Rules",
            *(block for key, item in shown.items() for block in (heading(names[key]), bullets(item.rules))),
        )
    )
    where = "generated paths of the economy" if found.forecast.economy else "the expected period effect"
    lead = (
        f"Allowance on {where}, net of guarantees. The same transition model runs under all three standards."
    )
    return Section("provisions", "Provisions", lead, tuple(blocks))


def _largest(pools: Any, most: int = 10) -> tuple[list[str], list[float]]:
    ranked = sorted(pools.items(), key=lambda item: -item[1].allowance)[:most]
    ranked = [pair for pair in ranked if pair[1].allowance >= VISIBLE * ranked[0][1].allowance]
    return [segment_words(name) for name, _ in ranked], [part.allowance for _, part in ranked]


def stress_section(found: Findings) -> Section | str:
    """Return the stress test, or how to ask for one."""
    result = found.stress
    if result is None:
        return (
            "stress (no scenario was given: add --scenario FILE#BASELINE --scenario FILE#SEVERE "
            "--align start)"
            if found.twin.macro_sources
            else "stress (the model was fitted without a macro file, so that no scenario can be run)"
        )
    paths = result.paths
    labels = list(next(iter(paths.values())).months)
    defaults = {name: list(path.defaulted) for name, path in paths.items()}
    blocks: list[PageBlock] = []
    first = (
        charts.lines("Defaulted", labels, defaults, unit=f"{found.twin.currency} a month"),
        "Expected defaults under each scenario.",
    )
    economies = {
        name: list(path) for name, path in result.macro.get("unemployment_rate", {}).items() if name in paths
    }
    if economies:
        second = charts.lines(
            "Unemployment rate",
            labels,
            economies,
            unit="%",
            percent=True,
        )
        blocks.append(pictures(first, (second, "The scenarios' unemployment rate, as used.")))
    else:
        blocks.append(pictures(first))
    rows: list[tuple[str, ...]] = [
        (
            name,
            amount(item.defaulted),
            amount(item.charged_off),
            amount(item.allowance),
            amount(item.net_interest_income),
            item.peak_month or "–",
        )
        for name, item in result.scenarios.items()
    ]
    rows += [
        (f"{name} less baseline", *(amount(value) for value in figures.values()), "")
        for name, figures in result.against_baseline.items()
    ]
    blocks.append(
        table(
            ("scenario", "defaulted", "charged off", "IFRS 9 allowance", "net interest income", "peak month"),
            rows,
        )
    )
    return Section(
        "stress",
        "Stress",
        f"Expected figures over {result.months} months; the first scenario is the baseline.",
        tuple(blocks),
    )


def loss_section(found: Findings) -> Section:
    """Return the loss distribution."""
    loss = found.loss
    assert loss.histogram is not None  # the twin's own model always has one
    marks = {"expected loss": loss.expected_loss.value, f"VaR {100 * loss.confidence:g} %": loss.var.value}
    svg = charts.histogram(
        f"Loss over {loss.months} months, net of guarantees",
        loss.histogram.edges,
        loss.histogram.shares,
        marks,
        unit=found.twin.currency,
    )
    names = {
        "expected loss": "expected_loss",
        "standard deviation": "standard_deviation",
        "unexpected loss": "unexpected_loss",
        f"value at risk {100 * loss.confidence:g} %": "var",
        f"expected shortfall {100 * loss.confidence:g} %": "es",
    }
    rows = [
        (
            words,
            amount(getattr(loss, name).value),
            amount(getattr(loss, name).standard_error),
            amount(getattr(loss.gross, name).value),
        )
        for words, name in names.items()
    ]
    blocks = (
        pictures(
            (
                svg,
                f"{loss.paths:,} paths of {'economy and ' if found.forecast.economy else ''}period effect, "
                "single names on top, drawn to the 99.95th percentile.",
            )
        ),
        table(("figure", "net of guarantees", "standard error", "before guarantees"), rows),
        details("Rules", bullets((*loss.rules, *loss.assumptions))),
    )
    lead = "Present value of first defaults within the horizon x loss given default."
    return Section("loss", "Loss distribution", lead, blocks)
