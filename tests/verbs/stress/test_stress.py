"""Stress tests of a whole twin: what must hold between scenarios, their parts, their paths, reverse stress
and actions.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import loantwin as lt
from loantwin.errors import InputError, UsageError
from loantwin.macro.shock import Shape
from loantwin.macro.windows import moves
from loantwin.months import parse_label
from loantwin.outlook.outlook import Outlook
from loantwin.risk.stress.reverse import mildest
from loantwin.risk.stress.stress import StressResult
from loantwin.verbs.stress.flows import MODELS, added_up, twin_flows
from loantwin.verbs.stress.rarity import crisis_costs
from loantwin.verbs.stress.reverse import reversed_stress
from loantwin.verbs.stress.run import prepared
from loantwin.verbs.stress.scenarios import expected_path, innovations_of, model_factors
from loantwin.verbs.stress.search import Search

MONTHS = 12
SLUMP = """
name = "Slump"
[[shock]]
factor = "unemployment_rate"
unit = "points"
peak = 3
months_to_peak = 6
months_to_decay = 0
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stress")
    (folder / "slump.toml").write_text(SLUMP)
    (folder / "capital.toml").write_text("cet1 = 6_000_000\nrisk_weight = 0.7\n")
    (folder / "irb.toml").write_text('cet1 = 6_000_000\napproach = "irb"\n')
    return folder


@pytest.fixture(scope="module")
def scenarios(lender: Path) -> list[str]:
    return [f"{lender / 'scenarios.csv'}#{name}" for name in ("Baseline", "Severe")]


@pytest.fixture(scope="module")
def result(panel_home: Path, scenarios: list[str], files: Path) -> StressResult:
    return lt.stress(
        panel_home,
        scenarios,
        align="start",
        months=MONTHS,
        replays=["2020-06"],
        shocks=[str(files / "slump.toml")],
        all_sensitivities=True,
        shape=Shape(6, 0, 12),
        reverse=["loss=1.2%"],
        capital=files / "capital.toml",
        new_lending="none",
        actions=["sell=25%@6:0.9", "prudent"],
    )


def test_the_document_keeps_its_contract(result: StressResult) -> None:
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    jsonschema.validate(document, StressResult.json_schema())
    named = [key for key in document if not key.startswith("_")]
    assert named == ["Baseline", "Severe", "replay 2020-06", "Slump", "reverse loss=1.2%"]
    assert set(document["Severe"]) == {
        "defaulted",
        "charged_off",
        "allowance",
        "net_interest_income",
        "peak_month",
        "interval",
        "prior_share",
    }
    assert {"_paths", "_parts", "_macro", "_plausibility", "_sensitivities", "_reverse", "_actions"} <= set(
        document
    )


def test_a_shock_and_a_severe_scenario_cost_more(result: StressResult) -> None:
    base = result.scenarios["Baseline"]
    for name in ("Severe", "Slump"):
        assert result.scenarios[name].defaulted > base.defaulted
        assert result.scenarios[name].allowance > base.allowance


def test_parts_add_up_by_factor_and_by_segment(result: StressResult) -> None:
    for found in result.parts.values():
        for item in found.values():
            gap = item.stressed - item.baseline
            assert sum(item.by_factor.values()) == pytest.approx(gap, rel=1e-9, abs=1e-6)
            assert sum(item.by_segment.values()) == pytest.approx(gap, rel=1e-9, abs=1e-6)
    only = result.parts["Slump"]["defaulted"].by_factor
    assert {factor for factor, part in only.items() if abs(part) > 1e-6} == {"unemployment_rate"}


