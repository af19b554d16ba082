"""Every class of result: tables hold the figures of its document; words and pictures come from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar

import polars as pl
import pytest

from loantwin.errors import UsageError
from loantwin.results.reading import readings
from loantwin.results.tables import KEYS, PROVENANCE, tables
from loantwin.types import Result
from tests.results.samples import classes, sample

CLASSES = classes()
NAMES = [kind.__name__ for kind in CLASSES]
NUMBERED = re.compile(r"^\d+$")


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield path and value of every figure of a document."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from leaves(item, (*path, str(name)))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves(item, (*path, str(place)))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


def cells(result: Any) -> dict[float, tuple[str, str, dict[str, Any]]]:
    """Return figure -> table, column and row, over every table of a result."""
    found: dict[float, tuple[str, str, dict[str, Any]]] = {}
    for name, frame in result.frames().items():
        for row in frame.iter_rows(named=True):
            for column, value in row.items():
                if isinstance(value, int | float) and not isinstance(value, bool):
                    found[value] = (name, column, row)
    return found


@pytest.mark.parametrize("kind", CLASSES, ids=NAMES)
@pytest.mark.parametrize("size", [1, 3])
def test_every_figure_of_the_document_stands_under_its_own_heading(kind: type[Result], size: int) -> None:
    result = sample(kind, size)
    document = {key: value for key, value in result.to_dict().items() if key not in ("_provenance", "schema")}
    told = list(leaves(document))
    there = cells(result)
    assert len({value for _, value in told}) == len(told), "the sample's figures are not all distinct"
    for path, value in told:
        assert value in there, f"{'.'.join(path)} is in no table"
        table, column, row = there[value]
        words = [word.lstrip("_") for word in path if not NUMBERED.match(word)]
        at = f"{table}.{column}"
        texts = {text for text in row.values() if isinstance(text, str)}
        for word in words:
            word = "age" if word == "ages" else word  # the axis of a shape is a column of ages
            assert word in at or word in texts, f"{'.'.join(path)} stands at {at} of {row}"
        last = "age" if words[-1] == "ages" else words[-1]
        listed = NUMBERED.match(path[-1]) is not None
        assert column.rstrip("_").endswith(last) or (column == "value" and (listed or last in texts)), at


@pytest.mark.parametrize("kind", CLASSES, ids=NAMES)
def test_a_class_has_a_reading_whose_names_are_there(kind: type[Result]) -> None:
    reading, result = readings()[kind.__name__], sample(kind)
    made = tables(result)
    assert reading.table is None or reading.table in made
    if reading.drawn is not None:
        columns = set(made[reading.drawn.table][0])
        wanted = {reading.drawn.x, reading.drawn.y, reading.drawn.by, *(reading.drawn.interval or ())}
        assert wanted - {None} <= columns
    hints = {name for name in dir(result) if not name.startswith("_")}
    paths = [path for _, path, _ in reading.figures]
    paths += [path for text in reading.sentences for path in re.findall(r"\{([^|}]+)\|", text)]
    for path in paths:
        if path == "name":
            continue
        for half in path.rstrip("#").split("/"):
            assert half.split(".")[0] in hints, half


def test_no_reading_is_of_a_class_that_is_gone() -> None:
    assert set(readings()) == set(NAMES)


@pytest.mark.parametrize("kind", CLASSES, ids=NAMES)
def test_what_people_see_is_short_and_tells_the_main_figures(kind: type[Result]) -> None:
    result = sample(kind)
    lines = repr(result).splitlines()
    assert 2 <= len(lines) <= 16
    assert max(map(len, lines)) <= 120
    assert type(result).__name__ in lines[0]
    page = result._repr_html_()
    assert len(page) < 12_000
    assert "<script" not in page
    assert not re.search(r"#[0-9a-f]{3,6}\b|rgb\(", page), "a colour that one of light and dark cannot show"
    said = result.summary()
    assert said.endswith(".")
    assert "{" not in said


@pytest.mark.parametrize("kind", CLASSES, ids=NAMES)
def test_names_of_a_tape_cannot_become_markup(kind: type[Result]) -> None:
    result = sample(kind)
    for name, value in vars(result).items():
        if isinstance(value, str):
            object.__setattr__(result, name, "<img src=x onerror=alert(1)>\x1b[31m")
        elif isinstance(value, Mapping):
            object.__setattr__(result, name, {f"<b>{key}": item for key, item in value.items()})
    page = result._repr_html_()
    assert "<img" not in page
    assert "<b>" not in page
    assert "\x1b" not in page + repr(result) + result.summary()


def test_a_table_that_is_not_there_is_refused_with_those_that_are() -> None:
    result = sample(next(kind for kind in CLASSES if kind.__name__ == "Forecast"))
    with pytest.raises(UsageError, match=r"expected one of .*months.*totals.*, was 'no'"):
        result.frame("no")
    assert result.frame().columns[0] == "month"
    assert result.frame("totals").columns == ["figure", "mean", "p05", "p95"]


def test_columns_have_one_kind() -> None:
    step = sample(next(kind for kind in CLASSES if kind.__name__ == "ExplanationResult"))
    first = next(iter(step.approaches.values()))[0]
    object.__setattr__(first, "value", "in words")
    frame = step.frame("approaches")
    assert frame.schema["value"] in (pl.Float64, pl.Int64)
    assert frame["value_text"].drop_nulls().to_list()[0] == "in words"
    assert frame["value"].null_count() == 1
    assert step.frame("result").schema["as_of"] == pl.Date


def test_the_provenance_is_a_table() -> None:
    result = sample(next(kind for kind in CLASSES if kind.__name__ == "Forecast"))
    object.__setattr__(result, "provenance", {"seed": 7, "settings": {"run": {"paths": 100}}})
    assert result.frame(PROVENANCE).rows() == [("seed", "7"), ("settings.run.paths", "100")]


def test_keys_name_fields_that_exist() -> None:
    used = {name for kind in CLASSES for name in tables(sample(kind))}
    fields = {part for name in used for part in name.split(".")} | used
    assert set(KEYS) <= fields


def test_a_class_of_another_package_is_read_by_the_defaults() -> None:
    @dataclass(frozen=True)
    class Theirs(Result):
        SCHEMA: ClassVar[str] = "loantwin.their_standard/1"

        as_of: date
        parts: Mapping[str, Mapping[str, float]]

    result = Theirs(date(2024, 1, 31), {"a": {"allowance": 1.5}, "b": {"allowance": 2.5}})
    assert repr(result).startswith("Their standard as of 2024-01-31 (Theirs)\n")
    assert result.frame().rows() == [("a", 1.5), ("b", 2.5)]
    assert [bar.get_width() for bar in result.plot().axes[0].patches] == [1.5, 2.5]


@pytest.mark.parametrize("kind", CLASSES, ids=NAMES)
def test_a_picture_shows_the_table(kind: type[Result], oracle: Any) -> None:
    oracle("matplotlib")
    result = sample(kind)
    drawn = readings()[kind.__name__].drawn
    if drawn is None:
        with pytest.raises(UsageError, match="figures to draw"):
            result.plot()
        return
    figure = result.plot()
    axes = figure.axes[0]
    shown = [bar.get_width() for bar in axes.patches] or [y for line in axes.lines for y in line.get_ydata()]
    values = [row[drawn.y] for row in tables(result)[drawn.table]]
    ratio = {round(place / value, 9) for place, value in zip(shown, values, strict=False)}
    assert len(shown) == len(values)
    assert len(ratio) == 1, (shown, values)  # one scale, so that every value stands at its own place
    assert figure.get_suptitle().startswith(readings()[kind.__name__].title)


def test_a_long_name_of_a_segment_moves_no_other_figure() -> None:
    kind = next(kind for kind in CLASSES if kind.__name__ == "CeclResult")
    made = sample(kind)
    pool = next(iter(made.by_pool.values()))
    lines = repr(replace(made, by_pool={"x" * 120: pool, "B": pool})).splitlines()
    (far,) = [line for line in lines if "x" * 120 in line]
    assert far.endswith(f"{'x' * 120}  {pool.allowance:,.0f} EUR")
    assert max(len(line) for line in lines if line != far) < 100


BARRED = [kind for kind in CLASSES if (it := readings()[kind.__name__].drawn) and it.bars and it.interval]


@pytest.mark.parametrize("kind", BARRED, ids=lambda kind: kind.__name__)
def test_bars_show_the_interval_that_a_reading_names(kind: type[Result], oracle: Any) -> None:
    oracle("matplotlib")
    result, drawn = sample(kind), readings()[kind.__name__].drawn
    assert drawn is not None
    assert drawn.interval is not None
    axes, rows = result.plot().axes[0], tables(result)[drawn.table]
    factor = axes.patches[0].get_width() / rows[0][drawn.y]
    shown = [line.get_segments()[0][:, 0].tolist() for line in axes.collections]
    assert shown == [pytest.approx([factor * row[name] for name in drawn.interval]) for row in rows]
