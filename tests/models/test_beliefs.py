"""Beliefs of the economy's effect by unit: the published table, spread over edges, moved beliefs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loantwin.book.as_of import known_at
from loantwin.book.mapping import FORMATS, load_mapping
from loantwin.book.mapping_parts import PRODUCT_CLASSES
from loantwin.errors import ModelError, UsageError
from loantwin.macro.covariates import Covariate
from loantwin.models.model import fit_model
from loantwin.models.moved_beliefs import beliefs_of_model, with_beliefs
from loantwin.models.priors.beliefs import ACROSS, MacroBeliefs, beliefs_for
from loantwin.models.priors.curves import reach_of
from loantwin.models.priors.table import priors, product_prior
from loantwin.models.settings import FitSettings, effects_believed
from loantwin.models.start import prior_settings, settled

from .conftest import AS_OF, Outcomes

PUBLISHED = {
    "card": ((0.26, 0.08), (0.04, 0.04), (0.0, 0.05), 4),
    "personal": ((0.22, 0.08), (0.07, 0.04), (-0.08, 0.06), 4),
    "auto": ((0.15, 0.10), (0.05, 0.05), (0.0, 0.05), 4),
    "small-business": ((0.35, 0.20), (0.05, 0.06), (-0.15, 0.15), 6),
    "corporate": ((0.45, 0.20), (0.03, 0.06), (-0.10, 0.12), 8),
    "mortgage": ((0.0, 0.10), (0.20, 0.10), (-0.40, 0.25), 8),
    "commercial-real-estate": ((0.10, 0.15), (0.35, 0.20), (-0.40, 0.25), 15),
}
"""Recommended by product from regressions on the public series: change and level of unemployment by a point,
house prices by 10 %, each (mean, standard deviation); the cap on the multiple of the long-run level."""


@pytest.mark.parametrize("product", PUBLISHED)
def test_the_table_holds_the_recommended_beliefs(product: str) -> None:
    found = beliefs_for(product)
    *effects, cap = PUBLISHED[product]
    for belief, (mean, deviation) in zip(
        (found.unemployment_change, found.unemployment_level, found.house_prices), effects, strict=True
    ):
        assert belief.value == pytest.approx(mean)
        assert belief.deviation == pytest.approx(deviation, abs=0.006)  # ranges are written with two decimals
        assert belief.source
    assert found.multiple_cap.value == cap


def test_what_series_of_charge_offs_tell_holds_severity_too() -> None:
    held = {name: prior.elasticity_of for name, prior in priors().items()}
    assert {name for name, what in held.items() if what == "defaults"} == {
        "mortgage",
        "commercial-real-estate",
    }


def test_a_mapping_may_name_each_product_and_the_built_in_formats_do() -> None:
    assert set(PRODUCT_CLASSES) == set(priors())
    told = {name: load_mapping(name).product_class for name in FORMATS if name in ("sba", "cmbs")}
    assert told == {"sba": "small-business", "cmbs": "commercial-real-estate"}


def test_without_a_product_the_beliefs_lie_across_products_and_are_wider() -> None:
    everyone, business = beliefs_for(), beliefs_for("", "business")
    assert everyone.product == ACROSS
    # by hand: (0.35 + 0.45) / 2, and variance (0.2^2 + 0.2^2) / 2 + 0.05^2; ranges of +-0.33 are 0.2006
    assert business.unemployment_change.value == pytest.approx(0.40)
    assert business.unemployment_change.deviation == pytest.approx(np.sqrt(0.2006**2 + 0.05**2), abs=1e-3)
    assert business.multiple_cap.value == pytest.approx(np.sqrt(6 * 8))
    values = [one.unemployment_change.value for one in priors().values()]
    assert everyone.unemployment_change.value == pytest.approx(np.mean(values))
    assert everyone.unemployment_change.deviation > np.std(values)
    with pytest.raises(UsageError, match="product_class"):
        beliefs_for("yacht")


def test_reach_by_hand() -> None:
    """Personal loans: rolls 0.3, 0.6, 0.78 beside a cure of 0.2: 0.6, 0.75, 0.7959 of those that leave."""
    live = ("current", "dpd_1_29", "dpd_30_59", "dpd_60_89")
    assert reach_of(product_prior("personal"), live) == pytest.approx(1 + 0.4 + 0.25 + 0.2041, abs=1e-4)
    assert reach_of(product_prior("personal"), live[:1]) == 1.0


def test_a_belief_by_unit_is_the_same_whatever_scale_history_has() -> None:
    """0.22 a point, changes of 1.2 points a standard deviation, reach 2: 0.132 log-odds of each edge."""
    settings = FitSettings(effects=effects_believed(beliefs_for("personal")))
    for scale in (0.012, 0.024):
        told = settled(settings, [Covariate("unemployment_rate", "change_12m", 3, 0.0, scale)], 2.0)
        mean, deviation = told.effects[0].credit
        assert told.effects[0].unit == 0.0
        assert mean == pytest.approx(0.22 * scale / 0.01 / 2.0)
        assert deviation == pytest.approx(
            beliefs_for("personal").unemployment_change.deviation * scale / 0.02
        )
        assert mean / scale * 0.01 * 2.0 == pytest.approx(0.22)


def test_a_fit_that_no_data_moves_reads_the_product_s_beliefs(outcomes: Outcomes) -> None:
    mapping = replace(outcomes.mapping, product_class="corporate")
    few = known_at(outcomes.loans.head(3), AS_OF)
    by_class = fit_model(few, None, mapping, AS_OF, outcomes.history)
    by_prior = fit_model(
        few, None, mapping, AS_OF, outcomes.history, settings=prior_settings(product_prior("corporate"))
    )
    for model in (by_class, by_prior):
        change = next(
            place for place, one in enumerate(model.covariates) if one.transform == "change_12m"
            and one.factor == "unemployment_rate"
        )  # fmt: skip
        unit = model.parameters.macro[0, change] / model.covariates[change].scale * 0.01
        assert unit == pytest.approx(0.45, abs=0.06)
        assert beliefs_of_model(model).product == "corporate"
        assert model.saturation is not None
        assert model.saturation.cap == 8.0


def test_a_moved_belief_moves_a_fit_as_a_new_fit_would(outcomes: Outcomes) -> None:
    """What C C0^-1 d foretells is what a fit with the other belief finds."""
    loans = known_at(outcomes.loans.sample(4000, seed=3), AS_OF)
    before = beliefs_for("corporate")
    after = before.moved({"unemployment_change": 0.10})

    def fitted(beliefs: MacroBeliefs) -> np.ndarray:
        settings = FitSettings(
            effects=effects_believed(beliefs), beliefs=beliefs, lag_evidence=np.inf, search=10
        )
        model = fit_model(loans, None, outcomes.mapping, AS_OF, outcomes.history, settings=settings)
        models.append(model)
        return model.parameters.macro[0]

    models: list = []
    old, new = fitted(before), fitted(after)
    foretold = with_beliefs(models[0], {"unemployment_change": 0.10}).parameters.macro[0]
    assert np.abs(new - old).max() > 0.05
    np.testing.assert_allclose(foretold - old, new - old, atol=0.12 * np.abs(new - old).max())


def test_the_cap_alone_moves_the_ceiling_and_nothing_else(outcomes: Outcomes) -> None:
    loans = known_at(outcomes.loans.head(200), AS_OF)
    model = fit_model(loans, None, outcomes.mapping, AS_OF, outcomes.history)
    lower = with_beliefs(model, {"multiple_cap": 2.0})
    np.testing.assert_array_equal(lower.parameters.macro, model.parameters.macro)
    assert lower.saturation is not None
    assert lower.saturation.ceiling[0] == pytest.approx(np.log(2.0), rel=0.5)
    assert lower.saturation.ceiling[1] is None
    with pytest.raises(UsageError, match="above 1"):
        with_beliefs(model, {"multiple_cap": 1.0})
    with pytest.raises(UsageError, match="beliefs"):
        with_beliefs(model, {"unemployment": 1.0})
    with pytest.raises(ModelError, match="fit again"):
        with_beliefs(replace(model, prior_covariance=None), {"multiple_cap": 2.0})
