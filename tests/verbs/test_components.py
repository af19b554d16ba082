"""Components and sensitivities of whole homes: a synthetic panel and real SBA loans."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import loantwin as lt
from loantwin.errors import UsageError
from loantwin.models.age_period_cohort.model import ApcModel
from loantwin.models.model import mean_shocks
from loantwin.outlook.age_period_cohort import apc_columns, apc_flows, apc_model
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.verbs.components import ComponentsResult, components
from loantwin.verbs.sensitivity import SensitivityResult, expected_economy, sensitivity
from loantwin.verbs.stress.flows import model_named, twin_flows


def test_components_of_a_panel(panel_home: Path) -> None:
    found = components(panel_home)
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    jsonschema.validate(document, ComponentsResult.json_schema())
    assert found.event == "default"
    assert set(found.defaults_by_rule) == {"vintage", "period", "shared"}
    assert found.forecasts["macro at its mean"].defaults == pytest.approx(found.defaults_by_rule["vintage"])
    # the rule by itself gives what the shortcut says it would
    other = components(panel_home, rule="period")
    assert other.defaults_by_rule["period"] == pytest.approx(found.defaults_by_rule["period"], rel=0.1)
    assert [row.expected_events for row in other.age] == pytest.approx(
        [row.expected_events for row in found.age]
    )
    with pytest.raises(UsageError, match="--rule"):
        components(panel_home, rule="cohort")


def test_the_engine_runs_the_fitted_hazard(sba_home: Path) -> None:
    """At the last month of history the model's odds are the decomposition's, but for the noise of that single
    month.
    """
    with lt.open(sba_home) as twin:
        outlook = Outlook(twin)
        made: ApcModel = apc_model(outlook)
        columns = apc_columns(outlook, made)
        own, whole = made.model.parameters, made.macro.whole
        last = int(whole.period.at[-1])
        x = made.macro.month[-1]
        level = whole.fit.part("period")[-1]
        age = np.minimum(columns.age, whole.support[1])
        log_odds = (
            own.age[0, age] + own.segment[0, columns.segment] + own.macro[0] @ x + own.loading[0, 0] * level
        )
        origin = last - columns.age
        inside = (origin >= whole.vintage.at[0]) & (columns.age >= whole.support[0])
        name = {label: place for place, label in enumerate(made.segments)}
        segment = np.array([name.get(label.partition("|vintage ")[0], -1) for label in own.segments])[
            columns.segment
        ]
        use = inside & (segment >= 0)
        fitted = whole.log_odds(segment[use], columns.age[use], np.full(int(use.sum()), last))
        middle = whole.vintage.at[0] + (origin[use] - whole.vintage.at[0]) // 3 * 3 + 1
        fitted = (
            fitted - whole.within * (origin[use] - middle) / 12.0
        )  # the engine holds a vintage at its middle month
        assert log_odds[use] == pytest.approx(fitted, abs=1e-8)
        assert use.mean() > 0.9


def test_stress_runs_on_it(panel_home: Path) -> None:
    with lt.open(panel_home) as twin:
        outlook = Outlook(twin)
        economy = Economy("steady", np.zeros((1, 24, len(twin.model.covariates))), None)
        run = model_named("age-period-cohort")
        assert run is apc_flows
        whole, parts = run(outlook, economy, 24), run(outlook, economy, 24, by_segment=True)
        assert parts.defaulted.shape[1] == len(twin.model.parameters.segments)
        assert parts.defaulted.sum(axis=1) == pytest.approx(whole.defaulted.sum(axis=1))
        plain = twin_flows(outlook, economy, 24)
        assert whole.opening.sum() == pytest.approx(plain.opening.sum())
        worse = run(outlook, Economy("worse", np.tile([3.0, -3.0, 0.0], (1, 24, 1)), None), 24)
        assert worse.defaulted.sum() > whole.defaulted.sum()


@pytest.mark.slow
def test_sensitivity_of_a_panel(panel_home: Path) -> None:
    pytest.importorskip("jax")
    found = sensitivity(panel_home, measure="12-month-loss")
    jsonschema.validate(
        json.loads(json.dumps(found.to_dict(), allow_nan=False)), SensitivityResult.json_schema()
    )
    one = found.scenarios["expected path"]
    with lt.open(panel_home) as twin:
        outlook = Outlook(twin)
        economy = expected_economy(outlook, 12)
        from loantwin.engine.loss import loan_losses

        assumed = outlook.runoff
        losses = loan_losses(
            twin.model.parameters, outlook.columns, twin.model.lgd, mean_shocks(twin.model,
                economy.covariates),
            index_paths=economy.index, partial_monthly=assumed.partial_monthly,
            arrears_months=assumed.arrears_months, conversion_factor=assumed.conversion_factor,
        )  # fmt: skip
        net = outlook.columns.weight * (1.0 - outlook.columns.guaranteed)
        assert one.value == pytest.approx(float(net @ losses.loss[:, 0, 1]), rel=1e-9)
    assert one.low < one.value < one.high
    worth = [abs(row.by_standard_error or 0.0) for row in one.parameters]
    assert worth == sorted(worth, reverse=True)
    assert sum(one.macro["unemployment_rate.change_12m.lag3"].by_month) == pytest.approx(
        one.macro["unemployment_rate.change_12m.lag3"].by_deviation
    )
    with pytest.raises(UsageError, match="--measure"):
        sensitivity(panel_home, measure="loss")


def test_the_page_shows_every_effect(panel_home: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    from loantwin.interfaces.report.components import write

    target = write(components(panel_home, months=12), tmp_path / "components.html")
    page = target.read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    for words in (
        "Default by age of the loan",
        "Quality of vintages",
        "Environment and scenarios",
        "What the figures rest on",
    ):
        assert words in page
    assert " src=" not in page
