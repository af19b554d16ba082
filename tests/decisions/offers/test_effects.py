"""Effects of price: planted truths, statsmodels, the published experiment, what cannot be told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest

from loantwin.decisions.offers.effects import Effects, fit_effects
from loantwin.decisions.offers.log import Offers, read_offers
from loantwin.decisions.offers.mapping import read_offer_format
from loantwin.decisions.offers.randomised import bias_bound, randomised
from loantwin.decisions.offers.shape import above, shape
from loantwin.decisions.offers.within import covariance_of, regress

from . import made

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "offers.toml"
Oracle = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def experiment(data: Path) -> Offers:
    return read_offers(data / "pricing_experiment" / "offers.csv.gz", read_offer_format(EXAMPLE))


@pytest.fixture(scope="module")
def below(experiment: Offers) -> Offers:
    return experiment.take(~experiment.beyond)


def fitted(folder: Path, frame: pl.DataFrame, **options: Any) -> tuple[Offers, Effects, bool]:
    log, mapping = made.files(folder, frame)
    offers = read_offers(log, read_offer_format(mapping), **options)
    told = randomised(offers, None).identified
    return offers, fit_effects(offers, told), told


@pytest.mark.slow
def test_planted_effects_are_found_where_price_was_random(tmp_path: Path) -> None:
    inside: dict[str, list[bool]] = {name: [] for name in ("take_up_slope", "size_slope", "arrears_slope")}
    flagged = 0
    for seed in range(20):
        _, found, told = fitted(tmp_path, made.log(4000, seed=seed))
        flagged += not told
        truth = dict(zip(inside, (made.SLOPE, made.SIZE, made.ARREARS), strict=True))
        for name, value in truth.items():
            effect = fit_effects_told(found, name)
            inside[name].append(effect.low <= value <= effect.high)
    # of 20 intervals of 95 % fewer than 16 hold the truth with a probability of 0.0003
    assert all(sum(held) >= 16 for held in inside.values()), inside
    assert flagged <= 2  # one in a hundred by chance: three of 20 come once in a thousand


def fit_effects_told(found: Effects, name: str) -> Any:
    effect = found.effect(name)
    assert effect is not None, name
    return effect


def test_a_price_chosen_by_income_is_flagged_and_widened_to_the_truth(tmp_path: Path) -> None:
    _, found, told = fitted(tmp_path, made.log(8000, seed=3, confounded=0.7))
    slope = fit_effects_told(found, "take_up_slope")
    assert not told
    # half of what chose the price is in no column: without the bound the interval misses the truth
    assert not slope.low + slope.bias <= made.SLOPE <= slope.high - slope.bias
    assert slope.low <= made.SLOPE <= slope.high
    assert slope.bias > slope.standard_error


def test_a_stratum_left_out_is_seen_in_the_prices(experiment: Offers, data: Path) -> None:
    log = data / "pricing_experiment" / "offers.csv.gz"
    alone = read_offers(log, read_offer_format(EXAMPLE), ["wave"])
    told = randomised(alone.take(~alone.beyond), True)
    assert not told.identified
    assert told.why.startswith("price was not random within strata")


def test_the_published_effects_of_the_experiment(below: Offers) -> None:
    """Of the whole log of 53,810 offers; two thirds of it are here. Karlan and Zinman (2008), elasticity."""
    drawn = randomised(below, None)
    assert drawn.identified
    found = fit_effects(below, drawn.identified)
    published = {
        "take_up_slope": (-0.0026, 0.0004),
        "arrears_slope": (9.3, 2.6),
        "size_slope": (-24.6, 7.9),
    }
    for name, (value, error) in published.items():
        effect = fit_effects_told(found, name)
        assert abs(effect.value - value) <= max(error, effect.standard_error), name
        assert effect.standard_error == pytest.approx(error * np.sqrt(53810 / 35932), rel=0.16), name
    elasticity = fit_effects_told(found, "elasticity")
    assert abs(elasticity.value + 0.28) <= elasticity.standard_error
    # the offer and the contract differ by 0.8 points in the mean: neither part is clear of nothing
    assert found.selection is not None
    assert found.burden is not None
    both = found.selection.value + found.burden.value
    assert both == pytest.approx(fit_effects_told(found, "arrears_slope").value, rel=0.2)


def test_what_is_above_the_standard_rate_cannot_be_told(experiment: Offers, below: Offers) -> None:
    found = fit_effects(below, True)
    told = above(experiment, fit_effects_told(found, "take_up_slope"))
    assert told is not None
    assert not told.told
    assert (told.offers, told.taken_up) == (424, 19)
    assert "cannot be told" in told.why


def test_estimates_and_robust_errors_equal_statsmodels(below: Offers, oracle: Oracle) -> None:
    api = oracle("statsmodels.api")
    here = below.taken & np.isfinite(below.contract)
    x, stratum = np.column_stack([below.rate, below.contract])[here], below.stratum[here]
    dummies = (stratum[:, None] == np.unique(stratum)).astype(float)
    model = api.OLS(below.amount[here], np.column_stack([x, dummies]))
    cluster = (np.arange(len(below)) % 97).astype(np.int64)
    for clusters, theirs in (
        (below.cluster, model.fit(cov_type="HC1")),
        (cluster, model.fit(cov_type="cluster", cov_kwds={"groups": cluster[here]})),
    ):
        own = regress(
            below.amount, np.column_stack([below.rate, below.contract]), below.stratum, clusters, here
        )
        errors = np.sqrt(np.diag(covariance_of(own.influence, clusters)))
        assert own.value == pytest.approx(theirs.params[:2], rel=1e-7)
        assert errors == pytest.approx(theirs.bse[:2], rel=1e-7)


def test_the_mean_slope_of_the_logit_equals_statsmodels(tmp_path: Path, oracle: Oracle) -> None:
    api = oracle("statsmodels.api")
    offers, found, _ = fitted(tmp_path, made.log(3000, seed=5))
    dummies = (offers.stratum[:, None] == np.arange(3)).astype(float)
    fit = api.Logit(offers.taken.astype(float), np.column_stack([offers.rate, dummies])).fit(disp=0)
    told = shape(offers, fit_effects_told(found, "take_up_slope"))
    assert told.logit_slope == pytest.approx(fit.get_margeff().margeff[0], rel=1e-6)


def test_a_bend_of_demand_is_seen(tmp_path: Path) -> None:
    draw, frame = np.random.default_rng(8), made.log(20_000, seed=8)
    bent = np.where(frame["rate"].to_numpy() > 6.0, 0.05, 0.35)
    frame = frame.with_columns(took=pl.Series((draw.random(20_000) < bent).astype(int)))
    frame = frame.with_columns(size=pl.col("took") * 500.0, late=pl.lit(None, pl.Float64))
    offers, found, _ = fitted(tmp_path, frame)
    slope = fit_effects_told(found, "take_up_slope")
    assert shape(offers, slope).linear is False
    straight = fitted(tmp_path, made.log(20_000, seed=9))
    assert shape(straight[0], fit_effects_told(straight[1], "take_up_slope")).linear is True
    assert found.effect("arrears_slope") is None


def test_errors_of_ratios_are_those_of_resampled_logs(tmp_path: Path) -> None:
    """The elasticity and the log-odds of arrears, whose errors go through means, by the bootstrap."""
    offers, found, _ = fitted(tmp_path, made.log(3000, seed=11))
    draw, seen = np.random.default_rng(0), []
    for _ in range(200):
        again = offers.take(draw.integers(0, len(offers), len(offers)))
        again = again.take(np.argsort(again.stratum, kind="stable"))
        renamed = type(again)(**{**vars(again), "cluster": np.arange(len(again))})
        seen.append([fit_effects_told(fit_effects(renamed, True), name).value for name in found.names[:5]])
    errors = np.std(seen, axis=0, ddof=1)
    own = [fit_effects_told(found, name).standard_error for name in found.names[:5]]
    assert own == pytest.approx(errors, rel=0.2)  # four standard errors of 200 draws


def test_the_bound_of_bias_is_what_a_cause_left_out_does() -> None:
    """By its two shares the bound gives the very distance between the regressions with and without it."""
    draw = np.random.default_rng(4)
    cause = draw.normal(size=2000)
    price = cause + draw.normal(size=2000)
    outcome = 2.0 * price + 3.0 * cause + draw.normal(size=2000)
    stratum, cluster = np.zeros(2000, dtype=np.int64), np.arange(2000)
    short = regress(outcome, price[:, None], stratum, cluster)
    long = regress(outcome, np.column_stack([price, cause]), stratum, cluster)
    of_price = np.corrcoef(price, cause)[0, 1] ** 2
    of_outcome = 1.0 - (long.residual @ long.residual) / (short.residual @ short.residual)
    moved = abs(short.value[0] - long.value[0])
    assert bias_bound(short, float(of_price), float(of_outcome)) == pytest.approx(moved, rel=1e-9)
