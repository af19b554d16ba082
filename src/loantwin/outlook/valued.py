"""Applications for a decision as a twin sees them: default within a year, and what the loan comes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin.arrays import Flags, Floats, Integers
from loantwin.book.mapping import ValueBands
from loantwin.decisions.deciding.decider import Worth
from loantwin.decisions.deciding.problems import Problems
from loantwin.engine.columns import LONGEST
from loantwin.errors import UsageError, expected
from loantwin.outlook.applications import applications_of
from loantwin.outlook.applied import applied
from loantwin.outlook.outlook import Outlook
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


@dataclass(frozen=True)
class TwinValue:
    """A twin's view of applications: `decisions.deciding.decider.Valuer`.

    Each is taken to be lent on the twin's as-of date. Loans of one term are looked at together, so that what
    one comes to does not hang on which others are asked about.
    """

    outlook: Outlook

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the columns of the loan table that the twin's segments are made of."""
        parts = self.outlook.twin.mapping.segment_by
        return tuple(part.column if isinstance(part, ValueBands) else part for part in parts)

    def __call__(self, applications: pl.DataFrame, log_odds: Floats) -> Worth:
        """Return what each application comes to; without a rate, its default alone."""
        rows = len(applications)
        problems, loans = self.loans(applications)
        problems = problems.add(
            ~np.isfinite(log_odds), "twin-cannot-value", "no score: the twin cannot value it"
        )
        made = {name: np.full(rows, np.nan) for name in ("annual_pd", "expected_loss", "profit")}
        terms = loans["term_months"].fill_null(0).to_numpy()
        for term in np.unique(terms[~problems.there]):
            here = (~problems.there & (terms == term)).nonzero()[0]
            self._of_term(loans, log_odds, here, made)
        unknown = loans["given"].is_null().to_numpy()
        for name in ("expected_loss", "profit"):
            made[name][unknown] = np.nan
        return Worth(made["annual_pd"], made["expected_loss"], made["profit"], problems)

    def _of_term(
        self, loans: pl.DataFrame, log_odds: Floats, here: Integers, made: dict[str, Floats]
    ) -> None:
        asked = applications_of(self.outlook, loans[here].drop("given"), log_odds[here])
        found = applied(self.outlook, asked)
        for name, values in made.items():
            values[here] = getattr(found, name)

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
        lent = loans["product"].is_in([name for name in PRODUCTS if name != "revolving"])
        problems = _add(problems, ~lent, "the twin knows no product of that name with a term")
        for name in self.reads:
            if name != "product":
                problems = _add(
                    problems,
                    loans[name].is_null(),
                    f"{_field(name)} is missing, which the twin's segments read",
                )
        return _add(problems, loans["term_months"] > LONGEST, f"a term of more than {LONGEST} months"), loans


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
    for field in (_field(name), f"attributes.{name}"):
        if field in applications.columns:
            return applications[field]
    return pl.Series(name, [None] * len(applications), dtype=pl.String)
