"""`compliance`: every rule in force, tested on the twin today; the score is 1 or the breaches are named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loantwin.interfaces.compliance.checks import SHOWN, Outcome, check_of
from loantwin.interfaces.compliance.evidence import Evidence
from loantwin.interfaces.compliance.register import Register, of_profiles
from loantwin.months import day as day_of
from loantwin.twin import Twin, opened
from loantwin.types import Progress, Result, silent

ASSUMED = "assumed"


@dataclass(frozen=True)
class TestedRule:
    """A rule and what its test found. JSON names its days `from` and `to`; `to` is null while it lasts.

    test : name of the test. last_run : when it ran, null where the rule is not in force or not applicable.
    passed : null where it is not applicable; `why` then says why. looked_at : loans, rows or figures.
        breaches : by name, at most 20; breach_count : of all. assumed : its words could not be read.
    """

    id: str
    profile: str
    article: str
    words: str
    source: str
    first: dt.date
    last: dt.date | None
    test: str
    last_run: str | None
    passed: bool | None
    looked_at: int
    breaches: tuple[str, ...]
    breach_count: int
    why: str
    assumed: bool


@dataclass(frozen=True)
class ComplianceResult(Result):
    """The register tested. score : rules passed / rules applicable, null where none is.

    day : on which rules had to be in force. by_profile : the score of each profile with applicable rules.
    """

    SCHEMA = "loantwin.compliance/1"

    as_of: dt.date
    day: dt.date
    score: float | None
    applicable: int
    passed: int
    by_profile: Mapping[str, float]
    rules: tuple[TestedRule, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the document; days in force are named `from` and `to`."""
        document = super().to_dict()
        document["rules"] = [
            {_NAMES.get(name, name): value for name, value in rule.items()} for rule in document["rules"]
        ]
        return document

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of `to_dict()`."""
        document = super().json_schema()
        item = document["properties"]["rules"]["items"]
        item["properties"] = {_NAMES.get(name, name): value for name, value in item["properties"].items()}
        item["required"] = [_NAMES.get(name, name) for name in item["required"]]
        return document


_NAMES = {"first": "from", "last": "to"}


def compliance(
    twin: Twin | Path | str,
    *,
    profile: Sequence[str] = (),
    day: dt.date | str | None = None,
    progress: Progress = silent,
) -> ComplianceResult:
    """Test every rule of the register that was in force.

    Parameters
    ----------
    profile : ifrs9, cecl, basel, china, united-states, house, european-union; none takes all. us, eu and cn
        are short for three of them.
    day : on which rules must have been in force, default the as-of date. Nothing of the home is written.

    Raises
    ------
    UsageError : an unknown profile or no date. HomeError : a twin that was not fitted.
    """
    chosen = of_profiles(profile)
    with opened(twin) as twin:
        when = twin.as_of if day is None else day_of(day, "day")
        evidence, made = Evidence(twin), []
        for place, rule in enumerate(chosen):
            progress(place / len(chosen), rule.article)
            made.append(_tested(rule, when, evidence))
        counted = [item for item in made if item.passed is not None]
        return ComplianceResult(
            as_of=twin.as_of,
            day=when,
            score=_score(counted),
            applicable=len(counted),
            passed=sum(bool(item.passed) for item in counted),
            by_profile={
                name: share
                for name in dict.fromkeys(item.profile for item in counted)
                if (share := _score([item for item in counted if item.profile == name])) is not None
            },
            rules=tuple(made),
            notes=_notes(made),
            provenance=twin.provenance(),
        )


def _tested(rule: Register, day: dt.date, evidence: Evidence) -> TestedRule:
    test = check_of(rule.id)
    if rule.holds(day):
        ran: str | None = evidence.twin.clock.now().isoformat(timespec="seconds")
        found = test(evidence)
    else:
        ran, found = None, Outcome(0, gap=f"not in force on {day.isoformat()}")
    return TestedRule(
        id=rule.id,
        profile=rule.profile,
        article=rule.article,
        words=rule.words,
        source=rule.source,
        first=rule.first,
        last=rule.last,
        test=rule.id.replace("-", "_"),
        last_run=ran,
        passed=None if found.gap else found.count == 0,
        looked_at=found.looked_at,
        breaches=found.breaches,
        breach_count=found.count,
        why=found.gap,
        assumed=ASSUMED in rule.source,
    )


def _score(rules: Sequence[TestedRule]) -> float | None:
    return sum(bool(item.passed) for item in rules) / len(rules) if rules else None


def _notes(rules: Sequence[TestedRule]) -> tuple[str, ...]:
    assumed = [item.article for item in rules if item.assumed]
    notes = [
        "a rule passes where its test finds nothing against it on this book: the test is what is stated in "
        f"docs/compliance.md, no legal opinion; at most {SHOWN} breaches of a rule are named"
    ]
    if assumed:
        notes.append(
            "words that could not be read and stand as practitioners cite them: " + ", ".join(assumed)
        )
    return tuple(notes)
