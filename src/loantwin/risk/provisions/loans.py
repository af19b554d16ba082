"""The allowance loan by loan, under a standard: one row a loan, which add up to the result's totals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.config import Config
from loantwin.risk.provisions.cecl import reversion_of
from loantwin.risk.provisions.explain import EXPLAINED
from loantwin.risk.provisions.five_level import graded, load_rules
from loantwin.risk.provisions.ifrs9 import STAGES
from loantwin.risk.provisions.measurement import (
    Portfolio,
    WeightedScenario,
    expected_losses,
    exposures,
    lifetime_months,
    loss_in_default,
    pool_codes,
    pool_names,
)
from loantwin.risk.provisions.provisions import (
    asset_facts,
    ifrs9_gross,
    measured_lives,
    reverted,
    staged,
    undiscounted,
)


def loan_rows(
    standard: str,
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    loans: pl.Series,
    poci_expected: Floats | None = None,
) -> pl.DataFrame:
    """Return the allowance of each loan of the book, (N) rows in its order.

    Columns of every standard: loan_id, segment, exposure (gross carrying amount, of the loan itself),
    guaranteed_share, weight (rows of the population x chance to be on the book), allowance_gross (of the loan
    itself, before guarantees), allowance (net of guarantees and weighted: its sum is the book's). IFRS 9 adds
    stage, why, pd_lifetime, pd_at_recognition, loss_12m, loss_lifetime, loss_in_default; CECL pool,
    in_default, loss_lifetime, loss_in_default; China class, days_past_due. Overlays are in none.

    Raises
    ------
    RiskError : as `provisions`. ArgumentError : a standard of another package, which has no rows.
    """
    check.one_of(EXPLAINED, standard=standard)
    check.kind(Portfolio, portfolio=portfolio)
    check.each(WeightedScenario, scenarios=scenarios)
    check.kind(Config, config=config)
    check.kind(pl.Series, loans=loans)
    check.finite(**check.given(poci_expected=poci_expected))
    work = {"ifrs9": _ifrs9, "cecl": _cecl, "five-level": _five_level}[standard]
    gross, told = work(portfolio, scenarios, config, poci_expected)
    found = exposures(portfolio)
    names = pl.Series(pool_names(portfolio), dtype=pl.String)
    return pl.DataFrame(
        {
            "loan_id": loans,
            "segment": names.gather(pool_codes(portfolio)),
            "exposure": found.exposure,
            "guaranteed_share": found.guaranteed,
            "weight": found.weight,
            "allowance_gross": gross,
            "allowance": gross * (1.0 - found.guaranteed) * found.weight,
            **told,
        }
    )


def _weights(scenarios: Sequence[WeightedScenario]) -> Floats:
    return np.array([item.weight for item in scenarios])


def _ifrs9(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    poci_expected: Floats | None,
) -> tuple[Floats, dict[str, object]]:
    found, weights = staged(measured_lives(portfolio, config), scenarios, config), _weights(scenarios)
    losses, flags = found.losses, portfolio.standing.credit_impaired_at_origination
    code = found.stages.stage - 1
    if flags is not None:
        code = np.where(flags, 3, code)
    return ifrs9_gross(found, scenarios, flags, poci_expected), {
        "stage": pl.Series(STAGES, dtype=pl.String).gather(code),
        "why": found.stages.reasons(),
        "pd_lifetime": found.pd,
        "pd_at_recognition": found.origination,
        "loss_12m": losses.twelve_month @ weights,
        "loss_lifetime": losses.lifetime @ weights,
        "loss_in_default": losses.defaulted,
    }


def _cecl(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],
    config: Config,
    poci_expected: Floats | None,  # noqa: ARG001  # one signature for every standard
) -> tuple[Floats, dict[str, object]]:
    used, months = reversion_of(config), lifetime_months(portfolio.columns)
    given = [reverted(item, portfolio.historical, months, used) for item in scenarios]
    measure = portfolio if used.discounted else undiscounted(portfolio)
    life = expected_losses(measure, given)[0][:, :, 1] @ _weights(scenarios)
    default, in_default = loss_in_default(portfolio)[0], portfolio.standing.defaulted
    names = pl.Series(pool_names(portfolio), dtype=pl.String)
    return np.where(in_default, default, life), {
        "pool": names.gather(pool_codes(portfolio)),
        "in_default": in_default,
        "loss_lifetime": life,
        "loss_in_default": default,
    }


def _five_level(
    portfolio: Portfolio,
    scenarios: Sequence[WeightedScenario],  # noqa: ARG001
    config: Config,  # noqa: ARG001
    poci_expected: Floats | None,  # noqa: ARG001
) -> tuple[Floats, dict[str, object]]:
    rules, facts = load_rules(), asset_facts(portfolio)
    found = exposures(portfolio)
    code = graded(facts, found.exposure * found.weight, rules)
    rate = np.array([rules.minimum[name] for name in rules.classes])[code]
    return rate * found.exposure, {
        "class": pl.Series(rules.classes, dtype=pl.String).gather(code),
        "days_past_due": pl.Series(facts.days_past_due, nan_to_null=True),
    }
