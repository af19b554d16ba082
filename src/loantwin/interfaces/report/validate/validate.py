"""`validate`: a dossier of the fitted model for whoever validates it, on one page that opens offline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from loantwin.errors import UsageError, expected
from loantwin.files import check_page, replace_file
from loantwin.interfaces.report.blocks import Section, Tile, arranged
from loantwin.interfaces.report.labels import money
from loantwin.interfaces.report.template import environment
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
    return [replace(item, blocks=arranged(item.blocks)) for item in drawn if item is not None]


def _page(found: Evidence, made: Sequence[Finding], sections: Sequence[Section]) -> str:
    twin = found.twin
    source = (files("loantwin.interfaces.report") / "page.html.j2").read_text(encoding="utf-8")
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
    return environment().from_string(source).render(
        title=f"Validation of {twin.home.folder.name}",
        subtitle=(
            f"The fitted model as of {twin.as_of.isoformat()}, amounts in {twin.currency}. Written by the "
            "program about itself: evidence for a validator, no substitute for one."
        ),
        tiles=tiles,
        sections=sections,
        footer=f"Made by {twin.provenance()['program']} on {twin.clock.now().date().isoformat()} from log "
        f"{twin.home.log.head[1][:16]}.",
    )  # fmt: skip
