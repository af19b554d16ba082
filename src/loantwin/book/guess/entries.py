"""How a column is read, once it is known which field it is: its unit, its date formats, what its codes
mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.book.guess.codes import FREDDIE, coded_fields, meant
from loantwin.book.guess.evidence import RATES_OF_LOANS, kind_of_field
from loantwin.book.guess.match import DAYS_A_MONTH, UNSURE, Match, Shares
from loantwin.book.guess.names import meanings
from loantwin.book.guess.values import DAY_FIRST, MOST_OF, Values

LAST_DAY = frozenset({"observation_date", "closed_date", "charge_off_date", "default_date"})
"""Dates that name the month stand for its last day here."""

SCALES = (
    (
        re.compile(
            r"\bin\s*(?:thousand|k|tsd|tausend|miles)|\(\s*(?:k|'?000s?|tsd\.?|t\s?eur|teur|k€|€k|\$k|keur)\s*\)|\bteur\b|\btsd\b|千元",
            re.IGNORECASE,
        ),
        1e3,
    ),
    (re.compile(r"\bin\s*lakhs?\b|\(\s*lakhs?\s*\)|\blakhs?\b|\blacs?\b", re.IGNORECASE), 1e5),
    (re.compile(r"\bin\s*(?:mn|mio|millions?)\b|\(\s*(?:mn|mio|m€|millions?)\s*\)|百万", re.IGNORECASE), 1e6),
    (re.compile(r"\bcrores?\b", re.IGNORECASE), 1e7),
    (re.compile(r"万元|\(万\)|（万）|萬元"), 1e4),
)
"""What a name says of an amount's unit."""

EMPTY_DATES = frozenset(
    {"0", "-", "--", "00000000", "0000-00-00", "00/00/0000", "00.00.0000", "1900-01-00", "999999", "99999999"}
)
MOST_CODES = 60
MOST_MONTHS_LATE = 36
"""Numbers above this are no months in arrears, but days."""

UNKNOWN = "have no known meaning"
"""What is said of codes that nobody knows."""


@dataclass
class Entry:
    """One column of the mapping to be: `keys` are those of its table, `codes` what each code means (None:
    unknown).

    off : True where the table is written as a comment, since it cannot be read as it stands. doubts : what
        to look at.
    """

    item: str
    match: Match
    keys: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, str | None] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    off: bool = False
    cap: float = 0.99

    @property
    def confidence(self) -> float:
        """Return how sure the guess is, the reading of the column included."""
        return min(self.match.confidence, self.cap)

    def doubt(self, words: str, cap: float = UNSURE) -> None:
        """Note what is unsure of the reading."""
        self.doubts.append(words)
        self.cap = min(self.cap, cap)


def entry(
    item: str,
    match: Match,
    table: Shares,
    found: Mapping[str, Match],
    usual: str,
    months_first: bool,
    status: bool,
) -> Entry:
    """Return how the column of a field is read.

    Parameters
    ----------
    found : the columns of the other fields. usual : the file's decimal mark.
    months_first : True where dates of two readings have the month first.
    status : True where the state is kept as the source's own status: a table of outcomes.
    """
    values = table.columns[match.column]
    made = Entry(item, match, {"source": match.column})
    kind = kind_of_field(item)
    if kind == "date":
        _date(made, values, months_first)
    elif item in coded_fields():
        _codes(made, values, status)
    elif kind == "money":
        _money(made, values, table)
    elif kind in ("rate", "share"):
        _rate(made, values, table, found)
    elif kind == "count":
        _count(made, values, table, found)
    elif item == "score":
        _missing_points(made, values)
    if kind not in ("text", "choice", "date") and values.filled:
        _mark(made, values, table.marks[match.column], usual)
    return made


def _date(made: Entry, values: Values, months_first: bool) -> None:
    form = values.dates
    if not values.filled:
        made.keys["formats"] = ["%Y-%m-%d"]
        made.doubt("the column is empty in the rows looked at: state its date format")
        return
    if form.share < MOST_OF and not _whole_numbers(values):
        made.keys["formats"] = list(form.formats) or ["%Y-%m-%d"]
        made.doubt(f"these formats read {form.share:.0%} of the texts")
    elif form.share < MOST_OF:
        made.keys |= {"zero": ZERO, "every": "1q" if "quarter" in meanings(made.match.column) else "1m"}
        made.doubt(
            "whole numbers count periods: say which day number 0 is and how long a period is (1m, 1q)", 0.6
        )
        return
    else:
        other = bool(form.other_order)
        formats = [
            other_first if other and months_first and (other_first := _month_first(item)) else item
            for item in form.formats
        ]
        made.keys["formats"] = formats
        if other:
            made.doubt(f"no day above 12 tells {formats[0]} from the other order of day and month", 0.85)
        if form.digits and form.formats[0] not in ("%Y%m%d", "%Y%m"):
            made.doubt("numbers that read as dates")
    if (
        not any("%d" in item or "%j" in item or "%" not in item for item in made.keys["formats"])
        and made.item in LAST_DAY
    ):
        made.keys["day"] = "last"
    unread = [text for text in values.different if text.strip() in EMPTY_DATES]
    if unread:
        made.keys["missing"] = unread


