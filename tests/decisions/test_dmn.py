"""The lending cases of the DMN conformance kit give their published answers, one by one and over columns."""

import json

import pytest

from loantwin.decisions.graph.columns import evaluate_columns, plain_rows
from loantwin.decisions.graph.domains import domains_of
from loantwin.decisions.graph.findings import findings
from loantwin.decisions.graph.single import evaluate

from .dmn_graphs import CHAPTER_11, GRAPHS, LENDING, plain
from .graphs import as_frame, same

pytestmark = pytest.mark.data
CASES = 19
RANKING = 10
"""The case that ranks ten loans three ways: its columns take some seconds to be laid out."""


@pytest.fixture(scope="module")
def published(data):
    return json.loads((data / "dmn" / "cases.json").read_text(encoding="utf-8"))


def _wanted(case):
    made = plain(case["expected"])
    ranked = made.pop("RankedProducts", {})
    return {**made, **ranked}


@pytest.mark.parametrize(
    "number", [pytest.param(n, marks=pytest.mark.slow) if n == RANKING else n for n in range(CASES)]
)
def test_a_case_gives_its_published_answer_both_ways(published, number):
    assert len(published) == CASES
    case = published[number]
    graph = GRAPHS[case["file"].partition("-test-")[0]]
    given, wanted = plain(case["input"]), _wanted(case)
    assert wanted
    alone = evaluate(graph, given)
    assert same({key: alone.get(key) for key in wanted}, wanted)
    columns = plain_rows(evaluate_columns(graph, as_frame([given])))[0]
    assert same({key: columns.get(key) for key in wanted}, wanted)


def test_the_published_table_has_a_gap_that_the_check_finds():
    """Table `Pre-bureau risk category` of 0004 leaves out a new customer of score 130; chapter 11 has it."""
    schema = {
        "type": "object",
        "properties": {
            "ApplicantData": {"type": "object", "properties": {"ExistingCustomer": {"type": "boolean"}}},
        },
    }
    gaps = [
        item
        for item in findings(LENDING, *domains_of(schema))
        if item.kind == "gap" and item.node == "PreBureau"
    ]
    assert [item.words for item in gaps] == [
        "no row holds for ApplicantData.ExistingCustomer false and ApplicationRiskScore 130"
    ]
    assert not [
        item
        for item in findings(CHAPTER_11, *domains_of(schema))
        if item.kind == "gap" and item.node == "PreBureau"
    ]
