"""Saturation: nothing below the knee, never beyond the cap, the same function in every reader."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.book.as_of import known_at
from loantwin.engine.step.economy import StepEconomy, draw_episodes
from loantwin.errors import ModelError
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import draw_shocks, macro_share, mean_shocks
from loantwin.models.model import fit_model
from loantwin.models.priors.table import product_prior
from loantwin.models.saturation import saturated, saturation_of
from loantwin.models.start import prior_settings

from .conftest import AS_OF, Outcomes


@pytest.mark.parametrize("knee", [0.1, 0.7, 2.0])
@pytest.mark.parametrize("room", [0.0, 0.3, 2.0])
def test_it_is_the_identity_up_to_the_knee_and_stays_below_the_ceiling(knee: float, room: float) -> None:
    whole = np.linspace(-5.0, 30.0, 3501)
    found = saturated(whole, np.array(knee), np.array(knee + room))
    below = whole <= knee
    np.testing.assert_array_equal(found[below], whole[below])
    assert (np.diff(found) >= -1e-12).all()
    assert (found <= whole + 1e-12).all()
    assert found.max() <= knee + room + 1e-9


def test_by_hand() -> None:
    """Knee 0.5, ceiling 1.5: 1.5 becomes 0.5 + 1 - e^-1."""
    values = saturated(np.array([0.2, 0.5, 1.5, 99.0]), np.array(0.5), np.array(1.5))
    np.testing.assert_allclose(values, [0.2, 0.5, 1.5 - np.exp(-1.0), 1.5])


def test_a_history_beyond_the_cap_stands_and_is_said() -> None:
    worse, macro = np.array([True, False]), np.array([[1.0], [0.3]])
    calm = saturation_of(4.0, 1.0, worse, macro, np.array([[0.1], [-2.0]]))
    assert calm.knee[0] == pytest.approx(0.5 * np.log(4.0))
    assert calm.ceiling == (pytest.approx(np.log(4.0)), None)
    wild = saturation_of(4.0, 1.0, worse, macro, np.array([[2.0], [-2.0]]))
    assert wild.knee[0] == wild.ceiling[0] == 2.0
    assert wild.shown == pytest.approx(np.exp(2.0))
    with pytest.raises(ModelError, match="above 1"):
        saturation_of(1.0, 1.0, worse, macro, np.zeros((0, 1)))


@pytest.fixture(scope="module")
def model(outcomes: Outcomes) -> FittedModel:
    """Return a model that knows companies' prior alone: unemployment 0.45 a point, cap 8."""
    settings = prior_settings(product_prior("corporate"))
    return fit_model(
        known_at(outcomes.loans.head(3), AS_OF),
        None,
        outcomes.mapping,
        AS_OF,
        outcomes.history,
        settings=settings,
    )


def points(model: FittedModel, size: float) -> np.ndarray:
    """Return a month of `size` points more unemployment than a year before, all else at its long-run mean."""
    made = np.zeros((1, len(model.covariates)))
    for place, one in enumerate(model.covariates):
        if (one.factor, one.transform) == ("unemployment_rate", "change_12m"):
            made[0, place] = size * 0.01 / one.scale
    return made


def test_the_expected_multiple_of_the_long_run_stays_below_the_cap(model: FittedModel) -> None:
    level = mean_shocks(model, points(model, 0.0))[0, 0]
    multiples = [mean_shocks(model, points(model, size))[0, 0] / level for size in (1, 2, 4, 6, 10, 30)]
    assert multiples[0] == pytest.approx(np.exp(0.45 + 0.5 * 0.2**2), rel=0.1)
    assert multiples == sorted(multiples)
    assert multiples[-1] <= 8.0 * 1.02
    assert multiples[-1] > 6.0


def test_what_history_showed_is_not_bent(outcomes: Outcomes) -> None:
    model = fit_model(known_at(outcomes.loans, AS_OF), None, outcomes.mapping, AS_OF, outcomes.history)
    assert macro_share(model, model.today[None]) is None
    far = macro_share(model, 40.0 * points(model, 1.0))
    assert far is not None
    assert far[0, 0] < 0.5
    assert far[0, 1] == 1.0  # payoff is not bent


def test_draws_keep_the_expected_multiplier_beyond_the_knee(model: FittedModel) -> None:
    path = np.repeat(points(model, 6.0), 12, axis=0)
    drawn = draw_shocks(model, path, 3, paths=40_000)[:, :, 0]
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    np.testing.assert_array_less(np.abs(drawn.mean(axis=0) - mean_shocks(model, path)[:, 0]), 4.5 * error)


def test_the_step_reads_the_same_share(model: FittedModel) -> None:
    path = np.repeat(points(model, 6.0), 4, axis=0)[None]
    L = len(model.processes)
    still = StepEconomy(
        path, np.zeros(L), np.zeros(L), np.zeros(L), np.zeros(L), share=macro_share(model, path[:, 1:])
    )
    _, shocks = draw_episodes(still, model.parameters, 3, 1, np.random.default_rng(1))
    share = macro_share(model, path[0, 1:])
    assert share is not None
    assert share[0, 0] < 1.0
    np.testing.assert_allclose(
        np.log(shocks[0, :, 0]), share[:, 0] * (path[0, 1:] @ model.parameters.macro[0])
    )
