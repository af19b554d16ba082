"""Kinds of policies, limits over a batch, and rules of law around a policy."""

import json
from datetime import date
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.decisions.graph.columns import evaluate_columns
from loantwin.decisions.graph_policy import nested, open_policy
from loantwin.decisions.limits import KEYS, decide_in_order
from loantwin.decisions.profiles import KINDS, legal_rules, rules_of, stands_against
from loantwin.errors import ConfigError, UsageError

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FILES = ("credit", "credit_in_force", "price_grid", "limits", "collection", "policy", "policy_next")


@pytest.mark.parametrize("name", FILES)
def test_example_policies_are_sound_pass_their_tests_and_fit_the_schema(name):
    file = EXAMPLES / f"{name}.json"
    found = lt.policy_check(file, profile=("us", "eu", "cn"))
    assert (found.ok, found.over_columns) == (True, True)
    document = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(document, lt.schema("policy").to_dict())
    if document.get("tests"):
        assert lt.policy_test(file).failed == 0


def test_a_policy_s_kind_says_what_comes_in(tmp_path):
    document = json.loads((EXAMPLES / "collection.json").read_text(encoding="utf-8"))
    del document["metadata"]["kind"]
    file = tmp_path / "collection.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    assert {item.kind for item in lt.policy_check(file).findings} >= {"unknown-field"}
    document["metadata"]["kind"] = "collections"
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"metadata\.kind"):
        lt.policy_check(file)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, lt.schema("policy").to_dict())
    case = {"case_id": "C-1", "days_past_due": 40, "overdue": 120.0, "hardship": False}
    jsonschema.validate(case, lt.schema("case").to_dict())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(case | {"mood": "bad"}, lt.schema("case").to_dict())


def batch(rows, seed=1):
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "application_id": [f"A-{row}" for row in range(rows)],
            "application_date": random.choice(["2026-12-30", "2027-01-02"], rows),
            "amount": np.round(random.uniform(5_000, 60_000, rows), 2),
            "term_months": [36] * rows,
            "annual_rate": [0.08] * rows,
            "product": random.choice(["card", "loan"], rows),
            "sector": [("shops", "farms", None)[at] for at in random.integers(0, 3, rows)],
            "attributes.borrower_id": [f"B{who}" if who else None for who in random.integers(0, 30, rows)],
            "attributes.group_id": [("G1", "G2", "G3", None)[at] for at in random.integers(0, 4, rows)],
            "exposures.borrower": random.choice([0.0, 20_000.0], rows),
        }
    )


def test_limits_sum_within_a_batch_as_one_after_another_would():
    """Brute force: each application is decided alone, and what it gets is added up by hand."""
    policy, frame = open_policy(EXAMPLES / "limits.json"), batch(150)
    book = pl.DataFrame(
        {"attributes.borrower_id": ["B3", "B3", "B5"], "product": ["card", "loan", "loan"],
         "attributes.group_id": ["G2", "G2", "G2"], "balance": [40_000.0, 50_000.0, 30_000.0]}
    )  # fmt: skip
    found = decide_in_order(policy, frame, book)
    owed = {name: {} for name in KEYS}
    for row in book.iter_rows(named=True):
        for name, key in KEYS.items():
            if key in row:
                owed[name][row[key]] = owed[name].get(row[key], 0.0) + row["balance"]
    outcomes = []
    for row in frame.iter_rows(named=True):
        exposures = dict.fromkeys(KEYS, 0.0) | {"borrower": row["exposures.borrower"]}
        keys = {name: row[key][:4] if name == "vintage" else row[key] for name, key in KEYS.items()}
        for name, whose in keys.items():
            exposures[name] += owed[name].get(whose, 0.0) if whose is not None else 0.0
        asked = nested(row) | {"exposures": {name: round(value, 2) for name, value in exposures.items()}}
        made = policy.decide(asked)
        outcomes.append((made.outcome, made.amount))
        for name, whose in keys.items():
            if whose is not None:
                owed[name][whose] = owed[name].get(whose, 0.0) + (made.amount or 0.0)
    assert list(zip(found["outcome"], found["amount"], strict=True)) == outcomes
    assert 20 < sum(outcome == "approve" for outcome, _ in outcomes) < 140
    alone = policy.decide_columns(frame).frame
    assert (alone["outcome"] == "approve").sum() > (found["outcome"] == "approve").sum()


