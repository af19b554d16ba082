"""A table's cells as lines of text that fit a width: no digit is cropped, no row loses its name.

What does not fit in full is shown, in this order, with its money in thousands, millions or billions, on its
side (a column a row), or in several parts that repeat the row's name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from loantwin.errors import visible
from loantwin.language import said

MISSING = "–"
GAP = 2
"""Blanks between two columns; no cell holds two in a row."""
UNITS = ((1.0, ""), (1e3, "thousands"), (1e6, "millions"), (1e9, "billions"))
"""What money is divided by, and the word for it."""
FEWEST_DIGITS, MOST_DECIMALS = 4, 3
"""Digits that the largest amount keeps, and the most decimals that the least one may ask for."""
NAME_WIDTH, PROSE_WIDTH = 16, 26
"""Characters below which no name of a row, no sentence is squeezed."""
PROSE = 30
"""Characters from which a cell is a sentence, which may be wrapped."""
NAME_LINES = 3
"""Lines that a row's name may take."""
MOST_ON_SIDE = 5
"""Rows of a table that may be laid on its side."""
HEAD_BREAKS = r" |(?<=[|/_,])"
WIDE = r"[\u2e80-\u9fff\uff00-\uffef]"
"""A character that takes two cells: Chinese, and its punctuation; a line may end after any."""
TEAR = re.compile(rf"(?<={WIDE})(?![，。；：、！？）”])|(?<=[^\s（“])(?={WIDE})(?![，。；：、！？）”])")
"""Where a line may end in such text: never before a mark that closes, never inside a figure."""
WIDE_HEAD = 8
"""Cells of a heading in such text that stand in one line."""
_RANGE = re.compile(r"[-+–\d.,%() x]+(( to | 至 )[-+–\d.,%() x]+)*")


@dataclass(frozen=True)
class Money:
    """An amount in the book's currency, or the two ends of a range, which a table may show in millions."""

    values: tuple[float, ...]
    decimals: int = 0
    sign: str = ""

    def __str__(self) -> str:
        return self.text()

    def text(self, size: float = 1.0, decimals: int | None = None) -> str:
        """Return it divided by `size`; what is too small to be seen is said to be below the last digit."""
        places = self.decimals if decimals is None else decimals
        return f" {said('to')} ".join(
            _digits(value / size, places, self.sign, size != 1.0) for value in self.values
        )


Cell = str | Money


@dataclass(frozen=True)
class Part:
    """Lines of one part of a table: the first `heads` are its headings."""

    lines: tuple[str, ...]
    heads: int


@dataclass(frozen=True)
class Laid:
    """A table that fits: its parts, and the word for the unit of its money, empty where it is whole."""

    parts: tuple[Part, ...]
    unit: str


def laid_out(columns: Sequence[str], rows: Sequence[Sequence[Cell]], words: int, width: int) -> Laid:
    """Return a table as lines of at most `width` characters; its first `words` columns name the row."""
    heads = tuple(map(clean, columns))
    largest = max((abs(value) for row in rows for cell in row for value in _values(cell)), default=0.0)
    tables = [(_texts(rows, size), unit) for size, unit in UNITS if size == 1.0 or largest >= 100 * size]
    for cells, unit in tables:
        if _fits(heads, cells, words, width):
            return Laid((_part(heads, cells, words, width),), unit)
    for cells, unit in tables:
        turned = _on_side(heads, cells, words) if len(rows) <= MOST_ON_SIDE else None
        if turned is not None and _fits(*turned, 1, width):
            return Laid((_part(*turned, 1, width),), unit)
    made = [Laid(tuple(_in_parts(heads, cells, words, width)), unit) for cells, unit in tables]
    return min(made, key=lambda laid: len(laid.parts))


def clean(text: str) -> str:
    """Return a text on one line, with marks that steer a terminal as escapes."""
    return re.sub(r"\s{2,}|[\n\t]", " ", visible(text)).rstrip()


def wrap(text: str, width: int, breaks: str = " |/,-_>") -> list[str]:
    """Return a text as lines of at most `width` cells, torn at a blank, else after another of `breaks`."""
    lines = []
    rest = text
    while cell_len(rest) > width:
        line = _start(rest, width)
        if not line:
            break
        blank = len(line) if rest[len(line)] == " " else line.rfind(" ")
        sign = max((line.rfind(sign) + 1 for sign in breaks if sign != " "), default=0)
        cut = blank if blank > len(line) // 3 or sign <= len(line) // 4 else sign
        cut = max(cut, _torn(rest, len(line)))
        if cut <= 0:
            cut = len(line)
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*lines, rest] if rest or not lines else lines


