"""What a model learns from a synthetic history is its truth, within what so many loans can tell."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.engine.rows import TransitionParameters
from loantwin.models.fitted import FittedModel
from loantwin.models.model import fit_model
from loantwin.synthesis.generate import SyntheticBook, generate

pytestmark = pytest.mark.slow

AGES = [3, 6, 12, 24, 36, 48]


@pytest.fixture(scope="module")
def history() -> SyntheticBook:
    return generate(60_000, 60, seed=7)


@pytest.fixture(scope="module")
def fitted(history: SyntheticBook) -> FittedModel:
    return fit_model(history.loans, history.panel, history.mapping, history.as_of, history.macro)


def _edges(parameters: TransitionParameters) -> dict[tuple[str, str], int]:
    pairs = zip(parameters.origin, parameters.target, strict=True)
    return {
        (parameters.states[start], parameters.states[end]): edge for edge, (start, end) in enumerate(pairs)
    }


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean()


def test_the_edges_are_found(history: SyntheticBook, fitted: FittedModel) -> None:
    assert set(_edges(fitted.parameters)) == set(_edges(history.truth.transitions))


@pytest.mark.parametrize("target", ["dpd_1_29", "prepaid"])
def test_product_grade_and_age_effects_are_found(
    history: SyntheticBook, fitted: FittedModel, target: str
) -> None:
    found, truth = fitted.parameters, history.truth.transitions
    mine, theirs = _edges(found)["current", target], _edges(truth)["current", target]
    order = [found.segments.index(name) for name in truth.segments]
    error = _centred(found.segment[mine][order]) - _centred(truth.segment[theirs])
    assert np.sqrt((error**2).mean()) < 0.10
    assert np.abs(_centred(found.age[mine][AGES]) - _centred(truth.age[theirs][AGES])).max() < 0.15


def test_loss_given_default_is_found_for_every_product(history: SyntheticBook, fitted: FittedModel) -> None:
    assert fitted.lgd is not None
    truth = history.truth.loss_given_default()
    segments = list(history.truth.transitions.segments)
    for product in history.truth.products:
        here = [segment for segment in segments if segment.startswith(product + "|")]
        charged = np.mean(
            [fitted.lgd.charged_off[fitted.parameters.segments.index(name), 24] for name in here]
        )
        assert charged == pytest.approx(truth.charged_off[segments.index(here[0]), 24], abs=0.10), product
    width = len(history.truth.charge_off_lag)
    assert np.abs(fitted.lgd.charge_off_lag[:width] - np.array(history.truth.charge_off_lag)).max() < 0.03
