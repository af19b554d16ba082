"""What a column's values say for or against a field: in log-odds, added to those of its name."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats
from loantwin.book.currencies import CODES
from loantwin.book.guess.codes import coded_fields, meant
from loantwin.book.guess.names import word_list
from loantwin.book.guess.values import MOST_OF, Values
from loantwin.book.kinds import KINDS

CONCEPTS = {
    "observation_date": "date",
    "principal_flow": "money",
    "interest_flow": "money",
    "original_rate": "rate",
}
"""What stands for one field or another by the shape of the tape, and its kind."""

DATES = frozenset(name for name, kind in KINDS.items() if kind == "date") | {"observation_date"}
STOCKS = frozenset({"originated_amount", "approved_amount", "principal"})
PERIODS = frozenset({"time", "period", "month", "quarter", "date", "year"})
"""Meanings of a name whose whole numbers may count periods."""

COUNTING = PERIODS | {
    "original",
    "maturity",
    "report",
    "number",
    "first",
    "loan",
    "observation",
    "start",
    "disbursement",
}
"""Meanings that a name of numbers of periods is made of."""

RATES_OF_LOANS = frozenset({"annual_rate", "effective_annual_rate", "original_rate"})
FEW = 5
"""Rows fewer than this tell less: what they say counts by half."""

MOST_CYCLES = 12
"""Whole numbers up to this are no money past due, but instalments or months."""

US_STATES = word_list("us_states")


@dataclass(frozen=True)
class Evidence:
    """Log-odds for (above 0) or against a field, and why in words."""

    odds: float = 0.0
    why: str = ""


def kind_of_field(field: str) -> str:
    """Return the kind of value a field or concept holds."""
    return CONCEPTS.get(field) or KINDS.get(field) or KINDS.get(f"panel.{field}", "text")


def evidence(field: str, values: Values, mark: str, said: frozenset[str]) -> Evidence:
    """Return what the values of a column say of a field.

    Parameters
    ----------
    mark : the decimal mark of the column. said : the meanings of its name.
    """
    if not len(values.texts):
        return Evidence()
    if not values.filled:
        return Evidence(0.0, "the column is empty in the rows looked at")
    kind = kind_of_field(field)
    if kind == "date":
        found = _date(field, values, said)
    elif kind in ("text", "choice"):
        found = _text(field, values, mark, said)
    else:
        found = _number(field, kind, values, mark, 0.01 if "bps" in said else 1.0)
    few = values.filled < FEW and found.odds > 0
    return Evidence(0.5 * found.odds, found.why) if few else found


def _date(field: str, values: Values, said: frozenset[str]) -> Evidence:
    form, rows = values.dates, len(values.texts)
    if form.share < MOST_OF:
        numbers = values.numbers(".")
        whole = np.isfinite(numbers) & (numbers == np.round(numbers))
        counted = (
            field in ("observation_date", "origination_date", "maturity_date")
            and said & PERIODS
            and said <= COUNTING
        )
        if counted and whole.sum() >= MOST_OF * values.filled:
            return Evidence(-0.4, "whole numbers: they may count periods")
        return (
            Evidence(-5.0, "no dates")
            if form.share < 0.6
            else Evidence(-1.0, f"dates in {form.share:.0%} of the texts")
        )
    odds, why = (0.2, "numbers that read as dates") if form.digits else (1.0, "every text is a date")
    different = values.counts.height
    filled = values.filled / rows
    if field == "observation_date":
        if different == 1 and rows > 2:
            odds, why = odds + 0.8, "one date in all rows"
        elif rows > 50 and different > 0.5 * rows:
            odds, why = odds - 1.5, "nearly every row has another date"
        elif rows > 20 and different <= 0.2 * rows:
            odds += 0.4
    elif different == 1 and rows > 20 and field in ("origination_date", "maturity_date", "approval_date"):
        odds, why = odds - 1.5, "one date in all rows"
    if field in ("default_date", "charge_off_date", "closed_date") and rows > 10:
        odds += 0.4 if filled < 0.7 else -0.6 if filled == 1.0 else 0.0
    if field in ("origination_date", "maturity_date", "observation_date") and filled < 0.5 and rows > 10:
        odds, why = odds - 1.5, "empty in most rows"
    return Evidence(odds, why)


def _text(field: str, values: Values, mark: str, said: frozenset[str]) -> Evidence:
    different, filled, rows = values.counts.height, values.filled, len(values.texts)
    numbers = values.numbers(mark)
    broken = np.isfinite(numbers) & (numbers != np.round(numbers))
    decimals = broken.sum() > 0.3 * filled
    if values.dates.share >= MOST_OF and not values.dates.digits:
        return Evidence(-5.0, "dates")
    if field in ("loan_id", "borrower_id", "facility_id"):
        if decimals:
            return Evidence(-4.0, "numbers with decimals")
        if field == "loan_id":
            if different == filled and filled >= 0.99 * rows and rows > 2:
                return Evidence(1.2, "another one in every row")
            if filled < 0.9 * rows:
                return Evidence(-1.5, "empty in some rows")
            return (
                Evidence(-4.0, "few different values")
                if different <= 3 and rows > 20
                else Evidence(0.0, "repeated in several rows")
            )
        return Evidence(-3.0, "few different values") if different <= 2 and rows > 50 else Evidence(0.3, "")
    if field == "currency":
        known = _share(values, lambda text: text.strip().upper() in CODES)
        return Evidence(2.0, "currency codes") if known >= 0.95 else Evidence(-4.0, "no currency codes")
    if decimals:
        return Evidence(-4.0, "numbers with decimals")
    if field in ("region", "state", "status"):
        states = _share(values, lambda text: text.strip().upper() in US_STATES)
        if states >= 0.95 and different > 1:
            odds = 2.5 if field == "region" else -5.0
            return Evidence(odds, "states of the United States")
    if field == "region":
        if (
            "state" in said
            and not said & {"address", "region", "borrower"}
            and _known_share("state", values) > 0.5
        ):
            return Evidence(-4.0, "words for how loans stand")
        if "state" in said and values.different.str.len_chars().max() == 1 and different <= 8:
            return Evidence(-1.5, "single letters")
        numeric = np.isfinite(numbers).sum() >= MOST_OF * filled
        return (
            Evidence(-1.0, "numbers")
            if numeric
            else Evidence(0.4 if different <= max(20, 0.3 * rows) else -0.5, "")
        )
    if field == "origination_grade":
        letters = _share(values, lambda text: len(text) <= 4 and text[:1].isalpha())
        if different > 60:
            return Evidence(-3.0, "too many different values for grades")
        return Evidence(0.7, "short grades") if letters > 0.9 else Evidence(0.0, "")
    if field == "rate_index" and different > 10 and np.isfinite(numbers).sum() >= MOST_OF * filled:
        return Evidence(-1.5, "many numbers")
    if field in ("purpose", "industry", "rate_index", "guarantor"):
        return (
            Evidence(-2.0, "nearly every row has another text")
            if different > 0.8 * filled and rows > 50
            else Evidence(0.2, "")
        )
    whole = numbers[np.isfinite(numbers)]
    if field == "state" and len(whole) > 0.9 * filled and different > 15 and whole.max() > 36:
        return Evidence(-3.0, "many whole numbers: days perhaps")
    counted = len(whole) == filled and whole.max() <= MOST_CYCLES and whole.min() == 0.0
    if field == "state" and counted and said & {"arrears", "delinquency", "cycles"} and not decimals:
        return Evidence(0.7, "small whole numbers from 0: instalments or months in arrears")
    if different > 60:
        return Evidence(-4.0, "too many different values for codes")
    if field not in coded_fields():
        return Evidence(0.0, "")
    known = _known_share(field, values)
    if known >= 0.9:
        return Evidence(1.3, "codes whose meaning is known")
    if known > 0.0:
        return Evidence(0.4, "some codes are known")
    if field in ("state", "product", "rate_type") and different > 0.5 * filled and rows > 20:
        return Evidence(-3.0, "nearly every row has another text")
    return Evidence(0.0, "codes nobody knows")


def _number(field: str, kind: str, values: Values, mark: str, scale: float) -> Evidence:
    numbers = scale * values.numbers(mark)
    read = numbers[np.isfinite(numbers)]
    share = len(read) / values.filled
    if values.dates.share >= MOST_OF and not values.dates.digits:
        return Evidence(-5.0, "dates")
    if share < 0.4 or not len(read):
        return Evidence(-5.0, "no numbers")
    if kind not in ("rate", "share") and values.different.str.contains("%", literal=True).mean() > 0.5:  # type: ignore[operator]  # of a column with texts
        return Evidence(-4.0, "percent signs")
    if share < 0.6:
        return Evidence(-1.2, f"numbers in {share:.0%} of the rows")
    odds, why = (0.5, "numbers") if share >= MOST_OF else (-0.5, f"numbers in {share:.0%} of the rows")
    more = {"money": _money, "rate": _rate, "count": _count, "days": _days, "share": _part}.get(kind, _points)
    found = more(field, read)
    return Evidence(odds + found.odds, found.why or why)


def _money(field: str, read: Floats) -> Evidence:
    size = np.abs(read)
    if field in STOCKS | {"collateral_value"}:
        median = float(np.median(size[size > 0])) if (size > 0).any() else 0.0
        if size.max(initial=0.0) <= 1.0:
            return Evidence(-3.0, "no amount above 1")
        if field != "principal" and (read <= 0).mean() > 0.2:
            return Evidence(-2.0, "amounts of 0 or below")
        if (
            field == "originated_amount"
            and median >= 100
            and len(size) >= FEW
            and (size % 100 == 0).mean() > 0.8
        ):
            return Evidence(0.7, "round amounts")
        return Evidence(0.5, "amounts") if median >= 100 else Evidence(-1.0, "small numbers")
    if (
        field == "past_due"
        and len(size) > 20
        and size.max() <= MOST_CYCLES
        and (read == np.round(read)).all()
    ):
        return Evidence(-3.0, "small whole numbers: instalments or months in arrears")
    if len(size) > 20 and np.isin(size, (0.0, 1.0)).all() and (size == 1.0).any():
        return Evidence(-2.5, "0 and 1: a flag")
    return Evidence(0.3, "")


def _rate(field: str, read: Floats) -> Evidence:
    size = np.abs(read[read != 0])
    if not len(size):
        return Evidence(0.0, "only zeros")
    median = float(np.median(size))
    if field in RATES_OF_LOANS:
        if median > 100:
            return Evidence(-4.0, "numbers far above any rate")
        if median > 60 or (median > 0.9 and np.ptp(size) == 0.0 and median in (1.0, 2.0)):
            return Evidence(-2.0, "numbers above usual rates")
        return Evidence(0.7, "rates in percent" if median > 0.9 else "decimal rates")
    if median > 100:
        return Evidence(-4.0, "numbers far above any rate")
    return Evidence(0.5, "")


def _count(field: str, read: Floats) -> Evidence:
    if (read < 0).any() or ((read != np.round(read)).mean() > 0.1 and np.median(read) > 40):
        return Evidence(-2.0, "negative or broken numbers")
    median = float(np.median(read))
    if field == "term_months":
        if median < 1:
            return Evidence(-3.0, "mostly below 1")
        twelfths = float((read % 12 == 0).mean())
        if 3 <= median <= 480 and twelfths > 0.5:
            return Evidence(1.2, "multiples of 12")
        return (
            Evidence(0.4, "usual terms") if median <= 600 else Evidence(-0.5, "large numbers: days perhaps")
        )
    return Evidence(0.2 if median <= 480 else -2.0, "")


def _days(_: str, read: Floats) -> Evidence:
    if (read != np.round(read)).any():
        return Evidence(-3.0, "broken numbers")
    if (read < 0).mean() > 0.02:
        return Evidence(-2.0, "negative numbers")
    if read.max() > 20_000:
        return Evidence(-3.0, "numbers above any arrears")
    if len(read) > 20 and read.max() <= 8 and np.median(read) == 0:
        return Evidence(-1.0, "small numbers: months or codes perhaps")
    return Evidence(
        0.9 if np.median(read) == 0 else 0.3, "whole days, mostly 0" if np.median(read) == 0 else "whole days"
    )


def _part(_: str, read: Floats) -> Evidence:
    if (read < 0).any():
        return Evidence(-2.0, "negative numbers")
    return Evidence(0.3, "")


def _points(field: str, read: Floats) -> Evidence:
    median = float(np.median(read))
    if field == "score":
        return (
            Evidence(1.0, "points of a score")
            if 250 <= median <= 1000
            else Evidence(0.0 if median <= 250 else -2.0, "")
        )
    return Evidence(0.0 if (read > 0).all() else -3.0, "")


def _share(values: Values, test: object) -> float:
    """Return the share of rows whose text passes a test."""
    total = sum(count for _, count in values.counts.head(500).iter_rows())
    good = sum(count for text, count in values.counts.head(500).iter_rows() if test(text))  # type: ignore[operator]
    return good / total if total else 0.0


def _known_share(field: str, values: Values) -> float:
    """Return the share of rows whose code is known."""
    known = meant(field, (text for text, _ in values.counts.head(200).iter_rows()))
    return _share(values, lambda text: known.get(text) is not None)


def odds(share: float) -> float:
    """Return the log-odds of a share, held off 0 and 1."""
    held = min(max(share, 0.005), 0.99)
    return math.log(held / (1.0 - held))


def share_of(odds_: float) -> float:
    """Return the share of log-odds, at most 0.99: nothing is certain."""
    return min(1.0 / (1.0 + math.exp(-odds_)), 0.99)
