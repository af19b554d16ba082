"""Credit risk mitigation: collateral, comprehensive and simple, and guarantees by substitution (CRE22)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected

YEARS = (1.0, 3.0, 5.0, 10.0)
"""Upper ends of the maturity columns of the haircut table, years."""
BONDS = {
    ("sovereign", "aaa_aa"): (0.005, 0.02, 0.02, 0.04, 0.04),
    ("sovereign", "a"): (0.01, 0.03, 0.03, 0.06, 0.06),
    ("sovereign", "bbb"): (0.01, 0.03, 0.03, 0.06, 0.06),
    ("sovereign", "bb"): (0.15, 0.15, 0.15, 0.15, 0.15),
    ("corporate", "aaa_aa"): (0.01, 0.03, 0.04, 0.06, 0.12),
    ("corporate", "a"): (0.02, 0.04, 0.06, 0.12, 0.20),
    ("corporate", "bbb"): (0.02, 0.04, 0.06, 0.12, 0.20),
}
"""Haircuts of bonds by issuer and rating for a holding period of 10 business days, by maturity (CRE22.49)."""
OTHERS = {"cash": 0.0, "gold": 0.20, "main_index_equity": 0.20, "other_equity": 0.30}
CURRENCY = 0.08
"""Haircut of a currency mismatch, 10 business days (CRE22.52)."""
SIMPLE_FLOOR = 0.20
"""Lowest weight under the simple approach, but for cash and own-currency sovereigns (CRE22.34 to 22.37)."""
LEAST_MISMATCH_YEARS = 0.25
"""A protection that ends within three months before the exposure does is not recognised (CRE22.12, 22.13)."""


def haircut(
    kind: str,
    rating: str = "aaa_aa",
    years: float = 1.0,
    *,
    holding_days: int = 20,
    revaluation_days: int = 1,
) -> float:
    """Return the supervisory haircut, decimal (CRE22.49), for the holding period (CRE22.56 to 22.59).

    Parameters
    ----------
    kind : cash, gold, main_index_equity, other_equity, or bonds of a `sovereign` or `corporate` (bank or
        firm) issuer.
    rating : row of `options.RATINGS`, for bonds. years : remaining maturity of the bond.
    holding_days : minimum holding period in business days: 20 secured lending, 10 capital markets, 5 repos.
    revaluation_days : business days between revaluations.

    Raises
    ------
    RiskError : collateral that is not eligible, or less than one business day.
    """
    check.word(kind=kind, rating=rating)
    check.number(0, years=years)
    check.count(1, holding_days=holding_days, revaluation_days=revaluation_days)
    if holding_days < 1 or revaluation_days < 1:
        raise RiskError(
            expected("at least 1 business day", min(holding_days, revaluation_days)), field="holding_days"
        )
    scale = math.sqrt((revaluation_days + holding_days - 1) / 10.0)
    if kind in OTHERS:
        return OTHERS[kind] * scale
    if (kind, rating) not in BONDS:
        known = ", ".join([*OTHERS, *(f"{issuer} {grade}" for issuer, grade in BONDS)])
        raise RiskError(expected("eligible collateral: " + known, f"{kind} {rating}"), field="collateral")
    return BONDS[kind, rating][sum(years > end for end in YEARS)] * scale


def collateralised_exposure(
    exposure: ArrayLike, value: ArrayLike, haircuts: ArrayLike, currency_mismatch: ArrayLike = False
) -> Floats:
    """Return E* = max(0, E - C (1 - Hc - Hfx)), currency, by the comprehensive approach (CRE22.40)."""
    owed, held = check.numbers(exposure, "exposure"), check.numbers(value, "value")
    taken, apart = check.numbers(haircuts, "haircuts"), check.flags(currency_mismatch, "currency_mismatch")
    check.money(exposure=owed, value=held)
    check.within(0, 1, haircuts=taken)
    check.fitting(exposure=owed, value=held, haircuts=taken, currency_mismatch=apart)
    cut = 1.0 - taken - np.where(apart, CURRENCY * math.sqrt(2.0), 0.0)
    return np.asarray(np.maximum(0.0, owed - held * np.maximum(cut, 0.0)))


def simple_weight(
    weight: ArrayLike, collateral_weight: ArrayLike, share: ArrayLike, *, floor: float = SIMPLE_FLOOR
) -> Floats:
    """Return the simple approach's weight: the collateral's on the secured share, floored (CRE22.34).

    floor : 0 for cash and for sovereign paper of the exposure's currency weighted 0 (CRE22.36, 22.37).
    """
    check.number(0, floor=floor)
    other = check.numbers(collateral_weight, "collateral_weight")
    check.within(0, collateral_weight=other)
    return substituted_weight(weight, np.maximum(other, floor), share)


def substituted_weight(weight: ArrayLike, protector_weight: ArrayLike, share: ArrayLike) -> Floats:
    """Return the weight with a share at the protector's weight (CRE22.79, 22.80), never more than without.

    weight, protector_weight : decimals. share : covered part, decimal in [0, 1], after any haircut of
        `guaranteed_share`.

    Raises
    ------
    RiskError : a share outside [0, 1].
    """
    part, own = check.numbers(share, "share"), check.numbers(weight, "weight")
    other = check.numbers(protector_weight, "protector_weight")
    check.within(0, weight=own, protector_weight=other)
    check.fitting(share=part, weight=own, protector_weight=other)
    if not ((part >= 0.0) & (part <= 1.0)).all():
        raise RiskError(
            expected("a covered share from 0 to 1", float(part[~((part >= 0) & (part <= 1))].ravel()[0])),
            field="share",
        )
    return np.asarray(part * np.minimum(other, own) + (1.0 - part) * own)


def guaranteed_share(
    share: ArrayLike,
    *,
    currency_mismatch: ArrayLike = False,
    protection_years: ArrayLike = np.inf,
    exposure_years: ArrayLike = 0.0,
) -> Floats:
    """Return the covered share after haircuts for currency (CRE22.81) and a shorter protection (CRE22.13).

    Protection that lasts t years on an exposure of T > t years counts for (t - 0.25) / (T - 0.25), T at most
    5; at three months or less it counts for nothing.
    """
    t, asked = (
        check.numbers(protection_years, "protection_years"),
        check.numbers(exposure_years, "exposure_years"),
    )
    covered, apart = check.numbers(share, "share"), check.flags(currency_mismatch, "currency_mismatch")
    check.within(0, 1, share=covered)
    check.unbounded(0, protection_years=t, exposure_years=asked)
    check.fitting(share=covered, currency_mismatch=apart, protection_years=t, exposure_years=asked)
    whole = np.minimum(asked, 5.0)
    short = t < whole
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(
            short, np.maximum(t - LEAST_MISMATCH_YEARS, 0.0) / (whole - LEAST_MISMATCH_YEARS), 1.0
        )
    kept = np.where(apart, 1.0 - CURRENCY, 1.0)
    return np.asarray(covered * np.where(short & (whole <= LEAST_MISMATCH_YEARS), 0.0, factor) * kept)
