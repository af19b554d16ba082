"""A mapping once it has been read: what the columns of a lender's tape mean, and what they do not tell."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from loantwin.book.layout import Told
from loantwin.book.mapping_parts import (
    Assumption,
    CaseWeight,
    ColumnSource,
    DefaultDefinition,
    Derivation,
    Join,
    Value,
    ValueBands,
)
from loantwin.errors import MappingError, expected


@dataclass(frozen=True)
class TapeFormat:
    """A tape format; `document` is the TOML it was read from, assumptions as overridden."""

    name: str
    file: str
    document: Mapping[str, Any]
    words: str
    currency: str
    kind: str
    lending: str
    product_class: str
    columns: Mapping[str, ColumnSource]
    panel: Mapping[str, ColumnSource]
    checked: Mapping[str, ColumnSource]
    attributes: Mapping[str, ColumnSource]
    file_facts: Told
    join: Join | None
    months: tuple[dt.date, ...]
    report_every: int
    decimal: str
    missing: tuple[str, ...]
    earliest: dt.date
    latest: dt.date
    pivot: dt.date
    as_of: dt.date | None
    weight: CaseWeight
    derivations: tuple[Derivation, ...]
    assumptions: Mapping[str, Value]
    assumption_details: Mapping[str, Assumption]
    segment_by: tuple[str | ValueBands, ...]
    observes: tuple[str, ...]
    default: DefaultDefinition
    variants: Mapping[str, Mapping[str, Any]]
    rules: Mapping[str, bool]

    @property
    def defines_default(self) -> bool:
        """Return whether the mapping defines default: then states decide it, and days past due alone do
        not.
        """
        return "default" in self.document

    @property
    def told(self) -> Told:
        """Return what the mapping tells of the file: its own words, and the names of the columns it reads."""
        loan = self.columns["loan_id"]
        others = (
            *self.columns.values(),
            *self.panel.values(),
            *self.checked.values(),
            *self.attributes.values(),
        )
        parts = (
            part
            for spec in (loan, *others)
            for part in (
                *(spec.source, spec.less, spec.divided_by, spec.or_source, spec.beside),
                *((name,) for name in spec.monthly),
            )
        )
        return replace(self.file_facts, wanted=tuple(dict.fromkeys(part for part in parts if part)))

    def number(self, name: str, default: float | None = None) -> float:
        """Return a numeric assumption; a missing one is `default` or, without one, a MappingError."""
        value = self.assumptions.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise MappingError(expected(f"a numeric assumption {name}", value), file=self.file, field=name)
        return float(value)

    def resolve(self, value: Value) -> Value:
        """Return the assumption a name stands for, or the value itself."""
        return self.assumptions.get(value, value) if isinstance(value, str) else value

    def to_dict(self) -> dict[str, Any]:
        """Return the plain document, from which `from_dict` makes the same mapping again.

        An infinite end of a band is the text "inf": JSON has no such number.
        """
        made: dict[str, Any] = _finite({"file": self.file, **self.document})
        return made


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return "inf" if isinstance(value, float) and value == math.inf else value
