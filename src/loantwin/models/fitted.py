"""The fitted model: one frozen value that forecasts, provisions, stress tests and agents share, as JSON."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.rows import TransitionParameters, base_segments, check_transitions
from loantwin.errors import ModelError, expected
from loantwin.macro.covariates import Covariate
from loantwin.models.balances import BalanceMoves
from loantwin.models.latent import LatentProcess
from loantwin.models.relevel import Relevel, check_relevel
from loantwin.models.saturation import Saturation
from loantwin.models.scored import ScoreBands
from loantwin.models.severity_reaction import SeverityReaction
from loantwin.models.sizes import SizeBands, size_factors
from loantwin.models.spline import DEGREE
from loantwin.models.uncertainty import EdgeErrors, Errors

BY_SEGMENT = ("charged_off", "recovered")
"""Tables of loss given default with a row for each segment."""

OPTIONAL = ("balances", "relevel", "sizes", "score", "saturation", "prior_covariance")
"""Keys that a model file holds only where they say something."""

FORMAT = 2
"""Version of the model file; newer ones are refused, and older: they lack the coefficients' errors."""


@dataclass(frozen=True)
class FittedModel:
    """What a lender's history taught, as of a date; letters as in TransitionParameters.

    parameters : the transition model (log-odds). Its segments are the book's, then the pooled one, for loans
        whose own was never seen, then "<segment>|size band <k>" where `sizes` counts, then each of these with
        "|vintage <year>" for each vintage that had loans on the book.
    covariates : how each of the F factors is made from a macro path.
    processes : the L period effects, in the order of `parameters.latents`.
    covariance : (D, D) posterior covariance of, in this order, the R levels of the edges on the book of the
        as-of date, the R x F macro effects (edge by edge), and the L latent levels at the as-of month.
    today : (F,) macro covariates of the as-of month.
    errors : joint errors of all coefficients, from which draws for parts of a book are made.
    severity : how loss given default moves with credit conditions, None where nothing was fitted.
    balances : how balances scatter about their contracts, None where nothing tells it, and in models fitted
        before it was kept.
    sizes : the bands of a loan's amount at origination that labels name, None where size does not count.
    score : the bands of a score's log-odds that labels name, None where the fit was told of no score.
    lgd : loss given default by segment and age. arrears_months, conversion_factor : what exposure at default
        means in it.
    assumed : (R,) True where an edge is an assumption and not fitted. absent : states the source cannot
        observe.
    prior_only : names of what rests on the prior: too few events.
    relevel : monthly factors on the odds of every path, None where the model's own level stands.
    saturation : where macro effects bend towards the product's cap, None where they do not (no covariates, or
        a model fitted before it was kept). prior_covariance : (D, D) as `covariance`, of what was believed
        before the data; None in models fitted before it was kept.
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
    errors: Errors | None = None
    severity: SeverityReaction | None = None
    balances: BalanceMoves | None = None
    relevel: Relevel | None = None
    sizes: SizeBands | None = None
    score: ScoreBands | None = None
    saturation: Saturation | None = None
    prior_covariance: Floats | None = None

    @property
    def segments(self) -> tuple[str, ...]:
        """Return the book's segments, without the pooled one, sizes and vintages."""
        labels = self.parameters.segments
        return labels[: int(base_segments(labels).max())]

    @property
    def edges(self) -> tuple[str, ...]:
        """Return the edges' names, "current -> default"."""
        states = self.parameters.states
        pairs = zip(self.parameters.origin, self.parameters.target, strict=True)
        return tuple(f"{states[start]} -> {states[end]}" for start, end in pairs)

    @property
    def default_name(self) -> str:
        """Return the state that counts as default: `default`, or `charged_off` where nothing shows before."""
        return self.parameters.states[self.parameters.default_state]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data ready for JSON; `from_dict` gives an equal model back.

        Raises
        ------
        ModelError : NaN or infinity in the model.
        """
        document: dict[str, Any] = {"schema": f"loantwin.model/{FORMAT}", "as_of": self.as_of.isoformat()}
        for item in fields(self):
            if item.name != "as_of" and not (item.name in OPTIONAL and getattr(self, item.name) is None):
                document[item.name] = _plain(getattr(self, item.name))
        # a vintage's loss given default is its segment's, a band of size's is a factor of it
        known = int(base_segments(self.parameters.segments).max()) + 1
        document["lgd"] = {
            name: value[:known] if name in BY_SEGMENT else value for name, value in document["lgd"].items()
        }
        return document

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> FittedModel:
        """Return the model a document states; a newer format or broken content raises ModelError."""
        document = dict(document)
        schema = str(document.pop("schema", ""))
        name, _, version = schema.rpartition("/")
        if name != "loantwin.model" or not version.isdigit():
            raise ModelError(
                expected(f"a document of schema loantwin.model/{FORMAT}", schema or "none"), field="schema"
            )
        if int(version) != FORMAT:
            again = "" if int(version) > FORMAT else ": fit again"
            raise ModelError(expected(f"a model file of format {FORMAT}", version) + again, field="schema")
        document.setdefault("balances", None)
        names = {item.name for item in fields(cls)}
        strange = sorted((set(document) ^ names) - {name for name in OPTIONAL if name not in document})
        if strange:
            raise ModelError(
                expected("the keys of a model file", f"{strange[0]} missing or unknown"), field=strange[0]
            )
        parameters = _parameters(document["parameters"])
        sizes = None if document.get("sizes") is None else SizeBands.from_dict(document["sizes"])
        model = cls(
            as_of=dt.date.fromisoformat(document["as_of"]),
            parameters=parameters,
            covariates=tuple(Covariate(**item) for item in document["covariates"]),
            processes=tuple(
                LatentProcess(**{**item, "points": tuple(tuple(point) for point in item["points"])})
                for item in document["processes"]
            ),
            covariance=np.array(document["covariance"], dtype=float),
            today=np.array(document["today"], dtype=float),
            lgd=by_label(_lgd(document["lgd"]), parameters.segments, sizes),
            arrears_months=int(document["arrears_months"]),
            conversion_factor=float(document["conversion_factor"]),
            assumed=tuple(document["assumed"]),
            absent=tuple(document["absent"]),
            prior_only=tuple(document["prior_only"]),
            diagnostics=document["diagnostics"],
            provenance=document["provenance"],
            errors=_errors(document["errors"]),
            severity=None if document["severity"] is None else SeverityReaction(**document["severity"]),
            balances=_balances(document.get("balances")),
            relevel=_relevel(document.get("relevel")),
            sizes=sizes,
            score=None if document.get("score") is None else ScoreBands.from_dict(document["score"]),
            saturation=_saturation(document.get("saturation")),
            prior_covariance=_matrix(document.get("prior_covariance")),
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
    if (
        not np.isfinite(model.covariance).all()
        or np.abs(model.covariance - model.covariance.T).max(initial=0.0) > 1e-9
    ):
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
        if not (
            0.0 <= process.phi < 1.0
            and process.sigma >= 0.0
            and process.noise >= 0.0
            and process.variance >= 0.0
        ):
            raise ModelError(expected("phi in [0, 1) and sizes of at least 0", process), field="processes")
    if model.relevel is not None:
        check_relevel(model.relevel)
    if model.saturation is not None and len(model.saturation.knee) != R:
        raise ModelError(expected(f"{R} knees", len(model.saturation.knee)), field="saturation")
    if model.prior_covariance is not None and model.prior_covariance.shape != (size, size):
        raise ModelError(
            expected(f"({size}, {size})", model.prior_covariance.shape), field="prior_covariance"
        )
    if model.errors is not None:
        _check_errors(model.errors, parameters)
    lgd, shape = model.lgd, (len(parameters.segments), parameters.age.shape[1])
    for name in ("charged_off", "recovered"):
        values = getattr(lgd, name)
        if values.shape != shape or not np.isfinite(values).all() or (values < 0).any():
            raise ModelError(expected(f"{shape} shares of at least 0", values.shape), field=f"lgd.{name}")
    for name in ("charge_off_lag", "recovery_lag"):
        if abs(float(getattr(lgd, name).sum()) - 1.0) > 1e-9 or (getattr(lgd, name) < 0).any():
            raise ModelError(
                expected("probabilities that sum to 1", getattr(lgd, name).sum()), field=f"lgd.{name}"
            )


def by_label(lgd: LossGivenDefault, labels: Sequence[str], sizes: SizeBands | None) -> LossGivenDefault:
    """Return loss given default by label, from that by segment: vintages read their segment and size."""
    base = base_segments(labels)
    charged = size_factors(lgd.charged_off[base], sizes, "charged_off", labels)
    recovered = size_factors(lgd.recovered[base], sizes, "recovered", labels)
    # no more comes back than was charged off
    recovered = recovered if sizes is None else np.minimum(recovered, charged * (1.0 - 1e-12))
    return replace(lgd, charged_off=charged, recovered=recovered)


def _lgd(document: Mapping[str, Any]) -> LossGivenDefault:
    made = {key: None if value is None else np.array(value, dtype=float) for key, value in document.items()}
    return LossGivenDefault(**made)  # type: ignore[arg-type]  # only optional fields may be None, checked by the class's users


def _balances(document: Mapping[str, Any] | None) -> BalanceMoves | None:
    return None if document is None else BalanceMoves.from_dict(document)


def _relevel(document: Mapping[str, Any] | None) -> Relevel | None:
    if document is None:
        return None
    return Relevel(
        horizons=tuple(int(month) for month in document["horizons"]),
        entry=tuple(float(factor) for factor in document["entry"]),
        prepayment=tuple(float(factor) for factor in document["prepayment"]),
        weight=float(document["weight"]),
        members=tuple(str(name) for name in document["members"]),
    )


def _saturation(document: Mapping[str, Any] | None) -> Saturation | None:
    if document is None:
        return None
    return Saturation(**{**document, "knee": tuple(document["knee"]), "ceiling": tuple(document["ceiling"])})


def _matrix(document: Sequence[Sequence[float]] | None) -> Floats | None:
    return None if document is None else np.array(document, dtype=float)


def _errors(document: Mapping[str, Any] | None) -> Errors | None:
    if document is None:
        return None
    return Errors(
        segment=np.array(document["segment"], dtype=float),
        edges=tuple(
            None
            if edge is None
            else EdgeErrors(**{name: np.array(value, dtype=float) for name, value in edge.items()})
            for edge in document["edges"]
        ),
        shared=tuple(None if one is None else np.array(one, dtype=float) for one in document["shared"]),
    )


def _check_errors(errors: Errors, parameters: TransitionParameters) -> None:
    """Raise ModelError where errors of estimation do not fit the model."""
    R, G, F, L = (
        len(parameters.origin),
        len(parameters.segments),
        len(parameters.factors),
        len(parameters.latents),
    )
    if (
        errors.segment.ndim != 2
        or len(errors.segment) != G
        or len(errors.edges) != R
        or len(errors.shared) != L
    ):
        was = f"{len(errors.segment)}, {len(errors.edges)}, {len(errors.shared)}"
        raise ModelError(expected(f"errors of {G} segments, {R} edges and {L} levels", was), field="errors")
    wanted = [one for one in errors.shared if one is not None]
    if any(one.shape != (F + 2, F + 2) for one in wanted):
        raise ModelError(
            expected(f"({F + 2}, {F + 2})", [one.shape for one in wanted]), field="errors.shared"
        )
    for edge in errors.edges:
        if edge is None:
            continue
        size = len(edge.today) + F + 2
        if (
            edge.covariance.shape != (size, size)
            or len(edge.today) != len(edge.knots) - DEGREE - 1 + errors.segment.shape[1]
        ):
            raise ModelError(
                expected(f"a covariance of shape ({size}, {size})", edge.covariance.shape),
                field="errors.covariance",
            )
        if not np.isfinite(edge.covariance).all():
            raise ModelError(expected("a finite covariance", "another"), field="errors.covariance")


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
