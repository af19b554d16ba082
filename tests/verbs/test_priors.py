"""A start without history: snapshots run on a product's prior, short histories move it; the public record."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.engine.rows import odds
from loantwin.errors import HomeError, ModelError, UsageError
from loantwin.models.priors.curves import default_hazard, prepayment_hazard
from loantwin.models.priors.table import product_prior
from loantwin.verbs.forecast import Forecast

MAPPING = """
name = "snapshot"
currency = "{currency}"
kind = "snapshot"
as_of = {date}
observes = ["balance"]
[columns]
loan_id = "loan"
originated_amount = "amount"
principal = "balance"
[columns.product]
constant = "{kind}"
[columns.rate_type]
constant = "fixed"
[columns.origination_date]
source = "start"
formats = ["%Y-%m-%d"]
[columns.term_months]
source = "term"
unit = "months"
[columns.annual_rate]
source = "rate"
unit = "decimal"
"""
DAYS = """
[columns.days_past_due]
source = "days"
"""


def snapshot(folder: Path, product: str, date: dt.date, *, currency: str = "EUR", days: bool = False,
             loans: int = 1200) -> Path:  # fmt: skip
    """Return the home of a book that lends evenly: ages spread over the term, annuities at 12 %."""
    prior = product_prior(product)
    term = 480 if prior.revolving else prior.typical_term
    age = np.arange(loans) % (240 if prior.revolving else term)
    first = date.year * 12 + date.month - 1 - age
    growth = 1.01 ** np.minimum(age, term)
    share = np.ones(loans) if prior.revolving else 1.0 - (growth - 1.0) / (1.01**term - 1.0)
    frame = pl.DataFrame(
        {
            "loan": [f"L{number}" for number in range(loans)],
            "start": [dt.date(int(month) // 12, int(month) % 12 + 1, 1) for month in first],
            "amount": np.full(loans, 10_000.0),
            "balance": 10_000.0 * share,
            "term": np.full(loans, term),
            "rate": np.full(loans, 0.12),
            "days": np.where(np.arange(loans) % 40 == 0, 45, 0),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    kind = "revolving" if prior.revolving else "instalment"
    text = MAPPING.format(currency=currency, date=date, kind=kind) + (DAYS if days else "")
    (folder / "mapping.toml").write_text(text)
    lt.twin_create(folder / "twin", frame, folder / "mapping.toml", date)
    return folder / "twin"


def yearly_charge_offs(home: Path, product: str) -> np.ndarray:
    """Return mean, 5 % and 95 % of next year's charge-offs net of recoveries, % of the average balance."""
    return charge_offs(lt.forecast(home, months=12, paths=400), product)


def charge_offs(made: Forecast, product: str) -> np.ndarray:
    """Return what `yearly_charge_offs` does, of a forecast."""
    prior = product_prior(product)
    net = 1.0 - prior.recovered.value / prior.charged_off.value
    average = np.mean([month.balance.mean for month in made.months])
    lost = made.totals["charged_off"]
    return 100.0 * net * np.array([lost.mean, lost.p05, lost.p95]) / average


def public_record(data: Path, column: str) -> dict[int, float]:
    """Return net charge-off rates of whole years, % (Federal Reserve Board, all commercial banks)."""
    table = pl.read_csv(data / "fred/chargeoff_rates_quarterly.csv")
    years = table.select(pl.col("observation_date").str.slice(0, 4).cast(int).alias("year"), column)
    found = years.group_by("year").agg(pl.col(column).mean(), pl.len()).filter(pl.col("len") == 4)
    return dict(found.sort("year").select("year", column).iter_rows())


SERIES = [("card", "CORCCACBS"), ("personal", "CORCACBS"), ("corporate", "CORBLACBS")]


