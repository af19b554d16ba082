"""How a table is held to its result: what a cell must tell, by the row and the heading where it stands.

A check yields cells with the figures they must tell; `CHECKS` holds one for every kind of result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from .tables import Table, find, number

Rows = Iterator[tuple[str, float | str | None]]
Check = Callable[[Any, list[Table]], Rows]
CHECKS: dict[str, Check] = {}


def of(*names: str) -> Callable[[Check], Check]:
    """Note a check as that of kinds of results."""

    def keep(check: Check) -> Check:
        CHECKS.update(dict.fromkeys(names, check))
        return check

    return keep


def shows(cell: str, value: float | str | None) -> bool:
    """Return whether a cell tells a value, to the last digit it shows."""
    if value is None:
        return cell == "–"
    if isinstance(value, str):
        return cell == value
    shown = cell.split(" %")[0].split(" ")[0].rstrip("*")
    decimals = len(shown.partition("e")[0].partition(".")[2])
    own = 100.0 * value if "%" in cell else value
    power = float(f"1e{shown.partition('e')[2] or 0}")
    return abs(number(shown) - own) <= 0.500001 * 10.0**-decimals * power


def ends(cell: str, low: float, high: float) -> Rows:
    """Yield both ends of a range with what they must tell."""
    first, second = cell.split(" to ")
    yield (first, low)
    yield (second, high)


def across(row: Mapping[str, str], values: Mapping[str, Any]) -> Rows:
    """Yield a row's cells with what they must tell, by heading."""
    for heading, value in values.items():
        assert heading in row, f"no heading {heading}: {list(row)}"
        yield row[heading], value


def rows(
    found: list[Table],
    title: str,
    items: Mapping[str, Any] | Sequence[tuple[str, Any]],
    headings: Mapping[str, str | Callable[[Any], Any]],
) -> Rows:
    """Yield the cells of a table that has a row for each of `items`, by the row's name.

    headings : heading -> what of the item stands there: a dotted path, or a function of the item.
    """
    table = find(found, title)
    for name, item in items.items() if isinstance(items, Mapping) else items:
        told = {
            heading: path(item) if callable(path) else attrgetter(path)(item)
            for heading, path in headings.items()
        }
        yield from across(table.row(name), told)


def facts(found: list[Table], title: str, values: Mapping[str, Any]) -> Rows:
    """Yield the values of a table without headings, by the name beside them."""
    table = find(found, title)
    for name, value in values.items():
        yield table.fact(name), value


def in_order(table: Table, count: int) -> Iterator[dict[str, str]]:
    """Yield the rows of a table by heading, as they come; there are so many."""
    assert len(table.cells) == count + 1, table
    for cells in table.cells[1:]:
        yield dict(zip(table.cells[0], cells, strict=True))
