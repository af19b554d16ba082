"""Which of CECL's methods fits a book, with the reason; where a method goes beyond what its history shows.

ASC 326-20-30-3 asks for no particular method and leaves the choice to judgement (assumed, not read): what is
recommended follows from what the history tells, and from how far each method was wrong a year ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Integers
from loantwin.risk.provisions.cecl_methods import LossHistory

ENOUGH = 100
"""Charge-offs from which a model of default is trusted over a book's plain loss rates; as backtests' thin."""
LOSS_RATES = ("roll-rate", "warm", "vintage")
"""Methods that read history alone, in the order that decides where no error does."""


@dataclass(frozen=True)
class MethodError:
    """Net charge-offs of twelve months as a method foretold them a year before, and as they came, currency;
    error : foretold / came - 1, null where none came."""

    foretold: float
    came: float
    error: float | None


@dataclass(frozen=True)
class Recommendation:
    """The method that fits the book, why, the errors of those that could be tried, and what to beware of."""

    method: str
    reason: str
    errors: Mapping[str, MethodError]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the recommendation as JSON has it."""
        return {**asdict(self), "warnings": list(self.warnings)}


def method_error(foretold: float, came: float) -> MethodError:
    """Return how far a method was wrong; both in currency, at least 0."""
    check.number(0, foretold=foretold, came=came)
    return MethodError(foretold, came, foretold / came - 1.0 if came > 0.0 else None)


def recommended(
    history: LossHistory,
    errors: Mapping[str, MethodError],
    months_left: Integers,
    *,
    discounted: bool,
    model_defaults: int,
) -> Recommendation:
    """Return the method that fits a book.

    PD x LGD (discounted cash flow where the configuration discounts) wherever the history holds 100
    charge-offs or 100 defaults: it alone reads age, arrears and a forecast of the economy, which ASC
    326-20-30-7 asks for. Else the method with the least error a year ago; without errors the first of roll
    rate, remaining maturity, vintage that has a figure; without history PD x LGD on its prior.

    Parameters
    ----------
    months_left : (N,) of the loans on the book. model_defaults : defaults that the fit saw.

    Source: ASC 326-20-30-7 to 30-9 (assumed, not read).
    """
    check.kind(LossHistory, history=history)
    check.kind(Mapping, errors=errors)
    check.codes(0, months_left=months_left)
    check.flag(discounted=discounted)
    check.count(0, model_defaults=model_defaults)
    model = "dcf" if discounted else "pd-lgd"
    tried = {name: item for name, item in errors.items() if item.error is not None}
    has = {
        "roll-rate": history.roll is not None,
        "warm": history.charge_off_rate is not None,
        "vintage": history.vintage_loss is not None,
    }
    known = [name for name in LOSS_RATES if has[name]]
    if max(history.charge_offs, model_defaults) >= ENOUGH:
        method = model
        reason = (
            f"{history.charge_offs:,} charge-offs and {model_defaults:,} defaults are enough for a model, "
            "and it alone reads each loan's age and arrears and a forecast of the economy"
        )
        own = errors.get("pd-lgd")
        better = [
            name
            for name, item in tried.items()
            if own is not None and own.error is not None and abs(item.error or 0.0) < abs(own.error)
        ]
        if better:
            reason += f"; a year ago {' and '.join(better)} came nearer, which one year does not decide"
    elif tried:
        nearest = min(tried, key=lambda name: abs(tried[name].error or 0.0))
        method = model if nearest == "pd-lgd" else nearest
        reason = (
            f"{history.charge_offs:,} charge-offs and {model_defaults:,} defaults are too few to tell "
            f"({ENOUGH}); it was the nearest a year ago"
        )
    elif known:
        method = known[0]
        reason = (
            f"{history.charge_offs:,} charge-offs are too few for a model ({ENOUGH}), and for a test of a "
            "year"
        )
    else:
        method, reason = model, "no history of losses: PD x LGD rests on what is believed of such loans"
    return Recommendation(method, reason, dict(errors), tuple(extrapolations(history, months_left)))


def extrapolations(history: LossHistory, months_left: Integers) -> list[str]:
    """Return in words where a method goes beyond the ages or years that its history shows.

    months_left : (N,) of the loans on the book.
    """
    check.kind(LossHistory, history=history)
    check.codes(0, months_left=months_left)
    made = []
    if history.vintage_loss is not None and history.beyond > 0.0:
        made.append(
            f"vintage extrapolates: {history.beyond:.0%} of the months ahead are beyond an age of "
            f"{len(history.vintage_loss) - 1} months, the oldest seen; those ages add no loss, so that the "
            "figure is too low"
        )
    longest = int(np.max(months_left, initial=0))
    if history.charge_off_rate is not None and longest > 12 * history.years:
        made.append(
            f"warm extrapolates: a rate of {history.years} years is held for up to {longest} months to come"
        )
    if history.roll is not None and longest > history.roll_months > 0:
        made.append(
            f"roll-rate extrapolates: rates of {history.roll_months} months are held for up to {longest} "
            "months to come"
        )
    return made
