"""A policy written as rules in a readable file: it steers books in the environment and in forecasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.decisions.rules import PortfolioRule
from loantwin.errors import UsageError, expected
from loantwin.types import LEVERS


@dataclass(frozen=True)
class RulePolicy:
    """Rules for a portfolio's levers, as `load_policy` reads them.

    standing : (5,) where the levers stand when no rule applies, in the order of `lever_names`.
    """

    name: str
    description: str
    standing: tuple[float, ...]
    portfolio: tuple[PortfolioRule, ...]

    @property
    def figure_names(self) -> tuple[str, ...]:
        """Return the figures that its portfolio rules read, each once, in the order of the file."""
        return tuple(dict.fromkeys(condition.figure for rule in self.portfolio for condition in rule.when))

    @property
    def lever_names(self) -> tuple[str, ...]:
        """Return all levers, in the order of `types.LEVERS`."""
        return LEVERS

    def levers(self, figures: Floats) -> Floats:
        """Return the levers of E books, (E, 5), from their figures (E, F) in the order of `figure_names`.

        What the rules that hold add is added up and held within -1 and 1.

        Raises
        ------
        UsageError : figures of another width.
        """
        return np.clip(self._wanted(figures, self._holds(figures)), -1.0, 1.0)

    def reasons(self, figures: Floats) -> tuple[tuple[str, ...], ...]:
        """Return for each of E books the reasons of the rules that hold, and which levers a bound holds.

        Raises
        ------
        UsageError : figures of another width.
        """
        holds = self._holds(figures)
        wanted = self._wanted(figures, holds)
        held = np.clip(wanted, -1.0, 1.0)
        return tuple(
            (
                *(rule.reason for rule, yes in zip(self.portfolio, holds[:, book], strict=True) if yes),
                *(
                    f"{name} held at {held[book, place]:g}: the rules together asked for "
                    f"{wanted[book, place]:g}"
                    for place, name in enumerate(LEVERS)
                    if wanted[book, place] != held[book, place]
                ),
            )
            for book in range(len(figures))
        )

    def _holds(self, figures: Floats) -> Flags:
        """Return which rules hold for which books, (rules, E)."""
        names = self.figure_names
        if figures.ndim != 2 or figures.shape[1] != len(names):
            raise UsageError(
                expected(f"figures of shape (E, {len(names)}): {', '.join(names)}", f"{figures.shape}"),
                field="figures",
            )
        holds = np.ones((len(self.portfolio), len(figures)), dtype=bool)
        for place, rule in enumerate(self.portfolio):
            for condition in rule.when:
                figure = figures[:, names.index(condition.figure)]
                holds[place] &= np.asarray(condition.holds(figure), dtype=bool)
        return holds

    def _wanted(self, figures: Floats, holds: Flags) -> Floats:
        """Return what the rules together ask for, (E, 5), before it is held within -1 and 1."""
        total = np.tile(np.array(self.standing, dtype=np.float64), (len(figures), 1))
        for rule, yes in zip(self.portfolio, holds, strict=True):
            total += yes[:, None] * np.array(rule.add)
        return total
