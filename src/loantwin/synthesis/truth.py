"""The truth a synthetic book is simulated from, as JSON beside it: what a fit should find again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.book.schema import PRODUCTS
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.rows import TransitionParameters, check_transitions, transition_rows
from loantwin.errors import InputError, expected
from loantwin.macro.covariates import Covariate
from loantwin.types import plain

STATES = ("current", "dpd_1_29", "dpd_30_59", "dpd_60_89", "default", "prepaid")
LIVE = 4
DEFAULT, PREPAID = 4, 5


@dataclass(frozen=True)
class ProductTruth:
    """How loans of one product are made and what becomes of them after a default.

    share : decimal of all loans. amount_median, amount_spread : lognormal amount, currency and standard
        deviation of its log.
    terms, term_weights : months and their relative frequency. annual_rate : mean rate of grade C, decimal a
        year.
    floating_share : decimal of the loans that float over `rate_index` by `floating_spread` plus the grade's
        margin.
    loan_to_value : amount / market value of the collateral; 0 = unsecured. haircut : decimal off the market
        value.
    guaranteed : decimal of the loans that carry a guarantee of 50 to 80 % of each loss.
    balloon : lowest and highest part of the amount due at maturity. utilisation : mean drawn part of a limit.
    minimum_payment : part of the balance of a revolving line due each month, decimal.
    conversion : part of what is undrawn that is drawn in the month a payment is first missed.
    partial_probability : monthly probability that a current loan prepays a part; partial_share : mean part,
        decimal of principal.
    cure : probability that a default is cured. charged_off : mean part of the principal charged off of
        defaults not
        cured (the rest is collected first). recovered : mean part of the charged-off amount that is
            recovered.
    """

    share: float
    amount_median: float
    amount_spread: float
    terms: tuple[int, ...]
    term_weights: tuple[float, ...]
    annual_rate: float
    floating_share: float
    rate_index: str
    floating_spread: float
    loan_to_value: float
    haircut: float
    guaranteed: float
    balloon: tuple[float, float]
    utilisation: float
    minimum_payment: float
    conversion: float
    partial_probability: float
    partial_share: float
    cure: float
    charged_off: float
    recovered: float


@dataclass(frozen=True)
class GradeTruth:
    """One origination grade: decimal of all loans, margin over the product's rate, mean credit score."""

    name: str
    share: float
    margin: float
    score: float


