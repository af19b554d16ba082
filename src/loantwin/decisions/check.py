"""What makes an object a policy: the conformance check, in one part for books and one for applications.

The parts are also what every use asks first: a policy that lacks the method for it, or names a figure or a
lever that the book or the world does not have, is refused by name before anything runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from loantwin.arrays import Floats
from loantwin.decisions.figures import FIGURES, MACRO, in_order
from loantwin.decisions.policy import ApplicationPolicy, PortfolioPolicy, policy_name
from loantwin.decisions.policy_decision import OUTCOMES, PolicyDecision
from loantwin.errors import UsageError, expected
from loantwin.types import LEVERS

SAMPLE_FIGURES = {
    "month": np.array([0.0, 12.0, 24.0]),
    "balance_ratio": np.array([1.0, 0.9, 1.4]),
    "delinquent_share": np.array([0.0, 0.05, 0.3]),
    "late_share": np.array([0.0, 0.01, 0.1]),
    "default_rate": np.array([0.0, 0.03, 0.2]),
    "charge_off_rate": np.array([0.0, 0.0, 0.1]),
    "prepayment_rate": np.zeros(3),
    "new_lending_rate": np.zeros(3),
    "interest_rate": np.zeros(3),
    "profit_rate": np.array([0.0, 0.0, -0.05]),
}
"""Three books: one at its start, one a year on, one in trouble."""
SAMPLE_MACRO = np.array([0.0, 1.0, -2.0])
SAMPLE_APPLICATIONS: tuple[dict[str, Any], ...] = (
    {"amount": 10_000.0, "term_months": 36, "annual_income": 60_000.0, "score": 720.0, "annual_pd": 0.01},
    {"amount": 10_000.0, "term_months": 36, "annual_income": 60_000.0, "score": 600.0, "annual_pd": 0.06},
    {"amount": 1e9, "term_months": 360, "annual_income": 0.0, "score": 300.0, "annual_pd": 0.9},
    {"amount": 500.0, "term_months": 1},
)
ALIKE = 1e-6
"""How far a book's levers may move with the books beside it: matrix products round differently by size."""


def check_policy(policy: object) -> None:
    """Raise UsageError, naming policy and place, where an object cannot act as a policy.

    Its part for books is asked where the object has `levers`, its part for applications where it has
    `decide`; one of them it must have.

    Raises
    ------
    UsageError : neither method; a figure or lever that is not published, or named twice; levers of another
        shape than (E, L), not finite or outside [-1, 1]; another answer to the same question, or to the same
        book in other company; a decision without a reason, without amount, rate and term where approved,
        or with more than was asked for.
    """
    books, applications = hasattr(policy, "levers"), hasattr(policy, "decide")
    if not (books or applications):
        raise _refused(policy, "levers(figures), decide(application) or both", "neither")
    if books:
        _check_books(policy)
    if applications:
        _check_applications(policy)


def portfolio_policy(
    policy: object, figures: Sequence[str] | None = None, levers: Sequence[str] = LEVERS
) -> PortfolioPolicy:
    """Return the policy where it can steer books that show these figures and have these levers.

    Parameters
    ----------
    figures : names that the books show; None takes the published ones and any `macro.NAME`.
    levers : names that the world has.

    Raises
    ------
    UsageError : no `levers`, no names, or a name that the books or the world do not have.
    """
    for part in ("figure_names", "lever_names", "levers"):
        if not hasattr(policy, part):
            raise _refused(
                policy, "figure_names, lever_names and levers(figures), to steer books", f"no {part}"
            )
    made = cast("PortfolioPolicy", policy)
    for place, named in (("figure_names", made.figure_names), ("lever_names", made.lever_names)):
        if not isinstance(named, tuple | list) or not all(isinstance(item, str) for item in named):
            raise _refused(policy, f"{place} as a tuple of texts", repr(named))
        if len(set(named)) != len(named):
            raise _refused(policy, f"{place} that differ", ", ".join(named))
    if not made.lever_names:
        raise _refused(policy, "at least one lever in lever_names", "none")
    for lever in made.lever_names:
        if lever not in levers:
            raise _refused(policy, "in lever_names what there is to steer by, " + ", ".join(levers), lever)
    for figure in made.figure_names:
        known = figure in FIGURES or figure.startswith(MACRO) if figures is None else figure in figures
        if not known:
            shown = (*FIGURES, "macro.NAME") if figures is None else figures
            raise _refused(policy, "in figure_names what the book shows, " + ", ".join(shown), figure)
    return made


