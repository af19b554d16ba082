"""Minor units: events count money in whole cents (int64), tables hold it in the book's currency (float64)."""

from __future__ import annotations

from loantwin.errors import LogError, UsageError
from loantwin.products.currency import units_of


def minor_units(currency: str) -> int:
    """Return how many minor units make one unit of the currency of a log.

    Raises
    ------
    LogError : the code is not three capital letters.
    """
    try:
        return units_of(currency)
    except UsageError as error:
        raise LogError(error.message, field="currency") from error
