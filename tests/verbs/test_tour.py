"""The whole tour: on a synthetic panel everywhere, on real SBA loans where the data is."""

from __future__ import annotations

import re

import jsonschema
import pytest

import loantwin as lt
from loantwin.errors import HomeError, InputError
from loantwin.interfaces.report.report.report import report
from loantwin.outlook.comparison import compare
from loantwin.outlook.outlook import Outlook

HOMES = ["panel_home", pytest.param("sba_home", marks=pytest.mark.data)]


@pytest.fixture(params=HOMES)
def home(request):
    return request.getfixturevalue(request.param)


def valid(result):
    document = result.to_dict()
    jsonschema.validate(document, type(result).json_schema())
    return document


def test_forecast_has_its_figures_and_a_schema(home):
    document = valid(lt.forecast(home, months=15, paths=64, seed=3))
    assert document["months"][0]["month"] in ("2006-01", "2023-01")
    assert len(document["months"]) == 15
    for month in document["months"]:
        for name in ("balance", "interest", "defaulted", "charged_off"):
            assert month[name]["p05"] <= month[name]["p95"]
    assert set(document["interval_sources"]) == {"parameters", "latent", "names", "macro"}
    balances = [month["balance"]["mean"] for month in document["months"]]
    assert balances == sorted(balances, reverse=True)


def test_the_same_seed_gives_the_same_forecast(home):
    first, second = (lt.forecast(home, months=6, paths=32, seed=3).months for _ in range(2))
    assert first == second
    assert lt.forecast(home, months=6, paths=32, seed=4).months != first


def test_levers_at_zero_give_the_run_off(home):
    plain = lt.forecast(home, months=8, paths=16, seed=3)
    stepped = lt.forecast(home, months=8, paths=16, seed=3, policy="neutral")
    for one, other in zip(plain.months, stepped.months, strict=True):
        for name in ("balance", "scheduled_principal", "prepaid", "interest", "defaulted", "charged_off"):
            assert getattr(one, name).mean == pytest.approx(getattr(other, name).mean, rel=1e-9)


def test_new_lending_holds_the_balance(panel_home):
    held = lt.forecast(panel_home, months=12, paths=16, seed=3, new_lending="constant-balance")
    off = lt.forecast(panel_home, months=12, paths=16, seed=3)
    assert held.months[-1].balance.mean == pytest.approx(held.opening_balance, rel=0.02)
    assert off.months[-1].balance.mean < 0.9 * off.opening_balance


@pytest.mark.slow
def test_provisions_add_up(home):
    for standard, parts in (("ifrs9", "by_stage"), ("cecl", "by_pool"), ("five-level", "by_class")):
        document = valid(lt.provisions(home, standard))
        assert document["allowance"] == pytest.approx(
            sum(part["allowance"] for part in document[parts].values()), abs=0.01
        )
        assert document["exposure"] == pytest.approx(
            sum(part["exposure"] for part in document[parts].values()), abs=0.01
        )
        assert 0 < document["allowance"] <= document["allowance_gross"]


def test_loss_distribution_is_ordered(home):
    document = valid(lt.loss(home, months=12, confidence=0.95, paths=1000))
    assert document["unexpected_loss"]["value"] == pytest.approx(
        document["var"]["value"] - document["expected_loss"]["value"]
    )
    assert document["es"]["value"] > document["var"]["value"] > document["expected_loss"]["value"] > 0


@pytest.mark.slow
def test_expected_loss_and_stage_one_allowance_are_one_figure(panel_home):
    # Two roads to the 12-month loss of performing loans: loan by loan under IFRS 9, by cell on simulated
    # paths.
    allowance = lt.provisions(panel_home, "ifrs9")
    loss = lt.loss(panel_home, months=12, confidence=0.9, paths=2000)
    with lt.open(panel_home) as twin:
        outlook = Outlook(twin)
        from loantwin.outlook.portfolio import generated, portfolio, weighted
        from loantwin.risk.provisions.provisions import expected_losses, lifetime_months

        book = portfolio(outlook)
        made = weighted(outlook, "generated", 1.0, generated(outlook, lifetime_months(book.columns)))
        losses, _ = expected_losses(book, [made])
    live = ~book.standing.defaulted
    twelve = float((losses[:, 0, 0] * (1 - book.columns.guaranteed) * book.columns.weight)[live].sum())
    assert loss.expected_loss.value == pytest.approx(twelve, rel=0.1)
    assert allowance.allowance > 0


def test_stress_names_its_scenarios(panel_home, lender):
    file = lender / "scenarios.csv"
    document = valid(lt.stress(panel_home, [f"{file}#Baseline", f"{file}#Severe"], align="start"))
    scenarios = {name: figures for name, figures in document.items() if not name.startswith("_")}
    assert list(scenarios) == ["Baseline", "Severe"]
    assert scenarios["Severe"]["defaulted"] > scenarios["Baseline"]["defaulted"]
    assert scenarios["Severe"]["allowance"] > scenarios["Baseline"]["allowance"]


