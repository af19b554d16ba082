"""What a stress test costs: its scenarios side by side, and how far away each lies."""

from __future__ import annotations

from loantwin.interfaces.report.blocks import Section, pictures, table
from loantwin.interfaces.report.labels import money, plain
from loantwin.interfaces.report.stress import charts
from loantwin.interfaces.report.stress.figures import FIGURES, amount, worst
from loantwin.risk.stress.stress import StressResult

LOSSES = ("defaulted", "charged_off", "allowance")


def verdict(result: StressResult, colour: dict[str, str]) -> Section:
    rows = []
    for name, item in result.scenarios.items():
        far = result.plausibility.get(name)
        rows.append(
            (
                name,
                *(amount(getattr(item, figure)) for figure in FIGURES),
                item.peak_month or "–",
                "–" if far is None or far.distance is None else f"{far.distance:.1f}",
                "–" if far is None or far.rank is None else f"{far.rank} of {len(far.ranked_among) + 1}",
            )
        )
    blocks = [
        table(
            ("scenario", *FIGURES.values(), "peak month", "distance", "rank"),
            rows,
            caption=_distance_words(result),
        )
    ]
    bars = {name: [getattr(item, figure) for figure in LOSSES] for name, item in result.scenarios.items()}
    blocks.append(
        pictures(
            (
                charts.compared_bars(
                    "Losses by scenario",
                    [FIGURES[figure] for figure in LOSSES],
                    bars,
                    colour,
                    unit=result.currency,
                    intervals=_intervals(result),
                ),
                f"Over {result.months} months; the allowance is that of {result.as_of.isoformat()} were the "
                "scenario certain.",
            ),
            (
                charts.scenario_lines(
                    "Defaulted",
                    result.paths[result.baseline].months,
                    {name: path.defaulted for name, path in result.paths.items()},
                    colour,
                    unit=f"{result.currency} a month",
                ),
                "Exposure entering default.",
            ),
        )
    )
    return Section("verdict", "What it costs", _verdict_words(result), tuple(blocks))


def _intervals(result: StressResult) -> dict[str, list[tuple[float, float] | None]]:
    """Return the 90 % interval of each loss of each scenario, None where the model keeps none."""
    found = {
        name: [item.interval.get(figure) for figure in LOSSES] for name, item in result.scenarios.items()
    }
    return {
        name: [None if item is None else (item.p05, item.p95) for item in many]
        for name, many in found.items()
    }


def _verdict_words(result: StressResult) -> str:
    name = worst(result)
    if name == result.baseline:
        return f"One scenario: {name}."
    base, hard = result.scenarios[result.baseline], result.scenarios[name]
    times = (
        f"{hard.defaulted / base.defaulted:.1f} times the baseline's"
        if base.defaulted > 0
        else "the baseline has none"
    )
    parts = result.parts.get(name, {}).get("loss")
    cause = ""
    if parts is not None:
        most = max(parts.by_factor, key=lambda factor: parts.by_factor[factor])
        cause = f" {plain(most).capitalize()} adds most to the loss."
    return f"The worst is {name}: {money(hard.defaulted)} default, {times}.{cause}"


def _distance_words(result: StressResult) -> str:
    found = [item for item in result.plausibility.values() if item.distance is not None]
    if not found:
        return ""
    typical = max(found, key=lambda item: item.conditions).conditions ** 0.5
    return (
        "Distance: how far the path lies from what the macro generator expects, in standard deviations "
        f"over all quarters and factors the model reads; a path drawn at random lies about {typical:.1f} "
        f"away.{_crisis_words(result)}"
    )


def _crisis_words(result: StressResult) -> str:
    known = {name: item.distance for name, item in result.crises.items() if item.distance is not None}
    if not known:
        return ""
    listed = ", ".join(f"{name} {distance:.1f}" for name, distance in known.items())
    return (
        f" History's own crises, replayed from today and measured alike: {listed}; rank 1 is farther "
        "than all of them."
    )
