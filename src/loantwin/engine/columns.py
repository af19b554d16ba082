"""Loans as the engine reads them: one array a column, checked once, no names and no dates."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import ModelError, expected
from loantwin.products.contract import HIGHEST_RATE, LOWEST_RATE, Terms
from loantwin.products.pattern import HIGHEST
from loantwin.products.registry import PRODUCTS

LONGEST = 1200
"""Longest remaining term or age in months that is believed."""


@dataclass(frozen=True)
class LoanColumns:
    """N loans at the as-of date, fields (N,), from `loan_columns`; book currency, rates decimals a year.

    segment : index into the model's segments.
    age : months since origination at the as-of date (month t reads age + t).
    state : live-state index of the model.
    product : code, the index in `products.registry.PRODUCTS`.
    remaining_months : payments left, at least 1.
    principal : principal outstanding, unpaid instalments included.
    annual_rate : contractual rate in force, nominal monthly.
    effective_annual_rate : rate that discounts losses, nominal monthly.
    floating, rate_spread, rate_cap, rate_floor : a floating rate is clip(index + spread, floor, cap); inf,
        -inf for none.
    balloon : currency due with the last payment (not a share), at most `principal`.
    interest_only_months : months left without scheduled principal.
    pattern : how it pays, `products.pattern`: 0 for level monthly payments and interest by twelfths.
    undrawn : committed and not drawn.
    accrued_interest : accrued and unpaid.
    guaranteed : share of a loss that guarantors bear, in [0, 1].
    weight : case weight x probability of being on the book.
    group : reporting group, 0 where there is one.
    """

    segment: Integers
    age: Integers
    state: Integers
    product: Integers
    remaining_months: Integers
    principal: Floats
    annual_rate: Floats
    effective_annual_rate: Floats
    floating: Flags
    rate_spread: Floats
    rate_cap: Floats
    rate_floor: Floats
    balloon: Floats
    interest_only_months: Integers
    pattern: Integers
    undrawn: Floats
    accrued_interest: Floats
    guaranteed: Floats
    weight: Floats
    group: Integers


_KINDS: dict[str, type] = {
    "Integers": np.int64,
    "Floats": np.float64,
    "Flags": np.bool_,
}

_RANGES: dict[str, tuple[float, float]] = {
    "segment": (0, 2**31),
    "age": (0, LONGEST),
    "state": (0, 255),
    "product": (0, len(PRODUCTS) - 1),
    "remaining_months": (1, LONGEST),
    "principal": (0.0, 1e18),
    "annual_rate": (LOWEST_RATE, HIGHEST_RATE),
    "effective_annual_rate": (LOWEST_RATE, HIGHEST_RATE),
    "rate_spread": (-HIGHEST_RATE, HIGHEST_RATE),
    "rate_cap": (-1.0, np.inf),
    "rate_floor": (-np.inf, HIGHEST_RATE),
    "balloon": (0.0, 1e18),
    "interest_only_months": (0, LONGEST),
    "pattern": (0, HIGHEST - 1),
    "undrawn": (0.0, 1e18),
    "accrued_interest": (0.0, 1e18),
    "guaranteed": (0.0, 1.0),
    "weight": (0.0, 1e18),
    "group": (0, 2**31),
}


def loan_columns(
    *,
    segment: ArrayLike,
    age: ArrayLike,
    state: ArrayLike,
    product: ArrayLike,
    remaining_months: ArrayLike,
    principal: ArrayLike,
    annual_rate: ArrayLike,
    effective_annual_rate: ArrayLike | None = None,
    floating: ArrayLike = False,
    rate_spread: ArrayLike = 0.0,
    rate_cap: ArrayLike = np.inf,
    rate_floor: ArrayLike = -np.inf,
    balloon: ArrayLike = 0.0,
    interest_only_months: ArrayLike = 0,
    pattern: ArrayLike = 0,
    undrawn: ArrayLike = 0.0,
    accrued_interest: ArrayLike = 0.0,
    guaranteed: ArrayLike = 0.0,
    weight: ArrayLike = 1.0,
    group: ArrayLike = 0,
) -> LoanColumns:
    """Return checked LoanColumns; a number is repeated to the length of `principal`.

    Parameters
    ----------
    effective_annual_rate : None takes `annual_rate`.
    others : see LoanColumns.

    Raises
    ------
    ModelError : a length that does not fit, NaN or infinity, or a value out of range, naming field and loan
        row.
    """
    given = dict(locals())
    if effective_annual_rate is None:
        given["effective_annual_rate"] = annual_rate
    count = np.size(principal)
    made: dict[str, NDArray[np.generic]] = {}
    for item in fields(LoanColumns):
        made[item.name] = _column(item.name, given[item.name], _KINDS[str(item.type)], count)
    columns = LoanColumns(**made)  # type: ignore[arg-type]  # every field's dtype was set from its annotation
    check_columns(columns)
    return columns


def check_columns(columns: LoanColumns) -> None:
    """Raise ModelError where a column has another length or kind, a NaN, or a value out of range."""
    count = len(columns.principal)
    for item in fields(columns):
        values = getattr(columns, item.name)
        if values.shape != (count,) or values.dtype != _KINDS[str(item.type)]:
            wanted = f"({count},) {np.dtype(_KINDS[str(item.type)])}"
            raise ModelError(expected(wanted, f"{values.shape} {values.dtype}"), field=item.name)
        if item.name in _RANGES and count:
            low, high = _RANGES[item.name]
            # a NaN makes min and max NaN, so that one comparison finds it too
            if not (values.min() >= low and values.max() <= high):
                row = int(np.flatnonzero(~((values >= low) & (values <= high)))[0])
                raise ModelError(
                    expected(f"at least {low} and at most {high}", values[row]), row=row + 1, field=item.name
                )
    _ordered(columns.balloon, columns.principal, "balloon", "principal")
    _ordered(columns.rate_floor, columns.rate_cap, "rate_floor", "rate_cap")


def take(columns: LoanColumns, index: NDArray[np.integer] | Flags | slice) -> LoanColumns:
    """Return the loans at `index` (positions, a mask or a slice), in that order."""
    return replace(columns, **{item.name: getattr(columns, item.name)[index] for item in fields(columns)})


def contract_terms(columns: LoanColumns) -> Terms:
    """Return the part of the columns that the contract knows."""
    return Terms(**{item.name: getattr(columns, item.name) for item in fields(Terms)})


def balloon_amount(share: ArrayLike, originated: ArrayLike, principal: ArrayLike) -> Floats:
    """Return the balloon in currency from its share of the originated amount, at most what is outstanding."""
    amount = np.asarray(share, dtype=float) * np.asarray(originated, dtype=float)
    return np.asarray(np.minimum(amount, principal), dtype=float)


def _column(name: str, values: ArrayLike, kind: type, count: int) -> NDArray[np.generic]:
    raw = np.asarray(values)
    if raw.ndim == 0:
        raw = np.full(count, raw)
    if raw.shape != (count,):
        raise ModelError(expected(f"{count} loans", raw.shape), field=name)
    if raw.dtype == kind:
        return np.ascontiguousarray(raw)
    wrong = (
        ~np.isfinite(raw) | (raw != np.floor(raw))
        if kind is np.int64 and raw.dtype.kind == "f"
        else np.zeros(0, dtype=bool)
    )
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ModelError(expected("a whole number", raw[row]), row=row + 1, field=name)
    if raw.dtype.kind not in "biuf" or (kind is np.bool_ and raw.dtype.kind != "b"):
        raise ModelError(expected(f"numbers of kind {np.dtype(kind)}", raw.dtype), field=name)
    return np.ascontiguousarray(raw, dtype=kind)


def _ordered(low: Floats, high: Floats, low_name: str, high_name: str) -> None:
    wrong = np.flatnonzero(low > high)
    if wrong.size:
        row = int(wrong[0])
        raise ModelError(expected(f"at most {high_name} {high[row]}", low[row]), row=row + 1, field=low_name)
