"""What provision standards share: checked exposures, scenario weights, totals that equal the sum of loans."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import RiskError, expected

FEW = 20_000
"""Loans up to which sums are made one by one."""
NOT_FINITE = 2047
"""The exponent of NaN and infinity."""


@dataclass(frozen=True)
class Exposures:
    """N loans at the as-of date, each row standing for `weight` loans of the book.

    exposure : (N,) book currency, >= 0, of one loan. The amount a loss is a share of: gross carrying amount.
    weight : (N,) >= 0, case weight x probability that the loan is still on the book.
    guaranteed : (N,) decimal of each loss that a guarantor bears, in [0, 1]. Deducted only from `allowance`,
        never from `allowance_gross`: right where the guarantee is integral to the contract (IFRS 9 B5.5.55)
        or not free-standing (ASC 326-20-30-12).
    """

    exposure: Floats
    weight: Floats
    guaranteed: Floats

    def check(self) -> None:
        """Raise RiskError on a misfit shape, NaN, infinity, a negative amount, a share beyond 1."""
        size = len(self.exposure)
        for name, top in (("exposure", math.inf), ("weight", math.inf), ("guaranteed", 1.0)):
            amounts(getattr(self, name), name, (size,), top)


@dataclass(frozen=True)
class Part:
    """One stage, class or pool.

    loans : rows of the book. weighted_loans : sum of their weights. exposure, allowance (net of guarantees),
    allowance_gross : book currency, weighted.
    """

    loans: int
    weighted_loans: float
    exposure: float
    allowance: float
    allowance_gross: float


@dataclass(frozen=True)
class ScenarioAllowance:
    """The allowance were this scenario certain, and the scenario's probability."""

    weight: float
    allowance: float


def amounts(values: Floats, name: str, shape: tuple[int, ...], top: float = math.inf) -> Floats:
    """Return `values` as they are, or raise RiskError: field and wrong shape, sign or finiteness."""
    check.word(name=name)
    check.unbounded(0, top=top)
    check.arrays(**{name: values})
    if values.shape != shape:
        raise RiskError(expected(f"shape {shape}", f"{values.shape}"), field=name)
    if values.size and not (
        values.min() >= 0 and values.max() <= top and np.isfinite(values.max())
    ):  # a NaN fails both
        bad = ~((values >= 0) & (values <= top) & np.isfinite(values))
        first = float(values[bad][0])
        if not math.isfinite(first):
            raise RiskError(expected("a finite number", "NaN or infinity"), field=name, row=_first(bad))
        raise RiskError(
            expected("at least 0" if math.isinf(top) else f"a value from 0 to {top:g}", first),
            field=name,
            row=_first(bad),
        )
    return values


def _first(bad: Flags) -> int:
    return int(np.argwhere(bad)[0][0]) + 1


def checked_weights(weights: Mapping[str, float]) -> Floats:
    """Return scenario weights in order, (K,); each must be positive and together they must sum to 1.

    Raises
    ------
    RiskError : no scenario, a weight outside (0, 1], or another sum.
    """
    check.kind(Mapping, weights=weights)
    if not weights:
        raise RiskError(expected("at least one scenario", "none"), field="scenario")
    for name, weight in weights.items():
        check.number(**{f"scenario {name}": weight})
        if not 0 < weight <= 1:
            raise RiskError(expected("a weight above 0 and at most 1", weight), field=f"scenario {name}")
    total = math.fsum(weights.values())
    if abs(total - 1) > 1e-9:
        raise RiskError(expected("scenario weights that sum to 1", total), field="scenario")
    return np.array(list(weights.values()), dtype=np.float64)


def total(values: Floats) -> float:
    """Return the correctly rounded sum: the same whatever the order of loans or the split of the book."""
    check.finite(values=values)
    check.shaped((len(values),), values=values)
    return totals([values])[0][0]


def totals(figures: Sequence[Floats], codes: Integers | None = None, groups: int = 1) -> list[list[float]]:
    """Return the correctly rounded sum of each figure (N,) within each group, [figure][group].

    Few loans are added by `math.fsum`; many by whole numbers (`exact.kernels`), which gives the same bits.

    Raises
    ------
    RiskError : figures or codes of other lengths, or codes that are no group.
    """
    return grouped(figures, codes, groups)[0]


def grouped(
    figures: Sequence[Floats], codes: Integers | None = None, groups: int = 1
) -> tuple[list[list[float]], list[float]]:
    """Return what `totals` does and each figure's sum over groups, rounded once, from one pass."""
    check.columns(figures=figures)
    check.count(1, groups=groups)
    for item in figures:
        check.shaped((len(figures[0]),), figures=item)
    if codes is not None:
        check.codes(0, groups - 1, codes=codes)
        check.shaped((len(figures[0]),), codes=codes)
    if len(figures[0]) < FEW:
        whole = [math.fsum(values.tolist()) for values in figures]
        if codes is None:
            return [[value] for value in whole], whole
        return [
            [math.fsum(values[codes == group].tolist()) for group in range(groups)] for values in figures
        ], whole
    from loantwin.kernels import in_shares
    from loantwin.risk import kernels

    values = np.ascontiguousarray(np.stack(figures), dtype=np.float64)
    group = (
        np.zeros(len(figures[0]), dtype=np.int64)
        if codes is None
        else np.ascontiguousarray(codes, dtype=np.int64)
    )
    blocks = np.zeros((kernels.BLOCKS, kernels.POWERS, groups, len(figures), 2), dtype=np.int64)
    in_shares(kernels.exact_bins, kernels.BLOCKS, values.view(np.int64), group, blocks)
    bins = blocks.sum(axis=0)
    parted = [[_rounded(bins[:, place, figure]) for place in range(groups)] for figure in range(len(figures))]
    return parted, [_rounded(bins[:, :, figure].sum(axis=1)) for figure in range(len(figures))]


def _rounded(bins: Integers) -> float:
    """Return the sum that bins (2048, 2) of significands by exponent stand for, rounded once."""
    filled = np.flatnonzero(bins.any(axis=1))
    if not filled.size:
        return 0.0
    if filled[-1] == NOT_FINITE:
        return math.nan
    first = int(filled[0])
    whole = sum(
        ((int(bins[power, 1]) << 26) + int(bins[power, 0])) << (int(power) - first) for power in filled
    )
    shift = first - 1075
    return whole / (1 << -shift) if shift < 0 else float(whole << shift)


def parts(
    codes: Integers, names: Sequence[str], exposures: Exposures, net: Floats, gross: Floats
) -> dict[str, Part]:
    """Return one `Part` a name; `codes` (N,) index `names`; `net`, `gross` (N,): a loan's allowances."""
    return parts_and_whole(codes, names, exposures, net, gross)[0]


def parts_and_whole(
    codes: Integers, names: Sequence[str], exposures: Exposures, net: Floats, gross: Floats
) -> tuple[dict[str, Part], Part]:
    """Return what `parts` returns and the whole book as one part, each figure rounded once."""
    check.words(names=names)
    check.codes(0, len(names) - 1, codes=codes)
    check.kind(Exposures, exposures=exposures)
    exposures.check()
    check.finite(net=net, gross=gross)
    check.shaped(exposures.exposure.shape, codes=codes, net=net, gross=gross)
    weight = exposures.weight
    figures, whole = grouped(
        [weight, exposures.exposure * weight, net * weight, gross * weight], codes, len(names)
    )
    counts = np.bincount(codes, minlength=len(names))
    made = {
        name: Part(int(counts[code]), *(figure[code] for figure in figures))
        for code, name in enumerate(names)
    }
    return made, Part(len(codes), *whole)