def _month_first(form: str) -> str:
    return next((first for first, day in DAY_FIRST.items() if day == form), "")


def _whole_numbers(values: Values) -> bool:
    numbers = values.numbers(".")
    held = numbers[np.isfinite(numbers)]
    return len(held) >= MOST_OF * values.filled and bool((held == np.round(held)).all())


def _codes(made: Entry, values: Values, status: bool) -> None:
    """Say what codes mean where it is known; months of arrears become bands."""
    said = set(meanings(made.match.column))
    counts = dict(values.counts.head(MOST_CODES + 1).iter_rows())
    numbers = values.numbers(".")
    held = numbers[np.isfinite(numbers)]
    counted = said & {"months", "month", "arrears", "delinquency", "payment", "late", "instalment", "cycles"}
    if made.item == "state" and not status and len(held) and counted and "bucket" not in said:
        rest = [code for code in counts if not _is_integer(code)]
        if (
            len(held) + sum(counts[code] for code in rest) >= 0.95 * values.filled
            and held.max() <= MOST_MONTHS_LATE
            and all(code in FREDDIE["values"] for code in rest)
        ):
            breaks: Any = {**FREDDIE["breaks"], "default_9_12": 14, "default_12_plus": "inf"}
            made.keys |= {"unit": "number", "breaks": breaks}
            if rest:
                made.keys["values"] = {code: FREDDIE["values"][code] for code in rest}
            made.doubt("numbers are taken for months in arrears: 1 is 30 to 59 days", 0.85)
            return
    if len(counts) > MOST_CODES:
        made.off = True
        made.doubt(f"more than {MOST_CODES} different codes")
        return
    item = "status" if status and made.item == "state" else made.item
    known = meant(item, counts)
    made.counts = counts
    made.codes = known
    if not counts:
        return
    open_ = [code for code, value in known.items() if value is None]
    if not open_:
        if made.item in ("state", "product"):
            made.doubt("what the codes mean was guessed from their words", 0.9)
        return
    rows = sum(counts[code] for code in open_)
    made.doubt(f"{len(open_)} of {len(counts)} codes {UNKNOWN}: fill them in", 0.9)
    made.off = item != "status" and rows > 0.5 * values.filled


def _is_integer(text: str) -> bool:
    return re.fullmatch(r"\s*-?\d+(?:\.0+)?\s*", text) is not None


def _money(made: Entry, values: Values, table: Shares) -> None:
    for pattern, factor in SCALES:
        if pattern.search(made.match.column):
            made.keys["times"] = factor
            made.doubt(f"the name says that amounts are in units of {factor:,.0f}")
            break
    if not values.filled:
        return
    numbers = values.numbers(table.marks[made.match.column])
    if made.item in ("charged_off", "recovered") and (numbers < 0).sum() > (numbers > 0).sum():
        made.keys["times"] = -1
        made.doubt("most amounts are negative: their sign is turned")


def _mark(made: Entry, values: Values, mark: str, usual: str) -> None:
    """State the decimal mark where it is not the file's; thousands that look like decimals are doubted."""
    if values.typed:
        return
    if mark != usual:
        made.keys["decimal"] = mark
    held = values.thousandths
    if held and kind_of_field(made.item) == "money":
        read = "decimals" if held == mark else "thousands"
        made.doubt(f"every amount with a {held!r} has three digits behind it: read as {read}")


def _rate(made: Entry, values: Values, table: Shares, found: Mapping[str, Match]) -> None:
    name = made.match.column
    said = set(meanings(name))
    if not values.filled:
        made.keys["unit"] = (
            "percent" if "percent" in said else "percent" if made.item in RATES_OF_LOANS else "decimal"
        )
        if len(values.texts):
            made.doubt("the column is empty in the rows looked at: percent or decimals?")
        return
    if values.different.str.contains("%", literal=True).mean() > 0.5:  # type: ignore[operator]  # of a column with texts
        made.keys["unit"] = "percent"
        return
    numbers = np.abs(values.numbers(table.marks[name]))
    size = numbers[np.isfinite(numbers) & (numbers > 0)]
    median = float(np.median(size)) if len(size) else 0.0
    top = float(size.max()) if len(size) else 0.0
    if made.item in ("balloon_share", "guaranteed_share") and median > 100:
        base = found.get("approved_amount") or found.get("originated_amount")
        made.keys["unit"] = "money"
        if base is None:
            made.off = True
            made.doubt("an amount, and no amount lent beside it to take its share of")
        else:
            made.keys["divided_by"] = base.column
        return
    if made.item in RATES_OF_LOANS:
        _loan_rate(made, size, median, said)
        return
    if "bps" in said:
        made.keys |= {"unit": "decimal", "times": 0.0001}
        return
    beside = _unit_of_rates(table, found)
    if top > 1.0 or "percent" in said:
        made.keys["unit"] = "percent"
    elif kind_of_field(made.item) == "share":
        made.keys["unit"] = "decimal"
    else:
        made.keys["unit"] = beside or "decimal"
        if top:
            made.doubt("small numbers: percent or decimals?")
    if not len(size) and "percent" not in said:
        made.doubt("only zeros: percent or decimals?")


