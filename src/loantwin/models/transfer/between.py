"""How much books differ: a random-effects mean and the variance between books, shrunk to a stated one.

One book tells nothing of how another differs from it: the stated deviation stands. Of several the variance
between them is the moment estimator of DerSimonian and Laird (Controlled Clinical Trials 7 (1986)); two or
three tell it badly, so that it is averaged with the stated one, which counts as much as `WORTH` books more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats

WORTH = 2.0
"""Books that the stated deviation is worth. Assumed."""


@dataclass(frozen=True)
class Between:
    """What K books say of one more. mean : of the new one. weight : (K,) of the books in it, sum 1.

    between : variance of books about their mean. variance : of the new one's, between and the mean's error.
    books : K; with 1 `between` is the stated one alone.
    """

    mean: float
    weight: Floats
    between: float
    variance: float
    books: int

    @property
    def deviation(self) -> float:
        """Return the standard deviation of the new book's."""
        return float(np.sqrt(self.variance))


def pool(values: Floats, variances: Floats, stated: float) -> Between:
    """Return what K books' values (K,), with the variances of their errors (K,), say of another book's.

    Parameters
    ----------
    stated : standard deviation between books that is believed beforehand.
    """
    count = len(values)
    between = shrunk(between_variance(values, variances), count, stated)
    precision = 1.0 / (variances + between)
    weight = precision / precision.sum()
    mean = float(weight @ values)
    return Between(mean, weight, between, between + 1.0 / float(precision.sum()), count)


def between_variance(values: Floats, variances: Floats) -> float:
    """Return DerSimonian and Laird's variance between books; 0 for fewer than two."""
    if len(values) < 2:
        return 0.0
    # an error of nothing would take all the weight
    weight = 1.0 / np.maximum(variances, 1e-9)
    mean = float(weight @ values / weight.sum())
    excess = float(weight @ (values - mean) ** 2) - (len(values) - 1)
    return max(0.0, excess / float(weight.sum() - (weight**2).sum() / weight.sum()))


def shrunk(found: float, books: float, stated: float) -> float:
    """Return a variance found between books, averaged with that of a stated deviation."""
    told = max(books - 1.0, 0.0)
    return (told * found + WORTH * stated**2) / (told + WORTH)
