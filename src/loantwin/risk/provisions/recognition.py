"""Risk at initial recognition: the lifetime PD then expected of the months of life that are left now.

    then[i] = curve of the model in force at i's origination month, over i's remaining months
    with a tape's PD: 1 - (1 - then[i])^(log(1 - f tape[i]) / log(1 - own[i]))

`own` is the twin's 12-month PD at recognition from the same curve, `f` the median of own / tape over loans
that have one: a tape's PDs are put on the twin's scale, so that multiplying all of them changes nothing. The
power keeps the curve's shape in time and gives its first year the mapped PD.

Sources: IFRS 9 5.5.9 (change since initial recognition), B5.5.11 (the same remaining life on both sides),
B5.5.13 (12-month changes approximate lifetime ones only where obligations and risk do not lie later: a
12-month PD here scales a lifetime curve and is never compared). The mapping by the median ratio is `assumed`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import RiskError, expected
from loantwin.risk.allowance import amounts

HIGHEST = 0.9999
"""Mapped 12-month PDs end here."""


@dataclass(frozen=True)
class RecognitionFacts:
    """Where the risk at recognition of a book's loans comes from; numbers of loans.

    stored : the curve of a model that was in force when the loan was made. reconstructed : the curve that the
    first model gives at the origination month of a loan older than it. long_run : such loans whose
    origination month the macro history does not reach: the economy at its long-run level stands in.
    tape : loans whose tape PD is used. tape_factor : the twin's PD over the tape's at recognition, the
    median, None where none is used. median_ratio : of mapped tape PD over the twin's own, 1 where the mapping
    holds.
    """

    stored: int
    reconstructed: int
    long_run: int
    tape: int = 0
    tape_factor: float | None = None
    median_ratio: float | None = None


@dataclass(frozen=True)
class Recognised:
    """Risk at recognition of N loans. lifetime : (N,) PD over the remaining life. year : (N,) 12-month PD
    then.

    stored, long_run : (N,) as in `RecognitionFacts`; others are reconstructed. tape : (N,) the tape's
    12-month PD at origination, NaN where it has none.
    """

    lifetime: Floats
    year: Floats
    stored: Flags
    long_run: Flags
    tape: Floats

    def __post_init__(self) -> None:
        check.within(0, 1, lifetime=self.lifetime, year=self.year)

    def of(self, loans: Integers) -> Recognised:
        """Return the risk at recognition of some loans, by their places."""
        return Recognised(*(getattr(self, item.name)[loans] for item in fields(self)))


def recognised_pd(found: Recognised, tape_pd: bool) -> tuple[Floats, RecognitionFacts]:
    """Return lifetime PDs at recognition over the remaining life, (N,), and where they come from.

    Parameters
    ----------
    tape_pd : scale each curve to the tape's PD at origination, mapped to the twin's scale; a loan without one
        keeps its curve.

    Raises
    ------
    RiskError : tape PDs asked for and none there, or one outside [0, 1].
    """
    check.kind(Recognised, found=found)
    check.flag(tape_pd=tape_pd)
    counts = (
        int(found.stored.sum()),
        int((~found.stored & ~found.long_run).sum()),
        int((~found.stored & found.long_run).sum()),
    )
    if not tape_pd:
        return found.lifetime, RecognitionFacts(*counts)
    amounts(np.nan_to_num(found.tape, nan=0.0), "origination_pd", found.lifetime.shape, 1.0)
    use = (found.tape > 0.0) & (found.year > 0.0) & (found.year < 1.0)
    if not use.any():
        raise RiskError(
            expected("a tape with PDs at origination for ifrs9.tape_origination_pd", "none"),
            field="origination_pd",
        )
    own, tape = found.year[use], found.tape[use]
    factor = float(np.median(own / tape))
    mapped = np.minimum(factor * tape, HIGHEST)
    made = found.lifetime.copy()
    power = np.log1p(-mapped) / np.log1p(-own)
    made[use] = -np.expm1(power * np.log1p(-np.minimum(made[use], HIGHEST)))
    return made, RecognitionFacts(*counts, int(use.sum()), factor, float(np.median(mapped / own)))
