"""What a look through a policy finds: held to zen-engine, which is asked at every point that could tell."""

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loantwin as lt
from loantwin.decisions.application_file import application_schema
from loantwin.decisions.graph.boxes import Domain
from loantwin.decisions.graph.domains import domains_of
from loantwin.decisions.graph.findings import findings
from loantwin.decisions.graph.read import parse_graph
from loantwin.decisions.graph.single import evaluate
from loantwin.errors import ConfigError

from .dmn_graphs import expressions, graph, table

zen = pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
APPLICATION = domains_of(application_schema())


def found(made, kind, fields=None, kinds=None):
    return [item for item in findings(made, fields or {}, kinds or {}) if item.kind == kind]


def grades(*rows, inputs=("score",)):
    return graph("g", table("Grade", list(inputs), ["grade"], rows))


def test_half_a_point_between_two_ranges_is_a_gap():
    made = grades(("<= 699", '"B"'), (">= 700", '"A"'))
    fields, kinds = APPLICATION
    (gap,) = found(made, "gap", fields, kinds)
    assert (gap.node, gap.words) == ("Grade", "no row holds for score above 699 and below 700")
    assert evaluate(made, {"score": 699.5}) == {"score": 699.5}
    # a whole number has no half
    months = grades(("<= 24", '"B"'), (">= 25", '"A"'), inputs=("term_months",))
    assert not found(months, "gap", fields, kinds)


def test_a_gap_where_no_input_can_stand_is_none():
    fields, kinds = APPLICATION
    shares = grades(("[0..0.5)", '"A"'), ("[0.5..1]", '"B"'), inputs=("annual_pd",))
    assert not found(shares, "gap", fields, kinds)
    # of a field that may hold any number
    assert [item.words for item in found(shares, "gap")] == ["no row holds for annual_pd below 0 or above 1"]
    amounts = grades(("(0..1000]", '"A"'), ("> 1000", '"B"'), inputs=("amount",))
    assert not found(amounts, "gap", fields, kinds)


def test_a_row_that_rows_above_take_is_unreachable():
    made = grades(("> 700", '"A"'), ("> 750", '"B"'), ("", '"C"'))
    assert [(item.cell, item.words) for item in found(made, "unreachable")] == [
        ("row 2", "rows above take all of it: 1")
    ]
    split = grades((">= 5", "", '"A"'), ("< 5", "", '"B"'), ("", "> 3", '"C"'), inputs=("a", "b"))
    assert [item.cell for item in found(split, "unreachable")] == ["row 3"]
    never = grades(("> 5 and < 3", '"A"'), ("", '"B"'))
    assert [item.words for item in found(never, "unreachable")] == [
        "no value that score can have meets this cell"
    ]


def test_overlaps_are_told_and_blamed_only_where_order_decides():
    nested = grades(("> 700", "> 5", '"A"'), ("> 700", "", '"B"'), ("", "", '"C"'), inputs=("a", "b"))
    (told,) = found(nested, "overlap")
    assert not told.blamed
    assert "row 1 is the narrower one" in told.words
    crossing = grades(("> 700", "", '"A"'), ("", "> 5", '"B"'), ("", "", '"C"'), inputs=("a", "b"))
    (told,) = found(crossing, "overlap")
    assert told.blamed
    assert told.words == "row 1 holds too for a above 700 and b above 5: it decides, because it stands first"


def test_fields_that_nobody_gives_are_unknown():
    fields, kinds = APPLICATION
    made = graph(
        "g",
        expressions("Sum", total="amount + exposures.borrower + attributes.flat + amuont"),
        table("Grade", ["total", "scroe"], ["grade"], [("> 1", "> 2", '"A"'), ("", "", '"B"')]),
    )
    told = [(item.node, item.cell) for item in found(made, "unknown-field", fields, kinds)]
    assert told == [("Sum", "total"), ("Grade", "column scroe")]


def test_a_cell_of_another_kind_is_told():
    fields, kinds = APPLICATION
    made = grades(('"700"', '"A"'), ("", '"B"'))
    (told,) = found(made, "unsupported", fields, kinds)
    assert told.words == 'score is a number, the cell "700" compares it with a text'


