"""Tests of rules of law around decisions and contacts, on what the twin's log holds of them.

They share no code with what decides: a decision is read from its event, a policy from its copy, word by word.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from loantwin.decisions.profiles import LegalRule
from loantwin.events.home import Home
from loantwin.processes.log import steps_of

QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9.]*")
WINDOWS = {"calls_7_days": 7, "calls_today": 1}
"""Counter of contacts that a rule limits -> the days running that it counts."""
CONTACT, COLLECTIONS = "contact", "collections"


@dataclass(frozen=True)
class DecisionKept:
    """A decision of the log. application : by dotted names. reads : words that its policy names in rules."""

    number: str
    day: dt.date
    outcome: str
    application: Mapping[str, Any]
    answer: Mapping[str, Any]
    reads: frozenset[str]


def decisions_kept(home: Home) -> tuple[DecisionKept, ...]:
    """Return the decisions of a log, in its order; those of version 1 of the event are left out."""
    reads: dict[str, frozenset[str]] = {}
    made = []
    for event in home.log.read(until=home.log.head[0], types=("DeciderOpened", "DecisionMade")):
        data = event.data
        if event.type == "DeciderOpened":
            reads[data["decider_id"]] = words_read(home.read_json(data["policy_blob"]))
        elif "decider_id" in data:
            flat = dict(_flat(data["application"]))
            day = flat.get("application_date") or data.get("on")
            made.append(
                DecisionKept(
                    data["decision_id"],
                    event.happened if day is None else dt.date.fromisoformat(day),
                    data["answer"]["outcome"],
                    flat,
                    data["answer"],
                    reads[data["decider_id"]],
                )
            )
    return tuple(made)


def contacts_kept(home: Home) -> pl.DataFrame:
    """Return the contacts that the home's collections made: `case` and `day`, a row each."""
    steps = steps_of(home, COLLECTIONS).filter(pl.col("step") == CONTACT)
    return steps.select("case", pl.col("at").dt.date().alias("day"))


def words_read(document: Mapping[str, Any]) -> frozenset[str]:
    """Return the words of the fields that a graph's rules name, parts between underscores among them."""
    texts = []
    for node in document["nodes"]:
        content = node.get("content")
        if not isinstance(content, Mapping):
            continue
        texts += [column.get("field") or "" for column in content.get("inputs", ())]
        texts += [value for row in content.get("rules", ()) for key, value in row.items() if key[:1] != "_"]
        texts += [item.get("value", "") for item in content.get("expressions", ())]
        texts += [item.get("condition", "") for item in content.get("statements", ())]
    found: set[str] = set()
    for text in filter(None, texts):
        for name in WORD.findall(QUOTED.sub(" ", str(text))):
            for part in name.lower().split("."):
                bits = part.split("_")
                found |= {"_".join(bits[a:b]) for a in range(len(bits)) for b in range(a + 1, len(bits) + 1)}
    return frozenset(found)


def breaks(rule: LegalRule, item: DecisionKept) -> bool:
    """Return whether a decision is one that a rule forbids."""
    if item.day < rule.first or (rule.last is not None and item.day > rule.last):
        return False
    if rule.forbids:
        return item.outcome != "refer" and bool(item.reads & set(rule.forbids))
    if item.outcome != "approve" or not _spoken_of(rule, item):
        return False
    unknown = [name for name in rule.needs if item.application.get(name) is None]
    value = item.answer.get(rule.field) if rule.field else None
    return bool(unknown) or (rule.most is not None and value is not None and value > rule.most)


def _spoken_of(rule: LegalRule, item: DecisionKept) -> bool:
    flag = not rule.where or str(item.application.get(rule.where)).lower() == "true"
    small = rule.up_to is None or item.answer["amount"] <= rule.up_to
    return flag and small and item.application.get("product") not in rule.without


def crowded(rule: LegalRule, contacts: pl.DataFrame) -> list[str]:
    """Return the cases with more contacts than a rule allows within its days running, by name.

    A call is placed where at most `most` were before it, so that one more than that may be made.
    """
    days = WINDOWS[rule.field]
    there = contacts.filter(pl.col("day") >= rule.first)
    if rule.last is not None:
        there = there.filter(pl.col("day") <= rule.last)
    if not len(there):
        return []
    counted = there.sort("day").rolling("day", period=f"{days}d", group_by="case").agg(pl.len().alias("made"))
    over = counted.filter(pl.col("made") > (rule.most or 0) + 1)
    return over["case"].unique(maintain_order=True).to_list()


def _flat(document: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
