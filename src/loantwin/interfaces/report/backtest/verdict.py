"""A backtest for people: does the twin beat last year's rate, do its intervals hold, and where not."""

from __future__ import annotations

from collections.abc import Sequence

from loantwin.interfaces.report.backtest.figures import VIEWS, favourite, forecast_pictures, words_of
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    bullets,
    note,
    percent,
    pictures,
    table,
    text,
)
from loantwin.interfaces.report.charts import grouped
from loantwin.interfaces.report.labels import accuracy_words, counted
from loantwin.performance.backtest.macro_scores import MacroScores
from loantwin.performance.backtest.scores import BacktestScore, Pooled, RivalScore
from loantwin.performance.rivals import LAST_RATE
from loantwin.verbs.backtest.backtest import Backtest

NOTHING = "Nothing could be scored: every origin is prior only, or no window has closed."
HELD = {True: "hold", False: "do not hold", None: "not shown"}
Compared = tuple[str, str, BacktestScore, RivalScore]


def beside_last_rate(view: MacroScores) -> list[Compared]:
    """Return figure, horizon, the twin's score and that of last year's rate, wherever both are scored."""
    return [
        (figure, horizon, item, item.rival_scores[LAST_RATE])
        for figure, scores in view.figures.items()
        for horizon, item in scores.items()
        if LAST_RATE in item.rival_scores
        and item.accuracy is not None
        and item.rival_scores[LAST_RATE].accuracy is not None
    ]


def summary(result: Backtest) -> str:
    """Return both answers in a sentence each."""
    found = beside_last_rate(result.given_macro)
    if not found:
        return NOTHING
    better = sum((item.accuracy or 0.0) > (rival.accuracy or 0.0) for _, _, item, rival in found)
    sure = sum(rival.verdict.startswith("beats") and _sure(rival) for _, _, _, rival in found)
    said = (
        f"On the economy that came the twin was nearer than last year's rate in {better} of "
        f"{counted(len(found), 'comparison')} ({sure} surely)."
    )
    pooled = [(words_of(name), item) for name, item in result.given_macro.pooled.items() if item is not None]
    if not pooled:
        return said
    held = listed([f"{percent(item.coverage90, 0)} of {name}" for name, item in pooled])
    shown = [name for name, item in pooled if item.meets]
    proof = (
        "whether that keeps the promise is not shown for any"
        if not shown
        else "the promise is shown to be kept for " + ("all" if len(shown) == len(pooled) else listed(shown))
    )
    return f"{said} Its 90 % intervals held {held} outcomes; {proof}."


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: a, b and c."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _sure(rival: RivalScore) -> bool:
    low, high = rival.difference_low, rival.difference_high
    return low is not None and high is not None and (low > 0 or high < 0)


def last_rate_section(result: Backtest) -> Section:
    """Return whether the twin beats last year's rate: figure by figure, on both economies."""
    lead = (
        "Accuracy: 1 less the absolute errors over what came. 'Surely' where the 90 % interval of the "
        "difference leaves out 0."
    )
    title = "Verdict: does it beat last year's rate?"
    rows = [
        (
            f"{words_of(figure)}, {horizon} months",
            words,
            accuracy_words(item.accuracy),
            accuracy_words(rival.accuracy),
            rival.verdict.replace("-", "−") if "surely:" in rival.verdict else rival.verdict,
        )
        for name, words in VIEWS
        for figure, horizon, item, rival in beside_last_rate(getattr(result, name))
    ]
    if not rows:
        return Section("verdict", title, lead, (note(NOTHING),))
    columns = ("figure", "economy", "twin", LAST_RATE, "so the twin")
    return Section("verdict", title, lead, (*_chart(result), table(columns, rows, words=(0, 1, 4))))


def _chart(result: Backtest) -> list[PageBlock]:
    """Return accuracies at the favourite horizon beside last year's rate, and forecasts beside what came."""
    horizon = favourite(result)
    given, generated = (
        {
            figure: (item, rival)
            for figure, months, item, rival in beside_last_rate(getattr(result, name))
            if months == horizon
        }
        for name, _ in VIEWS
    )
    if not given:
        return []
    series = {
        "twin, economy that came": [_drawn(item) for item, _ in given.values()],
        "twin, generated economies": [
            _drawn(generated[name][0]) if name in generated else 0.0 for name in given
        ],
        LAST_RATE: [_drawn(rival) for _, rival in given.values()],
    }
    labels = [words_of(name) for name in given]
    chart = grouped(f"Accuracy within {horizon} months", labels, series, unit="% of what came", percent=True)
    first = next(iter(given))
    return [pictures((chart, "Below 0 is drawn as 0."), *forecast_pictures(result, first, int(horizon))[:1])]


def _drawn(item: BacktestScore | RivalScore) -> float:
    return max(0.0, item.accuracy or 0.0)


def intervals_section(result: Backtest) -> Section:
    """Return whether intervals hold what they promise, all horizons together."""
    rows = [
        (
            words_of(figure),
            words,
            percent(item.coverage90, 0),
            between(item) or "–",
            percent(item.coverage90_untied, 0),
            percent(item.coverage50, 0),
            f"{item.observations}",
            item.verdict,
        )
        for name, words in VIEWS
        for figure, item in getattr(result, name).pooled.items()
        if item is not None
    ]
    title, lead = "Do the intervals hold?", "Of 100 outcomes about 90 should lie inside a 90 % interval."
    if not rows:
        return Section("intervals", title, lead, (note(NOTHING),))
    columns = (
        "figure", "economy", "inside 90 %", "its 90 % interval", "ties spread", "inside 50 %", "cells",
        "verdict",
    )  # fmt: skip
    caption = (
        "All horizons pooled. 'Not shown': too few windows that do not overlap to say; the interval is a "
        "bootstrap of blocks of origins. Ties spread: counts that equal an end of the interval."
    )
    return Section("intervals", title, lead, (table(columns, rows, words=(0, 1, 7), caption=caption),))


def between(item: Pooled) -> str:
    """Return the interval of a coverage, empty where there is none."""
    if item.coverage90_low is None:
        return ""
    return f"{percent(item.coverage90_low, 0)} to {percent(item.coverage90_high, 0)}"


def where_not_section(result: Backtest) -> Section:
    """Return where the twin loses, to whom, and which intervals do not hold or are not shown to."""
    lost, unheld = [], []
    for name, words in VIEWS:
        view: MacroScores = getattr(result, name)
        for figure, scores in view.figures.items():
            for horizon, item in scores.items():
                lost += [
                    f"{words_of(figure)}, {horizon} months, {words}: {rival.verdict}."
                    for rival in item.rival_scores.values()
                    if not rival.holds_twin and rival.verdict.startswith("loses")
                ]
        unheld += [
            f"{words_of(figure)}, {words}: {percent(item.coverage90, 0)} inside, {item.verdict}."
            for figure, item in view.pooled.items()
            if item is not None and not item.meets
        ]
    unscored = [
        words_of(figure)
        for figure, scores in result.given_macro.figures.items()
        if not any(item.observations for item in scores.values())
    ]
    blocks: list[PageBlock] = [
        bullets(lost) if lost else text("It loses to none of the simple rivals where it could be scored."),
        *([text("Intervals that do not hold, or are not shown to:"), bullets(unheld)] if unheld else []),
    ]
    if unscored:
        blocks.append(note(f"Not scored at all: {', '.join(unscored)}. {NOTHING}"))
    lead = "Every comparison that the twin loses, and every interval that is not shown to keep its promise."
    return Section("where-not", "Where not", lead, tuple(blocks))
