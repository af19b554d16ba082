"""The forecast's months close, in money and in numbers, for every kind of twin: read from its JSON alone."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loantwin as lt
from loantwin.engine.expectation import conditional_numbers, conditional_numbers_reference
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.paths import Paths, projected, with_stock
from loantwin.outlook.workout import Awaited, awaited_from_default, share_charged_off, stock_in_default
from loantwin.twin import opened

PATHS = 200


@pytest.fixture(scope="module")
def snapshot_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a twin of two instalment loans and three lines at one date, started from a product's prior."""
    folder = tmp_path_factory.mktemp("lines")
    tape, format_ = folder / "tape.csv", folder / "format.toml"
    tape.write_text(
        "id,opened,product,limit,owed,rate,term,dpd\n"
        "a,2024-03-31,instalment,12000,9000,0.10,48,0\n"
        "b,2023-06-30,instalment,8000,3000,0.12,36,35\n"
        "c,2022-01-31,revolving,5000,2000,0.20,,0\n"
        "d,2022-05-31,revolving,3000,3000,0.22,,10\n"
        "e,2023-09-30,revolving,4000,500,0.19,,0\n"
    )
    format_.write_text(
        'kind = "snapshot"\nname = "lines"\ncurrency = "EUR"\nas_of = 2024-12-31\n'
        'observes = ["balance", "delinquency"]\n'
        "[columns]\n"
        'loan_id = "id"\norigination_date = {source = "opened", formats = ["%Y-%m-%d"]}\n'
        'product = "product"\napproved_amount = "limit"\n'
        'principal = "owed"\nannual_rate = "rate"\nterm_months = "term"\ndays_past_due = "dpd"\n'
    )
    home = folder / "twin"
    lt.twin_create(home, tape, str(format_), "2024-12-31")
    lt.fit(home, prior="personal")
    return home


def document(home: Path, **options: Any) -> dict[str, Any]:
    options = {"paths": PATHS, "months": 30, **options}
    made: dict[str, Any] = json.loads(json.dumps(lt.forecast(home, **options).to_dict()))
    return made


def worst_gap(told: dict[str, Any]) -> float:
    opening, worst = told["opening_balance"], 0.0
    for month in told["months"]:
        mean = {
            name: item["mean"] for name, item in month.items() if isinstance(item, dict) and "mean" in item
        }
        closing = opening + mean["new"] + mean["drawn"] + mean["arrears_interest"]
        closing -= mean["scheduled_principal"] + mean["prepaid"] + mean["exited"] + mean["defaulted"]
        worst = max(worst, abs(closing - mean["balance"]) / told["opening_balance"])
        opening = mean["balance"]
    return worst


@pytest.mark.parametrize("options", [{}, {"policy": "prudent"}, {"new_lending": "constant-balance"}], ids=str)
def test_the_months_of_a_panel_close(panel_home: Path, options: dict[str, Any]) -> None:
    assert worst_gap(document(panel_home, **options)) < 1e-9


def test_the_months_of_an_outcome_table_close(sba_home: Path) -> None:
    told = document(sba_home)
    assert worst_gap(told) < 1e-9
    month = told["months"][0]
    assert month["charged_off_loans"] == month["defaulted_loans"]  # what ends is the charge-off itself
    assert month["arrears"] == {}
    assert month["net_loss"] is None


def test_the_months_of_lines_close_and_draw(snapshot_home: Path) -> None:
    told = document(snapshot_home)
    assert worst_gap(told) < 1e-9
    assert told["months"][0]["drawn"]["mean"] > 0.0
    assert sum(item["mean"] for item in told["months"][0]["arrears"].values()) == pytest.approx(1.0)
    assert told["months"][0]["loans"]["mean"] == pytest.approx(5.0, abs=0.5)
    assert "interest" not in told["assumed"]  # balance and rate are stated: nothing of it is assumed


