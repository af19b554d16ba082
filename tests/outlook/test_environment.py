"""Tables of an environment: made from an outlook for any horizon, stored by `fit`, stale ones not used."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date

import gymnasium
import numpy as np
import pytest

import loantwin as lt
import loantwin.env
from loantwin.events.event import Event
from loantwin.events.home import Home
from loantwin.outlook import environment as source
from loantwin.outlook.environment import EVENT, STORED_MONTHS, STORED_PATHS, environment, made
from loantwin.outlook.outlook import Outlook

assert loantwin.env is not None


@pytest.fixture
def home(panel_home, tmp_path):
    return shutil.copytree(panel_home, tmp_path / "twin")


def same(one, other):
    assert np.array_equal(one[0].cells.balance, other[0].cells.balance)
    assert np.array_equal(one[0].templates.balance, other[0].templates.balance)
    assert np.array_equal(one[1].covariates, other[1].covariates)
    return True


def test_what_fit_stored_is_what_an_outlook_gives(home):
    with lt.open(home) as twin:
        event = twin.last(EVENT)
        assert event.data["model_blob"] == twin.fitted.data["model_blob"]
        assert source._stored(twin) is not None
        assert same(source._stored(twin), made(Outlook(twin), STORED_MONTHS, STORED_PATHS))
        assert environment(twin) is environment(twin, 12)  # a shorter episode is a beginning of the usual one


def test_an_environment_takes_any_horizon_and_number_of_paths(home):
    with lt.open(home) as twin:
        env = gymnasium.make("loantwin/Portfolio-v0", twin=twin, horizon=50, paths=5)
        env.reset(seed=3)
        steps = 0
        while not env.step(np.zeros(5, dtype=np.float32))[3]:
            steps += 1
        assert steps == 49
        assert env.unwrapped.economy.covariates.shape[:2] == (5, 51)
        short = gymnasium.make("loantwin/Portfolio-v0", twin=home)
        assert short.unwrapped.horizon == STORED_MONTHS


@pytest.mark.slow
def test_tables_of_another_model_or_another_book_are_not_used(home, lender):
    with lt.open(home) as twin:
        loans = twin.known_loans
        loan = loans.filter(loans["charge_off_date"].is_not_null())["loan_id"][0]
        wrong = {**twin.last(EVENT).data, "model_blob": "0" * 64}
        with Home.open(home, writable=True) as writer:
            blob = writer.put_json({"another": "model"})
            writer.append([Event(EVENT, twin.as_of, {**wrong, "model_blob": blob})])
        assert source._stored(twin.refreshed()) is None
        assert same(environment(twin.refreshed()), made(Outlook(twin), STORED_MONTHS, STORED_PATHS))
    lt.fit(home, [lender / "macro.csv"])
    with lt.open(home) as twin:
        assert source._stored(twin) is not None
        costs = replace(twin.config, economics=replace(twin.config.economics, funding_annual_rate=0.07))
        assert source._stored(twin.using(costs)) is None
        assert environment(twin.using(costs))[0].economics.funding_annual_rate == 0.07
        with Home.open(home, writable=True) as writer:
            writer.append([Event("RecoveryReceived", date(2022, 12, 1), {"loan_id": loan, "amount": 100})])
        assert source._stored(twin.refreshed()) is None


def test_a_fit_is_one_transaction(home, lender, monkeypatch):
    """Whatever stops a fit, the home holds its model with its environment, or neither."""
    appended = []
    append = Home.append

    def counted(self, events):
        batch = list(events)
        appended.append([event.type for event in batch])
        return append(self, batch)

    monkeypatch.setattr(Home, "append", counted)
    lt.fit(home, [lender / "macro.csv"])
    assert appended == [["MacroLoaded", "ModelFitted", EVENT]]
