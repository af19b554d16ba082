"""Tables of `price`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import (
    amount,
    between,
    count,
    percent,
    show_counts,
    show_facts,
    show_notes,
    show_table,
)
from loantwin.interfaces.cli.tables.layout import MISSING

MOST = 12
"""Applications that are shown; `--json`, `--table` and `--out` have all."""
PARTS = {
    "interest": "interest",
    "fee": "origination fee",
    "capital_benefit": "equity that need not be borrowed",
    "funding": "funding",
    "operating": "servicing and operating",
    "acquisition": "acquisition",
    "prepayment": "early repayment",
    "expected_loss": "expected loss",
    "tax": "tax",
    "capital_cost": "capital",
    "economic_profit": "economic profit",
}
EFFECTS = {
    "take_up": "take-up (log)",
    "size": "size of what is taken (log)",
    "arrears": "entry into arrears (log-odds)",
}


def render(console: Console, result: Any) -> None:
    """Show where the rate goes, each application's price, the best offers and what was assumed."""
    facts = {
        "applications": count(result.applications),
        "priced": count(result.priced),
        "score": result.score or MISSING,
        "drawn paths": count(result.paths),
    }
    facts |= {f"economic profit: {name}": count(number) for name, number in result.verdicts.items()}
    show_facts(console, f"Prices as of {result.as_of.isoformat()}", facts)
    _parts(console, result)
    _prices(console, result)
    if result.offers is not None:
        _offers(console, result.offers)
    _assumed(console, result)
    show_notes(console, "Notes", (f"funding: {result.funding}", *result.notes))


def _parts(console: Console, result: Any) -> None:
    if not any(item.amount.mean for item in result.parts):
        return
    rows = [
        (
            PARTS.get(item.part, item.part),
            amount(item.sign * item.amount.mean),
            between(item.sign * item.amount.p05, item.sign * item.amount.p95)
            if item.amount.p05 != item.amount.p95
            else "",
            percent(item.sign * item.annual_rate),
        )
        for item in result.parts
    ]
    show_table(
        console, "Where the rate goes", ("part", "over the life", "90 % interval", "a year of balance"), rows
    )


def _prices(console: Console, result: Any) -> None:
    shown = result.prices[:MOST]
    rows = [
        (
            item.application_id,
            amount(item.amount),
            count(item.term_months),
            percent(item.annual_rate),
            percent(item.break_even_rate),
            percent(item.annual_pd),
            percent(item.break_even_pd),
            percent(item.raroc, 1),
            amount(item.economic_profit),
            _interval(item),
            item.verdict or MISSING,
        )
        for item in shown
    ]
    left = result.applications - len(rows)
    more = f"and {left:,} more: --json, --table or --out" if left > 0 else ""
    heads = (
        "application", "amount", "months", "rate", "break-even rate", "12-month PD", "break-even PD", "RAROC",
        "economic profit", "90 % interval", "verdict",
    )  # fmt: skip
    show_table(console, "Application by application", heads, rows, more=more)
    wrong = [f"{item.application_id}: {item.problem}" for item in result.prices if item.problem]
    if wrong:
        over = [f"and {len(wrong) - MOST:,} more"] if len(wrong) > MOST else []
        show_notes(console, "Not priced", [*wrong[:MOST], *over])


def _interval(item: Any) -> Any:
    found = item.interval.get("economic_profit")
    return MISSING if found is None else between(found.p05, found.p95)


