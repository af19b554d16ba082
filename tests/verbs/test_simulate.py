"""Loan-level histories: the model's own moves, months that add up, a file that is a panel again."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import loantwin as lt
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.montecarlo.histories import loan_histories
from loantwin.engine.montecarlo.loans import Population, reference_counts, simulate_loans
from loantwin.engine.rows import TransitionParameters
from loantwin.errors import UsageError
from loantwin.kernels import use_threads
from loantwin.models.balances import (
    CLASSES,
    FILL,
    LAST,
    QUANTILES,
    BalanceMoves,
    classes_of,
    drawn_moves,
    expected_share,
    fill_band,
    fit_balances,
    last_band,
)
from loantwin.models.counts import PANEL_LIVE
from loantwin.outlook import kernels
from loantwin.outlook.histories import simulated_parts
from loantwin.outlook.outlook import Outlook

MONTHS = 24


@pytest.fixture(scope="module")
def histories(panel_home: Path, tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    file = tmp_path_factory.mktemp("histories") / "h.parquet"
    told = lt.simulate(panel_home, file, months=MONTHS, seed=3)
    rows = pl.read_parquet(file)
    assert (told.loans, told.loan_months) == (rows["loan_id"].n_unique(), rows.height)
    assert file.stat().st_mode & 0o077 == 0  # rows of loans are their owner's
    return rows


def chain() -> tuple[TransitionParameters, Population, np.ndarray]:
    random = np.random.default_rng(1)
    ends = np.array([(0, 1), (0, 3), (1, 0), (1, 2)])
    model = TransitionParameters(
        ("current", "dpd_1_29", "default", "prepaid"), 2, ends[:, 0].copy(), ends[:, 1].copy(),
        random.normal(-2.0, 0.3, (4, 50)), random.normal(0.0, 0.3, (4, 3)), np.zeros((4, 0)),
        np.zeros((4, 0)),
        ("a", "b", "c"), (), (), 2, 3,
    )  # fmt: skip
    count = 3_000
    loans = Population(
        random.integers(0, 3, count),
        random.integers(0, 30, count),
        random.integers(0, 2, count),
        np.arange(count),
    )
    return model, loans, np.exp(random.normal(0.0, 0.2, (2, 30, 4)))


def test_states_are_those_of_the_plain_reference_and_of_the_counts() -> None:
    model, loans, shocks = chain()
    found = loan_histories(model, loans, shocks[1], 9, path=1)
    np.testing.assert_array_equal(found, reference_counts(model, loans, shocks[1], 9, path=1))
    counts = simulate_loans(model, loans, shocks, 9).counts[1]
    mine = np.stack([np.bincount(month, minlength=4) for month in found.T])
    np.testing.assert_array_equal(mine, counts)


def test_a_part_of_the_loans_has_the_luck_it_has_in_the_whole() -> None:
    model, loans, shocks = chain()
    some = slice(700, 1_900)
    part = Population(loans.segment[some], loans.age[some], loans.state[some], loans.number[some])
    whole = loan_histories(model, loans, shocks[0], 5)
    np.testing.assert_array_equal(loan_histories(model, part, shocks[0], 5), whole[some])


def test_the_same_seed_gives_the_same_file_on_any_number_of_threads(panel_home: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.parquet" for name in ("one", "two", "other")]
    try:
        for threads, file in zip((1, 2), files, strict=False):
            use_threads(threads)
            lt.simulate(panel_home, file, months=12, seed=4)
    finally:
        use_threads()
    lt.simulate(panel_home, files[2], months=12, seed=5)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert not pl.read_parquet(files[0]).equals(pl.read_parquet(files[2]))


def test_a_loan_has_a_row_each_month(histories: pl.DataFrame) -> None:
    gaps = histories.filter(pl.col("state") != "charged_off").with_columns(
        month=pl.col("report_date").dt.year().cast(int) * 12 + pl.col("report_date").dt.month()
    )
    step = gaps.select(pl.col("month").diff().over("loan_id").alias("step")).drop_nulls()["step"]
    assert step.unique().to_list() == [1]
    assert histories.select(pl.struct("loan_id", "report_date").is_unique().all()).item()


def test_every_row_closes_to_the_cent(histories: pl.DataFrame) -> None:
    """Opening - scheduled - prepaid - charged off + drawn = principal, in whole cents."""
    flows = ("scheduled_principal", "prepaid", "charged_off", "drawn", "principal")
    cents = histories.select(
        "loan_id", "state", *((pl.col(name) * 100.0).round().cast(pl.Int64) for name in flows)
    ).with_columns(opening=pl.col("principal").shift(1).over("loan_id"))
    rows = cents.filter(pl.col("opening").is_not_null())
    left = (
        rows["opening"] - rows["scheduled_principal"] - rows["prepaid"] - rows["charged_off"] + rows["drawn"]
    )
    assert rows.height > 10_000
    assert (left == rows["principal"]).all()
    ended = rows.filter(pl.col("state").is_in(["prepaid", "matured", "charged_off", "settled"]))
    assert ended["principal"].unique().to_list() == [0]
    assert (rows.select(flows[:4]).min_horizontal() >= 0).all()


def test_contracts_alone_give_the_engines_balance(panel_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without moves the mean of forty lucks is the expectation of the cells, within four standard errors."""
    with lt.open(panel_home) as twin:
        outlook = Outlook(twin)
        contract = np.full(len(outlook.columns.principal), -1), np.zeros((1, 1, 1, 1, QUANTILES))
        monkeypatch.setattr("loantwin.outlook.histories._moves", lambda *_: contract)
        economy = outlook.simulated(12, 1, 1)
        shocks = np.ascontiguousarray(outlook.expected(economy))
        cells, model = outlook.cells(economy, 12), outlook.twin.model
        wanted = conditional_flows(model.parameters, cells, model.lgd, shocks).balance[0].sum(axis=0)
        live = list(PANEL_LIVE)
        found = []
        for seed in range(40):
            rows = pl.concat(simulated_parts(outlook, economy, 12, seed))
            by_month = (
                rows.filter(pl.col("state").is_in(live)).group_by("report_date").agg(pl.sum("principal"))
            )
            found.append(by_month.sort("report_date")["principal"].to_numpy())
    made = np.array(found)
    error = made.std(axis=0, ddof=1) / np.sqrt(len(made))
    assert (np.abs(made.mean(axis=0) - wanted) < 4.0 * error + 1e-6 * wanted).all()


