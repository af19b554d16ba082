"""Tables of `score cutoff`."""

from __future__ import annotations

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

HEADS = (
    "cut-off",
    "approved",
    "score's bad",
    "default in 12 months",
    "default at all",
    "expected loss",
    "interest",
    "costs",
    "profit",
    "90 % interval",
    "first 12 months",
)


def render(console: Console, result: Any) -> None:
    """Show which cut-off earns most, by either way of counting, and the curve."""
    facts = {
        "applications": count(result.applications),
        "funding a year": percent(result.funding_annual_rate),
        "servicing a year": percent(result.servicing_annual_rate),
        "drawn paths": count(result.paths),
        "registry id": result.registry_id,
    }
    show_facts(console, f"Cut-offs of the score {result.score} as of {result.as_of.isoformat()}", facts)
    best = [
        (
            way,
            percent(item.cut_off),
            f"{percent(item.cut_off_low)} to {percent(item.cut_off_high)}",
            percent(item.approved, 1),
            f"{percent(item.approved_low, 1)} to {percent(item.approved_high, 1)}",
            amount(item.profit.mean),
            between(item.profit.p05, item.profit.p95),
        )
        for way, item in result.best.items()
    ]
    heads = (
        "counting",
        "cut-off",
        "90 %",
        "approved",
        "90 % of approved",
        "lifetime profit",
        "90 % of profit",
    )
    show_table(console, "The cut-off of most profit", heads, best)
    given = result.given_up
    show_facts(
        console,
        "What the cut-off of the first 12 months gives up over the lifetime",
        {"mean": amount(given.mean), "90 % interval": between(given.p05, given.p95)},
    )
    first = result.profits["first 12 months"]
    rows = [
        (
            percent(item.cut_off),
            percent(item.approved, 1),
            percent(item.score_pd),
            percent(item.annual_pd.mean),
            percent(item.lifetime_pd.mean),
            amount(item.expected_loss.mean),
            amount(item.interest.mean),
            amount(item.funding.mean + item.servicing.mean),
            amount(item.profit.mean),
            between(item.profit.p05, item.profit.p95),
            amount(flag.mean),
        )
        for item, flag in zip(result.curve, first, strict=True)
    ]
    show_table(console, "Everything up to the cut-off approved", HEADS, rows)
    show_notes(console, "Notes", result.notes)
