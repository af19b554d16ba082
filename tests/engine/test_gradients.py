"""The exposure form on random books of every product, on panels and outcome tables, against the kernel's
losses.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("jax", reason="not installed: jax; make setup-all")

from loantwin.engine.assumptions import assumptions
from loantwin.engine.exposed import exposure_grid
from loantwin.engine.gradients import (
    expected_defaults,
    load_jax,
    loss_gradient,
    loss_value,
    plain_part,
    theta_of,
)
from loantwin.engine.loss import loan_losses, marginal_default_reference
from loantwin.engine.rows import shocks
from loantwin.errors import ModelError, UsageError

MONTHS = 60


@pytest.mark.parametrize(("kind", "live"), [("panel_model", 4), ("outcome_model", 1)])
@pytest.mark.parametrize("moving", [True, False])
def test_value_equals_the_sum_of_loan_losses(
    books: SimpleNamespace, kind: str, live: int, moving: bool
) -> None:
    model, columns, lgd = getattr(books, kind)(1), books.columns(800, 3, live=live), books.severity(4)
    macro, _, index = books.paths(1, MONTHS, 5)
    month = shocks(model, macro, np.full((1, MONTHS, 1), 0.3))
    assumed = assumptions(0.01, 3, 0.5) if moving else assumptions()
    found = loan_losses(
        model, columns, lgd, month, index_paths=index if moving else None,
        partial_monthly=assumed.partial_monthly, arrears_months=assumed.arrears_months,
        conversion_factor=assumed.conversion_factor,
    )  # fmt: skip
    net = columns.weight * (1.0 - columns.guaranteed)
    for months, wanted in ((MONTHS, net @ found.loss[:, 0, 1]), (12, net @ found.loss[:, 0, 0])):
        grid = exposure_grid(
            model, columns, lgd, months, assumed, index_path=index[0, :months] if moving else None
        )
        theta = theta_of(model, lgd, np.array([0.3]), macro[0, :months])
        part = plain_part(months, len(model.origin), 2, 1)
        assert loss_value(model, grid, part, theta) == pytest.approx(wanted, rel=1e-12)


def test_expected_defaults_are_those_of_the_chains(books: SimpleNamespace) -> None:
    model, columns, lgd = books.panel_model(1), books.columns(300, 7), books.severity(4)
    macro, _, _ = books.paths(1, 24, 5)
    month = shocks(model, macro, np.zeros((1, 24, 1)))
    default = marginal_default_reference(
        model, month, np.stack([columns.segment, columns.age, columns.state], axis=1)
    )[0]
    alive = np.arange(24)[None] < columns.remaining_months[:, None]
    grid = exposure_grid(model, columns, lgd, 24, assumptions())
    made = expected_defaults(
        model, grid, plain_part(24, len(model.origin), 2, 1), theta_of(model, lgd, np.zeros(1), macro[0])
    )
    assert made.sum(axis=1) == pytest.approx(
        (columns.weight[:, None] * default * alive).sum(axis=0), rel=1e-12
    )


def test_loss_given_default_enters_in_a_straight_line(books: SimpleNamespace) -> None:
    model, columns, lgd = books.outcome_model(1), books.columns(200, 7, live=1), books.severity(4)
    macro, _, _ = books.paths(1, 24, 5)
    grid, part = (
        exposure_grid(model, columns, lgd, 24, assumptions()),
        plain_part(24, len(model.origin), 2, 1),
    )
    found = loss_gradient(model, grid, part, theta_of(model, lgd, np.zeros(1), macro[0]))
    rebuilt = (found.by["charged_off"] * lgd.charged_off).sum() + (
        found.by["recovered"] * lgd.recovered
    ).sum()
    assert rebuilt == pytest.approx(found.value, rel=1e-10)
    assert found.value == pytest.approx(
        loss_value(model, grid, part, theta_of(model, lgd, np.zeros(1), macro[0])), rel=1e-12
    )
    assert (found.by["charged_off"] >= 0).all()
    assert (found.by["recovered"] <= 0).all()


def test_the_program_around_keeps_its_own_precision(books: SimpleNamespace) -> None:
    jax = load_jax()
    before = jax.numpy.ones(1).dtype
    test_loss_given_default_enters_in_a_straight_line(books)
    assert jax.numpy.ones(1).dtype == before


def test_what_does_not_fit_is_named(books: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    model, columns, lgd = books.panel_model(1), books.columns(50, 7), books.severity(4)
    macro, _, _ = books.paths(1, 24, 5)
    grid, part = (
        exposure_grid(model, columns, lgd, 12, assumptions()),
        plain_part(12, len(model.origin), 2, 1),
    )
    with pytest.raises(ModelError, match="field path"):
        loss_value(model, grid, part, theta_of(model, lgd, np.zeros(1), macro[0]))
    with pytest.raises(ModelError, match="index path of 12 finite months"):
        exposure_grid(model, columns, lgd, 12, assumptions(), index_path=np.zeros(11))
    monkeypatch.setitem(__import__("sys").modules, "jax", None)
    with pytest.raises(
        UsageError, match=r"expected the extra jax, was not installed; pip install 'loantwin\[jax\]'"
    ):
        load_jax()
