"""Decisions: the batch and one by one give one answer to the bit; what goes wrong is referred."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.decisions.deciding.answer import decisions_of
from loantwin.decisions.deciding.decider import Decider
from loantwin.decisions.deciding.scores import points
from loantwin.decisions.graph_policy import nested, open_policy
from loantwin.errors import ConfigError, ModelError, UsageError
from loantwin.models.scoring.store import read_score
from tests.decisions.applied_for import applications, cases, policy_file

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
CUTS = (580, 540, 500)


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("decide")
    file = cases(folder / "cases.csv")
    trees = () if find_spec("lightgbm") is None else ("boosting",)
    models = ("logistic", "additive", "scorecard", *trees)
    lt.score_train(file, target="end", good="good", folds="1x3", models=models, out=folder / "scores")
    return folder / "scores"


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stated = {"step": 2_500, "least": 2_000, "terms": [36, 60]}
    return policy_file(tmp_path_factory.mktemp("policy"), CUTS, counter_offer=stated)


@pytest.fixture
def made(scores: Path, policy: Path) -> Any:
    with lt.decider(open_policy(policy), model=f"{scores}#scorecard") as found:
        yield found


GOOD = {
    "application_id": "A-1", "application_date": "2026-08-03", "amount": 12_000.0, "term_months": 36,
    "annual_income": 60_000.0, "monthly_debt": 400.0,
    "attributes": {"use": 0.05, "job": "fixed", "months_there": 60},
}  # fmt: skip


def changed(**attributes: Any) -> dict[str, Any]:
    return {**GOOD, "attributes": {**GOOD["attributes"], **attributes}}  # type: ignore[dict-item]


@pytest.mark.parametrize("name", ["logistic", "additive", "scorecard", "boosting"])
def test_the_batch_and_one_by_one_give_one_answer_to_the_bit(scores: Path, policy: Path, name: str) -> None:
    if name == "boosting":
        pytest.importorskip("lightgbm", reason="not installed: lightgbm; pip install 'loantwin[scoring]'")
    frame = applications(250, seed=len(name))
    with lt.decider(open_policy(policy), model=f"{scores}#{name}") as found:
        many = decisions_of(found.columns(frame), found.versions)
        alone = [found.decide(nested(row)) for row in frame.head(40).iter_rows(named=True)]
        part = decisions_of(found.columns(frame[50:]), found.versions)
    assert list(many[:40]) == alone
    assert many[50:] == part
    assert {item.outcome for item in many} == {"approve", "decline", "refer"}
    assert any(item.counter_offer for item in many)
    assert {reason.code for item in many for reason in item.reasons} >= {
        "model-value-missing", "model-value-unseen", "use", "Credit/credit-7", "Limits/limits-1",
    }  # fmt: skip
    assert all(0 < len(item.reasons) <= 4 for item in many)


def test_a_score_is_the_scorecards_own_points(scores: Path, made: Decider) -> None:
    """600 points at 50 good to a bad, 20 more double it: odds of 100 are 620, of 25 are 580."""
    score = read_score(scores, "scorecard")
    assert points(score, -np.log([50.0, 100.0, 25.0])) == pytest.approx([600.0, 620.0, 580.0])
    found = made.decide(GOOD)
    assert found.annual_pd is not None
    assert found.score is not None
    odds = (1 - found.annual_pd) / found.annual_pd
    assert found.score == pytest.approx(600 + 20 * np.log2(odds / 50))


PROBLEMS = [
    (changed(use=None), "model-value-missing", "attributes.use is missing, which the model never saw"),
    (changed(job="pilot"), "model-value-unseen", "attributes.job has a value that the model never saw"),
    ({key: GOOD[key] for key in GOOD if key != "annual_income"}, "model-value-missing", None),
]


@pytest.mark.parametrize(
    ("application", "code", "words"), PROBLEMS, ids=[f"{n}" for n in range(len(PROBLEMS))]
)
def test_what_cannot_be_decided_is_referred_and_says_why(
    made: Decider, application: dict[str, Any], code: str, words: str | None
) -> None:
    found = made.decide(application)
    assert found.outcome == "refer"
    assert next(item.code for item in found.reasons) == code
    assert words is None or found.reasons[0].text == words
    assert (found.amount, found.annual_rate, found.term_months, found.counter_offer) == (None,) * 4
    if code.startswith("model"):
        assert (found.score, found.annual_pd, found.rules) == (None, None, ())


def test_a_value_missing_as_in_training_is_scored(made: Decider) -> None:
    found = made.decide(changed(months_there=None))
    assert (found.outcome, found.reasons[0].code) == ("approve", "Decision/decision-4")


def test_a_policy_without_a_score_refers_what_it_misses(policy: Path) -> None:
    (found,) = lt.decide([GOOD], policy=policy).decisions
    assert (found.outcome, found.reasons[0].code) == ("refer", "field-missing")
    assert found.reasons[0].text == "Credit: score is missing"


@pytest.mark.parametrize(
    ("application", "field"),
    [
        ({**GOOD, "anual_income": 1.0}, "anual_income"),
        ({**GOOD, "amount": -1.0}, "amount"),
        ({key: GOOD[key] for key in GOOD if key != "term_months"}, "term_months"),
        ({**GOOD, "annual_income": "much"}, "annual_income"),
        (changed(use="much"), "attributes.use"),
    ],
)
def test_what_is_no_application_is_refused_by_field(
    policy: Path, scores: Path, application: dict[str, Any], field: str
) -> None:
    for asked in ([application], [GOOD, application]):
        with pytest.raises((UsageError, ModelError), match=field):
            lt.decide(asked, policy=policy, model=f"{scores}#scorecard")


def test_a_file_of_another_schema_or_a_policy_out_of_force_decides_nothing(
    scores: Path, policy: Path, tmp_path: Path
) -> None:
    out = tmp_path / "decisions.jsonl"
    other = applications(20).drop("attributes.use")
    with pytest.raises(
        ModelError, match=r"attributes\.use: expected the columns that the model was trained on"
    ):
        lt.decide(other, policy=policy, model=scores, out=out)
    old = applications(20).with_columns(pl.lit("2020-01-01").alias("application_date"))
    with pytest.raises(ConfigError, match="in force"):
        lt.decide(old, policy=policy, model=scores, out=out)
    assert not out.exists()
    with pytest.raises(UsageError, match="a twin whose register has it"):
        lt.decide(applications(5), policy=policy, model="applications")
    with pytest.raises(ModelError, match="expected one of"):
        lt.decide(applications(5), policy=policy, model=f"{scores}#forest")
    with pytest.raises(UsageError, match="at least one application"):
        lt.decide([], policy=policy)
    with pytest.raises(UsageError, match=r"\.jsonl, \.csv, \.parquet"):
        lt.decide(applications(5), policy=policy, out=tmp_path / "decisions.xls")


def test_a_model_that_gives_no_number_refers_every_application(made: Decider) -> None:
    assert made.score is not None
    assert made.score.score is not None
    model = replace(made.score.score.model, intercept=float("nan"))
    broken = replace(made, score=replace(made.score, score=replace(made.score.score, model=model)))
    found = decisions_of(broken.columns(applications(40, faults=False)), broken.versions)
    assert {(item.outcome, item.reasons[0].code, len(item.reasons)) for item in found} == {
        ("refer", "model-failed", 1)
    }


def test_reasons_of_the_score_stand_only_where_a_better_score_would_have_moved_it(made: Decider) -> None:
    """Worked by hand on the policy's rows, whose cuts lie at 580, 540 and 500 here."""
    low = made.decide(changed(use=1.0, job="free"))
    assert low.outcome == "decline"
    assert low.score is not None
    assert low.score < 500
    codes = [item.code for item in low.reasons]
    assert "use" in codes
    assert "job" in codes
    assert "Credit/credit-4" not in codes, "a score below a cut is no reason: what lowers it is"
    assert low.reasons[codes.index("use")].text == "The value of use"
    rich = made.decide({**GOOD, "annual_income": 200_000.0, "monthly_debt": 10_000.0})
    assert rich.score is not None
    assert rich.score >= 580
    assert [item.code for item in rich.reasons] == ["Credit/credit-5"], (
        "the best class: the score did nothing"
    )
    owing = made.decide({**GOOD, "exposures": {"borrower": 95_000.0}})
    assert [item.code for item in owing.reasons] == ["Limits/limits-1"]
    assert owing.outcome == "refer"


