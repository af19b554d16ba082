"""The parts a mapping is made of: one dataclass a table of its TOML file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from typing import Any

from loantwin.book.layout import Told

FIGURES = ("defaults", "charge_offs", "balance", "prepayment", "interest", "recoveries", "delinquency")
"""What a source may observe (`observes`); every other figure made from it is labelled assumed."""

UNITS = ("text", "code", "date", "money", "number", "percent", "decimal", "days", "months", "years")
SCALES = {"percent": 0.01, "years": 12.0}
KINDS = ("outcomes", "panel", "snapshot")
PRODUCT_CLASSES = (
    "mortgage",
    "personal",
    "card",
    "auto",
    "auto-subprime",
    "small-business",
    "corporate",
    "commercial-real-estate",
)
"""What is lent, where a mapping says it: how far the economy moves defaults hangs on it."""
LENDING = ("business", "consumer")
"""Whom loans are made to, where a mapping says it: how far the level of defaults swings hangs on it."""
"""One row a loan with its end (outcomes), a loan and month (panel), or a loan at one date (snapshot)."""

COUNTED = {
    "excel-days": (dt.date(1899, 12, 30), 1),
    "epoch-days": (dt.date(1970, 1, 1), 1),
    "epoch-seconds": (dt.date(1970, 1, 1), 86_400),
    "epoch-milliseconds": (dt.date(1970, 1, 1), 86_400_000),
}
"""Date formats that are numbers: the day of number 0, and how many make a day."""

TOP_KEYS = frozenset(
    {
        *(
            "name",
            "words",
            "currency",
            "kind",
            "lending",
            "product_class",
            "as_of",
            "header_row",
            "header",
            "sheet",
            "encoding",
            "delimiter",
            "decimal",
            "missing",
            "earliest_date",
            "latest_date",
            "pivot_date",
        ),
        *("columns", "panel", "checked", "attributes", "weight", "derive", "assumptions"),
        *("segment_by", "observes", "default", "variants", "rules"),
        *("report_every", "months", "join", "loans_from_column"),
    }
)
"""What a mapping may hold at its top."""

Value = float | str


@dataclass(frozen=True)
class ColumnSource:
    """Where one column comes from and how its text becomes a value; the keys of a `[columns.NAME]` table."""

    name: str
    source: tuple[str, ...] = ()
    unit: str = "text"
    formats: tuple[str, ...] = ()
    day: str = "first"
    values: MappingOf[str, str] | None = None
    breaks: MappingOf[str, float] | None = None
    pattern: str | None = None
    missing: tuple[str, ...] = ()
    optional: bool = False
    constant: str | float | dt.date | None = None
    less: tuple[str, ...] = ()
    divided_by: tuple[str, ...] = ()
    or_source: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    when: MappingOf[str, Any] = field(default_factory=dict)
    otherwise: float | None = None
    shift_months: str | float | MappingOf[str, str | float] | None = None
    take: str = "first"
    decimal: str | None = None
    times: float = 1.0
    percent_above: float | None = None
    number_rows: bool = False
    monthly: tuple[str, ...] = ()
    zero: dt.date | None = None
    every: str | None = None


@dataclass(frozen=True)
class Assumption:
    """A stated fact the tape does not hold. Printed with every result, stored, overridable by name."""

    value: Value
    unit: str
    words: str


@dataclass(frozen=True)
class Derivation:
    """How a column the tape lacks is filled from facts known at approval or origination; first match wins."""

    column: str
    when: MappingOf[str, Any] = field(default_factory=dict)
    value: Value | None = None
    take: str | None = None
    at_most: str | None = None
    replace: bool = False
    words: str = ""


@dataclass(frozen=True)
class ValueBands:
    """A numeric column cut into bands for a segment; `breaks` are the upper ends, included."""

    column: str
    breaks: tuple[float, ...]


COUNTERS = ("oldest_unpaid", "material_breach")
"""From when days to default are counted: the oldest unpaid instalment, or the breach of the limits."""

LEVELS = ("loan", "debtor")


@dataclass(frozen=True)
class DebtorGroup:
    """Loans whose default is judged alike; the keys of a `[[default.group]]` table.

    when : which loans, as in `[[derive]]`; empty takes all that no earlier group took.
    level : whether arrears, limits and default belong to a loan or to all loans of its debtor together.
    least_amount, least_share : arrears are material above both, currency and decimal of the exposure.
    pulling_share : decimal of a debtor's exposure; where more than that is in default, all of it is.
    elsewhere_share : decimal; all is in default where more than that of the debtor's debts at all lenders is.
    """

    when: MappingOf[str, Any] = field(default_factory=dict)
    level: str = "loan"
    least_amount: float = 0.0
    least_share: float = 0.0
    pulling_share: float = 1.0
    elsewhere_share: float = 1.0
    words: str = ""


@dataclass(frozen=True)
class DefaultDefinition:
    """What default is where arrears decide it; the `[default]` table.

    days : in default from this many days past due. counter : one of `COUNTERS`.
    observation_months : a restructured loan is watched for this long from the first due date after it.
    """

    days: int = 90
    counter: str = "oldest_unpaid"
    observation_months: int = 0
    groups: tuple[DebtorGroup, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class Join:
    """A second file whose columns stand beside the tape's; the `[join]` table.

    file : its path, from the folder of the tape. key_here, key_there : columns that hold the same number.
    told : what the mapping says of the file itself.
    """

    file: str
    key_here: str
    key_there: str
    told: Told


@dataclass(frozen=True)
class CaseWeight:
    """Case weight: a constant, or by the value of a column; `look_ahead` where that column is the outcome."""

    constant: Value = 1.0
    column: str | None = None
    values: MappingOf[str, Value] = field(default_factory=dict)
    look_ahead: bool = False
