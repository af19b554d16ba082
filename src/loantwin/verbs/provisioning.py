"""`provisions`: the allowance of the book under a standard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loantwin.errors import UsageError, expected
from loantwin.macro.revert import extend
from loantwin.risk.facts import standing
from loantwin.risk.provisions import STANDARDS, Portfolio, Provision, WeightedScenario, lifetime_months, long_run_shocks
from loantwin.risk.provisions import provisions as allowance
from loantwin.twin import Twin, open_twin
from loantwin.verbs.outlook import Economy, GivenScenario, Outlook, read_scenarios

GENERATED = "generated"
"""Name of the scenario that stands for the generator's paths."""
LONGEST_LOOK_BACK = 36
"""Months that a covariate's transform and lag look back, at most."""
GENERATED_PATHS = 60
"""Generated paths of a lifetime measure: their mean is what counts, not their tail."""


def provisions(
    directory: Path | str,
    standard: str,
    *,
    scenarios: Sequence[str] = (),
    align: str | None = None,
    supported_months: int | None = None,
) -> Provision:
    """Return the allowance of the book under `ifrs9`, `cecl` or `five-level`.

    Parameters
    ----------
    scenarios : FILE[#NAME][=WEIGHT]; weights of several must sum to 1. None: the mean over generated paths.
    align : "start" re-dates them to begin after the as-of date.
    supported_months : reasonable-and-supportable period, None takes the configuration's; beyond it macro reverts.

    Raises
    ------
    InputError : see the message.
    """
    if standard not in STANDARDS:
        raise UsageError(expected("one of " + ", ".join(STANDARDS), standard), field="--standard")
    with open_twin(directory, flags={"macro.supported_months": supported_months}) as twin:
        outlook = Outlook(twin)
        return provided(outlook, standard, read_scenarios(twin, scenarios, align))


def provided(outlook: Outlook, standard: str, given: Sequence[GivenScenario]) -> Provision:
    """Return the allowance under a standard and scenarios already read."""
    twin = outlook.twin
    book = portfolio(outlook)
    horizon = lifetime_months(book.columns)
    weights = checked(given)
    if given:
        economies = [lifetime_economy(outlook, item, horizon) for item in given]
        triples = zip(given, weights, economies, strict=True)
        made = [weighted(outlook, item.name, weight, economy) for item, weight, economy in triples]
    else:
        economies = [generated(outlook, horizon)]
        made = [weighted(outlook, GENERATED, 1.0, economies[0])]
    notes = [*outlook.notes, *(note for economy in economies for note in economy.notes)]
    return allowance(standard, book, made, twin.config, provenance={**twin.provenance(), "notes": notes})


def portfolio(outlook: Outlook) -> Portfolio:
    """Return the book as the provision standards read it."""
    twin = outlook.twin
    return Portfolio(
        as_of=twin.as_of,
        currency=twin.currency,
        parameters=twin.model.parameters,
        lgd=twin.model.lgd,
        columns=outlook.all_columns,
        standing=standing(outlook.book.loans, twin.mapping.observes),
        runoff=outlook.runoff,
        historical=long_run_shocks(twin.model, long_run_covariates(outlook)),
    )


def long_run_covariates(outlook: Outlook) -> NDArray[np.float64]:
    """Return the macro covariates at the level to which scenarios revert, (F,): the past, carried on until it has settled."""
    macro = outlook.twin.config.macro
    settled = macro.reversion_months + LONGEST_LOOK_BACK
    path = extend(outlook.history, outlook.history, outlook.month0, macro.reversion_months, outlook.month0 + settled)
    return np.asarray(outlook.given(path, settled).covariates[0, -1])


def lifetime_economy(outlook: Outlook, given: GivenScenario, horizon: int) -> Economy:
    """Return a scenario over the remaining life: as stated for the supported period, then reverting."""
    return outlook.given(outlook.lifetime(given.scenario, horizon), horizon, given.notes)


def generated(outlook: Outlook, horizon: int) -> Economy:
    """Return generated paths over the remaining life; they revert by their own fitted persistence."""
    return outlook.simulated(horizon, GENERATED_PATHS, outlook.twin.config.run.seed)


def weighted(outlook: Outlook, name: str, weight: float, economy: Economy) -> WeightedScenario:
    """Return an economy as the standards read it."""
    return WeightedScenario(name, weight, np.ascontiguousarray(outlook.expected(economy)), economy.index)


def checked(given: Sequence[GivenScenario]) -> tuple[float, ...]:
    """Return the weights: 1 for a single scenario, several must be stated and sum to 1."""
    if len(given) <= 1:
        for item in given:
            if item.weight not in (None, 1.0):
                raise UsageError(expected("a weight of 1 for a single scenario", item.weight), field="--scenario")
        return (1.0,) * len(given)
    missing = [item.name for item in given if item.weight is None]
    if missing:
        raise UsageError(
            expected("FILE#NAME=WEIGHT for each of several scenarios", f"no weight for {missing[0]}"), field="--scenario"
        )
    weights = tuple(float(item.weight) for item in given if item.weight is not None)
    if abs(sum(weights) - 1.0) > 1e-9:
        raise UsageError(expected("weights that sum to 1", f"{sum(weights):.9g}"), field="--scenario")
    return weights


def ifrs9_allowance(twin: Twin, outlook: Outlook, given: GivenScenario) -> float:
    """Return the IFRS 9 allowance net of guarantees were one scenario certain."""
    made = weighted(outlook, given.name, 1.0, lifetime_economy(outlook, given, lifetime_months(outlook.all_columns)))
    return float(allowance("ifrs9", portfolio(outlook), [made], twin.config).allowance)
