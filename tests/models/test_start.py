"""A fit that starts from a product's prior: nothing learnt is the prior, much learnt is the planted truth."""

from __future__ import annotations

import numpy as np

from loantwin.book.as_of import known_at
from loantwin.models.fitted import FittedModel
from loantwin.models.model import fit_model
from loantwin.models.priors.table import product_prior
from loantwin.models.start import prior_settings

from .conftest import AS_OF, Outcomes


def made(outcomes: Outcomes, loans: int, seed: int) -> FittedModel:
    some = outcomes.loans.sample(loans, seed=seed) if loans < outcomes.loans.height else outcomes.loans
    settings = prior_settings(product_prior("auto"))
    return fit_model(
        known_at(some, AS_OF), None, outcomes.mapping, AS_OF, outcomes.history, settings=settings
    )


def log_hazard(model: FittedModel) -> float:
    """Return the mean log-odds at age 30 of what is on the book, the level of the day included."""
    lent = [place for place, name in enumerate(model.parameters.segments) if "vintage" in name]
    return float(
        model.parameters.age[0][30] + model.parameters.segment[0][lent].mean() + model.processes[0].mean
    )


def test_a_history_moves_the_fit_from_the_prior_to_the_planted_truth(outcomes: Outcomes) -> None:
    """Planted: 0.4 % a month and more by grade; the prior of car loans says 0.15 % at that age."""
    truth = np.log(outcomes.base) + np.mean(list(outcomes.effect.values()))
    prior = np.log(0.0155 / 12)
    gap = {
        loans: np.median([abs(log_hazard(made(outcomes, loans, seed)) - truth) for seed in range(7)])
        for loans in (3, 30, 3000)
    }
    assert abs(gap[3] - abs(prior - truth)) < 0.4
    assert gap[3] > gap[30] > gap[3000]
    assert gap[3000] < 0.25
    assert abs(log_hazard(made(outcomes, 30_000, 0)) - truth) < 0.2


def test_errors_shrink_as_history_grows(outcomes: Outcomes) -> None:
    widths = [np.sqrt(made(outcomes, loans, 1).covariance[0, 0]) for loans in (30, 300, 3000, 30_000)]
    assert widths == sorted(widths, reverse=True)
    wide = product_prior("auto").default_rate.log_deviation
    assert 0.5 * wide < widths[0] < 1.7 * wide


def test_severity_moves_from_the_prior_to_the_ratio_that_came(outcomes: Outcomes) -> None:
    used = [made(outcomes, loans, 1).diagnostics["severity"]["charged_off"]["used"] for loans in (5, 30_000)]
    believed = product_prior("auto").charged_off.value
    came = made(outcomes, 30_000, 0).diagnostics["severity"]["charged_off"]["value"]
    assert abs(used[0] - believed) < abs(came - believed)
    assert abs(used[1] - came) < 0.02
