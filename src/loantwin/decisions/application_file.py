"""Applications as files: what a field may hold, the JSON Schema of one, and files of many, checked.

What an application says of a person by name stands apart under `personal`: no rule needs it unless it names
it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from loantwin.errors import TapeError, UsageError, expected, unknown


@dataclass(frozen=True)
class ApplicationField:
    """A field: its kind (text, number, integer, flag, date), what it says, and the numbers it may hold."""

    name: str
    kind: str
    words: str
    least: float | None = None
    most: float | None = None
    needed: bool = False


FIELDS = (
    ApplicationField("application_id", "text", "The lender's number of the application.", needed=True),
    ApplicationField("application_date", "date", "Day of the application: the time that rules may read."),
    ApplicationField("applicant_id", "text", "The lender's number of the applicant, the same each time."),
    ApplicationField("amount", "number", "Amount asked for, money.", least=0.0, needed=True),
    ApplicationField(
        "term_months", "integer", "Term asked for, months.", least=1.0, most=1200.0, needed=True
    ),
    ApplicationField("annual_rate", "number", "Rate asked for, decimal a year.", least=0.0, most=10.0),
    ApplicationField("product", "text", "Kind of contract."),
    ApplicationField("pattern", "text", "How principal comes back, a name of term sheets."),
    ApplicationField("purpose", "text", "What the loan is for."),
    ApplicationField("segment", "text", "The lender's segment."),
    ApplicationField("sector", "text", "Industry of the borrower."),
    ApplicationField("region", "text", "State, province or region."),
    ApplicationField("grade", "text", "Credit grade."),
    ApplicationField("score", "number", "Credit score, points."),
    ApplicationField("annual_pd", "number", "Probability of default within 12 months.", least=0.0, most=1.0),
    ApplicationField("expected_loss", "number", "Loss expected of the loan over its life, money.", least=0.0),
    ApplicationField("expected_profit", "number", "Profit expected of the loan over its life, money."),
    ApplicationField("annual_income", "number", "Income, money a year.", least=0.0),
    ApplicationField("monthly_debt", "number", "Payments on other debts, money a month.", least=0.0),
    ApplicationField("collateral_value", "number", "Value of collateral, money.", least=0.0),
    ApplicationField("exposures.borrower", "number", "Owed already by the borrower, money.", least=0.0),
    ApplicationField("exposures.group", "number", "Owed by connected borrowers, money.", least=0.0),
    ApplicationField("exposures.sector", "number", "Owed in the sector, money.", least=0.0),
    ApplicationField("exposures.product", "number", "Owed on the product, money.", least=0.0),
    ApplicationField("exposures.vintage", "number", "Lent in the year so far, money.", least=0.0),
)
OPEN = {
    "attributes": "The lender's own fields: numbers, texts and flags by name.",
    "personal": "Who the person is: kept apart by key, read by no rule that does not name it.",
}
"""Objects whose keys are the lender's."""
PERSONAL = "personal"
"""The object that says who a person is: it never enters a log."""
NAMES_OF_PERSONS = frozenset(
    (
        "name", "first_name", "last_name", "full_name", "surname", "family_name", "given_name", "maiden_name",
        "email", "e_mail", "email_address", "mail", "phone", "phone_number", "telephone", "mobile",
        "mobile_number", "address", "home_address", "postal_address", "street", "birth_date",
        "date_of_birth", "dob", "birthday", "national_id", "id_number", "ssn", "social_security_number",
        "tax_id", "passport", "passport_number", "iban", "account_number", "card_number", "姓名", "身份证号",
        "身份证", "手机号", "手机", "电话", "住址", "地址", "邮箱", "电子邮箱", "银行卡号", "出生日期",
    )
)  # fmt: skip
"""Names of attributes that belong under `personal` (assumed)."""
JSON_KINDS = {"text": "string", "number": "number", "integer": "integer", "flag": "boolean", "date": "string"}
CONTROL = r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
"""What no number of an application holds: it would steer a terminal, or turn the order of letters."""
PLAIN = ("application_id", "applicant_id")
PLAIN_WORDS = "a text of one line, not empty, without control characters"
BY_NAME = {item.name: item for item in FIELDS}


