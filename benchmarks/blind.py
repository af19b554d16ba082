"""The blind test: can a classifier tell simulated histories from real ones of the same loans and months?

A protocol that stays as it is: gradient boosting of 150 trees of at most 15 leaves, learning rate 0.1,
five folds by loan (a loan's real and simulated history are in one fold), one row a loan and source. Features
of events: the state at each month's end (by its place among live states, then default, payoff, other end),
months late, changes of state, longest run late, worst state. With balances also, by month: balance / size,
the log of the ratio to the month before, whether it stands still, and the scatter of the changes. 0.5 is a
coin, 1 is certain.

Cards: the model is fitted on every other client, all six months taken to be a year earlier, and simulates the
other clients from their first month on. A code of one month late hardly ever starts (the source's file), so
that it counts as current.
"""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import loantwin as lt
from loantwin.arrays import Floats

STATES = ("current", "dpd_1_29", "dpd_30_59", "dpd_60_89", "default", "prepaid", "other")
LIVE = 4
COLUMNS = ("loan_id", "report_date", "state", "principal")
FOLDS, TREES, LEAVES = 5, 150, 15
DATA = Path(os.environ.get("LOANTWIN_TEST_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))
CARDS = "taiwan_default/card_clients_odd_ids.csv.gz"
CLIENTS, AHEAD = 2_000, 5
MAPPING = """
name = "cards"
currency = "TWD"
kind = "panel"
months = [2005-09-30, 2005-08-31, 2005-07-31, 2005-06-30, 2005-05-31, 2005-04-30]
observes = ["balance", "delinquency"]
segment_by = []
lending = "consumer"
[columns]
loan_id = "ID"
product = { constant = "revolving" }
origination_date = { constant = 2004-01-01 }
approved_amount = "LIMIT_BAL"
[panel]
principal = { monthly = ["BILL_AMT1", "BILL_AMT2", "BILL_AMT3", "BILL_AMT4", "BILL_AMT5", "BILL_AMT6"] }
[panel.state]
monthly = ["PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"]
breaks = { current = 1, dpd_30_59 = 2, dpd_60_89 = 3, default_0_3 = inf }
[assumptions]
annual_rate_without_macro = { value = 0.2, words = "of cards: assumed" }
"""


def run() -> list[dict[str, Any]]:
    """Return the areas on cards, real against simulated, and real against real with labels at random."""
    if not (DATA / CARDS).is_file():
        return []
    real, simulated, size = cards()
    found = blind_test(real, simulated, size)
    again = [late_again(part) for part in (real, simulated)]
    return [
        *(
            {
                "work": f"simulated cards, {words}: points beside the real share",
                "reach": reach,
                "measured": 100.0 * (simulated_share - real_share),
                "unit": "points",
                "detail": f"{simulated_share:.3f} simulated, {real_share:.3f} real",
            }
            for words, reach, real_share, simulated_share in zip(
                ("late three months running, late again", "late before, up to date: late in two months"),
                ("within 3", ""),
                *again,
                strict=True,
            )
        ),
        *(
            {
                "work": f"blind test of simulated cards, {kind}: area under the curve",
                "reach": "< 0.6",
                "measured": area,
                "unit": "",
                "detail": f"90 % interval {low:.2f} to {high:.2f} over {CLIENTS:,} clients; {AHEAD} months",
            }
            for kind, (area, low, high) in found.items()
        ),
    ]


def cards() -> tuple[pl.DataFrame, pl.DataFrame, dict[str, float]]:
    """Return real and simulated months of clients that the model was not fitted on, and their limits."""
    with gzip.open(DATA / CARDS, "rt", encoding="utf-8") as file:
        lines = file.read().splitlines()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        earlier = MAPPING.replace("2005-", "2004-").replace("2004-01-01", "2003-01-01")
        for part, text, rows in (("fit", earlier, lines[2::2]), ("ahead", MAPPING, lines[3::2])):
            (folder / f"{part}.csv").write_text("\n".join([*lines[:2], *rows]) + "\n", encoding="utf-8")
            (folder / f"{part}.toml").write_text(text, encoding="utf-8")
        lt.twin_create(folder / "A", folder / "fit.csv", str(folder / "fit.toml"), "2004-09-30")
        lt.fit(folder / "A")
        lt.twin_create(folder / "B", folder / "ahead.csv", str(folder / "ahead.toml"), "2005-04-30")
        lt.fit(folder / "B", model_from=folder / "A")
        lt.simulate(folder / "B", folder / "simulated.parquet", months=AHEAD, seed=3)
        simulated = pl.read_parquet(folder / "simulated.parquet").select(COLUMNS)
        with lt.open(folder / "B") as twin:
            panel = twin.tables.panel
            assert panel is not None
            real = panel.select(COLUMNS)
            size = dict(twin.tables.loans.select("loan_id", "approved_amount").iter_rows())
    random = np.random.Generator(np.random.Philox(key=1))
    chosen = random.choice(sorted(set(simulated["loan_id"])), CLIENTS, replace=False).tolist()
    real, simulated = (part.filter(pl.col("loan_id").is_in(chosen)) for part in (real, simulated))
    first = real.filter(pl.col("report_date") == pl.col("report_date").min())
    return real, pl.concat([first, simulated]), size


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


def late_again(rows: pl.DataFrame) -> tuple[float, float]:
    """Return how often clients late for three months are late or in default in the next; and how often those
    that are up to date and were late before are late two months on.
    """
    names, dates = sorted(set(rows["loan_id"])), sorted(set(rows["report_date"]))
    states = np.nan_to_num(_table(rows, names, dates)[0], nan=float(LIVE + 1))
    late = (states > 0) & (states < LIVE)
    three = late[:, :-3] & late[:, 1:-2] & late[:, 2:-1]
    before = (states == 0) & (np.cumsum(late, axis=1) > 0)
    stays = late[:, 3:] | (states[:, 3:] == LIVE)
    return float(stays[three].mean()), float(late[:, 2:][before[:, :-2]].mean())


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
    from threadpoolctl import threadpool_limits

    random = np.random.Generator(np.random.Philox(key=seed))
    fold = random.permutation(np.arange(loan.max() + 1) % FOLDS)[loan]
    score = np.empty(len(y))
    for one in range(FOLDS):
        model = HistGradientBoostingClassifier(
            max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False, random_state=seed
        )
        with threadpool_limits(1):  # of so few rows threads only wait for each other
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
