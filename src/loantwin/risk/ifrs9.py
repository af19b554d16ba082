"""Expected credit loss under IFRS 9: stage 1 twelve months, stage 2 and 3 lifetime, weighted over scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loantwin.config import Ifrs9
from loantwin.errors import RiskError, expected
from loantwin.risk.allowance import Exposures, Part, ScenarioAllowance, amounts, checked_weights, parts, total
from loantwin.risk.stages import Stages
from loantwin.types import Result

Floats = NDArray[np.float64]

RULES = (
    "stage 1: expected loss of defaults within 12 months (IFRS 9 5.5.5); stage 2: over the remaining life (5.5.3)",
    "stage 3: exposure x loss given default still to come (5.5.3, B5.5.33)",
    "losses are weighted over scenarios (5.5.17(a)) and discounted at the effective interest rate (B5.5.44)",
    "PD at origination: the same model, the loan performing, macro at its long-run mean and the present period effect left "
    "out, over the same remaining life (5.5.9, B5.5.13)",
    "allowance is net of guarantees that are integral to the contract (B5.5.55); allowance_gross is before them",
)
"""How the figures are made, printed with every result."""


@dataclass(frozen=True)
class Ifrs9Result(Result):
    """The allowance of a book under IFRS 9. Money in the book's currency; names as in the command's JSON."""

    SCHEMA: ClassVar[str] = "loantwin.provisions/1"

    standard: str
    as_of: date
    currency: str
    exposure: float
    allowance: float
    allowance_gross: float
    by_stage: Mapping[str, Part]
    by_scenario: Mapping[str, ScenarioAllowance]
    triggers: Mapping[str, int]
    settings: Mapping[str, float]
    rules: tuple[str, ...]
    not_observable: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LoanLosses:
    """Expected credit losses of N loans under K scenarios, before guarantees, present values of one loan.

    twelve_month, lifetime : (N, K) book currency, >= 0; 12-month losses are part of lifetime losses. Losses on undrawn
        commitments are in them through the conversion factor of exposure at default (B5.5.31).
    defaulted : (N,) book currency, loss still to come of a loan that is in default: exposure x remaining loss given
        default; read for stage 3 only.
    """

    twelve_month: Floats
    lifetime: Floats
    defaulted: Floats


def allowance_by_scenario(losses: LoanLosses, stage: NDArray[np.int64]) -> Floats:
    """Return the gross allowance of each loan under each scenario, (N, K)."""
    chosen = np.where((stage == 1)[:, None], losses.twelve_month, losses.lifetime)
    return np.asarray(np.where((stage == 3)[:, None], losses.defaulted[:, None], chosen))


def ifrs9(
    as_of: date,
    currency: str,
    exposures: Exposures,
    losses: LoanLosses,
    staged: Stages,
    weights: Mapping[str, float],
    settings: Ifrs9,
    not_observable: tuple[str, ...] = (),
    unobservable: tuple[str, ...] = (),
    provenance: Mapping[str, Any] | None = None,
) -> Ifrs9Result:
    """Return the allowance of the book.

    Parameters
    ----------
    exposures : N loans. losses : (N, K), scenarios in the order of `weights`. staged : stage of each loan.
    weights : scenario name -> probability; they must sum to 1.
    not_observable : what the source cannot tell, in words; printed, never taken as zero.
    unobservable : stages that the source cannot tell: left out of `by_stage` where no loan is in them, never a zero.
    provenance : where model and macro came from, kept under `_provenance`.

    Raises
    ------
    RiskError : weights that do not sum to 1, a negative or non-finite amount, shapes that do not fit, a 12-month loss
        above the lifetime loss.
    """
    probability = checked_weights(weights)
    exposures.check()
    _check(losses, len(exposures.exposure), len(probability), staged)
    by_scenario = allowance_by_scenario(losses, staged.stage)
    gross = by_scenario @ probability
    kept = 1 - exposures.guaranteed
    by_stage = parts(staged.stage - 1, ("1", "2", "3"), exposures, gross * kept, gross)
    scenario = {
        name: ScenarioAllowance(weight, total(by_scenario[:, k] * kept * exposures.weight))
        for k, (name, weight) in enumerate(weights.items())
    }
    return Ifrs9Result(
        standard="ifrs9",
        as_of=as_of,
        currency=currency,
        exposure=total(exposures.exposure * exposures.weight),
        allowance=total(gross * kept * exposures.weight),
        allowance_gross=total(gross * exposures.weight),
        by_stage={name: part for name, part in by_stage.items() if part.loans or name not in unobservable},
        by_scenario=scenario,
        triggers=staged.counts(),
        settings={name: float(value) for name, value in asdict(settings).items()},
        rules=RULES,
        not_observable=not_observable,
        provenance=dict(provenance or {}),
    )


def _check(losses: LoanLosses, loans: int, scenarios: int, staged: Stages) -> None:
    amounts(losses.twelve_month, "twelve_month", (loans, scenarios))
    amounts(losses.lifetime, "lifetime", (loans, scenarios))
    amounts(losses.defaulted, "defaulted", (loans,))
    if staged.stage.shape != (loans,) or not np.isin(staged.stage, (1, 2, 3)).all():
        raise RiskError(expected(f"{loans} stages 1, 2 or 3", "something else"), field="stage")
    if (losses.twelve_month > losses.lifetime * (1 + 1e-9) + 1e-9).any():
        raise RiskError(expected("12-month losses within lifetime losses", "more"), field="twelve_month")
