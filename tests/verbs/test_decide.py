"""`decide` with a twin: the register says who may, the twin what loans come to; the page's example runs."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.clock import FixedClock
from loantwin.decisions.deciding.answer import decisions_of
from loantwin.decisions.graph_policy import nested, open_policy
from loantwin.errors import UsageError
from loantwin.events.home import Home
from loantwin.models.scoring.store import predict
from loantwin.models.scoring.table import from_frame
from loantwin.outlook.applications import applications_of
from loantwin.outlook.applied import applied
from tests.decisions.applied_for import applications, cases, policy_file
from tests.scored_book import AS_OF, scored_book

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
pytestmark = pytest.mark.usefixtures("few_paths")
PAGE = Path(__file__).parents[2] / "docs" / "decide.md"
EXAMPLES = PAGE.parents[1] / "examples"
CUTS = (580, 540, 500)


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("register")
    file = cases(folder / "cases.csv")
    lt.score_train(file, target="end", good="good", folds="1x3", models=["logistic"], out=folder / "scores")
    return folder / "scores"


def on(day: int, home: Path, verb: Any, *words: Any, **options: Any) -> Any:
    clock = FixedClock(datetime(2026, 1, day, 12, tzinfo=UTC))
    with lt.open(home, writable=True, clock=clock) as twin:
        return verb(twin, *words, **options)


def outcome_of(day: int, home: Path, policy: Path, model: str) -> tuple[set[str], set[str]]:
    """Return outcomes and first codes of twenty applications decided on a day of January 2026."""
    frame = applications(20, faults=False)
    with lt.open(home, clock=FixedClock(datetime(2026, 1, day, 12, tzinfo=UTC))) as twin:
        found = lt.decide(frame, policy=policy, model=model, twin=twin).decisions
    return {item.outcome for item in found}, {item.reasons[0].code for item in found}


def test_the_register_says_who_may_decide(scores: Path, tmp_path: Path) -> None:
    home, policy = tmp_path / "twin", policy_file(tmp_path, CUTS)
    Home.create(home, FixedClock(datetime(2026, 1, 1, 12, tzinfo=UTC)), name="twin", currency="EUR").close()
    on(2, home, lt.model_register, scores, name="cards", by="ana", expires="2026-01-20")
    assert outcome_of(3, home, policy, "cards/1") == ({"refer"}, {"model-not-approved"})
    with pytest.raises(UsageError, match="expected a champion of cards on 2026-01-03, was 'none'"):
        outcome_of(3, home, policy, "cards")
    on(4, home, lt.model_approve, "cards/1", role="model-approver", by="eva")
    on(5, home, lt.model_place, "cards/1", place="champion", by="eva")
    outcomes, codes = outcome_of(6, home, policy, "cards")
    assert outcomes >= {"approve", "decline"}
    assert not any(code.startswith("model-") for code in codes)
    assert outcome_of(21, home, policy, "cards") == ({"refer"}, {"model-expired"})
    on(7, home, lt.model_approve, "cards/1", role="model-approver", by="eva", refuse=True, words="drifted")
    assert outcome_of(8, home, policy, "cards") == ({"refer"}, {"model-refused"})
    with pytest.raises(UsageError, match="model: expected"):
        outcome_of(8, home, policy, "loans/1")


def test_a_damaged_model_refers_and_says_why(scores: Path, tmp_path: Path) -> None:
    home, policy = tmp_path / "twin", policy_file(tmp_path, CUTS)
    Home.create(home, FixedClock(datetime(2026, 1, 1, 12, tzinfo=UTC)), name="twin", currency="EUR").close()
    on(2, home, lt.model_register, scores, name="cards", by="ana")
    on(2, home, lt.model_approve, "cards/1", role="model-approver", by="eva")
    on(3, home, lt.model_place, "cards/1", place="champion", by="eva")
    blob = next(
        file for file in (home / "blobs").rglob("*") if file.is_file() and '"kind"' in file.read_text()[:400]
    )
    blob.write_text(blob.read_text().replace('"format": 1', '"format": 99'))
    assert outcome_of(4, home, policy, "cards") == ({"refer"}, {"model-failed"})


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a twin fitted with a score, the score, and its policy."""
    folder = tmp_path_factory.mktemp("valued")
    book = scored_book(folder, loans=2_000, cases=1_000)
    lt.score_train(
        book.cases, target="end", good="good", out=folder / "scores", models=("logistic",), time="lent",
        exclude=["grade"],
    )  # fmt: skip
    lt.twin_create(folder / "twin", book.tape, book.mapping, AS_OF)
    lt.fit(folder / "twin", score=folder / "scores", score_file=book.tape)
    policy_file(folder, (585, 575, 550), counter_offer={"amounts": [4_000, 9_000], "terms": [36]})
    return folder


