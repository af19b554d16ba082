"""Tables of `decision compare`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, count, percent, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING


def render(console: Console, result: Any) -> None:
    """Show the arms beside each other, then the one test."""
    span = f"{result.first} to {result.last}"
    show_facts(console, "Champion, challengers, shadows", {"decided": span, "figure": result.figure})
    who = [(arm.role, arm.policy, arm.model or MISSING, count(arm.applications)) for arm in result.arms]
    show_table(console, "Who decided", ("role", "policy", "score", "applications"), who, words=3)
    rows = [
        (
            arm.role,
            count(arm.approve),
            count(arm.decline),
            count(arm.refer),
            amount(arm.granted),
            percent(arm.annual_pd),
        )
        for arm in result.arms
    ]
    heads = ("role", "approve", "decline", "refer", "granted", "12-month PD")
    show_table(console, "What they decided", heads, rows)
    alone = [
        (
            arm.role,
            percent(arm.alone, 1),
            count(arm.loans),
            count(arm.defaults),
            percent(arm.loss_rate),
            percent(arm.at_equal_loss, 1),
        )
        for arm in result.arms
    ]
    heads = ("role", "alone", "loans", "defaults", "realised loss", "alone at equal loss")
    show_table(console, "Decided without a person", heads, alone)
    for test in result.tests:
        _test(console, test)
    show_notes(console, "Notes", result.notes)


def _test(console: Console, test: Any) -> None:
    needed = MISSING if test.needed is None else " and ".join(f"{number:,}" for number in test.needed)
    facts = {
        "champion": percent(test.champion_share, 1),
        "challenger": percent(test.challenger_share, 1),
        "difference": percent(test.difference, 1),
        "95 % from": percent(test.low, 1),
        "to": percent(test.high, 1),
        "p, at every look": MISSING if test.p is None else f"{test.p:.3f}",
        "days looked at": count(test.days),
        "shown since": MISSING if test.since is None else test.since.isoformat(),
        "verdict": test.verdict,
        "cases to find the difference": needed,
    }
    show_facts(console, f"Share {test.figure}: {test.challenger} beside {test.champion}", facts)
