"""The environment: Gymnasium's own check, one seed one episode, levers that matter, money that balances."""

import datetime as dt
import json
import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import loantwin.env
from loantwin.clock import FixedClock
from loantwin.decisions.load import load_policy
from loantwin.decisions.portfolio import run_policy
from loantwin.engine.step.store import (
    environment_from_dict,
    environment_to_dict,
    tables_from_dict,
    tables_to_dict,
)
from loantwin.env.built_in import built_in
from loantwin.env.portfolio import PortfolioEnv
from loantwin.env.spaces import observation_names
from loantwin.errors import HomeError, ModelError, UsageError
from loantwin.events.home import Home
from loantwin.types import LEVERS

NAME = "loantwin/Portfolio-v0"


def episode(env, act, seed=5):
    seen, info = env.reset(seed=seed)
    rows, infos = [(seen, 0.0)], []
    while True:
        seen, earned, terminated, truncated, info = env.step(act(env))
        rows.append((seen, earned))
        infos.append(info)
        assert not terminated
        if truncated:
            return np.array([row[0] for row in rows]), np.array([row[1] for row in rows]), infos


def still(env):
    return np.zeros(5, dtype=np.float32)


def test_gymnasium_finds_nothing_wrong():
    env = gymnasium.make(NAME)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped)
    assert env.action_space == gymnasium.spaces.Box(-1, 1, (5,), np.float32)
    assert loantwin.env is not None


def test_the_same_seed_gives_the_same_episode_and_another_seed_another():
    env = gymnasium.make(NAME)
    first, again, other = (episode(env, still, seed) for seed in (5, 5, 6))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[1], other[1])


@pytest.mark.parametrize("lever", LEVERS)
@pytest.mark.parametrize("value", [-1.0, 1.0])
def test_every_lever_moves_the_outcome(lever, value):
    env = gymnasium.make(NAME)
    action = np.zeros(5, dtype=np.float32)
    action[LEVERS.index(lever)] = value
    neutral, moved = episode(env, still), episode(env, lambda _: action)
    assert abs(moved[1].sum() - neutral[1].sum()) > 0.01
    assert np.abs(moved[0] - neutral[0]).max() > 1e-4
    macro = [
        i for i, name in enumerate(observation_names(env.unwrapped.factors)) if name.startswith("macro.")
    ]
    assert np.array_equal(moved[0][:, macro], neutral[0][:, macro]), "the same luck whatever the action"


def test_money_balances_to_the_cent():
    env = gymnasium.make(NAME)
    random = np.random.Generator(np.random.Philox(key=9))
    _, rewards, infos = episode(env, lambda _: random.uniform(-1, 1, 5).astype(np.float32))
    balance, stock = infos[0]["minor_units"]["opening"], 0
    for earned, info in zip(rewards[1:], infos, strict=True):
        cents = info["minor_units"]
        assert cents["opening"] == balance
        added = cents["opening"] + cents["new_lending"] + cents["draws"] + cents["arrears"]
        balance = cents["balance"]
        assert (
            added - cents["scheduled_principal"] - cents["prepaid"] - cents["exited"] - cents["defaulted"]
            == balance
        )
        stock += cents["defaulted"] - cents["charged_off"] - cents["resolved"]
        assert stock == cents["in_default"]
        costs = cents["funding_cost"] + cents["servicing_cost"] + cents["collection_cost"]
        assert cents["interest"] - costs - cents["loss"] == cents["profit"]
        assert earned == pytest.approx(
            1000.0 * cents["profit"] / infos[0]["minor_units"]["opening"], abs=1e-7
        )
        assert abs(sum(info["new_lending_by_segment"].values()) * 100 - cents["new_lending"]) <= 1


def test_a_policy_written_as_rules_acts_unchanged():
    policy = load_policy("prudent")
    env = gymnasium.make(NAME)
    _, _, infos = episode(env, lambda env: env.unwrapped.action(policy), seed=3)
    tables, _ = built_in(36)
    inner = env.unwrapped
    run = run_policy(policy, tables, inner._shocks, inner._covariates[:, 1:])
    assert run["balance"][0] * 100 == pytest.approx(
        [info["minor_units"]["balance"] for info in infos], rel=1e-6
    )
    assert np.abs(run.levers).max() > 0


