"""Macro covariates of the loan models: a factor, its transform, lag and scale in history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.errors import ScenarioError, expected
from loantwin.macro.scenario import MacroPaths, Scenario

TRANSFORMS = {"level": 0, "change_12m": 12, "growth_12m": 11, "log_ratio_12m": 12}
"""Transform -> months it looks back. growth_12m is the mean of 12 months' annualised growth."""

DERIVED = {"bbb_spread": ("bbb_yield", "treasury_10y")}
"""Factor -> (first, second): first minus second, where a path does not hold the factor itself."""

_DEFAULT = (
    ("unemployment_rate", "level"),
    ("unemployment_rate", "change_12m"),
    ("real_gdp_growth", "growth_12m"),
    ("house_price_index", "log_ratio_12m"),
    ("bbb_spread", "level"),
    ("prime_rate", "change_12m"),
)


@dataclass(frozen=True)
class Covariate:
    """A standardised macro covariate. In month m it is (transform(factor in month m - lag) - mean) / scale.

    transform : level; change_12m, the difference to 12 months before; growth_12m, the mean annualised growth
    of 12 months; log_ratio_12m, the log of the level over that of 12 months before.

    Raises
    ------
    ScenarioError : an unknown transform, a negative lag, a scale that is not positive.
    """

    factor: str
    transform: str
    lag: int = 0
    mean: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.transform not in TRANSFORMS:
            raise ScenarioError(
                expected("a transform of " + ", ".join(TRANSFORMS), self.transform), field=self.factor
            )
        if self.lag < 0 or not self.scale > 0.0:
            raise ScenarioError(
                expected("a lag of at least 0 and a positive scale", (self.lag, self.scale)),
                field=self.factor,
            )

    @property
    def name(self) -> str:
        """Return a short name for tables."""
        return f"{self.factor}.{self.transform}" + (f".lag{self.lag}" if self.lag else "")


def evaluate(
    covariates: Sequence[Covariate],
    path: Scenario | MacroPaths,
    first: int,
    last: int,
    history: Scenario | None = None,
) -> Floats:
    """Return standardised covariates over months `first` to `last`, both included.

    Parameters
    ----------
    path : one scenario, or many paths. A scenario wins over `history` from its first month on; simulated
        paths give way to `history` wherever that has a published value.
    history : what came before the path; needed where a lag or a 12-month transform looks back beyond the
        path's first month.

    Returns
    -------
    (T, F) float64 for a scenario, (P, T, F) for paths.

    Raises
    ------
    ScenarioError : a month without a value, by month and factor.
    """
    if last < first:
        raise ScenarioError(
            expected("a last month not before the first", f"{months.label(first)} to {months.label(last)}")
        )
    columns = []
    for covariate in covariates:
        start = first - covariate.lag - TRANSFORMS[covariate.transform]
        series = _series(covariate.factor, path, start, last - covariate.lag, history)
        columns.append((_transformed(series, covariate.transform) - covariate.mean) / covariate.scale)
    if not columns:
        shape = (last - first + 1, 0)
        return np.zeros(shape if isinstance(path, Scenario) else (len(path.values), *shape))
    return np.stack(columns, axis=-1)


def standardise(factor: str, transform: str, history: Scenario, lag: int = 0) -> Covariate:
    """Return the covariate with mean and standard deviation of its transform over all known history.

    Raises
    ------
    ScenarioError : under 24 months of history, or a factor that does not move in it.
    """
    plain = Covariate(factor, transform)
    start, stop = known_span(plain, history)
    if stop - start + 1 < 24:
        raise ScenarioError(
            expected("24 months of history or more", f"{max(0, stop - start + 1)}"), field=plain.name
        )
    values = evaluate((plain,), history, start, stop)[:, 0]
    scale = float(values.std())
    if not scale > 0.0:
        raise ScenarioError(expected("a factor that moves in history", "a constant one"), field=plain.name)
    return Covariate(factor, transform, lag, float(values.mean()), scale)


def known_span(covariate: Covariate, history: Scenario) -> tuple[int, int]:
    """Return the first and last month in which a covariate can be evaluated on the known history alone.

    Raises
    ------
    ScenarioError : a factor that the history does not have.
    """
    start, stop = _span(covariate.factor, history)
    return start + TRANSFORMS[covariate.transform] + covariate.lag, stop + covariate.lag