def asked(rows: int, seed: int = 8) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "application_id": [f"A-{number}" for number in range(rows)],
            "application_date": ["2026-08-03"] * rows,
            "amount": np.round(random.uniform(2_000.0, 20_000.0, rows), 2),
            "term_months": random.choice([12, 24, 36], rows),
            "annual_rate": [None if gone else 0.1 for gone in random.random(rows) < 0.3],
            "annual_income": [48_000.0] * rows,
            "monthly_debt": np.round(random.uniform(0, 2_200, rows), 2),
            "grade": random.choice(["A", "B"], rows),
            "product": random.choice(["instalment", "instalment", "instalment", "revolving"], rows),
            "attributes.income": np.round(random.normal(size=rows), 4),
            "attributes.debt": np.round(random.normal(size=rows), 4),
        }
    )


def test_a_twin_values_what_is_lent_and_one_by_one_gives_the_same(fitted: Path) -> None:
    frame, policy = asked(60), open_policy(fitted / "policy.json")
    with lt.decider(policy, model=fitted / "scores", twin=fitted / "twin") as made:
        assert made.value is not None
        assert made.score is not None
        many = made.columns(frame)
        alone = [made.decide(nested(row)) for row in frame.head(12).iter_rows(named=True)]
        outlook = made.value.outlook  # type: ignore[attr-defined]
        found = lt.decide(frame, policy=policy, model=fitted / "scores", twin=outlook.twin)
        score = made.score.score
    assert list(found.decisions[:12]) == alone
    assert (found.currency, found.decisions[0].versions.twin) == ("USD", outlook.twin.head[1])
    odd = [item for item in found.decisions if item.reasons[0].code == "twin-cannot-value"]
    assert len(odd) == (frame["product"] == "revolving").sum()
    assert {item.outcome for item in odd} == {"refer"}
    approved = many.filter(pl.col("outcome") == "approve")
    assert 5 < len(approved) < 45
    assert approved["expected_profit"].null_count() == 0
    assert many.filter(pl.col("outcome") != "approve")["expected_profit"].null_count() == len(many) - len(
        approved
    )
    # what the twin's own look at a loan of these terms says
    here = frame.with_row_index("row").join(approved.select("application_id"), on="application_id")["row"]
    first = int(here[0])
    values = {name: np.array([frame[f"attributes.{name}"][first]]) for name in ("income", "debt")}
    assert score is not None
    loan = pl.DataFrame(
        {
            "loan_id": ["1"], "product": ["instalment"], "origination_grade": [frame["grade"][first]],
            "originated_amount": [approved["amount"][0]], "approved_amount": [approved["amount"][0]],
            "term_months": [approved["term_months"][0]], "annual_rate": [approved["annual_rate"][0]],
        }
    )  # fmt: skip
    log_odds = predict(score, from_frame(pl.DataFrame(values))).log_odds
    worth = applied(outlook, applications_of(outlook, loan, log_odds))
    assert approved["expected_profit"][0] == pytest.approx(worth.profit[0])
    assert approved["expected_loss"][0] == pytest.approx(worth.expected_loss[0])
    assert approved["annual_pd"][0] == pytest.approx(worth.annual_pd[0])


