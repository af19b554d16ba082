"""A grid of offers: amounts, rates, terms and patterns, with the limits that they keep, read from a file."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.errors import ConfigError, expected, unknown
from loantwin.files import read_text

PATTERNS = ("annuity", "equal-principal", "interest-only")
"""How principal comes back, names of term sheets that a grid may offer."""
MOST = 5_000
"""Offers an applicant at most."""
LONGEST = 480
KEYS = (
    "format",
    "name",
    "amount_shares",
    "amounts",
    "annual_rates",
    "terms",
    "patterns",
    "limits",
    "budgets",
)

LIMIT_WORDS = {
    "rate": "Legal cap on the all-in rate, a year.",
    "source": "The law that the cap is from.",
    "payment_share": "Payments, other debts in them, over income.",
    "borrower": "Most that one borrower owes, money.",
    "least_raroc": "Least return on capital, a year.",
    "least_profit": "Least economic profit, money.",
}


@dataclass(frozen=True)
class OfferLimits:
    """What every offer keeps; None sets none.

    rate : legal cap on the all-in rate, decimal a year, fee in it; source : of the cap, in words.
    payment_share : payments, other debts in them, over income. borrower : all that a borrower owes, money.
    least_raroc : decimal a year. least_profit : economic profit, money.
    """

    rate: float | None = None
    source: str = ""
    payment_share: float | None = None
    borrower: float | None = None
    least_raroc: float | None = None
    least_profit: float | None = None


@dataclass(frozen=True)
class OfferGrid:
    """Offers of A amounts and K contracts each.

    shares : (A,) of the amount asked for, or amounts : (A,) money; the other is empty. rates, terms,
    patterns : whose combinations are the contracts, rate running fastest, then pattern, then term.
    budgets : segment of the twin -> most that is expected to be lent in it, money.
    """

    name: str
    shares: tuple[float, ...]
    amounts: tuple[float, ...]
    rates: tuple[float, ...]
    terms: tuple[int, ...]
    patterns: tuple[str, ...]
    limits: OfferLimits = OfferLimits()
    budgets: Mapping[str, float] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Return the numbers of amounts, terms, patterns and rates: the order in which offers stand."""
        return len(self.shares or self.amounts), len(self.terms), len(self.patterns), len(self.rates)

    @property
    def count(self) -> int:
        """Return the number of offers an applicant."""
        return math.prod(self.shape)

    def contracts(self) -> tuple[Integers, Integers, Floats]:
        """Return term, place of the pattern and rate of each contract, (K,)."""
        term, pattern, rate = np.meshgrid(
            np.array(self.terms), np.arange(len(self.patterns)), np.array(self.rates), indexing="ij"
        )
        return term.reshape(-1), pattern.reshape(-1), rate.reshape(-1)

    def offered(self, asked: Floats) -> Floats:
        """Return amounts (N, A) for what N applicants ask for: whole cents, NaN above what is asked for."""
        if self.amounts:
            made = np.broadcast_to(np.array(self.amounts), (len(asked), len(self.amounts)))
            return np.where(made <= asked[:, None], made, np.nan)
        made = np.floor(asked[:, None] * np.array(self.shares) * 100.0 + 1e-6) / 100.0
        return np.where(made > 0.0, made, np.nan)


def read_grid(path: Path | str) -> OfferGrid:
    """Return the grid in a TOML file.

    Raises
    ------
    ConfigError : no such file, no TOML, an unknown key, a value of another kind or out of range.
    """
    file = Path(path)
    try:
        document = tomllib.loads(read_text(file, "file of a grid of offers", ConfigError))
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError(f"expected a readable TOML file, was: {problem}", file=file) from problem
    for key in document:
        if key not in KEYS:
            raise ConfigError(unknown(key, KEYS), file=file, field=key)
    if document.get("format") != 1:
        raise ConfigError(expected("1", document.get("format")), file=file, field="format")
    if ("amounts" in document) == ("amount_shares" in document):
        was = "both" if "amounts" in document else "neither"
        raise ConfigError(expected("amounts or amount_shares", was), file=file, field="amounts")
    terms = _numbers(document, "terms", 1.0, LONGEST, file)
    if any(term != int(term) for term in terms):
        raise ConfigError(expected("whole months", str(terms)), file=file, field="terms")
    patterns = document.get("patterns", ["annuity"])
    if not isinstance(patterns, list) or not patterns or set(patterns) - set(PATTERNS):
        raise ConfigError(
            expected("names of " + ", ".join(PATTERNS), str(patterns)), file=file, field="patterns"
        )
    grid = OfferGrid(
        _text(document.get("name", file.stem), "name", file),
        _numbers(document, "amount_shares", 1e-6, 1.0, file) if "amount_shares" in document else (),
        _numbers(document, "amounts", 0.01, 1e12, file) if "amounts" in document else (),
        _numbers(document, "annual_rates", 0.0, 3.0, file),
        tuple(int(term) for term in terms),
        tuple(dict.fromkeys(patterns)),
        _limits(document.get("limits", {}), file),
        _budgets(document.get("budgets", {}), file),
    )
    if grid.count > MOST:
        raise ConfigError(expected(f"at most {MOST:,} offers an applicant", f"{grid.count:,}"), file=file)
    return grid


