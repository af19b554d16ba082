"""Tables of `validate`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, count, percent, show_next, show_notes, show_table
from loantwin.outlook.remade import largest_difference


def render(console: Console, result: Any) -> None:
    """Show the findings, the materiality of components, and where the page is."""
    show_notes(
        console,
        f"Findings as of {result.as_of.isoformat()}: {len(result.findings)}",
        [
            f"{item.id} {item.severity}, {item.owner}, by {item.due.isoformat()}: {item.text}: "
            f"{item.evidence}"
            for item in result.findings
        ],
    )
    show_table(
        console,
        f"IFRS 9 allowance when one component is moved, {result.currency}",
        ("component", "step", "allowance", "change, % of the allowance", "materiality"),
        [
            (item.component, item.step, amount(item.allowance), percent(item.change, 1), item.materiality)
            for item in result.materiality
        ],
        words=2,
    )
    made = result.stability
    spread = "–" if made.spread is None else percent(made.spread, 1)
    stated = "–" if made.stated is None else percent(made.stated, 1)
    worst = largest_difference(result.remade)
    rows = [
        ("expected defaults in 12 months, on all loans", count(made.whole)),
        (f"spread over {len(made.thins)} halves of the loans", spread),
        ("stated by the model", stated),
        ("figures made twice", str(len(result.remade))),
        *((f"largest relative difference: {name}", f"{value:.1e}") for name, value in worst.items()),
    ]
    show_table(console, "Stability, and figures made twice in NumPy", ("", ""), rows)
    show_next(console, [f"open {result.path} in a browser; it needs no network"])
