"""What a backtest found of a model's 90 % intervals, kept in a twin's home: forecasts read it.

One small file beside the log, which is no part of the truth: it can be deleted, and a backtest writes it
anew. It names the model it is of, and says nothing of any other.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

from loantwin.files import replace_file
from loantwin.performance.backtest.macro_scores import MacroScores
from loantwin.performance.backtest.scores import is_withdrawn
from loantwin.performance.outcomes import LOANS, MONEY

FILE = "coverage.json"
SCHEMA = "loantwin.coverage/1"
ALL = 0
"""Horizon of a row over all horizons together."""


@dataclass(frozen=True)
class Held:
    """How often a figure's 90 % interval held. horizon : months, 0 for all together.

    economy : "given_macro" or "generated_macro". held : share of outcomes inside, ties spread. low, high :
        its 90 % block-bootstrap interval, None where origins are few. verdict : in words.
    """

    economy: str
    figure: str
    measure: str
    horizon: int
    held: float
    low: float | None
    high: float | None
    origins: int
    verdict: str


@dataclass(frozen=True)
class Record:
    """What was found on a day. model_hash : of the model file that the home held then."""

    date: dt.date
    model_hash: str
    rows: tuple[Held, ...]

    def withdrawn(
        self, economy: str, figures: Iterable[str], months: int, measures: Sequence[str] = (MONEY, LOANS)
    ) -> float | None:
        """Return the share held of a figure whose interval is withdrawn, None where it is not.

        Parameters
        ----------
        figures : the figure's name, or several, with measures: the first pair that was scored counts.
            months : of the forecast: the shortest horizon that reaches it is read, else the longest, and all
            together.
        """
        for figure, measure in product(figures, measures):
            mine = {
                row.horizon: row
                for row in self.rows
                if (row.economy, row.figure, row.measure) == (economy, figure, measure)
            }
            if not mine:
                continue
            ends = sorted(end for end in mine if end != ALL)
            near = next((end for end in ends if end >= months), ends[-1] if ends else ALL)
            told = [mine[end] for end in (near, ALL) if end in mine]
            return next((row.held for row in told if is_withdrawn(row.verdict)), None)
        return None


def recorded(date: dt.date, model_hash: str, views: Mapping[str, MacroScores]) -> Record:
    """Return what a backtest found, of loans and of money, by horizon and over all."""
    rows: dict[tuple[str, str, str, int], Held] = {}
    for economy, view in views.items():
        for part in (view.figures, view.amounts):
            for figure, scores in part.items():
                for horizon, score in scores.items():
                    if score.coverage90_untied is None:
                        continue
                    measure = LOANS if score.unit == "loans" else MONEY
                    rows[economy, figure, measure, int(horizon)] = Held(
                        economy, figure, measure, int(horizon), score.coverage90_untied,
                        score.coverage90_untied_low, score.coverage90_untied_high, score.origins,
                        score.interval_verdict,
                    )  # fmt: skip
        for part, pooled in ((view.figures, view.pooled), (view.amounts, view.pooled_amounts)):
            for figure, item in pooled.items():
                if item is None:
                    continue
                measure = LOANS if next(iter(part[figure].values())).unit == "loans" else MONEY
                rows[economy, figure, measure, ALL] = Held(
                    economy, figure, measure, ALL, item.coverage90_untied, item.coverage90_untied_low,
                    item.coverage90_untied_high, item.origins, item.verdict,
                )  # fmt: skip
    return Record(date, model_hash, tuple(rows.values()))


def write_record(folder: Path, record: Record) -> None:
    """Write the file of a home, in place of an earlier one.

    Raises
    ------
    UsageError : the home cannot be written.
    """
    document = {
        "schema": SCHEMA,
        "date": record.date.isoformat(),
        "model_hash": record.model_hash,
        "rows": [asdict(row) for row in record.rows],
    }
    replace_file(folder / FILE, json.dumps(document, indent=1), "home", private=True)


def read_record(folder: Path, model_hash: str) -> Record | None:
    """Return what was found of a model; None where nothing is kept, of another model, or not to be read."""
    try:
        document: Any = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA or document["model_hash"] != model_hash:
            return None
        rows = tuple(Held(**row) for row in document["rows"])
        return Record(dt.date.fromisoformat(document["date"]), model_hash, rows)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no record, or one of another version: a forecast is then printed as it stands
