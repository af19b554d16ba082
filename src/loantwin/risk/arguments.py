"""What a caller may hand over for a column: lists, tuples, scalars, anything that NumPy reads as an array."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arrays import Array, Flags, Floats
from loantwin.errors import RiskError, expected


def numbers(values: ArrayLike, field: str) -> Floats:
    """Return values as decimals, shape of `values`; None becomes NaN.

    Raises
    ------
    RiskError : texts, or rows of unlike lengths.
    """
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise RiskError(expected("numbers", repr(values)[:60]), field=field) from error


def array(values: ArrayLike, field: str) -> Array:
    """Return values as an array, shape of `values`.

    Raises
    ------
    RiskError : rows of unlike lengths.
    """
    try:
        return np.asarray(values)
    except ValueError as error:
        raise RiskError(
            expected("a value, or rows of equal length", repr(values)[:60]), field=field
        ) from error


def flags(values: ArrayLike, field: str) -> Flags:
    """Return values as true or false, shape of `values`; 0 and 1 serve, as tables with missing values have.

    Raises
    ------
    RiskError : anything else, None included.
    """
    made = array(values, field)
    if made.dtype == np.bool_:
        return made
    if made.dtype.kind == "O" and all(isinstance(item, (bool, np.bool_)) for item in made.ravel()):
        return made.astype(np.bool_)
    if made.dtype.kind in "iuf" and ((made == 0) | (made == 1)).all():
        return made.astype(np.bool_)
    raise RiskError(expected("true or false", repr(values)[:60]), field=field)


def is_scalar(*values: ArrayLike | None) -> bool:
    """Return whether none of the values has a dimension, rows of unlike lengths counting as some."""
    return all(
        item is None or isinstance(item, (str, int, float, bool)) or _dimensions(item) == 0 for item in values
    )


def _dimensions(value: ArrayLike) -> int:
    try:
        return np.ndim(value)
    except ValueError:
        return 1
