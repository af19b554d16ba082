"""The register: which rules there are, and which were in force on a day."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from loantwin.decisions.profiles import LegalRule, legal_rules
from loantwin.errors import UsageError, expected

LAW = {"us": "united-states", "eu": "european-union", "cn": "china"}
"""Profile of rules of law around decisions -> profile of the register; both names may be asked for."""


@dataclass(frozen=True)
class Register:
    """A rule. first, last : days in force, both included; last is None while it lasts.

    source : where its words were read, or "assumed".
    """

    id: str
    profile: str
    article: str
    words: str
    source: str
    first: dt.date
    last: dt.date | None

    def holds(self, day: dt.date) -> bool:
        """Return whether the rule was in force on a day."""
        return self.first <= day and (self.last is None or day <= self.last)


@cache
def register() -> tuple[Register, ...]:
    """Return every rule: those of measuring in the order of the file, then those of law around decisions."""
    own = _own()
    return (*own, *(_of_law(rule) for rule in legal_rules()))


def _of_law(rule: LegalRule) -> Register:
    return Register(rule.id, LAW[rule.profile], rule.article, rule.words, rule.source, rule.first, rule.last)


def _own() -> tuple[Register, ...]:
    text = files(__package__).joinpath("rules.toml").read_text(encoding="utf-8")
    return tuple(
        Register(
            id=item["id"],
            profile=item["profile"],
            article=item["article"],
            words=item["words"],
            source=item["source"],
            first=item["from"],
            last=item.get("to"),
        )
        for item in tomllib.loads(text)["rule"]
    )


def profiles() -> tuple[str, ...]:
    """Return the names of the profiles, each once, in the order of the file."""
    return tuple(dict.fromkeys(item.profile for item in register()))


def of_profiles(asked: Sequence[str]) -> tuple[Register, ...]:
    """Return the rules of some profiles; of all where none is asked for.

    Raises
    ------
    UsageError : an unknown profile.
    """
    names = [LAW.get(name, name) for name in asked]
    for name in names:
        if name not in profiles():
            raise UsageError(expected("one of " + ", ".join(profiles()), name), field="profile")
    return tuple(item for item in register() if not asked or item.profile in names)
