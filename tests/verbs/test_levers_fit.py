"""`levers fit`: the contract's keys, the file of levers and its draws, the environment that takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loantwin as lt
from loantwin.decisions.offers.fitted import read_levers
from loantwin.engine.step.levers import LeverEffects
from loantwin.env.portfolio import PortfolioEnv
from loantwin.env.vector import PortfolioVectorEnv
from loantwin.errors import ConfigError, MappingError, UsageError
from tests.decisions.offers import made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("levers")
    made.files(folder, made.log(6000, seed=2))
    return folder


@pytest.fixture(scope="module")
def result(place: Path) -> Any:
    return lt.levers_fit(place / "offers.csv", place / "offers.toml", out=place / "levers.json")


def test_the_document_holds_the_keys_of_the_contract(result: Any) -> None:
    told = result.to_dict()
    for name in ("take_up_slope", "size_slope", "arrears_slope", "elasticity"):
        assert {"value", "standard_error", "low", "high"} <= set(told[name])
        assert told[name]["low"] < told[name]["value"] < told[name]["high"]
    assert told["identified"] is True
    assert "speaks against" in told["why"]
    value = told["policy_value"]
    assert value["low"] < value["rule"] < value["high"]
    assert value["difference"]["value"] == pytest.approx(value["rule"] - value["logged"])


def test_an_unseen_cause_widens_the_value_of_a_rule(place: Path, tmp_path: Path) -> None:
    log, mapping = made.files(tmp_path, made.log(6000, seed=2, confounded=0.7))
    told = lt.levers_fit(log, mapping)
    assert not told.identified
    assert told.policy_value is not None
    assert told.policy_value.difference.bias > 0.0
    assert told.arrears_parts is None
    assert any("not taken as causes" in note for note in told.notes)


def test_where_nothing_is_known_of_prices_it_says_so_unless_the_lender_does(tmp_path: Path) -> None:
    text = made.MAPPING.replace('covariates = ["income", "region"]\n', "")
    told = lt.levers_fit(*made.files(tmp_path, made.log(2000), text))
    assert not told.identified
    assert "it is not known how prices were chosen" in told.why
    assert told.take_up_slope.bias > 0.0
    stated = lt.levers_fit(*made.files(tmp_path, made.log(2000), "randomised = true\n" + text))
    assert stated.identified
    assert stated.take_up_slope.bias == 0.0
    denied = lt.levers_fit(*made.files(tmp_path, made.log(2000), "randomised = false\n" + made.MAPPING))
    assert not denied.identified


def test_a_default_rule_without_overlap_is_told_and_one_asked_for_refused(tmp_path: Path) -> None:
    log, mapping = made.files(tmp_path, made.log(100))
    told = lt.levers_fit(log, mapping, within=["class"])
    assert told.policy_value is None
    assert any(note.startswith("the value of cut=1 is not shown") for note in told.notes)
    with pytest.raises(UsageError, match="field rule"):
        lt.levers_fit(log, mapping, rule="rate=90")


def test_without_arrears_take_up_and_size_are_fitted_alone(tmp_path: Path) -> None:
    text = made.MAPPING.replace('arrears = "late"\n', "")
    told = lt.levers_fit(*made.files(tmp_path, made.log(2000), text))
    assert told.arrears_slope is None
    assert told.size_slope is not None
    assert told.policy_value is None
    assert "late_log_odds_slope" not in told.posterior.names


def test_the_file_gives_back_the_posterior_and_draws_from_it(place: Path, result: Any) -> None:
    levers = read_levers(place / "levers.json")
    assert levers.names == result.posterior.names
    assert levers.mean.tolist() == list(result.posterior.mean)
    assert levers.covariance.tolist() == [list(row) for row in result.posterior.covariance]
    drawn = levers.draw(20_000, np.random.default_rng(3))
    errors = np.sqrt(np.diag(levers.covariance))
    assert (drawn.mean(axis=0) - levers.mean) / errors == pytest.approx(0.0, abs=0.03)
    assert drawn.std(axis=0) / errors == pytest.approx(1.0, rel=0.03)
    theirs = np.corrcoef(drawn, rowvar=False)
    assert theirs == pytest.approx(levers.covariance / np.outer(errors, errors), abs=0.03)
    with pytest.raises(UsageError, match="at least 1 draw"):
        levers.draw(0, np.random.default_rng(3))


def test_the_environment_takes_the_fitted_effects(place: Path, result: Any) -> None:
    """By hand: what is lent an offer falls by a share of itself a point; 12 points a year are one here."""
    levers = read_levers(place / "levers.json")
    effects, said = levers.effects()
    share = dict(zip(levers.names, levers.mean.tolist(), strict=True))["amount_log_slope"]
    assert effects.price_log_amount == pytest.approx(-share * 100.0 / 12.0)
    read = {"amount_log_slope", "late_log_odds_slope"}  # the slope of take-up alone is read by prices
    assert len(said) == len(read & set(levers.names))
    env = PortfolioEnv(effects=place / "levers.json")
    assert env.tables.effects == effects
    assert PortfolioEnv().tables.effects == LeverEffects()
    dear = np.array([0.0, 1.0, 0.0, 0.0, 0.0], dtype=np.float32)
    lent = []
    for chosen in (PortfolioEnv(), env):
        chosen.reset(seed=1)
        lent.append(sum(chosen.step(dear)[4]["new_lending_by_segment"].values()))
    ratio = np.exp(-0.02 * (effects.price_log_amount - LeverEffects().price_log_amount))
    assert lent[1] / lent[0] == pytest.approx(ratio, rel=1e-9)
    many = PortfolioVectorEnv(2, effects=levers.effects(levers.draw(1, np.random.default_rng(1))[0])[0])
    assert many.tables.effects != effects
    with pytest.raises(UsageError, match="lever effects, or a file of them"):
        PortfolioEnv(effects=3)  # type: ignore[arg-type]  # what a user may hand it


def test_an_effect_of_the_other_sign_is_taken_as_none_and_told(place: Path) -> None:
    levers = read_levers(place / "levers.json")
    turned = levers.mean * np.array([-1.0 if name == "amount_log_slope" else 1.0 for name in levers.names])
    effects, said = levers.effects(turned)
    assert effects.price_log_amount == 0.0
    assert "of the other sign" in said[0]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("schema", "loantwin.levers/9", "field schema"),
        ("mean", [1.0], "field mean"),
        ("covariance", [[0.0]], "field covariance"),
        ("bias", [-1.0] * 9, "field bias"),
        ("names", ["charm"], "field names"),
        ("identified", 1, "field identified"),
        ("points_a_year", 0, "field points_a_year"),
        ("more", 1, "field more"),
        ("why", None, "field why"),
    ],
)
def test_a_spoilt_file_of_levers_is_refused_by_key(
    place: Path, result: Any, tmp_path: Path, key: str, value: Any, words: str
) -> None:
    document = json.loads((place / "levers.json").read_text(encoding="utf-8"))
    if key == "bias":
        value = value[: len(document["names"])]
    (tmp_path / "bad.json").write_text(json.dumps({**document, key: value}), encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        read_levers(tmp_path / "bad.json")


def test_a_file_that_is_no_levers_is_not_written_over(place: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="one of levers"):
        lt.levers_fit(place / "offers.csv", place / "offers.toml", out=tmp_path / "notes.json")
    assert (tmp_path / "notes.json").read_text(encoding="utf-8") == "{}"
    with pytest.raises(MappingError):
        lt.levers_fit(place / "offers.csv", place / "no.toml")
    with pytest.raises(UsageError, match="field offers"):
        lt.levers_fit(place / "no.csv", place / "offers.toml")
