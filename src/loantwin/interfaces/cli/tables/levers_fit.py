"""Tables of `levers fit`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import (
    count,
    percent,
    show_facts,
    show_notes,
    show_table,
)
from loantwin.interfaces.cli.tables.layout import MISSING

HEADS = ("effect of one point", "value", "standard error", "95 % from", "to", "wider by")
VALUE = ("profit of an offer", "value", "95 % from", "to")
CURVE = ("offered rate", "take-up", "90 % from", "to", "seen", "offers near")
STRATA = ("stratum", "offers", "taken up", "lowest rate", "mean rate", "highest rate", "prices")
BALANCE = ("goes with price", "correlation", "probability by chance")


def plain(value: float | None) -> str:
    """Return a number with four digits, as an effect of any unit is shown."""
    return MISSING if value is None else f"{value:,.4g}"


def render(console: Console, result: Any) -> None:
    """Show the effects, whether price was random, what cannot be told, the rule's value and the strata."""
    facts = {
        "offers": count(result.offers),
        "taken up": count(result.taken_up),
        "take-up": percent(result.take_up),
        "mean rate": plain(result.mean_rate),
        "strata": count(len(result.strata)),
        "one point": result.point,
        "price was random": "yes" if result.identified else "no",
    }
    show_facts(console, f"Levers fitted on {result.name}", facts)
    show_table(console, "What one point of price does", HEADS, _effects(result), words=1)
    show_notes(console, "What is told, and what is not", _said(result))
    if result.policy_value is not None:
        _value(console, result.policy_value)
    rows = [
        (plain(item.offered_rate), percent(item.take_up), percent(item.p05), percent(item.p95),
         percent(item.seen), count(item.offers))
        for item in result.curve
    ]  # fmt: skip
    show_table(console, "Take-up along the price", CURVE, rows)
    strata = [
        (item.stratum, count(item.offers), count(item.taken_up), plain(item.lowest), plain(item.mean),
         plain(item.highest), count(item.prices))
        for item in result.strata
    ]  # fmt: skip
    show_table(console, "Prices by stratum", STRATA, strata)
    balance = [
        (item.covariate, f"{item.correlation:.3f}", plain(item.probability)) for item in result.balance
    ]
    if balance:
        show_table(console, "What was known before the price", BALANCE, balance)
    show_notes(console, "Notes", result.notes)


def _said(result: Any) -> list[str]:
    """Return whether effects are causes, and what the log can say of arrears, shape and dearer offers."""
    parts, dearer = result.arrears_parts, result.above_standard
    return [
        result.why,
        *([] if parts is None else [f"Arrears parted: {parts.why}"]),
        f"Shape of demand: {result.shape.why}",
        *([] if dearer is None else [f"Above the standard rate: {dearer.why}"]),
    ]


def _effects(result: Any) -> list[tuple[str, ...]]:
    parts = result.arrears_parts
    named = {
        "take-up, share of offers": result.take_up_slope,
        "elasticity of take-up": result.elasticity,
        f"size of a loan, {result.currency}": result.size_slope,
        f"arrears of a borrower, {result.currency}": result.arrears_slope,
        "arrears by who borrows": None if parts is None else parts.selection,
        "arrears by what they owe": None if parts is None else parts.burden,
    }
    return [
        (name, *map(plain, (item.value, item.standard_error, item.low, item.high, item.bias)))
        for name, item in named.items()
        if item is not None
    ]  # fmt: skip


def _value(console: Console, value: Any) -> None:
    rows = [
        ("logged", plain(value.logged), MISSING, MISSING),
        ("rule", plain(value.rule), plain(value.low), plain(value.high)),
        ("rule less logged", *_ends(value.difference)),
        ("rule, by weighting alone", *_ends(value.weighted)),
    ]
    show_table(console, f"The price rule {value.name}", VALUE, rows)
    facts = {
        "offers inside the band": count(value.offers_inside),
        "effective sample": count(value.effective_size),
        "heaviest weight": plain(value.heaviest),
        "weights trimmed": count(value.trimmed),
        "band, points to each side": plain(value.band),
    }
    show_facts(console, "What the value rests on", facts)


def _ends(item: Any) -> tuple[str, str, str]:
    return plain(item.value), plain(item.low), plain(item.high)
