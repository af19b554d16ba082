"""Price rules: a rate for each stratum, from a small file or of two built-in families."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.decisions.offers.log import Offers
from loantwin.decisions.offers.mapping import UNITS, OfferFormat
from loantwin.errors import ConfigError, UsageError, choice, expected, unknown
from loantwin.files import read_toml

FORMAT = 1
CUT, RATE = "cut", "rate"
DEFAULT = f"{CUT}=1"
KEYS = ("format", "name", "rate_unit", "rate", "rates")


@dataclass(frozen=True)
class PriceRule:
    """A rule: the rate that it offers in each stratum, (S,), percentage points; NaN where it says none."""

    name: str
    rate: Floats


def price_rule(rule: str | Path, offers: Offers, mapping: OfferFormat) -> PriceRule:
    """Return a rule's rate in each stratum.

    Parameters
    ----------
    rule : a TOML file; or `cut=POINTS`, every stratum's mean rate less that many percentage points of the
        log's period; or `rate=RATE`, one rate for all in the log's unit.

    Raises
    ------
    UsageError : a rule that is none of these. ConfigError : an unknown key, column or stratum, a rate that
    is none, or a stratum for which the rule says nothing.
    """
    word, mark, number = str(rule).partition("=")
    if mark and word in (CUT, RATE):
        return _built_in(word, number, str(rule), offers, mapping)
    path = Path(rule)
    if not path.is_file():
        raise UsageError(expected("a rule in a TOML file, cut=POINTS or rate=RATE", str(rule)), field="rule")
    return _from_file(path, offers)


def _built_in(word: str, number: str, text: str, offers: Offers, mapping: OfferFormat) -> PriceRule:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (word == RATE and value < 0.0):
        raise UsageError(expected(f"a number after {word}=", text), field="rule")
    count = np.bincount(offers.stratum, minlength=len(offers.strata))
    if word == RATE:
        return PriceRule(text, np.full(len(count), value * mapping.points))
    mean = np.bincount(offers.stratum, offers.rate, len(offers.strata)) / np.maximum(count, 1)
    return PriceRule(text, mean - value)


def _from_file(path: Path, offers: Offers) -> PriceRule:
    """Return the rule in a file: the first of `[[rates]]` whose columns all match, else `rate`."""
    document = read_toml(path, "a price rule", ConfigError)
    for key in document:
        if key not in KEYS:
            raise ConfigError(unknown(key, KEYS), file=path, field=key)
    if document.get("format") != FORMAT:
        raise ConfigError(expected(f"format = {FORMAT}", document.get("format")), file=path, field="format")
    unit = choice(document.get("rate_unit", ""), UNITS, "rate_unit", error=ConfigError, file=path)
    points = UNITS[unit][0]
    rate = np.full(len(offers.strata), np.nan)
    rows = document.get("rates", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(expected("tables [[rates]]", rows), file=path, field="rates")
    for place, row in enumerate(rows):
        told = _number(row.get("rate"), path, f"rates[{place}].rate") * points
        for stratum in _matching(row, place, offers, path):
            if np.isnan(rate[stratum]):
                rate[stratum] = told
    if "rate" in document:
        rate = np.where(np.isnan(rate), _number(document["rate"], path, "rate") * points, rate)
    for stratum in np.unique(offers.stratum):
        if np.isnan(rate[stratum]):
            raise ConfigError(
                expected("a rate for every stratum", f"none for {offers.name_of(int(stratum))}"),
                file=path, field="rate",
            )  # fmt: skip
    name = document.get("name")
    return PriceRule(name if isinstance(name, str) and name.strip() else path.stem, rate)


def _matching(row: dict[str, Any], place: int, offers: Offers, path: Path) -> list[int]:
    """Return the strata that a row is for."""
    for key in row:
        if key not in ("rate", *offers.within):
            raise ConfigError(
                unknown(key, ("rate", *offers.within)), file=path, field=f"rates[{place}].{key}"
            )
    wanted = {offers.within.index(key): str(value) for key, value in row.items() if key != "rate"}
    found = [
        stratum
        for stratum, values in enumerate(offers.strata)
        if all(values[column] == value for column, value in wanted.items())
    ]
    if not found:
        names = ", ".join(f"{key} {value}" for key, value in row.items() if key != "rate")
        raise ConfigError(
            expected("values of a stratum of the log", names), file=path, field=f"rates[{place}]"
        )
    return found


def _number(value: object, path: Path, field: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0.0:  # type: ignore[arg-type,operator]  # a number
        raise ConfigError(expected("a rate of at least 0", value), file=path, field=field)
    return float(value)  # type: ignore[arg-type]  # checked above
