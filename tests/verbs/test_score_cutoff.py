"""`score cutoff`: curves that hang together, the best cut-off of a planted book, errors."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import UsageError
from loantwin.verbs.score_cutoff import ScoreCutoffResult
from tests.scored_book import AS_OF, scored_book


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cutoff")
    book = scored_book(folder, loans=3_000, cases=2_000)
    lt.score_train(
        book.cases, target="end", good="good", out=folder / "scores", models=("logistic",), time="lent",
        exclude=["grade"],
    )  # fmt: skip
    lt.twin_create(folder / "twin", book.tape, book.mapping, AS_OF)
    lt.fit(folder / "twin", score=folder / "scores", score_file=book.tape)
    random, count = np.random.default_rng(4), 1_000
    pl.DataFrame(
        {
            "amount": np.round(random.lognormal(9.0, 0.5, count), 2),
            "term_months": random.choice([24, 36], count),
            "annual_rate": np.full(count, 0.12), "origination_grade": random.choice(["A", "B"], count),
            "income": random.normal(size=count), "debt": random.normal(size=count),
        }
    ).write_csv(folder / "asked.csv")  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def found(place: Path) -> ScoreCutoffResult:
    return lt.score_cutoff(place / "twin", place / "asked.csv", paths=60)


def test_the_curve_adds_up(place: Path, found: ScoreCutoffResult) -> None:
    shares = [item.approved for item in found.curve]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert found.curve[-1].amount == pytest.approx(pl.read_csv(place / "asked.csv")["amount"].sum())
    for item in found.curve:
        parts = item.interest.mean - item.funding.mean - item.servicing.mean - item.expected_loss.mean
        assert item.profit.mean == pytest.approx(parts)
        assert item.profit.p05 < item.profit.mean < item.profit.p95
        assert item.annual_pd.mean < item.lifetime_pd.mean
    pds = [item.lifetime_pd.mean for item in found.curve]
    assert pds[1::2] == sorted(pds[1::2])  # a band of the score is two cut-offs wide


def test_the_best_cut_off_is_that_of_the_curve(found: ScoreCutoffResult) -> None:
    best = max(found.curve, key=lambda item: item.profit.mean)
    told = found.best["lifetime"]
    assert (told.cut_off, told.approved) == (best.cut_off, best.approved)
    assert told.profit == best.profit
    assert told.cut_off_low <= told.cut_off <= told.cut_off_high
    assert 0.1 < told.approved < 0.95  # the planted book loses on its worst and earns on its best
    flag = max(found.profits["first 12 months"], key=lambda item: item.mean)
    assert found.best["first 12 months"].cut_off == flag.cut_off
    # defaults of later years are no flag of the first: it approves more, and earns less
    assert found.best["first 12 months"].approved >= told.approved
    assert found.given_up.mean >= 0.0


def test_a_file_in_the_format_of_the_tape_is_read_too(place: Path) -> None:
    by_tape = lt.score_cutoff(
        place / "twin", place / "tape.csv", scores=f"{place / 'scores'}#logistic", paths=5
    )
    assert by_tape.applications == 3_000
    assert by_tape.unscored == 0


def test_the_same_seed_gives_the_same_curve(place: Path, found: ScoreCutoffResult) -> None:
    again = lt.score_cutoff(place / "twin", place / "asked.csv", paths=60)
    assert again.curve == found.curve


def test_another_score_and_a_twin_without_one_are_refused(place: Path, tmp_path: Path) -> None:
    lt.score_train(
        place / "cases.csv", target="end", good="good", out=tmp_path / "other", models=("logistic",), seed=9,
        time="lent",
    )  # fmt: skip
    with pytest.raises(UsageError, match="the score that the twin was fitted with, logistic"):
        lt.score_cutoff(place / "twin", place / "asked.csv", scores=tmp_path / "other")
    lt.twin_create(tmp_path / "plain", place / "tape.csv", place / "scored.toml", AS_OF)
    lt.fit(tmp_path / "plain")
    with pytest.raises(UsageError, match="a twin with a score"):
        lt.score_cutoff(tmp_path / "plain", place / "asked.csv")
    with pytest.raises(UsageError, match="at least 2 paths"):
        lt.score_cutoff(place / "twin", place / "asked.csv", paths=1)
    pl.read_csv(place / "asked.csv").drop("amount").write_csv(tmp_path / "short.csv")
    with pytest.raises(UsageError, match="expected a column amount, was 'none'"):
        lt.score_cutoff(place / "twin", tmp_path / "short.csv")


def test_the_example_of_the_page_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path(__file__).parents[2] / "docs" / "score-cutoff.md"
    (block,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    made: dict[str, object] = {}
    exec(compile(block, "score-cutoff.md", "exec"), made)
    fitted, found = made["fitted"], made["found"]
    told = fitted.score.coefficients["current -> charged_off"]  # type: ignore[attr-defined]
    assert (told["value"], told["low"], told["high"]) == pytest.approx((0.05, -1.60, 1.69), abs=0.05)
    assert found.best["lifetime"].approved == 1.0  # type: ignore[attr-defined]
