"""A fit that learns from others: without events it is theirs, with many its own, and between them better."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from loantwin.book.as_of import known_at
from loantwin.book.book import conform
from loantwin.book.schema import LOANS
from loantwin.errors import ModelError, UsageError
from loantwin.macro.scenario import Scenario
from loantwin.models.fitted import FittedModel
from loantwin.models.learnt_from import pooled_settings
from loantwin.models.model import fit_model
from loantwin.models.settings import LEVELS
from loantwin.models.transfer.source import Source, source_of, sources_of

from .conftest import AS_OF, mapping_of

MAPPING = mapping_of(["charge_offs"])
LAST = AS_OF.year * 12 + AS_OF.month - 1
AGES = np.arange(1, 85)


def hazard(level: float, peak: float) -> np.ndarray:
    """Return a monthly hazard by age (84,): low when young, highest at `peak`, then falling."""
    return 0.004 * np.exp(level - 1.5 * np.exp(-AGES / 5.0) - 0.5 * ((AGES - peak) / 30.0) ** 2)


def lent(
    level: float, peak: float, loans: int, months: int, seed: int, lost: float = 4_000.0
) -> pl.DataFrame:
    """Return an outcome table of loans made over the last `months` of history."""
    random = np.random.default_rng([41, seed])
    start = LAST - random.integers(0, months, loans)
    grade = random.choice(["A", "B", "C"], loans)
    more = np.exp(np.array([{"A": -0.4, "B": 0.0, "C": 0.4}[one] for one in grade]))
    chance = 1.0 - np.exp(-np.cumsum(hazard(level, peak))[None, :] * more[:, None])
    lived = (random.random(loans)[:, None] > chance).sum(axis=1) + 1
    rise = np.minimum((np.arange(400) + 0.5) / 12.0, 1.0) * 0.01
    alive = np.concatenate([[1.0], np.cumprod(1.0 - rise)])
    paid = np.searchsorted(-alive, -random.random(loans))
    gone = (lived <= 60) & (lived <= paid) & (start + lived <= LAST)
    days = [dt.date(int(m) // 12, int(m) % 12 + 1, 15) for m in start]
    ends = [
        dt.date(int(m) // 12, int(m) % 12 + 1, 15) if ok else None
        for m, ok in zip(start + lived, gone, strict=True)
    ]
    return conform(
        pl.DataFrame({
            "loan_id": [str(place) for place in range(loans)], "product": ["instalment"] * loans,
            "origination_grade": grade, "origination_date": days, "term_months": np.full(loans, 60),
            "originated_amount": np.full(loans, 10_000.0), "annual_rate": np.full(loans, 0.08),
            "charge_off_date": pl.Series(ends, dtype=pl.Date), "charged_off": np.where(gone, lost, 0.0),
            "weight": np.ones(loans),
        }),
        LOANS,
    )  # fmt: skip


def history() -> Scenario:
    months = 12 * 2016 - 12 * 1995
    cycle = np.sin(np.arange(months) / 20.0)
    return Scenario(
        "Actual", 12 * 1995, ("unemployment_rate", "house_price_index", "prime_rate"),
        ("rate", "index", "yield"),
        np.column_stack([0.06 + 0.02 * cycle, 100.0 * np.exp(0.003 * np.arange(months) - 0.05 * cycle),
            0.05 + 0.01 * cycle]),
    )  # fmt: skip


def learnt(loans: pl.DataFrame, sources: tuple[Source, ...] = ()) -> FittedModel:
    settings = pooled_settings(sources, LEVELS[""]) if sources else None
    return fit_model(known_at(loans, AS_OF), None, MAPPING, AS_OF, history(), settings=settings)


def today(model: FittedModel) -> np.ndarray:
    """Return the log-odds of the as-of month at ages 6, 12, 18, ... 48 of a loan of the pooled segment."""
    parameters = model.parameters
    pooled = parameters.segments.index("(pooled)")
    level = parameters.macro[0] @ model.today + model.processes[0].mean
    return np.asarray(parameters.age[0][6:49:6] + parameters.segment[0, pooled] + level)


@pytest.fixture(scope="module")
def source() -> Source:
    return source_of(learnt(lent(0.0, 24.0, 30_000, 84, 1)), "source", "hash")


def test_without_events_it_is_the_source(source: Source) -> None:
    whole = learnt(lent(0.0, 24.0, 30_000, 84, 1))
    few = learnt(lent(-9.0, 24.0, 3, 3, 2), (source,))
    assert today(few) == pytest.approx(today(whole), abs=0.05)
    share = few.diagnostics["learnt_from"]["share"]["current -> charged_off"]
    assert share > 0.9
    # what books differ by is in its error: no surer than half of a log-odds
    assert np.sqrt(few.covariance[0, 0]) > 0.5
    assert "current -> charged_off" in few.prior_only


def test_with_many_events_it_is_the_books_own(source: Source) -> None:
    """Planted: another level by 1.2 and another peak; the source's curve is not read any more."""
    loans = lent(1.2, 36.0, 30_000, 84, 3)
    own, pooled = learnt(loans), learnt(loans, (source,))
    apart = np.abs(today(pooled) - today(own)).max()
    assert apart < 0.15
    assert apart < 0.15 * np.abs(today(own) - today(learnt(lent(0.0, 24.0, 30_000, 84, 1)))).max()
    assert pooled.diagnostics["learnt_from"]["share"]["current -> charged_off"] < 0.1


