"""The page of a stress test, as a risk committee reads it: verdict, losses, causes, capital, limits."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from loantwin.engine.rows import VINTAGE, base_label
from loantwin.files import replace_file
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    Tile,
    arranged,
    bullets,
    details,
    heading,
    note,
    percent,
    pictures,
    table,
    text,
)
from loantwin.interfaces.report.charts import Chart
from loantwin.interfaces.report.labels import money, plain, segment_words
from loantwin.interfaces.report.stress import charts
from loantwin.interfaces.report.stress.certainty import certainty
from loantwin.interfaces.report.stress.rarity import rarity_blocks
from loantwin.interfaces.report.template import environment
from loantwin.macro.factors import KNOWN
from loantwin.risk.stress.actions import Outcome
from loantwin.risk.stress.reverse import ReverseStress
from loantwin.risk.stress.stress import StressResult

FIGURES = {
    "defaulted": "defaulted",
    "charged_off": "charged off",
    "allowance": "IFRS 9 allowance",
    "net_interest_income": "net interest income",
}
SEGMENTS = 10
"""Segments shown; the rest is added up."""
VISIBLE = 0.02
"""A part smaller than this share of the largest is left out of pictures."""


def amount(value: float | None) -> str:
    """Return money without decimals; what rounds to nothing is 0, without a sign."""
    return "–" if value is None else f"{value + 0.0 if abs(value) >= 0.5 else 0.0:,.0f}"


def write_stress_page(result: StressResult, out: Path) -> None:
    """Write the page of a stress test; it is written beside its place and moved there when it is whole."""
    replace_file(out, page(result), "out", private=True)


def page(result: StressResult) -> str:
    """Return the page's HTML."""
    source = (files("loantwin.interfaces.report") / "page.html.j2").read_text(encoding="utf-8")
    made_in = environment()
    colour = charts.colours(list(result.scenarios))
    sure = certainty(result)
    sections = [
        _verdict(result, colour),
        *([] if sure is None else [sure]),
        _economies(result, colour),
        _losses(result, colour),
        _causes(result, colour),
    ]
    sections += [_income(result, colour)]
    sections += [
        section
        for section in (_sensitivities(result), _reverse(result), _actions(result, colour))
        if section is not None
    ]
    sections += [_limits(result)]
    made = [Section(item.id, item.title, item.lead, arranged(item.blocks)) for item in sections]
    return made_in.from_string(source).render(
        title="Stress test",
        subtitle=(
            f"{result.provenance.get('source', '')} as of {result.as_of.isoformat()}, amounts in "
            f"{result.currency}, {result.months} months. {_book(result)}"
        ),
        tiles=_tiles(result),
        sections=made,
        footer=f"Made by {result.provenance.get('program', '')} from log "
        f"{str(result.provenance.get('log_head', ''))[:16]}.",
    )


def _book(result: StressResult) -> str:
    if result.new_lending == "none":
        aside = f" Capital stands on {result.capital_basis}." if result.capital_basis else ""
        return f"The book runs off: no new lending.{aside}"
    return f"New lending: {result.new_lending.replace('-', ' ')}."


def worst(result: StressResult) -> str:
    """Return the scenario with the most defaults; the baseline where it is alone."""
    others = list(result.scenarios)[1:] or [result.baseline]
    return max(others, key=lambda name: result.scenarios[name].defaulted)


