"""Transition models by name: each a function from a lender's history to a fitted model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import polars as pl

from loantwin.book.mapping import TapeFormat
from loantwin.errors import ModelError, expected
from loantwin.macro.scenario import Scenario
from loantwin.models.fitted import FittedModel, check_model
from loantwin.models.model import fit_model
from loantwin.registry import Registry

LOGIT = "logit"
"""The built-in model: a multinomial logit by edge with age, segment, macro and a period effect."""


class TransitionModel(Protocol):
    """Learns a model from what a lender's history shows; arguments as in `model.fit_model`."""

    def __call__(
        self,
        loans: pl.DataFrame,
        panel: pl.DataFrame | None,
        mapping: TapeFormat,
        as_of: dt.date,
        history: Scenario,
        /,
    ) -> FittedModel: ...


TRANSITION_MODELS: Registry[TransitionModel] = Registry(
    "transition model", "loantwin.models", {LOGIT: fit_model}
)
"""Transition models by the name of `fit --model`."""


def learn(
    name: str,
    loans: pl.DataFrame,
    panel: pl.DataFrame | None,
    mapping: TapeFormat,
    as_of: dt.date,
    history: Scenario,
) -> FittedModel:
    """Return what the transition model of a name makes of a history; arguments as in `model.fit_model`.

    The model keeps the name (`model_name`), so that a twin is taught again by the model that taught it first.

    Raises
    ------
    UsageError : an unknown name, or a package that cannot be imported. ModelError : nothing to learn from, or
        a model that contradicts itself.
    """
    learner = TRANSITION_MODELS.named(name, field="model")
    return learnt_by(learner, name, loans, panel, mapping, as_of, history)


def learnt_by(
    learner: TransitionModel,
    name: str,
    loans: pl.DataFrame,
    panel: pl.DataFrame | None,
    mapping: TapeFormat,
    as_of: dt.date,
    history: Scenario,
) -> FittedModel:
    """Return what a transition model makes of a history, under a name; see `learn`.

    Raises
    ------
    ModelError : nothing to learn from, an answer that is no model as of the date, or one that contradicts
        itself.
    """
    made = _checked(learner(loans, panel, mapping, as_of, history), name, as_of)
    if name in TRANSITION_MODELS.built_in:
        return made
    return replace(
        made,
        diagnostics={**stated_record(made), **made.diagnostics},
        provenance={**made.provenance, "model": name},
    )


def model_name(model: FittedModel) -> str:
    """Return the name under which a model was learnt."""
    return str(model.provenance.get("model", LOGIT))


def stated_record(model: FittedModel) -> dict[str, Any]:
    """Return the diagnostic record of a model that does not say how it was learnt: no event was counted."""
    edges: list[Mapping[str, Any]] = [
        {
            "edge": name,
            "assumed": assumed,
            "words": "",
            "events": 0.0,
            "effective_events": 0.0,
            "loan_months": 0.0,
            "macro": {},
        }
        for name, assumed in zip(model.edges, model.assumed, strict=True)
    ]
    return {"sample": {}, "edges": edges, "levels": {}, "severity": {}, "prior_only": [], "notes": []}


def _checked(made: object, name: str, as_of: dt.date) -> FittedModel:
    if not isinstance(made, FittedModel):
        raise ModelError(
            expected(f"a FittedModel from transition model {name}", type(made).__name__), field="model"
        )
    if made.as_of != as_of:
        raise ModelError(expected(f"a model as of {as_of} from {name}", made.as_of), field="as_of")
    if made.errors is None:
        raise ModelError(
            expected(f"errors of estimation from {name} (an edge that has none is None in them)", "none"),
            field="errors",
        )
    check_model(made)
    return made
