"""What simple rivals are asked of a twin looked at forward: its book in bands, the economy as they see it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from loantwin.arrays import Floats, Integers
from loantwin.book.schema import CLOSED_STATES
from loantwin.engine.rows import base_segments, published_state
from loantwin.errors import InputError
from loantwin.macro.covariates import Covariate, evaluate, known_span
from loantwin.macro.generator import simulate
from loantwin.macro.scenario import Scenario
from loantwin.models.book_columns import live_loans
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.performance.known import Known
from loantwin.performance.outcomes import OnBook, approval_bands
from loantwin.performance.rivals import Task

UNEMPLOYMENT = Covariate("unemployment_rate", "level", 3)
"""What the logistic rival reads of the economy, three months late, as the twin reads its covariates."""
MEAN_PATHS = 200
"""Generated paths behind the mean unemployment the logistic rival is given."""


def on_book(outlook: Outlook) -> tuple[OnBook, Integers]:
    """Return the loans on the book with their bands, and the band of each row of the outlook's columns."""
    loans = outlook.book.loans.filter(~pl.col("state").is_in(list(CLOSED_STATES)).fill_null(False))
    band, bands = approval_bands(loans, outlook.twin.as_of)
    live = live_loans(outlook.book, outlook.twin.model)
    place = pl.DataFrame({"loan_id": loans["loan_id"], "band": band})
    own = (
        live.select("loan_id")
        .join(place, on="loan_id", how="left", maintain_order="left")["band"]
        .to_numpy()
        .astype(np.int64)
    )
    book = OnBook(
        loan_id=loans["loan_id"],
        band=band,
        bands=bands,
        weight=loans["weight"].to_numpy(),
        live=loans["loan_id"].is_in(live["loan_id"].implode()).to_numpy(),
    )
    return book, own


def unemployment_given(outlook: Outlook, actual: Scenario, horizon: int) -> tuple[Floats, int] | None:
    """Return unemployment as known, then on a path that is given, and its first month; None where unknown."""
    start = _known_from(outlook)
    if start is None or "unemployment_rate" not in actual.factors:
        return None
    first = outlook.month0 + 1
    ahead = evaluate((UNEMPLOYMENT,), actual, first, outlook.month0 + horizon, outlook.history)[:, 0]
    return np.concatenate([_known(outlook, start), ahead]), start


def unemployment_generated(
    outlook: Outlook, horizon: int, paths: int, seed: int
) -> tuple[Floats, int] | None:
    """Return unemployment as known, then the mean of generated paths, and its first month; None if none."""
    start, generator = _known_from(outlook), outlook.twin.generator
    if start is None or "unemployment_rate" not in generator.factors:
        return None
    first = outlook.month0 + 1
    begin = min(generator.first, first)
    drawn = simulate(generator, begin, outlook.month0 + horizon - begin + 1, min(paths, MEAN_PATHS), seed)
    last = outlook.month0 + horizon
    ahead = evaluate((UNEMPLOYMENT,), drawn, first, last, outlook.twin.history)[:, :, 0].mean(axis=0)
    return np.concatenate([_known(outlook, start), ahead]), start


def _known_from(outlook: Outlook) -> int | None:
    try:
        start, _ = known_span(UNEMPLOYMENT, outlook.history)
    except InputError:
        return None
    return start if start <= outlook.month0 else None


def _known(outlook: Outlook, start: int) -> Floats:
    return np.asarray(evaluate((UNEMPLOYMENT,), outlook.history, start, outlook.month0)[:, 0])


def task_of(
    outlook: Outlook,
    known: Known,
    live_band: Integers,
    bands: int,
    windows: tuple[int, ...],
    unemployment: tuple[Floats, int] | None,
) -> Task:
    """Return what rivals are asked: the book as cells of each band, the windows, and unemployment."""
    model = outlook.twin.model
    held = Economy(None, np.zeros((1, 1, 0)), None)  # rates as they are in force
    cells = outlook.cells(held, max(windows), replace(outlook.columns, group=live_band))
    place = {name: code for code, name in enumerate(known.segments)}
    return Task(
        cells=cells,
        bands=bands,
        states=tuple(published_state(name) for name in model.parameters.states[: model.parameters.live]),
        horizons=windows,
        unemployment=None if unemployment is None else unemployment[0],
        unemployment_first=0 if unemployment is None else unemployment[1],
        segment_of=np.array([place.get(name, -1) for name in model.parameters.segments], dtype=np.int64)[
            base_segments(model.parameters.segments)
        ],
    )
