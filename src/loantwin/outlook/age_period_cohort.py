"""The age-period-cohort model of a twin's history, and the book moved by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from loantwin.book.schema import DEFAULT_STATES
from loantwin.book.segments import segment_labels
from loantwin.engine.columns import LoanColumns
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.path import Flows
from loantwin.models.age_period_cohort.decomposition import RULES, ApcSettings
from loantwin.models.age_period_cohort.model import ApcModel, fit_apc_model
from loantwin.models.book_columns import live_loans
from loantwin.models.forecasting import mean_shocks
from loantwin.outlook.outlook import SOURCES, Economy, Outlook


def apc_model(outlook: Outlook, settings: ApcSettings | None = None) -> ApcModel:
    """Return the age-period-cohort model of a twin's history as known at its as-of date."""
    twin = outlook.twin
    return fit_apc_model(
        twin.known_loans, twin.known_panel, twin.mapping, twin.as_of, outlook.history, twin.model, settings
    )


def apc_columns(outlook: Outlook, model: ApcModel) -> LoanColumns:
    """Return the book's live loans with the segment codes of the age-period-cohort model."""
    in_default = pl.col("state").is_in(list(DEFAULT_STATES))
    book = replace(outlook.book, loans=outlook.book.loans.filter(~in_default.fill_null(False)))
    labels = segment_labels(live_loans(book, outlook.twin.model), outlook.twin.mapping)
    return model.recoded(outlook.columns, labels, outlook.month0)


def apc_flows(outlook: Outlook, economy: Economy, horizon: int, by_segment: bool = False) -> Flows:
    """Return the book's expected flows on the age-period-cohort model, (P, G, T), for `stress --model`.

    The engine, the contracts, prepayment and loss given default are the twin's; the hazard of default is this
    model's. Groups are the twin's own segments.
    """
    # one fit serves every scenario of a run
    made = outlook.store.get("outlook.age_period_cohort", SOURCES, lambda: apc_model(outlook))
    return _flows(outlook, made, economy, horizon, by_segment, 0.0)


def _flows(
    outlook: Outlook, made: ApcModel, economy: Economy, horizon: int, by_segment: bool, slope: float
) -> Flows:
    """Return expected flows; `slope` is added to the log-odds of default, by year from the as-of date."""
    own = outlook.columns
    columns = replace(
        apc_columns(outlook, made), group=own.segment if by_segment else np.zeros_like(own.group)
    )
    cells = outlook.cells(economy, horizon, columns)
    shocks = np.stack([mean_shocks(made.model, path[:horizon]) for path in economy.covariates])
    shocks[..., 0] *= np.exp(slope * np.arange(1, horizon + 1) / 12.0)
    groups = len(outlook.twin.model.parameters.segments) if by_segment else 1
    index = economy.index_paths(cells, len(shocks))
    return conditional_flows(
        made.model.parameters, cells, made.model.lgd, shocks, groups=groups, index_paths=index
    )


def expected_defaults(outlook: Outlook, made: ApcModel, economy: Economy, rule: str | None = None) -> float:
    """Return the expected number of defaults on the book over the months of an economy.

    rule : another than the model's, at no cost: what it takes from the period effect's trend, which is held,
        age and vintage effects carry on (exact for ages with data).
    """
    kept = 0.0 if rule is None else (made.macro.whole.share - RULES[rule]) * made.macro.whole.drift
    flows = _flows(outlook, made, economy, economy.covariates.shape[1], False, kept)
    return float(flows.defaulted_number.sum(axis=(1, 2)).mean())
