"""What a column's name says: its words, their meanings, and which field of the schema such a name stands for.

The knowledge is data: `words.toml` has what words mean, `fields.toml` how lenders name each field.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from loantwin.book.currencies import CODES

NOTHING = "nothing"
"""What stands in the table of fields for columns that the schema has no place for."""

ORIGINAL_RATE = "original_rate"


@cache
def word_list(name: str) -> frozenset[str]:
    """Return one of the lists of words that the rules of names speak of."""
    document = tomllib.loads((Path(__file__).parent / "lists.toml").read_text(encoding="utf-8"))
    return frozenset(word.replace("_", " ") for word in document[name].split())


_STOPS = word_list("stops")
_PHRASES = (
    (re.compile(r"\bas[\s_-]*(?:of|at|on)\b"), " asof "),
    (re.compile(r"\bloan[\s_-]*to[\s_-]*value\b"), " ltv "),
    (re.compile(r"\bdebt[\s_-]*to[\s_-]*income\b"), " dti "),
    (re.compile(r"\bcrd[\s_-]*(?=li?mi?t|lim\b|line)"), "credit "),  # elsewhere French for what is owed
    (re.compile(r"\bpaid[\s_-]*through\b"), " paid interest "),
    (re.compile(r"\b(?:number|no|num|nbr)\.?[\s-]+of\b"), " count "),
    (re.compile(r"\ba/c\b"), " account "),
    (re.compile(r"\bdays?[\s_-]*o/?d\b"), " days past due "),
    (re.compile(r"\bo/s\b|\bout[\s_-]*standing\b"), " outstanding "),
    (re.compile(r"\bp\.?\s?a\b\.?"), " annual "),
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_DAY = re.compile(
    r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{4}[./-]\d{1,2}(?:[./-]\d{1,2})?\b|\b(?:19|20)\d\d\b"
)
"""A day or a year within a name: when the file was made."""

_PARTS = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_JOINTS = ("", "s", "es", "n", "en", "er", "e")
"""What may stand between the parts of a compound word."""

_LEAST = 3
"""Letters of the shortest part of a compound."""

KINDS_OF_WORDS = word_list("kinds")
TURNING = word_list("turning")

NEUTRAL_SHARE, NUMBER_SHARE, UNKNOWN_SHARE, SHORT_SHARE, KNOWN_SHARE, TURNING_SHARE, KIND_SHARE = (
    0.99,
    0.7,
    0.75,
    0.85,
    0.6,
    0.2,
    0.25,
)
TIME_SHARE = 0.97
"""What is left of a name's weight for each meaning that its pattern does not explain."""


@dataclass(frozen=True)
class Pattern:
    """Meanings that a name must hold to stand for a field, and how often it then does."""

    field: str
    meanings: frozenset[str]
    weight: float


@dataclass(frozen=True)
class Knowledge:
    """The two tables: spelling -> meanings; patterns by their rarest meaning; what is neutral for a field."""

    words: Mapping[str, tuple[str, ...]]
    patterns: Mapping[str, tuple[Pattern, ...]]
    neutral: Mapping[str, frozenset[str]]
    meanings: frozenset[str]


@cache
def knowledge() -> Knowledge:
    """Return the tables of words and fields."""
    folder = Path(__file__).parent
    stated = tomllib.loads((folder / "words.toml").read_text(encoding="utf-8"))
    words = {
        folded(spelling): tuple(meaning.split())
        for meaning, spellings in stated.items()
        for spelling in spellings.split()
    }
    made: list[Pattern] = []
    neutral: dict[str, frozenset[str]] = {}
    for field, entry in tomllib.loads((folder / "fields.toml").read_text(encoding="utf-8")).items():
        neutral[field] = frozenset(entry["neutral"].split())
        for line in entry["names"]:
            name, _, weight = line.rpartition(" ")
            made.append(Pattern(field, frozenset(_known(name.split(), words)), float(weight)))
    counts: dict[str, int] = {}
    for pattern in made:
        for meaning in pattern.meanings:
            counts[meaning] = counts.get(meaning, 0) + 1
    by_rarest: dict[str, list[Pattern]] = {}
    for pattern in made:
        by_rarest.setdefault(min(sorted(pattern.meanings), key=counts.__getitem__), []).append(pattern)
    found = frozenset(counts) | frozenset(part for parts in words.values() for part in parts)
    return Knowledge(words, {key: tuple(items) for key, items in by_rarest.items()}, neutral, found)


