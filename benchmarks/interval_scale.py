"""Whether a scale of intervals learnt from closed windows beats the heavy-tailed prior alone: two SBA tapes.

`python -m benchmarks.interval_scale` prints coverage, interval score and CRPS of three rules on the same
intensities by path. A rule moves the whole book's log intensity by rank, the same factor for all bands
of a path, and draws names afterwards. Nothing of it is in the program: see docs/backtest.md.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

import loantwin as lt
from loantwin.arrays import Floats
from loantwin.performance.backtest.observed import LEAST_EVENTS
from loantwin.performance.backtest.origin import GIVEN
from loantwin.performance.outcomes import CHARGE_OFFS, LOANS
from loantwin.performance.scoring import summarise
from loantwin.verbs.backtest.origin import at_origin

DATA = Path(os.environ.get("LOANTWIN_TEST_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))
HORIZONS, PATHS, KEY = (6, 12, 24), 400, (CHARGE_OFFS, LOANS)
PRIOR, FEWEST, CLIP = 4.0, (8, 4), (0.8, 2.5)
"""Degrees of freedom and weight of the prior; origins from which on is learnt, two tried; bounds."""
LEAST_CAME = 50.0
"""Events that must have come in a window for it to be evidence."""


@dataclass(frozen=True)
class Window:
    """An origin's window: intensities (P, B), draws (P, B), what came (B,), and the size of one event."""

    day: date
    horizon: int
    given: Floats
    drawn: Floats
    came: Floats
    unit: float

    @property
    def surprise(self) -> float:
        """Return the outcome of the whole book as a standard normal by its rank among the draws."""
        whole, came = self.drawn.sum(axis=1), self.came.sum()
        rank = ((whole < came).sum() + 0.5 * (whole == came).sum() + 0.5) / (len(whole) + 1.0)
        return float(stats.norm.ppf(rank))

    def closed_by(self, day: date) -> bool:
        """Return whether the window had closed by a date."""
        return (day.year - self.day.year) * 12 + day.month - self.day.month >= self.horizon


def windows(tape: str, folder: Path) -> list[Window]:
    """Return every window that is scored, given the economy that came."""
    home = folder / tape
    lt.twin_create(home, DATA / f"sba/sba_{tape}.csv.gz", "sba", date(2005, 12, 31))
    lt.fit(home, [DATA / "fed_scenarios/2025-Table_1A_Historic_Domestic.csv", DATA / "fred/UNRATE.csv"])
    made = []
    with lt.open(home) as twin:
        for year in range(1999, 2012):
            found = at_origin(twin, date(year, 12, 31), HORIZONS, PATHS, year)
            if found.events[CHARGE_OFFS] < LEAST_EVENTS:
                continue
            there = found.loans > 0
            for place, horizon in enumerate(found.closed[GIVEN]):
                drawn = found.predicted[GIVEN].simulated[KEY][:, there, place]
                made.append(
                    Window(
                        found.date, horizon, found.predicted[GIVEN].given[KEY][:, there, place], drawn,
                        found.actual[KEY][there, place], float(drawn[drawn > 0].min()),
                    )
                )  # fmt: skip
    return made


Rule = Callable[[Window, Floats], Floats]
"""A window and the surprises of closed ones of its horizon, in the order of time -> intensities (P, B)."""


def as_it_is(window: Window, _: Floats) -> Floats:
    """Return the intensities of the program."""
    return window.given


def scaled(window: Window, known: Floats, shift: bool = False) -> Floats:
    """Return the intensities with the conjugate scale, and a shift where surprises have one sign."""
    size = len(known)
    if not size:
        return window.given
    scale = float(np.clip(np.sqrt((PRIOR + (known**2).sum()) / (PRIOR + size)), *CLIP))
    one_sign = max((known > 0).mean(), (known < 0).mean()) >= 0.75
    moved = size * known.mean() / (size + 8.0) if shift and one_sign else 0.0
    whole = np.log(np.maximum(window.given.sum(axis=1), 1e-9))
    low, middle, high = np.quantile(whole, stats.norm.cdf([-1.0, 0.0, 1.0]))
    spread = 0.5 * (high - low)
    rank = (stats.rankdata(whole) - 0.5) / len(whole)
    wanted = middle + spread * scale * np.clip(stats.t(PRIOR + size).ppf(rank), -4.0, 4.0)
    factor = np.exp(wanted - whole)
    total = np.exp(whole)
    factor *= total.mean() / (factor * total).mean()  # the scale moves no mean; the shift does
    return np.asarray(window.given * (factor * np.exp(moved * spread))[:, None], dtype=np.float64)


def evidence(found: Sequence[Window], window: Window) -> Floats:
    """Return the surprises of earlier origins' windows that had closed, thin ones left out."""
    return np.array(
        [
            other.surprise
            for other in found
            if other.horizon == window.horizon
            and other.closed_by(window.day)
            and other.came.sum() / other.unit >= LEAST_CAME
        ]
    )


def scored(found: Sequence[Window], part: Sequence[Window], rule: Rule) -> dict[str, float]:
    """Return a rule's scores over the bands of some windows, names redrawn; all windows may be evidence."""
    random = np.random.default_rng(7)
    held, score, crps, error, came = [], [], [], 0.0, 0.0
    for window in part:
        given = rule(window, evidence(found, window))
        drawn = np.asarray(random.poisson(given / window.unit) * window.unit, dtype=np.float64)
        shown = summarise(drawn, window.came)
        low, high = shown.quantiles[0], shown.quantiles[4]
        missed = np.maximum(low - window.came, 0.0) + np.maximum(window.came - high, 0.0)
        held.append(((low <= window.came) & (window.came <= high)).mean())
        score.append((high - low + 20.0 * missed).mean())
        crps.append(shown.crps.mean())
        error += np.abs(given.mean(axis=0) - window.came).sum()
        came += window.came.sum()
    return {
        "held": float(np.mean(held)),
        "interval score": float(np.mean(score)),
        "CRPS": float(np.mean(crps)),
        "accuracy": float(1.0 - error / came),
    }


def with_shift(window: Window, known: Floats) -> Floats:
    """Return the intensities with scale and shift."""
    return scaled(window, known, shift=True)


RULES: dict[str, Rule] = {
    "heavy tails alone": as_it_is,
    "conjugate scale": scaled,
    "scale and shift": with_shift,
}


def run() -> list[dict[str, Any]]:
    """Return the interval score of each rule on each tape, where something could be learnt."""
    if not DATA.is_dir():
        return []
    rows = []
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tape in ("block", "balanced"):
            found = windows(tape, Path(folder))
            for fewest in FEWEST:
                late = [window for window in found if len(evidence(found, window)) >= fewest]
                rows += [_row(tape, found, late, fewest, name) for name in RULES if late]
    return rows


def _row(
    tape: str, found: Sequence[Window], late: Sequence[Window], fewest: int, name: str
) -> dict[str, Any]:
    made = scored(found, late, RULES[name])
    work = f"SBA {tape}: {name}, the {len(late)} of {len(found)} windows with {fewest} closed before them"
    return {
        "work": work,
        "reach": "below heavy tails alone",
        "measured": made["interval score"],
        "unit": "interval score",
        "detail": _words(made),
    }


def _words(made: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:,.2f}" for name, value in made.items())


if __name__ == "__main__":
    for row in run():
        print(row["work"], "|", row["detail"])
