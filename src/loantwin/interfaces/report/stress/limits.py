"""Rules and limits of a stress test."""

from __future__ import annotations

from loantwin.interfaces.report.blocks import PageBlock, Section, bullets, heading
from loantwin.interfaces.report.labels import plain
from loantwin.risk.stress.stress import StressResult


def limits(result: StressResult) -> Section:
    notes = [
        words if words.startswith(name) else f"{name}: {words}"
        for name, found in result.provenance.get("notes", {}).items()
        for words in found
        if "extrapolates" not in words
    ]
    blocks: list[PageBlock] = [
        bullets(result.rules),
        heading("Scenarios"),
        bullets([_shortened(words) for words in dict.fromkeys(notes)]),
    ]
    if result.not_observable:
        blocks += [heading("What this source cannot tell"), bullets(result.not_observable)]
    blocks += [
        heading("Settings"),
        bullets([f"{plain(name)}: {value:g}" for name, value in result.settings.items()]),
    ]
    return Section(
        "limits", "Rules and limits", "How the figures are made, and what they cannot say.", tuple(blocks)
    )


def _shortened(words: str) -> str:
    """Return a note with a long list of months cut to its first and last."""
    head, mark, months = words.partition(" held at 0 in ")
    listed = months.split(", ")
    return (
        words
        if not mark or len(listed) < 4
        else f"{head}{mark}{len(listed)} months, {listed[0]} to {listed[-1]}"
    )
