"""Decisions: a million applications over columns with a model of 300 trees, and one in process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

import loantwin as lt
from loantwin.decisions.deciding.decider import Decider
from loantwin.decisions.deciding.scores import ScoreInUse
from loantwin.decisions.graph_policy import nested, open_policy
from loantwin.models.scoring.boosting import Boosting
from loantwin.models.scoring.calibration import Calibration
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.shapley import shapley
from loantwin.models.scoring.store import Score

POLICY = Path(__file__).resolve().parents[1] / "examples" / "policy.json"
APPLICATIONS, ALONE = 1_000_000, 500
EXPLAINED, LIMIT, TWIN_ROWS = 20_000, 2_000, 200_000
TREES, NUMBERS, TRAINED = 300, 20, 50_000


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    with decider() as made:
        frame = applications(APPLICATIONS)
        made.columns(frame.head(1_000))
        score = made.score.score
        values = frame.select(f"attributes.x{place}" for place in range(NUMBERS)).to_numpy()
        alone = seconds_of(lambda: KINDS["boosting"].log_odds(score.model, values))
        plain = replace(made, explained=False)
        seconds = seconds_of(lambda: plain.columns(frame))
        some = frame.head(EXPLAINED)
        with_reasons = seconds_of(lambda: made.columns(some))
        decided = made.columns(some)
        waits = {name: waited(made, frame_of(decided, some, name)) for name in ("approve", "decline")}
        trees = shares_of_trees(score, values[:EXPLAINED])
    shares = decided["outcome"].value_counts(normalize=True).sort("outcome").rows()
    told = ", ".join(f"{name} {share:.0%}" for name, share in shares)
    rate, limit = APPLICATIONS / seconds, APPLICATIONS / alone
    return [
        row(
            "1,000,000 applications: features, 300 trees, policy, rule codes, counter-offers",
            "> 40,000 a second",
            rate,
            "applications a second",
            f"once; {told}; {rate / limit:.2f} of boosting alone, {limit:,.0f}",
        ),
        row(
            f"{EXPLAINED:,} of them with exact reasons of what the score moved",
            "",
            EXPLAINED / with_reasons,
            "applications a second",
            "once; reasons of declined and referred ones alone",
        ),
        row(
            "exact reasons by boosting of 300 trees",
            "> 500 a second",
            trees["own"],
            "cases a second",
            f"{trees['own'] / trees['limit']:.1f} times LightGBM's TreeSHAP, {trees['limit']:,.0f}",
        ),
        *(
            row(
                f"one decision in process, {name}, p99",
                reach,
                1e3 * float(np.quantile(waits[name], 0.99)),
                "ms",
                f"{words}; p50 {1e3 * statistics.median(waits[name]):.2f} ms; {len(waits[name]):,} decisions",
            )
            for name, reach, words in (
                ("approve", "< 2 ms", "features, 300 trees, policy"),
                ("decline", "< 8 ms", "the same with exact contributions and a counter-offer sought"),
            )
        ),
        *with_twin(),
    ]


def with_twin() -> list[dict[str, Any]]:
    """Return the figures with a twin that says what loans come to."""
    with TemporaryDirectory() as place, valued(Path(place)) as (made, frame):
        many = pl.concat([frame] * (TWIN_ROWS // len(frame)))
        many = many.with_columns(pl.int_range(pl.len()).cast(pl.String).alias("application_id"))
        plain = replace(made, explained=False)
        plain.columns(frame)
        seconds = seconds_of(lambda: plain.columns(many))
        waits = waited(made, frame.head(ALONE))
    return [
        row(
            f"{TWIN_ROWS:,} applications: logistic score, policy, worth by twin, rule codes",
            "> 40,000 a second",
            TWIN_ROWS / seconds,
            "applications a second",
            "once; what a unit of each kind of loan comes to is kept",
        ),
        row(
            "one decision in process with worth by twin, p99",
            "< 2 ms",
            1e3 * float(np.quantile(waits, 0.99)),
            "ms",
            f"p50 {1e3 * statistics.median(waits):.2f} ms; kinds of loans seen before; reasons too",
        ),
    ]


@contextmanager
def valued(folder: Path) -> Iterator[tuple[Decider, pl.DataFrame]]:
    """Yield a decider with a twin of made-up loans fitted with a score, and applications to it."""
    from tests.decisions.applied_for import policy_file
    from tests.scored_book import AS_OF, scored_book
    from tests.verbs.test_decide import asked

    book = scored_book(folder, loans=2_000, cases=1_000)
    lt.score_train(
        book.cases, target="end", good="good", out=folder / "scores", models=("logistic",), time="lent",
        exclude=["grade"], folds="1x3",
    )  # fmt: skip
    lt.twin_create(folder / "twin", book.tape, book.mapping, AS_OF)
    lt.fit(folder / "twin", score=folder / "scores", score_file=book.tape)
    policy = open_policy(policy_file(folder, (585, 575, 550)))
    with lt.decider(policy, model=folder / "scores", twin=folder / "twin") as made:
        yield made, asked(2_000)


def shares_of_trees(score: Score, values: Any) -> dict[str, float]:
    """Return cases a second that are explained: here, and by LightGBM's own TreeSHAP on as many threads."""
    import lightgbm

    booster = lightgbm.Booster(model_str=score.model.texts[0])
    few = values[:LIMIT]
    shapley(score.model.texts, few)
    return {
        "own": len(values) / seconds_of(lambda: shapley(score.model.texts, values)),
        "limit": len(few) / seconds_of(lambda: booster.predict(few, pred_contrib=True)),
    }


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long work takes, once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def row(work: str, reach: str, measured: float, unit: str, detail: str) -> dict[str, Any]:
    """Return a measured row."""
    return {"work": work, "reach": reach, "measured": measured, "unit": unit, "detail": detail}


