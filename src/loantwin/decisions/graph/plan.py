"""A plan of columns: what is worked out, in which order, and what is noted by the way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from loantwin.decisions.graph.term import col, is_plain
from loantwin.decisions.graph.value import ColumnValue, Expr


@dataclass
class Plan:
    """Steps, each a list of named columns that read those before; and masks of rows by node.

    fired : (node, masks with row ids, or one column of row numbers with all ids). missing, fails : (node,
    what is wrong, mask). near : masks of rows near a cut.
    """

    strict: bool
    steps: list[list[tuple[str, Expr]]] = field(default_factory=list)
    fired: list[tuple[str, Expr, tuple[str, ...]]] = field(default_factory=list)
    missing: list[tuple[str, Expr]] = field(default_factory=list)
    fails: list[tuple[str, Expr]] = field(default_factory=list)
    near: list[Expr] = field(default_factory=list)
    _names: int = 0

    def name(self) -> str:
        """Return a name that no column has yet."""
        self._names += 1
        return f"__{self._names}"

    def keep(self, *exprs: Expr) -> tuple[Expr, ...]:
        """Work columns out in one step and return them by their names; plain columns and constants stay."""
        step, made = [], []
        for expr in exprs:
            if is_plain(expr):
                made.append(expr)
                continue
            name = self.name()
            step.append((name, expr))
            made.append(col(name))
        if step:
            self.steps.append(step)
        return tuple(made)

    def kept(self, *values: ColumnValue) -> tuple[ColumnValue, ...]:
        """Work values out in one step and return them as columns, lists and objects in their parts."""
        found: list[Expr] = []
        for value in values:
            _collect(value, found)
        exprs = iter(self.keep(*found))
        return tuple(_refill(value, exprs) for value in values)


def _collect(value: ColumnValue, found: list[Expr]) -> None:
    found += [expr for expr in (value.expr, value.fails, value.present) if expr is not None]
    for at, item in value.items:
        found += [] if at is None else [at]
        _collect(item, found)
    for item in value.fields.values():
        _collect(item, found)


def _refill(value: ColumnValue, exprs) -> ColumnValue:  # type: ignore[no-untyped-def]  # an iterator of columns
    expr = None if value.expr is None else next(exprs)
    fails = None if value.fails is None else next(exprs)
    present = None if value.present is None else next(exprs)
    items = []
    for at, item in value.items:
        made = None if at is None else next(exprs)
        items.append((made, _refill(item, exprs)))
    fields = {key: _refill(item, exprs) for key, item in value.fields.items()}
    return replace(value, expr=expr, fails=fails, present=present, items=tuple(items), fields=fields)
