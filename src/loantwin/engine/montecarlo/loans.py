"""Loan by loan: who is in which state each month on each path, and the money that follows, in whole units.

Money is counted in units of a hundredth of a cent, each loan's amounts rounded once, so that every sum is of
integers: exact, and the same in any order, on any number of threads and over any split of the loans.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.path import check_lgd, convolved
from loantwin.engine.randomness import key_of, monthly_words
from loantwin.engine.rows import TransitionParameters, odds
from loantwin.engine.runoff import LoanTables
from loantwin.errors import ModelError, expected

UNITS = 10_000.0
"""Units of money (and of loans) in one: a hundredth of a cent."""

FIGURES = (
    *(
        "balance",
        "scheduled_principal",
        "partial",
        "draws",
        "interest",
        "live_number",
        "defaulted",
        "prepaid",
        "exited",
        "arrears",
    ),
    *("defaulted_number", "charged", "recovered_due", "paid_interest"),
)
FULL = 2.0**32
TASKS = 64
"""Parts in which the living book is added up."""


@dataclass(frozen=True)
class Population:
    """N loans: segment, age, state as in LoanColumns; number : the loan's in the draws, 0 to 2**32 - 1."""

    segment: Integers
    age: Integers
    state: Integers
    number: Integers


@dataclass(frozen=True)
class CashTables:
    """Contractual run-off by contract, and which contract each loan has.

    tables : `engine.runoff.LoanTables` of C contracts. contract : (N,) row of each loan. scale : (N,) factor,
    for instance the case weight, or the loan's principal where a contract is of one unit.
    """

    tables: LoanTables
    contract: Integers
    scale: Floats
    lgd: LossGivenDefault


@dataclass(frozen=True)
class LoanPaths:
    """counts : (P, T, S) loans in each state at the end of the month. money : figure by name, (P, T), as in
    `engine.path.Flows`; empty where no cash was asked for."""

    counts: Integers
    money: dict[str, Floats]


def simulate_loans(
    parameters: TransitionParameters,
    loans: Population,
    shocks: Floats,
    seed: int,
    cash: CashTables | None = None,
    first_path: int = 0,
) -> LoanPaths:
    """Return every path's counts and, with `cash`, its money.

    Parameters
    ----------
    shocks : (P, T, R) month part of the odds.
    seed : 0 to 2**64 - 1. A loan's draw depends on seed, path, its number and the month alone.
    first_path : number of the first path, so that a run may be split by paths.

    Raises
    ------
    ModelError : loans or tables that do not fit the model.
    """
    check_population(parameters, loans, shocks, cash)
    from loantwin.engine.montecarlo.kernels import all_alive, loan_paths
    from loantwin.kernels import in_shares

    order, segment, age, place = buckets(loans)
    paths, months, _ = shocks.shape
    counts = np.zeros((paths, months, len(parameters.states)), dtype=np.int64)
    tables = _no_tables() if cash is None else packed(cash.tables)
    contract = np.zeros(0, dtype=np.int64) if cash is None else cash.contract[order]
    scale = np.zeros(0) if cash is None else cash.scale[order] * UNITS
    severity = (
        np.zeros((2, len(segment), months)) if cash is None else severity_of(cash.lgd, segment, age, months)
    )
    parts = np.zeros((TASKS, len(FIGURES), months), dtype=np.int64)
    in_shares(all_alive, TASKS, tables, contract, scale, parts)
    figures = np.repeat(parts.sum(axis=0)[None], paths, axis=0)
    in_shares(
        loan_paths, paths, np.array([*key_of(seed), first_path], dtype=np.int64), odds(parameters),
        np.ascontiguousarray(shocks), segment, age, parameters.origin, parameters.target,
        parameters.live, end_kinds(parameters), loans.number[order].astype(np.uint32), place[order],
        loans.state[order], contract, scale, tables, severity, counts, figures,
    )  # fmt: skip
    return LoanPaths(counts, {} if cash is None else money_of(figures, cash.lgd))


def buckets(loans: Population) -> tuple[Integers, Integers, Integers, Integers]:
    """Return the loans' order by bucket, segment and age of each bucket (U,), and each loan's bucket (N,)."""
    width = int(loans.age.max()) + 1
    unique, place = np.unique(loans.segment * width + loans.age, return_inverse=True)
    return np.argsort(place, kind="stable"), unique // width, unique % width, place.reshape(-1)


def packed(tables: LoanTables) -> tuple[Floats, ...]:
    """Return the run-off as the kernels take it: balance, loans, partial, draws, interest, exposure."""
    names = ("balance", "loans", "partial", "draws", "interest", "exposure")
    return tuple(np.ascontiguousarray(getattr(tables, name), dtype=np.float64) for name in names)


def _no_tables() -> tuple[Floats, ...]:
    return tuple(np.zeros((0, 0)) for _ in range(6))