def test_contributions_that_lower_the_risk_are_no_reasons(made: Decider) -> None:
    frame = applications(400, seed=9, faults=False)
    found = decisions_of(made.columns(frame), made.versions)
    by_score = [
        item for item in found if item.outcome == "decline" and any("/" not in r.code for r in item.reasons)
    ]
    assert len(by_score) > 20
    use = dict(zip(frame["application_id"], frame["attributes.use"], strict=True))
    told = [use[item.application_id] for item in by_score if any(r.code == "use" for r in item.reasons)]
    assert told
    assert min(told) > 0.2, "little use lowers the risk"


def test_reasons_are_told_in_chinese(made: Decider) -> None:
    spoken = replace(made, language="zh")
    english, chinese = (who.decide(changed(use=1.0, job="free")) for who in (made, spoken))
    assert [item.code for item in english.reasons] == [item.code for item in chinese.reasons]
    assert "use的取值" in [item.text for item in chinese.reasons]
    missing = spoken.decide(changed(use=None))
    assert missing.reasons[0].text == "缺少 attributes.use，而模型从未见过该值缺失"


def test_a_counter_offer_is_the_largest_amount_of_the_grid_that_the_policy_approves(made: Decider) -> None:
    """One borrower may owe 100,000: 88,000 owed leave 12,000, of which the grid of 2,500 offers 10,000."""
    found = made.decide({**GOOD, "amount": 20_000.0, "exposures": {"borrower": 88_000.0}})
    assert found.outcome == "refer"
    assert found.counter_offer is not None
    assert (found.counter_offer.amount, found.counter_offer.term_months) == (10_000.0, 36)
    again = made.decide({**GOOD, "amount": 10_000.0, "exposures": {"borrower": 88_000.0}})
    assert (again.outcome, again.amount, again.annual_rate) == (
        "approve", found.counter_offer.amount, found.counter_offer.annual_rate,
    )  # fmt: skip
    full = made.decide({**GOOD, "amount": 20_000.0, "exposures": {"borrower": 99_000.0}})
    assert full.counter_offer is None, "1,000 are below the least amount"
    assert made.decide(changed(use=1.0, job="free")).counter_offer is None