def test_series_add_up_to_the_figures(result: StressResult) -> None:
    for name, path in result.paths.items():
        item = result.scenarios[name]
        assert sum(path.defaulted) == pytest.approx(item.defaulted, rel=1e-12)
        assert sum(path.charged_off) == pytest.approx(item.charged_off, rel=1e-12)
        assert sum(path.net_interest_income) == pytest.approx(item.net_interest_income, rel=1e-9)
        assert path.allowance[0] == pytest.approx(item.allowance, rel=1e-9)
        assert min(path.allowance) >= 0.0
        assert len(path.months) == MONTHS
        assert path.quarters[-1] == path.months[-1]
        cash = sum(sum(values) for values in path.cash_in.values()) - sum(
            sum(values) for values in path.cash_out.values()
        )
        assert path.cash_gap[-1] == pytest.approx(cash, rel=1e-9)
    base = result.paths["Baseline"]
    assert base.credit_loss[0] == pytest.approx(0.0, abs=1e-6)  # the baseline is what was booked
    assert result.paths["Severe"].credit_loss[0] > 0.0


def test_reverse_stress_costs_what_was_asked(result: StressResult) -> None:
    (found,) = result.reverse
    assert found.reached == pytest.approx(found.target, rel=2e-4)
    assert result.parts["reverse loss=1.2%"]["loss"].stressed == pytest.approx(found.reached, rel=1e-9)
    assert found.distance > 0.0
    assert found.generated_share == found.generated_beyond / found.generated_paths
    assert found.expected < found.target


def test_reverse_stress_says_how_often_such_an_economy_comes(result: StressResult) -> None:
    (found,) = result.reverse
    item = found.rarity
    assert item is not None
    assert item.measure == "loss"
    assert item.normal == pytest.approx(found.tail_probability)
    assert item.generated_low <= found.generated_share <= item.generated_high
    for counted in (item.moves, item.surprises):
        assert counted.share == counted.beyond / counted.windows
        assert 1.0 < counted.apart < counted.windows
        assert counted.low <= counted.share <= counted.high
        assert (counted.worst_cost >= found.reached * 0.999) == (counted.beyond > 0)
    assert item.tail is not None
    assert item.tail.low <= item.tail.chance <= item.tail.high
    assert list(found.crises) == ["1990", "2001", "2008", "2020"]
    for year, crisis in found.crises.items():
        assert (crisis.cost is None) == bool(crisis.gap), year
    document = result.to_dict()["_reverse"][0]
    assert set(document["rarity"]) >= {"moves", "surprises", "tail", "assumed"}


def test_a_window_and_a_crisis_cost_what_their_replay_costs(panel_home: Path, result: StressResult) -> None:
    """And a crisis is as far as a reverse stress whose target is its cost; floating balances apart."""
    with lt.open(panel_home) as twin:
        outlook = Outlook(twin)
        test = prepared(outlook, [expected_path(outlook, MONTHS)], MONTHS, twin_flows)
        search = Search(test, "loss", innovations_of(outlook, MONTHS), MONTHS)
        needed = model_factors(outlook)
        windows = moves(twin.history, outlook.history, outlook.month0, MONTHS, needed, ["treasury_3m"])
        cost = dict(zip(windows.starts.tolist(), search.of_paths(windows.paths).tolist(), strict=True))
        crises = crisis_costs(search)
        still = float(search.values(np.zeros((1, search.basis.shape[1])))[0])
        held = 0
        for year, crisis in crises.items():
            own = cost.get(parse_label(f"{year}-01"))  # what it costs as the search has it
            if own is not None and own > 1.001 * still:
                found, _ = reversed_stress(test, f"loss={own!r}")
                # both searches end within 2e-4 of their target: much of one just above what is expected
                near = max(5e-3, 4e-4 * own / (own - still))
                assert crisis.distance == pytest.approx(found.distance, rel=near)
                held += 1
            elif own is not None and own < 0.999 * still:
                assert crisis.distance == 0.0
    assert held
    replayed = result.parts["replay 2020-06"]["loss"].stressed
    assert cost[parse_label("2020-06")] == pytest.approx(replayed, rel=1e-3)
    assert cost[parse_label("2020-01")] == pytest.approx(crises["2020"].cost, rel=1e-3)
    assert crises["2020"].last == "2020-12"
    assert not crises["2020"].hindsight
    assert "2000" in crises["1990"].gap  # the lender's history begins later


