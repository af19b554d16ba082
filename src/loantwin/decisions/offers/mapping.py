"""What the columns of an offer log mean: a small TOML file, its JSON Schema, its checks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from loantwin.errors import MappingError, choice, expected, unknown
from loantwin.files import read_toml

FORMAT = 1
UNITS = {
    "percent a month": (1.0, 12.0),
    "percent a year": (1.0, 1.0),
    "decimal a month": (100.0, 12.0),
    "decimal a year": (100.0, 1.0),
}
"""Unit of a rate -> percentage points of its period in one unit, and periods in a year."""
COLUMNS = {
    "offered_rate": "The rate of the offer, in `rate_unit`.",
    "taken_up": "Whether the offer was taken up: 1 or 0.",
    "amount": "What was lent, money; nothing or 0 where the offer was not taken up.",
    "contract_rate": "The rate of the contract, in `rate_unit`, where it may be below the offer.",
    "arrears": "What borrowers were late with, money; missing where nothing was lent.",
    "revenue": "Interest and fees that a loan earned, money.",
    "term_months": "Term of the loan, months.",
    "standard_rate": "The client's standard rate, in `rate_unit`: offers above it are looked at apart.",
    "above_standard": "1 where the offer is above the client's standard rate, else 0.",
    "propensity": "The known probability with which the offer's price was drawn, above 0 and at most 1.",
    "cluster": "Offers of one cluster (a client, a branch) are not independent of each other.",
    "date": "Day of the offer; told in the result, not read by the fit.",
}
NEEDED = ("offered_rate", "taken_up", "amount")
KEYS = (
    "format", "name", "currency", "rate_unit", "within", "randomised", "columns", "covariates", "economics",
)  # fmt: skip
ECONOMICS = {
    "funding_annual_rate": "Cost of money, decimal a year of the amount lent, over the loan's term.",
    "arrears_lost": "Share of arrears that is lost.",
    "cost_per_loan": "What it costs to make a loan, money.",
    "cost_per_offer": "What it costs to make an offer, money.",
}


@dataclass(frozen=True)
class OfferEconomics:
    """What profit of an offer is counted with; nothing costs anything unless the mapping says so.

    funding_annual_rate : decimal a year, >= 0. arrears_lost : decimal of arrears, [0, 1].
    cost_per_loan, cost_per_offer : money, >= 0.
    """

    funding_annual_rate: float = 0.0
    arrears_lost: float = 1.0
    cost_per_loan: float = 0.0
    cost_per_offer: float = 0.0


@dataclass(frozen=True)
class OfferFormat:
    """The mapping of an offer log.

    columns : our name -> the file's. covariates : columns known before the price, by which it is asked
    whether price was random. within : columns whose values make the strata in which price was drawn.
    randomised : whether the lender says that price was drawn at random within them; None says nothing.
    """

    name: str
    currency: str
    rate_unit: str
    columns: Mapping[str, str]
    within: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    randomised: bool | None = None
    economics: OfferEconomics = field(default_factory=OfferEconomics)
    file: str = ""

    @property
    def points(self) -> float:
        """Return percentage points of the rate's period in one of its units."""
        return UNITS[self.rate_unit][0]

    @property
    def periods(self) -> float:
        """Return how many of the rate's periods a year has."""
        return UNITS[self.rate_unit][1]

    @property
    def point(self) -> str:
        """Return what one point is, in words."""
        return f"percentage point {self.rate_unit.partition(' ')[2]}"


