"""What kind of value a column of a mapping holds: that of the published column it fills."""

from __future__ import annotations

from loantwin.book.mapping_parts import ColumnSource
from loantwin.book.schema import CHECKED, LOANS, PANEL

KINDS = {
    **{f"panel.{column.name}": column.kind for column in PANEL},
    **{column.name: column.kind for column in (*CHECKED, *LOANS)},
}
"""Kinds by the names that parsed columns have; those of a panel carry its prefix."""


BALANCES = ("principal", "accrued_interest", "fees_due", "undrawn", "past_due")
"""A negative one is a credit: a card paid beyond its bill, an instalment too many, a rounding residue."""

FLOWS = (
    "charged_off",
    "recovered",
    "scheduled_principal",
    "prepaid",
    "interest",
    "principal_paid",
    "interest_paid",
)
"""A negative one takes an earlier booking back, or is a gain where a loss was booked."""

KEPT = frozenset(f"{place}{name}" for place in ("", "panel.") for name in (*BALANCES, *FLOWS))
"""Columns, by the names of parsed columns, in which a negative amount refuses no row."""


def kind_of(spec: ColumnSource) -> str:
    """Return the kind of the column a source fills; of a column of no table, what its unit makes of it."""
    name = spec.name.partition("\n")[0]
    return KINDS.get(name, "money" if spec.unit == "money" else "date" if spec.unit == "date" else "text")
