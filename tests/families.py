"""Families of lenders' books: one economy, and products whose truths are drawn about a common one.

The truth is not of the fit's form: other covariates and lags, a seasoning that is no spline, a chain of
arrears whose edges answer to the economy each in its own way.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import gammaln, logsumexp

import loantwin as lt
from loantwin.arrays import Floats
from loantwin.book.schema import DEFAULT_STATES
from loantwin.engine.expectation import conditional_flows
from loantwin.macro.history import bridge, full_history
from loantwin.macro.scenario import Scenario
from loantwin.outlook.outlook import Outlook
from loantwin.performance.scoring import crps
from loantwin.synthesis.default_truth import PRODUCT_TRUTHS, default_truth
from loantwin.synthesis.economy import simulate_economy
from loantwin.synthesis.generate import generate
from loantwin.synthesis.truth import DEFAULT, LIVE, PREPAID, Truth
from loantwin.synthesis.write import write
from loantwin.twin import Learnt
from loantwin.verbs.fit.result import FitResult

START, AHEAD = dt.date(2015, 1, 1), 12
ORIGIN_MONTHS = 60
"""Months of the family's history before the date of the forecasts."""
AS_OF = dt.date(2019, 12, 31)


@dataclass(frozen=True)
class Product:
    """How a product's truth departs from the family's.

    level : log-odds of going late. roll : of getting worse once late. peak : months by which its seasoning
        comes later. young : log-odds by which its youngest loans are better. macro : factor on all macro
        effects.
    """

    level: float
    roll: float
    peak: float
    young: float
    macro: float


def drawn(seed: int) -> Product:
    """Return a product drawn about the family's truth."""
    random = np.random.default_rng([20261201, seed])
    z = random.standard_normal(5)
    return Product(0.45 * z[0], 0.15 * z[1], 6.0 * z[2], 0.4 * z[3], float(np.exp(0.3 * z[4])))


def truth_of(product: Product) -> Truth:
    """Return a truth of instalment loans in five grades."""
    whole = default_truth()
    parameters = whole.transitions
    own = [place for place, name in enumerate(parameters.segments) if name.startswith("instalment|")]
    ages = np.arange(parameters.age.shape[1], dtype=float)
    late = np.interp(np.maximum(ages - product.peak, 0.0), ages, np.arange(len(ages)))
    age, macro = parameters.age.copy(), parameters.macro.copy()
    for place, (origin, target) in enumerate(zip(parameters.origin, parameters.target, strict=True)):
        worse = (target < LIVE and target > origin) or target == DEFAULT
        if target != PREPAID:
            age[place] = np.interp(late, ages, age[place])
        if worse:
            age[place] += (product.level if origin == 0 else product.roll) - product.young * np.exp(
                -ages / 8.0
            )
        macro[place] *= product.macro * (2.0 if worse else 1.0)
    return replace(
        whole,
        products={"instalment": replace(PRODUCT_TRUTHS["instalment"], share=1.0)},
        transitions=replace(
            parameters,
            age=age,
            macro=macro,
            segment=parameters.segment[:, own],
            segments=tuple(parameters.segments[place] for place in own),
        ),
    )


def economy(seed: int) -> Scenario:
    """Return the family's one economy."""
    return simulate_economy(START.year * 12, ORIGIN_MONTHS + AHEAD, seed)


