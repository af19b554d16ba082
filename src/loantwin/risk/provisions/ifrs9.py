"""Expected credit loss under IFRS 9: twelve months in stage 1, else lifetime, weighted over scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, ClassVar

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.config import Ifrs9
from loantwin.errors import RiskError, expected
from loantwin.risk.allowance import (
    FEW,
    Exposures,
    Part,
    ScenarioAllowance,
    amounts,
    checked_weights,
    parts_and_whole,
    totals,
)
from loantwin.risk.provisions.modification import Modifications
from loantwin.risk.provisions.overlays import Overlay, OverlayEffect, overlay_effects
from loantwin.risk.provisions.recognition import RecognitionFacts
from loantwin.risk.provisions.revolving import Commitments
from loantwin.risk.provisions.stages import Stages
from loantwin.types import ModelResult

RULES = (
    "stage 1: expected loss of defaults within 12 months (IFRS 9 5.5.5); stage 2: over the remaining life "
    "(5.5.3)",
    "stage 3: exposure x loss given default still to come (5.5.3, B5.5.33); after default a loan stays in "
    "stage 3, then in stage 2, for the months of probation that are set",
    "purchased or originated credit-impaired: the change of lifetime loss since recognition, a gain if it "
    "fell (5.5.13, 5.5.14)",
    "losses are weighted over scenarios (5.5.17(a)) and discounted at the effective interest rate "
    "(B5.5.44), recoveries from their own month",
    "risk at recognition: the curve of the model in force then over the same remaining life (5.5.9, "
    "B5.5.11), of a loan older than the twin that of its first model at its origination month "
    "(reconstructed)",
    "allowance is net of guarantees that are integral to the contract (B5.5.55); allowance_gross is before "
    "them",
)
"""How the figures are made, printed with every result."""


STAGES = ("1", "2", "3", "poci")
"""Names of stages by code 0 to 3; loans bought or made credit-impaired stand apart."""


@dataclass(frozen=True)
class InterestBasis:
    """How a stage earns interest: on the gross amount, or net of the allowance (stage 3, POCI; IFRS 9 5.4.1).

    carrying_amount : the basis, book currency. monthly_interest : of the next month, at the effective rates.
    """

    basis: str
    carrying_amount: float
    monthly_interest: float


@dataclass(frozen=True)
class Ifrs9Result(ModelResult):
    """The allowance of a book under IFRS 9. Money in the book's currency; names as in the command's JSON.

    allowance, allowance_gross, by_stage, by_scenario : as modelled. overlays stand apart: `overlay_total` is
        what they add and `allowance_with_overlays` the sum. modifications : None where the source has no
        history of rates. recognition : where risk at initial recognition comes from, None where nothing tells
        it and the present model at its long-run level stands in.
    """

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
    interest: Mapping[str, InterestBasis]
    commitments: Commitments
    modifications: Modifications | None
    overlays: tuple[OverlayEffect, ...]
    overlay_total: float
    allowance_with_overlays: float
    recognition: RecognitionFacts | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StagedLosses:
    """Expected credit losses of N loans under K scenarios, before guarantees, present values of one loan.

    twelve_month, lifetime : (N, K) book currency, >= 0; 12-month losses are part of lifetime losses. Losses
        on undrawn commitments are in them through the conversion factor of exposure at default (B5.5.31).
    defaulted : (N,) book currency, loss still to come of a loan that is in default: exposure x remaining loss
        given default; read for stage 3 only.
    """

    twelve_month: Floats
    lifetime: Floats
    defaulted: Floats

    def __post_init__(self) -> None:
        check.finite(**vars(self))


NOTHING_UNDRAWN = Commitments(0, 0.0, 0.0, 0.0, 0.0, 0)


@dataclass(frozen=True)
class Further:
    """What else the standard reads of N loans; every field may be left out.

    annual_rate : (N,) effective interest rate, decimal a year. undrawn_share : (N, 2) part of the 12-month
    and of the lifetime loss that undrawn amounts cause, in [0, 1]. commitments : what is undrawn, its
    provision still to be filled in.
    poci : (N,) purchased or originated credit-impaired. poci_expected : (N,) lifetime loss expected at their
    recognition over the months now left, currency; the allowance is the change since. segment : (N,) index
    into segments, for overlays. recognition : where risk at initial recognition comes from.
    """

    annual_rate: Floats | None = None
    undrawn_share: Floats | None = None
    commitments: Commitments = NOTHING_UNDRAWN
    poci: Flags | None = None
    poci_expected: Floats | None = None
    modifications: Modifications | None = None
    overlays: tuple[Overlay, ...] = ()
    segment: Integers | None = None
    segments: tuple[str, ...] = ()
    recognition: RecognitionFacts | None = None

    def __post_init__(self) -> None:
        check.finite(**check.given(annual_rate=self.annual_rate, undrawn_share=self.undrawn_share))
        check.finite(**check.given(poci_expected=self.poci_expected))


def allowance_by_scenario(losses: StagedLosses, stage: Integers) -> Floats:
    """Return loans' gross allowance by scenario, (N, K): `exact.kernels.staged_losses`' reference."""
    check.kind(StagedLosses, losses=losses)
    check.codes(0, stage=stage)
    check.shaped(losses.defaulted.shape, stage=stage)
    chosen = np.where((stage == 1)[:, None], losses.twelve_month, losses.lifetime)
    return np.asarray(np.where((stage == 3)[:, None], losses.defaulted[:, None], chosen))


def ifrs9(
    as_of: date,
    currency: str,
    exposures: Exposures,
    losses: StagedLosses,
    staged: Stages,
    weights: Mapping[str, float],
    settings: Ifrs9,
    not_observable: tuple[str, ...] = (),
    unobservable: tuple[str, ...] = (),
    provenance: Mapping[str, Any] | None = None,
    further: Further | None = None,
) -> Ifrs9Result:
    """Return the allowance of the book.

    Parameters
    ----------
    exposures : N loans. losses : (N, K), scenarios in the order of `weights`. staged : stage of each loan.
    weights : scenario name -> probability; they must sum to 1.
    not_observable : what the source cannot tell, in words; printed, never taken as zero.
    unobservable : stages that the source cannot tell: left out of `by_stage` where no loan is in them, never
        a zero.
    provenance : where model and macro came from, kept under `_provenance`.
    further : interest, commitments, credit-impaired loans, modifications and overlays.

    Raises
    ------
    RiskError : weights that do not sum to 1, a negative or non-finite amount, shapes that do not fit, a
        12-month loss above the lifetime loss, an overlay that does not fit.
    """
    check.kind(date, as_of=as_of)
    check.word(currency=currency)
    check.kind(Exposures, exposures=exposures)
    check.kind(StagedLosses, losses=losses)
    check.kind(Stages, staged=staged)
    check.kind(Mapping, weights=weights)
    check.kind(Ifrs9, settings=settings)
    check.words(not_observable=not_observable, unobservable=unobservable)
    check.kind(Mapping, **check.given(provenance=provenance))
    check.kind(Further, **check.given(further=further))
    probability = checked_weights(weights)
    exposures.check()
    more = further or Further()
    by_scenario, gross = _chosen(losses, staged, probability, len(exposures.exposure))
    code = staged.stage - 1
    if more.poci is not None and more.poci.any():
        code = np.where(more.poci, 3, code)
        now = np.where(staged.stage == 3, losses.defaulted, losses.lifetime.T)
        change = np.where(
            more.poci, now - (0.0 if more.poci_expected is None else more.poci_expected), by_scenario
        )
        by_scenario, gross = change, _weighted(change, probability)
    kept = 1 - exposures.guaranteed
    net = gross * kept
    by_stage, whole = parts_and_whole(code, STAGES, exposures, net, gross)
    scenario = [figure[0] for figure in totals(list(by_scenario * (kept * exposures.weight)))]
    effects, _ = overlay_effects(
        more.overlays,
        as_of,
        net * exposures.weight,
        exposures.exposure * exposures.weight,
        np.zeros(len(code), dtype=np.int64) if more.segment is None else more.segment,
        more.segments,
        code,
        STAGES,
    )
    added = sum(effect.amount for effect in effects)
    unseen = {*unobservable, "poci"}
    return Ifrs9Result(
        standard="ifrs9",
        as_of=as_of,
        currency=currency,
        exposure=whole.exposure,
        allowance=whole.allowance,
        allowance_gross=whole.allowance_gross,
        by_stage={name: part for name, part in by_stage.items() if part.loans or name not in unseen},
        by_scenario={
            name: ScenarioAllowance(weight, scenario[k]) for k, (name, weight) in enumerate(weights.items())
        },
        triggers=staged.counts(),
        settings={name: float(value) for name, value in asdict(settings).items()},
        rules=RULES,
        not_observable=not_observable,
        interest=_interest(code, by_stage, exposures, gross, more.annual_rate),
        commitments=_commitments(more, staged.stage, gross, kept, exposures.weight),
        modifications=more.modifications,
        overlays=effects,
        overlay_total=added,
        allowance_with_overlays=whole.allowance + added,
        recognition=more.recognition,
        provenance=dict(provenance or {}),
    )


def _interest(
    code: Integers, by_stage: Mapping[str, Part], exposures: Exposures, gross: Floats, rate: Floats | None
) -> dict[str, InterestBasis]:
    """Return the interest basis by stage with loans; nothing where effective rates are not given."""
    if rate is None or not len(code):
        return {}
    base = exposures.exposure - np.where(code >= 2, gross, 0.0)
    interest = totals([base * exposures.weight * rate / 12.0], code, len(STAGES))[0]
    return {
        name: InterestBasis(
            "net" if place >= 2 else "gross",
            part.exposure - (part.allowance_gross if place >= 2 else 0.0),
            earned,
        )
        for place, ((name, part), earned) in enumerate(zip(by_stage.items(), interest, strict=True))
        if part.loans
    }


def _commitments(more: Further, stage: Integers, gross: Floats, kept: Floats, weight: Floats) -> Commitments:
    """Return commitments with the allowance that undrawn amounts cause; none of a loan in default."""
    if more.undrawn_share is None:
        return more.commitments
    share = np.where(
        stage == 1, more.undrawn_share[:, 0], np.where(stage == 2, more.undrawn_share[:, 1], 0.0)
    )
    caused = gross * share * weight
    net, before = (figure[0] for figure in totals([caused * kept, caused]))
    return replace(more.commitments, provision=net, provision_gross=before)


def _chosen(losses: StagedLosses, staged: Stages, probability: Floats, loans: int) -> tuple[Floats, Floats]:
    """Return the loss of loans' stage by scenario, (K, N), and weighted, (N,), all of it checked."""
    shape = (loans, len(probability))
    for name in ("twelve_month", "lifetime"):
        if getattr(losses, name).shape != shape:
            amounts(getattr(losses, name), name, shape)
    amounts(losses.defaulted, "defaulted", (loans,))
    if staged.stage.shape != (loans,) or not np.isin(staged.stage, (1, 2, 3)).all():
        raise RiskError(expected(f"{loans} stages 1, 2 or 3", "something else"), field="stage")
    if loans < FEW:
        _check(losses, shape)
        by_scenario = np.ascontiguousarray(allowance_by_scenario(losses, staged.stage).T)
        return by_scenario, _weighted(by_scenario, probability)
    from loantwin.kernels import in_shares
    from loantwin.risk import kernels

    by_scenario, gross = np.empty(shape[::-1]), np.empty(loans)
    sound = np.ones((2, kernels.BLOCKS), dtype=np.bool_)
    in_shares(
        kernels.staged_losses,
        kernels.BLOCKS,
        losses.twelve_month,
        losses.lifetime,
        losses.defaulted,
        staged.stage,
        probability,
        by_scenario,
        gross,
        sound,
    )
    if not sound.all():
        _check(losses, shape)
    return by_scenario, gross


def _weighted(by_scenario: Floats, probability: Floats) -> Floats:
    """Return the weighted loss, (N,), loan by loan: a matrix product would round by place."""
    gross = np.zeros(by_scenario.shape[1])
    for own, weight in zip(by_scenario, probability, strict=True):
        gross += weight * own
    return gross


def _check(losses: StagedLosses, shape: tuple[int, int]) -> None:
    amounts(losses.twelve_month, "twelve_month", shape)
    amounts(losses.lifetime, "lifetime", shape)
    if (losses.twelve_month > losses.lifetime * (1 + 1e-9) + 1e-9).any():
        raise RiskError(expected("12-month losses within lifetime losses", "more"), field="twelve_month")
