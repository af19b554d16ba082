"""Decision graphs: 61 outside ones run or are refused; columns give what zen-engine gives."""

import importlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.decisions.graph.columns import evaluate_columns, plain_rows
from loantwin.decisions.graph.parse import parse_expression, parse_test
from loantwin.decisions.graph.read import parse_graph
from loantwin.decisions.graph.refusals import refusals
from loantwin.decisions.graph.single import evaluate, evaluate_strictly
from loantwin.errors import ColumnsError, ConfigError, GraphError

from .dmn_graphs import expressions, graph, table
from .graphs import as_frame, cuts, leaves, moved, read_all, same

zen = pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
CLOCK = {
    "account-dormancy-management.json": "calculate_dormancy",
    "claim-validation-system.json": "evaluateTimeframes",
    "last-mile-delivery-assignment.json": "calculate_final_score",
    "seller-approval-workflow.json": "generateApprovalResult",
}
"""The four graphs that read the clock, and the node that does."""
FUNCTION = {"_credit-analysis.json": "Overall Mapper", "company-analysis.json": "Overall Mapper"}
UNITS = (0.0, 0.0, 1.0, -1.0, 0.01, -0.01, 1e-6, -1e-6)
"""What values stand beside a cut: on it, or a unit of a figure, of money, of a share away."""


@pytest.fixture(scope="module")
def graphs(data):
    return read_all(data)


@pytest.mark.data
def test_every_graph_runs_its_tests_or_is_refused_by_node(graphs):
    assert len(graphs) == 61
    refused = {item.name: refusals(item) for item in graphs if refusals(item)}
    assert {name: found[0].node for name, found in refused.items()} == CLOCK | FUNCTION
    assert all(refused[name][0].kind == "clock" for name in CLOCK)
    asked = 0
    for item in graphs:
        for case in () if item.name in refused else item.tests:
            assert same(evaluate(item, case.input), case.output), (item.name, case.name)
            asked += 1
    assert asked == 79
    with pytest.raises(ConfigError, match=r"Overall Mapper: a node of type functionNode"):
        evaluate(next(item for item in graphs if item.name == "company-analysis.json"), {})


@pytest.mark.data
def test_columns_pass_the_same_tests_or_name_the_node(graphs):
    passed, refused = 0, set()
    for item in graphs:
        for case in () if refusals(item) else item.tests:
            try:
                made = evaluate_columns(item, as_frame([dict(case.input) or {"row": 1}]))
            except ColumnsError as problem:
                refused.add((item.name, problem.message.partition(":")[0].partition(" ")[0]))
                continue
            assert same(plain_rows(made)[0], case.output), (item.name, case.name)
            passed += 1
    assert passed == 70
    assert len(refused) == 7
    assert {first for _, first in refused} == {"node"}


@dataclass
class Told:
    """What a comparison met."""

    equal: int = 0
    missing: int = 0
    failed: int = 0
    near: int = 0


def compared(item, inputs, told):
    """Hold columns to zen-engine on the same inputs: results, what failed, what was missing, in words."""
    frame = as_frame(inputs)
    plain, strict = evaluate_columns(item, frame), evaluate_columns(item, frame, strict=True)
    told.near += plain.near
    rows, strict_rows = plain_rows(plain), plain_rows(strict)
    for place, given_ in enumerate(inputs):
        try:
            wanted, ran = evaluate(item, given_), evaluate_strictly(item, given_)
        except GraphError:
            assert plain.failed[place] is not None, (item.name, given_)
            told.failed += 1
            continue
        assert plain.failed[place] is None, (item.name, given_, plain.failed[place])
        assert same(rows[place], wanted), (item.name, given_, rows[place], wanted)
        assert (ran.missing[0] if ran.missing else None) == strict.missing[place], (item.name, given_)
        if ran.missing:
            told.missing += 1
        else:
            assert same(strict_rows[place], wanted), (item.name, given_)
            told.equal += 1


@pytest.mark.data
@pytest.mark.parametrize("part", range(4))
def test_columns_are_zen_engine_on_and_beside_every_cut(graphs, part):
    told = Told()
    able = []
    for item in graphs[part::4]:
        if refusals(item) or not item.tests or not item.tests[0].input:
            continue
        try:
            evaluate_columns(item, as_frame([item.tests[0].input]))
        except ColumnsError:
            continue
        able.append((item, *cuts(item), len(list(leaves(item.tests[0].input)))))
    pick = st.tuples(st.integers(0, 10**6), st.sampled_from(UNITS), st.integers(0, 15).map(lambda n: n == 7))

    @settings(max_examples=40, deadline=None, database=None)
    @given(st.data())
    def held(drawn):
        item, numbers, texts, size = drawn.draw(st.sampled_from(able))
        picks = drawn.draw(st.lists(st.lists(pick, min_size=size, max_size=size), min_size=6, max_size=6))
        sample = item.tests[0].input
        compared(item, [sample, *(moved(sample, one, numbers, texts) for one in picks)], told)

    held()
    assert told.equal > 50, told
    # what lies within 1e-9 of a cut in a worked-out number is counted, and few do
    assert told.near < told.equal, told


