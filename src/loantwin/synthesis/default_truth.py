"""The truth used where none is given: a mixed lender whose grades default at about 1 to 6 % a year.

All figures are made up for this library; they are of the size that consumer, small-business and mortgage
lenders report.
"""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.rows import TransitionParameters
from loantwin.macro.covariates import Covariate
from loantwin.synthesis.truth import (
    DEFAULT,
    LIVE,
    PREPAID,
    STATES,
    GradeTruth,
    ProductTruth,
    Truth,
    segment_names,
)

AGES = 121

GRADES = (
    GradeTruth("A", 0.18, -0.020, 760.0),
    GradeTruth("B", 0.27, -0.010, 720.0),
    GradeTruth("C", 0.27, 0.000, 685.0),
    GradeTruth("D", 0.18, 0.020, 650.0),
    GradeTruth("E", 0.10, 0.045, 615.0),
)

_DEFAULT_BY_GRADE = {"A": -0.75, "B": -0.35, "C": 0.0, "D": 0.35, "E": 0.70}
_DEFAULT_BY_PRODUCT = {
    "instalment": 0.0,
    "balloon": 0.05,
    "interest_only": 0.0,
    "mortgage": -0.25,
    "revolving": 0.15,
}
_PREPAY_BY_PRODUCT = {
    "instalment": 0.25,
    "balloon": -0.05,
    "interest_only": -0.45,
    "mortgage": -0.25,
    "revolving": -0.60,
}
_PREPAY_BY_GRADE = {"A": 0.15, "B": 0.08, "C": 0.0, "D": -0.10, "E": -0.25}

PRODUCT_TRUTHS = {
    "instalment": ProductTruth(
        0.40, 14_000.0, 0.60, (24, 36, 48, 60), (0.10, 0.35, 0.20, 0.35), 0.105, 0.0, "prime_rate", 0.0,
        0.0, 0.0, 0.05, (0.0, 0.0), 0.0, 0.0, 0.0, 0.008, 0.15, 0.18, 0.92, 0.22,
    ),
    "balloon": ProductTruth(
        0.13, 32_000.0, 0.45, (36, 48, 60), (0.35, 0.40, 0.25), 0.075, 0.10, "prime_rate", 0.020,
        0.90, 0.15, 0.10, (0.20, 0.50), 0.0, 0.0, 0.0, 0.004, 0.12, 0.22, 0.85, 0.45,
    ),
    "interest_only": ProductTruth(
        0.09, 120_000.0, 0.70, (36, 60, 84, 120), (0.30, 0.40, 0.15, 0.15), 0.070, 0.60, "prime_rate", 0.012,
        0.65, 0.25, 0.30, (1.0, 1.0), 0.0, 0.0, 0.0, 0.003, 0.10, 0.30, 0.80, 0.50,
    ),
    "mortgage": ProductTruth(
        0.20, 210_000.0, 0.50, (180, 240, 300, 360), (0.15, 0.20, 0.20, 0.45), 0.055, 0.30, "prime_rate",
        0.000, 0.75, 0.20, 0.12, (0.0, 0.0), 0.0, 0.0, 0.0, 0.006, 0.08, 0.45, 0.75, 0.65,
    ),
    "revolving": ProductTruth(
        0.18, 9_000.0, 0.70, (36, 60), (0.50, 0.50), 0.150, 1.00, "prime_rate", 0.090,
        0.0, 0.0, 0.03, (0.0, 0.0), 0.55, 0.02, 0.25, 0.0, 0.0, 0.15, 0.95, 0.15,
    ),
}  # fmt: skip

COVARIATES = (
    Covariate("unemployment_rate", "change_12m", 1, 0.0, 0.01),
    Covariate("real_gdp_growth", "level", 1, 0.02, 0.02),
    Covariate("house_price_index", "log_ratio_12m", 1, 0.03, 0.05),
    Covariate("mortgage_rate", "change_12m", 1, 0.0, 0.01),
)
FACTOR_NAMES = tuple(item.name for item in COVARIATES)

