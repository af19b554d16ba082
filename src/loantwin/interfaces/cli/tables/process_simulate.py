"""Tables of `process simulate`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, count, percent, show_facts, show_notes, show_table

WAITS = ("hours waited", "cases", "who wait", "mean", "half", "9 of 10", "99 of 100")
RANGES = ("hours waited, 95 % interval", "mean from", "mean to", "9 of 10 from", "9 of 10 to")
STAFF = ("staff", "people", "busy", "95 % from", "to")
MORE = ("one more", "saved", "95 % from", "to", "wage", "net", "net from", "net to", "verdict")
QUICKER = ("one more", "9 of 10 wait now", "then")
ENDS = ("cases end", "share", "95 % from", "to")
FORMULA = ("in the long run", "wait", "mean hours", "leave")


def hours(value: float) -> str:
    """Return hours with three digits, and none after the point from a hundred on."""
    return count(value, 3 if value < 1.0 else 2 if value < 10.0 else 1)


def render(console: Console, result: Any) -> None:
    """Show how long cases wait, how busy staff are, what one more is worth, and where cases end."""
    facts = {
        "days measured": f"{result.days:g}",
        "warm-up days": f"{result.warm_up_days:g}",
        "replications": count(result.replications),
        "cases a replication": count(result.cases, 1),
        "not ended": percent(result.unfinished),
        "cost a week": amount(result.cost.value),
        "cost a week, 95 % from": amount(result.cost.low),
        "cost a week, to": amount(result.cost.high),
    }
    show_facts(console, f"Process {result.process} run forward", facts)
    waits = [
        (item.of, count(item.count, 1), percent(item.waited.value, 1),
         *(hours(part.value) for part in (item.mean, item.p50, item.p90, item.p99)))
        for item in result.waits
    ]  # fmt: skip
    show_table(console, "How long cases wait", WAITS, waits)
    ranges = [
        (item.of, hours(item.mean.low), hours(item.mean.high), hours(item.p90.low), hours(item.p90.high))
        for item in result.waits
    ]
    show_table(console, "Intervals over replications", RANGES, ranges)
    staff = [
        (
            item.staff,
            count(item.people),
            *(percent(part, 1) for part in (item.busy.value, item.busy.low, item.busy.high)),
        )
        for item in result.staff
    ]
    show_table(console, "Staff", STAFF, staff)
    more = [
        (item.staff, *(amount(part) for part in (
            item.saved.value, item.saved.low, item.saved.high, item.wage, item.net.value, item.net.low,
            item.net.high)), item.verdict)
        for item in result.one_more
    ]  # fmt: skip
    show_table(console, "What one more person is worth a week", MORE, more)
    quicker = [(item.staff, hours(item.p90_before), hours(item.p90_after)) for item in result.one_more]
    show_table(console, "Hours waited with one more", QUICKER, quicker)
    ends = [
        (name, percent(item.value, 1), percent(item.low, 1), percent(item.high, 1))
        for name, item in result.ends.items()
    ]
    show_table(console, "Where cases end", ENDS, ends)
    if result.formula is not None:
        own = result.formula
        row = (own.formula, percent(own.waiting_probability), hours(own.mean_wait), percent(own.abandoned))
        show_table(console, "The known answer", FORMULA, [row])
    show_notes(console, "Notes", result.notes)