def book(folder: Path, product: Product, loans: int, months: int, seed: int, macro: Scenario) -> Path:
    """Write a product's book of so many months before the origin (and the year after), and make its twin."""
    start = dt.date(AS_OF.year - (months - 1) // 12, 12 - (months - 1) % 12, 1)
    write(
        folder / "lender",
        loans,
        months + AHEAD,
        seed,
        "mapping",
        start=start,
        truth=truth_of(product),
        macro=macro,
    )
    lt.twin_create(folder / "twin", folder / "lender/tape.csv", str(folder / "lender/mapping.toml"), AS_OF)
    return folder / "twin"


def sized(
    product: Product, months: int, defaults: float, seed: int, macro: Scenario, pilot: int = 2000
) -> int:
    """Return how many loans a book of so many months needs to show about so many defaults by the origin."""
    start = dt.date(AS_OF.year - (months - 1) // 12, 12 - (months - 1) % 12, 1)
    made = generate(pilot, months, seed, start=start, truth=truth_of(product), macro=macro)
    # the book lends on in the year after the origin, and so do its loans
    wanted = pilot * defaults / max(made.loans["default_date"].count(), 1) * (months + AHEAD) / months
    return max(round(wanted), 50)


def fitted(home: Path, *macro: Path, **how: Any) -> FitResult:
    """Fit a twin without the words that a user would hear."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return lt.fit(home, macro, **how)


WORST = -20.0
"""A book of few months may never have shown a transition: its forecast of none at all counts as this."""


@dataclass(frozen=True)
class Forecast:
    """Defaults of the next months: expected by path (P,), and how many came."""

    expected: Floats
    came: float

    @property
    def log_score(self) -> float:
        """Return the log probability of what came, no less than `WORST`; counts are Poisson on each path."""
        rate = np.maximum(self.expected, 1e-9)
        one = self.came * np.log(rate) - rate - gammaln(self.came + 1.0)
        return max(float(logsumexp(one) - np.log(len(rate))), WORST)

    @property
    def crps(self) -> float:
        """Return the continuous ranked probability score, defaults: the lower the better."""
        counts = np.random.default_rng(5).poisson(self.expected).astype(float)
        return float(crps(counts[:, None], np.array([self.came]))[0])


def forecast(
    home: Path, by: Path | None = None, months: int = AHEAD, paths: int = 1000, seed: int = 1
) -> Forecast:
    """Return a fitted twin's forecast of the number of defaults, given the economy that came.

    by : home of another fitted twin whose model is used as it stands, None for the twin's own.
    """
    with warnings.catch_warnings(), lt.open(home) as twin:
        warnings.simplefilter("ignore")
        if by is not None:
            with lt.open(by) as other:
                twin = twin.taught(Learnt(other.model, twin.generator))
        outlook = Outlook(twin)
        ahead = outlook.given(bridge(full_history(twin.macro_sources)), months)
        shocks = outlook.drawn(ahead, paths, seed)
        cells = outlook.cells(ahead, months)
        flows = conditional_flows(twin.model.parameters, cells, twin.model.lgd, shocks)
        expected = flows.defaulted_number.reshape(paths, -1, months).sum(axis=(1, 2))
        came = defaults_that_came(outlook, months)
    return Forecast(np.asarray(expected), came)


def defaults_that_came(outlook: Outlook, months: int) -> float:
    """Return how many of the live loans of the book defaulted in the months after, by the whole tape.

    Of an outcome tape the charge-offs.
    """
    tables, live = outlook.twin.tables, outlook.live_ids.implode()
    if tables.panel is not None and tables.panel.height:
        table, day = tables.panel, "report_date"
        lost = table["state"].is_in([*DEFAULT_STATES, "charged_off"])
    else:
        table, day = tables.loans, "charge_off_date"
        lost = (table["charged_off"] > 0).fill_null(False) & table[day].is_not_null()
    month = table[day].dt.year().cast(int) * 12 + table[day].dt.month().cast(int) - 1
    after = lost & (month > outlook.month0) & (month <= outlook.month0 + months)
    return float(table.filter(after)["loan_id"].unique().is_in(live).sum())


def difference(
    scores: Sequence[float], groups: Sequence[Any] | None = None, draws: int = 4000
) -> tuple[float, float, float]:
    """Return the mean of differences of scores and its 90 % bootstrap interval.

    groups : what belongs together and is redrawn whole; None redraws each difference by itself.
    """
    values = np.asarray(scores)
    _, place = np.unique([str(one) for one in groups or range(len(values))], return_inverse=True)
    total, number = np.bincount(place, values), np.bincount(place)
    picked = np.random.default_rng(7).integers(0, len(total), (draws, len(total)))
    means = total[picked].sum(axis=1) / number[picked].sum(axis=1)
    low, high = np.quantile(means, [0.05, 0.95])
    return float(values.mean()), float(low), float(high)
