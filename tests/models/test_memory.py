"""Memory in arrears: classes by hand, a planted memory found and carried through every published figure."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.engine.rows import odds as odds_of
from loantwin.engine.rows import published_places, rows_at, up_to_date, worsening_edges
from loantwin.engine.step.levers import edge_kinds
from loantwin.models.counts import PANEL_LIVE, classes_today, panel_counts
from loantwin.models.learning.update import update_model
from loantwin.models.memory import Memory, Moves, chosen_memory, remembered, split_codes
from loantwin.models.model import fit_model
from loantwin.models.settings import FitSettings
from loantwin.outlook.outlook import Outlook

LOANS, MONTHS = 4_000, 30
STATES = (*PANEL_LIVE, "default_0_3")
CURE = np.array([0.60, 0.35, 0.12])
"""Planted: in the first, the second, any later month of arrears."""
FALL = np.array([0.02, 0.04, 0.20])
"""Planted: never late within the year, one month after arrears, later within the year."""
ROLL = 0.25
FIRST = 12 * 2018


def planted(seed: int) -> np.ndarray:
    """Return states (N, T) of loans made in the month before the first: 0 up to date .. 3, 4 default."""
    random = np.random.default_rng(seed)
    state, run, ago = np.zeros(LOANS, int), np.zeros(LOANS, int), np.full(LOANS, 99)
    made = [state.copy()]
    for _ in range(MONTHS - 1):
        chance = random.random(LOANS)
        kind = np.where(ago > 12, 0, np.where(ago == 1, 1, 2))
        falls = (state == 0) & (chance < FALL[kind])
        late = (state > 0) & (state < 4)
        cures = late & (chance < CURE[np.minimum(run, 3) - 1])
        rolls = late & ~cures & (random.random(LOANS) < ROLL)
        state = np.where(falls, 1, np.where(cures, 0, np.where(rolls, state + 1, state)))
        now = (state > 0) & (state < 4)
        run, ago = np.where(now, run + 1, 0), np.where(cures, 1, np.where(now, 99, np.minimum(ago + 1, 99)))
        made.append(state.copy())
    return np.stack(made, axis=1)


def tape(states: np.ndarray) -> pl.DataFrame:
    loan, month = np.nonzero(np.cumsum(states == 4, axis=1) <= 1)
    return pl.DataFrame(
        {
            "loan_id": [f"L{one:05d}" for one in loan],
            "report_date": [dt.date((FIRST + one) // 12, (FIRST + one) % 12 + 1, 28) for one in month],
            "state": np.array(STATES)[states[loan, month]],
            "principal": 1_000.0 - month,
        }
    )


def again(states: np.ndarray) -> float:
    """Return how often a loan late for three months is late or in default in the next."""
    late = (states > 0) & (states < 4)
    three = late[:, :-3] & late[:, 1:-2] & late[:, 2:-1]
    return float((states[:, 3:][three] > 0).mean())


MAPPING = """
name = "planted"
currency = "EUR"
kind = "panel"
observes = ["balance", "delinquency"]
segment_by = []
[columns]
loan_id = "loan_id"
product = { constant = "instalment" }
origination_date = { constant = 2017-12-15 }
term_months = { constant = 120 }
originated_amount = { constant = 1000.0 }
annual_rate = { constant = 0.05 }
[panel]
report_date = { source = "report_date", formats = ["%Y-%m-%d"] }
principal = "principal"
[panel.state]
source = "state"
values = { current = "current", dpd_1_29 = "dpd_1_29", dpd_30_59 = "dpd_30_59", dpd_60_89 = "dpd_60_89", default_0_3 = "default_0_3" }
"""  # noqa: E501


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("memory")
    tape(planted(1)).write_csv(folder / "tape.csv")
    (folder / "tape.toml").write_text(MAPPING, encoding="utf-8")
    end = FIRST + MONTHS - 1
    lt.twin_create(
        folder / "twin", folder / "tape.csv", str(folder / "tape.toml"), f"{end // 12}-{end % 12 + 1:02d}-28"
    )
    lt.fit(folder / "twin")
    return folder / "twin"


def test_classes_by_hand() -> None:
    rows = pl.DataFrame(
        {
            "loan_id": ["a"] * 9 + ["b"] * 3 + ["c"] * 4,
            "month": [1, 2, 3, 4, 5, 6, 7, 20, 21, 5, 6, 7, 1, 2, 5, 6],
            "state": [
                *("current", "late", "late", "late", "late", "current", "current", "current", "late"),
                *("late", "late", "current"),
                *("current", "late", "late", "late"),
            ],
            "start": [0] * 9 + [-50] * 7,
        }
    )  # fmt: skip
    made = remembered(rows, "current", ["late"])
    assert made["kind"].to_list() == [0, 0, 1, 2, 2, 1, 2, 0, 0, 0, 1, 1, 0, 0, 0, 1]
    # a began with the source; b was perhaps late before; c has a gap of which nothing is known
    assert made["known"].to_list() == [True] * 7 + [False, True, False, False, True] + [False, True] + [
        False, False,
    ]  # fmt: skip


def test_where_a_loan_is_next_month() -> None:
    memory = Memory({"current": (0, 1, 2), "dpd_1_29": (0, 1, 2), "dpd_30_59": (1, 2)})
    late, later = "dpd_1_29|2 months late", "dpd_1_29|3 months late or more"
    assert memory.states() == (
        "current", "current|1 month since arrears", "current|late within the year",
        "dpd_1_29", late, later, "dpd_30_59", "dpd_30_59|3 months late or more",
    )  # fmt: skip
    assert memory.after("current", "dpd_1_29") == "dpd_1_29"
    assert memory.after("dpd_1_29", "dpd_30_59") == "dpd_30_59"
    assert memory.after(late, "dpd_30_59") == "dpd_30_59|3 months late or more"
    assert memory.after(later, "current") == "current|1 month since arrears"
    assert memory.certain == {
        "current|1 month since arrears": "current|late within the year",
        "dpd_1_29": late,
        late: later,
        "dpd_30_59": "dpd_30_59|3 months late or more",
    }
    codes = split_codes(memory.states(), np.array([0, 0, 0, 3, 3, 6, 6]), np.array([0, 1, 2, 1, 2, 0, 2]))
    assert codes.tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert Memory({"current": (0, 2), "dpd_1_29": (0,)}).name("current", 1) == "current|late within the year"


def test_a_chain_without_memory_is_not_split() -> None:
    random = np.random.default_rng(3)
    size = 60_000
    origin = random.integers(0, 3, size)
    target = np.where(random.random(size) < 0.3, (origin + 1) % 4, origin)
    month, kind = random.integers(0, 24, size), random.integers(0, 3, size)
    moves = Moves(origin, target, kind, np.arange(size), month, np.ones(size))
    memory, gains = chosen_memory(moves, PANEL_LIVE[:3])
    assert memory is None
    assert max(gains.values()) < 0.001


def test_the_planted_memory_is_found(home: Path) -> None:
    with lt.open(home) as twin:
        model = twin.model
        parameters = model.parameters
        base = odds_of(parameters)
        names = list(parameters.states)
        place = published_places(parameters.states)
        rows = rows_at(parameters, base, np.ones(len(parameters.origin)), np.zeros(1, int), np.array([15]))[0]
    current = [name for name in names[: parameters.live] if name.startswith("current")]
    assert len(current) == up_to_date(parameters) == 3
    np.testing.assert_allclose(rows.sum(axis=1), 1.0)
    late = [names.index(f"dpd_1_29{words}") for words in ("", "|2 months late", "|3 months late or more")]
    cured = rows[late][:, place == 0].sum(axis=1)
    np.testing.assert_allclose(cured, CURE, atol=0.04)
    fell = rows[:3][:, place == 1].sum(axis=1)
    np.testing.assert_allclose(fell, FALL, atol=0.02)
    # nobody stays where it is certain to leave
    stays = np.diag(rows[:, : parameters.live])
    assert stays[late[0]] < 1e-7
    assert stays[late[2]] > 0.5


def test_late_three_months_running_stay_late_as_the_truth_does(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "h.parquet"
    lt.simulate(home, file, months=12, seed=2)
    rows = pl.read_parquet(file).with_columns(
        code=pl.col("state").replace_strict(
            {name: place for place, name in enumerate(PANEL_LIVE)}, default=4, return_dtype=pl.Int64
        )
    )
    assert set(rows["state"]) <= {*PANEL_LIVE, "charged_off", "prepaid", "settled", "matured"} | {
        name for name in rows["state"].unique() if name.startswith("default")
    }
    table = rows.pivot(on="report_date", index="loan_id", values="code", sort_columns=True)
    simulated = table.drop("loan_id").fill_null(9).to_numpy()
    ended = np.cumsum(simulated >= 4, axis=1) > 1
    simulated = np.where(ended, 9, simulated)
    late = (simulated > 0) & (simulated < 4)
    three = late[:, :-3] & late[:, 1:-2] & late[:, 2:-1]
    assert three.sum() > 300
    found = float((simulated[:, 3:][three] > 0).mean())
    truth = again(planted(9))
    assert found == pytest.approx(truth, abs=0.03)
    # what a chain over published states alone says of them
    with lt.open(home) as twin:
        plain = fit_model(
            twin.known_loans, twin.known_panel, twin.mapping, twin.as_of, Outlook(twin).history,
            settings=FitSettings(memory=False),
        )  # fmt: skip
    rows_ = rows_at(
        plain.parameters, odds_of(plain.parameters), np.ones(len(plain.parameters.origin)), np.zeros(1, int),
        np.array([30]),
    )[0]  # fmt: skip
    assert 1.0 - rows_[1, 0] < truth - 0.10


def test_what_is_published_has_published_names(home: Path) -> None:
    with lt.open(home) as twin:
        ahead = lt.forecast(twin, months=6, paths=200, seed=1)
        assert tuple(ahead.months[0].arrears) == PANEL_LIVE
        for month in ahead.months:
            assert sum(one.mean for one in month.arrears.values()) == pytest.approx(1.0)
        for made in (
            ahead,
            lt.provisions(twin, "ifrs9"),
            lt.loss(twin, months=12, paths=2_000, confidence=0.95, seed=1),
            lt.curves(twin),
        ):
            assert "months late" not in json.dumps(made.to_dict(), default=str)
    assert lt.fit(home).states == (*PANEL_LIVE, "default", "prepaid")


def test_the_book_is_read_with_its_past(home: Path) -> None:
    states = planted(1)
    with lt.open(home) as twin:
        columns, ids = Outlook(twin).columns, Outlook(twin).live_ids
        names = twin.model.parameters.states
    loan = np.array([int(one[1:]) for one in ids])
    late = (states > 0) & (states < 4)
    last = late[loan]
    run = np.where(last[:, -1], np.argmin(np.pad(last, ((0, 0), (1, 0)))[:, ::-1], axis=1), 0)
    told = np.array([names[state] for state in columns.state])
    assert (run > 0).sum() > 100
    first = states[loan, -1] == 1  # the other states of arrears are hardly ever reached in a month
    assert [name.endswith("3 months late or more") for name in told[first]] == (run[first] >= 3).tolist()
    assert [name.endswith("2 months late") for name in told[first]] == (run[first] == 2).tolist()
    never = ~last.any(axis=1)
    assert set(told[never]) == {"current"}


def test_a_loan_without_reports_was_up_to_date_before() -> None:
    panel = tape(planted(1)).filter(pl.col("loan_id") == "L00000")
    kinds = classes_today(
        pl.Series(["new", "L00000"]), pl.Series(["dpd_1_29", "current"]), panel, dt.date(2020, 6, 30)
    )
    assert kinds[0] == 0


def test_collection_and_entry_act_on_published_moves(home: Path) -> None:
    with lt.open(home) as twin:
        parameters = twin.model.parameters
    kinds, states = edge_kinds(parameters), parameters.states
    worse = worsening_edges(parameters)
    for edge, (start, end) in enumerate(zip(parameters.origin, parameters.target, strict=True)):
        origin, target = states[start].partition("|")[0], states[end].partition("|")[0]
        if origin == target:
            assert not any(values[edge] for values in (worse, kinds.roll, kinds.cure, kinds.entry))
        if origin == "current" and target == "dpd_1_29":
            assert worse[edge]
            assert kinds.entry[edge]
            assert not kinds.roll[edge]


def test_moves_whose_past_is_not_known_are_left_out() -> None:
    states = planted(4)[:, 12:]
    panel = tape(states)
    loans = pl.DataFrame(
        {
            "loan_id": panel["loan_id"].unique().sort(),
        }
    ).with_columns(
        weight=pl.lit(1.0),
        term_months=pl.lit(120, pl.Int32),
        origination_date=pl.lit(dt.date(2010, 1, 1)),
    )
    counts = panel_counts(panel, loans, pl.Series(["a"] * loans.height), dt.date(2019, 6, 30), memory=True)
    assert counts.memory is not None
    left = counts.facts["left out: moves of loans whose arrears before are not known"]
    assert isinstance(left, int)
    whole = panel_counts(panel, loans, pl.Series(["a"] * loans.height), dt.date(2019, 6, 30))
    assert counts.cells["at_risk"].sum() == pytest.approx(whole.cells["at_risk"].sum() - left)
    assert 0 < left < 0.2 * whole.cells["at_risk"].sum()


def test_a_state_that_nobody_left_can_be_left(tmp_path: Path) -> None:
    """Two loans fell behind in the last month: the chain must not keep all who follow them for good."""
    states = np.zeros((200, 8), int)
    states[:2, -1], states[5:9, 4:] = 1, 4
    tape(states).write_csv(tmp_path / "tape.csv")
    (tmp_path / "tape.toml").write_text(MAPPING, encoding="utf-8")
    lt.twin_create(tmp_path / "twin", tmp_path / "tape.csv", str(tmp_path / "tape.toml"), "2018-08-28")
    told = lt.fit(tmp_path / "twin")
    assert any("no loan was seen to leave dpd_1_29" in note for note in told.notes)
    assert {"dpd_1_29 -> default", "dpd_1_29 -> current"} <= set(told.prior_only)
    with lt.open(tmp_path / "twin") as twin:
        parameters = twin.model.parameters
    row = rows_at(
        parameters, odds_of(parameters), np.ones(len(parameters.origin)), np.zeros(1, int), np.array([9])
    )[0, 1]  # fmt: skip
    # the beliefs of pooling.BELIEF: better at log-odds -0.5, rolling on at 0
    assert row[0] == pytest.approx(np.exp(-0.5) / (2.0 + np.exp(-0.5)), abs=0.02)
    assert row[parameters.default_state] == pytest.approx(1.0 / (2.0 + np.exp(-0.5)), abs=0.02)


def test_an_update_carries_the_split_on(home: Path) -> None:
    """Six months later the updated chain says what one fitted anew says, split as it was."""
    end = FIRST + MONTHS - 1
    with lt.open(home) as twin:
        earlier = twin.at(dt.date((end - 6) // 12, (end - 6) % 12 + 1, 28))
        panel = earlier.known_panel
        assert panel is not None
        history = Outlook(earlier).history
        then = fit_model(earlier.known_loans, panel, earlier.mapping, earlier.as_of, history)
        now = update_model(
            then, twin.known_loans, twin.known_panel, twin.mapping, twin.as_of, Outlook(twin).history
        )
        anew = twin.model
    assert now.parameters.states == then.parameters.states
    assert now.provenance["update"]["months"] == 6
    words = ("dpd_1_29", "dpd_1_29|2 months late", "dpd_1_29|3 months late or more")
    cured = []
    for one in (then, now, anew):
        parameters = one.parameters
        rows = rows_at(
            parameters, odds_of(parameters), np.ones(len(one.edges)), np.zeros(1, int), np.array([29])
        )[0]  # fmt: skip
        late = [parameters.states.index(state) for state in words]
        cured.append(rows[late][:, published_places(parameters.states) == 0].sum(axis=1))
    np.testing.assert_allclose(cured[1], cured[2], atol=0.03)
    assert np.abs(cured[1] - cured[0]).max() > 1e-4, "the months were learnt from"
    edge = "dpd_1_29 -> current|1 month since arrears"
    curve = next(one for one in now.diagnostics["edges"] if one["edge"] == edge)
    told = next(row for row in curve["age"] if row["age"] >= 24)
    # as fitted, not as told against a certain move
    assert told["probability"] == pytest.approx(CURE[0], abs=0.1)


def test_a_small_book_learns_the_split_from_a_large_one(home: Path, tmp_path: Path) -> None:
    """150 loans tell no classes apart by themselves; learnt from 4,000 they have them."""
    tape(planted(5)[:150]).write_csv(tmp_path / "tape.csv")
    (tmp_path / "tape.toml").write_text(MAPPING, encoding="utf-8")
    end = FIRST + MONTHS - 1
    lt.twin_create(
        tmp_path / "small", tmp_path / "tape.csv", str(tmp_path / "tape.toml"),
        f"{end // 12}-{end % 12 + 1:02d}-28",
    )  # fmt: skip
    lt.fit(tmp_path / "small", learn_from=[home])
    with lt.open(tmp_path / "small") as small, lt.open(home) as large:
        assert small.model.parameters.states == large.model.parameters.states
        parameters = small.model.parameters
        rows = rows_at(
            parameters, odds_of(parameters), np.ones(len(small.model.edges)), np.zeros(1, int), np.array([15])
        )[0]  # fmt: skip
    late = [
        parameters.states.index(f"dpd_1_29{words}")
        for words in ("", "|2 months late", "|3 months late or more")
    ]
    cured = rows[late][:, published_places(parameters.states) == 0].sum(axis=1)
    np.testing.assert_allclose(cured, CURE, atol=0.12)