decimals = st.decimals(min_value=-(10**6), max_value=10**6, places=6, allow_nan=False).map(float)


@settings(max_examples=60, deadline=None, database=None)
@given(
    a=st.lists(decimals, min_size=5, max_size=5),
    b=st.lists(
        st.sampled_from([0.1, 0.2, 0.3, 0.7, 1.1, 2.675, 1.005, 100.0, 0.000001]), min_size=5, max_size=5
    ),
    cut=st.sampled_from(["0.3", "0.1", "1", "0", "2.68", "1.01"]),
)
def test_worked_out_numbers_compare_as_decimals_do(a, b, cut):
    made = graph(
        "sums",
        expressions(
            "x",
            total="b + 0.1",
            share="b * 3 / 3",
            rounded="round(b, 2)",
            low=f"b + 0.1 < {cut}",
            equal=f"b + 0.1 == {cut}",
            least=f"b + 0.2 - 0.1 >= {cut}",
            back="a + b - a == b",
            over="a * 100 / 100 <= a",
            rest="a - b * floor(a / b)",
            half="round(b * 10)",
            whole="floor(a) + ceil(a) + trunc(a)",
        ),
    )
    inputs = [{"a": one, "b": two} for one, two in zip(a, b, strict=True)]
    for found, given_ in zip(plain_rows(evaluate_columns(made, as_frame(inputs))), inputs, strict=True):
        assert same(found, evaluate(made, given_)), given_


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("[1..5)", [0.999999, 1, 4.999999, 5, None]),
        ("(1..5]", [1, 2, 5]),
        ("> 1, < -1", [0, 2, -2, 1, -1]),
        (">= 1 and < 5 or == 7", [1, 5, 7, 0, None]),
        ("!= 3", [3, 4, None]),
        ("null", [None, 0]),
        ("not in [1, 2]", [1, 3, None]),
        ("1, 2, 3", [2, 4, None]),
        ("$ * 2 > 5", [2, 3, 2.5]),
        ("(2 + 3)", [5, 4]),
        ("-5", [-5, 5]),
        ("'a' or 'b'", ["a", "b", "c", None]),
        ("startsWith($, 'ab'), 'x'", ["abc", "x", "b", None]),
        ("some(['a', 'b'], contains($, #))", ["cat", "dog", None]),
        ("len($) > 2", ["ab", "abc", "日", None]),
        ("true", [True, False, None]),
        ("not true", [True, False, None]),
    ],
)
def test_a_cell_is_read_as_zen_engine_reads_it(cell, values):
    made = graph("cell", table("t", ["x"], ["held"], [(cell, "true"), ("", "false")]))
    rows = plain_rows(evaluate_columns(made, as_frame([{"x": value, "row": 1} for value in values])))
    assert [row["held"] for row in rows] == [evaluate(made, {"x": value})["held"] for value in values]


@pytest.mark.parametrize(
    "text",
    [
        "1 ?? null + 1",
        "-2 ^ 2",
        "2 ^ 3 ^ 2",
        "10 - 2 - 3",
        "-5 % 3",
        "round(-2.5)",
        "floor(-1.5)",
        "ceil(1.2)",
        "1 / 0 == null",
        "true or false and false",
        "1 == 1 ? 2 == 2 ? 'x' : 'y' : 'z'",
        "`a${'b'}c${true}`",
        "max([1, 3, 2]) - min([4, 2])",
        "sum(filter([1, 2, 3], # > 1))",
        "count([1, 2, 3], # >= 2)",
        "all([1, 2], # > 0) and none([1], # > 2)",
        "map([1, 2], # * 10)[1]",
        "flatten([[1], [2, 3]])[2]",
        "filter([1, 2, 3], # > 1)[0]",
        "len(split('a.b.c', '.'))",
        "upper('ab') + lower('CD') + trim('  e ')",
        "date('2024-03-01') - date('2024-02-28T12:00:00Z')",
        "[year('2024-05-06'), monthOfYear('2024-05-06'), dayOfMonth('2024-05-06'), dayOfWeek('2024-05-06')]",
        "duration('30d') / duration('12h')",
        "values({'a': 1, 'b': 1})[0] + len(keys({'a': 1}))",
        "number('5.5') + number(true)",
        "type(null) + type(1) + type('a') + type([1])",
        "'b' in ['a', 'b'] and 2 not in [1, 3] and 3 in [1..3]",
    ],
)
def test_an_expression_is_worked_out_as_zen_engine_does(text):
    made = graph("expression", expressions("x", y=text))
    assert same(plain_rows(evaluate_columns(made, as_frame([{"row": 1}])))[0], evaluate(made, {"row": 1}))


