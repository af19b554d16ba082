"""How often an economy comes that costs as much as a reverse stress: the rows that page and terminal show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from loantwin.interfaces.report.blocks import PageBlock, amount, percent, table, text
from loantwin.risk.stress.rarity import HEAVIEST, Rarity, WindowsCost
from loantwin.risk.stress.reverse import Plausibility, ReverseStress

OFTEN = ("how often, by", "windows", "side by side", "cost as much", "chance", "90 % interval")
"""Columns of `how_often`."""
CRISES = ("economy", "costs", "shortest way there", "its own path", "")
"""Columns of `crisis_rows`: distances, and whether the crisis was known at the as-of date."""

Row = tuple[str, ...]
Cell = TypeVar("Cell")


def how_often(found: ReverseStress) -> list[Row]:
    """Return a row for each way to count economies that cost as much; nothing where none was counted."""
    item = found.rarity
    if item is None:
        return []
    drawn = f"{found.generated_paths:,}"
    generated = (_chance(found.generated_share), _range(item.generated_low, item.generated_high))
    rows: list[Row] = [
        ("shocks, were they normal", "–", "–", "–", _chance(item.normal), "–"),
        ("generated paths", drawn, drawn, f"{found.generated_beyond:,}", *generated),
        _windows("history's moves, as replayed", item.moves),
        _windows("history's surprises", item.surprises),
    ]
    if item.tail is not None:
        tail = item.tail
        counted = (f"{item.surprises.windows:,}", f"{tail.apart:.1f}")
        likeliest = (_chance(tail.chance), _range(tail.low, tail.high))
        rows += [
            ("the tail that fits surprises best", *counted, "–", *likeliest),
            ("all tails that fit, averaged", *counted, "–", _chance(tail.averaged), "–"),
        ]
    return rows


def tail_words(item: Rarity) -> str:
    """Return what the fitted tail says, in a sentence."""
    tail = item.tail
    if tail is None:
        return f"No tail is fitted: {item.gap}."
    degrees = tail.degrees_of_freedom
    kind = "a normal law" if degrees is None else f"a t of {degrees:.1f} degrees of freedom"
    if degrees is not None and degrees <= 1.0 / HEAVIEST:
        kind += " (the fewest looked at)"
    law = f"History's surprises fit {kind} best, {tail.spread:.2f} times as wide as the generator has it."
    often = (
        f"Averaged over all that fit, such an economy is as frequent as a normal move of "
        f"{tail.equivalent_distance:.1f}"
    )
    normal = _chance(item.normal)
    if tail.fatter:
        shown = f"tails are fatter than normal: even the interval's low end is above {normal}"
    elif tail.high < item.normal:
        shown = f"normal shocks overstate it: even the interval's high end is below {normal}"
    else:
        shown = f"that tails are fatter than normal is not shown, the interval holds {normal}"
    return f"{law} {often}; {shown}."


def crisis_rows(
    found: ReverseStress,
    crises: Mapping[str, Plausibility],
    money: Callable[[float | None], Cell] = amount,  # type: ignore[assignment]
) -> list[tuple[Cell | str, ...]]:
    """Return a row for each crisis of history, and one for the path found.

    Parameters
    ----------
    crises : how far each crisis's own path lies, over all quarters and factors. money : how an amount is
        shown.
    """
    ratio = found.figure in ("coverage", "cet1")
    shown = percent if ratio else money
    rows: list[tuple[Cell | str, ...]] = []
    for year, item in found.crises.items():
        own = crises.get(year)
        words = item.gap or "; ".join(
            words
            for words, holds in (
                ("no more than the expected path", item.distance == 0.0),
                ("ends after the as-of date", item.hindsight),
            )
            if holds
        )
        rows.append(
            (
                f"replay {year}",
                shown(item.cost),
                _distance(item.distance),
                _distance(None if own is None else own.distance),
                words,
            )
        )
    return [*rows, (found.name, shown(found.reached), _distance(found.distance), "–", "")] if rows else []


def rarity_blocks(found: ReverseStress, crises: Mapping[str, Plausibility]) -> list[PageBlock]:
    """Return what the page says of a reverse stress's rarity: both tables, the sentence, what is assumed."""
    blocks = []
    if found.rarity is not None:
        assumed = "Assumed: " + "; ".join(found.rarity.assumed) + "."
        blocks += [table(OFTEN, how_often(found), caption=assumed), text(tail_words(found.rarity))]
    rows = crisis_rows(found, crises, amount)
    if rows:
        words = (
            "Shortest way there: distance of the mildest path that costs as much, comparable with that of "
            "the reverse stress. Its own path: distance over all quarters and factors that the model reads, "
            "which is large of any path that really came."
        )
        blocks.append(table(CRISES, rows, words=(0, 4), caption=words))
    return blocks


def _windows(name: str, item: WindowsCost) -> Row:
    if item.low is None or item.high is None:
        return (name, "0", "–", "–", "–", "–")
    counted = (f"{item.windows:,}", f"{item.apart:.1f}", f"{item.beyond:,}")
    return (name, *counted, _chance(item.share), _range(item.low, item.high))


def _distance(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _chance(value: float | None) -> str:
    """Return a share as a percentage of two digits, however small."""
    return "–" if value is None else f"{100.0 * value:.2g} %"


def _range(low: float, high: float) -> str:
    return f"{100.0 * low:.2g} to {100.0 * high:.2g} %"
