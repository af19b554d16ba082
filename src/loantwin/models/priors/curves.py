"""From a product's beliefs to log-odds: the hazard of default by age, and the chain of arrears that makes it.

The hazard of default by age is the plateau times the seasoning; the plateau is set so that a book that lends
the same amount every month defaults at the stated rate on average. Where arrears are told apart, loans enter
them so often that the chain of rolls and cures lets as many through as default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.models.priors.table import Belief, Curve, ProductPrior

LARGEST = 0.5
"""No loan that is up to date leaves for arrears, or pays off, with a higher probability in a month."""
LEAST_STAY = 0.02
"""Something always stays in a state."""
LEAST_SPREAD = 0.1
"""An entry's own spread, log-odds, however wide the chain behind it."""


@dataclass(frozen=True)
class PriorEdge:
    """What is believed of one transition. log_odds : (A,) against staying. spread : of its level, log-odds.

    basis, source : of the level.
    """

    log_odds: Floats
    spread: float
    basis: str
    source: str


@dataclass(frozen=True)
class PriorEdges:
    """The transitions of a prior model, and their reach.

    edges : by (origin, target). reach : change of the log default rate when the log-odds of every transition
        that worsens rise by one.
    """

    edges: dict[tuple[str, str], PriorEdge]
    reach: float

    def centred(self, deviation: float) -> PriorEdges:
        """Return the edges under which the default rate has its mean while a common level moves them all.

        A level v on every worsening edge moves the default rate by reach x v; each edge is held at its own
        mean, the rate's is exp((reach^2 - reach) deviation^2 / 2) times too high. The first edge gives way.
        """
        ends = next(iter(self.edges))
        first = self.edges[ends]
        shift = 0.5 * (self.reach**2 - self.reach) * deviation**2
        moved = replace(first, log_odds=first.log_odds - shift)
        return replace(self, edges={**self.edges, ends: moved})


def by_age(curve: Curve, ages: int) -> Floats:
    """Return a curve at the middle of each month of age, (A,)."""
    return np.asarray(np.interp(np.arange(ages) + 0.5, curve.ages, curve.values))


def default_hazard(prior: ProductPrior, ages: int) -> Floats:
    """Return the monthly probability of default by age, (A,), decimal."""
    shape = by_age(prior.seasoning, ages)
    term = min(prior.typical_term, ages)
    left = 1.0 if prior.revolving else 1.0 - np.arange(term) / prior.typical_term
    stays = np.cumprod(np.concatenate([[1.0], 1.0 - prepayment_hazard(prior, ages)[: term - 1]]))
    weight = stays * left
    plateau = prior.default_rate.value / 100.0 / float(weight @ shape[:term] / weight.sum())
    return np.asarray(np.minimum(1.0 - np.exp(-plateau * shape / 12.0), LARGEST))


def prepayment_hazard(prior: ProductPrior, ages: int) -> Floats:
    """Return the monthly probability of early payoff by age, (A,): SMM = 1 - (1 - CPR)^(1/12)."""
    yearly = np.minimum(by_age(prior.prepayment, ages) * prior.prepayment_range.value / 100.0, 0.99)
    return np.asarray(1.0 - (1.0 - yearly) ** (1.0 / 12.0))


def prior_edges(prior: ProductPrior, live: Sequence[str], default: str, ages: int, own: float) -> PriorEdges:
    """Return a product's transitions over some live states, the first of them up to date, then worse.

    Parameters
    ----------
    default : the state of default. ages : A. own : variance of what each transition has of its own beyond the
        level (segments, vintages), which the range of the default rate already contains.
    """
    payoff, hazard = prepayment_hazard(prior, ages), default_hazard(prior, ages)
    late = [_late(prior, name) for name in live[1:]]
    chain = (*live, default)
    push = [roll.value / (roll.value + cure) for roll, cure in late]
    firm, brought = _firmness(prior, late, push, own)
    spread = np.sqrt(max(prior.default_rate.log_deviation**2 - brought, LEAST_SPREAD**2))
    entry = _entry(hazard, payoff, late)
    # a chain of uncertain rolls and cures lets through another number on average than one of their means
    for share, (roll, _) in zip(push, late, strict=True):
        size = firm * roll.logit_deviation, firm * prior.cure.logit_deviation
        entry = entry / _mean_share(share, *(np.hypot(one, np.sqrt(own)) for one in size)) * share
    entry = np.minimum(entry, LARGEST)
    rest = 1.0 - entry - payoff
    rate, early = prior.default_rate, prior.prepayment_range.log_deviation
    edges = {(chain[0], chain[1]): PriorEdge(np.log(entry / rest), float(spread), rate.basis, rate.source)}
    for place, (roll, cure) in enumerate(late, start=1):
        stay = 1.0 - roll.value - cure
        for target, belief, value in ((chain[place + 1], roll, roll.value), (chain[0], prior.cure, cure)):
            edges[chain[place], target] = PriorEdge(
                np.full(ages, np.log(value / stay)),
                float(belief.logit_deviation * firm),
                belief.basis,
                belief.source,
            )
    edges[chain[0], "prepaid"] = PriorEdge(
        np.log(np.maximum(payoff, 1e-9) / rest),
        float(np.sqrt(max(early**2 - own - LEAST_SPREAD**2, 0.05**2))),
        prior.prepayment.basis,
        prior.prepayment.source,
    )
    return PriorEdges(edges, reach_of(prior, live))