def choose_default(history: Scenario) -> list[Covariate]:
    """Return the usual candidates that the known history can support, standardised on it.

    Unemployment (level and 12-month change), real GDP growth over 12 months, house price growth over 12
    months, the BBB spread over the 10-year Treasury, and the 12-month change of the prime rate. A factor with
    under five years of history is left out.

    Raises
    ------
    ScenarioError : as `standardise`.
    """
    chosen = []
    for factor, transform in _DEFAULT:
        if all(name in history.factors for name in _parts(factor, history.factors)):
            start, stop = _span(factor, history)
            if stop - start + 1 >= 60:
                chosen.append(standardise(factor, transform, history))
    return chosen


def _parts(factor: str, factors: Sequence[str]) -> tuple[str, ...]:
    return DERIVED[factor] if factor in DERIVED and factor not in factors else (factor,)


def _span(factor: str, history: Scenario) -> tuple[int, int]:
    """First and last month of the unbroken stretch that ends at the factor's last published month."""
    finite = np.ones(len(history.values), dtype=bool)
    for name in _parts(factor, history.factors):
        if name not in history.factors:
            raise ScenarioError(
                expected("one of " + ", ".join(history.factors), name),
                file=history.source or None,
                field=factor,
            )
        finite &= np.isfinite(history.values[:, history.factors.index(name)])
    places = np.flatnonzero(finite)
    if not places.size:
        return history.first, history.first - 1
    breaks = np.flatnonzero(np.diff(places) > 1)
    return history.first + int(places[breaks[-1] + 1 if breaks.size else 0]), history.first + int(places[-1])


def _series(
    factor: str, path: Scenario | MacroPaths, first: int, last: int, history: Scenario | None
) -> Floats:
    held = path.factors if history is None else (*path.factors, *history.factors)
    parts = _parts(factor, held)
    if len(parts) == 2:
        return _one(parts[0], path, first, last, history) - _one(parts[1], path, first, last, history)
    return _one(factor, path, first, last, history)


def _one(factor: str, path: Scenario | MacroPaths, first: int, last: int, history: Scenario | None) -> Floats:
    """Return a factor over months, (T,) or (P, T), history and path joined."""
    batch = path.values.shape[:-2]
    values = np.full((*batch, last - first + 1), np.nan)
    if factor in path.factors:
        _lay(values, path.values[..., path.factors.index(factor)], path.first - first)
    if history is not None and factor in history.factors:
        known = np.full(last - first + 1, np.nan)
        _lay(known, history.values[:, history.factors.index(factor)], history.first - first)
        # Trap: history over the scenario. From its first month a scenario holds, whatever came.
        if isinstance(path, Scenario):
            known[max(0, path.first - first) :] = np.nan
        values[..., np.isfinite(known)] = known[np.isfinite(known)]
    missing = np.flatnonzero(~np.isfinite(values).all(axis=tuple(range(len(batch)))))
    if missing.size:
        where = path.name if isinstance(path, Scenario) else "the simulated paths"
        raise ScenarioError(
            expected(
                f"a value of {factor} in {where} or its history",
                f"none in {months.label(first + int(missing[0]))}",
            ),
            file=(path.source or None) if isinstance(path, Scenario) else None,
            field=factor,
        )
    return values


def _lay(target: Floats, values: Floats, offset: int) -> None:
    """Copy `values` into the last axis of `target` from place `offset` on, as far as the two overlap."""
    start, stop = max(0, offset), min(target.shape[-1], offset + values.shape[-1])
    if stop > start:
        target[..., start:stop] = values[..., start - offset : stop - offset]


def _transformed(series: Floats, transform: str) -> Floats:
    if transform == "level":
        return series
    if transform == "change_12m":
        return series[..., 12:] - series[..., :-12]
    if transform == "log_ratio_12m":
        return np.asarray(np.log(series[..., 12:] / series[..., :-12]))
    sums = np.cumsum(np.concatenate([np.zeros((*series.shape[:-1], 1)), series], axis=-1), axis=-1)
    return np.asarray((sums[..., 12:] - sums[..., :-12]) / 12.0)
