"""What a function may be handed: checkers that refuse an argument which is none of its kind.

Each takes arguments by their own names, `finite(losses=losses)`, so that a refusal names them, and raises
ArgumentError; nothing is converted, so that what passes is used to the last bit. `numbers`, `array` and
`flags` serve functions that take lists and tables' columns as well: they return arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arrays import Array, Flags, Floats, Integers
from loantwin.errors import ArgumentError, expected, unknown

LARGEST_AMOUNT = 2**63 / 100
"""Amounts are kept as cents in int64: what lies beyond has lost its cents, or never was money."""


def given(**values: Any) -> dict[str, Any]:
    """Return the arguments that are not None: what may be left out is checked where it is not."""
    return {name: value for name, value in values.items() if value is not None}


def finite(**values: object) -> None:
    """Refuse what is no array of numbers or no number, NaN, infinity, and masked entries.

    Raises
    ------
    ArgumentError : naming the argument, and the row of an array.
    """
    within(-math.inf, math.inf, **values)


def money(**values: object) -> None:
    """Refuse what `finite` refuses, negative amounts, and amounts that int64 does not hold in cents.

    Raises
    ------
    ArgumentError : naming the argument, and the row of an array.
    """
    within(0.0, LARGEST_AMOUNT, **values)


def within(low: float, high: float = math.inf, /, **values: object) -> None:
    """Refuse what `finite` refuses, and numbers outside `low` to `high`, both of them allowed.

    Raises
    ------
    ArgumentError : naming the argument, and the row of an array.
    """
    for name, value in values.items():
        found = _plain(value, name, "iuf", "numbers")
        if not found.size:
            continue
        # NaN fails every comparison, and the least of an array with a NaN is NaN
        least, most = found.min(), found.max()
        if not (least >= low and most <= high and math.isfinite(least) and math.isfinite(most)):
            bad = ~((found >= low) & (found <= high) & np.isfinite(found))
            _refuse(f"a {_range(low, high, 'number')}", found, bad, name)


def arrays(**values: object) -> None:
    """Refuse what is no array of numbers, and masked entries; NaN and infinity pass.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    for name, value in values.items():
        _plain(value, name, "iuf", "numbers")


def gaps(**values: object) -> None:
    """Refuse what `finite` refuses but NaN, which stands for what is not known.

    Raises
    ------
    ArgumentError : naming the argument, and the row of an array.
    """
    for name, value in values.items():
        found = _plain(value, name, "iuf", "numbers")
        if np.isinf(found).any():
            _refuse("a finite number, or NaN where it is not known", found, np.isinf(found), name)


def unbounded(low: float = -math.inf, high: float = math.inf, /, **values: object) -> None:
    """Refuse what `within` refuses but infinity, where `low` and `high` let it pass: it stands for no bound.

    Raises
    ------
    ArgumentError : naming the argument, and the row of an array.
    """
    for name, value in values.items():
        found = _plain(value, name, "iuf", "numbers")
        if found.size and not (found.min() >= low and found.max() <= high):
            bad = ~((found >= low) & (found <= high))
            _refuse(f"a {_range(low, high, 'number')}, infinity where there is no bound", found, bad, name)


def codes(low: int, high: float = math.inf, /, **values: object) -> None:
    """Refuse what is no array of whole numbers, and entries outside `low` to `high`, both of them allowed.

    Raises
    ------
    ArgumentError : naming the argument and the row.
    """
    for name, value in values.items():
        found = _plain(value, name, "iu", "whole numbers")
        if found.size and not (found.min() >= low and found.max() <= high):
            bad = ~((found >= low) & (found <= high))
            _refuse(f"a {_range(low, high, 'whole number')}", found, bad, name)


def truths(**values: object) -> None:
    """Refuse what is no array of true and false.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    for name, value in values.items():
        _plain(value, name, "b", "an array of true and false")


def shaped(shape: tuple[int | None, ...], /, **values: Any) -> None:
    """Refuse arrays of another shape; None stands for any length but 0.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    for name, value in values.items():
        found = np.shape(value)
        if len(found) != len(shape) or any(
            not there if asked is None else there != asked for asked, there in zip(shape, found, strict=True)
        ):
            words = ", ".join("any" if asked is None else str(asked) for asked in shape)
            raise _unlike(f"shape ({words}{',' if len(shape) == 1 else ''})", found, name)


