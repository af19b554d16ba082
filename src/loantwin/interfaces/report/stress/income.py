"""Income, cash and capital along each path of a stress test."""

from __future__ import annotations

from loantwin.interfaces.report.blocks import PageBlock, Section, percent, pictures, table
from loantwin.interfaces.report.labels import plain
from loantwin.interfaces.report.stress import charts
from loantwin.interfaces.report.stress.figures import amount
from loantwin.risk.stress.stress import StressResult


def income(result: StressResult, colour: dict[str, str]) -> Section:
    months = result.paths[result.baseline].months
    earned = {name: path.net_interest_income for name, path in result.paths.items()}
    gap = {name: path.cash_gap for name, path in result.paths.items()}
    made = [
        (
            charts.scenario_lines(
                "Net interest income", months, earned, colour, unit=f"{result.currency} a month"
            ),
            "Interest received less funding and servicing cost; floating loans follow the scenario, "
            "funding its short rate over the tenor.",
        ),
        (
            charts.scenario_lines(
                "Cash received less paid so far", months, gap, colour, unit=result.currency
            ),
            _cash_words(result),
        ),
    ]
    points = {name: path.capital for name, path in result.paths.items() if path.capital}
    blocks: list[PageBlock] = []
    if points:
        quarters = result.paths[result.baseline].quarters
        ratios = {name: [point.ratio or 0.0 for point in path] for name, path in points.items()}
        own = {name: [point.cet1 for point in path] for name, path in points.items()}
        minimum = result.settings.get("capital_minimum")
        made += [
            (
                charts.scenario_lines(
                    "Common equity ratio",
                    quarters,
                    ratios,
                    colour,
                    unit="% of risk-weighted assets",
                    percent=True,
                    limit=minimum,
                    markers=True,
                ),
                f"Own funds / risk-weighted assets at each quarter's end, of {result.capital_basis}.",
            ),
            (
                charts.scenario_lines("Own funds", quarters, own, colour, unit=result.currency, markers=True),
                "Start + net interest income - operating cost - credit loss - tax on profits.",
            ),
        ]
        rows = []
        for name, path in points.items():
            low = min(path, key=lambda point: point.ratio if point.ratio is not None else 1e9)
            short = (
                0.0
                if minimum is None
                else max(0.0, *(minimum * point.risk_weighted_assets - point.cet1 for point in path))
            )
            rows.append(
                (
                    name,
                    percent(path[0].ratio),
                    percent(low.ratio),
                    low.month,
                    percent(path[-1].ratio),
                    amount(short) if short else "–",
                )
            )
        blocks.append(
            table(
                ("common equity", "at the start", "lowest", "in", "at the end", "most own funds missing"),
                rows,
            )
        )
    blocks.insert(0, pictures(*made))
    return Section(
        "income",
        "Income, cash and capital" if points else "Income and cash",
        "What the book earns, brings in and leaves of own funds along each path.",
        tuple(blocks),
    )


def _cash_words(result: StressResult) -> str:
    path = result.paths[result.baseline]
    return (
        f"In: {', '.join(plain(name) for name in path.cash_in)}. Out: "
        f"{', '.join(plain(name) for name in path.cash_out)}."
    )