def test_paths_are_apart_and_the_first_is_the_one_alone(panel_home: Path, tmp_path: Path) -> None:
    lt.simulate(panel_home, tmp_path / "one.parquet", months=6, seed=4)
    told = lt.simulate(panel_home, tmp_path / "three.parquet", months=6, seed=4, paths=3)
    one, three = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("one", "three"))
    assert three["path"].unique().sort().to_list() == [1, 2, 3]
    assert told.loan_months == three.height
    assert not (tmp_path / "three.toml").exists()
    second = three.filter(pl.col("path") == 2).drop("path")
    assert_frame_equal(three.filter(pl.col("path") == 1).drop("path"), one)
    assert not second.equals(one)


def test_kernel_draws_the_moves_of_the_reference() -> None:
    """One month of lines that stay current, against `drawn_moves` in plain NumPy."""
    random = np.random.default_rng(3)
    count, shape = 500, (2, len(CLASSES), len(FILL) + 1, len(LAST) + 2, QUANTILES)
    table = np.sort(random.normal(0.0, 0.1, shape), axis=-1)
    size, balance = np.full(count, 1000.0), np.zeros((count, 2))
    balance[:, 0] = np.round(random.uniform(0.0, 1100.0, count), 2)
    words = random.integers(0, 2**32, (count, 1)).astype(np.uint32)
    first, state = random.integers(0, 4, count), random.integers(0, 4, (count, 1))
    kernels.balance_paths(
        0, count, state.astype(np.int8), first, np.arange(6), np.full(count, 1), np.ones((count, 1)),
        np.zeros((count, 1)), np.zeros(count, np.int64), size, table, np.array(FILL), np.array(LAST), words,
        balance,
    )  # fmt: skip
    cell = (
        classes_of(first, state[:, 0]), fill_band(balance[:, 0] / size), last_band(np.full(count, np.nan))
    )  # fmt: skip
    wanted = balance[:, 0] + 1000.0 * drawn_moves(table[0], cell, words[:, 0] / 2.0**32)
    np.testing.assert_allclose(balance[:, 1], np.maximum(wanted, 0.0), atol=0.0051)


def test_defaults_agree_with_the_forecast(panel_home: Path, tmp_path: Path) -> None:
    """Twelve seeds against the engine's expectation under the same period effects."""
    with lt.open(panel_home) as twin:
        outlook = Outlook(twin)
        numbers = []
        for seed in range(12):
            file = tmp_path / f"{seed}.parquet"
            lt.simulate(twin, file, months=12, seed=seed)
            rows = pl.read_parquet(file)
            numbers.append(rows.filter(pl.col("state") == "default_0_3")["loan_id"].n_unique())
        model = twin.model
        from loantwin.engine.expectation import conditional_numbers

        wanted = []
        for seed in range(12):
            economy = outlook.simulated(12, 1, seed)
            cells, shocks = outlook.cells(economy, 12), outlook.expected(economy)
            made = conditional_numbers(model.parameters, cells, model.lgd, np.ascontiguousarray(shocks))
            wanted.append(made.defaulted.sum())
    error = np.sqrt(np.sum(wanted))
    assert abs(np.sum(numbers) - np.sum(wanted)) < 3.0 * error


