"""The tables of `components`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import percent, show_facts, show_notes, show_table
from loantwin.interfaces.report.labels import covariate_words


def render(console: Console, result: Any) -> None:
    """Print a decomposition: what moves defaults, the curves at some places, macro, and the scenarios."""
    facts = {
        "defaults counted as": result.event.replace("_", " "),
        "events": (
            f"{result.events:,.0f} ({result.effective_events:,.0f} effective) in {result.loan_months:,.0f} "
            "loan months"
        ),
        "net drift, log-odds a year": _words(result.drift),
        "rule that gives it away": result.rule,
    }
    show_facts(console, f"Age, period and vintage as of {result.as_of.isoformat()}", facts)
    sizes = [
        (name, f"{value:.2f}", f"x {2.718281828 ** (2 * value):.1f}") for name, value in result.sizes.items()
    ]
    show_table(
        console,
        "How much each moves the odds of default",
        ("effect", "deviation, log-odds", "good to bad (2 deviations)"),
        sizes,
    )
    show_table(
        console,
        "Age: monthly probability of default, all else average",
        ("age, months", "% of loans a month", "90 % interval", "expected events"),
        [
            (
                str(row.age),
                percent(row.probability, 3),
                f"{percent(row.low, 3)} to {percent(row.high, 3)}",
                f"{row.expected_events:,.0f}",
            )
            for row in _some(result.age, 12)
        ],
        more=_left(result.age, 12),
    )
    show_table(
        console,
        "Vintage: log-odds against the average (below 0 is better)",
        ("vintage", "effect, log-odds", "90 % interval", "expected events"),
        [
            (row.vintage, f"{row.log_odds.value:+.2f}", _range(row.log_odds), f"{row.expected_events:,.0f}")
            for row in _some(result.vintage, 16)
        ],
        more=_left(result.vintage, 16),
    )
    show_table(
        console,
        "Period: log-odds against the average month",
        ("month", "effect, log-odds", "90 % interval", "trend and macro", "expected events"),
        [
            (
                row.month,
                f"{row.log_odds.value:+.2f}",
                _range(row.log_odds),
                f"{row.fitted:+.2f}",
                f"{row.expected_events:,.1f}",
            )
            for row in _some(result.period, 16)
        ],
        more=_left(result.period, 16),
    )
    macro = result.macro
    show_table(
        console,
        f"Macro explains {percent(macro.share_explained, 0)} of the period effect about its trend",
        ("covariate", "log-odds by one standard deviation", "90 % interval"),
        [
            (covariate_words(name), f"{item.value:+.3f}", f"{item.low:+.3f} to {item.high:+.3f}")
            for name, item in macro.effects.items()
        ],
    )
    show_facts(
        console,
        "What macro leaves",
        {
            "trend, log-odds a year": _words(macro.trend),
            "half-life of a deviation": f"{macro.half_life_months:.0f} months",
            "long-run deviation": f"{macro.deviation:.2f}",
            "level now": _words(macro.level),
        },
    )
    show_table(
        console,
        "Period effect ahead, and defaults on the book",
        ("scenario", "first month", "last month", "90 % interval", "expected defaults"),
        [
            (
                name,
                f"{item.mean[0]:+.2f}",
                f"{item.mean[-1]:+.2f}",
                f"{item.low[-1]:+.2f} to {item.high[-1]:+.2f}",
                f"{item.defaults:,.0f}",
            )
            for name, item in result.forecasts.items()
        ],
    )
    first = next(iter(result.forecasts), "")
    show_table(
        console,
        f"What the rule is worth: expected defaults under {first}",
        ("rule", "expected defaults"),
        [(name, f"{value:,.0f}") for name, value in result.defaults_by_rule.items()],
    )
    show_notes(console, "Not observable in this source", result.not_observable)
    show_notes(console, "Notes", result.notes)


def _words(item: Any) -> str:
    return f"{item.value:+.2f} ({_range(item)})"


def _range(item: Any) -> str:
    return f"{item.low:+.2f} to {item.high:+.2f}"


def _some(rows: Any, most: int) -> list[Any]:
    """Return about `most` rows, evenly spaced, the last one included."""
    step = max(1, -(-len(rows) // most))
    return [rows[i] for i in range((len(rows) - 1) % step, len(rows), step)]


def _left(rows: Any, most: int) -> str:
    """Return how many rows are left out, in words."""
    left = len(rows) - len(_some(rows, most))
    return f"{left} more in between: --json" if left else ""
