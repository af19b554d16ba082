"""`decide`: one call for one application."""

from __future__ import annotations

from pathlib import Path

from loantwin.decisions.application import Application, Decision
from loantwin.decisions.check import application_policy, checked_decision
from loantwin.decisions.load import chosen_policy
from loantwin.decisions.policy import ApplicationPolicy
from loantwin.errors import UsageError, expected


def decide(policy: str | Path | ApplicationPolicy, application: Application) -> Decision:
    """Return the policy's decision on one application.

    Parameters
    ----------
    policy : a policy's name or TOML file, or an object with `decide(application)`.

    Raises
    ------
    UsageError : no application, an object without `decide`, an answer that is no Decision. ConfigError : no
        policy of that name, or a file that is none.
    """
    if not isinstance(application, Application):
        raise UsageError(expected("an Application", type(application).__name__), field="application")
    chosen = application_policy(chosen_policy(policy))
    return checked_decision(chosen, chosen.decide(application))
