"""Stress figures worked by hand, and the form of their document."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date

import jsonschema
import numpy as np
import pytest

from loantwin.config import Economics
from loantwin.errors import RiskError
from loantwin.risk.stress.stress import ScenarioFlows, StressResult, stress

AS_OF = date(2024, 12, 31)
ECONOMICS = Economics(funding_annual_rate=0.024, servicing_annual_rate=0.012)


def flows(name: str, factor: float = 1.0) -> ScenarioFlows:
    return ScenarioFlows(
        name,
        np.array([1000.0, 900.0, 800.0]),
        np.array([10.0, 9.0, 8.0]),
        np.array([1.0, 4.0, 2.0]) * factor,
        np.array([0.0, 1.0, 2.0]) * factor,
        5.0 * factor,
    )


def test_figures_by_hand() -> None:
    result = stress(AS_OF, "USD", [flows("base"), flows("severe", 3.0)], ECONOMICS)
    base = result.scenarios["base"]
    assert (base.defaulted, base.charged_off, base.allowance) == (7.0, 3.0, 5.0)
    assert base.net_interest_income == pytest.approx(27 - 2700 * 0.036 / 12)  # 27 less 8.10
    assert base.peak_month == "2025-02"
    assert result.against_baseline == {
        "severe": {"defaulted": 14.0, "charged_off": 6.0, "allowance": 10.0, "net_interest_income": 0.0}
    }


def test_document_maps_scenarios_and_hides_the_rest() -> None:
    result = stress(
        AS_OF, "USD", [flows("base"), flows("2025#Severely adverse", 3.0)], ECONOMICS, provenance={"seed": 3}
    )
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert [key for key in document if not key.startswith("_")] == ["base", "2025#Severely adverse"]
    assert document["_schema"] == "loantwin.stress/1"
    assert (document["_as_of"], document["_baseline"], document["_months"]) == ("2024-12-31", "base", 3)
    assert document["_provenance"] == {"seed": 3}
    assert set(document["base"]) == {
        "defaulted",
        "charged_off",
        "allowance",
        "net_interest_income",
        "interval",
        "prior_share",
        "peak_month",
    }
    assert document["base"]["interval"] == {}  # flows alone do not say how sure they are
    jsonschema.validate(document, StressResult.json_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "oops": {"defaulted": 1.0}}, StressResult.json_schema())


def test_no_default_has_no_peak() -> None:
    assert stress(AS_OF, "USD", [flows("calm", 0.0)], ECONOMICS).scenarios["calm"].peak_month is None


def test_mid_month_as_of_counts_months_from_its_day() -> None:
    assert (
        stress(date(2024, 12, 11), "USD", [flows("base")], ECONOMICS).scenarios["base"].peak_month
        == "2025-02"
    )


@pytest.mark.parametrize("names", [[], ["a", "a"], ["_hidden"], [""]])
def test_names_must_work_as_keys(names: list[str]) -> None:
    with pytest.raises(RiskError) as caught:
        stress(AS_OF, "USD", [flows(name) for name in names], ECONOMICS)
    assert caught.value.field == "scenario"


def test_nan_is_named() -> None:
    bad = ScenarioFlows("base", np.array([1.0]), np.array([math.nan]), np.array([0.0]), np.array([0.0]), 0.0)
    with pytest.raises(RiskError) as caught:
        stress(AS_OF, "USD", [bad], ECONOMICS)
    assert caught.value.field == "scenario base: interest"


def test_horizons_must_agree() -> None:
    short = ScenarioFlows("short", *(np.ones(2) for _ in range(4)), 0.0)  # type: ignore[misc]
    with pytest.raises(RiskError, match="shape"):
        stress(AS_OF, "USD", [flows("base"), short], ECONOMICS)


def test_interest_may_lie_below_zero_where_rates_do() -> None:
    below = replace(flows("base"), interest=np.array([-1.0, -1.0, -1.0]))
    made = stress(AS_OF, "USD", [below], ECONOMICS).scenarios["base"]
    assert made.net_interest_income == pytest.approx(-3 - 2700 * 0.036 / 12)
    with pytest.raises(RiskError, match="interest"):
        stress(AS_OF, "USD", [replace(flows("base"), interest=np.array([1.0, np.nan, 1.0]))], ECONOMICS)
