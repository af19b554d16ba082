"""From observations to scores: one `BacktestScore` a figure and horizon, beside the rivals'."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.performance.backtest.observed import WHOLE, Observed, unit_of
from loantwin.performance.backtest.parts import Part
from loantwin.performance.bootstrap import block_length, ratio_interval
from loantwin.performance.outcomes import FIGURES, LOANS, Key
from loantwin.performance.rivals import MEANS
from loantwin.performance.scoring import (
    LEVELS,
    accuracy,
    bias,
    content_of,
    inside,
    interval_score,
    pinball,
    pit_histogram,
    stretch_to,
)

LEVEL = 0.005
"""Accuracies that differ by no more than this are called level."""
ENOUGH = 97
"""Windows that know a coverage of 0.90 within 0.05 either way, 90 % of the time: 0.09 (1.645 / 0.05)^2."""
FEWEST = 6
"""Origins below which no verdict is given: blocks of fewer say little of their own spread."""
MEETS, MISSES = (0.80, 0.97), (0.85, 0.95)
"""Coverage of the 90 % interval that is aimed at: the bootstrap interval must meet this range."""
PIT_BINS = 10


@dataclass(frozen=True)
class RivalScore:
    """How a rival did on the same observations.

    difference : the twin's accuracy less the rival's, with its 90 % block-bootstrap interval. verdict : what
        that says in words.
    holds_twin : a mean with the twin in it (equal mean, combination), which is no rival to be beaten.
    crps, coverage90, width90, width90_equal : only where the rival makes intervals; width90_equal is the mean
    width once stretched until 90 % of the outcomes are inside.
    """

    accuracy: float | None
    bias: float | None
    error: float
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    verdict: str
    crps: float | None
    coverage90: float | None
    width90: float | None
    width90_equal: float | None
    holds_twin: bool = False


@dataclass(frozen=True)
class BacktestScore:
    """How forecasts of one figure did at one horizon. Means over observations, in `unit`, unless said.

    accuracy : 1 - sum of absolute errors / sum of outcomes; accuracy_median : the same of the median instead
        of the mean forecast.
    bias : forecast / outcome - 1 of the sums. error : mean absolute error. coverage50, coverage90 : share of
        outcomes in the central interval, ends included; coverage90_low, coverage90_high : its 90 %
        block-bootstrap interval; coverage90_untied : the same with ties of counts spread out, its interval
        beside it. interval_verdict : what that says of the 90 % interval, in words, as `Pooled`. width50,
        width90 : mean widths; width90_equal : once stretched to hold 90 %.
    interval_score : of the 90 % interval. pinball : mean quantile score at 5, 25, 50, 75 and 95 %. crps.
        observations : origins x bands. events : loans the figure happened to. censored_share : planned
        observations whose window has not closed.
    noise_floor : accuracy of a perfect model: `names` knows the path, `latent` all but what is still to come.
    rivals : name -> accuracy. rival_scores : the rest. pit : share of outcomes in each tenth of the forecast
        distribution.
    verdict : meets, misses or not shown, of the 90 % interval; windows_needed : as `Pooled`.
    counts, exposure_per_case, severity, money : of losses, the whole book's parts summed over the scored
        origins, as `parts.ApartRow`; None where the source does not tell them.
    """

    unit: str
    accuracy: float | None
    accuracy_median: float | None
    bias: float | None
    error: float | None
    coverage50: float | None
    coverage90: float | None
    coverage90_low: float | None
    coverage90_high: float | None
    coverage90_untied: float | None
    width50: float | None
    width90: float | None
    width90_equal: float | None
    interval_score: float | None
    pinball: float | None
    crps: float | None
    observations: int
    events: float
    origins: int
    censored_share: float
    noise_floor: Mapping[str, float | None]
    rivals: Mapping[str, float | None]
    rival_scores: Mapping[str, RivalScore]
    pit: tuple[float, ...]
    coverage90_untied_low: float | None = None
    coverage90_untied_high: float | None = None
    interval_verdict: str = ""
    verdict: str = "not shown"
    windows_needed: int | None = None
    counts: Part | None = None
    exposure_per_case: Part | None = None
    severity: Part | None = None
    money: Part | None = None


@dataclass(frozen=True)
class Pooled:
    """Coverage of a figure over all horizons and bands, with block-bootstrap intervals over origins.

    coverage90_untied : the same with ties of counts spread out, its interval beside it: what a verdict is of.
    meets : False where that interval lies wholly below 85 or wholly above 95 %; else True where it lies
        wholly within 80 to 97 %; else None, not shown. verdict : the same in words; a coverage that misses on
        the low side withdraws the interval. windows_needed : more windows that do not overlap, until a
        coverage of 0.90 is known to 5 points.
    """

    observations: int
    origins: int
    block: int
    coverage50: float
    coverage90: float
    coverage90_low: float | None
    coverage90_high: float | None
    coverage90_untied: float
    coverage90_untied_low: float | None
    coverage90_untied_high: float | None
    meets: bool | None
    verdict: str
    windows_needed: int


@dataclass(frozen=True)
class ScoringPlan:
    """What was planned and how origins lie in time. spacing : months between neighbouring origins, the least.

    planned : observations by (figure, measure, horizon, whole book or not), closed or not. seed : of the
        bootstrap.
    """

    currency: str
    spacing: int
    planned: Mapping[tuple[str, str, int, bool], int]
    seed: int


def scored(
    found: Sequence[Observed], plan: ScoringPlan, keys: Sequence[Key], horizons: Sequence[int], whole: bool
) -> dict[Key, dict[str, BacktestScore]]:
    """Return the scores by figure and horizon, of bands (or of the whole book)."""
    made: dict[Key, dict[str, BacktestScore]] = {}
    for key in keys:
        for horizon in horizons:
            mine = [
                item
                for item in found
                if (item.figure, item.measure) == key
                and item.horizon == horizon
                and (item.band == WHOLE) == whole
            ]
            planned = plan.planned.get((*key, horizon, whole), 0)
            made.setdefault(key, {})[str(horizon)] = score(mine, plan, key, horizon, planned)
    return made


def score(
    found: Sequence[Observed], plan: ScoringPlan, key: Key, horizon: int, planned: int
) -> BacktestScore:
    """Return the score of one figure and horizon; origins that are prior only are left out of it."""
    # Trap: a thin origin. Few known events leave the prior's forecast: it is no evidence of the model.
    closed, used = len(found), [item for item in found if not item.prior_only]
    censored = 1.0 - closed / planned if planned else 0.0
    unit = unit_of(key[1], plan.currency)
    if not used:
        return _nothing(unit, censored)
    actual, forecast = _column(used, "actual"), _column(used, "forecast")
    quantiles = np.array([item.quantiles for item in used]).T
    low, quarter, middle, upper, high = quantiles
    pits = _column(used, "pit_low"), _column(used, "pit_high")
    within = inside(low, high, actual)
    origin = _origin_codes(used)
    block = block_length(horizon, plan.spacing, int(origin.max()) + 1)
    between = ratio_interval(*_by_origin(origin, within.astype(float), np.ones(len(used))), block, plan.seed)
    grain = 0.5 if key[1] == LOANS else 0.0
    spread, untied, meets, told = _held(used, pits, origin, block, plan.seed)
    return BacktestScore(
        unit=unit,
        accuracy=accuracy(forecast, actual),
        accuracy_median=accuracy(middle, actual),
        bias=bias(forecast, actual),
        error=float(np.abs(forecast - actual).mean()),
        coverage50=float(inside(quarter, upper, actual).mean()),
        coverage90=float(within.mean()),
        coverage90_low=None if between is None else between[0],
        coverage90_high=None if between is None else between[1],
        coverage90_untied=float(spread.mean()),
        width50=float((upper - quarter).mean()),
        width90=float((high - low).mean()),
        width90_equal=_equal_width(quantiles, actual, grain),
        interval_score=float(interval_score(low, high, actual, 0.90).mean()),
        pinball=_pinball(quantiles, actual),
        crps=float(_column(used, "crps").mean()),
        observations=len(used),
        events=float(_column(used, "events").sum()),
        origins=int(origin.max()) + 1,
        censored_share=censored,
        noise_floor=_floor(used),
        rivals={name: accuracy(values, actual) for name, values in _rivals(used).items()},
        rival_scores={
            name: _rival(name, values, used, forecast, actual, origin, block, plan.seed, grain)
            for name, values in _rivals(used).items()
        },
        pit=tuple(float(value) for value in pit_histogram(*pits, PIT_BINS)),
        coverage90_untied_low=None if untied is None else untied[0],
        coverage90_untied_high=None if untied is None else untied[1],
        interval_verdict=told,
        verdict="not shown" if meets is None else "meets" if meets else "misses",
        windows_needed=_needed(int(origin.max()) + 1, block),
    )


def _held(
    used: Sequence[Observed], pits: tuple[Floats, Floats], origin: Integers, block: int, seed: int
) -> tuple[Floats, tuple[float, float] | None, bool | None, str]:
    """Return the share of each observation inside its 90 % interval, ties spread, with what that shows.

    Beside it the bootstrap interval of the mean, whether it meets the target (see `Pooled`), and that in
    words.
    """
    spread = content_of(*pits, 0.05, 0.95)
    untied = ratio_interval(*_by_origin(origin, spread, np.ones(len(used))), block, seed)
    origins = int(origin.max()) + 1
    meets = shown(untied) if origins >= FEWEST else None
    return spread, untied, meets, coverage_words(meets, float(spread.mean()), _needed(origins, block))


def _needed(origins: int, block: int) -> int:
    return max(ENOUGH - origins // block, 0)


def _nothing(unit: str, censored: float) -> BacktestScore:
    none = None
    return BacktestScore(
        unit, none, none, none, none, none, none, none, none, none, none, none, none, none, none, none,
        0, 0.0, 0, censored, {"names": None, "latent": None}, {}, {}, (),
    )  # fmt: skip


def _floor(used: Sequence[Observed]) -> dict[str, float | None]:
    made: dict[str, float | None] = {}
    for name, error, whole in (
        ("names", "floor_names", "floor_whole"),
        ("latent", "floor_latent", "floor_latent_whole"),
    ):
        total = float(_column(used, whole).sum())
        made[name] = 1.0 - float(_column(used, error).sum()) / total if total > 0 else None
    return made


def _rivals(used: Sequence[Observed]) -> dict[str, Floats]:
    """Return the forecasts of rivals that forecast every one of the observations."""
    names = [name for name in used[0].rivals if all(name in item.rivals for item in used)]
    return {name: np.array([item.rivals[name] for item in used]) for name in names}


def _rival(
    name: str,
    values: Floats,
    used: Sequence[Observed],
    forecast: Floats,
    actual: Floats,
    origin: Integers,
    block: int,
    seed: int,
    grain: float,
) -> RivalScore:
    ours, theirs = accuracy(forecast, actual), accuracy(values, actual)
    difference = None if ours is None or theirs is None else ours - theirs
    gain = np.abs(values - actual) - np.abs(forecast - actual)
    between = None if difference is None else ratio_interval(*_by_origin(origin, gain, actual), block, seed)
    ranged = all(name in item.rival_quantiles for item in used)
    quantiles = np.array([item.rival_quantiles[name] for item in used]).T if ranged else None
    return RivalScore(
        accuracy=theirs,
        bias=bias(values, actual),
        error=float(np.abs(values - actual).mean()),
        difference=difference,
        difference_low=None if between is None else between[0],
        difference_high=None if between is None else between[1],
        verdict=verdict(name, difference, between),
        crps=None if quantiles is None else float(np.mean([item.rival_crps[name] for item in used])),
        coverage90=None if quantiles is None else float(inside(quantiles[0], quantiles[4], actual).mean()),
        width90=None if quantiles is None else float((quantiles[4] - quantiles[0]).mean()),
        width90_equal=None if quantiles is None else _equal_width(quantiles, actual, grain),
        holds_twin=name in MEANS,
    )


def verdict(name: str, difference: float | None, between: tuple[float, float] | None) -> str:
    """Return in words whether the twin beats a rival, by how much, and whether that is sure."""
    if difference is None:
        return f"nothing happened: no verdict on {name}"
    if abs(difference) <= LEVEL:
        return f"level with {name}"
    words = f"beats {name} by {difference:.2f}" if difference > 0 else f"loses to {name} by {-difference:.2f}"
    if between is None:
        return words + " (too few origins to say how surely)"
    low, high = between
    sure = low > 0 if difference > 0 else high < 0
    return words + ("" if sure else f" (not surely: {low:+.2f} to {high:+.2f})")


def pooled(found: Sequence[Observed], plan: ScoringPlan, key: Key) -> Pooled | None:
    """Return the coverage of a figure's bands over all horizons, None where nothing was scored."""
    used = [
        item
        for item in found
        if (item.figure, item.measure) == key and item.band != WHOLE and not item.prior_only
    ]
    if not used:
        return None
    actual = _column(used, "actual")
    quantiles = np.array([item.quantiles for item in used]).T
    within = inside(quantiles[0], quantiles[4], actual)
    origin = _origin_codes(used)
    block = block_length(max(item.horizon for item in used), plan.spacing, int(origin.max()) + 1)
    between = ratio_interval(*_by_origin(origin, within.astype(float), np.ones(len(used))), block, plan.seed)
    pits = _column(used, "pit_low"), _column(used, "pit_high")
    spread, untied, meets, told = _held(used, pits, origin, block, plan.seed)
    return Pooled(
        observations=len(used),
        origins=int(origin.max()) + 1,
        block=block,
        coverage50=float(inside(quantiles[1], quantiles[3], actual).mean()),
        coverage90=float(within.mean()),
        coverage90_low=None if between is None else between[0],
        coverage90_high=None if between is None else between[1],
        coverage90_untied=float(spread.mean()),
        coverage90_untied_low=None if untied is None else untied[0],
        coverage90_untied_high=None if untied is None else untied[1],
        meets=meets,
        verdict=told,
        windows_needed=_needed(int(origin.max()) + 1, block),
    )


