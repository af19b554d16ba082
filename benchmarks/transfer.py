"""What a new product gains from others: pooled fits against the product alone and the source alone.

Scores are of the number of defaults (charge-offs) in the 12 months after the forecast, given the economy that
came: logarithm of the probability of what came, and CRPS. A row holds the mean difference, pooled less the
other, and its 90 % bootstrap interval; better is above zero.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.families import Forecast, book, difference, drawn, economy, fitted, forecast, sized

REPLICATIONS, DEFAULTS, SOURCE_LOANS = 30, 50, 8_000
BOOKS, KNOWN = 8, (6, 12, 24)
"""Source books of the second proof, and months that the new book is known."""
FEW_REPLICATIONS, BOOK_LOANS, NEW_LOANS = 12, 3_000, 100


def run() -> list[dict[str, Any]]:
    """Return the rows of all three proofs."""
    return [*transfer(), *few_data(), *by_industry()]


def transfer() -> list[dict[str, Any]]:
    """A: one source rich in data, a new product with about 50 defaults; both drawn about a common truth."""
    found = [_transferred(seed) for seed in range(REPLICATIONS)]
    came = sum(one["pooled"].came for one in found) / len(found)
    words = f"{REPLICATIONS} families; about {DEFAULTS} defaults known of the new product, {came:.0f} came on average"
    return [row for other in ("alone", "source") for row in rows("transfer", found, other, words)]


def _transferred(seed: int) -> dict[str, Forecast]:
    with tempfile.TemporaryDirectory() as folder:
        own, macro = drawn(2 * seed + 1), economy(seed)
        source = book(Path(folder) / "source", drawn(2 * seed), SOURCE_LOANS, 60, 1_000 + seed, macro)
        history = source.parent / "lender/macro.csv"
        fitted(source, history)
        loans = sized(own, 24, DEFAULTS, 9_000 + seed, macro)
        new = book(Path(folder) / "new", own, loans, 24, 5_000 + seed, macro)
        return compared(new, [source], history)


def compared(
    new: Path, sources: Sequence[Path], macro: Path, look: Callable[[Path], Forecast] = forecast
) -> dict[str, Forecast]:
    """Return the forecasts of the product alone, of the sources alone (the mean of all) and of the pooled fit."""
    fitted(new, macro)
    made = {"alone": look(new)}
    alone = []
    for source in sources:
        fitted(new, macro, model_from=source)
        alone.append(look(new))
    made["source"] = mixed(alone)
    fitted(new, macro, learn_from=list(sources))
    made["pooled"] = look(new)
    return made


def mixed(forecasts: Sequence[Forecast]) -> Forecast:
    """Return the mixture of forecasts, each with the same weight."""
    return Forecast(np.concatenate([one.expected for one in forecasts]), forecasts[0].came)


def rows(name: str, found: Sequence[dict[str, Forecast]], other: str, words: str) -> list[dict[str, Any]]:
    """Return the differences of both scores, pooled less another way."""
    made = []
    for score, unit, sign in (("log_score", "nats", 1.0), ("crps", "defaults", -1.0)):
        gained = [sign * (getattr(one["pooled"], score) - getattr(one[other], score)) for one in found]
        mean, low, high = difference(gained)
        shown = "shown" if low > 0.0 else "not shown"
        made.append(
            {
                "work": f"{name}: {score.replace('_', ' ')}, pooled better than {other} by",
                "reach": "> 0",
                "measured": mean,
                "unit": unit,
                "detail": f"90 % {low:.3f} to {high:.3f}, {shown}; {words}",
            }
        )
    return made
