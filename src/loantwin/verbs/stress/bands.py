"""Each scenario's nine-quarter loss rate beside the band of its kind of loan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loantwin.engine.expectation import conditional_flows
from loantwin.models.forecasting import mean_shocks
from loantwin.outlook.severity import severity_moves
from loantwin.risk.stress.bands import NINE_QUARTERS, BandCheck, NineQuarters, band_check
from loantwin.verbs.stress.run import StressRun, StressTest

AT_ONCE = np.ones(1)
"""A lag of no month: losses are counted when the loan defaults."""


def band_checks(test: StressTest) -> dict[str, BandCheck]:
    """Return every scenario but the baseline beside its band; none over a horizon of under nine quarters."""
    if test.horizon < NINE_QUARTERS:
        return {}
    product, bent = test.outlook.mapping.product_class, test.outlook.twin.model.saturation
    base = nine_quarters(test, test.baseline)
    return {
        run.given.name: band_check(
            product, nine_quarters(test, run), base, None if bent is None else bent.cap
        )
        for run in test.runs[1:]
    }


def nine_quarters(test: StressTest, run: StressRun) -> NineQuarters:
    """Return defaults, their losses and balances of the nine quarters, the book in run-off."""
    outlook, model, economy = test.outlook, test.outlook.twin.model, run.economy
    lgd = replace(model.lgd, charge_off_lag=AT_ONCE, recovery_lag=AT_ONCE)
    shocks = np.ascontiguousarray(mean_shocks(model, economy.covariates[:, :NINE_QUARTERS]))
    prices = None if economy.prices is None else economy.prices[:, :NINE_QUARTERS]
    moves = severity_moves(outlook, replace(economy, prices=prices), shocks)
    flows = conditional_flows(model.parameters, run.cells, lgd, shocks, severity_moves=moves)
    defaulted, charged_off, recovered, balance = (
        getattr(flows, name).sum(axis=1)[0] for name in ("defaulted", "charged_off", "recovered", "balance")
    )
    opening = np.concatenate([flows.opening.sum(axis=1), balance[:-1]])
    return NineQuarters(defaulted, charged_off - recovered, opening)