def application_schema() -> dict[str, Any]:
    """Return the JSON Schema of one application; unknown keys are refused."""
    properties: dict[str, Any] = {}
    for item in FIELDS:
        *path, last = item.name.split(".")
        place = properties
        for key in path:
            place = place.setdefault(
                key, {"type": "object", "properties": {}, "additionalProperties": False}
            )["properties"]
        place[last] = _described(item)
    for key, words in OPEN.items():
        plain = {"type": ["number", "string", "boolean", "null"]}
        made = {"type": "object", "description": words, "additionalProperties": plain}
        properties[key] = made | ({"x-personal": True} if key == PERSONAL else {})
    return {
        "title": "An application for a loan",
        "type": "object",
        "properties": properties,
        "required": tuple(item.name for item in FIELDS if item.needed),
        "additionalProperties": False,
    }


def _described(item: ApplicationField) -> dict[str, Any]:
    kind = JSON_KINDS[item.kind]
    made: dict[str, Any] = {"type": kind if item.needed else [kind, "null"], "description": item.words}
    if item.kind == "date":
        made["format"] = "date"
    if item.least is not None:
        above = item.name == "amount"
        made["exclusiveMinimum" if above else "minimum"] = item.least
    if item.most is not None:
        made["maximum"] = item.most
    return made


def is_personal(name: str) -> bool:
    """Return whether a field, by its dotted name, says who a person is."""
    return name.split(".")[0] == PERSONAL


def check_application(application: Mapping[str, Any]) -> None:
    """Raise where one application is none; the field is named.

    Raises
    ------
    UsageError : no mapping, an unknown key, a missing one that is needed, a value of another kind or range.
    """
    if not isinstance(application, Mapping):
        raise UsageError(
            expected("an application as a mapping", type(application).__name__), field="application"
        )
    flat = flattened(application)
    for name in flat:
        _known(name)
    _apart(flat)
    for item in FIELDS:
        value = flat.get(item.name)
        if value is None:
            if item.needed:
                raise UsageError(expected("a value", "none"), field=item.name)
            continue
        problem = _wrong(item, value)
        if problem:
            raise UsageError(expected(problem, str(value)), field=item.name)


def flattened(application: Mapping[str, Any]) -> dict[str, Any]:
    """Return an application by dotted names.

    Raises
    ------
    UsageError : a field that is given twice, nested and by its dotted name.
    """
    made: dict[str, Any] = {}
    for name, value in _flat(application):
        if name in made:
            raise UsageError(expected("a field once", "nested and by its dotted name"), field=name)
        made[name] = value
    return made


def _apart(names: Iterable[str], file: object | None = None) -> None:
    """Raise UsageError where a name is a value and an object that holds others."""
    known = set(names)
    for name in known:
        above = name
        while "." in above:
            above = above.rpartition(".")[0]
            if above in known:
                raise UsageError(
                    expected(f"a value or an object as {above}", f"both: {name}"), field=above, file=file
                )


