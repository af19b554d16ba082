"""Management actions under stress: each scenario's book stepped by month with and without the action.

The step is the one agents learn in. `cut-lending` and `sell` are done to the book, `tighten` and policies by
the levers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.decisions.check import portfolio_policy
from loantwin.decisions.load import built_in_policies, load_policy, parse_policy
from loantwin.decisions.policy import PortfolioPolicy, policy_name
from loantwin.decisions.portfolio import PolicyRun, run_policy
from loantwin.engine.step.cohorts import LendingPlan
from loantwin.engine.step.tables import StepState
from loantwin.errors import UsageError, expected
from loantwin.outlook.lending import step_tables
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.workout import stock_in_default
from loantwin.risk.stress.actions import ActionEffect, ActionTaken, Outcome
from loantwin.risk.stress.paths import CapitalPlan, MonthlyFlows, StressPath, quarter_ends
from loantwin.risk.stress.stress import StressResult
from loantwin.verbs.stress.flows import twin_flows
from loantwin.verbs.stress.run import StressRun, StressTest
from loantwin.verbs.stress.series import series

PRICE = 0.95
"""Share of the balance that a sale brings where none is stated."""
TIGHTEN = {"cut_off": 1.0, "limit": -0.5, "allocation": 0.5}
"""Levers of `tighten`: a third fewer and safer approvals, smaller loans, towards the safer segments."""
FORMS = (
    "cut-lending[=SHARE][@MONTH], tighten[=SHARE][@MONTH], sell=SHARE@MONTH[:PRICE], or a policy's name or "
    "TOML file"
)
_FORM = re.compile(r"(cut-lending|tighten|sell)(?:=([\d.]+%?))?(?:@(\d+))?(?::([\d.]+%?))?")


@dataclass(frozen=True)
class Action:
    """What is done. kind : cut-lending, tighten, sell or policy. policy : sets the levers.

    share : how much of it, decimal. month : from which on, or at the end of which (sell); 1 is the first.
    price : of a sale, decimal of the balance.
    """

    name: str
    kind: str
    share: float = 1.0
    month: int = 1
    price: float = PRICE
    policy: PortfolioPolicy | None = None


def parse_action(text: str | PortfolioPolicy, months: int, lends: bool) -> Action:
    """Return the action of a text of the command line's form, or of a policy.

    Raises
    ------
    UsageError : another form, a share outside 0 to 1, a month outside the horizon, an action on lending
        without any.
    """
    if not isinstance(text, str):
        return Action(policy_name(text), "policy", policy=portfolio_policy(text))
    found = _FORM.fullmatch(text.strip())
    if found is None or text in built_in_policies():
        policy = portfolio_policy(load_policy(text, field="actions"))
        return Action(policy_name(policy), "policy", policy=policy)
    kind, share, month, price = found.groups()
    if kind == "sell" and (share is None or month is None):
        raise UsageError(expected("sell=SHARE@MONTH[:PRICE], like sell=20%@6:0.95", text), field="actions")
    if kind != "sell" and price is not None:
        raise UsageError(expected("a price with sell alone", text), field="actions")
    if kind != "sell" and not lends:
        raise UsageError(expected(f"`new_lending` with {kind}", "none: the book runs off"), field="actions")
    made = Action(
        text,
        kind,
        _decimal(share, text) if share else 1.0,
        int(month) if month else 1,
        _decimal(price, text) if price else PRICE,
    )
    if not 1 <= made.month <= months:
        raise UsageError(expected(f"a month from 1 to {months}", made.month), field="actions")
    if kind != "tighten":
        return made
    levers = {name: value * made.share for name, value in TIGHTEN.items()}
    rule = {"when": [f"month >= {made.month - 1}"], "add": levers, "reason": "tightened"}
    return replace(made, policy=parse_policy({"format": 1, "name": text, "portfolio": [rule]}))


def with_lending(test: StressTest, made: StressResult, new_lending: str) -> StressResult:
    """Return the result with each scenario's book and its new lending in place of run-off."""
    if new_lending == "none":
        return made
    scenarios, paths = dict(made.scenarios), dict(made.paths)
    for run in test.runs:
        name = run.given.name
        book = _book(test, run, new_lending, None)
        flows = book.flows
        scenarios[name] = replace(
            scenarios[name],
            defaulted=float(flows.defaulted.sum()),
            charged_off=float(flows.charged_off.sum()),
            net_interest_income=float(np.sum(book.path.net_interest_income)),
            peak_month=paths[name].months[int(np.argmax(flows.defaulted))] if flows.defaulted.any() else None,
        )
        paths[name] = book.path
    base = scenarios[made.baseline]
    against = {
        name: {
            figure: getattr(item, figure) - getattr(base, figure)
            for figure in made.against_baseline.get(name, {})
        }
        for name, item in scenarios.items()
        if name != made.baseline
    }
    return replace(made, scenarios=scenarios, paths=paths, against_baseline=against)