def square(**values: Any) -> None:
    """Refuse arrays that are no square matrices of at least one row.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    for name, value in values.items():
        found = np.shape(value)
        if len(found) != 2 or found[0] != found[1] or not found[0]:
            raise _unlike("a square matrix", found, name)


def fitting(whole: tuple[int, ...] | None = None, /, **values: Any) -> None:
    """Refuse arrays whose shapes do not broadcast together, or beyond the shape `whole`.

    Raises
    ------
    ArgumentError : naming the first argument that fits none before it.
    """
    shape = whole or ()
    for name, value in values.items():
        try:
            made = np.broadcast_shapes(shape, np.shape(value))
        except ValueError:
            made = ()
        if len(made) < np.ndim(value) or (whole is not None and made != whole):
            raise _unlike(f"a shape that fits {shape}", np.shape(value), name)
        shape = made


def number(low: float = -math.inf, high: float = math.inf, /, **values: object) -> None:
    """Refuse what is not one number from `low` to `high`, both of them allowed; infinity is none.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    for name, value in values.items():
        if not _is_number(value) or not (low <= value <= high and math.isfinite(value)):
            raise _unlike(f"one {_range(low, high, 'number')}", value, name)


def level(**values: object) -> None:
    """Refuse what is not one number above 0 and below 1: a confidence, a probability in between.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    for name, value in values.items():
        if not _is_number(value) or not 0 < value < 1:
            raise _unlike(f"a {name} between 0 and 1", value, name)


def count(low: int, high: float = math.inf, /, **values: object) -> None:
    """Refuse what is not one whole number from `low` to `high`; true, 2.5 and "2" are none.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
            wanted = f"one {_range(low, high, 'whole number')}"
            raise _unlike(wanted, value, name)


def flag(**values: object) -> None:
    """Refuse what is neither true nor false; 1 and "yes" are none.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    for name, value in values.items():
        if not isinstance(value, bool | np.bool_):
            raise _unlike("true or false", value, name)


def kind(wanted: type | tuple[type, ...], /, **values: object) -> None:
    """Refuse what is no instance of a class, or of one of several.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    for name, value in values.items():
        if not isinstance(value, wanted):
            raise _unlike(_named(wanted), value, name)


def each(wanted: type | tuple[type, ...], /, **values: object) -> None:
    """Refuse what is no list, tuple or other row of instances of a class, or of one of several.

    Raises
    ------
    ArgumentError : naming the argument, and the place of an entry.
    """
    for name, value in values.items():
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
            raise _unlike("a list or tuple", value, name)
        for place, item in enumerate(value):
            if isinstance(item, bool) or not isinstance(item, wanted):
                raise _unlike(_named(wanted), item, name, place + 1)


def columns(**values: object) -> None:
    """Refuse what is no list or tuple of arrays that `finite` takes.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    for name, value in values.items():
        if not isinstance(value, list | tuple):
            raise _unlike("a list of arrays", value, name)
        for item in value:
            finite(**{name: item})


def one_of(known: Iterable[str], /, **values: object) -> None:
    """Refuse what is none of the known words, to the letter.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    names = tuple(known)
    for name, value in values.items():
        if not isinstance(value, str):
            raise _unlike("one of " + ", ".join(names), value, name)
        if value not in names:
            raise ArgumentError(unknown(value, names), field=name)


