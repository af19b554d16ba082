"""Offers: the best of 450 for one applicant and for many, with and without a policy; prices of many."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import loantwin as lt
from loantwin.decisions.graph_policy import open_policy
from loantwin.decisions.pricing.effects import price_effects
from loantwin.decisions.pricing.offer_grid import read_grid
from loantwin.outlook.asked import asked
from loantwin.outlook.offered import Offered
from loantwin.outlook.priced import Pricer
from loantwin.verbs.price.choosing import Choice

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
MANY, ALONE = 10_000, 300


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    book = lt.example_book()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "twin"
        lt.twin_create(home, book.outcomes, book.outcomes_mapping, book.as_of)
        lt.fit(home, [book.macro])
        with lt.open(home) as twin:
            outlook, grid = lt.Outlook(twin), read_grid(EXAMPLES / "offer_grid.toml")
            offered = Offered(Pricer(outlook, max(grid.terms)), grid, price_effects(None))
            frame = applicants(MANY)
            start = time.perf_counter()
            offered.prepared(asked(outlook, frame, None))
            ready = time.perf_counter() - start
            rows = []
            for name, policy in (
                ("no policy", None),
                ("a policy", open_policy(EXAMPLES / "offer_policy.json")),
            ):
                rows += [
                    of_many(outlook, offered, frame, policy, name),
                    of_one(outlook, offered, frame, policy, name),
                ]
    rows[0]["detail"] += f"; units of every life worked out once before, with the rest in {ready:.1f} s"
    return rows


def of_many(outlook: Any, offered: Offered, frame: pl.DataFrame, policy: Any, name: str) -> dict[str, Any]:
    """Return applicants a second, and process time beside."""
    began, start = time.process_time(), time.perf_counter()
    found = Choice(offered, asked(outlook, frame, None), policy, None, None).best()
    seconds, burnt = time.perf_counter() - start, time.process_time() - began
    made = int((np.concatenate([part.at for part in found]) >= 0).sum())
    return {
        "work": f"best of 450 offers for each of {MANY:,} applicants, {name}",
        "reach": "> 2,000 a second",
        "measured": MANY / seconds,
        "unit": "applicants a second",
        "detail": f"{made:,} get an offer; processor time {burnt:.1f} s; the policy is asked about "
        f"{sum(part.asked for part in found):,} offers",
    }


def of_one(outlook: Any, offered: Offered, frame: pl.DataFrame, policy: Any, name: str) -> dict[str, Any]:
    """Return the 99th percentile of one applicant at a time, read before: labels, values, limits, policy."""
    waits, burnt, read = [], [], []
    for row in range(ALONE):
        began = time.process_time()
        choice = Choice(offered, asked(outlook, frame[row : row + 1], None), policy, None, None)
        read.append(time.process_time() - began)
        began, start = time.process_time(), time.perf_counter()
        choice.best()
        waits.append(time.perf_counter() - start)
        burnt.append(time.process_time() - began)
    return {
        "work": f"best of 450 offers for one applicant, {name}, p99",
        "reach": "< 5 ms",
        "measured": 1e3 * float(np.quantile(waits, 0.99)),
        "unit": "ms",
        "detail": f"median {milli(waits, 0.5)}; processor time {milli(burnt, 0.5)}, p99 "
        f"{milli(burnt, 0.99)}; reading the application before it {milli(read, 0.5)}",
    }


def milli(seconds: list[float], share: float) -> str:
    """Return a quantile in words."""
    return f"{1e3 * float(np.quantile(seconds, share)):.1f} ms"


def applicants(rows: int) -> pl.DataFrame:
    """Return made-up applicants of the example book's segments."""
    random = np.random.default_rng(1)
    return pl.DataFrame(
        {
            "application_id": [f"A-{row}" for row in range(rows)],
            "amount": np.round(random.lognormal(9.2, 0.5, rows), 2),
            "term_months": random.choice([12, 24, 36, 48, 60], rows),
            "annual_rate": np.round(random.uniform(0.06, 0.2, rows), 4),
            "grade": random.choice(list("ABCDE"), rows),
            "product": random.choice(["instalment", "mortgage"], rows),
            "annual_income": np.round(random.lognormal(10.5, 0.4, rows), 2),
            "monthly_debt": np.round(random.uniform(0.0, 900.0, rows), 2),
        }
    )
