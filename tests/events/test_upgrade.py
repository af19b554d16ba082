"""What older versions wrote stays readable; what newer ones wrote is refused by name."""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import loantwin as lt
from loantwin.decisions.scoring.registered import registered
from loantwin.errors import HomeError, LogError, ModelError
from loantwin.events import event_types, upgrade
from loantwin.events.accounts import accounts
from loantwin.events.event_types import EVENT_TYPES
from loantwin.events.fold import fold, state_at
from loantwin.events.home import Home
from loantwin.models.scoring.store import predict
from loantwin.models.scoring.table import read_table

HOMES = Path(__file__).parent / "homes"
ACCOUNTS = {"AccountOpened", "AccountFactRecorded"}
MODELS = {"ModelRegistered", "ModelApproved", "ModelRefused", "ModelPlaced"}
DECISIONS = {"DeciderOpened", "DecidingStopped", "DecidingResumed"}
PROCESSES = {"ProcessAdopted", "StepTaken", "StepsTaken"}
YOUNGER = ACCOUNTS | MODELS | DECISIONS | PROCESSES | {"LoansScored"}
"""Younger than that home: `accounts-1`, `models-1` and `scores-1` hold some of them."""


@pytest.fixture
def stored_home(tmp_path: Path) -> Path:
    shutil.copytree(HOMES / "format-1", tmp_path / "twin")
    return tmp_path / "twin"


def test_there_is_a_stored_home_of_every_format() -> None:
    assert {path.name for path in HOMES.glob("format-*")} == {
        f"format-{n + 1}" for n in range(upgrade.HOME_FORMAT)
    }


def test_the_stored_home_is_sound(stored_home: Path) -> None:
    with Home.open(stored_home) as home:
        found = home.verify()
        assert found.problems == ()
        assert found.unreferenced == ()
        assert found.head == "9f599936673493cb100852bb77940f83a115b57d35d37eb096a9780fec7cdaae"
        assert set(found.by_type) == set(EVENT_TYPES) - YOUNGER


def test_the_stored_account_is_sound_and_says_what_it_said(tmp_path: Path) -> None:
    """1,200 at 1 % a month: 90.00 of the second instalment's 207.06 paid; four more, the last a cent less,
    and a penalty of 12.00 are to come.
    """
    shutil.copytree(HOMES / "accounts-1", tmp_path / "twin")
    for name in ("blobs", "quarantine"):  # empty folders, which a repository does not keep
        (tmp_path / "twin" / name).mkdir()
    with Home.open(tmp_path / "twin") as home:
        found = home.verify()
        assert found.problems == ()
        assert found.head == "bc077f9b6c83232542359f3c918faba9c7be6a09c92c655f7369fb758b46f1a3"
        assert set(found.by_type) == {"TwinCreated", *ACCOUNTS}
        account = accounts(home.events())["L-1"]
    assert [row.rest for row in account.rows] == [0, 11_706, 20_706 + 1_200, 20_706, 20_706, 20_705]


def test_the_stored_register_is_sound_and_decides_as_it_did(tmp_path: Path) -> None:
    """A champion from 10 January, a challenger of a quarter from the 15th, refused on the 20th."""
    shutil.copytree(HOMES / "models-1", tmp_path / "twin")
    (tmp_path / "twin" / "quarantine").mkdir()
    (tmp_path / "two.csv").write_text("age,job\n30,free\n60,fixed\n", encoding="utf-8")
    with Home.open(tmp_path / "twin") as home:
        found = home.verify()
    assert (found.problems, found.unreferenced) == ((), ())
    assert found.head == "5c4478946f7d1317c334caba745768797d59d9f52290cfc69d169f5bca11f0ae"
    assert set(found.by_type) == {"TwinCreated", *MODELS}
    with lt.open(tmp_path / "twin") as twin:
        register = registered(twin)
        with pytest.raises(ModelError, match="expected a champion of loans on 2026-01-09, was 'none'"):
            register.champion("loans", date(2026, 1, 9))
        assert register.champion("loans", date(2026, 1, 12)).share == 1.0
        champion = register.champion("loans", date(2026, 1, 16))
        (other,) = register.challengers("loans", date(2026, 1, 16))
        with pytest.raises(ModelError, match=r"loans/2 \(6dcd62e80e009644\), refused by ben on 2026-01-20"):
            register.challengers("loans", date(2026, 1, 20))
    assert (champion.id, champion.kind, champion.share) == ("545046e49e5d6988", "logistic", 0.75)
    assert (other.kind, other.share, other.number) == ("scorecard", 0.25, 2)
    pd = predict(champion.score, read_table(tmp_path / "two.csv")).pd
    assert pd.tolist() == pytest.approx([0.7410250981797978, 0.18518328028859868], rel=1e-12)