def frame_of(decided: pl.DataFrame, frame: pl.DataFrame, outcome: str) -> pl.DataFrame:
    """Return applications with an outcome, at most `ALONE`."""
    return frame.filter(decided["outcome"] == outcome).head(ALONE)


def waited(made: Decider, frame: pl.DataFrame) -> list[float]:
    """Return the seconds of each decision by itself."""
    seconds = []
    rows = [nested(row) for row in frame.iter_rows(named=True)]
    for application in rows:  # kernels and policies are compiled, kinds of loans seen
        made.decide(application)
    for application in rows:
        start = time.perf_counter()
        made.decide(application)
        seconds.append(time.perf_counter() - start)
    return seconds


@contextmanager
def decider() -> Iterator[Decider]:
    """Yield the example's policy with a model of 300 trees on 20 numbers, trained on made-up cases."""
    with lt.decider(open_policy(POLICY)) as made:
        use = ScoreInUse(trained(), "made-up", "trees", "0" * 64)
        yield Decider(made.policy, made.versions, use)


def trained() -> Score:
    """Return a boosted sum of 300 trees; good cases are 50 to a bad one at the middle."""
    import lightgbm

    rng = np.random.default_rng(7)
    values = rng.normal(size=(TRAINED, NUMBERS))
    odds = -4.5 + values @ np.linspace(0.9, 0.0, NUMBERS)
    bad = rng.random(TRAINED) < 1 / (1 + np.exp(-odds))
    settings = {"objective": "binary", "num_leaves": 31, "verbose": -1, "seed": 7, "num_threads": 2}
    booster = lightgbm.train(settings, lightgbm.Dataset(values, bad), num_boost_round=TREES)
    features = tuple(
        Feature(f"x{place}", "number", missing=0.01, low=float(column.min()), high=float(column.max()))
        for place, column in enumerate(values.T)
    )
    return Score(
        "boosting",
        Boosting(features, (booster.model_to_string(),), 31, TREES, Calibration("platt", 0.0, 1.0)),
    )


def applications(rows: int) -> pl.DataFrame:
    """Return made-up applications with the model's numbers as attributes."""
    rng = np.random.default_rng(20261130)
    own = {f"attributes.x{place}": rng.normal(size=rows) for place in range(NUMBERS)}
    return pl.DataFrame(
        {
            "application_id": [f"A-{number}" for number in range(rows)],
            "application_date": ["2026-08-03"] * rows,
            "amount": np.round(rng.uniform(1_000.0, 60_000.0, rows), 2),
            "term_months": rng.integers(6, 85, rows),
            "annual_income": np.round(rng.lognormal(10.7, 0.5, rows), 2),
            "monthly_debt": np.round(rng.uniform(0.0, 1_500.0, rows), 2),
            **own,
        }
    )
