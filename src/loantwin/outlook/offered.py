"""A twin as a grid of offers reads it: the table of units by life and contract, and applicants' rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl

from loantwin.arrays import Codes, Floats, Integers
from loantwin.book.schema import SCORE_COLUMN
from loantwin.book.segments import segment_labels
from loantwin.decisions.pricing.contracts import contracts
from loantwin.decisions.pricing.effects import PriceEffects
from loantwin.decisions.pricing.kinds import Kinds
from loantwin.decisions.pricing.offer_grid import OfferGrid
from loantwin.decisions.pricing.offer_values import Applicants, OfferTable, TakeUp
from loantwin.decisions.pricing.parts import linear
from loantwin.decisions.profiles import LegalRule, days_of, offers_under
from loantwin.engine.assumptions import assumptions
from loantwin.engine.rows import base_label
from loantwin.errors import UsageError, expected
from loantwin.models.book_columns import by_size
from loantwin.outlook.asked import Asked
from loantwin.outlook.priced import YEAR, Pricer
from loantwin.products.internal_rates.columns import effective_annual_rates
from loantwin.products.pattern import pattern_codes
from loantwin.products.registry import PRODUCTS

KEYS_AT_ONCE = 64
"""Lives whose contracts are worked out in one go: bounds the memory."""


@dataclass(frozen=True)
class Offered:
    """A grid of offers valued by a twin: what a unit of money comes to is worked out once for each life.

    pricer : whose horizon reaches the longest term. law : rules that offers keep; on : the day of
    applications that have none.
    """

    pricer: Pricer
    grid: OfferGrid
    effects: PriceEffects
    law: tuple[LegalRule, ...] = ()
    on: date | None = None
    _rows: dict[tuple[float, ...], int] = field(default_factory=dict)
    _parts: list[dict[str, Floats]] = field(default_factory=list)

    @property
    def take_up(self) -> TakeUp:
        """Return what moves take-up."""
        own = self.pricer.costs.pricing
        return TakeUp(self.effects, own.take_up, own.take_up_amount, own.take_up_payment, own.offer_cost)

    def prepared(self, asked: Asked) -> tuple[Applicants, OfferTable]:
        """Return applicants as the grid reads them, and the table of what units of money come to.

        Each amount reads the label of its own size; the class of capital rules is that of what was asked for.

        Raises
        ------
        UsageError : a budget of a segment that the twin does not know.
        """
        apps, offered = asked.apps, self.grid.offered(asked.apps.amount)
        label = self._labels(asked, offered)
        keys = np.stack(
            np.broadcast_arrays(
                label, apps.product[:, None], asked.placed.asset_class[:, None], asked.placed.weight[:, None]
            ), axis=-1,
        ).reshape(-1, 4)  # fmt: skip
        key = self._known(keys)
        reference = self.pricer.reference_rates[apps.segment]
        frame = asked.frame[asked.rows]
        income, debt, owed = (
            _numbers(frame, name) for name in ("annual_income", "monthly_debt", "exposures.borrower")
        )
        usual = _level(reference, apps.term) * apps.amount
        cap, unmet = offers_under(self.law, frame, days_of(frame, self.on), offered)
        return Applicants(
            offered, label, key.reshape(offered.shape), apps.amount, reference, usual, income / 12.0,
            np.nan_to_num(debt), np.nan_to_num(owed), self._segments(apps.segment), cap, unmet,
        ), self.table  # fmt: skip

    def _labels(self, asked: Asked, offered: Floats) -> Integers:
        """Return the model's label of each amount, (N, A)."""
        twin, (rows, amounts) = self.pricer.outlook.twin, offered.shape
        at = np.repeat(np.arange(rows), amounts)
        amount = np.where(np.isnan(offered), asked.apps.amount[:, None], offered).reshape(-1)
        loans = asked.loans[at].with_columns(
            pl.Series("originated_amount", amount), pl.Series("approved_amount", amount),
            pl.Series(SCORE_COLUMN, asked.apps.log_odds[at]),
        )  # fmt: skip
        return by_size(loans, segment_labels(loans, twin.mapping), twin.model).reshape(offered.shape)

    def _segments(self, label: Integers) -> Integers:
        names = [base_label(name) for name in self.pricer.outlook.twin.model.parameters.segments]
        budgets = list(self.grid.budgets)
        for name in budgets:
            if name not in names:
                known = ", ".join(dict.fromkeys(names))
                raise UsageError(expected(f"a segment of the twin: {known}", name), field=f"budgets.{name}")
        place = np.array([budgets.index(name) if name in budgets else -1 for name in names], dtype=np.int64)
        return place[label]

    def _known(self, keys: Floats) -> Integers:
        """Return the row of the table of each key (M, 4), (M,): those not yet there are worked out once."""
        once, place = np.unique(keys, axis=0, return_inverse=True)
        rows = self._rows
        new = [key for key in map(tuple, once.tolist()) if key not in rows]
        for start in range(0, len(new), KEYS_AT_ONCE):
            some = new[start : start + KEYS_AT_ONCE]
            self._parts.append(self._worked_out(np.array(some)))
            rows.update({key: len(rows) + at for at, key in enumerate(some)})
        found = np.array([rows[key] for key in map(tuple, once.tolist())], dtype=np.int64)
        return found[place.reshape(-1)]

    @property
    def table(self) -> OfferTable:
        """Return the table of all keys that were asked for so far."""
        if len(self._parts) > 1:
            joined = {name: np.concatenate([part[name] for part in self._parts]) for name in self._parts[0]}
            self._parts[:] = [joined]
        term, pattern, rate = self.grid.contracts()
        payment, all_in = self._paid
        return OfferTable(
            **self._parts[0], payment=payment, all_in=all_in, term=term, rate=rate, pattern=pattern
        )

    def _worked_out(self, keys: Floats) -> dict[str, Floats]:
        """Return units by key (D, 4: label, product, asset class, standardised weight) and contract."""
        found = self.pricer.valued(self._kinds(keys))
        earned, fixed = linear(found.unit, found.risk_weight, self.pricer.costs)
        made = {
            "earned": earned, "fixed": fixed, "equity_years": found.parts.capital_years,
            "loss": found.unit.loss, "annual_pd": found.annual_pd,
        }  # fmt: skip
        return {name: np.asarray(values).reshape(len(keys), -1) for name, values in made.items()}

    def _kinds(self, keys: Floats) -> Kinds:
        """Return every contract of the grid for every key, key by key."""
        term, pattern, rate = self.grid.contracts()
        label, product, asset, weight = np.repeat(keys, len(term), axis=0).T
        many = len(keys)
        return self.kinds(
            label.astype(np.int64), product.astype(np.int64), asset.astype(np.int8), weight,
            np.tile(term, many), np.tile(pattern, many), np.tile(rate, many), np.ones(many * len(term)),
        )  # fmt: skip

    def kinds(
        self, label: Integers, product: Integers, asset_class: Codes, weight: Floats, term: Integers,
        pattern: Integers, rate: Floats, amount: Floats,
    ) -> Kinds:  # fmt: skip
        """Return offers as kinds of loans, (M,); `pattern` is the place in the grid's."""
        names = np.array(self.grid.patterns)[pattern]
        equal = int(pattern_codes(1, 0, 0, self.pricer.outlook.twin.as_of))
        lent = np.where(names == "interest-only", PRODUCTS.index("interest_only"), product)
        added = rate - self.pricer.reference_rates[label]
        return Kinds(
            label, lent, np.where(names == "equal-principal", equal, 0), term, rate, amount,
            self.effects.shift(added), asset_class, weight,
        )  # fmt: skip

    @cached_property
    def _paid(self) -> tuple[Floats, Floats]:
        """Return the first month's payment of a unit, and its all-in rate, decimal a year, (K,) each.

        By the contract alone: nobody repays early. The fee is kept back from what is lent.
        """
        kinds = self._kinds(np.array([[0.0, 0.0, 0.0, 1.0]]))
        plain = contracts(
            kinds.product, kinds.pattern, kinds.term, kinds.annual_rate, max(self.pricer.horizon, YEAR),
            assumptions(), self.pricer.curve,
        )  # fmt: skip
        close = np.concatenate([plain.start[:, 1:], np.zeros((len(kinds), 1))], axis=1)
        dues = plain.start - close + plain.interest
        lent = np.full((len(kinds), 1), -(1.0 - self.pricer.costs.pricing.origination_fee))
        flows = np.concatenate([lent, dues], axis=1)
        yearly = effective_annual_rates(flows, np.arange(flows.shape[1]) / 12.0)
        largest = dues[np.arange(len(kinds)), 0]
        return largest, np.asarray(12.0 * ((1.0 + yearly) ** (1.0 / 12.0) - 1.0))


def _level(rate: Floats, term: Integers) -> Floats:
    """Return the level payment a month of one unit, (N,)."""
    month = rate / 12.0
    with np.errstate(divide="ignore", invalid="ignore"):
        made = month / -np.expm1(-term * np.log1p(month))
    return np.where(month > 0.0, made, 1.0 / term)


def _numbers(frame: pl.DataFrame, name: str) -> Floats:
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    return frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
