"""Policies: the readable file, portfolio levers, single applications, and the conformance check."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.decisions.application import Application
from loantwin.decisions.check import SAMPLE_FIGURES, check_policy
from loantwin.decisions.decide import decide
from loantwin.decisions.figures import FIGURES, in_order
from loantwin.decisions.load import built_in_policies, load_policy, parse_policy
from loantwin.decisions.portfolio import run_policy
from loantwin.env.built_in import built_in
from loantwin.errors import ConfigError, UsageError
from loantwin.types import LEVERS

GOOD = Application(10_000.0, 36, annual_income=60_000.0, score=720.0, annual_pd=0.01)


def levers(**values):
    return np.array([values.get(name, 0.0) for name in LEVERS])


def shown(policy, **values):
    """Return the figures (E, F) a policy reads of books in which all else is calm."""
    calm = {name: np.zeros(1) for name in FIGURES} | {"balance_ratio": np.ones(1)}
    given = {name: np.atleast_1d(np.asarray(value, dtype=float)) for name, value in values.items()}
    books = max((len(value) for value in given.values()), default=1)
    return in_order(
        {name: np.broadcast_to(value, books) for name, value in (calm | given).items()}, policy.figure_names
    )


def one(policy, **values):
    return dict(zip(policy.lever_names, policy.levers(shown(policy, **values))[0], strict=True))


@pytest.mark.parametrize("name", built_in_policies())
def test_every_built_in_policy_conforms(name):
    check_policy(load_policy(name))


def test_the_neutral_policy_never_moves_a_lever():
    policy = load_policy("neutral")
    assert not policy.levers(in_order(SAMPLE_FIGURES, policy.figure_names)).any()


def test_prudence_reacts_to_defaults_with_reasons():
    policy = load_policy("prudent")
    stress = {"month": 6, "default_rate": 0.07, "delinquent_share": 0.1}
    calm, stressed = one(policy), one(policy, **stress)
    assert stressed["cut_off"] > calm["cut_off"]
    assert stressed["collection_intensity"] == 1.0
    assert len(policy.reasons(shown(policy, **stress))[0]) == 3
    assert one(policy, month=6, default_rate=0.07, profit_rate=-0.1)["price_add_on"] == 0.5


@settings(max_examples=50, deadline=None)
@given(default=st.floats(0, 1), late=st.floats(0, 1), profit=st.floats(-1, 1), month=st.integers(0, 60))
def test_many_books_at_once_get_what_each_would_alone(default, late, profit, month):
    policy = load_policy("prudent")
    figures = shown(
        policy,
        month=[month, 1],
        default_rate=[default, 0.04],
        delinquent_share=[late, 0.0],
        profit_rate=[profit, 0.0],
    )
    together, reasons = policy.levers(figures), policy.reasons(figures)
    for book in range(2):
        assert np.array_equal(together[book], policy.levers(figures[book : book + 1])[0])
        assert reasons[book] == policy.reasons(figures[book : book + 1])[0]


def test_rules_do_what_the_file_says_worked_by_hand():
    """A year on, defaults of 7 %, profit below 0: standing 0.2 of allocation; 0.4 + 0.4 of cut-off, -0.5 of
    limit, 0.3 + 0.4 of collection, 0.4 more of allocation; 0.5 of price.
    """
    found = one(load_policy("prudent"), month=12, default_rate=0.07, profit_rate=-0.01)
    assert found == pytest.approx(
        {"cut_off": 0.8, "price_add_on": 0.5, "limit": -0.5, "collection_intensity": 0.7, "allocation": 0.6}
    )


def test_levers_that_add_up_beyond_one_are_held_and_said():
    policy = parse_policy(
        {
            "format": 1,
            "name": "steep",
            "levers": {"cut_off": 0.8},
            "portfolio": [{"when": ["default_rate > 0.01"], "add": {"cut_off": 0.8}, "reason": "defaults"}],
        }
    )
    assert one(policy, default_rate=0.02)["cut_off"] == 1.0
    (reasons,) = policy.reasons(shown(policy, default_rate=0.02))
    assert reasons == ("defaults", "cut_off held at 1: the rules together asked for 1.6")


def test_a_good_application_is_approved_at_base_rate_plus_expected_loss():
    decision = decide(load_policy("prudent"), GOOD)
    assert decision.outcome == "approved"
    assert decision.annual_rate == pytest.approx(0.06 + 0.01 * 0.6)
    assert decision.limit == 10_000.0
    json.dumps(decision.to_dict(), allow_nan=False)


def test_the_limit_is_what_the_income_carries():
    """30 % of 1,000 a month over 12 months at 12 % a year: 300 x (1 - 1.01^-12) / 0.01 = 3,376.52."""
    policy = parse_policy(
        {"format": 1, "name": "p", "applications": {"max_instalment_share": 0.3, "base_annual_rate": 0.12}}
    )
    decision = decide(policy, Application(10_000.0, 12, annual_income=12_000.0, annual_pd=0.0))
    assert decision.limit == pytest.approx(3_376.52, abs=0.01)
    assert decision.outcome == "approved"
    assert any("income" in reason for reason in decision.reasons)


def test_the_portfolio_s_levers_move_single_decisions():
    policy = load_policy("prudent")
    borderline = Application(10_000.0, 36, annual_income=60_000.0, score=700.0, annual_pd=0.055)
    assert decide(policy, borderline).outcome == "approved"
    assert policy.decide(borderline, levers(cut_off=1.0)).outcome == "referred"
    dearer = policy.decide(GOOD, levers(price_add_on=1.0))
    assert dearer.annual_rate == pytest.approx(decide(policy, GOOD).annual_rate + 0.02)
    large = Application(1e6, 36, annual_income=60_000.0, score=720.0, annual_pd=0.01)
    assert policy.decide(large, levers(limit=1.0)).limit > decide(policy, large).limit


@pytest.mark.parametrize("field", ["annual_pd", "annual_income", "score"])
def test_a_missing_field_refers_and_is_named(field):
    values = {"annual_income": 60_000.0, "score": 720.0, "annual_pd": 0.01} | {field: None}
    decision = decide(load_policy("prudent"), Application(10_000.0, 36, **values))
    assert decision.outcome == "referred"
    assert decision.limit is None
    assert any(field in reason for reason in decision.reasons)


def test_a_refusal_outranks_a_referral():
    decision = decide(load_policy("prudent"), Application(10_000.0, 36, annual_pd=0.5))
    assert decision.outcome == "declined"


@settings(max_examples=100, deadline=None)
@given(low=st.floats(0, 1), high=st.floats(0, 1), cut_off=st.floats(-1, 1))
def test_more_risk_never_gets_a_better_answer(low, high, cut_off):
    policy, order = load_policy("prudent"), {"approved": 0, "referred": 1, "declined": 2}
    answers = [
        policy.decide(
            Application(9_000.0, 24, annual_income=50_000.0, score=700.0, annual_pd=pd),
            levers(cut_off=cut_off),
        )
        for pd in sorted((low, high))
    ]
    assert order[answers[0].outcome] <= order[answers[1].outcome]
    if answers[1].outcome == "approved":
        assert answers[0].annual_rate <= answers[1].annual_rate
        assert answers[0].limit >= answers[1].limit


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": 0.0, "term_months": 12}, "amount"),
        ({"amount": float("nan"), "term_months": 12}, "amount"),
        ({"amount": 1.0, "term_months": 0}, "term_months"),
        ({"amount": 1.0, "term_months": 1.5}, "term_months"),
        ({"amount": 1.0, "term_months": 12, "annual_pd": 1.5}, "annual_pd"),
        ({"amount": 1.0, "term_months": 12, "score": float("inf")}, "score"),
        ({"amount": 1.0, "term_months": 12, "annual_income": -1.0}, "annual_income"),
    ],
)
def test_an_impossible_application_is_refused_by_field(values, field):
    with pytest.raises(UsageError, match=field):
        Application(**values)


BASE = {"format": 1, "name": "x"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "format"),
        ({"nmae": "x"}, "nmae"),
        ({"levers": {"cutoff": 1}}, "cutoff"),
        ({"levers": {"cut_off": 2}}, "-1 to 1"),
        ({"portfolio": [{"when": ["weather > 1"], "add": {}, "reason": "r"}]}, "weather"),
        ({"portfolio": [{"when": ["default_rate about 1"], "add": {}, "reason": "r"}]}, "comparison"),
        ({"portfolio": [{"when": [], "add": {}, "reason": "r"}]}, "conditions"),
        ({"portfolio": [{"when": ["default_rate > nan"], "add": {}, "reason": "r"}]}, "finite"),
        ({"portfolio": [{"when": ["default_rate > 1"], "add": {}}]}, "reason"),
        (
            {"applications": {"rules": [{"when": ["score < 1"], "outcome": "approved", "reason": "r"}]}},
            "outcome",
        ),
        (
            {"applications": {"rules": [{"when": ["grade < B"], "outcome": "declined", "reason": "r"}]}},
            "grade",
        ),
        ({"applications": {"max_amount": -1}}, "max_amount"),
        ({"applications": {"speed": 1}}, "speed"),
    ],
)
def test_a_wrong_policy_file_is_refused_by_name(change, words):
    with pytest.raises(ConfigError, match=words):
        parse_policy(BASE | change, "policy.toml")


def test_unknown_names_and_broken_files_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="neutral, prudent"):
        load_policy("nobody")
    broken = tmp_path / "broken.toml"
    broken.write_text("levers = ")
    with pytest.raises(ConfigError, match=r"broken\.toml"):
        load_policy(broken)


def test_a_file_is_read_like_a_built_in(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'format = 1\nname = "own"\n[applications]\n[[applications.rules]]\n'
        'when = ["product == revolving"]\noutcome = "declined"\nreason = "no lines"\n'
    )
    policy = load_policy(path)
    line = Application(1_000.0, 12, annual_pd=0.01, product="revolving")
    assert decide(policy, line).reasons == ("no lines",)
    assert decide(policy, Application(1_000.0, 12, annual_pd=0.01, product="mortgage")).outcome == "approved"


def test_no_policy_is_the_reference_plan():
    tables, _ = built_in(12)
    shocks = np.ones((2, 6, len(tables.parameters.origin)))
    none, neutral = run_policy(None, tables, shocks), run_policy(load_policy("neutral"), tables, shocks)
    assert np.array_equal(none.values, neutral.values)


def test_many_paths_give_what_few_give():
    tables, _ = built_in(12)
    random = np.random.Generator(np.random.Philox(key=3))
    shocks = np.exp(0.3 * random.standard_normal((40, 6, len(tables.parameters.origin))))
    covariates = random.standard_normal((6, 2))
    policy = load_policy("prudent")
    many, few = (
        run_policy(policy, tables, shocks, covariates),
        run_policy(policy, tables, shocks[:5], covariates),
    )
    assert np.array_equal(many.levers[:5], few.levers)
    assert many.values[:5] == pytest.approx(few.values, rel=1e-9, abs=1e-3)
    assert many["balance"].shape == (40, 6)