def reach_of(prior: ProductPrior, live: Sequence[str]) -> float:
    """Return the change of the log default rate when every transition that worsens rises by one log-odds.

    A loan enters arrears, then rolls on or is cured: entry counts in full, each roll by the share of cures
    beside it, for roll / (roll + cure) rises by that share of its log-odds.

    Parameters
    ----------
    live : published live states, the first of them up to date, then worse.
    """
    late = [_late(prior, name) for name in live[1:]]
    return 1.0 + sum(1.0 - roll.value / (roll.value + cure) for roll, cure in late)


def _entry(hazard: Floats, payoff: Floats, late: Sequence[tuple[Belief, float]]) -> Floats:
    """Return the monthly probability (A,) of entering arrears that lets as many through as default.

    The hazard is of all that live: those that are late meanwhile cannot become late, and some that were up to
    date when a loan became late have paid off before it defaults.
    """
    lets_through = float(np.prod([roll.value / (roll.value + cure) for roll, cure in late]))
    months = sum(1.0 / (roll.value + cure) for roll, cure in late)
    ages = len(hazard)
    entering = hazard[np.minimum(np.arange(ages) + len(late), ages - 1)] / lets_through
    entering = entering * (1.0 - payoff) ** months
    return np.asarray(np.clip(entering / np.maximum(1.0 - entering * _months_late(late), 0.1), 1e-9, LARGEST))


def _firmness(
    prior: ProductPrior, late: Sequence[tuple[Belief, float]], push: Sequence[float], own: float
) -> tuple[float, float]:
    """Return a factor on the spreads of rolls and cures, and the variance of the log default rate they bring.

    What is believed of the default rate is believed more firmly than its parts: the chain brings no more than
    half of its variance. push : by state of arrears, the share of those that leave it which gets worse.
    """
    wide = sum(
        (1.0 - share) ** 2 * (roll.logit_deviation**2 + prior.cure.logit_deviation**2)
        for share, (roll, _) in zip(push, late, strict=True)
    )
    half = 0.5 * prior.default_rate.log_deviation**2
    firm = float(np.sqrt(min(1.0, half / wide))) if wide else 1.0
    return firm, firm**2 * wide + own * (1.0 + sum(2.0 * (1.0 - share) ** 2 for share in push))


def _mean_share(share: float, roll: float, cure: float) -> float:
    """Return the mean of roll / (roll + cure) where both odds have log-normal errors of mean 1.

    By Gauss-Hermite quadrature, 15 by 15 nodes. roll, cure : standard deviations of the logarithms.
    """
    node, weight = np.polynomial.hermite_e.hermegauss(15)
    weight = weight / weight.sum()
    up, down = (np.exp(size * node - 0.5 * size**2) for size in (roll, cure))
    ratio = share * up[:, None] / (share * up[:, None] + (1.0 - share) * down[None, :])
    return float(weight @ ratio @ weight)


def _months_late(late: Sequence[tuple[Belief, float]]) -> float:
    """Return the mean number of months from entering arrears to leaving them, by cure or default."""
    months, reach = 0.0, 1.0
    for roll, cure in late:
        months += reach / (roll.value + cure)
        reach *= roll.value / (roll.value + cure)
    return months


def _late(prior: ProductPrior, state: str) -> tuple[Belief, float]:
    """Return the roll out of a state of arrears and the monthly cure that goes with it."""
    roll = {"dpd_1_29": prior.roll_1, "dpd_30_59": prior.roll_30, "dpd_60_89": prior.roll_60}[state]
    return roll, min(prior.cure.value, 1.0 - LEAST_STAY - roll.value)
