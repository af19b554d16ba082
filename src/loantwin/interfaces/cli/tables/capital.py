"""Tables of `loantwin capital` and of `loantwin capital explain`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import (
    amount,
    count,
    percent,
    show_facts,
    show_line,
    show_notes,
    show_table,
    show_title,
)
from loantwin.interfaces.cli.tables.layout import Cell

SHORT = {"standardised": "standardised", "foundation-irb": "foundation IRB", "advanced-irb": "advanced IRB"}


def render(console: Console, result: Any) -> None:
    """Print a capital result or an explanation."""
    if hasattr(result, "loan"):
        _explanation(console, result)
    else:
        _capital(console, result)


def _capital(console: Console, result: Any) -> None:
    names = list(result.approaches)
    show_title(console, f"Capital as of {result.as_of.isoformat()}, {result.currency}: {result.title}")
    show_line(console, f"{result.status}; PD {result.pd}", indent="  ", style="dim")
    console.print()
    rows = [
        (
            SHORT[name],
            amount(item.exposure),
            amount(item.ead),
            amount(item.rwa_before_guarantees),
            amount(item.rwa),
            percent(item.risk_weight, 1),
            amount(item.capital),
            amount(item.expected_loss),
        )
        for name, item in result.approaches.items()
    ]
    columns = (
        "approach",
        "exposure, drawn",
        "exposure at default",
        "RWA, no guarantees",
        "RWA",
        "RWA, % of exposure at default",
        "capital",
        "expected loss",
    )
    show_table(console, f"{result.loans:,} loans", columns, rows)
    for name in names:
        _approach(console, SHORT[name], result.approaches[name])
    _beside(console, result)
    _ratios(console, result)
    _large(console, result.large_exposures)
    show_table(
        console,
        "How loans were classified (--assume overrides)",
        ("loans", "rule"),
        [(count(loans), words) for words, loans in result.classification.items()],
        words=2,
    )
    _assumed(console, result.assumptions)
    show_notes(console, "Rules", result.rules)
    show_notes(console, "Not observable in this source", result.not_observable)
    show_notes(console, "Notes", result.notes)


def _approach(console: Console, name: str, item: Any) -> None:
    rows = [
        (
            key.replace("_", " "),
            f"{part.loans:,}",
            amount(part.ead),
            amount(part.guaranteed),
            amount(part.rwa),
            percent(part.risk_weight, 1),
            amount(part.capital),
            amount(part.expected_loss),
        )
        for key, part in item.by_class.items()
    ]
    columns = (
        "class",
        "loans",
        "exposure at default",
        "guaranteed",
        "RWA",
        "RWA, % of exposure at default",
        "capital",
        "expected loss",
    )
    show_table(console, f"By class, {name}", columns, rows)
    floors = [
        (floor.name, floor.paragraph, f"{floor.loans:,}", amount(floor.exposure)) for floor in item.floors
    ]
    show_table(
        console,
        f"Floors and caps that bind, {name}",
        ("floor", "paragraph", "loans", "exposure at default"),
        floors,
        words=2,
    )
    if item.output_floor is not None:
        found = item.output_floor
        show_facts(
            console,
            f"Output floor {found.words}, {name}",
            {
                "internal RWA": amount(found.internal),
                "floor": amount(found.floor),
                "the floor": "binds" if found.binds else "does not bind",
                "it adds": amount(found.added),
            },
        )
    if item.allowance is not None:
        held = item.allowance
        facts = {
            "allowance": amount(held.allowance),
            "limit of tier 2": amount(held.limit),
            "in tier 2": amount(held.tier2),
            "excess": amount(held.excess),
            "of it taken off RWA": amount(held.deducted),
        }
        show_facts(console, f"Allowance in tier 2, {name}", facts)
    if item.provisions is not None:
        gap = item.provisions
        facts = {
            "expected loss": amount(gap.expected_loss),
            "eligible provisions": amount(gap.provisions),
            "shortfall, deducted from CET1": amount(gap.shortfall),
            "excess": amount(gap.excess),
            "of it tier 2": amount(gap.tier2),
        }
        show_facts(console, f"Expected loss against provisions, {name}", facts)


def _beside(console: Console, result: Any) -> None:
    """Print the coverage that non-performing loans lack, and the least PDs of grades with few defaults."""
    gap, few = result.backstop, result.low_default
    if gap is not None:
        facts = {
            "loans short of it": f"{gap.loans:,}",
            "what they owe": amount(gap.exposure),
            "taken off CET1": amount(gap.deduction),
            "loans whose default has no date": f"{gap.without_date:,}",
        }
        show_facts(console, f"Least coverage of non-performing loans, {gap.paragraph}", facts)
    if few is not None:
        rows = [
            (name, f"{debtors:,}", f"{defaults:,}", percent(pd, 3))
            for name, debtors, defaults, pd in zip(few.grades, few.debtors, few.defaults, few.pd, strict=True)
        ]
        title = f"Least PD by grade, confidence {percent(few.confidence, 1)}: raises {few.used:,} loans"
        show_table(console, title, ("grade", "debtors", "defaults", "least PD"), rows)


def _ratios(console: Console, result: Any) -> None:
    for name, item in result.approaches.items():
        made = item.ratios
        if made is None:
            continue
        rows = [
            (
                key,
                percent(ratio.value),
                percent(ratio.minimum),
                percent(ratio.with_buffers),
                amount(ratio.headroom),
            )
            for key, ratio in (
                ("CET1", made.cet1),
                ("tier 1", made.tier1),
                ("total", made.total),
                ("leverage", made.leverage),
            )
        ]
        title = f"Ratios, {SHORT[name]}: risk-weighted assets {amount(made.rwa)} {result.currency}"
        show_table(
            console,
            title,
            ("ratio", "% of RWA (leverage: of exposure)", "minimum", "with buffers", "headroom, money"),
            rows,
        )
        share = "nothing: a minimum is missed" if made.payout_share is None else percent(made.payout_share, 0)
        facts: dict[str, Cell] = {"share of earnings": share, "least headroom": made.binding}
        if made.payout is not None:
            facts["in all"] = amount(made.payout)
        show_facts(console, "What may be paid out", facts)


def _large(console: Console, found: Any) -> None:
    rows = [
        (
            ", ".join(group.names),
            f"{group.loans:,}",
            amount(group.exposure),
            amount(group.net),
            percent(group.share_of_book),
            percent(group.of_tier1, 1),
            percent(group.limit, 0),
            {None: "–", True: "above", False: "within"}[group.breach],
        )
        for group in found.groups
    ]
    words = (
        "no own funds: limits not tested"
        if found.large is None
        else f"{found.large} large, {found.breaches} above the limit"
    )
    columns = (
        "borrowers",
        "loans",
        "exposure",
        "less guarantees",
        "% of the book",
        "% of tier 1",
        "limit, % of tier 1",
        "",
    )
    show_table(
        console,
        f"Largest of {found.counted:,} groups of borrowers ({words}; connected by {found.connected_by})",
        columns,
        rows,
    )


def _assumed(console: Console, assumptions: Any) -> None:
    rows = [(name, item.value, item.words) for name, item in assumptions.items()]
    show_table(
        console, "Assumed (--assume NAME=VALUE overrides)", ("name", "value", "meaning"), rows, words=3
    )


def _explanation(console: Console, result: Any) -> None:
    _steps(
        console,
        f"Loan {result.loan} as of {result.as_of.isoformat()}, {result.currency}: {result.title}",
        result.facts,
    )
    for name, steps in result.approaches.items():
        _steps(console, SHORT[name][0].upper() + SHORT[name][1:], steps)
        _steps(console, f"Floors and caps that bind, {SHORT[name]}", result.floors[name])
        if name != "standardised" and not result.floors[name]:
            show_line(console, f"no floor or cap binds, {SHORT[name]}", indent="  ", style="dim")
            console.print()
    show_notes(console, "Notes", result.notes)


def _steps(console: Console, title: str, steps: Sequence[Any]) -> None:
    rows = [(step.what, _value(step), step.source) for step in steps]
    show_table(console, title, ("step", "value", "from"), rows, words=3)


def _value(step: Any) -> Cell:
    if step.value is None:
        return "–"
    if isinstance(step.value, str):
        return step.value
    if step.unit == "currency":
        return amount(step.value, 2)
    if step.unit == "decimal":
        return f"{step.value:.6g}"
    return f"{step.value:.6g} {step.unit}".rstrip()
