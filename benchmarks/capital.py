"""Capital of a million loans: standardised and IRB risk weights beside 12-month and lifetime losses under
five scenarios.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.engine import book, model, paths, severity
from loantwin.engine.assumptions import assumptions
from loantwin.engine.columns import take
from loantwin.engine.loss import loan_losses, loan_losses_reference
from loantwin.kernels import use_threads
from loantwin.risk import irb_capital, standardised_risk_weight
from loantwin.risk.capital.classes import NAMES
from loantwin.risk.capital.options import RATINGS, load_options
from loantwin.risk.capital.reference import irb_steps, standardised_reference

COUNT, MONTHS, SCENARIOS, ROUNDS, SAMPLE = 1_000_000, 60, 5, 5, 20_000
CLASSES = (
    "corporate",
    "corporate_sme",
    "retail_regulatory",
    "retail_other",
    "residential_real_estate",
    "commercial_real_estate",
    "bank_grade_a",
)


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    use_threads()
    loans = _loans()
    parts = {"standardised": lambda: _standardised(loans), "IRB": lambda: _irb(loans), "losses": _losses()}
    timed = {name: _timed(work) for name, work in parts.items()}
    whole = _timed(lambda: [work() for work in parts.values()])
    wrong = _cents(loans)
    each = "; ".join(
        f"{name} {1000 * median:.0f} ms (best {1000 * best:.0f})" for name, (median, best) in timed.items()
    )
    detail = (
        f"best {whole[1]:.2f} s; {each}; {SAMPLE:,} loans differ from the scalar oracle by {wrong} cents in "
        "all"
    )
    name = f"standardised + IRB + 12-month and lifetime loss under {SCENARIOS} scenarios, {COUNT:,} loans"
    named = loans | {"asset_class": np.array(NAMES)[loans["asset_class"]]}
    texts = _timed(lambda: _irb(named))
    return [
        _row(name, "< 1", whole[0], "s", detail),
        _row(
            f"IRB capital, {COUNT:,} loans of four classes",
            "",
            timed["IRB"][0],
            "s",
            f"classes as texts {texts[0]:.3f} s",
        ),
        _row(
            f"standardised risk weights, {COUNT:,} loans of {len(CLASSES)} classes",
            "",
            timed["standardised"][0],
            "s",
            "LTV, defaults",
        ),
    ]


def _loans(seed: int = 6) -> dict[str, Any]:
    draw = np.random.Generator(np.random.Philox(key=seed))
    known = load_options("basel").classes
    return {
        "exposure": np.round(np.exp(draw.normal(10.0, 1.0, COUNT)), 2),
        "exposure_class": np.array([known.index(name) for name in CLASSES], dtype=np.int8)[
            draw.integers(0, len(CLASSES), COUNT)
        ],
        "rating": draw.integers(0, len(RATINGS), COUNT).astype(np.int8),
        "ltv": draw.uniform(0.2, 1.3, COUNT),
        "defaulted": draw.random(COUNT) < 0.02,
        "provision_share": draw.uniform(0.0, 1.0, COUNT),
        "pd": np.where(draw.random(COUNT) < 0.02, 1.0, draw.uniform(0.0, 0.2, COUNT)),
        "lgd": draw.uniform(0.05, 0.9, COUNT),
        "elbe": draw.uniform(0.05, 0.9, COUNT),
        "maturity": draw.uniform(1.0, 5.0, COUNT),
        "asset_class": draw.integers(0, 4, COUNT).astype(np.int8),
        "annual_sales": np.where(draw.random(COUNT) < 0.5, np.nan, draw.uniform(1.0, 60.0, COUNT)),
        "transactor": draw.random(COUNT) < 0.3,
    }


def _standardised(loans: dict[str, Any]) -> Any:
    names = ("exposure_class", "rating", "ltv", "defaulted", "provision_share")
    return standardised_risk_weight(**{name: loans[name] for name in names}, counterparty_weight=0.85)


def _irb(loans: dict[str, Any]) -> Any:
    names = ("pd", "lgd", "maturity", "asset_class", "annual_sales", "transactor", "elbe")
    return irb_capital(*(loans[name] for name in names))


def _losses() -> Callable[[], Any]:
    columns, parameters, lgd = book(COUNT), model(4), severity()
    month, index = paths(parameters, SCENARIOS, MONTHS)

    def work() -> Any:
        return loan_losses(
            parameters,
            columns,
            lgd,
            month,
            index_paths=index,
            arrears_months=3,
            conversion_factor=0.5,
            past_term=True,
        )

    few = take(columns, np.arange(200))
    wanted = loan_losses_reference(
        parameters, few, lgd, month, assumptions(0.0, 3, 0.5), index, (12, MONTHS), past_term=True
    ).loss
    if np.abs(np.round(100 * work().loss[:200]) - np.round(100 * wanted)).max() > 0:
        raise SystemExit("expected losses equal to the oracle's to the cent")
    return work


def _cents(loans: dict[str, Any]) -> int:
    """Return the sum of differences from the scalar oracle over a sample, capital and RWA of each loan
    rounded to the cent.
    """
    known, few = load_options("basel"), slice(0, SAMPLE)
    part = {name: values[few] for name, values in loans.items()}
    capital, weight = _irb(part) * part["exposure"], _standardised(part) * part["exposure"]
    wrong = 0
    for row in range(SAMPLE):
        own = {name: values[row] for name, values in part.items()}
        sales = None if np.isnan(own["annual_sales"]) else float(own["annual_sales"])
        steps = irb_steps(
            float(own["pd"]), float(own["lgd"]), float(own["maturity"]), NAMES[own["asset_class"]], sales,
            bool(own["transactor"]), float(own["elbe"]),
        )  # fmt: skip
        plain = standardised_reference(
            known, known.classes[own["exposure_class"]], RATINGS[own["rating"]], float(own["ltv"]), 0.85,
            bool(own["defaulted"]), float(own["provision_share"]),
        )  # fmt: skip
        wrong += abs(round(100 * (steps.capital * own["exposure"])) - round(100 * capital[row]))
        wrong += abs(round(100 * (plain * own["exposure"])) - round(100 * weight[row]))
    return int(wrong)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return median and best seconds of the rounds after a warm-up."""
    work()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), min(taken)


def _row(work: str, reach: str, measured: float, unit: str, detail: str) -> dict[str, Any]:
    return {"work": work, "reach": reach, "measured": measured, "unit": unit, "detail": detail}
