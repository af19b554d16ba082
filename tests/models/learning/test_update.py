"""An updated model against full refits, what it says of itself, and what it refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from benchmarks.learning import Seen as Known
from benchmarks.learning import next_month
from loantwin import months
from loantwin.book.as_of import known_at
from loantwin.engine.rows import VINTAGE, odds, rows_at
from loantwin.errors import UsageError
from loantwin.macro.covariates import evaluate
from loantwin.macro.history import nowcast
from loantwin.models.counts import EventCounts
from loantwin.models.fitted import FittedModel, check_model
from loantwin.models.forecasting import draw_shocks, mean_shocks
from loantwin.models.learning.grown import codes_of
from loantwin.models.learning.record import MOST_UPDATES, update_words
from loantwin.models.learning.update import NewMonths, learnt_from, new_months, update_model
from loantwin.models.model import fit_model
from loantwin.models.saturation import Saturation
from tests.models.conftest import AS_OF, Outcomes
from tests.models.learning.conftest import FIRST, Seen

CALM = dt.date(2014, 12, 31)
"""Charge-offs of the outcome table triple after it."""


def updated(model: FittedModel, seen: Seen) -> FittedModel:
    return update_model(model, *seen.facts)


@pytest.fixture(scope="module")
def second(first: FittedModel, at: Callable[[dt.date], Seen]) -> FittedModel:
    return updated(first, at(months.add_months(FIRST, 1)))


@pytest.fixture(scope="module")
def third(second: FittedModel, at: Callable[[dt.date], Seen]) -> FittedModel:
    return updated(second, at(months.add_months(FIRST, 2)))


def course(
    first: FittedModel, at: Callable[[dt.date], Seen], ends: tuple[int, ...]
) -> dict[int, tuple[float, float, float]]:
    """Return log scores of the month after each end: of the updated model, of a refit, of the first model."""
    model, found = first, {}
    for step in range(1, max(ends) + 1):
        day = months.add_months(FIRST, step)
        model = updated(model, at(day))
        if step in ends:
            after = at(months.add_months(day, 1))
            known = Known(after.loans, after.panel, after.mapping, after.date, after.history)
            refit = fit_model(*at(day).facts)
            found[step] = tuple(next_month(one, known)[0] for one in (model, refit, first))
    return found  # type: ignore[return-value]  # three scores each


def test_a_few_updates_are_as_good_as_a_refit(first: FittedModel, at: Callable[[dt.date], Seen]) -> None:
    found = course(first, at, (2, 4))
    mine, refit, _ = np.array(list(found.values())).sum(axis=0)
    assert mine / refit < 1.005


@pytest.mark.slow
def test_twenty_four_updates_stay_within_half_a_percent(
    first: FittedModel, at: Callable[[dt.date], Seen]
) -> None:
    found = course(first, at, (1, 3, 6, 9, 12, 15, 18, 21, 24))
    mine, refit, never = np.array(list(found.values())).sum(axis=0)
    assert mine / refit < 1.005
    assert mine > never, "there was something to learn"


def test_updates_by_month_and_at_once_agree(
    first: FittedModel, third: FittedModel, at: Callable[[dt.date], Seen]
) -> None:
    once = updated(first, at(months.add_months(FIRST, 2)))
    assert once.parameters.segments == third.parameters.segments
    np.testing.assert_allclose(once.parameters.age, third.parameters.age, atol=1e-9)
    np.testing.assert_allclose(once.parameters.segment, third.parameters.segment, atol=1e-9)
    for one, other in zip(once.processes, third.processes, strict=True):
        assert (one.mean, one.variance) == pytest.approx((other.mean, other.variance), abs=1e-9)
    assert once.provenance["update"]["months"] == 2


def test_what_the_model_learnt_before_is_not_read_again(
    first: FittedModel, second: FittedModel, at: Callable[[dt.date], Seen]
) -> None:
    seen = at(months.add_months(FIRST, 1))
    assert seen.panel is not None
    old = pl.col("report_date") < FIRST
    # other live states in all older months: nothing of them counts any more
    scrambled = seen.panel.with_columns(
        state=pl.when(old & (pl.col("state") == "current"))
        .then(pl.lit("dpd_1_29"))
        .otherwise(pl.col("state"))
    )
    again = update_model(first, seen.loans, scrambled, seen.mapping, seen.date, seen.history)
    assert again.to_dict() == second.to_dict()


def test_an_updated_model_is_a_model(second: FittedModel, first: FittedModel) -> None:
    check_model(second)
    again = FittedModel.from_dict(second.to_dict())
    assert again.to_dict() == second.to_dict()
    assert second.as_of == dt.date(2024, 1, 31)
    assert second.severity == first.severity
    assert second.lgd.charged_off.shape[0] == len(second.parameters.segments)
    x = np.random.default_rng(0).normal(size=(6, len(second.covariates))) * 0.5
    drawn = draw_shocks(second, x, 5, paths=40_000)
    np.testing.assert_allclose(drawn.mean(axis=0), mean_shocks(second, x), rtol=0.06)


def test_it_says_what_it_is(first: FittedModel, second: FittedModel, third: FittedModel) -> None:
    told = third.provenance["update"]
    assert told["full_fit"] == FIRST.isoformat()
    assert (told["updates"], told["from"]) == (2, "2024-01-31")
    assert (told["first_month"], told["last_month"]) == ("2024-02", "2024-02")
    assert told["vintages_added"] == [2024]
    assert any(label.endswith(f"{VINTAGE}2024") for label in third.parameters.segments)
    words = update_words(third)
    assert words[0].startswith("1 month (2024-02, ")
    assert "number 2 since the full fit of 2023-12-31" in words[1]
    assert update_words(first) == ()
    before, after = (
        {one["edge"]: one["events"] for one in model.diagnostics["edges"]} for model in (second, third)
    )
    assert sum(after.values()) - sum(before.values()) == told["events"]
    record = third.diagnostics["levels"]["credit"]
    assert record["month"][-2:] == ["2024-01", "2024-02"]
    assert record["smoothed"][-1] == pytest.approx(third.processes[0].mean)


def test_certainty_grows_with_what_is_seen(first: FittedModel, at: Callable[[dt.date], Seen]) -> None:
    model = first
    for step in range(1, 7):
        model = updated(model, at(months.add_months(FIRST, step)))
    edge = first.edges.index("current -> prepaid")
    assert first.errors is not None
    assert model.errors is not None
    old, new = first.errors.edges[edge], model.errors.edges[edge]
    assert old is not None
    assert new is not None
    ages = len(old.knots) - 4
    assert np.trace(new.covariance[:ages, :ages]) < np.trace(old.covariance[:ages, :ages])
    for one in model.errors.edges:
        assert one is not None
        assert np.linalg.eigvalsh(one.covariance).min() > -1e-9


def test_a_full_refit_is_recommended_in_time(second: FittedModel, at: Callable[[dt.date], Seen]) -> None:
    seen = at(months.add_months(FIRST, 2))
    past = {**second.provenance["update"], "updates": MOST_UPDATES - 1}
    old = replace(second, provenance={**second.provenance, "update": past})
    made = updated(old, seen)
    assert "many updates" in made.provenance["update"]["refit"]
    assert update_words(made)[-1].startswith("a full refit is recommended: 24 updates or more")
    assert "many updates" not in updated(second, seen).provenance["update"]["refit"]


def test_a_planted_break_is_surprising(first: FittedModel, at: Callable[[dt.date], Seen]) -> None:
    seen = at(months.add_months(FIRST, 1))
    new = new_months(first, *seen.facts[:4])
    assert not learnt_from(first, new, seen.date, seen.history).provenance["update"]["check"]["surprising"]
    cells = new.counts.cells
    # a twentieth more of all loans that are up to date fall behind in one month
    more = (
        pl.col("moved_dpd_1_29")
        + 0.05 * (pl.col("at_risk") - pl.col("moved_dpd_1_29"))
        - (0.05 * pl.col("moved_prepaid"))
    )
    broken = cells.with_columns(
        moved_dpd_1_29=pl.when(pl.col("from_state") == 0).then(more).otherwise(pl.col("moved_dpd_1_29"))
    )
    bad = learnt_from(first, NewMonths(replace(new.counts, cells=broken), {}), seen.date, seen.history)
    assert bad.provenance["update"]["check"]["surprising"]
    assert "new months badly foretold" in bad.provenance["update"]["refit"]
    moved_odds = bad.provenance["update"]["moved"]
    assert moved_odds["current -> dpd_1_29"] > 1.5


@pytest.fixture(scope="module")
def tripled(outcomes: Outcomes) -> Callable[[dt.date], Seen]:
    """Return the outcome table as seen at a date; from 2015 on its charge-offs are three times as many."""
    # two more loans like each of those that were charged off from then on, on the book all along
    late = outcomes.loans.filter((pl.col("charge_off_date") > CALM).fill_null(False))
    copies = [late.with_columns(loan_id=pl.col("loan_id") + f"-{copy}") for copy in range(2)]
    loans = pl.concat([outcomes.loans, *copies])
    return lambda day: Seen(known_at(loans, day), None, outcomes.mapping, day, outcomes.history)


@pytest.fixture(scope="module")
def calm(tripled: Callable[[dt.date], Seen]) -> FittedModel:
    return fit_model(*tripled(CALM).facts)


def test_a_level_that_rose_is_followed(calm: FittedModel, tripled: Callable[[dt.date], Seen]) -> None:
    """An outcome table whose charge-offs triple: the level of its one edge climbs as a refit's does."""
    model = calm
    for step in range(1, 13):
        model = updated(model, tripled(months.add_months(CALM, step)))
    refit = fit_model(*tripled(AS_OF).facts)
    assert model.as_of == AS_OF
    rise, rose = (one.processes[0].mean - calm.processes[0].mean for one in (model, refit))
    assert rose > 0.4
    assert rise == pytest.approx(rose, abs=0.25)
    # at the mean of the economy
    x = np.zeros((1, len(model.covariates)))
    mine, theirs = (mean_shocks(one, x)[0, 0] * np.exp(one.parameters.age[0, 24]) for one in (model, refit))
    assert mine == pytest.approx(theirs, rel=0.10)
    # at the economy of today, which each reads on its own scale
    before, after, wanted = (
        mean_shocks(one, one.today[None])[0, 0] * np.exp(one.parameters.age[0, 24])
        for one in (calm, model, refit)
    )
    assert 0.9 < np.log(after / before) / np.log(wanted / before) < 1.1
    # for it has learnt that levels move faster, as a refit finds
    old, own, found = (one.processes[0] for one in (calm, model, refit))
    assert found.sigma > 2.0 * old.sigma
    assert np.log(own.sigma / found.sigma) == pytest.approx(0.0, abs=0.5)
    assert own.half_life == pytest.approx(found.half_life, rel=0.2)
    record = model.diagnostics["levels"]["credit"]
    assert (record["sigma"], record["half_life_months"]) == pytest.approx((own.sigma, own.half_life))