def _flat(value: Mapping[str, Any], name: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        path = f"{name}.{key}".lstrip(".")
        if isinstance(item, Mapping):
            yield from _flat(item, path)
        else:
            yield path, item


def _known(name: str, file: object | None = None) -> None:
    root, _, rest = name.partition(".")
    if name in BY_NAME or (root in OPEN and rest):
        return
    names = [*BY_NAME, *(f"{key}.NAME" for key in OPEN)]
    raise UsageError(unknown(name, names), field=name, file=file)


def _wrong(item: ApplicationField, value: Any) -> str:
    """Return what a value should have been, empty where it is right."""
    if item.kind == "text":
        if item.name in PLAIN and isinstance(value, str):
            return "" if value.strip() and not re.search(CONTROL, value) else PLAIN_WORDS
        return "" if isinstance(value, str) else "a text"
    if item.kind == "date":
        return "" if _day(value) is not None else "a day as YYYY-MM-DD"
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "a finite number"
    if item.kind == "integer" and value != int(value):
        return "a whole number"
    return "" if _within(item, float(value)) else _range(item)


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def _within(item: ApplicationField, value: float) -> bool:
    above = item.least is None or (value > item.least if item.name == "amount" else value >= item.least)
    return above and (item.most is None or value <= item.most)


def _range(item: ApplicationField) -> str:
    low = f"{'above' if item.name == 'amount' else 'at least'} {item.least:g}"
    return f"a number {low}" + ("" if item.most is None else f" and at most {item.most:g}")


def day_of(application: Mapping[str, Any]) -> date | None:
    """Return the day of an application, None where it has none."""
    return _day(application.get("application_date"))


def read_applications(path: Path | str) -> pl.DataFrame:
    """Return the applications of a file, checked: (N, fields), nested fields by dotted names.

    Parameters
    ----------
    path : JSON lines (.jsonl), a JSON list (.json), CSV or Parquet with dotted names of nested fields.

    Raises
    ------
    TapeError : no such file, none of these, or no application in it.
    UsageError : a field that is unknown, missing, of another kind or out of range; file, row and field named.
    """
    file = Path(path)
    try:
        frame = _read(file)
    except (
        OSError,
        pl.exceptions.PolarsError,
        ValueError,
        TypeError,
        OverflowError,
        RecursionError,
    ) as problem:
        raise TapeError(
            expected("a file of applications", str(problem).splitlines()[0]), file=file
        ) from problem
    if not len(frame):
        raise TapeError(expected("at least one application", "none"), file=file)
    return checked(frame, file)


def _read(file: Path) -> pl.DataFrame:
    if file.suffix == ".parquet":
        return pl.read_parquet(file)
    if file.suffix == ".csv":
        return pl.read_csv(file, infer_schema_length=None)
    if file.suffix == ".jsonl":
        try:
            found = pl.read_ndjson(file, infer_schema_length=None)
        except pl.exceptions.PolarsError as problem:
            raise ValueError(_line_at_fault(file) or str(problem).splitlines()[0]) from problem
        if _keys_stand_twice(file) and (fault := _line_at_fault(file)):
            raise ValueError(fault)
        return found
    documents = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=_once)
    rows = documents if isinstance(documents, list) else [documents]
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise ValueError(f"in application {number} a value that is no object")
    return pl.DataFrame(rows, infer_schema_length=None)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, whose keys must differ: readers do not agree on which of two counts."""
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)} twice in one object")
    return made


def _keys_stand_twice(file: Path) -> bool:
    """Return whether a line has a key twice, be it in two of its objects: a look without parsing.

    Polars takes the first of two, and Python the last.
    """
    lines = pl.Series(file.read_text(encoding="utf-8").split("\n"), dtype=pl.String)
    keys = lines.str.extract_all(r'"(?:[^"\\]|\\.)*"\s*:').list.eval(pl.element().str.strip_chars(": \t"))
    return bool((keys.list.len() > keys.list.n_unique()).any())


def _line_at_fault(file: Path) -> str:
    """Return which line of a file is no JSON object, and why; empty where each is one."""

    def no_number(text: str) -> None:
        raise ValueError(f"{text}, which is no number of JSON")

    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                found = (
                    json.loads(line, object_pairs_hook=_once, parse_constant=no_number)
                    if line.strip()
                    else {}
                )
            except (ValueError, RecursionError) as problem:
                return f"in line {number}: {str(problem).splitlines()[0]}"
            if not isinstance(found, dict):
                return f"in line {number} a value that is no object"
    return ""


def checked(frame: pl.DataFrame, file: object | None = None) -> pl.DataFrame:
    """Return a frame of applications with nested fields by dotted names, where each is one.

    Raises
    ------
    UsageError : a field that is unknown, missing, of another kind or out of range; row and field are named.
    """
    made = frame
    while nested := [name for name, kind in made.schema.items() if isinstance(kind, pl.Struct)]:
        for name in nested:
            parts = [f"{name}.{part.name}" for part in made.schema[name].fields]  # type: ignore[attr-defined]  # a struct
            for part in parts:
                if part in made.columns:
                    words = expected("a field once", "nested and by its dotted name")
                    raise UsageError(words, field=part, file=file)
            made = made.with_columns(
                pl.col(name).struct.field(part.name).alias(f"{name}.{part.name}")
                for part in made.schema[name].fields  # type: ignore[attr-defined]  # a struct
            ).drop(name)
    for name in made.columns:
        _known(name, file)
    _apart(made.columns, file)
    for item in FIELDS:
        if item.name not in made.columns:
            if item.needed:
                raise UsageError(expected("a column", "none"), field=item.name, file=file)
            continue
        made = _column(made, item, file)
    return made


def _column(frame: pl.DataFrame, item: ApplicationField, file: object | None) -> pl.DataFrame:
    """Return a frame in which a field is of its kind: days and numbers of an application as text."""
    kind, column = frame.schema[item.name], pl.col(item.name)
    if item.needed:
        _refuse(frame, item, column.is_null(), "a value", file)
    if kind == pl.Null:
        return frame.with_columns(column.cast(pl.String if item.kind in ("text", "date") else pl.Float64))
    if item.kind == "date" and kind == pl.Date:
        return frame.with_columns(column.dt.to_string("%Y-%m-%d"))
    if item.name == "application_id" and kind.is_integer():
        return frame.with_columns(column.cast(pl.String))
    if item.kind in ("text", "date") and kind != pl.String:
        raise UsageError(expected(f"{item.kind}s", str(kind)), field=item.name, file=file)
    if item.kind in ("number", "integer") and not kind.is_numeric():
        raise UsageError(expected("numbers", str(kind)), field=item.name, file=file)
    if item.name in PLAIN:
        bad = (column.str.strip_chars() == "") | column.str.contains(CONTROL)
        _refuse(frame, item, bad.fill_null(False), PLAIN_WORDS, file)
    if item.kind == "date":
        day = column.str.to_date("%Y-%m-%d", strict=False)
        bad = column.is_not_null() & (day.is_null() | (column.str.len_bytes() != 10))
        _refuse(frame, item, bad, "a day as YYYY-MM-DD", file)
    elif item.kind in ("number", "integer"):
        _refuse(frame, item, _outside(item, kind).fill_null(False), _words(item), file)
    return frame


def _refuse(
    frame: pl.DataFrame, item: ApplicationField, bad: pl.Expr, words: str, file: object | None
) -> None:
    rows = frame.select(pl.arg_where(bad)).to_series()
    if len(rows):
        row = int(rows[0])
        raise UsageError(expected(words, str(frame[item.name][row])), field=item.name, row=row + 1, file=file)


def _outside(item: ApplicationField, kind: pl.DataType) -> pl.Expr:
    value = pl.col(item.name).cast(pl.Float64)
    bad = value.is_finite().not_() if kind.is_float() else pl.lit(False)
    if item.kind == "integer":
        bad = bad | (value != value.floor())
    if item.least is not None:
        bad = bad | (value <= item.least if item.name == "amount" else value < item.least)
    return bad if item.most is None else bad | (value > item.most)


def _words(item: ApplicationField) -> str:
    whole = "a whole number" if item.kind == "integer" else "a finite number"
    return whole if item.least is None else f"{whole}, {_range(item).removeprefix('a number ')}"
