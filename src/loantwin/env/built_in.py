"""The built-in book: six segments in 60 cells, with a model and an economy, invented; nothing is fitted.

It is here so that an environment starts at once, with nothing on disk. A lender's own book comes through
`twin=DIR`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from loantwin.engine.assumptions import assumptions
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import LoanColumns, loan_columns
from loantwin.engine.rows import TransitionParameters
from loantwin.engine.runoff import build_cells_reference
from loantwin.engine.step.cohorts import LendingPlan, template_columns
from loantwin.engine.step.economy import StepEconomy
from loantwin.engine.step.tables import StepEconomics, StepTables
from loantwin.products.registry import code
from loantwin.streams import Stream
from loantwin.streams import generator as random_of

SEGMENTS = ("instalment|A", "instalment|B", "instalment|C", "mortgage|A", "mortgage|B", "revolving|B")
_PRODUCT = ("instalment", "instalment", "instalment", "mortgage", "mortgage", "revolving")
_TERM = np.array([48, 60, 60, 300, 300, 48])
_RATE = np.array([0.075, 0.105, 0.16, 0.05, 0.06, 0.145])
_GUARANTEED = np.array([0.0, 0.0, 0.0, 0.1, 0.2, 0.0])
_BALANCE = np.array([30e6, 25e6, 10e6, 60e6, 35e6, 15e6])
_LOAN = np.array([12e3, 10e3, 6e3, 150e3, 120e3, 5e3])
_RISK = np.array([-0.5, 0.0, 0.7, -0.9, -0.3, 0.4])
_LGD = np.array([0.55, 0.60, 0.68, 0.18, 0.22, 0.75])

STATES = ("current", "dpd_1_29", "dpd_30_59", "dpd_60_89", "default", "prepaid")
_EDGES = (
    # from, to, log-odds, load of unemployment, of rates, of the latent effect
    (0, 1, -4.10, 0.16, 0.05, 0.20),
    (1, 0, -0.30, -0.05, 0.00, 0.00),
    (1, 2, -1.30, 0.10, 0.00, 0.10),
    (2, 0, -1.60, -0.08, 0.00, 0.00),
    (2, 1, -1.20, -0.05, 0.00, 0.00),
    (2, 3, -0.40, 0.10, 0.00, 0.10),
    (3, 2, -1.80, -0.08, 0.00, 0.00),
    (3, 4, 0.10, 0.10, 0.00, 0.10),
    (0, 5, -4.40, -0.05, -0.20, 0.00),
)
_MONTHS, _PATHS, _AGES = 120, 64, 180


@lru_cache(maxsize=8)
def built_in(months: int = 36) -> tuple[StepTables, StepEconomy]:
    """Return the built-in book over `months` months, its lending plan a constant balance, and its economy."""
    parameters = _parameters()
    columns = _columns()
    assumed = assumptions(0.002, arrears_months=3, conversion_factor=0.4)
    segments = len(SEGMENTS)
    tables = StepTables(
        parameters=parameters,
        cells=build_cells_reference(columns, months, assumed),
        templates=build_cells_reference(template_columns(columns, segments), months, assumed),
        lgd=_lgd(),
        economics=StepEconomics(),
        plan=LendingPlan("constant-balance"),
    )
    return tables, _economy(months)


def _parameters() -> TransitionParameters:
    origin, target, level, unemployment, rates, latent = (
        np.array(item) for item in zip(*_EDGES, strict=True)
    )
    worse = (target > origin) & (target < 5)
    age = np.arange(_AGES)
    seasoning = 0.35 * np.exp(-(((age - 20.0) / 14.0) ** 2)) - 0.2
    return TransitionParameters(
        states=STATES,
        live=4,
        origin=origin.astype(np.int64),
        target=target.astype(np.int64),
        age=level[:, None] + np.where((origin == 0) & worse, 1.0, 0.0)[:, None] * seasoning[None],
        segment=np.where((origin == 0) & worse, 1.0, 0.0)[:, None] * _RISK[None],
        macro=np.stack([unemployment, rates], axis=1),
        loading=latent[:, None],
        segments=SEGMENTS,
        factors=("unemployment_rate", "treasury_3m"),
        latents=("frailty",),
        default_state=4,
        prepaid_state=5,
    )


def _columns() -> LoanColumns:
    """Return 60 pools: in each segment seven vintages that pay, and one for each state of arrears."""
    segments = len(SEGMENTS)
    share = np.array([0.17, 0.16, 0.15, 0.14, 0.13, 0.11, 0.098, 0.026, 0.010, 0.006])
    years = np.array([0.02, 0.12, 0.22, 0.33, 0.45, 0.58, 0.72, 0.30, 0.35, 0.40])
    state = np.array([0, 0, 0, 0, 0, 0, 0, 1, 2, 3])
    segment = np.repeat(np.arange(segments), len(share))
    term = _TERM[segment]
    age = np.floor(np.tile(years, segments) * np.minimum(term, 90)).astype(np.int64)
    balance = _BALANCE[segment] * np.tile(share, segments)
    product = np.array([code(name) for name in _PRODUCT])[segment]
    revolving = product == code("revolving")
    return loan_columns(
        segment=segment,
        age=age,
        state=np.tile(state, segments),
        product=product,
        remaining_months=term - age,
        principal=_LOAN[segment],
        annual_rate=_RATE[segment],
        undrawn=np.where(revolving, 0.8 * _LOAN[segment], 0.0),
        guaranteed=_GUARANTEED[segment],
        weight=balance / _LOAN[segment],
    )


def _lgd() -> LossGivenDefault:
    return LossGivenDefault(
        charged_off=np.repeat(_LGD[:, None], 2, axis=1),
        recovered=np.repeat(0.15 * _LGD[:, None], 2, axis=1),
        charge_off_lag=np.array([0.0, 0.0, 0.1, 0.2, 0.4, 0.2, 0.1]),
        recovery_lag=np.concatenate([np.zeros(6), np.full(12, 1 / 12)]),
    )


def _economy(months: int) -> StepEconomy:
    """Return 64 paths of two persistent covariates that move together."""
    random = random_of(2, Stream.BUILT_IN)
    normal = random.standard_normal((_PATHS, max(months, _MONTHS) + 1, 2))
    normal[..., 1] = -0.4 * normal[..., 0] + np.sqrt(1.0 - 0.16) * normal[..., 1]
    paths = np.empty_like(normal)
    paths[:, 0] = [-0.3, 0.2]
    for month in range(1, paths.shape[1]):
        paths[:, month] = 0.97 * paths[:, month - 1] + np.sqrt(1.0 - 0.97**2) * normal[:, month]
    one = np.ones(1)
    return StepEconomy(paths, phi=0.9 * one, sigma=0.35 * one, start=0.0 * one, start_deviation=0.5 * one)
