"""Stages under IFRS 9: significant increase in credit risk, backstops, default, with each loan's reasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.config import Ifrs9
from loantwin.errors import RiskError, expected
from loantwin.risk.allowance import amounts

TRIGGERS = (
    "default",
    "days_past_due_default",
    "default_probation",
    "days_past_due_backstop",
    "forborne",
    "watch",
    "return_probation",
    "lifetime_pd",
    "lifetime_pd_backstop",
)
"""Why a loan is not in stage 1, as `Stages.triggers`' columns; the first three give stage 3."""
IMPAIRED = 3


@dataclass(frozen=True)
class CreditRisk:
    """What staging reads of N loans at the as-of date.

    lifetime_pd : (N,) decimal, probability of default over the remaining life as seen now (weighted over
        scenarios).
    origination_pd : (N,) decimal, over the same remaining life as seen at initial recognition
        (`recognition.recognised_pd`).
    days_past_due : (N,) days, NaN where the source does not tell; such a loan never meets the backstops.
    defaulted, forborne, watch : (N,) true where the lender's own record says so.
    months_since_default : (N,) since the last report in default, NaN where none is known; None where no
        history is.
    """

    lifetime_pd: Floats
    origination_pd: Floats
    days_past_due: Floats
    defaulted: Flags
    forborne: Flags
    watch: Flags
    months_since_default: Floats | None = None


@dataclass(frozen=True)
class Stages:
    """stage : (N,) 1, 2 or 3. triggers : (N, 9) which of `TRIGGERS` a loan meets, each by itself."""

    stage: Integers
    triggers: Flags

    def reasons(self) -> NDArray[np.str_]:
        """Return each loan's triggers by name, joined by ", "; empty for stage 1, (N,)."""
        size = len(TRIGGERS)
        words = [
            ", ".join(name for bit, name in enumerate(TRIGGERS) if code >> bit & 1) for code in range(2**size)
        ]
        return np.array(words)[self.triggers @ (1 << np.arange(size))]

    def counts(self) -> dict[str, int]:
        """Return how many loans meet each trigger."""
        return {name: int(self.triggers[:, column].sum()) for column, name in enumerate(TRIGGERS)}


def stages(risk: CreditRisk, settings: Ifrs9) -> Stages:
    """Return the stage of each loan.

    Stage 3: in default, `default_days` days past due or more (B5.5.37), or out of default for at most
    `default_probation_months`. Stage 2: more than `backstop_days` days past due (5.5.11), forborne or on the
    watch list, out of that probation for at most `return_probation_months`, or lifetime PD at least
    `lifetime_pd_ratio` times that at origination AND higher by at least `lifetime_pd_difference` (5.5.9), or,
    where it is set, at least `lifetime_pd_backstop` times, whatever the difference. Stage 1 otherwise. A
    probation period is the lender's policy behind 5.5.7 and B5.5.27 (evidence of consistently good payment);
    three months is the least that EBA/GL/2016/07, paragraph 71, takes before an obligor is no longer in
    default.

    Raises
    ------
    RiskError : a PD outside [0, 1], negative days, shapes that differ.
    """
    check.kind(CreditRisk, risk=risk)
    check.kind(Ifrs9, settings=settings)
    size = len(risk.lifetime_pd)
    now = amounts(risk.lifetime_pd, "lifetime_pd", (size,), 1.0)
    then = amounts(risk.origination_pd, "origination_pd", (size,), 1.0)
    days = risk.days_past_due
    if days.shape != (size,) or np.isinf(days).any() or (days < 0).any():
        raise RiskError(
            expected(f"{size} counts of days of at least 0, or NaN where unknown", "something else"),
            field="days_past_due",
        )
    for name in ("defaulted", "forborne", "watch"):
        if getattr(risk, name).shape != (size,):
            raise RiskError(expected(f"shape ({size},)", f"{getattr(risk, name).shape}"), field=name)
    since = np.full(size, np.nan) if risk.months_since_default is None else risk.months_since_default
    if since.shape != (size,) or (since < 0).any():
        raise RiskError(
            expected(f"{size} months of at least 0, or NaN", "something else"), field="months_since_default"
        )
    probation = settings.default_probation_months
    worse = (now >= settings.lifetime_pd_ratio * then) & (now - then >= settings.lifetime_pd_difference)
    triggers = np.empty((len(TRIGGERS), size), dtype=np.bool_)
    triggers[:] = [
        risk.defaulted,
        days >= settings.default_days,
        since <= probation,
        days > settings.backstop_days,
        risk.forborne,
        risk.watch,
        (since > probation) & (since <= probation + settings.return_probation_months),
        worse,
        (now >= settings.lifetime_pd_backstop * then) & (now > then) & (settings.lifetime_pd_backstop > 0.0),
    ]
    stage = np.ones(size, dtype=np.int64)
    stage[triggers[IMPAIRED:].any(axis=0)] = 2
    stage[triggers[:IMPAIRED].any(axis=0)] = 3
    return Stages(stage, triggers.T)
