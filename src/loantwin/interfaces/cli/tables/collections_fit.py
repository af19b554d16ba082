"""Tables of `collections fit`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING

ADDS = ("treatment", "treated", "untreated", "adds", "95 % from", "to", "verdict")
RANKS = ("treatment", "estimator", "Qini", "95 % from", "to", "ranking")
GROUPS = ("treatment, fifth", "cases", "estimated", "measured", "95 % from", "to")
TRIED = ("treatment, estimator", "error less average's", "95 % from", "to", "taken")


def plain(value: float | None) -> str:
    """Return a number with four digits, as an effect of any unit is shown."""
    return MISSING if value is None else f"{value:,.4g}"


def render(console: Console, result: Any) -> None:
    """Show what treatments add, whether a ranking is shown, fifths of the cases, and what was tried."""
    facts = {
        "rows": count(result.rows),
        "features": count(result.features),
        "probabilities told": "yes" if result.random else "no",
        "written to": result.written or MISSING,
    }
    show_facts(console, f"Uplift fitted on {result.name}", facts)
    adds = [
        (item.treatment, count(item.treated), count(item.untreated),
         *map(plain, (item.average.value, item.average.low, item.average.high)), item.verdict)
        for item in result.treatments
    ]  # fmt: skip
    show_table(console, "What treatments add to the outcome", ADDS, adds)
    ranks = [
        (item.treatment, item.estimator,
         *((MISSING,) * 3 if item.qini is None else map(plain, (item.qini.value, item.qini.low,
         item.qini.high))), item.ranking)
        for item in result.treatments
    ]  # fmt: skip
    show_table(console, "For whom they add most", RANKS, ranks, words=2)
    groups = [
        (f"{item.treatment}, {part.number}", count(part.rows),
         *map(plain, (part.predicted, part.measured.value, part.measured.low, part.measured.high)))
        for item in result.treatments for part in item.groups
    ]  # fmt: skip
    show_table(console, "Fifths of the cases by estimate, most first", GROUPS, groups)
    tried = [
        (f"{item.treatment}, {item.estimator}", *map(plain, (item.error, item.low, item.high)),
         "yes" if item.taken else "no")
        for item in result.tried
    ]  # fmt: skip
    show_table(console, "Estimators tried (below 0 is better)", TRIED, tried)
    show_notes(console, "Notes", result.notes)