def test_a_missing_field_never_falls_to_the_catch_all_row():
    made = graph("t", table("Grade", ["score"], ["grade"], [("> 700", '"A"'), ("", '"rest"')]))
    assert evaluate(made, {})["grade"] == "rest"  # so says the engine by itself
    assert evaluate_strictly(made, {}).missing == ("Grade: score is missing",)
    ran = evaluate_columns(made, pl.DataFrame({"score": [None, 700.0, 701.0]}), strict=True)
    assert ran.missing.to_list() == ["Grade: score is missing", None, None]
    said = graph(
        "t", table("Grade", ["score"], ["grade"], [("null", '"none"'), ("> 700", '"A"'), ("", '"rest"')])
    )
    assert evaluate_strictly(said, {}).missing == ()
    ran = evaluate_columns(said, pl.DataFrame({"score": [None, 700.0]}), strict=True)
    assert (ran.missing.to_list(), ran.result["grade"].to_list()) == ([None, None], ["none", "rest"])
    # another cell says no whatever the score is
    two = graph(
        "t", table("Grade", ["score", "kind"], ["grade"], [("> 700", '"x"', '"A"'), ("", "", '"rest"')])
    )
    assert evaluate_strictly(two, {"kind": "y"}).missing == ()
    assert evaluate_strictly(two, {"kind": "x"}).missing == ("Grade: score is missing",)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("date('now')", "reads the clock"),
        ("date('today')", "reads the clock"),
        ("d().year()", "reads the clock"),
        ("$now", "reads the clock"),
        ("rand(10)", "draws by chance"),
        ("a +", "before 'the end'"),
        ("a in ]1..5[", "between"),
    ],
)
def test_clock_luck_and_no_language_are_refused_with_node_and_cell(expression, words):
    made = graph("g", expressions("Sum", total=expression))
    assert (refusals(made)[0].node, refusals(made)[0].cell) == ("Sum", "total")
    with pytest.raises(ConfigError, match=words):
        evaluate(made, {})


def test_what_columns_do_not_know_is_refused_by_node_and_run_one_by_one():
    made = graph("g", expressions("Loop", day="d(x).add('1d').format('%Y-%m-%d')"))
    with pytest.raises(ColumnsError, match="node Loop: day: expected what columns know, was method"):
        evaluate_columns(made, as_frame([{"x": "2024-01-31"}]))
    assert evaluate(made, {"x": "2024-01-31"}) == {"x": "2024-01-31", "day": "2024-02-01"}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "expected a list"),
        ({"nodes": [], "edges": []}, "one input node"),
        ([], "an object with nodes and edges"),
        ({"nodes": [{"id": "a", "name": "a", "type": "inputNode"}] * 2, "edges": []}, "ids differ"),
        (
            {
                "nodes": [{"id": "a", "name": "a", "type": "inputNode"}],
                "edges": [{"sourceId": "a", "targetId": "b"}],
            },
            "from a node to a node",
        ),
    ],
)
def test_what_is_no_graph_is_refused(document, words):
    with pytest.raises(ConfigError, match=words):
        parse_graph(document)


def test_a_circle_is_refused():
    one, two = expressions("one", a="1"), expressions("two", b="2")
    nodes = [{"id": "r", "name": "r", "type": "inputNode"}, one, two]
    edges = [{"sourceId": "one", "targetId": "two"}, {"sourceId": "two", "targetId": "one"}]
    with pytest.raises(ConfigError, match="a circle among one, two"):
        parse_graph({"nodes": nodes, "edges": edges})


def test_trees_bind_as_the_language_does():
    assert parse_expression("a + b * c") == parse_expression("a + (b * c)")
    assert parse_expression("a ?? b + c") == parse_expression("(a ?? b) + c")
    assert parse_expression("not a and b") == parse_expression("(not a) and b")
    assert parse_test("1, 2") == parse_test("$ == 1 or $ == 2")
    assert parse_test("[1..2]") == parse_test("$ in [1..2]")


@pytest.mark.data
def test_the_page_of_outside_graphs_is_what_the_code_gives(data, monkeypatch):
    docs = Path(__file__).resolve().parents[2] / "docs"
    monkeypatch.syspath_prepend(str(docs))
    page = importlib.import_module("policy_graphs").policy_graphs_page(data)
    assert (docs / "policy-graphs.md").read_text(encoding="utf-8") == page