def _torn(text: str, end: int) -> int:
    """Return the last place up to `end` where a line of wide characters may end; 0 where there is none."""
    return max((found.start() for found in TEAR.finditer(text, 1) if found.start() <= end), default=0)


def _head_width(head: str) -> int:
    """Return the cells that a heading needs at least: its longest word, a few where characters are wide."""
    words = re.split(HEAD_BREAKS, head)
    return max(min(cell_len(word), WIDE_HEAD) if re.search(WIDE, word) else cell_len(word) for word in words)


def _start(text: str, width: int) -> str:
    """Return the longest start of a text that takes at most `width` cells; some characters take two."""
    taken = 0
    for place, character in enumerate(text):
        taken += cell_len(character)
        if taken > width:
            return text[:place]
    return text


def _balanced(text: str, width: int) -> list[str]:
    """Return a text as few lines of about the same length: no last letter stands alone."""
    made = wrap(text, width)
    word = _longest(re.split(r"(?<=[|/,_>-])| ", text))
    for less in range(width - 1, max(width // 2, word - 1), -1):
        tried = wrap(text, less) if 1 < len(made) <= NAME_LINES else made
        if len(tried) > len(made) or tried is made:
            break
        made = tried
    return made


def _digits(value: float, decimals: int, sign: str, reduced: bool) -> str:
    text = f"{value:{sign},.{decimals}f}"
    if reduced and value and not float(text.replace(",", "")):
        return f"<{10.0**-decimals:.{decimals}f}" if value > 0 else f">-{10.0**-decimals:.{decimals}f}"
    return text if float(text.replace(",", "")) or sign else text.removeprefix("-")


def _values(cell: Cell) -> tuple[float, ...]:
    return cell.values if isinstance(cell, Money) else ()


def _ends(values: Sequence[float]) -> list[tuple[int, float]]:
    """Return the largest and the least of some amounts, each with the digits it should keep."""
    return [(FEWEST_DIGITS, max(values)), (2, min(values))] if values else []


def _texts(rows: Sequence[Sequence[Cell]], size: float) -> list[tuple[str, ...]]:
    """Return cells as text, money with decimals for four digits of a column's largest, two of its least."""
    decimals: list[int | None] = []
    for column in zip(*rows, strict=True):
        small = [abs(value) / size for cell in column for value in _values(cell) if value]
        needed = max(
            (digits - 1 - math.floor(math.log10(value)) for digits, value in _ends(small)), default=0
        )
        decimals.append(None if size == 1.0 else min(max(needed, 0), MOST_DECIMALS))
    return [
        tuple(
            cell.text(size, places) if isinstance(cell, Money) else clean(cell)
            for cell, places in zip(row, decimals, strict=True)
        )
        for row in rows
    ]


def _longest(texts: Sequence[str]) -> int:
    return max(map(cell_len, texts), default=0)


def _is_text(place: int, words: int, column: Sequence[str]) -> bool:
    """Return whether a column is read as text, which may be wrapped: names, and sentences."""
    return place < words or any(cell_len(cell) > PROSE and not _RANGE.fullmatch(cell) for cell in column)


def _least(place: int, words: int, head: str, column: Sequence[str]) -> int:
    """Return the width below which a column loses something."""
    head_width = _head_width(head)
    if not _is_text(place, words, column):
        return max(_longest(column), head_width)
    natural = _longest(column)
    squeezed = PROSE_WIDTH if natural > 2 * PROSE_WIDTH else NAME_WIDTH
    if place < words and natural <= NAME_LINES * PROSE_WIDTH:
        squeezed = max(squeezed, min(-(-natural // NAME_LINES) + 3, PROSE_WIDTH + 3))
    return max(min(natural, squeezed), min(head_width, squeezed))


def _columns(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    return [tuple(row[place] for row in cells) for place in range(len(heads))]


def _leasts(heads: Sequence[str], cells: Sequence[Sequence[str]], words: int) -> list[int]:
    columns = _columns(heads, cells)
    return [_least(place, words, head, columns[place]) for place, head in enumerate(heads)]


def _fits(heads: Sequence[str], cells: Sequence[Sequence[str]], words: int, width: int) -> bool:
    return sum(_leasts(heads, cells, words)) + GAP * (len(heads) - 1) <= width


def _widths(heads: Sequence[str], cells: Sequence[Sequence[str]], words: int, width: int) -> list[int]:
    """Return the widths of columns: what each needs, then room for what would be wrapped, then for heads."""
    columns, made = _columns(heads, cells), _leasts(heads, cells, words)
    room = width - sum(made) - GAP * (len(heads) - 1)
    while room < 0:  # a terminal too narrow for anything: the widest gives way
        widest = max(
            range(len(made)), key=lambda place: (_is_text(place, words, columns[place]), made[place])
        )
        if made[widest] <= PROSE_WIDTH // 2:
            widest = made.index(max(made))
        if made[widest] <= 1:
            break
        made[widest] -= 1
        room += 1
    for wanted in ([_longest(column) for column in columns], [cell_len(head) for head in heads]):
        open_ = [place for place, size in enumerate(wanted) if size > made[place]]
        while open_ and room > 0:
            share = max(room // len(open_), 1)
            for place in sorted(open_, key=lambda place: wanted[place] - made[place]):
                added = min(share, wanted[place] - made[place], room)
                made[place] += added
                room -= added
            open_ = [place for place in open_ if wanted[place] > made[place]]
    return made


def _part(heads: Sequence[str], cells: Sequence[Sequence[str]], words: int, width: int) -> Part:
    """Return a table's lines, headings first."""
    columns, widths = _columns(heads, cells), _widths(heads, cells, words, width)
    text = [_is_text(place, words, column) for place, column in enumerate(columns)]
    top = [wrap(head, size, " |/_,") for head, size in zip(heads, widths, strict=True)]
    deep = max(map(len, top), default=0) if any(heads) else 0
    top = [[""] * (deep - len(lines)) + lines for lines in top]
    lines = list(_joined(top, widths, text)) if deep else []
    for row in cells:
        lines += _joined(
            [_balanced(cell, size) for cell, size in zip(row, widths, strict=True)], widths, text
        )
    return Part(tuple(lines), deep)


def _joined(cells: Sequence[Sequence[str]], widths: Sequence[int], text: Sequence[bool]) -> Iterator[str]:
    """Yield the lines of one row whose cells are lines themselves."""
    for place in range(max(map(len, cells), default=0)):
        made = []
        for lines, size, left in zip(cells, widths, text, strict=True):
            line = lines[place] if place < len(lines) else ""
            blank = " " * max(size - cell_len(line), 0)
            made.append(line + blank if left else blank + line)
        yield (" " * GAP).join(made).rstrip()


def _named(cells: Sequence[Sequence[str]], words: int) -> list[list[str]]:
    """Return each row's names, with those that stand but once above the rows they hold for."""
    made: list[list[str]] = []
    for row in cells:
        names = list(row[:words])
        for place in range(words - 1):
            if not names[place] and made and not any(names[:place]):
                names[place] = made[-1][place]
        made.append(names)
    return made


def _on_side(
    heads: Sequence[str], cells: Sequence[Sequence[str]], words: int
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return a table on its side: a column for each of its rows, named by the row's names."""
    kept = min(words, 2)
    names = [", ".join(filter(None, row)) for row in _named(cells, kept)]
    first = ", ".join(filter(None, heads[:kept]))
    turned = [(heads[place], *(row[place] for row in cells)) for place in range(kept, len(heads))]
    return [first, *names], turned


def _in_parts(heads: Sequence[str], cells: Sequence[Sequence[str]], words: int, width: int) -> Iterator[Part]:
    """Yield a table in parts, each with the names of rows and as many of the other columns as fit."""
    kept = min(words, 2)
    named = _named(cells, kept)
    place = kept
    while place < len(heads):
        end = place + 1
        while end < len(heads):
            chosen = [*range(kept), *range(place, end + 1)]
            some = [(*named[at], *row[place : end + 1]) for at, row in enumerate(cells)]
            if not _fits([heads[at] for at in chosen], some, kept, width):
                break
            end += 1
        some = [(*named[at], *row[place:end]) for at, row in enumerate(cells)]
        yield _part([*heads[:kept], *heads[place:end]], some, kept, width)
        place = end
