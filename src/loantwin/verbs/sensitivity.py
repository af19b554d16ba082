"""`sensitivity`: the derivative of expected loss by each parameter, in money, and what errors are worth."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from loantwin import months as calendar
from loantwin.arrays import Floats
from loantwin.config import chosen
from loantwin.engine.exposed import ExposureGrid, exposure_grid
from loantwin.engine.gradients import Gradient, Theta
from loantwin.engine.rows import base_segments
from loantwin.errors import choice
from loantwin.models.diagnostics import Z90
from loantwin.models.fitted import FittedModel
from loantwin.models.loss_gradient import coefficient_gradient, error_of_loss, model_gradient
from loantwin.outlook.outlook import Economy, Histories, Outlook, Scenarios, read_scenarios
from loantwin.outlook.portfolio import lifetime_economy
from loantwin.risk.facts import standing
from loantwin.risk.provisions.provisions import lifetime_months
from loantwin.twin import Twin, opened
from loantwin.types import ModelResult, Progress, silent

MEASURES = {"lifetime-loss": None, "12-month-loss": 12}
"""Measure -> months counted, None to the end of each contract."""
EXPECTED_PATH = "expected path"
"""Name of the economy where no scenario is given: the mean of the generator's paths."""
PATHS = 400
BANDS = (0, 12, 24, 36, 60, 84, 120, 180)
"""First months of the age bands."""
REPEAT = 3


@dataclass(frozen=True)
class ParameterSensitivity:
    """One parameter. derivative : of the loss, currency by one unit; `unit` says what 1 is.

    standard_error : of the parameter, null where it is assumed. by_standard_error : what one of them is
    worth, currency, with the sign of the derivative.
    """

    kind: str
    name: str
    value: float | None
    unit: str
    derivative: float
    standard_error: float | None
    by_standard_error: float | None


@dataclass(frozen=True)
class MacroSensitivity:
    """A covariate moved in every month. by_deviation : currency by one standard deviation of its history;
    by_unit : by 1.00 of the transformed factor (a rate's 100 percentage points). by_month : currency by one
        deviation in that month alone."""

    by_deviation: float
    by_unit: float
    by_month: tuple[float, ...]


@dataclass(frozen=True)
class ScenarioSensitivity:
    """One scenario's expected loss.

    value : expected loss, currency. standard_error : of errors of estimation (delta method). low, high : 90 %
    interval on the scale of the logarithm.

    transitions, severity : parts of the standard error. parameters : by what one standard error is worth,
        largest first.
    """

    value: float
    standard_error: float
    low: float
    high: float
    transitions: float
    severity: float
    parameters: tuple[ParameterSensitivity, ...]
    macro: Mapping[str, MacroSensitivity]


@dataclass(frozen=True)
class SensitivityResult(ModelResult):
    """Derivatives of a book's expected loss by the model's parameters.

    measure : lifetime-loss or 12-month-loss, of live loans, discounted, net of guarantees unless `gross`.
        months : T, the first is `first_month`. seconds : of adding up the book, of the first evaluation
        (compilation included), and of one after it.
    """

    SCHEMA = "loantwin.sensitivity/1"

    as_of: dt.date
    currency: str
    measure: str
    gross: bool
    months: int
    first_month: str
    loans: int
    scenarios: Mapping[str, ScenarioSensitivity]
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()
    not_observable: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)


