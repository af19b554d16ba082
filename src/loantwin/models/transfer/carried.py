"""Sources put together, in the terms of the book that learns from them: the prior of its fit.

For each transition: an age curve with the error of its level and of its shape, macro effects, a loading and
the effects of vintages; for each period effect its history and its process; loss given default. What the
new book may differ by is the variance between books (`between`): stated where there is one source, estimated
and shrunk to the stated one where there are several. The new book's own counts then move all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import ModelError, UsageError, expected
from loantwin.macro.covariates import Covariate
from loantwin.models.latent import LevelPrior, Told
from loantwin.models.regression import Prior
from loantwin.models.spline import AgeBasis, age_basis, basis_values
from loantwin.models.transfer.between import WORTH, Between, pool, shrunk
from loantwin.models.transfer.curve import Curve, common_curve
from loantwin.models.transfer.grid import GRID, MIDDLE, on_ages
from loantwin.models.transfer.source import Source, SourceEdge, SourceLevel

Ends = tuple[str, str]


@dataclass(frozen=True)
class Stated:
    """Standard deviations between books that are believed beforehand, all assumed.

    level : of a transition's log-odds. macro : of a macro effect, log-odds by one standard deviation.
    loading : of a transition's reaction to the common period effect. share, recovered : of loss given
    default's two shares of exposure. reaction : of severity to credit conditions.
    own : share of the variance of a period effect, or a vintage's, that is a book's own.
    bend, slope : of the shape of an age curve, as `FitSettings.believed_bend` and `believed_slope`.
    """

    level: float = 0.5
    macro: float = 0.05
    loading: float = 0.15
    charged_off: float = 0.10
    recovered: float = 0.10
    reaction: float = 0.10
    own: float = 0.5
    bend: float = 1.0
    slope: float = 0.3


STATED = Stated()
CASE = 0.35
"""Standard deviation of one default's share charged off about its mean, decimal of exposure. Assumed."""


@dataclass(frozen=True)
class CarriedEdge:
    """What sources say of one transition of the new book; F covariates in the new book's terms.

    log_odds : (A,), period effect at its long run. curve : its shape's knots and error. level : of books
        about it. shape : factor on the stated variance of shapes. sources : those that have it.
    macro, macro_deviation : (F,) effects by one standard deviation of the new book's covariates.
    loading, loading_deviation : of the reaction to the common period effect.
    vintages : calendar year -> log-odds against loans lent lately.
    """

    log_odds: Floats
    curve: Curve
    level: Between
    shape: float
    sources: tuple[SourceEdge, ...]
    macro: Floats
    macro_deviation: Floats
    loading: float
    loading_deviation: float
    vintages: Mapping[int, float]

    def age_prior(self, basis: AgeBasis, stated: Stated) -> Prior:
        """Return the prior of the coefficients (K,) by which the new book's curve departs from `log_odds`.

        Its level has the error `level`; its shape the sources' own error and what books differ by.
        """
        size = basis.values.shape[1]
        smooth = (basis.bend / stated.bend**2 + basis.slope / stated.slope**2) / self.shape
        level = np.ones((size, size)) / (size * self.level.deviation) ** 2
        centre = np.eye(size) - 1.0 / size
        theirs = basis_values(self.curve.knots, len(basis.values))
        own = centre @ np.linalg.lstsq(basis.values, theirs, rcond=None)[0]
        covariance = np.linalg.inv(smooth + level) + own @ self.curve.covariance @ own.T
        precision: Floats = np.linalg.inv((covariance + covariance.T) / 2.0).astype(np.float64)
        return Prior(np.zeros(size), precision)