def _numbers(document: Mapping[str, Any], key: str, low: float, high: float, file: Path) -> tuple[float, ...]:
    values = document.get(key)
    good = isinstance(values, list) and values and all(_is_number(value, low, high) for value in values)
    if not good:
        wanted = f"a list of numbers from {low:g} to {high:g}"
        raise ConfigError(expected(wanted, str(values)), file=file, field=key)
    return tuple(sorted({float(value) for value in values or ()}))


def _is_number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _text(value: Any, key: str, file: Path) -> str:
    if not isinstance(value, str):
        raise ConfigError(expected("a text", str(value)), file=file, field=key)
    return value


RANGES = {
    "rate": (0.0, 10.0),
    "payment_share": (0.0, 2.0),
    "borrower": (0.0, 1e15),
    "least_raroc": (-10.0, 10.0),
    "least_profit": (-1e12, 1e12),
}


def _limits(table: Any, file: Path) -> OfferLimits:
    names = [item.name for item in fields(OfferLimits)]
    if not isinstance(table, Mapping):
        raise ConfigError(expected("a table", str(table)), file=file, field="limits")
    for key, value in table.items():
        place = f"limits.{key}"
        if key not in names:
            raise ConfigError(unknown(key, names), file=file, field=place)
        if key == "source":
            _text(value, place, file)
        elif not _is_number(value, *RANGES[key]):
            low, high = RANGES[key]
            raise ConfigError(
                expected(f"a number from {low:g} to {high:g}", str(value)), file=file, field=place
            )
    made: dict[str, Any] = {key: value if key == "source" else float(value) for key, value in table.items()}
    return OfferLimits(**made)


def _budgets(table: Any, file: Path) -> dict[str, float]:
    if not isinstance(table, Mapping):
        raise ConfigError(expected("a table of segments", str(table)), file=file, field="budgets")
    for key, value in table.items():
        if not _is_number(value, 0.0, 1e15):
            raise ConfigError(expected("money of at least 0", str(value)), file=file, field=f"budgets.{key}")
    return {key: float(value) for key, value in table.items()}


def grid_schema() -> dict[str, Any]:
    """Return the JSON Schema of a grid of offers."""

    def listed(low: float, high: float, words: str, kind: str = "number") -> dict[str, Any]:
        item = {"type": kind, "minimum": low, "maximum": high}
        return {"type": "array", "items": item, "minItems": 1, "description": words}

    limits: dict[str, Any] = {
        key: {"type": "number", "minimum": low, "maximum": high} for key, (low, high) in RANGES.items()
    }
    limits["source"] = {"type": "string"}
    for name, words in LIMIT_WORDS.items():
        limits[name]["description"] = words
    return {
        "title": "A grid of offers",
        "type": "object",
        "properties": {
            "format": {"const": 1},
            "name": {"type": "string", "description": "What the grid is called."},
            "amount_shares": listed(1e-6, 1.0, "Amounts offered, of what is asked for."),
            "amounts": listed(0.01, 1e12, "Amounts offered, money; none above what is asked for."),
            "annual_rates": listed(0.0, 3.0, "Rates offered, decimals a year."),
            "terms": listed(1, LONGEST, "Terms offered, months.", "integer"),
            "patterns": {
                "type": "array",
                "items": {"enum": list(PATTERNS)},
                "minItems": 1,
                "description": "How principal comes back; annuity where it is left out.",
            },
            "limits": {
                "type": "object",
                "properties": limits,
                "additionalProperties": False,
                "description": "What every offer keeps.",
            },
            "budgets": {
                "type": "object",
                "additionalProperties": {"type": "number", "minimum": 0},
                "description": "Segment -> most that is expected to be lent in it, money.",
            },
        },
        "required": ("format", "annual_rates", "terms"),
        "additionalProperties": False,
    }
