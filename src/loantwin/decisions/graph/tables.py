"""Decision tables and switches over columns: which row fires, what it gives, where a field is wanting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loantwin.decisions.graph.express import expressed
from loantwin.decisions.graph.order import Scope
from loantwin.decisions.graph.parse import parse_expression, parse_test
from loantwin.decisions.graph.plan import Plan
from loantwin.decisions.graph.read import Node, Rule, Table
from loantwin.decisions.graph.syntax import Tree, names_null, paths
from loantwin.decisions.graph.term import lit, when
from loantwin.decisions.graph.value import (
    NULL,
    ColumnValue,
    Expr,
    both,
    either,
    get,
    holds,
    is_null,
    over,
    put,
    where,
)
from loantwin.decisions.graph.wanting import reads, said
from loantwin.errors import ColumnsError

Test = tuple[Expr, Expr | None]
"""Where a test holds, and where a missing field leaves it open."""


def table_over(node: Node, scope: Scope, active: Expr | None, plan: Plan) -> ColumnValue:
    """Return what a table gives: an object of a first-hit table, a list of one that collects.

    A row of which a value fails does not hold: the next one is asked. Held strictly, the matter ends there.

    Raises
    ------
    ColumnsError : a cell that columns do not know; row and column are named.
    """
    assert node.table is not None  # asked of tables alone
    table = node.table
    fields = _fields(table, scope, plan)
    values = [_values(table, rule, number, scope) for number, rule in enumerate(table.rules, 1)]
    tests = [
        _giving(_row(table, rule, number, fields, scope, plan), made, plan)
        for number, (rule, made) in enumerate(zip(table.rules, values, strict=True), 1)
    ]
    if table.hit == "collect":
        made, open_ = _collected(node, table, tests, values, active, plan)
        if open_ is not None:
            _note(node, open_, fields, scope, plan)
        return made
    fired, open_ = first(tests, active, plan)
    plan.fired.append((node.name, fired, tuple(rule.id for rule in table.rules)))
    if open_ is not None:
        _note(node, open_, fields, scope, plan)
    sure = active is None and any(not any(rule.tests) for rule in table.rules)
    return _outputs(table, values, fired, sure, plan)


def _giving(test: Test, values: Sequence[ColumnValue | None], plan: Plan) -> Test:
    """Return a row's test with what its values say: one that fails ends the row, or leaves it open."""
    fails = either(*(None if value is None else value.fails for value in values))
    held, unknown = test
    if fails is None:
        return test
    fails = fails.fill_null(False)
    return (held, either(unknown, held & fails)) if plan.strict else (held & ~fails, None)


def first(tests: Sequence[Test], active: Expr | None, plan: Plan) -> tuple[Expr, Expr | None]:
    """Return which test is the first to hold, (N,) null where none does, and where that is left open."""
    wanting = plan.strict and any(unknown is not None for _, unknown in tests)
    maybe = [_maybe(test) if plan.strict else test[0] for test in tests]
    place = lit(None, "place")
    for number in reversed(range(len(maybe))):
        place = when(maybe[number], lit(number, "place"), place)
    if active is not None:
        place = when(active, place)
    (kept,) = plan.keep(place)
    if not wanting:
        return kept, None
    open_ = either(
        *((kept == number) & unknown for number, (_, unknown) in enumerate(tests) if unknown is not None)
    )
    assert open_ is not None  # a test is left open somewhere
    return kept, plan.keep(open_.fill_null(False))[0]


def _maybe(test: Test) -> Expr:
    return test[0] if test[1] is None else test[0] | test[1]


def tested(tree: Tree, scope: Scope) -> Test:
    """Return where a test holds, and where a field that it reads is missing and it does not say what then."""
    value = expressed(tree, scope)
    unknown = None
    if not names_null(tree):
        for path in paths(tree):
            unknown = either(unknown, is_null(_read(path, scope)))
    return holds(value), unknown


def _read(path: tuple[str, ...], scope: Scope) -> ColumnValue:
    if path[0] == "$":
        return get(scope.field, path[1:])
    if path[0] == "$nodes":
        return get(scope.nodes, path[1:])
    return scope.names if path[0] == "$root" else get(scope.names, path)


def _note(node: Node, open_: Expr, fields: Sequence[ColumnValue], scope: Scope, plan: Plan) -> None:
    """Note where a node is left open, with the first field that it wants there."""
    columns = [column.field for column in node.table.inputs] if node.table is not None else []
    for read in reads(node):
        column, path = read
        held = fields[columns.index(column)] if column else NULL
        gone = is_null(_read(path, replace(scope, field=held)))
        if gone is not None:
            plan.missing.append((said(node, read), open_ & gone))
    plan.missing.append((said(node, None), open_))


def _fields(table: Table, scope: Scope, plan: Plan) -> list[ColumnValue]:
    """Return the columns' fields; one that fails is missing."""
    made = []
    for column in table.inputs:
        value = expressed(parse_expression(column.field), scope) if column.field else NULL
        if value.fails is not None and value.kind not in ("object", "list"):
            value = replace(where(~value.fails, value, NULL), fails=None)
        made.append(value)
    return list(plan.kept(*made))


def _row(table: Table, rule: Rule, number: int, fields: list[ColumnValue], scope: Scope, plan: Plan) -> Test:
    """Return where a row holds, and where a missing field leaves it open: no other cell says no."""
    cells: list[Test] = []
    for column, value, text in zip(table.inputs, fields, rule.tests, strict=True):
        if text:
            tree = parse_test(text) if column.field else parse_expression(text)
            try:
                cells.append(tested(tree, replace(scope, field=value)))
            except ColumnsError as problem:
                place = f"row {number}, {column.name}"
                raise ColumnsError(f"{place}: {problem.message}") from problem
    held = both(*(holds_ for holds_, _ in cells))
    if not plan.strict or all(unknown is None for _, unknown in cells):
        return (lit(True) if held is None else held), None
    unknown = either(*(mask for _, mask in cells))
    maybe = both(*(_maybe(cell) for cell in cells))
    return (lit(True) if held is None else held), both(maybe, unknown)


