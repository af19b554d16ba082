"""The loss distribution against closed forms and published examples; standard errors against repeated
simulation.
"""

from __future__ import annotations

import csv
import json
import math
from datetime import date
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from loantwin.errors import RiskError
from loantwin.risk.loss import tail
from loantwin.risk.loss.loss import ConditionalLosses, LossResult, loss, name_variance, simulated

AS_OF = date(2024, 12, 31)
POISSON = math.inf


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


def vasicek_pool(paths: int, pd: float, rho: float, loans: float, seed: int) -> ConditionalLosses:
    """Return the one-factor conditional losses of a homogeneous pool of `loans` loans of 1 / loans each."""
    factor = generator(seed).standard_normal(paths)
    rate = ndtr((ndtri(pd) + math.sqrt(rho) * factor) / math.sqrt(1 - rho))[:, None]
    return ConditionalLosses(rate * loans, rate, rate, np.zeros(1), np.full(1, loans))


def test_vasicek_quantile_of_the_formula_book() -> None:
    # Basel retail example worked by hand: pd 1 %, rho 15 %, 99.9 %:
    # Phi((-2.326348 + 0.387298 x 3.090232) / 0.921954) = Phi(-1.225120) = 0.110264
    assert tail.vasicek_quantile(0.01, 0.15, 0.999) == pytest.approx(0.1103, abs=2e-4)
    assert tail.vasicek_quantile(0.02, 0.0, 0.999) == pytest.approx(0.02, rel=1e-12)


def test_large_pool_meets_vasicek() -> None:
    result = loss(AS_OF, "USD", vasicek_pool(200_000, 0.02, 0.2, 1e9, 11), 12, 0.999, seed=5)
    assert result.expected_loss.value == pytest.approx(0.02, abs=4 * result.expected_loss.standard_error)
    assert result.var.value == pytest.approx(
        tail.vasicek_quantile(0.02, 0.2, 0.999), abs=4 * result.var.standard_error
    )
    assert result.unexpected_loss.value == result.var.value - result.expected_loss.value
    # mean beyond the quantile by integrating the closed form
    levels = 0.999 + 0.001 * (np.arange(20_000) + 0.5) / 20_000
    shortfall = np.mean([tail.vasicek_quantile(0.02, 0.2, float(level)) for level in levels[::20]])
    assert result.es.value == pytest.approx(shortfall, abs=4 * result.es.standard_error + 2e-5)
    assert result.var.standard_error < 0.02 * result.var.value


def test_two_names_closed_form() -> None:
    # Two loans of 1 and 10 that default together only through the year: pd 10 % or 30 %, equally likely
    paths = 200_000
    rate = np.where(np.arange(paths)[:, None] % 2 == 0, 0.1, 0.3) * np.ones(2)
    size = np.array([1.0, 10.0])
    losses = ConditionalLosses(rate, rate * size, rate * size, np.zeros(2), np.ones(2))
    totals, _ = simulated(losses, seed=3)
    both = (0.01 + 0.09) / 2
    exact = {0.0: (0.81 + 0.49) / 2, 1.0: 0.2 - both, 10.0: 0.2 - both, 11.0: both}
    for amount, probability in exact.items():
        error = math.sqrt(probability * (1 - probability) / paths)
        assert np.mean(totals == amount) == pytest.approx(probability, abs=4.5 * error)
    result = loss(AS_OF, "USD", losses, 12, 0.9, seed=3)
    variance = 0.2 * 0.8 * (1 + 100) + 2 * 1 * 10 * (both - 0.04)
    assert result.standard_deviation.value == pytest.approx(math.sqrt(variance), rel=1e-4)
    assert result.expected_loss.value == pytest.approx(2.2, rel=1e-12)
    assert result.var.value == 10.0  # 0.65 + 0.15 + 0.15 = 0.95 reach 10
    # beyond 90 %: half of it in the atom at 10, half at 11
    assert result.es.value == pytest.approx(10.5, abs=4 * result.es.standard_error)


