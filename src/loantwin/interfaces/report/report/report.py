"""`report`: one self-contained page that opens offline, with pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from loantwin.interfaces.pdf import check_printed, write_printed
from loantwin.interfaces.report.blocks import Section, Tile, arranged
from loantwin.interfaces.report.report.ahead import (
    forecast_section,
    loss_section,
    provisions_section,
    stress_section,
)
from loantwin.interfaces.report.report.compared import compared_section
from loantwin.interfaces.report.report.findings import Findings, find
from loantwin.interfaces.report.report.moves import model_section
from loantwin.interfaces.report.report.past import book_section, data_section, provenance_section
from loantwin.interfaces.report.report.tiles import tiles
from loantwin.interfaces.report.template import environment
from loantwin.outlook.outlook import Histories, Scenarios
from loantwin.twin import Twin, opened
from loantwin.types import Progress, Result, silent

SECTIONS: tuple[Callable[[Findings], Section | None], ...] = (
    book_section,
    forecast_section,
    compared_section,
    provisions_section,
    stress_section,
    loss_section,
    model_section,
    data_section,
    provenance_section,
)
"""The report's parts, in order. One that has nothing to show returns None."""


@dataclass(frozen=True)
class ReportWritten(Result):
    """What was written: the file, its size in bytes, its sections and headline figures."""

    SCHEMA = "loantwin.report/1"

    path: str
    size: int
    sections: tuple[str, ...]
    figures: Mapping[str, str]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def report(
    twin: Twin | Path | str,
    out: Path | str,
    *,
    scenarios: Scenarios = (),
    align: str | None = None,
    history: Histories = (),
    progress: Progress = silent,
) -> ReportWritten:
    """Write the report of a fitted twin.

    Parameters
    ----------
    out : the HTML file, or FILE.pdf, which an installed Chromium prints; it is written beside its place and
        moved there when it is whole.
    scenarios : FILE[#NAME] of the stress test, baseline first. align : "start" re-dates them, measured
        against `history` where their own file has no row before them.

    Raises
    ------
    UsageError : a file that cannot be written, or is no page; what was there stays as it was. No browser
        that prints a PDF.
    ScenarioError : a scenario that is wrong or too short. HomeError : a twin that was not fitted.
    """
    target = Path(out)
    check_printed(target, "out")
    with opened(twin) as twin:
        found = find(twin, scenarios, align, history, progress)
        progress(0.9, "drawing")
        made = (section for make in SECTIONS if (section := make(found)) is not None)
        sections = tuple(replace(section, blocks=arranged(section.blocks)) for section in made)
        headline = tiles(found)
        html = _page(twin, headline, sections)
    write_printed(target, html, "out")
    return ReportWritten(
        path=str(target),
        size=target.stat().st_size,
        sections=tuple(section.title for section in sections),
        figures={tile.name: tile.value for tile in headline},
        provenance=found.forecast.provenance,
    )


def _page(twin: Twin, headline: Sequence[Tile], sections: Sequence[Section]) -> str:
    source = (files("loantwin.interfaces.report") / "page.html.j2").read_text(encoding="utf-8")
    made_in = environment()
    made = twin.clock.now()
    return made_in.from_string(source).render(
        title=f"Loan book {twin.home.folder.name}",
        subtitle=(
            f"As of {twin.as_of.isoformat()}, amounts in {twin.currency}. Forecasts use only what was known "
            "that day."
        ),
        tiles=headline,
        sections=sections,
        footer=f"Made by {twin.provenance()['program']} on {made.date().isoformat()} from log "
        f"{twin.home.log.head[1][:16]}.",
    )
