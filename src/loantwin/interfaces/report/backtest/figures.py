"""What a backtest's page shows of one figure: forecast and outcome, rivals, calibration, vintages."""

from __future__ import annotations

from collections.abc import Sequence

from loantwin.interfaces.report.backtest import charts as pictured
from loantwin.interfaces.report.blocks import (
    PageBlock,
    amount,
    details,
    heading,
    percent,
    pictures,
    table,
    text,
)
from loantwin.interfaces.report.drawing import Chart
from loantwin.interfaces.report.labels import counted, money
from loantwin.performance.backtest.macro_scores import OriginRow
from loantwin.performance.backtest.scores import BacktestScore, is_withdrawn
from loantwin.verbs.backtest.backtest import Backtest

VIEWS = (("given_macro", "given the macro path that came"), ("generated_macro", "on generated macro paths"))
FAVOURITE = 12
"""Horizon shown first, months, where it was asked for."""


def favourite(result: Backtest) -> str:
    """Return the horizon shown first."""
    return str(FAVOURITE if FAVOURITE in result.horizons else result.horizons[-1])


def words_of(figure: str) -> str:
    """Return a figure's name in words."""
    return figure.replace("_", "-")


def share(value: float | None) -> str:
    """Return an accuracy with two decimals; a missing one as a dash."""
    return "–" if value is None else f"{value:.2f}"


def figure_details(result: Backtest, figure: str) -> PageBlock:
    """Return what stands behind the verdict on one figure, closed until it is asked for."""
    scores = result.given_macro.figures[figure]
    fans = forecast_pictures(result, figure, int(favourite(result)))
    if not any(
        item.observations for item in (*scores.values(), *result.generated_macro.figures[figure].values())
    ):
        lead = "Not scored: no origin that knew 100 events has a closed window."
        return details(_title(figure), text(lead), *((pictures(*fans),) if fans else ()))
    horizon = favourite(result)
    unit = next(iter(scores.values())).unit
    blocks: list[PageBlock] = [
        heading(f"Forecast and what came, whole book, {horizon} months"),
        pictures(*fans),
        heading("Accuracy beside the rivals"),
        pictures(*(_bars(scores[each], each) for each in scores if scores[each].observations)),
        _score_table(result, figure),
        heading("Are the intervals honest?"),
        pictures(*_calibration(result, figure, horizon)),
        _interval_table(result, figure),
        heading("Old and young vintages"),
        _band_table(result, figure, int(horizon)),
        *_amounts(result, figure),
        details("Every origin and horizon", _origin_table(result, figure)),
    ]
    lead = f"In {unit}; a cell is one origin and one approval-year band, cumulated over the horizon" + (
        " (a balance: at its end)." if figure == "balance" else "."
    )
    return details(_title(figure), text(lead), *blocks)


def _rows(result: Backtest, view: str, figure: str, horizon: int) -> list[OriginRow]:
    unit = next(iter(getattr(result, view).figures[figure].values())).unit
    measure = "loans" if unit == "loans" else "money"
    rows: Sequence[OriginRow] = getattr(result, view).by_origin
    return [row for row in rows if (row.figure, row.measure, row.horizon) == (figure, measure, horizon)]


def forecast_pictures(result: Backtest, figure: str, horizon: int) -> list[tuple[Chart, str]]:
    """Return forecasts by origin beside what came, a picture for each economy."""
    return [
        _fan(result, figure, name, words, horizon)
        for name, words in VIEWS
        if _rows(result, name, figure, horizon)
    ]


def _fan(result: Backtest, figure: str, view: str, words: str, horizon: int) -> tuple[Chart, str]:
    rows = _rows(result, view, figure, horizon)
    labels = [_day(row) for row in rows]
    inside = sum(row.p05 <= row.actual <= row.p95 for row in rows)
    chart = pictured.by_origin(
        f"{_title(figure)}, {words}",
        labels,
        [row.forecast for row in rows],
        [(row.p05, row.p25, row.p50, row.p75, row.p95) for row in rows],
        [row.actual for row in rows],
        unit="loans" if rows[0].measure == "loans" else result.currency,
        pale=[row.prior_only for row in rows],
        money=rows[0].measure == "money",
    )
    pale = " Pale: prior only, not scored." if any(row.prior_only for row in rows) else ""
    return chart, f"By origin. {inside} of {len(rows)} outcomes lie inside the 90 % interval.{pale}"