@dataclass(frozen=True)
class Truth:
    """Everything a synthetic history is drawn from.

    transitions : rows by product x grade ("instalment|A") and age in months; factors are the `covariates`.
    covariates : how each factor is made from the economy, in the order of `transitions.factors`.
    persistence, innovation : (L,) the latent period effects follow x[t] = persistence x[t-1] + innovation
        e[t].
    charge_off_lag : (W,) probability of resolution (cure or charge-off) w months after the month of default.
    recovery_lag : (W,) probability of the recovery w months after the charge-off.

    Raises
    ------
    InputError : lags that do not sum to 1 or resolve at once, an unknown product, covariates or segments that
        do not fit the transitions.
    """

    products: Mapping[str, ProductTruth]
    grades: tuple[GradeTruth, ...]
    transitions: TransitionParameters
    covariates: tuple[Covariate, ...]
    persistence: tuple[float, ...]
    innovation: tuple[float, ...]
    charge_off_lag: tuple[float, ...]
    recovery_lag: tuple[float, ...]

    def __post_init__(self) -> None:
        check_transitions(self.transitions)
        for name, lags in (("charge_off_lag", self.charge_off_lag), ("recovery_lag", self.recovery_lag)):
            if abs(sum(lags) - 1.0) > 1e-9 or min(lags) < 0:
                raise InputError(expected("probabilities that sum to 1", list(lags)), field=name)
        if self.charge_off_lag[0] != 0:
            raise InputError(
                expected("no resolution in the month of default itself", self.charge_off_lag[0]),
                field="charge_off_lag",
            )
        unknown = set(self.products) - set(PRODUCTS)
        if unknown:
            raise InputError(
                expected("products " + ", ".join(PRODUCTS), ", ".join(sorted(unknown))), field="products"
            )
        if len(self.covariates) != len(self.transitions.factors):
            raise InputError(
                expected(f"{len(self.transitions.factors)} covariates", len(self.covariates)),
                field="covariates",
            )
        if self.transitions.segments != segment_names(self.products, self.grades):
            raise InputError(
                expected("a segment for each product and grade, product first", "others"), field="segments"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python data ready for JSON."""
        document = plain(self)
        return {"schema": "loantwin.truth/1", **document}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Truth:
        """Return the truth that `to_dict` wrote. Unknown or missing keys are errors.

        Raises
        ------
        InputError : another schema, an unknown or missing key.
        """
        if document.get("schema") != "loantwin.truth/1":
            raise InputError(expected("schema loantwin.truth/1", document.get("schema")), field="schema")
        body = {key: value for key, value in document.items() if key != "schema"}
        return cls(
            **_checked_keys(cls, body)
            | {
                "products": {name: _made(ProductTruth, entry) for name, entry in body["products"].items()},
                "grades": tuple(_made(GradeTruth, entry) for entry in body["grades"]),
                "covariates": tuple(_made(Covariate, entry) for entry in body["covariates"]),
                "transitions": _transitions(body["transitions"]),
                **{
                    name: tuple(body[name])
                    for name in ("persistence", "innovation", "charge_off_lag", "recovery_lag")
                },
            }
        )

    def loss_given_default(self) -> LossGivenDefault:
        """Return what follows a default in the engine's form: by segment, equal ages, lags from default."""
        kept = [1 - self.products[name.split("|")[0]].cure for name in self.transitions.segments]
        product = [self.products[name.split("|")[0]] for name in self.transitions.segments]
        charged = np.array([keep * item.charged_off for keep, item in zip(kept, product, strict=True)])
        recovered = np.array([part * item.recovered for part, item in zip(charged, product, strict=True)])
        ages = self.transitions.age.shape[1]
        after = np.convolve(self.charge_off_lag, self.recovery_lag)
        return LossGivenDefault(
            charged_off=np.repeat(charged[:, None], ages, axis=1),
            recovered=np.repeat(recovered[:, None], ages, axis=1),
            charge_off_lag=np.concatenate(
                [self.charge_off_lag, np.zeros(len(after) - len(self.charge_off_lag))]
            ),
            recovery_lag=after,
        )

    def annual_default_rate(self) -> Floats:
        """Return 12-month default probabilities at origination by segment, (G,), macro and latent zero."""
        factors, latents = len(self.transitions.factors), len(self.transitions.latents)
        rows = transition_rows(self.transitions, np.zeros((1, factors)), np.zeros((1, latents)))[0]
        state = np.zeros((rows.shape[0], LIVE))
        state[:, 0] = 1.0
        defaulted = np.zeros(rows.shape[0])
        for age in range(1, 13):
            step = np.einsum("gi,gij->gj", state, rows[:, min(age, rows.shape[1] - 1)])
            defaulted += step[:, DEFAULT]
            state = step[:, :LIVE]
        return defaulted


def segment_names(products: Mapping[str, ProductTruth], grades: tuple[GradeTruth, ...]) -> tuple[str, ...]:
    """Return the segment labels, product first: "instalment|A", "instalment|B", ..."""
    return tuple(f"{product}|{grade.name}" for product in products for grade in grades)


def _checked_keys(kind: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {item.name for item in fields(kind)}
    if set(document) != wanted:
        odd = sorted(set(document) ^ wanted)[0]
        raise InputError(expected("the keys " + ", ".join(sorted(wanted)), odd), field=odd)
    return dict(document)


def _made(kind: Any, document: Mapping[str, Any]) -> Any:
    values = _checked_keys(kind, document)
    return kind(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    )


def _transitions(document: Mapping[str, Any]) -> TransitionParameters:
    values = _checked_keys(TransitionParameters, document)
    for name in ("origin", "target"):
        values[name] = np.array(values[name], dtype=np.int64)
    for name in ("age", "segment", "macro", "loading"):
        values[name] = np.array(values[name], dtype=np.float64)
    for name in ("states", "segments", "factors", "latents"):
        values[name] = tuple(values[name])
    return TransitionParameters(**values)
