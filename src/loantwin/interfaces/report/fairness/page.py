"""The page of `fairness`: approvals by group, at equal risk, ends, months; opens offline."""

from __future__ import annotations

from pathlib import Path

from loantwin.decisions.fairness.measure import GroupFigures
from loantwin.files import check_page, replace_file
from loantwin.interfaces.report.blocks import Tile
from loantwin.interfaces.report.fairness import parts
from loantwin.interfaces.report.fairness.words import ends, part, ratio
from loantwin.interfaces.report.page import Page, facts, made_by, rendered
from loantwin.verbs.fairness import FairnessResult


def write(result: FairnessResult, out: Path | str) -> Path:
    """Write the page, replacing an old one when whole; raise InputError where it cannot be written."""
    target = Path(out)
    check_page(target, "out")
    replace_file(target, page(result), "out", private=True)
    return target


def page(result: FairnessResult) -> str:
    """Return the page as HTML, self-contained."""
    sections = (
        parts.approvals(result),
        parts.equal(result),
        parts.opportunity(result),
        parts.ended(result),
        parts.months(result),
        parts.how(result),
    )
    day = max((item.month for item in result.months), default="")  # of the last case; without --month unknown
    return rendered(
        Page(
            title="Fairness",
            lead=(
                f"Decisions on {result.cases:,} cases by {result.group}: figures with 95 % intervals, "
                "no verdicts."
            ),
            summary=_summary(result),
            facts=facts(result.provenance, day),
            tiles=_tiles(result),
            sections=tuple(section for section in sections if section is not None),
            footer=made_by(result.provenance),
        )
    )


def _lowest(result: FairnessResult) -> GroupFigures | None:
    name = parts.figure_of(result)
    told = [item for item in result.groups if (found := getattr(item, name)) and found.value is not None]
    return min(told, key=lambda item: getattr(item, name).value) if told else None


def _summary(result: FairnessResult) -> str:
    """Return the lowest ratio beside the reference, with its interval and its cases."""
    found = _lowest(result)
    if found is None:
        return (
            f"No group can be set beside {result.reference}: each has too few cases of its {result.cases:,}."
        )
    item = getattr(found, parts.figure_of(result))
    if result.levels_kept:
        own = result.groups[0]
        return (
            f"Of {result.reference} {part(own.approval)} were approved, of {found.group} "
            f"{part(found.approval)}: a ratio "
            f"of {ratio(item)}, interval {ends(item)}, on {found.cases:,} cases, the lowest of "
            f"{len(result.groups) - 1:,} compared."
        )
    return (
        f"Shares of approval are not shown; the lowest odds ratio beside {result.reference} is "
        f"{ratio(item)}, "
        f"interval {ends(item)}, that of {found.group}, on {found.cases:,} cases."
    )


def _tiles(result: FairnessResult) -> tuple[Tile, ...]:
    found = _lowest(result)
    made = [Tile("Cases", f"{result.cases:,}", f"{result.approved:,} approved")]
    if found is not None:
        if result.levels_kept:
            made.append(
                Tile("Lowest approval ratio", ratio(found.approval_ratio), ends(found.approval_ratio))
            )
        made.append(
            Tile(
                "Its odds ratio" if result.levels_kept else "Lowest odds ratio",
                ratio(found.odds_ratio),
                ends(found.odds_ratio),
            )
        )
        for words, items in (
            ("The same at equal risk", result.at_equal_risk),
            ("The same at equal columns", result.at_equal_columns),
        ):
            own = next((item for item in items if item.group == found.group and item.odds_ratio), None)
            if own is not None:
                made.append(Tile(words, ratio(own.odds_ratio), ends(own.odds_ratio)))
    held = [item.odds_ratio for item in result.groups if item.odds_ratio is not None]
    made.append(
        Tile(
            "Intervals that hold equality",
            f"{sum(item.holds(1.0) for item in held)}",
            f"of {len(held)} groups",
        )
    )
    return tuple(made)
