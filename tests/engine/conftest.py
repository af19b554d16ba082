"""Random books and models on which kernels are tied to their references."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pytest

from loantwin.arrays import Floats
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import LoanColumns, loan_columns
from loantwin.engine.rows import TransitionParameters
from loantwin.products.pattern import pattern_codes

SEGMENTS, AGES = 6, 40
TODAY = dt.date(2023, 11, 30)


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


def random_columns(count: int, seed: int, live: int = 4, longest: int = 90) -> LoanColumns:
    """Return loans of every product and pattern, fixed and floating, some at floor or cap, in arrears,
    guaranteed.
    """
    draw = generator(seed)
    product, principal = draw.integers(0, 5, count), draw.uniform(0.0, 1e6, count)
    return loan_columns(
        segment=draw.integers(0, SEGMENTS, count),
        age=draw.integers(0, 12, count),
        state=draw.integers(0, live, count),
        product=product,
        remaining_months=draw.integers(1, longest, count),
        principal=principal,
        annual_rate=np.where(draw.random(count) < 0.1, 0.0, draw.uniform(0.0, 0.3, count)),
        effective_annual_rate=draw.uniform(0.0, 0.3, count),
        floating=draw.random(count) < 0.4,
        rate_spread=draw.uniform(-0.01, 0.08, count),
        rate_cap=np.where(draw.random(count) < 0.5, 0.09, np.inf),
        rate_floor=np.where(draw.random(count) < 0.5, 0.03, -np.inf),
        balloon=np.where(product == 1, principal * draw.random(count), 0.0),
        interest_only_months=np.where(draw.random(count) < 0.3, draw.integers(0, 60, count), 0),
        undrawn=np.where(product == 4, principal, 0.0),
        accrued_interest=principal * draw.uniform(0.0, 0.02, count),
        guaranteed=np.where(draw.random(count) < 0.3, draw.random(count), 0.0),
        weight=draw.uniform(0.2, 3.0, count),
        group=draw.integers(0, 3, count),
        pattern=np.where(
            draw.random(count) < 0.3,
            pattern_codes(
                draw.integers(0, 2, count), draw.integers(0, 8, count), draw.integers(0, 4, count), TODAY
            ),
            0,
        ),
    )


def panel_model(seed: int) -> TransitionParameters:
    """Return four live states, default and prepayment, and a sale as another way out."""
    draw = generator(seed)
    edges = (
        [(i, j) for i in range(4) for j in range(4) if i != j]
        + [(2, 4), (3, 4)]
        + [(i, 5) for i in range(4)]
        + [(0, 6)]
    )
    return _model(
        ("current", "dpd_1_29", "dpd_30_59", "dpd_60_89", "default", "prepaid", "settled"),
        4,
        edges,
        (4, 5),
        draw,
    )


def outcome_model(seed: int) -> TransitionParameters:
    """Return one live state, charge-off and prepayment."""
    return _model(("current", "charged_off", "prepaid"), 1, [(0, 1), (0, 2)], (1, 2), generator(seed))


def _model(
    states: tuple[str, ...],
    live: int,
    edges: list[tuple[int, int]],
    ends: tuple[int, int],
    draw: np.random.Generator,
) -> TransitionParameters:
    count = len(edges)
    return TransitionParameters(
        states=states,
        live=live,
        origin=np.array([start for start, _ in edges]),
        target=np.array([end for _, end in edges]),
        age=draw.normal(-3.0, 0.3, (count, AGES)),
        segment=draw.normal(0.0, 0.3, (count, SEGMENTS)),
        macro=draw.normal(0.0, 0.3, (count, 2)),
        loading=draw.normal(0.0, 0.3, (count, 1)),
        segments=tuple(f"segment {number}" for number in range(SEGMENTS)),
        factors=("unemployment_rate", "house_price_index"),
        latents=("frailty",),
        default_state=ends[0],
        prepaid_state=ends[1],
    )


def random_severity(seed: int) -> LossGivenDefault:
    draw = generator(seed)
    return LossGivenDefault(
        charged_off=draw.uniform(0.4, 0.9, (SEGMENTS, 30)),
        recovered=draw.uniform(0.0, 0.3, (SEGMENTS, 30)),
        charge_off_lag=np.array([0.2, 0.5, 0.3]),
        recovery_lag=np.array([0.0, 0.1, 0.2, 0.7]),
    )


def random_paths(paths: int, months: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Return macro covariates (P, T, 2), latent factors (P, T, 1) and an index (P, T)."""
    draw = generator(seed)
    index = 0.03 + np.cumsum(draw.normal(0.0, 0.003, (paths, months)), axis=1)
    return draw.normal(size=(paths, months, 2)), draw.normal(size=(paths, months, 1)), index


@pytest.fixture(scope="session")
def books() -> SimpleNamespace:
    """Return the makers above, so that test files share them."""
    return SimpleNamespace(
        generator=generator,
        columns=random_columns,
        panel_model=panel_model,
        outcome_model=outcome_model,
        severity=random_severity,
        paths=random_paths,
    )
