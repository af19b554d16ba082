"""The blind test: can a classifier tell simulated histories from real ones of the same loans and months?

A protocol that stays as it is: gradient boosting of 150 trees of at most 15 leaves, learning rate 0.1,
five folds by loan (a loan's real and simulated history are in one fold), one row a loan and source. Features
of events: the state at each month's end (by its place among live states, then default, payoff, other end),
months late, changes of state, longest run late, worst state. With balances also, by month: balance / size,
the log of the ratio to the month before, whether it stands still, and the scatter of the changes. 0.5 is a
coin, 1 is certain. The model is fitted on the even rows of the tape and simulates the odd ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from loantwin.arrays import Floats

STATES = ("current", "dpd_1_29", "dpd_30_59", "dpd_60_89", "default", "prepaid", "other")
LIVE = 4
FOLDS, TREES, LEAVES = 5, 150, 15


def blind_test(
    real: pl.DataFrame, simulated: pl.DataFrame, size: Mapping[str, float], seed: int = 1
) -> dict[str, tuple[float, float, float]]:
    """Return events, balances -> area under the curve with its 90 % interval over loans.

    Parameters
    ----------
    real, simulated : loan_id, report_date, state, principal of the same loans over the same months, with the
        month before them. size : loan_id -> what its balance is a share of.
    """
    names = sorted(set(real["loan_id"]) & set(simulated["loan_id"]))
    dates = sorted(set(simulated["report_date"]) | set(real["report_date"]))
    tables = [_table(part, names, dates) for part in (real, simulated)]
    scale = np.maximum(np.array([size[name] for name in names]), 1e-9)
    found = {}
    for kind in ("events", "balances"):
        x = np.concatenate([_features(*table, scale, kind == "balances") for table in tables])
        y = np.repeat([1, 0], len(names))
        found[kind] = _area(x, y, np.tile(np.arange(len(names)), 2), seed)
    return found


def _table(rows: pl.DataFrame, names: list[str], dates: list[Any]) -> tuple[Floats, Floats]:
    """Return state codes and balances (N, T) up to the first end; NaN after it."""
    place = {name: row for row, name in enumerate(names)}
    month = {date: column for column, date in enumerate(dates)}
    rows = rows.filter(pl.col("loan_id").is_in(names))
    code = rows["state"].map_elements(_code, return_dtype=pl.Int64).to_numpy()
    at = (
        rows["loan_id"].replace_strict(place, return_dtype=pl.Int64).to_numpy(),
        rows["report_date"].replace_strict(month, return_dtype=pl.Int64).to_numpy(),
    )
    states = np.full((len(names), len(dates)), np.nan)
    balance = states.copy()
    states[at], balance[at] = code, rows["principal"].fill_null(0.0).to_numpy()
    ended = np.cumsum(states >= LIVE, axis=1) - (states >= LIVE) > 0
    states[ended] = np.nan
    balance[ended | (states >= LIVE)] = np.nan
    return states, balance


def _code(state: str) -> int:
    if state in STATES:
        return STATES.index(state)
    return 4 if state.startswith("default") or state == "charged_off" else 6


def _features(states: Floats, balance: Floats, size: Floats, money: bool) -> Floats:
    late = (states >= 1) & (states < LIVE)
    run, longest = np.zeros(len(states)), np.zeros(len(states))
    for column in late.T:
        run = np.where(column, run + 1.0, 0.0)
        longest = np.maximum(longest, run)
    changed = (states[:, 1:] != states[:, :-1]) & np.isfinite(states[:, 1:]) & np.isfinite(states[:, :-1])
    worst = np.nanmax(np.where(np.isfinite(states), states, -1.0), axis=1)
    made = [states, late.sum(axis=1), changed.sum(axis=1), longest, worst]
    if money:
        share = balance / size[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.log(np.maximum(balance[:, 1:], 1.0) / np.maximum(balance[:, :-1], 1.0))
        still = np.where(np.isfinite(step), (np.abs(step) < 1e-6).astype(float), np.nan)
        spread = np.nanstd(np.where(np.isfinite(step), step, np.nan), axis=1, where=np.isfinite(step))
        made += [share, step, still, spread]
    return np.column_stack(made)


def _area(x: Floats, y: Any, loan: Any, seed: int) -> tuple[float, float, float]:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    random = np.random.Generator(np.random.Philox(key=seed))
    fold = random.permutation(np.arange(loan.max() + 1) % FOLDS)[loan]
    score = np.empty(len(y))
    for one in range(FOLDS):
        model = HistGradientBoostingClassifier(
            max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False, random_state=seed
        )
        model.fit(x[fold != one], y[fold != one])
        score[fold == one] = model.predict_proba(x[fold == one])[:, 1]
    count = loan.max() + 1
    areas = []
    for _ in range(100):
        pick = random.integers(0, count, count)
        both = np.concatenate([pick, pick + count])
        areas.append(roc_auc_score(y[both], score[both]))
    low, high = np.quantile(areas, (0.05, 0.95))
    return float(roc_auc_score(y, score)), float(low), float(high)
