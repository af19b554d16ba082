"""What a fitted twin hands on: its age curves, macro effects, period effects and severity, with their errors.

Everything is read from the stored model, so that a source needs neither its tape nor a fit of its own kind.
Segments are not handed on: they are each book's own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.errors import UsageError, expected
from loantwin.macro.covariates import Covariate
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import variance_today
from loantwin.models.memory import Memory, against, memory_of
from loantwin.models.priors.table import Z90
from loantwin.models.spline import DEGREE, smooth_precision
from loantwin.models.transfer.grid import GRID
from loantwin.models.uncertainty import Errors


@dataclass(frozen=True)
class SourceEdge:
    """One transition of a source; log-odds, macro and period effect at their long run.

    curve : at the ages of `grid.GRID`, of the average segment and of loans lent lately.
    knots, covariance : of the age curve's coefficients, (M,) and (K, K). information : (K, K) what the
        source's counts alone tell of them, its own prior taken off. today : (K,) their weights in the mean of
        the book of the as-of date. level : log-odds at the as-of month
        above the curve, the period effect's. variance : of today's log-odds on the source's book, all errors
        of estimation together.
    macro, macro_variance : (F,) by one standard deviation of the source's covariates.
    loading, loading_variance : reaction to the common period effect.
    vintages : calendar year -> log-odds of the loans lent in it against those lent lately.
    """

    origin: str
    target: str
    curve: tuple[float, ...]
    knots: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    information: tuple[tuple[float, ...], ...]
    today: tuple[float, ...]
    level: float
    variance: float
    macro: tuple[float, ...]
    macro_variance: tuple[float, ...]
    loading: float
    loading_variance: float
    vintages: Mapping[str, float]


@dataclass(frozen=True)
class SourceLevel:
    """A period effect of a source: its months from `first` on, its process, the macro effects beside it."""

    name: str
    first: int
    mean: tuple[float, ...]
    variance: tuple[float, ...]
    half_life: float
    deviation: float
    noise: float
    macro: tuple[float, ...]
    macro_variance: tuple[float, ...]


@dataclass(frozen=True)
class SourceSeverity:
    """Loss given default of a source; a share that was not observed there is None.

    charged_off, recovered : (value, variance), shares of the exposure. reaction : the same, of the reaction
    to credit conditions, None where nothing was learnt; spread : what they do not explain, year to year.
    """

    charged_off: tuple[float, float] | None
    recovered: tuple[float, float] | None
    charge_off_lag: tuple[float, ...]
    recovery_lag: tuple[float, ...]
    reaction: tuple[float, float] | None
    spread: float


@dataclass(frozen=True)
class Source:
    """A fitted twin as another fit learns from it.

    name : of its home. as_of : ISO date of what it knew. model_hash : of its stored model.
    arrears_months : what default means beside the states. covariates : how its F factors are made.
    kept : how its live states are split by what loans did before (`memory.Memory`), None where they are not.
    """

    name: str
    as_of: str
    model_hash: str
    states: tuple[str, ...]
    live: int
    default: str
    arrears_months: int
    covariates: tuple[Covariate, ...]
    edges: tuple[SourceEdge, ...]
    levels: tuple[SourceLevel, ...]
    severity: SourceSeverity
    kept: Mapping[str, tuple[int, ...]] | None = None

    @property
    def split(self) -> Memory | None:
        """Return how its live states are split, None where they are not."""
        return None if self.kept is None else Memory(self.kept)

    @property
    def date(self) -> dt.date:
        """Return the date of what it knew."""
        return dt.date.fromisoformat(self.as_of)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Source:
        """Return the source that plain data state, as `dataclasses.asdict` gives them."""
        made = dict(document)
        made["states"] = tuple(made["states"])
        made["covariates"] = tuple(Covariate(**one) for one in made["covariates"])
        made["edges"] = tuple(SourceEdge(**_frozen(one)) for one in made["edges"])
        made["levels"] = tuple(SourceLevel(**_frozen(one)) for one in made["levels"])
        made["severity"] = SourceSeverity(**_frozen(made["severity"]))
        if made.get("kept") is not None:
            made["kept"] = _frozen(made["kept"])
        return cls(**made)


def _frozen(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _tuples(one) for key, one in document.items()}


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list | tuple) else value


def sources_of(provenance: Mapping[str, Any]) -> tuple[Source, ...]:
    """Return the sources that a fitted model learnt from, from its provenance; none where it had none."""
    return tuple(Source.from_dict(one) for one in provenance.get("settings", {}).get("sources", ()))


def source_of(model: FittedModel, name: str, model_hash: str) -> Source:
    """Return what a fitted model hands on, under the name of its home.

    Raises
    ------
    UsageError : a model that does not say how it was learnt, as one of another package may not.
    """
    record = model.diagnostics
    if model.errors is None or any(
        process.name not in record.get("levels", {}) for process in model.processes
    ):
        raise UsageError(
            expected("a source fitted by the built-in model, which hands on its period effects", "another"),
            file=name,
            field="learn_from",
        )
    parameters, memory = model.parameters, memory_of(model.provenance)
    return Source(
        name=name,
        as_of=model.as_of.isoformat(),
        model_hash=model_hash,
        states=parameters.states,
        live=parameters.live,
        default=model.default_name,
        arrears_months=model.arrears_months,
        covariates=model.covariates,
        edges=tuple(
            _edge(model, model.errors, place) for place, assumed in enumerate(model.assumed) if not assumed
        ),
        levels=tuple(_level(one, level) for one, level in record["levels"].items()),
        severity=_severity(model),
        kept=None if memory is None else dict(memory.kept),
    )


def _edge(model: FittedModel, errors: Errors, place: int) -> SourceEdge:
    parameters, record = model.parameters, model.diagnostics["edges"][place]
    error = errors.edges[place]
    assert error is not None  # only an assumed edge has none
    curve = len(error.knots) - DEGREE - 1
    pooled = len(model.segments)
    levels = sum(
        float(parameters.loading[place, at]) * process.mean for at, process in enumerate(model.processes)
    )
    macro = _macro_variance(model, place)
    origin = parameters.states[parameters.origin[place]]
    return SourceEdge(
        origin=origin,
        target=parameters.states[parameters.target[place]],
        curve=_floats(parameters.age[place][np.minimum(GRID, parameters.age.shape[1] - 1)]
                      + parameters.segment[place, pooled] - against(memory_of(model.provenance), origin)),
        knots=_floats(error.knots),
        covariance=tuple(_floats(row) for row in error.covariance[:curve, :curve]),
        information=tuple(
            _floats(row) for row in _information(model, error.knots, error.covariance[:curve, :curve])
        ),
        today=_floats(error.today[:curve]),
        level=levels,
        variance=float(variance_today(model)[place]),
        macro=_floats(parameters.macro[place]),
        macro_variance=_floats(macro),
        loading=float(parameters.loading[place].sum()),
        loading_variance=float(error.covariance[-2, -2]),
        vintages={year: float(one["value"]) for year, one in record.get("vintages", {}).items()},
    )  # fmt: skip


def _information(model: FittedModel, knots: Floats, covariance: Floats) -> Floats:
    """Return what counts tell of an age curve's coefficients: the posterior's precision less the prior's.

    The prior of a fit that started from a belief is about that belief and stays in.
    """
    made: Floats = np.linalg.inv(covariance).astype(np.float64)
    settings = model.provenance.get("settings", {})
    if settings.get("prior") is None and not settings.get("sources"):
        made = made - smooth_precision(knots, float(settings["age_bend"]), float(settings["age_slope"]))
    values, vectors = np.linalg.eigh((made + made.T) / 2.0)
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)


def _macro_variance(model: FittedModel, place: int) -> Floats:
    R, F = len(model.parameters.origin), len(model.parameters.factors)
    at = R + place * F + np.arange(F)
    return np.asarray(np.diag(model.covariance)[at])


def _level(name: str, record: Mapping[str, Any]) -> SourceLevel:
    mean = np.array(record["smoothed"], dtype=float)
    spread = (np.array(record["high"], dtype=float) - mean) / Z90
    macro = list(record["macro"].values())
    return SourceLevel(
        name=name,
        first=months.parse_label(record["month"][0]),
        mean=_floats(mean),
        variance=_floats(spread**2),
        half_life=float(record["half_life_months"]),
        deviation=float(record["long_run_deviation"]),
        noise=float(record["noise"]),
        macro=tuple(float(one["value"]) for one in macro),
        macro_variance=tuple(float(one["standard_error"]) ** 2 for one in macro),
    )


def _severity(model: FittedModel) -> SourceSeverity:
    record, reaction = model.diagnostics["severity"], model.severity

    def share(name: str) -> tuple[float, float] | None:
        one = record[name]
        if not record["defaults"] or not one.get("observed", True):
            return None
        return float(one["value"]), float(one["standard_error"]) ** 2

    learnt = reaction is not None and reaction.years > 0
    return SourceSeverity(
        charged_off=share("charged_off"),
        recovered=share("recovered"),
        charge_off_lag=_floats(model.lgd.charge_off_lag),
        recovery_lag=_floats(model.lgd.recovery_lag),
        reaction=(reaction.reaction, reaction.deviation**2) if reaction is not None and learnt else None,
        spread=reaction.spread if reaction is not None and learnt else 0.0,
    )


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(one) for one in values)
