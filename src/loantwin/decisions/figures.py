"""What a book shows of itself at the end of a month: the published list of figures a policy may ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import UsageError, expected

MACRO = "macro."
"""Before the name of a macro covariate: `macro.unemployment_rate.change_12m.lag3`."""


@dataclass(frozen=True)
class Figure:
    """A figure by its name in `figure_names`, its unit, and what it says."""

    name: str
    unit: str
    words: str


PUBLISHED = (
    Figure("month", "months", "months since the start, 0 before the first"),
    Figure("balance_ratio", "decimal", "live balance / live balance at the start"),
    Figure("delinquent_share", "decimal", "share of the live balance that is past due at all"),
    Figure("late_share", "decimal", "share of the live balance in the worst live state"),
    Figure("default_rate", "decimal a year", "exposure that entered default over three months / balance"),
    Figure("charge_off_rate", "decimal a year", "principal charged off over three months / balance"),
    Figure("prepayment_rate", "decimal a year", "principal prepaid in the last month / balance"),
    Figure("new_lending_rate", "decimal a year", "amount lent in the last month / balance"),
    Figure("interest_rate", "decimal a year", "interest of the last month / balance"),
    Figure("profit_rate", "decimal a year", "profit of the last month / balance"),
)
"""Nothing in it looks ahead or at the latent effect. A rate of a book without balance is 0, and so is every
rate before the first month. Beside these stand the macro covariates of the month that ended, as `macro.NAME`,
in standard deviations from their mean in the fit (0 before the first month).
"""

FIGURES = tuple(figure.name for figure in PUBLISHED)


def in_order(figures: Mapping[str, Floats], names: Sequence[str]) -> Floats:
    """Return figures (E,) by name as (E, F), in the order of `names`.

    Raises
    ------
    UsageError : a name that is not among the figures, or no figures at all.
    """
    if not figures:
        raise UsageError(expected("at least one figure", "none"), field="figures")
    for name in names:
        if name not in figures:
            raise UsageError(expected("one of " + ", ".join(figures), name), field="figure_names")
    books = len(np.atleast_1d(next(iter(figures.values()))))
    made = np.empty((books, len(names)))
    for place, name in enumerate(names):
        made[:, place] = figures[name]
    return made
