"""Where functions of one number cross zero, N of them at once: Chandrupatla's method, all in step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loantwin.arrays import Floats

STEPS = 60


def roots(
    function: Callable[[Floats], Floats], low: Floats, high: Floats, *, tolerance: float = 1e-10
) -> Floats:
    """Return where each of N functions crosses zero between its ends, (N,); NaN where it does not.

    Inverse quadratic steps where three points lie well, halves elsewhere, so that a bracket is never lost
    (T. R. Chandrupatla, Advances in Engineering Software 28, 1997; from general knowledge, not opened here:
    assumed).

    Parameters
    ----------
    function : (N,) numbers -> (N,) values, each of its own number alone. low, high : (N,) ends. tolerance :
        width of the bracket at which a root is found, absolute.
    """
    b, a = np.array(low, dtype=float), np.array(high, dtype=float)
    fa, fb = function(a), function(b)
    c, fc = a.copy(), fa.copy()
    there = np.isfinite(fa) & np.isfinite(fb) & (np.sign(fa) * np.sign(fb) <= 0.0)
    share = np.full(len(a), 0.5)
    best = np.where(np.abs(fa) < np.abs(fb), a, b)
    for _ in range(STEPS):
        width = np.abs(b - a)
        open_ = there & (width > tolerance) & (np.where(best == a, fa, fb) != 0.0)
        if not open_.any():
            break
        x = np.where(open_, a + share * (b - a), best)
        fx = function(x)
        same = np.sign(fx) == np.sign(fa)
        c, fc = np.where(open_, np.where(same, a, b), c), np.where(open_, np.where(same, fa, fb), fc)
        b, fb = np.where(open_ & ~same, a, b), np.where(open_ & ~same, fa, fb)
        a, fa = np.where(open_, x, a), np.where(open_, fx, fa)
        best = np.where(np.abs(fa) < np.abs(fb), a, b)
        share = _share(a, b, c, fa, fb, fc, tolerance)
    return np.where(there, best, np.nan)


def _share(a: Floats, b: Floats, c: Floats, fa: Floats, fb: Floats, fc: Floats, tolerance: float) -> Floats:
    """Return how far from a to b the next point lies."""
    with np.errstate(all="ignore"):
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        well = (phi**2 < xi) & ((1.0 - phi) ** 2 < 1.0 - xi)
        step = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        least = 0.5 * tolerance / np.abs(b - a)
    made = np.where(well & np.isfinite(step), step, 0.5)
    least = np.where(np.isfinite(least), np.minimum(least, 0.5), 0.5)
    return np.clip(made, least, 1.0 - least)
