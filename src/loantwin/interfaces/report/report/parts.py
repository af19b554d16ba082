"""The parts of a report: which there are, which were asked for, and which a source cannot fill."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loantwin.errors import UsageError, expected
from loantwin.interfaces.report.blocks import Section
from loantwin.interfaces.report.report.ahead import (
    forecast_section,
    loss_section,
    provisions_section,
    stress_section,
)
from loantwin.interfaces.report.report.compared import compared_section
from loantwin.interfaces.report.report.findings import Findings
from loantwin.interfaces.report.report.moves import model_section
from loantwin.interfaces.report.report.past import book_section, data_section, provenance_section

PARTS: dict[str, Callable[[Findings], Section | str]] = {
    "book": book_section,
    "forecast": forecast_section,
    "compared": compared_section,
    "provisions": provisions_section,
    "stress": stress_section,
    "loss": loss_section,
    "model": model_section,
    "data": data_section,
    "provenance": provenance_section,
}
"""Name -> what draws the part, in order. One that a source cannot fill returns why, in a few words."""


def chosen(sections: Sequence[str] | str) -> tuple[str, ...]:
    """Return the parts asked for, in the report's order; all where none is named.

    sections : names, or one text of them with commas.

    Raises
    ------
    UsageError : a part that there is not.
    """
    many = sections.split(",") if isinstance(sections, str) else sections
    named = {name.strip() for name in many} - {""}
    for name in sorted(named - set(PARTS)):
        raise UsageError(expected(f"parts of {', '.join(PARTS)}", name), field="sections")
    return tuple(name for name in PARTS if not named or name in named)


def made(found: Findings, wanted: Sequence[str]) -> tuple[tuple[Section, ...], tuple[str, ...]]:
    """Return the parts that could be filled, and why each other was left out."""
    parts = [PARTS[name](found) for name in wanted]
    return (
        tuple(part for part in parts if not isinstance(part, str)),
        tuple(part for part in parts if isinstance(part, str)),
    )
