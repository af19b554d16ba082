"""The generated history against its truth, read from the published tables as a model would read them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2

from loantwin import months as calendar
from loantwin.engine.rows import transition_rows
from loantwin.macro.covariates import evaluate
from loantwin.synthesis.generate import SyntheticBook
from loantwin.synthesis.truth import STATES

LIVE = STATES[:4]


@pytest.fixture(scope="module")
def moves(book: SyntheticBook) -> pl.DataFrame:
    """One row a loan-month that began in a live state, with the truth's probability of every target."""
    rows = book.panel.join(
        book.loans.select("loan_id", "product", "origination_grade", "origination_date", "term_months"),
        on="loan_id",
        maintain_order="left",
    )
    rows = rows.with_columns(
        before=pl.col("state").shift(1).over("loan_id"),
        month=pl.col("report_date").dt.year() * 12 + pl.col("report_date").dt.month().cast(pl.Int32) - 1,
        made=pl.col("origination_date").dt.year() * 12
        + pl.col("origination_date").dt.month().cast(pl.Int32)
        - 1,
    )
    # in the last month of a contract staying current reads "matured": left out by age, not by outcome
    rows = rows.filter(
        pl.col("before").is_in(LIVE) & (pl.col("month") - pl.col("made") < pl.col("term_months"))
    )
    truth = book.truth
    last = book.first_month + book.months - 1
    table = transition_rows(
        truth.transitions, evaluate(truth.covariates, book.macro, book.first_month, last), book.latent
    )
    segment = (rows["product"] + "|" + rows["origination_grade"]).replace_strict(
        {name: code for code, name in enumerate(truth.transitions.segments)}, return_dtype=pl.Int64
    )
    start = rows["before"].replace_strict(
        {name: code for code, name in enumerate(LIVE)}, return_dtype=pl.Int64
    )
    age = np.minimum((rows["month"] - rows["made"]).to_numpy(), table.shape[2] - 1)
    chance = table[(rows["month"] - book.first_month).to_numpy(), segment.to_numpy(), age, start.to_numpy()]
    went = rows["state"].replace({"default_0_3": "default"})
    return rows.with_columns(went=went, age=pl.Series(age)).with_columns(
        pl.Series(f"p_{name}", chance[:, code]) for code, name in enumerate(STATES)
    )


def _scores(moves: pl.DataFrame, by: list[str], target: str) -> np.ndarray:
    """Return (observed - expected) / standard deviation of the number of moves to a target, by group."""
    p = pl.col(f"p_{target}")
    hit = pl.col("went") == target
    groups = (
        moves.group_by(by).agg(observed=hit.sum(), expected=p.sum(), variance=(p * (1 - p)).sum()).sort(by)
    )
    groups = groups.filter(pl.col("variance") > 5.0)
    return ((groups["observed"] - groups["expected"]) / groups["variance"].sqrt()).to_numpy()


@pytest.mark.parametrize("target", ["dpd_1_29", "dpd_30_59", "dpd_60_89", "default", "prepaid"])
@pytest.mark.parametrize(
    "by", [["before"], ["origination_grade"], ["product"], ["product", "origination_grade"], ["month"]]
)
def test_moves_are_as_frequent_as_the_truth_says(moves: pl.DataFrame, by: list[str], target: str) -> None:
    scores = _scores(moves, by, target)
    assert len(scores) > 0
    assert np.abs(scores).max() < 4.5
    assert (scores**2).sum() < chi2.ppf(0.9999, len(scores))


