"""One application without a frame: what columns say of it, whatever it holds and whatever the policy asks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.decisions.application_file import flattened
from loantwin.decisions.counter_grid import CounterGrid
from loantwin.decisions.deciding.alone import row_of
from loantwin.decisions.deciding.answer import decisions_of
from loantwin.decisions.deciding.decider import Decider
from loantwin.decisions.deciding.judged import judged
from loantwin.decisions.graph.columns import hangs_on
from loantwin.decisions.graph.row import Unsure
from loantwin.decisions.graph_policy import nested, open_policy
from loantwin.decisions.row_policy import row_hangs, row_policy
from tests.decisions.applied_for import EXAMPLES, applications, cases, policy_file

pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
TERMS = ("amount", "term_months")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Decider:
    folder = tmp_path_factory.mktemp("alone")
    lt.score_train(
        cases(folder / "cases.csv"), target="end", good="good", folds="1x3", models=("scorecard",),
        out=folder / "scores",
    )  # fmt: skip
    stated = {"step": 1_000, "least": 2_000, "terms": [36, 60]}
    policy = open_policy(policy_file(folder, (580, 540, 500), counter_offer=stated))
    with lt.decider(policy, model=folder / "scores") as found:
        return found


def test_no_frame_is_made_for_what_a_row_can_say(made: Decider) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("columns were asked")

    assert made._alone is not None
    for row in applications(60, seed=3).iter_rows(named=True):
        application = nested(row)
        found = made._alone.decide(application, flattened(application), None)
        assert found == made.decide(application)


def test_the_row_is_the_batch_to_the_bit_on_and_beside_every_cut(made: Decider) -> None:
    """Amounts, debts and exposures drawn on the policy's cuts and one unit in the last place beside them."""
    random = np.random.default_rng(6)
    frame = applications(400, seed=6)

    def near(cuts: Any) -> list[float]:
        drawn = random.choice(cuts, 400)
        return np.where(
            random.random(400) < 0.3, drawn, np.nextafter(drawn, random.choice([0.0, np.inf], 400))
        ).tolist()

    income = random.choice([12_000.0, 36_000.0, 60_000.0], 400)
    frame = frame.with_columns(
        pl.Series("amount", near([15_000.0, 15_000.01, 40_000.0])),
        pl.Series("annual_income", income),
        pl.Series("monthly_debt", (random.choice([0.35, 0.4, 0.45], 400) * income / 12.0).tolist()),
        pl.Series("exposures.borrower", near([60_000.0, 85_000.0, 99_000.0])),
    )
    many = decisions_of(made.columns(frame), made.versions)
    alone = [made.decide(nested(row)) for row in frame.iter_rows(named=True)]
    assert list(many) == alone
    assert {item.outcome for item in alone} == {"approve", "decline", "refer"}
    assert sum(item.counter_offer is not None for item in alone) > 20


def test_the_search_finds_what_asking_all_candidates_finds(made: Decider) -> None:
    owed = np.round(np.random.default_rng(11).uniform(60_000.0, 100_000.0, 150), 2)
    frame = applications(150, seed=11, faults=False).with_columns(pl.Series("exposures.borrower", owed))
    found = made.columns(frame)
    grid: CounterGrid = made.policy.counter
    offered = 0
    for row, said in zip(frame.iter_rows(named=True), found.iter_rows(named=True), strict=True):
        if said["outcome"] == "approve" or said["codes"][0] in (
            "field-missing",
            "model-value-missing",
            "model-value-unseen",
        ):
            assert said["counter_amount"] is None
            continue
        _, amounts, terms = grid.candidates(np.array([row["amount"]]), np.array([row["term_months"]]))
        if not len(amounts):
            assert said["counter_amount"] is None
            continue
        asked = pl.DataFrame([row] * len(amounts), schema=frame.schema).with_columns(
            pl.Series("amount", amounts), pl.Series("term_months", terms)
        )
        again = replace(made, explained=False)._judged(
            *made._filled(asked, None if made.score is None else _scored(made, asked)), None
        )
        full = (
            (again["outcome"] == "approve")
            & (again["amount"] == asked["amount"])
            & (again["term_months"] == asked["term_months"])
        )
        best = max(((a, -t) for a, t, ok in zip(amounts, terms, full, strict=True) if ok), default=None)
        wanted = (None, None) if best is None else (best[0], -best[1])
        assert (said["counter_amount"], said["counter_term_months"]) == wanted
        offered += best is not None
    assert offered > 10


def _scored(made: Decider, frame: pl.DataFrame) -> Any:
    from loantwin.decisions.deciding.scores import scored

    assert made.score is not None
    return scored(made.score, frame)