def shown(between: tuple[float, float] | None) -> bool | None:
    """Return whether the bootstrap interval of a 90 % coverage shows that it misses, meets, or neither."""
    # Trap: an interval that touches the target taken for a proof. A coverage of 0.67 to 0.93 shows nothing.
    if between is None:
        return None
    low, high = between
    if high < MISSES[0] or low > MISSES[1]:
        return False
    return True if low >= MEETS[0] and high <= MEETS[1] else None


def coverage_words(meets: bool | None, held: float, needed: int) -> str:
    """Return a verdict on a 90 % interval in words."""
    if meets is None:
        return f"not shown ({needed} more windows)"
    if meets:
        return f"meets {100 * MEETS[0]:.0f} to {100 * MEETS[1]:.0f} %"
    return (
        f"withdrawn: held {held:.2f} of the time" if held < 0.9 else f"too wide: held {held:.2f} of the time"
    )


def is_withdrawn(verdict: str) -> bool:
    """Return whether a verdict withdraws an interval: it is then printed in the interval's place."""
    return verdict.startswith("withdrawn")


def in_order(keys: Sequence[Key]) -> list[Key]:
    """Return figures in the order of the contract."""
    return sorted(keys, key=lambda key: (FIGURES.index(key[0]), key[1]))


def _column(used: Sequence[Observed], name: str) -> Floats:
    return np.array([getattr(item, name) for item in used], dtype=np.float64)


def _origin_codes(used: Sequence[Observed]) -> Integers:
    dates = sorted({item.origin for item in used})
    place: dict[dt.date, int] = {day: number for number, day in enumerate(dates)}
    return np.array([place[item.origin] for item in used], dtype=np.int64)


def _by_origin(origin: Integers, above: Floats, below: Floats) -> tuple[Floats, Floats]:
    # Trap: bands of one origin. They share its luck: the scores of an origin's bands are one score.
    return np.bincount(origin, above).astype(np.float64), np.bincount(origin, below).astype(np.float64)


def _equal_width(quantiles: Floats, actual: Floats, grain: float) -> float:
    factor = stretch_to(quantiles, actual, 0.90, grain)
    return float((quantiles[4] - quantiles[0] + 2.0 * grain).mean() * max(factor, 0.0))


def _pinball(quantiles: Floats, actual: Floats) -> float:
    return float(
        np.mean(
            [
                pinball(quantile, actual, level).mean()
                for quantile, level in zip(quantiles, LEVELS, strict=True)
            ]
        )
    )
