"""What Polars leaves open and this package may not: the order of a join's rows and of a group's additions."""

from __future__ import annotations

import ast
from pathlib import Path

import loantwin

PACKAGE = Path(loantwin.__file__).parent
TREES = {
    path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
}

SUMS_THAT_MAY = {
    "book/terms.py": "shares shown to a tenth of a percent, read by nothing",
    "decisions/simulating/lent.py": "one loan's few reports, in one group",
    "events/apply.py": "whole minor units of money",
    "interfaces/report/report/past.py": "shown rounded, read by nothing",
    "models/defaults.py": "one loan's few reports, in one group",
    "outlook/outlook.py": "only which index has most is read",
    "processes/reviews.py": "numbers of cases, no amounts",
    "risk/capital/large_exposures.py": "numbers of borrowers, no amounts",
    "risk/provisions/movement.py": "whole minor units of money",
    "risk/provisions/movement_statement.py": "whole minor units of money",
    "verbs/decision_compare.py": "numbers of decisions, no amounts",
    "verbs/policy_diff.py": "whole minor units of money",
    "verbs/capital/grades.py": "numbers of debtors, no amounts",
}
"""Files whose groups may be added up by Polars, and why."""


def is_method(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name


def test_every_join_states_its_order() -> None:
    """Rows come as threads find them, unless `maintain_order` says otherwise or they are sorted at once."""
    bare, seen = [], 0
    for file, tree in TREES.items():
        sorted_at_once = {
            id(node.func.value)  # type: ignore[attr-defined]
            for node in ast.walk(tree)
            if is_method(node, "sort")
        }
        for node in ast.walk(tree):
            words = {word.arg for word in node.keywords} if isinstance(node, ast.Call) else set()
            if is_method(node, "join") and "on" in words:
                seen += 1
                if "maintain_order" not in words and id(node) not in sorted_at_once:
                    bare.append(f"{file}:{node.lineno}")  # type: ignore[attr-defined]
    assert not bare
    assert seen > 25, "joins are found"


def test_no_reported_total_is_added_up_by_groups() -> None:
    """A group's floats are added up in parts, one a thread: 200,000 rows gave two answers in 30 repeats."""
    found = set()
    for file, tree in TREES.items():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                inner = list(ast.walk(function))
                grouped = any(is_method(node, "agg") for node in inner)
                if grouped and any(is_method(node, "sum") for node in inner):
                    found.add(file)
    assert found - set(SUMS_THAT_MAY) == set()
    assert found, "groups are found"