def with_capital(test: StressTest, made: StressResult, lending: str) -> StressResult:
    """Return the result with each scenario's capital on a book that goes on lending; all else in run-off."""
    paths = {
        run.given.name: replace(
            made.paths[run.given.name], capital=_book(test, run, lending, None).path.capital
        )
        for run in test.runs
    }
    return replace(made, paths=paths)


def lowest_ratio(test: StressTest, run: StressRun, lending: str) -> float | None:
    """Return the lowest later ratio of common equity of a book that goes on lending, None without assets."""
    points = _book(test, run, lending, None).path.capital[1:]
    return min((point.ratio for point in points if point.ratio is not None), default=None)


def acted(
    test: StressTest, asked: Sequence[str | PortfolioPolicy], new_lending: str
) -> tuple[ActionTaken, ...]:
    """Return each action held against doing nothing, under every scenario.

    Raises
    ------
    UsageError : see `parse_action`; a model other than the twin's, which has no book to step.
    """
    if asked and test.run is not twin_flows:
        raise UsageError(expected("`model` twin with `actions`", "another model"), field="actions")
    actions = [parse_action(text, test.horizon, new_lending != "none") for text in asked]
    before = {run.given.name: _book(test, run, new_lending, None) for run in test.runs} if actions else {}
    made = []
    for action in actions:
        found = {}
        for run in test.runs:
            without = before[run.given.name]
            taken = _book(test, run, new_lending, action, without)
            found[run.given.name] = _beside(without.outcome, taken.outcome)
        made.append(ActionTaken(action.name, _words(action), _assumed(action), found))
    return tuple(made)


@dataclass(frozen=True)
class SteppedBook:
    """A book moved month by month: what the step gave, its flows, its series and its totals."""

    run: PolicyRun
    flows: MonthlyFlows
    path: StressPath
    outcome: Outcome


def _book(
    test: StressTest,
    run: StressRun,
    new_lending: str,
    action: Action | None,
    without: SteppedBook | None = None,
) -> SteppedBook:
    """Return a scenario's book with new lending and an action; `without` is the same, nothing done."""
    outlook, horizon = test.outlook, test.horizon
    tables = step_tables(outlook, run.economy, horizon, new_lending)
    after = None
    sold = np.zeros(horizon)
    if action is not None and action.kind == "cut-lending" and without is not None:
        amounts = without.run.lent[0].copy()
        amounts[action.month - 1 :] *= 1.0 - action.share
        tables = replace(tables, plan=LendingPlan("table", amounts))
    if action is not None and action.kind == "sell":
        sold[action.month - 1] = action.share

        def after(month: int, state: StepState) -> StepState:
            return replace(state, live=state.live * (1.0 - sold[month - 1])) if sold[month - 1] else state

    shocks = np.ascontiguousarray(outlook.expected(run.economy))
    policy = None if action is None else action.policy
    moved = run_policy(policy, tables, shocks, run.economy.covariates, after=after)
    flows = _flows(outlook, run, moved, sold, action.price if action is not None else PRICE)
    allowance = _allowance(run, flows)
    booked = test.baseline.allowances.today.allowance
    path = series(outlook, run.economy, flows, allowance, booked, test.capital, _weights(run, flows))
    return SteppedBook(moved, flows, path, _outcome(path, flows, moved, test.capital))


def _flows(outlook: Outlook, run: StressRun, moved: PolicyRun, sold: Floats, price: float) -> MonthlyFlows:
    """Return the flows of a stepped book, stock in default included, and the sale's proceeds and loss."""
    given = {name: moved[name][0] for name in STEPPED}
    given["charged_off"] = given["charged_off"] * run.dearer[0]
    given["recovered"] = given["recovered"] * run.dearer[1]
    horizon = len(sold)
    charged_off, recovered = stock_in_default(outlook, horizon)
    amount = sold * given["balance"]
    net = given["loss_net"].sum() / max(
        given["loss_gross"].sum(), 1e-300
    )  # what guarantees leave to the lender
    drawn = run.monthly.drawn_at_default.sum() / max(run.monthly.defaulted.sum(), 1e-300)
    return MonthlyFlows(
        **{
            name: given[name]
            for name in ("opening", "scheduled_principal", "prepaid", "interest", "draws", "defaulted")
        },
        balance=given["balance"] - amount,
        drawn_at_default=drawn * given["defaulted"],
        charged_off=given["charged_off"] + charged_off,
        recovered=given["recovered"] + recovered,
        new_lending=given["new_lending"],
        sale_proceeds=price * amount,
        sale_loss=(1.0 - price) * amount,
        net_charge_offs=(given["charged_off"] - given["recovered"]) * net + run.allowances.stock,
    )


