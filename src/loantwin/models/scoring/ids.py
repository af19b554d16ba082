"""Which columns of numbers name cases: numbers in sequence, or of a name that says so."""

from __future__ import annotations

import re

import numpy as np

from loantwin.arrays import Floats

DIFFERENT = 0.99
"""Share of the values there are, at least, that are values of their own."""
IN_STEP = 0.5
"""Share of the gaps between neighbours, at least, that are one and the same: cases left out leave holes."""
ONE_LENGTH = 0.9
"""Share of values, at least, of one count of digits where only the name speaks."""
NAMES_CASES = ": it names cases; --keep reads it as a number"

_ID = {"id", "ids", "uuid", "key", "index", "rowid", "unnamed"}
_NUMBER = {
    "no",
    "nr",
    "num",
    "nummer",
    "number",
    "account",
    "konto",
    "contract",
    "vertrag",
    "ref",
    "reference",
}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def why_id(name: str, known: Floats) -> str | None:
    """Return why numbers (K,), none missing, name cases; None where they may be a feature.

    They are whole and nearly all different, and in even steps, or the name says id, or it says number and
    they have one count of digits. An amount that is different in every case is none of these (thresholds
    assumed).
    """
    if len(known) < 2 or not bool((known == np.round(known)).all()):
        return None
    values = np.unique(known)
    if len(values) < DIFFERENT * len(known):
        return None
    counts = np.unique(np.diff(values), return_counts=True)[1]
    if counts.max() >= IN_STEP * (len(values) - 1):
        return f"a number of its own in nearly every row, in sequence{NAMES_CASES}"
    words = {word.lower() for word in _WORD.findall(name)}
    digits = np.floor(np.log10(np.maximum(np.abs(values), 1.0)))
    even = np.unique(digits, return_counts=True)[1].max() >= ONE_LENGTH * len(values)
    if words & _ID or (words & _NUMBER and "of" not in words and even):
        return f"a number of its own in nearly every row, and a name of ids{NAMES_CASES}"
    return None