def test_stress_and_forecast_count_the_same_charge_offs(panel_home, lender):
    # Loans in default at the as-of date bring charge-offs whatever comes: they are in both.
    file = f"{lender / 'scenarios.csv'}#Baseline"
    stressed = lt.stress(panel_home, [file], align="start", months=12).scenarios["Baseline"].charged_off
    ahead = lt.forecast(panel_home, months=12, paths=2000, scenarios=file, align="start", seed=3)
    assert stressed == pytest.approx(ahead.totals["charged_off"].mean, rel=0.05)


def test_weighted_scenarios_lie_between_single_ones(panel_home, lender):
    file = lender / "scenarios.csv"
    single = [
        lt.provisions(panel_home, "cecl", scenarios=[f"{file}#{name}"], align="start").allowance
        for name in ("Baseline", "Severe")
    ]
    both = lt.provisions(
        panel_home, "cecl", scenarios=[f"{file}#Baseline=0.6", f"{file}#Severe=0.4"], align="start"
    )
    assert both.allowance == pytest.approx(0.6 * single[0] + 0.4 * single[1], rel=1e-9)


def test_weights_must_sum_to_one(panel_home, lender):
    file = lender / "scenarios.csv"
    with pytest.raises(InputError, match="sum to 1"):
        lt.provisions(
            panel_home, "ifrs9", scenarios=[f"{file}#Baseline=0.6", f"{file}#Severe=0.5"], align="start"
        )


def test_a_scenario_that_ends_early_names_the_month(panel_home, lender):
    with pytest.raises(InputError, match="2026-01"):
        lt.forecast(
            panel_home, months=60, paths=8, scenarios=f"{lender / 'scenarios.csv'}#Baseline", align="start"
        )


@pytest.mark.slow
def test_the_report_stands_alone(home, tmp_path):
    out = tmp_path / "report.html"
    result = report(home, out)
    page = out.read_text(encoding="utf-8")
    assert result.size == len(page.encode())
    assert "Beside what happened" in result.sections
    outside = [
        link
        for link in re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\')\s>]+)', page)
        if not link.startswith("#")
    ]
    assert outside == []
    assert page.count("<svg") >= 10
    assert "BORROWER-" not in page


def test_a_report_into_no_folder_writes_nothing(panel_home, tmp_path):
    with pytest.raises(InputError, match="folder that exists"):
        report(panel_home, tmp_path / "nowhere" / "report.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.data
def test_the_forecast_beats_last_years_rate(sba_home):
    with lt.open(sba_home) as twin:
        made = compare(Outlook(twin))
    assert made.years == ("2006", "2007", "2008", "2009")
    # counted by hand with awk over the tape: charge-offs with an amount, of loans disbursed by the end of
    # 2005
    assert made.happened.number.sum() > 1400
    ours, rival = made.scores["number"]["loantwin"], made.scores["number"]["last year's rate"]
    assert ours.accuracy > rival.accuracy
    inside = (made.happened.number.sum(axis=1) >= made.number_low) & (
        made.happened.number.sum(axis=1) <= made.number_high
    )
    assert inside.sum() >= 3


def test_the_interval_of_a_panel_holds_what_happened(panel_home):
    with lt.open(panel_home) as twin:
        made = compare(Outlook(twin))
    assert made.event == "defaults"
    # one year of one simulated economy: its own period effect moves it, and the interval must own that
    assert made.number_low[0] <= made.happened.number.sum() <= made.number_high[0]
    assert made.number_high[0] < 6 * made.happened.number.sum()
    held_to_arrays(lt.compare(panel_home), made)


def held_to_arrays(told, made):
    """Hold the result that people get to the arrays it is made from, row by row."""
    assert told.by_year[0].number.came == told.number.came == made.happened.number.sum()
    assert told.by_year[0].amount.forecast.mean == pytest.approx(made.forecast_amount.sum())
    assert told.by_year[0].amount.forecast.p95 == made.amount_high[0]
    assert told.amount.last_year == pytest.approx(made.last_year_amount.sum())
    by_vintage = told.frame("by_vintage")
    assert by_vintage["number_forecast"].to_list() == made.forecast_number[0].tolist()
    assert by_vintage["amount_last_year"].to_list() == made.last_year_amount[0].tolist()
    assert f"{made.happened.amount.sum():,.0f} USD came" in told.summary()
    shown = told.frame("scores").filter(figure="amount", forecast="last year's rate")
    assert shown["accuracy"].item() == made.scores["amount"]["last year's rate"].accuracy


def test_an_unfitted_twin_says_what_to_do(lender, tmp_path):
    from datetime import date

    home = tmp_path / "twin"
    lt.twin_create(home, lender / "tape.csv", str(lender / "mapping.toml"), date(2022, 12, 31))
    with pytest.raises(HomeError, match="loantwin fit"):
        lt.forecast(home)


def test_creating_twice_leaves_the_first_alone(panel_home, lender):
    from datetime import date

    before = lt.log_verify(panel_home).to_dict()
    with pytest.raises(HomeError, match="twin's home"):
        lt.twin_create(panel_home, lender / "tape.csv", str(lender / "mapping.toml"), date(2022, 12, 31))
    after = lt.log_verify(panel_home).to_dict()
    assert before == after
    assert after["ok"]
