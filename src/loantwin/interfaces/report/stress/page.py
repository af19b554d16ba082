"""The page of a stress test, as a risk committee reads it: verdict, losses, causes, capital, limits."""

from __future__ import annotations

from pathlib import Path

from loantwin.files import replace_file
from loantwin.interfaces.report.blocks import Tile, percent
from loantwin.interfaces.report.labels import counted, money
from loantwin.interfaces.report.page import Page, facts, made_by, rendered
from loantwin.interfaces.report.stress import charts
from loantwin.interfaces.report.stress.actions import actions
from loantwin.interfaces.report.stress.causes import causes
from loantwin.interfaces.report.stress.certainty import certainty
from loantwin.interfaces.report.stress.economies import economies
from loantwin.interfaces.report.stress.figures import opening, worst
from loantwin.interfaces.report.stress.income import income
from loantwin.interfaces.report.stress.limits import limits
from loantwin.interfaces.report.stress.losses import losses
from loantwin.interfaces.report.stress.reverse import reverse
from loantwin.interfaces.report.stress.sensitivities import sensitivities
from loantwin.interfaces.report.stress.verdict import verdict
from loantwin.risk.stress.stress import StressResult


def write_stress_page(result: StressResult, out: Path) -> None:
    """Write the page of a stress test; it is written beside its place and moved there when it is whole."""
    replace_file(out, page(result), "out", private=True)


def page(result: StressResult) -> str:
    """Return the page's HTML."""
    colour = charts.colours(list(result.scenarios))
    sections = (
        verdict(result, colour),
        certainty(result),
        economies(result, colour),
        losses(result, colour),
        causes(result, colour),
        income(result, colour),
        sensitivities(result),
        reverse(result),
        actions(result, colour),
        limits(result),
    )
    return rendered(
        Page(
            title="Stress test",
            lead=f"{counted(len(result.scenarios), 'scenario')} over {result.months} months. {_book(result)}",
            summary=_summary(result),
            facts=facts(result.provenance, result.as_of, result.currency),
            tiles=_tiles(result),
            sections=tuple(section for section in sections if section is not None),
            footer=made_by(result.provenance),
        )
    )


def _summary(result: StressResult) -> str:
    """Return what a committee takes home: the worst scenario beside the baseline."""
    name, whole, money_in = worst(result), opening(result), result.currency
    base, hard = result.scenarios[result.baseline], result.scenarios[name]
    found = hard.interval.get("defaulted")
    between = "" if found is None else f" (90 % interval {money(found.p05)} to {money(found.p95)})"
    said = (
        f"Under {name}, {money(hard.defaulted)} {money_in}{between}, "
        f"{percent(hard.defaulted / whole, 1)} of the "
        f"book, would default within {result.months} months"
    )
    if name == result.baseline:
        return f"{said}. No scenario stands beside it, so that nothing is said of a worse economy."
    times = f", {hard.defaulted / base.defaulted:.1f} times the baseline's" if base.defaulted > 0 else ""
    more = hard.allowance - base.allowance
    moved = f"{money(abs(more))} {'higher' if more >= 0 else 'lower'} than the baseline's"
    low = _lowest(result, name)
    return f"{said}{times}. The allowance would be {money(hard.allowance)} {money_in}, {moved}." + (
        "" if low is None else f" The common equity ratio would fall to {percent(low)} at its lowest."
    )


def _lowest(result: StressResult, name: str) -> float | None:
    ratios = [point.ratio for point in result.paths[name].capital if point.ratio is not None]
    return min(ratios, default=None)


def _book(result: StressResult) -> str:
    if result.new_lending == "none":
        aside = f" Capital stands on {result.capital_basis}." if result.capital_basis else ""
        return f"The book runs off: no new lending.{aside}"
    return f"New lending: {result.new_lending.replace('-', ' ')}."


def _tiles(result: StressResult) -> tuple[Tile, ...]:
    name = worst(result)
    base, hard = result.scenarios[result.baseline], result.scenarios[name]
    whole = opening(result)
    tiles = [
        Tile(
            "Defaulted, worst scenario",
            money(hard.defaulted),
            f"{percent(hard.defaulted / whole, 1)} of the book; baseline {money(base.defaulted)}",
        ),
        Tile("Charged off, worst scenario", money(hard.charged_off), f"baseline {money(base.charged_off)}"),
        Tile(
            "Allowance, were it certain",
            money(hard.allowance),
            f"net of guarantees; baseline {money(base.allowance)}",
        ),
        Tile(
            "Net interest income",
            money(hard.net_interest_income),
            f"baseline {money(base.net_interest_income)}",
        ),
    ]
    points = (
        [point for point in result.paths[name].capital if point.ratio is not None] if result.paths else []
    )
    if points:
        low = min(points, key=lambda point: point.ratio or 0.0)
        tiles.append(
            Tile(
                "Lowest common equity ratio",
                percent(low.ratio),
                f"{low.month}; {percent(points[0].ratio)} at the start",
            )
        )
    if result.reverse:
        first = result.reverse[0]
        tiles.append(
            Tile(
                first.name.capitalize(),
                f"{first.distance:.1f} sd",
                f"{first.generated_beyond} of {first.generated_paths:,} generated paths go beyond",
            )
        )
    return tuple(tiles)
