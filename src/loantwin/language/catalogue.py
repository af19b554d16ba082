"""A catalogue: English texts and what stands for them; holes take figures and names through unchanged.

`{}` takes any text as it is, `{n}` a figure, `{c}` a currency, `{w}` a text that is itself looked
up. Holes stand in the same order on both sides, so that figures do.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

HOLE = re.compile(r"\{[nwc]?\}")
FIGURE = (
    r"(?:[-+−±×<>≥≤x~] ?)?(?:below )?[-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?:-\d\d){0,2}"
    r"(?: ?(?:%|[kM]|bn)(?![A-Za-z]))?|–"
)
"""A figure as tables and pages write it: digits with their marks, a month or a date, a dash for none."""
HELD = {"{}": r"((?:(?!\. |; ).)+?)", "{w}": "(.+?)", "{n}": f"({FIGURE})", "{c}": "((?-i:[A-Z]{3}))"}
"""What holes take; a name never goes on into the next sentence."""
LONGEST = 600
"""Characters of the longest text that an entry with holes is tried on: tries grow faster than it."""
PLAIN = re.compile(rf"(?:{FIGURE})(?: (?:{FIGURE}))*")
OTHER = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
"""A character of a text that is translated already."""


@dataclass(frozen=True)
class Pattern:
    """One entry with holes: how it is found, and the parts between its holes on the other side.

    words : its English between the holes, in small letters. own : their characters; more of them go first.
    """

    found: re.Pattern[str]
    words: tuple[str, ...]
    own: int
    holes: tuple[str, ...]
    parts: tuple[str, ...]

    def filled(self, text: str, inner: Callable[[str], str]) -> str | None:
        """Return a text's translation, None where it is another text; `inner` looks up what `{w}` took."""
        match = self.found.fullmatch(text)
        if match is None:
            return None
        made = [self.parts[0]]
        for hole, took, part in zip(self.holes, match.groups(), self.parts[1:], strict=True):
            made += [inner(took) if hole == "{w}" else took, part]
        return "".join(made)


@dataclass(frozen=True)
class Catalogue:
    """All entries of a language: `exact` by their English, `patterns` by the first word where it is fixed.

    own : headings of columns whose cells are the reader's own words; sums : rows there that the program adds.
    kept : texts that stay as they are. under : by heading, the entries that hold for cells there alone.
    """

    exact: Mapping[str, str]
    patterns: Mapping[str, tuple[Pattern, ...]]
    own: frozenset[str]
    sums: frozenset[str]
    kept: frozenset[str]
    under: Mapping[str, Catalogue]

    def candidates(self, text: str) -> Iterator[Pattern]:
        """Yield the entries that may be a text, those with most words of their own first."""
        if len(text) > LONGEST:
            return
        small = text.lower()
        many = (*self.patterns.get(_first(text), ()), *self.patterns.get("", ()))
        told = (pattern for pattern in many if all(word in small for word in pattern.words))
        yield from sorted(told, key=lambda pattern: -pattern.own)


@cache
def catalogue(language: str) -> Catalogue:
    """Return a language's catalogue.

    Raises ValueError where an entry's holes differ from those of its English, or it stands twice.
    """
    document = tomllib.loads((files("loantwin.language") / f"{language}.toml").read_text(encoding="utf-8"))
    own, sums, kept = (frozenset(document["own"][name]) for name in ("headings", "sums", "kept"))
    under = {
        heading: Catalogue(*_entries([section]), frozenset(), frozenset(), frozenset(), {})
        for heading, section in document["under"].items()
    }
    return Catalogue(*_entries(document["say"].values()), own, sums, kept, under)


def _entries(
    sections: Iterable[Mapping[str, str]],
) -> tuple[dict[str, str], dict[str, tuple[Pattern, ...]]]:
    """Return the entries of sections: without holes by their English, the others by their first word."""
    exact: dict[str, str] = {}
    seen: set[str] = set()
    found: dict[str, list[Pattern]] = {}
    for section in sections:
        for english, other in section.items():
            holes = tuple(HOLE.findall(english))
            if holes != tuple(HOLE.findall(other)):
                raise ValueError(f"expected the holes of {english!r} in their order, was {other!r}")
            if english.lower() in seen:
                raise ValueError(f"expected one entry for {english!r}, was a second")
            seen.add(english.lower())
            if not holes:
                exact[english.lower()] = other
                continue
            words = HOLE.split(english)
            made = Pattern(
                _compiled(words, holes),
                tuple(word.lower() for word in words),
                sum(map(len, words)),
                holes,
                tuple(HOLE.split(other)),
            )
            found.setdefault(_first(words[0]) if " " in words[0] else "", []).append(made)
    return exact, {first: tuple(many) for first, many in found.items()}


def _first(text: str) -> str:
    return text.partition(" ")[0].lower()


def _compiled(words: list[str], holes: tuple[str, ...]) -> re.Pattern[str]:
    made = re.escape(words[0])
    for hole, word in zip(holes, words[1:], strict=True):
        made += HELD[hole] + re.escape(word)
    return re.compile(made, re.DOTALL | re.IGNORECASE)
