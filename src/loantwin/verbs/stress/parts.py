"""Where a scenario's difference to the baseline comes from: by factor (Shapley), and by segment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.engine.path import Flows
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.outlook.workout import stock_in_default
from loantwin.risk.stress.factors import Attribution, coalitions, shapley
from loantwin.verbs.stress.flows import ExpectedFlows
from loantwin.verbs.stress.funding import annual_rates

INDEX, FUNDING, PRICES = -1, -2, -3
"""In a factor's group of covariates: it is the index of floating rates, the short rate of funding, the price
of collateral."""
FIGURES = ("defaulted", "charged_off", "loss", "net_interest_income")
"""loss : present value of the horizon's defaults x loss given default, net of guarantees."""


def figures_of(outlook: Outlook, flows: Flows, economy: Economy) -> dict[str, Floats]:
    """Return the live book's figures over the horizon, (P, G), `stock_in_default` apart."""
    servicing = outlook.twin.config.economics.servicing_annual_rate
    rate = (annual_rates(outlook, economy) + servicing) / 12
    held = np.concatenate([flows.opening[..., None], flows.balance[..., :-1]], axis=-1)
    cost = (rate[:, None, : held.shape[-1]] * held).sum(axis=-1)
    return {
        "defaulted": flows.defaulted.sum(axis=-1),
        "charged_off": flows.charged_off.sum(axis=-1),
        "loss": flows.loss_net.sum(axis=-1),
        "net_interest_income": flows.interest.sum(axis=-1) - cost,
    }


def parts(
    outlook: Outlook,
    run: ExpectedFlows,
    baseline: tuple[Economy, Flows],
    stressed: tuple[Economy, Flows],
    horizon: int,
) -> dict[str, Attribution]:
    """Return each figure's way from baseline to stress.

    Parameters
    ----------
    baseline, stressed : economies of one path and the book's flows under them by segment, (1, G, T).
    """
    names, groups = factor_groups(outlook, baseline[0], stressed[0])
    values = {name: np.zeros(2 ** len(names)) for name in FIGURES}
    chosen = coalitions(len(names))
    alone = bool(names) and groups[names[-1]] == [FUNDING]  # funding moves no flow: its runs are the others'
    runs = len(chosen) // 2 if alone else len(chosen)
    for moved in (False, True):
        # runs with one index path share their cells, so that the first and the last run are the scenarios'
        # own, to the bit
        own = np.flatnonzero(_index_moved(names, chosen, groups)[:runs] == moved)
        if not len(own):
            continue
        economy = _mixed(baseline[0], stressed[0], chosen[own], groups, stressed[0] if moved else baseline[0])
        flows = run(outlook, economy, horizon)
        for rows in (own, own + runs) if alone else (own,):
            funding = _funding(outlook, baseline[0], stressed[0], chosen[rows], groups)
            for name, found in figures_of(outlook, flows, replace(economy, funding=funding)).items():
                values[name][rows] = found.sum(axis=1)
    first, last = (figures_of(outlook, flows, economy) for economy, flows in (baseline, stressed))
    segments = outlook.twin.model.parameters.segments
    held = (baseline[1].opening[0] > 0) | (stressed[1].opening[0] > 0)
    extra = float(stock_in_default(outlook, horizon)[0].sum())
    made = {}
    for name in FIGURES:
        old, new = first[name][0], last[name][0]
        same = extra if name == "charged_off" else 0.0
        made[name] = Attribution(
            baseline=float(old.sum()) + same,
            stressed=float(new.sum()) + same,
            by_factor=shapley(names, values[name]),
            by_segment={
                segment: float(new[place] - old[place])
                for place, segment in enumerate(segments)
                if held[place]
            },
        )
    return made


def factor_groups(
    outlook: Outlook, baseline: Economy, economy: Economy
) -> tuple[list[str], dict[str, list[int]]]:
    """Return the factors to switch, and their covariates; the index of floating rates, the price of
    collateral and the short rate that funding follows are factors too.
    """
    groups: dict[str, list[int]] = {}
    for place, covariate in enumerate(outlook.twin.model.covariates):
        groups.setdefault(covariate.factor, []).append(place)
    if economy.index is not None and outlook.index_factor is not None:
        groups.setdefault(outlook.index_factor, [])
        groups = {
            name: [*places, *([INDEX] if name == outlook.index_factor else [])]
            for name, places in groups.items()
        }
    if outlook.price_factor is not None and economy.prices is not None:
        name = outlook.price_factor
        groups[name] = [*groups.get(name, []), PRICES]
    if baseline.funding is not None or economy.funding is not None:
        name = outlook.twin.config.funding.short_rate
        groups[name] = [*groups.get(name, []), FUNDING]
    return list(groups), groups


def _index_moved(names: list[str], chosen: Flags, groups: dict[str, list[int]]) -> Flags:
    place = next((place for place, name in enumerate(names) if INDEX in groups[name]), None)
    return np.zeros(len(chosen), dtype=np.bool_) if place is None else chosen[:, place]


def _mixed(
    baseline: Economy, stressed: Economy, chosen: Flags, groups: dict[str, list[int]], index: Economy
) -> Economy:
    """Return one path a coalition: the covariates of its factors stressed, the others at the baseline."""
    covariates = np.repeat(baseline.covariates, len(chosen), axis=0)
    for place, covered in enumerate(groups.values()):
        own = [column for column in covered if column >= 0]
        rows = np.flatnonzero(chosen[:, place])
        for column in own:
            covariates[rows, :, column] = stressed.covariates[0][:, column]
    path = None if index.index is None else np.repeat(index.index, len(chosen), axis=0)
    return Economy(None, covariates, path, prices=_prices(baseline, stressed, chosen, groups))


def _prices(
    baseline: Economy, stressed: Economy, chosen: Flags, groups: dict[str, list[int]]
) -> Floats | None:
    """Return the price of collateral by coalition, (2^k, T); None where none follows it."""
    place = next((place for place, covered in enumerate(groups.values()) if PRICES in covered), None)
    if place is None or stressed.prices is None:
        return None
    old = np.zeros_like(stressed.prices) if baseline.prices is None else baseline.prices
    return np.where(chosen[:, place, None], stressed.prices, old)


def _funding(
    outlook: Outlook, baseline: Economy, stressed: Economy, chosen: Flags, groups: dict[str, list[int]]
) -> Floats | None:
    """Return the cost of funding by coalition, (2^k, T); None where it follows neither economy."""
    place = next((place for place, covered in enumerate(groups.values()) if FUNDING in covered), None)
    if place is None:
        return None
    months = baseline.covariates.shape[1]
    old, new = (np.broadcast_to(annual_rates(outlook, item), (1, months)) for item in (baseline, stressed))
    return np.where(chosen[:, place, None], new, old)