def test_compound_poisson_moments() -> None:
    paths, mean, size, variation = 400_000, 3.0, 50.0, 1.3
    number = np.full((paths, 1), mean)
    losses = ConditionalLosses(
        number, number * size, number * size, np.array([variation]), np.full(1, POISSON)
    )
    totals, _ = simulated(losses, seed=8)
    variance = mean * size**2 * (1 + variation**2)
    assert totals.mean() == pytest.approx(mean * size, abs=4.5 * math.sqrt(variance / paths))
    assert name_variance(losses, losses.net)[0] == pytest.approx(variance, rel=1e-12)
    assert totals.var() == pytest.approx(variance, rel=0.02)
    assert np.mean(totals == 0) == pytest.approx(math.exp(-mean), abs=0.002)


@pytest.mark.data
def test_credit_risk_plus_example(data: Path) -> None:
    # CreditRisk+ (1997) appendix B: one sector, volatility half of the rate. The exact distribution of the
    # compound by Poisson mixture has closed moments; its 99 % loss is printed in the document as 55,311,503
    # in bands of 100,000.
    with (data / "creditrisk_plus/portfolio25.csv").open() as stream:
        rows = [{key.strip(): value for key, value in row.items()} for row in csv.DictReader(stream)]
    numbers = np.array(
        [
            [float(value) for name, value in row.items() if name.lower() not in {"rating", "obligor"}]
            for row in rows
        ]
    )
    exposure, rate = numbers[:, 0], numbers[:, 1]
    factor = generator(17).standard_gamma(4.0, 200_000)[:, None] / 4.0  # mean 1, standard deviation 1/2
    number = factor * rate
    losses = ConditionalLosses(
        number, number * exposure, number * exposure, np.zeros(25), np.full(25, POISSON)
    )
    result = loss(date(1997, 1, 1), "USD", losses, 12, 0.99, seed=4)
    assert result.expected_loss.value == pytest.approx(
        14_221_863, abs=4 * result.expected_loss.standard_error
    )
    variance = (exposure**2 * rate).sum() + 0.25 * (exposure @ rate) ** 2
    assert result.standard_deviation.value == pytest.approx(
        math.sqrt(variance), abs=4 * result.standard_deviation.standard_error
    )
    assert result.var.value == pytest.approx(55_311_503, rel=0.01)


def mixed(paths: int, seed: int) -> ConditionalLosses:
    """Return three groups whose rates share a lognormal factor, net of different guarantees."""
    factor = np.exp(generator(seed).normal(-0.125, 0.5, paths))[:, None]
    number = factor * np.array([2.0, 20.0, 200.0])
    gross = number * np.array([100.0, 20.0, 2.0])
    return ConditionalLosses(
        number,
        gross * np.array([1.0, 0.5, 0.25]),
        gross,
        np.array([0.5, 1.0, 0.0]),
        np.array([50.0, POISSON, 4000.0]),
    )


@pytest.mark.slow
def test_standard_errors_against_repeated_simulation() -> None:
    runs = [loss(AS_OF, "USD", mixed(4000, 1000 + run), 12, 0.99, seed=run) for run in range(400)]
    for name in ("expected_loss", "standard_deviation", "unexpected_loss", "var", "es"):
        values = np.array([getattr(run, name).value for run in runs])
        stated = np.sqrt(np.mean([getattr(run, name).standard_error ** 2 for run in runs]))
        # 400 runs know a standard deviation to 3.5 % (more for fat tails)
        assert values.std(ddof=1) == pytest.approx(stated, rel=0.15), name


def test_quantile_of_many_small_samples_is_unbiased() -> None:
    # a uniform sample: the order statistic of rank P q has mean q P / (P + 1), and its error is known exactly
    found = [tail.value_at_risk(generator(seed).random(2000), 0.99) for seed in range(300)]
    values = np.array([item.value for item in found])
    exact = math.sqrt(0.99 * 0.01 / 2001)
    assert values.mean() == pytest.approx(1980 / 2001, abs=4 * exact / math.sqrt(300))
    assert np.mean([item.standard_error for item in found]) == pytest.approx(exact, rel=0.1)


