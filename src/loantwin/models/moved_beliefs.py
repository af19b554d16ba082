"""A fitted model under other beliefs of the economy's effect, without reading the tape again.

Coefficients have a Gaussian prior, mean mu and covariance C0, and a posterior of covariance C (Laplace).
Where the prior's mean moves by d, the posterior's moves by C C0^-1 d: in full where the data taught
nothing, little where they taught much. Exact for a Gaussian likelihood, first order otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.rows import worsening_edges
from loantwin.errors import ModelError, choice, expected
from loantwin.models.fitted import FittedModel
from loantwin.models.priors.beliefs import MULTIPLE_CAP, NAMES, UNITS, MacroBeliefs
from loantwin.models.saturation import Saturation


def beliefs_of_model(model: FittedModel) -> MacroBeliefs:
    """Return the beliefs a model was fitted with.

    Raises
    ------
    ModelError : a model fitted before they were kept, or of another kind.
    """
    stored = model.provenance.get("settings", {}).get("beliefs")
    if stored is None or model.prior_covariance is None or model.saturation is None:
        raise ModelError(
            expected("a model that keeps what was believed of the economy", "none")
            + "; fit again with macro "
            "files",
            field="beliefs",
        )
    return MacroBeliefs.from_dict(stored)


def with_beliefs(model: FittedModel, asked: Mapping[str, float]) -> FittedModel:
    """Return the model as it would be under other beliefs.

    Parameters
    ----------
    asked : belief (`priors.beliefs.NAMES`) -> value: change of the log default rate by one point of
        unemployment or 10 % of house prices; of multiple_cap the cap.

    Raises
    ------
    ModelError : as `beliefs_of_model`, or a belief about a covariate that the model does not have.
    UsageError : an unknown belief, a number that is none, a cap of 1 or less.
    """
    before = beliefs_of_model(model)
    after = before.moved(asked)
    assert model.prior_covariance is not None
    assert model.saturation is not None
    parameters = model.parameters
    R, F = parameters.macro.shape
    move = np.zeros(len(model.covariance))
    worse = np.flatnonzero(worsening_edges(parameters))
    for asked_name in asked:
        name = choice(asked_name, NAMES, "beliefs")
        if name == MULTIPLE_CAP:
            continue
        factor, transform, unit = UNITS[name]
        places = [
            place
            for place, one in enumerate(model.covariates)
            if (one.factor, one.transform) == (factor, transform)
        ]
        if not places:
            raise ModelError(
                expected(f"a model with the covariate {factor}.{transform}", "one without"), field="beliefs"
            )
        step = model.covariates[places[0]].scale / unit / model.saturation.reach
        move[R + worse * F + places[0]] = step * (getattr(after, name).value - getattr(before, name).value)
    moved = _posterior_move(model.covariance, model.prior_covariance, move)
    level, macro, latent = moved[:R], moved[R : R + R * F].reshape(R, F), moved[R + R * F :]
    processes = tuple(
        replace(process, mean=process.mean + float(latent[place]))
        for place, process in enumerate(model.processes)
    )
    return replace(
        model,
        parameters=replace(parameters, age=parameters.age + level[:, None], macro=parameters.macro + macro),
        processes=processes,
        saturation=_capped(model.saturation, after.multiple_cap.value),
    )


def _posterior_move(covariance: Floats, prior: Floats, move: Floats) -> Floats:
    """Return C C0^-1 d on the parameters that have a prior; the others stay."""
    known = np.diag(prior) > 0.0
    inner = np.linalg.lstsq(prior[np.ix_(known, known)], move[known], rcond=1e-12)[0]
    made = np.zeros(len(move))
    made[known] = covariance[np.ix_(known, known)] @ inner
    return made


def _capped(bent: Saturation, cap: float) -> Saturation:
    """Return where effects bend under another cap; what history showed keeps its place."""
    if cap == bent.cap:
        return bent
    old, new = (float(np.log(one)) / bent.reach for one in (bent.cap, cap))

    def ends(knee: float | None, ceiling: float | None) -> tuple[float | None, float | None]:
        if knee is None or ceiling is None:
            return None, None
        # history is what lies above half the old cap, at the knee
        highest = knee if knee > 0.5 * old else 0.0
        return max(0.5 * new, highest), max(new, highest)

    pairs = [ends(*pair) for pair in zip(bent.knee, bent.ceiling, strict=True)]
    return replace(
        bent, cap=cap, knee=tuple(knee for knee, _ in pairs), ceiling=tuple(top for _, top in pairs)
    )
