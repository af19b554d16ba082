"""Everything a report shows, asked of the twin once: the pictures only draw it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

import loantwin as lt
from loantwin.errors import InputError
from loantwin.outlook.comparison import Comparison, Happened
from loantwin.outlook.outlook import Histories, Scenarios
from loantwin.risk.loss.loss import LossResult
from loantwin.risk.provisions.provisions import Provision
from loantwin.risk.stress.stress import StressResult
from loantwin.twin import Twin
from loantwin.types import Progress
from loantwin.verbs.compare import comparison
from loantwin.verbs.forecast import Forecast

FORECAST_PATHS = 1_000
LOSS_PATHS = 20_000
LOSS_MONTHS = 12
LOSS_CONFIDENCE = 0.999
STANDARDS = ("ifrs9", "cecl", "five-level")
LEAST_MONTHS = 3
"""Months of outcome from which they are drawn beside the forecast."""


@dataclass(frozen=True)
class Findings:
    """What was found. book : the loans on the book, rates of floating loans filled.

    comparison_gap : why there is no comparison.
    """

    twin: Twin
    book: pl.DataFrame
    forecast: Forecast
    happened: Happened
    comparison: Comparison | None
    comparison_gap: str
    provisions: Mapping[str, Provision]
    stress: StressResult | None
    loss: LossResult

    @property
    def labels(self) -> list[str]:
        """Return the months of the forecast."""
        return [month.month for month in self.forecast.months]

    @property
    def hidden(self) -> tuple[str, ...]:
        """Return the figures that the source cannot tell."""
        return tuple(name for name, item in self.forecast.totals.items() if item is None)


def find(
    twin: Twin,
    scenarios: Scenarios,
    align: str | None,
    history: Histories,
    progress: Progress,
    wanted: Collection[str],
) -> Findings:
    """Return everything that the parts of the report named in `wanted`, and its headline figures, show."""
    progress(0.05, "running the book forward")
    forecast = lt.forecast(twin, paths=min(twin.config.run.paths, FORECAST_PATHS))
    progress(0.3, "comparing with what happened")
    comparison, gap = _compared(twin) if "compared" in wanted else (None, "")
    progress(0.4, "provisions")
    standards = STANDARDS if "provisions" in wanted else STANDARDS[:1]
    provisions = {name: lt.provisions(twin, name) for name in standards}
    progress(0.6, "stress")
    asked = scenarios and "stress" in wanted
    stress = lt.stress(twin, scenarios, align=align, history=history) if asked else None
    progress(0.7, "losses")
    loss = lt.loss(twin, months=LOSS_MONTHS, confidence=LOSS_CONFIDENCE, paths=LOSS_PATHS)
    assert isinstance(loss, LossResult)  # one model was asked for
    return Findings(
        twin=twin,
        book=lt.Outlook(twin).book.loans,
        forecast=forecast,
        happened=lt.happened(twin, months=len(forecast.months)),
        comparison=comparison,
        comparison_gap=gap,
        provisions=provisions,
        stress=stress,
        loss=loss,
    )


def _compared(twin: Twin) -> tuple[Comparison | None, str]:
    try:
        return comparison(twin), ""
    except InputError as error:  # a tape that ends at its as-of date has nothing to compare with
        return None, str(error)
