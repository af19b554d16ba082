"""What a decision says: outcome, terms, figures, reasons, a counter-offer, what it was made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl


@dataclass(frozen=True)
class DecisionReason:
    """Why: a code, the same in every language, and its words in the language asked for."""

    code: str
    text: str


@dataclass(frozen=True)
class CounterOffer:
    """What the same policy would approve: money, decimal a year, months."""

    amount: float
    annual_rate: float
    term_months: int


@dataclass(frozen=True)
class Versions:
    """What a decision was made with.

    policy_hash, model_hash : sha256 of the graph with its metadata, and of the score's text. model : its id
    in the register, or of the record of its folder. twin : the last event of the twin's log. None where there
    is none.
    """

    program: str
    policy: str
    policy_version: str
    policy_hash: str
    model: str | None = None
    model_name: str | None = None
    model_hash: str | None = None
    twin: str | None = None


@dataclass(frozen=True)
class Decision:
    """The answer to one application.

    outcome : approve, decline or refer. amount, annual_rate, term_months, pattern : what is granted, None
    unless approved; pattern also where the policy does not say. score : points, more is better. annual_pd :
    probability of default within 12 months. expected_loss, expected_profit : of what is granted, over its
    life, money, worth at the twin's as-of date; None without a twin, or where it cannot value it. reasons :
    at most four. rules : NODE/ROW that fired. decision_id : in the twin's log, None where not recorded.
    """

    application_id: str
    outcome: str
    amount: float | None
    annual_rate: float | None
    term_months: int | None
    pattern: str | None
    score: float | None
    annual_pd: float | None
    expected_loss: float | None
    expected_profit: float | None
    reasons: tuple[DecisionReason, ...]
    counter_offer: CounterOffer | None
    rules: tuple[str, ...]
    versions: Versions
    decision_id: str | None = None


def decision_of_row(row: Mapping[str, Any], versions: Versions) -> Decision:
    """Return a row of `Decider.columns` as a decision."""
    counter = row["counter_amount"]
    return Decision(
        application_id=row["application_id"],
        outcome=row["outcome"],
        amount=row["amount"],
        annual_rate=row["annual_rate"],
        term_months=row["term_months"],
        pattern=row["pattern"],
        score=row["score"],
        annual_pd=row["annual_pd"],
        expected_loss=row["expected_loss"],
        expected_profit=row["expected_profit"],
        reasons=tuple(
            DecisionReason(code, text) for code, text in zip(row["codes"], row["reasons"], strict=True)
        ),
        counter_offer=None
        if counter is None
        else CounterOffer(counter, row["counter_annual_rate"], row["counter_term_months"]),
        rules=tuple(row["rules"]),
        versions=versions,
        decision_id=row.get("decision_id"),
    )


def decisions_of(frame: pl.DataFrame, versions: Versions) -> tuple[Decision, ...]:
    """Return the rows of `Decider.columns` as decisions."""
    return tuple(decision_of_row(row, versions) for row in frame.iter_rows(named=True))
