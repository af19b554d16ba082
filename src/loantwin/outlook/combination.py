"""Three parts of the twin and one of simple rivals, as factors on the twin's own paths: a safeguard.

The mean number of events of the whole book by each horizon is set to 3/4 of the twin's and 1/4 of the mean
of the rivals'; factors on the odds, one between neighbouring horizons, bring the twin's paths there. They are
the same on every path, so that all who read paths read one forecast: flows that close, provisions, stress.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.cells import Cells
from loantwin.engine.expectation import conditional_flows
from loantwin.errors import ModelError, expected
from loantwin.models.fitted import FittedModel
from loantwin.models.relevel import Relevel, log_factors
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.rivals import on_book, task_of, unemployment_generated
from loantwin.performance.known import Known, known_history
from loantwin.performance.outcomes import CHARGE_OFFS, DEFAULTS, LOANS, PREPAYMENT, Key
from loantwin.performance.rivals import forecasts

HORIZONS = (6, 12, 24)
WEIGHT = 0.75
"""Share of the twin's own forecast in the mean (prior; a study on two tapes, docs/models.md)."""
PATHS = 200
"""Paths whose mean is brought to the target."""
MOST = 4.0
"""A factor stays within 1/4 to 4: past it rivals contradict the twin, and no mean of both is a forecast."""
ROUNDS, NEAR = 10, 1e-3
"""Most rounds of the search, and the step, in logarithms, at which it stops."""
LEAST = 1e-9
"""Events below which nothing is said to happen between two horizons."""


def combined(outlook: Outlook, known: Known | None = None) -> FittedModel:
    """Return the twin's model with the factors that combine it with its rivals, by generated economies.

    Parameters
    ----------
    outlook : of a twin whose model is not re-levelled yet. known : what rivals learn
        from, None reads the twin's tape as known.

    Raises
    ------
    ModelError : a model that is re-levelled, nothing to learn from, or a loan without a term, a rate or an
        amount.
    """
    twin, model = outlook.twin, outlook.twin.model
    if model.relevel is not None:
        raise ModelError(expected("a model at its own level", "one re-levelled already"), field="relevel")
    if not len(outlook.columns.principal):
        return model
    book, live_band = on_book(outlook)
    if known is None:
        told = twin.of_ended_vintages()
        known = known_history(
            told.known_loans, told.known_panel, twin.mapping, twin.as_of, outlook.history, book.bands
        )
    longest, seed = HORIZONS[-1], twin.config.run.seed
    task = task_of(
        outlook, known, live_band, len(book.bands), HORIZONS,
        unemployment_generated(outlook, longest, PATHS, seed),
    )  # fmt: skip
    made = forecasts(known, task)
    lost: Key = (CHARGE_OFFS if model.default_name == "charged_off" else DEFAULTS, LOANS)
    keys = (lost,) if known.payoff is not None else (lost, (PREPAYMENT, LOANS))
    rivals = {
        key: np.mean([values[key].sum(axis=0) for values in made.values() if key in values], axis=0)
        for key in keys
    }
    economy = outlook.simulated(longest, PATHS, seed)
    cells = counted(outlook.cells(economy, longest))
    shocks = outlook.drawn(economy, PATHS, seed)
    entry, prepayment = _factors(model, cells, shocks, [rivals[key] for key in keys])
    return replace(model, relevel=Relevel(HORIZONS, tuple(entry), tuple(prepayment), WEIGHT, tuple(made)))


def relevelled_words(relevel: Relevel | None) -> tuple[str, ...]:
    """Return in words what a model was combined with, and by which factors; none where it was not."""
    if relevel is None:
        return ()
    spans = [
        f"{before + 1} to {end}"
        for before, end in zip((0, *relevel.horizons), relevel.horizons, strict=False)
    ]
    entry, prepayment = (
        ", ".join(f"{factor:.2f}" for factor in values) for values in (relevel.entry, relevel.prepayment)
    )
    return (
        f"combined with {', '.join(relevel.members)}: {relevel.weight:.0%} of the twin, the rest their mean; "
        f"on every path the odds of worsening x {entry} and of prepayment x {prepayment} in months "
        f"{', '.join(spans)}, fading after them",
    )


def counted(cells: Cells) -> Cells:
    """Return the cells with one unit of money a loan: amounts prepaid are then numbers of loans."""
    none = np.zeros_like(cells.interest)
    return replace(
        cells, balance=cells.loans, partial=none, draws=none, interest=none, rate_sensitivity=none,
        exposure=none, index_path=None
    )  # fmt: skip


def _factors(model: FittedModel, cells: Cells, shocks: Floats, rivals: list[Floats]) -> tuple[Floats, Floats]:
    """Return factors on entry and on prepayment, (H,) each, that bring mean counts to their targets.

    rivals : their mean counts to each horizon's end, of losses and (where payoff is observed) prepayments.
    Each count rises with its own factor, and the search takes secant steps in logarithms, all factors at
    once: what one does to the other count is small.
    """
    size = len(rivals)
    logs = np.zeros((2, len(HORIZONS)))
    before = _counts(model, cells, shocks, logs)[:size]
    targets = WEIGHT * before + (1.0 - WEIGHT) * np.array(rivals)
    # where nothing can happen, or nothing is wanted, a factor moves nothing and stays 1
    moves = (_steps(before) > LEAST) & (_steps(targets) > LEAST)
    wanted, slope = np.log(np.where(moves, _steps(targets), 1.0)), np.ones_like(targets)
    found = np.log(np.where(moves, _steps(before), 1.0))
    for _ in range(ROUNDS):
        last = logs[:size].copy()
        logs[:size] = np.clip(last + (wanted - found) / slope, -np.log(MOST), np.log(MOST))
        step = logs[:size] - last
        if np.abs(step).max() < NEAR:
            break
        after = np.log(
            np.where(moves, np.maximum(_steps(_counts(model, cells, shocks, logs)[:size]), LEAST), 1.0)
        )
        far = np.abs(step) > 10.0 * NEAR
        slope = np.where(far, np.clip((after - found) / np.where(far, step, 1.0), 0.5, 5.0), slope)
        found = after
    return np.exp(logs[0]), np.exp(logs[1])


def _steps(cumulated: Floats) -> Floats:
    """Return what falls between neighbouring horizons, (..., H)."""
    return np.diff(cumulated, axis=-1, prepend=0.0)


def _counts(model: FittedModel, cells: Cells, shocks: Floats, logs: Floats) -> Floats:
    """Return mean counts of losses and prepayments to horizons' ends, (2, H), under log factors (2, H)."""
    entry, prepayment = (tuple(np.exp(row)) for row in logs)
    moved = log_factors(Relevel(HORIZONS, entry, prepayment, WEIGHT, ()), model.parameters, shocks.shape[1])
    flows = conditional_flows(
        model.parameters, cells, model.lgd, np.ascontiguousarray(shocks * np.exp(moved))
    )
    ends = [horizon - 1 for horizon in HORIZONS]
    return np.array(
        [item[:, 0].mean(axis=0).cumsum()[ends] for item in (flows.defaulted_number, flows.prepaid)]
    )
