"""A policy as one function of an application: what it says over columns, to the bit, without a frame.

A graph of which only columns can say, and an application with numbers beyond float64 on the way, have none:
they are asked as a frame of one row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from loantwin.decisions.application_file import FIELDS
from loantwin.decisions.graph.columns import leaves, planned, told
from loantwin.decisions.graph.hangs import hanging
from loantwin.decisions.graph.plan import Plan
from loantwin.decisions.graph.read import Graph
from loantwin.decisions.graph.refusals import cells
from loantwin.decisions.graph.row import Row, of_row, unsure
from loantwin.decisions.graph.syntax import Call, Constant, Index, Member, Name, Tree, walk
from loantwin.decisions.graph.term import Term, col, lit
from loantwin.decisions.graph.value import NULL, ColumnValue, get, over, put
from loantwin.decisions.graph_decision import LISTS, NO_OUTCOME, NO_RATE, NONE_OF, TOO_MUCH
from loantwin.decisions.policy_decision import OUTCOMES
from loantwin.errors import ColumnsError
from loantwin.products.term_sheet import AMORTISATIONS

KINDS = {"text": "text", "date": "text", "number": "number", "integer": "number", "flag": "flag"}
RESULTS = {"outcome": "text", "amount": "number", "annual_rate": "number", "term_months": "number",
           "pattern": "text"}  # fmt: skip
LONGEST_TERM = 1e9
"""Months from which a term is asked of columns: no whole number that they read."""


class RowJudged(NamedTuple):
    """What a policy says of one application: fields as of `judged.KINDS`."""

    outcome: str
    amount: float | None
    annual_rate: float | None
    term_months: int | None
    pattern: str | None
    reasons: Sequence[str]
    codes: Sequence[str]
    reasons_zh: Sequence[str]
    problem: str | None
    rules: Sequence[str]


@dataclass(frozen=True, eq=False)
class RowPolicy:
    """A graph for applications whose open fields are of some kinds.

    _run : what it gives. _several : how many of `_run`'s last values are rows that fired.
    """

    graph: Graph
    kinds: tuple[tuple[str, str], ...]
    run: Callable[[Row], tuple[Any, ...]]

    def judged(self, row: Row) -> RowJudged:
        """Return what the policy says of a row whose amount and term are there; `Unsure`: ask columns."""
        outcome, amount, rate, term, pattern, reasons, codes, zh, failed, missing, fired = self.run(row)
        wrong = failed if failed is not None else missing
        if wrong is not None:
            return _referred(wrong, ())
        rules = tuple(item for item in fired if item is not None)
        if outcome is None:
            return _referred(NO_OUTCOME, rules)
        if outcome not in OUTCOMES:
            return _referred(NONE_OF.format("outcome", outcome, ", ".join(OUTCOMES)), rules)
        said = (_texts(reasons), _texts(codes), _texts(zh))
        if outcome != "approve":
            return RowJudged(outcome, None, None, None, None, *said, None, rules)
        asked, months = row["amount"], row["term_months"]
        if rate is None:
            return _referred(NO_RATE, rules)
        if amount is not None and amount > asked:
            return _referred(TOO_MUCH, rules)
        if pattern is not None and pattern not in AMORTISATIONS:
            return _referred(NONE_OF.format("pattern", pattern, ", ".join(AMORTISATIONS)), rules)
        granted, lasts = asked if amount is None else amount, months if term is None else term
        if not (abs(granted) < 1e15 and abs(rate) < 1e3 and abs(lasts) < LONGEST_TERM):
            unsure()
        return RowJudged(
            outcome,
            math.floor(granted * 100.0 + 1e-6) / 100.0,
            round(rate * 1e12) / 1e12,
            int(lasts),
            pattern,
            *said,
            None,
            rules,
        )


def _referred(words: str, rules: Sequence[str]) -> RowJudged:
    return RowJudged("refer", None, None, None, None, (words,), (), (), words, rules)


def _texts(value: Any) -> Sequence[str]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


@lru_cache(maxsize=256)
def row_policy(graph: Graph, kinds: tuple[tuple[str, str], ...]) -> RowPolicy | None:
    """Return a graph as a function of a row, None where only columns can say.

    Parameters
    ----------
    kinds : open fields that are there (attributes, personal) and whether number, text or flag.
    """
    try:
        plan, found = _planned(graph, kinds)
        wanted = [*(_field(found, name, kind) for name, kind in RESULTS.items())]
        wanted += [_field(found, name, "text", lists=True) for name in LISTS.values()]
        wanted += [told(plan.fails), told(plan.missing), _fired(graph, plan)]
        return RowPolicy(graph, kinds, of_row(plan.steps, wanted))
    except ColumnsError:
        return None


@lru_cache(maxsize=256)
def row_hangs(
    graph: Graph, kinds: tuple[tuple[str, str], ...], wanted: tuple[str, ...], fields: tuple[str, ...]
) -> Callable[[Row], tuple[Any, ...]]:
    """Return a function of a row: whether results may hang on some fields, as of `columns.hangs_on`.

    Raises
    ------
    ColumnsError : a graph that `row_policy` has no function of.
    """
    plan, found = _planned(graph, kinds)
    ends = [item.expr for name in wanted if (item := get(found, (name,))).expr is not None]
    mask = hanging(plan, [*ends, told(plan.missing), told(plan.fails)], fields)
    return of_row(plan.steps, [mask])


def _planned(graph: Graph, kinds: tuple[tuple[str, str], ...]) -> tuple[Plan, ColumnValue]:
    _check(graph)
    values = ColumnValue("object")
    for item in FIELDS:
        value = ColumnValue(KINDS[item.kind], col(item.name), nullable=not item.needed)
        values = over(values, put(item.name, value))
    for name, kind in kinds:
        values = over(values, put(name, ColumnValue(kind, col(name))))
    plan = Plan(strict=True)
    return plan, planned(graph, values, plan)


def _check(graph: Graph) -> None:
    """Raise ColumnsError where an answer hangs on which fields there are, not on their values alone."""
    if any(node.schema for node in graph.nodes):
        raise ColumnsError("expected a graph without a schema, was one with")
    for cell in cells(graph):
        for part in walk(cell.tree()):
            named = isinstance(part, Call) and part.name in ("keys", "values")
            if named or isinstance(part, Index) or (isinstance(part, Name) and part.name == "$root"):
                raise ColumnsError("expected fields read by name, was all of them")


def _field(result: ColumnValue, name: str, kind: str, *, lists: bool = False) -> Term:
    """Return a field of the result as its kind; one that is not given is null."""
    found = get(result, (name,)) if result.kind == "object" else NULL
    if found.kind == "null" or not leaves(found):
        return lit(None)
    kinds = {item.kind for _, item in found.items} if found.kind == "list" else {found.kind}
    if kinds - {kind} or (found.kind == "list" and not lists):
        raise ColumnsError(f"expected {name} as a {kind}, was a {' or '.join(sorted(kinds))}")
    return leaves(found, name)[0][1]


def _fired(graph: Graph, plan: Plan) -> Term:
    """Return NODE/ROW of what fired as a list, nodes in the graph's order."""
    collecting = {node.name for node in graph.nodes if node.table is not None and node.table.hit == "collect"}
    by_node: dict[str, list[Term]] = {}
    for node, place, ids in plan.fired:
        if node in by_node and node not in collecting:
            raise ColumnsError("expected nodes of different names, was one twice")
        if node in collecting and any("," in item or not item for item in ids):
            raise ColumnsError("expected rows whose ids hold no comma, was one with")
        by_node.setdefault(node, []).append(place.of(f"{node}/{item}" for item in ids))
    parts = tuple(part for found in by_node.values() for part in found)
    return Term("list", parts, (False,) * len(parts))


@lru_cache(maxsize=64)
def named_in(graph: Graph) -> frozenset[str]:
    """Return every name that a graph's expressions use: what is not among them no rule reads."""
    return frozenset(name for cell in cells(graph) for name in _names(cell.tree()))


def _names(tree: Tree) -> Iterable[str]:
    for part in walk(tree):
        if isinstance(part, Name | Member):
            yield part.name
        elif isinstance(part, Constant) and isinstance(part.value, str):
            yield part.value
