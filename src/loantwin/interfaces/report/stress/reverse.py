"""Reverse stress: how bad it must get."""

from __future__ import annotations

from loantwin.interfaces.report.blocks import PageBlock, Section, heading, percent, table, text
from loantwin.interfaces.report.labels import plain
from loantwin.interfaces.report.stress.figures import amount
from loantwin.interfaces.report.stress.rarity import rarity_blocks
from loantwin.macro.factors import KNOWN
from loantwin.risk.stress.reverse import ReverseStress
from loantwin.risk.stress.stress import StressResult


def reverse(result: StressResult) -> Section | None:
    if not result.reverse:
        return None
    blocks: list[PageBlock] = []
    for found in result.reverse:
        blocks += [heading(found.name), text(_reverse_words(found))]
        blocks += [*rarity_blocks(found, result.crises), _peak_table(found)]
    lead = (
        "How bad must it get? The mildest path of the economy that reaches a target; its lines are in "
        "every picture above."
    )
    return Section("reverse", "Reverse stress", lead, tuple(blocks))


def _reverse_words(found: ReverseStress) -> str:
    ratio = found.figure in ("coverage", "cet1")
    shown = percent if ratio else amount
    many = "none" if not found.generated_beyond else f"{found.generated_beyond}"
    return (
        f"{plain(found.figure).capitalize()} of {shown(found.reached)} (expected path: "
        f"{shown(found.expected)}) is reached {found.distance:.2f} standard deviations from the expected "
        f"path. Of {found.generated_paths:,} generated paths, whose shocks are those of history, {many} cost "
        "as much."
        + "".join(f" {note.partition(': ')[2].capitalize()}." for note in found.notes if "ever seen" in note)
    )


def _peak_table(found: ReverseStress) -> PageBlock:
    rows = []
    for name, peak in found.peaks.items():
        index = KNOWN.get(name, ("",))[0] == "index"
        shown = (lambda value: f"{value:,.1f}") if index else percent
        rows.append((plain(name), peak.month, shown(peak.value), shown(peak.expected)))
    return table(("factor", "farthest in", "on the path", "expected"), rows)
