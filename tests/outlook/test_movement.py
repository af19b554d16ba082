"""Lines of a movement of the allowance: what the line of severity holds, and the next does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import loantwin as lt
from loantwin.models.severity_reaction import SeverityReaction
from loantwin.outlook.movement import _between
from loantwin.outlook.outlook import read_scenarios
from loantwin.risk.provisions.movement_statement import MovementResult
from loantwin.twin import Learnt, Twin
from loantwin.types import silent


def moved(twin: Twin, opening: Twin, lender: Path) -> MovementResult:
    severe = f"{lender / 'scenarios.csv'}#Severe"
    given = read_scenarios(opening, severe, "start"), read_scenarios(twin, severe, "start")
    return _between(opening, twin, given, ((), ()), True, silent)


def test_what_severity_learnt_and_how_prices_move_it_stand_in_one_line(
    panel_home: Path, lender: Path
) -> None:
    """An opening model that differs in severity alone, prices and times with it, leaves the model's line."""
    with lt.open(panel_home) as twin:
        opening = twin.as_of.replace(year=twin.as_of.year - 1)
        generator = twin.generator
        reacting = replace(twin.model, severity=SeverityReaction(0.3, 0.1, 0.1, 0.0, 6))
        low = replace(
            reacting,
            severity=SeverityReaction(0.0, 0.1, 0.1, 0.0, 6),
            lgd=replace(reacting.lgd, charged_off=0.5 * reacting.lgd.charged_off),
        )
        now = twin.at(twin.as_of, Learnt(reacting, generator))
        same, other = (
            moved(now, twin.at(opening, Learnt(model, generator)), lender) for model in (reacting, low)
        )
    assert same.lines["lgd"].amount == 0.0
    assert other.lines["lgd"].amount > 0.05 * other.closing
    # each loan's line is rounded to the cent by itself
    assert other.lines["model"].amount == pytest.approx(same.lines["model"].amount, abs=0.005 * 1_000)
