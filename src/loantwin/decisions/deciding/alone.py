"""One application decided without a frame: the answer of `Decider.columns` on it, to the bit.

Whatever this cannot say for sure, Unsure says; columns are asked then.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np

from loantwin.decisions.application_file import OPEN, day_of
from loantwin.decisions.deciding.acted import BEST, Said, better_scores, said_by
from loantwin.decisions.deciding.answer import CounterOffer, Decision, DecisionReason, Versions
from loantwin.decisions.deciding.lawful import Law
from loantwin.decisions.deciding.problems import code_of
from loantwin.decisions.deciding.score_row import LARGEST, RowScore, ScoredRow
from loantwin.decisions.deciding.scores import ScoreInUse, reads_terms
from loantwin.decisions.graph.row import unsure
from loantwin.decisions.graph_policy import GraphPolicy
from loantwin.decisions.row_policy import RowJudged, RowPolicy, named_in, row_hangs, row_policy
from loantwin.language import said, speaking
from loantwin.models.scoring.reasons import MOST, reasons_by_code

TERMS = ("amount", "term_months")
WORTH = ("annual_pd", "expected_loss", "expected_profit")
Reasons = list[tuple[str, str, str | None]]
"""Code, English, Chinese where the policy or the score has it."""


@dataclass(frozen=True)
class RowWorth:
    """What one application comes to, as of `decider.Worth`; NaN and `problem` where it is not known."""

    annual_pd: float
    expected_loss: float
    expected_profit: float
    problem: tuple[str, str] | None = None


@runtime_checkable
class RowValuer(Protocol):
    """A valuer that also says what one application comes to."""

    def of_row(self, row: Mapping[str, Any], log_odds: float) -> RowWorth:
        """Return the worth of a row of dotted names: what it is of a frame of it, to the bit."""
        ...


@dataclass(frozen=True)
class Alone:
    """What `decider.Decider` decides by, for one application at a time."""

    policy: GraphPolicy
    versions: Versions
    score: RowScore | None
    value: RowValuer | None
    language: str
    explained: bool
    law: Law | None = None

    def decide(self, application: Mapping[str, Any], flat: Mapping[str, Any], on: date | None) -> Decision:
        """Return the decision on an application that was checked. flat : it by dotted names.

        `Unsure` says: ask columns.

        Raises
        ------
        ConfigError : the policy is not in force on the day.
        """
        row = row_of(flat)
        self.policy.check_in_force(day_of(application) or on)
        kinds = self._kinds(row)
        rules = row_policy(self.policy.graph, kinds)
        if rules is None:
            unsure()
        found = None if self.score is None else self.score.of(row)
        given, problem = self._filled(row, found)
        made, barred = self._judged(rules, given, on)
        if problem is not None:
            made = RowJudged("refer", None, None, None, None, (problem[1],), (), (), problem[1], ())
        asks = made.outcome != "approve" and made.problem is None and not barred
        reasons = self._reasons(rules, row, given, found, made, problem, asks)
        counter = self._counter(rules, row, given, found, on) if asks else None
        worth = self._granted(row, found, made)
        return Decision(
            str(application["application_id"]), made.outcome, made.amount, made.annual_rate, made.term_months,
            made.pattern, given.get("score"), given.get("annual_pd"), worth[0], worth[1], reasons, counter,
            tuple(made.rules), self.versions,
        )  # fmt: skip

    def _judged(self, rules: RowPolicy, given: dict[str, Any], on: date | None) -> tuple[RowJudged, bool]:
        """Return what policy and law say of a row, and whether a rule of law stands against the policy."""
        made = rules.judged(given)
        return (made, False) if self.law is None else self.law.row(given, made, on)

    def _kinds(self, row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return the open fields that rules may read and their kinds."""
        named = named_in(self.policy.graph)
        roots = tuple(OPEN) if self.policy.reads_personal else tuple(key for key in OPEN if key != "personal")
        made = []
        for name, value in row.items():
            parts = name.split(".")
            if value is not None and parts[0] in roots and len(parts) > 1 and parts[-1] in named:
                kind = "flag" if isinstance(value, bool) else "number" if isinstance(value, float) else "text"
                made.append((name, kind))
        return tuple(sorted(made))

    def _filled(
        self, row: dict[str, Any], found: ScoredRow | None
    ) -> tuple[dict[str, Any], tuple[str, str] | None]:
        """Return a row with score, default and worth, and why they are not known."""
        if found is None:
            return row, None
        fields: dict[str, float | None] = {"score": found.points, "annual_pd": found.pd}
        problem = found.problem
        if self.value is not None:
            worth = self.value.of_row(row, found.log_odds)
            fields |= {name: _known(getattr(worth, name)) for name in WORTH}
            problem = problem or worth.problem
        if problem is not None:
            fields = dict.fromkeys(fields)
        return row | fields, problem

    def _granted(
        self, row: dict[str, Any], found: ScoredRow | None, made: RowJudged
    ) -> tuple[float | None, float | None]:
        """Return loss and profit of an approved loan at the terms granted."""
        if made.outcome != "approve" or found is None or self.value is None:
            return None, None
        lent = row | {
            "amount": made.amount, "annual_rate": made.annual_rate,
            "term_months": float(made.term_months or 0),
        }  # fmt: skip
        worth = self.value.of_row(lent, found.log_odds)
        return _known(worth.expected_loss), _known(worth.expected_profit)

    def _reasons(
        self, rules: RowPolicy, row: dict[str, Any], given: dict[str, Any], found: ScoredRow | None,
        made: RowJudged, problem: tuple[str, str] | None, asks: bool,
    ) -> tuple[DecisionReason, ...]:  # fmt: skip
        if made.problem is not None:
            code = code_of(made.problem) if problem is None else problem[0]
            return self._told([(code, made.problem, None)])
        by_score: Reasons = []
        score = None if self.score is None else self.score.score
        if (
            asks
            and self.explained
            and score is not None
            and found is not None
            and self._moved(rules, row, given, made)
        ):
            why = reasons_by_code(score, found.values)
            by_score = [
                (why.codes[at], why.texts["en"][at], why.texts["zh"][at]) for at in why.place[0] if at >= 0
            ]
        own = [(*item, zh) for *item, zh, alone in self._own(made) if not (by_score and alone)]
        return self._told([*own, *by_score])  # type: ignore[list-item]  # three texts

    def _own(self, made: RowJudged) -> list[tuple[str, str, str | None, bool]]:
        """Return the policy's reasons: code, English, Chinese, whether the row tests the score alone."""
        found = []
        last = made.rules[-1] if made.rules else "policy"
        for order, text in enumerate(made.reasons):
            if not text:
                continue
            row = self._said.get(text)
            fired = row is not None and row.rule in made.rules
            code = made.codes[order] if order < len(made.codes) else None
            zh = made.reasons_zh[order] if order < len(made.reasons_zh) else None
            code = code if code is not None else row.rule if fired and row is not None else last
            found.append((code, text, zh, fired and row is not None and row.alone))
        return found

    @cached_property
    def _said(self) -> dict[str, Said]:
        return {item.text: item for item in said_by(self.policy.graph)}

    def _told(self, reasons: Reasons) -> tuple[DecisionReason, ...]:
        shown = {code: (en, zh) for code, en, zh in reversed(reasons)}  # the first of a code
        kept = [(code, *shown[code]) for code in dict.fromkeys(code for code, _, _ in reasons)][:MOST]
        if self.language == "en":
            return tuple(DecisionReason(code, en) for code, en, _ in kept)
        with speaking(self.language):
            return tuple(DecisionReason(code, zh if zh is not None else said(en)) for code, en, zh in kept)

    def _moved(self, rules: RowPolicy, row: dict[str, Any], given: dict[str, Any], made: RowJudged) -> bool:
        """Return whether a better score would have decided otherwise, or for other reasons."""
        own = given.get("score")
        for score in (*better_scores(self.policy.graph), None):  # at last who is above all: default and worth
            if score is not None and (math.inf if own is None else own) >= score:
                continue
            better = row | self._best_worth(row) | {"annual_pd": 0.0}
            better |= {"score": own if score is None else float(score)}
            then = rules.judged(better)
            if then.problem is None:
                return then.outcome != made.outcome or "\n".join(then.reasons) != "\n".join(made.reasons)
        return False

    def _best_worth(self, row: dict[str, Any]) -> dict[str, float | None]:
        """Return what a loan would come to at the best risk that the twin knows."""
        if self.value is None:
            return {}
        worth = self.value.of_row(row, BEST)
        return {name: _known(getattr(worth, name)) for name in ("expected_loss", "expected_profit")}

    def _counter(
        self, rules: RowPolicy, row: dict[str, Any], given: dict[str, Any], found: ScoredRow | None,
        on: date | None,
    ) -> CounterOffer | None:  # fmt: skip
        """Return the largest amount that is approved in full, at the shortest term."""
        hangs = row_hangs(rules.graph, rules.kinds, ("outcome",), self._terms)
        if not hangs(given)[0]:
            return None
        asked, months = np.array([row["amount"]]), np.array([int(row["term_months"])])
        _, amounts, terms = self.policy.counter.candidates(asked, months)
        for at in np.lexsort((terms, -amounts)):
            amount, term = float(amounts[at]), int(terms[at])
            other = row | {"amount": amount, "term_months": float(term)}
            again = self.score.of(other) if self.score is not None and reads_terms(self.score.use) else found
            filled, problem = self._filled(other, again)
            if problem is not None:
                continue
            made, _ = self._judged(rules, filled, on)
            full = made.outcome == "approve" and (made.amount, made.term_months) == (amount, term)
            if full and made.annual_rate is not None:
                return CounterOffer(amount, made.annual_rate, term)
        return None

    @cached_property
    def _terms(self) -> tuple[str, ...]:
        return fields_of_terms(None if self.score is None else self.score.use, self.value is not None)


def fields_of_terms(score: ScoreInUse | None, valued: bool) -> tuple[str, ...]:
    """Return the fields of an application that change with the terms of the loan. valued : by a twin."""
    scored = ("score", "annual_pd") if score is not None and reads_terms(score) else ()
    return (*TERMS, *scored, *(WORTH if valued else ()))


def row_of(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return an application as a row: numbers as float64, days as text.

    `Unsure` of a value that columns refuse, or know better.
    """
    made: dict[str, Any] = {}
    for name, value in flat.items():
        if value is None or isinstance(value, str | bool):
            made[name] = value
        elif isinstance(value, int | float):
            if not abs(value) < LARGEST and not (isinstance(value, float) and math.isfinite(value)):
                unsure()
            made[name] = float(value)
        elif isinstance(value, date):
            made[name] = value.isoformat()[:10]
        else:
            unsure()
    return made


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
