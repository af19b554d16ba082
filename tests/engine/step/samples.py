"""A small book of five products, a panel model and a model with one live state, for the tests of the step."""

import numpy as np

from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import loan_columns
from loantwin.engine.rows import TransitionParameters
from loantwin.engine.runoff import build_cells
from loantwin.engine.step.cohorts import LendingPlan, template_columns
from loantwin.engine.step.tables import StepTables

STATES = ("current", "dpd_1_29", "dpd_30_59", "dpd_60_89", "default", "prepaid")
PANEL_EDGES = ((0, 1), (1, 0), (1, 2), (2, 0), (2, 1), (2, 3), (3, 2), (3, 4), (0, 5), (1, 5), (0, 4))
OUTCOME_EDGES = ((0, 1), (0, 2), (0, 3))


def panel_model(segments=3, ages=90, factors=2, seed=1):
    made = np.random.Generator(np.random.Philox(key=seed))
    edges = len(PANEL_EDGES)
    base = np.array([-3.5, -0.6, -0.9, -1.2, -0.8, -0.5, -1.0, -0.3, -4.2, -5.0, -8.0])
    age = base[:, None] + 0.2 * np.sin(np.arange(ages) / 20.0)[None] + 0.05 * made.standard_normal((edges, 1))
    return TransitionParameters(
        states=STATES,
        live=4,
        origin=np.array([edge[0] for edge in PANEL_EDGES]),
        target=np.array([edge[1] for edge in PANEL_EDGES]),
        age=age,
        segment=0.4 * made.standard_normal((edges, segments)),
        macro=0.2 * made.standard_normal((edges, factors)),
        loading=0.3 * made.standard_normal((edges, 1)),
        segments=tuple(f"s{i}" for i in range(segments)),
        factors=tuple(f"f{i}" for i in range(factors)),
        latents=("frailty",),
        default_state=4,
        prepaid_state=5,
    )


def outcome_model(segments=2, ages=40):
    edges = len(OUTCOME_EDGES)
    return TransitionParameters(
        states=("current", "charged_off", "prepaid", "matured"),
        live=1,
        origin=np.array([0, 0, 0]),
        target=np.array([1, 2, 3]),
        age=np.array([-5.0, -4.0, -6.0])[:, None] + 0.01 * np.arange(ages)[None],
        segment=np.linspace(-0.3, 0.5, edges * segments).reshape(edges, segments),
        macro=np.array([[0.3], [-0.1], [0.0]]),
        loading=np.array([[0.5], [0.0], [0.0]]),
        segments=tuple(f"s{i}" for i in range(segments)),
        factors=("f0",),
        latents=("frailty",),
        default_state=1,
        prepaid_state=2,
    )


def memory_model(segments=2, ages=40):
    """Return a panel's model whose states are split by what loans did before."""
    states = (
        "current", "current|1 month since arrears", "dpd_1_29", "dpd_1_29|2 months late", "dpd_30_59",
        "dpd_30_59|2 months late", "default", "prepaid",
    )  # fmt: skip
    edges = ((0, 2), (1, 2), (2, 1), (3, 1), (2, 5), (3, 5), (5, 6), (5, 1), (0, 7), (1, 0), (2, 3), (4, 5))
    base = np.array([-3.0, -1.5, 19.5, -1.0, 18.5, -0.5, -0.3, -1.2, -4.2, -1.0, 20.0, 20.0])
    made = np.random.Generator(np.random.Philox(key=8))
    certain = base == 20.0
    return TransitionParameters(
        states=states,
        live=6,
        origin=np.array([edge[0] for edge in edges]),
        target=np.array([edge[1] for edge in edges]),
        age=np.repeat(base[:, None], ages, axis=1),
        segment=np.where(certain[:, None], 0.0, 0.4 * made.standard_normal((len(edges), segments))),
        macro=np.where(certain, 0.0, 0.2)[:, None],
        loading=np.where(certain, 0.0, 0.3)[:, None],
        segments=tuple(f"s{i}" for i in range(segments)),
        factors=("f0",),
        latents=("frailty",),
        default_state=6,
        prepaid_state=7,
    )


def sample_columns(parameters, loans=80, seed=2):
    made = np.random.Generator(np.random.Philox(key=seed))
    principal = made.uniform(1_000, 50_000, loans)
    return loan_columns(
        segment=np.arange(loans) % len(parameters.segments),
        age=made.integers(0, 50, loans),
        state=np.where(made.random(loans) < 0.8, 0, made.integers(0, parameters.live, loans)),
        product=np.arange(loans) % 5,
        remaining_months=made.integers(1, 80, loans),
        principal=principal,
        annual_rate=made.uniform(0.03, 0.2, loans),
        floating=made.random(loans) < 0.4,
        balloon=0.2 * principal,
        interest_only_months=made.integers(0, 12, loans),
        undrawn=made.uniform(0, 5_000, loans),
        accrued_interest=made.uniform(0, 100, loans),
        guaranteed=made.uniform(0, 0.7, loans),
        weight=made.uniform(0.5, 3.0, loans),
    )


def sample_lgd(parameters, ages=30):
    charged = np.linspace(0.5, 0.8, len(parameters.segments))[:, None] + 0.002 * np.arange(ages)[None]
    return LossGivenDefault(charged, 0.3 * charged, np.array([0.0, 0.2, 0.5, 0.3]), np.array([0.1] * 10))


def sample_tables(parameters, months=24, plan=None, **changes):
    columns = sample_columns(parameters)
    assumed = {
        "partial_monthly": 0.004,
        "arrears_months": 3 if parameters.live > 1 else 0,
        "conversion_factor": 0.4,
    }
    return StepTables(
        parameters=parameters,
        cells=build_cells(columns, months, **assumed),
        templates=build_cells(template_columns(columns, len(parameters.segments)), months, **assumed),
        lgd=sample_lgd(parameters),
        plan=LendingPlan() if plan is None else plan,
        **changes,
    )


def sample_macro(parameters, months=24, seed=3):
    made = np.random.Generator(np.random.Philox(key=seed))
    return made.standard_normal((months, len(parameters.factors))), made.standard_normal(
        (months, len(parameters.latents))
    )