def test_no_generated_path_beyond_the_target_is_milder(panel_home: Path) -> None:
    """The mildest path's distance bounds those of random innovations that cost as much."""
    with lt.open(panel_home) as twin:
        outlook = Outlook(twin)
        test = prepared(outlook, [expected_path(outlook, MONTHS)], MONTHS, twin_flows)
        search = Search(test, "loss", innovations_of(outlook, MONTHS), MONTHS)
        still = float(search.values(np.zeros((1, search.basis.shape[1])))[0])
        found = mildest(search.slopes, search.values, np.zeros(search.basis.shape[1]), 1.1 * still)
        random = np.random.Generator(np.random.Philox(key=3))
        near = random.standard_normal((1500, len(found.z))) * 0.3 + found.z * random.uniform(
            0.6, 1.4, (1500, 1)
        )
        costly = search.values(near) >= found.value
    assert costly.any()
    assert np.linalg.norm(near[costly], axis=1).min() >= found.distance * (1.0 - 1e-6)


@pytest.mark.slow
def test_severity_turns_from_the_baseline_to_twice_the_scenario(
    panel_home: Path, scenarios: list[str]
) -> None:
    defaulted = []
    for severity in (0.0, 1.0, 2.0):
        made = lt.stress(panel_home, scenarios, align="start", months=12, severity=severity)
        defaulted.append(made.scenarios["Severe"].defaulted)
        assert made.settings["severity"] == severity
    assert defaulted[0] == pytest.approx(made.scenarios["Baseline"].defaulted, rel=1e-9)
    assert defaulted[0] < defaulted[1] < defaulted[2]


def test_sensitivities_move_their_factor_alone_and_both_ways(
    result: StressResult, panel_home: Path, scenarios: list[str]
) -> None:
    by_factor = {item.factor: item for item in result.sensitivities}
    unemployment = by_factor["unemployment_rate"]
    assert unemployment.up["loss"] > 0.0 > unemployment.down["loss"]
    assert unemployment.distance is not None
    losses = [max(abs(item.up["loss"]), abs(item.down["loss"])) for item in result.sensitivities]
    assert losses == sorted(losses, reverse=True)
    moved = lt.stress(
        panel_home,
        scenarios[:1],
        align="start",
        months=MONTHS,
        sensitivities=["unemployment_rate=+1sd"],
        correlated=True,
        shape=Shape(6, 0, 12),
    ).sensitivities[0]
    assert moved.correlated
    assert moved.distance == pytest.approx(unemployment.distance)
    assert moved.up["loss"] != pytest.approx(unemployment.up["loss"], rel=1e-6)


def test_a_sale_takes_its_share_off_and_brings_its_price(result: StressResult) -> None:
    sale = result.actions[0]
    for name, item in sale.scenarios.items():
        path = result.paths[name]
        assert item.without.defaulted == pytest.approx(
            result.scenarios[name].defaulted, rel=1e-9
        )  # levers at zero: the run-off
        assert item.taken.sale_proceeds == pytest.approx(0.9 * 0.25 * path.balance[5], rel=1e-9)
        assert item.taken.sale_loss == pytest.approx(0.1 * 0.25 * path.balance[5], rel=1e-9)
        assert item.taken.balance == pytest.approx(0.75 * item.without.balance, rel=1e-9)
        later = sum(path.defaulted[6:])
        assert item.difference["defaulted"] == pytest.approx(-0.25 * later, rel=1e-9)


def test_the_books_with_and_without_an_action_start_alike(result: StressResult) -> None:
    policy = result.actions[1]
    assert policy.name == "prudent"
    assert policy.scenarios["Severe"].without == result.actions[0].scenarios["Severe"].without
    assert policy.scenarios["Severe"].taken != policy.scenarios["Severe"].without


