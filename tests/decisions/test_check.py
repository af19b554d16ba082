"""What makes an object a policy: whatever has the names acts, and what does not fit is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium
import numpy as np
import pytest

import loantwin.env
from loantwin.decisions.check import application_policy, check_policy, portfolio_policy
from loantwin.decisions.figures import FIGURES
from loantwin.decisions.load import load_policy
from loantwin.decisions.policy_decision import PolicyDecision
from loantwin.decisions.portfolio import levers_of, run_policy
from loantwin.env.built_in import built_in
from loantwin.errors import UsageError
from loantwin.types import LEVERS

Answer = Callable[[np.ndarray], object]


def answered(outcome: Any, reasons: tuple[str, ...], *granted: Any) -> PolicyDecision:
    """Return a decision; granted : amount, rate and term."""
    amount, rate, term = granted or (None, None, None)
    return PolicyDecision("A-1", outcome, amount, rate, term, reasons, ())


class Planted:
    """A policy for books, made to order."""

    def __init__(
        self,
        answer: Answer = lambda figures: np.zeros((len(figures), 5)),
        figures: object = ("month",),
        levers: object = LEVERS,
    ) -> None:
        self.answer, self.figure_names, self.lever_names = answer, figures, levers

    def levers(self, figures: np.ndarray) -> object:
        return self.answer(figures)


class Clerk:
    """A policy for applications, made to order."""

    name = "clerk"

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)

    def decide(self, application: Mapping[str, Any]) -> object:
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return answer(application) if callable(answer) else answer


class Both(Planted):
    name = "both"

    def decide(self, application: Mapping[str, Any]) -> PolicyDecision:
        return answered("refer", ("a person looks at everything",))


def row(*values: float) -> Answer:
    return lambda figures: np.tile(np.array(values, dtype=float), (len(figures), 1))


@pytest.mark.parametrize(
    "policy", [Planted(), Both(), Clerk(Both().decide)], ids=lambda item: type(item).__name__
)
def test_one_method_or_both_is_a_policy(policy: object) -> None:
    check_policy(policy)


def test_figures_and_levers_come_and_go_in_the_order_of_the_names() -> None:
    seen: list[np.ndarray] = []

    def answer(figures: np.ndarray) -> np.ndarray:
        seen.append(figures)
        return figures[:, ::-1] * [[1.0, 10.0]]

    policy = Planted(answer, ("default_rate", "month"), ("limit", "cut_off"))
    figures = {name: np.zeros(2) for name in FIGURES}
    figures |= {"month": np.array([0.25, 0.5]), "default_rate": np.array([0.01, 0.02])}
    found = levers_of(policy, figures, 2)
    assert np.array_equal(seen[0], [[0.01, 0.25], [0.02, 0.5]])
    wanted = np.zeros((2, 5))
    wanted[:, LEVERS.index("limit")] = [0.25, 0.5]  # the first named, from the last figure
    wanted[:, LEVERS.index("cut_off")] = [0.1, 0.2]
    assert np.array_equal(found, wanted), "a lever that is not named stays at 0"


REFUSED = [
    (Planted(figures=("weather",)), "weather"),
    (Planted(figures=("month", "month")), "month, month"),
    (Planted(figures="month"), "tuple of texts"),
    (Planted(levers=("cut_off", "funding_mix")), "funding_mix"),
    (Planted(levers=()), "at least one lever"),
    (Planted(row(0.0)), r"\(3, 5\).*was '\(3, 1\)'"),
    (Planted(lambda figures: np.zeros(5)), r"\(3, 5\).*was '\(5,\)'"),
    (Planted(lambda figures: None), "levers"),
    (Planted(lambda figures: [["high"] * 5] * len(figures)), "levers as numbers"),
    (Planted(row(0, 0, np.nan, 0, 0)), "lever limit of book 1 from -1 to 1, was nan"),
    (Planted(row(0, 0, 0, 0, 1.01)), "lever allocation of book 1 from -1 to 1, was 1.01"),
    (Planted(row(-np.inf, 0, 0, 0, 0)), "lever cut_off of book 1"),
    (Planted(lambda figures: np.arange(len(figures))[:, None] / 10 + np.zeros(5)), "whatever stands beside"),
]


@pytest.mark.parametrize(("policy", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_a_policy_that_does_not_fit_books_is_refused_by_name(policy: Planted, words: str) -> None:
    with pytest.raises(UsageError, match=f"policy Planted: .*{words}"):
        check_policy(policy)


@pytest.mark.parametrize(("policy", "words"), REFUSED[:-1], ids=[words for _, words in REFUSED[:-1]])
def test_what_the_check_refuses_no_run_takes(policy: Planted, words: str) -> None:
    tables, _ = built_in(6)
    with pytest.raises(UsageError, match="policy Planted: "):
        run_policy(policy, tables, np.ones((3, 2, len(tables.parameters.origin))))  # type: ignore[arg-type]
    env = gymnasium.make("loantwin/Portfolio-v0", horizon=2)
    env.reset(seed=1)
    with pytest.raises(UsageError, match="policy Planted: "):
        env.unwrapped.action(policy)  # type: ignore[attr-defined]


def test_levers_that_change_their_mind_are_refused() -> None:
    drawn = iter(np.linspace(0, 1, 50))
    with pytest.raises(UsageError, match="the same levers for the same books"):
        check_policy(Planted(lambda figures: np.full((len(figures), 5), next(drawn))))


def test_a_macro_figure_is_refused_where_the_book_has_no_such_covariate() -> None:
    policy = Planted(figures=("macro.rainfall",))
    check_policy(policy)
    tables, _ = built_in(6)
    with pytest.raises(
        UsageError, match=r"policy Planted: .*macro\.unemployment_rate.*was 'macro\.rainfall'"
    ):
        run_policy(policy, tables, np.ones((1, 1, len(tables.parameters.origin))))


def test_a_world_without_the_lever_refuses_the_policy() -> None:
    with pytest.raises(UsageError, match=r"policy neutral: .*cut_off, limit, was 'price_add_on'"):
        portfolio_policy(load_policy("neutral"), levers=("cut_off", "limit"))


APPROVED = answered("approve", ("fine",), 100.0, 0.1, 12)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (["yes"], "a PolicyDecision, was 'str'"),
        ([answered("approve", (), 100.0, 0.1, 12)], "a reason"),
        ([answered("approve", ("",), 100.0, 0.1, 12)], "a reason"),
        ([answered("perhaps", ("?",))], "approve, decline, refer"),
        ([answered("approve", ("fine",), 100.0, None, 12)], "amount, rate and term where approved"),
        ([answered("approve", ("fine",), 100.0, 0.1, None)], "amount, rate and term where approved"),
        ([answered("decline", ("no",), 100.0, None, None)], "amount, rate and term where approved"),
        (
            [lambda asked: answered("approve", ("more",), asked["amount"] + 1, 0.1, 12)],
            "no more than asked",
        ),
        ([answered("approve", ("fine",), float("nan"), 0.1, 12)], "an amount above 0"),
        ([answered("approve", ("fine",), 100.0, float("inf"), 12)], "a finite rate"),
        ([APPROVED, answered("decline", ("no",))], "the same decision"),
    ],
)
def test_decisions_that_are_none_are_refused(answers: list[object], words: str) -> None:
    with pytest.raises(UsageError, match=f"policy clerk: .*{words}"):
        check_policy(Clerk(*answers))


def test_a_policy_without_the_method_for_a_use_is_refused_there() -> None:
    with pytest.raises(UsageError, match=r"policy clerk: .*no figure_names"):
        portfolio_policy(Clerk(APPROVED))
    with pytest.raises(UsageError, match=r"policy Planted: .*no decide"):
        application_policy(Planted())
    with pytest.raises(UsageError, match=r"policy int: .*neither"):
        check_policy(3)


def test_an_object_steers_one_book_and_many_in_the_environment() -> None:
    assert loantwin.env is not None
    policy = Planted(row(0.5, 0, 0, -0.25, 0))
    env = gymnasium.make("loantwin/Portfolio-v0", horizon=3)
    env.reset(seed=1)
    action = env.unwrapped.action(policy)  # type: ignore[attr-defined]
    assert env.action_space.contains(action)
    assert env.step(action)[4]["levers"]["collection_intensity"] == -0.25
    envs = gymnasium.make_vec(
        "loantwin/Portfolio-v0", num_envs=4, horizon=3, vectorization_mode="vector_entry_point"
    )
    envs.reset(seed=1)
    actions = envs.unwrapped.action(policy)  # type: ignore[attr-defined]
    assert envs.action_space.contains(actions)
    assert (actions == action).all()
