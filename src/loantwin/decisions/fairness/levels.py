"""Whether shares of approval in a file are those of the lender, or of how the file's cases were chosen.

A file whose cases were chosen by their outcome (as many approved as declined, say) keeps odds ratios and
loses everything else: shares, their differences and ratios say how cases were chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

from loantwin.errors import choice

NATURAL, SAMPLED = "natural", "sampled"
NEAR_HALF = 0.03
"""Distance of the approved share from one half up to which cases look balanced by outcome; assumed."""
ROUND = 100
"""Both outcomes in whole multiples of this look drawn by number: by chance one file in 10,000; assumed."""


@dataclass(frozen=True)
class Levels:
    """What shares of approval are worth. kept : whether they stand. words : how that is known."""

    kept: bool
    words: str


def levels_of(approved: int, cases: int, told: str | None) -> Levels:
    """Return whether shares and ratios of approval may be shown.

    What the caller tells decides. Where nothing is told they are refused if the cases look chosen by
    outcome: near one half approved, or both outcomes in round numbers. Neither proves it, so that one word
    undoes the refusal; and no count can prove the opposite, so that what was not told is said.

    Parameters
    ----------
    approved, cases : of the whole file, before any is left out for its group. told : `natural` (every
        decision, or cases drawn whatever the decision), `sampled` (drawn by the decision), None.

    Raises
    ------
    UsageError : another word.
    """
    share, counts = approved / cases, f"{approved:,} of {cases:,} cases are approved"
    if told is not None:
        if choice(told, (NATURAL, SAMPLED), "levels") == NATURAL:
            return Levels(True, "natural, as stated")
        return Levels(False, "cases were chosen by their outcome, as stated")
    if abs(share - 0.5) <= NEAR_HALF:
        words = f"{counts}, {100 * share:.1f} %, within 3 points of one half"
        return Levels(False, f"{words}: they look chosen by their outcome")
    if approved % ROUND == 0 and (cases - approved) % ROUND == 0:
        words = f"{counts} and {cases - approved:,} declined, round numbers both: they look drawn by number"
        return Levels(False, words)
    return Levels(True, "taken as natural: nothing was stated, and a file cannot prove it")


def refusal(levels: Levels) -> str:
    """Return why shares and ratios of approval are not shown, and what to do."""
    return (
        f"{levels.words}. Then shares, differences and ratios of approval say how cases were chosen; "
        "only odds "
        "ratios survive. State natural levels if the file holds every decision"
    )
