"""Each figure of every table is that of the field which its heading is pinned to, and of its own row."""

from __future__ import annotations

import pytest

from loantwin.types import Result

from .headings import Leaf, found, pinned, shown
from .results import filled, kinds

WORDS = {"SchemaShown"}
"""Shown as they are written: words and no figures."""
ACROSS = (
    "origins.*.known_events.", "forecasts.*.mean.", "products.*.numbers.", "term_structure.*.",
    "paths.*.capital.", "paths.*.cash_gap.", "vintages.*.points.",
)  # fmt: skip
"""What stands side by side in one row, a column an item of the list."""


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_each_figure_is_of_the_field_that_its_heading_tells(kind: type[Result]) -> None:
    known = pinned().get(kind.__name__, {})
    rows: dict[tuple[object, str], set[tuple[str, ...]]] = {}
    for item in shown(filled(kind)):
        if item.at not in known:
            assert not item.leaves, f"{item.at}: not in headings.toml; python -m tests.interfaces.headings"
            continue
        leaves = [leaf for leaf in item.leaves if leaf.pattern in known[item.at]]
        assert leaves or not item.leaves, f"{item.at} tells {item.leaves[:3]}, not {known[item.at]}"
        if item.sure:
            _of_one_row(rows, item.row, leaves)
    assert known or kind.__name__ in WORDS


def _of_one_row(
    rows: dict[tuple[object, str], set[tuple[str, ...]]], row: object, leaves: list[Leaf]
) -> None:
    """Hold the cells of one row to one place of the list, or one name, that they are of."""
    for prefix in {leaf.row[0] for leaf in leaves if leaf.bound}:
        depth = -1 if prefix in ACROSS else None
        own = {leaf.bound[:depth] for leaf in leaves if leaf.row[0] == prefix}
        if len({leaf.row[0] for leaf in leaves}) > 1:
            continue  # may be either
        kept = rows.setdefault((row, prefix), own) & own
        assert kept, f"a row tells of {rows[row, prefix]} and of {own} in {prefix}"
        rows[row, prefix] = kept


def test_what_is_pinned_is_there() -> None:
    known = pinned()
    assert set(known) == {kind.__name__ for kind in kinds()}
    for kind in kinds():
        gone = set(known[kind.__name__]) - set(found(filled(kind)))
        assert not gone, f"{kind.__name__}: {gone}"
