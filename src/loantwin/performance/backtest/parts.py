"""The parts of a loss: how many loans it comes from, how large each was, and what share of it was lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

NUMBER, PER_CASE, SEVERITY, AMOUNT = "number", "exposure_per_case", "severity", "amount"
PARTS = (NUMBER, PER_CASE, SEVERITY, AMOUNT)
WORDS = {
    NUMBER: "cases",
    PER_CASE: "exposure per case",
    SEVERITY: "lost of the exposure",
    AMOUNT: "money lost",
}
"""What the parts are called in tables."""


@dataclass(frozen=True)
class Part:
    """One factor of a loss: forecast beside what came. low, high : of the 90 % interval, None where there is
    none; of exposure per case and of severity it is that of their expected values. None: nothing to divide
    by, or not observed.
    """

    forecast: float | None
    low: float | None
    high: float | None
    came: float | None

    @property
    def ratio(self) -> float | None:
        """Return forecast over what came."""
        return None if self.forecast is None or not self.came else self.forecast / self.came


@dataclass(frozen=True)
class ApartRow:
    """The whole book's loss over a window from one origin, or summed over those scored (`origin` None).

    number : loans charged off, of a panel those that defaulted; weighted. exposure_per_case : exposure over
        number, currency, both sides by one formula: an outcome table's from its contracts, a panel's as
        reported. severity : charged off in the window over that exposure. amount : charged off, currency.
        origins : how many are summed.
    """

    origin: dt.date | None
    horizon: int
    prior_only: bool
    origins: int
    number: Part
    exposure_per_case: Part
    severity: Part
    amount: Part