def test_cutting_new_lending_by_all_of_it_is_the_run_off_from_then_on(
    panel_home: Path, scenarios: list[str]
) -> None:
    made = lt.stress(
        panel_home,
        scenarios,
        align="start",
        months=12,
        new_lending="constant-balance",
        actions=["cut-lending", "cut-lending@7", "tighten"],
    )
    still = lt.stress(panel_home, scenarios, align="start", months=12)
    whole, later, tightened = (action.scenarios["Severe"] for action in made.actions)
    assert whole.taken.new_lending == 0.0
    assert whole.taken.defaulted == pytest.approx(still.scenarios["Severe"].defaulted, rel=1e-9)
    # guarantees are netted by segment in the run-off and by their mean in the step
    assert whole.taken.credit_loss == pytest.approx(sum(still.paths["Severe"].credit_loss), rel=3e-3)
    assert 0.0 < later.taken.new_lending < later.without.new_lending
    assert later.taken.defaulted < later.without.defaulted
    assert tightened.taken.new_lending < tightened.without.new_lending
    assert made.scenarios["Severe"].defaulted == pytest.approx(whole.without.defaulted, rel=1e-12)
    assert made.scenarios["Severe"].defaulted > still.scenarios["Severe"].defaulted


@pytest.mark.slow
def test_capital_by_internal_ratings_falls_with_the_book(
    panel_home: Path, scenarios: list[str], files: Path
) -> None:
    made = lt.stress(
        panel_home,
        scenarios,
        align="start",
        months=12,
        capital=files / "irb.toml",
        new_lending="none",
        reverse=["cet1=12%"],
    )
    points = made.paths["Severe"].capital
    assets = [point.risk_weighted_assets for point in points]
    assert all(later < sooner for sooner, later in pairwise(assets))
    lowest = min(
        point.ratio for point in made.paths["reverse cet1=12%"].capital[1:] if point.ratio is not None
    )
    assert lowest == pytest.approx(0.12, abs=2e-4)


def test_another_model_runs_in_the_twins_place(
    panel_home: Path, scenarios: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def doubled(outlook, economy, horizon, by_segment=False):
        flows = twin_flows(outlook, economy, horizon, by_segment)
        return type(flows)(**{**vars(flows), "defaulted": 2.0 * flows.defaulted})

    monkeypatch.setitem(MODELS, "doubled", doubled)
    ours = lt.stress(panel_home, scenarios[:1], align="start", months=6)
    theirs = lt.stress(panel_home, scenarios[:1], align="start", months=6, model="doubled")
    for name, item in ours.scenarios.items():
        assert theirs.scenarios[name].defaulted == pytest.approx(2.0 * item.defaulted, rel=1e-12)
    assert theirs.model == "doubled"
    with pytest.raises(UsageError, match="`model` twin"):
        lt.stress(panel_home, scenarios, align="start", months=6, model="doubled", actions=["prudent"])


def test_flows_of_all_paths_are_those_of_each(panel_home: Path) -> None:
    with lt.open(panel_home) as twin:
        outlook = Outlook(twin)
        economy = outlook.given(expected_path(outlook, 6).scenario, 6)
        whole = added_up(twin_flows(outlook, economy, 6))
        split = twin_flows(outlook, economy, 6, by_segment=True)
    assert split.defaulted.shape[1] == len(twin.model.parameters.segments)
    np.testing.assert_allclose(split.defaulted.sum(axis=1), whole["defaulted"], rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({}, "scenarios", "at least one"),
        ({"replays": ["1800"]}, "replays", "history held"),
        ({"severity": -0.5}, "severity", "0 to 2"),
        ({"sensitivities": ["gold=+1"]}, "sensitivities", "factor of the baseline"),
        ({"sensitivities": ["unemployment_rate"]}, "sensitivities", "FACTOR=SIZE"),
        ({"reverse": ["gold=1"]}, "reverse", "a figure of"),
        ({"reverse": ["loss=-1"]}, "reverse", "FIGURE="),
        ({"reverse": ["loss=99%"]}, "reverse", "largest found"),
        ({"reverse": ["loss=0.0001%"]}, "reverse loss", "expected path gives"),
        ({"reverse": ["cet1=7%"]}, "reverse", "capital"),
        ({"actions": ["sell=20%"]}, "actions", "SHARE@MONTH"),
        ({"actions": ["sell=200%@1"]}, "actions", "at most 1"),
        ({"actions": ["sell=20%@99"]}, "actions", "a month from 1"),
        ({"actions": ["tighten"]}, "actions", "new_lending"),
        ({"actions": ["pray"]}, "actions", "a TOML file"),
        ({"model": "oracle"}, "model", "one of twin"),
        ({"capital": "nowhere.toml"}, "capital", "readable"),
        ({"shocks": ["nowhere.toml"]}, "shocks", "readable"),
    ],
)
def test_what_cannot_be_done_is_one_error_that_names_its_field(
    panel_home: Path, lender: Path, options: dict[str, object], field: str | None, words: str
) -> None:
    scenarios = [] if not options else [f"{lender / 'scenarios.csv'}#Baseline"]
    if "severity" in options:
        scenarios.append(f"{lender / 'scenarios.csv'}#Severe")
    with pytest.raises(InputError, match=words) as caught:
        lt.stress(
            panel_home,
            scenarios,
            align="start" if scenarios else None,
            months=12 if scenarios else None,
            **options,
        )  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.field == field


