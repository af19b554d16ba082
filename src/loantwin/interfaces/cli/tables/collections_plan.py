"""Tables of `collections plan`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, count, show_facts, show_notes, show_table

TREATMENTS = ("treatment", "cases", "cost", "adds")
RESOURCES = ("resource", "capacity", "used", "one more unit adds")
LIMITS = ("limit", "binds", "cases barred", "source")
BUCKETS = ("bucket", "cases", "treated", "value")
RIVALS = ("simpler rule", "value", "plan less rule")


def render(console: Console, result: Any) -> None:
    """Show the plan by treatment, resource, limit and bucket, and what simpler rules reach."""
    facts = {
        "on": result.on,
        "who acts": result.acts or "nobody named",
        "valued by": result.chooser,
        "cases": count(result.cases),
        "treated": count(result.treated),
        "value": amount(result.value),
        "no plan adds more than": amount(result.bound),
        "the best plan": "yes" if result.exact else "no",
        "limits broken": count(result.broken),
    }
    show_facts(console, f"Collections: {result.name}", facts)
    treatments = [
        (item.treatment, count(item.cases), amount(item.cost), amount(item.adds))
        for item in result.treatments
    ]
    show_table(console, "Treatments", TREATMENTS, treatments)
    resources = [
        (item.resource, count(item.capacity, 1), count(item.used, 1), amount(item.price, 2))
        for item in result.resources
    ]
    show_table(console, "Capacity", RESOURCES, resources)
    limits = [(item.limit, item.binds, count(item.barred), item.source) for item in result.limits]
    show_table(console, "Limits of contact", LIMITS, limits)
    buckets = [
        (item.bucket, count(item.cases), count(item.treated), amount(item.value)) for item in result.buckets
    ]
    show_table(console, "Buckets", BUCKETS, buckets)
    rivals = [(item.rival, amount(item.value), amount(item.less)) for item in result.rivals]
    show_table(console, "Simpler rules on the same values", RIVALS, rivals)
    show_notes(console, "Notes", result.notes)