def _day(row: OriginRow) -> str:
    return str(row.origin.year) if (row.origin.month, row.origin.day) == (12, 31) else f"{row.origin:%Y-%m}"


def _bars(score: BacktestScore, horizon: str) -> tuple[Chart, str]:
    names = ["the twin", *score.rivals]
    chart = pictured.accuracies(
        f"{horizon} months", names, [score.accuracy, *score.rivals.values()], score.noise_floor
    )
    return chart, f"Given macro; {counted(score.observations, 'cell')}, {score.events:,.0f} events."


def _calibration(result: Backtest, figure: str, horizon: str) -> list[tuple[Chart, str]]:
    scores = {name: item for name, item in result.given_macro.figures[figure].items() if item.observations}
    shown = horizon if horizon in scores else next(iter(scores), None)
    if shown is None:
        return []
    score = scores[shown]
    measure = "loans" if score.unit == "loans" else "money"
    cells = [
        item
        for item in result.given_macro.observations
        if (item.figure, item.measure, item.horizon) == (figure, measure, int(shown)) and not item.prior_only
    ]
    coverage = pictured.coverage(
        "Outcomes inside the intervals",
        [f"{name} months" for name in scores],
        [item.coverage50 or 0.0 for item in scores.values()],
        [item.coverage90 or 0.0 for item in scores.values()],
        [item.coverage90_low for item in scores.values()],
        [item.coverage90_high for item in scores.values()],
    )
    points = pictured.scatter(
        f"Every cell, {shown} months",
        [item.forecast for item in cells],
        [item.actual for item in cells],
        [item.p05 for item in cells],
        [item.p95 for item in cells],
        unit=score.unit,
    )
    return [
        (coverage, "Dashed: what the intervals promise. Given the macro path that came."),
        (
            pictured.pit(f"Where outcomes fall, {shown} months", score.pit),
            "High ends: intervals too narrow. Slope: forecasts too low or too high.",
        ),
        (points, "Both axes on a root scale."),
        *_widths(score, shown, measure),
    ]


def _widths(score: BacktestScore, shown: str, measure: str) -> list[tuple[Chart, str]]:
    """Return widths at equal coverage beside the rivals', where these make intervals."""
    ranged = {
        name: rival.width90_equal
        for name, rival in score.rival_scores.items()
        if rival.width90_equal is not None
    }
    if not ranged or score.width90_equal is None:
        return []
    names, values = ["the twin", *ranged], [score.width90_equal, *ranged.values()]
    made = pictured.widths(
        f"Mean width once 90 % of outcomes are inside, {shown} months",
        names,
        values,
        measure == "money",
        unit=score.unit,
    )
    return [(made, "Narrower is better.")]


def _score_table(result: Backtest, figure: str) -> PageBlock:
    rows: list[tuple[str, ...]] = []
    rivals = list(
        dict.fromkeys(name for item in result.given_macro.figures[figure].values() for name in item.rivals)
    )
    for view, words in VIEWS:
        for part, of in (
            ("cells", getattr(result, view).figures[figure]),
            ("whole book", getattr(result, view).total[figure]),
        ):
            for horizon, item in of.items():
                if not item.observations:
                    continue
                rows.append(
                    (
                        f"{words}, {part}",
                        horizon,
                        share(item.accuracy),
                        *(_against(item, name) for name in rivals),
                        share(item.noise_floor["latent"]),
                        share(item.noise_floor["names"]),
                        "–" if item.bias is None else f"{100 * item.bias:+.0f} %",
                        f"{item.observations}",
                        percent(item.censored_share, 0),
                    )
                )
    columns = (
        "economy, level",
        "months",
        "twin",
        *rivals,
        "fit expects",
        "path known",
        "bias",
        "cells",
        "censored",
    )
    caption = (
        "Accuracy = 1 - sum of absolute errors / sum of outcomes. A star marks a rival that did better "
        "than the twin."
    )
    return details("Table of accuracies", table(columns, rows, caption=caption))


def _against(item: BacktestScore, name: str) -> str:
    value = item.rivals.get(name)
    if value is None:
        return "–"
    return share(value) + (" *" if item.accuracy is not None and value > item.accuracy else "")


