"""Payoff where a source does not observe it: an assumed monthly probability by age, in three settings."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arrays import Floats
from loantwin.book.mapping import TapeFormat
from loantwin.errors import MappingError, expected

SETTINGS = ("slow", "base", "fast")


def payoff_observed(mapping: TapeFormat) -> bool:
    """Return whether the source tells when loans are paid off."""
    return "prepayment" in mapping.observes


def assumed_payoff_hazard(mapping: TapeFormat, ages: ArrayLike, setting: str | None = None) -> Floats:
    """Return the assumed monthly probability of early payoff by age, decimal; 0 where payoff is observed.

    It rises in a straight line from 0 at origination to `payoff_monthly_rate` after `payoff_ramp_months` and
    stays.

    Parameters
    ----------
    ages : (...,) months since origination at the start of the month.
    setting : slow, base or fast; default the mapping's assumption `payoff_setting`.

    Raises
    ------
    MappingError : an unknown setting, or a monthly rate outside [0, 1).
    """
    age = np.asarray(ages, dtype=float)
    if payoff_observed(mapping) or "payoff_monthly_rate" not in mapping.assumptions:
        return np.zeros(age.shape)
    chosen = setting or str(mapping.assumptions.get("payoff_setting", "base"))
    if chosen not in SETTINGS:
        raise MappingError(
            expected("one of " + ", ".join(SETTINGS), chosen), file=mapping.file, field="payoff_setting"
        )
    factor = 1.0 if chosen == "base" else mapping.number(f"payoff_{chosen}", 1.0)
    rate = mapping.number("payoff_monthly_rate") * factor
    if not 0.0 <= rate < 1.0:
        raise MappingError(
            expected("a monthly probability from 0 to below 1", rate),
            file=mapping.file,
            field="payoff_monthly_rate",
        )
    ramp = max(mapping.number("payoff_ramp_months", 0.0), 1e-9)
    return np.asarray(rate * np.minimum((age + 0.5) / ramp, 1.0))


def assumed_survival(mapping: TapeFormat, ages: ArrayLike, setting: str | None = None) -> Floats:
    """Return the assumed share not yet paid off early by age, decimal; 1 where payoff is observed."""
    age = np.asarray(ages, dtype=np.int64)
    longest = int(age.max(initial=0))
    hazard = assumed_payoff_hazard(mapping, np.arange(longest), setting)
    alive = np.concatenate([[1.0], np.cumprod(1.0 - hazard)])
    return np.asarray(alive[np.maximum(age, 0)])