def folded(text: str) -> str:
    """Return a text in small letters without accents, wide letters as narrow ones."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ß", "ss")
    if plain.isascii():
        return plain
    parts = unicodedata.normalize("NFD", plain)
    kept = "".join(sign for sign in parts if not ("\u0300" <= sign <= "\u036f"))
    return unicodedata.normalize("NFC", kept).replace("ł", "l").replace("ø", "o")


def meanings(name: str) -> tuple[str, ...]:
    """Return the meanings of a name's words, in order; a word nobody knows stands for itself."""
    text = unicodedata.normalize("NFKC", name).replace("%", " percent ").replace("#", " number ")
    text = folded(_CAMEL.sub(" ", _DAY.sub(" ", text))).replace("_", " ")
    for phrase, meant in _PHRASES:
        text = phrase.sub(meant, text)
    words = [word for word in _PARTS.findall(text) if word not in _STOPS]
    # Of "Approved on" the last word says that it is a date; elsewhere it says nothing.
    words = [word for place, word in enumerate(words) if word != "on" or place == len(words) - 1]
    if len(words) > 1 and words[-1] == "d":  # issue_d, as LendingClub writes dates
        words[-1] = "date"
    table = knowledge().words
    if (
        len(words) > 1
        and table.get(words[0]) == ("number",)
        and words[-1].isascii()
        and words[-1].endswith("s")
    ):
        words[0] = "count"  # number_borrowers counts them, borrower_number does not
    kept = [word for word in words if word in table or word.upper() not in CODES] if len(words) > 1 else words
    return tuple(dict.fromkeys(_known(kept, table)))


@cache
def fields_of(name: str) -> Mapping[str, float]:
    """Return the fields that a column of this name may be, each with its share; `NOTHING` among them."""
    return fields_meant(frozenset(meanings(name)))


@cache
def fields_meant(said: frozenset[str]) -> Mapping[str, float]:
    """Return the fields that a name of these meanings may stand for."""
    table = knowledge()
    best: dict[str, float] = {}
    for meaning in said:
        for pattern in table.patterns.get(meaning, ()):
            if pattern.meanings <= said:
                left = pattern.weight * _left(
                    said - pattern.meanings, table.neutral[pattern.field], table, pattern
                )
                if left > best.get(pattern.field, 0.0):
                    best[pattern.field] = left
    nothing = best.get(NOTHING, 0.0)
    return {
        field: share if field == NOTHING or share > nothing else share * (1.0 - nothing)
        for field, share in best.items()
    }


def _left(extra: frozenset[str], neutral: frozenset[str], table: Knowledge, pattern: Pattern) -> float:
    """Return which share of a pattern's weight is left beside the meanings that it does not explain."""
    left = 1.0
    for meaning in extra:
        if meaning in neutral:
            left *= NEUTRAL_SHARE
        elif meaning == "time":
            left *= TIME_SHARE
        elif meaning.isdigit():
            left *= NUMBER_SHARE
        elif meaning in TURNING:
            left *= TURNING_SHARE if pattern.field != NOTHING else KNOWN_SHARE
        elif meaning in KINDS_OF_WORDS:
            left *= KIND_SHARE if pattern.field != NOTHING else KNOWN_SHARE
        elif meaning in table.meanings:
            left *= KNOWN_SHARE
        else:
            left *= SHORT_SHARE if len(meaning) <= 2 else UNKNOWN_SHARE
    return left


def _known(words: Iterable[str], table: Mapping[str, tuple[str, ...]]) -> list[str]:
    found: list[str] = []
    for word in words:
        found.extend(table.get(word) or _taken_apart(word, table) or (word,))
    return found


def _taken_apart(word: str, table: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the meanings of the parts of a compound, or of signs written without blanks; none where a rest
    is left.

    The longest parts win: restschuld is a rest of a debt, kreditnehmernummer a number of borrowers.
    """
    signs = bool(_CJK.search(word))
    if word in ("",) or (not signs and (len(word) < 5 or not word.isalpha() or len(word) > 40)):
        return ()
    least = 1 if signs else _LEAST
    # best[i]: the fewest parts that make word[:i], with their meanings; a sign nobody knows costs three
    # parts.
    best: list[tuple[int, tuple[str, ...]] | None] = [(0, ())] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 24), end):
            before = best[start]
            if before is None:
                continue
            parts = _part(word[start:end], table, least, end == len(word))
            if parts is None and signs and end - start == 1:
                made = (before[0] + 3, (*before[1], word[start:end]))
            elif parts is None:
                continue
            else:
                made = (before[0] + 1, (*before[1], *parts))
            held = best[end]
            if held is None or made[0] <= held[0]:
                best[end] = made
    last = best[len(word)]
    return () if last is None else tuple(part for part in last[1] if part not in _STOPS)


def _part(text: str, table: Mapping[str, tuple[str, ...]], least: int, final: bool) -> tuple[str, ...] | None:
    for joint in ("",) if final or least == 1 else _JOINTS:
        if text.endswith(joint):
            stem = text[: len(text) - len(joint)] if joint else text
            if len(stem) >= least and stem in table:
                return table[stem]
            if least == 1 and stem in _STOPS:
                return ()
    return None
