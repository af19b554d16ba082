"""The page of a backtest: verdicts first, then the pictures and tables behind them; opens offline."""

from __future__ import annotations

from pathlib import Path

from loantwin.files import replace_file
from loantwin.interfaces.report.backtest.apart import apart_section
from loantwin.interfaces.report.backtest.figures import VIEWS, favourite, figure_details, words_of
from loantwin.interfaces.report.backtest.verdict import (
    HELD,
    intervals_section,
    last_rate_section,
    summary,
    where_not_section,
)
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    Tile,
    amount,
    bullets,
    details,
    heading,
    note,
    percent,
    table,
    text,
)
from loantwin.interfaces.report.labels import counted
from loantwin.interfaces.report.page import Page, facts, made_by, rendered
from loantwin.performance.backtest.macro_scores import MacroScores
from loantwin.performance.backtest.scores import BacktestScore, Pooled, RivalScore
from loantwin.performance.rivals import LAST_RATE
from loantwin.verbs.backtest.backtest import Backtest

METHOD = (
    "Accuracy is 1 less the sum of absolute errors over the sum of outcomes, of mean forecasts; below 0 a "
    "forecast of nothing would be better.",
    "Given macro: covariates follow the path that came, so that what is left is the model's error. "
    "Generated: paths of the generator fitted at the origin.",
    "Ceilings are simulated from the fit. 'Path known': only the noise of single names is left, which no "
    "model can beat for long. 'What the fit expects': the coming period effects too; where outcomes are "
    "kinder than the fit believes possible, the twin does better than that, and its intervals are too "
    "wide.",
    "Intervals of scores draw blocks of neighbouring origins, whose windows overlap, with replacement; "
    "'not surely' means that the 90 % interval of the difference holds 0.",
    "Last year's rate: one number for the book. Age-standardised last level: age curve by segment, times "
    "last year's level. Vintage curve: development of cumulative rates, with credibility for thin "
    "vintages. Roll-rate matrix: last year's moves between states (panels). Logistic regression: age "
    "classes, segment, unemployment.",
)


def write_backtest_page(result: Backtest, out: Path) -> None:
    """Write the page of a backtest; it is written beside its place and moved there when it is whole."""
    replace_file(out, page(result), "out", private=True)


def page(result: Backtest) -> str:
    """Return the page's HTML."""
    scored = [origin for origin in result.origins if origin.skipped is None]
    sections = (
        last_rate_section(result),
        intervals_section(result),
        where_not_section(result),
        *apart_section(result),
        _behind(result),
        _origins(result),
        Section(
            "method",
            "How it was measured, and its limits",
            "",
            (bullets(METHOD), heading("Limits"), bullets(result.notes)),
        ),
    )
    span = f"{scored[0].date} to {scored[-1].date}" if len(scored) > 1 else f"{scored[0].date}"
    return rendered(
        Page(
            title="How wrong the twin would have been",
            lead=(
                f"{counted(len(scored), 'origin')}, {span}: at each the twin was fitted on what was "
                "known then, "
                "forecast, and is compared with what came."
            ),
            summary=summary(result),
            facts=facts(result.provenance, f"{span}; outcomes to {result.tape_ends}", result.currency),
            tiles=_tiles(result),
            sections=sections,
            footer=made_by(result.provenance, f"{result.paths:,} paths, seed {result.seed}"),
        )
    )


def _main(result: Backtest) -> tuple[str, BacktestScore, Pooled | None] | None:
    """Return the figure asked for first, its score at the favourite horizon, given macro if closed."""
    for view in (result.given_macro, result.generated_macro):
        for figure, scores in view.figures.items():
            if scores[favourite(result)].accuracy is not None:
                return figure, scores[favourite(result)], view.pooled.get(figure)
    return None


