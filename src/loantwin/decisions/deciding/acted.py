"""What of a policy's reasons really moved a decision: the row that says it, and whether the score did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from loantwin.decisions.graph.parse import parse_expression, parse_test
from loantwin.decisions.graph.read import Graph, Node
from loantwin.decisions.graph.syntax import Constant, paths, walk
from loantwin.decisions.graph.wanting import lines

SCORED = ("score", "annual_pd")
"""Fields of an application that a score fills."""
MOST_CUTS = 8
"""Better scores that are tried."""
BEST = -100.0
"""Log-odds of bad that no score is below: a twin reads the best of its bands."""


@dataclass(frozen=True)
class Said:
    """A row of a table that says a reason as a constant. alone : whether its cells test the score alone."""

    text: str
    rule: str
    alone: bool


@lru_cache(maxsize=64)
def said_by(graph: Graph) -> tuple[Said, ...]:
    """Return which row says which reason; a text that several rows say is left out."""
    found: dict[str, list[Said]] = {}
    for node in graph.nodes:
        for rule in node.table.rules if node.table is not None else ():
            tests = zip(rule.tests, [column.field for column in node.table.inputs], strict=True)  # type: ignore[union-attr]  # a table
            read = {field for text, field in tests if text}
            alone = bool(read) and read <= set(SCORED)
            for text in _texts(rule.values):
                found.setdefault(text, []).append(Said(text, f"{node.name}/{rule.id}", alone))
    return tuple(item[0] for item in found.values() if len(item) == 1)


def _texts(values: Iterable[str]) -> Iterable[str]:
    for value in filter(None, values):
        tree = parse_expression(value)
        if isinstance(tree, Constant) and isinstance(tree.value, str) and tree.value:
            yield tree.value


@lru_cache(maxsize=64)
def better_scores(graph: Graph) -> tuple[float, ...]:
    """Return the scores at which the policy's rows change, the best first, at most 8 of them."""
    found: set[float] = set()
    for node in graph.nodes:
        for text, column in _cells(node):
            tree = parse_test(text) if column else parse_expression(text)
            if column == "score" or ("score",) in paths(tree):
                found |= {
                    part.value
                    for part in walk(tree)
                    if isinstance(part, Constant) and isinstance(part.value, float)
                }
    return tuple(sorted(found, reverse=True)[:MOST_CUTS])


def _cells(node: Node) -> Iterable[tuple[str, str]]:
    for line in lines(node):
        yield from ((text, column) for text, column in line if text)
    yield from ((text, "") for _, text in node.expressions if text)


def codes_of_rules(graph: Graph, made: pl.DataFrame) -> pl.DataFrame:
    """Return the reasons of N decisions, a row each: row, order, code, en, zh, alone.

    A code is the policy's own, else the row that says the text and fired, else the last row that fired.

    Parameters
    ----------
    made : what `judged` returns, with the column `row`.
    """
    told = pl.DataFrame(
        [(item.text, item.rule, item.alone) for item in said_by(graph)],
        schema={"en": pl.String, "rule": pl.String, "alone": pl.Boolean}, orient="row",
    )  # fmt: skip
    long = (
        made.select("row", "rules", "codes", "reasons_zh", pl.col("reasons").alias("en"))
        .filter(pl.col("en").list.len() > 0)
        .with_columns(pl.int_ranges(pl.col("en").list.len()).alias("order"))
        .explode("en", "order")
        .filter(pl.col("en") != "")
        .join(told, on="en", how="left", maintain_order="left")
    )
    fired = pl.col("rules").list.contains(pl.col("rule")).fill_null(False)
    own, zh = (pl.col(name).list.get(pl.col("order"), null_on_oob=True) for name in ("codes", "reasons_zh"))
    last = pl.col("rules").list.last()
    code = pl.coalesce(own, pl.when(fired).then(pl.col("rule")), last, pl.lit("policy"))
    return long.select(
        "row", pl.col("order").cast(pl.Int64), code.alias("code"), "en", zh.alias("zh"),
        (fired & pl.col("alone").fill_null(False)).alias("alone"),
    )  # fmt: skip
