"""The language that is spoken now, and how a text is said in it. What has no entry stays English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from loantwin.language.catalogue import OTHER, PLAIN, Catalogue, catalogue

LANGUAGES = ("en", "zh")
TAGS = {"en": "en", "zh": "zh-CN"}
NAMES = {"en": "English", "zh": "中文"}
"""Each language's name in itself."""
BREAKS = ((". ", "。"), ("; ", "；"), (": ", "："), (", ", "，"), (" to ", " 至 "))
"""What parts a text with no entry of its own, and what stands between its parts when they are said."""
LETTERS = re.compile(r"[A-Za-z]{2}")
WORD = re.compile(r"[A-Za-z][a-z]")
"""What is a word, not a code in capitals as of a currency."""

FIGURES = re.compile(r"\d[\d,]*")

_spoken: ContextVar[str] = ContextVar("language", default="en")
_also: ContextVar[tuple[str, ...]] = ContextVar("also", default=())


def spoken() -> str:
    """Return the language in which tables and pages are made now."""
    return _spoken.get()


def also_spoken() -> tuple[str, ...]:
    """Return the languages that a page offers its reader beside the one spoken."""
    return _also.get()


def tag(language: str = "") -> str:
    """Return a language's name as HTML has it; of the one spoken where none is given."""
    return TAGS[language or spoken()]


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Make tables and pages in a language, one of `LANGUAGES`; of several, with commas between, tables are
    in the first, and pages hold all for their reader to choose.

    Raises ValueError where it is none of them.
    """
    asked = asked_languages(language)
    before, others = _spoken.set(asked[0]), _also.set(asked[1:])
    try:
        yield
    finally:
        _spoken.reset(before)
        _also.reset(others)


def asked_languages(words: str) -> tuple[str, ...]:
    """Return languages from a text that names one, or several with commas between.

    Raises ValueError where one is not of `LANGUAGES`, or stands twice.
    """
    asked = tuple(part.strip() for part in words.split(","))
    if not set(asked) <= set(LANGUAGES) or len(set(asked)) < len(asked):
        raise ValueError(f"expected one of {', '.join(LANGUAGES)}, or both as en,zh, was {words!r}")
    return asked


def said(text: str) -> str:
    """Return a text in the language spoken; figures, names and what has no entry as they are."""
    language = spoken()
    return text if language == "en" or not LETTERS.search(text) else _in(language, text)[0]


def said_under(heading: str, cell: str) -> str:
    """Return a cell said; as it is under a heading of the reader's own words, names of segments and files.

    What a heading has an entry for is said by that: a number of a column's kind is no number of loans.
    """
    if spoken() == "en":
        return cell
    book = catalogue(spoken())
    if heading in book.under and (made := _entry(book.under[heading], cell)) is not None:
        return made
    added = FIGURES.sub("{n}", cell) in book.sums
    return cell if heading in book.own and not added else said(cell)


def _entry(book: Catalogue, text: str) -> str | None:
    """Return what a catalogue has for a text as a whole, None where it has nothing."""
    made = (pattern.filled(text, said) for pattern in book.candidates(text))
    return book.exact.get(text.lower()) or next((one for one in made if one is not None), None)


@lru_cache(maxsize=20_000)
def _in(language: str, text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text in a language, and its parts without an entry."""
    book, bare = catalogue(language), text.replace("\u00a0", " ")
    lead = bare[: len(bare) - len(bare.lstrip())]
    bare = bare.strip()
    if bare.lower() in book.exact and bare not in book.kept:
        return lead + book.exact[bare.lower()], ()
    if bare in book.kept or OTHER.search(bare) or PLAIN.fullmatch(bare) or not WORD.search(bare):
        return text, ()
    for pattern in book.candidates(bare):
        missing: list[str] = []

        def inner(part: str, missing: list[str] = missing) -> str:
            made, left = _in(language, part)
            missing += left
            return made

        made = pattern.filled(bare, inner)
        if made is not None:
            return lead + made, tuple(missing)
    made, missing_parts = _in_parts(language, bare)
    return lead + made, missing_parts


def _in_parts(language: str, text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text said by parts: sentences each for itself, what commas part where all are known."""
    if text.endswith(".") and not text.endswith(".."):
        made, missing = _in(language, text[:-1])
        if made != text[:-1]:
            return made + ("。" if OTHER.search(made[-1]) or OTHER.search(made) else "."), missing
    closed = re.fullmatch(r"(.+) \(([^()]+)\)", text)
    for mark, other in BREAKS[:3]:
        if mark in text:
            parts = [_in(language, part) for part in text.split(mark)]
            if any(made != part for (made, _), part in zip(parts, text.split(mark), strict=True)):
                return other.join(made for made, _ in parts), tuple(p for _, left in parts for p in left)
    if closed is not None:
        outer, within = _in(language, closed[1]), _in(language, closed[2])
        if not outer[1]:
            return f"{outer[0]}（{within[0]}）", within[1]
    for mark, other in BREAKS[3:]:
        if mark in text:
            parts = [_in(language, part) for part in text.split(mark)]
            if not any(left for _, left in parts):
                return other.join(made for made, _ in parts), ()
    return text, (text,)
