"""A stranger's file opened: where its names are, which way it lies, and the rows to look at: some, however
many there are.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from loantwin.book.encodings import decoded
from loantwin.book.guess.evidence import DATES, kind_of_field
from loantwin.book.guess.names import NOTHING, fields_of, folded, meanings, word_list
from loantwin.book.guess.values import FORMS
from loantwin.book.layout import BLANK, DELIMITERS, MOST_ABOVE, Told, clean_name, split
from loantwin.book.sheets import sheet_tops
from loantwin.book.sniff import OLD_WORKBOOK, RawTape, check_text, open_tape, read_columns
from loantwin.book.unpack import unpacked
from loantwin.errors import TapeError, expected

MOST_ROWS = 10_000
HEAD_ROWS, CHUNKS = 4_000, 24
"""Rows looked at: those at the head, and pieces from all over the file."""

MOST_CELLS = 4_000_000
MOST_COLUMNS = 1_000
"""Columns whose values are looked at: those with a telling name, then the first."""

_TAIL_BYTES = 20_000
_FIRST_CELLS = 300
_MOST_LISTED = 5_000
_NAMING = word_list("naming")
_NUMBER = re.compile(r"[^\w.,+-]*[+-]?[\d.,'\s]*\d[\d.,'\s]*(?:%|[A-Za-z€$£¥]{0,4})?", re.ASCII)
_FALLBACKS = ("cp1252", "cp1250", "gb18030", "cp932", "mac_roman")


@dataclass(frozen=True)
class Look:
    """What was seen of a file.

    names : its columns. frame : the rows looked at, as texts of the columns in `frame`; rows : how many the
        file has, None where only some were counted. facts : keys of the mapping that say where the table
        lies.
    listed : True where the file holds names of fields and no loans. nameless : True where columns have no
        names.
    doubts : what of the facts is unsure, by key.
    """

    raw: RawTape | None
    sample: RawTape | None
    names: tuple[str, ...]
    frame: pl.DataFrame
    rows: int
    facts: dict[str, Any] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    listed: bool = False
    nameless: bool = False
    title: str = ""
    doubts: dict[str, str] = field(default_factory=dict)


def look(path: Path) -> Look:
    """Return the columns of a file and the rows to look at.

    Raises
    ------
    TapeError : no file that can be read as a table. ExtraError : an Excel file without the extra `excel`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TapeError(f"expected a readable file, was: {error.strerror}", file=path) from error
    content, _ = unpacked(content, path)
    if not content:
        raise TapeError(expected("a tape with a header", "an empty file"), file=path)
    if content[:4] == b"PAR1":
        return _seen(open_tape(path, bare=True), {}, ())
    if content[:4] == b"PK\x03\x04" or content[:8] == OLD_WORKBOOK:
        tops = sheet_tops(content, path)
        if not tops:
            raise TapeError(expected("a tape with a header", "sheets without a cell"), file=path)
        counted = {name: max(map(telling, rows[:MOST_ABOVE]), default=0) for name, rows in tops.items()}
        lists = {name: listed for name, rows in tops.items() if (listed := field_list(rows)) is not None}
        name = max(
            counted,
            key=lambda item: (
                max(counted[item], len(lists.get(item, ((), 0, 0))[0])),
                -list(tops).index(item),
            ),
        )
        facts: dict[str, Any] = {"sheet": name} if len(tops) > 1 else {}
        if name in lists and len(lists[name][0]) > counted[name]:
            return _of_list(lists[name][0], path)
        return _table(path, tops[name], facts, {})
    check_text(content, path)
    encoding: dict[str, Any] = {}
    doubts: dict[str, str] = {}
    try:
        text = decoded(content, Told(), path)
    except TapeError as error:
        if error.field != "encoding":
            raise
        encoding = {"encoding": _fallback(content)}
        doubts["encoding"] = error.message
        text = decoded(content, Told(encoding=encoding["encoding"]), path)
    lines = (
        text.utf8[: 1 << 22]
        .decode("utf-8", errors="replace")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .split("\n")
    )
    rows = _rows(lines)
    fields = field_list(rows)
    if fields is not None:
        names, _, first = fields
        if first is None:
            return _of_list(names, path)
        facts = {**encoding, "loans_from_column": first + 1}
        told = Told(
            loans_from=first + 1, encoding=encoding.get("encoding"), wanted=tuple((name,) for name in names)
        )
        return _seen(open_tape(path, told), facts, ("fields lie in rows, loans in columns",), doubts=doubts)
    return _table(path, rows, encoding, doubts)


