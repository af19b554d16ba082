"""The fitted model: planted truth from end to end, storage, draws against means, as-of honesty, scoring."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from loantwin.book.as_of import book_at, known_at
from loantwin.book.mapping import from_dict
from loantwin.book.segments import segment_labels
from loantwin.errors import ModelError
from loantwin.macro.covariates import evaluate
from loantwin.models.age_period_cohort.model import default_counts
from loantwin.models.book_columns import loan_columns
from loantwin.models.diagnostics import diagnostics_markdown
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import draw_shocks, mean_shocks
from loantwin.models.model import _outcomes, fit_model
from loantwin.models.priors.beliefs import UNITS, MacroBeliefs
from loantwin.models.settings import FitSettings
from loantwin.performance.known import known_history

from .conftest import AS_OF, Outcomes, mapping_of


@pytest.fixture(scope="module")
def model(outcomes: Outcomes) -> FittedModel:
    return fit_model(known_at(outcomes.loans, AS_OF), None, outcomes.mapping, AS_OF, outcomes.history)


def test_planted_hazard_and_grades_are_found(outcomes: Outcomes, model: FittedModel) -> None:
    parameters = model.parameters
    # vintages on the book and the level of the day share what neither knows: together they were planted
    lent = [place for place, name in enumerate(parameters.segments) if "vintage" in name]
    by_vintage = np.exp(parameters.segment[0][lent]).mean()
    hazard = np.exp(parameters.age[0][12:48] + model.processes[0].mean) * by_vintage
    assert hazard == pytest.approx(outcomes.base * np.mean(np.exp(list(outcomes.effect.values()))), rel=0.2)
    effects = model.diagnostics["edges"][0]["segments"]
    for name in "AC":
        gap = effects[f"instalment|{name}"]["value"] - effects["instalment|B"]["value"]
        assert gap == pytest.approx(outcomes.effect[name], abs=0.12)


def test_a_history_without_swings_shows_a_small_level(model: FittedModel) -> None:
    process = model.processes[0]
    assert np.sqrt(process.long_run_variance) < 0.35
    assert process.noise < 0.15


def test_observed_and_expected_agree_in_total_and_by_year(model: FittedModel) -> None:
    rows = model.diagnostics["edges"][0]["calibration"]["year"]
    assert sum(row["expected"] for row in rows) == pytest.approx(
        sum(row["observed"] for row in rows), rel=0.02
    )
    for row in rows[2:]:
        assert abs(row["expected"] - row["observed"]) < 4.0 * np.sqrt(row["observed"])


def test_payoff_is_marked_as_assumed(model: FittedModel) -> None:
    assert model.edges == ("current -> charged_off", "current -> prepaid")
    assert model.assumed == (False, True)
    probability = 1.0 / (1.0 + np.exp(-model.parameters.age[1][30]))
    assert probability == pytest.approx(0.01)
    assert model.default_name == "charged_off"


def test_loss_given_default_is_the_ratio_to_the_scheduled_balance(
    outcomes: Outcomes, model: FittedModel
) -> None:
    # 4,000 charged off whenever it happens; balance at age 30 of 10,000 over 60 months at 8 %: after 29
    # payments
    rate = 0.08 / 12
    balance = 10_000 * (1 - ((1 + rate) ** 29 - 1) / ((1 + rate) ** 60 - 1))
    assert model.lgd.charged_off[0, 30] == pytest.approx(4_000 / balance, rel=0.05)


def test_the_file_gives_the_same_model_back(model: FittedModel) -> None:
    again = FittedModel.from_dict(json.loads(model.to_json()))
    assert again.to_dict() == model.to_dict()
    x = np.zeros((6, len(model.covariates)))
    np.testing.assert_array_equal(mean_shocks(again, x), mean_shocks(model, x))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"schema": "loantwin.model/99"}, "format 2, was '99'"),
        ({"schema": "loantwin.model/1"}, "fit again"),
        ({"schema": "something"}, "schema"),
        ({"surprise": 1}, "surprise"),
        ({"covariance": [[0.0]]}, "covariance"),
        ({"today": [float("nan")] * 3}, "today"),
    ],
)
def test_a_broken_file_is_refused(model: FittedModel, change: dict[str, object], match: str) -> None:
    with pytest.raises(ModelError, match=match):
        FittedModel.from_dict({**model.to_dict(), **change})


def test_later_facts_change_nothing(outcomes: Outcomes) -> None:
    early = dt.date(2011, 6, 30)
    later = pl.col("charge_off_date") > early
    changed = outcomes.loans.with_columns(
        pl.when(later)
        .then(pl.col("charge_off_date") + pl.duration(days=300))
        .otherwise("charge_off_date")
        .alias("charge_off_date"),
        pl.when(later).then(1.0).otherwise("charged_off").alias("charged_off"),
    ).filter((pl.col("origination_date") <= early) | (pl.col("loan_id").str.ends_with("7")))
    history = dataclasses.replace(
        outcomes.history, values=outcomes.history.values[: 12 * 2011 + 6 - outcomes.history.first]
    )
    one, other = (
        fit_model(known_at(table, early), None, outcomes.mapping, early, history)
        for table in (outcomes.loans, changed)
    )
    assert one.to_json() == other.to_json()


def test_draws_have_the_expected_multiplier_as_their_mean(model: FittedModel) -> None:
    process = dataclasses.replace(model.processes[0], sigma=0.08, noise=0.1, mean=0.4)
    moved = dataclasses.replace(model, processes=(process,))
    x = np.random.default_rng(0).normal(size=(24, len(model.covariates)))
    want = mean_shocks(moved, x)
    for parameters, latent in ((True, True), (True, False), (False, True), (False, False)):
        drawn = draw_shocks(moved, x, 5, paths=60_000, parameters=parameters, latent=latent)
        np.testing.assert_allclose(drawn.mean(axis=0), want, rtol=0.02)
    assert np.ptp(drawn, axis=0).max() == 0.0, "nothing drawn, nothing random"
    np.testing.assert_array_equal(draw_shocks(moved, x, 5, paths=10), draw_shocks(moved, x, 5, paths=10))


def test_today_the_expected_multiplier_is_the_estimate(model: FittedModel) -> None:
    # one month on, with hardly any innovation, the multiplier is that of the mode: counts estimate today's
    # rate without bias
    process = dataclasses.replace(model.processes[0], phi=0.9999, sigma=1e-6, noise=0.0)
    still = dataclasses.replace(model, processes=(process,))
    got = mean_shocks(still, model.today[None, :])[0, 0]
    assert got == pytest.approx(np.exp(model.today @ model.parameters.macro[0] + process.mean), rel=1e-3)


def test_a_segment_never_seen_reads_the_pooled_effect_with_a_warning(
    outcomes: Outcomes, model: FittedModel
) -> None:
    changed = outcomes.loans.with_columns(
        pl.when(pl.int_range(pl.len()) % 50 == 0)
        .then(pl.lit("Z"))
        .otherwise("origination_grade")
        .alias("origination_grade")
    )
    book = book_at(changed, None, outcomes.mapping, AS_OF)
    with pytest.warns(UserWarning, match="instalment|Z"):
        columns = loan_columns(book, model, outcomes.mapping)
    pooled = len(model.parameters.segments) - 1
    assert (columns.segment == pooled).any()
    assert columns.age.min() >= 0
    assert (columns.weight <= 1).all()


def test_loan_columns_carry_contract_and_probability(outcomes: Outcomes, model: FittedModel) -> None:
    book = book_at(outcomes.loans, None, outcomes.mapping, AS_OF)
    columns = loan_columns(book, model, outcomes.mapping)
    assert len(columns.principal) == book.loans.height
    assert (columns.remaining_months + columns.age == 60).all()
    assert columns.weight.sum() == pytest.approx(book.loans["on_book_probability"].sum())


def test_covariates_a_history_lacks_are_left_out_by_name(outcomes: Outcomes) -> None:
    history = dataclasses.replace(
        outcomes.history,
        factors=("unemployment_rate",),
        kinds=("rate",),
        values=outcomes.history.values[:, :1],
    )
    fitted = fit_model(known_at(outcomes.loans, AS_OF), None, outcomes.mapping, AS_OF, history)
    assert [item.factor for item in fitted.covariates] == ["unemployment_rate"] * 2
    assert any("house_price_index" in note for note in fitted.diagnostics["notes"])
    assert draw_shocks(fitted, np.zeros((3, 2)), 1, paths=2).shape == (2, 3, 2)


def test_hardly_any_event_is_prior_only_and_never_infinite(outcomes: Outcomes) -> None:
    few = outcomes.loans.head(40)
    fitted = fit_model(known_at(few, AS_OF), None, outcomes.mapping, AS_OF, outcomes.history)
    assert "current -> charged_off" in fitted.prior_only
    assert "loss given default" in fitted.prior_only
    assert np.isfinite(fitted.parameters.age).all()
    # with no event of its own what is believed by unit stands: change of unemployment, house prices, level
    believed = MacroBeliefs.from_dict(fitted.provenance["settings"]["beliefs"])
    wanted = {
        (factor, transform): getattr(believed, name).value / unit
        for name, (factor, transform, unit) in UNITS.items()
    }
    for place, item in enumerate(fitted.covariates):
        by_unit = wanted.get((item.factor, item.transform), 0.0)
        assert fitted.parameters.macro[0, place] == pytest.approx(by_unit * item.scale, abs=0.1)


def test_history_counts_the_loans_that_the_forecast_starts_from(outcomes: Outcomes) -> None:
    """Of loans whose payoff is assumed, those at risk in a month are those on the book at its start: in fit,
    in the age-period-cohort model and in the rivals' history alike.
    """
    then, now = dt.date(2014, 3, 31), dt.date(2014, 4, 30)
    loans = outcomes.loans.filter(pl.col("origination_date") <= then).with_columns(
        charge_off_date=pl.lit(None, pl.Date), charged_off=pl.lit(0.0)
    )
    book = book_at(loans, None, outcomes.mapping, then)
    wanted = book.loans["on_book_probability"].sum()
    labels = segment_labels(loans, outcomes.mapping)
    histories = {
        "fit": _outcomes(loans, labels, outcomes.mapping, now, FitSettings(), []),
        "age-period-cohort": default_counts(loans, None, outcomes.mapping, now, 361),
        "rivals": known_history(loans, None, outcomes.mapping, now, outcomes.history, ()).counts,
    }
    for name, counts in histories.items():
        last = counts.cells.filter(pl.col("month") == counts.last)
        assert last["at_risk"].sum() == pytest.approx(wanted, rel=1e-9), name


def test_a_remnant_of_early_vintages_teaches_nothing(outcomes: Outcomes) -> None:
    """Where a file has only charged-off loans of old vintages, the format's rule leaves them out whole."""
    few = outcomes.loans.head(2000)
    remnant = few.head(300).with_columns(
        loan_id=pl.lit("old") + pl.col("loan_id"),
        origination_date=pl.col("origination_date").dt.offset_by("-12y"),
        charge_off_date=pl.col("origination_date").dt.offset_by("-11y"),
        charged_off=pl.lit(9_000.0),
    )
    document = outcomes.mapping.to_dict()
    document["assumptions"] |= {"fit_from_vintage": {"value": 2006}}
    mapping = from_dict(document)
    one, other = (
        fit_model(known_at(table, AS_OF), None, mapping, AS_OF, outcomes.history)
        for table in (few, pl.concat([remnant, few]))
    )
    assert other.diagnostics["sample"]["left out: originated before 2006-01-01"] == 300
    assert one.provenance["data_sha256"] == other.provenance["data_sha256"]
    assert one.parameters.segment.tolist() == other.parameters.segment.tolist()
    assert one.lgd.charged_off.tolist() == other.lgd.charged_off.tolist()