def test_another_order_gives_the_first_their_due():
    policy, frame = open_policy(EXAMPLES / "limits.json"), batch(2).with_columns(
        pl.lit("B1").alias("attributes.borrower_id"), pl.lit(60_000.0).alias("amount"),
        pl.lit(0.0).alias("exposures.borrower"),
    )  # fmt: skip
    for order in (frame, frame.reverse()):
        found = decide_in_order(policy, order)
        assert found["outcome"].to_list() == ["approve", "decline"]
        assert found["reasons"].to_list()[1] == ["more than 100,000 to one borrower"]
        assert found["exposures.borrower"].to_list() == [0.0, 60_000.0]
    with pytest.raises(UsageError, match="balance"):
        decide_in_order(policy, frame, pl.DataFrame({"product": ["card"]}))


def test_every_rule_of_law_says_whom_it_binds_since_when_and_where_it_was_read():
    rules = legal_rules()
    assert len({rule.id for rule in rules}) == len(rules)
    assert {rule.profile for rule in rules} == {"us", "eu", "cn"}
    assert {rule.kind for rule in rules} == set(KINDS)
    for rule in rules:
        assert rule.binds
        assert rule.words
        assert rule.source == "assumed" or "read 2026-" in rule.source
        assert bool(rule.forbids) + bool(rule.needs) + (rule.most is not None) == 1
    assert not [rule for rule in rules_of(["eu"], date(2026, 11, 19)) if rule.kind == "affordability"]
    assert [rule for rule in rules_of(["eu"], date(2026, 11, 20)) if rule.kind == "affordability"]
    with pytest.raises(UsageError, match="mars"):
        legal_rules(["mars"])


def test_a_policy_that_reads_a_protected_field_is_told(tmp_path):
    document = json.loads((EXAMPLES / "credit.json").read_text(encoding="utf-8"))
    document["metadata"]["effective_from"] = "2026-12-01"
    table = next(node for node in document["nodes"] if node["id"] == "credit")["content"]
    table["inputs"][1]["field"] = "attributes.applicant_sex"
    for rule in table["rules"]:
        rule["credit-i1"] = ""
    table["rules"][1]["credit-o2"] = "attributes.social_media > 3 ? 'known' : 'unknown'"
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(document), encoding="utf-8")

    def told(*profile):
        return [
            (item.kind, item.cell)
            for item in lt.policy_check(file, profile=profile).findings
            if item.kind in KINDS
        ]

    assert told() == []
    assert told("us") == [("protected", "column Amount")]
    assert sorted(told("eu")) == [("exclusion", "row 2, Reason"), ("protected", "column Amount")]
    assert told("cn") == []


def test_rules_stand_against_what_they_forbid():
    rules = {rule.id: rule for rule in legal_rules()}
    asked = pl.DataFrame(
        {"attributes.covered_borrower": [True, True, False, None], "annual_income": [1.0, None, 2.0, 3.0],
         "monthly_debt": [0.0, 0.0, 0.0, None]}
    )  # fmt: skip
    said = pl.DataFrame(
        {"outcome": ["approve", "decline", "approve", "approve"], "annual_rate": [0.37, None, 0.4, 0.4]}
    )
    assert stands_against(rules["us-military-rate"], asked, said).to_list() == [True, False, False, False]
    assert stands_against(rules["eu-creditworthiness"], asked, said).to_list() == [False, False, False, True]
    graph = open_policy(EXAMPLES / "collection.json").graph
    cases = pl.DataFrame(
        {"case_id": ["a", "b"], "days_past_due": [40, 40], "calls_7_days": [6, 7],
         "hardship": [False, False], "refused_contact": [False, False]}
    )  # fmt: skip
    actions = evaluate_columns(graph, cases).result
    assert actions["action"].to_list() == ["call", "letter"]
    assert not stands_against(rules["us-calls"], cases, actions).any()
    careless = actions.with_columns(pl.lit("call").alias("action"))
    assert stands_against(rules["us-calls"], cases, careless).to_list() == [False, True]
