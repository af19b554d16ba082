"""Rows that are no loans: totals, notes below a table, a header that comes again."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin.arrays import Flags, Floats, Integers
from loantwin.book.kinds import kind_of
from loantwin.book.mapping import ColumnSource
from loantwin.book.parse import FINDINGS

TOTAL_WORDS = (
    *("total", "totals", "grand total", "sub total", "subtotal", "sum", "overall"),
    *("summe", "gesamt", "gesamtsumme", "zwischensumme", "insgesamt", "somme", "totaux", "sous total"),
    *("suma", "subtotales", "totale", "totali", "soma", "totaal", "subtotaal", "summa", "totalt", "yhteensä"),
    *(
        "razem",
        "ogółem",
        "celkem",
        "součet",
        "spolu",
        "összesen",
        "ukupno",
        "skupaj",
        "toplam",
        "genel toplam",
    ),
    *(
        "итого",
        "всего",
        "разом",
        "σύνολο",
        "合计",
        "合計",
        "总计",
        "總計",
        "小计",
        "小計",
        "総計",
        "합계",
        "총계",
        "소계",
    ),
)
"""How a row of totals begins, in the languages that tapes are written in."""

_TOTAL = re.compile(
    r"[\W_]*(?:" + "|".join(word.replace(" ", r"[\s-]*") for word in TOTAL_WORDS) + r")(?!\w)", re.IGNORECASE
)
_LAST = 200
"""The last rows are looked at even where nothing in them is missing that a loan has."""

_MOST = 20_000
"""Rows beyond this many lack what loans have: such a tape has another trouble than totals."""


@dataclass(frozen=True)
class OtherRows:
    """Rows that are no loans (`FINDINGS`), and what their totals say against the rows above."""

    found: pl.DataFrame
    said: tuple[str, ...] = ()


def other_rows(frame: pl.DataFrame, values: pl.DataFrame, sources: list[ColumnSource]) -> OtherRows:
    """Return the rows that are no loans.

    A row of totals has a word for it in place of the loan number, or no number or no date, and amounts that
    are
    the sums of the rows above, since the last such row or from the beginning. A note has no fact of a loan
    but
    perhaps a number. A repeated header has the name of the number's column in it.

    Parameters
    ----------
    frame : texts of the read columns. values : the same rows parsed.
    """
    number = next(spec.source[0] for spec in sources if spec.name == "loan_id")
    amounts = list(
        dict.fromkeys(spec.name for spec in sources if kind_of(spec) == "money" and "\n" not in spec.name)
    )
    money = {spec.source[0] for spec in sources if kind_of(spec) == "money"}
    dates = {spec.source[0] for spec in sources if spec.unit == "date"} - {number}
    facts = {spec.source[0] for spec in sources} - money - {number}
    names = pl.col(number)
    bare = _none(facts)
    lacking = names.is_null() | (_none(dates or facts) if facts else pl.lit(False))
    last = pl.int_range(pl.len()) + _LAST >= pl.len()
    places = frame.select((lacking | last | (names == number).fill_null(False)).arg_true()).to_series()
    if not 0 < len(places) <= _MOST + _LAST:
        return OtherRows(pl.DataFrame(schema=FINDINGS))
    rows = frame[places].select(
        word=names.fill_null("").str.strip_chars(),
        header=(names == number).fill_null(False),
        bare=bare & _none(money) if facts else pl.lit(False),
        lacking=lacking,
    )
    own = [values[name].gather(places).cast(pl.Float64).fill_null(np.nan).to_numpy() for name in amounts]
    mine = np.column_stack(own) if own else np.full((len(places), 1), np.nan)
    between = _between(values, amounts, places.to_numpy().astype(np.int64))
    found: list[tuple[int, str]] = []
    said: list[str] = []
    group, whole = np.zeros((2, mine.shape[1]))
    loans = [0, 0]  # since the last row of totals, and in all
    before = -1
    for place, row in enumerate(rows.iter_rows(named=True)):
        position = int(places[place])
        group, whole = group + between[place], whole + between[place]
        loans = [count + position - before - 1 for count in loans]
        before = position
        filled = ~np.isnan(mine[place])
        enough = [count > (1 if row["word"] else 0) for count in loans]
        sums = [amounts_of for amounts_of, many in zip((group, whole), enough, strict=True) if many]
        alike = bool(filled.any()) and any(_same(mine[place], total)[filled].all() for total in sums)
        word = _TOTAL.match(row["word"]) is not None
        rule = None
        if row["header"]:
            rule = "repeated_header"
        elif row["bare"]:
            rule = "note_row"
        elif (word and (row["lacking"] or alike)) or (row["lacking"] and alike):
            rule = "totals_row"
            if filled.any() and not alike and len(said) < 5:
                said.append(_differs(position, amounts, mine[place], whole))
            group, loans = np.zeros(mine.shape[1]), [0, loans[1]]
        else:
            group, whole = group + np.nan_to_num(mine[place]), whole + np.nan_to_num(mine[place])
            loans = [count + 1 for count in loans]
        if rule is not None:
            found.append((position, rule))
    made = pl.DataFrame(found, schema={"position": pl.UInt32, "rule": pl.String}, orient="row")
    return OtherRows(made.select("position", pl.lit("loan_id").alias("field"), "rule"), tuple(said))


def _between(values: pl.DataFrame, amounts: list[str], places: Integers) -> Floats:
    """Return the sums of the rows between one looked-at row and the next, (looked at, amounts)."""
    edges = np.stack([np.concatenate([[0], places[:-1] + 1]), places], axis=1)
    if not amounts:
        return np.zeros((len(places), 1))
    columns = []
    for name in amounts:
        padded = np.append(values[name].cast(pl.Float64).fill_null(0.0).to_numpy(), 0.0)
        sums = np.add.reduceat(padded, edges.ravel())[::2]
        columns.append(np.where(edges[:, 0] < edges[:, 1], sums, 0.0))
    return np.column_stack(columns)


def _same(own: Floats, sums: Floats) -> Flags:
    return np.asarray(np.abs(own - sums) <= np.maximum(0.05, 1e-7 * np.abs(sums)))


def _none(columns: set[str]) -> pl.Expr:
    return pl.all_horizontal(pl.col(sorted(columns)).is_null()) if columns else pl.lit(True)


def _differs(position: int, amounts: list[str], own: Floats, above: Floats) -> str:
    told = [
        f"{name.removeprefix('panel.')} {mine:,.2f}, the rows above sum to {sums:,.2f}"
        for name, mine, sums in zip(amounts, own, above, strict=True)
        if not np.isnan(mine)
    ]
    return f"row {position + 1} states totals that differ from the rows above: " + "; ".join(told)