# edge: base log-odds; share of the grade and product effects; share of seasoning; effect of each covariate;
# latent loadings
_WORSE = (0.14, -0.05, -0.08, 0.0)
_ROLL = (0.07, -0.02, -0.04, 0.0)
_CURE = (-0.06, 0.02, 0.04, 0.0)
_PAYOFF = (-0.06, 0.02, 0.12, -0.30)
_EDGES: tuple[tuple[int, int, float, float, float, tuple[float, ...], tuple[float, float]], ...] = (
    (0, 1, -4.75, 1.0, 1.0, _WORSE, (1.0, 0.0)),
    (0, PREPAID, -4.15, 0.0, 0.0, _PAYOFF, (0.0, 1.0)),
    (1, 0, 1.60, -0.2, 0.0, _CURE, (-0.3, 0.0)),
    (1, 2, 0.60, 0.3, 0.2, _ROLL, (0.5, 0.0)),
    (1, PREPAID, -3.0, 0.0, 0.0, _PAYOFF, (0.0, 1.0)),
    (2, 0, 0.30, -0.2, 0.0, _CURE, (-0.3, 0.0)),
    (2, 1, -0.10, -0.1, 0.0, _CURE, (-0.2, 0.0)),
    (2, 3, 1.10, 0.3, 0.1, _ROLL, (0.5, 0.0)),
    (3, 0, -0.70, -0.2, 0.0, _CURE, (-0.3, 0.0)),
    (3, 2, -0.70, -0.1, 0.0, _CURE, (-0.2, 0.0)),
    (3, DEFAULT, 1.50, 0.3, 0.1, _ROLL, (0.5, 0.0)),
)


def default_truth() -> Truth:
    """Return the truth of a mixed lender: five products, five grades, 25 segments, ages up to ten years."""
    return Truth(
        products=PRODUCT_TRUTHS,
        grades=GRADES,
        transitions=_transitions(),
        covariates=COVARIATES,
        persistence=(0.85, 0.80),
        innovation=(0.07, 0.06),
        charge_off_lag=(0.0, 0.05, 0.10, 0.20, 0.20, 0.15, 0.12, 0.08, 0.05, 0.05),
        recovery_lag=(0.05, 0.05, 0.10, 0.15, 0.15, 0.15, 0.10, 0.10, 0.05, 0.05, 0.03, 0.02),
    )


def _transitions() -> TransitionParameters:
    segments = segment_names(PRODUCT_TRUTHS, GRADES)
    pairs = [label.split("|") for label in segments]
    risk = np.array([_DEFAULT_BY_PRODUCT[product] + _DEFAULT_BY_GRADE[grade] for product, grade in pairs])
    payoff = np.array([_PREPAY_BY_PRODUCT[product] + _PREPAY_BY_GRADE[grade] for product, grade in pairs])
    ages = np.arange(AGES, dtype=np.float64)
    age = [
        base + (_ramp(ages) if target == PREPAID else part * _seasoning(ages))
        for _, target, base, _, part, _, _ in _EDGES
    ]
    segment = [payoff if target == PREPAID else share * risk for _, target, _, share, _, _, _ in _EDGES]
    return TransitionParameters(
        states=STATES,
        live=LIVE,
        origin=np.array([edge[0] for edge in _EDGES], dtype=np.int64),
        target=np.array([edge[1] for edge in _EDGES], dtype=np.int64),
        age=np.array(age),
        segment=np.array(segment),
        macro=np.array([edge[5] for edge in _EDGES]),
        loading=np.array([edge[6] for edge in _EDGES]),
        segments=segments,
        factors=FACTOR_NAMES,
        latents=("credit", "prepayment"),
        default_state=DEFAULT,
        prepaid_state=PREPAID,
    )


def _seasoning(ages: Floats) -> Floats:
    """Return log-odds by age of first missing a payment: low when new, highest at 20 months, then falling."""
    young = -0.9 * np.exp(-ages / 6.0)
    peak = 0.35 * np.exp(-(((ages - 20.0) / 14.0) ** 2))
    return np.asarray(young + peak - 0.004 * np.maximum(ages - 36.0, 0.0))


def _ramp(ages: Floats) -> Floats:
    """Return log-odds by age of paying off: rising over the first 24 months, level after."""
    return np.asarray(-1.4 * (1.0 - np.minimum(ages, 24.0) / 24.0))