CELLS = st.sampled_from(
    [
        "",
        "> 2",
        ">= 2",
        "< 2",
        "<= 1",
        "[1..3]",
        "(1..3)",
        "[1..2)",
        "1, 3",
        "!= 2",
        "not in [1, 2]",
        "> 1 and < 3",
    ]
)
TEXTS = st.sampled_from(["", "'a'", "'a', 'b'", "!= 'a'", "not in ['a', 'b']"])
POINTS = [0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0]
WORDS = ["a", "b", "c"]


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(st.tuples(CELLS, TEXTS, CELLS), min_size=1, max_size=5))
def test_gaps_and_dead_rows_are_those_that_the_engine_shows(cells):
    """Every interval between cuts has a point among POINTS, so that the engine's answers there tell all."""
    rows = [(*row, str(number)) for number, row in enumerate(cells)]
    made = grades(*rows, inputs=("x", "w", "y"))
    fired = {
        evaluate(made, {"x": x, "w": w, "y": y}).get("grade")
        for x, w, y in itertools.product(POINTS, WORDS, POINTS)
    }
    kinds = {item.kind for item in findings(made, {}, {"x": "number", "w": "text", "y": "number"})}
    assert ("gap" in kinds) == (None in fired)
    dead = {int(item.cell.split()[1]) - 1 for item in found(made, "unreachable")}
    assert dead == set(range(len(rows))) - fired


def test_domains_keep_values_within_bounds():
    fields = {"x": Domain(least=0.0, above=True, most=4.0, whole=True)}
    assert not found(grades(("1", '"A"'), ("[2..4]", '"B"'), inputs=("x",)), "gap", fields)
    assert [
        item.words for item in found(grades(("1", '"A"'), ("[3..4]", '"B"'), inputs=("x",)), "gap", fields)
    ] == ["no row holds for x above 1 and below 3"]


def test_a_table_too_large_to_look_through_says_so():
    names = [f"f{n}" for n in range(12)]
    rows = [(*[f"!= {number}"] * 12, f"'{number}'") for number in range(1, 9)]
    told = found(grades(*rows, inputs=names), "unsupported")
    assert any("too large to look through" in item.words for item in told)


def test_the_example_policy_is_sound_and_its_faults_are_found(tmp_path):
    result = lt.policy_check(EXAMPLES / "policy.json")
    assert (result.ok, result.findings, result.over_columns) == (True, (), True)
    document = json.loads((EXAMPLES / "policy.json").read_text(encoding="utf-8"))
    credit = next(node for node in document["nodes"] if node["id"] == "credit")
    credit["content"]["rules"][1]["credit-i0"] = "[660..719]"
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    told = lt.policy_check(file)
    assert not told.ok
    assert [(item.kind, item.node) for item in told.findings] == [("gap", "Credit")]
    assert told.findings[0].words == "no row holds for score above 719 and below 720 and debt_share up to 0.4"


def test_another_schema_may_be_given(tmp_path):
    file = tmp_path / "policy.json"
    nodes = [
        {"id": "r", "name": "r", "type": "inputNode"},
        table("T", ["age"], ["ok"], [(">= 18", "true"), ("< 18", "false")]),
    ]
    file.write_text(
        json.dumps({"nodes": nodes, "edges": [{"sourceId": "r", "targetId": "T"}]}), encoding="utf-8"
    )
    assert [item.kind for item in lt.policy_check(file).findings] == ["unknown-field"]
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "object", "properties": {"age": {"type": "integer"}}}', encoding="utf-8")
    assert lt.policy_check(file, schema=schema).ok
    schema.write_text("[]", encoding="utf-8")
    with pytest.raises(ConfigError, match="a JSON Schema of an object"):
        lt.policy_check(file, schema=schema)


