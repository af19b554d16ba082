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
from loantwin.risk.facts import Standing
from loantwin.risk.provisions.cecl import Reversion
from loantwin.risk.provisions.cecl_methods import METHODS, LossHistory
from loantwin.risk.provisions.overlays import Overlay
from loantwin.risk.provisions.provisions import (
    STANDARDS,
    BesideLoans,
    Portfolio,
    WeightedScenario,
    expected_losses,
    lifetime_months,
    long_run_shocks,
    loss_in_default,
    origination_pd,
    provisions,
)

AS_OF = date(2024, 12, 31)
CONFIG = Config()
INTEREST_ONLY, INSTALMENT = 2, 0


def hazards(default: list[float], prepaid: float = 0.0) -> TransitionParameters:
    """Return a model of one live state with a monthly default probability by age (its last one for ever) and
    prepayment.
    """
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
        "segment": 0, "age": 0, "state": 0, "product": INTEREST_ONLY, "remaining_months": 36,
        "annual_rate": 0.0, "principal": np.array([1_000_000.0]),
    }  # fmt: skip
    return loan_columns(**{**values, **changes})  # type: ignore[arg-type]


def flat(name: str, weight: float, months: int, default: float = 1.0, edges: int = 2) -> WeightedScenario:
    shocks = np.ones((1, months, edges))
    shocks[:, :, 0] = default
    return WeightedScenario(name, weight, shocks)


def portfolio(parameters: TransitionParameters, columns: LoanColumns, lgd: LossGivenDefault) -> Portfolio:
    return Portfolio(
        AS_OF, "USD", parameters, lgd, columns, known(len(columns.principal)), np.ones(len(parameters.origin))
    )


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
    columns = one_loan(
        product=INSTALMENT, remaining_months=months, annual_rate=rate, principal=np.array([10_000.0])
    )
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
    # default 1 % a month at ages up to 12, 3 % later: a loan of age 12 with 6 months left was expected to see
    # 3 %
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
    classes = provisions("five-level", book, [flat("base", 1.0, 36)], CONFIG)
    assert classes.by_class["substandard"].loans == 1  # type: ignore[union-attr]


def test_undrawn_commitment_counts_with_its_conversion_factor() -> None:
    drawn = portfolio(hazards([0.01]), one_loan(), severity(0.4))
    line = portfolio(hazards([0.01]), one_loan(undrawn=500_000.0), severity(0.4))
    line = replace(line, runoff=replace(line.runoff, conversion_factor=0.4))
    scenarios = [flat("base", 1.0, 36)]
    ratio = (
        provisions("ifrs9", line, scenarios, CONFIG).allowance
        / provisions("ifrs9", drawn, scenarios, CONFIG).allowance
    )
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
    discounted = provisions(
        "cecl",
        book,
        [flat("bad", 1.0, 6, default=3.0)],
        CONFIG,
        reversion=replace(reversion, discounted=True),
    )
    assert discounted.allowance < result.allowance


