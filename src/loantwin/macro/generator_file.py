"""A fitted macro generator as plain, readable data, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import ScenarioError, expected
from loantwin.macro.factors import KINDS
from loantwin.macro.generator import MacroGenerator
from loantwin.months import label, parse_label

VERSION = 1

_ARRAYS = {"recent": 2, "ragged": 2, "mean": 1, "coefficients": 3, "residuals": 2, "weights": 1}
_NUMBERS = ("block", "penalty", "root", "fitted_root")
_WORDS = {
    "recent": "values of the last quarters known for all factors, decimals and levels, one row a quarter",
    "ragged": "values known after them, null where unknown",
    "mean": "mean of the states",
    "coefficients": "by lag, row = factor moved, column = factor that moves it",
    "residuals": "quarterly shocks of the states, one row a quarter",
    "weights": "weight of each quarter in the fit",
    "root": "largest eigenvalue modulus of the dynamics, below 1",
}


def to_dict(generator: MacroGenerator) -> dict[str, Any]:
    """Return the generator as plain data for JSON, with the meaning of its arrays beside them."""
    return {
        "schema": f"loantwin.macro_generator/{VERSION}",
        "factors": list(generator.factors),
        "kinds": list(generator.kinds),
        "transforms": list(generator.transforms),
        "last": label(generator.last),
        "sample": [label(month) for month in generator.sample],
        "dropped": dict(generator.dropped),
        **{name: float(getattr(generator, name)) for name in _NUMBERS},
        **{name: _plain(getattr(generator, name)) for name in _ARRAYS},
        "meaning": _WORDS,
    }


def from_dict(document: dict[str, Any]) -> MacroGenerator:
    """Return the generator a document holds.

    Raises
    ------
    ScenarioError : another schema or version, a missing key, or arrays that do not fit together.
    """
    schema = document.get("schema")
    if schema != f"loantwin.macro_generator/{VERSION}":
        raise ScenarioError(expected(f"loantwin.macro_generator/{VERSION}", str(schema)), field="schema")
    wanted = ("factors", "kinds", "transforms", "last", "sample", "dropped", *_NUMBERS, *_ARRAYS)
    for key in wanted:
        if key not in document:
            raise ScenarioError(
                expected("a macro generator with all its keys", f"one without {key}"), field=key
            )
    factors = tuple(document["factors"])
    arrays = {name: _array(document[name], name, axes, len(factors)) for name, axes in _ARRAYS.items()}
    _check(factors, tuple(document["kinds"]), arrays)
    return MacroGenerator(
        factors=factors,
        kinds=tuple(document["kinds"]),
        transforms=tuple(document["transforms"]),
        last=parse_label(document["last"], field="last"),
        sample=(parse_label(document["sample"][0]), parse_label(document["sample"][1])),
        dropped=dict(document["dropped"]),
        recent=arrays["recent"],
        ragged=arrays["ragged"],
        mean=arrays["mean"],
        coefficients=arrays["coefficients"],
        residuals=arrays["residuals"],
        weights=arrays["weights"],
        block=float(document["block"]),
        penalty=float(document["penalty"]),
        root=float(document["root"]),
        fitted_root=float(document["fitted_root"]),
    )


def _plain(values: Floats) -> Any:
    cells = values.astype(object)
    cells[~np.isfinite(values)] = None
    return cells.tolist()


def _array(cells: Any, name: str, axes: int, factors: int) -> Floats:
    try:
        array = np.array(cells, dtype=object).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ScenarioError(f"expected a table of numbers, was: {error}", field=name) from error
    if not array.size and axes > 1:  # lists say nothing of an empty table's width
        array = np.empty((len(cells), *(factors,) * (axes - 1)))
    if array.ndim != axes:
        raise ScenarioError(expected(f"numbers along {axes} axes", f"{array.ndim}"), field=name)
    return array


def _check(factors: tuple[str, ...], kinds: tuple[str, ...], arrays: dict[str, Floats]) -> None:
    size, lags = len(factors), len(arrays["coefficients"])
    shapes: dict[str, tuple[int, ...]] = {
        "recent": (lags + 1, size),
        "mean": (size,),
        "coefficients": (lags, size, size),
        "residuals": (len(arrays["residuals"]), size),
        "weights": (len(arrays["residuals"]),),
    }
    if arrays["ragged"].shape[1] != size:
        raise ScenarioError(expected(f"{size} factors", f"{arrays['ragged'].shape[1]}"), field="ragged")
    for name, shape in shapes.items():
        if arrays[name].shape != shape or not np.isfinite(arrays[name]).all():
            raise ScenarioError(
                expected(f"finite numbers of shape {shape}", f"shape {arrays[name].shape}"), field=name
            )
    for kind in kinds:
        if kind not in KINDS:
            raise ScenarioError(expected("a kind of " + ", ".join(KINDS), kind), field="kinds")
