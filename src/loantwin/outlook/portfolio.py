"""A twin's book as provision standards read it: the portfolio, and scenarios over the remaining life."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loantwin.errors import UsageError, expected
from loantwin.outlook.long_run import long_run_covariates
from loantwin.outlook.outlook import Economy, GivenScenario, Outlook
from loantwin.outlook.recognition import recognised
from loantwin.outlook.severity import severity_moves
from loantwin.risk.facts import Standing, standing
from loantwin.risk.provisions.provisions import (
    Portfolio,
    WeightedScenario,
    lifetime_months,
    long_run_shocks,
    provisions,
)

GENERATED = "generated"
"""Name of the scenario that stands for the generator's paths."""
GENERATED_PATHS = 60
"""Generated paths of a lifetime measure: their mean is what counts, not their tail."""


def known_standing(outlook: Outlook) -> Standing:
    """Return what is known of the loans' standing at the as-of date, the history included."""
    twin = outlook.twin
    days = twin.config.ifrs9.default_days
    mapping = twin.mapping
    return standing(
        outlook.book.loans,
        mapping.observes,
        twin.known_panel,
        twin.as_of,
        days,
        mapping.defines_default,
        assumed=tuple(outlook.book.assumed),
        lending=mapping.lending,
    )


def portfolio(outlook: Outlook) -> Portfolio:
    """Return the book as the provision standards read it."""
    twin = outlook.twin
    return Portfolio(
        as_of=twin.as_of,
        currency=twin.currency,
        parameters=twin.model.parameters,
        lgd=twin.model.lgd,
        columns=outlook.all_columns,
        standing=known_standing(outlook),
        runoff=outlook.runoff,
        historical=long_run_shocks(twin.model, long_run_covariates(outlook)),
        recognised=recognised(outlook),
    )


def economies(
    outlook: Outlook, given: Sequence[GivenScenario], horizon: int
) -> tuple[list[WeightedScenario], list[str]]:
    """Return the scenarios over `horizon` months, weighted, and what was assumed; none: generated paths."""
    weights = checked_weights(given)
    if not given:
        economy = generated(outlook, horizon)
        return [weighted(outlook, GENERATED, 1.0, economy)], list(economy.notes)
    found = [lifetime_economy(outlook, item, horizon) for item in given]
    triples = zip(given, weights, found, strict=True)
    made = [weighted(outlook, item.name, weight, economy) for item, weight, economy in triples]
    return made, [note for economy in found for note in economy.notes]


def lifetime_economy(outlook: Outlook, given: GivenScenario, horizon: int) -> Economy:
    """Return a scenario over the remaining life: as stated for the supported period, then reverting."""
    path = outlook.lifetime(given.scenario, horizon)
    return outlook.given(path, horizon, given.notes, given.income_support)


def generated(outlook: Outlook, horizon: int) -> Economy:
    """Return generated paths over the remaining life; they revert by their own fitted persistence."""
    return outlook.simulated(horizon, GENERATED_PATHS, outlook.twin.config.run.seed)


def weighted(outlook: Outlook, name: str, weight: float, economy: Economy) -> WeightedScenario:
    """Return an economy as the standards read it."""
    shocks = np.ascontiguousarray(outlook.expected(economy))
    return WeightedScenario(name, weight, shocks, economy.index, severity_moves(outlook, economy, shocks))


def checked_weights(given: Sequence[GivenScenario]) -> tuple[float, ...]:
    """Return the weights: 1 for a single scenario, several must be stated and sum to 1.

    Raises
    ------
    UsageError : a weight missing among several, a sum other than 1, or a single weight other than 1.
    """
    if len(given) <= 1:
        for item in given:
            if item.weight not in (None, 1.0):
                raise UsageError(
                    expected("a weight of 1 for a single scenario", item.weight), field="scenarios"
                )
        return (1.0,) * len(given)
    missing = [item.name for item in given if item.weight is None]
    if missing:
        raise UsageError(
            expected("FILE#NAME=WEIGHT for each of several scenarios", f"no weight for {missing[0]}"),
            field="scenarios",
        )
    weights = tuple(float(item.weight) for item in given if item.weight is not None)
    if abs(sum(weights) - 1.0) > 1e-9:
        raise UsageError(expected("weights that sum to 1", f"{sum(weights):.9g}"), field="scenarios")
    return weights


def ifrs9_allowance(outlook: Outlook, given: GivenScenario) -> float:
    """Return the IFRS 9 allowance net of guarantees were one scenario certain."""
    made = weighted(
        outlook, given.name, 1.0, lifetime_economy(outlook, given, lifetime_months(outlook.all_columns))
    )
    return float(provisions("ifrs9", portfolio(outlook), [made], outlook.twin.config).allowance)