def test_weights_that_depend_on_the_outcome_are_said_to_look_ahead(outcomes: Outcomes) -> None:
    few = outcomes.loans.head(40)
    document = outcomes.mapping.to_dict()
    document["columns"] = {**document["columns"], "status": {"source": "status"}}
    document["weight"] = {"column": "status", "values": {"paid": 5.0, "charged_off": 1.0}, "look_ahead": True}
    fitted = fit_model(known_at(few, AS_OF), None, from_dict(document), AS_OF, outcomes.history)
    assert any("look-ahead" in note for note in fitted.diagnostics["notes"])
    plain = fit_model(known_at(few, AS_OF), None, outcomes.mapping, AS_OF, outcomes.history)
    assert not any("look-ahead" in note for note in plain.diagnostics["notes"])


def test_observed_payoff_is_fitted(outcomes: Outcomes) -> None:
    random = np.random.default_rng(3)
    lived = random.geometric(0.02, outcomes.loans.height)
    closed = outcomes.loans.with_columns(
        closed_date=pl.when(pl.col("charge_off_date").is_null()).then(
            pl.col("origination_date").dt.offset_by(pl.format("{}mo", pl.Series(np.minimum(lived, 60))))
        )
    )
    fitted = fit_model(
        known_at(closed, AS_OF), None, mapping_of(["charge_offs", "prepayment"]), AS_OF, outcomes.history
    )
    assert fitted.assumed == (False, False)
    assert fitted.parameters.latents == ("credit", "prepayment")
    p = fitted.parameters
    rate = np.exp(p.age[1][6:50] + p.segment[1][p.segments.index("(pooled)")] + fitted.processes[1].mean)
    assert rate == pytest.approx(0.02, rel=0.15)


