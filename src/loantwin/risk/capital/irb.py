"""Capital under the internal ratings-based approach (CRE31, with the input floors of CRE32), on arrays."""

from __future__ import annotations

import math
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arguments import flags, is_scalar, numbers
from loantwin.arrays import Codes, Flags, Floats
from loantwin.errors import RiskError, expected
from loantwin.risk.capital.classes import FEW, FLOORED, MATURES, NAMES, codes, table

POLE = math.exp((0.11852 - math.sqrt(2.0 / 3.0)) / 0.05478)
"""PD at which the maturity adjustment divides by zero (b = 2/3, about 2.9e-6): below it K is negative."""


@overload
def irb_capital(
    pd: float,
    lgd: float,
    maturity: float = ...,
    asset_class: str = ...,
    annual_sales: float | None = ...,
    transactor: bool = ...,
    elbe: float | None = ...,
    input_floors: bool = ...,
) -> float: ...
@overload
def irb_capital(
    pd: ArrayLike,
    lgd: ArrayLike,
    maturity: ArrayLike = ...,
    asset_class: ArrayLike = ...,
    annual_sales: ArrayLike | None = ...,
    transactor: ArrayLike = ...,
    elbe: ArrayLike | None = ...,
    input_floors: bool = ...,
) -> Floats: ...
def irb_capital(
    pd: ArrayLike,
    lgd: ArrayLike,
    maturity: ArrayLike = 2.5,
    asset_class: ArrayLike = "corporate",
    annual_sales: ArrayLike | None = None,
    transactor: ArrayLike = False,
    elbe: ArrayLike | None = None,
    input_floors: bool = True,
) -> Floats | float:
    """Return the capital requirement K of each exposure, decimal of exposure at default.

    All arguments but `input_floors` broadcast; scalars in give a float.

    Parameters
    ----------
    pd : one-year probability of default, decimal in [0, 1]; 1 is a defaulted exposure.
    lgd : loss given default in a downturn, decimal in [0, 1].
    maturity : effective maturity M in years, 1 to 5 (CRE32.46); not read for retail, which has no maturity
        adjustment.
    asset_class : `corporate`, `retail_mortgage`, `retail_revolving`, `retail_other`; also `bank`, `financial`
        (correlation x 1.25, CRE31.7) and `sovereign` (no floors). Codes of `classes.NAMES` serve too.
    annual_sales : group sales in millions of euro, for corporate only: an SME adjustment below 50, sales
        below 5 count as 5, 50 and more have none (CRE31.8). None or NaN: no adjustment.
    transactor : a qualifying revolving borrower who repays in full each month: PD floor 0.05 % instead of
        0.10 % (CRE32.58).
    elbe : best estimate of expected loss of a defaulted exposure, decimal in [0, 1]; read where pd is 1.
    input_floors : PD of at least 0.05 % (revolvers 0.10 %), LGD of at least 25 % corporate unsecured, 5 %
        mortgage, 50 % revolving, 30 % other retail (CRE32.4, 32.16, 32.58). They are inputs of the function
        for exposures not in default, so that K of a defaulted one reads its LGD as it is (CRE31.3).
        Collateral lowers a floor: `supervisory.lgd_floor`.

    Returns
    -------
    K, before any scaling factor: 0 where pd is 0 without floors, max(0, lgd - elbe) where pd is 1.

    Raises
    ------
    RiskError : NaN or infinity, a value out of range, an unknown class, shapes that do not fit, a defaulted
        exposure without `elbe`, or without floors (a sovereign has none) a corporate PD between 0 and 2.9e-6
        at a maturity above 1, where the adjustment has its pole.
    """
    scalar = is_scalar(pd, lgd, maturity, asset_class, annual_sales, transactor, elbe)
    if not isinstance(input_floors, (bool, np.bool_)):
        raise RiskError(expected("true or false", repr(input_floors)[:60]), field="input_floors")
    code = codes(asset_class, NAMES, "asset_class")
    columns: list[Any] = [
        _column(pd, "pd", 0.0, 1.0),
        _column(lgd, "lgd", 0.0, 1.0),
        _maturity(maturity, code),
        code,
        _column(np.nan if annual_sales is None else annual_sales, "annual_sales", 0.0, 1e12, missing=True),
        flags(transactor, "transactor"),
        _column(np.nan if elbe is None else elbe, "elbe", 0.0, 1.0, missing=True),
    ]
    shape, flat = _fitted(columns)
    _check_pole(flat[0], flat[2], flat[3], floored=bool(input_floors))
    made = np.empty(math.prod(shape))
    if len(made):
        from loantwin.kernels import in_shares
        from loantwin.risk.capital import kernels

        arguments: tuple[Any, ...] = (*flat, table(), bool(input_floors), made)
        if len(made) < FEW:  # waking threads costs more than a few exposures do
            kernels.irb(0, len(made), *arguments)
        else:
            in_shares(kernels.irb, len(made), *arguments)
        _check_defaulted(made)
    return float(made[0]) if scalar else made.reshape(shape)


