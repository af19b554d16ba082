"""Backtests of small twins: the contract, scores that can be added up again, honesty about what was known,
bad input.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import UsageError
from loantwin.events.fold import BookTables
from loantwin.performance.backtest.origin import AtOrigin
from loantwin.twin import Twin
from loantwin.verbs.backtest.backtest import Backtest
from loantwin.verbs.backtest.dates import horizons_of
from loantwin.verbs.backtest.origin import at_origin

FED = "fed_scenarios/2025-Table_1A_Historic_Domestic.csv"
ORIGIN = date(2021, 12, 31)


@pytest.fixture(scope="session")
def panel_backtest(panel_home: Path) -> Backtest:
    return lt.backtest(panel_home, "2021-06-30,2021-12-31", horizons=(3, 6, 12), paths=200)


@pytest.fixture(scope="session")
def sba_backtest(sba_home: Path) -> Backtest:
    return lt.backtest(
        sba_home, "every=24M", start=date(2003, 12, 31), end=date(2009, 12, 31), horizons="6,12", paths=300
    )


@pytest.mark.data
def test_a_loss_figure_tells_its_parts_and_its_verdict_in_one_word(sba_backtest: Backtest) -> None:
    """Few origins show nothing; money is cases x exposure per case x severity, forecast and came."""
    for view in (sba_backtest.to_dict()["given_macro"], sba_backtest.to_dict()["generated_macro"]):
        summed = {row["horizon"]: row for row in view["apart"] if row["origin"] is None}
        for horizon, score in view["figures"]["charge_offs"].items():
            assert score["verdict"] == "not shown"
            assert 90 < score["windows_needed"] < 97
            assert score["counts"] == summed[int(horizon)]["number"]
            assert score["money"] == summed[int(horizon)]["amount"]
            for side in ("forecast", "came"):
                parts = [score[name][side] for name in ("counts", "exposure_per_case", "severity")]
                assert math.prod(parts) == pytest.approx(score["money"][side])


def test_the_document_is_the_contract(panel_backtest: Backtest) -> None:
    import jsonschema

    document = panel_backtest.to_dict()
    jsonschema.validate(document, Backtest.json_schema())
    assert document["schema"] == "loantwin.backtest/1"
    for view in ("given_macro", "generated_macro"):
        assert set(document[view]["figures"]) == {
            "defaults",
            "charge_offs",
            "balance",
            "prepayment",
            "interest",
        }
        for part in ("figures", "total"):
            for scores in document[view][part].values():
                assert list(scores) == ["3", "6", "12"]
                for score in scores.values():
                    assert {
                        "accuracy",
                        "bias",
                        "coverage50",
                        "coverage90",
                        "crps",
                        "observations",
                        "events",
                        "rivals",
                    } <= set(score)
    balance = document["given_macro"]["figures"]["balance"]["6"]
    assert balance["accuracy"] > 0.9
    assert set(balance["rivals"]) == {
        "last year's rate", "age-standardised last level", "vintage curve", "roll-rate matrix",
        "logistic regression", "equal mean", "combination",
    }  # fmt: skip
    assert [origin["date"] for origin in document["origins"]] == ["2021-06-30", "2021-12-31"]


def test_anybody_can_add_the_scores_up_again(panel_backtest: Backtest) -> None:
    view = panel_backtest.given_macro
    rows = [
        row for row in view.observations
        if (row.figure, row.measure, row.horizon) == ("prepayment", "money", 6) and not row.prior_only
    ]  # fmt: skip
    actual, forecast = (np.array([getattr(row, name) for row in rows]) for name in ("actual", "forecast"))
    score = view.amounts["prepayment"]["6"]
    assert score.observations == len(rows) > 0
    assert score.accuracy == pytest.approx(1 - np.abs(forecast - actual).sum() / actual.sum())
    assert score.crps == pytest.approx(np.mean([row.crps for row in rows]))
    assert score.coverage90 == pytest.approx(np.mean([row.p05 <= row.actual <= row.p95 for row in rows]))
    rival = np.array([row.rivals["vintage curve"] for row in rows])
    assert score.rivals["vintage curve"] == pytest.approx(1 - np.abs(rival - actual).sum() / actual.sum())
    whole = [
        row
        for row in view.by_origin
        if (row.figure, row.measure, row.horizon) == ("prepayment", "money", 6) and not row.prior_only
    ]
    assert sum(row.actual for row in whole) == pytest.approx(actual.sum())


def test_a_panels_outcomes_are_the_panels_own(panel_home: Path, panel_backtest: Backtest) -> None:
    """Interest and full prepayments of loans live at the origin, read off the panel by another road."""
    with lt.open(panel_home) as twin:
        panel = twin.tables.panel
    assert panel is not None
    bad = pl.col("state").str.starts_with("default") | (pl.col("state") == "charged_off")
    start = panel.filter(pl.col("report_date") == ORIGIN).filter(
        ~bad & ~pl.col("state").is_in(["prepaid", "matured"])
    )
    later = panel.filter((pl.col("report_date") > ORIGIN) & (pl.col("report_date") <= date(2022, 6, 30)))
    later = later.join(start.select("loan_id"), on="loan_id", how="semi").sort("loan_id", "report_date")
    first_bad = later.filter(bad).group_by("loan_id").agg(pl.col("report_date").min().alias("first"))
    joined = later.join(first_bad, on="loan_id", how="left")
    before = joined.filter(pl.col("first").is_null() | (pl.col("report_date") < pl.col("first")))
    row = next(
        r
        for r in panel_backtest.given_macro.by_origin
        if (r.origin, r.figure, r.horizon) == (ORIGIN, "interest", 6)
    )
    assert row.actual == pytest.approx(before["interest"].sum())
    defaults = next(
        r for r in panel_backtest.given_macro.by_origin
        if (r.origin, r.figure, r.measure, r.horizon) == (ORIGIN, "defaults", "loans", 6)
    )  # fmt: skip
    assert defaults.actual == first_bad.height


def without_simulation(made: AtOrigin) -> tuple[object, ...]:
    found: list[object] = []
    for mode, predicted in sorted(made.predicted.items()):
        found += [
            (mode, key, predicted.simulated[key].tobytes(), predicted.latent[key].tobytes())
            for key in predicted.mean
        ]
        found += [
            (mode, name, key, values.tobytes())
            for name, by in made.rival[mode].items()
            for key, values in by.items()
        ]
    return tuple(found)


def changed(twin: Twin, day: date) -> Twin:
    """Return the twin with every fact after a day turned into another."""
    tables = twin.tables
    loans = tables.loans.filter((pl.col("approval_date") <= day).fill_null(True))
    later = [
        pl.when(pl.col(name) > day).then(pl.lit(date(2030, 1, 1))).otherwise(pl.col(name)).alias(name)
        for name in ("default_date", "charge_off_date", "closed_date")
    ]
    gone = pl.col("charge_off_date") > day
    loans = loans.with_columns(
        pl.when(gone).then(pl.lit(0.0)).otherwise(pl.col("charged_off")).alias("charged_off"), *later,
    )  # fmt: skip
    panel = tables.panel
    if panel is not None and panel.height:
        odd = pl.col("report_date") > day
        panel = panel.with_columns(
            pl.when(odd)
            .then(pl.col("principal") * 0.3 + 7.0)
            .otherwise(pl.col("principal"))
            .alias("principal"),
            pl.when(odd).then(pl.lit("dpd_60_89")).otherwise(pl.col("state")).alias("state"),
            pl.when(odd).then(pl.col("interest") + 1.0).otherwise(pl.col("interest")).alias("interest"),
        )
    return holding(twin, replace(tables, loans=loans, panel=panel))


def holding(twin: Twin, tables: BookTables) -> Twin:
    """Return the twin as if its log told other tables."""
    store = twin.store.without({"loans"})
    store.put("twin.tables", ("tape", "loans"), tables)
    return replace(twin, store=store)


def test_facts_after_the_origin_move_no_forecast_of_a_panel(panel_home: Path) -> None:
    with lt.open(panel_home) as twin:
        one = at_origin(twin, ORIGIN, (6, 12), 60, 1)
        two = at_origin(changed(twin, ORIGIN), ORIGIN, (6, 12), 60, 1)
    assert without_simulation(one) == without_simulation(two)
    assert not np.array_equal(one.actual["interest", "money"], two.actual["interest", "money"])


@pytest.mark.data
def test_facts_after_the_origin_move_no_forecast_of_outcomes(sba_home: Path) -> None:
    day = date(2005, 12, 31)
    with lt.open(sba_home) as twin:
        one = at_origin(twin, day, (12,), 60, 1)
        other = changed(twin, day)
        late = pl.col("charge_off_date") == date(2030, 1, 1)
        loans = other.tables.loans.with_columns(
            pl.when(late).then(pl.lit(9.0)).otherwise(pl.col("charged_off")).alias("charged_off")
        )
        other = holding(other, replace(other.tables, loans=loans))
        two = at_origin(other, day, (12,), 60, 1)
    assert without_simulation(one) == without_simulation(two)
    assert one.actual["charge_offs", "loans"].sum() > 300 > two.actual["charge_offs", "loans"].sum() == 0


@pytest.mark.data
def test_a_source_is_scored_on_what_it_observes_alone(sba_backtest: Backtest) -> None:
    for view in (sba_backtest.given_macro, sba_backtest.generated_macro):
        assert set(view.figures) == {"charge_offs"}
        assert view.figures["charge_offs"]["12"].unit == "loans"
        assert view.amounts["charge_offs"]["12"].unit == "USD"
        assert "roll-rate matrix" not in view.figures["charge_offs"]["12"].rivals


@pytest.mark.data
def test_sba_outcomes_are_those_of_the_tape(sba_backtest: Backtest) -> None:
    """360 charge-offs fell in 2006, of which the study's 334 on loans that were on the book at the end of
    2005.
    """
    rows = {
        row.origin.year: row
        for row in sba_backtest.given_macro.by_origin
        if (row.measure, row.horizon) == ("loans", 12)
    }
    assert sorted(rows) == [2003, 2005, 2007, 2009]
    assert rows[2005].actual == 334
    assert rows[2007].actual == 548


@pytest.mark.data
def test_the_twin_beats_last_years_rate_on_the_block(sba_backtest: Backtest) -> None:
    score = sba_backtest.given_macro.figures["charge_offs"]["12"]
    assert score.accuracy is not None
    assert score.accuracy > score.rivals["last year's rate"]
    assert score.noise_floor["names"] > score.noise_floor["latent"]
    assert score.rival_scores["last year's rate"].verdict.startswith("beats last year's rate by")


@pytest.mark.data
@pytest.mark.slow
def test_an_origin_that_knows_too_little_is_listed_and_not_scored(sba_home: Path) -> None:
    made = lt.backtest(sba_home, ["2000-12-31", "2004-12-31"], horizons=(12,), paths=60)
    assert made.origins[0].prior_only == ("charge_offs",)
    assert made.origins[1].prior_only == ()
    score = made.given_macro.figures["charge_offs"]["12"]
    assert score.origins == 1
    assert [row.prior_only for row in made.given_macro.by_origin if row.measure == "loans"] == [True, False]


@pytest.mark.data
@pytest.mark.slow
def test_windows_that_have_not_closed_are_censored(sba_home: Path) -> None:
    made = lt.backtest(sba_home, ["2010-12-31", "2013-06-30"], horizons=(12, 24), paths=60)
    long = made.given_macro.figures["charge_offs"]["24"]
    assert made.origins[1].closed["given_macro"] == (12,)
    bands = [sum(1 for row in made.given_macro.observations if (row.origin, row.measure,
        row.horizon) == (day, "loans", 12))
             for day in (date(2010, 12, 31), date(2013, 6, 30))]  # fmt: skip
    assert long.censored_share == pytest.approx(bands[1] / sum(bands))
    assert made.given_macro.figures["charge_offs"]["12"].censored_share == 0.0


@pytest.mark.slow
def test_the_same_seed_gives_the_same_scores(panel_home: Path) -> None:
    one, two = (lt.backtest(panel_home, "2021-12-31", horizons=(6,), paths=40).to_dict() for _ in range(2))
    for document in (one, two):
        document.pop("_provenance")
    assert one == two


@pytest.mark.parametrize(
    "text", ["every=12", "every=0M", "every=-3M", "every=12M,2021-06-30", "2021-13-01", "soon", ""]
)
def test_malformed_origins_are_refused(panel_home: Path, text: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        lt.backtest(panel_home, text, paths=20)


def test_origins_outside_the_tape_are_refused(panel_home: Path) -> None:
    for text in ("1999-12-31", "2031-12-31"):
        with pytest.raises(UsageError, match="inside the tape"):
            lt.backtest(panel_home, text, paths=20)


@pytest.mark.parametrize("horizons", [(0,), (-3,), "3,x", "", (6.5,), (500,)])
def test_horizons_that_are_no_positive_months_are_refused(horizons: object) -> None:
    with pytest.raises(UsageError, match="whole months from 1"):
        horizons_of(horizons)  # type: ignore[arg-type]


def test_no_closed_window_is_said(panel_home: Path) -> None:
    with pytest.raises(UsageError, match="window of 24 months"):
        lt.backtest(panel_home, "2022-06-30", horizons=(24,), paths=20)


@pytest.mark.data
def test_a_snapshot_is_forward_only(data: Path, panel_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "snapshot"
    lt.twin_create(
        home, data / "lending_snapshot/loans_full_schema.csv", "lending-snapshot", date(2018, 6, 30)
    )
    with pytest.raises(UsageError, match=r"snapshot.*loantwin forecast"):
        lt.backtest(home, "2017-12-31", paths=20)
