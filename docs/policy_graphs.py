"""Write policy-graphs.md from the graphs of the data folder: `python docs/policy_graphs.py FOLDER`."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import polars as pl

from loantwin.decisions.graph.answers import differences
from loantwin.decisions.graph.columns import evaluate_columns, plain_rows
from loantwin.decisions.graph.read import Graph, parse_graph
from loantwin.decisions.graph.refusals import refusals
from loantwin.decisions.graph.single import evaluate
from loantwin.errors import ColumnsError

HERE = Path(__file__).resolve().parent
HEAD = """# Outside graphs: run, or refused with node and reason

Written by `docs/policy_graphs.py` from 61 decision graphs of gorules/zen (commit 6c0fbabb, test-data, MIT)
with the tests embedded in them; do not edit by hand.
Refused are function nodes and a clock that is read; what columns do not take is run one by one.

| graph | nodes | tests | one by one | over columns |
|---|---:|---:|---|---|
"""


def outcome(graph: Graph) -> tuple[str, str]:
    """Return what a graph gives one by one and over columns, in words."""
    found = refusals(graph)
    if found:
        return f"refused: {found[0].node}: {found[0].words}", "refused"
    alone = sum(not [*differences(case.output, evaluate(graph, case.input))] for case in graph.tests)
    said = f"{alone} of {len(graph.tests)} pass"
    try:
        frames = [pl.DataFrame([dict(case.input) or {"row": 1}], strict=False) for case in graph.tests]
        rows = [plain_rows(evaluate_columns(graph, frame))[0] for frame in frames]
    except ColumnsError as problem:
        return said, f"one by one only: {problem.message}"
    passed = sum(not [*differences(case.output, row)] for case, row in zip(graph.tests, rows, strict=True))
    return said, f"{passed} of {len(graph.tests)} pass"


def policy_graphs_page(folder: Path) -> str:
    """Return the page from the folder that holds `jdm`."""
    with gzip.open(folder / "jdm" / "graphs_with_tests.jsonl.gz", "rt", encoding="utf-8") as lines:
        graphs = [parse_graph(document, document["name"]) for document in map(json.loads, lines)]
    rows = []
    for graph in graphs:
        alone, columns = outcome(graph)
        cells = (graph.name.removesuffix(".json"), len(graph.nodes), len(graph.tests), alone, columns)
        rows.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    (HERE / "policy-graphs.md").write_text(policy_graphs_page(Path(sys.argv[1])), encoding="utf-8")
