"""How loss given default of a secured loan follows the price of what secures it.

A severity says how far the sale of the collateral falls short of what is owed. With proceeds that scatter
about the price index,

    severity = E[max(0, 1 - cover x Y)],  log Y normal with mean -spread^2 / 2 and deviation `spread`,

each severity implies one cover (what a sale brings, costs taken off, for each unit owed), and a price that
moves by a factor moves the cover by it. So the level stays the one that history or a prior taught, nothing
loses more than is owed, and a loan that loses much already loses less more for each step down.

The move of prices is that beyond their trend: the tables, by age, were learnt from defaults behind whom
prices had followed it.

Source of the slope: assumed. With a spread of 0.25 a fall of 10 % adds 0.05 to a severity of 0.10, 0.07 to
0.30 and 0.05 to 0.50; what is believed of mortgages is 0.05 to 0.08 (assumed too, see docs/priors.md).
"""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Floats

SPREAD = 0.25
"""Standard deviation of log proceeds about the index: assumed."""
STEPS = 60
"""Of a bisection: down to the precision of a float."""
LEAST, MOST = 1e-6, 0.999
"""Severities outside move as these do."""


def shortfall(cover: Floats) -> Floats:
    """Return the expected shortfall of a sale, decimal of what is owed, at covers of any shape above 0."""
    from scipy.special import ndtr

    high = np.log(cover) / SPREAD + SPREAD / 2.0
    return np.asarray(ndtr(SPREAD - high) - cover * ndtr(-high))


def implied_cover(severity: Floats) -> Floats:
    """Return the cover at which the expected shortfall is a severity, decimals of exposure of any shape."""
    wanted = np.clip(severity, LEAST, MOST)
    low, high = np.full(wanted.shape, -12.0), np.full(wanted.shape, 12.0)
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        above = shortfall(np.exp(middle)) > wanted
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray(np.exp(0.5 * (low + high)))


def severity_at_prices(severity: Floats, prices: Floats) -> Floats:
    """Return by how much severity is more when prices move, factors of the two shapes broadcast together.

    Parameters
    ----------
    severity : expected loss given default at prices on their trend, decimals of exposure. prices : log of the
        price over what the trend would have made of it since the as-of date; 0 is on the trend.
    """
    base = np.clip(severity, LEAST, MOST)
    moved = shortfall(implied_cover(severity) * np.exp(prices)) / base
    return np.where(prices == 0.0, 1.0, moved)
