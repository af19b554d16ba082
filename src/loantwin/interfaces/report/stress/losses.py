"""Losses along the way: when the allowance is built and used."""

from __future__ import annotations

from loantwin.interfaces.report.blocks import Section, pictures, table
from loantwin.interfaces.report.stress import charts
from loantwin.interfaces.report.stress.figures import amount
from loantwin.risk.stress.stress import StressResult


def losses(result: StressResult, colour: dict[str, str]) -> Section:
    labels = result.paths[result.baseline].quarters
    allowance = {name: path.allowance for name, path in result.paths.items()}
    charged = {
        name: [sum(path.charged_off[: 3 * place]) for place in range(len(labels))]
        for name, path in result.paths.items()
    }
    blocks = [
        pictures(
            (
                charts.scenario_lines(
                    "Allowance", labels, allowance, colour, unit=result.currency, markers=True
                ),
                "IFRS 9, net of guarantees, at each quarter's end, the rest of the scenario known (perfect "
                "foresight).",
            ),
            (
                charts.scenario_lines(
                    "Charged off so far", labels, charged, colour, unit=result.currency, markers=True
                ),
                "Charge-offs follow defaults by months; before guarantees.",
            ),
        )
    ]
    rows = [
        (
            name,
            *(amount(sum(path.credit_loss[low:high])) for low, high in ((0, 1), (1, 5), (5, 9), (9, None))),
            amount(sum(path.credit_loss)),
        )
        for name, path in result.paths.items()
    ]
    columns = ("credit loss charged", "at once", "year 1", "year 2", "later", "in all")
    blocks.append(
        table(
            columns,
            rows,
            caption="Change of allowance + charge-offs less recoveries, net of guarantees; at once: what the "
            "scenario adds to the baseline's allowance on the first day.",
        )
    )
    return Section("losses", "Losses along the way", "When the allowance is built and used.", tuple(blocks))
