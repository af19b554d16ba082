"""A scenario's book by month and quarter: flows, the IFRS 9 allowance, cash and capital."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.engine.path import Flows
from loantwin.outlook.long_run import long_run_covariates
from loantwin.outlook.outlook import SOURCES, Economy, GivenScenario, Outlook
from loantwin.outlook.portfolio import lifetime_economy, portfolio, weighted
from loantwin.outlook.severity import severity_moves
from loantwin.outlook.workout import stock_in_default
from loantwin.risk.provisions.ifrs9 import Ifrs9Result
from loantwin.risk.provisions.provisions import lifetime_months, long_run_shocks, provisions
from loantwin.risk.stress.allowance import AllowancePath, allowance_path, origin_risk
from loantwin.risk.stress.capital import irb_weights
from loantwin.risk.stress.paths import CapitalPlan, MonthlyFlows, StressPath, quarter_ends, stress_path
from loantwin.verbs.stress.flows import drawn_at_default

WORKOUT_MONTHS = 120
"""By then the stock in default of the as-of date is worked out."""


@dataclass(frozen=True)
class Allowances:
    """Of one scenario: at the as-of date loan by loan, and along it.

    at : (K,) at `quarter_ends`, the sum of performing and in_default, (K,) each. charge_offs : (T,), less
    recoveries and net of guarantees, of defaults since the as-of date; stock : (T,) of those before.
    weights : (K,) risk-weighted assets, None where they are not asked for or a constant share of the balance.
    """

    today: Ifrs9Result
    at: Floats
    charge_offs: Floats
    stock: Floats
    performing: Floats
    in_default: Floats
    weights: Floats | None = None


def allowances(
    outlook: Outlook, item: GivenScenario, horizon: int, capital: CapitalPlan | None = None
) -> Allowances:
    """Return the allowance under a scenario at the as-of date and each quarter's end, the book running off.

    Loan by loan at the as-of date; afterwards what the cells give, scaled by the ratio of the two at the
    as-of date. The stock in default of the as-of date keeps the share of its allowance that is still to come.
    """
    twin = outlook.twin
    whole = max(lifetime_months(outlook.all_columns), horizon)
    economy = lifetime_economy(outlook, item, whole)
    today = provisions("ifrs9", portfolio(outlook), [weighted(outlook, item.name, 1.0, economy)], twin.config)
    assert isinstance(today, Ifrs9Result)  # the standard asked for
    third = today.by_stage.get("3")
    in_default, gross = (0.0, 0.0) if third is None else (third.allowance, third.allowance_gross)
    found, weights = _along(outlook, economy, whole, horizon, capital)
    performing = found.performing
    scale = (today.allowance - in_default) / performing[0] if performing[0] > 0 else 1.0
    to_come, back = stock_in_default(outlook, WORKOUT_MONTHS + horizon)
    kept = in_default / gross if gross > 0 else 1.0
    due = np.concatenate([[0.0], np.cumsum(to_come - back)])
    total = due[-1]
    left = (
        in_default * (1.0 - due[quarter_ends(horizon)] / total)
        if abs(total) > 1e-9
        else np.zeros(len(performing))
    )
    in_default_path = left + found.in_default
    return Allowances(
        today=today,
        at=performing * scale + in_default_path,
        charge_offs=found.charge_offs[:horizon],
        stock=(to_come - back)[:horizon] * kept,
        performing=performing * scale,
        in_default=in_default_path,
        weights=weights,
    )


def _along(
    outlook: Outlook, economy: Economy, whole: int, horizon: int, capital: CapitalPlan | None
) -> tuple[AllowancePath, Floats | None]:
    model, dates = outlook.twin.model, quarter_ends(horizon)
    cells = outlook.cells(economy, whole)
    historical = long_run_shocks(model, long_run_covariates(outlook))
    shocks = outlook.expected(economy)[0]
    moves = severity_moves(outlook, economy, shocks[None])
    origin = outlook.store.get(
        "stress.origin_risk",
        SOURCES,
        lambda: origin_risk(model.parameters, cells, historical, dates),
        (whole, horizon, historical.tobytes()),
    )
    found = allowance_path(
        model.parameters,
        cells,
        model.lgd,
        shocks,
        historical,
        dates,
        outlook.twin.config.ifrs9,
        None if moves is None else moves.factor[0][moves.kind],
        origin,
    )
    if capital is None or capital.approach != "irb":
        return found, None
    return found, irb_weights(
        model.parameters, cells, model.lgd, shocks, historical, dates, capital.asset_class
    )


def monthly_flows(
    outlook: Outlook, economy: Economy, flows: Flows, found: Allowances, horizon: int
) -> MonthlyFlows:
    """Return the flows of a book in run-off, what the stock in default brings included."""
    total = {name: getattr(flows, name).sum(axis=1)[0] for name in Flows.__dataclass_fields__}
    charged_off, recovered = stock_in_default(outlook, horizon)
    none = np.zeros(horizon)
    return MonthlyFlows(
        opening=np.concatenate([[total["opening"]], total["balance"][:-1]]),
        **{
            name: total[name]
            for name in ("balance", "scheduled_principal", "prepaid", "interest", "draws", "defaulted")
        },
        drawn_at_default=drawn_at_default(outlook, economy, flows, horizon),
        charged_off=total["charged_off"] + charged_off,
        recovered=total["recovered"] + recovered,
        new_lending=none,
        sale_proceeds=none,
        sale_loss=none,
        net_charge_offs=found.charge_offs + found.stock,
    )


def series(
    outlook: Outlook,
    economy: Economy,
    flows: MonthlyFlows,
    allowance: Floats,
    booked: float,
    capital: CapitalPlan | None,
    weights: Floats | None = None,
) -> StressPath:
    """Return a scenario's series; `booked` is the allowance carried before it was known."""
    labels = tuple(months.label(outlook.month0 + month) for month in range(len(flows.interest) + 1))
    known = booked if capital is None or capital.allowance is None else capital.allowance
    costs = outlook.twin.config.economics
    funding = None if economy.funding is None else economy.funding[0]
    return stress_path(flows, allowance, known, costs, labels, capital, weights, funding)
