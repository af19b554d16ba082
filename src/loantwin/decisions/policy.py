"""A policy written as rules in a readable file. The same object acts in the environment, in forecasts and on
applications.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar, overload

import numpy as np

from loantwin.arrays import Floats
from loantwin.decisions.application import assess
from loantwin.decisions.observation import Application, Decision, Levers, PortfolioObservation
from loantwin.decisions.rules import ApplicationRule, ApplicationTerms, PortfolioRule
from loantwin.errors import UsageError, expected
from loantwin.types import LEVERS

Value = TypeVar("Value")


@dataclass(frozen=True)
class RulePolicy:
    """Rules for a portfolio's levers and for single applications, as `load_policy` reads them."""

    name: str
    description: str
    levers: tuple[float, ...]
    portfolio: tuple[PortfolioRule, ...]
    terms: ApplicationTerms
    applications: tuple[ApplicationRule, ...]

    @overload
    def decide(self, observation: PortfolioObservation) -> Levers: ...

    @overload
    def decide(self, observation: Application) -> Decision: ...

    def decide(self, observation: PortfolioObservation | Application) -> Levers | Decision:
        """Return levers for a portfolio, or a decision for an application at the policy's standing levers."""
        if isinstance(observation, PortfolioObservation):
            return self._levers_with_reasons(observation)
        if isinstance(observation, Application):
            return self.decide_application(observation)
        raise UsageError(
            expected("a PortfolioObservation or an Application", type(observation).__name__),
            field="observation",
        )

    def decide_application(self, application: Application, levers: Levers | None = None) -> Decision:
        """Return the decision for an application while the portfolio's levers stand at `levers` (default: the
        standing ones).
        """
        standing = Levers(self.levers) if levers is None else levers
        return assess(application, self.terms, self.applications, standing, self.name)

    def lever_array(self, figures: Mapping[str, Floats], books: int) -> Floats:
        """Return the levers of many books at once, (E, 5), from figures of shape (E,): what `decide` answers
        for each.
        """
        total = np.tile(np.array(self.levers, dtype=np.float64), (books, 1))
        for rule in self.portfolio:
            holds = np.ones(books, dtype=bool)
            for condition in rule.when:
                holds &= np.asarray(condition.holds(_known(figures, condition.figure)), dtype=bool)
            total += holds[:, None] * np.array(rule.add)
        return np.clip(total, -1.0, 1.0)

    def _levers_with_reasons(self, observation: PortfolioObservation) -> Levers:
        figures = observation.figures()
        total, reasons = np.array(self.levers, dtype=np.float64), []
        for rule in self.portfolio:
            if all(bool(condition.holds(_known(figures, condition.figure))) for condition in rule.when):
                total = total + np.array(rule.add)
                reasons.append(rule.reason)
        held = np.clip(total, -1.0, 1.0)
        for name, wanted, value in zip(LEVERS, total, held, strict=True):
            if wanted != value:
                reasons.append(f"{name} held at {value:g}: the rules together asked for {wanted:g}")
        return Levers(tuple(float(value) for value in held), tuple(reasons))


def _known(figures: Mapping[str, Value], name: str) -> Value:
    if name not in figures:
        raise UsageError(
            expected("in the policy's conditions one of " + ", ".join(figures), name), field="when"
        )
    return figures[name]
