"""Policies as graphs: one application and many give one answer; dates, missing and personal fields."""

import json
from datetime import date
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.decisions.application_file import check_application, checked, read_applications
from loantwin.decisions.graph_policy import decide_frame, nested, open_policy
from loantwin.errors import ConfigError, TapeError, UsageError

zen = pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
POLICY = EXAMPLES / "policy.json"
GOOD = {
    "application_id": "A-1",
    "application_date": "2026-03-02",
    "amount": 12_000.0,
    "term_months": 36,
    "annual_income": 48_000.0,
    "monthly_debt": 700.0,
    "score": 725.0,
}


def written(tmp_path, change):
    document = json.loads(POLICY.read_text(encoding="utf-8"))
    change(document)
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def node(document, name):
    return next(item for item in document["nodes"] if item["name"] == name)


def test_an_application_is_decided_with_its_rules():
    made = open_policy(POLICY).decide(GOOD)
    assert (made.outcome, made.amount, made.annual_rate, made.term_months) == ("approve", 12_000.0, 0.064, 36)
    assert made.reasons == ("score and debts are within the policy",)
    assert made.rules == ("Credit/credit-1", "Limits/limits-4", "Price/price-2", "Decision/decision-4")


def test_one_by_one_and_over_columns_give_one_answer():
    policy, rng, rows = open_policy(POLICY), np.random.default_rng(5), 400
    gone = rng.uniform(size=(4, rows)) < 0.08

    def some(values, place):
        return [None if lost else float(value) for value, lost in zip(values, gone[place], strict=True)]

    frame = pl.DataFrame(
        {
            "application_id": [f"A-{n}" for n in range(rows)],
            "application_date": ["2026-08-03"] * rows,
            "amount": rng.choice([100.0, 15_000.0, 15_000.01, 60_000.0, 100_000.0], rows),
            "term_months": rng.choice([1, 24, 25, 60, 61], rows),
            "annual_income": some(rng.choice([0.0, 24_000.0, 48_000.0], rows), 0),
            "monthly_debt": some(rng.choice([700.0, 800.0, 800.01, 900.0, 1800.0], rows), 1),
            "score": some(rng.choice([599.5, 600, 660, 719.5, 720], rows), 2),
            "exposures.borrower": some(rng.choice([0.0, 40_000.0, 85_000.0, 99_900.0], rows), 3),
            "exposures.product": rng.choice([0.0, 49_999_900.0], rows),
        }
    )
    made = policy.decide_columns(frame)
    outcomes = set()
    for row, given in zip(made.frame.iter_rows(named=True), frame.iter_rows(named=True), strict=True):
        alone = policy.decide(nested(given))
        assert (
            row["outcome"],
            row["amount"],
            row["annual_rate"],
            row["term_months"],
            tuple(row["reasons"]),
        ) == (
            alone.outcome,
            alone.amount,
            alone.annual_rate,
            alone.term_months,
            alone.reasons,
        )
        rules = tuple(f"{name[5:]}/{row[name]}" for name in row if name.startswith("rule.") and row[name])
        assert rules == alone.rules
        outcomes.add((alone.outcome, alone.reasons))
    assert len(outcomes) > 9  # every reason of the policy, and every field that can be missing
    assert made.near > 0  # debts of exactly 40 % of income lie on a cut


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"score": None}, "Credit: score is missing"),
        ({"annual_income": None}, "Figures: cannot be worked out"),
        ({"annual_income": 0.0}, "Credit: debt_share is missing"),
    ],
)
def test_what_cannot_be_said_is_referred_with_the_field(change, reason):
    policy = open_policy(POLICY)
    made = policy.decide(GOOD | change)
    assert (made.outcome, made.reasons, made.rules, made.amount) == ("refer", (reason,), (), None)
    frame = policy.decide_columns(pl.DataFrame([GOOD | change, GOOD], strict=False)).frame
    assert frame["outcome"].to_list() == ["refer", "approve"]
    assert frame["reasons"].to_list()[0] == [reason]


