"""The monthly history of loans, simulated from the truth: moves by its rows, money by the contracts.

A loan of age a that has paid n instalments has missed k = a - n: k = 0 is current, 1 is 1 to 29 days past
due, and so on; the fourth miss is the default. Moving from k to k' therefore pays k + 1 - k' instalments, and
nothing else decides the money, so that states, days past due and principal can never disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loantwin.arrays import Codes, Flags, Floats, Integers
from loantwin.engine.rows import transition_rows
from loantwin.macro.scenario import Scenario
from loantwin.synthesis.draws import Purpose, pick, uniforms
from loantwin.synthesis.origination import Originations
from loantwin.synthesis.truth import DEFAULT, LIVE, PREPAID, Truth

CODES = (
    "current",
    "dpd_1_29",
    "dpd_30_59",
    "dpd_60_89",
    "default",
    "prepaid",
    "matured",
    "charged_off",
    "cured_probation",
)
"""What a code of `History.state` means; default is split by months since default when tables are made."""
MATURED, CHARGED_OFF, CURED = 6, 7, 8
ABSENT = -1
"""State of a loan not on the books in a month: not yet made, or gone."""

NEVER = -1
"""Month of what did not happen within the panel."""


@dataclass(frozen=True)
class History:
    """T months of N loans. Arrays of (T, N) are read where `state` is not ABSENT; money in currency.

    state : codes. paid : instalments paid so far. principal : at the month's end. rate : in force in the
        month.
    scheduled, prepaid, interest, charged_off, recovered : flows of the month. drawn : principal drawn
        (revolving).
    default_month, charge_off_month, closed_month : (N,) months counted from the panel's first, NEVER where
        not.
    """

    state: Codes
    paid: NDArray[np.int16]
    principal: Floats
    rate: Floats
    scheduled: Floats
    prepaid: Floats
    interest: Floats
    charged_off: Floats
    recovered: Floats
    drawn: Floats
    default_month: Integers
    charge_off_month: Integers
    closed_month: Integers


@dataclass
class _Now:
    """Where the loans stand: overwritten month by month."""

    state: Codes
    paid: NDArray[np.int16]
    principal: Floats
    balloon: Floats
    default_month: Integers
    charge_off_month: Integers
    closed_month: Integers


@dataclass(frozen=True)
class _World:
    """What does not change over the months.

    The truth by loan, and what a default would lead to, drawn at the loan's making.

    index : (products, T) the index a floating rate follows. lag : (N,) months from default to cure or
        charge-off.
    wait : (N,) months from charge-off to recovery. charged, recovered : (N,) decimals of principal, of
        charged-off amount.
    """

    truth: Truth
    loans: Originations
    seed: int
    index: Floats
    minimum: Floats
    conversion: Floats
    partial_probability: Floats
    partial_share: Floats
    cured: Flags
    lag: Integers
    wait: Integers
    charged: Floats
    recovered: Floats

    def draw(self, purpose: Purpose, month: int = 0) -> Floats:
        """Return one draw for each loan, (N,)."""
        return uniforms(self.seed, purpose, self.loans.first, len(self.loans.product), month)

    def rate(self, month: int) -> Floats:
        """Return the rates in force in a month, (N,)."""
        loans = self.loans
        floating = np.clip(self.index[loans.product, month] + loans.spread, loans.floor, loans.cap)
        return np.where(loans.floating, floating, loans.rate)


def simulate(
    truth: Truth,
    loans: Originations,
    economy: Scenario,
    covariates: Floats,
    latent: Floats,
    first_month: int,
    seed: int,
) -> History:
    """Return the history of loans over the panel's months.

    Parameters
    ----------
    covariates : (T, F), latent : (T, L), for the panel's months, the first at `first_month`.
    """
    months, count = len(covariates), len(loans.product)
    world = _world(truth, loans, economy, first_month, months, seed)
    made, now = _empty(months, count), _start(loans)
    for month in range(months):
        rate = world.rate(month)
        new = np.flatnonzero(loans.vintage == month)
        live = np.flatnonzero((now.state >= 0) & (now.state < LIVE))
        defaulted = np.flatnonzero(now.state == DEFAULT)
        written_off = np.flatnonzero(now.state == CHARGED_OFF)
        cured = np.flatnonzero(now.state == CURED)
        target = _moves(world, now, covariates[month : month + 1], latent[month : month + 1], month, live)
        on_book = np.concatenate([new, live, defaulted, written_off, cured])

        now.state[new] = 0
        now.principal[new] = loans.amount[new]
        _perform(made, now, world, rate, month, live, target)
        _perform(made, now, world, rate, month, cured, np.full(len(cured), CURED))
        _work_out(made, now, world, rate, month, defaulted)
        _recover(made, now, world, month, written_off)

        made.state[month, on_book] = now.state[on_book]
        made.paid[month, on_book] = now.paid[on_book]
        made.principal[month, on_book] = now.principal[on_book]
        made.rate[month, on_book] = rate[on_book]
        now.state[on_book[now.closed_month[on_book] == month]] = ABSENT
    return replace(
        made,
        default_month=now.default_month,
        charge_off_month=now.charge_off_month,
        closed_month=now.closed_month,
    )


def due_of_month(
    principal: Floats, balloon: Floats, rate: Floats, remaining: Integers, instalments: Integers
) -> tuple[Floats, Floats]:
    """Return principal and interest of the next `instalments` level payments, (N,) each, with any balloon.

    The payment is the one that takes `principal` to `balloon` over `remaining` months at the rate now in
    force; late payments carry no interest on interest. balloon = principal is an interest-only loan.
    """
    monthly = rate / 12.0
    log_growth = np.log1p(monthly)
    whole = np.expm1(remaining * log_growth)
    part = np.expm1(instalments * log_growth)
    flat = whole == 0.0
    share = np.where(flat, instalments / np.maximum(remaining, 1), part / np.where(flat, 1.0, whole))
    annuity = principal - balloon
    paid = annuity * share
    level = np.where(
        flat,
        annuity / np.maximum(remaining, 1),
        annuity * monthly * (1.0 + whole) / np.where(flat, 1.0, whole),
    )
    interest = instalments * (level + balloon * monthly) - paid
    last = instalments >= remaining
    return np.where(last, principal, paid), interest


def _moves(
    world: _World, now: _Now, covariates: Floats, latent: Floats, month: int, live: Integers
) -> Integers:
    """Return the state each live loan moves to, drawn from the engine's own transition rows of the month."""
    loans = world.loans
    ladder = np.cumsum(transition_rows(world.truth.transitions, covariates, latent)[0], axis=-1)
    ladder[..., -1] = 1.0
    age = np.minimum(month - loans.vintage[live], ladder.shape[1] - 1)
    steps = ladder[loans.segment[live], age, now.state[live]]
    return np.asarray((world.draw(Purpose.MOVE, month)[live][:, None] >= steps).sum(axis=1), dtype=np.int64)