def test_every_counter_offer_is_what_the_policy_decides_on_it(made: Decider) -> None:
    frame = applications(900, seed=12)
    found = made.columns(frame)
    offered = found.with_row_index("row").filter(pl.col("counter_amount").is_not_null())
    assert len(offered) > 15
    asked = frame[offered["row"]].with_columns(
        offered["counter_amount"].alias("amount"), offered["counter_term_months"].alias("term_months")
    )
    again = made.columns(asked)
    assert again["outcome"].to_list() == ["approve"] * len(offered)
    for name in ("amount", "annual_rate", "term_months"):
        assert again[name].to_list() == offered[f"counter_{name}"].to_list()
    more = asked.with_columns(
        pl.min_horizontal(pl.col("amount") + 2_500.0, frame[offered["row"]]["amount"] - 0.01)
    )
    larger = made.columns(more)
    assert (larger["outcome"] == "approve").sum() < len(offered)


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"stepp": 1}, "stepp"),
        ({"step": 0}, "above 0"),
        ({"step": 100, "amounts": [1_000]}, "amounts or a step"),
        ({"terms": [12.5]}, "whole months"),
        ([1], "an object"),
    ],
)
def test_a_wrong_grid_of_counter_offers_is_refused(tmp_path: Path, stated: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=rf"counter_offer.*{words}"):
        open_policy(policy_file(tmp_path, counter_offer=stated))


def test_all_decisions_are_written(scores: Path, policy: Path, tmp_path: Path) -> None:
    frame = applications(30)
    files = [tmp_path / f"decisions.{ending}" for ending in ("jsonl", "csv", "parquet")]
    told = [lt.decide(frame, policy=policy, model=scores, out=file) for file in files]
    lt.decide(frame, policy=policy, model=scores, out=files[0])  # its own file is replaced
    lines = pl.read_ndjson(files[0], infer_schema_length=None)
    assert lines["outcome"].to_list() == [item.outcome for item in told[0].decisions]
    assert [len(item) for item in lines["reasons"]] == [len(item.reasons) for item in told[0].decisions]
    assert lines["versions"][0]["policy_hash"] == open_policy(policy).hash
    table = pl.read_parquet(files[2])
    assert table["codes"].to_list() == [[r.code for r in item.reasons] for item in told[2].decisions]
    assert pl.read_csv(files[1])["amount"].to_list() == table["amount"].to_list()
    (tmp_path / "mine.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match="a new file, or one that loantwin wrote"):
        lt.decide(frame, policy=policy, out=tmp_path / "mine.jsonl")


def test_a_result_counts_what_its_decisions_say(scores: Path, policy: Path) -> None:
    frame = applications(80)
    found = lt.decide(frame, policy=policy, model=scores)
    for item in found.outcomes:
        mine = [one for one in found.decisions if one.outcome == item.outcome]
        assert item.applications == len(mine)
        assert item.granted == pytest.approx(sum(one.amount or 0.0 for one in mine))
    codes = [reason.code for one in found.decisions for reason in one.reasons]
    assert sum(item.applications for item in found.reasons) == len(codes)
    assert found.counter_offers == sum(one.counter_offer is not None for one in found.decisions)
    assert "the score is in no register: nobody approved it" in found.notes
