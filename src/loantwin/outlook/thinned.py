"""How far a forecast hangs on which loans one happens to have: the model fitted on random halves of them.

The variance of an estimate over random halves of a sample, about that of the whole sample, is the variance of
the whole sample's estimate (the delete-half jackknife: Shao and Wu, Annals of Statistics 17 (1989); assumed,
not read). So the spread found here is to be held against the error that the model states of itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from loantwin.arrays import Floats
from loantwin.engine.expectation import conditional_defaults
from loantwin.errors import InputError
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.outlook.redated import twin_at
from loantwin.streams import Stream, generator
from loantwin.twin import Twin

SHARE = 0.5
STATED_PATHS = 400
"""Draws from which the error that the model states is taken."""


@dataclass(frozen=True)
class Stability:
    """Expected defaults of the whole book, currency, by models that each saw a random half of the loans.

    whole : by the model fitted on all. thins : by each half. spread : root mean square of the logs of
    thins / whole. stated : standard deviation of the log of the figure over the model's own draws, errors of
    estimation and period effect, on the same economy. gap : why there are none.
    """

    months: int
    whole: float
    thins: tuple[float, ...]
    spread: float | None
    stated: float | None
    gap: str = ""


def thinned(twin: Twin, seed: int, place: int) -> Twin:
    """Return the twin with a random half of its tape's loans, their panel rows with them."""
    tables = twin.tables
    ids = tables.loans["loan_id"].unique(maintain_order=True)
    draws = generator(seed, Stream.THINS, place=place).random(len(ids))
    kept = ids.filter(pl.Series(draws < SHARE))
    panel = tables.panel
    half = replace(
        tables,
        loans=tables.loans.filter(pl.col("loan_id").is_in(kept.implode())),
        panel=None if panel is None else panel.filter(pl.col("loan_id").is_in(kept.implode())),
    )
    store = twin.store.without({"loans", "tape"})
    store.put("twin.tables", ("tape", "loans"), half)
    return replace(twin, store=store)


def stability(
    twin: Twin, economy: Economy, horizon: int, thins: int, told: Callable[[int], None] | None = None
) -> Stability:
    """Return the expected defaults over months 1..horizon on one economy, by the model and its halves.

    Parameters
    ----------
    economy : covariates (P, T, F) over at least the horizon; means over its paths count.
    thins : number of halves, each fitted anew. told : is told how many halves are done.
    """
    seed, outlook = twin.config.run.seed, Outlook(twin)
    whole = expected_defaults(outlook, economy, outlook.expected(economy), horizon)
    if "model_from" in twin.fitted.data.get("facts", {}):
        gap = "the model was taken over from another twin: there is nothing here that it was fitted on"
        return Stability(horizon, float(whole.mean()), (), None, None, gap)
    found: list[float] = []
    for place in range(thins):
        if told is not None:
            told(place)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                learnt = twin_at(thinned(twin, seed, place), twin.as_of).learnt
        except InputError as error:
            return Stability(horizon, float(whole.mean()), tuple(found), None, None, f"a half: {error}")
        other = Outlook(twin.taught(learnt))
        amounts = expected_defaults(other, economy, other.expected(economy), horizon)
        found.append(float(amounts.mean()))
    first = replace(economy, covariates=economy.covariates[:1])
    drawn = expected_defaults(outlook, first, outlook.drawn(first, STATED_PATHS, seed), horizon)
    middle = float(whole.mean())
    usable = middle > 0.0 and all(item > 0.0 for item in found) and bool((drawn > 0.0).all())
    return Stability(
        months=horizon,
        whole=middle,
        thins=tuple(found),
        spread=float(np.sqrt(np.mean(np.log(np.array(found) / middle) ** 2))) if usable and found else None,
        stated=float(np.log(drawn).std()) if usable else None,
    )


def expected_defaults(outlook: Outlook, economy: Economy, shocks: Floats, horizon: int) -> Floats:
    """Return the expected exposure at default over months 1..horizon on each path of shocks, (P,)."""
    if not len(outlook.columns.principal):
        return np.zeros(len(shocks))
    model, cells = outlook.twin.model, outlook.cells(economy, horizon)
    flows = conditional_defaults(
        model.parameters, cells, model.lgd, np.ascontiguousarray(shocks[:, :horizon])
    )
    return np.asarray(flows.defaulted.sum(axis=(1, 2)))
