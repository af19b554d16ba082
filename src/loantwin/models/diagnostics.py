"""What a fit says of itself: effects and intervals, observed against expected, and what it could not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import expit

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.engine.rows import SCORE, SIZE, VINTAGE
from loantwin.models.counts import EventCounts, sums
from loantwin.models.latent import LatentProcess
from loantwin.models.severity import Severity
from loantwin.models.spline import DEGREE
from loantwin.models.transitions import POOLED, Context, EdgeFit, LevelFit, edge_counts
from loantwin.models.uncertainty import EdgeErrors

Z90 = 1.6448536269514722
"""Standard deviations on each side of a 90 % interval."""

AGE_BANDS = (0, 6, 12, 18, 24, 36, 48, 60, 84, 120, 180, 10_000)


def diagnose(
    context: Context, edges: Sequence[EdgeFit], levels: Mapping[str, LevelFit], severity: Severity,
    prior_only: Sequence[str], notes: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    """Return the diagnostic record of a fit as plain data."""
    counts = context.counts
    return {
        "sample": {
            **counts.facts,
            "first month": months.label(counts.first),
            "last month": months.label(counts.last),
            "segments": len(context.segments.known),
            "effective events by weighted event": counts.effective,
        },
        "edges": [_edge(context, edge, levels) for edge in edges],
        "levels": {name: _level(context, fit) for name, fit in levels.items()},
        "severity": _severity(severity),
        "prior_only": list(prior_only),
        "notes": list(notes),
    }


def _edge(context: Context, edge: EdgeFit, levels: Mapping[str, LevelFit]) -> dict[str, Any]:
    segments = context.segments
    record = edge_record(
        edge, segments.labels, segments.rows, context.names, context.latents, context.counts.effective
    )
    if not edge.assumed:
        record["calibration"] = calibration(context, edge, levels)
    return record


def edge_record(
    edge: EdgeFit,
    labels: Sequence[str],
    rows: Floats,
    factors: Sequence[str],
    latents: Sequence[str],
    effective: float,
) -> dict[str, Any]:
    """Return what is said of one edge, but for its calibration.

    Parameters
    ----------
    labels, rows : (S,), (S, Q) of the model's segments. effective : weighted numbers times this are effective
        ones.
    """
    known = list(labels).index(POOLED)
    return {
        "edge": f"{edge.origin} -> {edge.target}",
        "assumed": edge.assumed,
        "words": edge.words,
        "events": edge.events,
        "effective_events": edge.events * effective,
        "loan_months": edge.trials,
        "age_support": list(edge.support),
        "age": _curve(edge, known),
        "segments": {
            name: interval(edge.segment[place], edge.segment_deviation[place])
            for place, name in enumerate(labels[: known + 1])
        },
        "sizes": _sizes(labels, rows, edge),
        **_score(labels, rows, edge),
        "vintages": _vintages(labels, rows, edge),
        "macro": {
            name: interval(edge.macro[place], edge.macro_deviation[place])
            for place, name in enumerate(factors)
        },
        "loading": {name: float(edge.loading[place]) for place, name in enumerate(latents)},
    }


def _sizes(labels: Sequence[str], rows: Floats, edge: EdgeFit) -> dict[str, dict[str, float]]:
    """Return bands of size against the mean size of all loans, by number; empty where size does not count."""
    pooled = list(labels).index(POOLED)
    found = {}
    for place, label in enumerate(labels):
        if edge.errors is None or not label.startswith(labels[pooled] + SIZE) or SCORE in label:
            continue
        deviation = _deviation(edge.errors, rows[place] - rows[pooled])
        found[label.partition(SIZE)[2]] = interval(edge.segment[place] - edge.segment[pooled], deviation)
    return found


def _score(labels: Sequence[str], rows: Floats, edge: EdgeFit) -> dict[str, dict[str, float]]:
    """Return the coefficient of the score's log-odds under `score`; nothing where the model has none.

    Labels of two bands differ in the score's column alone, by the difference of the bands' log-odds.
    """
    first = labels[list(labels).index(POOLED)] + SCORE
    places = [place for place, label in enumerate(labels) if label.startswith(first)]
    if edge.errors is None or not places:
        return {}
    low, high = places[0], places[-1]
    gap = rows[high] - rows[low]
    apart = float(gap.sum())
    value = float(edge.segment[high] - edge.segment[low]) / apart
    return {"score": interval(value, _deviation(edge.errors, gap) / apart)}


def _deviation(errors: EdgeErrors, gap: Floats) -> float:
    """Return the standard error of a difference of labels, given the difference (Q,) of their columns."""
    curve = len(errors.knots) - DEGREE - 1
    own = errors.covariance[curve : curve + len(gap), curve : curve + len(gap)]
    return float(np.sqrt(max(float(gap @ own @ gap), 0.0)))


def _vintages(labels: Sequence[str], rows: Floats, edge: EdgeFit) -> dict[str, dict[str, float]]:
    """Return vintages' effects on the book against a new loan's of the segment, by their first label."""
    by_label, found = {label: place for place, label in enumerate(labels)}, {}
    for place, label in enumerate(labels):
        year = label.partition(VINTAGE)[2]
        if not year or year in found or edge.errors is None:
            continue
        whose = by_label[label.partition(VINTAGE)[0]]
        gap = rows[place] - rows[whose]
        gap[-1] = 0.0  # what a vintage never seen may add belongs to the segment alone
        found[year] = interval(edge.segment[place] - edge.segment[whose], _deviation(edge.errors, gap))
    return dict(sorted(found.items()))


def _curve(edge: EdgeFit, pooled_at: int) -> list[dict[str, float]]:
    """Return the age curve as monthly probabilities; average segment, level and macro at zero."""
    low, high = edge.support
    ages = sorted({*range(low, high + 1, 12 if high - low > 60 else 6), low, high})
    pooled = edge.segment[pooled_at]
    return [
        {
            "age": age,
            "probability": float(expit(edge.age[age] + pooled)),
            "low": float(expit(edge.age[age] + pooled - Z90 * edge.age_deviation[age])),
            "high": float(expit(edge.age[age] + pooled + Z90 * edge.age_deviation[age])),
        }
        for age in ages
        if age < len(edge.age)
    ]


def calibration(context: Context, edge: EdgeFit, levels: Mapping[str, LevelFit]) -> dict[str, Any]:
    """Return observed and expected events by age, vintage, year; expected with and without the level."""
    cells, with_level, without = expected_events(context, edge, levels)
    keys = {
        "age": np.searchsorted(AGE_BANDS, cells.age, side="right") - 1,
        "vintage": (cells.month - cells.age) // 12,
        "year": cells.month // 12,
    }
    return {
        name: _table(name, key, cells.events, cells.trials, with_level, without) for name, key in keys.items()
    }


def expected_events(
    context: Context, edge: EdgeFit, levels: Mapping[str, LevelFit]
) -> tuple[EventCounts, Floats, Floats]:
    """Return an edge's cells by group, and the events expected in each, (C,): with the level and without."""
    counts = context.counts
    cells = edge_counts(context, edge.origin, edge.target)
    month = cells.month - counts.first
    plain = edge.age[cells.age] + edge.group[cells.segment] + (context.month @ edge.macro)[month]
    level = np.zeros(len(context.month))
    for place, name in enumerate(context.latents):
        if name in levels and edge.loading[place]:
            level = level + edge.loading[place] * levels[name].level.smoothed
    return cells, cells.trials * expit(plain + level[month]), cells.trials * expit(plain)


