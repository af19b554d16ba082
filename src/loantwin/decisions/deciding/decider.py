"""Deciding: score, default, worth, policy, reasons and counter-offer, for many over columns or for one.

One application is decided without a frame (`alone`); what that way is not sure of takes the columns' way as a
table of one row. Both answers are the same to the bit: tests hold them to each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import polars as pl

from loantwin.arrays import Floats, Integers
from loantwin.decisions.application_file import check_application, checked, flattened
from loantwin.decisions.deciding.acted import BEST, better_scores, codes_of_rules
from loantwin.decisions.deciding.alone import Alone, RowValuer, fields_of_terms
from loantwin.decisions.deciding.answer import Decision, Versions, decision_of_row
from loantwin.decisions.deciding.judged import judged
from loantwin.decisions.deciding.lawful import BARRED, Law
from loantwin.decisions.deciding.problems import Problems, code_of
from loantwin.decisions.deciding.score_row import RowScore
from loantwin.decisions.deciding.scores import ScoredColumns, ScoreInUse, column_of, reads_terms, scored
from loantwin.decisions.deciding.told import told
from loantwin.decisions.graph.columns import hangs_on
from loantwin.decisions.graph.row import Unsure
from loantwin.decisions.graph_policy import GraphPolicy
from loantwin.errors import ColumnsError
from loantwin.models.scoring.features import NUMBER
from loantwin.models.scoring.reasons import reasons_by_code

AT_ONCE = 200_000
"""Counter-offers that are looked at in one go: bounds the memory."""
ROUNDS = (0, 1, 4, 16, 2**31)
"""Counter-offers, the best first, are looked at up to these; who has one is not asked again."""
COUNTER = {"counter_amount": pl.Float64, "counter_annual_rate": pl.Float64, "counter_term_months": pl.Int64}


@dataclass(frozen=True)
class Worth:
    """What N applications come to, NaN where it is not known: why is in `problems`.

    annual_pd : probability of default within 12 months. expected_loss, expected_profit : over the life,
    money; NaN also without a rate.
    """

    annual_pd: Floats
    expected_loss: Floats
    expected_profit: Floats
    problems: Problems


class Valuer(Protocol):
    """Says what loans of N applications come to over their lives: a twin looked at forward."""

    def __call__(self, applications: pl.DataFrame, log_odds: Floats) -> Worth:
        """Return the worth; `amount`, `term_months` and `annual_rate` (null: not known) are of the loan."""
        ...


@dataclass(frozen=True)
class Decider:
    """A policy with the score and the twin it decides by.

    language : of reasons, en or zh. explained : whether features of the score are reasons where it moved the
    outcome; False tells the policy's rows alone: a batch of which nobody is told. law : rules that decisions
    keep, None for none.
    """

    policy: GraphPolicy
    versions: Versions
    score: ScoreInUse | None = None
    value: Valuer | None = None
    language: str = "en"
    explained: bool = True
    law: Law | None = None

    def decide(self, application: Mapping[str, Any], *, on: date | None = None) -> Decision:
        """Return the decision on one application: that of `columns`.

        Raises
        ------
        UsageError : no application. ModelError : a value of another kind than in training. ConfigError : the
            policy is not in force on the day.
        """
        check_application(application)
        if self._alone is not None:
            with suppress(Unsure):
                return self._alone.decide(application, flattened(application), on)
        frame = pl.DataFrame([application], infer_schema_length=None)
        return decision_of_row(self.columns(frame, on=on).row(0, named=True), self.versions)

    @cached_property
    def _alone(self) -> Alone | None:
        """Return what decides without a frame, None where the valuer speaks of frames alone."""
        value = self.value
        if value is not None and not isinstance(value, RowValuer):
            return None
        score = None if self.score is None else RowScore(self.score)
        return Alone(self.policy, self.versions, score, value, self.language, self.explained, self.law)

    def beyond(self, applications: pl.DataFrame) -> dict[str, int]:
        """Return field -> how many applications hold a number there that training did not reach."""
        use = self.score
        if use is None or use.score is None:
            return {}
        made: dict[str, int] = {}
        for feature in use.score.model.features:
            name = column_of(feature.name)
            if feature.kind == NUMBER and name in applications.columns:
                given = applications[name].cast(pl.Float64)
                count = int(((given < feature.low) | (given > feature.high)).sum())
                made |= {name: count} if count else {}
        return made

    def columns(self, applications: pl.DataFrame, *, on: date | None = None) -> pl.DataFrame:
        """Return the decisions on N applications, a row each in their order.

        application_id, outcome, amount, annual_rate, term_months, pattern, score, annual_pd, expected_loss,
        expected_profit, codes, reasons, rules (lists), counter_amount, counter_annual_rate,
        counter_term_months.

        Raises
        ------
        UsageError : a row that is no application. ModelError : a column of another kind than in training.
        ConfigError : the policy is not in force on a day of theirs.
        """
        frame = checked(applications)
        found = None if self.score is None else scored(self.score, frame)
        given, problems = self._filled(frame, found)
        made = self._judged(given, problems, on)
        open_ = (made["outcome"] != "approve") & made["problem"].is_null() & ~made[BARRED]
        asks = open_.to_numpy().nonzero()[0]
        reasons = self._reasons(frame, found, made, asks, on)
        counter = self._counter(frame, found, self._open(given, asks), on)
        return self._valued(frame, found, made).hstack(reasons).hstack(counter).select(
            "application_id", "outcome", "amount", "annual_rate", "term_months", "pattern", "score",
            "annual_pd", "expected_loss", "expected_profit", "codes", "reasons", "rules", *COUNTER,
        )  # fmt: skip

    def granted(self, applications: pl.DataFrame, *, on: date | None = None) -> Floats:
        """Return the money granted to each of N applications, (N,), 0 where none: that of `columns`.

        Raises
        ------
        UsageError, ModelError, ConfigError : as of `columns`.
        """
        frame = checked(applications)
        found = None if self.score is None else scored(self.score, frame)
        made = self._judged(*self._filled(frame, found), on)
        return made["amount"].cast(pl.Float64).fill_null(0.0).to_numpy()

    def replay(self, applications: pl.DataFrame) -> pl.DataFrame:
        """Return what the policy would say of N applications of any day, without reasons and counter-offers.

        Columns: application_id, outcome, amount, annual_rate, term_months, score, annual_pd, expected_loss.

        Raises
        ------
        UsageError : a row that is no application. ModelError : a column of another kind than in training.
        """
        frame = checked(applications)
        found = None if self.score is None else scored(self.score, frame)
        made = self._valued(frame, found, self._judged(*self._filled(frame, found), None, any_date=True))
        return made.select(
            "application_id", "outcome", "amount", "annual_rate", "term_months", "score", "annual_pd",
            "expected_loss",
        )  # fmt: skip

    def _judged(
        self, given: pl.DataFrame, problems: Problems, on: date | None, *, any_date: bool = False
    ) -> pl.DataFrame:
        """Return what the policy says, with what it read of score and default, and why it was not asked."""
        made = judged(self.policy, given, on, any_date=any_date)
        own = ("score", "annual_pd")
        made = made.with_columns(
            *(_column(given, name).alias(name) for name in own), pl.int_range(pl.len()).alias("row")
        )
        if self.law is None:
            made = made.with_columns(pl.lit(False).alias(BARRED))
        else:
            made = self.law.columns(given, made, on)
        code, words = problems.series()
        if not problems.there.any():
            return made.with_columns(code)
        well = words.is_null()
        none = pl.lit([], dtype=pl.List(pl.String))
        return made.with_columns(
            code,
            pl.when(well).then("outcome").otherwise(pl.lit("refer")).alias("outcome"),
            *(
                pl.when(well).then(name).alias(name)
                for name in ("amount", "annual_rate", "term_months", "pattern")
            ),
            *(
                pl.when(well).then(name).otherwise(none).alias(name)
                for name in ("codes", "reasons_zh", "rules")
            ),
            pl.when(well).then("reasons").otherwise(pl.concat_list(pl.lit(words))).alias("reasons"),
            pl.when(well).then("problem").otherwise(pl.lit(words)).alias("problem"),
        )

    def _filled(self, frame: pl.DataFrame, found: ScoredColumns | None) -> tuple[pl.DataFrame, Problems]:
        """Return applications with score, default and worth in the fields that the policy reads."""
        if found is None:
            return frame, Problems.none(len(frame))
        fields, problems = {"score": found.points, "annual_pd": found.pd}, found.problems
        if self.value is not None:
            worth = self.value(frame, found.log_odds)
            fields |= {
                "annual_pd": worth.annual_pd, "expected_loss": worth.expected_loss,
                "expected_profit": worth.expected_profit,
            }  # fmt: skip
            for place, (code, words) in enumerate(worth.problems.told):
                problems = problems.add(worth.problems.place == place, code, words)
        blank = {
            name: np.where(problems.there, np.nan, values) if problems.there.any() else values
            for name, values in fields.items()
        }
        return frame.with_columns(
            pl.Series(name, values).fill_nan(None) for name, values in blank.items()
        ), problems

    def _valued(self, frame: pl.DataFrame, found: ScoredColumns | None, made: pl.DataFrame) -> pl.DataFrame:
        """Return decisions with what approved loans come to at the terms granted."""
        none = np.full(len(made), np.nan)
        worth = {"expected_loss": none.copy(), "expected_profit": none.copy()}
        rows = (made["outcome"] == "approve").to_numpy().nonzero()[0]
        if self.value is not None and found is not None and len(rows):
            granted = made[rows].select("amount", "annual_rate", "term_months")
            loans = frame[rows].drop("amount", "annual_rate", "term_months", strict=False).hstack(granted)
            told_ = self.value(loans, found.log_odds[rows])
            worth["expected_loss"][rows], worth["expected_profit"][rows] = (
                told_.expected_loss,
                told_.expected_profit,
            )
        return made.drop("codes", "reasons").with_columns(
            pl.Series(name, values).fill_nan(None) for name, values in worth.items()
        )

    def _reasons(
        self,
        frame: pl.DataFrame,
        found: ScoredColumns | None,
        made: pl.DataFrame,
        asks: Integers,
        on: date | None,
    ) -> pl.DataFrame:
        """Return codes and texts of N decisions, (N, 2) lists of at most four."""
        own = codes_of_rules(self.policy.graph, made.filter(pl.col("problem").is_null()))
        stuck = made.filter(pl.col("problem").is_not_null()).select(
            "row", pl.lit(0, dtype=pl.Int64).alias("order"), "problem_code", pl.col("problem").alias("en")
        )
        words = {text: code_of(text) for text in stuck["en"].unique()}
        code = pl.coalesce(
            "problem_code", pl.col("en").replace_strict(words, default=None, return_dtype=pl.String)
        )
        stuck = stuck.select(
            "row", "order", code.alias("code"), "en", pl.lit(None, dtype=pl.String).alias("zh"),
            pl.lit(False).alias("alone"),
        )  # fmt: skip
        parts = [own, stuck]
        tells = self.explained and found is not None
        moved = self._moved_by_score(frame, made, asks, on) if tells else asks[:0]
        if found is not None and self.score is not None and self.score.score is not None and len(moved):
            why = reasons_by_code(self.score.score, found.values[moved])
            at, number = np.nonzero(why.place >= 0)
            which = why.place[at, number]
            reasoned = pl.Series(np.unique(moved[at]))
            parts[0] = own.filter(~(pl.col("alone") & pl.col("row").is_in(reasoned.implode())))
            parts.append(
                pl.DataFrame(
                    {
                        "row": pl.Series(moved[at], dtype=own.schema["row"]),
                        "order": pl.Series(100 + number, dtype=pl.Int64),
                        "code": pl.Series(why.codes, dtype=pl.String).gather(which),
                        **{
                            name: pl.Series(values, dtype=pl.String).gather(which)
                            for name, values in why.texts.items()
                        },
                        "alone": pl.Series([False] * len(at), dtype=pl.Boolean),
                    }
                ).select(own.columns)
            )
        return told(pl.concat(parts), len(made), self.language)

    def _moved_by_score(
        self, frame: pl.DataFrame, made: pl.DataFrame, asks: Integers, on: date | None
    ) -> Integers:
        """Return which of some rows a better score would have decided otherwise, or for other reasons."""
        moved, left = [], asks
        for score in (*better_scores(self.policy.graph), None):  # at last who is above all: default and worth
            here = left if score is None else left[(made["score"][left].fill_null(np.inf) < score).to_numpy()]
            if not len(here):
                continue
            better = frame[here].with_columns(
                made["score"][here] if score is None else pl.lit(float(score)).alias("score"),
                *self._best_worth(frame[here]),
                pl.lit(0.0).alias("annual_pd"),
            )
            then, now = judged(self.policy, better, on), made[here]
            differs = then["problem"].is_null() & (
                (then["outcome"] != now["outcome"])
                | (then["reasons"].list.join("\n") != now["reasons"].list.join("\n"))
            )
            moved.append(here[differs.to_numpy()])
            done = here[then["problem"].is_null().to_numpy()]
            left = np.setdiff1d(left, done)
        return np.sort(np.concatenate(moved)) if moved else np.empty(0, dtype=np.int64)

    def _best_worth(self, frame: pl.DataFrame) -> tuple[pl.Series, ...]:
        """Return what M loans would come to at the best risk that the twin knows; none without a twin."""
        if self.value is None:
            return ()
        worth = self.value(frame, np.full(len(frame), BEST))
        return tuple(
            pl.Series(name, getattr(worth, name)).fill_nan(None)
            for name in ("expected_loss", "expected_profit")
        )

    def _counter(
        self, frame: pl.DataFrame, found: ScoredColumns | None, asks: Integers, on: date | None
    ) -> pl.DataFrame:
        """Return the largest amount that is approved in full, at the shortest term, for some of N rows."""
        rows = len(frame)
        made = pl.DataFrame({name: pl.Series([None] * rows, dtype=kind) for name, kind in COUNTER.items()})
        if not len(asks):
            return made
        asked, months = (
            frame["amount"].cast(pl.Float64).to_numpy(),
            frame["term_months"].cast(pl.Int64).to_numpy(),
        )
        place, amount, term = self.policy.counter.candidates(asked[asks], months[asks])
        order = np.lexsort((term, -amount, place))
        place, amount, term = place[order], amount[order], term[order]
        rank = np.arange(len(place)) - np.searchsorted(place, place)  # of each application's, the best first
        best: list[pl.DataFrame] = []
        left = np.ones(len(asks), dtype=bool)
        for first, last in pairwise(ROUNDS):
            here = ((rank >= first) & (rank < last) & left[place]).nonzero()[0]
            for start in range(0, len(here), AT_ONCE):
                cut = here[start : start + AT_ONCE]
                best.append(self._offers(frame, found, asks[place[cut]], amount[cut], term[cut], on))
                left[np.isin(asks, best[-1]["row"].to_numpy())] = False
        if not best:
            return made
        chosen = pl.concat(best).unique("row", keep="first", maintain_order=True)
        numbered = pl.DataFrame({"row": pl.Series(range(rows), dtype=pl.Int64)})
        return numbered.join(chosen, on="row", how="left", maintain_order="left").select(*COUNTER)

    def _open(self, given: pl.DataFrame, asks: Integers) -> Integers:
        """Return those of some rows whose outcome other terms may change: the others have no counter-offer.

        All where columns do not know the policy.
        """
        fields = fields_of_terms(self.score, self.value is not None)
        try:
            hangs = hangs_on(self.policy.graph, self.policy.read(given[asks]), ("outcome",), fields)
        except ColumnsError:
            return asks
        return np.asarray(asks[hangs.to_numpy()])

    def _offers(
        self, frame: pl.DataFrame, found: ScoredColumns | None, row: Integers, amount: Floats, term: Integers,
        on: date | None,
    ) -> pl.DataFrame:  # fmt: skip
        """Return which loans the policy approves in full, each decided as an application of its own."""
        asked = frame[row].with_columns(pl.Series("amount", amount), pl.Series("term_months", term))
        again = None if found is None or self.score is None else self._again(asked, found, row)
        said = self._judged(*self._filled(asked, again), on)
        full = (said["outcome"] == "approve") & (said["amount"] == pl.Series(amount)) & (
            said["term_months"] == pl.Series(term)
        )  # fmt: skip
        return pl.DataFrame(
            {
                "row": pl.Series(row, dtype=pl.Int64),
                "counter_amount": pl.Series(amount, dtype=pl.Float64),
                "counter_annual_rate": said["annual_rate"],
                "counter_term_months": pl.Series(term, dtype=pl.Int64),
            }
        ).filter(full)

    def _again(self, asked: pl.DataFrame, found: ScoredColumns, row: Integers) -> ScoredColumns:
        """Return the score of other terms: the same where the model reads neither amount nor term."""
        assert self.score is not None  # asked with a score alone
        return scored(self.score, asked) if reads_terms(self.score) else found.take(row)


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    """Return a field of numbers, null where there is none."""
    if name in frame.columns:
        return frame[name].cast(pl.Float64)
    return pl.Series(name, [None] * len(frame), dtype=pl.Float64)