def test_the_stored_scores_are_those_of_their_loans(tmp_path: Path) -> None:
    shutil.copytree(HOMES / "scores-1", tmp_path / "twin")
    (tmp_path / "twin" / "quarantine").mkdir()
    with Home.open(tmp_path / "twin") as home:
        found = home.verify()
        assert found.problems == ()
        assert found.head == "6f6d75b6c3fd2394c2ce14ce04b21612a83080e9da5bdda47d78e4a62237942e"
        assert set(found.by_type) == {"TwinCreated", "TapeLoaded", "LoansScored"}
        loans = state_at(home).loans
    assert loans.select("loan_id", "attribute_score_log_odds").rows() == [("S-1", None), ("S-2", -2.5)]


@pytest.mark.parametrize("replay", [True, False])
def test_the_stored_home_folds_to_what_it_said_then(stored_home: Path, replay: bool) -> None:
    with Home.open(stored_home) as home:
        tables = fold(home.events(), home) if replay else state_at(home)
        then = state_at(home, datetime(2026, 2, 1, tzinfo=UTC))
    want = pl.DataFrame(
        {
            "loan_id": ["A-1", "B-2", "N-3"],
            "state": ["matured", "charged_off", "prepaid"],
            "principal": [0.0, 0.0, 0.0],
            "approved_amount": [1000.0, 900.0, None],
            "undrawn": [None, 0.0, None],
            "annual_rate": [0.1, 0.2, 0.065],
            "charged_off": [None, 400.0, None],
            "recovered": [None, 12.34, None],
            "closed_date": [date(2026, 2, 28), None, date(2026, 2, 28)],
            "attribute_branch": ["Nord", "Süd", None],
        }
    )
    assert tables.loans.select(want.columns).equals(want, null_equal=True)
    assert tables.panel is not None
    assert tables.currency == "EUR"
    assert then.loans["principal"].to_list() == [700.1, 300.0]


def newer(monkeypatch: Any, kind: str) -> None:
    """Pretend that this program writes version 2 of an event type."""
    monkeypatch.setitem(event_types.EVENT_TYPES, kind, replace(EVENT_TYPES[kind], version=2))


def test_an_older_event_is_upgraded_when_it_is_read(stored_home: Path, monkeypatch: Any) -> None:
    newer(monkeypatch, "MacroLoaded")
    with Home.open(stored_home) as home:
        with pytest.raises(
            LogError, match="a way to upgrade MacroLoaded from version 1, was 'none, in event 17'"
        ):
            home.last("MacroLoaded")
        monkeypatch.setitem(
            upgrade.EVENT_UPGRADES, ("MacroLoaded", 1), lambda data: {**data, "scenarios": ["renamed"]}
        )
        found = home.last("MacroLoaded")
        assert found is not None
        assert (found.version, found.data["scenarios"]) == (2, ["renamed"])
        assert home.verify().ok  # the stored text and its hash are as they were


def test_an_older_home_is_upgraded_by_the_first_writer(stored_home: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(upgrade, "HOME_FORMAT", 3)
    monkeypatch.setattr("loantwin.events.home.HOME_FORMAT", 3)
    with pytest.raises(HomeError, match="open it once for writing to upgrade it"):
        Home.open(stored_home)
    with pytest.raises(HomeError, match="a way to upgrade a home of format 1, was 'none'"):
        Home.open(stored_home, writable=True)
    done: list[int] = []
    monkeypatch.setitem(upgrade.HOME_UPGRADES, 1, lambda folder: done.append(1))
    with pytest.raises(HomeError, match="a way to upgrade a home of format 2"):
        Home.open(stored_home, writable=True)
    assert tomllib.loads((stored_home / "twin.toml").read_text())["format"] == 2  # each finished step is kept
    monkeypatch.setitem(upgrade.HOME_UPGRADES, 2, lambda folder: done.append(2))
    Home.open(stored_home, writable=True).close()
    assert done == [1, 2]
    with Home.open(stored_home) as home:
        assert home.verify().ok