def test_default_within_a_year_does_not_read_the_rate(fitted: Path) -> None:
    frame = asked(20).with_columns(pl.lit("instalment").alias("product"))
    with lt.decider(
        open_policy(fitted / "policy.json"), model=fitted / "scores", twin=fitted / "twin"
    ) as made:
        assert made.value is not None
        cheap, dear, unknown = (
            made.value(
                frame.with_columns(pl.lit(rate, dtype=pl.Float64).alias("annual_rate")), np.full(20, -3.0)
            )
            for rate in (0.02, 0.25, None)
        )
    assert cheap.annual_pd == pytest.approx(dear.annual_pd, rel=1e-12)
    assert unknown.annual_pd == pytest.approx(dear.annual_pd, rel=1e-12)
    assert (dear.expected_profit > cheap.expected_profit).all()
    assert np.isnan(unknown.expected_profit).all()


def test_another_score_than_the_twins_is_said_and_nothing_is_valued(fitted: Path, scores: Path) -> None:
    frame = applications(10, faults=False)
    found = lt.decide(frame, policy=fitted / "policy.json", model=scores, twin=fitted / "twin")
    assert {item.expected_profit for item in found.decisions} == {None}
    assert any("was not fitted with this score" in note for note in found.notes)


def test_the_example_of_the_page_runs_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    made: dict[str, Any] = {}
    exec(compile(block, "decide.md", "exec"), made)
    first, second, third, fourth = made["found"].decisions
    assert (first.outcome, first.annual_rate, round(first.score, 1)) == ("approve", 0.142, 635.5)
    assert (second.outcome, round(second.score, 1)) == ("decline", 577.5)
    assert [item.code for item in second.reasons] == ["use"]
    assert [item.code for item in third.reasons] == ["model-value-missing"]
    assert [item.code for item in fourth.reasons] == ["Limits/limits-1"]
    assert (fourth.counter_offer.amount, fourth.counter_offer.annual_rate) == (4_800.0, 0.142)


def profit_policy(folder: Path) -> Path:
    """Write a policy that reads what a loan leaves, and no score."""
    rows = [("< 0", '"decline"', '["It loses money"]'), (">= 0", '"approve"', "[]")]
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": "in", "name": "profit", "field": "expected_profit"}],
        "outputs": [
            {"id": "outcome", "name": "outcome", "field": "outcome"},
            {"id": "reasons", "name": "reasons", "field": "reasons"},
            {"id": "rate", "name": "rate", "field": "annual_rate"},
        ],
        "rules": [
            {"_id": f"worth-{number}", "in": cut, "outcome": outcome, "reasons": reasons, "rate": "0.1"}
            for number, (cut, outcome, reasons) in enumerate(rows, 1)
        ],
    }
    document = {
        "nodes": [
            {"id": "1", "name": "Asked", "type": "inputNode"},
            {"id": "2", "name": "Worth", "type": "decisionTableNode", "content": table},
            {"id": "3", "name": "Answer", "type": "outputNode"},
        ],
        "edges": [
            {"id": "a", "sourceId": "1", "targetId": "2"},
            {"id": "b", "sourceId": "2", "targetId": "3"},
        ],
        "metadata": {},
    }
    file = folder / "profit.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_a_policy_that_reads_profit_gets_reasons_of_the_score_that_made_the_loss(
    fitted: Path, tmp_path: Path
) -> None:
    """The worst risk loses at 7 % and would not at the best; at 0.1 % money alone costs 3: all lose."""
    worst = pl.col("application_id").is_not_null()
    frame = asked(8).with_columns(
        pl.lit("instalment").alias("product"),
        pl.when(worst).then(pl.lit(-4.0)).alias("attributes.income"),
        pl.when(worst).then(pl.lit(4.0)).alias("attributes.debt"),
    )
    with lt.decider(profit_policy(tmp_path), model=fitted / "scores", twin=fitted / "twin") as made:
        assert made.value is not None
        for rate, moved in ((0.07, True), (0.001, False)):
            here = frame.with_columns(pl.lit(rate).alias("annual_rate"))
            found = decisions_of(made.columns(here), made.versions)
            assert {item.outcome for item in found} == {"decline"}, rate
            codes = {item.code for one in found for item in one.reasons}
            assert bool(codes & {"income", "debt"}) is moved, (rate, codes)
            assert [made.decide(nested(row)) for row in here.iter_rows(named=True)] == list(found)
