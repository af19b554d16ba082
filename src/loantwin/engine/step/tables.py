"""What a step reads (frozen), what it carries from month to month, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.cells import Cells, LossGivenDefault, recovery_worth
from loantwin.engine.path import check_cells, check_lgd
from loantwin.engine.rows import TransitionParameters, base_segments, check_transitions, odds
from loantwin.engine.step.cohorts import LendingPlan, check_plan, check_templates, segment_risk
from loantwin.engine.step.levers import Edges, LeverEffects, edge_kinds
from loantwin.errors import ModelError, UsageError, expected


@dataclass(frozen=True)
class StepEconomics:
    """Costs of the lender, decimals a year.

    funding_annual_rate : of the balance and of the stock in default. servicing_annual_rate : of the balance.
    collection_annual_rate : of the balance past due and the stock in default, at collection lever 0
        (assumed).

    Raises
    ------
    UsageError : a rate that is negative or not finite.
    """

    funding_annual_rate: float = 0.03
    servicing_annual_rate: float = 0.005
    collection_annual_rate: float = 0.03

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not (np.isfinite(value) and value >= 0.0):
                raise UsageError(expected("a finite rate of at least 0", value), field=item.name)


@dataclass(frozen=True, eq=False)
class StepTables:
    """Everything a book's months are computed from; shared by all books of a batch.

    cells : B cells of the book over T months. templates : G cells, one unit lent in each segment, over at
    least T months. G counts the segments without their vintages: what is lent anew is of no vintage yet.

    Raises
    ------
    ModelError : a model without a default state, and cells, templates or costs that do not fit it.
    """

    parameters: TransitionParameters
    cells: Cells
    templates: Cells
    lgd: LossGivenDefault
    economics: StepEconomics = field(default_factory=StepEconomics)
    effects: LeverEffects = field(default_factory=LeverEffects)
    plan: LendingPlan = field(default_factory=LendingPlan)

    def __post_init__(self) -> None:
        check_transitions(self.parameters)
        segments = self.segments
        if not self.parameters.live <= self.parameters.default_state < len(self.parameters.states):
            raise ModelError(
                expected("a model with a default state", self.parameters.default_state), field="default_state"
            )
        check_cells(self.parameters, self.cells)
        check_cells(self.parameters, self.templates)
        check_lgd(self.parameters, self.lgd)
        check_templates(self.templates, segments, self.months)
        check_plan(self.plan, self.months, segments)

    @property
    def months(self) -> int:
        """Return T, the last month that can be stepped to."""
        return int(self.cells.interest.shape[1])

    @cached_property
    def base(self) -> Integers:
        """Return the segment each label of the model lends in, (labels,): a vintage's is its segment's."""
        return base_segments(self.parameters.segments)

    @property
    def segments(self) -> int:
        """Return G, the number of segments lent in: the labels without a vintage, which come first."""
        return int(self.base.max()) + 1

    @property
    def lends(self) -> bool:
        """Return whether there is new lending."""
        return self.plan.kind != "none"

    @cached_property
    def odds(self) -> Floats:
        """Return the age and segment part of the odds, (R, G, A)."""
        return odds(self.parameters)

    @cached_property
    def edges(self) -> Edges:
        """Return the kind of each edge."""
        return edge_kinds(self.parameters)

    @cached_property
    def risk(self) -> Floats:
        """Return the standardised risk of each segment, (G,)."""
        return segment_risk(self.parameters, self.segments)

    @cached_property
    def lags(self) -> Floats:
        """Return the charge-off and the recovery lag, padded to one length, (2, W)."""
        both = (self.lgd.charge_off_lag, self.lgd.recovery_lag)
        padded = np.zeros((2, max(len(lag) for lag in both)))
        for row, lag in zip(padded, both, strict=True):
            row[: len(lag)] = lag
        return padded


@dataclass(frozen=True)
class StepState:
    """E books after `month` months; C columns: B cells, then G a cohort, in order of lending (K so far).

    live : (E, C, live) of a cell, the probability of each live state; of a cohort, the amount lent still in
        that state. Books lie side by side in memory (the transpose of a contiguous (C, live, E)), which the
        kernel relies on.
    entry, add_on, excess : (E, K) what the levers made of each cohort: see `levers.Moves`.
    due : (E, 3, W) exposure, principal to charge off and to recover, of the defaults of the last W months;
        month t lies at t modulo W.
    in_default : (E,) exposure in default, neither charged off nor resolved yet (defaults since the as-of
        date).
    """

    month: int
    live: Floats
    entry: Floats
    add_on: Floats
    excess: Floats
    due: Floats
    in_default: Floats


FIGURES = (
    "opening",
    "new_lending",
    "balance",
    "scheduled_principal",
    "prepaid",
    "interest",
    "draws",
    "arrears",
    "exited",
    "defaulted",
    "defaulted_number",
    "charged_off",
    "recovered",
    "loss_gross",
    "loss_net",
    "live_number",
    "loss",
    "resolved",
    "in_default",
    "past_due",
    "late",
    "funding_cost",
    "servicing_cost",
    "collection_cost",
    "profit",
)
"""Figures of a step in the order of `StepFlows.values`."""


@dataclass(frozen=True)
class StepFlows:
    """Figures of one month of E books. `flows["interest"]` is (E,), currency unless said.

    opening, balance : live balance at the start and at the end, new lending of the month included.
    scheduled_principal, prepaid, interest, draws, arrears, exited, defaulted, defaulted_number, charged_off,
    recovered,
    loss_gross, loss_net, live_number : as in `engine.path.Flows`. new_lending : lent at the end of the month.
    loss : of the month's defaults after guarantees, not discounted. resolved : defaults cured or paid.
        in_default : stock.
    past_due, late : balance at the end in any live state but the first, in the last one (0 where there is one
        only).
    funding_cost, servicing_cost, collection_cost : paid, positive.
    profit : interest - costs - loss.

    Two identities hold in every month:
        balance = opening + new_lending + draws + arrears - scheduled_principal - prepaid - exited - defaulted
        in_default = in_default of the month before + defaulted - charged_off - resolved
    """

    values: Floats
    lent: Floats
    """(E, G) new lending by segment."""

    def __getitem__(self, name: str) -> Floats:
        return np.asarray(self.values[:, FIGURES.index(name)])


def initial_state(tables: StepTables, books: int = 1) -> StepState:
    """Return E equal books at the as-of date.

    Raises
    ------
    UsageError : fewer than one book.
    """
    if books < 1:
        raise UsageError(expected("at least 1 book", books), field="books")
    count, live = len(tables.cells.segment), tables.parameters.live
    start = np.zeros((count, live, books))
    start[np.arange(count), tables.cells.state] = 1.0
    none = np.zeros((0, books)).T
    due = np.zeros((3, tables.lags.shape[1], books)).transpose(2, 0, 1)
    return StepState(0, start.transpose(2, 0, 1), none, none, none, due, np.zeros(books))


@dataclass(frozen=True)
class Columns:
    """What month t reads of every column, (C,) each; `tables` (15, C) in the order of `COLUMN_TABLES`.

    segment : what the column lends in, vintages aside. cohort : index, -1 for a cell. odds : (R, C) at the
        column's age.
    """

    segment: Integers
    cohort: Integers
    odds: Floats
    tables: Floats

    def __getitem__(self, name: str) -> Floats:
        return np.asarray(self.tables[COLUMN_TABLES.index(name)])


COLUMN_TABLES = (
    "start",
    "close",
    "scheduled",
    "partial",
    "draws",
    "interest",
    "rate_sensitivity",
    "exposure",
    "loans_start",
    "loans_close",
    "charged_off",
    "recovered",
    "net_share",
    "discount",
    "worth",
)


@lru_cache(maxsize=1024)
def columns_at(tables: StepTables, month: int) -> Columns:
    """Return what month `month` (1..T) reads: cells at age + month, cohorts at months since lending."""
    parts = [_column_block(tables.cells, tables, month, month)]
    cohorts = month - 1 if tables.lends else 0
    parts += [_column_block(tables.templates, tables, month - lent, month) for lent in range(1, cohorts + 1)]
    segment, age, values = (np.concatenate(item, axis=-1) for item in zip(*parts, strict=True))
    label = np.concatenate([tables.cells.segment, np.tile(tables.templates.segment, cohorts)])
    numbers = np.repeat(np.arange(cohorts), len(tables.templates.segment))
    last = tables.odds.shape[2] - 1
    return Columns(
        segment=segment,
        cohort=np.concatenate([np.full(len(tables.cells.segment), -1), numbers]),
        odds=np.ascontiguousarray(tables.odds[:, label, np.minimum(age, last)]),
        tables=np.ascontiguousarray(values),
    )


def _column_block(
    cells: Cells, tables: StepTables, own: int, month: int
) -> tuple[Integers, Integers, Floats]:
    """Return segment, age and tables of cells in their month `own` = 1, 2, ...: month `month` of the book."""
    at = own - 1
    start, close, partial, draws = (
        cells.balance[:, at],
        cells.balance[:, own],
        cells.partial[:, at],
        cells.draws[:, at],
    )
    age = cells.age + own
    severity_age = np.minimum(age, tables.lgd.charged_off.shape[1] - 1)
    values = np.stack(
        [
            start,
            close,
            start - close + draws - partial,
            partial,
            draws,
            cells.interest[:, at],
            cells.rate_sensitivity[:, at],
            cells.exposure[:, at],
            cells.loans[:, at],
            cells.loans[:, own],
            tables.lgd.charged_off[cells.segment, severity_age],
            tables.lgd.recovered[cells.segment, severity_age],
            1.0 - cells.guaranteed,
            np.exp(-np.log1p(cells.annual_rate / 12.0) * month),
            recovery_worth(cells.annual_rate, tables.lgd.recovery_lag),
        ]
    )
    return tables.base[cells.segment], age, values