def _outputs(
    table: Table, values: Sequence[Sequence[ColumnValue | None]], fired: Expr, sure: bool, plan: Plan
) -> ColumnValue:
    made = ColumnValue("object")
    for place, column in enumerate(table.outputs):
        try:
            value = _chosen(
                [row[place] for row in values], [rule.values[place] for rule in table.rules], fired, sure
            )
        except ColumnsError as problem:
            raise ColumnsError(f"{column.name}: {problem.message}") from problem
        (value,) = plan.kept(value)
        made = over(made, put(column.field, value))
    return made


def _values(table: Table, rule: Rule, number: int, scope: Scope) -> list[ColumnValue | None]:
    """Return what a row gives, a value a column; an empty cell gives none."""
    made: list[ColumnValue | None] = []
    for column, text in zip(table.outputs, rule.values, strict=True):
        try:
            made.append(expressed(parse_expression(text), scope) if text else None)
        except ColumnsError as problem:
            place = f"row {number}, {column.name}"
            raise ColumnsError(f"{place}: {problem.message}") from problem
    return made


def _chosen(
    values: Sequence[ColumnValue | None], texts: Sequence[str], fired: Expr, sure: bool
) -> ColumnValue:
    """Return the value of the row that fired; it is not there where none did, or the row's cell is empty."""
    there = fired.is_not_null()
    empty = [number for number, value in enumerate(values) if value is None]
    if empty:
        there = there & ~fired.is_in(empty)
    present = None if sure and not empty else there
    made, others = _constants(values, fired, sure)
    for text in dict.fromkeys(texts[number] for number in others):
        rows = [number for number in others if texts[number] == text]
        mask = fired == rows[0] if len(rows) == 1 else fired.is_in(rows)
        value = values[rows[0]]
        assert value is not None  # its text is not empty
        made = where(mask.fill_null(False), _unfailing(value), made)
    return _with_present(made, present)


def _constants(
    values: Sequence[ColumnValue | None], fired: Expr, sure: bool
) -> tuple[ColumnValue, list[int]]:
    """Return the rows' constants of one kind, looked up by row, and the numbers of the other rows."""
    kinds = {value.kind for value in values if value is not None and value.const is not None}
    others = [number for number, value in enumerate(values) if value is not None and value.const is None]
    if len(kinds) != 1:
        return NULL, [number for number, value in enumerate(values) if value is not None]
    consts = [None if value is None else value.const for value in values]
    nullable = not sure or None in consts
    return ColumnValue(kinds.pop(), fired.of(consts), nullable=nullable), others


def _unfailing(value: ColumnValue) -> ColumnValue:
    """Return a value without where it fails: the row's test has taken that."""
    fields = {key: _unfailing(item) for key, item in value.fields.items()}
    return replace(value, fails=None, fields=fields)


def _with_present(value: ColumnValue, present: Expr | None) -> ColumnValue:
    if value.kind == "object":
        fields = {key: _with_present(item, present) for key, item in value.fields.items()}
        return replace(value, fields=fields)
    return replace(
        value, present=present, nullable=value.nullable or (present is not None and value.kind != "list")
    )


def _collected(
    node: Node,
    table: Table,
    tests: Sequence[Test],
    values: Sequence[Sequence[ColumnValue | None]],
    active: Expr | None,
    plan: Plan,
) -> tuple[ColumnValue, Expr | None]:
    masks = plan.keep(*(_all(test[0], active) for test in tests))
    items = []
    for mask, row, rule in zip(masks, values, table.rules, strict=True):
        made = ColumnValue("object")
        for column, value in zip(table.outputs, row, strict=True):
            if value is not None:
                made = over(made, put(column.field, _unfailing(value)))
        items.append((mask, made))
        plan.fired.append((node.name, when(mask, lit(0, "place")), (rule.id,)))
    open_ = either(*(unknown for _, unknown in tests))
    open_ = None if open_ is None or not plan.strict else _all(open_, active)
    return ColumnValue("list", items=tuple(items)), open_


def _all(mask: Expr, active: Expr | None) -> Expr:
    return mask if active is None else mask & active


def branches_over(node: Node, scope: Scope, active: Expr | None, plan: Plan) -> dict[str, Expr]:
    """Return where each way out of a switch is taken, by its id.

    Raises
    ------
    ColumnsError : a condition that columns do not know; the branch is named.
    """
    tests: list[Test] = []
    for number, branch in enumerate(node.branches, 1):
        if not branch.condition:
            tests.append((lit(branch.default), None))
            continue
        try:
            tests.append(tested(parse_expression(branch.condition), scope))
        except ColumnsError as problem:
            place = f"branch {number}"
            raise ColumnsError(f"{place}: {problem.message}") from problem
    if node.hit == "collect":
        masks = plan.keep(*(_all(held, active) for held, _ in tests))
        return {branch.id: mask for branch, mask in zip(node.branches, masks, strict=True)}
    taken, open_ = first(tests, active, plan)
    if open_ is not None:
        _note(node, open_, (), scope, plan)
    masks = plan.keep(*((taken == number).fill_null(False) for number in range(len(tests))))
    return {branch.id: mask for branch, mask in zip(node.branches, masks, strict=True)}