def test_charge_offs_follow_the_lags_and_the_share(panel_home: Path, tmp_path: Path) -> None:
    lt.simulate(panel_home, tmp_path / "long.parquet", months=60, seed=2, period="drawn")
    rows = pl.read_parquet(tmp_path / "long.parquet")
    lost = rows.filter(pl.col("charged_off") > 0.0)
    # each was in default the month before, and no more is charged off than was owed
    before = rows.with_columns(
        owed=pl.col("principal").shift(1).over("loan_id"), was=pl.col("state").shift(1).over("loan_id")
    ).filter((pl.col("charged_off") > 0.0) & pl.col("was").is_not_null())
    assert before["was"].str.starts_with("default").all()
    assert (before["charged_off"] <= before["owed"] + 0.011).all()
    assert lost["loan_id"].is_unique().all()
    back = rows.group_by("loan_id").agg(pl.col("recovered").sum(), pl.col("charged_off").sum())
    assert (back["recovered"] <= back["charged_off"] + 0.011).all()


def test_moves_come_back_as_they_were_drawn_from() -> None:
    """A planted panel: a tenth of the months prepay 20 % of the balance, the others keep to the schedule."""
    random = np.random.default_rng(2)
    count, months = 400, 24
    balance = np.full(count, 1000.0)
    rows = []
    for month in range(months):
        day = dt.date(2020 + month // 12, month % 12 + 1, 28)
        rows.append(
            pl.DataFrame(
                {
                    "loan_id": [f"{i}" for i in range(count)],
                    "report_date": [day] * count,
                    "principal": balance,
                }
            )
        )
        extra = random.random(count) < 0.1
        balance = balance * np.where(extra, 0.8, 1.0)
    panel = pl.concat(rows).with_columns(state=pl.lit("current"))
    loans = pl.DataFrame(
        {
            "loan_id": [f"{i}" for i in range(count)],
            "product": ["interest_only"] * count,
            "term_months": [60] * count,
            "origination_date": [dt.date(2019, 12, 28)] * count,
            "annual_rate": [0.06] * count,
            "balloon_share": [None] * count,
            "approved_amount": [None] * count,
            "originated_amount": [1000.0] * count,
        },
        schema_overrides={"balloon_share": pl.Float64, "approved_amount": pl.Float64},
    )
    made = fit_balances(panel, loans)
    assert made is not None
    assert made.cases == {"loan": count * (months - 1)}
    moves = drawn_moves(made.quantiles["loan"], (np.zeros(9999, int),) * 3, np.arange(9999) / 9999.0)
    assert (moves < -0.1).mean() == pytest.approx(0.1, abs=0.03)
    assert (moves == 0.0).mean() == pytest.approx(0.9, abs=0.03)
    assert moves.min() == pytest.approx(-0.2)
    again = BalanceMoves.from_dict(
        {"quantiles": {"loan": made.quantiles["loan"].tolist()}, "cases": made.cases}
    )
    np.testing.assert_array_equal(again.quantiles["loan"], made.quantiles["loan"])


def test_a_level_payment_by_hand() -> None:
    """1,000 at 12 % over 12 payments: the first instalment of 88.85 holds 78.85 of principal."""
    frame = pl.DataFrame({"term": [12], "age": [1], "rate": [0.12]})
    share = frame.select(
        expected_share(pl.lit(False), pl.col("term"), pl.col("age"), pl.col("rate"), pl.lit(0.0))
    )
    assert 1000.0 * (1.0 - share.item()) == pytest.approx(78.85, abs=0.005)


def test_a_simulated_file_is_a_panel_again(panel_home: Path, tmp_path: Path) -> None:
    file = tmp_path / "again.parquet"
    told = lt.simulate(panel_home, file, months=24, seed=6)
    last = pl.read_parquet(file)["report_date"].max()
    created = lt.twin_create(tmp_path / "twin", file, str(told.mapping), str(last))
    assert (created.rejected, created.loans) == (0, told.loans)
    lt.fit(tmp_path / "twin")
    with lt.open(tmp_path / "twin") as twin, lt.open(panel_home) as source:
        assert twin.model.parameters.states == source.model.parameters.states
        assert twin.model.balances is not None


def test_what_cannot_be_simulated_is_refused(panel_home: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="expected a new file, or one that loantwin wrote"):
        lt.simulate(panel_home, tmp_path / "notes.txt")
    with pytest.raises(UsageError, match="period"):
        lt.simulate(panel_home, tmp_path / "x.parquet", period="mean")
    assert not (tmp_path / "x.parquet").exists()
