"""The best offer of each applicant, with reasons and frontier, laid out as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.decisions.deciding.scores import ScoreInUse, points
from loantwin.decisions.graph_policy import GraphPolicy
from loantwin.decisions.pricing.best_offer import Approves, Judged, frontier, neighbour
from loantwin.decisions.pricing.budgets import Budgeted, under_budgets
from loantwin.decisions.pricing.kinds import Kinds
from loantwin.decisions.pricing.offer_grid import OfferGrid
from loantwin.decisions.pricing.offer_policy import OfferPolicy
from loantwin.decisions.pricing.offer_values import (
    ALLOWED,
    WHY,
    Applicants,
    OfferTable,
    OfferValues,
    offer_values,
)
from loantwin.outlook.asked import Asked
from loantwin.outlook.drawn_prices import ENDS, Drawn
from loantwin.outlook.offered import Offered
from loantwin.verbs.price.offer_rows import BestOffer, BudgetLine, OfferPoint, OfferReason, OffersMade
from loantwin.verbs.price.rows import Bounds, number

WITH_FRONTIER = 500
"""Applicants up to which the policy is asked about every offer, for frontier and counts."""
AT_ONCE = 2_000_000
"""Offers that are valued in one go, without budgets."""
AXES = ("amount", "term", "pattern", "rate")
STEPS = {
    ("amount", -1): "less money",
    ("amount", 1): "more money",
    ("term", -1): "a shorter term",
    ("term", 1): "a longer term",
    ("pattern", -1): "the pattern before",
    ("pattern", 1): "the next pattern",
    ("rate", -1): "a lower rate",
    ("rate", 1): "a higher rate",
}


@dataclass(frozen=True)
class Chosen:
    """Offers chosen. at : (N,) places, -1 for none. values : of the offers, with what the policy refused."""

    at: Integers
    values: OfferValues
    budgeted: Budgeted
    front: Flags | None
    asked: int


@dataclass(frozen=True)
class Choice:
    """What offers are chosen by."""

    offered: Offered
    asked: Asked
    policy: GraphPolicy | None
    score: ScoreInUse | None
    on: date | None

    @property
    def grid(self) -> OfferGrid:
        """Return the grid."""
        return self.offered.grid

    def best(self) -> list[Chosen]:
        """Return the best offers as places in the grid, block by block: no reasons, no frontier."""
        applicants, table = self.offered.prepared(self.asked)
        places = np.arange(len(applicants))
        return [
            self._chosen(applicants.take(cut), table, places[cut], whole=False)
            for cut in self._blocks(len(applicants))
        ]

    def _blocks(self, count: int) -> list[slice]:
        """Return applicants block by block; budgets look at all of them together."""
        size = max(count if self.grid.budgets else AT_ONCE // self.grid.count, 1)
        return [slice(start, start + size) for start in range(0, count, size)]

    def offers_made(self, drawn: Drawn | None) -> OffersMade:
        """Return the best offers; `drawn` gives intervals, None none."""
        applicants, table = self.offered.prepared(self.asked)
        whole = len(applicants) <= WITH_FRONTIER
        parts, rows = [], []
        places = np.arange(len(applicants))
        for cut in self._blocks(len(applicants)):
            some = applicants.take(cut)
            found = self._chosen(some, table, places[cut], whole=whole)
            parts.append(found)
            rows += self._rows(found, some, table, cut.start, drawn)
        return self._made(parts, rows)

    def _chosen(self, some: Applicants, table: OfferTable, places: Integers, *, whole: bool) -> Chosen:
        costs = self.offered.pricer.costs.pricing
        values = offer_values(some, table, self.grid, self.offered.take_up, costs.hurdle_rate)
        judged = Judged.of(values, self._approves(values, some, table, places))
        if whole:
            judged.ask(*np.nonzero(values.why == ALLOWED))
        budget = np.array(list(self.grid.budgets.values()))
        budgeted = under_budgets(values, judged, some.segment, budget)
        after = judged.refused(values)
        return Chosen(budgeted.chosen, after, budgeted, frontier(after) if whole else None, judged.asked)

    def _approves(
        self, values: OfferValues, some: Applicants, table: OfferTable, places: Integers
    ) -> Approves | None:
        if self.policy is None:
            return None
        rows = self.asked.rows[places]
        pd = table.annual_pd[some.key].reshape(len(some), -1)
        known = self.score is not None and self.score.score is not None
        score = (
            points(self.score.score, self.asked.apps.log_odds[places])  # type: ignore[union-attr, arg-type]  # known
            if known
            else np.full(len(some), np.nan)
        )
        return OfferPolicy(
            self.policy, self.grid, self.asked.frame[rows], some.amount, values.profit, pd, score, self.on
        ).approves

    def _rows(
        self, found: Chosen, some: Applicants, table: OfferTable, start: int, drawn: Drawn | None
    ) -> list[BestOffer]:
        at = np.maximum(found.at, 0)
        who = np.arange(len(at))
        amount, contract = np.unravel_index(at, (self.grid.shape[0], self.grid.count // self.grid.shape[0]))
        key = some.key[who, amount]
        lent = found.values.lent[who, at]
        equity = lent * table.equity_years[key, contract]
        hurdle = self.offered.pricer.costs.pricing.hurdle_rate
        with np.errstate(divide="ignore", invalid="ignore"):
            raroc = found.values.profit[who, at] / equity + hurdle
        bounds = None if drawn is None else self._bounds(found, some, drawn, start)
        figures = {
            "payment": some.amount[who, amount] * table.payment[contract],
            "all_in": table.all_in[contract],
            "annual_pd": table.annual_pd[key, contract],
            "expected_loss": lent * table.loss[key, contract],
            "raroc": raroc,
        }
        steps = self._steps(found)
        ids = self.asked.frame["application_id"].to_list()
        made = []
        for place in range(len(at)):
            name = ids[int(self.asked.rows[start + place])]
            there = found.at[place] >= 0
            row = {key: number(values[place]) if there else None for key, values in figures.items()}
            beside = (step[place] for step in steps)
            made.append(
                BestOffer(
                    application_id=name,
                    best=self._point(found.values, place, int(at[place]), some) if there else None,
                    **row,
                    interval=None if bounds is None or not there else Bounds(*map(float, bounds[place])),
                    reasons=tuple(step for step in beside if step is not None) if there else (),
                    frontier=self._front(found, place, some),
                    refused=_refused(found, place),
                    why=None if there else _why_none(found, place),
                )
            )
        return made

    def _point(self, values: OfferValues, place: int, offer: int, some: Applicants) -> OfferPoint:
        amount, term, pattern, rate = (int(axis) for axis in np.unravel_index(offer, self.grid.shape))
        profit, chance = float(values.profit[place, offer]), float(values.take_up[place, offer])
        return OfferPoint(
            float(some.amount[place, amount]), self.grid.rates[rate], self.grid.terms[term],
            self.grid.patterns[pattern], chance, profit,
            chance * profit - self.offered.take_up.offer_cost,
        )  # fmt: skip

    def _front(self, found: Chosen, place: int, some: Applicants) -> tuple[OfferPoint, ...] | None:
        if found.front is None:
            return None
        offers = np.flatnonzero(found.front[place])
        offers = offers[np.argsort(-found.values.take_up[place, offers], kind="stable")]
        return tuple(self._point(found.values, place, int(offer), some) for offer in offers)

    def _steps(self, found: Chosen) -> list[list[OfferReason | None]]:
        """Return the steps beside the chosen offers: a list a step, of a reason an applicant or None."""
        who, made = np.arange(len(found.at)), []
        for (axis, step), words in STEPS.items():
            beside = neighbour(found.at, self.grid, AXES.index(axis), step)
            at = np.maximum(beside, 0)
            why = found.values.why[who, at]
            mine = np.where(found.at >= 0, found.values.value[who, np.maximum(found.at, 0)], 0.0)
            gain = found.values.value[who, at] - mine
            made.append(
                [
                    None
                    if beside[place] < 0
                    else OfferReason(words, WHY[why[place]], None)
                    if why[place] != ALLOWED
                    else OfferReason(
                        words,
                        "worth less" if gain[place] <= 0.0 else "worth more, and the budget is spent",
                        float(gain[place]),
                    )
                    for place in range(len(found.at))
                ]
            )
        return made

    def _bounds(self, found: Chosen, some: Applicants, drawn: Drawn, start: int) -> Floats:
        """Return the 90 % interval of each best offer's expected profit, (N, 2)."""
        at, who = np.maximum(found.at, 0), np.arange(len(found.at))
        _, term, pattern, rate = np.unravel_index(at, self.grid.shape)
        kinds, added = self._kinds(some, start, at, term, pattern, rate, found.values.lent[who, at])
        own = drawn.pricer.valued(kinds)
        chance = found.values.take_up[who, at]
        made = np.full((len(at), 2), np.nan)
        none = np.full(len(at), np.nan)
        for rows, figures in drawn.figures(kinds, own.risk_weight, none, added):
            value = figures["economic_profit"] * self._chances(chance[rows], added[rows], drawn)
            value -= self.offered.take_up.offer_cost
            made[rows] = np.quantile(value, ENDS, axis=0).T
        return made

    def _chances(self, chance: Floats, added: Floats, drawn: Drawn) -> Floats:
        """Return take-up by draw of the levers, (P, N)."""
        effects, base = self.offered.effects, self.offered.take_up.base
        slopes = effects.take_up_slope[1:] if len(effects.take_up_slope) > 1 else effects.take_up_slope
        moved = (slopes - effects.take_up_slope[0])[:, None] * added / (1.0 - base)
        odds = chance / (1.0 - chance) * np.exp(moved)
        return np.broadcast_to(odds / (1.0 + odds), (drawn.paths, len(chance)))

    def _kinds(
        self, some: Applicants, start: int, at: Integers, term: Integers, pattern: Integers, rate: Integers,
        lent: Floats,
    ) -> tuple[Kinds, Floats]:  # fmt: skip
        places = np.arange(start, start + len(at))
        rates = np.array(self.grid.rates)[rate]
        label = some.label[np.arange(len(at)), at // (self.grid.count // self.grid.shape[0])]
        return self.offered.kinds(
            label, self.asked.apps.product[places], self.asked.placed.asset_class[places],
            self.asked.placed.weight[places], np.array(self.grid.terms)[term], pattern, rates, lent,
        ), rates - some.reference  # fmt: skip

    def _made(self, parts: Sequence[Chosen], rows: list[BestOffer]) -> OffersMade:
        lines: list[BudgetLine] = []
        if self.grid.budgets and parts:
            found = parts[0].budgeted
            lines = [
                BudgetLine(name, budget, float(found.expected[place]), float(found.price[place]))
                for place, (name, budget) in enumerate(self.grid.budgets.items())
            ]
        best_ = [item.best for item in rows if item.best is not None]
        limits = {
            key: value
            for key, value in vars(self.grid.limits).items()
            if key != "source" and value is not None
        }
        lent = sum(
            float(
                (part.values.lent * part.values.take_up)[
                    np.flatnonzero(part.at >= 0), part.at[part.at >= 0]
                ].sum()
            )
            for part in parts
        )
        return OffersMade(
            self.grid.name, self.grid.count,
            None if self.policy is None else f"{self.policy.name} {self.policy.version}".strip(), len(best_),
            float(sum(item.expected_profit for item in best_)), lent,
            float(np.mean([item.take_up for item in best_])) if best_ else 0.0,
            float(sum(part.budgeted.bound for part in parts)), sum(part.asked for part in parts), limits,
            self.grid.limits.source, tuple(lines), tuple(rows),
        )  # fmt: skip


def _refused(found: Chosen, place: int) -> dict[str, int]:
    count = np.bincount(found.values.why[place], minlength=len(WHY))
    return {WHY[code]: int(count[code]) for code in range(1, len(WHY)) if count[code]}


def _why_none(found: Chosen, place: int) -> str:
    if (found.values.why[place] == ALLOWED).any():
        return "no offer that may be made earns anything"
    refused = _refused(found, place)
    return max(refused, key=lambda name: refused[name])
