"""`report`: one self-contained page that opens offline, with pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loantwin.interfaces.pdf import check_printed, write_printed
from loantwin.interfaces.report.blocks import Section, Tile
from loantwin.interfaces.report.page import Page, facts, made_by, rendered
from loantwin.interfaces.report.report.findings import Findings, find
from loantwin.interfaces.report.report.parts import chosen, made
from loantwin.interfaces.report.report.tiles import summary, tiles
from loantwin.outlook.outlook import Histories, Scenarios
from loantwin.twin import Twin, opened
from loantwin.types import Progress, Result, silent


@dataclass(frozen=True)
class ReportWritten(Result):
    """What was written: the file, its size in bytes, its sections and headline figures.

    left_out : parts that the source cannot fill, each with why.
    """

    SCHEMA = "loantwin.report/1"

    path: str
    size: int
    sections: tuple[str, ...]
    figures: Mapping[str, str]
    left_out: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)


def report(
    twin: Twin | Path | str,
    out: Path | str,
    *,
    scenarios: Scenarios = (),
    align: str | None = None,
    history: Histories = (),
    sections: Sequence[str] | str = (),
    progress: Progress = silent,
) -> ReportWritten:
    """Write the report of a fitted twin.

    Parameters
    ----------
    out : the HTML file, or FILE.pdf, which an installed Chromium prints; it is written beside its place and
        moved there when it is whole.
    scenarios : FILE[#NAME] of the stress test, baseline first. align : "start" re-dates them, measured
        against `history` where their own file has no row before them.
    sections : the parts to show: book, forecast, compared, provisions, stress, loss, model, data, provenance;
        none takes all. One that the source cannot fill is left out, and the page says so in a line.

    Raises
    ------
    UsageError : a file that cannot be written, or is no page; what was there stays as it was. A part that
        there is not, no browser that prints a PDF. ScenarioError : a scenario that is wrong or too short.
        HomeError : a twin that was not fitted.
    """
    target, wanted = Path(out), chosen(sections)
    check_printed(target, "out")
    with opened(twin) as twin:
        found = find(twin, scenarios, align, history, progress, wanted)
        progress(0.9, "drawing")
        drawn, left_out = made(found, wanted)
        headline = tiles(found)
        html = rendered(_page(found, headline, drawn, left_out))
    write_printed(target, html, "out")
    return ReportWritten(
        path=str(target),
        size=target.stat().st_size,
        sections=tuple(section.title for section in drawn),
        figures={tile.name: tile.value for tile in headline},
        left_out=left_out,
        provenance=found.forecast.provenance,
    )


def _page(
    found: Findings, headline: tuple[Tile, ...], drawn: tuple[Section, ...], left_out: tuple[str, ...]
) -> Page:
    twin = found.twin
    lead = "Forecasts use only what was known on the as-of date."
    if left_out:
        lead += f" Left out: {'; '.join(left_out)}."
    provenance = found.forecast.provenance
    return Page(
        title=f"Loan book {twin.home.folder.name}",
        lead=lead,
        summary=summary(found),
        facts=facts(provenance, twin.as_of, twin.currency),
        tiles=headline,
        sections=drawn,
        footer=made_by(provenance),
    )