def telling(cells: Sequence[str]) -> int:
    """Return how many cells of a row are names that tapes give to columns."""
    return sum(_is_name(clean_name(cell)) for cell in cells[:_FIRST_CELLS] if cell)


def field_list(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], int, int | None] | None:
    """Return names that stand in a column, its place, and the first column of a loan beside it; None for
    other tables.

    Templates list their fields: a column of names beside codes and explanations, and where they are filled
    in a
    column a loan.
    """
    if not 5 <= len(rows) <= _MOST_LISTED:
        return None
    width = max(len(row) for row in rows[:200])
    across = max(map(telling, rows[:MOST_ABOVE]), default=0)
    best: tuple[int, int, list[str]] = (0, -1, [])
    for place in range(min(width, 8)):
        cells = [clean_name(row[place]) for row in rows if place < len(row) and row[place].strip()]
        named = any(folded(cell) in _NAMING for cell in cells[:10])
        known = len({cell for cell in cells if _is_name(cell)})
        enough = (
            known >= (6 if named else 15)
            and known > across
            and 3 * known > (1 if named else 1.5) * len(set(cells))
        )
        if enough and known > best[0]:
            best = (known, place, cells)
    if best[1] < 0:
        return None
    place = best[1]
    kept = [
        row
        for row in rows
        if place < len(row) and row[place].strip() and folded(clean_name(row[place])) not in _NAMING
    ]
    kept = _of_loans(kept, place)
    first = _first_loan(kept, place, width)
    return tuple(dict.fromkeys(clean_name(row[place]) for row in kept)), place, first


def _of_loans(rows: list[Sequence[str]], place: int) -> list[Sequence[str]]:
    """Return the rows of the table of loans, where a column tells the tables of a list apart."""
    rows = _without_bonds(rows, place)
    for other in range(place):
        groups = Counter(folded(row[other]) for row in rows)
        if not 2 <= len(groups) <= 40 or max(groups.values()) < 10:
            continue
        mine = [
            group
            for group in groups
            if re.search(r"\bloans?$|^loans?\b", group) and "collateral" not in group
        ]
        if mine:
            chosen = max(mine, key=lambda group: groups[group])
            beside = {
                group
                for group in groups
                if group in (chosen, "portfolio") or ("relationship" in group and "loan" in group)
            }
            return [row for row in rows if folded(row[other]) in beside]
    return rows


def _without_bonds(rows: list[Sequence[str]], place: int) -> list[Sequence[str]]:
    """Return the rows without those of bonds, where codes of fields like AA12 and BAA12 tell parts of a
    template apart.
    """
    for other in range(place):
        codes = [found[1] if (found := re.match(r"([A-Z]{1,5})\d", row[other])) else "" for row in rows]
        if sum(map(bool, codes)) < 0.8 * len(rows):
            continue
        said = Counter(
            code for code, row in zip(codes, rows, strict=True) if "tranche" in meanings(row[place])
        )
        bonds = {code for code, count in said.items() if count >= 0.04 * codes.count(code)}
        kept = [row for code, row in zip(codes, rows, strict=True) if code not in bonds]
        return kept or rows
    return rows


def _first_loan(rows: Sequence[Sequence[str]], place: int, width: int) -> int | None:
    """Return the first column behind the names whose cells are such values as the names call for."""
    for column in range(place + 1, min(width, place + 8)):
        fit = seen = dates = 0
        for row in rows:
            cell = row[column].strip() if column < len(row) else ""
            best = _best(clean_name(row[place]))
            if not cell or best is None:
                continue
            kind = kind_of_field(best)
            if kind in ("date", "money", "rate", "days", "count"):
                seen += 1
                dated = any(re.match(guard, cell) for _, guard in FORMS)
                fit += dated if best in DATES else bool(_NUMBER.fullmatch(cell)) and not dated
                dates += dated and best in DATES
        if seen >= 4 and dates and fit >= 0.6 * seen:
            return column
    return None


def _best(name: str) -> str | None:
    found = {item: share for item, share in fields_of(name).items() if item != NOTHING and share >= 0.6}
    return max(found, key=lambda item: found[item]) if found else None


@cache
def _is_name(cell: str) -> bool:
    if len(cell) > 120 or _NUMBER.fullmatch(cell):
        return False
    return max(fields_of(cell).values(), default=0.0) >= 0.4


