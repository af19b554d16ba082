"""Loan-level histories: the model's own moves, months that add up, a file that is a panel again."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.book.schema import PANEL
from loantwin.engine.expectation import conditional_numbers
from loantwin.engine.montecarlo.histories import loan_histories
from loantwin.engine.montecarlo.loans import Population, reference_counts, simulate_loans
from loantwin.engine.rows import TransitionParameters
from loantwin.errors import UsageError
from loantwin.kernels import use_threads
from loantwin.models.balances import BalanceMoves, drawn_moves, expected_share, fit_balances
from loantwin.outlook.outlook import Outlook

MONTHS = 24
AGAIN = """
name = "again"
currency = "USD"
kind = "panel"
observes = ["defaults", "balance", "prepayment", "interest", "charge_offs", "recoveries", "delinquency"]
[columns]
loan_id = "loan_id"
origination_date = { source = "origination_date", formats = ["%Y-%m-%d"] }
term_months = "term_months"
product = "product"
originated_amount = "originated_amount"
annual_rate = "annual_rate"
[panel]
report_date = { source = "report_date", formats = ["%Y-%m-%d"] }
state = "state"
principal = "principal"
scheduled_principal = "scheduled_principal"
prepaid = "prepaid"
interest = "interest"
charged_off = "charged_off"
recovered = "recovered"
"""


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
    for threads, file in zip((1, 2), files, strict=False):
        use_threads(threads)
        lt.simulate(panel_home, file, months=12, seed=4)
    use_threads()
    lt.simulate(panel_home, files[2], months=12, seed=5)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert not pl.read_parquet(files[0]).equals(pl.read_parquet(files[2]))


def test_the_file_has_the_columns_of_the_panel_and_a_row_a_month(histories: pl.DataFrame) -> None:
    assert histories.columns == [column.name for column in PANEL]
    gaps = histories.filter(pl.col("state") != "charged_off").with_columns(
        month=pl.col("report_date").dt.year() * 12 + pl.col("report_date").dt.month()
    )
    step = gaps.select(pl.col("month").diff().over("loan_id").alias("step")).drop_nulls()["step"]
    assert step.unique().to_list() == [1]


def test_every_month_of_a_live_loan_adds_up_to_the_cent(histories: pl.DataFrame) -> None:
    """Opening less what is paid is never above closing: a move upwards is no payment."""
    rows = histories.with_columns(opening=pl.col("principal").shift(1).over("loan_id"))
    live = rows.filter(pl.col("opening").is_not_null() & pl.col("state").is_in(["current", "dpd_1_29"]))
    left = live["opening"] - live["scheduled_principal"] - live["principal"]
    assert float(left.max()) < 0.011  # what is paid is never less than the fall
    ended = rows.filter(pl.col("opening").is_not_null() & pl.col("state").is_in(["prepaid", "matured"]))
    paid = ended["prepaid"] + ended["scheduled_principal"]
    np.testing.assert_allclose(paid.to_numpy(), ended["opening"].to_numpy(), atol=0.011)
    assert ended["principal"].unique().to_list() == [0.0]


def test_defaults_agree_with_the_forecast(panel_home: Path, tmp_path: Path) -> None:
    """Twelve seeds against the engine's expectation under the same economies."""
    with lt.open(panel_home) as twin:
        outlook = Outlook(twin)
        numbers = []
        for seed in range(12):
            file = tmp_path / f"{seed}.parquet"
            lt.simulate(twin, file, months=12, seed=seed)
            rows = pl.read_parquet(file)
            numbers.append(rows.filter(pl.col("state") == "default_0_3")["loan_id"].n_unique())
        model = twin.model
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
    lt.simulate(panel_home, file, months=24, seed=6)
    with lt.open(panel_home) as twin:
        loans = twin.tables.loans.select(
            "loan_id", "origination_date", "term_months", "product", "originated_amount"
        )
    rows = pl.read_parquet(file).join(loans, on="loan_id", how="left", maintain_order="left")
    rows.write_parquet(tmp_path / "tape.parquet")
    (tmp_path / "again.toml").write_text(AGAIN)
    last = rows["report_date"].max()
    lt.twin_create(tmp_path / "twin", tmp_path / "tape.parquet", str(tmp_path / "again.toml"), str(last))
    fitted = lt.fit(tmp_path / "twin")
    with lt.open(tmp_path / "twin") as twin:
        assert twin.model.default_name == "default"
        assert twin.model.balances is not None
    assert fitted.to_dict()["schema"].startswith("loantwin.fit")


def test_what_cannot_be_simulated_is_refused(panel_home: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"expected a new file, or an old one that ends in \.parquet"):
        lt.simulate(panel_home, tmp_path / "notes.txt")
    with pytest.raises(UsageError, match="period"):
        lt.simulate(panel_home, tmp_path / "x.parquet", period="mean")
    assert not (tmp_path / "x.parquet").exists()
