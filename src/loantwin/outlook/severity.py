"""By how much defaults lose more under an economy than the tables say: collateral and the times.

The net loss of secured loans follows the price of what secures them (`models.collateral`): what comes back,
before a charge-off and after it, shrinks and grows alike. All others follow what history taught of the times
(`models.severity_reaction`): a reaction learnt from secured loans holds what prices did to them, so that the
two together would count it twice. A segment that holds both takes the mean by balance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.cells import Cells, SeverityMoves
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.rows import base_segments
from loantwin.models.collateral import MOST, severity_at_prices
from loantwin.models.severity_reaction import severity_by_month
from loantwin.outlook.long_run import long_run_covariates
from loantwin.outlook.outlook import SOURCES, Economy, Outlook
from loantwin.risk.provisions.measurement import long_run_shocks

ROUNDING = 1e-9
"""A move of severity below it is none."""


@dataclass(frozen=True)
class _Kinds:
    """C kinds of segments. kind : (G,) of each segment.

    severity : (C,) expected loss given default net of recoveries, decimal of exposure. secured : (C,) share
    of the balance that property secures.
    """

    kind: Integers
    severity: Floats
    secured: Floats


def severity_moves(
    outlook: Outlook, economy: Economy, shocks: Floats | None = None, drawn_from: Outlook | None = None
) -> SeverityMoves | None:
    """Return the moves of severity under an economy; None where nothing moves it.

    Parameters
    ----------
    shocks : (P, T, R) expected month part of the odds under the economy, which loans without collateral
        react to; None leaves them as they are: where the reaction is drawn by path (`outlook.paths`).
    drawn_from : the outlook whose model the shocks are of, where it is another one.
    """
    kinds = outlook.store.get("outlook.severity_kinds", SOURCES, lambda: _kinds(outlook))
    if kinds is None:
        return None
    moved = np.zeros((1, len(kinds.severity), 1))
    if shocks is not None and (reacted := _reacted(outlook, shocks, drawn_from)) is not None:
        moved = moved + (1.0 - kinds.secured)[:, None] * (reacted - 1.0)[:, None]
    if economy.prices is not None:
        followed = severity_at_prices(kinds.severity[:, None], economy.prices[:, None])
        if economy.drawn:  # defaults that the tables were learnt from lived through such prices too
            followed = followed / followed.mean(axis=0)
        moved = moved + kinds.secured[:, None] * (followed - 1.0)
    if not (np.abs(moved) > ROUNDING).any():
        return None
    # a net loss s becomes s (1 + moved)
    severity = np.clip(kinds.severity, 0.0, MOST)[:, None]
    less = np.maximum(1.0 - severity * (1.0 + moved), 0.0) / (1.0 - severity)
    # without collateral, what comes back shrinks by no more than losses grow: of a severity near 1 hardly
    # anything does, and a segment's mean says little of its ages
    plain = kinds.secured[:, None] == 0.0
    less = np.where(plain, np.maximum(less, 1.0 / (1.0 + np.maximum(moved, 0.0))), less)
    cheaper = 1.0 / np.maximum(1.0 + np.minimum(moved, 0.0), 1e-6)
    return SeverityMoves(np.where((moved < 0.0) & (severity > 0.0), cheaper, less), kinds.kind)


def dearer_by_month(
    outlook: Outlook, cells: Cells, shocks: Floats, moves: SeverityMoves | None
) -> tuple[Floats, Floats]:
    """Return charge-offs and recoveries of the book in run-off over those that the tables make, (P, T) each.

    What a book that is stepped month by month, whose severity is the tables', is multiplied by: exact in
    run-off; new loans and levers move it as far as they change the mix of segments.

    Parameters
    ----------
    cells : the book's. shocks : (P, T, R) that it is stepped under. moves : of `severity_moves`.
    """
    plain = np.ones(shocks.shape[:2])
    if moves is None:
        return plain, plain
    parameters, lgd = outlook.twin.model.parameters, outlook.twin.model.lgd
    still, moved = (
        conditional_flows(parameters, cells, lgd, shocks, severity_moves=each) for each in (None, moves)
    )
    charged, back = (
        np.divide(new[:, 0], old[:, 0], out=plain.copy(), where=old[:, 0] > 0.0)
        for new, old in ((moved.charged_off, still.charged_off), (moved.recovered, still.recovered))
    )
    return charged, back


def _kinds(outlook: Outlook) -> _Kinds | None:
    """Return the kinds of the book's segments, alike to one percent of exposure and a tenth of balance.

    A segment without a loan is of the kind that the loans of its base segment make, else of the whole book's.
    """
    columns, lgd = outlook.all_columns, outlook.twin.model.lgd
    weight = columns.weight * columns.principal
    if not weight.sum() > 0.0:
        return None
    base = base_segments(outlook.twin.model.parameters.segments)
    age = np.minimum(columns.age, lgd.charged_off.shape[1] - 1)
    charged, recovered = lgd.charged_off[columns.segment, age], lgd.recovered[columns.segment, age]
    shares = np.stack([charged - recovered, outlook.secured], axis=1)
    mean = np.tile(np.average(shares, axis=0, weights=weight), (len(base), 1))
    for code, names in ((base[columns.segment], base), (columns.segment, np.arange(len(base)))):
        held = np.bincount(code, weight, len(base))
        summed = np.stack([np.bincount(code, weight * item, len(base)) for item in shares.T], axis=1)
        known = held[names] > 0.0
        mean[known] = (summed[names] / np.maximum(held[names], 1e-300)[:, None])[known]
    made, kind = np.unique(np.round(mean * [100, 10]), axis=0, return_inverse=True)
    severity, secured = (made / [100, 10]).T
    return _Kinds(kind.reshape(-1).astype(np.int64), severity, secured)


def _reacted(outlook: Outlook, shocks: Floats, drawn_from: Outlook | None) -> Floats | None:
    """Return the factor of what history taught of the times, (P, T); None where it taught nothing.

    The long-run level of the odds stands for the conditions that long-run covariates make.
    """
    model, parameters = outlook.twin.model, outlook.twin.model.parameters
    reaction = model.severity
    if reaction is None or reaction.years == 0 or reaction.reaction == 0.0:
        return None
    edge = int(np.argmax(parameters.target != parameters.prepaid_state))
    made = outlook if drawn_from is None else drawn_from
    level = made.store.get("outlook.worsening_level", (*SOURCES, "lags"), lambda: _level(made, edge))
    conditions = np.log(np.maximum(shocks[:, :, edge], 1e-300)) - level
    columns = outlook.all_columns
    age = np.minimum(columns.age, model.lgd.charged_off.shape[1] - 1)
    share = (model.lgd.charged_off - model.lgd.recovered)[columns.segment, age]
    whole = float(np.average(share, weights=columns.weight * columns.principal))
    return severity_by_month(reaction, conditions, whole)


def _level(outlook: Outlook, edge: int) -> float:
    """Return the log of the month part of the worsening odds that stands for conditions of 0."""
    covariates = long_run_covariates(outlook)
    level = long_run_shocks(outlook.twin.model, covariates)
    return float(np.log(level[edge]) - covariates @ outlook.twin.model.parameters.macro[edge])
