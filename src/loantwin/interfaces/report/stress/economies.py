"""The economies of a stress test: what the generator thinks possible, and the scenarios over it."""

from __future__ import annotations

from loantwin.interfaces.report.blocks import PageBlock, Section, bullets, details, note, pictures, text
from loantwin.interfaces.report.labels import plain
from loantwin.interfaces.report.stress import charts
from loantwin.macro.factors import KNOWN
from loantwin.risk.stress.stress import StressResult


def economies(result: StressResult, colour: dict[str, str]) -> Section:
    labels = result.paths[result.baseline].months
    made = []
    for factor, lines in result.macro.items():
        kind = KNOWN.get(factor, ("",))[0]
        chart = charts.scenario_fan(
            plain(factor).capitalize(),
            labels,
            lines,
            colour,
            unit="index" if kind == "index" else "%",
            percent=kind != "index",
        )
        words = KNOWN[factor][1] if factor in KNOWN else ""
        made.append((chart, "" if words.lower() == plain(factor) else words))
    blocks: list[PageBlock] = (
        [pictures(*made)] if made else [text("No macro factor moves this book: its history teaches none.")]
    )
    beyond = [
        words
        for notes in result.provenance.get("notes", {}).values()
        for words in notes
        if "extrapolates" in words
    ]
    if beyond:
        blocks.append(
            note(
                "Some scenarios drive the model beyond anything its history holds; what it says there is "
                "an extrapolation."
            )
        )
        blocks.append(details("Which, and how far", bullets([_covariate(words) for words in beyond])))
    lead = (
        "The factors that move this book: what the macro generator thinks possible from the as-of date, "
        "and the scenarios over it."
    )
    return Section("economies", "The economies", lead, tuple(blocks))


def _covariate(words: str) -> str:
    return plain(
        words.replace(".change_12m", ", change in 12 months")
        .replace(".log_ratio_12m", ", log change in 12 months")
        .replace(".lag", ", lag ")
        .replace(".level", "")
    )
