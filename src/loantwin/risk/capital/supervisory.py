"""Supervisory loss given default (foundation approach), LGD floors by collateral, exposure at default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected


@dataclass(frozen=True)
class Collateral:
    """Collateral under IRB: LGD of the secured part, haircut (CRE32.11), LGD floor (CRE32.16)."""

    lgd: float
    haircut: float
    floor: float


COLLATERAL: Mapping[str, Collateral] = {
    "financial": Collateral(0.0, 0.0, 0.0),
    "receivables": Collateral(0.20, 0.40, 0.10),
    "real_estate": Collateral(0.20, 0.40, 0.10),
    "other_physical": Collateral(0.25, 0.40, 0.15),
}
"""In the order in which several kinds are recognised (CRE32.14). The haircut of financial collateral is to be
taken from `mitigation.haircut` before its value is given here."""
UNSECURED = {"corporate": 0.40, "financial": 0.45, "bank": 0.45, "sovereign": 0.45}
"""LGD of senior claims without recognised collateral (CRE32.6)."""
SUBORDINATED = 0.75
UNSECURED_FLOOR = {"corporate": 0.25, "bank": 0.25, "financial": 0.25, "retail_other": 0.30}
"""LGD floors collateral lowers (CRE32.16, 32.58); mortgages' 5 % and revolvers' 50 % are fixed (CRE32.59)."""
CCF_FLOOR = 0.5
"""Own exposure at default is at least drawn + this share of the standardised one (CRE32.36, CRE32.64)."""


def foundation_lgd(
    exposure: ArrayLike,
    collateral: Mapping[str, ArrayLike] | None = None,
    *,
    borrower: str = "corporate",
    subordinated: ArrayLike = False,
) -> Floats:
    """Return the supervisory LGD of each exposure, decimal (CRE32.6, 32.7, 32.10, 32.14).

    Parameters
    ----------
    exposure : (N,) currency, above 0. collateral : current value by kind (`COLLATERAL`), currency, before the
        haircut.
    borrower : corporate, financial, bank or sovereign. subordinated : a subordinated claim: 75 % on its
        unsecured part.

    Raises
    ------
    RiskError : an unknown borrower or kind of collateral, an exposure of 0 or less, a negative or non-finite
        value.
    """
    check.kind(Mapping, **check.given(collateral=collateral))
    check.word(borrower=borrower)
    if borrower not in UNSECURED:
        raise RiskError(expected("one of " + ", ".join(UNSECURED), borrower), field="borrower")
    junior = check.flags(subordinated, "subordinated")
    check.fitting(exposure=check.numbers(exposure, "exposure"), subordinated=junior)
    unsecured = np.where(junior, SUBORDINATED, UNSECURED[borrower])
    secured, weighted = _secured(exposure, collateral or {}, "lgd")
    return np.asarray(unsecured * (1.0 - secured) + weighted)


def lgd_floor(
    exposure: ArrayLike, collateral: Mapping[str, ArrayLike] | None = None, *, asset_class: str = "corporate"
) -> Floats:
    """Return LGD floors, decimal: unsecured and secured floor by their shares (CRE32.17, CRE32.59).

    Arguments as `foundation_lgd`; asset_class : corporate, bank, financial or retail_other.

    Raises
    ------
    RiskError : a class whose floor collateral does not lower, and as `foundation_lgd`.
    """
    check.kind(Mapping, **check.given(collateral=collateral))
    check.word(asset_class=asset_class)
    if asset_class not in UNSECURED_FLOOR:
        raise RiskError(
            expected("a class whose floor collateral lowers: " + ", ".join(UNSECURED_FLOOR), asset_class),
            field="asset_class",
        )
    secured, weighted = _secured(exposure, collateral or {}, "floor")
    return np.asarray(UNSECURED_FLOOR[asset_class] * (1.0 - secured) + weighted)


def _secured(exposure: ArrayLike, collateral: Mapping[str, ArrayLike], what: str) -> tuple[Floats, Floats]:
    """Return the secured share of the exposure, and the sum of share x the LGD or floor of its kind."""
    whole = check.numbers(exposure, "exposure")
    if not (np.isfinite(whole) & (whole > 0)).all():
        raise RiskError(expected("a finite exposure above 0", "another"), field="exposure")
    check.money(exposure=whole)
    for kind in collateral:
        if kind not in COLLATERAL:
            raise RiskError(expected("one of " + ", ".join(COLLATERAL), kind), field="collateral")
    secured, weighted = np.zeros(whole.shape), np.zeros(whole.shape)
    for kind, rule in COLLATERAL.items():
        if kind in collateral:
            value = check.numbers(collateral[kind], f"collateral {kind}")
            check.fitting(exposure=whole, **{f"collateral {kind}": value})
            if not (np.isfinite(value) & (value >= 0)).all():
                raise RiskError(
                    expected("finite values of at least 0", "another"), field=f"collateral {kind}"
                )
            share = np.minimum(value * (1.0 - rule.haircut) / whole, 1.0 - secured)
            secured, weighted = secured + share, weighted + share * getattr(rule, what)
    return secured, weighted


def own_exposure_at_default(
    drawn: ArrayLike, undrawn: ArrayLike, own: ArrayLike, standard: ArrayLike
) -> Floats:
    """Return revolving lines' advanced exposure at default: own factor, floored (CRE32.36, CRE32.64).

    drawn, undrawn : currency. own : own conversion factor, decimal. standard : that of the standardised
        approach.
    """
    used, open_ = check.numbers(drawn, "drawn"), check.numbers(undrawn, "undrawn")
    factor, least = check.numbers(own, "own"), check.numbers(standard, "standard")
    check.money(drawn=used, undrawn=open_)
    check.within(0, own=factor, standard=least)
    check.fitting(drawn=used, undrawn=open_, own=factor, standard=least)
    return np.asarray(used + np.maximum(factor, CCF_FLOOR * least) * open_)