def word(**values: object) -> None:
    """Refuse what is no text.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    kind(str, **values)


def words(**values: object) -> None:
    """Refuse what is no list, tuple, series or other row of texts: a text alone is none.

    Raises
    ------
    ArgumentError : naming the argument, and the place of an entry.
    """
    for name, value in values.items():
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            raise _unlike("texts in a row", value, name)
        for place, item in enumerate(value):
            if not isinstance(item, str):
                raise _unlike("a text", item, name, place + 1)


def call(**values: object) -> None:
    """Refuse what cannot be called.

    Raises
    ------
    ArgumentError : naming the argument.
    """
    for name, value in values.items():
        if not callable(value):
            raise _unlike("a function", value, name)


def numbers(values: ArrayLike, field: str) -> Floats:
    """Return values as decimals, shape of `values`; None becomes NaN.

    Raises
    ------
    ArgumentError : texts, true and false, masked entries, or rows of unlike lengths.
    """
    made = array(values, field)
    if made.dtype.kind in "bSUmMcV" or (
        made.dtype.kind == "O" and any(isinstance(item, str | bytes | bool) for item in made.ravel())
    ):
        raise _unlike("numbers", values, field)
    try:
        return np.asarray(made, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise _unlike("numbers", values, field) from error


def whole(values: ArrayLike, field: str) -> Integers:
    """Return values as whole numbers, shape of `values`; 12.0 serves, as tables with missing values have.

    Raises
    ------
    ArgumentError : 2.5, NaN, texts, true and false, masked entries, or rows of unlike lengths.
    """
    found = array(values, field)
    if found.dtype.kind in "iu":
        return np.asarray(found, dtype=np.int64)
    made = numbers(found, field)
    wrong = ~(np.isfinite(made) & (made == np.floor(made)))
    if wrong.any():
        _refuse("a whole number", made, wrong, field)
    return made.astype(np.int64)


def array(values: ArrayLike, field: str) -> Array:
    """Return values as an array, shape of `values`.

    Raises
    ------
    ArgumentError : masked entries, or rows of unlike lengths.
    """
    if np.ma.is_masked(values):
        raise ArgumentError(expected("no masked entry", "some"), field=field)
    try:
        return np.asarray(values)
    except ValueError as error:
        raise _unlike("a value, or rows of equal length", values, field) from error


def flags(values: ArrayLike, field: str) -> Flags:
    """Return values as true or false, shape of `values`; 0 and 1 serve, as tables with missing values have.

    Raises
    ------
    ArgumentError : anything else, None included.
    """
    made = array(values, field)
    if made.dtype == np.bool_:
        return made
    if made.dtype.kind == "O" and all(isinstance(item, (bool, np.bool_)) for item in made.ravel()):
        return made.astype(np.bool_)
    if made.dtype.kind in "iuf" and ((made == 0) | (made == 1)).all():
        return made.astype(np.bool_)
    raise _unlike("true or false", values, field)


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


def _named(wanted: type | tuple[type, ...]) -> str:
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    return " or ".join(_KINDS.get(item, f"a {item.__name__}") for item in kinds)


_KINDS: dict[type, str] = {str: "a text", Mapping: "a table by name", dict: "a table by name"}
_SHOWN = 60
"""Letters of a value that a refusal shows."""


def _plain(value: object, name: str, kinds: str, words: str) -> Array:
    """Return a number or array whose elements are of NumPy's `kinds`, none of them masked."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ArgumentError(expected("no masked entry", "some"), field=name)
    if isinstance(value, np.ndarray | np.generic):
        found = np.asarray(value)
    elif "f" in kinds and _is_number(value):
        found = np.asarray(float(value))
    else:
        raise _unlike(f"an array of {words}", value, name)
    if found.dtype.kind not in kinds:
        raise ArgumentError(expected(words, f"an array of {found.dtype}"), field=name)
    return found


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _refuse(wanted: str, found: Array, bad: Flags, name: str) -> None:
    if not found.ndim:
        raise _unlike(wanted, found[()], name)
    first = np.argwhere(bad)[0]
    raise _unlike(wanted, found[tuple(first)], name, int(first[0]) + 1)


def _unlike(wanted: str, was: object, name: str, row: int | None = None) -> ArgumentError:
    text = repr(was.item() if isinstance(was, np.generic) else was)
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return ArgumentError(f"expected {wanted}, was {shown}", row=row, field=name)


def _range(low: float, high: float, what: str) -> str:
    """Return in words what lies between two ends."""
    if math.isinf(low) and math.isinf(high):
        return f"finite {what}"
    if (low, high) == (0.0, LARGEST_AMOUNT):
        return f"{what} from 0 to {high:g}, what int64 holds in cents"
    if math.isinf(high):
        return f"{what} of at least {low:g}"
    return f"{what} of at most {high:g}" if math.isinf(low) else f"{what} from {low:g} to {high:g}"
