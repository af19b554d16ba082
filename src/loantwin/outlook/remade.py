"""Figures made a second time in plain NumPy from the same tables: what a validator holds the program against.

Flows are those of `engine.path` (one array operation a step, no kernel), losses those of
`engine.loss.loan_losses_reference` (each loan's own schedule). Both read the model, the loans as columns and
the month part of the odds; an error in those is in both, one of a kernel, of its packing or of its sums is in
one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.cells import SeverityMoves
from loantwin.engine.columns import LoanColumns, take
from loantwin.engine.expectation import conditional_flows, conditional_flows_reference
from loantwin.engine.loss import loan_losses, loan_losses_reference
from loantwin.engine.path import FIGURES
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.outlook.portfolio import portfolio
from loantwin.outlook.severity import severity_moves
from loantwin.risk.provisions.provisions import Portfolio, lifetime_months
from loantwin.streams import Stream, generator

STOCKS = ("balance", "live_number")
"""Figures that stand at a month's end; the others are flows."""
PATHS = 3
"""Generated paths on which figures are made twice."""
MOST_LOANS = 5_000
"""Loans above which a sample of so many is made twice."""


@dataclass(frozen=True)
class Remade:
    """A figure of the program and of the oracle, currency or loans as its unit says.

    difference : oracle less program, share of the larger of the two; 0 where both are 0. loans : rows of the
    book in it.
    """

    figure: str
    unit: str
    program: float
    oracle: float
    difference: float
    loans: int


def remade(outlook: Outlook, horizon: int) -> tuple[Remade, ...]:
    """Return the flows over months 1..horizon and the losses of the live book, each made twice.

    Sums over months, cells and loans (balance and live loans: at the end), means over the first `PATHS`
    generated paths, the period effect at its expectation. Nothing where no loan is live.
    """
    columns = sampled(outlook.columns, outlook.twin.config.run.seed)
    if not len(columns.principal):
        return ()
    life = int(columns.remaining_months.max(initial=1))
    economy = outlook.simulated(max(horizon, life), PATHS, outlook.twin.config.run.seed)
    shocks = np.ascontiguousarray(outlook.expected(economy))
    moves = severity_moves(outlook, economy, shocks)
    return (
        *_flows(outlook, columns, economy, shocks, moves, horizon),
        *_losses(outlook, columns, shocks, moves, economy),
    )


def sampled(columns: LoanColumns, seed: int, most: int = MOST_LOANS) -> LoanColumns:
    """Return the loans, or a random sample of `most` of them, in their order."""
    count = len(columns.principal)
    if count <= most:
        return columns
    chosen = generator(seed, Stream.THINS).choice(count, most, replace=False)
    return take(columns, np.sort(chosen))


def _flows(
    outlook: Outlook,
    columns: LoanColumns,
    economy: Economy,
    shocks: Floats,
    moves: SeverityMoves | None,
    horizon: int,
) -> list[Remade]:
    model = outlook.twin.model
    cells = outlook.cells(economy, horizon, columns)
    months = np.ascontiguousarray(shocks[:, :horizon])
    index = economy.index_paths(cells, len(months))
    ours, theirs = (
        made(model.parameters, cells, model.lgd, months, index_paths=index, severity_moves=moves)
        for made in (conditional_flows, conditional_flows_reference)
    )
    units = dict.fromkeys(("defaulted_number", "live_number"), "loans")
    made = []
    for name in FIGURES:
        both: list[Floats] = [getattr(item, name) for item in (ours, theirs)]
        one, other = (float((item[..., -1] if name in STOCKS else item).sum()) / len(months) for item in both)
        unit = units.get(name, outlook.twin.currency)
        made.append(_beside(f"{name}, {horizon} months", unit, one, other, len(columns.principal)))
    return made


def _losses(
    outlook: Outlook, columns: LoanColumns, shocks: Floats, moves: SeverityMoves | None, economy: Economy
) -> list[Remade]:
    book: Portfolio = replace(portfolio(outlook), columns=columns)
    months = lifetime_months(columns)
    paths = np.ascontiguousarray(shocks[:, :months])
    index = None if economy.index is None else np.ascontiguousarray(economy.index[:, :months])
    assumed = outlook.runoff
    ours = loan_losses(
        book.parameters,
        columns,
        book.lgd,
        paths,
        index_paths=index,
        partial_monthly=assumed.partial_monthly,
        arrears_months=assumed.arrears_months,
        conversion_factor=assumed.conversion_factor,
        severity_moves=moves,
    )
    theirs = loan_losses_reference(
        book.parameters, columns, book.lgd, paths, assumed, index, ours.horizons, severity_moves=moves
    )
    net = columns.weight * (1.0 - columns.guaranteed)
    made = []
    for place, words in enumerate(("12-month", "lifetime")):
        one, other = (float(net @ item.loss[:, :, place].mean(axis=1)) for item in (ours, theirs))
        made.append(
            _beside(f"{words} expected loss, net of guarantees", outlook.twin.currency, one, other, len(net))
        )
        one, other = (float(columns.weight @ item.pd[:, :, place].mean(axis=1)) for item in (ours, theirs))
        made.append(_beside(f"{words} expected number of defaults", "loans", one, other, len(net)))
    return made


def _beside(figure: str, unit: str, program: float, oracle: float, loans: int) -> Remade:
    larger = max(abs(program), abs(oracle))
    return Remade(
        figure.replace("_", " "), unit, program, oracle, (oracle - program) / larger if larger else 0.0, loans
    )


def largest_difference(made: Sequence[Remade]) -> Mapping[str, float]:
    """Return the figure that differs most and by how much, empty where nothing was made."""
    if not made:
        return {}
    worst = max(made, key=lambda item: abs(item.difference))
    return {worst.figure: worst.difference}
