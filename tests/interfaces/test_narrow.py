"""Every table at 80 columns, the default terminal: no digit cropped, no name of a row lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from loantwin.interfaces.cli.tables.layout import Money, _balanced, laid_out, wrap
from loantwin.types import Result

from .results import filled, kinds
from .tables import NUMBER, held_to_width


@pytest.mark.parametrize(
    ("money", "width"),
    [(3e8, 80), (1e11, 80), (1e11, 60), (1e11, 100), (1e11, 120)],
    ids=["nine digits-80", "twelve digits-80", "twelve digits-60", "twelve digits-100", "twelve digits-120"],
)
@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_no_digit_and_no_name_is_lost(kind: type[Result], money: float, width: int) -> None:
    if kind.__name__ == "SchemaShown" and width < 80:
        pytest.skip("a schema is shown as it is written: the address of its draft is one word")
    held_to_width(filled(kind, money), width)


NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=60)
AMOUNTS = st.floats(-1e13, 1e13).map(lambda value: Money((round(value, 2),)))
CELLS = st.one_of(AMOUNTS, st.integers(0, 10**7).map(lambda value: f"{value:,}"))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(60, 160))
def test_any_table_fits(data: st.DataObject, width: int) -> None:
    many = data.draw(st.integers(1, 9))
    columns = ["name", *(f"a heading {place}" for place in range(many))]
    row = st.tuples(NAMES, *[CELLS] * many)
    rows = data.draw(st.lists(row, min_size=1, max_size=7))
    made = laid_out(columns, rows, 1, width)
    lines = [line for part in made.parts for line in part.lines]
    assert max(map(cell_len, lines)) <= width
    told = {token for line in lines for token in NUMBER.findall(line)}
    for _, *cells in rows:
        for cell in cells:
            if isinstance(cell, str):
                assert cell in told
            elif not made.unit:
                assert str(cell) in told


def test_the_unit_is_said_and_its_figures_are_those() -> None:
    rows = [("all loans", *(Money((890_665_321.0 * (place + 1),)) for place in range(6)))] * 7
    made = laid_out(["", *"abcdef"], rows, 1, 80)
    assert made.unit == "thousands"
    assert made.parts[0].lines[1].split() == ["all", "loans", "890,665", "1,781,331", "2,671,996",
                                              "3,562,661", "4,453,327", "5,343,992"]  # fmt: skip
    assert laid_out(["", *"abcdef"], rows, 1, 120).unit == ""


def test_a_short_table_is_laid_on_its_side() -> None:
    columns = ("scenario", *(f"a long heading number {place}" for place in range(9)))
    rows = [("Baseline", *(f"{place}.25 %" for place in range(9)))]
    (part,) = laid_out(columns, rows, 1, 60).parts
    assert part.lines[0].split() == ["scenario", "Baseline"]
    assert part.lines[3].split() == ["a", "long", "heading", "number", "2", "2.25", "%"]


def test_what_fits_nowhere_comes_in_parts_that_repeat_the_name() -> None:
    columns = ("state", *(f"column{place}" for place in range(20)))
    rows = [(f"row {number}", *(f"{number}.{place:04}" for place in range(20))) for number in range(9)]
    made = laid_out(columns, rows, 1, 60)
    assert len(made.parts) > 1
    assert all(part.lines[1].startswith("row 0") for part in made.parts)
    assert [head for part in made.parts for head in part.lines[0].split()[1:]] == list(columns[1:])


def test_a_name_is_torn_between_words() -> None:
    assert _balanced("individually assessed", 16) == ["individually", "assessed"]
    assert _balanced("mortgage|north-western branches C", 32) == ["mortgage|north-", "western branches C"]
    assert wrap("the uncertainty", 14) == ["the", "uncertainty"]
