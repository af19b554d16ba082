"""A result in a notebook: one small block that takes the page's own colours, light or dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from loantwin.errors import visible
from loantwin.results.reading import reading_of
from loantwin.results.tables import PROVENANCE, SINGLE, Row, main_table, tables
from loantwin.results.words import MOST, currency_of, figures, heading, moved, number, shown, table_names

ROWS = 8
"""Rows of the table that are shown."""
COLUMNS = 7
"""Columns of the table that are shown."""
SPREAD = ("p05", "p25", "p75", "p95", "low", "high", "standard_error")
"""Ends of columns that give way first where there are too many."""
TABLES = 12
"""Names of further tables that are listed."""
STYLE = (
    ".lt-result{font:13px/1.5 system-ui,sans-serif;color:inherit;max-width:60em}"
    ".lt-result h4{margin:.2em 0 .4em;font-size:15px}"
    ".lt-result .lt-wide{overflow-x:auto}"
    ".lt-result table{border-collapse:collapse;margin:.3em 0 .6em;background:none;font-size:13px}"
    ".lt-result th,.lt-result td{padding:2px 12px 2px 0;border:0;text-align:right;white-space:nowrap;"
    "background:none;color:inherit;font-variant-numeric:tabular-nums}"
    ".lt-result th{font-weight:600;opacity:.8}"
    ".lt-result .lt-text{text-align:left}"
    ".lt-result .lt-table thead th{border-bottom:1px solid currentColor}"
    ".lt-result p{margin:.2em 0;opacity:.8}"
)
"""Nothing here names a colour: text and lines take the notebook's own."""


def html(result: Any) -> str:
    """Return a result as a block of HTML; every text of it is escaped."""
    reading, made = reading_of(result), tables(result)
    rows = "".join(
        f'<tr><th class="lt-text" scope="row">{_safe(label)}</th><td>{_safe(value)}</td></tr>'
        for label, value in figures(result)
    )
    name = main_table(made, reading.table)
    others = [item for item in table_names(result) if item != name]
    parts = [f"<h4>{_safe(heading(result))}</h4>"]
    if rows:
        parts.append(f"<table><tbody>{rows}</tbody></table>")
    if name not in (SINGLE, PROVENANCE):
        parts.append(_table(made[name], name, currency_of(result)))
    if others:
        listed = ", ".join(f"<code>{_safe(item)}</code>" for item in others[:TABLES])
        listed += f" and {len(others) - TABLES} more" if len(others) > TABLES else ""
        parts.append(f"<p>More tables, by <code>.frame(name)</code>: {listed}</p>")
    alone = getattr(result, "prior_only", ())
    if alone:
        parts.append(f"<p>Too few events to tell, so mostly prior belief: {_safe(_listed(alone))}</p>")
    return f'<div class="lt-result"><style>{STYLE}</style>{"".join(parts)}</div>'


def _table(rows: list[Row], name: str, currency: str) -> str:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    there = [column for column in columns if any(row.get(column) is not None for row in rows)]
    if len(there) > COLUMNS:
        there = [column for column in there if not column.endswith(SPREAD)]
    kept = there[:COLUMNS]
    texts = {column for column in kept if any(isinstance(row.get(column), str) for row in rows)}
    head = "".join(
        f'<th scope="col"{_class(column, texts)}>{_safe(_heading(column))}</th>' for column in kept
    )
    body = "".join(f"<tr>{_row(row, kept, texts)}</tr>" for row in rows[:ROWS])
    left = [
        f"{len(rows) - ROWS:,} more rows" if len(rows) > ROWS else "",
        f"{len(columns) - len(kept):,} more columns" if len(columns) > len(kept) else "",
    ]
    more = " and ".join(part for part in left if part)
    money = f"; money in {_safe(currency)}" if currency else ""
    caption = f"<p><code>{_safe(name)}</code>{', with ' + more if more else ''}{money}</p>"
    return (
        f'{caption}<div class="lt-wide"><table class="lt-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(moved(name) for name in names[:MOST]) + more


def _row(row: Row, kept: list[str], texts: set[str]) -> str:
    return "".join(f"<td{_class(column, texts)}>{_safe(_cell(row.get(column)))}</td>" for column in kept)


def _heading(column: str) -> str:
    return column.replace("_", " ").strip()


def _cell(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    told = shown(value, "text")
    return moved(told) if " -> " in told else told


def _class(column: str, texts: set[str]) -> str:
    return ' class="lt-text"' if column in texts else ""


def _safe(text: str) -> str:
    return escape(visible(text))
