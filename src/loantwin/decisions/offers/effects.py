"""What price did within strata: take-up, size, arrears and the elasticity, with one covariance for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.decisions.offers.log import Offers
from loantwin.decisions.offers.randomised import bias_bound, unseen, usable
from loantwin.decisions.offers.within import Within, covariance_of, regress

WIDE = 1.959963984540054
"""Standard errors to each side of a 95 % interval."""
FEWEST = 30
"""Borrowers below which size and arrears are not fitted."""
NAMES = (
    "take_up_slope",
    "size_slope",
    "arrears_slope",
    "elasticity",
    "amount_log_slope",
    "late_log_odds_slope",
    "take_up_log_slope",
)
"""Parameters of the posterior, in the order of its covariance."""


@dataclass(frozen=True)
class Effect:
    """An effect with its standard error and 95 % interval.

    bias : by how much an unseen cause is assumed to have moved it at most, to either side; the interval is
    wider by it. 0 where price was random.
    """

    value: float
    standard_error: float
    low: float
    high: float
    bias: float = 0.0


@dataclass(frozen=True)
class Effects:
    """Effects of one percentage point of price.

    names, mean, bias : (K,), covariance : (K, K), of the parameters of `NAMES` that the log can tell.
    selection, burden : of arrears, by the offer at an equal contract, and by the contract at an equal offer;
    None where no contract rate differs from its offer, or price was not random. late_share : of borrowers,
    any arrears. fits : the regressions, by name.
    """

    names: tuple[str, ...]
    mean: Floats
    covariance: Floats
    bias: Floats
    selection: Effect | None
    burden: Effect | None
    borrowers: int
    late_share: float | None
    fits: dict[str, Within]

    def effect(self, name: str) -> Effect | None:
        """Return one effect by its name, None where the log cannot tell it."""
        if name not in self.names:
            return None
        place = self.names.index(name)
        error = float(np.sqrt(self.covariance[place, place]))
        return effect_of(float(self.mean[place]), error, float(self.bias[place]))


def effect_of(value: float, error: float, bias: float = 0.0) -> Effect:
    """Return an effect with its 95 % interval, wider by `bias` on either side."""
    return Effect(value, error, value - WIDE * error - bias, value + WIDE * error + bias, bias)


def fit_effects(offers: Offers, identified: bool) -> Effects:
    """Return the effects of price on offers that are none above the standard rate.

    identified : where False, covariates enter the regressions and the intervals are widened by what an
    unseen cause as strong as they are could do.
    """
    fitter = _Fitter(offers, identified)
    taken, mean_rate, mean_taken = offers.taken.astype(float), offers.rate.mean(), offers.taken.mean()
    take_up, bias, part = fitter.slope("take_up_slope", taken)
    ratio = mean_rate / mean_taken
    elastic = part * ratio + (
        take_up * (offers.rate - mean_rate) - take_up * ratio * (taken - mean_taken)
    ) / (mean_taken * len(offers))
    fitter.add("elasticity", take_up * ratio, bias * abs(ratio), elastic)
    of_log = (part - take_up * (taken - mean_taken) / (mean_taken * len(offers))) / mean_taken
    fitter.add("take_up_log_slope", take_up / mean_taken, bias / mean_taken, of_log)
    mean_amount = offers.amount.mean()
    slope, bias, part = fitter.slope("amount_log_slope", offers.amount, keep=False)
    of_mean = (offers.amount - mean_amount) * slope / (mean_amount * len(offers))
    fitter.add("amount_log_slope", slope / mean_amount, bias / mean_amount, (part - of_mean) / mean_amount)
    selection = burden = late = None
    if fitter.varies(offers.taken):
        fitter.slope("size_slope", offers.amount, offers.taken)
    known = offers.taken & np.isfinite(offers.arrears)
    if fitter.varies(known):
        arrears = np.where(known, offers.arrears, 0.0)
        fitter.slope("arrears_slope", arrears, known)
        if identified:
            selection, burden = fitter.parted(arrears, known)
        late = float((arrears[known] > 0.0).mean())
        if 0.01 <= late <= 0.99:
            flag, odds = (arrears > 0.0).astype(float), late * (1.0 - late)
            slope, bias, part = fitter.slope("late_log_odds_slope", flag, known, keep=False)
            of_share = np.where(known, (flag - late) * (1.0 - 2.0 * late) * slope / (odds * known.sum()), 0.0)
            fitter.add("late_log_odds_slope", slope / odds, bias / odds, (part - of_share) / odds)
    return fitter.effects(selection, burden, late)


class _Fitter:
    """Regressions on the same offers, with what each offer adds to every estimate."""

    def __init__(self, offers: Offers, identified: bool) -> None:
        self.offers, self.identified = offers, identified
        self.found: dict[str, tuple[float, float, Floats]] = {}
        self.fits: dict[str, Within] = {}

    def add(self, name: str, value: float, bias: float, influence: Floats) -> None:
        self.found[name] = (value, bias, influence)

    def varies(self, rows: Flags) -> bool:
        """Return whether there are enough borrowers, at prices that differ within their strata."""
        here = self.offers.take(rows)
        if len(here) < FEWEST + len(np.unique(here.stratum)):
            return False
        number = np.maximum(np.bincount(here.stratum), 1)
        mean = np.bincount(here.stratum, here.rate) / number
        return bool(np.abs(here.rate - mean[here.stratum]).max() > 1e-9)

    def slope(
        self, name: str, outcome: Floats, rows: Flags | None = None, *, keep: bool = True
    ) -> tuple[float, float, Floats]:
        """Return the slope by price, its bound of bias and what each offer adds to it."""
        offers, columns = self.offers, self.offers.rate[:, None]
        if not self.identified:
            here = offers if rows is None else offers.take(rows)
            columns = np.column_stack([columns, offers.covariates[:, usable(here)]])
        fit = regress(outcome, columns, offers.stratum, offers.cluster, rows)
        bias = 0.0 if self.identified else bias_bound(fit, *unseen(offers, outcome, rows))
        made = float(fit.value[0]), bias, fit.influence[:, 0]
        self.fits[name] = fit
        if keep:
            self.add(name, *made)
        return made

    def parted(self, arrears: Floats, known: Flags) -> tuple[Effect | None, Effect | None]:
        """Return arrears by offer at an equal contract rate, and by contract at an equal offer."""
        offers = self.offers
        rows = known & np.isfinite(offers.contract)
        apart = np.abs(offers.contract[rows] - offers.rate[rows]) > 1e-9
        if apart.sum() < FEWEST:
            return None, None
        both = np.column_stack([offers.rate, np.where(rows, offers.contract, 0.0)])
        fit = regress(arrears, both, offers.stratum, offers.cluster, rows)
        errors = np.sqrt(np.diag(covariance_of(fit.influence, offers.cluster)))
        made = [effect_of(float(fit.value[place]), float(errors[place])) for place in (0, 1)]
        return made[0], made[1]

    def effects(self, selection: Effect | None, burden: Effect | None, late: float | None) -> Effects:
        names = tuple(name for name in NAMES if name in self.found)
        influence = np.column_stack([self.found[name][2] for name in names])
        return Effects(
            names,
            np.array([self.found[name][0] for name in names]),
            covariance_of(influence, self.offers.cluster),
            np.array([self.found[name][1] for name in names]),
            selection,
            burden,
            int(self.offers.taken.sum()),
            late,
            self.fits,
        )