def _table(
    name: str, key: Integers, events: Floats, trials: Floats, with_level: Floats, without: Floats
) -> list[dict[str, Any]]:
    found, index = np.unique(key, return_inverse=True)
    columns = {
        "loan_months": trials,
        "observed": events,
        "expected": with_level,
        "expected_without_level": without,
    }
    table = {label: sums(index, values, len(found)) for label, values in columns.items()}
    labels = [_band(int(value)) if name == "age" else str(int(value)) for value in found]
    return [
        {name: labels[row], **{label: float(values[row]) for label, values in table.items()}}
        for row in range(len(found))
    ]


def _band(place: int) -> str:
    low, high = AGE_BANDS[place], AGE_BANDS[place + 1]
    return f"{low}+" if high >= 10_000 else f"{low}-{high - 1}"


def _level(context: Context, fit: LevelFit) -> dict[str, Any]:
    process, level = fit.process, fit.level
    spread = np.sqrt(level.smoothed_variance)
    every = range(0, len(level.smoothed), 1)
    return {
        **process_record(process),
        "macro": {
            name: interval(fit.macro[place], fit.macro_deviation[place])
            for place, name in enumerate(context.names)
        },
        "month": [months.label(level.first + t) for t in every],
        "smoothed": [float(level.smoothed[t]) for t in every],
        "low": [float(level.smoothed[t] - Z90 * spread[t]) for t in every],
        "high": [float(level.smoothed[t] + Z90 * spread[t]) for t in every],
        "filtered": [float(level.filtered[t]) for t in every],
    }


def process_record(process: LatentProcess) -> dict[str, Any]:
    """Return how a level moves and where it stands, as diagnostics hold it."""
    return {
        "phi": process.phi,
        "half_life_months": process.half_life,
        "sigma": process.sigma,
        "noise": process.noise,
        "long_run_deviation": float(np.sqrt(process.long_run_variance)),
        "last": interval(process.mean, float(np.sqrt(process.variance))),
    }


