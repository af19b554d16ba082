"""A transition model that learns nothing: all is stated, without macro, period effect or errors."""

from __future__ import annotations

import numpy as np

from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.rows import TransitionParameters
from loantwin.models.fitted import FittedModel
from loantwin.models.uncertainty import Errors


def stated(loans, panel, mapping, as_of, history) -> FittedModel:
    """One per cent a month into default and two into prepayment, whatever the history: a model by hand."""
    labels = sorted(
        {f"{product}|{grade}" for product, grade in loans.select("product", "origination_grade").rows()}
    )
    segments = (*labels, "(pooled)")
    flat_odds = np.log(np.array([[0.01], [0.02]]) / 0.97)
    parameters = TransitionParameters(
        states=("current", "default", "prepaid"),
        live=1,
        origin=np.array([0, 0]),
        target=np.array([1, 2]),
        age=flat_odds,
        segment=np.zeros((2, len(segments))),
        macro=np.zeros((2, 0)),
        loading=np.zeros((2, 0)),
        segments=segments,
        factors=(),
        latents=(),
        default_state=1,
        prepaid_state=2,
    )
    share = np.full((len(segments), 1), 0.4)
    return FittedModel(
        as_of=as_of,
        parameters=parameters,
        covariates=(),
        processes=(),
        covariance=np.zeros((2, 2)),
        today=np.zeros(0),
        lgd=LossGivenDefault(share, 0.0 * share, np.ones(1), np.ones(1)),
        arrears_months=3,
        conversion_factor=0.0,
        assumed=(True, True),
        absent=(),
        prior_only=(),
        errors=Errors(np.zeros((len(segments), 0)), (None, None), ()),
    )
