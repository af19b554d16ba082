"""Simulated figures of a book by path and month: conditional expectation, then the noise of single names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import hypot

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.cells import Cells
from loantwin.engine.expectation import Numbers, conditional_flows, conditional_numbers
from loantwin.engine.path import Flows
from loantwin.engine.rows import published_places, published_states
from loantwin.models.severity_reaction import SeverityReaction, severity_factors, worsening_conditions
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.outlook.severity import severity_moves
from loantwin.outlook.workout import Awaited, share_charged_off, stock_in_default
from loantwin.risk.intervals import name_events
from loantwin.streams import Stream, generator

FIGURES = ("balance", "scheduled_principal", "prepaid", "interest", "defaulted", "charged_off", "recovered")
"""Figures of a forecast, in the order of the JSON."""
MOVES = {"new": "new_lending", "drawn": "draws", "arrears_interest": "arrears", "exited": "exited"}
"""What else moves the balance of live loans, by the engine's names: opening + new + drawn + arrears_interest
- scheduled_principal - prepaid - exited - defaulted = closing."""
NUMBERS = ("loans", "defaulted_loans", "charged_off_loans", "prepaid_loans")
"""Loans live at the month's end, and those that left in it, by their end."""
DEFAULTS_STREAM, PREPAID_STREAM, STATES_STREAM = 7, 8, 9
CHARGED_STREAM, RECOVERED_STREAM = 13, 14
"""Streams of the luck of single names; backtests have 11 and 12."""


@dataclass(frozen=True)
class Paths:
    """Simulated figures (P, T) with name noise; `expected` is before it, opening the balance at the start.

    numbers : (P, T) expected defaults in number; defaults : the same with name noise. loans : `NUMBERS` as
        (simulated, expected), (P, T) each; empty where loans are not counted, and without
        `charged_off_loans` where no default told it. arrears : live state -> (simulated, expected) share of
        the live loans, (P, T).
    """

    opening: float
    simulated: Mapping[str, Floats]
    expected: Mapping[str, Floats]
    numbers: Floats
    defaults: Floats
    loans: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)
    arrears: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)


def projected(outlook: Outlook, economy: Economy, horizon: int, paths: int, seed: int) -> Paths:
    """Return the run-off of the book on every path: conditional expectation, then noise of names."""
    cells, model = outlook.cells(economy, horizon), outlook.twin.model
    shocks = outlook.drawn(economy, paths, seed)
    flows = conditional_flows(
        model.parameters,
        cells,
        model.lgd,
        shocks,
        index_paths=economy.index_paths(cells, paths),
        severity_moves=severity_moves(outlook, economy),
    )
    given = {name: getattr(flows, name).sum(axis=1) for name in FIGURES}
    given |= {
        name: np.zeros_like(given["balance"]) if name == "new" else getattr(flows, own).sum(axis=1)
        for name, own in MOVES.items()
    }
    made = noisy_paths(
        float(flows.opening.sum(axis=1).mean()),
        given,
        flows.defaulted_number.sum(axis=1),
        typical_size(cells),
        model.lgd.charge_off_lag,
        seed,
        float(cells.exposure.max(axis=1).sum()),
        severity_of(outlook, shocks, seed, followed=economy.prices is not None),
    )
    numbers = conditional_numbers(model.parameters, cells, model.lgd, shocks)
    return counted(made, numbers, model.parameters.states, model.lgd.charge_off_lag, outlook, seed)


def severity_of(outlook: Outlook, shocks: Floats, seed: int, followed: bool = False) -> Floats:
    """Return by how much a path's charge-offs exceed those its defaults lead to expect, (P,), mean 1.

    The reaction to the times and the spread from year to year (`models.severity_reaction`), and the error
    with which history tells the share charged off; where none was observed, what the prior leaves open is in
    the spread already. followed : secured loans follow the price of their collateral by themselves
    (`outlook.severity`); the reaction is then that of the others.
    """
    model, columns = outlook.twin.model, outlook.columns
    told = model.diagnostics.get("severity", {}).get("charged_off", {})
    known = told.get("observed", True) and told.get("value", 0.0) > 0.0
    error = told.get("standard_error", 0.0) / told["value"] if known else 0.0
    reaction = model.severity or SeverityReaction(0.0, 0.0, 0.0, 0.0, 0)
    if followed:
        reaction = replace(reaction, reaction=reaction.reaction * (1.0 - outlook.secured_share))
    if not len(columns.principal) or not hypot(reaction.spread, error, abs(reaction.reaction)) > 0.0:
        return np.ones(len(shocks))
    conditions = worsening_conditions(model.parameters, shocks)
    share = model.lgd.charged_off[
        columns.segment, np.minimum(columns.age, model.lgd.charged_off.shape[1] - 1)
    ]
    weight = columns.weight * columns.principal
    level = float(weight @ share / weight.sum()) if weight.sum() > 0.0 else float(share.mean())
    wider = replace(reaction, spread=float(np.hypot(reaction.spread, error)))
    return severity_factors(wider, conditions, level, seed)