def test_moves_by_age_follow_the_age_curve(moves: pl.DataFrame) -> None:
    banded = moves.with_columns(band=pl.col("age") // 6)
    for target in ("dpd_1_29", "default", "prepaid"):
        scores = _scores(banded, ["band"], target)
        assert len(scores) >= 7
        assert (scores**2).sum() < chi2.ppf(0.9999, len(scores)), target


def test_only_edges_of_the_truth_are_travelled(moves: pl.DataFrame, book: SyntheticBook) -> None:
    truth = book.truth.transitions
    allowed = {(STATES[a], STATES[b]) for a, b in zip(truth.origin, truth.target, strict=True)} | {
        (name, name) for name in LIVE
    }
    seen = set(moves.select("before", "went").unique().iter_rows())
    assert seen == allowed


def test_cash_is_conserved_to_the_cent(book: SyntheticBook) -> None:
    rows = book.panel.with_columns(opening=pl.col("principal").shift(1).over("loan_id")).filter(
        pl.col("opening").is_not_null()
    )
    rows = rows.join(book.loans.select("loan_id", "product"), on="loan_id")
    paid = pl.col("scheduled_principal") + pl.col("prepaid") + pl.col("charged_off")
    drawn = rows.select("product", drawn=(pl.col("principal") - pl.col("opening") + paid).round(2))
    assert drawn.filter(pl.col("product") != "revolving")["drawn"].abs().max() == 0.0
    lines = drawn.filter(pl.col("product") == "revolving")["drawn"]
    assert lines.min() == 0.0
    assert lines.max() > 0.0


def test_lines_stay_within_their_limit(book: SyntheticBook) -> None:
    lines = book.panel.join(
        book.loans.filter(pl.col("product") == "revolving").select("loan_id", "approved_amount"), on="loan_id"
    )
    running = lines.filter(pl.col("state").is_in(LIVE))
    assert (running["principal"] + running["undrawn"] - running["approved_amount"]).abs().max() < 0.006
    assert lines.filter(pl.col("state").str.starts_with("default"))["undrawn"].max() == 0.0


def test_days_past_due_lie_in_the_state_they_name(book: SyntheticBook) -> None:
    bands = {
        "current": (0, 0),
        "dpd_1_29": (1, 29),
        "dpd_30_59": (30, 59),
        "dpd_60_89": (60, 89),
        "default_0_3": (90, 210),
    }
    for state, (low, high) in bands.items():
        days = book.panel.filter(pl.col("state") == state)["days_past_due"]
        assert days.min() >= low, state
        assert days.max() <= high, state


def test_loans_that_miss_nothing_follow_their_contract(book: SyntheticBook) -> None:
    """Level payments by the textbook formula on the original terms (fixed rates, no prepayment, no miss)."""
    clean = book.panel.group_by("loan_id").agg(
        prepaid=pl.col("prepaid").sum(), good=(pl.col("state") == "current").all()
    )
    chosen = book.loans.join(clean.filter((pl.col("prepaid") == 0) & pl.col("good")), on="loan_id")
    chosen = chosen.filter((pl.col("rate_type") == "fixed") & (pl.col("product") != "revolving"))
    assert chosen["product"].n_unique() == 4
    rate = chosen["annual_rate"].to_numpy() / 12
    made = (
        chosen["origination_date"].dt.year().to_numpy() * 12
        + chosen["origination_date"].dt.month().to_numpy()
        - 1
    )
    age = (calendar.month_of(book.as_of) - made).astype(float)
    amount, term = chosen["originated_amount"].to_numpy(), chosen["term_months"].to_numpy()
    rest = amount * chosen["balloon_share"].to_numpy()
    payment = (amount - rest / (1 + rate) ** term) * rate / (1 - (1 + rate) ** -term)
    wanted = amount * (1 + rate) ** age - payment * ((1 + rate) ** age - 1) / rate
    assert np.abs(chosen["principal"].to_numpy() - wanted).max() < 0.6  # a cent a month, compounded


def test_what_follows_a_default_is_the_truths(book: SyntheticBook) -> None:
    """Cures, lags, charge-offs and recoveries of the defaults whose whole aftermath lies inside the panel."""
    truth = book.truth
    longest = len(truth.charge_off_lag) + len(truth.recovery_lag)
    month = pl.col("default_date").dt.year() * 12 + pl.col("default_date").dt.month().cast(pl.Int32) - 1
    wrote = pl.col("charge_off_date").dt.year() * 12 + pl.col("charge_off_date").dt.month().cast(pl.Int32) - 1
    done = book.loans.filter(month <= book.first_month + book.months - longest).with_columns(
        lag=wrote - month
    )
    assert done.height > 300
    exposure = (
        book.panel.filter(pl.col("state") == "default_0_3")
        .group_by("loan_id")
        .agg(pl.col("principal").first().alias("ead"))
    )
    done = done.join(exposure, on="loan_id")
    for product, part in done.partition_by("product", as_dict=True).items():
        item = truth.products[str(product[0])]
        kept = part["charge_off_date"].is_null().mean()
        assert kept == pytest.approx(item.cure, abs=4 * np.sqrt(item.cure * (1 - item.cure) / part.height))
        lost = part.drop_nulls("charge_off_date")
        share = (lost["charged_off"] / lost["ead"]).mean()
        assert share == pytest.approx(item.charged_off, abs=_four_errors(item.charged_off, lost.height))
        recovered = (lost["recovered"] / lost["charged_off"]).mean()
        assert recovered == pytest.approx(item.recovered, abs=_four_errors(item.recovered, lost.height))
    lost = done.drop_nulls("charge_off_date")
    counts = np.bincount(lost["lag"].to_numpy(), minlength=len(truth.charge_off_lag))
    wanted = np.array(truth.charge_off_lag) * lost.height
    score = ((counts - wanted)[1:] ** 2 / wanted[1:]).sum()
    assert counts[0] == 0
    assert score < chi2.ppf(0.999, len(wanted) - 2)


def _four_errors(mean: float, count: int) -> float:
    """Return four standard errors of the mean of draws spread evenly around `mean`, as wide as [0, 1]
    allows.
    """
    return 4 * min(mean, 1 - mean) / np.sqrt(3 * count)


def test_a_recession_raises_missed_payments(moves: pl.DataFrame, book: SyntheticBook) -> None:
    rises = evaluate(book.truth.covariates, book.macro, book.first_month, book.first_month + book.months - 1)[
        :, 0
    ]
    by_month = (
        moves.filter((pl.col("before") == "current") & (pl.col("age") >= 6))
        .group_by("month")
        .agg(rate=(pl.col("went") == "dpd_1_29").mean())
        .sort("month")
    )
    rises = rises[by_month["month"].to_numpy() - book.first_month]
    rate = by_month["rate"].to_numpy()
    assert rate[rises > 2.0].mean() > 1.4 * rate[np.abs(rises) < 0.7].mean()
