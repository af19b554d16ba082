"""The fitted model: one frozen value that forecasts, provisions, stress tests and agents share, stored as readable JSON."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.rows import TransitionParameters, check_transitions
from loantwin.errors import ModelError, expected
from loantwin.macro.covariates import Covariate
from loantwin.models.latent import LatentProcess

Floats = NDArray[np.float64]

FORMAT = 1
"""Version of the model file. A newer one is refused."""


@dataclass(frozen=True)
class FittedModel:
    """What a lender's history taught, as of a date; letters as in TransitionParameters.

    parameters : the transition model (log-odds). The last segment is the pooled one, for loans whose own was never seen.
    covariates : how each of the F factors is made from a macro path.
    processes : the L period effects, in the order of `parameters.latents`.
    covariance : (D, D) posterior covariance of, in this order, the R levels of the edges on the book of the as-of date,
        the R x F macro effects (edge by edge), and the L latent levels at the as-of month.
    today : (F,) macro covariates of the as-of month.
    lgd : loss given default by segment and age. arrears_months, conversion_factor : what exposure at default means in it.
    assumed : (R,) True where an edge is an assumption and not fitted. absent : states the source cannot observe.
    prior_only : names of what rests on the prior: too few events.
    diagnostics : plain data, see `diagnostics`. provenance : data hash, settings, seeds and versions.
    """

    as_of: dt.date
    parameters: TransitionParameters
    covariates: tuple[Covariate, ...]
    processes: tuple[LatentProcess, ...]
    covariance: Floats
    today: Floats
    lgd: LossGivenDefault
    arrears_months: int
    conversion_factor: float
    assumed: tuple[bool, ...]
    absent: tuple[str, ...]
    prior_only: tuple[str, ...]
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def edges(self) -> tuple[str, ...]:
        """Return the edges' names, "current -> default"."""
        states = self.parameters.states
        pairs = zip(self.parameters.origin, self.parameters.target, strict=True)
        return tuple(f"{states[start]} -> {states[end]}" for start, end in pairs)

    @property
    def default_name(self) -> str:
        """Return the state that counts as default: `default`, or `charged_off` where the source shows nothing before."""
        return self.parameters.states[self.parameters.default_state]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data ready for JSON; `from_dict` gives an equal model back."""
        document: dict[str, Any] = {"schema": f"loantwin.model/{FORMAT}", "as_of": self.as_of.isoformat()}
        for item in fields(self):
            if item.name != "as_of":
                document[item.name] = _plain(getattr(self, item.name))
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> FittedModel:
        """Return the model a document states. A newer format, an unknown key or broken numbers raise ModelError."""
        document = dict(document)
        schema = str(document.pop("schema", ""))
        name, _, version = schema.rpartition("/")
        if name != "loantwin.model" or not version.isdigit():
            raise ModelError(expected(f"a document of schema loantwin.model/{FORMAT}", schema or "none"), field="schema")
        if int(version) > FORMAT:
            raise ModelError(expected(f"a model file of format {FORMAT} or older", version), field="schema")
        names = {item.name for item in fields(cls)}
        if set(document) != names:
            strange = sorted(set(document) ^ names)
            raise ModelError(expected("the keys of a model file", f"{strange[0]} missing or unknown"), field=strange[0])
        parameters = _parameters(document["parameters"])
        model = cls(
            as_of=dt.date.fromisoformat(document["as_of"]),
            parameters=parameters,
            covariates=tuple(Covariate(**item) for item in document["covariates"]),
            processes=tuple(LatentProcess(**item) for item in document["processes"]),
            covariance=np.array(document["covariance"], dtype=float),
            today=np.array(document["today"], dtype=float),
            lgd=LossGivenDefault(**{key: np.array(value, dtype=float) for key, value in document["lgd"].items()}),
            arrears_months=int(document["arrears_months"]),
            conversion_factor=float(document["conversion_factor"]),
            assumed=tuple(document["assumed"]),
            absent=tuple(document["absent"]),
            prior_only=tuple(document["prior_only"]),
            diagnostics=document["diagnostics"],
            provenance=document["provenance"],
        )
        check_model(model)
        return model

    def to_json(self) -> str:
        """Return the model file's text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)


def check_model(model: FittedModel) -> None:
    """Raise ModelError where a model contradicts itself: shapes, probabilities, covariance."""
    parameters = model.parameters
    check_transitions(parameters)
    R, F, L = len(parameters.origin), len(parameters.factors), len(parameters.latents)
    size = R + R * F + L
    if model.covariance.shape != (size, size):
        raise ModelError(expected(f"({size}, {size})", model.covariance.shape), field="covariance")
    if not np.isfinite(model.covariance).all() or np.abs(model.covariance - model.covariance.T).max(initial=0.0) > 1e-9:
        raise ModelError(expected("a finite symmetric matrix", "another"), field="covariance")
    if model.today.shape != (F,) or not np.isfinite(model.today).all():
        raise ModelError(expected(f"{F} finite numbers", model.today), field="today")
    if len(model.covariates) != F or len(model.processes) != L or len(model.assumed) != R:
        raise ModelError(
            expected(f"{F} covariates, {L} processes, {R} flags",
                     f"{len(model.covariates)}, {len(model.processes)}, {len(model.assumed)}"),
            field="parameters",
        )  # fmt: skip
    for process in model.processes:
        if not (0.0 <= process.phi < 1.0 and process.sigma >= 0.0 and process.noise >= 0.0 and process.variance >= 0.0):
            raise ModelError(expected("phi in [0, 1) and sizes of at least 0", process), field="processes")
    lgd, shape = model.lgd, (len(parameters.segments), parameters.age.shape[1])
    for name in ("charged_off", "recovered"):
        values = getattr(lgd, name)
        if values.shape != shape or not np.isfinite(values).all() or (values < 0).any():
            raise ModelError(expected(f"{shape} shares of at least 0", values.shape), field=f"lgd.{name}")
    for name in ("charge_off_lag", "recovery_lag"):
        if abs(float(getattr(lgd, name).sum()) - 1.0) > 1e-9 or (getattr(lgd, name) < 0).any():
            raise ModelError(expected("probabilities that sum to 1", getattr(lgd, name).sum()), field=f"lgd.{name}")


def _parameters(document: Mapping[str, Any]) -> TransitionParameters:
    made: dict[str, Any] = {}
    for item in fields(TransitionParameters):
        value = document[item.name]
        if item.name in {"origin", "target"}:
            made[item.name] = np.array(value, dtype=np.int64)
        elif item.name in {"age", "segment", "macro", "loading"}:
            width = {"macro": "factors", "loading": "latents"}.get(item.name)
            rows = np.array(value, dtype=float)
            made[item.name] = rows.reshape(len(document["origin"]), len(document[width])) if width else rows
        else:
            made[item.name] = tuple(value) if isinstance(value, list) else value
    return TransitionParameters(**made)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return _plain(value.item())
    if hasattr(value, "__dataclass_fields__"):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ModelError(expected("finite numbers in a model", value))
    if isinstance(value, dt.date):
        return value.isoformat()
    return value