def test_the_observation_shows_no_latent_effect_and_nothing_ahead():
    """Two episodes with equal covariates but other latent luck show the same macro figures; names hold no
    latent.
    """
    names = observation_names(built_in(36)[0].parameters.factors)
    assert not [name for name in names if "frailty" in name or "latent" in name]
    env = PortfolioEnv(horizon=4)
    env.reset(seed=1)
    ahead = env._covariates.copy()
    env._covariates[:, 2:] = 99.0
    seen, *_ = env.step(np.zeros(5, dtype=np.float32))
    assert seen[-2:] == pytest.approx(ahead[0, 1], rel=1e-6)


def test_luck_does_not_follow_the_action():
    """Two policies with one seed meet the same economy, in this episode and in the one after it."""
    seen = {}
    for name, action in (("still", np.zeros(5)), ("busy", np.ones(5)), ("mixed", np.linspace(-1, 1, 5))):
        env, told = PortfolioEnv(horizon=6), []
        env.reset(seed=8)
        for month in range(6 if name == "still" else 4):
            step, *_ = env.step((action * (1 if month % 2 else -1)).astype(np.float32))
            told.append(step[-len(env.factors) :])
        env.reset()
        later = [env.step(np.zeros(5, dtype=np.float32))[0] for _ in range(6)]
        seen[name] = np.array(told[:4]), np.array(later)
    for name in ("busy", "mixed"):
        for mine, theirs in zip(seen["still"], seen[name], strict=True):
            assert np.array_equal(mine, theirs)


def test_wrong_use_is_named():
    env = PortfolioEnv(horizon=1)
    with pytest.raises(UsageError, match="reset"):
        env.step(np.zeros(5, dtype=np.float32))
    env.reset(seed=1)
    with pytest.raises(UsageError, match="cut_off"):
        env.step(np.array([np.nan, 0, 0, 0, 0], dtype=np.float32))
    env.step(np.zeros(5, dtype=np.float32))
    with pytest.raises(UsageError, match="reset"):
        env.step(np.zeros(5, dtype=np.float32))
    with pytest.raises(UsageError, match="options"):
        env.reset(options={"speed": 1})
    tables, economy = built_in(12)
    with pytest.raises(UsageError, match="horizon"):
        PortfolioEnv(tables=tables, economy=economy, horizon=13)
    with pytest.raises(UsageError, match="tables"):
        PortfolioEnv(tables=tables)
    with pytest.raises(UsageError, match="render_mode"):
        PortfolioEnv(render_mode="human")


def test_rendering_is_one_line_of_text():
    env = gymnasium.make(NAME, render_mode="ansi", horizon=2)
    env.reset(seed=1)
    assert "month   0" in env.render()
    assert "\n" not in env.render()


def test_tables_survive_the_round_trip_through_json_bit_by_bit():
    tables, economy = built_in(12)
    text = json.dumps(environment_to_dict(tables, economy), allow_nan=False)
    again, climate = environment_from_dict(json.loads(text))
    own = episode(PortfolioEnv(tables=tables, economy=economy), still)
    read = episode(PortfolioEnv(tables=again, economy=climate), still)
    assert np.array_equal(own[1], read[1])


def test_damaged_tables_are_refused_by_name():
    document = tables_to_dict(built_in(12)[0])
    with pytest.raises(ModelError, match="format"):
        tables_from_dict({**document, "format": 99})
    with pytest.raises(ModelError, match="lgd"):
        tables_from_dict({key: value for key, value in document.items() if key != "lgd"})
    broken = json.loads(json.dumps(document))
    broken["cells"]["balance"]["values"].pop()
    with pytest.raises(ModelError, match="balance"):
        tables_from_dict(broken)


def test_a_home_that_is_none_is_named(tmp_path):
    with pytest.raises(HomeError, match="home"):
        gymnasium.make(NAME, twin=tmp_path / "nothing")


def test_the_built_in_book_has_sixty_cells_and_loads_nothing_heavy():
    assert len(built_in(36)[0].cells.segment) == 60
    code = (
        "import sys, gymnasium, loantwin.env; gymnasium.make('loantwin/Portfolio-v0').reset(seed=1);"
        "print([name for name in ('polars', 'numba', 'scipy', 'sqlite3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_home_without_a_tape_is_named(tmp_path):
    Home.create(tmp_path / "twin", FixedClock(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))).close()
    with pytest.raises(HomeError, match="make the home anew with `twin create`"):
        gymnasium.make(NAME, twin=tmp_path / "twin")
