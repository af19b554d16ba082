"""Tables of `policy simulate`."""

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
from loantwin.interfaces.cli.tables.layout import MISSING, Cell

MOST = 15
"""Segments that are shown; `--json` and `--table` have all."""
HEADS = ("segment", "approved", "before", "loss", "least", "most", "rate apart", "95 % from", "to", "verdict")


def render(console: Console, result: Any) -> None:
    """Show decisions, losses beside the policy in force, bounds, ways to guess, and segments."""
    facts = {
        "policy": result.policy,
        "in force": result.against,
        "applications": count(result.applications),
        "whose end was seen": count(result.seen),
        "with a loss": count(result.losses),
        "loss rate": result.verdict,
    }
    show_facts(console, "A policy replayed over the past", facts)
    decided = [
        (name, count(result.decisions[name]), count(result.decisions_against[name]))
        for name in result.decisions
    ]
    show_table(console, "Decisions", ("outcome", "policy", "in force"), decided)
    show_table(console, "Money", ("figure", "policy", "in force", "apart", "95 % interval"), _money(result))
    rates = [
        (
            "estimated loss / amount", percent(result.loss_rate), percent(result.loss_rate_against),
            *_apart(result.rate_difference),
        )
    ]  # fmt: skip
    show_table(console, "Loss rate", ("figure", "policy", "in force", "apart", "95 % from", "to"), rates)
    if result.approved_unseen:
        _unseen(console, result)
    shown = result.by_segment[:MOST]
    left = len(result.by_segment) - len(shown)
    more = f"and {left:,} more: --json or --table" if left > 0 else ""
    title = f"By {', '.join(result.by) or 'all'}"
    show_table(console, title, HEADS, [_segment(item) for item in shown], more=more)
    rules = [
        (item.article, item.profile, count(item.approvals), item.binds, item.words, item.source)
        for item in result.rules
    ]
    heads = ("rule", "profile", "approvals against", "binds", "says", "source")
    show_table(console, "Rules of law that approvals stand against", heads, rules, words=2)
    show_notes(console, "What is taken for granted", result.notes)


def _unseen(console: Console, result: Any) -> None:
    unseen = [
        (item.way, amount(item.value), between(item.low, item.high), item.words) for item in result.ways
    ]
    if result.bounds is not None:
        unseen.append(
            (
                "bounds",
                MISSING,
                between(result.bounds.low, result.bounds.high),
                "nothing: any end is possible",
            )
        )
        unseen.append(
            ("no better", MISSING, between(result.no_better, result.bounds.high),
             "who was declined loses no smaller share than who was lent to")
        )  # fmt: skip
    title = f"Loss of what is approved: {result.approved_unseen:,} of them without a known end"
    show_table(console, title, ("by", "loss", "between", "takes for granted"), unseen)


def _money(result: Any) -> list[tuple[Cell, ...]]:
    loss, held, apart = result.estimated_loss, result.estimated_loss_against, result.difference
    rows: list[tuple[Cell, ...]] = [
        (
            "approved", amount(result.approved_amount), amount(result.approved_amount_against),
            amount(result.approved_amount - result.approved_amount_against), MISSING,
        ),
        (
            "lost, of what was seen", amount(result.realised_loss), amount(result.realised_loss_against),
            MISSING, MISSING,
        ),
    ]  # fmt: skip
    if loss is not None:
        rows.append(
            (
                "lost, estimated", amount(loss.value), amount(None if held is None else held.value),
                amount(None if apart is None else apart.value),
                MISSING if apart is None else between(apart.low, apart.high),
            )
        )  # fmt: skip
    if result.expected_loss is not None:
        rows.append(("loss expected", amount(result.expected_loss), MISSING, MISSING, MISSING))
    return rows


def _apart(found: Any) -> tuple[str, str, str]:
    if found is None:
        return MISSING, MISSING, MISSING
    return percent(found.value), percent(found.low), percent(found.high)


def _segment(item: Any) -> tuple[Cell, ...]:
    low, high = (None, None) if item.bounds is None else (item.bounds.low, item.bounds.high)
    return (
        item.segment, count(item.approved), count(item.approved_against),
        amount(None if item.estimated_loss is None else item.estimated_loss.value), amount(low), amount(high),
        *_apart(item.rate_difference), item.verdict,
    )  # fmt: skip
