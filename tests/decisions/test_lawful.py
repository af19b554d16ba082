"""Decisions under rules of law: cases by hand, one as many, derived again; offers; limits in their order."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loantwin as lt
from loantwin.decisions import profiles
from loantwin.decisions.deciding.lawful import Law, law_of
from loantwin.decisions.graph_policy import open_policy
from loantwin.decisions.profiles import legal_rules, offers_under, stands_against, stands_against_row
from loantwin.errors import UsageError

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
EXAMPLES = Path(__file__).parents[2] / "examples"
ASKED: dict[str, Any] = {
    "application_date": "2026-11-20", "amount": 12_000, "term_months": 36, "annual_rate": 0.4, "score": 725,
    "annual_income": 48_000, "monthly_debt": 700,
}  # fmt: skip
RULES = {rule.id: rule for rule in legal_rules()}


def graph(folder: Path, **columns: str) -> Path:
    """Return a policy that approves at the rate asked for, where the score is 600 or more."""
    document = json.loads((EXAMPLES / "credit.json").read_text(encoding="utf-8"))
    table = next(node for node in document["nodes"] if node["id"] == "credit")["content"]
    table["inputs"][1]["field"] = columns.get("reads", "amount")
    said = {"credit-o0": '"approve"', "credit-o1": "annual_rate", "credit-o2": '"the score is high"'}
    no = {"credit-o0": '"decline"', "credit-o1": "", "credit-o2": '"the score is low"'}
    table["rules"] = [
        {"_id": "high", "credit-i0": ">= 600", "credit-i1": "", **said},
        {"_id": "low", "credit-i0": "< 600", "credit-i1": "", **no},
    ]
    document["tests"] = []
    document["metadata"] = {"name": "at the rate asked for"}
    file = folder / "asked.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def one(policy: Path, *profile: str, **fields: Any) -> tuple[str, list[str]]:
    found = lt.decide([{"application_id": "A", **ASKED, **fields}], policy=policy, profile=profile)
    item = found.decisions[0]
    assert (item.amount is None) == (item.outcome != "approve")
    return item.outcome, [reason.code for reason in item.reasons]


def test_an_approval_that_a_rule_forbids_is_referred_with_rule_and_source(tmp_path: Path) -> None:
    policy = graph(tmp_path)
    covered = {"attributes": {"covered_borrower": True}}
    assert one(policy, **covered)[0] == "approve"
    assert one(policy, "us", **covered) == ("refer", ["us-military-rate"])
    assert one(policy, "us", annual_rate=0.36, **covered)[0] == "approve"
    assert one(policy, "us", attributes={"covered_borrower": False})[0] == "approve"
    assert one(policy, "us", score=500, **covered)[0] == "decline"
    assert one(policy, "eu", monthly_debt=None) == ("refer", ["eu-creditworthiness"])
    assert one(policy, "eu", monthly_debt=None, application_date="2026-11-19")[0] == "approve"
    assert one(policy, "eu", monthly_debt=None, amount=100_001)[0] == "approve"
    assert one(policy, "eu", monthly_debt=None, product="mortgage")[0] == "approve"
    private = {"attributes": {"private_lender": True, "covered_borrower": True}}
    assert one(policy, "us", "cn", **private) == ("refer", ["us-military-rate", "cn-private-lending"])
    found = lt.decide([{"application_id": "A", **ASKED, **covered}], policy=policy, profile=["us"])
    text = found.decisions[0].reasons[0].text
    assert "32 CFR 232.4(b)" in text
    assert RULES["us-military-rate"].source in text
    assert found.profiles == ("us",)
    with pytest.raises(UsageError, match="mars"):
        lt.decide([{"application_id": "A", **ASKED}], policy=policy, profile=["mars"])


def test_reasons_of_law_are_told_in_chinese(tmp_path: Path) -> None:
    from loantwin.language import speaking

    with speaking("zh"):
        found = lt.decide(
            [{"application_id": "A", **ASKED, "monthly_debt": None}], policy=graph(tmp_path), profile=["eu"]
        )
    text = found.decisions[0].reasons[0].text
    assert text.startswith("Directive (EU) 2023/2225, article 18：")
    assert "收入" in text


def test_a_policy_that_reads_what_is_forbidden_decides_nothing(tmp_path: Path) -> None:
    policy = graph(tmp_path, reads="attributes.applicant_sex")
    for score in (500, 725):
        assert one(policy, score=score)[0] != "refer"
        assert one(policy, "us", score=score) == ("refer", ["us-prohibited-basis"])
    assert one(policy, "us", application_date="1977-03-22")[0] == "approve"


def test_a_rule_that_says_decline_declines(tmp_path: Path) -> None:
    law = Law(("us",), (replace(RULES["us-military-rate"], then="decline"),))
    with lt.decider(open_policy(graph(tmp_path))) as made:
        made = replace(made, law=law)
        asked = {"application_id": "A", **ASKED, "attributes": {"covered_borrower": True}}
        assert made.decide(asked).outcome == "decline"
        assert made.columns(pl.DataFrame([asked]))["outcome"].to_list() == ["decline"]


def drawn(rows: int, seed: int) -> pl.DataFrame:
    """Return applications on and beside every cut of the law, fields missing among them."""
    random = np.random.default_rng(seed)

    def some(*values: Any) -> list[Any]:
        return [values[place] for place in random.integers(0, len(values), rows)]

    return pl.DataFrame(
        {
            "application_id": [f"A-{row}" for row in range(rows)],
            "application_date": some("2020-08-19", "2020-08-20", "2026-11-19", "2026-11-20", None),
            "amount": some(9_000.0, 100_000.0, 100_000.01, 250_000.0),
            "term_months": some(12, 36),
            "annual_rate": some(0.05, 0.154, 0.155, 0.36, 0.3601, 0.9),
            "score": some(599.0, 600.0, 725.0, None),
            "product": some("mortgage", "instalment", None),
            "annual_income": some(40_000.0, None),
            "monthly_debt": some(0.0, 700.0, None),
            "attributes.covered_borrower": some(True, False, None),
            "attributes.private_lender": some("true", "TRUE", "no", None),
        }
    )


@pytest.mark.parametrize("on", [None, date(2026, 11, 20)])
def test_one_by_one_is_the_batch_under_the_law(tmp_path: Path, on: date | None) -> None:
    from loantwin.decisions.graph_policy import nested

    frame = drawn(800, 7)
    with lt.decider(open_policy(graph(tmp_path)), profile=["us", "eu", "cn"]) as made:
        many = made.columns(frame, on=on)
        single = [made.decide(nested(row), on=on) for row in frame.iter_rows(named=True)]
    assert [item.outcome for item in single] == many["outcome"].to_list()
    assert [[r.code for r in item.reasons] for item in single] == many["codes"].to_list()
    assert [[r.text for r in item.reasons] for item in single] == many["reasons"].to_list()
    offers = [item.counter_offer and item.counter_offer.amount for item in single]
    assert offers == many["counter_amount"].to_list()
    told = {code for codes in many["codes"] for code in codes}
    assert {"us-military-rate", "eu-creditworthiness", "cn-private-lending"} <= told


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_a_rule_says_of_one_what_it_says_of_many(seed: int) -> None:
    frame = drawn(40, seed)
    said = frame.select(
        pl.when(pl.col("score") >= 600).then(pl.lit("approve")).otherwise(pl.lit("decline")).alias("outcome"),
        pl.when(pl.col("score") >= 600).then("amount").alias("amount"),
        pl.when(pl.col("score") >= 600).then("annual_rate").alias("annual_rate"),
    )
    for rule in (item for item in RULES.values() if not item.actions):
        both = zip(frame.iter_rows(named=True), said.iter_rows(named=True), strict=True)
        assert [stands_against_row(rule, *each) for each in both] == stands_against(
            rule, frame, said
        ).to_list()


def test_it_is_recorded_and_derived_again_though_the_rules_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = lt.example_book()
    home = tmp_path / "twin"
    lt.twin_create(home, book.outcomes, book.outcomes_mapping, book.as_of)
    asked = [{"application_id": "A", **ASKED, "monthly_debt": None}, {"application_id": "B", **ASKED}]
    found = lt.decide(asked, policy=graph(tmp_path), profile=["eu", "us"], twin=home, record=True)
    assert [item.outcome for item in found.decisions] == ["refer", "approve"]
    monkeypatch.setattr(profiles, "_every", lambda: ())  # another release, without any rule
    for item in found.decisions:
        again = lt.evidence(home, str(item.decision_id))
        assert again.same
        assert again.derived["outcome"] == item.outcome


def one_after_another(asked: list[dict[str, Any]], owed: dict[str, float]) -> list[tuple[str, float | None]]:
    """Return outcome and amount of each, decided alone beside what a list of sums says is owed."""
    sums, made = dict(owed), []
    with lt.decider(open_policy(EXAMPLES / "policy.json")) as decider:
        for item in asked:
            who = item["attributes"]["borrower_id"]
            found = decider.decide({**item, "exposures": {"borrower": sums.get(who, 0.0)}})
            sums[who] = sums.get(who, 0.0) + (found.amount or 0.0)
            made.append((found.outcome, found.amount))
    return made


def test_in_order_is_one_after_another(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    asked = [
        {
            "application_id": f"A-{row}", **ASKED, "amount": float(random.integers(5, 60) * 1000),
            "score": int(random.choice([590, 640, 700, 760])),
            "attributes": {"borrower_id": f"B-{random.integers(0, 12)}"},
        }
        for row in range(120)
    ]  # fmt: skip
    file = tmp_path / "owed.csv"
    file.write_text("attributes.borrower_id,balance\nB-1,95000\nB-1,2000\nB-2,10000\n", encoding="utf-8")
    options: dict[str, Any] = {"policy": EXAMPLES / "policy.json"}
    for owed, given_ in ((None, {}), (file, {"B-1": 97_000.0, "B-2": 10_000.0})):
        found = lt.decide(asked, in_order=True, owed=owed, **options).decisions
        assert [(item.outcome, item.amount) for item in found] == one_after_another(asked, given_)
    plain = lt.decide(asked, **options).decisions
    assert [item.outcome for item in plain] != [item.outcome for item in found]
    bad = tmp_path / "bad.csv"
    bad.write_text("who,balance\nB-1,3\n", encoding="utf-8")
    with pytest.raises(UsageError, match="says whose it is"):
        lt.decide(asked, owed=bad, **options)
    bad.write_text("attributes.borrower_id,balance\nB-1,3\nB-2,-4\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"row 2.*money of at least 0"):
        lt.decide(asked, owed=bad, **options)


def test_offers_keep_the_caps_that_bind_each_applicant() -> None:
    frame = pl.DataFrame(
        {
            "attributes.covered_borrower": [True, False, None],
            "attributes.private_lender": [True, True, False],
            "annual_income": [1.0, 2.0, None], "monthly_debt": [0.0, 0.0, 0.0],
        }
    )  # fmt: skip
    days = pl.Series([date(2026, 11, 20)] * 3)
    amount = np.array([[5_000.0, 100_000.0, 100_000.01]] * 3)
    law = law_of(["us", "eu", "cn"])
    assert law is not None
    cap, unmet = offers_under(law.rules, frame, days, amount)
    assert cap[:, 0].tolist() == [0.154, 0.154, np.inf]
    assert unmet.tolist() == [[False] * 3, [False] * 3, [True, True, False]]
    law = law_of(["us"])
    assert law is not None
    assert offers_under(law.rules, frame, days, amount)[0][:, 0].tolist() == [0.36, np.inf, np.inf]
