"""Regulatory profiles: rules of law around a policy, as data; what a policy may not read, and what binds it.

A rule that binds is named with its source. This is what the file states, and no legal opinion.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from loantwin.decisions.graph.read import Graph
from loantwin.decisions.graph.refusals import cells
from loantwin.decisions.graph.syntax import paths
from loantwin.errors import InputError, UsageError, unknown

if TYPE_CHECKING:
    import polars as pl

    from loantwin.arrays import Flags, Floats

PROFILES = ("us", "eu", "cn")
RATE = "annual_rate"
KINDS = ("affordability", "rate-cap", "exclusion", "protected", "contact-limit")


@dataclass(frozen=True)
class LegalRule:
    """A rule. first, last : days in force, both included; last is None while it lasts.

    binds : whom. forbids : names that no rule of a policy may read. needs : fields that an approval must
    know. field, most : the highest value of what is granted or done. where : a flag that makes it bind; empty
    for all. up_to : money; of larger credit the rule does not speak. without : products of which it does not
    speak. actions : of a collection policy, those it limits. then : what a decision becomes that it forbids,
    refer or decline. source : where its words were read, or "assumed".
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
    up_to: float | None = None
    without: tuple[str, ...] = ()
    then: str = "refer"

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
        tuple(item.get("actions", ())), item.get("up_to"), tuple(item.get("without", ())),
        item.get("then", "refer"),
    )  # fmt: skip


def rules_text(rules: Sequence[LegalRule]) -> str:
    """Return rules as a JSON text, which `rules_from` reads."""
    return json.dumps([asdict(rule) for rule in rules], ensure_ascii=False, sort_keys=True, default=str)


def rules_from(document: Any) -> tuple[LegalRule, ...]:
    """Return the rules of a document that `rules_text` made."""
    return tuple(
        LegalRule(**{name: _value(name, value) for name, value in item.items()}) for item in document
    )


def _value(name: str, value: Any) -> Any:
    if name in ("first", "last") and value is not None:
        return dt.date.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


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
            name = ".".join(path)
            found += [
                (rule, cell.node.name, cell.place, name) for rule in rules if forbidden_names(rule, name)
            ]
    return tuple(dict.fromkeys(found))


def forbidden_names(rule: LegalRule, field: str) -> set[str]:
    """Return what of a dotted field's names a rule forbids to read; empty where it may be read."""
    return {word for part in field.split(".") for word in _words(part)} & set(rule.forbids)


def _words(name: str) -> set[str]:
    parts = name.lower().split("_")
    return {"_".join(parts[at:end]) for at in range(len(parts)) for end in range(at + 1, len(parts) + 1)}


def days_of(applications: pl.DataFrame, on: dt.date | None) -> pl.Series:
    """Return the day of each of N applications, (N,); `on` where it has none, null without."""
    import polars as pl

    if "application_date" not in applications.columns:
        return pl.Series([on], dtype=pl.Date).new_from_index(0, len(applications))
    days = applications["application_date"].cast(pl.String).str.to_date("%Y-%m-%d", strict=False)
    return days if on is None else days.fill_null(on)


def in_force(rule: LegalRule, days: pl.Series) -> pl.Series:
    """Return whether a rule is in force on each of N days, (N,); without a day, whether it still lasts."""
    held = days >= rule.first
    held = held if rule.last is None else held & (days <= rule.last)
    return held.fill_null(rule.last is None)


def stands_against(rule: LegalRule, applications: pl.DataFrame, granted: pl.DataFrame) -> pl.Series:
    """Return whom of N a rule stands against, (N,) flags: approved, or acted on, as it does not allow.

    Parameters
    ----------
    applications : (N, fields). granted : (N, ...) with `outcome` and what is granted, or `action` of a
        collection policy.

    Where the flag that makes a rule bind is missing it does not bind.
    """
    import polars as pl

    none = pl.Series([False]).new_from_index(0, len(applications))
    if rule.actions:
        there = granted["action"].is_in(list(rule.actions)) if "action" in granted.columns else None
    else:
        there = granted["outcome"] == "approve" if "outcome" in granted.columns else None
    if there is None:
        return none
    there = there & speaks_of(rule, applications, granted)
    against = none
    for name in rule.needs:
        against = against | (applications[name].is_null() if name in applications.columns else ~none)
    if rule.most is not None and (value := _given(rule.field, applications, granted)) is not None:
        against = against | (value.cast(pl.Float64) > rule.most)
    return (there & against).fill_null(False)


def speaks_of(rule: LegalRule, applications: pl.DataFrame, granted: pl.DataFrame | None = None) -> pl.Series:
    """Return which of N applications a rule speaks of, (N,) flags: by its flag, size and product.

    granted : what is granted, whose amount counts; None takes the amount asked for.
    """
    import polars as pl

    held = pl.Series([True]).new_from_index(0, len(applications))
    if rule.where:
        if rule.where not in applications.columns:
            return ~held
        held = applications[rule.where].cast(pl.String).str.to_lowercase() == "true"
    if rule.up_to is not None:
        amount = _given("amount", applications, granted)
        held = held if amount is None else held & (amount.cast(pl.Float64) <= rule.up_to).fill_null(True)
    if rule.without and "product" in applications.columns:
        held = held & ~applications["product"].is_in(list(rule.without)).fill_null(False)
    return held.fill_null(False)


def offers_under(
    rules: Sequence[LegalRule], applications: pl.DataFrame, days: pl.Series, amount: Floats
) -> tuple[Floats, Flags]:
    """Return what rules of law say of offers of A amounts to N applicants, (N, A) each.

    The lowest cap on the rate that binds, decimal a year, inf for none; and whether a field that a rule asks
    an approval to know is missing.

    Parameters
    ----------
    days : (N,) of the applications. amount : (N, A) money, NaN where none is offered.
    """
    import numpy as np

    cap, unmet = np.full(amount.shape, np.inf), np.zeros(amount.shape, dtype=bool)
    for rule in rules:
        if rule.field != RATE and not rule.needs:
            continue
        whole = replace(rule, up_to=None)
        there = (in_force(rule, days) & speaks_of(whole, applications)).to_numpy()[:, None]
        there = there & (amount <= (np.inf if rule.up_to is None else rule.up_to))
        if rule.field == RATE and rule.most is not None:
            cap = np.where(there, np.minimum(cap, rule.most), cap)
        for name in rule.needs:
            missing = name not in applications.columns or applications[name].is_null().to_numpy()[:, None]
            unmet |= there & missing
    return cap, unmet


def _given(name: str, applications: pl.DataFrame, granted: pl.DataFrame | None) -> pl.Series | None:
    """Return a field of what is granted, else of the applications, None where neither has it."""
    there = granted if granted is not None and name in granted.columns else applications
    return there[name] if name in there.columns else None


def stands_against_row(rule: LegalRule, row: Mapping[str, Any], granted: Mapping[str, Any]) -> bool:
    """Return whether a rule stands against one approval: as of `stands_against`.

    row : an application by dotted names. granted : what a policy says of it.
    """
    if rule.actions or granted["outcome"] != "approve":
        return False
    if rule.where and str(row.get(rule.where)).lower() != "true":
        return False
    if rule.up_to is not None and not (granted["amount"] is None or granted["amount"] <= rule.up_to):
        return False
    if row.get("product") in rule.without:
        return False
    value = granted[rule.field] if rule.field in granted else row.get(rule.field)
    above = rule.most is not None and value is not None and float(value) > rule.most
    return above or any(row.get(name) is None for name in rule.needs)