def _loan_rate(made: Entry, size: Floats, median: float, said: set[str]) -> None:
    if "month" in said and "annual" not in said and "year" not in said and median < 6:
        made.keys["times"] = 12
        made.doubt("the name says a rate a month: taken twelve times")
    elif ("days" in said or "日利率" in made.match.column) and median < 1:
        made.keys["times"] = 365
        made.doubt("the name says a rate a day: taken 365 times")
    factor = float(made.keys.get("times", 1))
    if median * factor > 0.9 or (median > 0.9):
        made.keys["unit"] = "percent"
        if median < 1.5:
            made.doubt("rates about 1: percent or decimals?")
        return
    if median * factor < 0.002 and "percent" in said:
        made.keys["unit"] = "percent"
        made.doubt("rates far below one percent")
        return
    made.keys["unit"] = "decimal"
    above = float((size > 1.0).mean())
    if above > 0.0:
        made.keys["percent_above"] = 1.0
        made.doubt(
            f"{above:.1%} of the rates are above 1 beside a median of {median:.4g}: those are read as percent"
        )
    elif "percent" in said or median > 0.45:
        made.doubt(f"the median is {median:.4g}: decimals, or less than one percent?")


def _unit_of_rates(table: Shares, found: Mapping[str, Match]) -> str | None:
    match = found.get("annual_rate") or found.get("effective_annual_rate")
    if match is None or not table.columns[match.column].filled:
        return None
    size = np.abs(table.columns[match.column].numbers(table.marks[match.column]))
    size = size[np.isfinite(size) & (size > 0)]
    return None if not len(size) else "percent" if float(np.median(size)) > 0.9 else "decimal"


def _count(made: Entry, values: Values, table: Shares, found: Mapping[str, Match]) -> None:
    said = set(meanings(made.match.column))
    unit = (
        "years"
        if "years" in said or ("year" in said and "months" not in said)
        else "days"
        if "days" in said
        else "months"
    )
    texts = " ".join(values.different.head(5)).lower()
    if re.search(r"\d\s*(?:years?|yrs?|jahre?|年)\b", texts):
        unit = "years"
    made.keys["unit"] = unit
    if made.item != "term_months" or not values.filled:
        if not values.filled and len(values.texts):
            made.doubt("the column is empty in the rows looked at")
        return
    numbers = values.numbers(table.marks[made.match.column])
    held = numbers[np.isfinite(numbers) & (numbers > 0)]
    if not len(held):
        return
    scale = _scale(numbers, table, found)
    if scale is not None:
        made.keys["unit"] = scale
    elif unit == "months" and held.max() <= 40 and "months" not in said and "month" not in said:
        made.keys["unit"] = (
            "years" if held.max() <= 35 and np.median(held) <= 12 and "instalment" not in said else "months"
        )
        made.doubt("small numbers: months or years?", 0.8)
    elif unit == "months" and np.median(held) > 600 and len(held) >= 5:
        made.keys["unit"] = "days"
        made.doubt("large numbers: days?", 0.8)
    elif unit == "months" and "instalment" in said:
        made.doubt("a number of instalments is taken for months")


def _scale(term: Floats, table: Shares, found: Mapping[str, Match]) -> str | None:
    """Return the unit in which a term spans the dates of its contract, None where no dates tell."""
    if "origination_date" not in found or "maturity_date" not in found:
        return None
    start, end = (table.columns[found[item].column].days() for item in ("origination_date", "maturity_date"))
    months = (end - start) / DAYS_A_MONTH
    both = np.isfinite(months) & np.isfinite(term) & (term > 0)
    if both.sum() < 2:
        return None
    for unit, scale in (("months", 1.0), ("years", 12.0), ("days", 1.0 / DAYS_A_MONTH)):
        off = np.abs(months[both] - scale * term[both])
        if float((off <= np.maximum(2.0, 0.03 * months[both])).mean()) >= 0.8:
            return unit
    return None


def _missing_points(made: Entry, values: Values) -> None:
    odd = [text for text in values.different if re.fullmatch(r"9{3,}|0+|-\d+", text.strip())]
    numbers = values.numbers(".")
    if odd and np.nanmedian(numbers) > 250:
        made.keys["missing"] = odd


ZERO = "1999-12-31"
"""What stands for the day of period 0 until somebody states it."""