@pytest.mark.data
@pytest.mark.parametrize(("product", "column"), SERIES)
def test_the_prior_alone_holds_the_public_record_without_an_economy(
    data: Path, tmp_path: Path, product: str, column: str
) -> None:
    home = snapshot(tmp_path, product, dt.date(2019, 12, 31), loans=9600)
    lt.fit(home, prior=product)
    ahead = lt.forecast(home, months=12, paths=2000)
    mean, low, high = charge_offs(ahead, product)
    record = np.array(list(public_record(data, column).values()))
    assert len(record) >= 25
    held = (record >= low) & (record <= high)
    assert held.mean() >= 0.8
    assert (record[~held] <= 3.0 * mean).all()
    # not by saying everything: defaults within a factor of 16 either way, charge-offs wider by no more than
    # what is stated of severity
    of_defaults, of_charge_offs = (
        max(one.p95 / one.mean, one.mean / one.p05)
        for one in (ahead.totals["defaulted"], ahead.totals["charged_off"])
    )
    assert of_defaults < 16.0
    severity = product_prior(product).charged_off
    stated = np.hypot(np.log(of_defaults), 1.645 * severity.deviation / severity.value)
    assert np.log(of_charge_offs) < 1.05 * stated
    assert of_charge_offs < 18.0


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(("product", "column"), SERIES)
def test_the_prior_alone_holds_the_public_record_year_by_year(
    data: Path, tmp_path: Path, product: str, column: str
) -> None:
    """Each year as it was looked forward to at the end of the last, with the economy known by then."""
    held, worst = [], 0.0
    for year, rate in public_record(data, column).items():
        home = snapshot(tmp_path / str(year), product, dt.date(year - 1, 12, 31), currency="USD", loans=480)
        lt.fit(home, prior=product)
        mean, low, high = yearly_charge_offs(home, product)
        held.append(low <= rate <= high)
        worst = worst if held[-1] else max(worst, rate / mean)
    assert np.mean(held) >= 0.8
    assert worst <= 3.0


def test_every_figure_of_a_prior_only_twin_says_so(tmp_path: Path) -> None:
    home = snapshot(tmp_path, "auto", dt.date(2024, 12, 31), currency="USD", days=True)
    made = lt.fit(home, prior="auto")
    assert made.prior == "auto"
    assert {"loss given default", "current -> dpd_1_29"} <= set(made.prior_only)
    assert any("priors auto" in note for note in made.notes)
    assert made.covariates[0].startswith("unemployment_rate")
    results = [
        lt.forecast(home, months=12, paths=200),
        lt.loss(home, months=12, paths=2000, confidence=0.99),
        lt.provisions(home, "ifrs9"),
        lt.provisions(home, "cecl"),
        lt.capital(home, any_date=True),
    ]
    for result in results:
        assert result.prior == "auto"
        assert result.to_dict()["prior_only"] == list(made.prior_only)


@pytest.mark.parametrize(("product", "days"), [("auto", True), ("card", False)])
def test_a_prior_only_twin_has_its_report(tmp_path: Path, product: str, days: bool) -> None:
    """Nothing was counted, so nothing is drawn beside the prior: every page is written all the same."""
    home = snapshot(tmp_path, product, dt.date(2024, 12, 31), days=days, loans=60)
    lt.fit(home, prior=product)
    text = Path(lt.report(home, tmp_path / "report.html").path).read_text(encoding="utf-8")
    assert "How loans move" in text
    assert "Monthly rate, observed and fitted" not in text
    assert "own history" not in text


def test_the_model_of_a_snapshot_is_its_prior(tmp_path: Path) -> None:
    """Nothing learnt, nothing changed: hazards equal the table's, loss given default too."""
    home = snapshot(tmp_path, "card", dt.date(2022, 6, 30))
    lt.fit(home, prior="card")
    with lt.open(home) as twin:
        parameters, model = twin.model.parameters, twin.model
        place = model.edges.index("current -> default")
        odds = np.exp(parameters.age[place] + parameters.segment[place, 0])
        payoff = np.exp(parameters.age[1] + parameters.segment[1, 0])
        yearly = 1.0 - (1.0 - odds / (1.0 + odds + payoff)) ** 12
        # plateau of 5.5 % a year on average over ages that start at 0.3 of it
        assert 0.05 < yearly[24] < 0.07
        assert model.lgd.charged_off == pytest.approx(0.95)
        assert model.lgd.recovered == pytest.approx(0.10)
        lag = model.lgd.charge_off_lag
        assert list(np.flatnonzero(lag)) == [2, 3, 4]
        assert model.parameters.factors == ()


