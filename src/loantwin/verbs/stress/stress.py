"""`stress`: the book under given, replayed, shocked and worst plausible economies, the baseline first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from loantwin.config import chosen
from loantwin.decisions.policy import PortfolioPolicy
from loantwin.errors import UsageError, expected
from loantwin.macro.shock import Shape
from loantwin.outlook.outlook import GivenScenario, Histories, Outlook, Scenarios, check_macro
from loantwin.risk.stress.paths import CapitalPlan, read_capital
from loantwin.risk.stress.stress import StressResult
from loantwin.twin import Twin, opened
from loantwin.types import Progress, silent
from loantwin.verbs.stress.actions import acted, with_capital, with_lending
from loantwin.verbs.stress.bands import band_checks
from loantwin.verbs.stress.beliefs import moved_beliefs, parse_beliefs
from loantwin.verbs.stress.figures import figures
from loantwin.verbs.stress.flows import model_named, twin_flows
from loantwin.verbs.stress.reverse import reversed_stress
from loantwin.verbs.stress.run import prepared, ran
from loantwin.verbs.stress.scenarios import gathered
from loantwin.verbs.stress.sensitivities import sensitivity_table
from loantwin.verbs.stress.support import check_support, supported
from loantwin.verbs.stress.uncertainty import with_uncertainty

BASES = {
    "constant-balance": "a constant balance sheet: what runs off, defaults included, is lent anew",
    "none": "the book in run-off (a warning: the ratio rises because assets shrink, which no lender sees "
    "that goes on lending); `new_lending` constant-balance is the supervisors' rule",
}
"""What capital along the path stands on."""


def stress(
    twin: Twin | Path | str,
    scenarios: Scenarios = (),
    *,
    align: str | None = None,
    history: Histories = (),
    months: int | None = None,
    supported_months: int | None = None,
    replays: Sequence[str] = (),
    shocks: Sequence[str] = (),
    severity: float = 1.0,
    sensitivities: Sequence[str] = (),
    all_sensitivities: bool = False,
    correlated: bool = False,
    shape: Shape | None = None,
    reverse: Sequence[str] = (),
    capital: Path | str | None = None,
    actions: Sequence[str | PortfolioPolicy] = (),
    new_lending: str | None = None,
    model: str = "twin",
    beliefs: Sequence[str] = (),
    income_support: float = 0.0,
    seed: int | None = None,
    progress: Progress = silent,
) -> StressResult:
    """Run the book under each scenario.

    Parameters
    ----------
    scenarios : FILE[#NAME], the first is the baseline; without any the baseline is the generator's expected
        path, which of a twin fitted without macro files is all that can be run.
    align : "start" re-dates them to begin after the as-of date. history : files they are measured against
        then, where their own has no row before them.
    months : horizon; None takes the length of the shortest scenario beyond the as-of date.
    supported_months : for the allowance; None takes the configuration's, at most the horizon.
    replays : years or months of history, YYYY or YYYY-MM. shocks : TOML files of shocks to the baseline.
    severity : 0 to 2, multiplies the deviation of every other scenario from the baseline.
    sensitivities : FACTOR=SIZE, `all_sensitivities` one standard deviation of each factor; `shape` of the
        shock; `correlated` lets the other factors move as the generator expects.
    reverse : FIGURE=TARGET, the mildest path that gets there.
    capital : TOML file of own funds.
    actions : cut-lending, tighten, sell=SHARE@MONTH, or a policy (its name, its TOML file, or the object).
    new_lending : none, constant-balance, or a CSV file, as in `forecast`, for every figure. None: capital
        along the path, and actions where `capital` is given, stand on a constant balance, all else on the
        book in run-off. model : one of
        `stress_flows.MODELS`.
    beliefs : NAME=VALUE, a belief of the economy's effect moved, by `priors.beliefs.NAMES`; each alone.
    income_support : 0 to 1, share of what unemployment rises above today's that support keeps from borrowers,
        in every scenario but the baseline.

    Raises
    ------
    UsageError : nothing to run (a twin fitted without macro files runs its baseline, and nothing that moves
        the economy), a horizon of less than a month, a scenario with a weight or given twice, an unknown
        figure, factor, action, belief or model. ScenarioError : a scenario that is wrong or too short.
        RiskError : a target that no path reaches. HomeError : a twin that was not fitted.
    """
    if months is not None and months < 1:
        raise UsageError(expected("a horizon of at least 1 month", months), field="months")
    asked = {
        "scenarios": [scenarios] if isinstance(scenarios, str | Path) else scenarios,
        "replays": replays,
        "shocks": shocks,
        "sensitivities": sensitivities,
        "all_sensitivities": ("every factor",) if all_sensitivities else (),
        "reverse": reverse,
        "beliefs": beliefs,
    }
    parse_beliefs(beliefs)
    check_support(income_support)
    run, plan = model_named(model), None if capital is None else read_capital(capital)
    with opened(twin) as twin:
        twin = twin.using(chosen(twin.config, supported_months=supported_months, seed=seed))
        outlook = Outlook(twin)
        _check_asked(twin, asked)
        progress(0.05, "reading scenarios")
        given = gathered(outlook, scenarios, align, replays, shocks, severity, months, history)
        given = [given[0], *(supported(item, income_support) for item in given[1:])]
        test = prepared(outlook, given, months, run, plan, progress)
        lends = _lending(outlook, plan, new_lending)
        test = replace(test, lending=lends)
        answers = []
        if reverse:
            for place, text in enumerate(reverse):
                progress(0.4 + 0.2 * place / len(reverse), "searching the mildest path")
                answer, item = reversed_stress(test, text)
                answers.append(answer)
                test = replace(test, runs=(*test.runs, ran(outlook, run, item, test.horizon, plan)))
        made = replace(figures(test, progress), bands=band_checks(test))
        if sensitivities or all_sensitivities:
            progress(0.75, "sensitivities")
            table = sensitivity_table(test, sensitivities, all_sensitivities, correlated, shape or Shape())
            made = replace(made, sensitivities=table)
        if actions or lends != "none":
            progress(0.85, "moving the book month by month")
            if new_lending is None and plan is not None and lends != "none":
                made = with_capital(test, made, lends)
            made = with_lending(test, made, new_lending or "none")
            made = replace(made, actions=acted(test, actions, lends), new_lending=new_lending or "none")
        if run is twin_flows:
            made = with_uncertainty(test, made, progress)
        progress(0.9, "moving beliefs")
        made = replace(made, beliefs=moved_beliefs(test, beliefs))
        settings = {
            **made.settings,
            "severity": severity,
            "income_support": income_support,
            "funding_tenor_months": float(twin.config.funding.tenor_months),
            "funding_spread": twin.config.funding.spread,
            **({} if plan is None else {"capital_minimum": plan.minimum}),
        }
        return replace(
            made,
            reverse=tuple(answers),
            model=model,
            settings=settings,
            capital_basis="" if plan is None else BASES.get(lends, f"new lending by {lends}"),
        )


def _lending(outlook: Outlook, plan: CapitalPlan | None, asked: str | None) -> str:
    """Return the plan of new lending that capital and actions stand on."""
    if asked is not None:
        return asked
    return "constant-balance" if plan is not None and len(outlook.columns.principal) else "none"


def _check_asked(twin: Twin, asked: Mapping[str, Sequence[object]]) -> None:
    """Raise UsageError where nothing is to be run, or where a twin without macro files cannot answer.

    Of such a twin the baseline is all there is: what the model expects, under actions and new lending.
    """
    for name, items in asked.items():
        check_macro(twin, items, name)
    if twin.macro_sources and not any(asked.values()):
        raise UsageError(
            expected(
                "at least one of `scenarios`, the baseline first (or `replays`, `shocks`, "
                "`all_sensitivities`, `reverse`)",
                "none",
            ),
            field="scenarios",
        )


def stressed(outlook: Outlook, given: Sequence[GivenScenario], months: int | None) -> StressResult:
    """Return the stress test of scenarios already read."""
    test = prepared(outlook, given, months, model_named("twin"))
    return with_uncertainty(test, replace(figures(test), bands=band_checks(test)))
