"""`loss --model migration`: loans move between the twin's states, revalued by the loss still to come.

One core: the twelve-month probabilities are products of the transition rows that give the provisions, the
revaluation is the engine's expected loss from the horizon to the contract's end. The factor is that of the
other copulas.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.engine.columns import LoanColumns, take
from loantwin.engine.loss import loan_losses
from loantwin.engine.packing import buckets_of
from loantwin.engine.rows import odds, rows_at
from loantwin.outlook.outlook import Outlook
from loantwin.risk.loss.credit_metrics import MigrationLosses, migration_losses, tail_contributions
from loantwin.risk.loss.loss import GrossLoss, LossResult, SegmentLoss, curve_of
from loantwin.types import Estimate
from loantwin.verbs.loss.dependence import copula_errors, dependence
from loantwin.verbs.loss.drawn_error import with_drawn_error
from loantwin.verbs.loss.inputs import LossInputs
from loantwin.verbs.loss.settings import RULES, LossSettings
from loantwin.verbs.loss.top_names import top_names

MEAN_PATHS = 100
"""Generated paths whose mean month stands for the economy of rows and revaluation."""
LONGEST = 120
"""Months after the horizon in which loss to come is counted; the rest adds next to nothing."""
BANDS = 12
"""Bands of PD in a sector and state: a band's loans share a row, scaled so that its mean PD is exact."""


@dataclass(frozen=True)
class States:
    """Loans (N,) by end state (K): left the book, the live states from best to worst, default.

    row : (N, K) probabilities within the horizon. to_come : (N, K) present value of the loss still to come
        after it, gross.
    """

    names: tuple[str, ...]
    row: Floats
    to_come: Floats


def migration(inputs: LossInputs, settings: LossSettings) -> LossResult:
    """Return losses by migration: defaults in the horizon, and others' change of loss still to come.

    A loan that ends the horizon in a live state loses, or gains, the difference of its expected loss still to
    come there from its expectation over all live ends. So the mean is the default loss of the other models,
    and migration adds spread only.
    """
    states = loan_states(inputs.outlook, inputs.months)
    loans = inputs.loans
    rho, matrix = dependence(inputs.implied, settings)
    rho = np.minimum(rho, 0.999)[loans.sector]
    none = np.zeros(len(loans.row))
    made, parts = [], []
    for share in (loans.net, np.ones(len(loans.net))):
        kind, rows = _kinds(states, inputs, share)
        loss = _losses(states, rows[kind], inputs, share)
        one = migration_losses(
            -loss, kind, rows, rho, reference=none, sector=loans.sector, sector_correlation=matrix,
            paths=settings.paths, seed=settings.seed, importance=settings.confidence,
        )  # fmt: skip
        made.append(one)
        parts.append((loss, rows[kind]))
    drawn = copula_errors(inputs, settings, None)
    own, gross = (with_drawn_error(_figures(one, settings.confidence), drawn) for one in made)
    loss, rows = parts[0]
    at, beyond = tail_contributions(made[0], settings.confidence, -loss, rows, rho, loans.sector, none)
    average = (rows * loss).sum(axis=1)
    segments = {
        name: SegmentLoss(*(float(figure[loans.segment == place].sum()) for figure in (average, at, beyond)))
        for place, name in enumerate(inputs.segments)
    }
    return LossResult(
        as_of=inputs.as_of,
        currency=inputs.currency,
        months=inputs.months,
        confidence=settings.confidence,
        paths=settings.paths,
        expected_loss=own.expected_loss,
        standard_deviation=own.standard_deviation,
        unexpected_loss=own.unexpected_loss,
        var=own.var,
        es=own.es,
        gross=gross,
        rules=(*RULES, *_rules(states)),
        not_observable=settings.not_observable,
        model="migration",
        assumptions=(*inputs.notes, *_words(states, made[0])),
        by_segment=segments,
        top_names=top_names(inputs, beyond),
        curve=curve_of(made[0].losses, made[0].weight),
        provenance=dict(settings.provenance or {}),
    )


def loan_states(outlook: Outlook, months: int) -> States:
    """Return loans' end states after `months` under the mean economy, and the loss still to come."""
    model, columns = outlook.twin.model, outlook.columns
    parameters = model.parameters
    longest = min(max(int(columns.remaining_months.max()) - months, 1), LONGEST)
    economy = outlook.simulated(months + longest, MEAN_PATHS, outlook.twin.config.run.seed)
    shocks = np.ascontiguousarray(outlook.expected(economy).mean(axis=0))  # (T, R)
    bucket, buckets = buckets_of((columns.segment, columns.age, columns.state))
    segment, age, state = np.asarray(buckets).T
    base, ends = odds(parameters), np.eye(len(parameters.states))[state]
    live = np.arange(parameters.live)
    for month in range(months):
        step = rows_at(parameters, base, shocks[month], segment, age + month)
        ends = np.einsum("bi,bij->bj", ends[:, live], step) + np.where(
            np.isin(np.arange(ends.shape[1]), live), 0.0, ends
        )
    gone = np.ones(len(parameters.states), dtype=bool)
    gone[[*live, parameters.default_state]] = False
    row = np.concatenate(
        [ends[:, gone].sum(axis=1)[:, None], ends[:, live], ends[:, [parameters.default_state]]], axis=1
    )[bucket]
    matured = columns.remaining_months <= months  # the contract ends first: what would be live has left
    row[matured, 0] += row[matured, 1:-1].sum(axis=1)
    row[matured, 1:-1] = 0.0
    to_come = np.zeros_like(row)
    for place in live:
        to_come[:, 1 + place] = _to_come(
            outlook, columns, months, int(place), shocks[months : months + longest], ~matured
        )
    names = (
        "left the book",
        *(parameters.states[i] for i in live),
        parameters.states[parameters.default_state],
    )
    return States(names, row, to_come)


