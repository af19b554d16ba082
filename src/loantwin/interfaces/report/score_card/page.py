"""The page of `score card`: what a committee reads of a score; opens offline."""

from __future__ import annotations

from pathlib import Path

from loantwin.files import check_page, replace_file
from loantwin.interfaces.report.blocks import Tile, percent
from loantwin.interfaces.report.labels import three
from loantwin.interfaces.report.page import Page, facts, made_by, rendered
from loantwin.interfaces.report.score_card import behaviour, figures, origin
from loantwin.interfaces.report.score_card.figures import off
from loantwin.verbs.score_card import ScoreCardResult


def write(result: ScoreCardResult, out: Path | str) -> Path:
    """Write the page, replacing an old one when whole; raise InputError where it cannot be written."""
    target = Path(out)
    check_page(target, "out")
    replace_file(target, page(result), "out", private=True)
    return target


def page(result: ScoreCardResult) -> str:
    """Return the page as HTML, self-contained."""
    sections = (
        origin.purpose(result),
        origin.data(result),
        figures.judged(result),
        figures.discrimination(result),
        figures.calibration(result),
        behaviour.segments(result),
        behaviour.periods(result),
        behaviour.other(result),
        origin.features(result),
        origin.points(result),
        behaviour.fairness(result),
        origin.approvals(result),
        origin.settings(result),
        origin.assumed(result),
    )
    day = result.dates[-1] if result.dates else ""  # of the last case; a file without days tells none
    return rendered(
        Page(
            title="Model card",
            lead=(
                f"A score for the probability of a bad end: {result.champion}, registry id "
                f"{result.registry_id}."
            ),
            summary=_summary(result),
            facts=facts(result.provenance, day),
            tiles=_tiles(result),
            sections=tuple(section for section in sections if section is not None),
            footer=made_by(result.provenance),
        )
    )


def _summary(result: ScoreCardResult) -> str:
    """Return how good the champion is, on what, and what must be known first."""
    own = result.models[result.champion]
    ends = f"95 % interval {own.auc_low:.3f} to {own.auc_high:.3f}"
    words = (
        f"On cases it was not trained on the champion, {result.champion}, has an AUC of {own.auc:.3f}, "
        f"{ends}, and a Brier score of {own.brier:.4f}. "
    )
    outside = off(result)
    words += f"{outside} of {len(own.deciles)} predictions lie outside the interval of what was observed. "
    if result.leaks:
        return words + f"Suspected to know the outcome and left out unless kept: {len(result.leaks)} columns."
    return words + "No column is suspected to know the outcome."


def _tiles(result: ScoreCardResult) -> tuple[Tile, ...]:
    own = result.models[result.champion]
    made = [
        Tile("Champion", result.champion, f"of {len(result.models)} models"),
        Tile("Cases", f"{result.rows:,}", _bads(result)),
        Tile("AUC", three(own.auc), f"{own.auc_low:.3f} to {own.auc_high:.3f}"),
        Tile("KS", three(own.ks), f"Gini {own.gini:.3f}"),
        Tile("Brier score", f"{own.brier:.4f}", f"{own.brier_low:.4f} to {own.brier_high:.4f}"),
        Tile("Calibration slope", f"{own.calibration_slope:.2f}", "1 is best, below: too far apart"),
    ]
    if own.stability is not None:
        made.append(Tile("Stability (PSI)", three(own.stability), "of the score, later rows"))
    return tuple(made)


def _bads(result: ScoreCardResult) -> str:
    return "" if result.bads is None else f"{result.bads:,} bad, {percent(result.bads / result.rows, 1)}"
