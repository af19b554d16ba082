"""An allowance by pool, as any standard may give it: each loan's loss under each scenario, added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.risk.allowance import Part, ScenarioAllowance, amounts, checked_weights, parts, totals
from loantwin.risk.provisions.measurement import (
    Portfolio,
    WeightedScenario,
    exposures,
    pool_codes,
    pool_names,
)
from loantwin.types import Result


@dataclass(frozen=True)
class PooledAllowance(Result):
    """The allowance of a book by pool. Money in the book's currency; names as in the command's JSON.

    allowance : net of guarantees; allowance_gross : before them. rules : how the figures are made.
    """

    SCHEMA: ClassVar[str] = "loantwin.provisions/1"

    standard: str
    as_of: date
    currency: str
    exposure: float
    allowance: float
    allowance_gross: float
    by_pool: Mapping[str, Part]
    by_scenario: Mapping[str, ScenarioAllowance]
    rules: tuple[str, ...]
    not_observable: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def pooled_allowance(
    standard: str,
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    losses: Floats,
    *,
    rules: tuple[str, ...] = (),
    provenance: Mapping[str, Any] | None = None,
) -> PooledAllowance:
    """Return the allowance that each loan's losses make, by segment without its vintages.

    Parameters
    ----------
    standard : its name. scenarios : K with weights that sum to 1.
    losses : (N, K) allowance of one loan were each scenario certain, before guarantees, book currency, >= 0.
    rules : how the losses are made, printed with the result.

    Raises
    ------
    RiskError : weights that do not sum to 1; losses of another shape, negative, NaN or infinite.
    """
    check.word(standard=standard)
    check.kind(Portfolio, portfolio=portfolio)
    check.each(WeightedScenario, scenarios=scenarios)
    check.finite(losses=losses)
    check.words(rules=rules)
    check.kind(Mapping, **check.given(provenance=provenance))
    weights = {scenario.name: scenario.weight for scenario in scenarios}
    probability, book = checked_weights(weights), exposures(portfolio)
    book.check()
    amounts(losses, "losses", (len(book.exposure), len(probability)))
    gross, kept = losses @ probability, 1.0 - book.guaranteed
    found = parts(pool_codes(portfolio), pool_names(portfolio), book, gross * kept, gross)
    figures = [book.exposure, gross * kept, gross, *(losses.T * kept)]
    sums = [figure[0] for figure in totals([figure * book.weight for figure in figures])]
    return PooledAllowance(
        standard=standard,
        as_of=portfolio.as_of,
        currency=portfolio.currency,
        exposure=sums[0],
        allowance=sums[1],
        allowance_gross=sums[2],
        by_pool={name: part for name, part in found.items() if part.loans},
        by_scenario={
            name: ScenarioAllowance(weight, sums[3 + place])
            for place, (name, weight) in enumerate(weights.items())
        },
        rules=rules,
        not_observable=portfolio.standing.not_observable,
        provenance=dict(provenance or {}),
    )
