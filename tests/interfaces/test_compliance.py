"""`compliance`: every rule has a test that passes on a sound book and finds a breach that is planted."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.decisions.profiles import legal_rules
from loantwin.errors import UsageError
from loantwin.events.verify import LogVerification
from loantwin.interfaces.compliance.checks import Outcome, check_of
from loantwin.interfaces.compliance.compliance import ComplianceResult
from loantwin.interfaces.compliance.evidence import Evidence
from loantwin.interfaces.compliance.law import DecisionKept, words_read
from loantwin.interfaces.compliance.register import register
from loantwin.performance.backtest.record import Record

pytestmark = pytest.mark.usefixtures("few_paths")
RULES = {item.id: item for item in register()}
TODAY = dt.date(2026, 11, 29)


@pytest.fixture(scope="module")
def sound(panel_home: Path) -> Evidence:
    """Return the evidence of a sound book, a backtest of its model on record."""
    evidence = Evidence(lt.open(panel_home))
    model = evidence.twin.fitted.data["model_blob"]
    evidence.__dict__["record"] = Record(TODAY, model, ())
    return evidence


def put(evidence: Evidence, **values: Any) -> None:
    evidence.__dict__.update(values)


def staged(evidence: Evidence, loan: int, stage: int, **values: float) -> None:
    found = evidence.staged
    numbers = found.stages.stage.copy()
    numbers[loan] = stage
    arrays = {}
    for name, value in values.items():
        arrays[name] = getattr(found, name).copy()
        arrays[name][loan] = value
    put(evidence, staged=replace(found, stages=replace(found.stages, stage=numbers), **arrays))


def late(evidence: Evidence, loan: int, days: float) -> None:
    standing = evidence.book.standing
    past = standing.days_past_due.copy()
    past[loan] = days
    put(evidence, book=replace(evidence.book, standing=replace(standing, days_past_due=past)))


def part(evidence: Evidence, stage: str) -> None:
    found = evidence.ifrs9
    moved = replace(found.by_stage[stage], allowance_gross=found.by_stage[stage].allowance_gross + 0.02)
    put(evidence, ifrs9=replace(found, by_stage={**found.by_stage, stage: moved}))


def too_late(evidence: Evidence, days: float) -> None:
    late(evidence, 0, days)
    grade, names = evidence.grades
    put(evidence, grades=(np.zeros_like(grade), names))


def since_recognition(evidence: Evidence) -> None:
    staged(evidence, 0, 1, pd=0.9, origination=0.1)


def thirty(evidence: Evidence) -> None:
    late(evidence, 0, 31.0)
    staged(evidence, 0, 1)


def ninety(evidence: Evidence) -> None:
    late(evidence, 0, 90.0)
    staged(evidence, 0, 2)


def weights(evidence: Evidence) -> None:
    found = evidence.ifrs9
    parts = {name: replace(item, weight=0.9) for name, item in found.by_scenario.items()}
    put(evidence, ifrs9=replace(found, by_scenario=parts))


def zero(evidence: Evidence) -> None:
    loss = evidence.lifetime.copy()
    loss[int(np.flatnonzero(~evidence.book.standing.defaulted)[0])] = 0.0
    put(evidence, lifetime=loss)


def negative(evidence: Evidence) -> None:
    staged(evidence, 0, 1)
    loss = evidence.twelve_month.copy()
    loss[0] = -0.01
    put(evidence, twelve_month=loss)


def gross(evidence: Evidence) -> None:
    found = evidence.ifrs9
    moved = replace(found.interest["3"], carrying_amount=found.by_stage["3"].exposure)
    put(evidence, ifrs9=replace(found, interest={**found.interest, "3": moved}))


def pool(evidence: Evidence) -> None:
    found = evidence.cecl
    name = next(iter(found.by_pool))
    bare = replace(found.by_pool[name], allowance_gross=0.0)
    put(evidence, cecl=replace(found, by_pool={**found.by_pool, name: bare}))


def unreverted(evidence: Evidence) -> None:
    last, history = evidence.after_reversion
    put(evidence, after_reversion=(last * 1.01, history))


def unfloored(evidence: Evidence) -> None:
    loans, amounts = evidence.internal
    pd = amounts.pd.copy()
    pd[int(np.flatnonzero(~loans.defaulted)[0])] = 0.0004
    put(evidence, internal=(loans, replace(amounts, pd=pd)))


def weighed(evidence: Evidence) -> None:
    found = evidence.capital
    made = found.approaches["standardised"]
    put(evidence, capital=replace(found, approaches={"standardised": replace(made, rwa=made.rwa + 1.0)}))


def tomorrow(evidence: Evidence) -> None:
    loans, panel = evidence.known
    assert panel is not None
    later = panel.with_columns(pl.lit(dt.date(2030, 1, 1)).alias("report_date"))
    put(evidence, known=(loans, later))


def unclosed(evidence: Evidence) -> None:
    first, *others = evidence.forecast.months
    assert first.balance is not None
    moved = replace(first, balance=replace(first.balance, mean=first.balance.mean + 1.0))
    put(evidence, forecast=replace(evidence.forecast, months=(moved, *others)))


def differing(evidence: Evidence) -> None:
    first, *others = evidence.remade
    put(evidence, remade=(replace(first, difference=1e-6), *others))


def broken(evidence: Evidence) -> None:
    found: LogVerification = evidence.log
    put(evidence, log=replace(found, ok=False, problems=("event 3: another hash",)))


DECIDED = DecisionKept(
    "0a1b2c3d", TODAY, "approve",
    {"attributes.covered_borrower": True, "attributes.private_lender": True, "monthly_debt": 700.0},
    {"amount": 9_000.0, "annual_rate": 0.361}, frozenset({"sex", "health", "score"}),
)  # fmt: skip
"""A decision that every rule of law around decisions forbids: at 36.1 %, without an income."""


def called(evidence: Evidence) -> None:
    days = [TODAY - dt.timedelta(number % 2) for number in range(8)]
    put(evidence, contacts=pl.DataFrame({"case": ["C-1"] * 8, "day": days}))


def decided(evidence: Evidence) -> None:
    put(evidence, decisions=(DECIDED,))


PLANTED: dict[str, Callable[[Evidence], None]] = {
    "ifrs9-lifetime": lambda e: part(e, "2"),
    "ifrs9-twelve-months": lambda e: part(e, "1"),
    "ifrs9-since-recognition": since_recognition,
    "ifrs9-thirty-days": thirty,
    "ifrs9-ninety-days": ninety,
    "ifrs9-probability-weighted": weights,
    "ifrs9-time-value": lambda e: put(e, undiscounted_lifetime=e.lifetime),
    "ifrs9-some-loss": zero,
    "ifrs9-never-negative": negative,
    "ifrs9-interest-on-net": gross,
    "cecl-lifetime": pool,
    "cecl-reversion": unreverted,
    "basel-pd-floor": unfloored,
    "basel-net-of-provisions": weighed,
    "china-ninety-days": lambda e: too_late(e, 91.0),
    "china-270-days": lambda e: too_late(e, 271.0),
    "china-360-days": lambda e: too_late(e, 361.0),
    "us-model-outcomes": lambda e: put(e, record=None),
    "us-model-outcomes-2011": lambda e: put(e, record=None),
    **{rule.id: called if rule.actions else decided for rule in legal_rules()},
    "house-as-of": tomorrow,
    "house-log": broken,
    "house-identity": unclosed,
    "house-twice": differing,
}
"""A breach of each rule; that of `house-every-row` needs a tape of one row a loan, below."""


def tried(evidence: Evidence, rule: str) -> Outcome:
    return check_of(rule)(evidence)


def test_every_rule_of_the_register_has_a_test_and_a_planted_breach() -> None:
    assert set(PLANTED) | {"house-every-row"} == set(RULES)
    assert all(check_of(rule).__doc__ for rule in RULES)


@pytest.mark.slow
@pytest.mark.parametrize("rule", sorted(PLANTED))
def test_a_sound_book_passes_and_a_breach_is_found(sound: Evidence, rule: str) -> None:
    before = tried(sound, rule)
    assert before.count == 0, before.breaches
    damaged = copy.copy(sound)
    PLANTED[rule](damaged)
    after = tried(damaged, rule)
    assert after.count >= 1
    assert after.breaches
    assert not after.gap


def kept(rule: str, **changes: Any) -> int:
    evidence = copy.copy(Evidence.__new__(Evidence))
    put(evidence, decisions=(replace(DECIDED, **changes),))
    return tried(evidence, rule).count


def test_rules_of_law_pass_what_they_allow() -> None:
    assert kept("us-military-rate") == 1
    assert kept("us-military-rate", answer={"amount": 9_000.0, "annual_rate": 0.36}) == 0
    assert kept("us-military-rate", application={}) == 0
    assert kept("us-prohibited-basis", outcome="decline") == 1
    assert kept("us-prohibited-basis", outcome="refer") == 0
    assert kept("us-prohibited-basis", reads=frozenset({"score"})) == 0
    assert kept("eu-creditworthiness") == 1
    assert kept("eu-creditworthiness", application={"annual_income": 1.0, "monthly_debt": 0.0}) == 0
    assert kept("eu-creditworthiness", answer={"amount": 100_001.0, "annual_rate": 0.1}) == 0
    assert kept("eu-creditworthiness", outcome="decline") == 0
    evidence = copy.copy(Evidence.__new__(Evidence))
    put(evidence, decisions=(replace(DECIDED, day=dt.date(2026, 11, 19)),))
    assert tried(evidence, "eu-creditworthiness").gap


@pytest.mark.parametrize(("rule", "days", "most"), [("us-calls", 7, 7), ("cn-contacts", 1, 3)])
def test_contacts_are_counted_in_days_running(rule: str, days: int, most: int) -> None:
    def broken_by(made: list[dt.date]) -> int:
        evidence = copy.copy(Evidence.__new__(Evidence))
        put(evidence, contacts=pl.DataFrame({"case": ["C-1"] * len(made), "day": made}))
        return tried(evidence, rule).count

    last = TODAY - dt.timedelta(days - 1)
    assert broken_by([last] + [TODAY] * most) == 1
    assert broken_by([TODAY] * most) == 0
    assert broken_by([last - dt.timedelta(1)] + [TODAY] * most) == 0


def test_words_of_a_policy_are_those_of_its_fields_and_not_of_its_texts() -> None:
    rows = [{"_id": "sex", "c0": "> 3", "o0": '"religion" + attributes.applicant_sex'}]
    content = {"inputs": [{"id": "c0", "field": "attributes.health"}], "rules": rows}
    words = words_read({"nodes": [{"content": content}, {"content": "function"}]})
    assert {"health", "sex", "applicant_sex"} <= words
    assert "religion" not in words


def test_a_row_that_is_lost_is_a_breach(tmp_path: Path) -> None:
    lt.synthetic(tmp_path / "raw", loans=400, months=48, seed=3, as_tape="sba")
    lt.twin_create(tmp_path / "twin", tmp_path / "raw" / "tape.csv", "sba", dt.date(2021, 12, 31))
    evidence = Evidence(lt.open(tmp_path / "twin"))
    lines = (tmp_path / "raw" / "tape.csv").read_text(encoding="utf-8").count("\n") - 1
    whole = tried(evidence, "house-every-row")
    assert (whole.count, whole.looked_at) == (0, lines)
    tables = evidence.twin.tables
    store = evidence.twin.store.without({"loans", "tape"})
    store.put("twin.tables", ("tape", "loans"), replace(tables, loans=tables.loans.head(-1)))
    lost = tried(Evidence(replace(evidence.twin, store=store)), "house-every-row")
    assert lost.breaches == (f"{lines:,} rows read, {lines - 1:,} accepted and 0 rejected",)


@pytest.mark.parametrize(
    ("day", "there", "absent"),
    [
        (dt.date(2026, 4, 16), "us-model-outcomes-2011", "us-model-outcomes"),
        (dt.date(2026, 4, 17), "us-model-outcomes", "us-model-outcomes-2011"),
        (dt.date(2018, 1, 1), "ifrs9-thirty-days", "cecl-lifetime"),
        (dt.date(2017, 12, 31), "house-log", "ifrs9-thirty-days"),
        (dt.date(2023, 7, 1), "china-ninety-days", "us-model-outcomes"),
    ],
)
def test_a_rule_holds_between_its_days(day: dt.date, there: str, absent: str) -> None:
    assert RULES[there].holds(day)
    assert not RULES[absent].holds(day)


@pytest.mark.slow
def test_the_score_is_what_passed_over_what_applies(panel_home: Path) -> None:
    made = lt.compliance(panel_home, profile=("united-states", "house"), day="2026-11-29")
    by_id = {item.id: item for item in made.rules}
    assert by_id["us-model-outcomes"].passed is False
    assert by_id["us-model-outcomes-2011"].why == "not in force on 2026-11-29"
    assert by_id["house-every-row"].passed is None
    told = [item.passed for item in made.rules if item.passed is not None]
    assert made.score == pytest.approx(sum(told) / len(told))
    assert made.by_profile == {"united-states": 0.0, "house": 1.0}
    document = made.to_dict()
    assert {"id", "source", "from", "to", "test", "last_run", "passed"} <= set(document["rules"][0])
    jsonschema.validate(document, ComplianceResult.json_schema())


def test_an_unknown_profile_is_refused(panel_home: Path) -> None:
    with pytest.raises(UsageError, match="one of ifrs9"):
        lt.compliance(panel_home, profile=("solvency",))
