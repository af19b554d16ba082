"""One call for one application, and the conformance check of every policy."""

from __future__ import annotations

from loantwin.decisions.application import check_application
from loantwin.decisions.observation import Application, Decision, Levers, PortfolioObservation
from loantwin.decisions.policy import RulePolicy
from loantwin.errors import UsageError, expected
from loantwin.types import Policy


def decide(policy: Policy, application: Application, levers: Levers | None = None) -> Decision:
    """Return the policy's decision on one application.

    Parameters
    ----------
    policy : any policy; `levers` needs one that is written as rules.
    levers : where the portfolio's levers stand now, as the same policy answered for the portfolio; default
        its own.

    Raises
    ------
    UsageError : the policy answers with something else, or takes no levers.
    """
    check_application(application)
    if levers is None:
        answer = policy.decide(application)
    elif isinstance(policy, RulePolicy):
        answer = policy.decide_application(application, levers)
    else:
        raise UsageError(
            expected("a policy written as rules where levers are given", type(policy).__name__),
            field="levers",
        )
    if not isinstance(answer, Decision):
        raise UsageError(expected("a Decision", type(answer).__name__), field="policy")
    return answer


SAMPLE_OBSERVATIONS = (
    PortfolioObservation(),
    PortfolioObservation(
        month=12, balance_ratio=0.9, delinquent_share=0.05, late_share=0.01, default_rate=0.03
    ),
    PortfolioObservation(
        month=24,
        balance_ratio=1.4,
        delinquent_share=0.3,
        late_share=0.1,
        default_rate=0.2,
        charge_off_rate=0.1,
        profit_rate=-0.05,
    ),
)
SAMPLE_APPLICATIONS = (
    Application(10_000.0, 36, annual_income=60_000.0, score=720.0, annual_pd=0.01),
    Application(10_000.0, 36, annual_income=60_000.0, score=600.0, annual_pd=0.06),
    Application(1e9, 360, annual_income=0.0, score=300.0, annual_pd=0.9),
    Application(500.0, 1),
)


def check_policy(policy: Policy) -> None:
    """Raise UsageError where an object is no policy: wrong answers, no name, another answer to the same
    question.
    """
    if not policy.name:
        raise UsageError(expected("a name", "none"), field="policy")
    for observation in SAMPLE_OBSERVATIONS:
        levers = policy.decide(observation)
        if not isinstance(levers, Levers):
            raise UsageError(expected("Levers for a portfolio", type(levers).__name__), field=policy.name)
        if policy.decide(observation) != levers:
            raise UsageError(expected("the same levers for the same portfolio", "others"), field=policy.name)
    for application in SAMPLE_APPLICATIONS:
        decision = decide(policy, application)
        if decide(policy, application) != decision:
            raise UsageError(
                expected("the same decision on the same application", "another"), field=policy.name
            )
        _check_decision(decision, application, policy.name)


def _check_decision(decision: Decision, application: Application, name: str) -> None:
    if not decision.reasons or not all(decision.reasons):
        raise UsageError(expected("a reason for every decision", "none"), field=name)
    granted = decision.limit is not None and decision.annual_rate is not None
    if granted != (decision.outcome == "approved"):
        raise UsageError(
            expected("limit and rate where approved, and only there", decision.outcome), field=name
        )
    if decision.limit is not None and not 0 < decision.limit <= application.amount:
        raise UsageError(expected("a limit above 0 and no more than asked for", decision.limit), field=name)
