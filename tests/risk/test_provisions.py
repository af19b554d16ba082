"""Provisions over the engine: losses of single loans worked out month by month, then the whole book."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.config import Config
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import LoanColumns, loan_columns, take
from loantwin.engine.rows import TransitionParameters
from loantwin.errors import RiskError
from loantwin.macro.covariates import Covariate
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import mean_shocks
from loantwin.models.latent import LatentProcess
from loantwin.risk.cecl import Reversion
from loantwin.risk.facts import Standing
from loantwin.risk.provisions import (
    STANDARDS,
    Portfolio,
    WeightedScenario,
    expected_losses,
    lifetime_months,
    long_run_shocks,
    origination_pd,
    provisions,
)

AS_OF = date(2024, 12, 31)
CONFIG = Config()
INTEREST_ONLY, INSTALMENT = 2, 0


def hazards(default: list[float], prepaid: float = 0.0) -> TransitionParameters:
    """Return a model of one live state with a monthly default probability by age (its last one for ever) and prepayment."""
    rates = np.array(default)
    stay = 1 - rates - prepaid
    tiny = 1e-300  # a probability of nothing, as log-odds
    return TransitionParameters(
        states=("current", "default", "prepaid"),
        live=1,
        origin=np.array([0, 0]),
        target=np.array([1, 2]),
        age=np.log(np.maximum(np.array([rates / stay, prepaid / stay]), tiny)),
        segment=np.zeros((2, 1)),
        macro=np.zeros((2, 1)),
        loading=np.zeros((2, 1)),
        segments=("all",),
        factors=("unemployment",),
        latents=("period",),
        default_state=1,
        prepaid_state=2,
    )


def severity(charged_off: float, recovered: float = 0.0) -> LossGivenDefault:
    return LossGivenDefault(np.full((1, 1), charged_off), np.full((1, 1), recovered), np.ones(1), np.ones(1))


def known(size: int, days: float = 0.0) -> Standing:
    no = np.zeros(size, dtype=bool)
    return Standing(np.full(size, days), no, no, no, (), True)


def one_loan(**changes: object) -> LoanColumns:
    values: dict[str, object] = {
        "segment": 0, "age": 0, "state": 0, "product": INTEREST_ONLY, "remaining_months": 36, "annual_rate": 0.0,
        "principal": np.array([1_000_000.0]),
    }  # fmt: skip
    return loan_columns(**{**values, **changes})  # type: ignore[arg-type]


def flat(name: str, weight: float, months: int, default: float = 1.0, edges: int = 2) -> WeightedScenario:
    shocks = np.ones((1, months, edges))
    shocks[:, :, 0] = default
    return WeightedScenario(name, weight, shocks)


def portfolio(parameters: TransitionParameters, columns: LoanColumns, lgd: LossGivenDefault) -> Portfolio:
    return Portfolio(AS_OF, "USD", parameters, lgd, columns, known(len(columns.principal)), np.ones(len(parameters.origin)))


def test_illustrative_example_8_through_the_engine() -> None:
    # IFRS 9 Illustrative Example 8: 12-month PD 0.5 %, loss 25 % of 1,000,000, no discount: 1,250
    monthly = 1 - (1 - 0.005) ** (1 / 12)
    book = portfolio(hazards([monthly]), one_loan(), severity(0.30, 0.05))
    result = provisions("ifrs9", book, [flat("base", 1.0, 36)], CONFIG)
    assert result.allowance == pytest.approx(1250.0, rel=1e-12)
    assert result.by_stage["1"].loans == 1  # type: ignore[union-attr]


def test_lifetime_loss_of_an_amortising_loan_month_by_month() -> None:
    rate, months, hazard, prepaid, share = 0.12, 24, 0.01, 0.02, 0.45
    payment = 10_000 * 0.01 / (1 - 1.01**-months)
    balance, alive, twelve, lifetime = 10_000.0, 1.0, 0.0, 0.0
    for month in range(1, months + 1):
        loss = alive * hazard * balance * share / 1.01**month
        lifetime += loss
        twelve += loss if month <= 12 else 0.0
        alive *= 1 - hazard - prepaid
        balance = balance * 1.01 - payment
    columns = one_loan(product=INSTALMENT, remaining_months=months, annual_rate=rate, principal=np.array([10_000.0]))
    book = portfolio(hazards([hazard], prepaid), columns, severity(share))
    losses, pd = expected_losses(book, [flat("base", 1.0, months)])
    np.testing.assert_allclose(losses[0, 0], [twelve, lifetime], rtol=1e-12)
    expected_pd = sum(hazard * (1 - hazard - prepaid) ** (t - 1) for t in range(1, months + 1))
    assert pd[0, 0, 1] == pytest.approx(expected_pd, rel=1e-12)
    forborne = replace(book, standing=replace(book.standing, forborne=np.ones(1, dtype=bool)))
    scenarios = [flat("base", 1.0, months)]
    assert provisions("ifrs9", book, scenarios, CONFIG).allowance == pytest.approx(twelve, rel=1e-12)
    assert provisions("ifrs9", forborne, scenarios, CONFIG).allowance == pytest.approx(lifetime, rel=1e-12)


def test_origination_pd_reads_the_same_months_of_life() -> None:
    # default 1 % a month at ages up to 12, 3 % later: a loan of age 12 with 6 months left was expected to see 3 %
    book = portfolio(hazards([0.01] * 13 + [0.03]), one_loan(age=12, remaining_months=6), severity(0.4))
    assert origination_pd(book)[0] == pytest.approx(1 - 0.97**6, rel=1e-12)
    same = provisions("ifrs9", book, [flat("base", 1.0, 6)], CONFIG)
    assert same.triggers["lifetime_pd"] == 0  # type: ignore[union-attr]
    worse = provisions("ifrs9", book, [flat("bad", 1.0, 6, default=2.5)], CONFIG)
    assert worse.triggers["lifetime_pd"] == 1  # type: ignore[union-attr]


def test_a_loan_in_default_costs_its_exposure_times_severity() -> None:
    columns = one_loan(accrued_interest=5_000.0, guaranteed=0.75)
    book = portfolio(hazards([0.01]), columns, severity(0.6, 0.2))
    book = replace(book, standing=replace(book.standing, defaulted=np.ones(1, dtype=bool)))
    for standard in ("ifrs9", "cecl"):
        result = provisions(standard, book, [flat("base", 1.0, 36)], CONFIG)
        assert result.allowance_gross == pytest.approx(1_005_000 * 0.4, rel=1e-12)
        assert result.allowance == pytest.approx(1_005_000 * 0.1, rel=1e-12)
    assert provisions("ifrs9", book, [flat("base", 1.0, 36)], CONFIG).by_stage["3"].loans == 1  # type: ignore[union-attr]
    classes = provisions("five-level", book, [flat("base", 1.0, 1)], CONFIG)
    assert classes.by_class["substandard"].loans == 1  # type: ignore[union-attr]


def test_undrawn_commitment_counts_with_its_conversion_factor() -> None:
    drawn = portfolio(hazards([0.01]), one_loan(), severity(0.4))
    line = portfolio(hazards([0.01]), one_loan(undrawn=500_000.0), severity(0.4))
    line = replace(line, runoff=replace(line.runoff, conversion_factor=0.4))
    scenarios = [flat("base", 1.0, 36)]
    ratio = provisions("ifrs9", line, scenarios, CONFIG).allowance / provisions("ifrs9", drawn, scenarios, CONFIG).allowance
    assert ratio == pytest.approx(1.2, rel=1e-12)


def test_cecl_reverts_and_does_not_discount() -> None:
    # three times the historical odds for 6 months, then the historical 1 % a month at once; 12 months in all
    odds = 0.01 / 0.99
    high = 3 * odds / (1 + 3 * odds)
    alive, lifetime = 1.0, 0.0
    for month in range(1, 13):
        hazard = high if month <= 6 else 0.01
        lifetime += alive * hazard * 1_000_000 * 0.5
        alive *= 1 - hazard
    columns = one_loan(remaining_months=12, effective_annual_rate=0.2)
    book = portfolio(hazards([0.01]), columns, severity(0.5))
    reversion = Reversion(supported_months=6, form="at_once")
    result = provisions("cecl", book, [flat("bad", 1.0, 6, default=3.0)], CONFIG, reversion=reversion)
    assert result.allowance == pytest.approx(lifetime, rel=1e-12)
    assert set(result.by_pool) == {"all"}  # type: ignore[union-attr]
    discounted = provisions("cecl", book, [flat("bad", 1.0, 6, default=3.0)], CONFIG, reversion=replace(reversion, discounted=True))
    assert discounted.allowance < result.allowance


def fitted(parameters: TransitionParameters) -> FittedModel:
    process = LatentProcess("period", phi=0.9, sigma=0.2, noise=0.1, mean=0.7, variance=0.3, months=60)
    edges = len(parameters.origin)
    size = edges + edges * len(parameters.factors) + 1
    return FittedModel(
        as_of=AS_OF, parameters=parameters, covariates=(Covariate("unemployment_rate", "level"),), processes=(process,),
        covariance=np.zeros((size, size)), today=np.zeros(len(parameters.factors)), lgd=severity(0.4), arrears_months=0,
        conversion_factor=0.0, assumed=(False,) * edges, absent=(), prior_only=(),
    )  # fmt: skip


def test_in_normal_times_a_loan_shows_no_change_of_risk() -> None:
    parameters = replace(hazards([0.01]), macro=np.array([[0.5], [0.0]]), loading=np.array([[1.0], [0.0]]))
    model = fitted(parameters)
    level = long_run_shocks(model, np.array([0.4]))
    # macro effect, and half the long-run variance of the level and its noise: log-normal about its middle
    assert level[0] == pytest.approx(math.exp(0.5 * 0.4 + 0.5 * (0.2**2 / (1 - 0.9**2) + 0.1**2)), rel=1e-9)
    assert level[1] == pytest.approx(1.0, rel=1e-12)
    distant = mean_shocks(model, np.full((600, 1), 0.4))[-36:][None]
    book = replace(portfolio(parameters, one_loan(), severity(0.4)), historical=level)
    now = expected_losses(book, [WeightedScenario("normal", 1.0, distant)])[1][:, 0, 1]
    np.testing.assert_allclose(now, origination_pd(book), rtol=1e-9)


def test_paths_of_a_scenario_are_averaged() -> None:
    book = portfolio(hazards([0.01]), one_loan(), severity(0.5))
    paths = WeightedScenario("generated", 1.0, np.concatenate([flat("", 1, 36, d).shocks for d in (0.5, 1.0, 2.0)] * 11))
    single = [expected_losses(book, [flat("one", 1.0, 36, d)])[0][0, 0] for d in (0.5, 1.0, 2.0)]
    np.testing.assert_allclose(expected_losses(book, [paths])[0][0, 0], np.mean(single, axis=0), rtol=1e-12)


def test_a_scenario_too_short_for_lifetime_is_refused() -> None:
    book = portfolio(hazards([0.01]), one_loan(), severity(0.5))
    with pytest.raises(RiskError, match="scenario base to cover 36 months, was 24"):
        provisions("ifrs9", book, [flat("base", 1.0, 24)], CONFIG)


@pytest.mark.parametrize("standard", list(STANDARDS))
def test_every_standard_refuses_weights_and_names_that_do_not_fit(standard: str) -> None:
    book = portfolio(hazards([0.01]), one_loan(), severity(0.5))
    with pytest.raises(RiskError, match="sum to 1"):
        provisions(standard, book, [flat("a", 0.5, 36), flat("b", 0.4, 36)], CONFIG)
    with pytest.raises(RiskError, match="given twice"):
        provisions(standard, book, [flat("a", 0.5, 36), flat("a", 0.5, 36)], CONFIG)
    with pytest.raises(RiskError, match="standing of 1 loans"):
        provisions(standard, replace(book, standing=known(2)), [flat("a", 1.0, 36)], CONFIG)


def test_unknown_standard_is_refused() -> None:
    book = portfolio(hazards([0.01]), one_loan(), severity(0.5))
    with pytest.raises(RiskError, match="expected one of ifrs9, cecl, five-level, was 'ias39'"):
        provisions("ias39", book, [flat("a", 1.0, 36)], CONFIG)


def random_book(size: int, seed: int) -> Portfolio:
    random = np.random.Generator(np.random.Philox(key=seed))
    columns = loan_columns(
        segment=np.zeros(size, dtype=np.int64),
        age=random.integers(0, 30, size),
        state=np.zeros(size, dtype=np.int64),
        product=random.integers(0, 5, size),
        remaining_months=random.integers(1, 60, size),
        principal=random.lognormal(9, 1, size),
        annual_rate=random.uniform(0.02, 0.15, size),
        guaranteed=random.uniform(0, 1, size),
        weight=random.uniform(0, 3, size),
        accrued_interest=random.uniform(0, 50, size),
    )
    days = random.choice([0.0, 0.0, 0.0, 15.0, 45.0, 120.0, math.nan], size)
    standing = Standing(days, days > 90, random.random(size) < 0.1, random.random(size) < 0.1, (), True)
    return replace(portfolio(hazards([0.004, 0.01, 0.02, 0.005], 0.01), columns, severity(0.5, 0.1)), standing=standing)


def part_of(book: Portfolio, index: np.ndarray) -> Portfolio:
    state = book.standing
    picked = (state.days_past_due[index], state.defaulted[index], state.forborne[index], state.watch[index])
    return replace(book, columns=take(book.columns, index), standing=Standing(*picked, (), True))


@pytest.mark.parametrize("standard", list(STANDARDS))
def test_split_of_the_book_does_not_matter_and_totals_are_sums_of_loans(standard: str) -> None:
    book = random_book(40, 3)
    scenarios = [flat("base", 0.7, 60), flat("adverse", 0.3, 60, default=2.5)]
    whole = provisions(standard, book, scenarios, CONFIG)
    halves = [provisions(standard, part_of(book, np.arange(start, 40, 2)), scenarios, CONFIG) for start in (0, 1)]
    assert sum(half.allowance for half in halves) == pytest.approx(whole.allowance, rel=1e-12)
    assert sum(half.exposure for half in halves) == pytest.approx(whole.exposure, rel=1e-12)
    singles = [provisions(standard, part_of(book, np.array([i])), scenarios, CONFIG).allowance for i in range(40)]
    assert abs(math.fsum(singles) - whole.allowance) < 0.005
    grouped = next(value for key, value in whole.to_dict().items() if key in ("by_stage", "by_class", "by_pool"))
    for figure, total in (("allowance", whole.allowance), ("exposure", whole.exposure), ("loans", 40)):
        assert sum(part[figure] for part in grouped.values()) == pytest.approx(total, rel=1e-12)
    weighted = sum(item.weight * item.allowance for item in whole.by_scenario.values())
    assert weighted == pytest.approx(whole.allowance, rel=1e-12)
    jsonschema.validate(json.loads(json.dumps(whole.to_dict(), allow_nan=False)), type(whole).json_schema())


@given(st.floats(0.1, 8.0), st.floats(1.0, 3.0), st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_a_worse_economy_never_costs_less(level: float, more: float, seed: int) -> None:
    book = random_book(20, seed)
    for standard in ("ifrs9", "cecl"):
        low, high = (provisions(standard, book, [flat("a", 1.0, 60, level * factor)], CONFIG).allowance for factor in (1.0, more))
        assert high >= low * (1 - 1e-9)


@pytest.mark.parametrize("standard", list(STANDARDS))
def test_an_empty_book_owes_nothing(standard: str) -> None:
    book = part_of(random_book(3, 1), np.arange(0))
    assert lifetime_months(book.columns) == 1
    result = provisions(standard, book, [flat("base", 1.0, 24)], CONFIG)
    assert (result.exposure, result.allowance, result.allowance_gross) == (0.0, 0.0, 0.0)