@dataclass(frozen=True)
class CarriedLevel:
    """What sources say of a period effect: its history, how much of one is a book's own, its process.

    own : share of the variance that is a book's own. macro, macro_deviation : (F,) common macro effects.
    """

    own: float
    estimated: bool
    levels: tuple[SourceLevel, ...]
    macro: Floats
    macro_deviation: Floats

    def prior(self, usual: LevelPrior) -> LevelPrior:
        """Return the process's prior: medians of the sources', spreads as usual."""
        logs = np.log([[one.half_life, one.deviation, max(one.noise, 1e-3)] for one in self.levels])
        half_life, deviation, noise = np.exp(logs.mean(axis=0))
        return replace(usual, half_life=float(half_life), deviation=float(deviation), noise=float(noise))

    def told(self, first: int, size: int) -> Told:
        """Return what is known of months `first` on, (T,): the sources' mean, fading outside their history.

        `Told.share` is what is left of the level's deviation: a book's own part, and the sources' errors.
        """
        months_ = first + np.arange(size)
        mean, precision = np.zeros(size), np.zeros(size)
        for one in self.levels:
            phi = 0.5 ** (1.0 / one.half_life)
            at = np.clip(months_, one.first, one.first + len(one.mean) - 1)
            fade = phi ** np.abs(months_ - at)
            place = at - one.first
            whole = one.deviation**2
            seen = fade * np.array(one.mean)[place]
            error = fade**2 * np.array(one.variance)[place] + (1.0 - fade**2) * whole
            weight = 1.0 / (self.own * whole + error)
            mean += weight * seen
            precision += weight
        usual = float(np.exp(np.mean([2.0 * np.log(one.deviation) for one in self.levels])))
        left = (self.own * usual + 1.0 / precision) / usual
        return Told(mean / precision, np.sqrt(np.minimum(left, 1.0)))


@dataclass(frozen=True)
class CarriedSeverity:
    """What sources say of loss given default; None where none of them observed it."""

    charged_off: Between | None
    recovered: Between | None
    charge_off_lag: Floats
    recovery_lag: Floats
    reaction: Between | None
    spread: float

    @property
    def cases(self) -> float:
        """Return how many defaults the share charged off is worth: one's variance over that between books."""
        return CASE**2 / self.charged_off.variance if self.charged_off is not None else 0.0


@dataclass(frozen=True)
class Carried:
    """The prior of a fit that learns from K sources."""

    sources: tuple[Source, ...]
    edges: Mapping[Ends, CarriedEdge]
    levels: Mapping[str, CarriedLevel]
    severity: CarriedSeverity
    own_vintage: float
    stated: Stated = STATED

    def edge(self, origin: str, target: str) -> CarriedEdge | None:
        """Return what is carried of a transition, None where no source has it."""
        return self.edges.get((origin, target))

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Return in words what the fit learnt from, and what of it is assumed."""
        names = ", ".join(f"{one.name} (as of {one.as_of})" for one in self.sources)
        said = [f"learnt from {names}: curves, macro and period effects and severity start from theirs"]
        count, stated = len(self.sources), self.stated
        figures = (
            f"{stated.level:g} log-odds of a transition's level, {stated.macro:g} of a macro effect, "
            f"{stated.charged_off:g} of the share charged off, {stated.own:.0%} of the variance of period "
            "and vintage effects"
        )
        if count == 1:
            said.append(f"assumed: how much books differ, which one source cannot tell ({figures})")
        else:
            said.append(
                f"how much books differ is estimated from {count} sources and averaged with what is assumed, "
                f"which counts as {WORTH:g} more ({figures})"
            )
        return tuple(said)


def carried(sources: Sequence[Source], covariates: Sequence[Covariate], ages: int) -> Carried:
    """Return what sources say of a new book.

    Parameters
    ----------
    covariates : (F,) of the new book, the sources' factors and transforms. ages : A.
    """
    found: dict[Ends, list[tuple[Source, SourceEdge]]] = {}
    for source in sources:
        for edge in source.edges:
            found.setdefault((edge.origin, edge.target), []).append((source, edge))
    edges = {ends: _edge(rows, covariates, ages) for ends, rows in found.items()}
    levels: dict[str, list[tuple[Source, SourceLevel]]] = {}
    for source in sources:
        for level in source.levels:
            levels.setdefault(level.name, []).append((source, level))
    return Carried(
        sources=tuple(sources),
        edges=edges,
        levels={name: _level(rows, covariates) for name, rows in levels.items()},
        severity=_severity(sources),
        own_vintage=_own_vintage(list(edges.values())),
    )


def check_alike(sources: Sequence[Source], states: tuple[str, ...], live: int, arrears_months: int) -> None:
    """Raise ModelError where a source's states, or what default means in it, are not the new book's."""
    default = "default" if "default" in states else "charged_off"
    for source in sources:
        if (source.states, source.live) != (states, live):
            raise ModelError(
                expected(f"a source with the states {', '.join(states)}", ", ".join(source.states)),
                file=source.name, field="learn_from",
            )  # fmt: skip
        if (source.default, source.arrears_months) != (default, arrears_months):
            raise ModelError(
                expected(
                    f"a source whose default is {default} after {arrears_months} instalments",
                    f"{source.default} after {source.arrears_months}",
                ),
                file=source.name, field="learn_from",
            )  # fmt: skip


def check_covariates(sources: Sequence[Source]) -> None:
    """Raise UsageError where sources do not read the same covariates; lags may differ."""
    first = sources[0]
    for source in sources[1:]:
        if _names(source.covariates) != _names(first.covariates):
            raise UsageError(
                expected(
                    f"the covariates of {first.name} ({', '.join(_names(first.covariates)) or 'none'})",
                    ", ".join(_names(source.covariates)) or "none",
                ),
                file=source.name, field="learn_from",
            )  # fmt: skip


def _names(covariates: Sequence[Covariate]) -> tuple[str, ...]:
    return tuple(sorted(f"{one.factor}.{one.transform}" for one in covariates))


def _into(source: Source, covariates: Sequence[Covariate]) -> tuple[list[int], Floats, Floats]:
    """Return covariates' places in the source, factors (F,) on its effects and shifts of its baseline."""
    names = [(one.factor, one.transform) for one in source.covariates]
    place = [names.index((one.factor, one.transform)) for one in covariates]
    theirs = [source.covariates[at] for at in place]
    factor = np.array([one.scale / other.scale for one, other in zip(covariates, theirs, strict=True)])
    shift = np.array(
        [(one.mean - other.mean) / other.scale for one, other in zip(covariates, theirs, strict=True)]
    )
    return place, factor, shift