def _rows(lines: Sequence[str]) -> list[list[str]]:
    """Return the fields of lines by the delimiter that most lines agree on."""
    head = [line for line in lines[:MOST_ABOVE] if line.strip()]
    stated = re.fullmatch(r'"?sep=(.)"?', head[0].strip("\ufeff ")) if head else None
    best = max(
        DELIMITERS,
        key=lambda mark: (
            max((telling(split(line, mark)) for line in head[:30]), default=0),
            sum(line.count(mark) for line in head),
        ),
    )
    delimiter = stated[1] if stated else best
    try:
        rows = [
            row
            for _, row in zip(range(_MOST_LISTED + 1), csv.reader(lines, delimiter=delimiter), strict=False)
        ]
    except csv.Error:
        return [split(line, delimiter) for line in lines[:_MOST_LISTED]]
    # One line of the file may hold several of a row: places are those of lines, so plain splitting where
    # they differ.
    return (
        rows
        if not any("\n" in cell for row in rows[:MOST_ABOVE] for cell in row)
        else [split(line, delimiter) for line in lines[:_MOST_LISTED]]
    )


def _table(path: Path, rows: Sequence[Sequence[str]], facts: dict[str, Any], doubts: dict[str, str]) -> Look:
    """Return the look of a table with loans in rows: at its header, a known layout without one, or numbered
    columns.
    """
    top = rows[:MOST_ABOVE]
    filled = [place for place, row in enumerate(top) if any(cell.strip() for cell in row)]
    told = Told(sheet=facts.get("sheet"), encoding=facts.get("encoding"))
    counts = [telling(row) for row in top]
    most = max(counts, default=0)
    place = next((at for at, count in enumerate(counts) if count >= max(1, 0.6 * most)), None)
    first = filled[0] if filled else 0
    if (
        top
        and first < len(top)
        and re.fullmatch(r'"?sep=."?', ",".join(top[first]).strip('"'))
        and len(filled) > 1
    ):
        first = filled[1]
    if place is None or _is_data(top[first], counts[first]):
        if top and _is_data(top[first], counts[first]):
            return _without_header(path, top, first, told, facts, doubts)
        return _seen(open_tape(path, told, bare=True), facts, (), doubts=doubts)
    title = " ".join(cell.strip() for row in top[:place] for cell in row if cell.strip())[:300]
    names = [clean_name(cell) for cell in top[place]]
    while names and not names[-1]:
        names.pop()
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if twice:
        names = _told_apart(names)
        facts = {**facts, "header_row": place + 1, "header": names}
        raw = open_tape(path, replace(told, header_row=place + 1, header=tuple(names)), bare=True)
        said = "several columns have one name: " + ", ".join(twice[:5]) + "; `header` numbers them"
        return _seen(raw, facts, (said,), title=title, doubts=doubts)
    if place != first:
        facts = {**facts, "header_row": place + 1}
        told = replace(told, header_row=place + 1)
    return _seen(open_tape(path, told, bare=True), facts, (), title=title, doubts=doubts)


def _told_apart(names: Sequence[str]) -> list[str]:
    """Return names of which each stands once: the second of a name has 2 behind it."""
    seen: Counter[str] = Counter()
    made = []
    for place, name in enumerate(names, 1):
        seen[name] += 1
        made.append(
            name if seen[name] == 1 and name else f"{name} {seen[name]}" if name else f"column {place}"
        )
    return made


def _is_data(cells: Sequence[str], names: int) -> bool:
    """Return whether a first row holds values: numbers and dates in a quarter of its cells, and hardly a
    name.
    """
    filled = [cell.strip() for cell in cells[:_FIRST_CELLS] if cell.strip()]
    values = sum(
        bool(_NUMBER.fullmatch(cell)) or any(re.match(guard, cell) for _, guard in FORMS) for cell in filled
    )
    return values >= 2 and 4 * values >= len(filled) and 3 * names < len(filled)