def sensitivity(
    twin: Twin | Path | str,
    *,
    measure: str = "lifetime-loss",
    scenarios: Scenarios = (),
    align: str | None = None,
    history: Histories = (),
    gross: bool = False,
    supported_months: int | None = None,
    progress: Progress = silent,
) -> SensitivityResult:
    """Return the derivative of the expected loss of a book by every parameter.

    Parameters
    ----------
    measure : lifetime-loss or 12-month-loss. scenarios : FILE[#NAME], each by itself; none: the generator's
        mean path.
    align : "start" re-dates them, measured against `history` where their own file has no row before
        them. gross : before guarantees. supported_months : beyond it macro reverts, as
        in provisions.

    Raises
    ------
    UsageError : an unknown measure, or every loan is in default. ExtraError : the extra `jax` is not
        installed.
    """
    measure = choice(measure, MEASURES, "measure")
    with opened(twin) as twin:
        twin = twin.using(chosen(twin.config, supported_months=supported_months))
        outlook = Outlook(twin)
        outlook.require_live("derivatives of its loss")
        longest = lifetime_months(outlook.columns)
        horizon = min(MEASURES[measure] or longest, longest)
        given = read_scenarios(twin, scenarios, align, history)
        economies = [lifetime_economy(outlook, item, horizon) for item in given] or [
            expected_economy(outlook, horizon)
        ]
        names = [item.name for item in given] or [EXPECTED_PATH]
        seconds = {"adding up the book": 0.0, "first evaluation": 0.0, "one evaluation": np.inf}
        made: dict[str, ScenarioSensitivity] = {}
        grid: ExposureGrid | None = None
        for place, (name, economy) in enumerate(zip(names, economies, strict=True)):
            progress(place / len(economies), f"derivatives under {name}")
            start = time.perf_counter()
            if (
                grid is None or economy.index is not None
            ):  # floating rates owe another balance on another path
                grid = book_grid(outlook, economy, horizon, gross)
            seconds["adding up the book"] += time.perf_counter() - start
            found = model_gradient(twin.model, grid, economy.covariates[0], REPEAT)
            seconds["first evaluation"] = max(seconds["first evaluation"], found.first)
            seconds["one evaluation"] = min(seconds["one evaluation"], found.seconds)
            made[name] = _scenario(twin.model, found)
        notes = (
            *outlook.prices_left_out,
            *outlook.notes,
            *(note for economy in economies for note in economy.notes),
        )
        gaps = standing(
            outlook.book.loans, twin.mapping.observes, assumed=tuple(outlook.book.assumed)
        ).not_observable
        return SensitivityResult(
            twin.as_of, twin.currency, measure, gross, horizon, calendar.label(outlook.month0 + 1),
            len(outlook.columns.principal), made, seconds, notes, gaps, twin.provenance(),
        )  # fmt: skip


def expected_economy(outlook: Outlook, horizon: int) -> Economy:
    """Return the mean of the generator's paths as one path."""
    drawn = outlook.simulated(horizon, PATHS, outlook.twin.config.run.seed)
    index = None if drawn.index is None else np.ascontiguousarray(drawn.index.mean(axis=0, keepdims=True))
    return Economy(EXPECTED_PATH, drawn.covariates.mean(axis=0, keepdims=True), index)


def book_grid(outlook: Outlook, economy: Economy, horizon: int, gross: bool = False) -> ExposureGrid:
    """Return the book's live loans added up for one economy."""
    model = outlook.twin.model
    index = None if economy.index is None else economy.index[0, :horizon]
    return exposure_grid(
        model.parameters, outlook.columns, model.lgd, horizon, outlook.runoff, index_path=index, net=not gross
    )


def _scenario(model: FittedModel, found: Gradient) -> ScenarioSensitivity:
    error = error_of_loss(model, found.by)
    rows = [*_edges(model, found.by), *_latents(model, found.by), *_severity(model, found.by)]
    rows.sort(key=lambda row: -abs(row.by_standard_error if row.by_standard_error is not None else 0.0))
    moved = found.by["path"]
    macro = {
        covariate.name: MacroSensitivity(
            float(moved[:, place].sum()),
            float(moved[:, place].sum() / covariate.scale),
            tuple(moved[:, place].tolist()),
        )
        for place, covariate in enumerate(model.covariates)
    }
    low, high = interval(found.value, error.whole)
    return ScenarioSensitivity(
        found.value, error.whole, low, high, error.transitions, error.severity, tuple(rows), macro
    )


def interval(value: float, deviation: float) -> tuple[float, float]:
    """Return a loss's 90 % interval on the scale of its logarithm: skewed, and never below 0."""
    if value <= 0.0:  # recoveries worth more than what is charged off
        return value - Z90 * deviation, value + Z90 * deviation
    factor = float(np.exp(Z90 * deviation / value))
    return value / factor, value * factor


def _row(
    kind: str, name: str, value: float | None, unit: str, derivative: float, deviation: float | None
) -> ParameterSensitivity:
    worth = None if deviation is None else float(derivative * deviation)
    return ParameterSensitivity(kind, name, value, unit, float(derivative), deviation, worth)


