"""Regulatory profiles: rules of law around a policy, as data; what a policy may not read, and what binds it.

A rule that binds is named with its source. This is what the file states, and no legal opinion.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from loantwin.decisions.graph.read import Graph
from loantwin.decisions.graph.refusals import cells
from loantwin.decisions.graph.syntax import paths
from loantwin.errors import InputError, UsageError, unknown

if TYPE_CHECKING:
    import polars as pl

PROFILES = ("us", "eu", "cn")
KINDS = ("affordability", "rate-cap", "exclusion", "protected", "contact-limit")


@dataclass(frozen=True)
class LegalRule:
    """A rule. first, last : days in force, both included; last is None while it lasts.

    binds : whom. forbids : names that no rule of a policy may read. needs : fields that an approval must
    know. field, most : the highest value of what is granted or done. where : a flag that makes it bind; empty
    for all. actions : of a collection policy, those it limits. source : where its words were read, or
    "assumed".
    """

    id: str
    profile: str
    kind: str
    article: str
    binds: str
    words: str
    source: str
    first: dt.date
    last: dt.date | None = None
    forbids: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    field: str = ""
    most: float | None = None
    where: str = ""
    actions: tuple[str, ...] = ()

    def holds(self, day: dt.date | None) -> bool:
        """Return whether the rule is in force on a day; without one, whether it still lasts."""
        if day is None:
            return self.last is None
        return self.first <= day and (self.last is None or day <= self.last)


@cache
def _every() -> tuple[LegalRule, ...]:
    text = files("loantwin.decisions").joinpath("profiles.toml").read_text(encoding="utf-8")
    return tuple(_rule(item) for item in tomllib.loads(text)["rule"])


def _rule(item: Mapping[str, Any]) -> LegalRule:
    most = item.get("most", {})
    return LegalRule(
        item["id"], item["profile"], item["kind"], item["article"], item["binds"], item["words"],
        item["source"], item["from"], item.get("to"), tuple(item.get("forbids", ())),
        tuple(item.get("needs", ())), most.get("field", ""), most.get("value"), item.get("where", ""),
        tuple(item.get("actions", ())),
    )  # fmt: skip


def legal_rules(profiles: Sequence[str] = PROFILES) -> tuple[LegalRule, ...]:
    """Return the rules of profiles, in the order of the file.

    Raises
    ------
    UsageError : an unknown profile.
    """
    for name in profiles:
        if name not in PROFILES:
            raise UsageError(unknown(name, PROFILES), field="profile")
    return tuple(item for item in _every() if item.profile in profiles)


def rules_of(profiles: Sequence[str], day: dt.date | None = None) -> tuple[LegalRule, ...]:
    """Return the rules of profiles that are in force on a day; without one, those that last.

    Raises
    ------
    UsageError : an unknown profile.
    """
    return tuple(item for item in legal_rules(profiles) if item.holds(day))


def read_against(graph: Graph, rules: Sequence[LegalRule]) -> tuple[tuple[LegalRule, str, str, str], ...]:
    """Return what a policy reads that a rule forbids: rule, node, place and field.

    A field is forbidden where one of its names is the word itself, `attributes.sex`, or holds it between
    underscores, `applicant_sex`. What stands for it under another name is not found.
    """
    found = []
    for cell in cells(graph):
        try:
            read = paths(cell.tree())
        except InputError:
            continue
        for path in read:
            words = {word for part in path for word in _words(part)}
            found += [
                (rule, cell.node.name, cell.place, ".".join(path))
                for rule in rules
                if words & set(rule.forbids)
            ]
    return tuple(dict.fromkeys(found))


def _words(name: str) -> set[str]:
    parts = name.lower().split("_")
    return {"_".join(parts[at:end]) for at in range(len(parts)) for end in range(at + 1, len(parts) + 1)}


def stands_against(rule: LegalRule, applications: pl.DataFrame, granted: pl.DataFrame) -> pl.Series:
    """Return whom of N a rule stands against, (N,) flags: approved, or acted on, as it does not allow.

    Parameters
    ----------
    applications : (N, fields). granted : (N, ...) with `outcome` and what is granted, or `action` of a
        collection policy.

    Where the flag that makes a rule bind is missing it does not bind.
    """
    import polars as pl

    rows = len(applications)
    if rule.actions:
        there = granted["action"].is_in(list(rule.actions)) if "action" in granted.columns else None
    else:
        there = granted["outcome"] == "approve" if "outcome" in granted.columns else None
    none = pl.Series([False]).new_from_index(0, rows)
    if there is None:
        return none
    if rule.where:
        if rule.where not in applications.columns:
            return none
        there = there & (applications[rule.where].cast(pl.String).str.to_lowercase() == "true")
    against = none
    for name in rule.needs:
        against = against | (applications[name].is_null() if name in applications.columns else ~none)
    if rule.most is not None:
        value = granted if rule.field in granted.columns else applications
        if rule.field in value.columns:
            against = against | (value[rule.field].cast(pl.Float64) > rule.most)
    return (there & against).fill_null(False)
