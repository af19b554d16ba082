"""CECL's method for a twin's book: what each foretold a year ago, and what came."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl

from loantwin import months
from loantwin.errors import InputError
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import portfolio
from loantwin.outlook.redated import twin_at
from loantwin.risk.provisions.cecl import reversion_of
from loantwin.risk.provisions.cecl_choice import MethodError, Recommendation, method_error, recommended
from loantwin.risk.provisions.cecl_methods import LossHistory, loss_shares
from loantwin.risk.provisions.measurement import pool_names, remaining_balances
from loantwin.risk.provisions.provisions import (
    Portfolio,
    WeightedScenario,
    expected_losses,
    lifetime_months,
    loss_in_default,
    undiscounted,
)
from loantwin.twin import Twin
from loantwin.verbs.provisions.loss_history import YEAR, loss_history, with_losses


def recommendation(outlook: Outlook, book: Portfolio, history: LossHistory) -> Recommendation:
    """Return the method that fits the book, with the errors of a year ago where the book has such a past."""
    twin = outlook.twin
    return recommended(
        history,
        errors_of_a_year(twin),
        np.maximum(book.columns.remaining_months, 0).astype(np.int64),
        discounted=reversion_of(twin.config).discounted,
        model_defaults=_defaults(twin),
    )


def errors_of_a_year(twin: Twin) -> dict[str, MethodError]:
    """Return what each method foretold for the last twelve months from what was known before, and what came.

    Net charge-offs of the loans made by then, those in default included. PD x LGD: a model fitted then, the
    economy at its long-run mean, defaults within the year and what those in default still lose, so that
    it counts losses when they arise and the others when they are charged off. Empty where the tape knew no
    book then, or nothing was charged off.
    """
    origin = months.add_months(twin.as_of, -YEAR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            outlook = Outlook(twin_at(twin, origin))
            book, history = portfolio(outlook), loss_history(outlook)
    except InputError:  # no book, or nothing to learn from, at that date
        return {}
    lost = with_losses(twin).filter(
        (pl.col("charge_off_date") > origin) & (pl.col("origination_date") <= origin).fill_null(True)
    )
    came = float((lost["\nlost"] * lost["weight"]).sum())
    foretold = {"pd-lgd": _by_model(book), **_by_rates(book, history)}
    return {name: method_error(max(amount, 0.0), came) for name, amount in foretold.items()}


def _by_model(book: Portfolio) -> float:
    plain, state = undiscounted(book), book.standing.defaulted
    path = WeightedScenario("long run", 1.0, np.tile(book.historical, (1, lifetime_months(book.columns), 1)))
    loss = expected_losses(plain, [path])[0][:, 0, 0]
    return float((np.where(state, loss_in_default(plain)[0], loss) * book.columns.weight).sum())


def _by_rates(book: Portfolio, history: LossHistory) -> dict[str, float]:
    made, columns, state = {}, book.columns, book.standing.defaulted
    if history.charge_off_rate is not None:
        names = pool_names(book)
        rates = np.array([history.pool_rates.get(name, history.charge_off_rate) for name in names])
        years = remaining_balances(book)[:, :YEAR].sum(axis=1) / YEAR
        bad = float((columns.principal * columns.weight)[state].sum())
        made["warm"] = float(years @ rates) + bad * history.charge_off_rate
    if history.vintage_loss is not None and history.year_ahead is not None:
        made["vintage"] = float(history.year_ahead @ history.vintage_loss)
    if history.roll is not None and history.state is not None:
        share = loss_shares(history.roll, YEAR)[YEAR] * (1.0 - history.recovered)
        held = np.where(history.state >= 0, share[np.maximum(history.state, 0)], 0.0)
        made["roll-rate"] = float((held * columns.principal * columns.weight).sum())
    return made


def _defaults(twin: Twin) -> int:
    """Return loans known to have come into default or to have been charged off."""
    known = twin.known_loans
    dates = [name for name in ("default_date", "charge_off_date") if name in known.columns]
    told = set(known.filter(pl.any_horizontal([pl.col(name).is_not_null() for name in dates]))["loan_id"])
    panel = twin.known_panel
    if panel is not None and "state" in panel.columns:
        seen = panel.filter(pl.col("state").str.starts_with("default").fill_null(False))["loan_id"]
        told |= set(seen.unique())
    return len(told)