def _macro(
    rows: Sequence[tuple[Source, SourceEdge | SourceLevel]],
    covariates: Sequence[Covariate],
) -> tuple[Floats, Floats]:
    """Return mean and deviation (F,) of the new book's macro effects."""
    mean, deviation = np.zeros(len(covariates)), np.zeros(len(covariates))
    into = [_into(source, covariates) for source, _ in rows]
    for at in range(len(covariates)):
        effect = [
            one.macro[place[at]] * factor[at] for (_, one), (place, factor, _) in zip(rows, into, strict=True)
        ]
        error = [
            one.macro_variance[place[at]] * factor[at] ** 2
            for (_, one), (place, factor, _) in zip(rows, into, strict=True)
        ]
        found = pool(np.array(effect), np.array(error), STATED.macro)
        # effects that are mostly prior share its error, which does not average out
        shared = float(found.weight @ np.sqrt(error)) ** 2
        once = found.between * float((found.weight**2).sum())
        mean[at], deviation[at] = found.mean, np.sqrt(found.between + once + shared)
    return mean, deviation


def _shift(source: Source, edge: SourceEdge, covariates: Sequence[Covariate]) -> float:
    """Return what a source's baseline is beside it where the new book's covariates are at their mean."""
    place, _, shift = _into(source, covariates)
    return float(np.array(edge.macro)[place] @ shift)


def _edge(rows: list[tuple[Source, SourceEdge]], covariates: Sequence[Covariate], ages: int) -> CarriedEdge:
    own = [edge for _, edge in rows]
    curves = np.array([np.array(edge.curve) + _shift(source, edge, covariates) for source, edge in rows])
    # books are compared by what they are today: how a source shares it between its parts is not known well
    curve, apart = common_curve(own, curves, STATED.bend, STATED.slope)
    variance = np.array([edge.variance for edge in own])
    level = pool(apart + np.array([edge.level for edge in own]), variance, STATED.level)
    macro, macro_deviation = _macro(rows, covariates)
    loading = pool(
        np.array([edge.loading for edge in own]),
        np.array([edge.loading_variance for edge in own]),
        STATED.loading,
    )
    return CarriedEdge(
        log_odds=on_ages(curve.values + float(level.weight @ apart), ages),
        curve=curve,
        level=level,
        shape=_shape(curves - curves[:, MIDDLE].mean(axis=1, keepdims=True), level.weight, own),
        sources=tuple(own),
        macro=macro,
        macro_deviation=macro_deviation,
        loading=loading.mean,
        loading_deviation=loading.deviation,
        vintages=_vintages(own),
    )


def _shape(curves: Floats, weight: Floats, edges: Sequence[SourceEdge]) -> float:
    """Return the variance between shapes over the stated one, by moments at the middle ages, shrunk to 1."""
    if len(edges) < 2:
        return 1.0
    at = np.flatnonzero(MIDDLE)
    seen = curves[:, at]
    between = float(((seen - weight @ seen) ** 2).mean()) * len(edges) / (len(edges) - 1.0)
    error = float(np.mean([_shape_variance(edge) for edge in edges]))
    found = max(between - error, 0.0) / _stated_shape()
    return float(np.clip(shrunk(found, len(edges), 1.0), 0.05, 4.0))


