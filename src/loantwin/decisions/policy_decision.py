"""The answer of a policy to one application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["approve", "decline", "refer"]
OUTCOMES: tuple[Outcome, ...] = ("approve", "decline", "refer")


@dataclass(frozen=True)
class PolicyDecision:
    """What a policy says of one application.

    outcome : approve, decline or refer. amount : money granted; annual_rate : decimal a year; term_months;
    all None unless approved. reasons : in the policy's words, or why it could not say. rules : NODE/ROW that
    fired. pattern : how principal comes back, a name of term sheets; None where the policy does not say.
    codes, reasons_zh : the policy's own codes and Chinese words of its reasons, in their order. problem :
    whether it could not say.
    """

    application_id: str
    outcome: Outcome
    amount: float | None
    annual_rate: float | None
    term_months: int | None
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    pattern: str | None = None
    codes: tuple[str, ...] = ()
    reasons_zh: tuple[str, ...] = ()
    problem: bool = False
