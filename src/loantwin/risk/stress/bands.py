"""Nine-quarter loss rates beside those of large banks under severely adverse scenarios.

    rate = losses of the first 27 months' defaults / mean balance of those months

Losses are exposure at default less what is ever recovered, before discounting and guarantees, as the
supervisor counts them: when the loan defaults. The bands hold the results of 2013 to 2026 by kind of
loan, all banks (Federal Reserve, Dodd-Frank Act stress test results). They are of portfolios like a large
bank's: a rate outside is to be explained, it fails nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats

NINE_QUARTERS = 27
YEAR = 12
BANDS = {
    "credit cards": (0.13, 0.25),
    "commercial and industrial": (0.04, 0.10),
    "first lien mortgages": (0.01, 0.05),
    "commercial real estate": (0.05, 0.12),
    "other consumer": (0.04, 0.08),
}
"""Kind of loan -> nine-quarter loss rate, decimals."""
KINDS = {
    "card": "credit cards",
    "corporate": "commercial and industrial",
    "small-business": "commercial and industrial",
    "mortgage": "first lien mortgages",
    "commercial-real-estate": "commercial real estate",
    "personal": "other consumer",
    "auto": "other consumer",
    "auto-subprime": "other consumer",
}
"""Product class -> kind of loan in the supervisor's results."""
PARTS = {
    "personal": "unsecured personal loans default more than cars and students, with whom the band holds them",
    "auto": "prime car loans lose less than the unsecured loans that the band holds them with",
    "auto-subprime": "subprime car loans are a small part of what the band holds",
    "small-business": "small businesses default more than the companies that the band holds them with",
}
"""Product classes that are no more than a part of their kind at large banks: why their rate differs."""


@dataclass(frozen=True)
class BandCheck:
    """A scenario's nine-quarter loss rate beside the band of its kind of loan, decimals of mean balance.

    kind : of loan; None where the tape does not tell its product class, then low, high and inside are
    None. baseline_rate : the same of the baseline. default_multiple : nine quarters' defaults over the
    baseline's. severity : losses / defaults. worst_year_default_rate : largest of any twelve months'
    defaults / balance at
        their start. why : what explains a rate outside.
    """

    kind: str | None
    rate: float
    low: float | None
    high: float | None
    inside: bool | None
    baseline_rate: float
    default_multiple: float
    severity: float
    worst_year_default_rate: float
    why: tuple[str, ...]


@dataclass(frozen=True)
class NineQuarters:
    """Of one scenario, (T,) by month: defaults, their losses, and the balance at the month's start."""

    defaulted: Floats
    lost: Floats
    opening: Floats

    def __post_init__(self) -> None:
        check.finite(**vars(self))

    @property
    def rate(self) -> float:
        """Return losses of 27 months over their mean balance."""
        mean = float(self.opening[:NINE_QUARTERS].mean())
        return float(self.lost[:NINE_QUARTERS].sum()) / mean if mean > 0.0 else 0.0

    @property
    def worst_year(self) -> float:
        """Return the largest of any twelve months' defaults over the balance at their start."""
        window = np.convolve(self.defaulted, np.ones(YEAR), "valid")
        start = self.opening[: len(window)]
        return float(np.divide(window, start, out=np.zeros_like(window), where=start > 0.0).max(initial=0.0))


def band_check(product_class: str, hard: NineQuarters, base: NineQuarters, cap: float | None) -> BandCheck:
    """Return a scenario's rate beside its band, and what explains it where it lies outside.

    Parameters
    ----------
    product_class : of the tape, "" where it is not told. hard, base : the scenario and the baseline. cap : of
        the multiple that the economy can make of the long-run default rate, None where there is none.
    """
    check.kind(str, product_class=product_class)
    check.kind(NineQuarters, hard=hard, base=base)
    check.number(**check.given(cap=cap))
    kind = KINDS.get(product_class)
    defaults, usual = (float(one.defaulted[:NINE_QUARTERS].sum()) for one in (hard, base))
    multiple = defaults / usual if usual > 0.0 else 1.0
    severity = float(hard.lost[:NINE_QUARTERS].sum()) / defaults if defaults > 0.0 else 0.0
    made = BandCheck(kind, hard.rate, None, None, None, base.rate, multiple, severity, hard.worst_year, ())
    if kind is None:
        return made
    low, high = BANDS[kind]
    inside = low <= made.rate <= high
    return BandCheck(
        kind, made.rate, low, high, inside, base.rate, multiple, severity, hard.worst_year,
        () if inside else _why(product_class, kind, made, low, high, cap),
    )  # fmt: skip


def _why(
    product_class: str, kind: str, made: BandCheck, low: float, high: float, cap: float | None
) -> tuple[str, ...]:
    below = made.rate < low
    end = low if below else high
    words = [
        f"{made.rate:.1%} = baseline {made.baseline_rate:.2%} over nine quarters x "
        f"{made.default_multiple:.1f} by defaults x what the shrinking book and severity "
        f"({made.severity:.0%} of defaults) make of it",
        f"the band's {'lower' if below else 'upper'} end {end:.0%} asks for a baseline of "
        f"{end / max(made.rate, 1e-12) * made.baseline_rate:.2%} at that multiple",
    ]
    if cap is not None:
        words.append(f"the economy can at most multiply the long-run default rate by {cap:.3g} (assumed cap)")
    if product_class in PARTS:
        words.append(f"{PARTS[product_class]}, {kind}")
    words.append("a book in run-off ages: new loans, which default little at first, are missing")
    return tuple(words)