def _edges(model: FittedModel, by: Theta) -> list[ParameterSensitivity]:
    """Return levels, age bands, segments, macro effects and loadings of edges the loss depends on."""
    own, rows = model.parameters, []
    R, F = len(own.origin), len(own.factors)
    deviation = np.sqrt(np.maximum(np.diag(model.covariance), 0.0))
    for edge, name in enumerate(model.edges):
        known = not model.assumed[edge]
        rows.append(
            _row(
                "level", name, None, "log-odds", by["level"][edge], float(deviation[edge]) if known else None
            )
        )
        for factor, covariate in enumerate(own.factors):
            spread = float(deviation[R + edge * F + factor]) if known else None
            words = "log-odds by one deviation"
            rows.append(
                _row(
                    "macro effect",
                    f"{name}, {covariate}",
                    float(own.macro[edge, factor]),
                    words,
                    by["macro"][edge, factor],
                    spread,
                )
            )
        for latent, level in enumerate(own.latents):
            if own.loading[edge, latent]:
                rows.append(
                    _row("loading", f"{name}, {level}", float(own.loading[edge, latent]), "1",
                        by["loading"][edge, latent],
                         _loading_error(model, edge))
                )  # fmt: skip
        rows += [*_ages(model, edge, name, by), *_segments(model, edge, name, by)]
    return [row for row in rows if row.derivative != 0.0]


def _loading_error(model: FittedModel, edge: int) -> float | None:
    error = None if model.errors is None else model.errors.edges[edge]
    return (
        None if error is None or error.covariance[-2, -2] <= 0 else float(np.sqrt(error.covariance[-2, -2]))
    )


def _worth(model: FittedModel, edge: int, by: Theta) -> float | None:
    """Return the loss's deviation from an edge's coefficients along `by`, None where it has no errors."""
    error = None if model.errors is None else model.errors.edges[edge]
    if error is None:
        return None
    own = coefficient_gradient(model, edge, by)
    return float(np.sqrt(max(float(own @ error.covariance @ own), 0.0)))


def _only(by: Theta, kind: str, kept: Floats) -> Theta:
    """Return derivatives of which all but some of one kind are 0."""
    made = {name: np.zeros_like(values) for name, values in by.items()}
    made[kind] = np.where(kept, by[kind], 0.0)
    return made


def _ages(model: FittedModel, edge: int, name: str, by: Theta) -> list[ParameterSensitivity]:
    """Return bands of age, each moved by one log-odd, with the standard error of its own weights."""
    rows, ages = [], np.arange(by["age"].shape[1])
    for low, high in zip(BANDS, (*BANDS[1:], 10**6), strict=True):
        inside = (ages >= low) & (ages < high)
        total = float(by["age"][edge, inside].sum())
        if not total:
            continue
        words = f"{name}, age {low} to {high - 1}" if high < 10**6 else f"{name}, age {low} and more"
        rows.append(
            _band(
                "age",
                words,
                total,
                _worth(model, edge, _only(by, "age", np.broadcast_to(inside, by["age"].shape))),
            )
        )
    return rows


def _segments(model: FittedModel, edge: int, name: str, by: Theta) -> list[ParameterSensitivity]:
    """Return segments, their vintages together."""
    own, rows = model.parameters, []
    base = base_segments(own.segments)
    for place in np.unique(base):
        inside = base == place
        total = float(by["segment"][edge, inside].sum())
        if total:
            worth = _worth(model, edge, _only(by, "segment", np.broadcast_to(inside, by["segment"].shape)))
            rows.append(_band("segment", f"{name}, {own.segments[place]}", total, worth))
    return rows


def _band(kind: str, name: str, total: float, worth: float | None) -> ParameterSensitivity:
    deviation = None if worth is None else worth / abs(total)
    return _row(kind, name, None, "log-odds", total, deviation)


def _latents(model: FittedModel, by: Theta) -> list[ParameterSensitivity]:
    return [
        _row(
            "period effect today",
            process.name,
            process.mean,
            "log-odds",
            by["latent"][place],
            float(np.sqrt(process.variance)),
        )
        for place, process in enumerate(model.processes)
    ]


def _severity(model: FittedModel, by: Theta) -> list[ParameterSensitivity]:
    """Return loss given default by segment, decimals of exposure; its error is the book's, in proportion."""
    rows, own = [], model.parameters
    base, record = base_segments(own.segments), model.diagnostics.get("severity", {})
    for name in ("charged_off", "recovered"):
        table, known = getattr(model.lgd, name), record.get(name)
        share = known["standard_error"] / known["value"] if known and abs(known["value"]) > 0 else None
        for place in np.unique(base):
            inside = base == place
            total = float(by[name][inside].sum())
            if not total:
                continue
            mean = float((by[name][inside] * table[inside]).sum() / total)
            deviation = None if share is None else float(share * mean)
            rows.append(
                _row(name.replace("_", " "), own.segments[place], mean, "share of exposure", total, deviation)
            )
    return rows