def _interval_table(result: Backtest, figure: str) -> PageBlock:
    rows = []
    for view, words in VIEWS:
        for horizon, item in getattr(result, view).figures[figure].items():
            if not item.observations:
                continue
            ranged = [
                rival
                for rival in item.rival_scores.values()
                if rival.width90_equal is not None and not rival.holds_twin
            ]
            best = min(
                (rival.width90_equal for rival in ranged if rival.width90_equal is not None), default=None
            )
            keenest = min((rival.crps for rival in ranged if rival.crps is not None), default=None)
            rows.append(
                (
                    words,
                    horizon,
                    percent(item.coverage90, 0),
                    percent(item.coverage90_untied, 0),
                    item.interval_verdict
                    if is_withdrawn(item.interval_verdict)
                    else _size(item.width90, item),
                    _size(item.width90_equal, item),
                    _size(best, item),
                    _size(item.crps, item),
                    _size(keenest, item),
                    _size(item.interval_score, item),
                )
            )
    columns = (
        "economy", "months", "inside 90 %", "ties spread", "mean width", "at equal coverage", "best rival's",
        "CRPS", "best rival's", "interval score",
    )  # fmt: skip
    caption = (
        "Widths can only be compared at equal coverage: intervals stretched about their medians until 90 % "
        "of the outcomes are inside. Rivals' intervals are Poisson with last years' dispersion of the "
        "level, for counts of losses alone."
    )
    return table(columns, rows, caption=caption)


def _size(value: float | None, score: BacktestScore) -> str:
    if value is None:
        return "–"
    return f"{value:,.1f}" if score.unit == "loans" else money(value)


def _band_table(result: Backtest, figure: str, horizon: int) -> PageBlock:
    measure = "loans" if next(iter(result.given_macro.figures[figure].values())).unit == "loans" else "money"
    bands = [
        row
        for row in result.given_macro.by_band
        if (row.figure, row.measure, row.horizon) == (figure, measure, horizon)
    ]
    rivals = list(dict.fromkeys(name for row in bands for name in row.rivals))
    rows = [
        (
            row.years,
            f"{row.observations}",
            _quantity(row.actual, measure),
            _quantity(row.forecast, measure),
            "–" if not row.actual else f"{100 * (row.forecast / row.actual - 1):+.0f} %",
            share(row.accuracy),
            percent(row.coverage90, 0),
            *(share(row.rivals.get(name)) for name in rivals),
        )
        for row in bands
    ]
    columns = ("years since approval", "cells", "came", "forecast", "bias", "twin", "in 90 %", *rivals)
    return table(columns, rows, caption=f"Given macro, {horizon} months, all scored origins together.")


def _quantity(value: float, measure: str) -> str:
    return amount(value) if measure == "loans" else money(value)


def _amounts(result: Backtest, figure: str) -> list[PageBlock]:
    scores = result.given_macro.amounts.get(figure)
    main = next(iter(result.given_macro.figures[figure].values())).unit
    if scores is None or main != "loans":
        return []
    rows = [
        (
            horizon,
            share(item.accuracy),
            *(_against(item, name) for name in item.rivals),
            "–" if item.bias is None else f"{100 * item.bias:+.0f} %",
            percent(item.coverage90, 0),
        )
        for horizon, item in scores.items()
        if item.observations
    ]
    names = next((list(item.rivals) for item in scores.values() if item.observations), [])
    if not rows:
        return []
    return [
        heading(f"The same in {result.currency}"),
        table(("months", "twin", *names, "bias", "in 90 %"), rows),
    ]


def _origin_table(result: Backtest, figure: str) -> PageBlock:
    rows = []
    for horizon in result.horizons:
        verdict = result.given_macro.figures[figure][str(horizon)].interval_verdict
        for row in _rows(result, "given_macro", figure, horizon):
            rows.append(
                (
                    str(row.origin) + (" (prior only)" if row.prior_only else ""),
                    str(horizon),
                    _quantity(row.actual, row.measure),
                    _quantity(row.forecast, row.measure),
                    verdict
                    if is_withdrawn(verdict)
                    else f"{_quantity(row.p05, row.measure)} to {_quantity(row.p95, row.measure)}",
                    *(_quantity(value, row.measure) for value in row.rivals.values()),
                )
            )
    names = next((list(row.rivals) for row in result.given_macro.by_origin if row.figure == figure), [])
    return table(("origin", "months", "came", "forecast", "90 % interval", *names), rows)


def _title(figure: str) -> str:
    return words_of(figure).capitalize()