@overload
def irb_risk_weight(
    pd: float,
    lgd: float,
    maturity: float = ...,
    asset_class: str = ...,
    annual_sales: float | None = ...,
    transactor: bool = ...,
    elbe: float | None = ...,
    input_floors: bool = ...,
) -> float: ...
@overload
def irb_risk_weight(
    pd: ArrayLike,
    lgd: ArrayLike,
    maturity: ArrayLike = ...,
    asset_class: ArrayLike = ...,
    annual_sales: ArrayLike | None = ...,
    transactor: ArrayLike = ...,
    elbe: ArrayLike | None = ...,
    input_floors: bool = ...,
) -> Floats: ...
def irb_risk_weight(
    pd: ArrayLike,
    lgd: ArrayLike,
    maturity: ArrayLike = 2.5,
    asset_class: ArrayLike = "corporate",
    annual_sales: ArrayLike | None = None,
    transactor: ArrayLike = False,
    elbe: ArrayLike | None = None,
    input_floors: bool = True,
) -> Floats | float:
    """Return the risk weight 12.5 K, decimal before scaling (CRE31.5); arguments as `irb_capital`."""
    capital: Floats | float = irb_capital(
        pd, lgd, maturity, asset_class, annual_sales, transactor, elbe, input_floors
    )
    return 12.5 * capital


def _column(values: ArrayLike, field: str, low: float, high: float, *, missing: bool = False) -> Floats:
    """Return checked decimals; a NaN is refused unless it may mean `missing`."""
    made = numbers(values, field)
    if made.size:
        least, most = (
            (np.nanmin(made), np.nanmax(made))
            if missing and not np.isnan(made).all()
            else (made.min(), made.max())
        )
        if not (least >= low and most <= high) and not (missing and np.isnan(made).all()):
            bad = ~((made >= low) & (made <= high))
            if missing:
                bad &= ~np.isnan(made)
            _refuse(made, bad, field, low, high)
    return made


def _maturity(values: ArrayLike, code: Codes) -> Floats:
    made = numbers(values, "maturity")
    wrong = ~((made >= 1.0) & (made <= 5.0))
    if wrong.any():
        try:
            read = np.broadcast_to(wrong, np.broadcast_shapes(made.shape, code.shape)) & MATURES[code]
        except ValueError:  # shapes that do not fit are refused with all others
            return made
        if read.any():
            _refuse(np.broadcast_to(made, read.shape), read, "maturity", 1.0, 5.0)
        made = np.where(wrong, 2.5, made)  # rows of no maturity adjustment: never read
    return made


def _refuse(values: Floats, bad: Flags, field: str, low: float, high: float) -> None:
    row = int(np.argmax(bad.ravel()))
    worst = float(values.ravel()[row])
    was: object = worst if math.isfinite(worst) else "NaN or infinity"
    raise RiskError(
        expected(f"a value from {low:g} to {high:g}", was),
        field=field,
        row=row + 1 if values.size > 1 else None,
    )


def _fitted(columns: list[Any]) -> tuple[tuple[int, ...], list[Any]]:
    """Return the common shape, and each column flat: one value for all, or one for each exposure."""
    try:
        shape = np.broadcast_shapes(*(column.shape for column in columns))
    except ValueError as error:
        shapes = ", ".join(str(column.shape) for column in columns if column.ndim)
        raise RiskError(expected("arguments whose shapes fit together", shapes), field="pd") from error
    flat: list[Any] = []
    for column in columns:
        whole = column if column.size == 1 or column.shape == shape else np.broadcast_to(column, shape)
        flat.append(np.ascontiguousarray(whole).reshape(-1))
    return shape, flat


def _check_pole(pd: Floats, maturity: Floats, code: Codes, *, floored: bool) -> None:
    touched = MATURES & ~(FLOORED & floored)
    # Trap: the pole of the maturity adjustment. Below it capital would be negative.
    near = (pd > 0.0) & (pd <= POLE)
    if near.any():
        bad = near & (maturity != 1.0) & touched[code]
        if bad.any():
            worst = float(np.broadcast_to(pd, bad.shape)[int(np.argmax(bad))])
            wanted = (
                f"0, or above {POLE:.2g} where the maturity adjustment has its pole (input floors avoid it)"
            )
            raise RiskError(expected(wanted, worst), field="pd")


def _check_defaulted(made: Floats) -> None:
    if np.isnan(made.min()):
        row = int(np.argmax(np.isnan(made)))
        raise RiskError(
            expected("elbe, the best estimate of expected loss, of a defaulted exposure (pd 1)", "none"),
            field="elbe",
            row=row + 1 if len(made) > 1 else None,
        )