def _allowance(run: StressRun, flows: MonthlyFlows) -> Floats:
    """Return a stepped book's allowance: run-off's share of performing balance, and of defaults so far."""
    found, still = run.allowances, run.monthly
    dates = quarter_ends(len(flows.balance))
    balance = np.concatenate([flows.opening[:1], flows.balance])[dates]
    base = np.concatenate([still.opening[:1], still.balance])[dates]
    coverage = np.divide(found.performing, base, out=np.zeros_like(base), where=base > 1e-9 * base[0])
    ours, theirs = (np.concatenate([[0.0], np.cumsum(item.defaulted)])[dates] for item in (flows, still))
    return np.asarray(
        coverage * balance
        + found.in_default * np.divide(ours, theirs, out=np.ones_like(ours), where=theirs > 0)
    )


def _weights(run: StressRun, flows: MonthlyFlows) -> Floats | None:
    """Return risk-weighted assets of a stepped book: the run-off's share of balance at the same date."""
    weights, still = run.allowances.weights, run.monthly
    if weights is None:
        return None
    dates = quarter_ends(len(flows.balance))
    balance, base = (np.concatenate([item.opening[:1], item.balance])[dates] for item in (flows, still))
    return np.asarray(
        np.divide(weights, base, out=np.zeros_like(base), where=base > 1e-9 * base[0]) * balance
    )


def _outcome(path: StressPath, flows: MonthlyFlows, moved: PolicyRun, capital: CapitalPlan | None) -> Outcome:
    income, credit = float(np.sum(path.net_interest_income)), float(np.sum(path.credit_loss))
    ratios = [point.ratio for point in path.capital if point.ratio is not None]
    return Outcome(
        defaulted=float(flows.defaulted.sum()),
        charged_off=float(flows.charged_off.sum()),
        net_interest_income=income,
        new_lending=float(flows.new_lending.sum()),
        balance=float(flows.balance[-1]),
        allowance=path.allowance[-1],
        credit_loss=credit,
        sale_proceeds=float(flows.sale_proceeds.sum()),
        sale_loss=float(flows.sale_loss.sum()),
        profit=income - credit - float(moved["collection_cost"].sum()),
        cash_gap=path.cash_gap[-1],
        lowest_ratio=min(ratios) if capital is not None and ratios else None,
    )


STEPPED = (
    "opening", "balance", "scheduled_principal", "prepaid", "interest", "draws", "defaulted", "charged_off",
    "recovered", "new_lending", "loss_net", "loss_gross",
)  # fmt: skip


def _beside(without: Outcome, taken: Outcome) -> ActionEffect:
    difference: dict[str, float | None] = {}
    for item in fields(Outcome):
        old, new = getattr(without, item.name), getattr(taken, item.name)
        difference[item.name] = None if old is None or new is None else new - old
    return ActionEffect(without, taken, difference)


def _words(action: Action) -> str:
    if action.kind == "cut-lending":
        if action.share == 1.0:
            return f"stop lending from month {action.month} on"
        return f"lend {100 * action.share:g} % less than without it from month {action.month} on"
    if action.kind == "sell":
        what = f"sell {100 * action.share:g} % of every performing loan at the end of month {action.month}"
        return f"{what} at {100 * action.price:g} % of its balance"
    if action.kind == "tighten":
        levers = ", ".join(f"{name} {value * action.share:+g}" for name, value in TIGHTEN.items())
        return f"levers from month {action.month} on: {levers}"
    return getattr(action.policy, "description", "") or f"policy {action.name}"


def _assumed(action: Action) -> tuple[str, ...]:
    made = ["allowance of new loans: the share of balance that the book in run-off carries at the same date"]
    if action.kind == "sell":
        made.append(
            f"price {100 * action.price:g} % of the balance, the same in every scenario: an assumption, no "
            "market is modelled"
        )
    if action.policy is not None:
        made.append(
            "what levers do to volume, entry into arrears and collection is assumed (docs/environment.md)"
        )
    return tuple(made)


def _decimal(text: str, whole: str) -> float:
    try:
        value = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    except ValueError as error:
        raise UsageError(expected("a share like 0.2 or 20%", whole), field="actions") from error
    if not 0.0 < value <= 1.0:
        raise UsageError(expected("a share above 0 and at most 1", whole), field="actions")
    return value
