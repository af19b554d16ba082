"""Errors of estimation by part of a book: means kept, parts share what they share, each has its own error,
hand-worked cases.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from loantwin.book.as_of import book_at, known_at
from loantwin.engine.columns import LoanColumns, take
from loantwin.errors import ModelError
from loantwin.models.book_columns import exposure_of, loan_columns
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import draw_shocks, mean_shocks
from loantwin.models.latent import LatentProcess, point_moments, simulate_level
from loantwin.models.model import fit_model
from loantwin.models.settings import FitSettings
from loantwin.models.uncertainty import compressed, quadratic, root
from loantwin.synthesis.generate import generate

from .conftest import AS_OF, Outcomes


@pytest.fixture(scope="module")
def model(outcomes: Outcomes) -> FittedModel:
    return fit_model(known_at(outcomes.loans, AS_OF), None, outcomes.mapping, AS_OF, outcomes.history)


@pytest.fixture(scope="module")
def columns(outcomes: Outcomes, model: FittedModel) -> LoanColumns:
    return loan_columns(book_at(outcomes.loans, None, outcomes.mapping, AS_OF), model, outcomes.mapping)


@pytest.fixture(scope="module")
def panel_model() -> FittedModel:
    book = generate(4_000, 36, seed=3)
    return fit_model(book.loans, book.panel, book.mapping, book.as_of, book.macro)


def young(columns: LoanColumns) -> np.ndarray:
    return columns.age < 15


def test_a_part_of_the_book_has_the_mean_of_the_whole(model: FittedModel, columns: LoanColumns) -> None:
    x = np.random.default_rng(0).normal(size=(18, len(model.covariates)))
    want = mean_shocks(model, x)
    for mask in (young(columns), ~young(columns)):
        drawn = draw_shocks(model, x, 5, paths=60_000, exposure=exposure_of(model, take(columns, mask), 18))
        np.testing.assert_allclose(drawn.mean(axis=0), want, rtol=0.03)


def test_loadings_and_common_errors_keep_the_mean_too(panel_model: FittedModel) -> None:
    x = np.random.default_rng(0).normal(size=(6, len(panel_model.covariates)))
    drawn = draw_shocks(panel_model, x, 5, paths=60_000)
    assert panel_model.errors is not None
    loading = panel_model.errors.edges[0]
    assert loading is not None
    assert loading.covariance[-2, -2] > 0, "the loading has an error"
    np.testing.assert_allclose(drawn.mean(axis=0), mean_shocks(panel_model, x), rtol=0.05)


def test_parts_share_level_and_macro_but_not_all(model: FittedModel, columns: LoanColumns) -> None:
    x = np.zeros((12, len(model.covariates)))
    parts = [
        np.log(
            draw_shocks(model, x, 5, paths=4_000, exposure=exposure_of(model, take(columns, mask), 12))[
                :, 0, 0
            ]
        )
        for mask in (young(columns), ~young(columns))
    ]
    assert 0.5 < np.corrcoef(parts)[0, 1] < 0.999
    same = draw_shocks(model, x, 5, paths=50, exposure=exposure_of(model, columns, 12))
    np.testing.assert_array_equal(
        same, draw_shocks(model, x, 5, paths=50, exposure=exposure_of(model, columns, 12))
    )


def test_a_thin_part_is_less_certain_than_the_whole(model: FittedModel, columns: LoanColumns) -> None:
    x = np.zeros((1, len(model.covariates)))
    still = dataclasses.replace(
        model, processes=tuple(dataclasses.replace(one, sigma=0.0, points=()) for one in model.processes)
    )

    def spread(mask: np.ndarray) -> float:
        exposure = exposure_of(still, take(columns, mask), 1)
        return float(
            np.log(draw_shocks(still, x, 5, paths=20_000, latent=False, exposure=exposure)[:, 0, 0]).std()
        )

    oldest = columns.age == columns.age.max()
    assert spread(oldest) > 1.03 * spread(np.ones(len(columns.age), dtype=bool))


def test_the_direction_of_one_loan_is_its_own_columns(model: FittedModel, columns: LoanColumns) -> None:
    assert model.errors is not None
    one = take(columns, slice(7, 8))
    direction = exposure_of(model, one, 5)[0]
    error = model.errors.edges[0]
    assert direction is not None
    assert error is not None
    size = len(error.knots) - 4
    np.testing.assert_allclose(direction[:, :size].sum(axis=1), 1.0)  # B-splines sum to 1
    np.testing.assert_array_equal(direction[:, size:], np.tile(model.errors.segment[one.segment[0]], (5, 1)))
    assert exposure_of(model, one, 5)[1] is None, "payoff is assumed and has no error"


def test_months_after_the_last_contract_read_the_last_one(model: FittedModel, columns: LoanColumns) -> None:
    short = dataclasses.replace(take(columns, slice(0, 3)), remaining_months=np.array([2, 1, 2]))
    direction = exposure_of(model, short, 6)[0]
    assert direction is not None
    assert np.isfinite(direction).all()


def test_blocks_of_paths_are_independent_and_masks_are_not(model: FittedModel) -> None:
    x = np.zeros((3, len(model.covariates)))
    first, second = (draw_shocks(model, x, 9, paths=2_000, first=start)[:, 0, 0] for start in (0, 2_000))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.08


def test_size_of_innovations_is_uncertain_and_fattens_the_tails() -> None:
    process = LatentProcess("credit", 0.97, 0.1, 0.0, 0.0, 0.0, 60)
    spread = dataclasses.replace(process, points=((0.5, 0.97, 0.05), (0.5, 0.97, 0.15)))
    paths, point = simulate_level(spread, np.zeros(100_000), 12, np.random.default_rng(1))
    fade, fresh = point_moments(spread, 12)
    np.testing.assert_allclose(fresh[:, 0], [0.05**2, 0.15**2])
    assert fade[0, 1] == pytest.approx(0.97**2)
    for one in (0, 1):
        np.testing.assert_allclose(paths[point == one].var(axis=0), fresh[one], rtol=0.05)
    last = paths[:, -1] / paths[:, -1].std()
    assert (last**4).mean() > 3.5, "a mixture of sizes has fatter tails than a Gaussian (3)"


def test_the_grid_of_processes_is_a_distribution_about_the_best(model: FittedModel) -> None:
    points = np.array(model.processes[0].points)
    assert points[:, 0].sum() == pytest.approx(1.0)
    assert points[:, 2].min() < model.processes[0].sigma < points[:, 2].max()
    assert ((points[:, 1] > 0) & (points[:, 1] < 1)).all()


def test_quadratic_forms_by_hand() -> None:
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    assert quadratic(covariance, np.array([1.0, 2.0])) == pytest.approx(2.0 + 2.0 + 4.0)
    np.testing.assert_allclose(root(covariance) @ root(covariance).T, covariance)
    by_month = quadratic(np.stack([covariance, 2 * covariance]), np.array([[[1.0, 0.0], [0.0, 1.0]]]))
    np.testing.assert_allclose(by_month, [[2.0, 2.0]])


def test_compressed_errors_are_the_full_ones(model: FittedModel) -> None:
    assert model.errors is not None
    error = model.errors.edges[0]
    assert error is not None
    F = len(model.covariates)
    h = np.concatenate([error.today, [0.3, -0.2, 0.1, 0.05][:F], [0.0, 0.7]])
    short = compressed(error, error.today[None])[0]
    assert quadratic(short, np.concatenate([[1.0], h[len(error.today) :]])) == pytest.approx(
        h @ error.covariance @ h
    )


def test_vintages_are_told_apart_and_unseen_ones_read_their_segment(
    outcomes: Outcomes, model: FittedModel
) -> None:
    labels = model.parameters.segments
    assert labels[: len(model.segments)] == model.segments
    assert any(label.endswith("|vintage 2013") for label in labels)
    plain = fit_model(
        known_at(outcomes.loans, AS_OF),
        None,
        outcomes.mapping,
        AS_OF,
        outcomes.history,
        settings=FitSettings(vintage_frailty=0.0),
    )
    assert plain.parameters.segments == (*model.segments, "(pooled)")
    held = book_at(outcomes.loans, None, outcomes.mapping, AS_OF)
    codes = loan_columns(held, model, outcomes.mapping).segment
    made = np.array([label.rpartition("|vintage ")[2] for label in labels])[codes].astype(int)
    assert (made == held.loans["origination_date"].dt.year().to_numpy()).all()
    assert (loan_columns(held, plain, outcomes.mapping).segment < len(model.segments)).all()


def test_a_model_without_errors_draws_nothing(model: FittedModel) -> None:
    x = np.zeros((3, len(model.covariates)))
    with pytest.raises(ModelError, match="errors of estimation"):
        draw_shocks(dataclasses.replace(model, errors=None), x, 1, paths=2)


def test_the_square_root_is_a_function_of_the_covariance_alone() -> None:
    """Whatever order a processor's linear algebra takes, and whatever signs it gives its vectors."""
    random = np.random.default_rng(4)
    loadings = random.normal(size=(9, 5)) * 10.0 ** random.integers(-3, 3, size=(9, 1))
    covariance = loadings @ loadings.T  # of rank 5
    covariance[8], covariance[:, 8] = 0.0, 0.0  # assumed: no error
    made = root(covariance)
    np.testing.assert_allclose(made @ made.T, covariance, rtol=1e-9, atol=1e-12 * covariance.max())
    order = random.permutation(9)
    again = root(np.ascontiguousarray(covariance[np.ix_(order, order)]))
    scale = np.sqrt(np.diag(covariance))[order, None] + 1e-300
    np.testing.assert_allclose(again / scale, made[np.ix_(order, order)] / scale, atol=1e-9)
    # equal eigenvalues, whose vectors may be any turn of the plane they span
    np.testing.assert_allclose(root(np.eye(4) * 9.0), np.eye(4) * 3.0, atol=1e-14)