def test_what_a_graph_leaves_open_is_referred(tmp_path):
    def without_rate(document):
        for rule in node(document, "Decision")["content"]["rules"]:
            rule["decision-o2"] = ""

    def another_word(document):
        for rule in node(document, "Decision")["content"]["rules"]:
            rule["decision-o0"] = "'maybe'"

    def more_than_asked(document):
        for rule in node(document, "Decision")["content"]["rules"]:
            rule["decision-o1"] = "amount + 1"

    def no_row(document):
        node(document, "Decision")["content"]["rules"] = []

    for change, reason in (
        (without_rate, "the policy approves without a rate"),
        (another_word, "outcome maybe is none of approve, decline, refer"),
        (more_than_asked, "the policy grants more than was asked for"),
        (no_row, "no row of the policy decides"),
    ):
        policy = open_policy(written(tmp_path, change))
        assert policy.decide(GOOD).reasons == (reason,)
        frame = policy.decide_columns(pl.DataFrame([GOOD])).frame
        assert (frame["outcome"].to_list(), frame["reasons"].to_list()) == (["refer"], [[reason]])


def test_a_policy_out_of_force_is_refused_by_date(tmp_path):
    policy = open_policy(POLICY)
    early = GOOD | {"application_date": "2025-12-31"}
    for asked in (lambda: policy.decide(early), lambda: policy.decide_columns(pl.DataFrame([GOOD, early]))):
        with pytest.raises(ConfigError, match="in force on 2025-12-31, was 'one in force from 2026-01-01'"):
            asked()
    with pytest.raises(ConfigError, match="in force on 2025-01-01"):
        open_policy(POLICY, on=date(2025, 1, 1))
    undated = {key: value for key, value in GOOD.items() if key != "application_date"}
    with pytest.raises(ConfigError, match="a day, application_date or on="):
        policy.decide(undated)
    assert policy.decide(undated, on=date(2026, 1, 1)).outcome == "approve"
    ended = open_policy(
        written(tmp_path, lambda document: document["metadata"].update(effective_to="2026-03-01"))
    )
    with pytest.raises(ConfigError, match="one in force from 2026-01-01 to 2026-03-01"):
        ended.decide(GOOD)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"valid": "2026-01-01"}, "metadata.valid"),
        ({"effective_from": "1.1.2026"}, "a day as YYYY-MM-DD"),
        ({"effective_from": "2026-02-01", "effective_to": "2026-01-01"}, "from 2026-02-01 on"),
    ],
)
def test_metadata_that_is_wrong_is_refused_by_key(tmp_path, metadata, words):
    with pytest.raises(ConfigError, match=words):
        open_policy(written(tmp_path, lambda document: document.update(metadata=metadata)))


def test_personal_fields_reach_a_rule_that_names_them_and_no_other(tmp_path):
    def naming(document):
        node(document, "Decision")["content"]["rules"][3]["decision-o3"] = "personal.name"

    person = GOOD | {"personal": {"name": "A. Nobody", "address": "1 Nowhere"}}
    assert not open_policy(POLICY).reads_personal
    assert open_policy(POLICY).decide(person) == open_policy(POLICY).decide(GOOD)
    named = open_policy(written(tmp_path, naming))
    assert named.reads_personal
    assert named.decide(person).reasons == ("A. Nobody",)
    assert named.decide_columns(pl.DataFrame([person])).frame["reasons"].to_list() == [["A. Nobody"]]


def test_a_loop_and_a_function_are_no_policy(tmp_path):
    def loops(document):
        node(document, "Credit")["content"]["executionMode"] = "loop"

    with pytest.raises(ConfigError, match="a loop at Credit"):
        open_policy(written(tmp_path, loops))


