"""The IRB risk-weight functions over many loans. Tied to `reference.irb_steps` by a test.

Every array has one value for all loans or one a loan; a code says which risk-weight function a loan takes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from loantwin.kernels import compiled, inlined

Array = Any

HALF_ROOT = 0.7071067811865476  # 1 / sqrt(2)
TAIL = 3.090232306167813  # Phi^-1(0.999)
# columns of the table of risk-weight functions, one row an asset class
HIGH, FALL, DECAY, MATURES, SIZED, PD_FLOOR, TRANSACTOR_FLOOR, LGD_FLOOR = range(8)


@compiled
def _normal(x: float) -> float:
    """Return Phi(x); erfc keeps the relative accuracy of the lower tail."""
    return 0.5 * math.erfc(-x * HALF_ROOT)


@compiled
def _inverse_normal(p: float) -> float:
    """Return Phi^-1(p) for 0 < p < 1 to about 1e-16: Wichura (1988), algorithm AS 241."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = 2.5090809287301226727e3 * r + 3.3430575583588128105e4
        top = (
            (top * r + 6.7265770927008700853e4) * r + 4.5921953931549871457e4
        ) * r + 1.3731693765509461125e4
        top = ((top * r + 1.9715909503065514427e3) * r + 1.3314166789178437745e2) * r + 3.3871328727963666080
        low = 5.2264952788528545610e3 * r + 2.8729085735721942674e4
        low = (
            (low * r + 3.9307895800092710610e4) * r + 2.1213794301586595867e4
        ) * r + 5.3941960214247511077e3
        low = ((low * r + 6.8718700749205790830e2) * r + 4.2313330701600911252e1) * r + 1.0
        return q * top / low
    r = math.sqrt(-math.log(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        top = 7.74545014278341407640e-4 * r + 2.27238449892691845833e-2
        top = (
            (top * r + 2.41780725177450611770e-1) * r + 1.27045825245236838258
        ) * r + 3.64784832476320460504
        top = ((top * r + 5.76949722146069140550) * r + 4.63033784615654529590) * r + 1.42343711074968357734
        low = 1.05075007164441684324e-9 * r + 5.47593808499534494600e-4
        low = (
            (low * r + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1
        ) * r + 6.89767334985100004550e-1
        low = ((low * r + 1.67638483018380384940) * r + 2.05319162663775882187) * r + 1.0
    else:
        r -= 5.0
        top = 2.01033439929228813265e-7 * r + 2.71155556874348757815e-5
        top = (
            (top * r + 1.24266094738807843860e-3) * r + 2.65321895265761230930e-2
        ) * r + 2.96560571828504891230e-1
        top = ((top * r + 1.78482653991729133580) * r + 5.46378491116411436990) * r + 6.65790464350110377720
        low = 2.04426310338993978564e-15 * r + 1.42151175831644588870e-7
        low = (
            (low * r + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4
        ) * r + 1.48753612908506148525e-2
        low = ((low * r + 1.36929880922735805310e-1) * r + 5.99832206555887937690e-1) * r + 1.0
    return -top / low if q < 0.0 else top / low


@compiled
def normal_pairs(p: Array, x: Array, inverse: Array, cumulative: Array) -> None:
    """Set Phi^-1(p) and Phi(x), all (N,): what the tests hold against a library."""
    for item in range(len(p)):
        inverse[item] = _inverse_normal(p[item])
        cumulative[item] = _normal(x[item])


@compiled
def _capital(pd: float, lgd: float, maturity: float, sales: float, row: Array) -> float:
    correlation = row[HIGH]
    if row[FALL] > 0.0:
        correlation -= row[FALL] * (1.0 - math.exp(-row[DECAY] * pd))
    if row[SIZED] > 0.0 and sales < 50.0:  # a missing figure compares false
        correlation -= 0.04 * (1.0 - (max(sales, 5.0) - 5.0) / 45.0)
    rest = 1.0 - correlation
    conditional = _normal((_inverse_normal(pd) + math.sqrt(correlation) * TAIL) / math.sqrt(rest))
    capital = lgd * (conditional - pd)
    if row[MATURES] > 0.0 and maturity != 1.0:  # at one year the adjustment is 1, whatever b
        slope = 0.11852 - 0.05478 * math.log(pd)
        slope = slope * slope
        capital *= (1.0 + (maturity - 2.5) * slope) / (1.0 - 1.5 * slope)
    return capital


@inlined
def _requirement(
    pd: float,
    lgd: float,
    maturity: float,
    row: Array,
    sales: float,
    transactor: bool,
    elbe: float,
    floors: bool,
) -> float:
    """Return K of one exposure; NaN where a defaulted one has no best estimate of its loss."""
    if pd >= 1.0:
        rest = lgd - elbe
        return 0.0 if rest < 0.0 else rest
    if floors:
        pd, lgd = max(pd, row[TRANSACTOR_FLOOR] if transactor else row[PD_FLOOR]), max(lgd, row[LGD_FLOOR])
    return 0.0 if pd <= 0.0 else _capital(pd, lgd, maturity, sales, row)


@compiled
def irb(
    first: int,
    last: int,
    pd: Array,
    lgd: Array,
    maturity: Array,
    code: Array,
    sales: Array,
    transactor: Array,
    elbe: Array,
    table: Array,
    floors: bool,
    made: Array,
) -> None:
    """Set loans' K (N,), decimal of exposure; NaN for a defaulted loan without a best estimate of its loss.

    table : (C, 8) risk-weight functions, see the column names above. floors : apply the input floors.
    """
    steps = np.empty(7, dtype=np.int64)
    for place, size in enumerate(
        (len(pd), len(lgd), len(maturity), len(code), len(sales), len(transactor), len(elbe))
    ):
        steps[place] = 1 if size > 1 else 0
    for item in range(first, last):
        own, loss, years = pd[item * steps[0]], lgd[item * steps[1]], maturity[item * steps[2]]
        row, sold = table[code[item * steps[3]]], sales[item * steps[4]]
        made[item] = _requirement(
            own, loss, years, row, sold, transactor[item * steps[5]], elbe[item * steps[6]], floors
        )


@compiled
def encode(first: int, last: int, characters: Array, names: Array, lengths: Array, codes: Array) -> None:
    """Set texts' (N, W) index among names (K, V) of these lengths, all code points; -1 for none."""
    width = characters.shape[1]
    for item in range(first, last):
        codes[item] = -1
        for name in range(len(names)):
            length = lengths[name]
            same = length <= width and (
                length == width or characters[item, length] == 0
            )  # it ends where the name ends
            place = length - 1
            while same and place >= 0:
                same = characters[item, place] == names[name, place]
                place -= 1
            if same:
                codes[item] = name
                break
