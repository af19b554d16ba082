"""The expected path by hand, its identities, and the kernel against it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from loantwin.engine.cells import LossGivenDefault, SeverityMoves
from loantwin.engine.columns import loan_columns
from loantwin.engine.expectation import conditional_defaults, conditional_flows, conditional_flows_reference
from loantwin.engine.path import FIGURES, Flows, expected_flows, expected_path
from loantwin.engine.rows import TransitionParameters, odds, rows_at, shocks, transition_rows
from loantwin.engine.runoff import build_cells
from loantwin.errors import ModelError
from loantwin.kernels import use_threads

NOTHING = np.zeros((2, 0))


def flat_model(default: float, prepay: float) -> TransitionParameters:
    """Return a model whose monthly probabilities are those given."""
    stay = 1.0 - default - prepay
    age = np.log(np.array([[default / stay], [prepay / stay]]))
    return TransitionParameters(
        ("current", "default", "prepaid"), 1, np.array([0, 0]), np.array([1, 2]), age, np.zeros((2, 1)),
        np.zeros((2, 0)), np.zeros((2, 0)), ("all",), (), (), 1, 2,
    )  # fmt: skip


def test_two_months_by_hand() -> None:
    """A loan of 1,200, 12 % interest only: 2 % default, 10 % prepay a month; 60 % charged off a month later,
    a sixth recovered.
    """
    columns = loan_columns(
        segment=0,
        age=0,
        state=0,
        product=2,
        remaining_months=2,
        principal=[1200.0],
        annual_rate=0.12,
        guaranteed=0.25,
        undrawn=100.0,
    )
    cells = build_cells(columns, 2, conversion_factor=1.0)
    lgd = LossGivenDefault(np.array([[0.6]]), np.array([[0.1]]), np.array([0.0, 1.0]), np.array([1.0]))
    flows = expected_flows(flat_model(0.02, 0.10), cells, lgd, NOTHING, NOTHING)
    less = SeverityMoves(np.array([[[1.0, 0.75]]]), np.array([0]))  # 0.7 is charged off, 0.075 comes back
    month = shocks(flat_model(0.02, 0.10), NOTHING[None], NOTHING[None])
    moved = conditional_flows(flat_model(0.02, 0.10), cells, lgd, month, severity_moves=less)
    assert moved.charged_off[0, 0] == pytest.approx([0.0, 15.6])
    assert moved.recovered[0, 0] == pytest.approx([2.6, 0.75 * 0.88 * 2.6])
    assert moved.loss_gross[0, 0] == pytest.approx([13.0 / 1.01, 0.88 * 26.0 * 0.625 / 1.01**2])
    assert moved.defaulted[0, 0] == pytest.approx([26.0, 0.88 * 26])
    assert flows.balance[0] == pytest.approx([0.88 * 1200, 0.0])
    assert flows.prepaid[0] == pytest.approx([120.0, 0.88 * 120])
    assert flows.scheduled_principal[0] == pytest.approx([0.0, 0.88 * 0.88 * 1200])
    assert flows.interest[0] == pytest.approx([0.98 * 12, 0.88 * 0.98 * 12])
    assert flows.defaulted[0] == pytest.approx([26.0, 0.88 * 26])
    assert flows.defaulted_number[0] == pytest.approx([0.02, 0.0176])
    assert flows.arrears[0] == pytest.approx([2.0, 1.76])
    assert flows.charged_off[0] == pytest.approx([0.0, 15.6])
    assert flows.recovered[0] == pytest.approx([2.6, 0.88 * 2.6])
    assert flows.loss_gross[0] == pytest.approx([13.0 / 1.01, 0.88 * 13.0 / 1.01**2])
    assert flows.loss_net[0] == pytest.approx(0.75 * flows.loss_gross[0])
    assert flows.live_number[0] == pytest.approx([0.88, 0.0])


def test_rows_of_cells_are_those_of_the_whole_table(books: SimpleNamespace) -> None:
    model = books.panel_model(1)
    macro, latent, _ = books.paths(1, 6, seed=2)
    table = transition_rows(model, macro[0], latent[0])
    month = shocks(model, macro[0], latent[0])
    segment, age = np.array([0, 3, 5]), np.array([0, 20, 999])
    rows = rows_at(model, odds(model), month[4], segment, age)
    assert rows == pytest.approx(table[4, segment, np.minimum(age, table.shape[2] - 1)], rel=1e-14)


def test_probability_is_conserved(books: SimpleNamespace) -> None:
    model = books.panel_model(1)
    cells = build_cells(books.columns(300, seed=3), 24)
    macro, latent, _ = books.paths(1, 24, seed=4)
    path = expected_path(model, cells, macro[0], latent[0])
    total = path.live[1:].sum(axis=-1) + np.cumsum(path.entered.sum(axis=-1), axis=0)
    assert total == pytest.approx(np.ones_like(total), rel=1e-13)


@pytest.mark.parametrize("kind", ["panel_model", "outcome_model"])
def test_every_month_balances(books: SimpleNamespace, kind: str) -> None:
    model = getattr(books, kind)(7)
    columns = books.columns(800, seed=6, live=model.live)
    cells = build_cells(columns, 36, arrears_months=3, conversion_factor=0.5, partial_monthly=0.01)
    macro, latent, _ = books.paths(3, 36, seed=5)
    flows = conditional_flows(model, cells, books.severity(1), shocks(model, macro, latent), groups=3)
    before = np.concatenate([flows.opening[..., None], flows.balance[..., :-1]], axis=-1)
    after = (
        before
        + flows.draws
        + flows.arrears
        - flows.scheduled_principal
        - flows.prepaid
        - flows.exited
        - flows.defaulted
    )
    assert np.abs(after - flows.balance).max() < 1e-12 * flows.opening.max()
    assert (flows.exited.sum() > 0.0) == (kind == "panel_model")


def test_loss_is_counted_once(books: SimpleNamespace) -> None:
    """With no discount, the expected credit loss is what is charged off less what is recovered, once the lags
    have passed.
    """
    model, lgd = books.panel_model(2), books.severity(3)
    columns = replace(books.columns(400, seed=9, longest=40), effective_annual_rate=np.zeros(400))
    cells = build_cells(columns, 60, arrears_months=3)
    macro, latent, _ = books.paths(1, 60, seed=8)
    flows = expected_flows(model, cells, lgd, macro[0], latent[0])
    cash = flows.charged_off.sum(axis=1) - flows.recovered.sum(axis=1)
    assert cash == pytest.approx(flows.loss_gross.sum(axis=1), rel=1e-12)


@pytest.mark.parametrize("kind", ["panel_model", "outcome_model"])
@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize(("indexed", "dearer"), [(False, 0), (True, 0), (False, 1), (True, 70)])
def test_kernel_equals_the_reference(
    books: SimpleNamespace, kind: str, groups: int, indexed: bool, dearer: int
) -> None:
    model = getattr(books, kind)(4)
    kinds = np.arange(len(model.segments)) % 2
    moves = SeverityMoves(books.generator(5).uniform(0.5, 1.5, (dearer, 2, 22)), kinds) if dearer else None
    macro, latent, index = books.paths(70, 20, seed=11)
    columns = books.columns(500, seed=10, live=model.live)
    cells = build_cells(
        columns,
        24,
        index_path=np.linspace(0.02, 0.05, 24),
        arrears_months=3,
        conversion_factor=0.3,
        partial_monthly=0.01,
    )
    month, paths = shocks(model, macro, latent), index if indexed else None
    given = {"groups": groups, "index_paths": paths, "severity_moves": moves}
    made = conditional_flows(model, cells, books.severity(2), month, **given)
    wanted = conditional_flows_reference(model, cells, books.severity(2), month, **given)
    scale = {name: np.abs(getattr(wanted, name)).max() for name in FIGURES}
    scale["arrears"] = scale["defaulted"]  # a difference of two sums
    for name in FIGURES:
        assert np.abs(getattr(made, name) - getattr(wanted, name)).max() <= 1e-12 * scale[name], name
    assert made.opening == pytest.approx(wanted.opening, rel=1e-13)


def test_same_bits_on_one_and_two_threads_and_for_any_split_of_paths(books: SimpleNamespace) -> None:
    model, lgd = books.panel_model(4), books.severity(2)
    macro, latent, _ = books.paths(150, 12, seed=11)
    cells, month = build_cells(books.columns(300, seed=10), 12), shocks(model, macro, latent)
    both = conditional_flows(model, cells, lgd, month)
    use_threads(1)
    one = conditional_flows(model, cells, lgd, month)
    use_threads()
    parts = [conditional_flows(model, cells, lgd, month[start : start + 37]) for start in range(0, 150, 37)]
    for name in FIGURES:
        assert (getattr(both, name) == getattr(one, name)).all()
        assert (np.concatenate([getattr(part, name) for part in parts]) == getattr(both, name)).all()


def test_an_index_path_moves_interest_by_the_floating_balance(books: SimpleNamespace) -> None:
    model, lgd = books.outcome_model(4), books.severity(2)
    macro, latent, _ = books.paths(1, 12, seed=1)
    cells = build_cells(books.columns(300, seed=10, live=1), 12, index_path=np.full(12, 0.04))
    month = shocks(model, macro, latent)
    still = conditional_flows(model, cells, lgd, month, index_paths=np.full((1, 12), 0.04))
    up = conditional_flows(model, cells, lgd, month, index_paths=np.full((1, 12), 0.05))
    plain = conditional_flows(model, cells, lgd, month)
    assert still.interest == pytest.approx(plain.interest, rel=1e-14)
    assert (up.interest > still.interest).all()
    assert (up.balance == still.balance).all()


def test_what_does_not_fit_is_refused_by_name(books: SimpleNamespace) -> None:
    model, lgd = books.outcome_model(4), books.severity(2)
    cells = build_cells(books.columns(30, seed=10, live=1), 12)
    good = np.ones((2, 12, 2))
    cases: list[tuple[str, dict]] = [
        ("shocks", {"shocks": np.ones((2, 12, 3))}),
        ("shocks", {"shocks": np.full((2, 12, 2), np.nan)}),
        ("months", {"shocks": np.ones((2, 13, 2))}),
        ("groups", {"groups": 2}),
        ("index_paths", {"index_paths": np.zeros((2, 12))}),
        ("segment", {"cells": replace(cells, segment=cells.segment + 6)}),
        ("balance", {"cells": replace(cells, balance=cells.balance * np.nan)}),
        ("charge_off_lag", {"lgd": replace(lgd, charge_off_lag=np.array([0.5]))}),
        ("severity_moves", {"severity_moves": SeverityMoves(np.ones((1, 1, 11)), np.zeros(6, np.int64))}),
        ("severity_moves", {"severity_moves": SeverityMoves(np.ones((3, 1, 12)), np.zeros(6, np.int64))}),
        ("severity_moves", {"severity_moves": SeverityMoves(-np.ones((1, 1, 12)), np.zeros(6, np.int64))}),
        ("severity_moves", {"severity_moves": SeverityMoves(np.ones((1, 1, 12)), np.ones(6, np.int64))}),
    ]
    for field, change in cases:
        given = {"parameters": model, "cells": cells, "lgd": lgd, "shocks": good, **change}
        with pytest.raises(ModelError) as caught:
            conditional_flows(**given)
        assert caught.value.field == field


def test_figures_are_the_fields_of_flows() -> None:
    assert set(FIGURES) == set(Flows.__dataclass_fields__) - {"opening"}


def test_defaults_alone_are_the_defaults_of_all_figures(books: SimpleNamespace) -> None:
    model, lgd = books.panel_model(4), books.severity(2)
    macro, latent, _ = books.paths(70, 12, seed=11)
    cells, month = build_cells(books.columns(300, seed=10), 12), shocks(model, macro, latent)
    whole = conditional_flows(model, cells, lgd, month, groups=3)
    alone = conditional_defaults(model, cells, lgd, month, groups=3)
    for name in ("defaulted_number", "defaulted", "loss_gross", "loss_net"):
        assert (getattr(alone, name) == getattr(whole, name)).all()