def test_a_faster_pace_is_said(calm: FittedModel, tripled: Callable[[dt.date], Seen]) -> None:
    made = updated(calm, tripled(months.add_months(CALM, 2)))
    factor = made.processes[0].sigma / calm.processes[0].sigma
    assert factor > 2.0
    assert made.provenance["update"]["pace"] == {"credit": pytest.approx(factor)}
    said = f"the period effect on credit is held to step {factor:.2f} times as far in a month as before"
    assert said in update_words(made)


def test_new_months_are_read_as_bent_as_they_are_foretold(
    calm: FittedModel, tripled: Callable[[dt.date], Seen]
) -> None:
    """Charge-offs exactly as the bent forecast has them, in an economy far beyond its knee, move nothing."""
    seen = tripled(months.add_months(CALM, 2))
    new = new_months(calm, *seen.facts[:4])
    first = months.month_of(CALM) + 1
    macro = evaluate(calm.covariates, seen.history, first, first + 1)
    effects = np.zeros_like(calm.parameters.macro)
    effects[0] = 0.8 * macro[0] / (macro[0] @ macro[0])
    bent = replace(
        calm,
        parameters=replace(calm.parameters, macro=effects),
        saturation=Saturation(1.3, 1.0, (0.1, None), (0.25, None)),
    )
    cells = new.counts.cells
    segment, age, month = (cells[name].to_numpy().astype(np.int64) for name in ("segment", "age", "month"))
    at_risk = cells["at_risk"].to_numpy()
    label = codes_of(bent, new.counts.segments, EventCounts(segment, age, month, at_risk, at_risk))
    rows = rows_at(bent.parameters, odds(bent.parameters), mean_shocks(bent, macro), label, age)
    foretold = at_risk * rows[month - first, np.arange(len(age)), 0, bent.parameters.default_state]
    counts = replace(new.counts, cells=cells.with_columns(moved_charged_off=pl.Series(foretold)))
    told, unbent = (
        learnt_from(one, NewMonths(counts, {}), seen.date, seen.history)
        for one in (bent, replace(bent, saturation=None))
    )
    assert abs(np.log(told.provenance["update"]["moved"]["current -> charged_off"])) < 0.02
    assert np.log(unbent.provenance["update"]["moved"]["current -> charged_off"]) < -0.15
    # month by month it is the same: how far it bends is asked anew after each
    half = replace(counts, cells=counts.cells.filter(pl.col("month") == first))
    rest = replace(counts, cells=counts.cells.filter(pl.col("month") > first))
    one = learnt_from(bent, NewMonths(half, {}), months.add_months(CALM, 1), seen.history)
    two = learnt_from(one, NewMonths(rest, {}), seen.date, seen.history)
    np.testing.assert_allclose(two.parameters.macro, told.parameters.macro, atol=1e-9)
    F = len(calm.covariates)
    np.testing.assert_allclose(two.covariance[2 : 2 + F, 2:], told.covariance[2 : 2 + F, 2:], atol=1e-9)