def application_policy(policy: object) -> ApplicationPolicy:
    """Return the policy where it can decide on applications.

    Raises
    ------
    UsageError : no `decide`.
    """
    if not hasattr(policy, "decide"):
        raise _refused(policy, "decide(application), to decide on applications", "no decide")
    return cast("ApplicationPolicy", policy)


def checked_levers(policy: PortfolioPolicy, answer: object, books: int) -> Floats:
    """Return a policy's answer for E books as (E, L) float64.

    Raises
    ------
    UsageError : another shape, no numbers, NaN, or a lever outside [-1, 1]; policy, lever and book are named.
    """
    levers = policy.lever_names
    try:
        made = np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _refused(policy, "levers as numbers", type(answer).__name__) from error
    if made.shape != (books, len(levers)):
        raise _refused(policy, f"levers of shape ({books}, {len(levers)}), a row a book", f"{made.shape}")
    if not (np.abs(made) <= 1.0).all():  # a NaN fails too
        book, place = np.argwhere(~(np.abs(made) <= 1.0))[0]
        raise _refused(policy, f"lever {levers[place]} of book {book + 1} from -1 to 1", made[book, place])
    return made


def checked_decision(policy: object, answer: object) -> PolicyDecision:
    """Return a policy's answer to an application.

    Raises
    ------
    UsageError : no PolicyDecision.
    """
    if not isinstance(answer, PolicyDecision):
        raise _refused(policy, "a PolicyDecision", type(answer).__name__)
    return answer


def _refused(policy: object, what: str, was: object) -> UsageError:
    return UsageError(f"policy {policy_name(policy)}: {expected(what, was)}")


def _check_books(policy: object) -> None:
    made = portfolio_policy(policy)
    macro = {figure: SAMPLE_MACRO for figure in made.figure_names if figure.startswith(MACRO)}
    figures = in_order({**SAMPLE_FIGURES, **macro}, made.figure_names)
    books = len(figures)
    answer = checked_levers(made, made.levers(figures.copy()), books)
    if not np.array_equal(answer, checked_levers(made, made.levers(figures.copy()), books)):
        raise _refused(policy, "the same levers for the same books", "others")
    for book in range(books):
        alone = checked_levers(made, made.levers(figures[book : book + 1].copy()), 1)
        if np.abs(alone[0] - answer[book]).max() > ALIKE:
            raise _refused(policy, "the same levers for a book whatever stands beside it", "others")


def _check_applications(policy: object) -> None:
    made = application_policy(policy)
    for number, sample in enumerate(SAMPLE_APPLICATIONS, 1):
        application = {"application_id": f"sample-{number}", "application_date": "2026-08-03", **sample}
        decision = checked_decision(policy, made.decide(application))
        if made.decide(application) != decision:
            raise _refused(policy, "the same decision on the same application", "another")
        if decision.outcome not in OUTCOMES:
            raise _refused(policy, "an outcome of " + ", ".join(OUTCOMES), decision.outcome)
        if not decision.reasons or not all(decision.reasons):
            raise _refused(policy, "a reason for every decision", "none")
        approved = decision.outcome == "approve"
        granted = (decision.amount, decision.annual_rate, decision.term_months)
        if any((value is not None) != approved for value in granted):
            raise _refused(policy, "amount, rate and term where approved, and only there", decision.outcome)
        if decision.amount is not None and not 0 < decision.amount <= application["amount"]:
            raise _refused(policy, "an amount above 0 and no more than asked for", decision.amount)
        if decision.annual_rate is not None and not 0 <= decision.annual_rate < math.inf:
            raise _refused(policy, "a finite rate of at least 0", decision.annual_rate)