def noisy_paths(
    opening: float,
    given: Mapping[str, Floats],
    numbers: Floats,
    size: float,
    lag: Floats,
    seed: int,
    most: float = math.inf,
    severity: Floats | None = None,
) -> Paths:
    """Return figures (P, T) with the noise of single names on defaults and what follows them.

    Parameters
    ----------
    given : figures before it. numbers : (P, T) expected defaults. size : of a typical default. lag : (W,)
        from default to charge-off. most : exposure of the whole book: what can default in a month.
    severity : (P,) factors on charge-offs, None is 1; the mean over paths of what is charged off is kept.
    """
    factor, defaults = name_factor(numbers, given["defaulted"], size, seed, most)
    after = _lagged(given["defaulted"] * factor, lag) / np.maximum(_lagged(given["defaulted"], lag), 1e-300)
    dearer = np.ones((len(numbers), 1)) if severity is None else severity[:, None]
    whole = float(given["charged_off"].sum())
    if whole > 0.0:
        dearer = dearer * (whole / float((given["charged_off"] * dearer).sum()))
    arrears = given.get("arrears_interest", np.zeros_like(numbers))
    # what a default more takes from the live balance: its exposure less what is owed beyond that balance
    taken = np.cumsum((given["defaulted"] - arrears) * (factor - 1.0), axis=1)
    noisy = {
        **given,
        "defaulted": given["defaulted"] * factor,
        "charged_off": given["charged_off"] * after * dearer,
        "recovered": given["recovered"] * after,
        "balance": np.maximum(given["balance"] - taken, 0.0),
    }
    if "arrears_interest" in given:
        noisy["arrears_interest"] = arrears * factor
    return Paths(opening, noisy, given, numbers, defaults)


def counted(
    made: Paths, numbers: Numbers, states: Sequence[str], lag: Floats, outlook: Outlook, seed: int
) -> Paths:
    """Return the figures with numbers of loans, and the mix of arrears where the source tells states apart.

    Payoffs and states get the luck of single names too: Poisson numbers, as defaults do.
    """
    paid = generator(seed, Stream.NAMES, place=PREPAID_STREAM).poisson(numbers.prepaid).astype(np.float64)
    live = numbers.live.sum(axis=1)
    more = np.cumsum(made.defaults - numbers.defaulted + paid - numbers.prepaid, axis=1)
    loans = {
        "loans": (np.maximum(live - more, 0.0), live),
        "defaulted_loans": (made.defaults, numbers.defaulted),
        "prepaid_loans": (paid, numbers.prepaid),
    }
    share = share_charged_off(outlook)
    if share is not None:
        follow = _lagged(numbers.defaulted, lag) * share
        random = generator(seed, Stream.NAMES, place=CHARGED_STREAM)
        charged = np.where(
            share == 1.0, _lagged(made.defaults, lag), random.poisson(_lagged(made.defaults, lag) * share)
        )
        loans["charged_off_loans"] = (charged, follow)
    several = len(set(published_places(states)[: numbers.live.shape[1]])) > 1
    arrears = _mix(numbers.live, states, seed) if several else {}
    return replace(made, loans={name: loans[name] for name in NUMBERS if name in loans}, arrears=arrears)


