"""A lender without a macro file: the period effect carries the economy, and no scenario is answered."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loantwin as lt
from loantwin.errors import UsageError
from loantwin.interfaces.cli.main import run
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import portfolio
from loantwin.risk.provisions.measurement import FORGOTTEN

AS_OF = dt.date(2022, 12, 31)
WORDS = "no macro covariates: it was fitted without a macro file"


@pytest.fixture(scope="module")
def home(lender: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alone") / "twin"
    lt.twin_create(folder, lender / "tape.csv", str(lender / "mapping.toml"), AS_OF)
    lt.fit(folder)
    return folder


def said(result: Any) -> str:
    return json.dumps(result.to_dict())


MEASURES: dict[str, Callable[[Path], Any]] = {
    "fit": lt.fit,
    "forecast": lambda home: lt.forecast(home, paths=100),
    "forecast of a steered book": lambda home: lt.forecast(
        home, paths=20, months=12, policy="prudent", new_lending="constant-balance"
    ),
    "ifrs9": lambda home: lt.provisions(home, "ifrs9"),
    "cecl": lambda home: lt.provisions(home, "cecl"),
    "five-level": lambda home: lt.provisions(home, "five-level"),
    "movement": lambda home: lt.movement(home, "2022-09-30"),
    "loss": lambda home: lt.loss(home, paths=2000, confidence=0.99),
    "gaussian": lambda home: lt.loss(home, model="gaussian", confidence=0.99),
    "stress": lt.stress,
    "actions": lambda home: lt.stress(home, actions=["tighten"], new_lending="constant-balance"),
    "capital": lambda home: lt.capital(home, any_date=True),
    "capital through the paths": lambda home: lt.capital(home, pd="point-in-time", any_date=True),
    "concentration": lt.concentration,
    "components": lt.components,
    "backtest": lambda home: lt.backtest(home, "2021-12-31", horizons=[12], paths=50),
}


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_runs_and_says_that_no_macro_was_used(home: Path, name: str) -> None:
    assert WORDS in said(MEASURES[name](home))


def test_every_derivative_of_loss_is_there_but_those_by_macro(
    home: Path, oracle: Callable[[str], Any]
) -> None:
    oracle("jax")
    found = lt.sensitivity(home)
    assert WORDS in said(found)
    assert "macro effect" not in {row.kind for item in found.scenarios.values() for row in item.parameters}


@pytest.mark.slow
def test_the_page_says_it(home: Path, tmp_path: Path) -> None:
    lt.report(home, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert WORDS in page
    assert "so that no scenario can be run" in page
    assert "Macro effects" not in page


ASKED: dict[str, tuple[str, Callable[[Path, str], object]]] = {
    "forecast": ("scenarios", lambda home, name: lt.forecast(home, scenarios=name)),
    "provisions": ("scenarios", lambda home, name: lt.provisions(home, "cecl", scenarios=f"{name}=1")),
    "movement": ("scenarios", lambda home, name: lt.movement(home, "2022-09-30", scenarios=name)),
    "components": ("scenarios", lambda home, name: lt.components(home, scenarios=name)),
    "report": ("scenarios", lambda home, name: lt.report(home, home / "x.html", scenarios=name)),
    "stress": ("scenarios", lambda home, name: lt.stress(home, name)),
    "replay": ("replays", lambda home, name: lt.stress(home, replays=[name])),
    "shock": ("shocks", lambda home, name: lt.stress(home, shocks=[name])),
    "sensitivity": ("sensitivities", lambda home, name: lt.stress(home, sensitivities=[name])),
    "reverse": ("reverse", lambda home, name: lt.stress(home, reverse=[name])),
}


@pytest.mark.parametrize("verb", ASKED)
def test_a_scenario_is_refused_by_its_name(home: Path, verb: str) -> None:
    field, ask = ASKED[verb]
    with pytest.raises(UsageError, match=r"covariates for base.csv#Severe.*fit --macro FILE") as refused:
        ask(home, "base.csv#Severe")
    assert refused.value.field == field


def test_every_factor_at_once_is_refused_too(home: Path) -> None:
    with pytest.raises(UsageError, match="for every factor, was one fitted without a macro file"):
        lt.stress(home, all_sensitivities=True)


def test_the_command_line_needs_no_file(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["loantwin", "fit", str(home), "--json"])
    with pytest.raises(SystemExit) as ended:
        run()
    assert not ended.value.code
    assert json.loads(capsys.readouterr().out)["covariates"] == []


def test_a_forecast_lies_where_one_with_macro_lies(home: Path, panel_home: Path) -> None:
    alone, beside = (lt.forecast(folder, paths=500).totals for folder in (home, panel_home))
    for name in ("balance", "prepaid", "interest", "defaulted", "charged_off"):
        one, other = alone[name], beside[name]
        assert one is not None
        assert other is not None
        assert other.p05 < one.mean < other.p95
        assert one.p05 < other.mean < one.p95


def test_the_past_lies_within_the_intervals_without_macro(data: Path, tmp_path: Path) -> None:
    """The waves of 2001 and 2007 came without a macro file to foretell them; the intervals held them."""
    lt.twin_create(tmp_path / "twin", data / "sba/sba_block.csv.gz", "sba", dt.date(2005, 12, 31))
    lt.fit(tmp_path / "twin")
    found = lt.backtest(
        tmp_path / "twin",
        ["2001-12-31", "2003-12-31", "2005-12-31", "2007-12-31"],
        horizons=[12],
        paths=300,
    )
    block = found.given_macro.figures["charge_offs"]["12"]
    assert block.coverage90 >= 0.75


def test_provisions_hold_todays_level_and_let_it_revert(home: Path) -> None:
    with lt.open(home) as twin:
        outlook = Outlook(twin)
        level = twin.model.processes[0]
        shocks = outlook.expected(outlook.simulated(FORGOTTEN, 1, 1))[0, :, 0]
        loading = twin.model.parameters.loading[0, 0]
        plain = np.log(shocks[:2])
        assert plain[1] - plain[0] == pytest.approx(
            loading * level.mean * (level.phi - 1) * level.phi, abs=0.02
        )
        assert shocks[-1] == pytest.approx(portfolio(outlook).historical[0], rel=1e-9)


def test_environments_are_stepped_without_covariates(home: Path) -> None:
    pytest.importorskip("gymnasium")
    from loantwin.env.portfolio import PortfolioEnv

    env = PortfolioEnv(home, horizon=3)
    assert env.factors == ()
    env.reset(seed=1)
    assert np.isfinite([env.step(env.action_space.sample())[1] for _ in range(3)]).all()


def test_a_model_with_covariates_is_not_taken_over_without_files(
    panel_home: Path, home: Path, lender: Path, tmp_path: Path
) -> None:
    lt.twin_create(tmp_path / "new", lender / "tape.csv", str(lender / "mapping.toml"), AS_OF)
    with pytest.raises(UsageError, match=r"model taken over .unemployment_rate, .*was 'none'") as refused:
        lt.fit(tmp_path / "new", model_from=panel_home)
    assert refused.value.field == "macro"
    assert lt.fit(tmp_path / "new", model_from=home).covariates == ()
    assert lt.forecast(tmp_path / "new", paths=20).opening_balance > 0