def fitted(parameters: TransitionParameters) -> FittedModel:
    process = LatentProcess("period", phi=0.9, sigma=0.2, noise=0.1, mean=0.7, variance=0.3, months=60)
    edges = len(parameters.origin)
    size = edges + edges * len(parameters.factors) + 1
    return FittedModel(
        as_of=AS_OF, parameters=parameters, covariates=(Covariate("unemployment_rate", "level"),),
        processes=(process,), covariance=np.zeros((size, size)), today=np.zeros(len(parameters.factors)),
        lgd=severity(0.4), arrears_months=0, conversion_factor=0.0, assumed=(False,) * edges, absent=(),
        prior_only=(),
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
    paths = WeightedScenario(
        "generated", 1.0, np.concatenate([flat("", 1, 36, d).shocks for d in (0.5, 1.0, 2.0)] * 11)
    )
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
    return replace(
        portfolio(hazards([0.004, 0.01, 0.02, 0.005], 0.01), columns, severity(0.5, 0.1)), standing=standing
    )


def part_of(book: Portfolio, index: np.ndarray) -> Portfolio:
    state = book.standing
    picked = (state.days_past_due[index], state.defaulted[index], state.forborne[index], state.watch[index])
    return replace(book, columns=take(book.columns, index), standing=Standing(*picked, (), True))


@pytest.mark.parametrize("standard", list(STANDARDS))
def test_split_of_the_book_does_not_matter_and_totals_are_sums_of_loans(standard: str) -> None:
    book = random_book(40, 3)
    scenarios = [flat("base", 0.7, 60), flat("adverse", 0.3, 60, default=2.5)]
    whole = provisions(standard, book, scenarios, CONFIG)
    halves = [
        provisions(standard, part_of(book, np.arange(start, 40, 2)), scenarios, CONFIG) for start in (0, 1)
    ]
    assert sum(half.allowance for half in halves) == pytest.approx(whole.allowance, rel=1e-12)
    assert sum(half.exposure for half in halves) == pytest.approx(whole.exposure, rel=1e-12)
    singles = [
        provisions(standard, part_of(book, np.array([i])), scenarios, CONFIG).allowance for i in range(40)
    ]
    assert abs(math.fsum(singles) - whole.allowance) < 0.005
    grouped = next(
        value for key, value in whole.to_dict().items() if key in ("by_stage", "by_class", "by_pool")
    )
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
        low, high = (
            provisions(standard, book, [flat("a", 1.0, 60, level * factor)], CONFIG).allowance
            for factor in (1.0, more)
        )
        assert high >= low * (1 - 1e-9)


@pytest.mark.parametrize("standard", list(STANDARDS))
def test_an_empty_book_owes_nothing(standard: str) -> None:
    book = part_of(random_book(3, 1), np.arange(0))
    assert lifetime_months(book.columns) == 1
    result = provisions(standard, book, [flat("base", 1.0, 24)], CONFIG)
    assert (result.exposure, result.allowance, result.allowance_gross) == (0.0, 0.0, 0.0)


def in_default(book: Portfolio, months: int, recovered_lag: list[float]) -> Portfolio:
    yes = np.ones(len(book.columns.principal), dtype=bool)
    lgd = replace(book.lgd, recovery_lag=np.array(recovered_lag))
    state = replace(book.standing, defaulted=yes, months_in_default=np.full(len(yes), months))
    return replace(book, lgd=lgd, standing=state)


def test_a_loan_long_in_default_waits_less_for_its_recoveries() -> None:
    # 60 % charged off, 30 % recovered: a third of it 6, the rest 12 months after default; 12 % a year
    lag = [0.0] * 6 + [1 / 3] + [0.0] * 5 + [2 / 3]
    columns = one_loan(effective_annual_rate=0.12, age=20)
    book = portfolio(hazards([0.01]), columns, severity(0.6, 0.3))
    fresh = 0.6 - 0.3 * (1.01**-6 / 3 + 2 * 1.01**-12 / 3)
    later = 0.6 - 0.3 * 1.01**-3  # nine months on, what is left comes three months from now
    late = 0.6 - 0.3 * np.mean(1.01 ** -np.arange(1.0, 13.0))  # beyond every lag: evenly over a year
    for months, share in ((0, fresh), (9, later), (12, late), (40, late)):
        assert loss_in_default(in_default(book, months, lag))[1][0] == pytest.approx(share, rel=1e-12)
    result = provisions("ifrs9", in_default(book, 9, lag), [flat("base", 1.0, 36)], CONFIG)
    assert result.allowance == pytest.approx(1e6 * later, rel=1e-12)


def test_severity_is_that_of_the_age_at_default() -> None:
    lgd = replace(severity(0.5), charged_off=np.array([[0.1, 0.2, 0.3, 0.4]]), recovered=np.zeros((1, 4)))
    book = replace(portfolio(hazards([0.01]), one_loan(age=3), severity(0.5)), lgd=lgd)
    assert loss_in_default(book)[1][0] == 0.4
    assert loss_in_default(in_default(book, 2, [1.0]))[1][0] == 0.2


def test_a_loan_bought_impaired_carries_the_change_alone() -> None:
    # 5.5.13 and 5.5.14: 100 expected at recognition; worse is a loss, better a gain, never the 12-month loss
    book = portfolio(hazards([0.01]), one_loan(), severity(0.5))
    bought = replace(
        book, standing=replace(book.standing, credit_impaired_at_origination=np.ones(1, dtype=bool))
    )
    scenarios = [flat("base", 1.0, 36)]
    lifetime = expected_losses(book, scenarios)[0][0, 0, 1]
    for then in (0.0, 100.0, lifetime + 500.0):
        result = provisions(
            "ifrs9", bought, scenarios, CONFIG, beside=BesideLoans(poci_expected=np.array([then]))
        )
        assert result.allowance == pytest.approx(lifetime - then, rel=1e-12)
        assert result.by_stage["poci"].loans == 1  # type: ignore[union-attr]
        assert sum(part.loans for part in result.by_stage.values()) == 1  # type: ignore[union-attr]
        assert result.interest["poci"].basis == "net"  # type: ignore[union-attr]
    assert "poci" not in provisions("ifrs9", book, scenarios, CONFIG).by_stage  # type: ignore[union-attr]


def test_what_is_not_drawn_is_shown_apart() -> None:
    line = portfolio(hazards([0.01]), one_loan(product=4, undrawn=500_000.0, guaranteed=0.2), severity(0.4))
    line = replace(line, runoff=replace(line.runoff, conversion_factor=0.5))
    result = provisions("ifrs9", line, [flat("base", 1.0, 36)], CONFIG)
    # a quarter of a million of 1.25 million at default
    assert result.commitments.provision == pytest.approx(result.allowance / 5, rel=1e-12)  # type: ignore[union-attr]
    assert result.commitments.provision_gross == pytest.approx(result.allowance_gross / 5, rel=1e-12)  # type: ignore[union-attr]
    assert result.commitments.undrawn == 500_000.0  # type: ignore[union-attr]


def test_lines_are_measured_over_their_behavioural_life() -> None:
    columns = loan_columns(
        segment=0,
        age=0,
        state=0,
        product=[4, 0],
        remaining_months=[12, 12],
        principal=[1e6, 1e6],
        annual_rate=0.0,
    )
    book = portfolio(hazards([0.01]), columns, severity(0.4))
    stage_two = replace(book, standing=replace(book.standing, forborne=np.ones(2, dtype=bool)))
    config = replace(CONFIG, ifrs9=replace(CONFIG.ifrs9, behavioural_months=36))
    short = provisions("ifrs9", stage_two, [flat("base", 1.0, 36)], CONFIG).allowance
    long = provisions("ifrs9", stage_two, [flat("base", 1.0, 36)], config)
    assert long.allowance - short == pytest.approx(1e6 * 0.4 * (0.99**12 - 0.99**36), rel=1e-9)
    assert long.commitments.behavioural_months == 36  # type: ignore[union-attr]


def test_interest_runs_on_the_net_amount_in_stage_three() -> None:
    columns = one_loan(principal=np.array([1000.0, 1000.0]), annual_rate=0.12, effective_annual_rate=0.12)
    book = portfolio(hazards([0.01]), columns, severity(0.4))
    book = replace(book, standing=replace(book.standing, defaulted=np.array([False, True])))
    interest = provisions("ifrs9", book, [flat("base", 1.0, 36)], CONFIG).interest  # type: ignore[union-attr]
    assert (interest["1"].basis, interest["1"].monthly_interest) == ("gross", pytest.approx(10.0))
    assert (interest["3"].basis, interest["3"].monthly_interest) == ("net", pytest.approx(6.0))


def test_overlays_stand_beside_the_modelled_figure() -> None:
    book = random_book(40, 3)
    scenarios = [flat("base", 1.0, 60)]
    overlay = Overlay("o", "A", "R", date(2025, 6, 30), percent=10.0)
    for standard in ("ifrs9", "cecl"):
        plain = provisions(standard, book, scenarios, CONFIG)
        with_it = provisions(standard, book, scenarios, CONFIG, beside=BesideLoans(overlays=(overlay,)))
        assert with_it.allowance == plain.allowance
        assert with_it.overlay_total == pytest.approx(0.1 * plain.allowance)  # type: ignore[union-attr]
        assert with_it.allowance_with_overlays == pytest.approx(1.1 * plain.allowance)  # type: ignore[union-attr]


def test_many_paths_of_floating_and_fixed_loans_are_the_mean_of_single_ones() -> None:
    columns = loan_columns(
        segment=0, age=0, state=0, product=[0, 0, 4], remaining_months=[24, 30, 12], principal=[1e4, 2e4,
            3e4], annual_rate=0.06,
        floating=[False, True, True], rate_spread=0.02,
    )  # fmt: skip
    book = portfolio(hazards([0.01, 0.02]), columns, severity(0.5, 0.1))
    draw = np.random.Generator(np.random.Philox(key=1))
    shocks, index = draw.uniform(0.5, 2.0, (7, 30, 2)), draw.uniform(0.01, 0.08, (7, 30))
    found = expected_losses(book, [WeightedScenario("paths", 1.0, shocks, index)])
    singles = [
        expected_losses(book, [WeightedScenario("one", 1.0, shocks[k : k + 1], index[k : k + 1])])
        for k in range(7)
    ]
    for place in range(2):
        np.testing.assert_allclose(
            found[place], np.mean([single[place] for single in singles], axis=0), rtol=1e-12
        )
    mixed = expected_losses(
        book,
        [
            WeightedScenario("a", 0.3, shocks[:1], index[:1]),
            WeightedScenario("paths", 0.4, shocks, index),
            WeightedScenario("b", 0.3, shocks[1:2], index[1:2]),
        ],
    )
    np.testing.assert_allclose(mixed[0][:, 0], singles[0][0][:, 0], rtol=1e-12)
    np.testing.assert_allclose(mixed[0][:, 1], found[0][:, 0], rtol=1e-12)
    np.testing.assert_allclose(mixed[0][:, 2], singles[1][0][:, 0], rtol=1e-12)


def test_every_method_of_cecl_on_one_book() -> None:
    book = random_book(30, 5)
    scenarios = [flat("base", 1.0, 60)]
    history = LossHistory(charge_off_rate=0.02)
    beside = BesideLoans(methods=tuple(METHODS), history=history)
    result = provisions("cecl", book, scenarios, CONFIG, beside=beside)
    methods = result.methods  # type: ignore[union-attr]
    assert list(methods) == list(METHODS)
    assert methods["pd-lgd"].allowance == pytest.approx(result.allowance, rel=1e-12)
    assert 0 < methods["dcf"].allowance < methods["pd-lgd"].allowance
    assert methods["warm"].allowance > 0
    assert methods["vintage"].allowance is None
    assert methods["roll-rate"].allowance is None
    json.dumps(result.to_dict(), allow_nan=False)
    discounted = replace(CONFIG, cecl=replace(CONFIG.cecl, discounted=True))
    assert provisions("cecl", book, scenarios, discounted).allowance == pytest.approx(
        methods["dcf"].allowance, rel=1e-12
    )