def test_the_page_names_what_matters(model: FittedModel) -> None:
    page = diagnostics_markdown(model.diagnostics)
    for words in (
        "half-life",
        "current -> charged_off",
        "Assumed, not fitted",
        "Loss given default",
        "without the level",
    ):
        assert words in page
    assert "nan" not in page


@pytest.mark.data
def test_sba_block_as_of_2005(data: Path) -> None:
    from loantwin.book.tape import read_tape
    from loantwin.macro.history import known_history, nowcast
    from loantwin.macro.read import read_macro

    tape = read_tape(data / "sba/sba_block.csv.gz", "sba")
    as_of = dt.date(2005, 12, 31)
    history = nowcast(
        known_history([read_macro(data / "fed_scenarios/2025-Table_1A_Historic_Domestic.csv")], as_of), as_of
    )
    fitted = fit_model(known_at(tape.loans, as_of), None, tape.mapping, as_of, history)
    assert 250 < fitted.diagnostics["sample"]["charge-offs counted"] < 300
    assert not fitted.prior_only
    assert fitted.absent == ("dpd_1_29", "dpd_30_59", "dpd_60_89", "default")
    x = evaluate(fitted.covariates, history, 12 * 2005, 12 * 2005 + 11)
    assert np.isfinite(draw_shocks(fitted, x, 1, paths=100)).all()
    assert fitted.processes[0].mean > 0.5, "charge-offs of late 2005 stand well above the long run"


