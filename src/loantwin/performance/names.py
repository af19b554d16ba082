"""Noise of single names: what happens to whole loans when all that is known is how many are expected to go.

Given a path of the economy and of the period effect, loans fall independently. Events of a band in successive
windows are then multinomial; with case weights the band counts as its effective number of cases, so that the
variance is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats

SEVERITY_CONCENTRATION = 4.0
"""Variance of a loss severity of mean m is m (1 - m) / this, as in `risk.loss.conditional`."""


@dataclass(frozen=True)
class NamesBand:
    """What a band's noise needs. loans : weighted number of loans. unit : weighted size of one event.

    size_variation : squared coefficient of variation of its loans' balances. cases : effective number of
    loans by balance, (sum of balances)^2 / sum of squares.
    """

    loans: float
    unit: float
    size_variation: float
    cases: float


def event_unit(weights: Floats) -> float:
    """Return one event's weighted size, sum of squared weights / sum of weights; 1 where none is known."""
    total = float(weights.sum())
    return float((weights**2).sum()) / total if total > 0 else 1.0


def event_counts(expected: Floats, band: NamesBand, random: np.random.Generator) -> Floats:
    """Return simulated weighted numbers of events by windows' ends, (P, H), from the expected (P, H).

    Windows begin together and end one after another; expected numbers do not fall from one to the next. An
    expected number above the band's loans (more than all) is held at all of them: a share cannot exceed one.
    """
    cases = max(round(band.loans / band.unit), 1)
    share = np.clip(expected / (cases * band.unit), 0.0, 1.0)
    made = np.zeros_like(share)
    gone = np.zeros(len(share), dtype=np.int64)
    before = np.zeros(len(share))
    for place in range(share.shape[1]):
        rise = np.maximum(share[:, place] - before, 0.0)
        chance = np.divide(rise, 1.0 - before, out=np.zeros_like(rise), where=before < 1.0)
        gone = gone + random.binomial(cases - gone, np.clip(chance, 0.0, 1.0))
        before = np.maximum(before, share[:, place])
        made[:, place] = gone
    return made * band.unit


def event_amounts(
    counts: Floats,
    numbers: Floats,
    amounts: Floats,
    band: NamesBand,
    severity: Floats | float,
    random: np.random.Generator,
) -> Floats:
    """Return simulated amounts (P, H) of `counts` events, `numbers` and `amounts` being the expected ones.

    The amount of one event is gamma: its mean amounts / numbers, its squared variation that of balances
    within the band and of a severity of mean `severity` (1 where the amount is the whole balance) together.
    """
    mean = np.divide(amounts, numbers, out=np.zeros_like(amounts), where=numbers > 0)
    held = np.clip(np.asarray(severity, dtype=np.float64), 1e-3, 1.0)
    variation = (1.0 + band.size_variation) * (1.0 + (1.0 - held) / (SEVERITY_CONCENTRATION * held)) - 1.0
    spread = np.broadcast_to(np.maximum(variation, 1e-9), counts.shape)
    drawn = spread * random.standard_gamma(counts / band.unit / spread) * band.unit
    return np.asarray(mean * drawn)


def share_noise(
    value: Floats, whole: Floats, cases: float, random: np.random.Generator, part: float = 1.0
) -> Floats:
    """Return `value` (P, H), the part of `whole` (H,) that `cases` loans bring wholly or not, with noise.

    A share s has variance part x s (1 - s) / cases: `part` is 1 where a loan is in or out at one date (a
    balance), and less where it may leave half-way (interest over a window: 2 / 3 for an exit evenly spread).
    A normal draw, kept at 0 or more.
    """
    share = np.clip(np.divide(value, whole, out=np.zeros_like(value), where=whole > 0), 0.0, 1.0)
    spread = np.sqrt(part * share * (1.0 - share) / max(cases, 1.0)) * whole
    return np.asarray(np.maximum(value + spread * random.standard_normal(value.shape), 0.0))