def _perform(
    made: History, now: _Now, world: _World, rate: Floats, month: int, who: Integers, target: Integers
) -> None:
    """Move loans and their money over one month.

    `target` holds states 0 to 3, DEFAULT, PREPAID or CURED (pays as agreed).
    """
    missed = np.where(target == CURED, 0, now.state[who])
    missing = np.where(target < LIVE, target, 0)
    remaining = world.loans.term[who] - now.paid[who]
    instalments = np.where(target == DEFAULT, 0, np.minimum(missed + 1 - missing, remaining))
    opening = now.principal[who]
    scheduled, interest = _due(
        opening, now.balloon[who], rate[who], remaining, instalments, world.minimum[who]
    )
    left = opening - scheduled
    on_time = (missing == 0) & (missed == 0) & (target != PREPAID) & (left > 0)
    prepaid = _cents(
        np.where(target == PREPAID, left, np.where(on_time, left * _partial_share(world, month, who), 0.0))
    )
    kept = np.where(left > 0, 1.0 - prepaid / np.where(left > 0, left, 1.0), 1.0)
    left = _cents(left - prepaid)
    ended = (instalments >= remaining) & (target != DEFAULT) & (target != PREPAID)
    first_miss = (target == 1) & (missed == 0)
    drawn = np.where(
        ended | (target == PREPAID),
        0.0,
        _drawn(world, month, who, left, missing == 0, first_miss, target == DEFAULT),
    )

    now.paid[who] += instalments.astype(np.int16)
    now.balloon[who] *= kept
    now.principal[who] = _cents(left + drawn)
    now.state[who] = np.where(ended, MATURED, target)
    now.closed_month[who] = np.where(ended | (target == PREPAID), month, now.closed_month[who])
    now.default_month[who] = np.where(target == DEFAULT, month, now.default_month[who])
    made.scheduled[month, who] = scheduled
    made.prepaid[month, who] = prepaid
    made.interest[month, who] = interest
    made.drawn[month, who] = drawn


def _due(
    principal: Floats,
    balloon: Floats,
    rate: Floats,
    remaining: Integers,
    instalments: Integers,
    minimum: Floats,
) -> tuple[Floats, Floats]:
    """Return this month's scheduled principal and interest, revolving lines by minimum payment."""
    level, interest = due_of_month(principal, balloon, rate, remaining, instalments)
    revolving = minimum > 0
    fallen = -np.expm1(instalments * np.log1p(-minimum))
    falling = np.where(instalments >= remaining, principal, principal * fallen)
    on_falling = principal * rate / 12.0 * fallen / np.where(revolving, minimum, 1.0)
    return _cents(np.where(revolving, falling, level)), _cents(np.where(revolving, on_falling, interest))


def _partial_share(world: _World, month: int, who: Integers) -> Floats:
    """Return the part of the principal each loan prepays this month, mostly 0."""
    does = world.draw(Purpose.PARTIAL, month)[who] < world.partial_probability[who]
    size = world.draw(Purpose.PARTIAL_SHARE, month)[who]
    return np.where(does, world.partial_share[who] * (0.5 + size), 0.0)


