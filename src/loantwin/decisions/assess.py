"""How one application is decided: every rule is read, the strictest outcome counts, each with its reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from loantwin.decisions.application import Application, Decision
from loantwin.decisions.rules import ApplicationRule, ApplicationTerms


@dataclass(frozen=True)
class Finding:
    """One reason and what it asks for."""

    outcome: Literal["declined", "referred"]
    reason: str


def assess(
    application: Application,
    terms: ApplicationTerms,
    rules: tuple[ApplicationRule, ...],
    levers: Mapping[str, float],
    policy: str,
) -> Decision:
    """Return the decision: declined if anything declines, else referred if anything refers, else approved.

    A limit whose field is missing in the application refers it and names the field. An amount above the limit
    is not a refusal: the smaller limit is granted, with the reason.
    """
    rate = offered_rate(application, terms, levers)
    findings = [*_risk(application, terms, levers), *_price(terms, rate), *_rules(application, rules)]
    limit, limit_reasons = _limit(application, terms, levers, rate)
    if limit is None:
        findings += [Finding("referred", reason) for reason in limit_reasons]
    for outcome in ("declined", "referred"):
        chosen = tuple(finding.reason for finding in findings if finding.outcome == outcome)
        if chosen:
            return Decision(outcome, None, None, chosen, policy)
    if rate is None or limit is None:
        return Decision("referred", None, None, ("annual_pd is missing, so that no rate can be set",), policy)
    reasons = [f"all limits of policy {policy} are met", *limit_reasons]
    if application.annual_rate is not None and application.annual_rate < rate:
        reasons.append(f"the rate asked for, {application.annual_rate:.2%}, is below the offer of {rate:.2%}")
    return Decision("approved", limit, rate, tuple(reasons), policy)


def offered_rate(
    application: Application, terms: ApplicationTerms, levers: Mapping[str, float]
) -> float | None:
    """Return base rate + 12-month PD x loss given default + add-on, decimal a year; None without a PD."""
    if application.annual_pd is None:
        return None
    rate = terms.base_annual_rate + application.annual_pd * terms.loss_given_default
    return max(0.0, rate + terms.price_add_on * levers["price_add_on"])


def level_instalment(amount: float, annual_rate: float, months: int) -> float:
    """Return the level monthly payment of a loan, money."""
    monthly = annual_rate / 12
    if monthly == 0.0:
        return amount / months
    return amount * monthly / -math.expm1(-months * math.log1p(monthly))


def _risk(application: Application, terms: ApplicationTerms, levers: Mapping[str, float]) -> list[Finding]:
    factor = math.exp(-terms.cut_off_pd * levers["cut_off"])
    points = terms.cut_off_points * levers["cut_off"]
    found: list[Finding] = []
    pd, score = application.annual_pd, application.score
    wants_pd = terms.decline_annual_pd is not None or terms.refer_annual_pd is not None
    if wants_pd and pd is None:
        found.append(Finding("referred", "annual_pd is missing, and the policy limits it"))
    if pd is not None and terms.decline_annual_pd is not None and pd > terms.decline_annual_pd * factor:
        found.append(
            Finding(
                "declined", f"annual_pd {pd:.2%} is above the limit of {terms.decline_annual_pd * factor:.2%}"
            )
        )
    if pd is not None and terms.refer_annual_pd is not None and pd > terms.refer_annual_pd * factor:
        found.append(
            Finding(
                "referred",
                f"annual_pd {pd:.2%} is above {terms.refer_annual_pd * factor:.2%}: a person looks at it",
            )
        )
    wants_score = terms.decline_score is not None or terms.refer_score is not None
    if wants_score and score is None:
        found.append(Finding("referred", "score is missing, and the policy limits it"))
    if score is not None and terms.decline_score is not None and score < terms.decline_score + points:
        found.append(
            Finding("declined", f"score {score:g} is below the limit of {terms.decline_score + points:g}")
        )
    if score is not None and terms.refer_score is not None and score < terms.refer_score + points:
        found.append(
            Finding(
                "referred", f"score {score:g} is below {terms.refer_score + points:g}: a person looks at it"
            )
        )
    return found


def _price(terms: ApplicationTerms, rate: float | None) -> list[Finding]:
    if rate is not None and rate > terms.max_annual_rate:
        return [
            Finding(
                "declined",
                f"the risk asks for a rate of {rate:.2%}, above the highest allowed, "
                f"{terms.max_annual_rate:.2%}",
            )
        ]
    return []


def _rules(application: Application, rules: tuple[ApplicationRule, ...]) -> list[Finding]:
    found: list[Finding] = []
    for rule in rules:
        values = {condition.figure: getattr(application, condition.figure) for condition in rule.when}
        missing = [name for name, value in values.items() if value is None]
        known = [condition for condition in rule.when if values[condition.figure] is not None]
        if not all(bool(condition.holds(values[condition.figure])) for condition in known):
            continue
        if missing:
            found.append(
                Finding(
                    "referred", f"{missing[0]} is missing, so that the rule '{rule.reason}' cannot be read"
                )
            )
        else:
            found.append(Finding(rule.outcome, rule.reason))
    return found


def _limit(
    application: Application, terms: ApplicationTerms, levers: Mapping[str, float], rate: float | None
) -> tuple[float | None, list[str]]:
    """Return what may be granted, whole minor units, and why less; None where a field is missing."""
    scale = math.exp(terms.limit_scale * levers["limit"])
    limit, reasons = application.amount, []
    if terms.max_amount is not None and limit > terms.max_amount * scale:
        limit = terms.max_amount * scale
        reasons.append(f"the amount is cut to the policy's largest, {limit:,.2f}")
    if terms.max_instalment_share is not None:
        if application.annual_income is None:
            return None, ["annual_income is missing, and the policy limits the instalment's share of it"]
        share = terms.max_instalment_share * scale
        affordable = (
            application.annual_income
            / 12
            * share
            / level_instalment(1.0, rate or 0.0, application.term_months)
        )
        if limit > affordable:
            limit = affordable
            reasons.append(
                f"the amount is cut to {limit:,.2f}, whose instalment takes {share:.0%} of the income"
            )
    limit = math.floor(limit * 100 + 1e-6) / 100
    if limit <= 0.0:
        return None, ["the income carries no instalment"]
    return limit, reasons