def test_gross_and_net_move_together() -> None:
    result = loss(AS_OF, "USD", mixed(5000, 1), 12, 0.99, seed=2)
    assert result.gross.expected_loss.value > result.expected_loss.value
    assert result.gross.var.value > result.var.value
    assert result.gross.unexpected_loss.value == result.gross.var.value - result.gross.expected_loss.value
    losses = mixed(5000, 1)
    uncovered = ConditionalLosses(losses.number, losses.gross, losses.gross, losses.variation, losses.exposed)
    same = loss(AS_OF, "USD", uncovered, 12, 0.99, seed=2)
    assert same.var == same.gross.var == result.gross.var


def test_same_seed_same_bits_other_seed_not() -> None:
    one, two, other = (loss(AS_OF, "USD", mixed(3000, 1), 12, 0.99, seed=seed) for seed in (2, 2, 3))
    assert one == two
    assert one.var != other.var
    assert one.expected_loss == other.expected_loss  # conditional expectation carries no name noise


def test_name_noise_widens_a_small_book_not_a_large_one() -> None:
    spread = {}
    for loans in (10.0, 1e6):
        losses = vasicek_pool(20_000, 0.02, 0.1, loans, 5)
        spread[loans] = loss(AS_OF, "USD", losses, 12, 0.99, seed=1)
    assert spread[10.0].var.value > 1.5 * spread[1e6].var.value
    large = tail.vasicek_quantile(0.02, 0.1, 0.99)
    assert spread[1e6].var.value == pytest.approx(large, abs=4 * spread[1e6].var.standard_error)


@pytest.mark.parametrize(
    ("paths", "confidence", "needed"), [(2000, 0.999, 20_000), (199, 0.9, 200), (10_000, 0.9999, 200_000)]
)
def test_a_quantile_beyond_the_sample_is_refused(paths: int, confidence: float, needed: int) -> None:
    assert tail.paths_needed(confidence) == needed
    with pytest.raises(
        RiskError, match=f"at least {needed} paths for confidence {confidence}.*was {paths}"
    ) as caught:
        loss(AS_OF, "USD", vasicek_pool(paths, 0.02, 0.1, 100, 1), 12, confidence, seed=1)
    assert caught.value.field == "confidence"
    loss(AS_OF, "USD", vasicek_pool(200, 0.02, 0.1, 100, 1), 12, 0.9, seed=1)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_confidence_outside_zero_and_one_is_refused(confidence: float) -> None:
    with pytest.raises(RiskError, match="between 0 and 1"):
        tail.paths_needed(confidence)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("number", {"number": np.full((100, 1), -1.0)}),
        ("number", {"number": np.full((100, 1), 11.0)}),
        ("net", {"net": np.full((100, 1), math.nan)}),
        ("net", {"net": np.full((100, 1), 9.0)}),
        ("variation", {"variation": np.array([-0.1])}),
        ("exposed", {"exposed": np.array([math.nan])}),
        ("net", {"number": np.zeros((100, 1))}),
    ],
)
def test_contradictions_are_named(field: str, change: dict[str, np.ndarray]) -> None:
    good = {
        "number": np.ones((100, 1)),
        "net": np.ones((100, 1)),
        "gross": np.full((100, 1), 2.0),
        "variation": np.zeros(1),
        "exposed": np.full(1, 10.0),
    }
    with pytest.raises(RiskError) as caught:
        loss(AS_OF, "USD", ConditionalLosses(**{**good, **change}), 12, 0.5, seed=1)
    assert caught.value.field == field


def test_no_risk_is_no_loss() -> None:
    nothing = ConditionalLosses(
        np.zeros((100, 1)), np.zeros((100, 1)), np.zeros((100, 1)), np.zeros(1), np.full(1, 10.0)
    )
    result = loss(AS_OF, "USD", nothing, 12, 0.5, seed=1)
    assert result.var.value == result.es.value == result.standard_deviation.value == 0.0


def test_document_is_valid_against_its_schema() -> None:
    document = json.loads(
        json.dumps(loss(AS_OF, "USD", mixed(3000, 1), 12, 0.99, seed=2).to_dict(), allow_nan=False)
    )
    jsonschema.validate(document, LossResult.json_schema())
    assert document["schema"] == "loantwin.loss/1"
    for name in ("expected_loss", "standard_deviation", "unexpected_loss", "var", "es"):
        assert set(document[name]) == {"value", "standard_error"}
    assert (document["confidence"], document["months"]) == (0.99, 12)