def _severity(severity: Severity) -> dict[str, Any]:
    return {
        "charged_off": {
            **interval(severity.charged_off, severity.charged_off_deviation),
            "used": severity.used[0],
            "observed": severity.observed[0],
        },
        "recovered": {
            **interval(severity.recovered, severity.recovered_deviation),
            "used": severity.used[1],
            "observed": severity.observed[1],
        },
        "cured": severity.cured,
        "charged_off_number": severity.charged_off_number,
        "defaults": severity.defaults,
        "effective_defaults": severity.effective_defaults,
        "prior_only": severity.prior_only,
        "by_age": {
            name: {**interval(ratio, deviation), "defaults": count}
            for name, (ratio, deviation, count) in severity.by_band.items()
        },
        "notes": list(severity.notes),
    }


def interval(value: float, deviation: float) -> dict[str, float]:
    return {
        "value": float(value),
        "standard_error": float(deviation),
        "low": float(value - Z90 * deviation),
        "high": float(value + Z90 * deviation),
    }


# --- a page people read
# -----------------------------------------------------------------------------------------------


def diagnostics_markdown(diagnostics: Mapping[str, Any]) -> str:
    """Return the diagnostic record as a page of Markdown."""
    parts = ["# What the fit says of itself", "", "## Sample", ""]
    for name, value in diagnostics["sample"].items():
        parts.append(f"- {name}: {value:,.4g}" if isinstance(value, float) else f"- {name}: {value}")
    parts += ["", *[f"- {note}" for note in diagnostics["notes"]]]
    rare = diagnostics["prior_only"]
    parts += [
        "",
        "Not identified, prior only: " + (", ".join(rare) if rare else "nothing") + ".",
        "",
        "## Period effects",
        "",
    ]
    for name, level in diagnostics["levels"].items():
        parts += [
            f"**{name}**: half-life {level['half_life_months']:.0f} months (phi {level['phi']:.3f}), "
            f"innovation {level['sigma']:.3f} a month, long-run deviation "
            f"{level['long_run_deviation']:.2f}, noise of a single month {level['noise']:.2f}; now "
            f"{_words(level['last'])} against the long run (log-odds, 90 % interval).",
            "",
        ]
    for edge in diagnostics["edges"]:
        parts += _edge_page(edge)
    return "\n".join([*parts, *_severity_page(diagnostics["severity"]), ""])


def _edge_page(edge: Mapping[str, Any]) -> list[str]:
    parts = [f"## {edge['edge']}", ""]
    if edge["assumed"]:
        return [*parts, f"Assumed, not fitted: {edge['words']}.", ""]
    low, high = edge["age_support"]
    parts += [
        f"{edge['events']:,.0f} events in {edge['loan_months']:,.0f} loan-months "
        f"({edge['effective_events']:,.0f} effective events); ages {low} to {high} months, held flat beyond.",
        "",
        "| effect | log-odds | 90 % interval |",
        "|---|---:|---|",
    ]
    effects = {**{f"macro {name}": value for name, value in edge["macro"].items()}, **edge["segments"]}
    effects |= {f"size band {band}": value for band, value in edge.get("sizes", {}).items()}
    effects |= {"score, by log-odds": edge["score"]} if "score" in edge else {}
    effects |= {f"vintage {year}": value for year, value in edge["vintages"].items()}
    parts += [
        f"| {_cell(name)} | {value['value']:+.3f} | {value['low']:+.3f} to {value['high']:+.3f} |"
        for name, value in effects.items()
    ]
    parts += ["", "| age, months | monthly probability | 90 % interval |", "|---:|---:|---|"]
    parts += [
        f"| {row['age']} | {row['probability']:.5f} | {row['low']:.5f} to {row['high']:.5f} |"
        for row in edge["age"]
    ]
    for name, rows in edge["calibration"].items():
        parts += [
            "",
            f"| {name} | loan-months | observed | expected | without the level |",
            "|---|---:|---:|---:|---:|",
        ]
        parts += [
            f"| {row[name]} | {row['loan_months']:,.0f} | {row['observed']:,.1f} | {row['expected']:,.1f} "
            f"| {row['expected_without_level']:,.1f} |"
            for row in rows
        ]
    return [*parts, ""]


def _severity_page(severity: Mapping[str, Any]) -> list[str]:
    parts = [
        "## Loss given default",
        "",
        f"{severity['defaults']} defaults ({severity['effective_defaults']:,.0f} effective). Charged off: "
        f"{_words(severity['charged_off'])} of exposure; recovered: {_words(severity['recovered'])}.",
        "",
        *[f"- {note}" for note in severity["notes"]],
        "",
    ]
    if severity["by_age"]:
        parts += ["| age, months | defaults | charged off | 90 % interval |", "|---|---:|---:|---|"]
        parts += [
            f"| {name} | {row['defaults']} | {row['value']:.3f} | {row['low']:.3f} to {row['high']:.3f} |"
            for name, row in severity["by_age"].items()
        ]
    return parts


def _words(interval: Mapping[str, float]) -> str:
    if not interval.get("observed", True):
        return f"none observed, {interval['used']:.3f} believed"
    return f"{interval['value']:.3f} ({interval['low']:.3f} to {interval['high']:.3f})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