def severity_of(lgd: LossGivenDefault, segment: Integers, age: Integers, months: int) -> Floats:
    """Return charged off and recovered of defaults by bucket and month, (2, U, T)."""
    at = np.minimum(age[:, None] + np.arange(1, months + 1), lgd.charged_off.shape[1] - 1)
    return np.stack([lgd.charged_off[segment[:, None], at], lgd.recovered[segment[:, None], at]])


def end_kinds(parameters: TransitionParameters) -> Integers:
    """Return what states mean for money, (S,): 0 default, 1 prepaid, 2 other ends (and live, not read)."""
    kinds = np.full(len(parameters.states), 2, dtype=np.int64)
    kinds[parameters.default_state] = 0
    if parameters.prepaid_state >= 0:
        kinds[parameters.prepaid_state] = 1
    return kinds


def money_of(figures: Integers, lgd: LossGivenDefault) -> dict[str, Floats]:
    """Return the figures in currency, (P, T) each, named as in `engine.path.Flows`."""
    raw = {name: figures[:, place] / UNITS for place, name in enumerate(FIGURES)}
    same = (
        "balance",
        "scheduled_principal",
        "draws",
        "live_number",
        "defaulted",
        "exited",
        "arrears",
        "defaulted_number",
    )
    return {name: raw[name] for name in same} | {
        "interest": raw["interest"] + raw["paid_interest"],
        "prepaid": raw["partial"] + raw["prepaid"],
        "charged_off": convolved(raw["charged"], lgd.charge_off_lag),
        "recovered": convolved(raw["recovered_due"], lgd.recovery_lag),
    }


def reference_counts(
    parameters: TransitionParameters, loans: Population, shocks: Floats, seed: int, path: int = 0
) -> Integers:
    """Return all loans' states on one path, (N, T), in plain NumPy from the same draws: shocks (T, R)."""
    words = monthly_words(seed, path, loans.number.astype(np.uint32), shocks.shape[0])
    base, state = odds(parameters), loans.state.copy()
    found = np.empty((len(state), shocks.shape[0]), dtype=np.int64)
    for month in range(shocks.shape[0]):
        age = np.minimum(loans.age + month + 1, base.shape[2] - 1)
        weight = shocks[month][:, None] * base[:, loans.segment, age]
        total, run = np.ones((parameters.live, len(state))), np.zeros((parameters.live, len(state)))
        for r, origin in enumerate(parameters.origin):
            total[origin] += weight[r]
        after, placed = state.copy(), state >= parameters.live
        for r, (origin, target) in enumerate(zip(parameters.origin, parameters.target, strict=True)):
            run[origin] += weight[r] / total[origin]
            bound = np.minimum(run[origin] * FULL, FULL - 1.0).astype(np.uint32)
            moves = (state == origin) & ~placed & (words[:, month] < bound)
            after[moves] = target
            placed |= moves
        state = after
        found[:, month] = state
    return found


def check_population(
    parameters: TransitionParameters, loans: Population, shocks: Floats, cash: CashTables | None
) -> None:
    """Raise ModelError where loans, shocks or cash do not fit the model."""
    count = len(loans.segment)
    limits = {"segment": len(parameters.segments), "state": parameters.live, "age": 2**20, "number": 2**32}
    for name, limit in limits.items():
        values = getattr(loans, name)
        if (
            values.shape != (count,)
            or not count
            or values.dtype.kind not in "iu"
            or values.min() < 0
            or values.max() >= limit
        ):
            raise ModelError(
                expected(f"{count} (at least 1) whole numbers from 0 to {limit - 1}", values.shape),
                field=name,
            )
    if shocks.ndim != 3 or shocks.shape[2] != len(parameters.origin):
        raise ModelError(expected(f"(P, T, {len(parameters.origin)})", shocks.shape), field="shocks")
    if not (np.isfinite(shocks).all() and (shocks >= 0.0).all()):
        raise ModelError(expected("finite numbers of at least 0", "another"), field="shocks")
    if cash is None:
        return
    check_lgd(parameters, cash.lgd)
    contracts, months = cash.tables.interest.shape
    for name in LoanTables.__dataclass_fields__:
        shape = getattr(cash.tables, name).shape
        if shape != (contracts, months + (name in {"loans", "balance"})):
            raise ModelError(expected(f"{contracts} contracts of {months} months", shape), field=name)
    if months < shocks.shape[1]:
        raise ModelError(expected(f"contracts of at least {shocks.shape[1]} months", months), field="cash")
    if cash.contract.shape != (count,) or cash.contract.min() < 0 or cash.contract.max() >= contracts:
        raise ModelError(
            expected(f"{count} rows from 0 to {contracts - 1}", cash.contract.shape), field="contract"
        )
    if cash.scale.shape != (count,) or not (np.isfinite(cash.scale).all() and (cash.scale >= 0.0).all()):
        raise ModelError(expected(f"{count} finite factors of at least 0", cash.scale.shape), field="scale")
