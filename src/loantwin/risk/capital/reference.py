"""Risk weights of one exposure, step by step: the array functions' oracle, shown by `capital explain`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtr, ndtri

from loantwin import arguments as check
from loantwin.errors import RiskError, expected
from loantwin.risk.capital.classes import FUNCTIONS, NAMES
from loantwin.risk.capital.options import COUNTERPARTY, RATINGS, Options


@dataclass(frozen=True)
class Floor:
    """An input floor that binds: the value before, the value used, its paragraph."""

    name: str
    before: float
    used: float
    paragraph: str


@dataclass(frozen=True)
class IrbSteps:
    """From inputs to K. correlation, size_adjustment, maturity_slope (b), maturity_adjustment,
    conditional_pd : null where a defaulted exposure or a PD of 0 has none; size_adjustment is what was taken
        off the correlation."""

    asset_class: str
    paragraph: str
    pd: float
    lgd: float
    maturity: float | None
    correlation: float | None
    size_adjustment: float
    maturity_slope: float | None
    maturity_adjustment: float
    conditional_pd: float | None
    capital: float
    risk_weight: float
    floors: tuple[Floor, ...]


def irb_steps(
    pd: float,
    lgd: float,
    maturity: float = 2.5,
    asset_class: str = "corporate",
    annual_sales: float | None = None,
    transactor: bool = False,
    elbe: float | None = None,
    input_floors: bool = True,
    lgd_floor: float | None = None,
) -> IrbSteps:
    """Return the steps to K of one exposure (CRE31, CRE32); arguments as `irb_capital`, checked there.

    lgd_floor : another LGD floor than that of an unsecured exposure (collateral, CRE32.17).

    Raises
    ------
    RiskError : a defaulted exposure without `elbe`.
    """
    check.number(0, 1, pd=pd, lgd=lgd)
    check.number(0, maturity=maturity)
    check.word(asset_class=asset_class)
    check.gaps(**check.given(annual_sales=annual_sales, elbe=elbe))
    check.flag(transactor=transactor, input_floors=input_floors)
    check.number(0, 1, **check.given(lgd_floor=lgd_floor))
    function = FUNCTIONS[NAMES.index(asset_class)]
    if pd >= 1.0:
        if elbe is None or math.isnan(elbe):
            raise RiskError(
                expected("elbe, the best estimate of expected loss, of a defaulted exposure (pd 1)", "none"),
                field="elbe",
            )
        capital = max(0.0, lgd - elbe)
        return IrbSteps(
            asset_class, "CRE31.3", 1.0, lgd, None, None, 0.0, None, 1.0, None, capital, 12.5 * capital, ()
        )
    floors: list[Floor] = []
    if input_floors:
        pd_floor = function.transactor_floor if transactor else function.pd_floor
        least = function.lgd_floor if lgd_floor is None else lgd_floor
        retail = asset_class.startswith("retail")
        if pd < pd_floor:
            floors.append(Floor("pd", pd, pd_floor, "CRE32.58" if retail else "CRE32.4"))
        if lgd < least:
            floors.append(Floor("lgd", lgd, least, "CRE32.58" if retail else "CRE32.16"))
        pd, lgd = max(pd, pd_floor), max(lgd, least)
    if pd <= 0.0:
        return IrbSteps(
            asset_class, function.paragraph, 0.0, lgd, None, None, 0.0, None, 1.0, None, 0.0, 0.0,
            tuple(floors)
        )  # fmt: skip
    share = (1 - math.exp(-function.decay * pd)) / (1 - math.exp(-function.decay))
    correlation = function.scale * (function.low * share + function.high * (1 - share))
    size = 0.0
    if function.sized and annual_sales is not None and annual_sales < 50:
        size = 0.04 * (1 - (max(annual_sales, 5.0) - 5) / 45)
        correlation -= size
    conditional = float(
        ndtr((ndtri(pd) + math.sqrt(correlation) * ndtri(0.999)) / math.sqrt(1 - correlation))
    )
    slope, adjustment = None, 1.0
    if function.matures:
        slope = (0.11852 - 0.05478 * math.log(pd)) ** 2
        adjustment = 1.0 if maturity == 1 else (1 + (maturity - 2.5) * slope) / (1 - 1.5 * slope)
    capital = lgd * (conditional - pd) * adjustment
    return IrbSteps(
        asset_class,
        function.paragraph,
        pd,
        lgd,
        maturity if function.matures else None,
        correlation,
        size,
        slope,
        adjustment,
        conditional,
        capital,
        12.5 * capital,
        tuple(floors),
    )


def standardised_reference(
    rules: Options,
    exposure_class: str,
    rating: str = "unrated",
    ltv: float = math.nan,
    counterparty_weight: float = 1.0,
    defaulted: bool = False,
    provision_share: float = 0.0,
) -> float:
    """Return one exposure's standardised weight from the table; as `standardised_risk_weight`."""
    check.kind(Options, rules=rules)
    check.word(exposure_class=exposure_class, rating=rating)
    check.gaps(ltv=ltv)
    check.number(0, counterparty_weight=counterparty_weight)
    check.flag(defaulted=defaulted)
    check.number(0, 1, provision_share=provision_share)
    own = rules.weight(exposure_class)
    if defaulted:
        bad = rules.defaulted
        if exposure_class == "residential_real_estate":
            return bad.residential
        return bad.below if provision_share < bad.provision_share else bad.otherwise
    if own.reads_ltv or own.of_counterparty:
        band = float(own.bands[-1])
        for bound, weight in zip(own.bounds, own.bands, strict=False):
            if ltv <= bound:
                band = float(weight)
                break
        if band == COUNTERPARTY:
            return counterparty_weight
        return min(band, counterparty_weight) if own.of_counterparty else band
    return float(own.by_rating[RATINGS.index(rating)])
