"""Applications as pricing reads them: rows of the loan table, label, class and score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin.arrays import Floats, Integers
from loantwin.book.book import conform
from loantwin.book.schema import LOANS
from loantwin.decisions.deciding.chosen import folder_of, score_of_folder, score_of_register
from loantwin.decisions.deciding.problems import Problems
from loantwin.decisions.deciding.scores import ScoreInUse, check_schema, scored
from loantwin.decisions.pricing.capital import CapitalClass, capital_class
from loantwin.decisions.pricing.kinds import Kinds
from loantwin.errors import UsageError, expected
from loantwin.models.scoring.store import to_text
from loantwin.outlook.applications import Applications, applications_of
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.scored import stored_score
from loantwin.outlook.valued import TwinValue, check_segments


@dataclass(frozen=True)
class Asked:
    """Applications as a twin reads them.

    frame : (N,) all of them. problems : (N,) why one cannot be priced. rows : (M,) places of those that can.
    loans : (M,) rows of the loan table. apps : (M,) with label, product, amount, term; rate 0 where none is
    asked for. given : (M,) the rate asked for, NaN where none is. placed : (M,) where capital rules put them.
    """

    frame: pl.DataFrame
    problems: Problems
    rows: Integers
    loans: pl.DataFrame
    apps: Applications
    given: Floats
    placed: CapitalClass

    def kinds(self, annual_rate: Floats, shift: Floats) -> Kinds:
        """Return the loans as kinds, at rates (M,) and with what the price adds to their risk (M,)."""
        none = np.zeros(len(self.rows), dtype=np.int64)
        return Kinds(
            self.apps.segment, self.apps.product, none, self.apps.term, annual_rate, self.apps.amount, shift,
            self.placed.asset_class, self.placed.weight,
        )  # fmt: skip


def asked(outlook: Outlook, frame: pl.DataFrame, score: ScoreInUse | None, file: object = None) -> Asked:
    """Return applications as pricing reads them.

    Parameters
    ----------
    frame : (N, fields) as `decisions.application_file` checks them. score : the one that the twin was fitted
        with; None where it was fitted without.

    Raises
    ------
    UsageError : a column that the twin's segments read and the file does not have. ModelError : one that the
        score reads.
    """
    value = TwinValue(outlook)
    check_segments(value, frame.columns, file)
    problems, loans = value.loans(frame)
    log_odds = np.full(len(frame), np.nan)
    if score is not None and score.score is not None:
        check_schema(score.score, frame.columns, file)
        found = scored(score, frame)
        log_odds = found.log_odds
        for place, (code, words) in enumerate(found.problems.told):
            problems = problems.add(found.problems.place == place, code, words)
    rows = np.flatnonzero(~problems.there)
    own = conform(loans[rows].drop("given"), LOANS)
    apps = applications_of(outlook, own, log_odds[rows])
    given = loans["given"][rows].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return Asked(frame, problems, rows, own, apps, given, capital_class(own))


def score_to_price(outlook: Outlook, model: str | None) -> tuple[ScoreInUse | None, tuple[str, ...]]:
    """Return the score that applications are priced by, and what to say of it.

    Parameters
    ----------
    model : as of `decide`; None takes the one that the twin was fitted with, and none where it was fitted
        without.

    Raises
    ------
    UsageError : a model that is not the one the twin was fitted with, or that may not decide.
    """
    twin = outlook.twin
    own = None if twin.model.score is None else stored_score(twin)
    if model is None:
        if own is None:
            return None, ("the twin has no score: risk is that of segment and size",)
        use = ScoreInUse(own.score, own.registry_id, own.name, "")
        return use, (f"risk by the score that the twin was fitted with, {own.name}",)
    place = folder_of(model)
    use = score_of_register(twin, model, None) if place is None else score_of_folder(*place)
    if use.refused is not None:
        raise UsageError(expected("a score that may price", use.refused[1]), field="model")
    if own is None or use.score is None or to_text(own.score) != to_text(use.score):
        words = "a twin without a score" if own is None else f"another than {own.name}, the twin's"
        raise UsageError(
            expected("the score that the twin was fitted with (`loantwin fit DIR --score SCORES`)", words),
            field="model",
        )
    return use, ()
