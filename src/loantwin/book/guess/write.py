"""A mapping as people edit it: each column with what was guessed, how sure that is, samples, and what else
it may be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from loantwin.book.guess.draft import Draft, key_of, placed
from loantwin.book.guess.entries import Entry
from loantwin.book.guess.evidence import kind_of_field
from loantwin.book.guess.match import UNSURE
from loantwin.book.guess.results import samples
from loantwin.book.layout import clean_name
from loantwin.book.mapping import FORMATS, load_mapping
from loantwin.book.schema import CHECKED, LOANS, PANEL
from loantwin.errors import visible

WIDTH = 118
MOST_NAMED = 400
"""Columns that are read by nobody and still named in a mapping."""

_ALLOWED = {column.name: column.allowed for column in (*LOANS, *PANEL, *CHECKED)}
_NUMBERED = (
    "# UNSURE loan_id: no column numbers the loans; the rows are numbered instead.\n"
    "[columns.loan_id]\nnumber_rows = true\n"
)
_STATUS = ("paid", "charged_off", "default", "late", "current")


def mapping_text(draft: Draft, formats: tuple[str, ...], path: Path) -> str:
    """Return the text of a mapping: TOML with comments; of a file that a built-in format reads, that
    format's own.
    """
    if formats:
        return _of_format(draft, formats, path)
    parts = [_heading(draft, path), _top(draft)]
    order = list(dict.fromkeys(column.name for column in (*LOANS, *PANEL, *CHECKED)))
    items = sorted(
        draft.entries,
        key=lambda item: (
            ("columns", "panel", "checked").index(placed(item, draft)[0]),
            order.index(placed(item, draft)[1]),
        ),
    )
    for section in ("columns", "panel", "checked"):
        mine = [item for item in items if placed(item, draft)[0] == section]
        if section == "columns":
            if not any(placed(item, draft)[1] == "loan_id" for item in mine):
                parts.append(_NUMBERED)
            parts += [_entry(item, draft) for item in mine]
            parts += [_constant(name, value, draft) for name, value in draft.constants.items()]
            parts += _losses(draft)
            parts += _rates(draft)
        else:
            parts += [_entry(item, draft) for item in mine]
    parts.append(_assumptions(draft))
    parts.append(_left(draft))
    return "\n".join(part for part in parts if part)


def _of_format(draft: Draft, formats: tuple[str, ...], path: Path) -> str:
    name = formats[0]
    source = Path(str(FORMATS.named(name))).read_text(encoding="utf-8")
    said = (
        f"{_shown(path.name)} has the columns of the built-in format {name}, whose mapping this is: "
        f"`--format {name}` reads the file as it stands."
    )
    more = f" So do: {', '.join(formats[1:])}." if formats[1:] else ""
    beside = _beside_format(draft, name)
    return _comment(said + more + " Change a copy where your file differs.") + "\n" + source + beside


def _beside_format(draft: Draft, name: str) -> str:
    """Return what was guessed of columns that a built-in format does not read, as comments."""
    mapping = load_mapping(name)
    specs = [
        spec for section in (mapping.columns, mapping.panel, mapping.checked) for spec in section.values()
    ]
    held = {clean_name(source).casefold() for spec in specs for source in spec.source}
    taken = {*mapping.columns, *mapping.panel, *mapping.checked} - {
        key for key, spec in mapping.columns.items() if not spec.source
    }
    items = [
        item
        for item, found in draft.entries.items()
        if found.match.column.casefold() not in held and placed(item, draft)[1] not in taken
    ]
    if not items:
        return ""
    lines = [line for item in items for line in _entry(item, draft).splitlines()]
    return (
        "\n# Beside these the file holds what the format does not read; take the marks off what you need.\n"
        + "\n".join(line if line.startswith("#") or not line else f"# {line}" for line in lines)
        + "\n"
    )


def _heading(draft: Draft, path: Path) -> str:
    unsure = [item for item, found in draft.entries.items() if found.confidence <= UNSURE]
    lines = [
        _comment(
            f"Mapping guessed from {_shown(path.name)}: {draft.look.rows:,} rows, {len(draft.look.names):,} "
            f"columns; {draft.look.frame.height:,} rows were looked at. Look at what is marked UNSURE, then "
            f"run: loantwin tape check {_shown(path.name)} --format THIS.toml"
        )
    ]
    lines += [_comment(said) for said in draft.said]
    if unsure or draft.doubts:
        lines.append("#\n# UNSURE, look at these first:")
        lines += [_comment(f"  {key_of(item, draft)}: {_about(draft.entries[item])}") for item in unsure]
        lines += [_comment(f"  {key}: {words}") for key, words in draft.doubts.items()]
    return "\n".join(lines) + "\n"


def _about(found: Entry) -> str:
    words = "; ".join(found.doubts) or "the name alone does not tell"
    others = " or ".join(name for name, _ in found.match.others)
    return f"column {found.match.column!r} ({found.confidence:.2f}); {words}" + (
        f"; or {others}" if others else ""
    )


def _top(draft: Draft) -> str:
    stated: dict[str, Any] = {
        "name": "guessed",
        "words": "Mapping guessed by loantwin tape map.",
        "currency": draft.currency,
        "kind": draft.shape.kind,
    }
    lines = [f"{key} = {_value(value)}" for key, value in stated.items()]
    if "currency" in draft.doubts:
        lines[2] += "  # UNSURE: state the currency of the amounts (ISO 4217)"
    lines[3] += (
        "  # outcomes: a row a loan with its end; panel: a row a loan and month; snapshot: a row a loan"
    )
    lines += [f"{key} = {_value(value)}" for key, value in draft.look.facts.items()]
    if "encoding" in draft.doubts:
        lines[-1] += "  # UNSURE"
    if draft.shape.kind == "snapshot" and "observation_date" not in draft.entries:
        lines.append('as_of = "data_date"  # UNSURE: the assumption at the end, or --assume data_date=DATE')
    if draft.series:
        if draft.months:
            lines.append(f"months = [{', '.join(day.isoformat() for day in draft.months)}]")
        else:
            most = max(len(item.columns) for item in draft.series.values())
            lines.append(
                f"# UNSURE: the days of the {most} columns of a month, in order; else nothing is read."
            )
            lines.append("# months = [2024-01-31, 2023-12-31]")
    if draft.report_every != 1:
        lines.append(f"report_every = {draft.report_every}  # reports of a loan lie so many months apart")
    lines.append(f"decimal = {_value(draft.decimal)}")
    lines.append(f"missing = {_value(['', *draft.missing])}")
    lines.append(f"observes = {_value(list(draft.observes))}")
    lines.append(f"segment_by = {_value(list(draft.segment_by))}")
    return "\n".join(lines) + "\n"


def _entry(item: str, draft: Draft) -> str:
    found = draft.entries[item]
    section, name = placed(item, draft)
    values = draft.table.columns[found.match.column]
    unsure = found.confidence <= UNSURE
    shown = ", ".join(_shown(text) for text in samples(item, values)) or "none"
    lines = [
        _comment(
            f"{'UNSURE ' if unsure else ''}{name}: confidence {found.confidence:.2f}. "
            f"{'; '.join(found.match.why)}. Samples: {shown}"
        )
    ]
    lines += [_comment(f"  Look at this: {words}.") for words in found.doubts]
    if found.match.others:
        lines.append(
            _comment(
                "  Or: " + ", ".join(f"{_shown(other)} ({share:.2f})" for other, share in found.match.others)
            )
        )
    if (unsure and kind_of_field(item) == "choice") or (found.codes and None in found.codes.values()):
        lines.append(_comment("  May be: " + ", ".join(_STATUS if name == "status" else _ALLOWED[name])))
    keys = dict(found.keys)
    if item in draft.series:
        keys.pop("source")
        keys["monthly"] = list(draft.series[item].columns)
    if (
        draft.shape.kind == "panel"
        and section == "columns"
        and name in ("default_date", "charge_off_date", "closed_date")
    ):
        keys["take"] = "last"
    lines.append(f"[{section}.{name}]")
    for key, value in keys.items():
        lines += (
            _bands(value)
            if key == "breaks"
            else [f"{key} = {_value(value)}" if key != "zero" else f"zero = {value}"]
        )
    lines += _codes(found, f"{section}.{name}", name)
    if found.off or (item in draft.series and not draft.months):
        lines = [line if line.startswith("#") else f"# {line}" for line in lines]
    return "\n".join(lines) + "\n"


def _bands(value: Mapping[str, Any]) -> list[str]:
    inner = ", ".join(f"{name} = {end}" for name, end in value.items())
    return [f"breaks = {{ {inner} }}"]


def _codes(found: Entry, where: str, name: str) -> list[str]:
    if found.codes is None or not found.codes:
        return []
    lines = [f"[{where}.values]"]
    for code, meant in found.codes.items():
        rows = f"{found.counts.get(code, 0):,} rows looked at"
        if meant is not None:
            lines.append(f"{_value(code)} = {_value(meant)}  # {rows}")
        elif name == "status":
            lines.append(f"{_value(code)} = {_value(code)}  # UNSURE, {rows}: one of {', '.join(_STATUS)}")
        else:
            lines.append(
                f'# {_value(code)} = ""  # UNSURE, {rows}: fill in; "" is missing, no line refuses it'
            )
    return lines


def _constant(name: str, value: str, draft: Draft) -> str:
    words = draft.doubts.get(name, "no column tells it")
    mark = "UNSURE " if name in draft.doubts else ""
    said = _comment(f"{mark}{name}: {words}. Assumed for every row.")
    return f"{said}\n[columns.{name}]\nconstant = {_value(value)}\n"


def _losses(draft: Draft) -> list[str]:
    """Return the loss of each loan beside that of its months: the largest, since months and sums of them
    are told alike.
    """
    found = draft.entries.get("charged_off")
    if draft.shape.kind != "panel" or found is None or "charged_off" in draft.series:
        return []
    made = []
    for item in ("charged_off", "recovered"):
        if item in draft.entries:
            keys = {**draft.entries[item].keys, "take": "max"}
            lines = [f"{key} = {_value(value)}" for key, value in keys.items()]
            made.append(
                f"# {item}: the largest of the loan's months, since some tapes repeat or add it up.\n"
                f"[columns.{item}]\n" + "\n".join(lines) + "\n"
            )
    return made


def _rates(draft: Draft) -> list[str]:
    """Return the effective rate in the place of a contractual one where the tape has no other."""
    names = {placed(item, draft)[1] for item in draft.entries}
    found = draft.entries.get("effective_annual_rate")
    if found is None or "annual_rate" in names or "rate_spread" in names:
        return []
    lines = [f"{key} = {_value(value)}" for key, value in found.keys.items()]
    return [
        "# UNSURE annual_rate: the tape has no contractual rate; the effective one stands in its place.\n"
        "[columns.annual_rate]\n" + "\n".join(lines) + "\n"
    ]


def _assumptions(draft: Draft) -> str:
    if draft.shape.kind != "snapshot" or "observation_date" in draft.entries or draft.as_of is None:
        return ""
    words = f"The date of the data: {draft.as_of_why}."
    day = draft.as_of.isoformat()
    return f'[assumptions]\ndata_date = {{ value = "{day}", unit = "date", words = {_value(words)} }}\n'


def _left(draft: Draft) -> str:
    used = {found.match.column for found in draft.entries.values()} | {
        name for item in draft.series.values() for name in item.columns
    }
    left = [name for name in draft.look.names if name not in used]
    if not left:
        return ""
    more = f" and {len(left) - MOST_NAMED:,} more" if len(left) > MOST_NAMED else ""
    return (
        _comment(
            "Columns that are not read: "
            + ", ".join(_shown(name) for name in left[:MOST_NAMED])
            + more
            + ". `[attributes.NAME]` with a source keeps one."
        )
        + "\n"
    )


def _comment(text: str) -> str:
    """Return a text as lines of a comment."""
    words, lines, line = _shown(text).rstrip().split(" "), [], "#"
    for word in words:
        if len(line) + 1 + len(word) > WIDTH and line != "#":
            lines.append(line)
            line = "#  "
        line += " " + word
    return "\n".join([*lines, line])


def _shown(text: str) -> str:
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _value(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_text(str(key))} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, Iterable):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return str(value)


def _text(text: str) -> str:
    """Return a text as a basic string: every control mark is escaped."""
    made = json.dumps(text, ensure_ascii=False)
    return "".join(f"\\u{ord(sign):04x}" if 0x7F <= ord(sign) < 0xA0 else sign for sign in made)
