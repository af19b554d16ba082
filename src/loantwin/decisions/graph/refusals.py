"""What a decision graph may not do here, node by node: other kinds of nodes, the clock, luck, no ZEN."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loantwin.decisions.graph.parse import parse_expression, parse_test
from loantwin.decisions.graph.read import KINDS, Graph, Node
from loantwin.decisions.graph.syntax import Call, Constant, Name, Tree, walk
from loantwin.errors import ConfigError, InputError

CLOCK_CALLS = ("date", "d", "time", "year", "dateString", "startOf", "endOf")
"""Functions that read the clock without an argument or of a word such as 'now'."""
LUCK = ("rand",)


@dataclass(frozen=True)
class Cell:
    """An expression of a graph and where it stands. test : a cell whose column has a field."""

    node: Node
    place: str
    text: str
    test: bool

    def tree(self) -> Tree:
        """Return its tree.

        Raises
        ------
        ConfigError : it is no ZEN.
        """
        return (parse_test if self.test else parse_expression)(self.text)


@dataclass(frozen=True)
class Refusal:
    """What is refused: kind (clock, unsupported), node, cell and why."""

    kind: str
    node: str
    cell: str
    words: str


def cells(graph: Graph) -> Iterator[Cell]:
    """Yield every expression of a graph that is not empty."""
    for node in graph.nodes:
        for place, text, test in _texts(node):
            if text.strip():
                yield Cell(node, place, text.strip(), test)


def _texts(node: Node) -> Iterator[tuple[str, str, bool]]:
    yield "inputField", node.input_field, False
    for key, text in node.expressions:
        yield key, text, False
    for number, branch in enumerate(node.branches, 1):
        yield f"branch {number}", branch.condition, False
    if node.table is None:
        return
    for column in node.table.inputs:
        yield f"column {column.name}", column.field, False
    for number, rule in enumerate(node.table.rules, 1):
        for column, text in zip(node.table.inputs, rule.tests, strict=True):
            yield f"row {number}, {column.name}", text, bool(column.field)
        for column, text in zip(node.table.outputs, rule.values, strict=True):
            yield f"row {number}, {column.name}", text, False


def refusals(graph: Graph) -> tuple[Refusal, ...]:
    """Return what a graph does that is not done here, in the file's order; nothing where it may run."""
    found = [
        Refusal("unsupported", node.name, "", f"a node of type {node.kind}: only {', '.join(KINDS)} are run")
        for node in graph.nodes
        if node.kind not in KINDS.values()
    ]
    for cell in cells(graph):
        try:
            tree = cell.tree()
        except InputError as problem:
            found.append(Refusal("unsupported", cell.node.name, cell.place, problem.message))
            continue
        for part in walk(tree):
            if _reads_clock(part):
                words = f"{cell.text} reads the clock: time is an argument, a date in the input"
                found.append(Refusal("clock", cell.node.name, cell.place, words))
            elif isinstance(part, Call) and part.name in LUCK:
                words = f"{cell.text} draws by chance: the same input must give the same answer"
                found.append(Refusal("unsupported", cell.node.name, cell.place, words))
    return tuple(dict.fromkeys(found))


def _reads_clock(part: Tree) -> bool:
    if isinstance(part, Name):
        return part.name == "$now"
    if not isinstance(part, Call) or part.name not in CLOCK_CALLS:
        return False
    if not part.arguments:
        return True
    first = part.arguments[0]
    word = first.value if isinstance(first, Constant) else None
    return isinstance(word, str) and not word[:1].isdigit()


def runnable(graph: Graph, file: object = None) -> Graph:
    """Return the graph where nothing in it is refused.

    Raises
    ------
    ConfigError : the first thing that is; node and cell are named.
    """
    for item in refusals(graph):
        where = item.node + (f", {item.cell}" if item.cell else "")
        raise ConfigError(f"expected a graph that can be run, was at {where}: {item.words}", file=file)
    return graph
