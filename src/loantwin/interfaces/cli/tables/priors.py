"""Tables of `loantwin priors`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_notes, show_table

SHORT = ("default rate", "charged off", "recovered", "unemployment, change", "house prices")


def render(console: Console, result: Any) -> None:
    """Print one product in full with its sources, or several in short."""
    if len(result.products) == 1:
        _whole(console, result.products[0])
        return
    rows = []
    for product in result.products:
        found = {item.name: item for item in product.numbers}
        rows.append((product.name, *(_range(found[name]) for name in SHORT)))
    show_table(
        console,
        "Prior models by product, 90 % range between lenders",
        ("product", "defaults, % a year", "charged off, %", "recovered, %", "a point of unemployment",
         "10 % of house prices"),
        rows,
    )  # fmt: skip
    show_notes(console, "Next", ("loantwin priors PRODUCT shows each number with its source",))


def _whole(console: Console, product: Any) -> None:
    show_table(
        console,
        f"{product.title} ({product.name})",
        ("", "unit", "value", "90 % range", "basis"),
        [
            (item.name, item.unit, f"{item.value:.4g}", _range(item, False), item.basis)
            for item in product.numbers
        ],
        words=2,
    )
    ages = product.curves[0].ages
    show_table(
        console,
        "By age, months",
        ("", *map(str, ages), "basis"),
        [(item.name, *(f"{value:.3g}" for value in item.values), item.basis) for item in product.curves],
    )
    told = (*product.numbers, *product.curves)
    show_notes(console, "Sources", [f"{item.name}: {item.source}" for item in told])


def _range(item: Any, value: bool = True) -> str:
    if item.low is None or item.low == item.high:
        return f"{item.value:.3g}" if value else ""
    own = f"{item.low:.3g} to {item.high:.3g}"
    return f"{item.value:.3g} ({own})" if value else own
