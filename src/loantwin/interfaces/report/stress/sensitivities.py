"""One factor of the economy moved at a time."""

from __future__ import annotations

from loantwin.interfaces.report.blocks import Section, pictures, table
from loantwin.interfaces.report.labels import plain
from loantwin.interfaces.report.stress import charts
from loantwin.interfaces.report.stress.figures import amount
from loantwin.risk.stress.stress import StressResult


def sensitivities(result: StressResult) -> Section | None:
    if not result.sensitivities:
        return None
    shown = [item for item in result.sensitivities if item.up]
    names = [plain(item.factor) for item in shown]
    made = [
        (
            charts.tornado(
                f"{title}, less the baseline",
                names,
                *(
                    [side.get(figure, 0.0) for side in sides]
                    for sides in ([item.up for item in shown], [item.down for item in shown])
                ),
                unit=result.currency,
            ),
            words,
        )
        for figure, title, words in (
            ("loss", "Loss", "Present value of defaults x loss given default, net of guarantees."),
            ("net_interest_income", "Net interest income", "Funding cost does not follow the rates."),
        )
    ]
    rows = [
        (
            plain(item.factor),
            item.words,
            *(
                amount(item.up.get(figure))
                for figure in ("defaulted", "charged_off", "loss", "allowance", "net_interest_income")
            ),
            "–" if item.distance is None else f"{item.distance:.1f}",
        )
        for item in result.sensitivities
    ]
    columns = (
        "factor",
        "shock",
        "defaulted",
        "charged off",
        "loss",
        "allowance",
        "net interest income",
        "distance",
    )
    moved = any(item.correlated for item in result.sensitivities)
    lead = "One factor at a time, " + (
        "the others where the generator expects them given it." if moved else "the others at the baseline."
    )
    return Section(
        "sensitivities", "One factor at a time", lead, (pictures(*made), table(columns, rows, words=(0, 1)))
    )