def offers_schema() -> dict[str, Any]:
    """Return the JSON Schema of a mapping of offers; unknown keys are refused."""
    text = {"type": "string", "minLength": 1}
    texts = {"type": "array", "items": text}
    shut = {"type": "object", "additionalProperties": False}
    costs = {
        name: {"type": "number", "minimum": 0, "description": words} for name, words in ECONOMICS.items()
    }
    costs["arrears_lost"]["maximum"] = 1
    return {
        "title": "What the columns of an offer log mean",
        "type": "object",
        "properties": {
            "format": {"const": FORMAT, "description": "Version of this file's form."},
            "name": {**text, "description": "What the log is called."},
            "currency": {**text, "description": "Code of the currency of its amounts."},
            "rate_unit": {"enum": list(UNITS), "description": "Unit of every rate in the log."},
            "within": {**texts, "description": "Columns whose values make the strata price was drawn in."},
            "randomised": {"type": "boolean", "description": "Whether price was drawn at random in them."},
            "covariates": {**texts, "description": "Columns known before the price: is it random of them?"},
            "columns": {
                **shut,
                "properties": {name: {**text, "description": words} for name, words in COLUMNS.items()},
                "required": list(NEEDED),
            },
            "economics": {**shut, "properties": costs},
        },
        "required": ("format", "name", "currency", "rate_unit", "columns"),
        "additionalProperties": False,
    }


def read_offer_format(path: Path | str) -> OfferFormat:
    """Return the mapping in a TOML file.

    Raises
    ------
    MappingError : no such file or no TOML, an unknown key, one that is missing, a value of another kind.
    """
    file = Path(path)
    document = read_toml(file, "a mapping of offers", MappingError)
    _known(document, KEYS, "", file)
    if document.get("format") != FORMAT:
        raise MappingError(expected(f"format = {FORMAT}", document.get("format")), file=file, field="format")
    unit = choice(_text(document, "rate_unit", file), UNITS, "rate_unit", error=MappingError, file=file)
    stated = document.get("randomised")
    if stated is not None and not isinstance(stated, bool):
        raise MappingError(expected("true or false", stated), file=file, field="randomised")
    return OfferFormat(
        name=_text(document, "name", file),
        currency=_text(document, "currency", file),
        rate_unit=unit,
        columns=_columns(document, file),
        within=_texts(document, "within", file),
        covariates=_texts(document, "covariates", file),
        randomised=stated,
        economics=_economics(document, file),
        file=str(file),
    )


def _columns(document: Mapping[str, Any], file: Path) -> dict[str, str]:
    columns = _table(document, "columns", file)
    _known(columns, tuple(COLUMNS), "columns.", file)
    for name in NEEDED:
        if name not in columns:
            raise MappingError(expected("a column", "none"), file=file, field=f"columns.{name}")
    if {"standard_rate", "above_standard"} <= set(columns):
        raise MappingError(
            expected("one of standard_rate and above_standard", "both"), file=file, field="columns"
        )
    return {name: _text(columns, name, file, "columns.") for name in columns}


def _economics(document: Mapping[str, Any], file: Path) -> OfferEconomics:
    table = _table(document, "economics", file)
    _known(table, tuple(item.name for item in fields(OfferEconomics)), "economics.", file)
    for name, value in table.items():
        most = 1.0 if name == "arrears_lost" else math.inf
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and math.isfinite(value) and 0.0 <= value <= most):
            words = "a number of at least 0" + (" and at most 1" if most == 1.0 else "")
            raise MappingError(expected(words, value), file=file, field=f"economics.{name}")
    return OfferEconomics(**{name: float(value) for name, value in table.items()})


def _known(table: Mapping[str, Any], names: tuple[str, ...], prefix: str, file: Path) -> None:
    for key in table:
        if key not in names:
            raise MappingError(unknown(key, names), file=file, field=f"{prefix}{key}")


def _table(document: Mapping[str, Any], name: str, file: Path) -> Mapping[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise MappingError(expected("a table", value), file=file, field=name)
    return value


def _text(table: Mapping[str, Any], name: str, file: Path, prefix: str = "") -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise MappingError(expected("a text", value), file=file, field=f"{prefix}{name}")
    return value.strip()


def _texts(document: Mapping[str, Any], name: str, file: Path) -> tuple[str, ...]:
    value = document.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise MappingError(expected("a list of columns", value), file=file, field=name)
    return tuple(value)