def _without_header(
    path: Path,
    top: Sequence[Sequence[str]],
    first: int,
    told: Told,
    facts: dict[str, Any],
    doubts: dict[str, str],
) -> Look:
    for layout in layouts():
        place = layout["column"] - 1
        cells = [row[place] for row in top[first : first + 20] if place < len(row)]
        width = len(top[first])
        if (
            cells
            and all(re.fullmatch(layout["pattern"], cell.strip()) for cell in cells)
            and width <= len(layout["names"])
        ):
            names = layout["names"][:width]
            raw = open_tape(path, replace(told, header=tuple(names)))
            return _seen(
                raw,
                {**facts, "header": names},
                (f"the file has no header; its columns are those of the {layout['words']}",),
                doubts=doubts,
            )
    raw = open_tape(path, replace(told, header_row=0))
    return _seen(
        raw,
        {**facts, "header_row": 0},
        ("the file has no header: its columns are numbered",),
        nameless=True,
        doubts=doubts,
    )


@cache
def layouts() -> tuple[dict[str, Any], ...]:
    """Return the known files without a header."""
    return tuple(tomllib.loads((Path(__file__).parent / "layouts.toml").read_text(encoding="utf-8")).values())


def _fallback(content: bytes) -> str:
    for name in _FALLBACKS:
        try:
            content.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return "latin-1"


def _of_list(names: Iterable[str], path: Path) -> Look:
    kept = tuple(names)
    said = f"{path.name} lists names of fields and holds no loans: they were mapped by their names alone"
    return Look(None, None, kept, pl.DataFrame(), 0, said=(said,), listed=True)


def _seen(
    raw: RawTape,
    facts: dict[str, Any],
    said: tuple[str, ...],
    *,
    nameless: bool = False,
    title: str = "",
    doubts: dict[str, str] | None = None,
) -> Look:
    names = tuple(name for name in raw.header if not name.startswith(BLANK) and name not in raw.unread)
    known = [name for name in names if _is_name(name)]
    others = [name for name in names if not _is_name(name)]
    chosen = set(known[:MOST_COLUMNS] + others[: max(0, MOST_COLUMNS - len(known))])
    read = [name for name in names if name in chosen]
    sample, rows = _sampled(raw, max(50, min(MOST_ROWS, MOST_CELLS // max(len(raw.header), 1))))
    frame, _ = read_columns(sample, read)
    frame = frame.select(read)
    if sample.table is None:
        frame = (
            frame.filter(pl.any_horizontal(pl.all().is_not_null())) if frame.width and frame.height else frame
        )
    told = tuple(raw.source.statements)
    return Look(
        raw,
        sample,
        names,
        frame,
        rows,
        facts,
        (*told, *said),
        nameless=nameless,
        title=title,
        doubts=doubts or {},
    )


def _sampled(raw: RawTape, most: int) -> tuple[RawTape, int]:
    """Return the tape cut to so many rows, the first and pieces from all over, and how many it has."""
    if raw.table is not None:
        height = raw.table.height
        if height <= most:
            return raw, height
        head = most * HEAD_ROWS // MOST_ROWS
        rest = raw.table[head:].gather_every(max(1, -(-(height - head) // (most - head))))
        return replace(raw, table=pl.concat([raw.table[:head], rest])), height
    rows = raw.body.count(b"\n")
    if rows <= most:
        return raw, rows
    head = most * HEAD_ROWS // MOST_ROWS
    first = raw.body.index(b"\n") + 1
    parts = [raw.body[:first], _lines_from(raw.body, first, head)]
    start = end = first + len(parts[1])
    each = max(1, (most - head) // CHUNKS)
    size = len(raw.body) - start
    # The last piece reaches the end: what is no loan stands there.
    places = [start + size * chunk // CHUNKS for chunk in range(CHUNKS - 1)] + [len(raw.body) - _TAIL_BYTES]
    for place in places:
        place = raw.body.find(b"\n", max(place, end)) + 1
        piece = _lines_from(raw.body, place, each) if place else b""
        end = max(end, place + len(piece))
        if piece.count(b'"') % 2 == 0:
            parts.append(piece)
    body = b"".join(part if part.endswith(b"\n") or not part else part + b"\n" for part in parts)
    return replace(raw, body=body.rstrip(b"\n"), lines=None, source=replace(raw.source, form="csv")), rows


def _lines_from(body: bytes, start: int, count: int) -> bytes:
    """Return lines of a text from a place on."""
    guess = max(4096, count * 400)
    while True:
        piece = body[start : start + guess]
        ends = piece.count(b"\n")
        if ends >= count or start + guess >= len(body):
            break
        guess *= 4
    lines = piece.split(b"\n", count)
    if len(lines) > count:
        return b"\n".join(lines[:count]) + b"\n"
    return piece
