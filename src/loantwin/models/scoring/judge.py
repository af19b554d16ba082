"""Models judged on rows that they were not trained on: repeated folds, or the latest rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from loantwin.arrays import Flags, Floats, Integers
from loantwin.models.scoring import measures
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import splits, stratified
from loantwin.models.scoring.kinds import KINDS, train_kinds
from loantwin.models.scoring.measures import Decile
from loantwin.models.scoring.ridge import log_loss, log_losses


@dataclass(frozen=True)
class Judged:
    """How good a model is on rows it had not seen.

    auc, auc_low, auc_high : area under the curve, mean over folds, 95 % interval (DeLong). auc_spread :
    standard deviation over folds, null of one split. gini : 2 auc - 1. ks : Kolmogorov-Smirnov. brier :
    mean squared error of the probability of bad, with its 95 % interval (bootstrap over cases). log_loss : in
    nats a case. calibration_slope, calibration_intercept : 1 and 0 are best. stability : population stability
    index of the score between training and later rows, null of folds. deciles : by risk.
    """

    auc: float
    auc_low: float
    auc_high: float
    auc_spread: float | None
    gini: float
    ks: float
    brier: float
    brier_low: float
    brier_high: float
    log_loss: float
    calibration_slope: float
    calibration_intercept: float
    stability: float | None
    deciles: tuple[Decile, ...]


@dataclass(frozen=True)
class OutOfFold:
    """Log-odds of bad of held-out rows. fold, log_odds : (R, N), a row for each repeat."""

    fold: Integers
    log_odds: Floats


def cross_validate(
    names: Sequence[str],
    features: Sequence[Feature],
    values: Floats,
    bad: Flags,
    *,
    repeats: int,
    folds: int,
    seed: int,
    told: Callable[[float], None] | None = None,
) -> dict[str, OutOfFold]:
    """Return out-of-fold log-odds by kind; every kind sees the same folds.

    Raises
    ------
    ModelError : fewer rows of a class than folds.
    """
    fold = np.array([stratified(bad, folds, seed, part=repeat) for repeat in range(repeats)])
    made = {name: np.zeros(fold.shape) for name in names}
    for repeat in range(repeats):
        for number, (near, far) in enumerate(splits(fold[repeat])):
            models = train_kinds(names, features, values[near], bad[near], seed=seed)
            for name, model in models.items():
                made[name][repeat, far] = KINDS[name].log_odds(model, values[far])
            if told is not None:
                told((repeat * folds + number + 1) / (repeats * folds))
    return {name: OutOfFold(fold, found) for name, found in made.items()}


def judge_folds(found: OutOfFold, bad: Flags, seed: int) -> Judged:
    """Return the figures of out-of-fold log-odds.

    The area is the mean over folds; its variance is DeLong's in each fold, as if repeats taught nothing new
    (they are of the same cases). The other figures are of all rows of a repeat, averaged over repeats.
    """
    areas, variances = [], []
    for fold, scores in zip(found.fold, found.log_odds, strict=True):
        rows = [outer for _, outer in splits(fold)]
        areas += [measures.auc(bad[some], scores[some]) for some in rows]
        variances.append(
            sum(measures.auc_variance(bad[some], scores[some]) for some in rows) / len(rows) ** 2
        )
    spread = float(np.std(areas, ddof=1)) if len(areas) > 1 else None
    return _figures(bad, found.log_odds, float(np.mean(areas)), float(np.mean(variances)), spread, seed, None)


def judge_later(log_odds: Floats, bad: Flags, trained: Floats, seed: int) -> Judged:
    """Return the figures of later rows (N,); trained : the log-odds of the rows of training, (M,)."""
    area, variance = measures.auc(bad, log_odds), measures.auc_variance(bad, log_odds)
    moved = measures.stability(trained, log_odds)
    return _figures(bad, log_odds[None, :], area, variance, None, seed, moved)


def _figures(
    bad: Flags,
    scores: Floats,
    area: float,
    variance: float,
    spread: float | None,
    seed: int,
    moved: float | None,
) -> Judged:
    pd = expit(scores)
    lines = np.array([measures.calibration_slope(bad, row) for row in scores])
    losses = ((pd - bad) ** 2).mean(axis=0)
    half = measures.mean_interval(losses, seed)
    low, high = measures.auc_interval(area, variance)
    return Judged(
        auc=area,
        auc_low=low,
        auc_high=high,
        auc_spread=spread,
        gini=2 * area - 1,
        ks=float(np.mean([measures.kolmogorov_smirnov(bad, row) for row in scores])),
        brier=float(losses.mean()),
        brier_low=half[0],
        brier_high=half[1],
        log_loss=float(np.mean([log_loss(bad, row) for row in scores])),
        calibration_slope=float(lines[:, 1].mean()),
        calibration_intercept=float(lines[:, 0].mean()),
        stability=moved,
        deciles=measures.deciles(bad, pd[0]),
    )


@dataclass(frozen=True)
class ScoreCompared:
    """A model beside another on the same cases: differences (this less that), with paired 95 % intervals.

    auc, brier, log_loss : less of the last two is better. brier_low .. log_loss_high : cases drawn again.
    """

    model: str
    against: str
    auc: float
    brier: float
    brier_low: float
    brier_high: float
    log_loss: float
    log_loss_low: float
    log_loss_high: float


def compare(
    model: str,
    against: str,
    judged: Mapping[str, Judged],
    log_odds: Mapping[str, Floats],
    bad: Flags,
    seed: int,
) -> ScoreCompared:
    """Return the difference of two models; log_odds : of each, (R, N), a row for each repeat."""
    squares = [((expit(log_odds[name]) - bad) ** 2).mean(axis=0) for name in (model, against)]
    losses = [log_losses(bad, log_odds[name]).mean(axis=0) for name in (model, against)]
    low, high = measures.mean_interval(squares[0] - squares[1], seed)
    less, more = measures.mean_interval(losses[0] - losses[1], seed)
    one, other = judged[model], judged[against]
    return ScoreCompared(
        model,
        against,
        one.auc - other.auc,
        one.brier - other.brier,
        low,
        high,
        one.log_loss - other.log_loss,
        less,
        more,
    )


def champion_of(judged: Mapping[str, Judged], beside: ScoreCompared | None) -> str:
    """Return the model of least log loss; a stack only where it beats the best single one beyond chance.

    beside : the stack compared with the best single model, None where there is no stack. One that orders the
    cases alike is that model under another scale, and no champion.
    """
    single = best_single(judged)
    if beside is not None and beside.auc != 0 and beside.log_loss < 0 and beside.log_loss_high < 0:
        return beside.model
    return single


def best_single(judged: Mapping[str, Judged]) -> str:
    """Return the model of least log loss that is not made of others; a stack where it is alone."""
    single = [name for name in judged if not KINDS[name].base] or list(judged)
    return min(single, key=lambda name: judged[name].log_loss)