def test_small_segments_borrow_from_the_others(outcomes: Outcomes) -> None:
    # ten segments of 10 loans, in truth all like grade B: shrunk estimates are nearer the truth than each
    # one's own ratio
    rows = np.flatnonzero((outcomes.loans["origination_grade"] == "B").to_numpy())[:100]
    names = np.array(outcomes.loans["origination_grade"].to_list(), dtype=object)
    names[rows] = [f"Z{place % 10}" for place in range(100)]
    loans = outcomes.loans.with_columns(origination_grade=pl.Series(names.tolist(), dtype=pl.String))
    fitted = fit_model(known_at(loans, AS_OF), None, outcomes.mapping, AS_OF, outcomes.history)
    effects = fitted.diagnostics["edges"][0]["segments"]
    large = effects["instalment|B"]["value"]
    gone = loans.filter(pl.col("charge_off_date").is_not_null())
    events = dict(gone.group_by("origination_grade").len().iter_rows())
    sizes = {f"Z{place}": 10 for place in range(10)} | {"B": int((loans["origination_grade"] == "B").sum())}
    raw = {name: np.log((events.get(name, 0) + 0.5) / size) for name, size in sizes.items()}
    shrunk = np.array([effects[f"instalment|Z{place}"]["value"] - large for place in range(10)])
    own = np.array([raw[f"Z{place}"] - raw["B"] for place in range(10)])
    assert (shrunk**2).mean() < 0.7 * (own**2).mean()
    assert all(
        effects[f"instalment|Z{place}"]["standard_error"] > effects["instalment|B"]["standard_error"]
        for place in range(10)
    )