def _to_come(
    outlook: Outlook, columns: LoanColumns, months: int, state: int, shocks: Floats, on: Flags
) -> Floats:
    """Return today's worth of loans' expected loss after the horizon, were they then in a state, (N,)."""
    rows = np.flatnonzero(on)
    made = np.zeros(len(on))
    if not len(rows):
        return made
    own = take(columns, rows)
    left = own.remaining_months - months
    paid = left / own.remaining_months  # balance at the horizon: in a straight line to the balloon
    later = replace(
        own,
        age=own.age + months,
        state=np.full(len(rows), state, dtype=own.state.dtype),
        remaining_months=left,
        principal=own.balloon + (own.principal - own.balloon) * paid,
        interest_only_months=np.minimum(np.maximum(own.interest_only_months - months, 0), left - 1),
    )
    runoff, model = outlook.runoff, outlook.twin.model
    found = loan_losses(
        model.parameters, later, model.lgd, np.ascontiguousarray(shocks[None]),
        partial_monthly=runoff.partial_monthly, arrears_months=runoff.arrears_months,
        conversion_factor=runoff.conversion_factor, horizons=(1, len(shocks)),
    )  # fmt: skip
    made[rows] = found.loss[:, 0, 1] / (1 + own.effective_annual_rate / 12) ** months
    return made


def _kinds(states: States, inputs: LossInputs, share: Floats) -> tuple[Integers, Floats]:
    """Return loans' kinds and each kind's row: default is the inputs' mean PD, weighted by loss."""
    loans = inputs.loans
    worst = states.row[loans.row][:, 1:-1].argmax(axis=1)
    order = np.argsort(np.argsort(loans.pd, kind="stable"), kind="stable")
    band = order * BANDS // len(order)
    key = (loans.sector * (len(states.names)) + worst) * BANDS + band
    _, kind = np.unique(key, return_inverse=True)
    size = int(kind.max()) + 1
    weight = np.maximum(loans.exposure * loans.lgd * share, 1e-12)
    total = np.bincount(kind, weight, size)
    rows = np.stack(
        [np.bincount(kind, weight * part, size) / total for part in states.row[loans.row].T], axis=1
    )
    pd = np.bincount(kind, weight * loans.pd, size) / total
    rest = rows[:, :-1]
    rest = rest * np.divide(1 - pd, rest.sum(axis=1), out=np.zeros(size), where=rest.sum(axis=1) > 0)[:, None]
    rest[rest.sum(axis=1) <= 0, 0] = (1 - pd)[rest.sum(axis=1) <= 0]
    made = np.concatenate([rest, pd[:, None]], axis=1)
    return kind.astype(np.int64), made / made.sum(axis=1, keepdims=True)


def _losses(states: States, rows: Floats, inputs: LossInputs, share: Floats) -> Floats:
    """Return loans' loss in each end state, (N, K), of the part that `share` says the lender bears."""
    loans = inputs.loans
    still = np.zeros((len(loans.row), states.to_come.shape[1]))
    np.add.at(still, inputs.member, states.to_come[inputs.still])
    live = rows[:, :-1].sum(axis=1)
    expected = np.divide((rows * still)[:, :-1].sum(axis=1), live, out=np.zeros(len(live)), where=live > 0)
    loss = still - expected[:, None]
    loss[:, -1] = loans.exposure * loans.lgd
    return np.asarray(loss * share[:, None])


def _figures(made: MigrationLosses, confidence: float) -> GrossLoss:
    var, es = made.quantile(confidence), made.expected_shortfall(confidence)
    error = float(np.hypot(var.standard_error, made.mean.standard_error))
    unexpected = Estimate(var.value - made.mean.value, error)
    return GrossLoss(made.mean, made.standard_deviation, unexpected, var, es)


def _rules(states: States) -> tuple[str, ...]:
    return (
        f"a loan ends the horizon in one of: {', '.join(states.names)}; the probabilities are products of "
        "the twin's monthly rows under the mean economy, default as in the other models",
        "asset returns are cut at thresholds of those probabilities in that order (CreditMetrics); loans "
        "of like PD share a row",
        "a live end costs the expected loss still to come there less its mean over live ends: migration "
        "adds spread, not mean",
        f"loss to come: present value today to the contract's end, at most {LONGEST} months; balance in a "
        "straight line",
    )


def _words(states: States, made: MigrationLosses) -> tuple[str, ...]:
    if len(states.names) <= 3:
        return (
            "the source tells no arrears: besides default a loan stays or leaves, so that migration adds "
            "only the loss to come that ends with loans that leave",
        )
    parts = zip(states.names, made.by_state, strict=True)
    shown = ", ".join(f"{name} {value:+,.0f}" for name, value in parts)
    return (f"expected loss by end state: {shown}",)
