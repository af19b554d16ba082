"""The exposure form against the engine: values, derivatives by finite differences, standard errors, planted
shifts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("jax", reason="not installed: jax; make setup-all")

from loantwin.engine.assumptions import RunoffAssumptions, assumptions
from loantwin.engine.columns import LoanColumns
from loantwin.engine.exposed import ExposureGrid, exposure_grid
from loantwin.engine.gradients import Theta, expected_defaults, loss_value
from loantwin.engine.loss import loan_losses
from loantwin.errors import ModelError
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import mean_shocks
from loantwin.models.loss_gradient import calibrate, error_of_loss, model_gradient, model_theta, month_part

from .conftest import AS_OF, Outcomes

MONTHS = 48


@pytest.fixture(scope="module")
def model(outcomes: Outcomes) -> FittedModel:
    from loantwin.models.model import fit_model

    made = fit_model(outcomes.loans, None, outcomes.mapping, AS_OF, outcomes.history)
    # a second level of errors: losses recovered late, so that the worth of recoveries matters
    recovered = 0.3 * made.lgd.charged_off
    return replace(made, lgd=replace(made.lgd, recovered=recovered, recovery_lag=np.full(13, 1.0 / 13.0)))


@pytest.fixture(scope="module")
def columns(model: FittedModel) -> LoanColumns:
    from loantwin.engine.columns import loan_columns

    draw = np.random.Generator(np.random.Philox(key=3))
    count = 600
    rate = draw.uniform(0.02, 0.15, count)
    return loan_columns(
        segment=draw.integers(0, len(model.parameters.segments), count), age=draw.integers(0, 60, count),
        state=0, product=draw.choice([0, 3, 4], count), remaining_months=draw.integers(1, 80, count),
        principal=draw.uniform(1e3, 1e5, count),
        annual_rate=rate, effective_annual_rate=rate + 0.01, floating=draw.random(count) < 0.3,
        rate_spread=0.03, rate_cap=0.09, guaranteed=np.where(draw.random(count) < 0.3, 0.5, 0.0),
        weight=draw.uniform(0.5, 2.0, count),
    )  # fmt: skip


@pytest.fixture(scope="module")
def path(model: FittedModel) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=5)).normal(size=(MONTHS, len(model.parameters.factors)))


ASSUMED = assumptions(0.002, 3, 0.4)


@pytest.fixture(scope="module")
def grid(model: FittedModel, columns: LoanColumns) -> ExposureGrid:
    return exposure_grid(model.parameters, columns, model.lgd, MONTHS, ASSUMED)


def engine_loss(
    model: FittedModel,
    columns: LoanColumns,
    path: np.ndarray,
    assumed: RunoffAssumptions = ASSUMED,
    index: np.ndarray | None = None,
) -> float:
    found = loan_losses(
        model.parameters, columns, model.lgd, mean_shocks(model, path)[None],
        index_paths=None if index is None else index[None], partial_monthly=assumed.partial_monthly,
        arrears_months=assumed.arrears_months, conversion_factor=assumed.conversion_factor,
    )  # fmt: skip
    return float((columns.weight * (1.0 - columns.guaranteed)) @ found.loss[:, 0, 1])


def test_value_is_the_engines(
    model: FittedModel, columns: LoanColumns, grid: ExposureGrid, path: np.ndarray
) -> None:
    theta, part = model_theta(model, path), month_part(model, MONTHS, path)
    assert loss_value(model.parameters, grid, part, theta) == pytest.approx(
        engine_loss(model, columns, path), rel=1e-11
    )
    index = 0.03 + 0.02 * np.sin(np.arange(MONTHS) / 6.0)  # some loans meet their cap
    moving = exposure_grid(model.parameters, columns, model.lgd, MONTHS, ASSUMED, index_path=index)
    assert loss_value(model.parameters, moving, part, theta) == pytest.approx(
        engine_loss(model, columns, path, index=index), rel=1e-11
    )
    gross = exposure_grid(
        model.parameters, replace(columns, guaranteed=0.0 * columns.guaranteed), model.lgd, MONTHS, ASSUMED
    )
    same = exposure_grid(model.parameters, columns, model.lgd, MONTHS, ASSUMED, net=False)
    assert (gross.charged == same.charged).all()


def test_a_loans_own_horizon_is_kept(
    model: FittedModel, columns: LoanColumns, grid: ExposureGrid, path: np.ndarray
) -> None:
    twelve = exposure_grid(
        model.parameters, columns, model.lgd, MONTHS, ASSUMED, horizon=np.full(len(columns.age), 12)
    )
    assert twelve.charged[:12] == pytest.approx(grid.charged[:12])
    assert not twelve.charged[12:].any()


def nudged(model: FittedModel, kind: str, place: tuple[int, ...], step: float) -> FittedModel:
    """Return a model with one parameter moved."""
    own = model.parameters
    if kind == "level":
        shift = np.zeros(len(own.origin))
        shift[place[0]] = step
        return replace(model, parameters=replace(own, age=own.age + shift[:, None]))
    if kind in {"age", "segment", "macro", "loading"}:
        values = getattr(own, kind).copy()
        values[place] += step
        return replace(model, parameters=replace(own, **{kind: values}))
    if kind == "latent":
        processes = list(model.processes)
        processes[place[0]] = replace(processes[place[0]], mean=processes[place[0]].mean + step)
        return replace(model, processes=tuple(processes))
    values = getattr(model.lgd, kind).copy()
    values[place] += step
    return replace(model, lgd=replace(model.lgd, **{kind: values}))


def largest(values: np.ndarray, count: int = 3) -> list[tuple[int, ...]]:
    """Return the places of the largest derivatives, and one of a middling one."""
    order = np.argsort(-np.abs(values).ravel())
    alive = order[: max(1, int((np.abs(values) > 0).sum()))]
    picked = [*alive[:count], alive[len(alive) // 2]]
    return [tuple(int(i) for i in np.unravel_index(one, values.shape)) for one in dict.fromkeys(picked)]


@pytest.mark.parametrize(
    "kind", ["level", "age", "segment", "macro", "loading", "latent", "charged_off", "recovered"]
)
def test_derivatives_are_those_of_finite_differences(
    model: FittedModel, columns: LoanColumns, grid: ExposureGrid, path: np.ndarray, kind: str
) -> None:
    by = model_gradient(model, grid, path).by[kind]
    assert np.abs(by).max() > 0
    for place in largest(by):
        step = 1e-4
        up, down = (engine_loss(nudged(model, kind, place, sign * step), columns, path) for sign in (1, -1))
        assert by[place] == pytest.approx((up - down) / (2 * step), rel=2e-5, abs=1e-4 * np.abs(by).max()), (
            place
        )


def test_derivatives_by_the_macro_path(
    model: FittedModel, columns: LoanColumns, grid: ExposureGrid, path: np.ndarray
) -> None:
    by = model_gradient(model, grid, path).by["path"]
    for place in largest(by):
        moved = np.zeros_like(path)
        moved[place] = 1e-4
        step = (engine_loss(model, columns, path + moved) - engine_loss(model, columns, path - moved)) / 2e-4
        assert by[place] == pytest.approx(step, rel=2e-5)
    # all months together, the way a committee asks
    together = (engine_loss(model, columns, path + 1e-4) - engine_loss(model, columns, path - 1e-4)) / 2e-4
    assert by.sum() == pytest.approx(together, rel=2e-5)


def test_the_standard_error_is_that_of_drawn_coefficients(
    model: FittedModel, columns: LoanColumns, grid: ExposureGrid, path: np.ndarray
) -> None:
    """Losses under coefficients drawn from their covariance, shrunk so that the loss is nearly linear in
    them, spread as said.
    """
    from loantwin.models.spline import basis_values
    from loantwin.models.uncertainty import root

    assert model.errors is not None
    error = model.errors.edges[0]
    assert error is not None
    found = model_gradient(model, grid, path)
    said = error_of_loss(model, found.by)
    assert said.whole == pytest.approx(np.hypot(said.transitions, said.severity))
    shrink, part, base = 0.02, month_part(model, MONTHS, path), model_theta(model, path)
    drawn = (
        np.random.Generator(np.random.Philox(key=8)).standard_normal((400, len(error.covariance)))
        @ root(error.covariance).T
    )
    ages = basis_values(error.knots, model.parameters.age.shape[1])
    K, Q, F = ages.shape[1], model.errors.segment.shape[1], path.shape[1]
    losses = []
    for one in shrink * drawn:
        theta: Theta = {name: values.copy() for name, values in base.items()}
        theta["age"][0] += ages @ one[:K]
        theta["segment"][0] += model.errors.segment @ one[K : K + Q]
        theta["macro"][0] += one[K + Q : K + Q + F]
        theta["latent"][0] += one[-1]
        losses.append(loss_value(model.parameters, grid, part, theta))
    assert np.std(losses) / shrink == pytest.approx(said.transitions, rel=0.12)


@pytest.mark.slow
def test_calibration_recovers_planted_shifts(
    model: FittedModel, grid: ExposureGrid, path: np.ndarray
) -> None:
    part, base = month_part(model, MONTHS, path), model_theta(model, path)
    moved: dict[str, Any] = {name: values.copy() for name, values in base.items()}
    moved["level"][0] += 0.4
    moved["macro"][0] += np.array([0.1, -0.05, 0.0, 0.02])[: path.shape[1]]
    target = expected_defaults(model.parameters, grid, part, moved)
    loose = {"level": 5.0, "macro": 5.0}
    found = calibrate(
        model, grid, path, target, kinds=("level", "macro"), spread=loose, weight=np.full(target.shape, 1e6)
    )
    assert found.moved["level"][0] == pytest.approx(0.4, abs=1e-4)
    assert found.moved["macro"][0] == pytest.approx(moved["macro"][0] - base["macro"][0], abs=1e-4)
    assert found.after < 1e-4 * found.before
    # with a tight prior little moves, whatever the target; a part of it may be left open
    tight = calibrate(
        model, grid, path, np.where(np.arange(MONTHS)[:, None] < 12, target, np.nan), spread={"level": 1e-4}
    )
    assert abs(tight.moved["level"][0]) < 1e-4
    with pytest.raises(ModelError, match="kinds of level, segment, macro"):
        calibrate(model, grid, path, target, kinds=("age",))
    with pytest.raises(ModelError, match="a target of shape"):
        calibrate(model, grid, path, -target)


def test_rows_hold_every_label_at_its_age(
    model: FittedModel, columns: LoanColumns, grid: ExposureGrid
) -> None:
    number = {}
    for segment, age, weight in zip(columns.segment, columns.age, columns.weight, strict=True):
        number[int(segment), int(age)] = number.get((int(segment), int(age)), 0.0) + weight
    made = {}
    for row, age, _ in zip(*np.nonzero(grid.number[0]), strict=True):
        key = int(grid.label[row, age]), int(age) + grid.first_age
        made[key] = made.get(key, 0.0) + grid.number[0, row, age].sum()
    assert made == pytest.approx(number)