def test_where_an_outcome_does_not_hang_on_the_terms_no_terms_change_it(made: Decider) -> None:
    """And both ways say the same; rows that hang on them and change with them are there, too."""
    graph = made.policy.graph
    frame = applications(200, seed=13).with_columns(
        pl.Series("score", np.random.default_rng(1).normal(560, 60, 200))
    )
    hangs = hangs_on(graph, made.policy.read(frame), ("outcome",), TERMS)
    run = row_hangs(graph, (), ("outcome",), TERMS)
    assert hangs.to_list() == [run(row_of(row))[0] for row in frame.iter_rows(named=True)]
    first = judged(made.policy, frame, None)["outcome"]
    changed = pl.Series([False] * len(frame))
    for amount, term in ((0.01, 1), (5_000.0, 36), (90_000.0, 84), (1e9, 480)):
        other = frame.with_columns(pl.lit(amount).alias("amount"), pl.lit(term).alias("term_months"))
        changed = changed | (judged(made.policy, other, None)["outcome"] != first)
    assert not (changed & ~hangs).any()
    assert 20 < changed.sum() <= hangs.sum() < len(frame) - 20


def expressions(folder: Path, **fields: str) -> Any:
    """Return a policy whose answer is worked out by expressions."""
    document = json.loads((EXAMPLES / "policy.json").read_text(encoding="utf-8"))
    nodes = [node for node in document["nodes"] if node["type"] in ("inputNode", "outputNode")]
    made = [{"id": key, "key": key, "value": text} for key, text in fields.items()]
    content = {
        "expressions": made,
        "passThrough": False,
        "inputField": None,
        "outputPath": None,
        "executionMode": "single",
    }
    nodes.append(
        {
            "id": "figures",
            "name": "Figures",
            "type": "expressionNode",
            "content": content,
            "position": {"x": 0, "y": 0},
        }
    )
    ends = {node["type"]: node["id"] for node in nodes}
    edges = [
        {"id": "1", "sourceId": ends["inputNode"], "targetId": "figures", "type": "edge"},
        {"id": "2", "sourceId": "figures", "targetId": ends["outputNode"], "type": "edge"},
    ]
    file = folder / "expressions.json"
    file.write_text(json.dumps({**document, "nodes": nodes, "edges": edges, "tests": []}), encoding="utf-8")
    return open_policy(file)


RATES = (
    "0.05 + amount / annual_income / 7",
    "(amount - 3) * 0.1 / 3000",
    "amount > 9000 ? 0.07 : 0.07 + monthly_debt / 12 / 9000",
    "max([0.03, round(amount / 7 / annual_income, 4)])",
    "abs(floor(amount / 700) - ceil(amount / 900)) % 7 / 100",
    "annual_income == null ? 0.2 : 0.1",
)


@pytest.mark.parametrize("rate", RATES)
def test_numbers_that_are_worked_out_are_the_same_in_one_row_and_in_many(tmp_path: Path, rate: str) -> None:
    """Division by a constant above all, which Polars does otherwise in one row than in many."""
    policy = expressions(tmp_path, outcome="'approve'", annual_rate=rate, amount="amount * 0.7")
    frame = applications(300, seed=21)
    run = row_policy(policy.graph, ())
    assert run is not None
    for row, many in zip(
        frame.iter_rows(named=True), judged(policy, frame, None).iter_rows(named=True), strict=True
    ):
        found = run.judged(row_of(row))
        for name in found._fields:
            value = getattr(found, name)
            assert (list(value) if isinstance(value, tuple | list) else value) == many[name], name
        one = judged(policy, pl.DataFrame([row], schema=frame.schema), None).row(0, named=True)
        assert one == many


def test_what_only_columns_know_is_asked_of_them(tmp_path: Path) -> None:
    policy = expressions(tmp_path, outcome="'approve'", annual_rate="0.01 * len(purpose) ^ 2")
    assert row_policy(policy.graph, ()) is None
    huge = expressions(tmp_path, outcome="'approve'", annual_rate="amount * amount * 0 + 0.1")
    run = row_policy(huge.graph, ())
    assert run is not None
    with pytest.raises(Unsure):
        run.judged({"amount": 1e200, "term_months": 12.0})
    with lt.decider(policy) as one:
        asked = {
            "application_id": "A",
            "application_date": "2026-08-03",
            "amount": 5_000.0,
            "term_months": 12,
            "purpose": "abc",
        }
        assert one.decide(asked).annual_rate == pytest.approx(0.09)
