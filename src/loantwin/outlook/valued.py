"""Applications for a decision as a twin sees them: default within a year, and what the loan comes to."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from loantwin.arrays import Flags, Floats
from loantwin.book.mapping import ValueBands
from loantwin.decisions.deciding.alone import RowWorth
from loantwin.decisions.deciding.decider import Worth
from loantwin.decisions.deciding.problems import Problems
from loantwin.decisions.graph.row import Unsure
from loantwin.engine.columns import LONGEST
from loantwin.errors import UsageError, expected
from loantwin.models.sizes import ANY
from loantwin.outlook.applications import Applications, applications_of
from loantwin.outlook.applied import AT_ONCE, economics_of_units
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import GENERATED_PATHS
from loantwin.products.registry import PRODUCTS

NAMES = {
    "approved_amount": "amount",
    "originated_amount": "amount",
    "origination_grade": "grade",
    "industry": "sector",
}
"""Columns of the loan table that an application has under another name."""
PRODUCT = "instalment"
"""What an application without a product is taken for."""


LENT = tuple(name for name in PRODUCTS if name != "revolving")
"""Products with a term."""
NO_PRODUCT = "the twin knows no product of that name with a term"
NOT_THERE = "{} is missing, which the twin's segments read"
TOO_LONG = f"a term of more than {LONGEST} months"
NO_SCORE = "no score: the twin cannot value it"
KEPT_KINDS, KEPT_TERMS = 200_000, 100
"""Kinds of loan and terms whose figures are kept between calls; beyond that the oldest go."""
LIMITS = (1e-2, 1e15)
"""Amounts that a twin reads: what lies beyond is refused by `applications_of`."""
Kind = tuple[int, int, int, float]
"""Label, product, term in months, rate."""


@dataclass(frozen=True)
class TwinValue:
    """A twin's view of applications: `decisions.deciding.decider.Valuer`, and `alone.RowValuer`.

    Each is taken to be lent on the twin's as-of date. Loans of one term are looked at together, so that what
    one comes to does not hang on which others are asked about: what a unit of money of each kind comes to is
    worked out once.
    """

    outlook: Outlook
    _units: dict[Kind, tuple[float, float, float]] = field(default_factory=dict, compare=False, repr=False)
    _shocks: dict[int, Floats] = field(default_factory=dict, compare=False, repr=False)
    _labels: dict[tuple[Any, ...], tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the columns of the loan table that the twin's segments are made of."""
        parts = self.outlook.twin.mapping.segment_by
        return tuple(part.column if isinstance(part, ValueBands) else part for part in parts)

    def __call__(self, applications: pl.DataFrame, log_odds: Floats) -> Worth:
        """Return what each application comes to; without a rate, its default alone."""
        rows = len(applications)
        problems, loans = self.loans(applications)
        problems = problems.add(~np.isfinite(log_odds), "twin-cannot-value", NO_SCORE)
        made = np.full((3, rows), np.nan)
        here = (~problems.there).nonzero()[0]
        if len(here):
            asked = applications_of(self.outlook, loans[here].drop("given"), log_odds[here])
            made[:, here] = self._of(asked)
        unknown = loans["given"].is_null().to_numpy()
        made[1:, unknown] = np.nan
        return Worth(made[0], made[1], made[2], problems)

    def of_row(self, row: Mapping[str, Any], log_odds: float) -> RowWorth:
        """Return what one application comes to; `row` : dotted name -> value."""
        product = _field_of(row, "product")
        values = {name: _field_of(row, name) for name in self._reads if name != "product"}
        texts = [product, *(values[name] for name in values if name in self._texts)]
        if not all(item is None or isinstance(item, str) for item in texts):
            raise Unsure  # columns know how a number is written
        problem = self._problem(PRODUCT if product is None else product, values, row["term_months"], log_odds)
        if problem is not None:
            return RowWorth(math.nan, math.nan, math.nan, ("twin-cannot-value", problem))
        amount, rate = row["amount"], row.get("annual_rate")
        if not LIMITS[0] <= amount <= LIMITS[1]:
            raise Unsure
        label, code = self._label(row, product or PRODUCT, values, log_odds)
        kind = (label, code, int(row["term_months"]), 0.0 if rate is None else rate)
        if kind not in self._units:
            self._learn(self._like(kind))
        default, loss, profit = self._units[kind]
        known = 1.0 if rate is not None else math.nan
        return RowWorth(default, loss * amount * known, profit * amount * known)

    @cached_property
    def _reads(self) -> tuple[str, ...]:
        return self.reads

    @cached_property
    def _texts(self) -> frozenset[str]:
        """Return the parts of segments that are texts, not bands of a number or a term."""
        parts = self.outlook.twin.mapping.segment_by
        return frozenset(part for part in parts if isinstance(part, str)) - {"term_months"}

    def _problem(self, product: str, values: Mapping[str, Any], term: float, log_odds: float) -> str | None:
        """Return the first reason why the twin cannot speak of an application: those of `loans`."""
        if product not in LENT:
            return NO_PRODUCT
        for name, value in values.items():
            if value is None:
                return NOT_THERE.format(_field(name))
        if term > LONGEST:
            return TOO_LONG
        return None if math.isfinite(log_odds) else NO_SCORE

    def _label(
        self, row: Mapping[str, Any], product: str, values: Mapping[str, Any], log_odds: float
    ) -> tuple[int, int]:
        """Return the model's label and the product's code: what loans of the same bands have."""
        model = self.outlook.twin.model
        key: list[Any] = [product]
        for part in self.outlook.twin.mapping.segment_by:
            if isinstance(part, ValueBands):
                key.append(bisect_left(part.breaks, float(values[part.column])))
            elif part != "product":
                key.append(values[part])
        if model.sizes is not None:
            ratio = row["amount"] / model.sizes.medians.get(product, model.sizes.medians[ANY])
            key.append(bisect_left(model.sizes.breaks, ratio))
        if model.score is not None:
            key.append(bisect_left(model.score.breaks, log_odds))
        found = self._labels.get(tuple(key))
        if found is None:
            _, loans = self.loans(pl.DataFrame({name: [value] for name, value in row.items()}))
            asked = applications_of(self.outlook, loans.drop("given"), np.array([log_odds]))
            found = self._labels[tuple(key)] = (int(asked.segment[0]), int(asked.product[0]))
        return found

    def _of(self, asked: Applications) -> Floats:
        """Return default, loss and profit of N applications, (3, N)."""
        names = ("segment", "product", "term", "rate")
        keys = pl.DataFrame({name: getattr(asked, name) for name in names})
        kinds = keys.unique(maintain_order=True).with_row_index("kind")
        place = keys.join(kinds, on=names, how="left", maintain_order="left")["kind"].to_numpy()
        rows = list(kinds.select(names).iter_rows())
        units = {kind: self._units[kind] for kind in rows if kind in self._units}
        units |= self._learn([kind for kind in rows if kind not in units])
        made = np.array([units[kind] for kind in rows]).T[:, place]
        made[1:] *= asked.amount
        return np.asarray(made)

    def _learn(self, kinds: Sequence[Kind]) -> dict[Kind, tuple[float, float, float]]:
        """Return what a unit of money of some kinds comes to, and keep it."""
        found: dict[Kind, tuple[float, float, float]] = {}
        by_term: dict[int, list[Kind]] = {}
        for kind in kinds:
            by_term.setdefault(kind[2], []).append(kind)
        for term, some in by_term.items():
            label, product, _, rate = (np.array(part) for part in zip(*some, strict=True))
            units = Applications(
                label.astype(np.int64), product.astype(np.int64), np.ones(len(some)),
                np.full(len(some), term, dtype=np.int64), rate.astype(float), np.zeros(len(some)),
            )  # fmt: skip
            made = economics_of_units(self.outlook, units, self._shocks_of(term))
            figures = zip(
                made.annual_pd.tolist(), made.expected_loss.tolist(), made.profit.tolist(), strict=True
            )
            found |= dict(zip(some, figures, strict=True))
        _keep(self._units, found, KEPT_KINDS)
        return found

    def _like(self, kind: Kind) -> list[Kind]:
        """Return a kind with those of other labels seen, which cost little more at once."""
        seen = dict.fromkeys(label for label, code in self._labels.values() if code == kind[1])
        return [kind, *((label, *kind[1:]) for label in seen if label != kind[0])][:AT_ONCE]

    def _shocks_of(self, term: int) -> Floats:
        if term not in self._shocks:
            economy = self.outlook.simulated(term, GENERATED_PATHS, self.outlook.twin.config.run.seed)
            _keep(self._shocks, {term: self.outlook.expected(economy)}, KEPT_TERMS)
        return self._shocks[term]

    def loans(self, applications: pl.DataFrame) -> tuple[Problems, pl.DataFrame]:
        """Return applications as rows of the loan table, and of which ones the twin cannot speak.

        A rate that is not known is 0 there, and null in `given`: default does not read it.
        """
        rows = len(applications)
        made = {"loan_id": applications["application_id"]}
        for name in dict.fromkeys(("originated_amount", "approved_amount", "product", *self.reads)):
            made[name] = _column(applications, name).alias(name)
        rate = _column(applications, "annual_rate").cast(pl.Float64)
        made |= {
            "annual_rate": rate.fill_null(0.0).alias("annual_rate"),
            "given": rate.alias("given"),
            "term_months": applications["term_months"].cast(pl.Int64),
            "product": made["product"].cast(pl.String).fill_null(PRODUCT),
        }
        loans = pl.DataFrame(made)
        problems = Problems.none(rows)
        problems = _add(problems, ~loans["product"].is_in(LENT), NO_PRODUCT)
        for name in self.reads:
            if name != "product":
                problems = _add(problems, loans[name].is_null(), NOT_THERE.format(_field(name)))
        return _add(problems, loans["term_months"] > LONGEST, TOO_LONG), loans


