"""Factor copulas against closed forms: the large pool, two names, the finite pool by integration; shifts
against plain draws.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import ndtr, ndtri

from loantwin.errors import RiskError
from loantwin.risk import vasicek_quantile
from loantwin.risk.loss.copula import names
from loantwin.risk.loss.copula.distribution import CopulaLoss, copula_loss
from loantwin.risk.loss.copula.factors import FactorModel, Obligors, factor_model, obligors
from loantwin.risk.loss.copula.sampling import draw, find_shift, no_shift
from loantwin.risk.loss.copula.tables import curves

SECTORS = np.where(np.eye(3, dtype=bool), 1.0, 0.4)


def pool(model: FactorModel, loans: int, pd: float, lgd: float = 1.0) -> Obligors:
    return obligors(model, np.full(loans, 1 / loans), np.full(loans, pd), lgd)


def mixed(model: FactorModel, loans: int = 2000, seed: int = 1) -> Obligors:
    random = np.random.Generator(np.random.Philox(key=seed))
    return obligors(
        model,
        random.lognormal(9, 1, loans),
        np.minimum(random.lognormal(-4.3, 0.8, loans), 1.0),
        random.uniform(0.2, 0.7, loans),
        np.arange(loans) % len(model.sectors),
    )


@pytest.mark.parametrize(("pd", "rho"), [(0.02, 0.2), (0.005, 0.12), (0.1, 0.4)])
def test_large_pool_meets_vasicek(pd: float, rho: float) -> None:
    model = factor_model(rho)
    made = copula_loss(pool(model, 300_000, pd), model, paths=20_000, allocate=False)
    assert made.method == "normal"
    assert made.var.value == pytest.approx(
        vasicek_quantile(pd, rho, 0.999), abs=4 * made.var.standard_error + 2e-5
    )
    assert made.var.standard_error < 0.006 * made.var.value
    levels = 0.999 + 0.001 * (np.arange(400) + 0.5) / 400
    shortfall = float(np.mean([vasicek_quantile(pd, rho, float(level)) for level in levels]))
    assert made.es.value == pytest.approx(shortfall, abs=4 * made.es.standard_error + 5e-4 * shortfall)
    # the variance of the default rate: P(both default) - pd^2, exact but for the names
    both = stats.multivariate_normal.cdf([ndtri(pd)] * 2, cov=[[1, rho], [rho, 1]])
    assert made.standard_deviation.value == pytest.approx(
        math.sqrt(both - pd**2 + (pd - both) / 300_000), rel=1e-4
    )


def test_variance_of_two_sectors_is_the_bivariate_normal() -> None:
    model = factor_model([0.3, 0.15], np.array([[1.0, 0.4], [0.4, 1.0]]))
    book = obligors(model, [3.0, 5.0], [0.05, 0.01], [0.4, 1.0], [0, 1])
    made = copula_loss(book, model, 0.9, method="normal", allocate=False)
    r = 0.4 * math.sqrt(0.3 * 0.15)
    both = stats.multivariate_normal.cdf(ndtri([0.05, 0.01]), cov=[[1, r], [r, 1]])
    exact = 1.2**2 * 0.05 * 0.95 + 25 * 0.01 * 0.99 + 2 * 1.2 * 5 * (both - 0.05 * 0.01)
    assert made.standard_deviation.value == pytest.approx(math.sqrt(exact), rel=1e-6)


@pytest.mark.parametrize("nu", [None, 4.0])
def test_two_names_default_together_as_the_closed_form_says(nu: float | None) -> None:
    rho, pd, paths = 0.35, np.array([0.1, 0.03]), 200_000
    model = factor_model(rho, degrees_of_freedom=nu)
    book = obligors(model, [1.0, 10.0], pd)
    losses = names.simulate(book, model, draw(model, no_shift(model), paths, 3), 3).sum(axis=1)
    threshold = model.threshold(pd)
    if nu is None:
        both = stats.multivariate_normal.cdf(threshold, cov=[[1, rho], [rho, 1]])
    else:
        both = stats.multivariate_t.cdf(threshold, shape=[[1, rho], [rho, 1]], df=nu, random_state=1)
    exact = {11.0: both, 10.0: 0.03 - both, 1.0: 0.1 - both, 0.0: 1 - 0.13 + both}
    for loss, probability in exact.items():
        error = math.sqrt(probability * (1 - probability) / paths)
        assert np.mean(losses == loss) == pytest.approx(probability, abs=4.5 * error), loss


def finite_pool(loans: int, pd: float, rho: float) -> np.ndarray:
    """Return the distribution function of the number of defaults by integrating binomials over the factor."""
    y = np.linspace(-8, 8, 4001)
    rate = ndtr((ndtri(pd) + math.sqrt(rho) * y) / math.sqrt(1 - rho))
    cdf = stats.binom.cdf(np.arange(loans + 1)[:, None], loans, rate)
    return np.asarray(integrate.trapezoid(cdf * stats.norm.pdf(y), y))


@pytest.mark.parametrize("importance", [True, False])
def test_finite_pool_by_integration(importance: bool) -> None:
    loans, pd, rho = 60, 0.03, 0.2
    model = factor_model(rho)
    made = copula_loss(
        pool(model, loans, pd),
        model,
        0.99,
        paths=60_000,
        method="names",
        importance=importance,
        allocate=False,
    )
    below = finite_pool(loans, pd, rho)
    exact = int(np.searchsorted(below, 0.99))
    assert made.var.value * loans == pytest.approx(exact, abs=1e-9)
    number = np.arange(loans + 1)
    mass = np.diff(below, prepend=0.0)
    shortfall = (mass[exact + 1 :] @ number[exact + 1 :] + exact * (below[exact] - 0.99)) / 0.01
    assert made.es.value * loans == pytest.approx(shortfall, abs=4.5 * loans * made.es.standard_error)
    for place in (2, 5, 10, 15):
        found = made.sample.probability(place / loans + 1e-9)
        share = made.sample.weight * (made.sample.mean > place / loans + 1e-9)
        assert found == pytest.approx(1 - below[place], abs=4.5 * share.std() / math.sqrt(60_000) + 1e-6)


def test_granularity_limit() -> None:
    # Gordy's adjustment for one-name risk, of a homogeneous pool of n: VaR_n - VaR = beta / n, so that n
    # times the gap settles
    pd, rho = 0.02, 0.2
    model = factor_model(rho)
    large = float(vasicek_quantile(pd, rho, 0.99))
    gap = []
    for loans in (400, 4000):
        made = copula_loss(
            pool(model, loans, pd), model, 0.99, paths=200_000, method="normal", allocate=False
        )
        gap.append((made.var.value - large) * loans)
        error = 4 * loans * made.var.standard_error
    assert gap[0] > 0
    y = ndtri(0.99)
    step = 1e-4

    def rate(x: float) -> float:
        return float(ndtr((ndtri(pd) + math.sqrt(rho) * x) / math.sqrt(1 - rho)))

    def slope(x: float) -> float:
        return (rate(x + step) - rate(x - step)) / (2 * step)

    def inner(x: float) -> float:
        return float(stats.norm.pdf(x)) * rate(x) * (1 - rate(x)) / slope(x)

    beta = -(inner(y + step) - inner(y - step)) / (2 * step) / (2 * float(stats.norm.pdf(y)))
    assert gap[0] == pytest.approx(beta, rel=0.25)
    assert gap[1] == pytest.approx(beta, abs=error)


@pytest.mark.parametrize("nu", [None, 5.0])
@pytest.mark.parametrize("method", ["normal", "names"])
def test_shifted_draws_meet_plain_ones_with_less_error(method: str, nu: float | None) -> None:
    model = factor_model([0.1, 0.2, 0.3], SECTORS, degrees_of_freedom=nu)
    book = mixed(model)
    shifted = copula_loss(book, model, 0.99, paths=20_000, method=method, allocate=False)
    plain = copula_loss(
        book, model, 0.99, paths=40_000, method=method, importance=False, allocate=False, seed=9
    )
    for name in ("var", "es"):
        one, two = getattr(shifted, name), getattr(plain, name)
        assert one.value == pytest.approx(
            two.value, abs=4.5 * math.hypot(one.standard_error, two.standard_error)
        ), name
        assert one.standard_error < two.standard_error
    assert shifted.sample.weight.mean() == pytest.approx(1, abs=0.05)
    assert shifted.sample.weight.max() <= 10 * (1 + 1e-12)


def test_names_meet_the_normal_where_loans_are_many() -> None:
    model = factor_model([0.1, 0.2, 0.3], SECTORS, lgd_spread=0.25)
    for lgd_model in ("constant", "frye-jacobs"):
        model = factor_model([0.1, 0.2, 0.3], SECTORS, lgd_spread=0.25, lgd_model=lgd_model)
        book = mixed(model, 3000)
        one, two = (
            copula_loss(book, model, 0.99, paths=20_000, method=m, allocate=False)
            for m in ("normal", "names")
        )
        assert one.var.value == pytest.approx(two.var.value, rel=0.004, abs=4 * two.var.standard_error)
        assert one.es.value == pytest.approx(two.es.value, rel=0.004, abs=4 * two.es.standard_error)


def test_frye_jacobs_keeps_the_expected_loss_and_follows_its_formula() -> None:
    pd, lgd, rho = 0.03, 0.4, 0.2
    model = factor_model(rho, lgd_model="frye-jacobs")
    made = copula_loss(pool(model, 300_000, pd, lgd), model, paths=20_000, allocate=False)
    # the loss rate of the large pool is Vasicek's with the expected loss in the place of the PD
    exact = float(vasicek_quantile(pd * lgd, rho, 0.999))
    assert made.var.value == pytest.approx(exact, abs=4 * made.var.standard_error + 2e-5)
    assert made.expected_loss.value == pytest.approx(pd * lgd, rel=1e-12)
    assert exact > lgd * float(vasicek_quantile(pd, rho, 0.999))


@pytest.mark.slow
def test_the_stated_errors_are_those_of_repeats() -> None:
    model = factor_model([0.1, 0.25], 0.5, sectors=("a", "b"))
    book = mixed(model, 500)
    runs = [
        copula_loss(book, model, 0.99, paths=2_000, seed=seed, method="normal", allocate=False)
        for seed in range(100)
    ]
    for name in ("var", "es"):
        values = np.array([getattr(run, name).value for run in runs])
        stated = np.sqrt(np.mean([getattr(run, name).standard_error ** 2 for run in runs]))
        assert values.std(ddof=1) == pytest.approx(stated, rel=0.25), (
            name
        )  # 100 repeats know a deviation to 7 %


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**6), pd=st.floats(0.005, 0.2), step=st.floats(0.02, 0.3), low=st.floats(0.01, 0.3)
)
def test_more_correlation_never_lowers_the_far_quantile(
    seed: int, pd: float, step: float, low: float
) -> None:
    models = [factor_model(rho) for rho in (low, low + step)]
    one, two = (
        copula_loss(pool(model, 5_000, pd), model, paths=8_000, seed=seed, method="normal", allocate=False)
        for model in models
    )
    assert two.var.value >= one.var.value - 3 * math.hypot(one.var.standard_error, two.var.standard_error)
    assert two.var.value - one.var.value == pytest.approx(
        float(vasicek_quantile(pd, low + step, 0.999) - vasicek_quantile(pd, low, 0.999)), rel=0.1, abs=0.01
    )


def allocated(method: str, **options: object) -> tuple[CopulaLoss, Obligors]:
    model = factor_model([0.1, 0.2, 0.3], SECTORS, **options)  # type: ignore[arg-type]
    random = np.random.Generator(np.random.Philox(key=4))
    loans = 600
    book = obligors(
        model,
        random.lognormal(9, 1, loans),
        np.minimum(random.lognormal(-3.5, 0.8, loans), 1.0),
        random.uniform(0.2, 0.7, loans),
        np.arange(loans) % 3,
        (np.arange(loans) // 7) % 4,
        ("w", "x", "y", "z"),
    )
    return copula_loss(book, model, 0.99, paths=12_000, method=method), book


@pytest.mark.parametrize(
    "options", [{}, {"degrees_of_freedom": 6.0}, {"lgd_model": "frye-jacobs", "lgd_spread": 0.2}]
)
@pytest.mark.parametrize("method", ["normal", "names"])
def test_contributions_sum_to_the_total(method: str, options: dict[str, object]) -> None:
    made, book = allocated(method, **options)
    assert made.segments is not None
    assert made.loan_es is not None
    assert made.loan_var is not None
    for by_loan, by_segment, total in (
        (made.loan_es, made.segments.es, made.es.value),
        (made.loan_var, made.segments.var, made.var.value),
    ):
        assert by_loan.sum() == pytest.approx(total, rel=1e-12)
        assert by_segment.sum() == pytest.approx(total, rel=1e-12)
        # the same answer whether loans are added up or segments followed
        tolerance = 1e-9 if method == "names" else 2e-3
        assert np.bincount(book.segment, by_loan, 4) == pytest.approx(by_segment, rel=tolerance)
    assert (made.loan_es >= 0).all()
    assert (
        made.segments.stand_alone_es >= made.segments.es * 0.97
    ).all()  # a part is worth at most its stand-alone risk
    assert (
        made.segments.marginal_es <= made.segments.es * 1.03
    ).all()  # and at least what leaving it out would save


def test_contributions_are_the_derivative_by_size() -> None:
    model = factor_model([0.15, 0.25], 0.5, sectors=("a", "b"))
    book = mixed(model, 400)
    made = copula_loss(book, model, 0.95, paths=20_000, method="normal")
    assert made.segments is not None
    step = 0.01
    for segment in (0, 1):
        ends = []
        for sign in (1, -1):
            scaled = np.where(book.segment == segment, 1 + sign * step, 1.0) * book.exposure
            other = obligors(model, scaled, book.pd, book.lgd, book.sector)
            ends.append(copula_loss(other, model, 0.95, paths=20_000, method="normal", allocate=False))
        for name, part in (("es", made.segments.es), ("var", made.segments.var)):
            slope = (getattr(ends[0], name).value - getattr(ends[1], name).value) / (2 * step)
            assert part[segment] == pytest.approx(slope, rel=0.02), name


def test_bits_do_not_depend_on_threads_and_do_on_the_seed() -> None:
    from loantwin.kernels import use_threads

    model = factor_model([0.1, 0.2, 0.3], SECTORS)
    book = mixed(model, 500)
    found = []
    for threads, seed in ((1, 1), (2, 1), (2, 2)):
        use_threads(threads)
        made = copula_loss(book, model, 0.95, paths=2_000, seed=seed, method="names")
        assert made.loan_es is not None
        found.append((made.var, made.es, made.loan_es.tobytes()))
    use_threads()
    assert found[0] == found[1]
    assert found[0][0] != found[2][0]


def test_certain_and_impossible_defaults() -> None:
    model = factor_model(0.2)
    book = obligors(model, [5.0, 7.0, 11.0], [1.0, 0.0, 0.5], [1.0, 1.0, 0.0])
    for method in ("normal", "names"):
        made = copula_loss(book, model, 0.9, paths=1_000, method=method, allocate=False)
        assert made.var.value == pytest.approx(5.0)
        assert made.es.value == pytest.approx(5.0)
        assert made.standard_deviation.value == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize(("nu", "pd"), [(8.0, 5e-5), (5.0, 5e-4), (3.0, 1e-4)])
def test_rare_defaults_of_the_t_copula_keep_their_mean(nu: float, pd: float) -> None:
    # the closed form at each draw; a coarse grid of shock sizes read half as much again, or less than 0
    model = factor_model([0.2], degrees_of_freedom=nu)
    made = curves(pool(model, 10, pd), model)
    random = np.random.Generator(np.random.Philox(key=1))
    factor, size = random.standard_normal((100_000, 1)), np.sqrt(random.chisquare(nu, 100_000) / nu)
    exact = ndtr((stats.t.ppf(pd, nu) * size + math.sqrt(0.2) * factor[:, 0]) / math.sqrt(0.8))
    found = made.read(factor, size)
    assert found.min() >= 0
    assert found[:, 0, 0].mean() == pytest.approx(exact.mean() * made.book.exposure.sum(), rel=0.01)


def test_own_probabilities_are_kept_by_thinning() -> None:
    random = np.random.Generator(np.random.Philox(key=8))
    model = factor_model(0.0)
    pd = random.uniform(0.001, 0.6, 400)
    book = obligors(model, np.ones(400), pd)
    draws = draw(model, no_shift(model), 20_000, 1)
    found = names.contributions(book, model, draws, 1, np.full(20_000, 1 / 20_000))
    assert len(names.sorted_book(book, model).cells) <= 50
    error = np.sqrt(pd * (1 - pd) / 20_000)
    z = (found - pd) / error
    assert np.abs(z).max() < 5
    assert z.std() == pytest.approx(1, abs=0.15)


def test_auto_simulates_names_where_a_few_loans_make_the_tail() -> None:
    model = factor_model(0.1)
    fine = pool(model, 50_000, 0.02)
    lumpy = obligors(model, np.append(np.full(500, 1.0), [200.0, 150.0]), 0.02)
    assert copula_loss(fine, model, 0.99, paths=2_500, allocate=False).method == "normal"
    assert copula_loss(lumpy, model, 0.99, paths=5_000, allocate=False).method == "names"


def test_a_quantile_beyond_the_sample_is_refused() -> None:
    model = factor_model(0.1)
    with pytest.raises(RiskError, match="worth at least 20 beyond the quantile") as caught:
        copula_loss(pool(model, 100, 0.02), model, 0.9999, paths=1_000, importance=False, method="names")
    assert caught.value.field == "confidence"
    for confidence in (0.0, 1.0, math.nan):
        with pytest.raises(RiskError, match="between 0 and 1"):
            copula_loss(pool(model, 100, 0.02), model, confidence)
    with pytest.raises(RiskError, match="auto, normal, names"):
        copula_loss(pool(model, 100, 0.02), model, method="exact")


def test_the_shift_points_to_where_losses_are() -> None:
    model = factor_model(0.2)
    shift = find_shift(model, lambda d: (d.factor[:, 0], np.zeros(len(d.size))), 0.999, 1)
    # E[Z | Z > 99.9 % quantile] of a normal
    assert shift.mean[0] == pytest.approx(stats.norm.pdf(ndtri(0.999)) / 0.001, abs=0.1)
