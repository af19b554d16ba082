"""The section on how loans move: what was learnt from the lender's own history, edge by edge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from loantwin import months
from loantwin.interfaces.report import charts
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    bullets,
    details,
    heading,
    note,
    percent,
    pictures,
    table,
)
from loantwin.interfaces.report.drawing import Chart
from loantwin.interfaces.report.labels import covariate_words, edge_words, plain, segment_words
from loantwin.interfaces.report.report.findings import Findings
from loantwin.models.latent import expected_level

MOST_EDGES = 5

Edge = Mapping[str, Any]


def model_section(found: Findings) -> Section:
    """Return how loans move: fitted effects with intervals, calibration, what could not be told."""
    model = found.twin.model
    record = model.diagnostics
    fitted = [edge for edge in record["edges"] if not edge["assumed"] and "calibration" in edge]
    leading = leading_edges(fitted, model.default_name)
    blocks: list[PageBlock] = []
    for edge in leading:
        blocks.append(heading(edge_words(edge["edge"])))
        blocks.append(pictures(_age(edge), *_calibration(edge, "year", "calendar year")))
        beside = (
            *_calibration(edge, "vintage", "year of origination"),
            *_calibration(edge, "age", "age in months"),
        )
        blocks += [pictures(*beside)] if beside else []
        macro = (_macro_effects(edge),) if edge["macro"] else ()
        blocks.append(pictures(*macro, _segment_effects(edge)))
    levels = _levels(found)
    if levels:
        blocks += [heading("Period effects"), pictures(*levels)]
    blocks.append(heading("All transitions"))
    blocks.append(_edges(record["edges"]))
    blocks.append(heading("Loss given default"))
    blocks += _severity(record["severity"])
    if model.prior_only:
        blocks.append(
            note(
                "Too few events, so that only the prior speaks: "
                + ", ".join(map(edge_words, model.prior_only))
                + "."
            )
        )
    if model.absent:
        blocks.append(note("States this source cannot observe: " + ", ".join(map(plain, model.absent)) + "."))
    others = [edge for edge in fitted if edge not in leading]
    if others:
        busiest = sorted((edge for edge in others if edge["events"] > 0), key=lambda edge: -edge["events"])[
            :MOST_EDGES
        ]
        shown = [
            block
            for edge in busiest
            for block in (
                heading(edge_words(edge["edge"])),
                pictures(_age(edge), *_calibration(edge, "year", "calendar year")),
            )
        ]
        blocks.append(details("Other transitions, those with most events", *shown))
    sample = [(name, _figure(value)) for name, value in record["sample"].items()]
    blocks.append(details("What the fit saw", table(("", ""), sample), bullets(record["notes"])))
    lead = "Intervals are 90 %; standard errors are clustered by calendar month."
    prior = found.twin.provenance()["prior"]
    if any(edge["events"] > 0 for edge in fitted):
        lead = f"Learnt from the lender's own history as known at the as-of date. {lead}"
    elif prior is not None:
        lead = f"Nothing of this lender's was counted: the prior model {prior} alone speaks. {lead}"
    return Section("model", "How loans move", lead, tuple(blocks))


def _figure(value: object) -> str:
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:,.0f}" if value == round(value) else f"{value:,.6g}"


def leading_edges(edges: Sequence[Edge], default: str) -> list[Edge]:
    """Return the edges asked for first: from the first state to delinquency, then to default."""
    busiest = sorted(edges, key=lambda edge: -edge["events"])
    into_default = [edge for edge in busiest if edge["edge"].endswith(f"-> {default}")]
    delinquent = [edge for edge in busiest if edge["edge"].startswith("current -> dpd_")]
    return [*delinquent[:1], *into_default[:1]] or busiest[:1]


def _age(edge: Edge) -> tuple[Chart, str]:
    curve = edge["age"]
    ages = [point["age"] for point in curve]
    svg = charts.curve(
        "By age",
        ages,
        [point["probability"] for point in curve],
        [point["low"] for point in curve],
        [point["high"] for point in curve],
        "age in months",
        unit="% a month",
    )
    return svg, "Monthly probability at average macro and level zero, with its 90 % interval."


def _calibration(edge: Edge, key: str, words: str) -> tuple[tuple[Chart, str], ...]:
    """Return observed and fitted rates as a picture, or none where nothing was counted (a prior alone)."""
    rows = edge["calibration"][key]
    if not rows:
        return ()
    labels = [str(row[key]) for row in rows]
    observed = [row["observed"] / row["loan_months"] if row["loan_months"] else 0.0 for row in rows]
    fitted = [row["expected"] / row["loan_months"] if row["loan_months"] else 0.0 for row in rows]
    svg = charts.lines(
        f"By {words}",
        labels,
        {"fitted": fitted, "observed": observed},
        unit="% a month",
        percent=True,
        dots=("observed",),
    )
    return ((svg, "Monthly rate, observed and fitted; fitted includes the period effect."),)


def _levels(found: Findings) -> list[tuple[Chart, str]]:
    made = []
    model = found.twin.model
    for name, process in zip(model.parameters.latents, model.processes, strict=True):
        record = model.diagnostics["levels"].get(name)
        if record is None:
            continue
        what = "What macro does not explain" if found.twin.model.covariates else "The whole of the economy"
        mean, variance = expected_level(process, len(found.labels))
        spread = 1.645 * np.sqrt(variance)
        past, low, high = (np.array(record[key]) for key in ("smoothed", "low", "high"))
        start = months.parse_label(record["month"][0])
        labels = [months.label(start + step) for step in range(len(past) + len(found.labels))]
        svg = charts.past_and_fan(
            f"Period effect, {name}",
            labels,
            past,
            low,
            high,
            mean,
            mean - spread,
            mean + spread,
            unit="log-odds",
        )
        made.append(
            (
                svg,
                f"{what}: persistence {process.phi:.3f} a month, innovation {process.sigma:.2f}.",
            )
        )
    return made


def _macro_effects(edge: Edge) -> tuple[Chart, str]:
    chart = _forest("Macro effects", edge["macro"], covariate_words)
    return chart, "Effect of one standard deviation, with its 90 % interval."


def _segment_effects(edge: Edge, most: int = 10) -> tuple[Chart, str]:
    segments = [(name, item) for name, item in edge["segments"].items() if name != "(pooled)"]
    ranked = sorted(segments, key=lambda pair: -abs(pair[1]["value"]))[:most]
    chart = _forest("Segments", dict(ranked), segment_words)
    chosen = f" The {most} furthest from the mean of {len(segments)}." if len(segments) > most else ""
    return chart, "Effect and its 90 % interval." + chosen


def _forest(title: str, effects: Mapping[str, Any], words: Callable[[str], str]) -> Chart:
    value, low, high = (
        np.array([item[key] for item in effects.values()]) for key in ("value", "low", "high")
    )
    return charts.forest(
        title, [words(name) for name in effects], value, low, high, "log-odds", unit="log-odds"
    )


def _edges(edges: Sequence[Edge]) -> PageBlock:
    rows = [
        (
            edge_words(edge["edge"]),
            "assumed" if edge["assumed"] else f"{edge['events']:,.0f}",
            "" if edge["assumed"] else f"{edge['effective_events']:,.0f}",
            "" if edge["assumed"] else f"{edge['loan_months']:,.0f}",
            edge["words"],
        )
        for edge in edges
    ]
    columns = ("transition", "events", "effective events", "loan months at risk", "")
    used = len(columns) if any(row[-1] for row in rows) else len(columns) - 1
    return table(columns[:used], [row[:used] for row in rows], words=(0, 4))


def _severity(record: Mapping[str, Any]) -> list[PageBlock]:
    rows = [
        (
            plain(name),
            *(
                (percent(item["value"], 1), f"{percent(item['low'], 1)} to {percent(item['high'], 1)}")
                if item.get("observed", True) or not record["defaults"]
                else ("none observed", "–")
            ),
            percent(item["used"], 1),
        )
        for name in ("charged_off", "recovered")
        if (item := record.get(name)) is not None
    ]
    if record.get("cured") is not None:
        rows.append(("cured (share of defaults)", percent(record["cured"], 1), "–", "–"))
    made: list[PageBlock] = [
        table(("share of exposure at default", "observed", "90 % interval", "used, after the prior"), rows)
    ]
    ages = record.get("by_age") or {}
    if ages:
        svg = charts.errorbars(
            "Charged off by age in months",
            list(ages),
            [item["value"] for item in ages.values()],
            [item["low"] for item in ages.values()],
            [item["high"] for item in ages.values()],
            unit="% of exposure",
        )
        made.insert(0, pictures((svg, "Ratio of sums, with its 90 % interval.")))
    if record.get("notes"):
        made.append(bullets(record["notes"]))
    return made
