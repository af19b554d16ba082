"""Asset classes of the IRB approach and their risk-weight functions, as a table; texts to their codes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loantwin import arguments as check
from loantwin.arguments import array
from loantwin.arrays import Codes, Floats
from loantwin.errors import RiskError, expected


@dataclass(frozen=True)
class RiskWeightFunction:
    """One asset class of CRE31.

    low, high, decay : correlation = low x share + high x (1 - share), share = (1 - exp(-decay pd)) / (1 -
        exp(-decay)).
    scale : factor on the correlation (1.25 for large or unregulated financial institutions, CRE31.7).
    matures : maturity adjustment. sized : SME adjustment. Floors of CRE32, decimals.
    """

    name: str
    paragraph: str
    low: float
    high: float
    decay: float = 50.0
    scale: float = 1.0
    matures: bool = False
    sized: bool = False
    pd_floor: float = 0.0005
    transactor_floor: float = 0.0005
    lgd_floor: float = 0.25


FUNCTIONS = (
    RiskWeightFunction("corporate", "CRE31.5", 0.12, 0.24, matures=True, sized=True),
    RiskWeightFunction("retail_mortgage", "CRE31.14", 0.15, 0.15, lgd_floor=0.05),
    RiskWeightFunction("retail_revolving", "CRE31.15", 0.04, 0.04, pd_floor=0.001, lgd_floor=0.5),
    RiskWeightFunction("retail_other", "CRE31.16", 0.03, 0.16, decay=35.0, lgd_floor=0.3),
    RiskWeightFunction("bank", "CRE31.5", 0.12, 0.24, matures=True),
    RiskWeightFunction("financial", "CRE31.7", 0.12, 0.24, scale=1.25, matures=True),
    RiskWeightFunction(
        "sovereign", "CRE31.5", 0.12, 0.24, matures=True, pd_floor=0.0, transactor_floor=0.0, lgd_floor=0.0
    ),
)
"""Banks, financials, sovereigns use the corporate one; sovereigns have no input floor (CRE32.4, CRE32.16)."""

FEW = 5_000
"""Exposures below which threads do not pay."""

NAMES = tuple(item.name for item in FUNCTIONS)
CORPORATE, MORTGAGE, REVOLVING, OTHER = range(4)
MATURES = np.array([item.matures for item in FUNCTIONS])
FLOORED = np.array([item.pd_floor > 0 for item in FUNCTIONS])


def table() -> Floats:
    """Return functions for the kernel, (C, 8): correlation = high - fall x (1 - exp(-decay pd)), floors."""
    rows = []
    for item in FUNCTIONS:
        fall = item.scale * (item.high - item.low) / (1.0 - math.exp(-item.decay))
        floors = (item.pd_floor, item.transactor_floor, item.lgd_floor)
        rows.append((item.scale * item.high, fall, item.decay, item.matures, item.sized, *floors))
    return np.array(rows, dtype=np.float64)


def codes(values: ArrayLike, names: Sequence[str], field: str) -> Codes:
    """Return the index of each text among `names`, shape of `values`; whole numbers are such indices already.

    Raises
    ------
    RiskError : a text that is no name, or an index out of range.
    """
    check.words(names=names)
    check.word(field=field)
    given = array(values, field)
    if not given.size:  # an empty list is a column of numbers to NumPy
        return np.empty(given.shape, dtype=np.int8)
    if given.dtype.kind in "iu":
        if given.size and not (given.min() >= 0 and given.max() < len(names)):
            worst = given.ravel()[int(np.argmax((given < 0) | (given >= len(names))))]
            raise RiskError(expected(f"a code from 0 to {len(names) - 1}", worst), field=field)
        return given.astype(np.int8)
    if given.dtype.kind not in "OU":
        raise RiskError(expected("names out of " + ", ".join(names), f"{given.dtype} values"), field=field)
    texts = given.astype(np.str_) if given.dtype.kind == "O" else given
    made = (
        np.array([names.index(str(texts)) if str(texts) in names else -1])
        if texts.ndim == 0
        else _encoded(texts, names)
    )
    if made.size and made.min() < 0:
        row = int(np.argmax(made < 0))
        raise RiskError(
            expected("one of " + ", ".join(names), str(given.ravel()[row])),
            field=field,
            row=row + 1 if given.size > 1 else None,
        )
    return np.asarray(made.reshape(given.shape), dtype=np.int8)


def _encoded(texts: NDArray[np.str_], names: Sequence[str]) -> Codes:
    from loantwin.kernels import in_shares
    from loantwin.risk.capital import kernels

    flat = np.ascontiguousarray(texts.ravel())
    if len(flat) < FEW:
        known_codes = {name: code for code, name in enumerate(names)}
        return np.array([known_codes.get(text, -1) for text in flat.tolist()], dtype=np.int8)
    width = flat.dtype.itemsize // 4
    known = np.array(names)
    made = np.empty(len(flat), dtype=np.int8)
    in_shares(
        kernels.encode,
        len(flat),
        flat.view(np.uint32).reshape(-1, width),
        known.view(np.uint32).reshape(len(names), -1),
        np.array([len(name) for name in names]),
        made,
    )
    return made