def test_weights_and_missing_months_are_refused(panel_home: Path, lender: Path, tmp_path: Path) -> None:
    weighed = [f"{lender / 'scenarios.csv'}#{name}=0.5" for name in ("Baseline", "Severe")]
    with pytest.raises(UsageError, match="does not weigh"):
        lt.stress(panel_home, weighed, align="start")
    with pytest.raises(InputError, match="none in"):
        lt.stress(panel_home, [f"{lender / 'scenarios.csv'}#Baseline"], align="start", months=60)


@pytest.mark.slow
@pytest.mark.data
def test_sba_under_replays_and_reverse_stress(sba_home: Path) -> None:
    made = lt.stress(sba_home, replays=["1990", "2001", "2008", "2020"], months=24, reverse=["defaulted=8%"])
    assert next(iter(made.scenarios)) == "expected path"
    assert made.scenarios["replay 2008"].defaulted > made.scenarios["replay 2001"].defaulted
    assert made.plausibility["replay 2008"].distance > made.plausibility["replay 1990"].distance  # type: ignore[operator]
    notes = " ".join(made.provenance["notes"]["replay 2008"])
    assert "hypothetical" in notes
    found = made.reverse[0]
    assert found.reached == pytest.approx(found.target, rel=2e-4)
    # its own path is far off in all quarters and factors; what it costs could have come by a far nearer one
    crisis = found.crises["2008"]
    assert crisis.hindsight
    assert crisis.distance < 0.5 * made.crises["2008"].distance  # type: ignore[operator]
    assert crisis.distance > found.crises["2001"].distance  # type: ignore[operator]
    assert (crisis.cost > found.target) == (crisis.distance > found.distance)  # type: ignore[operator]
    # what docs/stress.md prints
    item = found.rarity
    assert item is not None
    assert (item.moves.windows, item.moves.beyond, item.surprises.windows, item.surprises.beyond) == (
        333,
        8,
        108,
        0,
    )
    assert item.moves.last == "2003-10"  # the last that was known to its end: nothing after the date
    assert item.tail is not None
    shown = [item.normal, item.tail.chance, item.tail.averaged]
    assert shown == pytest.approx([7e-4, 6e-3, 3.9e-2], rel=0.1)
    assert [found.crises[year].distance for year in ("1990", "2001", "2008")] == pytest.approx(
        [2.2, 2.3, 5.1], abs=0.06
    )