def _mix(live: Floats, states: Sequence[str], seed: int) -> dict[str, tuple[Floats, Floats]]:
    """Return each live state's share of live loans, simulated and expected; all are 0 once none is left."""
    names, place = published_states(states), published_places(states)[: live.shape[1]]
    live = np.stack([live[:, place == own].sum(axis=1) for own in range(place[-1] + 1)], axis=1)
    whole = np.maximum(live.sum(axis=1), 1e-12)
    drawn = generator(seed, Stream.NAMES, place=STATES_STREAM).poisson(live[:, 1:]).astype(np.float64)
    late = np.minimum(drawn / np.maximum(whole[:, None], drawn.sum(axis=1, keepdims=True)), 1.0)
    first = np.where(live.sum(axis=1) > 1e-12, 1.0 - late.sum(axis=1), 0.0)
    simulated = np.concatenate([first[:, None], late], axis=1)
    return {
        name: (simulated[:, place], live[:, place] / whole)
        for place, name in enumerate(names[: live.shape[1]])
    }


def with_stock(made: Paths, stock: tuple[Awaited, Awaited], seed: int, number: bool) -> Paths:
    """Return the figures with what comes from loans in default at the as-of date, luck of single names in it.

    stock : charge-offs and recoveries still to come. number : whether charge-offs are counted in loans too.
    """
    simulated, expected, loans = dict(made.simulated), dict(made.expected), dict(made.loans)
    parts = (("charged_off", CHARGED_STREAM + 2), ("recovered", RECOVERED_STREAM + 2))
    for (name, stream), awaited in zip(parts, stock, strict=True):
        if name not in expected:
            continue
        count, amount = _drawn(awaited, len(expected[name]), seed, stream)
        simulated[name], expected[name] = simulated[name] + amount, expected[name] + awaited.amount
        if name == "charged_off" and number and "charged_off_loans" in loans:
            noisy, plain = loans["charged_off_loans"]
            loans["charged_off_loans"] = (noisy + count, plain + awaited.number)
    return replace(made, simulated=simulated, expected=expected, loans=loans)


def _drawn(awaited: Awaited, paths: int, seed: int, stream: int) -> tuple[Floats, Floats]:
    """Return numbers and amounts (P, T) of what is awaited, on every path."""
    numbers = np.broadcast_to(awaited.number, (paths, len(awaited.number)))
    some = awaited.number > 0.0
    mean = np.divide(awaited.amount, awaited.number, out=np.zeros_like(awaited.amount), where=some)
    square = np.divide(awaited.square, awaited.number, out=np.zeros_like(mean), where=some)
    count, amount = name_events(numbers, mean, np.maximum(square, mean**2), seed, stream, awaited.most)
    return count, amount


def typical_size(cells: Cells) -> float:
    """Return sum of squared exposures / sum of exposures at the as-of date: the size of a typical default."""
    weight = cells.balance[:, 0]
    return float((cells.squared * weight).sum() / max(weight.sum(), 1e-300))


def name_factor(
    numbers: Floats, defaulted: Floats, size: float, seed: int, most: float = math.inf
) -> tuple[Floats, Floats]:
    """Return factors of mean 1 that turn expected defaults into simulated ones, and their numbers.

    Both of the shape of `numbers`.

    most : what can default in a month at most.
    """
    mean = np.divide(defaulted, numbers, out=np.zeros_like(defaulted), where=numbers > 0)
    square = mean * np.maximum(size, mean)
    count, noisy = name_events(numbers, mean, square, seed, DEFAULTS_STREAM, most)
    return np.divide(noisy, defaulted, out=np.ones_like(defaulted), where=defaulted > 0), count


def _lagged(defaults: Floats, lag: Floats) -> Floats:
    """Return what follows defaults (P, T) by a lag (W,)."""
    made = np.zeros_like(defaults)
    for months_later, share in enumerate(lag[: defaults.shape[1]]):
        made[:, months_later:] += share * defaults[:, : defaults.shape[1] - months_later]
    return made


def scenario_run(outlook: Outlook, economy: Economy, horizon: int) -> Flows:
    """Return the book's expected figures under one economy, (1, 1, T), the stock in default included."""
    model = outlook.twin.model
    cells = outlook.cells(economy, horizon)
    shocks = np.ascontiguousarray(outlook.expected(economy))
    moves = severity_moves(outlook, economy, shocks)
    flows = conditional_flows(model.parameters, cells, model.lgd, shocks, severity_moves=moves)
    charged_off, recovered = stock_in_default(outlook, horizon)
    return replace(flows, charged_off=flows.charged_off + charged_off, recovered=flows.recovered + recovered)
