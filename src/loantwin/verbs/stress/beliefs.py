"""`stress --belief`: what the figures do where a belief of the economy's effect is moved."""

from __future__ import annotations

from collections.abc import Sequence

from loantwin.errors import UsageError, choice, expected
from loantwin.models.moved_beliefs import beliefs_of_model, with_beliefs
from loantwin.models.priors.beliefs import MULTIPLE_CAP, NAMES
from loantwin.outlook.outlook import Outlook
from loantwin.risk.stress.stress import net_interest_income
from loantwin.risk.stress.uncertainty import BeliefMoved
from loantwin.twin import Learnt
from loantwin.verbs.stress.run import StressRun, StressTest, ran
from loantwin.verbs.stress.uncertainty import MONEY

WORDS = {
    "unemployment_change": "log default rate for one point more unemployment than a year before",
    "unemployment_level": "log default rate for one point of unemployment",
    "house_prices": "log default rate for 10 % higher house prices than a year before",
    MULTIPLE_CAP: "multiple of the long-run default rate that the economy alone can make",
}
"""Unit of each belief."""


def parse_beliefs(texts: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Return (belief, value) of texts NAME=VALUE.

    Raises
    ------
    UsageError : another form, an unknown name, a value that is no number, a name given twice.
    """
    made: list[tuple[str, float]] = []
    for text in texts:
        name, found, value = text.partition("=")
        if not found:
            raise UsageError(expected("NAME=VALUE, like unemployment_change=0.5", text), field="beliefs")
        name = choice(name.strip(), NAMES, "beliefs")
        if name in dict(made):
            raise UsageError(expected("every belief once", f"{name} twice"), field="beliefs")
        try:
            made.append((name, float(value)))
        except ValueError as error:
            raise UsageError(expected(f"a number for {name}", value), field="beliefs") from error
    return tuple(made)


def moved_beliefs(test: StressTest, texts: Sequence[str]) -> tuple[BeliefMoved, ...]:
    """Return each belief moved alone, and every scenario's figures before and after, the book in run-off.

    Raises
    ------
    UsageError : as `parse_beliefs`. ModelError : a model that does not keep what was believed.
    """
    asked = parse_beliefs(texts)
    if not asked:
        return ()
    twin = test.outlook.twin
    before = beliefs_of_model(twin.model)
    found = []
    for name, value in asked:
        learnt = Learnt(with_beliefs(twin.model, {name: value}), twin.generator, twin.macro_sources)
        outlook = Outlook(twin.taught(learnt))
        figures = {}
        for run in test.runs:
            other = ran(outlook, test.run, run.given, test.horizon)
            figures[run.given.name] = {
                figure: {"before": old, "after": new}
                for figure, old, new in zip(MONEY, _figures(test, run), _figures(test, other), strict=True)
            }
        belief = getattr(before, name)
        found.append(
            BeliefMoved(
                name, WORDS[name], before.product, belief.value, value, belief.basis, belief.source.strip(),
                figures,
            )
        )  # fmt: skip
    return tuple(found)


def _figures(test: StressTest, run: StressRun) -> tuple[float, ...]:
    flows, costs = run.monthly, test.outlook.twin.config.economics
    income = net_interest_income(flows.opening, flows.interest, costs)
    return (
        float(flows.defaulted.sum()),
        float(flows.charged_off.sum()),
        run.allowances.today.allowance,
        float(income.sum()),
    )
