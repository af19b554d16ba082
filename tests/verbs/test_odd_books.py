"""Books that are odd as a whole, or hold one odd loan, are valued like any other."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import UsageError
from loantwin.models.transitions import POOLED

AS_OF = dt.date(2020, 12, 31)
LONG = "H03-one-long-loan"
QUIET = "H04-book-without-charge-off"


@pytest.fixture
def fitted(cases: Path, tmp_path: Path) -> Callable[[str, Path], Path]:
    """Return what makes a fitted twin of a tape under the mapping and macro file of a case."""

    def make(case: str, tape: Path) -> Path:
        home = tmp_path / f"twin-{tape.stem}"
        lt.twin_create(home, tape, str(cases / case / "outcomes.toml"), AS_OF)
        lt.fit(home, [cases / case / "macro.csv"])
        return home

    return make


@pytest.mark.filterwarnings("ignore")
@pytest.mark.slow
def test_a_loan_longer_than_any_drawn_path_stops_no_book(
    cases: Path, fitted: Callable[[str, Path], Path], tmp_path: Path
) -> None:
    tape = cases / LONG / "onelong.csv"
    home = fitted(LONG, tape)
    frame = pl.read_csv(tape, infer_schema=False, separator=";")
    term = next(name for name in frame.columns if "700" in frame[name].to_list())
    short = frame.filter(pl.col(term) != "700")
    short.write_csv(tmp_path / "short.csv", separator=";")
    other = fitted(LONG, tmp_path / "short.csv")
    for standard in ("ifrs9", "cecl", "five-level"):
        with_it, without = (lt.provisions(folder, standard).allowance for folder in (home, other))
        assert 0.5 * without < with_it < 2.0 * without
    assert lt.report(home, tmp_path / "long.html").size > 10_000


@pytest.mark.filterwarnings("ignore")
def test_a_book_without_an_event_has_its_report(
    cases: Path, fitted: Callable[[str, Path], Path], tmp_path: Path
) -> None:
    home = fitted(QUIET, cases / QUIET / "base.csv")
    assert lt.happened(home).amounts == ()
    assert lt.report(home, tmp_path / "quiet.html").size > 10_000
    page = (tmp_path / "quiet.html").read_text(encoding="utf-8")
    assert "what happened afterwards" not in page


BAD = "F12-book-in-default"
DAY = dt.date(2022, 12, 31)


@pytest.fixture
def defaulted(cases: Path, panel_home: Path, lender: Path, tmp_path: Path) -> Callable[[str, str], Path]:
    """Return what makes a twin of a tape of the case, run by the model of a lender with a history."""

    def make(tape: str, mapping: str) -> Path:
        home = tmp_path / tape
        lt.twin_create(home, cases / BAD / f"{tape}.csv", str(cases / BAD / mapping), DAY)
        lt.fit(home, [lender / "macro.csv"], model_from=panel_home)
        return home

    return make


@pytest.mark.filterwarnings("ignore:expected segments")
@pytest.mark.slow
def test_a_book_wholly_in_default_is_worked_out_by_every_measure(
    defaulted: Callable[[str, str], Path], tmp_path: Path
) -> None:
    home = defaulted("defs", "sds.toml")
    with lt.open(home) as twin:
        lgd, segments = twin.model.lgd, twin.model.parameters.segments
        sizes, loan = twin.model.sizes, twin.book.loans.row(0, named=True)
    assert sizes is not None
    amount = loan["originated_amount"] or loan["approved_amount"]
    ratio = amount / sizes.medians.get(loan["product"], sizes.medians[""])
    factor = sizes.charged_off[sum(ratio > end for end in sizes.breaks)]
    # by hand: 30 loans of 7,000 made in February 2019, 46 months old, all worked out within 36 months
    to_come = 210_000 * float(lgd.charged_off[segments.index(POOLED), 46]) * factor
    forecast = lt.forecast(home, months=36, paths=50)
    charged_off = forecast.totals["charged_off"]
    assert charged_off is not None
    assert charged_off.mean == pytest.approx(to_come, rel=1e-9)
    assert forecast.opening_balance == 0.0
    assert (forecast.left_out["in_default"].count, forecast.left_out["in_default"].balance) == (30, 210_000)
    held = {name: lt.provisions(home, name) for name in ("ifrs9", "cecl", "five-level")}
    assert held["ifrs9"].by_stage["3"].loans == 30
    assert held["ifrs9"].allowance == held["cecl"].allowance
    stress = lt.stress(home, replays=["2008"], months=36)
    for scenario in stress.scenarios.values():
        assert scenario.charged_off == pytest.approx(to_come, rel=1e-9)
        assert scenario.allowance == pytest.approx(held["ifrs9"].allowance)
    loss = lt.loss(home, paths=2000, confidence=0.99)
    assert loss.es.value == 0.0
    assert any("30 loans in default (210,000 EUR) are not in it" in text for text in loss.assumptions)
    assert lt.capital(home, any_date=True).approaches
    assert lt.report(home, tmp_path / "bad.html").size > 10_000
    with pytest.raises(UsageError, match="not in default, for a book moved month by month, was '30 loans"):
        lt.forecast(home, new_lending="constant-balance")
    with pytest.raises(UsageError, match="not in default, for a model of dependence"):
        lt.loss(home, model="gaussian")


@pytest.mark.filterwarnings("ignore:expected segments")
def test_the_opening_balance_says_what_it_leaves_out(defaulted: Callable[[str, str], Path]) -> None:
    made = lt.forecast(defaulted("mix", "sds2.toml"), paths=50, months=36)
    assert made.opening_balance == 210_000
    assert {name: (item.count, item.balance) for name, item in made.left_out.items()} == {
        "in_default": (30, 210_000)
    }


def test_all_that_a_tape_holds_is_in_the_opening_or_named_beside_it(panel_home: Path) -> None:
    made = lt.forecast(panel_home, paths=20, months=1)
    with lt.open(panel_home) as twin:
        loans, live = twin.known_loans.height, twin.book.loans.height
        gone = twin.known_loans.filter(pl.col("charge_off_date").is_not_null())
    parts = made.left_out
    assert loans == live + sum(parts[name].count for name in ("charged_off", "closed", "not_yet_on_book"))
    assert parts["charged_off"].balance == pytest.approx(gone["charged_off"].sum())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_book_without_an_event_is_measured_by_every_command(
    cases: Path, fitted: Callable[[str, Path], Path]
) -> None:
    home = fitted(QUIET, cases / QUIET / "base.csv")
    assert lt.forecast(home, paths=50).opening_balance > 0
    assert all(lt.provisions(home, name).allowance > 0 for name in ("ifrs9", "cecl", "five-level"))
    assert lt.loss(home, paths=2000, confidence=0.99).es.value > 0
    assert lt.capital(home, any_date=True).approaches
    assert lt.stress(home, sensitivities=["unemployment_rate=+1"]).sensitivities


def test_a_book_of_one_loan_in_default_is_fitted_and_provided_for(raw_lender: Path, tmp_path: Path) -> None:
    """No loan could pay off early, so that nothing is known of that period effect."""
    rows = pl.read_csv((raw_lender / "tape.csv").read_bytes(), separator=";", infer_schema=False)
    late = rows.filter((pl.col("Month end") == "31.12.2021") & (pl.col("Days late").cast(pl.Int64) >= 90))
    rows.filter(pl.col("Contract No") == late["Contract No"][0]).write_csv(
        tmp_path / "one.csv", separator=";"
    )
    home = tmp_path / "twin"
    lt.twin_create(home, tmp_path / "one.csv", str(raw_lender / "mapping.toml"), dt.date(2021, 12, 31))
    made = lt.fit(home)
    assert list(made.levels) == ["credit"]
    assert made.default_rate == 1.0  # one in five months would be more than all in a year
    allowance = lt.provisions(home, "ifrs9")
    assert allowance.by_stage["3"].loans == 1
    assert 0.0 < allowance.allowance < allowance.exposure
    assert lt.forecast(home, months=3, paths=20).opening_balance == 0.0