def test_loans_in_number_close_and_their_mix_sums_to_one(panel_home: Path) -> None:
    told = document(panel_home)
    months = told["months"]
    for before, month in itertools.pairwise(months):
        gone = month["defaulted_loans"]["mean"] + month["prepaid_loans"]["mean"]
        # contracts that reach their end leave too: never more are live than were
        assert month["loans"]["mean"] <= before["loans"]["mean"] - gone + 1e-9
        assert sum(item["mean"] for item in month["arrears"].values()) == pytest.approx(1.0)
        assert all(0.0 <= item["p05"] <= item["p95"] <= 1.0 for item in month["arrears"].values())
    total = sum(month["defaulted_loans"]["mean"] for month in months)
    assert told["totals"]["defaulted_loans"]["mean"] == pytest.approx(total)


def test_numbers_equal_those_of_the_plain_reference(panel_home: Path) -> None:
    with opened(panel_home) as twin:
        outlook = Outlook(twin)
        economy = outlook.simulated(12, 3, 1)
        cells, shocks = outlook.cells(economy, 12), outlook.drawn(economy, 3, 1)
        model = twin.model
        made = conditional_numbers(model.parameters, cells, model.lgd, shocks)
        wanted = conditional_numbers_reference(model.parameters, cells, shocks)
    for name in ("live", "defaulted", "prepaid", "exited"):
        np.testing.assert_allclose(getattr(made, name), getattr(wanted, name), rtol=1e-12, atol=1e-12)


def test_net_loss_is_of_joint_paths(panel_home: Path) -> None:
    told = document(panel_home)
    net, charged, back = (told["totals"][name] for name in ("net_loss", "charged_off", "recovered"))
    assert net["mean"] == pytest.approx(charged["mean"] - back["mean"])
    # what is charged off and what comes back of it move together
    assert net["p95"] - net["p05"] < (charged["p95"] - back["p05"]) - (charged["p05"] - back["p95"])


@pytest.mark.slow
def test_what_loans_in_default_bring_is_uncertain_and_has_its_mean(panel_home: Path) -> None:
    with opened(panel_home) as twin:
        outlook = Outlook(twin)
        awaited = awaited_from_default(outlook, 24)
        charged, recovered = stock_in_default(outlook, 24)
        economy = outlook.simulated(24, 4000, 3)
        plain = projected(outlook, economy, 24, 4000, 3)
        made = with_stock(plain, awaited, 3, number=True)
        share = share_charged_off(outlook)
    np.testing.assert_array_equal(awaited[0].amount, charged)
    np.testing.assert_array_equal(awaited[1].amount, recovered)
    assert share is not None
    assert 0.0 < share < 1.0
    first = made.simulated["charged_off"][:, 0] - plain.simulated["charged_off"][:, 0]
    assert first.std() > 0.1 * charged[0]
    assert first.mean() == pytest.approx(charged[0], rel=0.15)
    # compound Poisson: the variance is the expected number times the mean square of one loan's charge-off
    assert first.var() == pytest.approx(awaited[0].square[0], rel=0.25)


def test_luck_of_two_loans_in_default_by_hand() -> None:
    # two loans of 100 and 300, each charged off whole with probability 1/8 in each of two months
    paths = np.zeros((20_000, 2))
    amount, number = np.array([50.0, 50.0]), np.array([0.25, 0.25])
    square = np.array([0.125 * (100.0**2 + 300.0**2)] * 2)
    figures = {"charged_off": paths, "recovered": paths}
    made = Paths(1.0, figures, figures, paths, paths)
    nothing = Awaited(np.zeros(2), np.zeros(2), np.zeros(2), 0.0)
    drawn = with_stock(made, (Awaited(amount, number, square, 1e9), nothing), 7, number=False).simulated
    assert drawn["charged_off"].mean(axis=0) == pytest.approx([50.0, 50.0], rel=0.05)
    assert drawn["charged_off"].var(axis=0) == pytest.approx(square, rel=0.1)
    assert not drawn["recovered"].any()
    ended = with_stock(made, (Awaited(amount, number, square, 400.0), nothing), 7, number=False).simulated
    assert ended["charged_off"].max() == 400.0  # no more than the two loans owe
