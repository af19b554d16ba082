"""What a policy is: an object with one method for books, or one for applications, or both.

Nothing here is to be inherited from: whatever has the names acts. `check.check_policy` says whether an object
does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from loantwin.arrays import Floats
from loantwin.decisions.policy_decision import PolicyDecision


class PortfolioPolicy(Protocol):
    """Sets the levers of books at the start of each month, from what they show of themselves."""

    @property
    def figure_names(self) -> tuple[str, ...]:
        """Return the F figures it reads, in its order: names of `figures.FIGURES` or `macro.NAME`."""
        ...

    @property
    def lever_names(self) -> tuple[str, ...]:
        """Return the L levers it sets, in its order; one it does not name stays at 0, the reference plan."""
        ...

    def levers(self, figures: Floats) -> Floats:
        """Return levers (E, L), each in [-1, 1], for E books whose figures are (E, F).

        A book's levers follow from its own row alone, and the same row gets the same answer.
        """
        ...


class ApplicationPolicy(Protocol):
    """Decides on one application."""

    def decide(self, application: Mapping[str, Any]) -> PolicyDecision:
        """Return the decision on what `loantwin schema application` says, with at least one reason."""
        ...


def policy_name(policy: object) -> str:
    """Return a policy's `name`, or else that of its class: what messages and results call it."""
    return str(getattr(policy, "name", "") or type(policy).__name__)
