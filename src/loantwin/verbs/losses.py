"""`loss`: the loss distribution over macro paths, period effects and single names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loantwin.engine.runoff import build_cells
from loantwin.errors import RiskError, expected
from loantwin.models.severity_reaction import severity_factors
from loantwin.risk.conditional import conditional_losses, size_bands
from loantwin.risk.facts import standing
from loantwin.risk.loss import ConditionalLosses, LossResult
from loantwin.risk.loss import loss as distribution
from loantwin.risk.tail import check_support, paths_needed
from loantwin.twin import open_twin
from loantwin.types import Progress, silent
from loantwin.verbs.outlook import Economy, Outlook

Floats = NDArray[np.float64]

LEAST_PATHS = 20_000
BLOCK = 2_000


def loss(
    directory: Path | str,
    *,
    months: int = 12,
    confidence: float = 0.999,
    paths: int | None = None,
    seed: int | None = None,
    progress: Progress = silent,
) -> LossResult:
    """Return expected loss, standard deviation, value at risk and expected shortfall, each with its standard error.

    Parameters
    ----------
    months : horizon. confidence : of value at risk and expected shortfall, in (0, 1).
    paths : None takes at least 20,000, and 20 beyond the quantile.

    Raises
    ------
    RiskError : a confidence the number of paths cannot support.
    """
    if not 0.0 < confidence < 1.0:
        raise RiskError(expected("a confidence between 0 and 1", confidence), field="--confidence")
    if months < 1:
        raise RiskError(expected("a horizon of at least 1 month", months), field="--months")
    count = max(LEAST_PATHS, paths_needed(confidence)) if paths is None else paths
    check_support(count, confidence)
    with open_twin(directory, flags={"run.seed": seed}) as twin:
        outlook = Outlook(twin)
        seed = twin.config.run.seed
        losses = conditional(outlook, months, count, seed, progress)
        gaps = standing(twin.book.loans, twin.mapping.observes).not_observable
        return distribution(twin.as_of, twin.currency, losses, months, confidence, seed, gaps, twin.provenance())


def conditional(outlook: Outlook, horizon: int, paths: int, seed: int, progress: Progress = silent) -> ConditionalLosses:
    """Return what each path makes of the book's loans, by band of size."""
    economy = outlook.simulated(horizon, paths, seed)
    bands = size_bands(outlook.columns)
    runoff = outlook.runoff
    cells = build_cells(
        bands.columns,
        horizon,
        index_path=None if economy.index is None else np.ascontiguousarray(economy.index.mean(axis=0)),
        partial_monthly=runoff.partial_monthly,
        arrears_months=runoff.arrears_months,
        conversion_factor=runoff.conversion_factor,
    )
    model = outlook.twin.model
    conditions: list[Floats] = []
    losses = conditional_losses(model.parameters, bands, cells, model.lgd, _blocks(outlook, economy, seed, progress, conditions))
    if model.severity is None or not losses.gross.sum() > 0:
        return losses
    known = outlook.columns.segment, np.minimum(outlook.columns.age, model.lgd.charged_off.shape[1] - 1)
    weight = outlook.columns.weight * outlook.columns.principal
    share = model.lgd.charged_off[known] - model.lgd.recovered[known]
    factor = severity_factors(model.severity, np.concatenate(conditions), float(np.average(share, weights=weight)), seed)
    return replace(losses, net=losses.net * factor[:, None], gross=losses.gross * factor[:, None])


def _blocks(outlook: Outlook, economy: Economy, seed: int, progress: Progress, conditions: list[Floats]) -> Iterator[Floats]:
    """Return blocks of shocks; `conditions` gathers the mean log-odds that each path adds to the first edge that worsens."""
    parameters = outlook.twin.model.parameters
    worse = int(np.argmax(parameters.target != parameters.prepaid_state))
    paths = len(economy.covariates)
    for start in range(0, paths, BLOCK):
        progress(start / paths, "simulating losses")
        part = Economy(None, economy.covariates[start : start + BLOCK], None)
        shocks = outlook.drawn(part, len(part.covariates), seed, first=start)
        conditions.append(np.log(shocks[:, :, worse]).mean(axis=1))
        yield shocks