def _shape_variance(edge: SourceEdge) -> float:
    """Return the mean variance of a source's curve about its own mean over the middle ages."""
    rows = basis_values(np.array(edge.knots), int(GRID[-1]) + 1)[GRID[MIDDLE]]
    rows = rows - rows.mean(axis=0)
    return float(np.einsum("ak,kl,al->a", rows, np.array(edge.covariance), rows).mean())


def _stated_shape() -> float:
    """Return the same of the stated prior of shapes."""
    basis = age_basis(int(GRID[-1]) + 1, np.ones(int(GRID[-1]) + 1))
    size = basis.values.shape[1]
    precision = basis.bend / STATED.bend**2 + basis.slope / STATED.slope**2 + np.ones((size, size)) / size**2
    rows = basis.values[GRID[MIDDLE]]
    rows = rows - rows.mean(axis=0)
    return float(np.einsum("ak,kl,al->a", rows, np.linalg.inv(precision), rows).mean())


def _vintages(edges: Sequence[SourceEdge]) -> dict[int, float]:
    """Return the mean effect of each vintage that a source has."""
    years = sorted({int(year) for edge in edges for year in edge.vintages})
    return {
        year: float(np.mean([edge.vintages[str(year)] for edge in edges if str(year) in edge.vintages]))
        for year in years
    }


def _level(rows: list[tuple[Source, SourceLevel]], covariates: Sequence[Covariate]) -> CarriedLevel:
    own = tuple(level for _, level in rows)
    share, estimated = _own_level(own)
    macro, deviation = _macro(rows, covariates)
    return CarriedLevel(share, estimated, own, macro, deviation)


def _own_level(levels: Sequence[SourceLevel]) -> tuple[float, bool]:
    """Return the share of a period effect's variance that is a book's own.

    The variance between them over that of each about its own mean, over the months that all have. Histories
    are smoothed, both variances alike, and their errors count as differences between them.
    """
    first = max(one.first for one in levels)
    last = min(one.first + len(one.mean) for one in levels)
    if len(levels) < 2 or last - first < 12:
        return STATED.own, False
    mean = np.array([one.mean[first - one.first : last - one.first] for one in levels])
    return _mixed_share(_own_share(mean), len(levels)), True


def _own_share(values: Floats) -> float:
    """Return which share of the variance of K histories (K, T) about their means is each one's own."""
    centred = values - values.mean(axis=1, keepdims=True)
    total = float(centred.var(axis=1).mean())
    return min(float(centred.var(axis=0, ddof=1).mean()) / total, 1.0) if total > 0.0 else 1.0


def _own_vintage(edges: Sequence[CarriedEdge]) -> float:
    """Return the share of vintages' variance that is a book's own: as for period effects, all edges' mean."""
    found = []
    for edge in edges:
        years = set.intersection(*(set(one.vintages) for one in edge.sources)) if edge.sources else set()
        if len(edge.sources) < 2 or len(years) < 4:
            continue
        values = np.array([[one.vintages[year] for year in sorted(years)] for one in edge.sources])
        found.append(_mixed_share(_own_share(values), len(edge.sources)))
    if not found:
        return STATED.own
    return float(np.mean(found))


def _mixed_share(found: float, books: int) -> float:
    return float(np.clip(shrunk(found, books, np.sqrt(STATED.own)), 0.05, 1.0))


def _severity(sources: Sequence[Source]) -> CarriedSeverity:
    severities = [source.severity for source in sources]

    def share(name: str, stated: float) -> Between | None:
        told = [getattr(one, name) for one in severities if getattr(one, name) is not None]
        if not told:
            return None
        values, variances = np.array(told).T
        return pool(values, variances, stated)

    spread = [one.spread for one in severities if one.reaction is not None]
    return CarriedSeverity(
        charged_off=share("charged_off", STATED.charged_off),
        recovered=share("recovered", STATED.recovered),
        charge_off_lag=_mean_lag([one.charge_off_lag for one in severities]),
        recovery_lag=_mean_lag([one.recovery_lag for one in severities]),
        reaction=share("reaction", STATED.reaction),
        spread=float(np.sqrt(np.mean(np.square(spread)))) if spread else 0.0,
    )


def _mean_lag(lags: Sequence[Sequence[float]]) -> Floats:
    made = np.zeros(max(len(one) for one in lags))
    for one in lags:
        made[: len(one)] += np.array(one) / len(lags)
    return np.asarray(made / made.sum())
