"""How wrong a twin is where the truth is known: synthetic books, given macro, twelve months ahead, beside a
perfect model.

The perfect model knows the truth and where the period effects stand at the as-of date, but not their
innovations: its error is the noise floor. "All known" knows the innovations too: what is left is the luck of
single names.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from loantwin import months as calendar
from loantwin.book.as_of import PrimeRate, book_at, known_at
from loantwin.book.schema import CLOSED_STATES, DEFAULT_STATES, PANEL
from loantwin.engine.cells import Cells
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.rows import VINTAGE, shocks
from loantwin.engine.runoff import build_cells
from loantwin.macro.covariates import evaluate
from loantwin.models.book_columns import live_loans, loan_columns
from loantwin.models.forecasting import mean_shocks
from loantwin.models.model import fit_model
from loantwin.streams import Stream, generator
from loantwin.synthesis.default_truth import default_truth
from loantwin.synthesis.generate import SyntheticBook, generate
from loantwin.synthesis.truth import Truth

LOANS, MONTHS, AHEAD = 100_000, 60, 12
SEEDS = int(os.environ.get("FIDELITY_SEEDS", "20"))

MODELS = ("twin", "perfect", "all known")
FIGURES = ("balance", "defaults")


@dataclass(frozen=True)
class Trial:
    """One book: figure -> forecaster -> forecast, and figure -> what happened."""

    forecast: dict[str, dict[str, float]]
    happened: dict[str, float]

    def accuracy(self, figure: str, model: str) -> float:
        """Return 1 - |forecast - happened| / happened."""
        return 1.0 - abs(self.forecast[figure][model] - self.happened[figure]) / self.happened[figure]


def run() -> list[dict[str, Any]]:
    """Return mean accuracy over the seeds, with the truth as it is and with a truth whose period effects
    stand still.
    """
    truth = default_truth()
    still = replace(truth, innovation=tuple(0.0 for _ in truth.innovation))
    rows = []
    for words, chosen, seeds in (("", truth, SEEDS), (", period effects off", still, max(SEEDS // 4, 1))):
        trials = [trial(seed, chosen) for seed in range(1, seeds + 1)]
        deviation = chosen.innovation[0] / (1.0 - chosen.persistence[0] ** 2) ** 0.5
        for figure in FIGURES:
            got = {name: np.array([one.accuracy(figure, name) for one in trials]) for name in MODELS}
            detail = (
                f"mean of {len(trials)} books of {LOANS:,} loans, given macro; lowest "
                f"{got['twin'].min():.3f}; perfect model {got['perfect'].mean():.3f}, all known "
                f"{got['all known'].mean():.3f}; credit level's standard deviation in the truth "
                f"{deviation:.2f} (variance {deviation**2:.4f})"
            )
            work = (
                "accuracy of "
                f"{'12-month balance' if figure == 'balance' else 'number of defaults in 12 months'}{words}"
            )
            rows.append(
                {
                    "work": work,
                    "reach": ">= 0.95",
                    "measured": float(got["twin"].mean()),
                    "unit": "",
                    "detail": detail,
                }
            )
    return rows


def trial(seed: int, truth: Truth, loans: int = LOANS) -> Trial:
    """Return a book's forecasts, made from its first 60 months, of the following 12."""
    # lent evenly over the months: those of the last twelve are not on the book at the as-of date
    book = generate(loans * (MONTHS + AHEAD) // MONTHS, MONTHS + AHEAD, seed, truth=truth)
    now = book.first_month + MONTHS - 1
    as_of = calendar.end_of(now)
    known = replace(book.macro, values=book.macro.values[: now - book.macro.first + 1])
    model = fit_model(
        known_at(book.loans, as_of), known_at(book.panel, as_of, PANEL), book.mapping, as_of, known
    )
    prime = PrimeRate(known.first, known.values[:, known.factors.index("prime_rate")])
    held = book_at(book.loans, book.panel, book.mapping, as_of, prime=prime)
    columns = loan_columns(held, model, book.mapping)
    index = book.macro.require("prime_rate", now + 1, now + AHEAD)
    cells = build_cells(
        columns,
        AHEAD,
        index_path=index,
        arrears_months=model.arrears_months,
        conversion_factor=model.conversion_factor,
    )
    covariates = evaluate(model.covariates, book.macro, now + 1, now + AHEAD, known)
    twin = conditional_flows(model.parameters, cells, model.lgd, mean_shocks(model, covariates)[None])
    made = {"twin": twin, **_by_truth(book, cells, model.parameters.segments, now)}
    forecast = {
        "balance": {name: float(flows.balance[:, 0, -1].mean()) for name, flows in made.items()},
        "defaults": {
            name: float(flows.defaulted_number.sum(axis=(1, 2)).mean()) for name, flows in made.items()
        },
    }
    return Trial(forecast, _happened(book, live_loans(held, model)["loan_id"], as_of))


def _by_truth(book: SyntheticBook, cells: Cells, labels: tuple[str, ...], now: int) -> dict[str, Any]:
    """Return the flows that the truth expects, innovations of the period effects drawn (1,000 paths), and
    known.
    """
    truth = book.truth
    code = {name: place for place, name in enumerate(truth.transitions.segments)}
    coded = replace(
        cells, segment=np.array([code[labels[one].partition(VINTAGE)[0]] for one in cells.segment])
    )
    covariates = evaluate(truth.covariates, book.macro, now + 1, now + AHEAD)
    start, came = book.latent[MONTHS - 1], book.latent[MONTHS : MONTHS + AHEAD]
    normal = generator(book.seed, Stream.LEVELS).standard_normal((1_000, AHEAD, len(start)))
    level, path = np.broadcast_to(start, (1_000, len(start))), np.empty_like(normal)
    for month in range(AHEAD):
        level = np.array(truth.persistence) * level + np.array(truth.innovation) * normal[:, month]
        path[:, month] = level
    made = {}
    for name, latent in (("perfect", path), ("all known", came[None])):
        macro = np.broadcast_to(covariates, (len(latent), *covariates.shape))
        multipliers = shocks(truth.transitions, macro, latent)
        made[name] = conditional_flows(truth.transitions, coded, truth.loss_given_default(), multipliers)
    return made


def _happened(book: SyntheticBook, on_book: pl.Series, as_of: date) -> dict[str, float]:
    """Return the live balance after twelve months and the number of first defaults until then, of the loans
    on the book.
    """
    later = book.panel.filter(pl.col("loan_id").is_in(on_book.implode()) & (pl.col("report_date") > as_of))
    defaulted = later.filter(pl.col("state").is_in([*DEFAULT_STATES, "charged_off"]))["loan_id"].unique()
    last = later.filter(pl.col("report_date") == later["report_date"].max())
    gone = pl.col("state").is_in([*DEFAULT_STATES, *CLOSED_STATES]) | pl.col("loan_id").is_in(
        defaulted.implode()
    )
    return {"balance": float(last.filter(~gone)["principal"].sum()), "defaults": float(len(defaulted))}
