"""`fit --score`: the score becomes a term of the twin, point in time, and every measure reads it."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.book.schema import SCORE_COLUMN
from loantwin.errors import ModelError, UsageError
from loantwin.models.scoring.store import predict, read_score
from loantwin.models.scoring.table import read_table
from loantwin.outlook.portfolio import portfolio
from loantwin.outlook.redated import twin_at
from loantwin.outlook.yearly_pd import THROUGH, yearly_pd
from loantwin.verbs.fit.result import FitResult
from tests.scored_book import AS_OF, ScoredBook, scored_book


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> ScoredBook:
    made = scored_book(tmp_path_factory.mktemp("scored"))
    train(made.cases, made.cases.parent / "scores")
    return made


def train(cases: Path, out: Path, time: str | None = "lent") -> None:
    named = {"target": "end", "good": "good", "out": out, "models": ("logistic",), "exclude": ["grade"]}
    lt.score_train(cases, time=time, **named)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def home(book: ScoredBook) -> Path:
    folder = book.tape.parent / "twin"
    lt.twin_create(folder, book.tape, book.mapping, AS_OF)
    return folder


@pytest.fixture(scope="module")
def fitted(book: ScoredBook, home: Path) -> FitResult:
    return lt.fit(home, score=f"{book.tape.parent / 'scores'}#logistic", score_file=book.tape)


def test_the_score_of_each_loan_is_in_the_home_and_near_the_truth(
    book: ScoredBook, home: Path, fitted: FitResult
) -> None:
    told = predict(read_score(book.tape.parent / "scores"), read_table(book.tape))
    with lt.open(home) as twin:
        loans = twin.tables.loans
        assert loans[SCORE_COLUMN].to_numpy() == pytest.approx(told.log_odds)
        assert twin.known_loans[SCORE_COLUMN].null_count() == 0
        event = twin.last("LoansScored")
        assert event is not None
        assert event.data["name"] == "logistic"
        assert twin.model.score is not None
    found = fitted.score.coefficients["current -> charged_off"]
    # odds of an end within a year bend where they are large, those of a month do not: a little below 1
    assert 0.8 < found["low"] < found["high"] < 1.05
    prepaid = fitted.score.coefficients["current -> prepaid"]
    assert prepaid["low"] < 0.0 < prepaid["high"]
    slope = fitted.score.slopes["score"]
    assert slope["low"] < 1.0 < slope["high"]


def test_the_pd_that_capital_and_provisions_read_follows_the_score(home: Path, fitted: FitResult) -> None:
    with lt.open(home) as twin:
        outlook = lt.Outlook(twin)
        columns, labels = outlook.columns, twin.model.parameters.segments
        good = np.array(["|score band 1|" in f"{label}|" for label in labels])[columns.segment]
        bad = np.array(["|score band 10" in label for label in labels])[columns.segment]
        assert good.any()
        assert bad.any()
        pd = yearly_pd(outlook, portfolio(outlook), THROUGH)
    assert pd[bad].mean() > 8.0 * pd[good].mean()  # bands apart by about 3.5 in log-odds


def test_the_twin_at_an_earlier_date_knows_no_later_loan(home: Path, fitted: FitResult) -> None:
    with lt.open(home) as twin:
        then = twin_at(twin, date(2015, 12, 31))
        assert then.model.score is not None
        assert twin.model.score is not None
        assert then.model.score.breaks != twin.model.score.breaks
        with pytest.raises(
            UsageError, match="a score trained on cases until 2011-06-30, was 'logistic, whose"
        ):
            twin_at(twin, date(2011, 6, 30))


def test_a_column_that_the_home_does_not_hold_is_refused_by_name(book: ScoredBook, home: Path) -> None:
    with pytest.raises(ModelError, match=r"debt, which it does not hold.*--score-file"):
        lt.fit(home, score=book.tape.parent / "scores")


def test_a_column_that_is_known_only_later_is_refused(book: ScoredBook, home: Path, tmp_path: Path) -> None:
    tape = pl.read_csv(book.tape)
    end = pl.when(pl.col("lost").is_null()).then(pl.lit("good")).otherwise(pl.lit("bad"))
    tape.head(2_000).select("lost_on", "income", end=end).with_columns(
        pl.col("lost_on").str.slice(0, 4).alias("lost")
    ).drop("lost_on").write_csv(tmp_path / "cases.csv")
    lt.score_train(
        tmp_path / "cases.csv", target="end", good="good", out=tmp_path / "leaks", models=("logistic",),
        keep=["lost"],
    )  # fmt: skip
    with pytest.raises(ModelError, match="known at origination, was 'lost, read as charged_off'"):
        lt.fit(home, score=tmp_path / "leaks", score_file=book.tape)


@pytest.mark.slow
def test_a_score_that_knows_what_came_later_is_refused(book: ScoredBook, tmp_path: Path) -> None:
    lt.twin_create(tmp_path / "early", book.tape, book.mapping, date(2014, 12, 31))
    tape = pl.read_csv(book.tape)
    end = pl.when(pl.col("lost").is_null()).then(pl.lit("good")).otherwise(pl.lit("bad"))
    tape.select("income", "debt", "lent", "grade", end=end).write_csv(tmp_path / "late.csv")
    train(tmp_path / "late.csv", tmp_path / "late")
    with pytest.raises(
        UsageError, match="cases until 2014-12-31, the twin's as-of date, was 'logistic, whose last"
    ):
        lt.fit(tmp_path / "early", score=tmp_path / "late", score_file=book.tape)
    # the same file without dates: what cannot be checked is said
    train(tmp_path / "late.csv", tmp_path / "undated", time=None)
    found = lt.fit(tmp_path / "early", score=tmp_path / "undated", score_file=book.tape)
    assert any("nothing after 2014-12-31 cannot be checked" in note for note in found.notes)
    # the ends of the very tape, which goes on
    lt.score_train(
        book.tape, target="grade", good="A", out=tmp_path / "own", models=("logistic",),
        exclude=["number", "lost_on", "paid_on", "lent"],
    )  # fmt: skip
    with pytest.raises(UsageError, match="the twin's own tape, which goes on after that date"):
        lt.fit(tmp_path / "early", score=tmp_path / "own", score_file=book.tape)


def test_what_a_score_cannot_stand_beside_is_refused(book: ScoredBook, home: Path, tmp_path: Path) -> None:
    scores = book.tape.parent / "scores"
    with pytest.raises(UsageError, match="`score` with the built-in model alone"):
        lt.fit(home, model="age-period-cohort", score=scores)
    with pytest.raises(UsageError, match="`score` with `score_file`"):
        lt.fit(home, score_file=book.tape)
    with pytest.raises(UsageError, match="a folder that `loantwin score train` wrote"):
        lt.fit(home, score=tmp_path / "none")
    with pytest.raises(UsageError, match="`update` with the settings of the stored model"):
        lt.fit(home, update=True, score=scores)
    twice = pl.read_csv(book.tape)
    pl.concat([twice, twice.head(1)]).write_csv(tmp_path / "twice.csv")
    with pytest.raises(UsageError, match="each loan once, was 'L20130 twice'"):
        lt.fit(home, score=scores, score_file=tmp_path / "twice.csv")


def test_a_fit_without_a_score_is_the_same_to_the_bit_after_one_with(
    book: ScoredBook, tmp_path: Path
) -> None:
    lt.twin_create(tmp_path / "one", book.tape, book.mapping, AS_OF)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    plain = lt.fit(tmp_path / "one")
    lt.fit(tmp_path / "two", score=book.tape.parent / "scores", score_file=book.tape)
    again = lt.fit(tmp_path / "two")
    assert plain.score is None
    assert again.score is None
    assert plain.provenance["model_hash"] == again.provenance["model_hash"]
    json.dumps(plain.to_dict())


@pytest.mark.slow
def test_a_registered_score_is_the_one_object_that_a_folder_holds(
    book: ScoredBook, home: Path, fitted: FitResult, tmp_path: Path
) -> None:
    folder, scores = tmp_path / "twin", book.tape.parent / "scores"
    shutil.copytree(home, folder)
    with pytest.raises(UsageError, match="registered score, was 'applications'; no score is registered"):
        lt.fit(folder, score="applications", score_file=book.tape)
    made = lt.model_register(folder, scores, model="logistic", name="applications", by="ana")
    with pytest.raises(ModelError, match="not approved"):
        lt.fit(folder, score="applications/1", score_file=book.tape)
    lt.model_approve(folder, "applications/1", role="model-approver", by="eva")
    lt.model_place(folder, "applications/1", place="champion", by="eva")
    for reference in ("applications", "applications/1", made.model.id):
        again = lt.fit(folder, score=reference, score_file=book.tape)
        assert again.score == fitted.score
        with lt.open(folder) as twin, lt.open(home) as other:
            assert twin.model.score == other.model.score
            assert twin.model.parameters.segments == other.model.parameters.segments
    with pytest.raises(UsageError, match="registered are applications"):
        lt.fit(folder, score="application", score_file=book.tape)