@pytest.mark.parametrize("days", [False, True])
@pytest.mark.parametrize("product", ["personal", "mortgage", "card", "auto"])
def test_the_mean_and_the_width_are_those_that_are_stated(tmp_path: Path, product: str, days: bool) -> None:
    """Without an economy: draws of the default rate have the table's mean, and spread by range and cycle."""
    home = snapshot(tmp_path, product, dt.date(2022, 6, 30), loans=600, days=days)
    lt.fit(home, prior=product)
    with lt.open(home) as twin:
        outlook = lt.Outlook(twin)
        economy = outlook.simulated(24, 4000, 1)
        columns = outlook.columns
        shocks = outlook.drawn(economy, 4000, 1)
        model = twin.model
    base = odds(model.parameters)[:, 0, 36]
    live, states = model.parameters.live, model.parameters.states
    rate = {}
    for name, multiplier in (("drawn", shocks), ("plain", np.ones((1, 24, len(base))))):
        state = np.zeros((len(multiplier), live))
        state[:, 0] = 1.0
        lost = np.zeros(len(multiplier))
        for month in range(24):
            now = np.zeros((len(multiplier), live, len(states)))
            ends = zip(model.parameters.origin, model.parameters.target, strict=True)
            for edge, (start, end) in enumerate(ends):
                now[:, start, end] = base[edge] * multiplier[:, month, edge]
            whole = 1.0 + now.sum(axis=2)
            moved = state[:, :, None] * now / whole[:, :, None]
            state = state / whole + moved[:, :, :live].sum(axis=1)
            if month >= 12:  # the second year: the chain is full
                lost += moved[:, :, states.index("default")].sum(axis=1)
        rate[name] = lost
    prior = product_prior(product)
    believed = default_hazard(prior, 361)[30:42].sum()
    alive = (1.0 - prepayment_hazard(prior, 361)[30:42].mean()) ** 18
    assert rate["drawn"].mean() == pytest.approx(believed * alive, rel=0.2)
    wanted = np.hypot(prior.default_rate.log_deviation, prior.cycle.deviation)
    assert np.log(rate["drawn"]).std() == pytest.approx(wanted, rel=0.25)
    assert len(columns.segment) == 600


def test_a_snapshot_without_a_prior_is_told_the_way(tmp_path: Path) -> None:
    home = snapshot(tmp_path, "card", dt.date(2022, 6, 30), currency="USD")
    with pytest.raises(ModelError, match="fit --prior PRODUCT"):
        lt.fit(home, ["us"])
    with pytest.raises(UsageError, match="did you mean card"):
        lt.fit(home, prior="crad")
    with pytest.raises(UsageError, match="`prior`"):
        lt.fit(home, prior="card", model_from=home)


def test_a_snapshot_that_was_not_fitted_is_told_the_way_that_works(tmp_path: Path) -> None:
    home = snapshot(tmp_path, "card", dt.date(2022, 6, 30), loans=60)
    with pytest.raises(HomeError, match="--prior PRODUCT") as refused:
        lt.forecast(home)
    assert f"loantwin fit {home} --prior PRODUCT" in str(refused.value)


def test_another_country_s_economy_is_said(tmp_path: Path) -> None:
    home = snapshot(tmp_path / "eur", "card", dt.date(2022, 6, 30), loans=60)
    made = lt.fit(home, ["us"], prior="card")
    assert any("us is of the United States, the book is in EUR" in note for note in made.notes)
    own = snapshot(tmp_path / "usd", "card", dt.date(2022, 6, 30), currency="USD", loans=60)
    assert not any("another country" in note for note in lt.fit(own, prior="card").notes)


def test_a_rate_that_every_row_states_is_not_assumed(tmp_path: Path) -> None:
    home = snapshot(tmp_path, "auto", dt.date(2022, 6, 30), loans=60)
    lt.fit(home, prior="auto")
    gaps = lt.provisions(home, "ifrs9").not_observable
    assert not any("rate is assumed" in gap for gap in gaps)
    assert any(gap.startswith("interest: what was paid is not observed") for gap in gaps)


def test_a_prior_of_another_kind_of_loan_is_said(tmp_path: Path) -> None:
    home = snapshot(tmp_path, "personal", dt.date(2022, 6, 30), loans=300)
    made = lt.fit(home, prior="card")
    assert any("300 of 300 loans are no revolving lines" in note for note in made.notes)


def test_the_shipped_history_is_the_published_one(data: Path) -> None:
    """The history of the United States equals the Board's file, figure by figure."""
    from loantwin.macro.read import read_macro
    from loantwin.macro.shipped import located

    ours = read_macro(located("us")).scenarios["Actual"]
    theirs = read_macro(data / "fed_scenarios/2026_Proposed_Historic_Domestic.csv").scenarios["Actual"]
    assert ours.factors == theirs.factors
    np.testing.assert_array_equal(ours.values, theirs.values)


def test_priors_lists_each_product_with_sources() -> None:
    shown = lt.priors()
    assert {product.name for product in shown.products} >= {"mortgage", "card", "auto"}
    card = lt.priors("card").products[0]
    rate = next(item for item in card.numbers if item.name == "default rate")
    assert (rate.value, rate.low, rate.high, rate.unit) == (5.5, 3.0, 9.0, "% a year")
    assert all(item.source for item in (*card.numbers, *card.curves))