def _offers(console: Console, offers: Any) -> None:
    facts = {
        "grid": offers.grid,
        "offers an applicant": count(offers.offers),
        "policy": offers.policy or MISSING,
        "asked of the policy": count(offers.asked),
        "applicants with an offer": count(offers.made),
        "expected profit": amount(offers.expected_profit),
        "expected lending": amount(offers.expected_lending),
        "mean take-up": percent(offers.take_up, 1),
    }
    if offers.budgets:
        facts["no choice under the budgets is worth more than"] = amount(offers.bound)
    show_facts(console, "Best offers", facts)
    _best(console, offers)
    _steps(console, offers)
    if offers.budgets:
        rows = [
            (item.segment, amount(item.budget), amount(item.expected), percent(item.price, 3))
            for item in offers.budgets
        ]
        heads = ("segment", "budget", "expected to be lent", "one more unit earns")
        show_table(console, "Budgets", heads, rows)
    refused: dict[str, int] = {}
    for item in offers.rows:
        for why, number in item.refused.items():
            refused[why] = refused.get(why, 0) + number
    if refused:
        show_counts(console, "Offers that are not made", ("why", "offers"), refused)


def _best(console: Console, offers: Any) -> None:
    shown = offers.rows[:MOST]
    rows = []
    for item in shown:
        best = item.best
        rows.append(
            (
                item.application_id,
                amount(None if best is None else best.amount),
                percent(None if best is None else best.annual_rate),
                count(None if best is None else best.term_months),
                MISSING if best is None else best.pattern,
                amount(item.payment),
                percent(None if best is None else best.take_up, 1),
                amount(None if best is None else best.economic_profit),
                amount(None if best is None else best.expected_profit),
                MISSING if item.interval is None else between(item.interval.p05, item.interval.p95),
                MISSING if item.frontier is None else count(len(item.frontier)),
            )
        )
    left = len(offers.rows) - len(rows)
    more = f"and {left:,} more: --json, --table or --out" if left > 0 else ""
    heads = (
        "application", "amount", "rate", "months", "pattern", "first payment", "take-up", "if taken up",
        "expected profit", "90 % interval", "frontier",
    )  # fmt: skip
    show_table(console, "The best offer of each", heads, rows, more=more)
    none = [f"{item.application_id}: {item.why}" for item in offers.rows if item.why]
    if none:
        over = [f"and {len(none) - MOST:,} more"] if len(none) > MOST else []
        show_notes(console, "No offer", [*none[:MOST], *over])


def _steps(console: Console, offers: Any) -> None:
    first = next((item for item in offers.rows if item.best is not None), None)
    if first is None:
        return
    rows = [(step.step, step.why, amount(step.difference)) for step in first.reasons]
    title = f"Why not another: application {first.application_id}"
    show_table(console, title, ("a step", "why not", "difference"), rows, words=2)
    if first.frontier:
        points = [
            (
                amount(item.amount), percent(item.annual_rate), count(item.term_months), item.pattern,
                percent(item.take_up, 1), amount(item.economic_profit), amount(item.expected_profit),
            )
            for item in _spread(first.frontier)
        ]  # fmt: skip
        heads = ("amount", "rate", "months", "pattern", "take-up", "if taken up", "expected profit")
        left = len(first.frontier) - len(points)
        more = f"and {left:,} more between them: --json or --table" if left else ""
        title = f"Profit against take-up: application {first.application_id}"
        show_table(console, title, heads, points, more=more)


def _spread(points: Any) -> list[Any]:
    """Return at most 10 points of a frontier, the ends among them."""
    if len(points) <= MOST:
        return list(points)
    places = sorted({round(place * (len(points) - 1) / 9) for place in range(10)})
    return [points[place] for place in places]


def _assumed(console: Console, result: Any) -> None:
    rows = [
        (
            item.name, item.value if isinstance(item.value, str) else f"{item.value:g}", item.basis,
            "" if item.low is None else f"{item.low:g} to {item.high:g}", item.words,
        )
        for item in result.costs
    ]  # fmt: skip
    show_table(
        console, "What is counted", ("setting", "value", "basis", "plausible", "meaning"), rows, words=5
    )
    if result.effects:
        lines = [
            (
                EFFECTS.get(item.effect, item.effect), f"{item.value:+.4f}",
                MISSING if item.low is None else f"{item.low:+.4f} to {item.high:+.4f}", item.basis,
            )
            for item in result.effects
        ]  # fmt: skip
        heads = ("by one point of annual rate", "value", "90 % interval", "basis")
        show_table(console, "What a price does", heads, lines)
