"""The regression: its derivatives, an independent library's Cox regression, planted truths."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from loantwin.models.scoring.features import encode
from loantwin.models.scoring.store import Score, to_text
from loantwin.models.scoring.table import take
from loantwin.models.scoring.terms import columns_of
from loantwin.models.survival import cox, hazard
from loantwin.models.survival.curves import cumulative, empirical, incidence
from loantwin.models.survival.lives import as_of
from loantwin.models.survival.model import Ahead, Survival, contributions, probabilities, train
from loantwin.models.survival.reasons import reasons
from loantwin.models.survival.store import KIND, survival_from_text

from .made import SIZE, TYPE, frame, hazards, lives, table


@pytest.fixture(scope="module")
def model() -> Survival:
    return train(lives(), ["size", "kind"], [])


def some_risk(rows: int = 300, seed: int = 2) -> hazard.Risk:
    random = np.random.default_rng(seed)
    last = random.integers(0, 12, rows)
    event = random.random(rows) < 0.4
    return hazard.Risk(
        random.normal(size=(rows, 2)),
        random.integers(0, 5, rows),
        np.minimum(random.integers(0, 3, rows), last),
        last - event,
        event,
        last,
        random.normal(size=(5, 12, 3)),
    )


def test_derivatives_are_those_of_differences() -> None:
    risk, beta, held = some_risk(), np.array([-2.0, 0.3, -0.2, 0.1, 0.2, -0.1]), np.full(6, 0.5)
    worth, slope, bend = hazard._likelihood(risk, beta, held)
    assert worth == pytest.approx(hazard.losses(risk, beta).sum() + 0.25 * (beta * beta).sum())
    step = 1e-5
    for at in range(6):
        moved = [beta + sign * step * (np.arange(6) == at) for sign in (1, -1)]
        up, down = (hazard._likelihood(risk, item, held) for item in moved)
        assert slope[at] == pytest.approx((up[0] - down[0]) / (2 * step), rel=1e-5, abs=1e-4)
        assert bend[at] == pytest.approx((up[1] - down[1]) / (2 * step), rel=1e-4, abs=1e-3)


def test_the_likelihood_is_that_of_months_one_by_one() -> None:
    risk, beta = some_risk(40), np.array([-1.5, 0.3, -0.2, 0.1, 0.2, -0.1])
    total = 0.0
    for row in range(40):
        for age in range(risk.first[row], risk.at[row] + 1):
            mean = np.exp(beta[0] + risk.x[row] @ beta[1:3] + risk.z[risk.cell[row], age] @ beta[3:])
            chance = 1 - np.exp(-mean)
            total -= np.log(chance if risk.event[row] and age == risk.at[row] else 1 - chance)
    assert hazard.losses(risk, beta).sum() == pytest.approx(total, rel=1e-10)


def test_planted_effects_are_found(model: Survival) -> None:
    x = columns_of(model.features, model.terms, np.array([[-1.5, 0.0], [1.5, 0.0], [-1.5, 1.0]]))[0]
    first, more, other = x @ np.array(model.event.own)
    codes = dict(zip(model.features[1].levels, (first, other), strict=True))
    assert (more - first) / 3 == pytest.approx(SIZE, abs=0.12)  # 604 events, and a penalty
    assert codes["b"] - codes["a"] == pytest.approx(TYPE, abs=0.2)


def test_probabilities_in_presence_of_the_other_end_are_the_planted_ones(model: Survival) -> None:
    rows = table(400, seed=9)
    size, kind = rows.numbers["size"], rows.texts["kind"]
    bad, paid = hazards(size, kind, 25)
    here = np.full(400, -1)
    ahead = Ahead(np.full(400, model.known + 1), here, np.full(400, model.known))
    found = probabilities(model, rows, ahead, (12, 24))
    for horizon, chance in zip((12, 24), found, strict=True):
        wanted = incidence(bad[:, : horizon + 1], paid[:, : horizon + 1])
        assert chance.mean() == pytest.approx(wanted.mean(), rel=0.1)
        assert np.corrcoef(chance, wanted)[0, 1] > 0.97
    alone = replace(model, competing=None)
    assert (probabilities(alone, rows, ahead, (24,))[0] > found[1]).all()


def test_a_live_loan_is_read_from_its_age_on(model: Survival) -> None:
    rows = take(table(50, seed=9), np.arange(50))
    begun = np.full(50, model.known - 10)
    at = np.full(50, model.known)
    whole = probabilities(model, rows, Ahead(begun, np.full(50, 10), at), (12,))[0]
    size, kind = rows.numbers["size"], rows.texts["kind"]
    bad, paid = hazards(size, kind, 23)
    assert whole.mean() == pytest.approx(incidence(bad[:, 11:], paid[:, 11:]).mean(), rel=0.15)


def test_the_library_s_cox_regression_finds_the_same(oracle: Any, model: Survival) -> None:
    oracle("lifelines")
    made = lives()
    event, _ = cox.train_cox(made, model)
    x = columns_of(model.features, model.terms, encode(model.features, made.table).values)[0]
    ours, theirs = x @ np.array(model.event.own), x @ event.own
    assert np.corrcoef(ours, theirs)[0, 1] > 0.99
    assert np.polyfit(theirs, ours, 1)[0] == pytest.approx(1.0, abs=0.1)
    ahead = Ahead(made.origin[:200], np.full(200, -1), np.full(200, model.known))
    pair, rows = cox.train_cox(made, model), take(made.table, np.arange(200))
    beside = cox.cox_probabilities(pair, model, rows, ahead, (24,), model.calendar)[0]
    assert beside.mean() == pytest.approx(probabilities(model, rows, ahead, (24,))[0].mean(), rel=0.1)


def test_without_telling_features_it_is_the_curve_by_age() -> None:
    made = lives(6000, seed=4)
    plain = train(made, ["size"], [], own=False)
    flat = replace(plain, event=replace(plain.event, own=(0.0,) * len(plain.event.own)))
    rows = take(made.table, np.arange(5))
    ahead = Ahead(np.full(5, made.until), np.full(5, -1), np.full(5, made.until))
    model = probabilities(
        plain, made.table, Ahead(made.origin, np.full(6000, -1), np.full(6000, made.until)), (24,)
    )
    curve = cumulative(empirical(made), np.array([-1]), 24)[0]
    assert model.mean() == pytest.approx(curve, rel=0.06)
    assert np.ptp(probabilities(replace(flat, competing=None), rows, ahead, (24,))) == 0


def test_what_comes_after_a_date_touches_no_model() -> None:
    month = 12 * 2013 + 11
    before = frame(1500, seed=5)
    cut = np.datetime64("2014-01-01")
    late = (before["ended"].to_numpy() >= cut) & before["ended"].is_not_null().to_numpy()
    assert late.any()
    from loantwin.models.scoring.table import from_frame
    from loantwin.models.survival.lives import lives_of

    from .made import ASKED

    changed = before.with_columns(
        end=before["end"].set(_mask(late), "paid"),
        ended=before["ended"].set(_mask(late), np.datetime64("2014-05-05").item()),
    )
    texts = []
    for rows in (before, changed):
        known = as_of(lives_of(from_frame(rows), ASKED, 12 * 2015 + 11), month)
        texts.append(to_text(Score(KIND, train(known, ["size", "kind"], []), "start")))
    assert texts[0] == texts[1]


def _mask(rows: np.ndarray) -> Any:
    import polars as pl

    return pl.Series(rows)


def test_a_model_is_written_and_read_to_the_bit(model: Survival) -> None:
    text = to_text(Score(KIND, model, model.time))
    assert survival_from_text(text) == model


def test_reasons_are_the_contributions_and_sum_to_the_intensity(model: Survival) -> None:
    rows = table(20, seed=7)
    parts = contributions(model, rows)
    x = columns_of(model.features, model.terms, encode(model.features, rows).values)[0]
    assert parts.sum(axis=1) == pytest.approx(x @ np.array(model.event.own) + model.event.intercept)
    for row, told in zip(parts, reasons(model, rows), strict=True):
        assert [item.log_hazard for item in told] == sorted((p for p in row[:-1] if p > 0), reverse=True)
    most = reasons(model, rows)[int(rows.numbers["size"].argmax())][0]
    assert most.column == "size"
    assert "raises the hazard by a factor of" in most.text
