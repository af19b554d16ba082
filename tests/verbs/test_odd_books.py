"""Books that are odd as a whole, or hold one odd loan, are valued like any other."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import loantwin as lt

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
