"""`validate`: a dossier of the fitted model for whoever validates it, on one page that opens offline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loantwin.errors import UsageError, expected
from loantwin.files import check_page, replace_file
from loantwin.interfaces.report.blocks import Section, Tile
from loantwin.interfaces.report.labels import counted, money
from loantwin.interfaces.report.page import Page, facts, made_by, rendered
from loantwin.interfaces.report.validate.evidence import Evidence, gathered
from loantwin.interfaces.report.validate.findings import UNNAMED, Finding, findings
from loantwin.interfaces.report.validate.inventory import Component, inventory
from loantwin.interfaces.report.validate.moves import Moved
from loantwin.interfaces.report.validate.sections import (
    benchmarks_section,
    concept_section,
    data_section,
    findings_section,
    inventory_section,
    limitations_section,
    lineage_section,
    outcomes_section,
    remade_section,
    sensitivity_section,
    stability_section,
)
from loantwin.outlook.remade import Remade, largest_difference
from loantwin.outlook.thinned import Stability
from loantwin.twin import Twin, opened
from loantwin.types import ModelResult, Progress, silent

ORIGINS, THINS = 3, 4


@dataclass(frozen=True)
class Dossier(ModelResult):
    """A dossier: the page, its size in bytes, and the figures behind it.

    findings : gravest first. inventory : components of the model. materiality : the IFRS 9 allowance under
        each move of a component. stability : over random halves of the loans. remade : figures made twice.
    outcomes_gap : why there is no backtest, empty where there is one.
    """

    SCHEMA = "loantwin.validate/1"

    path: str
    size: int
    as_of: dt.date
    currency: str
    allowance: float
    findings: tuple[Finding, ...]
    inventory: tuple[Component, ...]
    materiality: tuple[Moved, ...]
    stability: Stability
    remade: tuple[Remade, ...]
    outcomes_gap: str
    sections: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def validate(
    twin: Twin | Path | str,
    out: Path | str,
    *,
    owner: str | None = None,
    origins: int = ORIGINS,
    thins: int = THINS,
    progress: Progress = silent,
) -> Dossier:
    """Write the dossier of a fitted twin: inventory, lineage, concept, data, outcomes, stability, findings.

    Nothing of the twin's home is written or changed.

    Parameters
    ----------
    out : the HTML file; it is written beside its place and moved there when it is whole.
    owner : who answers the findings; None leaves them without a name, and says so.
    origins : of the backtest, a year apart; 0 leaves it out, which is a finding. thins : random halves of the
        loans that the model is fitted on again, 2 or more.

    Raises
    ------
    UsageError : a file that cannot be written, or is no page; what was there stays as it was. Numbers out of
        range. HomeError : a twin that was not fitted.
    """
    target = Path(out)
    check_page(target, "out")
    if origins < 0:
        raise UsageError(expected("a number of origins from 0", origins), field="origins")
    if thins < 2:
        raise UsageError(expected("at least 2 halves of the data", thins), field="thins")
    with opened(twin) as twin:
        found = gathered(twin, origins, thins, progress)
        made = findings(found, owner or UNNAMED, twin.clock.now().date())
        parts = inventory(twin)
        progress(0.97, "drawing")
        sections = _sections(found, made, parts)
        replace_file(target, (html := _page(found, made, sections)), "out", private=True)
        return Dossier(
            path=str(target),
            size=len(html.encode()),
            as_of=twin.as_of,
            currency=twin.currency,
            allowance=found.provisions.allowance,
            findings=made,
            inventory=parts,
            materiality=found.moved,
            stability=found.stability,
            remade=found.remade,
            outcomes_gap=found.backtest_gap,
            sections=tuple(section.title for section in sections),
            provenance=twin.provenance(),
        )


def _sections(found: Evidence, made: Sequence[Finding], parts: Sequence[Component]) -> list[Section]:
    drawn = (
        findings_section(made),
        inventory_section(found, parts),
        lineage_section(found),
        concept_section(found),
        data_section(found),
        outcomes_section(found),
        benchmarks_section(found),
        sensitivity_section(found),
        stability_section(found),
        remade_section(found),
        limitations_section(found),
    )
    return [item for item in drawn if item is not None]


def _page(found: Evidence, made: Sequence[Finding], sections: Sequence[Section]) -> str:
    twin = found.twin
    worst = largest_difference(found.remade)
    spread = found.stability.spread
    tiles = [
        Tile("Findings", str(len(made)), f"{sum(item.severity == 'high' for item in made)} high"),
        Tile(
            f"IFRS 9 allowance, {twin.currency}", money(found.provisions.allowance), "on generated economies"
        ),
        Tile(
            "Figures made twice",
            str(len(found.remade)),
            "".join(f"largest difference {abs(value):.0e}" for value in worst.values()),
        ),
        Tile(
            "Halves of the data",
            "–" if spread is None else f"± {100 * spread:.0f} %",
            "expected defaults in 12 months",
        ),
    ]
    return rendered(
        Page(
            title=f"Validation of {twin.home.folder.name}",
            lead=(
                "The fitted model, written by the program about itself: evidence for a validator, no "
                "substitute "
                "for one."
            ),
            summary=_summary(found, made),
            facts=facts(twin.provenance(), twin.as_of, twin.currency),
            tiles=tuple(tiles),
            sections=tuple(sections),
            footer=made_by(twin.provenance()),
        )
    )


def _summary(found: Evidence, made: Sequence[Finding]) -> str:
    """Return how many findings there are, how grave, and what the model's main figure is."""
    high = sum(item.severity == "high" for item in made)
    said = (
        f"{counted(len(made), 'finding')}, {high or 'none'} of them high."
        if made
        else "No rule was broken: no finding."
    )
    spread = found.stability.spread
    halves = (
        ""
        if spread is None
        else f" Fitted on halves of the data, expected defaults move by {100 * spread:.0f} %."
    )
    outcomes = "" if found.backtest is not None else " Forecasts could not be set beside outcomes."
    return (
        f"{said} The IFRS 9 allowance is {money(found.provisions.allowance)} {found.twin.currency} on "
        "generated "
        f"economies; {counted(len(found.remade), 'figure')} were made twice.{halves}{outcomes}"
    )
