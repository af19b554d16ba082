"""Whether price was random within strata, and how far what nobody saw may have moved an effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from loantwin.arrays import Floats, Integers
from loantwin.decisions.offers.log import Offers
from loantwin.decisions.offers.within import (
    Within,
    covariance_of,
    demeaned,
    independent,
    regress,
)

LEVEL = 0.01
"""Probability of chance below which covariates are taken to predict the price."""
ASSUMED_SHARE = 0.02
"""Share of what is left of price, and of the outcome, that what nobody saw explains, where no covariate is
there to measure it by; assumed."""
SHOWN = 8


@dataclass(frozen=True)
class BalanceRow:
    """How a covariate goes with price within strata: correlation, and its probability by chance."""

    covariate: str
    correlation: float
    probability: float


@dataclass(frozen=True)
class Randomised:
    """What the log says of how price was drawn.

    probability : of covariates predicting price this well by chance; None without covariates. explained :
    share of price within strata that they explain. covariates : how many entered. identified : whether
    effects are taken as causes. why : in words. rows : the covariates that go with price most.
    """

    probability: float | None
    explained: float | None
    covariates: int
    identified: bool
    why: str
    rows: tuple[BalanceRow, ...]


def randomised(offers: Offers, stated: bool | None) -> Randomised:
    """Return whether covariates known before the price predict it within strata.

    Parameters
    ----------
    stated : what the mapping says. A log is believed where its covariates say nothing against it; without
        covariates only where the lender states that price was drawn at random.

    The test is a robust Wald test that all coefficients of a regression of price on the covariates are zero.
    """
    used = offers.covariates[:, usable(offers)]
    if not used.shape[1]:
        words = "no covariate is named by which it could be checked"
        if stated:
            return Randomised(
                None, None, 0, True, f"the mapping states that price was drawn at random; {words}", ()
            )
        return Randomised(None, None, 0, False, f"it is not known how prices were chosen: {words}", ())
    fit = regress(offers.rate, used, offers.stratum, offers.cluster)
    explained = share_explained(fit, offers.rate, offers.stratum)
    covariance = covariance_of(fit.influence, offers.cluster)
    wald = float(fit.value @ np.linalg.pinv(covariance, hermitian=True) @ fit.value)
    chance = float(stats.chi2.sf(wald, used.shape[1]))
    words = f"{used.shape[1]} covariates explain {explained:.2%} of price within strata"
    if chance < LEVEL:
        why = f"price was not random within strata: {words}, by chance with a probability of {chance:.2g}"
        return Randomised(chance, explained, used.shape[1], False, why, _rows(offers))
    if stated is False:
        why = "the mapping states that price was not drawn at random"
        return Randomised(chance, explained, used.shape[1], False, why, _rows(offers))
    why = f"{words}, as chance would with a probability of {chance:.2g}: nothing speaks against random prices"
    return Randomised(chance, explained, used.shape[1], True, why, _rows(offers))


def usable(offers: Offers) -> Integers:
    """Return the places of covariates that vary within strata and are not made up of others."""
    if not offers.covariates.shape[1]:
        return np.zeros(0, dtype=np.int64)
    return independent(demeaned(offers.covariates, offers.stratum))


def _rows(offers: Offers) -> tuple[BalanceRow, ...]:
    """Return single covariates beside the price, the strongest first."""
    price, made = demeaned(offers.rate, offers.stratum), []
    for place in usable(offers):
        column = demeaned(offers.covariates[:, place], offers.stratum)
        fit = regress(offers.rate, offers.covariates[:, [place]], offers.stratum, offers.cluster)
        error = float(np.sqrt(covariance_of(fit.influence, offers.cluster)[0, 0]))
        chance = float(2.0 * stats.norm.sf(abs(fit.value[0]) / error)) if error > 0.0 else 1.0
        together = float(price @ column / np.sqrt((price @ price) * (column @ column)))
        made.append(BalanceRow(offers.covariate_names[place], together, chance))
    return tuple(sorted(made, key=lambda row: row.probability)[:SHOWN])


def share_explained(fit: Within, outcome: Floats, stratum: Integers) -> float:
    """Return the share of an outcome's spread within strata that a regression explains."""
    left = demeaned(outcome, stratum)
    return float(1.0 - fit.residual @ fit.residual / (left @ left))


def bias_bound(fit: Within, with_price: float, with_outcome: float) -> float:
    """Return how far an unseen cause may have moved the first coefficient, in its unit.

    Parameters
    ----------
    with_price : share of price left after strata and covariates that it explains, [0, 1). with_outcome :
        share of the outcome left after those and price.

    |bias| = se sqrt(df) sqrt(with_outcome with_price / (1 - with_price)), with the error of equal spread:
    what the R package sensemakr computes as `bias(se, dof, r2dz.x, r2yz.dx)`; formula of Cinelli and
    Hazlett (2020) from memory, held to a regression that leaves a cause out by the tests.
    """
    strength = with_outcome * with_price / (1.0 - with_price)
    return float(fit.standard_error[0] * np.sqrt(fit.freedom * strength))


def unseen(offers: Offers, outcome: Floats, rows: np.ndarray | None = None) -> tuple[float, float]:
    """Return the shares of price and of an outcome that an unseen cause is assumed to explain.

    It is taken to be as strong as all covariates together: the share that they explain of price within
    strata, and of the outcome within strata and at equal price; 2 % of each where there is no covariate.
    """
    here = offers if rows is None else offers.take(rows)
    told = outcome if rows is None else outcome[rows]
    columns = here.covariates[:, usable(here)]
    if not columns.shape[1]:
        return ASSUMED_SHARE, ASSUMED_SHARE
    price = regress(here.rate, columns, here.stratum, here.cluster)
    alone = regress(told, here.rate[:, None], here.stratum, here.cluster)
    both = regress(told, np.column_stack([here.rate, columns]), here.stratum, here.cluster)
    of_price = share_explained(price, here.rate, here.stratum)
    of_outcome = 1.0 - float(both.residual @ both.residual) / float(alone.residual @ alone.residual)
    of_price = max(of_price, 0.0) / (1.0 - min(max(of_price, 0.0), 0.99))
    return min(of_price, 0.99), min(max(of_outcome, 0.0), 1.0)
