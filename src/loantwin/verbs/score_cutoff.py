"""`score cutoff`: what cut-offs of a score come to over the life of the loans, as the twin sees it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit

from loantwin.arrays import Flags, Floats
from loantwin.engine.columns import take
from loantwin.engine.expectation import conditional_flows
from loantwin.errors import UsageError, expected
from loantwin.models.book_columns import exposure_of
from loantwin.models.forecasting import draw_shocks
from loantwin.outlook.applications import Applications, read_applications
from loantwin.outlook.applied import Economics, applied_cells, economics_of, mean_funding_rate
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.scored import NamedScore, score_of
from loantwin.twin import Twin, opened
from loantwin.types import Interval, Progress, Result, silent

SLICES = 20
"""Equal parts of the applications, between which cut-offs are looked at."""
LIFETIME, YEAR = "lifetime", "first 12 months"


@dataclass(frozen=True)
class CutOff:
    """What approving every application up to a cut-off comes to, money in the book's currency.

    cut_off : the highest probability of bad by the score that is approved. approved : share of applications,
    amount : lent to them. score_pd : their mean by the score. annual_pd, lifetime_pd : share of them that
    default within 12 months, and at all, by the twin. expected_loss, interest, funding, servicing, profit :
    over the life of the loans, worth at the as-of date.
    """

    cut_off: float
    approved: float
    amount: float
    score_pd: float
    annual_pd: Interval
    lifetime_pd: Interval
    expected_loss: Interval
    interest: Interval
    funding: Interval
    servicing: Interval
    profit: Interval


@dataclass(frozen=True)
class ProfitAt:
    """Profit of a cut-off by one way of counting, as shown in a picture: mean and 90 % interval."""

    cut_off: float
    approved: float
    mean: float
    p05: float
    p95: float


@dataclass(frozen=True)
class BestCutOff:
    """The cut-off of most profit by one way of counting.

    cut_off, approved : as in `CutOff`; none approved is a cut-off of 0. cut_off_low, cut_off_high,
    approved_low, approved_high : 5th and 95th percentile of what is best on single paths. profit : what this
    cut-off earns over the lifetime, whatever way it was found.
    """

    cut_off: float
    cut_off_low: float
    cut_off_high: float
    approved: float
    approved_low: float
    approved_high: float
    profit: Interval


@dataclass(frozen=True)
class ScoreCutoffResult(Result):
    """Cut-offs of a score with the twin's economics.

    curve : a row a cut-off, from few approved to all. profits : way of counting ("lifetime", or what a flag
    of default within 12 months sees, "first 12 months") -> profit by cut-off. best : of each of the two.
    given_up : profit over the lifetime that the cut-off of the first 12 months earns less than the
    lifetime's own.
    unscored : applications without a score, left out.
    """

    SCHEMA: ClassVar[str] = "loantwin.score_cutoff/1"

    as_of: dt.date
    currency: str
    score: str
    registry_id: str
    applications: int
    unscored: int
    paths: int
    funding_annual_rate: float
    servicing_annual_rate: float
    curve: tuple[CutOff, ...]
    profits: Mapping[str, tuple[ProfitAt, ...]]
    best: Mapping[str, BestCutOff]
    given_up: Interval
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def score_cutoff(
    twin: Twin | Path | str,
    applications: Path | str,
    *,
    scores: str | Path | None = None,
    paths: int = 200,
    seed: int | None = None,
    progress: Progress = silent,
) -> ScoreCutoffResult:
    """Return what cut-offs of the twin's score come to: approvals, defaults, loss, income, costs and profit.

    Parameters
    ----------
    twin : a twin fitted with a score, or its folder. applications : a file with `amount`, `term_months`,
        `annual_rate`, what the twin's segments are made of and the score's columns, or in the format of the
        twin's tape. Every application is taken to be lent today, at its own terms, if it is approved.
    scores : the score, as SCORES[#NAME]; None takes the one that the home keeps. It must be the one that the
        twin was fitted with.
    paths : drawn paths of the economy, the period effects and the errors of estimation, which intervals are
        of.
    seed : of the draws, default the twin's setting.

    Raises
    ------
    UsageError : a twin without a score, another score than the twin's, no application with one, fewer than 2
        paths. ModelError, TapeError : see `outlook.applications.read_applications`.
    """
    if paths < 2:
        raise UsageError(expected("at least 2 paths", paths), field="paths")
    with opened(twin) as twin:
        outlook, named = Outlook(twin), score_of(twin, scores)
        _check_same(twin, named)
        progress(0.05, "reading applications")
        asked = read_applications(outlook, applications, named)
        scored = np.isfinite(asked.log_odds)
        if not scored.any():
            raise UsageError(
                expected("applications with a score", "none"), file=applications, field="applications"
            )
        draw = twin.config.run.seed if seed is None else seed
        kept = _kept(asked, scored)
        ends = np.unique(np.quantile(kept.log_odds, np.arange(1, SLICES + 1) / SLICES, method="inverted_cdf"))
        slice_ = np.searchsorted(ends, kept.log_odds, side="left")
        by_slice = _by_slice(outlook, kept, slice_, len(ends), paths, draw, progress)
        lent = applied_cells(outlook, kept.columns(0.0), int(kept.term.max()))
        money = mean_funding_rate(outlook, lent)
        return _result(twin, named, kept, int((~scored).sum()), ends, slice_, by_slice, paths, money)


def _check_same(twin: Twin, named: NamedScore) -> None:
    """Raise UsageError where a score is not the one that the twin's model has a term of."""
    own = twin.model.score
    if own is None:
        raise UsageError(
            expected("a twin fitted with a score (`loantwin fit DIR --score SCORES`)", "one without"),
            file=twin.home.folder,
            field="scores",
        )
    if (own.name, own.registry_id) != (named.name, named.registry_id):
        raise UsageError(
            expected(
                f"the score that the twin was fitted with, {own.name} ({own.registry_id})",
                f"{named.name} ({named.registry_id})",
            ),
            field="scores",
        )


def _kept(asked: Applications, rows: Flags) -> Applications:
    return Applications(
        asked.segment[rows], asked.product[rows], asked.amount[rows], asked.term[rows], asked.rate[rows],
        asked.log_odds[rows], asked.said,
    )  # fmt: skip


def _by_slice(
    outlook: Outlook, asked: Applications, slice_: Any, slices: int, paths: int, seed: int, progress: Progress
) -> Economics:
    """Return sums of each slice's applications on each path, (P, K); probabilities are numbers of loans.

    The same paths of the economy and draws of the coefficients for every slice, each with the errors of
    estimation of its own loans.
    """
    twin, model = outlook.twin, outlook.twin.model
    costs, horizon = twin.config.economics, int(asked.term.max())
    economy = outlook.simulated(horizon, paths, seed)
    covariates = np.broadcast_to(economy.covariates, (paths, *economy.covariates.shape[1:]))
    columns = asked.columns(costs.funding_annual_rate)
    found = []
    for place in range(slices):
        progress(0.1 + 0.85 * place / slices, "lending")
        own = take(columns, slice_ == place)
        shocks = draw_shocks(model, covariates, seed, exposure=exposure_of(model, own, horizon))
        cells = applied_cells(outlook, own, horizon)
        money = mean_funding_rate(outlook, cells)
        if money != costs.funding_annual_rate:  # a curve is stated: losses are discounted by it too
            cells = replace(cells, annual_rate=np.full(len(cells.annual_rate), money))
        flows = conditional_flows(model.parameters, cells, model.lgd, np.ascontiguousarray(shocks))
        found.append(economics_of(flows, money, costs.servicing_annual_rate))
    return Economics(
        **{
            item.name: np.concatenate([getattr(one, item.name) for one in found], axis=1)
            for item in fields(Economics)
        }
    )


def _result(
    twin: Twin,
    named: NamedScore,
    asked: Applications,
    unscored: int,
    ends: Floats,
    slice_: Any,
    by_slice: Economics,
    paths: int,
    funding: float,
) -> ScoreCutoffResult:
    number = np.cumsum(np.bincount(slice_, minlength=len(ends))).astype(float)
    lent = np.cumsum(np.bincount(slice_, asked.amount, len(ends)))
    pd = np.cumsum(np.bincount(slice_, expit(asked.log_odds), len(ends)))
    sums = {item.name: np.cumsum(getattr(by_slice, item.name), axis=1) for item in fields(Economics)}
    for name in ("annual_pd", "lifetime_pd"):
        sums[name] = sums[name] / number
    cut_off, approved = expit(ends), number / number[-1]
    shown = [item.name for item in fields(CutOff)][4:]
    curve = tuple(
        CutOff(
            float(cut_off[place]), float(approved[place]), float(lent[place]),
            float(pd[place] / number[place]),
            **{name: _interval(sums[name][:, place]) for name in shown},
        )
        for place in range(len(ends))
    )  # fmt: skip
    counted = {LIFETIME: sums["profit"], YEAR: sums["year_profit"]}
    chosen = {way: _chosen(profit) for way, profit in counted.items()}
    earned = np.concatenate([np.zeros((paths, 1)), sums["profit"]], axis=1)
    costs = twin.config.economics
    return ScoreCutoffResult(
        as_of=twin.as_of,
        currency=twin.currency,
        score=named.name,
        registry_id=named.registry_id,
        applications=len(asked),
        unscored=unscored,
        paths=paths,
        funding_annual_rate=funding,
        servicing_annual_rate=costs.servicing_annual_rate,
        curve=curve,
        profits={way: _profits(profit, cut_off, approved) for way, profit in counted.items()},
        best={way: _best(chosen[way], earned, cut_off, approved) for way in counted},
        given_up=_interval(earned[:, chosen[LIFETIME][0]] - earned[:, chosen[YEAR][0]]),
        notes=(*asked.said, *_words(chosen, len(ends), unscored)),
        provenance=twin.provenance(),
    )


def _chosen(profit: Floats) -> tuple[int, Any]:
    """Return how many slices are best in the mean, 0 to K, and on each path, (P,)."""
    with_none = np.concatenate([np.zeros((len(profit), 1)), profit], axis=1)
    return int(with_none.mean(axis=0).argmax()), with_none.argmax(axis=1)


def _best(chosen: tuple[int, Any], earned: Floats, cut_off: Floats, approved: Floats) -> BestCutOff:
    ends, shares = np.concatenate([[0.0], cut_off]), np.concatenate([[0.0], approved])
    low, high = np.quantile(chosen[1], (0.05, 0.95), method="inverted_cdf")
    return BestCutOff(
        float(ends[chosen[0]]), float(ends[low]), float(ends[high]),
        float(shares[chosen[0]]), float(shares[low]), float(shares[high]),
        _interval(earned[:, chosen[0]]),
    )  # fmt: skip


def _profits(profit: Floats, cut_off: Floats, approved: Floats) -> tuple[ProfitAt, ...]:
    told = [_interval(profit[:, place]) for place in range(profit.shape[1])]
    return tuple(
        ProfitAt(float(end), float(share), one.mean, one.p05, one.p95)
        for end, share, one in zip(cut_off, approved, told, strict=True)
    )


def _interval(values: Floats) -> Interval:
    low, high = np.quantile(values, (0.05, 0.95))
    return Interval(float(values.mean()), float(low), float(high))


def _words(chosen: Mapping[str, tuple[int, Any]], slices: int, unscored: int) -> tuple[str, ...]:
    said = [
        "every applicant is taken to accept and to behave as the loans that were lent: who was declined, or "
        "went elsewhere, is in no history",
        "profit is before what it costs to win and set up a loan, capital and tax",
    ]
    if unscored:
        said.append(f"{unscored:,} applications without a score are left out")
    place, _ = chosen[LIFETIME]
    if place == slices:
        said.append("profit still rises at the last cut-off: on these applications none is best below it")
    elif place == 0:
        said.append("no cut-off earns more than lending nothing")
    return tuple(said)