def test_refusals(first: FittedModel, second: FittedModel, at: Callable[[dt.date], Seen]) -> None:
    seen = at(months.add_months(FIRST, 1))
    with pytest.raises(UsageError, match="a date after 2024-01-31, the date of the model"):
        updated(second, seen)
    with pytest.raises(UsageError, match="errors of estimation"):
        updated(replace(first, errors=None), seen)
    strange = seen.loans.with_columns(origination_grade=pl.lit("Z"))
    with pytest.raises(UsageError, match="segments of the stored model"):
        update_model(first, strange, *seen.facts[1:])
    few = replace(
        first, parameters=replace(first.parameters, states=("current", "x", "y", "z", "default", "prepaid"))
    )
    with pytest.raises(UsageError, match="of the stored model, was 'dpd_1_29'"):
        updated(few, seen)


def test_a_few_loans_of_a_new_segment_read_the_pooled_one(
    first: FittedModel, at: Callable[[dt.date], Seen]
) -> None:
    seen = at(months.add_months(FIRST, 1))
    some = pl.Series(np.arange(seen.loans.height) % 50 == 0)
    loans = seen.loans.with_columns(
        origination_grade=pl.when(some).then(pl.lit("Z")).otherwise(pl.col("origination_grade"))
    )
    made = update_model(first, loans, *seen.facts[1:])
    told = made.provenance["update"]
    assert 0.0 < sum(told["unknown_segments"].values()) < 0.1
    assert "segments" in told["refit"]
    assert any("the model never saw read the pooled effect" in words for words in update_words(made))


@pytest.mark.data
def test_charge_offs_of_small_business_loans_are_followed(sba_home: Path) -> None:
    """Half a year of the SBA block after 2005, each month scored before it is learnt from."""
    start = dt.date(2005, 12, 31)
    with lt.open(sba_home) as twin:
        first = updating = refit = twin.model
        scores = []
        for step in range(1, 7):
            then = twin.at(months.add_months(start, step)).of_ended_vintages()
            seen = Known(then.known_loans, None, then.mapping, then.as_of, nowcast(then.history, then.as_of))
            facts = (seen.loans, seen.panel, seen.mapping, seen.date, seen.history)
            scores.append([next_month(model, seen)[0] for model in (updating, refit, first)])
            updating = update_model(updating, *facts)
            refit = fit_model(*facts)
    mine, full, never = np.array(scores).sum(axis=0)
    assert mine / full < 1.005
    assert never / full > 1.01
    assert updating.processes[0].mean == pytest.approx(refit.processes[0].mean, abs=0.2)
