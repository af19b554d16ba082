"""Decisions held to rules of law: what a rule forbids is not approved, but referred with rule and source.

A rule that stands against an approval refers it, or declines where the rule says so. Where the policy or the
score reads what a rule forbids to read, nothing is decided by it: every answer but a referral is referred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from loantwin.decisions.application_file import day_of
from loantwin.decisions.graph.read import Graph
from loantwin.decisions.profiles import (
    LegalRule,
    days_of,
    forbidden_names,
    in_force,
    legal_rules,
    read_against,
    stands_against,
    stands_against_row,
)
from loantwin.decisions.row_policy import RowJudged
from loantwin.language import said, speaking

BARRED = "barred"
"""Column of flags: whether a rule of law stands against what the policy said."""


@dataclass(frozen=True)
class Law:
    """Rules of law that decisions keep. profiles : by name. rules : those that bind applications.

    read : ids of the rules that forbid something which the policy or the score reads.
    """

    profiles: tuple[str, ...]
    rules: tuple[LegalRule, ...]
    read: frozenset[str] = frozenset()

    def of(self, graph: Graph, fields: Iterable[str]) -> Law:
        """Return the law around a policy and a score that reads some fields."""
        read = {rule.id for rule, *_ in read_against(graph, self.rules)}
        read |= {rule.id for name in fields for rule in self.rules if forbidden_names(rule, name)}
        return Law(self.profiles, self.rules, frozenset(read))

    @cached_property
    def told(self) -> Mapping[str, tuple[str, str]]:
        """Return the words of each rule by its id, in English and Chinese."""
        english = {rule.id: _words(rule) for rule in self.rules}
        with speaking("zh"):
            return {
                rule.id: (english[rule.id], f"{rule.article}：{said(rule.words)}（{rule.source}）")
                for rule in self.rules
            }

    def columns(self, applications: pl.DataFrame, made: pl.DataFrame, on: date | None) -> pl.DataFrame:
        """Return what a policy says of N applications after the law, with the column `barred`.

        Parameters
        ----------
        applications : (N, fields). made : as of `judged.judged`. on : the day of applications without one.
        """
        days = days_of(applications, on)
        decided = made["outcome"] != "refer"
        against = {
            rule.id: in_force(rule, days)
            & (decided if rule.id in self.read else stands_against(rule, applications, made))
            for rule in self.rules
        }
        barred = pl.Series(BARRED, [False]).new_from_index(0, len(made))
        for flags in against.values():
            barred = barred | flags
        made = made.with_columns(barred.alias(BARRED))
        if not barred.any():
            return made
        lists = {
            name: _listed(against, {key: texts[at] for key, texts in told.items()})
            for name, at, told in (
                ("codes", 0, {rule.id: (rule.id,) for rule in self.rules}),
                ("reasons", 0, self.told),
                ("reasons_zh", 1, self.told),
            )
        }
        declines = pl.Series([False]).new_from_index(0, len(made))
        for rule in self.rules:
            declines = declines | (against[rule.id] & (rule.then == "decline"))
        outcome = pl.select(pl.when(declines).then(pl.lit("decline")).otherwise(pl.lit("refer"))).to_series()
        return made.with_columns(
            pl.when(BARRED).then(outcome).otherwise("outcome").alias("outcome"),
            *(
                pl.when(~pl.col(BARRED)).then(name).alias(name)
                for name in ("amount", "annual_rate", "term_months", "pattern")
            ),
            *(pl.when(BARRED).then(values).otherwise(name).alias(name) for name, values in lists.items()),
        )

    def row(self, row: Mapping[str, Any], made: RowJudged, on: date | None) -> tuple[RowJudged, bool]:
        """Return what a policy says of one application after the law, and whether a rule is against it."""
        day = day_of(row) or on
        against = [rule for rule in self.rules if rule.holds(day) and self._against(rule, row, made)]
        if not against:
            return made, False
        outcome = "decline" if any(rule.then == "decline" for rule in against) else "refer"
        told = [self.told[rule.id] for rule in against]
        return RowJudged(
            outcome, None, None, None, None, [en for en, _ in told], [rule.id for rule in against],
            [zh for _, zh in told], None, made.rules,
        ), True  # fmt: skip

    def _against(self, rule: LegalRule, row: Mapping[str, Any], made: RowJudged) -> bool:
        if rule.id in self.read:
            return made.outcome != "refer"
        return stands_against_row(rule, row, made._asdict())


def law_of(profiles: Iterable[str]) -> Law | None:
    """Return the rules of profiles that bind decisions on applications; None for no profile.

    Raises
    ------
    UsageError : an unknown profile.
    """
    names = tuple(dict.fromkeys(profiles))
    rules = tuple(rule for rule in legal_rules(names) if not rule.actions)
    return Law(names, rules) if names else None


def _words(rule: LegalRule) -> str:
    return f"{rule.article}: {rule.words} ({rule.source})"


def _listed(against: Mapping[str, pl.Series], texts: Mapping[str, str]) -> pl.Series:
    """Return a text for each rule that stands against it, (N,) lists in the order of the rules."""
    each = [pl.when(flags).then(pl.lit(texts[name])).alias(name) for name, flags in against.items()]
    return pl.select(pl.concat_list(each).list.drop_nulls()).to_series()