def switched(*conditions, default=None, hit="first", led=None):
    """Return a switch whose ways lead to an expression each: `way` is the number of the one taken."""
    ways = [{"id": f"w{n}", "condition": text} for n, text in enumerate(conditions)]
    if default is not None:
        ways.append({"id": "rest", "condition": "", "isDefault": default})
    nodes = [
        {"id": "request", "name": "request", "type": "inputNode"},
        {
            "id": "s",
            "name": "Kind",
            "type": "switchNode",
            "content": {"hitPolicy": hit, "statements": ways},
        },
    ]
    edges = [{"id": "e", "sourceId": "request", "targetId": "s", "type": "edge"}]
    for number, way in enumerate(ways):
        if led is not None and number not in led:
            continue
        nodes.append(expressions(f"Way {number}", way=str(number)))
        edges.append(
            {"id": f"e{number}", "sourceId": "s", "sourceHandle": way["id"], "targetId": f"Way {number}"}
        )
    return parse_graph({"nodes": nodes, "edges": edges}, "switched")


def test_a_switch_that_leaves_inputs_out_is_a_gap():
    fields, kinds = APPLICATION
    made = switched("score > 700", "score < 700")
    assert [item.words for item in found(made, "gap", fields, kinds)] == ["no way out is taken for score 700"]
    assert evaluate(made, {"score": 700}).get("way") is None
    assert not found(switched("score > 700", "score <= 700"), "gap", fields, kinds)
    assert not found(switched("score > 700", default=True), "gap", fields, kinds)
    two = switched("score >= 700 and amount < 1000", "not (score >= 700)", "amount >= 2000")
    (gap,) = found(two, "gap", fields, kinds)
    words = "no way out is taken for score from 700 and amount from 1000 and below 2000"
    assert (gap.node, gap.words, gap.blamed) == ("Kind", words, True)
    texts = switched('product == "card"', 'product in ["loan", "line"]')
    assert [item.words for item in found(texts, "gap", fields, kinds)] == [
        "no way out is taken for product of any other value"
    ]
    enough = {"product": Domain(values=("card", "loan", "line"))}
    assert not found(texts, "gap", enough, {"product": "text"})


def test_ways_that_nothing_takes_and_that_lead_nowhere_are_told():
    fields, kinds = APPLICATION
    made = switched("score > 600", "score > 700", "annual_pd > 2", default=True)
    told = [(item.cell, item.words) for item in found(made, "unreachable", fields, kinds)]
    assert told == [
        ("branch 2", "branches above take all of it"),
        ("branch 3", "no input meets its condition"),
    ]
    assert not found(switched("score > 600", "score > 700", hit="collect"), "unreachable", fields, kinds)
    (gap,) = found(switched("score > 700", "score <= 700", led=[0]), "gap", fields, kinds)
    assert (gap.cell, gap.words) == ("branch 2", "it leads nowhere: nothing is decided there")
    odd = switched("score > amount", "score <= amount")
    assert [item.kind for item in findings(odd, fields, kinds)] == ["unsupported"]
    assert not findings(switched("score > amount", default=True), fields, kinds)
    many = switched(*[f"f{n} > {n} and f{n} < {n + 5} or f{n} == 99" for n in range(12)])
    assert any("too large" in item.words for item in found(many, "unsupported"))


CONDITIONS = st.sampled_from(
    [
        "x > 2", "2 >= x", "x in [1..3)", "x not in [1..2]", 'w == "a"', 'w in ["a", "b"]', 'w != "b"',
        "x > 1 and y < 2", 'x == 2 or w == "a"', 'not (x > 1) and not (w == "c")', "y >= 2", "1 < y",
    ]
)  # fmt: skip


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=4), st.booleans())
def test_gaps_and_dead_ways_of_switches_are_those_that_the_engine_shows(conditions, rest):
    made = switched(*conditions, default=True if rest else None)
    taken = {
        evaluate(made, {"x": x, "w": w, "y": y}).get("way")
        for x, w, y in itertools.product(POINTS, [*WORDS, "d"], POINTS)
    }
    told = findings(made, {}, {"x": "number", "w": "text", "y": "number"})
    assert ("gap" in {item.kind for item in told}) == (None in taken)
    dead = {int(item.cell.split()[1]) - 1 for item in told if item.kind == "unreachable"}
    assert dead == set(range(len(conditions) + rest)) - taken
