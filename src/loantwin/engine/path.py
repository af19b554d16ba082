"""The expected path in plain NumPy: who is in which state, and what it means in money: the kernels' oracle.

Order within month t = 1..T, for each cell:

1. Balances stand at the start of the month: probability of being live x contractual balance of t - 1.
2. Loans move (rows at age + t). Those that default owe the cell's exposure; those that prepay repay the start
   balance; those that leave for another absorbing state take the start balance with them (`exited`).
3. Those that stay live pay the contract's month: scheduled and partial principal, and draw. Interest of the
   month is received from all but those that default or exit.

So that closing = opening + draws + arrears - scheduled_principal - prepaid - exited - defaulted in every
month, where `arrears` is what exposures exceed start balances by (unpaid principal and interest, undrawn
amounts taken up).

Charge-offs and recoveries follow defaults of months 1..T by the lags; those of defaults before the as-of date
are not in it. Losses are the present value at the as-of date, at each cell's effective rate, of defaulted x
(charged off - worth x recovered), taken at the month of default, so that loss is counted once; `worth`
discounts a recovery from its own month to that of the default (`cells.recovery_worth`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.cells import Cells, LossGivenDefault, SeverityMoves, parted, recovery_worth
from loantwin.engine.rows import TransitionParameters, odds, rows_at, shocks
from loantwin.errors import ModelError, expected


@dataclass(frozen=True)
class Occupancy:
    """Where loans are, leading axes `...` those of the shocks.

    live : (..., T + 1, B, live) probability of each live state at the end of month t (t = 0: the as-of date).
    entered : (..., T, B, S - live) probability of entering each absorbing state in month t + 1.
    """

    live: Floats
    entered: Floats


@dataclass(frozen=True)
class Flows:
    """Figures by month t = 1..T, currency unless said; leading axes (P, groups) or (B,).

    opening : (..., ) balance at the as-of date. balance : at the end of the month.
    scheduled_principal, prepaid, interest : received; prepaid is in full and in part.
    draws : lent in the month. arrears : exposure of the month's defaults less their start balance. exited :
    balance of loans that left for an absorbing state that is neither default nor prepayment.
    defaulted : exposure of first defaults. defaulted_number : loans (weighted).
    charged_off, recovered : by the lags after default.
    loss_gross, loss_net : present value at the as-of date of the month's defaults' loss, before and after
        guarantees.
    live_number : loans (weighted) live with a running contract at the end of the month.
    """

    opening: Floats
    balance: Floats
    scheduled_principal: Floats
    prepaid: Floats
    interest: Floats
    draws: Floats
    arrears: Floats
    exited: Floats
    defaulted: Floats
    defaulted_number: Floats
    charged_off: Floats
    recovered: Floats
    loss_gross: Floats
    loss_net: Floats
    live_number: Floats


FIGURES = tuple(name for name in Flows.__dataclass_fields__ if name != "opening")


def expected_path(parameters: TransitionParameters, cells: Cells, macro: Floats, latent: Floats) -> Occupancy:
    """Return the occupancy of each cell on one path of macro covariates (T, F) and latent factors (T, L)."""
    return occupancy(parameters, cells, shocks(parameters, macro, latent))


def occupancy(parameters: TransitionParameters, cells: Cells, month_shocks: Floats) -> Occupancy:
    """Return the occupancy of each cell from the month part of the odds, (..., T, R)."""
    check_cells(parameters, cells)
    base = odds(parameters)
    months, live = month_shocks.shape[-2], parameters.live
    states = len(parameters.states)
    where = np.zeros((*month_shocks.shape[:-2], months + 1, len(cells.segment), live))
    where[..., 0, np.arange(len(cells.segment)), cells.state] = 1.0
    entered = np.zeros((*month_shocks.shape[:-2], months, len(cells.segment), states - live))
    for month in range(months):
        # Trap: the age of month t. It is the as-of age + t, from t = 1 on, as history counts it.
        rows = rows_at(parameters, base, month_shocks[..., month, :], cells.segment, cells.age + month + 1)
        after = np.einsum("...bi,...bij->...bj", where[..., month, :, :], rows)
        where[..., month + 1, :, :] = after[..., :live]
        entered[..., month, :, :] = after[..., live:]
    return Occupancy(where, entered)


def expected_flows(
    parameters: TransitionParameters, cells: Cells, lgd: LossGivenDefault, macro: Floats, latent: Floats
) -> Flows:
    """Return figures by cell and month, (B, T), on one path of macro covariates (T, F), latent (T, L)."""
    where = expected_path(parameters, cells, macro, latent)
    return flows_of(parameters, cells, lgd, where)


def flows_of(
    parameters: TransitionParameters,
    cells: Cells,
    lgd: LossGivenDefault,
    where: Occupancy,
    index_change: Floats | None = None,
    kept: Floats | None = None,
) -> Flows:
    """Return every figure by cell and month, (..., B, T), from the occupancy.

    index_change : (..., T) index less the one the cells were built with, decimal a year; it moves interest
        alone. kept : (G, T) factors of `SeverityMoves`, by segment and month.

    Raises
    ------
    ModelError : cells of fewer months than the occupancy.
    """
    check_lgd(parameters, lgd)
    months = where.entered.shape[-3]
    if months > cells.interest.shape[1]:
        raise ModelError(
            expected(f"cells of at least {months} months", cells.interest.shape[1]), field="months"
        )
    live = np.moveaxis(where.live.sum(axis=-1), -2, -1)
    default, prepay, exit_ = (np.moveaxis(item, -2, -1) for item in _entries(parameters, where))
    stay = live[..., 1:]
    start, close = cells.balance[:, :months], cells.balance[:, 1 : months + 1]
    draws, partial, exposure = cells.draws[:, :months], cells.partial[:, :months], cells.exposure[:, :months]
    interest = cells.interest[:, :months]
    if index_change is not None:
        interest = interest + index_change[..., None, :] * cells.rate_sensitivity[:, :months]
    charged, recovered = severity(cells, lgd, months)
    if kept is not None:
        charged, recovered = moved_shares(charged, recovered, kept[cells.segment, :months])
    defaulted = default * exposure
    loss = defaulted * loss_share(cells, lgd, charged, recovered) * discount(cells, months)
    return Flows(
        opening=live[..., 0] * cells.balance[:, 0],
        balance=stay * close,
        scheduled_principal=stay * scheduled(cells, months),
        prepaid=stay * partial + prepay * start,
        interest=(stay + prepay) * interest,
        draws=stay * draws,
        arrears=default * (exposure - start),
        exited=exit_ * start,
        defaulted=defaulted,
        defaulted_number=default * cells.loans[:, :months],
        charged_off=convolved(defaulted * charged, lgd.charge_off_lag),
        recovered=convolved(defaulted * recovered, lgd.recovery_lag),
        loss_gross=loss,
        loss_net=loss * (1.0 - cells.guaranteed)[:, None],
        live_number=stay * cells.loans[:, 1 : months + 1],
    )


def scheduled(cells: Cells, months: int) -> Floats:
    """Return the contractual scheduled principal, (B, T): what is left of the fall of the balance."""
    fall = cells.balance[:, :months] - cells.balance[:, 1 : months + 1]
    return np.asarray(fall + cells.draws[:, :months] - cells.partial[:, :months])


def severity(cells: Cells, lgd: LossGivenDefault, months: int) -> tuple[Floats, Floats]:
    """Return charged off and recovered, decimals of exposure, of defaults in months 1..T, each (B, T)."""
    age = np.minimum(cells.age[:, None] + np.arange(1, months + 1)[None], lgd.charged_off.shape[1] - 1)
    return lgd.charged_off[cells.segment[:, None], age], lgd.recovered[cells.segment[:, None], age]


def moved_shares(charged: Floats, recovered: Floats, kept: Floats) -> tuple[Floats, Floats]:
    """Return shares charged off and recovered as factors of `SeverityMoves` move them."""
    tables, whole = parted(kept)
    return tables * charged + whole, tables * recovered


def loss_share(cells: Cells, lgd: LossGivenDefault, charged: Floats, recovered: Floats) -> Floats:
    """Return loss given default at the month of default, decimals of exposure, from `severity`, (B, T)."""
    return charged - recovery_worth(cells.annual_rate, lgd.recovery_lag)[:, None] * recovered


def discount(cells: Cells, months: int) -> Floats:
    """Return the value at the as-of date of 1 at the end of months 1..T, (B, T)."""
    return np.asarray(np.exp(-np.log1p(cells.annual_rate / 12.0)[:, None] * np.arange(1, months + 1)[None]))


def convolved(amounts: Floats, lag: Floats) -> Floats:
    """Return amounts (..., T) spread over later months by `lag` (W,); what falls after T is cut."""
    late = np.zeros_like(amounts)
    for wait in range(min(len(lag), amounts.shape[-1])):
        late[..., wait:] += lag[wait] * amounts[..., : amounts.shape[-1] - wait]
    return late


def check_cells(parameters: TransitionParameters, cells: Cells) -> None:
    """Raise ModelError where cells do not fit the model or hold NaN or infinity."""
    count, months = cells.interest.shape
    for name in ("segment", "age", "state", "group", "guaranteed", "annual_rate"):
        column = getattr(cells, name)
        if column.shape != (count,) or (column.dtype.kind == "f") != (name in {"guaranteed", "annual_rate"}):
            was = f"{column.dtype} values of shape {column.shape}"
            raise ModelError(expected(f"a column of {count} cells", was), field=name)
    limits = {"segment": len(parameters.segments), "state": parameters.live}
    for name, limit in limits.items():
        codes = getattr(cells, name)
        if codes.size and not (codes.min() >= 0 and codes.max() < limit):
            raise ModelError(
                expected(f"codes of 0 to {limit - 1}", f"{codes.min()} to {codes.max()}"), field=name
            )
    if cells.age.size and cells.age.min() < 0:
        raise ModelError(expected("ages of at least 0", cells.age.min()), field="age")
    for name in ("loans", "balance", "partial", "draws", "interest", "rate_sensitivity", "exposure"):
        table = getattr(cells, name)
        if table.shape != (count, months + (name in {"loans", "balance"})) or not np.isfinite(table).all():
            raise ModelError(
                expected(f"finite numbers of {count} cells and {months} months", table.shape), field=name
            )


def check_groups(cells: Cells, groups: int) -> None:
    """Raise ModelError where cells belong to other groups than the first `groups`; one takes all."""
    if groups < 1 or (
        groups > 1 and cells.group.size and not (cells.group.min() >= 0 and cells.group.max() < groups)
    ):
        raise ModelError(
            expected(f"groups of 0 to {groups - 1}", f"up to {cells.group.max(initial=0)}"), field="groups"
        )


def check_lgd(parameters: TransitionParameters, lgd: LossGivenDefault) -> None:
    """Raise ModelError where loss given default does not fit the model: every fitted one must pass."""
    for name in ("charged_off", "recovered"):
        table = getattr(lgd, name)
        if (
            table.ndim != 2
            or len(table) != len(parameters.segments)
            or not (table.size and np.isfinite(table).all())
        ):
            raise ModelError(
                expected(f"finite numbers of {len(parameters.segments)} segments by age", table.shape),
                field=name,
            )
    if lgd.charged_off.shape != lgd.recovered.shape:
        raise ModelError(
            expected(f"the shape of charged_off {lgd.charged_off.shape}", lgd.recovered.shape),
            field="recovered",
        )
    for name in ("charge_off_lag", "recovery_lag"):
        lag = getattr(lgd, name)
        if lag.ndim != 1 or not (lag >= 0.0).all() or not abs(lag.sum() - 1.0) < 1e-9:
            raise ModelError(expected("probabilities that sum to 1", lag), field=name)


def check_moves(parameters: TransitionParameters, moves: SeverityMoves, paths: int, months: int) -> None:
    """Raise ModelError where moves of severity fit neither the model nor P paths of T months."""
    factor, kind = moves.factor, moves.kind
    fits = factor.ndim == 3 and len(factor) in (1, paths) and factor.shape[2] >= months
    if not (fits and np.isfinite(factor).all() and (factor >= 0.0).all()):
        raise ModelError(
            expected(f"finite numbers of at least 0, (1 or {paths}, kinds, {months} months)", factor.shape),
            field="severity_moves",
        )
    segments = len(parameters.segments)
    if kind.shape != (segments,) or not ((kind >= 0) & (kind < factor.shape[1])).all():
        raise ModelError(
            expected(f"a kind below {factor.shape[1]} for each of {segments} segments", kind.shape),
            field="severity_moves",
        )


def _entries(parameters: TransitionParameters, where: Occupancy) -> tuple[Floats, Floats, Floats]:
    """Return probabilities of entering default, prepayment and other absorbing states, (..., T, B) each."""
    default, prepay = parameters.default_state - parameters.live, parameters.prepaid_state - parameters.live
    none = np.zeros(where.entered.shape[:-1])
    into_default = where.entered[..., default] if default >= 0 else none
    into_prepaid = where.entered[..., prepay] if prepay >= 0 else none
    others = [state for state in range(where.entered.shape[-1]) if state not in (default, prepay)]
    return into_default, into_prepaid, where.entered[..., others].sum(axis=-1)
