"""What a stress test asks of a model: an economy in, the expected flows of the book out.

A model of another kind joins here: a function with the signature of `twin_flows`, under a name in `MODELS`.
Scenarios, sensitivities, reverse stress and the parts by factor and segment then run on it; management
actions and provisions stay the twin's.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Protocol

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.cells import Cells
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.path import Flows
from loantwin.engine.rows import base_segments
from loantwin.errors import UsageError, expected
from loantwin.models.forecasting import mean_shocks
from loantwin.outlook.age_period_cohort import apc_flows
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.outlook.severity import severity_moves


class ExpectedFlows(Protocol):
    """Expected flows of live loans under P stated economies, (P, G, T); G is 1 or the segments."""

    def __call__(
        self, outlook: Outlook, economy: Economy, horizon: int, by_segment: bool = False
    ) -> Flows: ...


def twin_flows(outlook: Outlook, economy: Economy, horizon: int, by_segment: bool = False) -> Flows:
    """Return what the twin's own transition model expects, its period effect at its expectation.

    Balances of floating loans follow the mean of the economy's index paths, their interest each path's own;
    what defaults lose follows collateral and the times (`outlook.severity`).
    """
    cells = grouped_cells(outlook, economy, horizon, by_segment)
    return flows_of_cells(outlook, economy, cells, horizon, by_segment)


def flows_of_cells(
    outlook: Outlook, economy: Economy, cells: Cells, horizon: int, by_segment: bool = False
) -> Flows:
    """Return the twin's expected flows on cells that were built already."""
    model = outlook.twin.model
    shocks = np.ascontiguousarray(mean_shocks(model, np.ascontiguousarray(economy.covariates[:, :horizon])))
    groups = len(model.parameters.segments) if by_segment else 1
    index = economy.index_paths(cells, len(shocks))
    return conditional_flows(
        model.parameters,
        cells,
        model.lgd,
        shocks,
        groups=groups,
        index_paths=index,
        severity_moves=severity_moves(outlook, economy, shocks),
    )


MODELS: dict[str, ExpectedFlows] = {"twin": twin_flows, "age-period-cohort": apc_flows}
"""Models of `stress --model`, by name."""


def model_named(name: str) -> ExpectedFlows:
    """Return the model of a name.

    Raises
    ------
    UsageError : an unknown name.
    """
    if name not in MODELS:
        raise UsageError(expected("one of " + ", ".join(MODELS), name), field="model")
    return MODELS[name]


def grouped_cells(
    outlook: Outlook,
    economy: Economy,
    horizon: int,
    by_segment: bool = False,
    conversion: float | None = None,
) -> Cells:
    """Return the book's cells on the mean index path; `conversion` in place of the model's factor."""
    columns = outlook.columns
    if by_segment:  # a vintage counts with its segment
        base = base_segments(outlook.twin.model.parameters.segments)
        columns = replace(columns, group=base[columns.segment])
    return outlook.cells(economy, horizon, columns, conversion_factor=conversion)


def added_up(flows: Flows) -> dict[str, Floats]:
    """Return each figure over all groups, (P, T); `opening` (P,)."""
    return {item.name: getattr(flows, item.name).sum(axis=1) for item in fields(flows)}


def drawn_at_default(outlook: Outlook, economy: Economy, flows: Flows, horizon: int) -> Floats:
    """Return undrawn amounts taken up at default, (T,): exposures less those with nothing undrawn."""
    if not outlook.runoff.conversion_factor or not outlook.columns.undrawn.any():
        return np.zeros(horizon)
    without = flows_of_cells(
        outlook, economy, grouped_cells(outlook, economy, horizon, conversion=0.0), horizon
    )
    return np.asarray((flows.arrears.sum(axis=1) - without.arrears.sum(axis=1))[0])