def test_with_some_events_it_is_nearer_to_the_planted_truth_than_either(source: Source) -> None:
    """Books about the source's truth with about 25 charge-offs: square error of the log hazard by age."""
    random = np.random.default_rng(8)
    error = {"alone": [], "source": [], "pooled": []}
    theirs = today(learnt(lent(0.0, 24.0, 30_000, 84, 1)))
    for seed in range(10):
        level, peak = 0.5 * random.standard_normal(), 24.0 + 6.0 * random.standard_normal()
        loans = lent(level, peak, round(900 * np.exp(-level)), 18, 100 + seed)
        truth = np.log(hazard(level, peak)[5:48:6]) + np.log(np.mean(np.exp([-0.4, 0.0, 0.4])))
        for name, found in (
            ("alone", today(learnt(loans))),
            ("source", theirs),
            ("pooled", today(learnt(loans, (source,)))),
        ):
            error[name].append(float(((found - truth) ** 2).mean()))
    mean = {name: np.mean(values) for name, values in error.items()}
    assert mean["pooled"] < 0.7 * mean["alone"]
    assert mean["pooled"] < 0.7 * mean["source"]


def test_several_sources_say_how_much_books_differ() -> None:
    """Sources planted alike are believed more than sources planted apart."""
    deviation = {}
    for name, step in (("alike", 0.0), ("apart", 0.8)):
        sources = tuple(
            source_of(
                learnt(lent(step * (place - 1.5), 24.0, 6_000, 84, 20 + place)), f"{name}{place}", str(place)
            )
            for place in range(4)
        )
        found = learnt(lent(-9.0, 24.0, 40, 12, 2), sources).diagnostics["learnt_from"]
        between = found["between"]["current -> charged_off"]
        assert not between["assumed"]
        assert len(found["sources"]) == 4
        deviation[name] = between["deviation"]
    # planted apart: levels -1.2, -0.4, 0.4, 1.2, a deviation of 1.03, averaged with 0.5 for two books
    assert deviation["apart"] == pytest.approx(np.sqrt((3 * 1.03**2 + 2 * 0.25) / 5), abs=0.12)
    assert deviation["alike"] < 0.45


def test_severity_starts_from_the_source_and_moves() -> None:
    known = source_of(learnt(lent(0.0, 24.0, 20_000, 84, 5, lost=6_000.0)), "source", "hash")
    assert known.severity.charged_off is not None
    none = learnt(lent(-9.0, 24.0, 40, 12, 2), (known,))
    assert none.lgd.charged_off[0, 12] == pytest.approx(known.severity.charged_off[0], abs=0.01)
    many = lent(0.5, 24.0, 20_000, 84, 6, lost=2_000.0)
    own, pooled = (
        model.diagnostics["severity"]["charged_off"]["used"]
        for model in (learnt(many), learnt(many, (known,)))
    )
    assert pooled == pytest.approx(own, abs=0.01)


def test_a_stored_model_keeps_what_it_learnt_from(source: Source) -> None:
    model = learnt(lent(0.3, 24.0, 300, 18, 7), (source,))
    again = FittedModel.from_dict(json.loads(model.to_json()))
    assert sources_of(again.provenance) == (source,)
    assert again.diagnostics["learnt_from"]["sources"] == [
        {"home": "source", "as_of": AS_OF.isoformat(), "model_hash": "hash"}
    ]
    said = " ".join(again.diagnostics["notes"])
    assert "learnt from source (as of 2015-12-31)" in said
    assert "assumed: how much books differ" in said


def test_lags_may_differ_and_other_covariates_are_refused(source: Source) -> None:
    later = replace(source, covariates=tuple(replace(one, lag=6) for one in source.covariates))
    assert len(learnt(lent(0.3, 24.0, 300, 18, 7), (source, later)).covariates) == len(source.covariates)
    other = replace(source, covariates=source.covariates[:2])
    with pytest.raises(UsageError, match=r"expected the covariates of source .*prime_rate"):
        pooled_settings((source, other), LEVELS[""])


def test_another_default_or_other_states_are_refused(source: Source) -> None:
    loans = lent(0.3, 24.0, 300, 18, 7)
    with pytest.raises(ModelError, match="expected a source with the states current, charged_off, prepaid"):
        learnt(loans, (replace(source, states=("current", "default", "prepaid")),))
    with pytest.raises(ModelError, match="expected a source whose default is charged_off after"):
        learnt(loans, (replace(source, arrears_months=source.arrears_months + 3),))


def test_covariates_in_other_units_give_the_same_fit(source: Source) -> None:
    """A source whose covariates are standardised otherwise says the same of the economy."""
    covariates = tuple(
        replace(one, mean=one.mean - 0.5 * one.scale, scale=2.0 * one.scale) for one in source.covariates
    )
    # x is read as (x - m + s / 2) / (2 s) = half of the old reading, and a quarter: effects double
    edges = tuple(
        replace(
            edge,
            macro=tuple(2.0 * one for one in edge.macro),
            macro_variance=tuple(4.0 * one for one in edge.macro_variance),
            curve=tuple(one - 0.5 * sum(edge.macro) for one in edge.curve),
        )
        for edge in source.edges
    )
    levels = tuple(
        replace(
            level,
            macro=tuple(2.0 * one for one in level.macro),
            macro_variance=tuple(4.0 * one for one in level.macro_variance),
        )
        for level in source.levels
    )
    same = replace(source, covariates=covariates, edges=edges, levels=levels)
    loans = lent(0.3, 24.0, 400, 18, 7)
    assert today(learnt(loans, (same,))) == pytest.approx(today(learnt(loans, (source,))), abs=1e-6)
