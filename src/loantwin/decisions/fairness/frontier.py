"""What alternatives gain and cost beside the present model, at one share of approved cases and one
cut-off for all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import norm, rankdata

from loantwin.arrays import Flags, Floats, Integers
from loantwin.decisions.fairness.alternatives import PRESENT, Candidate
from loantwin.decisions.fairness.figures import LEVEL, Bounded, Z, bounded
from loantwin.decisions.fairness.two_by_two import share
from loantwin.models.scoring import measures
from loantwin.streams import Stream, generator

RESAMPLES = 200
SHOWN, NOT_SHOWN = "shown", "not shown"


@dataclass(frozen=True)
class Alternative:
    """A model beside the present one, all on cases not trained on.

    left_out : features of the present one that it does not read. trained_on_groups : whether its training
    read who is of a group. approval_ratio : of the group beside the reference, at the share approved. gain :
    of that ratio against the present model's. gain_told : `shown`, or `not shown` where the gain's interval,
    widened for the number of alternatives, holds zero; null of the present one. auc, brier, bad_rate (of
    approved cases) with their changes against the present model. on_frontier : no other has both a higher
    approval ratio and a higher area.
    """

    name: str
    model: str
    left_out: tuple[str, ...]
    trained_on_groups: bool
    approval_ratio: Bounded
    gain: Bounded | None
    gain_told: str | None
    auc: Bounded
    auc_change: Bounded | None
    brier: float
    brier_change: Bounded | None
    bad_rate: Bounded
    bad_rate_change: Bounded | None
    on_frontier: bool


@dataclass(frozen=True)
class _Seen:
    """What a candidate says, case by case and resample by resample."""

    ratio: float
    ratios: Floats
    bad_rate: float
    bad_rates: Floats
    approved: int
    bads: int
    auc: float
    of_bad: Floats
    of_good: Floats
    losses: Floats


def safest(risk: Floats, part: float) -> Flags:
    """Return which cases (N,) a common cut-off approves: the safest part, ties by place."""
    made = np.zeros(len(risk), dtype=bool)
    made[np.argsort(risk, kind="stable")[: round(part * len(risk))]] = True
    return made


def drawn(cases: int, seed: int) -> Integers:
    """Return how often each case is drawn in each resample (R, N), as many as there are cases."""
    random = generator(seed, Stream.BOOTSTRAP)
    return np.array(
        [np.bincount(random.integers(0, cases, cases), minlength=cases) for _ in range(RESAMPLES)],
        dtype=np.int32,
    )


def weigh(
    tried: Sequence[Candidate],
    log_odds: Sequence[Floats],
    bad: Flags,
    of_group: Flags,
    of_reference: Flags,
    part: float,
    seed: int,
) -> tuple[Alternative, ...]:
    """Return every candidate beside the first, the present one.

    Cases are drawn anew 200 times, the same draws for all, for ratios and for bads among the approved; areas
    are compared by DeLong's paired variance, Brier scores by the variance of paired losses.

    Parameters
    ----------
    log_odds : of each candidate, (N,). of_group, of_reference : (N,). part : share approved.
    """
    draws = drawn(len(bad), seed)
    seen = [_see(item, bad, of_group, of_reference, part, draws) for item in log_odds]
    wide = float(norm.ppf(1 - (1 - LEVEL) / 2 / max(len(tried) - 1, 1)))
    return tuple(
        _alternative(item, found, seen[0], wide, _on_frontier(found, seen))
        for item, found in zip(tried, seen, strict=True)
    )


def _see(
    log_odds: Floats, bad: Flags, of_group: Flags, of_reference: Flags, part: float, draws: Integers
) -> _Seen:
    approved = safest(log_odds, part)
    order = np.argsort(log_odds, kind="stable")
    counts = draws[:, order]
    inside = np.cumsum(counts, axis=1) <= round(part * len(bad))
    taken = np.where(inside, counts, 0)

    def rate(mark: Flags) -> Floats:
        return np.asarray((taken @ mark[order]) / np.maximum(counts @ mark[order], 1))

    ratio = float(approved[of_group].mean() / approved[of_reference].mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = rate(of_group) / rate(of_reference)
    rates = (taken @ bad[order]) / np.maximum(taken.sum(axis=1), 1)
    ranks = rankdata(log_odds)
    bads, goods = int(bad.sum()), int((~bad).sum())
    return _Seen(
        ratio, ratios, float(bad[approved].mean()), rates, int(approved.sum()), int(bad[approved].sum()),
        measures.auc(bad, log_odds),
        (ranks[bad] - rankdata(log_odds[bad])) / goods,
        1 - (ranks[~bad] - rankdata(log_odds[~bad])) / bads,
        (expit(log_odds) - bad) ** 2,
    )  # fmt: skip


def _on_frontier(found: _Seen, seen: Sequence[_Seen]) -> bool:
    return not any(
        other.ratio >= found.ratio
        and other.auc >= found.auc
        and (other.ratio, other.auc) != (found.ratio, found.auc)
        for other in seen
    )


def _alternative(item: Candidate, found: _Seen, base: _Seen, wide: float, frontier: bool) -> Alternative:
    present = item.name == PRESENT
    low, high = measures.auc_interval(found.auc, _spread(found.of_bad) + _spread(found.of_good))
    error = math.sqrt(_spread(found.of_bad - base.of_bad) + _spread(found.of_good - base.of_good))
    gaps = found.ratios - base.ratios
    spread = float(np.nanstd(gaps, ddof=1))
    gain = found.ratio - base.ratio
    told = SHOWN if abs(gain) > wide * spread > 0 else NOT_SHOWN
    losses = found.losses - base.losses
    ends = np.nanquantile(found.ratios, (0.5 - LEVEL / 2, 0.5 + LEVEL / 2))
    return Alternative(
        name=item.name,
        model=item.model,
        left_out=item.left_out,
        trained_on_groups=item.strength > 0,
        approval_ratio=bounded(found.ratio, *ends),
        gain=None if present else _about(gain, spread),
        gain_told=None if present else told,
        auc=bounded(found.auc, low, high),
        auc_change=None if present else _about(found.auc - base.auc, error),
        brier=float(found.losses.mean()),
        brier_change=None if present else _about(float(losses.mean()), math.sqrt(_spread(losses))),
        bad_rate=share(found.bads, found.approved),
        bad_rate_change=None
        if present
        else _about(found.bad_rate - base.bad_rate, float(np.std(found.bad_rates - base.bad_rates, ddof=1))),
        on_frontier=frontier,
    )


def _about(value: float, error: float) -> Bounded:
    return bounded(value, value - Z * error, value + Z * error)


def _spread(values: Floats) -> float:
    """Return the variance of a mean."""
    return float(values.var(ddof=1) / len(values)) if len(values) > 1 else 0.0
