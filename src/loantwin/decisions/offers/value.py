"""What another price rule would have earned, from offers priced at random: weighting, and doubly robust.

A rule names a rate for each stratum. It stands for drawing a price as the log did among the prices within a
band around that rate, so that its probability of a logged price is known: the weight of an offer inside the
band is one over the share of its stratum that is, of others 0. The doubly robust figure puts the rule's rate
itself in a regression of profit on price, strata and covariates, and adds what offers inside the band earned
beyond it: it is right where either the shares or the regression are (Dudik, Langford
and Li 2011, from memory).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.decisions.offers.effects import WIDE
from loantwin.decisions.offers.log import Offers
from loantwin.decisions.offers.randomised import bias_bound, unseen, usable
from loantwin.decisions.offers.rules import PriceRule
from loantwin.decisions.offers.within import covariance_of, regress
from loantwin.errors import UsageError, expected

BAND = 0.5
"""Percentage points to each side of a rule's rate in which offers stand for it."""
FEWEST = 10
"""Offers of a stratum inside the band below which it has no overlap with a rule; assumed."""
LEAST_SIZE = 100.0
"""Effective sample size below which no value is told (the house's rule for offline logs)."""
HEAVIEST = 10.0
"""Mean weights of its stratum's band that one offer may have at most; what is above is cut."""


@dataclass(frozen=True)
class Valued:
    """A value with its 95 % interval, money an offer; `bias` is what it is wider by on either side."""

    value: float
    standard_error: float
    low: float
    high: float
    bias: float = 0.0


@dataclass(frozen=True)
class PolicyValue:
    """What a rule would earn an offer, beside what was earned; money an offer, 95 % intervals.

    logged : mean profit of the logged offers. rule : of the rule, doubly robust; low, high : its interval.
    difference : rule less logged. weighted : by inverse propensity alone. band : percentage points.
    effective_size : of the weighted offers. offers_inside : of offers inside the band. heaviest : the largest
    weight, trimmed : offers whose known
    propensity gave them more than ten mean weights, cut to that. name : of the rule.
    """

    logged: float
    rule: float
    low: float
    high: float
    name: str
    difference: Valued
    weighted: Valued
    band: float
    effective_size: float
    offers_inside: int
    heaviest: float
    trimmed: int


def policy_value(
    offers: Offers, profit: Floats, rule: PriceRule, band: float = BAND, *, identified: bool = True
) -> PolicyValue:
    """Return the value of a rule.

    Parameters
    ----------
    offers : those of one log, above the standard rate none. profit : (N,) money. identified : where False,
        intervals are wider by what an unseen cause as strong as all covariates together could do to the
        slope of profit, times how far the rule is from its stratum's mean price (assumed).

    Raises
    ------
    UsageError : a band that is none; a rule at whose rates too few offers of a stratum were made, which is
    named with the prices it saw, or too few in effect.
    """
    if not (np.isfinite(band) and band > 0.0):
        raise UsageError(expected("a band above 0 percentage points", band), field="band")
    target = rule.rate[offers.stratum]
    inside = np.abs(offers.rate - target) <= band + 1e-9
    _check_overlap(offers, rule, inside, band)
    weight, trimmed = _weights(offers, inside)
    size = float(weight.sum() ** 2 / (weight**2).sum())
    number = np.maximum(np.bincount(offers.stratum, minlength=len(offers.strata)), 1)
    if size < LEAST_SIZE:
        words = f"a rule with an effective sample of at least {LEAST_SIZE:g} offers"
        raise UsageError(expected(words, f"{size:.0f} for {rule.name}"), field="rule")
    model_own, model_rule, bias = _modelled(offers, profit, target, identified)

    def mean_inside(values: Floats) -> Floats:
        sums = np.bincount(offers.stratum, weight * values, len(offers.strata))
        return np.asarray((sums / number)[offers.stratum])

    kept = mean_inside(profit)
    weighted = kept + weight * (profit - kept)
    left = profit - model_own
    beyond = mean_inside(left)
    robust = model_rule + beyond + weight * (left - beyond)
    told, by_weight = _valued(robust, offers, bias), _valued(weighted, offers, bias)
    return PolicyValue(
        logged=float(profit.mean()),
        rule=told.value,
        low=told.low,
        high=told.high,
        name=rule.name,
        difference=_valued(robust - profit, offers, bias),
        weighted=by_weight,
        band=band,
        effective_size=size,
        offers_inside=int(inside.sum()),
        heaviest=float(weight.max()),
        trimmed=trimmed,
    )


def _check_overlap(offers: Offers, rule: PriceRule, inside: Flags, band: float) -> None:
    """Raise UsageError where a stratum has too few offers near the rule's rate."""
    found = np.bincount(offers.stratum, inside, len(offers.strata))
    for stratum in np.unique(offers.stratum):
        if found[stratum] < FEWEST:
            own = offers.rate[offers.stratum == stratum]
            near = f"at least {FEWEST} offers within {band:g} points of {rule.rate[stratum]:.4g} %"
            seen = f"where prices were {own.min():.4g} to {own.max():.4g} %"
            raise UsageError(
                expected(f"{near} in {offers.name_of(int(stratum))}, {seen}", int(found[stratum]))
                + "; a rule is valued only at prices that were offered",
                field="rule",
            )


def _weights(offers: Offers, inside: Flags) -> tuple[Floats, int]:
    """Return the weights of offers, (N,), 0 outside the band, and how many were cut.

    They sum to the stratum's offers in every stratum.
    """
    number, strata = np.bincount(offers.stratum, minlength=len(offers.strata)), len(offers.strata)
    found = np.maximum(np.bincount(offers.stratum, inside, strata), 1)
    known = np.isfinite(offers.propensity)
    odds = np.where(inside, 1.0 / np.where(known, offers.propensity, 1.0), 0.0)
    most = HEAVIEST * (np.bincount(offers.stratum, odds, strata) / found)[offers.stratum]
    trimmed = int((odds > most).sum())
    odds = np.minimum(odds, most)
    mass = np.bincount(offers.stratum, odds, strata)
    return odds * (number / np.maximum(mass, 1e-300))[offers.stratum], trimmed


def _modelled(
    offers: Offers, profit: Floats, target: Floats, identified: bool
) -> tuple[Floats, Floats, float]:
    """Return a regression's profit at the logged and the rule's price, (N,) each, and its bound of bias."""
    columns = np.column_stack([offers.rate, offers.covariates[:, usable(offers)]])
    fit = regress(profit, columns, offers.stratum, offers.cluster)
    number = np.maximum(np.bincount(offers.stratum), 1)
    part = columns @ fit.value
    level = (np.bincount(offers.stratum, profit - part) / number)[offers.stratum]
    own = level + part
    mean = (np.bincount(offers.stratum, offers.rate) / number)[offers.stratum]
    bias = (
        0.0 if identified else bias_bound(fit, *unseen(offers, profit)) * float(np.abs(target - mean).mean())
    )
    return own, own + fit.value[0] * (target - offers.rate), bias


def _valued(each: Floats, offers: Offers, bias: float) -> Valued:
    """Return the mean of what each offer says of a value, its interval wider by `bias` on either side."""
    mean = float(each.mean())
    part = (each - mean)[:, None] / len(each)
    error = float(np.sqrt(covariance_of(part, offers.cluster)[0, 0]))
    return Valued(mean, error, mean - WIDE * error - bias, mean + WIDE * error + bias, bias)
