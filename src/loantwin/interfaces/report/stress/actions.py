"""What management could do: each scenario with an action and without it."""

from __future__ import annotations

from loantwin.interfaces.report.blocks import PageBlock, Section, heading, percent, pictures, table
from loantwin.interfaces.report.drawing import Chart
from loantwin.interfaces.report.stress import charts
from loantwin.interfaces.report.stress.figures import amount
from loantwin.risk.stress.actions import Outcome
from loantwin.risk.stress.stress import StressResult

ACTED = {
    "new_lending": "new lending",
    "balance": "balance at the end",
    "credit_loss": "credit loss",
    "net_interest_income": "net interest income",
    "profit": "profit",
    "cash_gap": "cash gap",
    "lowest_ratio": "lowest ratio",
}


def actions(result: StressResult, colour: dict[str, str]) -> Section | None:
    if not result.actions:
        return None
    blocks: list[PageBlock] = [pictures(*_action_pictures(result, colour))]
    for action in result.actions:
        rows = []
        for name, item in action.scenarios.items():
            rows += [(name, "without", *_outcome(item.without)), ("", "with", *_outcome(item.taken))]
        columns = (
            "scenario",
            "",
            *(words for key, words in ACTED.items() if key != "lowest_ratio" or _has_capital(result)),
        )
        rows = [row[: len(columns)] for row in rows]
        blocks += [
            heading(f"{action.name}: {action.words}"),
            table(columns, rows, words=(0, 1), caption="; ".join(action.assumed)),
        ]
    lead = (
        "Each scenario with the action and without it. Profit: net interest income - credit loss - cost of "
        "collection."
    )
    return Section("actions", "What management could do", lead, tuple(blocks))


def _action_pictures(result: StressResult, colour: dict[str, str]) -> list[tuple[Chart, str]]:
    labels = ["nothing", *(action.name for action in result.actions)]
    first = result.actions[0].scenarios
    made = []
    for figure, title, words in (
        ("profit", "Profit", "Over the horizon, by what is done."),
        ("cash_gap", "Cash received less paid", "At the end of the horizon, by what is done."),
    ):
        series = {
            name: [
                getattr(first[name].without, figure),
                *(getattr(item.scenarios[name].taken, figure) for item in result.actions),
            ]
            for name in first
        }
        chart = charts.compared_bars(title, labels, series, colour, unit=result.currency)
        made.append((chart, words))
    return made


def _has_capital(result: StressResult) -> bool:
    return any(path.capital for path in result.paths.values())


def _outcome(item: Outcome) -> list[str]:
    return [
        percent(getattr(item, key)) if key == "lowest_ratio" else amount(getattr(item, key)) for key in ACTED
    ]