def _tiles(result: Backtest) -> tuple[Tile, ...]:
    main = _main(result)
    if main is None:
        return (Tile("Scored cells", "0", "every origin is prior only, or its window has not closed"),)
    figure, score, covered = main
    ranked = sorted(
        (
            (value, name)
            for name, value in score.rivals.items()
            if value is not None and not score.rival_scores[name].holds_twin
        ),
        reverse=True,
    )
    floor = score.noise_floor
    other = result.generated_macro.figures[figure][favourite(result)].accuracy
    tiles = [
        Tile(
            f"Accuracy, {words_of(figure)}",
            _whole(score.accuracy),
            f"{favourite(result)} months, given the economy that came; generated economy {_whole(other)}",
        )
    ]
    tiles += [
        Tile("Last year's rate", _whole(value), "on the same cells")
        for value, name in ranked
        if name == LAST_RATE
    ]
    tiles += [Tile("Best rival", _whole(value), name) for value, name in ranked[:1]]
    tiles.append(
        Tile(
            "Ceiling", _whole(floor["names"]), f"path known; the fit itself expects {_whole(floor['latent'])}"
        )
    )
    if covered is not None:
        tiles.append(
            Tile(
                "Inside the 90 % interval",
                percent(covered.coverage90, 0),
                f"{HELD[covered.meets]}; {covered.observations} cells",
            )
        )
    tiles.append(
        Tile(
            "Scored",
            counted(score.observations, "cell"),
            f"{counted(score.origins, 'origin')}, {score.events:,.0f} events",
        )
    )
    return tuple(tiles)


def _whole(value: float | None) -> str:
    return "below 0 %" if value is not None and value < 0 else percent(value, 0)


def _behind(result: Backtest) -> Section:
    """Return what stands behind the verdict, closed: every rival, then pictures and tables of each figure."""
    blocks: list[PageBlock] = []
    for name, words in VIEWS:
        view: MacroScores = getattr(result, name)
        blocks.append(details(f"Every rival, {words}", *_won_and_lost(view)))
    blocks += [figure_details(result, figure) for figure in result.given_macro.figures]
    lead = (
        "The twin's accuracy less each rival's, on the same observations: above 0 the twin is better. Then, "
        "for each figure, forecasts beside outcomes, rivals, calibration and vintages, in pictures and "
        "tables."
    )
    return Section("behind", "Behind the verdict", lead, tuple(blocks))


def _won_and_lost(view: MacroScores) -> list[PageBlock]:
    every = [
        (figure, horizon, rival)
        for figure, scores in view.figures.items()
        for horizon, item in scores.items()
        for rival in item.rival_scores.values()
        if rival.difference is not None and not rival.holds_twin
    ]
    if not every:
        return [note("Nothing could be scored: every origin is prior only, or no window has closed.")]
    won = sum(rival.verdict.startswith("beats") for _, _, rival in every)
    lost = [(figure, horizon, rival) for figure, horizon, rival in every if rival.verdict.startswith("loses")]
    level = len(every) - won - len(lost)
    return [
        text(
            f"The twin beats its rivals in {won} of {len(every)} comparisons, is level in {level}, loses "
            f"{len(lost)}."
        ),
        _matrix(view),
    ]


def _matrix(view: MacroScores) -> PageBlock:
    rows = []
    names = list(
        dict.fromkeys(
            name for scores in view.figures.values() for item in scores.values() for name in item.rival_scores
        )
    )
    for figure, scores in view.figures.items():
        for horizon, item in scores.items():
            if item.observations:
                rivals = [item.rival_scores.get(name) for name in names]
                accuracy = "–" if item.accuracy is None else f"{item.accuracy:.2f}"
                rows.append((words_of(figure), horizon, accuracy, *(_difference(rival) for rival in rivals)))
    caption = (
        "A question mark: the origins are too few, or differ too much, to be sure (90 % block bootstrap)."
    )
    return table(("figure", "months", "twin's accuracy", *names), rows, caption=caption)


def _difference(rival: RivalScore | None) -> str:
    if rival is None or rival.difference is None:
        return "–"
    low, high = rival.difference_low, rival.difference_high
    sure = low is not None and high is not None and (low > 0 or high < 0)
    if rival.verdict.startswith("level"):
        return "level"
    return f"{rival.difference:+.2f}".replace("-", "−") + ("" if sure else " ?")


def _origins(result: Backtest) -> Section:
    rows = []
    for origin in result.origins:
        if origin.skipped is not None:
            rows.append((str(origin.date), "–", "–", "–", origin.skipped))
            continue
        known = ", ".join(f"{words_of(name)} {events:,.0f}" for name, events in origin.known_events.items())
        few = f"prior only: {', '.join(origin.prior_only)}" if origin.prior_only else ""
        closed = ", ".join(map(str, origin.closed["given_macro"])) or "none"
        rows.append((str(origin.date), amount(origin.loans), known, closed, few))
    columns = ("origin", "loans on the book", "events known", "closed windows, months", "")
    lead = (
        f"The tape tells what came up to {result.tape_ends}. Origins that knew fewer than 100 events are "
        "listed and not scored."
    )
    return Section("origins", "Origins", lead, (table(columns, rows, words=(0, 2, 3, 4)),))
