"""What a price does to who takes it up, how much of it, and who pays: fitted from offers, else assumed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from loantwin.arrays import Floats
from loantwin.decisions.offers.fitted import Levers
from loantwin.engine.step.levers import LeverEffects

ASSUMED = "assumed"


@dataclass(frozen=True)
class PriceEffects:
    """Effects of one unit of annual rate (100 percentage points) above the reference rate; D draws.

    take_up_slope : (D,) of the log of take-up, size_slope : of the log of what is taken of an offer, each at
    the reference rate. odds_slope : of the log-odds of entry into arrears. The first row is the mean.
    basis : by effect, `assumed`, or `fitted` with its source. low, high : rates a year that were offered, nan
    where nothing was fitted.
    """

    take_up_slope: Floats
    size_slope: Floats
    odds_slope: Floats
    basis: dict[str, str]
    low: float = float("nan")
    high: float = float("nan")

    def take_up(self, base: Floats, added: Floats, moved: Floats | float = 0.0, draw: int = 0) -> Floats:
        """Return take-up at rates `added` above the reference, any shape, decimal.

        Parameters
        ----------
        base : take-up at the reference rate. moved : added to its log-odds for amount and payment.

        The slope holds at the reference rate; away from it the log-odds lie on a straight line (assumed).
        """
        slope = self.take_up_slope[draw] / (1.0 - base)
        return np.asarray(expit(logit(base) + slope * added + moved))

    def size(self, added: Floats, draw: int = 0) -> Floats:
        """Return the share of an offered amount that is taken, any shape, at most 1."""
        return np.asarray(np.minimum(np.exp(self.size_slope[draw] * added), 1.0))

    def shift(self, added: Floats, draw: int = 0) -> Floats:
        """Return what rates `added` above the reference add to the log-odds of entry into arrears."""
        return np.asarray(self.odds_slope[draw] * added)


def price_effects(
    levers: Levers | None, draws: int = 0, generator: np.random.Generator | None = None
) -> PriceEffects:
    """Return the effects of price: those of fitted levers where they tell them, the assumed ones elsewhere.

    An effect of the other sign than is taken for granted (dearer offers that sell better, or are late less)
    is none, as in the environment.

    Parameters
    ----------
    levers : of `levers fit`; None assumes all. draws : of their posterior, after the mean.
    """
    base = LeverEffects()
    made = {
        "take_up": np.full(draws + 1, -base.price_log_amount),
        "size": np.zeros(draws + 1),
        "arrears": np.full(draws + 1, base.price_log_odds),
    }
    basis = dict.fromkeys(made, ASSUMED)
    if levers is None:
        return PriceEffects(made["take_up"], made["size"], made["arrears"], basis)
    drawn = levers.mean[None]
    if draws and generator is not None:
        drawn = np.concatenate([drawn, levers.draw(draws, generator)])
    told = dict(zip(levers.names, drawn.T * 100.0 / levers.points_a_year, strict=True))
    how = "fitted" if levers.identified else "fitted, not taken as a cause"
    if "take_up_log_slope" in told:
        made["take_up"] = np.minimum(told["take_up_log_slope"], 0.0)
        basis["take_up"] = how
        if "amount_log_slope" in told:
            made["size"] = np.minimum(told["amount_log_slope"] - told["take_up_log_slope"], 0.0)
            basis["size"] = how
    elif "amount_log_slope" in told:  # take-up and size together, as the environment reads them
        made["take_up"] = np.minimum(told["amount_log_slope"], 0.0)
        basis["take_up"], basis["size"] = f"{how}, with size in it", f"{how}, in take-up"
    if "late_log_odds_slope" in told:
        made["arrears"] = np.maximum(told["late_log_odds_slope"], 0.0)
        basis["arrears"] = how
    a_year = levers.points_a_year / 100.0
    return PriceEffects(
        made["take_up"], made["size"], made["arrears"], basis, levers.low * a_year, levers.high * a_year
    )
