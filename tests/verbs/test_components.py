"""Components and sensitivities of whole homes: a synthetic panel and real SBA loans."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import ModelError, UsageError
from loantwin.macro.read import read_macro
from loantwin.models.age_period_cohort.model import ApcModel
from loantwin.models.forecasting import mean_shocks
from loantwin.models.model import fit_model
from loantwin.models.priors.beliefs import beliefs_for
from loantwin.models.secured import without_severity
from loantwin.models.settings import FitSettings, effects_believed, effects_of
from loantwin.models.transitions import CREDIT, macro_prior
from loantwin.outlook.age_period_cohort import apc_columns, apc_flows, apc_model
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.twin import Learnt, store_fit
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
    with pytest.raises(UsageError, match="rule"):
        components(panel_home, rule="cohort")


@pytest.fixture
def lagged_home(panel_home: Path, lender: Path, tmp_path: Path) -> Path:
    """Return a twin whose fit took the lag its history speaks for most, however weakly: another than 3."""
    home = shutil.copytree(panel_home, tmp_path / "twin")
    with lt.open(home, writable=True) as twin:
        settings = FitSettings(lag_evidence=-1e9)
        seen = Outlook(twin).history
        model = fit_model(
            twin.known_loans, twin.known_panel, twin.mapping, twin.as_of, seen, settings=settings
        )
        assert {covariate.lag for covariate in model.covariates} != {3}
        file = lender / "macro.csv"
        source = read_macro(file)
        store_fit(twin, Learnt(model, twin.generator, (source,)), [(file, source)], {})
    return home


def test_components_take_the_lags_that_the_fit_chose(lagged_home: Path, panel_home: Path) -> None:
    found = components(lagged_home, months=12)
    with lt.open(lagged_home) as twin:
        names = tuple(covariate.name for covariate in twin.model.covariates)
        made = apc_model(Outlook(twin))
        own = beliefs_for(twin.mapping.product_class, twin.mapping.lending)
        own = without_severity(own, twin.known_loans, twin.mapping)
    assert tuple(found.macro.effects) == names == made.macro.names
    assert made.model.covariates == twin.model.covariates
    # the beliefs travel with their covariate: where the data are taken away, its own prior is left, which by
    # unit is what is believed of the default rate over one reach of the chain
    stated = {(one.factor, one.transform): one for one in effects_believed(own)}
    prior = macro_prior(FitSettings(effects=effects_of(twin.model.provenance)), names, CREDIT)
    ratios = []
    for mean, covariate in zip(prior.mean, twin.model.covariates, strict=True):
        belief = stated[covariate.factor, covariate.transform]
        by_unit = mean * belief.unit / covariate.scale if belief.unit else mean
        if belief.credit[0] == 0.0:
            assert mean == 0.0
        else:
            ratios.append(by_unit / belief.credit[0])
    assert ratios == pytest.approx([ratios[0]] * 3)
    assert 1.0 < 1.0 / ratios[0] < 4.0  # three edges lead from up to date to default
    other = components(panel_home, months=12)
    assert set(other.macro.effects) & set(names) == {
        "unemployment_rate.level"
    }  # a level has no lag to choose


def test_stress_takes_the_lags_that_the_fit_chose(lagged_home: Path) -> None:
    with lt.open(lagged_home) as twin:
        outlook = Outlook(twin)
        worse, steady = (np.full((1, 12, len(twin.model.covariates)), size) for size in (1.0, 0.0))
        flows = [apc_flows(outlook, Economy("made", path, None), 12) for path in (steady, worse)]
    assert np.isfinite(flows[0].defaulted).all()
    assert flows[0].defaulted.sum() > 0
    assert flows[1].defaulted.sum() != pytest.approx(flows[0].defaulted.sum(), rel=1e-6)


@pytest.mark.slow
def test_a_book_without_a_default_cannot_be_taken_apart(lender: Path, tmp_path: Path) -> None:
    tape = pl.read_csv(lender / "tape.csv", separator=";", infer_schema=False)
    bad = tape.filter(
        pl.col("90 days late on").is_not_null()
        | pl.col("Written off on").is_not_null()
        | (pl.col("Days late").cast(pl.Int64) >= 90)
    )["Contract No"].unique()
    tape.filter(~pl.col("Contract No").is_in(bad.implode())).write_csv(tmp_path / "tape.csv", separator=";")
    home = tmp_path / "twin"
    lt.twin_create(home, tmp_path / "tape.csv", str(lender / "mapping.toml"), date(2022, 12, 31))
    lt.fit(home, [lender / "macro.csv"])
    with pytest.raises(ModelError, match="expected a default to learn from, was 'none'"):
        components(home)
    with lt.open(home) as twin:
        outlook = Outlook(twin)
        steady = Economy("steady", np.zeros((1, 12, len(twin.model.covariates))), None)
        with pytest.raises(ModelError, match="expected a default to learn from, was 'none'"):
            apc_flows(outlook, steady, 12)
    command = [
        sys.executable,
        "-c",
        "from loantwin.interfaces.cli.main import run; run()",
        "components",
        home,
    ]
    told = subprocess.run(command, capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (2, "")
    words = "expected a default to learn from, was 'none'; take a twin whose history holds some"
    assert told.stderr == f"loantwin: field events: {words}\n"


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
        worse = run(outlook, Economy("worse", np.tile([3.0, 3.0, -3.0, 0.0], (1, 24, 1)), None), 24)
        assert worse.defaulted.sum() > whole.defaulted.sum()


@pytest.mark.slow
def test_sensitivity_of_a_panel(panel_home: Path) -> None:
    pytest.importorskip("jax", reason="not installed: jax; make setup-all")
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
    with pytest.raises(UsageError, match="measure"):
        sensitivity(panel_home, measure="loss")


def test_the_page_shows_every_effect(panel_home: Path, tmp_path: Path) -> None:
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
