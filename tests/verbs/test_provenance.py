"""A figure that a setting moved says by which value: settings stand in the provenance of every result."""

from __future__ import annotations

import shutil
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import loantwin as lt
from loantwin import config


@pytest.fixture(scope="module")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "lender"
    lt.synthetic(folder, loans=500, months=36, seed=3, as_tape="mapping")
    return folder


@pytest.fixture(scope="module")
def home(lender: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("home") / "twin"
    lt.twin_create(made, lender / "tape.csv", lender / "mapping.toml", date(2021, 12, 31))
    lt.fit(made, [lender / "macro.csv"])
    return made


VERBS: dict[str, Any] = {
    "forecast": lambda home, lender: lt.forecast(home, months=3, paths=8),
    "provisions": lambda home, lender: lt.provisions(home, "ifrs9"),
    "cecl": lambda home, lender: lt.provisions(home, "cecl"),
    "five-level": lambda home, lender: lt.provisions(home, "five-level"),
    "movement": lambda home, lender: lt.movement(home, date(2021, 6, 30)),
    "loss": lambda home, lender: lt.loss(home, months=6, paths=200, confidence=0.9),
    "model": lambda home, lender: lt.loss(home, model="gaussian", months=6, confidence=0.9),
    "capital": lambda home, lender: lt.capital(home, any_date=True),
    "concentration": lambda home, lender: lt.concentration(home),
    "curves": lambda home, lender: lt.curves(home),
    "components": lambda home, lender: lt.components(home),
    "sensitivity": lambda home, lender: lt.sensitivity(home),
    "stress": lambda home, lender: lt.stress(
        home, [f"{lender / 'scenarios.csv'}#Severe"], align="start", months=6
    ),
}


def settings(result: Any) -> dict[str, Any]:
    return dict(result.to_dict()["_provenance"]["settings"])


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_every_result_carries_the_settings_it_was_made_with(home: Path, lender: Path, verb: str) -> None:
    wanted = {item.name: item.value for item in config.load(home / "twin.toml")[1]}
    for name in config.NO_FIGURE:  # changes no bit, so it is no part of where a figure comes from
        del wanted[name]
    asked = {"run.months": 3, "run.paths": 8} if verb == "forecast" else {}
    assert settings(VERBS[verb](home, lender)) == wanted | asked


MOVES = [
    ("ifrs9.backstop_days", 10, "provisions", "allowance"),
    ("ifrs9.lifetime_pd_ratio", 1.0, "provisions", "allowance"),
    ("macro.supported_months", 6, "cecl", "allowance"),
    ("cecl.discounted", True, "cecl", "allowance"),
    ("run.seed", 7, "loss", "expected_loss"),
    ("funding.spread", 0.2, "stress", "Severe"),
    ("loss.correlation", "0.4", "model", "var"),
]
"""Settings, a value that moves a figure, and the figure."""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value", "verb", "figure"), MOVES)
def test_a_setting_that_moves_a_figure_moves_the_provenance(
    home: Path, lender: Path, tmp_path: Path, name: str, value: object, verb: str, figure: str
) -> None:
    other = tmp_path / "twin"
    shutil.copytree(home, other)
    section, key = name.split(".")
    written = f'"{value}"' if isinstance(value, str) else str(value).lower()
    with (other / "twin.toml").open("a") as file:
        file.write(f"\n[config.{section}]\n{key} = {written}\n")
    before, after = VERBS[verb](home, lender).to_dict(), VERBS[verb](other, lender).to_dict()
    assert before[figure] != after[figure], "the setting moves nothing here"
    old, new = (dict(made["_provenance"]["settings"]) for made in (before, after))
    assert {key for key in old if old[key] != new[key]} == {name}
    assert new[name] == value


def test_what_a_caller_chooses_is_what_stands_there(home: Path) -> None:
    made = settings(lt.loss(home, months=6, paths=200, confidence=0.9, seed=99))
    assert made["run.seed"] == 99
    assert settings(lt.provisions(home, "ifrs9", supported_months=12))["macro.supported_months"] == 12


def test_capital_names_the_options_by_their_content(home: Path, tmp_path: Path) -> None:
    text = (files("loantwin.risk.capital") / "options/basel.toml").read_text("utf-8")
    own = tmp_path / "own.toml"
    own.write_text(text, encoding="utf-8")
    built_in, same = lt.capital(home, any_date=True), lt.capital(home, any_date=True, options=str(own))
    assert built_in.provenance["options_hash"] == same.provenance["options_hash"]
    own.write_text(text.replace("total = 0.08", "total = 0.09", 1), encoding="utf-8")
    assert (
        lt.capital(home, any_date=True, options=str(own)).provenance["options_hash"]
        != same.provenance["options_hash"]
    )
