"""Codes of a lender in the words of the schema: only those whose meaning is known, the others are left to
people.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from loantwin.book.guess.names import folded, word_list

FREDDIE: dict[str, dict[str, Any]] = {
    "values": {"RA": "settled", "R": "settled", "XX": "", "X": "", "": ""},
    "breaks": {
        "current": 0,
        "dpd_30_59": 1,
        "dpd_60_89": 2,
        "default_0_3": 5,
        "default_3_6": 8,
        "default_6_9": 11,
    },
}
"""Arrears in months, as agencies of the United States report them."""

_RANGE = re.compile(
    r"(\d{1,3})\s*(?:-|–|to|bis|a|~|至)\s*(\d{1,3})\s*(?:\+)?\s*(d|dpd|days?|tage|dias|jours|giorni|天|日)?"
)
_ABOVE = re.compile(
    r"(?:>|≥|>=|over|above|more than|mas de|plus de|uber|ueber|ab|超过)\s*=?\s*(\d{1,3})"
    r"|(\d{1,3})\s*(?:\+|plus|天以上|日以上)"
)
_BELOW = re.compile(r"(?:<|<=|≤|under|less than|unter|bis)\s*=?\s*(\d{1,3})\s*(?:d|dpd|days?|tage|天|日)")
_WORDS = re.compile(r"[\W_]+")

SMA = {"sma0": "dpd_1_29", "sma1": "dpd_30_59", "sma2": "dpd_60_89"}
"""Special mention accounts of the Reserve Bank of India."""


@cache
def vocabulary(field: str) -> Mapping[str, str]:
    """Return the known codes of a field, as they are compared, with what each means."""
    document = tomllib.loads((Path(__file__).parent / "codes.toml").read_text(encoding="utf-8"))
    return {
        plain(code): meant for meant, codes in document.get(field, {}).items() for code in codes.split("|")
    }


@cache
def coded_fields() -> tuple[str, ...]:
    """Return the fields of which codes are known."""
    return tuple(tomllib.loads((Path(__file__).parent / "codes.toml").read_text(encoding="utf-8")))


def plain(code: str) -> str:
    """Return a code as it is compared: small letters, no accents, blanks or punctuation."""
    text = folded(code)
    spelt = text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return _WORDS.sub("", spelt)


def meant(field: str, codes: Iterable[str]) -> dict[str, str | None]:
    """Return what each code means in a field, None where nobody knows.

    German umlauts count as they are written out, and as the letters without them.
    """
    known = vocabulary(field)
    bare = {
        key.replace("ae", "a").replace("oe", "o").replace("ue", "u"): value for key, value in known.items()
    }
    made: dict[str, str | None] = {}
    for code in codes:
        key = plain(code)
        made[code] = known.get(key) or (bare.get(key) if len(key) > 4 else None)
        if made[code] is None and field in ("state", "status"):
            made[code] = _arrears(code, field)
    return made


def says_live(code: str, meaning: str | None) -> bool:
    """Return whether a code of a state says that a loan is live, and not that it pays on time."""
    return (
        meaning == "current"
        and plain(code) not in {plain(word) for word in word_list("on_time")}
        and _arrears(code, "state") is None
    )


def _arrears(code: str, field: str) -> str | None:
    """Return the state that a range of days, or a known prefix of a status, tells."""
    text = folded(code).replace("does not meet the credit policy. status:", "").strip()
    if text != folded(code):
        return meant(field, [text])[text]
    if plain(code) in SMA:
        return SMA[plain(code)] if field == "state" else "late"
    if re.fullmatch(r"0\s*(?:d|dpd|days?|tage|天|日)\W*(?:past due|late|overdue)?", text):
        return "current"
    found = _RANGE.search(text)
    if found is not None and (
        found[3]
        or re.fullmatch(r"\W*\d+\D{1,4}\d+\W*", text)
        or "dpd" in text
        or "late" in text
        or "past due" in text
    ):
        return _of_days(int(found[1]), int(found[2]), field)
    found = _ABOVE.search(text)
    if found is not None and (
        re.search(r"d|day|tag|dia|jour|天|日|late|past due", text) or re.fullmatch(r"\W*\d+\W*", text)
    ):
        return _of_days(int(found[1] or found[2]) + 1, 10_000, field)
    found = _BELOW.search(text)
    if found is not None:
        return _of_days(1, int(found[1]), field)
    return None


def _of_days(low: int, high: int, field: str) -> str | None:
    """Return the state whose days hold the middle of a range: the bounds of lenders differ by a day from
    ours.
    """
    if field == "status":
        return "current" if high <= 0 else "default" if low >= 90 else "late"
    if low <= 0 and high <= 0:
        return "current"
    middle = low + 1 if high > 1000 else (max(low, 1) + high) / 2
    if high <= 1000 and high - low > 45 and low < 90:
        return None
    for state, end in (
        ("dpd_1_29", 30),
        ("dpd_30_59", 60),
        ("dpd_60_89", 90),
        ("default_0_3", 180),
        ("default_3_6", 270),
        ("default_6_9", 360),
    ):
        if middle <= end:
            return state
    return "default_9_12" if middle <= 450 else "default_12_plus"