def _tiles(result: StressResult) -> tuple[Tile, ...]:
    name = worst(result)
    base, hard = result.scenarios[result.baseline], result.scenarios[name]
    opening = _opening(result)
    tiles = [
        Tile(
            "Defaulted, worst scenario",
            money(hard.defaulted),
            f"{percent(hard.defaulted / opening, 1)} of the book; baseline {money(base.defaulted)}",
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


def _opening(result: StressResult) -> float:
    flows = result.paths[result.baseline]
    return (
        flows.balance[0]
        + sum(flows.cash_in.get(name, (0.0,))[0] for name in ("scheduled_principal", "prepaid"))
        + flows.defaulted[0]
    )


def _verdict(result: StressResult, colour: dict[str, str]) -> Section:
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
    bars = {
        name: [getattr(item, figure) for figure in ("defaulted", "charged_off", "allowance")]
        for name, item in result.scenarios.items()
    }
    blocks.append(
        pictures(
            (
                charts.compared_bars(
                    f"Losses by scenario, {result.currency}",
                    ["defaulted", "charged off", "allowance"],
                    bars,
                    colour,
                ),
                f"Over {result.months} months; the allowance is that of {result.as_of.isoformat()} were the "
                "scenario certain.",
            ),
            (
                charts.scenario_lines(
                    f"Defaulted a month, {result.currency}",
                    result.paths[result.baseline].months,
                    {name: path.defaulted for name, path in result.paths.items()},
                    colour,
                ),
                "Exposure entering default.",
            ),
        )
    )
    return Section("verdict", "What it costs", _verdict_words(result), tuple(blocks))


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


def _economies(result: StressResult, colour: dict[str, str]) -> Section:
    labels = result.paths[result.baseline].months
    made = []
    for factor, lines in result.macro.items():
        kind = KNOWN.get(factor, ("",))[0]
        chart = charts.scenario_fan(
            plain(factor).capitalize(), labels, lines, colour, percent=kind != "index"
        )
        words = KNOWN[factor][1] if factor in KNOWN else ""
        made.append((chart, "" if words.lower() == plain(factor) else words))
    blocks: list[PageBlock] = (
        [pictures(*made)] if made else [text("No macro factor moves this book: its history teaches none.")]
    )
    beyond = [
        words
        for notes in result.provenance.get("notes", {}).values()
        for words in notes
        if "extrapolates" in words
    ]
    if beyond:
        blocks.append(
            note(
                "Some scenarios drive the model beyond anything its history holds; what it says there is "
                "an extrapolation."
            )
        )
        blocks.append(details("Which, and how far", bullets([_covariate(words) for words in beyond])))
    lead = (
        "The factors that move this book: what the macro generator thinks possible from the as-of date, "
        "and the scenarios over it."
    )
    return Section("economies", "The economies", lead, tuple(blocks))


def _covariate(words: str) -> str:
    return plain(
        words.replace(".change_12m", ", change in 12 months")
        .replace(".log_ratio_12m", ", log change in 12 months")
        .replace(".lag", ", lag ")
        .replace(".level", "")
    )


def _losses(result: StressResult, colour: dict[str, str]) -> Section:
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
                    f"Allowance, {result.currency}", labels, allowance, colour, markers=True
                ),
                "IFRS 9, net of guarantees, at each quarter's end, the rest of the scenario known (perfect "
                "foresight).",
            ),
            (
                charts.scenario_lines(
                    f"Charged off so far, {result.currency}", labels, charged, colour, markers=True
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


def _causes(result: StressResult, colour: dict[str, str]) -> Section:
    if not result.parts:
        return Section("causes", "Where it comes from", "One scenario: nothing to compare.", ())
    made = []
    for name, found in result.parts.items():
        loss = found["loss"]
        parts = {plain(factor): value for factor, value in loss.by_factor.items()}
        made.append(
            (
                charts.waterfall(
                    f"Loss: baseline to {name}, {result.currency}",
                    (result.baseline, loss.baseline),
                    parts,
                    (name, loss.stressed),
                ),
                "Present value of defaults x loss given default, net of guarantees.",
            )
        )
    blocks: list[PageBlock] = [heading("By factor"), pictures(*made), heading("By segment")]
    name = worst(result)
    by_segment = result.parts[name]["loss"].by_segment
    ranked = sorted(by_segment, key=lambda segment: -abs(by_segment[segment]))[:SEGMENTS]
    blocks += [
        pictures(*_segment_pictures(result, colour)),
        _segment_table(result, ranked),
        details("All figures by factor", *_factor_tables(result)),
    ]
    lead = (
        "Each factor's part is what it changes, averaged over all orders of switching factors from "
        "baseline to stress (Shapley): the parts add up exactly."
        + ("" if result.new_lending == "none" else " Of the book in run-off, without new lending.")
    )
    return Section("causes", "Where it comes from", lead, tuple(blocks))


def _segment_pictures(result: StressResult, colour: dict[str, str]) -> list[tuple[Chart, str]]:
    """Return the loss beyond the baseline by kind of loan and, where the model tells, by vintage."""
    made = []
    for title, vintage in (("by kind of loan", False), ("by vintage", True)):
        grouped: dict[str, dict[str, float]] = {}
        for name, found in result.parts.items():
            for segment, value in found["loss"].by_segment.items():
                year = segment.partition(VINTAGE)[2]
                label = (year or "none told") if vintage else base_label(segment)
                grouped.setdefault(label, dict.fromkeys(result.parts, 0.0))[name] += value
        if vintage and set(grouped) == {"none told"}:
            continue
        by_size = sorted(grouped, key=lambda label: -max(map(abs, grouped[label].values())))[:SEGMENTS]
        largest = max(abs(value) for label in by_size for value in grouped[label].values())
        shown = [label for label in by_size if max(map(abs, grouped[label].values())) >= VISIBLE * largest]
        shown = sorted(shown) if vintage else shown
        series = {name: [grouped[label][name] for label in shown] for name in result.parts}
        chart = charts.compared_bars(
            f"Loss beyond the baseline {title}, {result.currency}",
            [segment_words(label) for label in shown],
            series,
            colour,
        )
        made.append(
            (chart, f"The largest {len(shown)} of {len(grouped)}." if len(shown) < len(grouped) else "")
        )
    return made


def _segment_table(result: StressResult, ranked: list[str]) -> PageBlock:
    names = list(result.parts)
    rows = [
        (
            segment_words(segment),
            *(amount(result.parts[name]["loss"].by_segment.get(segment, 0.0)) for name in names),
        )
        for segment in ranked
    ]
    rest = [
        sum(
            value for segment, value in result.parts[name]["loss"].by_segment.items() if segment not in ranked
        )
        for name in names
    ]
    if any(rest):
        rows.append(("all others", *(amount(value) for value in rest)))
    totals = [result.parts[name]["loss"].stressed - result.parts[name]["loss"].baseline for name in names]
    rows.append(("in all", *(amount(value) for value in totals)))
    return table(("loss beyond the baseline", *names), rows, totals=(-1,))


def _factor_tables(result: StressResult) -> list[PageBlock]:
    blocks: list[PageBlock] = []
    for name, found in result.parts.items():
        factors = list(found["loss"].by_factor)
        rows = [
            (
                plain(figure),
                amount(item.baseline),
                *(amount(item.by_factor[factor]) for factor in factors),
                amount(item.stressed),
            )
            for figure, item in found.items()
        ]
        blocks.append(table((name, "baseline", *(plain(factor) for factor in factors), "stressed"), rows))
    return blocks


def _income(result: StressResult, colour: dict[str, str]) -> Section:
    months = result.paths[result.baseline].months
    income = {name: path.net_interest_income for name, path in result.paths.items()}
    gap = {name: path.cash_gap for name, path in result.paths.items()}
    made = [
        (
            charts.scenario_lines(f"Net interest income a month, {result.currency}", months, income, colour),
            "Interest received less funding and servicing cost; floating loans follow the scenario, "
            "funding its short rate over the tenor.",
        ),
        (
            charts.scenario_lines(f"Cash received less paid so far, {result.currency}", months, gap, colour),
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
                    "Common equity ratio", quarters, ratios, colour, percent=True, limit=minimum, markers=True
                ),
                f"Own funds / risk-weighted assets at each quarter's end, of {result.capital_basis}.",
            ),
            (
                charts.scenario_lines(f"Own funds, {result.currency}", quarters, own, colour, markers=True),
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


def _sensitivities(result: StressResult) -> Section | None:
    if not result.sensitivities:
        return None
    shown = [item for item in result.sensitivities if item.up]
    names = [plain(item.factor) for item in shown]
    made = [
        (
            charts.tornado(
                f"{title}, less the baseline, {result.currency}",
                names,
                *(
                    [side.get(figure, 0.0) for side in sides]
                    for sides in ([item.up for item in shown], [item.down for item in shown])
                ),
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


def _reverse(result: StressResult) -> Section | None:
    if not result.reverse:
        return None
    blocks: list[PageBlock] = []
    for found in result.reverse:
        blocks += [heading(found.name), text(_reverse_words(found))]
        blocks += [*rarity_blocks(found, result.crises), _peak_table(found)]
    lead = (
        "How bad must it get? The mildest path of the economy that reaches a target; its lines are in "
        "every picture above."
    )
    return Section("reverse", "Reverse stress", lead, tuple(blocks))


def _reverse_words(found: ReverseStress) -> str:
    ratio = found.figure in ("coverage", "cet1")
    shown = percent if ratio else amount
    many = "none" if not found.generated_beyond else f"{found.generated_beyond}"
    return (
        f"{plain(found.figure).capitalize()} of {shown(found.reached)} (expected path: "
        f"{shown(found.expected)}) is reached {found.distance:.2f} standard deviations from the expected "
        f"path. Of {found.generated_paths:,} generated paths, whose shocks are those of history, {many} cost "
        "as much."
        + "".join(f" {note.partition(': ')[2].capitalize()}." for note in found.notes if "ever seen" in note)
    )


def _peak_table(found: ReverseStress) -> PageBlock:
    rows = []
    for name, peak in found.peaks.items():
        index = KNOWN.get(name, ("",))[0] == "index"
        shown = (lambda value: f"{value:,.1f}") if index else percent
        rows.append((plain(name), peak.month, shown(peak.value), shown(peak.expected)))
    return table(("factor", "farthest in", "on the path", "expected"), rows)


ACTED = {
    "new_lending": "new lending",
    "balance": "balance at the end",
    "credit_loss": "credit loss",
    "net_interest_income": "net interest income",
    "profit": "profit",
    "cash_gap": "cash gap",
    "lowest_ratio": "lowest ratio",
}


def _actions(result: StressResult, colour: dict[str, str]) -> Section | None:
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
        made.append((charts.compared_bars(f"{title}, {result.currency}", labels, series, colour), words))
    return made


def _has_capital(result: StressResult) -> bool:
    return any(path.capital for path in result.paths.values())


def _outcome(item: Outcome) -> list[str]:
    return [
        percent(getattr(item, key)) if key == "lowest_ratio" else amount(getattr(item, key)) for key in ACTED
    ]


def _limits(result: StressResult) -> Section:
    notes = [
        words if words.startswith(name) else f"{name}: {words}"
        for name, found in result.provenance.get("notes", {}).items()
        for words in found
        if "extrapolates" not in words
    ]
    blocks: list[PageBlock] = [
        bullets(result.rules),
        heading("Scenarios"),
        bullets([_shortened(words) for words in dict.fromkeys(notes)]),
    ]
    if result.not_observable:
        blocks += [heading("What this source cannot tell"), bullets(result.not_observable)]
    blocks += [
        heading("Settings"),
        bullets([f"{plain(name)}: {value:g}" for name, value in result.settings.items()]),
    ]
    return Section(
        "limits", "Rules and limits", "How the figures are made, and what they cannot say.", tuple(blocks)
    )


def _shortened(words: str) -> str:
    """Return a note with a long list of months cut to its first and last."""
    head, mark, months = words.partition(" held at 0 in ")
    listed = months.split(", ")
    return (
        words
        if not mark or len(listed) < 4
        else f"{head}{mark}{len(listed)} months, {listed[0]} to {listed[-1]}"
    )
