"""The section that sets the forecast beside what happened."""

from __future__ import annotations

from loantwin.arrays import Floats
from loantwin.interfaces.report import charts
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    amount,
    bullets,
    details,
    heading,
    note,
    pictures,
    table,
)
from loantwin.interfaces.report.labels import accuracy_words, counted
from loantwin.interfaces.report.report.findings import Findings
from loantwin.outlook.comparison import Comparison
from loantwin.performance.tracking import TrackingScore


def compared_section(found: Findings) -> Section | str:
    """Return the forecast beside what happened, or that the tape tells nothing after the as-of date."""
    made = found.comparison
    if made is None:
        return f"what happened ({found.comparison_gap.rstrip('.')})"
    what = made.event
    number = {
        "forecast": made.forecast_number.sum(axis=1).tolist(),
        "what happened": made.happened.number.sum(axis=1).tolist(),
    }
    money = {
        "forecast": made.forecast_amount.sum(axis=1).tolist(),
        "what happened": made.happened.amount.sum(axis=1).tolist(),
    }
    for series, rival in ((number, made.last_year_number), (money, made.last_year_amount)):
        series["last year's rate"] = rival.sum(axis=1).tolist()
    title, currency = what.capitalize(), found.twin.currency
    number_range = {"forecast": (made.number_low.tolist(), made.number_high.tolist())}
    money_range = {"forecast": (made.amount_low.tolist(), made.amount_high.tolist())}
    by_year = "Given the economy that came. The line on a forecast is the 90 % interval of the year's total."
    by_vintage = (
        "All compared years together. The line on a forecast is the 90 % interval of the vintage's total."
    )
    blocks = [
        note(_verdict(made)),
        pictures(
            (
                charts.grouped(
                    f"{title} by year",
                    made.years,
                    number,
                    unit="loans",
                    intervals=number_range,
                    money_axis=False,
                ),
                by_year,
            ),
            (
                charts.grouped(f"{title} by year", made.years, money, unit=currency, intervals=money_range),
                by_year,
            ),
        ),
        pictures(
            (
                charts.grouped(
                    f"{title} by vintage",
                    made.bands,
                    _by_band(made, "number"),
                    unit="loans",
                    intervals=_ends(made.band_number),
                    money_axis=False,
                ),
                by_vintage,
            ),
            (
                charts.grouped(
                    f"{title} by vintage",
                    made.bands,
                    _by_band(made, "amount"),
                    unit=currency,
                    intervals=_ends(made.band_amount),
                ),
                by_vintage,
            ),
        ),
        _year_table(made),
        _score_table(made),
        details(
            "Year by vintage",
            heading("Number: forecast / happened"),
            _cells(made, "number", 1),
            heading("Amount: forecast / happened"),
            _cells(made, "amount", 0),
        ),
        bullets(made.notes),
    ]
    lead = (
        f"{title} of the loans that were on the book, forecast as known then, beside what came and beside a "
        "simple rival: last year's rate carried on."
    )
    return Section("compared", "Beside what happened", lead, tuple(blocks))


def _by_band(made: Comparison, figure: str) -> dict[str, list[float]]:
    forecast, happened, rival = _figures(made, figure)
    return {
        "forecast": forecast.sum(axis=0).tolist(),
        "what happened": happened.sum(axis=0).tolist(),
        "last year's rate": rival.sum(axis=0).tolist(),
    }


def _ends(interval: Floats) -> dict[str, tuple[list[float], list[float]]]:
    return {"forecast": (interval[0].tolist(), interval[1].tolist())}


def _figures(made: Comparison, figure: str) -> tuple[Floats, Floats, Floats]:
    if figure == "number":
        return made.forecast_number, made.happened.number, made.last_year_number
    return made.forecast_amount, made.happened.amount, made.last_year_amount


def _verdict(made: Comparison) -> str:
    ours, rival = (
        made.scores["number"]["loantwin"].accuracy,
        made.scores["number"]["last year's rate"].accuracy,
    )
    bias = made.scores["number"]["loantwin"].bias
    if ours is None or rival is None:
        return "Nothing happened in the compared years, so that no accuracy can be given."
    return (
        f"Over {counted(len(made.years), 'year')} and {counted(len(made.bands), 'vintage band')} the "
        f"forecast of numbers has an accuracy {_of(ours, apart(ours, rival))} "
        f"(bias {100 * (bias or 0):+.0f} %), "
        f"{against(ours, rival)}. {_inside(made)} Last year had {counted(made.last_year_events, 'event')} "
        "to learn a rate from."
    )


def against(ours: float, rival: float) -> str:
    """Return how the forecast's accuracy stands to that of last year's rate, in words."""
    verdict = "better than" if ours > rival else "worse than" if ours < rival else "as good as"
    return f"{verdict} last year's rate carried on ({accuracy_words(rival, apart(ours, rival))})"


def apart(ours: float, rival: float) -> int:
    """Return the decimals at which two accuracies read differently: one where whole percents are alike."""
    return int(ours != rival and accuracy_words(ours) == accuracy_words(rival))


def _of(accuracy: float, decimals: int) -> str:
    words = accuracy_words(accuracy, decimals)
    return words if accuracy < 0 else f"of {words}"


def _inside(made: Comparison) -> str:
    happened = made.happened.number.sum(axis=1)
    inside = int(((happened >= made.number_low) & (happened <= made.number_high)).sum())
    if len(made.years) == 1:
        return f"The year's total lies {'inside' if inside else 'outside'} the 90 % interval."
    return (
        f"{inside} of {len(made.years)} yearly totals {'lies' if inside == 1 else 'lie'} inside the 90 % "
        "interval."
    )


def _year_table(made: Comparison) -> PageBlock:
    rows = []
    for year, name in enumerate(made.years):
        rows.append(
            (
                name,
                amount(float(made.happened.number[year].sum())),
                amount(float(made.forecast_number[year].sum())),
                f"{amount(float(made.number_low[year]))} to {amount(float(made.number_high[year]))}",
                amount(float(made.last_year_number[year].sum())),
                amount(float(made.happened.amount[year].sum())),
                amount(float(made.forecast_amount[year].sum())),
                f"{amount(float(made.amount_low[year]))} to {amount(float(made.amount_high[year]))}",
                amount(float(made.last_year_amount[year].sum())),
            )
        )
    columns = (
        "year",
        "number happened",
        "forecast",
        "90 % interval",
        "last year's rate",
        "amount happened",
        "forecast",
        "90 % interval",
        "last year's rate",
    )
    return table(columns, rows)


def _score_table(made: Comparison) -> PageBlock:
    def row(figure: str, name: str, item: TrackingScore) -> tuple[str, ...]:
        bias = "–" if item.bias is None else f"{100 * item.bias:+.1f} %"
        return (
            figure,
            name,
            accuracy_words(item.accuracy, 1),
            accuracy_words(item.by_year_accuracy, 1),
            bias,
        )

    rows = [
        row(figure, name, item) for figure, by_name in made.scores.items() for name, item in by_name.items()
    ]
    return table(
        ("figure", "forecast", "accuracy by year and vintage", "accuracy by year", "bias"), rows, words=(0, 1)
    )


def _cells(made: Comparison, figure: str, decimals: int) -> PageBlock:
    forecast, happened, _ = _figures(made, figure)
    rows = [
        (
            band,
            *(
                f"{amount(float(forecast[year, place]), decimals)} / {amount(float(happened[year, place]))}"
                for year in range(len(made.years))
            ),
        )
        for place, band in enumerate(made.bands)
    ]
    return table(("vintage", *made.years), rows)