def test_a_policy_that_columns_do_not_know_is_run_one_by_one(tmp_path):
    def days(document):
        lines = node(document, "Figures")["content"]["expressions"]
        lines.append({"id": "x", "key": "year", "value": "d(application_date).year()"})

    policy = open_policy(written(tmp_path, days))
    frame = checked(pl.DataFrame([GOOD, GOOD | {"score": 610.0}]))
    assert decide_frame(policy, frame)["annual_rate"].to_list() == [0.064, 0.142]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amuont": 1.0}, "did you mean amount"),
        ({"amount": None}, "amount: expected a value"),
        ({"amount": 0.0}, "above 0"),
        ({"amount": "12000"}, "amount: expected .*number"),
        ({"term_months": 12.5}, "whole number"),
        ({"term_months": 0}, "at least 1"),
        ({"annual_pd": 1.2}, "at most 1"),
        ({"application_date": "2026-02-30"}, "YYYY-MM-DD"),
        ({"exposures": {"brother": 1.0}}, "exposures.brother"),
        ({"score": float("nan")}, "finite"),
    ],
)
def test_what_is_no_application_is_refused_by_field_both_ways(change, words):
    with pytest.raises(UsageError, match=words):
        check_application(GOOD | change)
    with pytest.raises(UsageError, match=words):
        checked(pl.DataFrame([GOOD | change], strict=False))


def test_the_published_schema_is_what_is_checked():
    schema = lt.schema("application").to_dict()
    jsonschema.validate(GOOD | {"personal": {"name": "x"}, "attributes": {"channel": "web"}}, schema)
    for wrong in ({"amuont": 1.0}, {"amount": 0.0}, {"term_months": 0}, {"exposures": {"brother": 1.0}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(GOOD | wrong, schema)


def test_files_of_applications_are_read_in_four_forms(tmp_path):
    frame = read_applications(EXAMPLES / "applications.jsonl")
    assert len(frame) == 6
    frame.write_csv(tmp_path / "a.csv")
    frame.write_parquet(tmp_path / "a.parquet")
    rows = [
        json.loads(line)
        for line in (EXAMPLES / "applications.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    (tmp_path / "a.json").write_text(json.dumps(rows), encoding="utf-8")
    wanted = open_policy(POLICY).decide_columns(frame).frame
    for name in ("a.csv", "a.parquet", "a.json"):
        assert open_policy(POLICY).decide_columns(read_applications(tmp_path / name)).frame.equals(wanted)
    (tmp_path / "none.csv").write_text("application_id,amount,term_months\n", encoding="utf-8")
    for name in ("none.csv", "absent.jsonl"):
        with pytest.raises(TapeError, match="application"):
            read_applications(tmp_path / name)


def test_what_another_policy_changes_is_told_by_whom():
    made = lt.policy_diff(
        POLICY, EXAMPLES / "policy_next.json", applications=EXAMPLES / "applications.jsonl", most=2
    )
    assert (made.applications, made.changed, made.listed) == (6, 3, 2)
    assert made.outcomes_before == {"approve": 3, "decline": 1, "refer": 2}
    assert made.outcomes_after == {"approve": 2, "decline": 2, "refer": 2}
    first = made.changes[0]  # 725 points are class A before, B after: 6.4 % and 9.1 % + 0.5
    assert (first.application_id, first.annual_rate_before, first.annual_rate_after) == ("A-1", 0.064, 0.096)
    assert sum(item.applications for item in made.moves) == made.changed
    alike = lt.policy_diff(POLICY, POLICY, applications=EXAMPLES / "applications.jsonl")
    assert (alike.changed, alike.changes) == (0, ())


def test_embedded_tests_pass_and_a_wrong_one_says_where(tmp_path):
    assert (lt.policy_test(POLICY).passed, lt.policy_test(POLICY).failed) == (8, 0)

    def wrong(document):
        document["tests"][0]["output"]["annual_rate"] = 0.065

    told = lt.policy_test(written(tmp_path, wrong))
    assert (told.passed, told.failed) == (7, 1)
    assert (
        told.tests[0].one_by_one == ("annual_rate: expected 0.065, was 0.064",) == told.tests[0].over_columns
    )
    with pytest.raises(ConfigError, match="tests in the policy"):
        lt.policy_test(written(tmp_path, lambda document: document.pop("tests")))
