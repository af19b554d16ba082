"""Policies of books: the readable file, portfolio levers, and the conformance check."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.decisions.check import SAMPLE_FIGURES, check_policy
from loantwin.decisions.figures import FIGURES, in_order
from loantwin.decisions.load import built_in_policies, load_policy, parse_policy
from loantwin.decisions.portfolio import run_policy
from loantwin.env.built_in import built_in
from loantwin.errors import ConfigError


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
        ({"applications": {"max_amount": 1}}, "a decision graph"),
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
    path.write_text('format = 1\nname = "own"\n[levers]\nlimit = -0.5\n')
    assert one(load_policy(path))["limit"] == -0.5


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