def check_segments(value: TwinValue, columns: list[str], file: object = None) -> None:
    """Raise where a table of applications has no column that the twin's segments read.

    Raises
    ------
    UsageError : naming the field.
    """
    for name in value.reads:
        if name not in ("product", "term_months") and not {_field(name), f"attributes.{name}"} & set(columns):
            raise UsageError(
                expected(f"a column {_field(name)}, of which the twin's segments are made", "none"),
                file=file, field=_field(name),
            )  # fmt: skip


def _add(problems: Problems, where: pl.Series, words: str) -> Problems:
    mine: Flags = where.fill_null(True).to_numpy()
    return problems.add(mine, "twin-cannot-value", words)


def _field(name: str) -> str:
    return NAMES.get(name, name)


def _column(applications: pl.DataFrame, name: str) -> pl.Series:
    for own in (_field(name), f"attributes.{name}"):
        if own in applications.columns:
            return applications[own]
    return pl.Series(name, [None] * len(applications), dtype=pl.String)


def _field_of(row: Mapping[str, Any], name: str) -> Any:
    """Return what `_column` has of a row."""
    for own in (_field(name), f"attributes.{name}"):
        if own in row:
            return row[own]
    return None


def _keep(kept: dict[Any, Any], found: Mapping[Any, Any], most: int) -> None:
    """Add to what is kept; the oldest go beyond `most`."""
    kept |= found
    while len(kept) > max(most, len(found)):
        kept.pop(next(iter(kept)), None)