def _drawn(
    world: _World,
    month: int,
    who: Integers,
    left: Floats,
    up_to_date: Flags,
    first_miss: Flags,
    defaulted: Flags,
) -> Floats:
    """Return what revolving lines draw: to their usual level, or a part of the rest at a first miss."""
    limit = world.loans.limit[who]
    noise = world.draw(Purpose.DRAW, month)[who]
    usual = limit * np.minimum(world.loans.utilisation[who] * (0.9 + 0.2 * noise), 1.0)
    to_usual = np.where(up_to_date & ~defaulted, np.maximum(usual - left, 0.0), 0.0)
    in_need = np.where(first_miss, world.conversion[who] * (limit - left), 0.0)
    return _cents(np.where(world.minimum[who] > 0, to_usual + in_need, 0.0))


def _work_out(made: History, now: _Now, world: _World, rate: Floats, month: int, who: Integers) -> None:
    """Resolve the defaults whose lag is over: cured ones pay their arrears, the others are charged off."""
    due = who[now.default_month[who] + world.lag[who] == month]
    cured, lost = due[world.cured[due]], due[~world.cured[due]]
    remaining = world.loans.term[cured] - now.paid[cured]
    instalments = np.minimum(month - world.loans.vintage[cured] - now.paid[cured], remaining)
    opening = now.principal[cured]
    scheduled, interest = _due(
        opening, now.balloon[cured], rate[cured], remaining, instalments, world.minimum[cured]
    )
    ended = instalments >= remaining
    now.principal[cured] = _cents(opening - scheduled)
    now.paid[cured] += instalments.astype(np.int16)
    now.state[cured] = np.where(ended, MATURED, CURED)
    now.closed_month[cured] = np.where(ended, month, NEVER)
    made.scheduled[month, cured] = scheduled
    made.interest[month, cured] = interest

    charged = _cents(now.principal[lost] * world.charged[lost])
    made.charged_off[month, lost] = charged
    made.prepaid[month, lost] = _cents(now.principal[lost] - charged)
    now.principal[lost] = 0.0
    now.charge_off_month[lost] = month
    now.state[lost] = CHARGED_OFF
    _recover(made, now, world, month, lost)


def _recover(made: History, now: _Now, world: _World, month: int, who: Integers) -> None:
    """Book the recovery of charged-off loans whose wait is over, which closes them."""
    due = who[now.charge_off_month[who] + world.wait[who] == month]
    made.recovered[month, due] = _cents(
        made.charged_off[now.charge_off_month[due], due] * world.recovered[due]
    )
    now.closed_month[due] = month


def _world(
    truth: Truth, loans: Originations, economy: Scenario, first_month: int, months: int, seed: int
) -> _World:
    items = tuple(truth.products.values())

    def draw(purpose: Purpose) -> Floats:
        return uniforms(seed, purpose, loans.first, len(loans.product))

    def by(name: str) -> Floats:
        return np.array([getattr(item, name) for item in items])[loans.product]

    return _World(
        truth=truth,
        loans=loans,
        seed=seed,
        index=np.stack(
            [economy.require(item.rate_index, first_month, first_month + months - 1) for item in items]
        ),
        minimum=by("minimum_payment"),
        conversion=by("conversion"),
        partial_probability=by("partial_probability"),
        partial_share=by("partial_share"),
        cured=draw(Purpose.CURE) < by("cure"),
        lag=pick(draw(Purpose.RESOLUTION_LAG), np.array(truth.charge_off_lag)),
        wait=pick(draw(Purpose.RECOVERY_LAG), np.array(truth.recovery_lag)),
        charged=_around(by("charged_off"), draw(Purpose.SEVERITY)),
        recovered=_around(by("recovered"), draw(Purpose.RECOVERY)),
    )


def _around(mean: Floats, uniform: Floats) -> Floats:
    """Return draws spread evenly around their mean, as wide as [0, 1] allows."""
    half = np.minimum(mean, 1.0 - mean)
    return np.asarray(mean + half * (2.0 * uniform - 1.0))


def _cents(amount: Floats) -> Floats:
    """Return amounts in whole cents, as ledgers hold them."""
    return np.asarray(np.round(amount, 2) + 0.0)  # + 0.0 turns -0.0 into 0.0


def _start(loans: Originations) -> _Now:
    count = len(loans.product)
    return _Now(
        state=np.full(count, ABSENT, dtype=np.int8),
        paid=np.zeros(count, dtype=np.int16),
        principal=np.zeros(count),
        balloon=loans.balloon.copy(),
        default_month=np.full(count, NEVER, dtype=np.int64),
        charge_off_month=np.full(count, NEVER, dtype=np.int64),
        closed_month=np.full(count, NEVER, dtype=np.int64),
    )


def _empty(months: int, count: int) -> History:
    state = np.full((months, count), ABSENT, dtype=np.int8)
    paid = np.zeros((months, count), dtype=np.int16)
    never = np.full(count, NEVER, dtype=np.int64)
    amounts = ("principal", "rate", "scheduled", "prepaid", "interest", "charged_off", "recovered", "drawn")
    money = {name: np.zeros((months, count)) for name in amounts}
    return History(state, paid, **money, default_month=never, charge_off_month=never, closed_month=never)
